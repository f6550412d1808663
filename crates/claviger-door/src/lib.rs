//! What may cross between claviger's processes, and how it is framed.
//!
//! The gateway's process hands a [`Received`] to the keep and gets a [`SignedRequest`] or a [`Refusal`]; it hands back what
//! the exchange answered. Operators' commands go another way ([`Command`]) that the gateway's socket does not carry.
//! This crate must not know how the keep decides.
#![forbid(unsafe_code)]

pub mod ask;
pub mod client;
pub mod command;
pub mod exit;
pub mod frame;
pub mod received;
pub mod sensitive;
pub mod signed;

pub use ask::{Ask, Reply, Seen, Want, Wants};
pub use client::{Door, DoorClient, DoorError};
pub use command::{Bot, Command, Desk, Key, Refused, Said, Target};
pub use exit::Exit;
pub use frame::{FrameError, Inbox, MAX_FRAME, Outbox};
pub use received::{Peer, Received, Way};
pub use sensitive::Sensitive;
pub use signed::{Refusal, Returns, SignedParts, SignedRequest};
