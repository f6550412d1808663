//! The arena: scripted traders against a real policy, in simulated time.
//!
//! A real [`claviger_core::book::Book`] decides every order of a bot and folds what became of it, as in the keep. Orders
//! that it lets through meet a market of order books, fees, honest depth and a thief's accomplice ([`Market`]).
//! What a thief takes is what the account is worth less, at fair prices.
//!
//! It knows the core alone: no exchange's protocol, no clock, no randomness but what a seed makes.
#![forbid(unsafe_code)]

mod arena;
mod attack;
mod gate;
mod market;
mod number;
mod stage;
mod thieves;

pub use arena::{Arena, Start};
pub use attack::{Attack, Found, attack};
pub use gate::{Reply, Tally};
pub use market::{Account, Depth, Market, NewOrder, Owner, Pair, Placed};
pub use number::{ONE, dollars, fixed, plain};
pub use stage::stage;
pub use thieves::{Heist, Plan, THIEVES, Thief};
