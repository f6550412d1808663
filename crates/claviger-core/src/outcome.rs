//! What became of a request that left.

use serde::{Deserialize, Serialize};

use crate::{ClientOrderId, Decimal};

/// What the exchange's answer says of a state-changing request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The exchange did it.
    Executed(Execution),
    /// The exchange said that it did nothing.
    NotExecuted {
        /// The exchange's own code, for people.
        code: Box<str>,
    },
    /// Nobody can say yet: no answer, a cut or unreadable one, or one that the exchange itself calls uncertain.
    Unknown {
        /// Why, for people.
        why: Box<str>,
    },
}

/// What the exchange did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The order it made or touched, where the answer names one.
    pub order: Option<OrderState>,
}

/// An order as the exchange describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderState {
    /// The exchange's id.
    pub id: Box<str>,
    /// The client's id, where told.
    pub client_id: Option<ClientOrderId>,
    /// What was filled so far (base units, or contracts), where told.
    pub filled: Option<Decimal>,
    /// Whether it can still fill, where told.
    pub resting: Resting,
}

/// Whether an order can still fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resting {
    /// It can.
    Open,
    /// It is filled, cancelled, expired or was refused: `filled` is final.
    Done,
    /// The answer does not say.
    Untold,
}
