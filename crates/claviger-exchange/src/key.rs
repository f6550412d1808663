//! What exchanges say of the keys that requests are signed with: why one is not taken, and what one may do.
//!
//! Nothing here holds a key's id, an address or a text of the exchange, so whatever is made of it may be told to a bot.

use claviger_core::Time;

/// Why an exchange does not take a key, as far as its answer says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyFault {
    /// There is no such key, or its id is malformed.
    Unknown,
    /// It was deleted or has expired.
    Gone,
    /// It is suspended by the exchange.
    Suspended,
    /// The signature is not the key's.
    Signature,
    /// The passphrase is not the key's.
    Passphrase,
    /// The address that the request came from is not on the key's list.
    Address,
    /// It is a key of another environment.
    Environment,
    /// It lacks a permission.
    Permission,
    /// Key, address or permission: the answer does not say which.
    Unclear,
}

/// What a key may do at its exchange, in the exchange's own divisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyRight {
    /// Reading.
    Read,
    /// Trading; where futures and options are rights of their own, spot and margin trading.
    Trade,
    /// Trading futures.
    Futures,
    /// Trading options.
    Options,
    /// Trading with portfolio margin.
    Portfolio,
    /// Borrowing and repaying.
    Borrow,
    /// Moving funds between the owner's accounts.
    Transfer,
    /// Letting funds leave.
    Withdraw,
}

impl KeyRight {
    /// As people read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "reading",
            Self::Trade => "trading",
            Self::Futures => "futures trading",
            Self::Options => "options trading",
            Self::Portfolio => "portfolio margin trading",
            Self::Borrow => "margin loans",
            Self::Transfer => "transfers",
            Self::Withdraw => "withdrawals",
        }
    }
}

/// What the key-information endpoint tells of the key that asks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// What it may do.
    pub rights: Vec<KeyRight>,
    /// Whether the exchange takes it from listed addresses only.
    pub bound: bool,
    /// When its right to trade ends, where the exchange tells.
    pub trade_ends: Option<Time>,
    /// After how many days without use the exchange deletes it.
    pub idle_days: Option<u32>,
    /// Whether orders of its account are held to `reduceOnly` in one-way mode, where that depends on the account.
    pub holds_reduce_only: Option<bool>,
}

impl KeyInfo {
    /// Whether its right to trade ended before `now`.
    #[must_use]
    pub fn has_ended(&self, now: Time) -> bool {
        self.trade_ends.is_some_and(|ends| ends <= now)
    }
}
