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
    /// What became of each step of a request of several, in their order.
    Each(Vec<Self>),
}

impl Outcome {
    /// What became of the step with this number, of `steps` in all. A word on the whole request holds for each of them;
    /// where steps and words differ in number, nothing is known.
    #[must_use]
    pub fn of_step(&self, step: usize, steps: usize) -> Self {
        match self {
            Self::Executed(_) => Self::Executed(Execution::default()),
            Self::NotExecuted { .. } | Self::Unknown { .. } => self.clone(),
            Self::Each(each) if each.len() == steps => match each.get(step) {
                Some(Self::Each(_)) | None => Self::unclear(),
                Some(outcome) => outcome.clone(),
            },
            Self::Each(_) => Self::unclear(),
        }
    }

    /// What became of a request of one step.
    #[must_use]
    pub fn alone(&self) -> Self {
        match self {
            Self::Each(each) => match &**each {
                [Self::Each(_)] => Self::unclear(),
                [outcome] => outcome.clone(),
                _ => Self::unclear(),
            },
            Self::Executed(_) | Self::NotExecuted { .. } | Self::Unknown { .. } => self.clone(),
        }
    }

    fn unclear() -> Self {
        Self::Unknown { why: "the answer does not fit the steps of the request".into() }
    }
}

/// What the exchange did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// The order it made or touched, where the answer names one.
    pub order: Option<OrderState>,
    /// Further orders that it touched: those of a list, or all that a cancel-all ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<OrderState>,
}

/// An order as the exchange describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderState {
    /// The exchange's id.
    pub id: Box<str>,
    /// The client's id, where told.
    pub client_id: Option<ClientOrderId>,
    /// What was filled so far (base units, or contracts), where told.
    pub filled: Option<Decimal>,
    /// Whether it can still fill, where told.
    pub resting: Resting,
    /// Its whole size, in the order's own unit, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Decimal>,
    /// Its limit price, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// Whether `id` and `client_id` are those of an algo order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub algo: bool,
    /// The usual order that an algo order became, by the exchange's id, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub became: Option<Box<str>>,
    /// The list that it belongs to, by the exchange's id, where told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Box<str>>,
}

/// Whether an order can still fill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resting {
    /// It can.
    Open,
    /// It is filled, cancelled, expired or was refused: `filled` is final.
    Done,
    /// The answer does not say.
    #[default]
    Untold,
}
