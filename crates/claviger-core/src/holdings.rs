//! What an account holds, as an exchange tells it.

use serde::{Deserialize, Serialize};

use crate::{Asset, Market, PositionSide, Signed, Symbol};

/// What one answer tells of an account. What it does not tell is `None`; what it tells, it tells whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holdings {
    /// Every asset of which there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balances: Option<Vec<Balance>>,
    /// Every open position, of every market but margin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positions: Option<Vec<Position>>,
}

/// How much of one asset an account has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Of what.
    pub asset: Asset,
    /// All of it: free, locked in orders or used as margin, and with what open positions gained or lost so far. Below zero
    /// where more is owed than there is.
    pub total: Signed,
}

/// One open position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Where.
    pub market: Market,
    /// Of what.
    pub symbol: Symbol,
    /// Which of a hedged account.
    pub side: PositionSide,
    /// How large, in the unit of the instrument's orders (base units, or contracts); below zero is short.
    pub size: Signed,
}

/// What of an account is asked for in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sheet {
    /// Its balances.
    Balances,
    /// Its open positions.
    Positions,
}
