//! What a bot may be granted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A plain list; none implies another, except that `trade` covers the answers to its own orders and the leverage and
/// margin mode of a permitted instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Permission {
    /// Needs no key: anybody may ask the exchange.
    Public,
    /// Public data under the bot's name.
    MarketData,
    /// Balances, positions, orders, fills.
    Read,
    /// Account details, login and API logs, sub-account and key lists.
    ReadIdentity,
    /// Orders, and leverage and margin mode of a permitted instrument.
    Trade,
    /// Borrowing and repaying.
    Borrow,
    /// Converting one asset into another outside of the order book.
    Convert,
    /// Earn, staking, savings.
    Earn,
    /// Copy trading.
    Copy,
    /// The exchange's own grid and DCA bots.
    ExchangeBot,
    /// Requests for quotes, block trades, moving positions.
    Block,
    /// One-way or hedge mode.
    PositionMode,
    /// Any other setting of the account.
    Account,
    /// Acts on sub-accounts.
    SubAccounts,
    /// Moving funds between the owner's own wallets and accounts.
    Transfer,
    /// Letting funds leave.
    Withdraw,
    /// Making, changing or deleting API keys.
    ManageKeys,
}

/// How much harm a permission can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Nothing private is told and nothing changes.
    Low,
    /// Private facts are told.
    Medium,
    /// Money can be lost within the account.
    High,
    /// Money or control can leave.
    Critical,
}

impl Permission {
    /// Every permission, in the order they are shown.
    pub const ALL: [Self; 17] = [
        Self::Public,
        Self::MarketData,
        Self::Read,
        Self::ReadIdentity,
        Self::Trade,
        Self::Borrow,
        Self::Convert,
        Self::Earn,
        Self::Copy,
        Self::ExchangeBot,
        Self::Block,
        Self::PositionMode,
        Self::Account,
        Self::SubAccounts,
        Self::Transfer,
        Self::Withdraw,
        Self::ManageKeys,
    ];

    /// As configuration and help spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::MarketData => "market-data",
            Self::Read => "read",
            Self::ReadIdentity => "read-identity",
            Self::Trade => "trade",
            Self::Borrow => "borrow",
            Self::Convert => "convert",
            Self::Earn => "earn",
            Self::Copy => "copy",
            Self::ExchangeBot => "exchange-bot",
            Self::Block => "block",
            Self::PositionMode => "position-mode",
            Self::Account => "account",
            Self::SubAccounts => "sub-accounts",
            Self::Transfer => "transfer",
            Self::Withdraw => "withdraw",
            Self::ManageKeys => "manage-keys",
        }
    }

    /// How much harm it can do.
    #[must_use]
    pub const fn risk(self) -> Risk {
        match self {
            Self::Public | Self::MarketData => Risk::Low,
            Self::Read | Self::ReadIdentity => Risk::Medium,
            Self::Trade
            | Self::Borrow
            | Self::Convert
            | Self::Earn
            | Self::Copy
            | Self::ExchangeBot
            | Self::Block
            | Self::PositionMode
            | Self::Account => Risk::High,
            Self::SubAccounts | Self::Transfer | Self::Withdraw | Self::ManageKeys => Risk::Critical,
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a permission")]
pub struct NotAPermission(pub Box<str>);

impl FromStr for Permission {
    type Err = NotAPermission;

    fn from_str(text: &str) -> Result<Self, NotAPermission> {
        Self::ALL
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| NotAPermission(text.chars().take(64).collect::<String>().into()))
    }
}
