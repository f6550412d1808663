//! What an intent may cost, at each level of limits.

use serde::{Deserialize, Serialize};

use crate::{GroupName, Money};

/// What an order may cost: its value, in the currency in which each level counts what is traded, and what it may lose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Counted against the bot.
    pub bot: Money,
    /// Counted against the real key.
    pub key: Money,
    /// What it may lose.
    #[serde(default, skip_serializing_if = "Losses::is_none")]
    pub loss: Losses,
    /// Counted against each group, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Share>,
}

/// What an order may cost one group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Which.
    pub group: GroupName,
    /// Its value, in the currency in which the group counts what is traded.
    pub turnover: Money,
    /// What it may lose, in the currency in which the group counts that; `None` where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Money>,
}

/// What an order may lose, in the currency in which bot and key count that; `None` where one does not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Losses {
    /// Counted against the bot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot: Option<Money>,
    /// Counted against the real key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Money>,
}

impl Losses {
    /// Whether neither counts any.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.bot.is_none() && self.key.is_none()
    }
}
