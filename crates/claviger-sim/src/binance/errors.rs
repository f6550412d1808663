//! Refusals with Binance's codes, texts and statuses.

use serde_json::{Value, json};

use crate::engine::{Instrument, Reject};

/// A refusal as it goes out.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    code: i32,
    msg: String,
    data: Option<Value>,
}

pub(super) const BAD_KEY_FORMAT: (i32, &str) = (-2014, "API-key format invalid.");
pub(super) const NOT_ALLOWED: (i32, &str) = (-2015, "Invalid API-key, IP, or permissions for action.");
pub(super) const BAD_SIGNATURE: (i32, &str) = (-1022, "Signature for this request is not valid.");
pub(super) const OUTSIDE_WINDOW: (i32, &str) =
    (-1021, "Timestamp for this request is outside of the recvWindow.");
pub(super) const AHEAD: (i32, &str) =
    (-1021, "Timestamp for this request was 1000ms ahead of the server's time.");
pub(super) const WINDOW_TOO_LARGE: (i32, &str) = (-1131, "recvWindow must be less than 60000.");
pub(super) const BAD_SYMBOL: (i32, &str) = (-1121, "Invalid symbol.");
pub(super) const BAD_SIDE: (i32, &str) = (-1117, "Invalid side.");
pub(super) const BAD_TYPE: (i32, &str) = (-1116, "Invalid orderType.");
pub(super) const BAD_FORCE: (i32, &str) = (-1115, "Invalid timeInForce.");
pub(super) const BAD_INTERVAL: (i32, &str) = (-1120, "Invalid interval.");
pub(super) const NO_SUCH_ORDER: (i32, &str) = (-2013, "Order does not exist.");
pub(super) const UNKNOWN_ORDER: (i32, &str) = (-2011, "Unknown order sent.");

impl Refusal {
    pub(super) fn new(code: i32, msg: impl Into<String>) -> Self {
        let status = if matches!(code, -2014 | -2015) { 401 } else { 400 };
        Self { status, code, msg: msg.into(), data: None }
    }

    pub(super) fn of((code, msg): (i32, &str)) -> Self {
        Self::new(code, msg)
    }

    pub(super) fn mandatory(name: &str) -> Self {
        Self::new(-1102, format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed."))
    }

    pub(super) fn illegal(name: &str, range: &str) -> Self {
        Self::new(-1100, format!("Illegal characters found in parameter '{name}'; legal range is '{range}'."))
    }

    pub(super) fn needless(name: &str) -> Self {
        Self::new(-1106, format!("Parameter '{name}' sent when not required."))
    }

    pub(super) fn body(&self) -> Value {
        match &self.data {
            Some(data) => json!({ "code": self.code, "msg": self.msg, "data": data }),
            None => json!({ "code": self.code, "msg": self.msg }),
        }
    }

    /// The same refusal with the parts of what failed.
    pub(super) fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// What the engine refused, in the words of the market.
    pub(super) fn rejected(reject: Reject, instrument: &Instrument) -> Self {
        let (code, msg) = if instrument.market.is_paid_in_full() { spot(reject) } else { futures(reject) };
        Self::new(code, msg)
    }
}

fn spot(reject: Reject) -> (i32, &'static str) {
    match reject {
        Reject::PriceFilter => (-1013, "Filter failure: PRICE_FILTER"),
        Reject::LotSize | Reject::MinQty | Reject::MaxQty => (-1013, "Filter failure: LOT_SIZE"),
        Reject::MinNotional => (-1013, "Filter failure: NOTIONAL"),
        Reject::Insufficient => (-2010, "Account has insufficient balance for requested action."),
        Reject::WouldMatch => (-2010, "Order would immediately match and take."),
        Reject::WouldTrigger => (-2010, "Stop price would trigger immediately."),
        Reject::DuplicateClientId => (-2010, "Duplicate order sent."),
        Reject::UnknownOrder | Reject::NotLive => UNKNOWN_ORDER,
        Reject::BadAmend => (-2038, "The requested action would change no state; rejecting."),
        Reject::ReduceOnly | Reject::PositionSide | Reject::Busy => {
            (-2010, "This action is disabled on this account.")
        }
    }
}

fn futures(reject: Reject) -> (i32, &'static str) {
    match reject {
        Reject::PriceFilter => (-4014, "Price not increased by tick size."),
        Reject::MinQty => (-4004, "Quantity less than or equal to zero."),
        Reject::LotSize => (-1111, "Precision is over the maximum defined for this asset."),
        Reject::MaxQty => (-4005, "Quantity greater than max quantity."),
        Reject::MinNotional => {
            (-4164, "Order's notional must be no smaller than 5 (unless you choose reduce only).")
        }
        Reject::Insufficient => (-2019, "Margin is insufficient."),
        Reject::WouldMatch => {
            (-5022, "Due to the order could not be executed as maker, the Post Only order will be rejected.")
        }
        Reject::WouldTrigger => (-2021, "Order would immediately trigger."),
        Reject::DuplicateClientId => (-4116, "ClientOrderId is duplicated."),
        Reject::ReduceOnly => (-2022, "ReduceOnly Order is rejected."),
        Reject::PositionSide => (-4061, "Order's position side does not match user's setting."),
        Reject::UnknownOrder | Reject::NotLive => UNKNOWN_ORDER,
        Reject::BadAmend => (-5027, "No need to modify the order."),
        Reject::Busy => (-4068, "Position side cannot be changed if there exists position."),
    }
}
