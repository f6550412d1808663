//! Refusals with OKX's codes, texts and statuses.

use serde_json::{Value, json};

use crate::engine::Reject;

/// A refusal of a whole request, or of one order in it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: &'static str,
    pub(super) msg: String,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &'static str, msg: impl Into<String>) -> Self {
        Self { status, code, msg: msg.into() }
    }

    pub(super) fn parameter(name: &str) -> Self {
        Self::new(400, "51000", format!("Parameter {name} error"))
    }

    pub(super) fn no_instrument() -> Self {
        Self::new(200, "51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
    }

    pub(super) fn body(&self) -> Value {
        json!({ "code": self.code, "data": [], "msg": self.msg })
    }

    /// What the engine refused of a new order.
    pub(super) fn placing(reject: Reject) -> Self {
        let (code, msg) = match reject {
            Reject::PriceFilter => ("51000", "Parameter px error"),
            Reject::LotSize => ("51121", "Order quantity must be a multiple of the lot size."),
            Reject::MinQty | Reject::MinNotional => {
                ("51020", "Your order should meet or exceed the minimum order amount.")
            }
            Reject::MaxQty => ("51202", "Market order amount exceeds the maximum amount."),
            Reject::Insufficient => ("51008", "Order failed. Insufficient balance in account."),
            Reject::WouldMatch => ("51503", "Post-only order would match."),
            Reject::WouldTrigger => ("51278", "The trigger price is already there."),
            Reject::DuplicateClientId => ("51016", "Client order ID already exists."),
            Reject::ReduceOnly => (
                "51169",
                "Order failed because you don't have any positions in this direction to reduce or close.",
            ),
            Reject::PositionSide => ("51000", "Parameter posSide error"),
            Reject::UnknownOrder | Reject::NotLive | Reject::BadAmend | Reject::Busy => {
                ("51000", "Parameter ordId error")
            }
        };
        Self::new(200, code, msg)
    }

    /// What the engine refused of a cancel.
    pub(super) fn cancelling(_: Reject) -> Self {
        Self::new(
            200,
            "51400",
            "Cancellation failed as the order has been filled, canceled or does not exist.",
        )
    }

    /// What the engine refused of an amendment.
    pub(super) fn amending(reject: Reject) -> Self {
        match reject {
            Reject::UnknownOrder | Reject::NotLive => Self::new(
                200,
                "51503",
                "Order modification failed as the order has been filled, canceled or does not exist.",
            ),
            Reject::BadAmend => Self::new(200, "51506", "Order modification unavailable for the order."),
            other => Self::placing(other),
        }
    }
}
