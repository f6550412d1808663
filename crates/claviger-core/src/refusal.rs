//! How a refusal is told to a bot.

use serde::{Deserialize, Serialize};

use crate::Time;

/// What kind of error the bot's library must raise; each exchange spells it in its own format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenialClass {
    /// Permission, market, symbol, source, freeze: clients raise "permission denied" and never retry.
    Permission,
    /// A breached limit of one order: clients raise "invalid order".
    Order,
    /// A budget that refills.
    Budget {
        /// When the same request could pass.
        refills: Option<Time>,
    },
    /// The request itself cannot be understood: unknown parameter, odd encoding.
    Request,
    /// Too old, too new or seen before: clients sign anew.
    Stale,
    /// The signature does not fit.
    Signature,
    /// Nobody by that key.
    UnknownKey,
    /// Too many requests from here.
    Throttled,
    /// Claviger or the exchange cannot be asked now, and nothing was sent.
    Unavailable,
    /// Something was sent, and what became of it is not known yet: clients raise "request timeout" and must look.
    Uncertain,
}
