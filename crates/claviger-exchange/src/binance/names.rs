//! How each endpoint spells what an order holds.

use claviger_core::{How, Market};

use crate::Row;

/// Parameter names of one order, or of one leg of a list; empty where the endpoint has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub side: &'static str,
    pub kind: &'static str,
    pub size: &'static str,
    /// The size in the quote currency.
    pub quote: &'static str,
    pub price: &'static str,
    pub time_in_force: &'static str,
    pub trigger: &'static str,
    /// The distance of a trigger that follows the price.
    pub trail: &'static str,
    /// From which price on it follows.
    pub activation: &'static str,
    /// What the book shows.
    pub visible: &'static str,
    pub client_id: &'static str,
    /// What it is pegged to, the unit of the distance, the distance.
    pub peg: [&'static str; 3],
    /// Whether the exchange keeps it among its algo orders.
    pub algo: bool,
}

/// Spot and margin; also what a cancel-replace places.
pub(super) const SPOT: Names = Names {
    side: "side",
    kind: "type",
    size: "quantity",
    quote: "quoteOrderQty",
    price: "price",
    time_in_force: "timeInForce",
    trigger: "stopPrice",
    trail: "trailingDelta",
    activation: "stopPrice",
    visible: "icebergQty",
    client_id: "newClientOrderId",
    peg: PEG,
    algo: false,
};

/// What the peg's parameters are called in an intent, whatever a leg's prefix.
pub(super) const PEG: [&str; 3] = ["pegPriceType", "pegOffsetType", "pegOffsetValue"];

const FUTURES: Names = Names {
    quote: "",
    trail: "callbackRate",
    activation: "activationPrice",
    visible: "",
    peg: [""; 3],
    ..SPOT
};

const ALGO: Names = Names {
    trigger: "triggerPrice",
    activation: "activatePrice",
    client_id: "clientAlgoId",
    algo: true,
    ..FUTURES
};

const CONDITIONAL: Names =
    Names { kind: "strategyType", client_id: "newClientStrategyId", algo: true, ..FUTURES };

const OPTION: Names = Names { client_id: "clientOrderId", ..FUTURES };

/// The order that a row places.
pub(super) fn of(row: &Row, market: Market) -> Names {
    match market {
        _ if row.path.ends_with("/algoOrder") || row.path.ends_with("/algo/order") => ALGO,
        _ if row.path.ends_with("/conditional/order") => CONDITIONAL,
        Market::Spot | Market::Margin => SPOT,
        Market::Usdm | Market::Coinm => FUTURES,
        Market::Option => OPTION,
    }
}

macro_rules! leg {
    ($prefix:literal) => {
        Names {
            side: concat!($prefix, "Side"),
            kind: concat!($prefix, "Type"),
            size: concat!($prefix, "Quantity"),
            quote: "",
            price: concat!($prefix, "Price"),
            time_in_force: concat!($prefix, "TimeInForce"),
            trigger: concat!($prefix, "StopPrice"),
            trail: concat!($prefix, "TrailingDelta"),
            activation: concat!($prefix, "StopPrice"),
            visible: concat!($prefix, "IcebergQty"),
            client_id: concat!($prefix, "ClientOrderId"),
            peg: [
                concat!($prefix, "PegPriceType"),
                concat!($prefix, "PegOffsetType"),
                concat!($prefix, "PegOffsetValue"),
            ],
            algo: false,
        }
    };
}

/// Both legs share side and size.
const ABOVE: Names = Names { side: "side", size: "quantity", ..leg!("above") };
const BELOW: Names = Names { side: "side", size: "quantity", ..leg!("below") };
const WORKING: Names = leg!("working");
const PENDING: Names = leg!("pending");
const PENDING_ABOVE: Names = Names { side: "pendingSide", size: "pendingQuantity", ..leg!("pendingAbove") };
const PENDING_BELOW: Names = Names { side: "pendingSide", size: "pendingQuantity", ..leg!("pendingBelow") };

/// The older OCO tells no types: one leg is post-only, the other a stop.
const LIMIT_LEG: Names = Names {
    kind: "",
    quote: "",
    time_in_force: "",
    trigger: "",
    trail: "",
    activation: "",
    visible: "limitIcebergQty",
    client_id: "limitClientOrderId",
    peg: [""; 3],
    ..SPOT
};
const STOP_LEG: Names = Names {
    kind: "",
    quote: "",
    price: "stopLimitPrice",
    time_in_force: "stopLimitTimeInForce",
    visible: "stopIcebergQty",
    client_id: "stopClientOrderId",
    peg: [""; 3],
    ..SPOT
};

/// An order list: how its legs hang together, and the legs in the order of their steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List {
    pub how: How,
    pub legs: Vec<Names>,
}

/// The legs of the list that a row places, if it places one.
pub(super) fn list(row: &Row) -> Option<List> {
    // What is pending in an OPO is as large as what worked: the exchange asks for no size.
    let as_worked = |names| Names { size: "", ..names };
    let (how, legs) = match row.path.rsplit_once('/')? {
        (_, "oco") if row.path.contains("/orderList/") => (How::OneOf, vec![ABOVE, BELOW]),
        (_, "oco") => (How::OneOf, vec![LIMIT_LEG, STOP_LEG]),
        (_, "oto") => (How::Then, vec![WORKING, PENDING]),
        (_, "opo") => (How::Then, vec![WORKING, as_worked(PENDING)]),
        (_, "otoco") => (How::ThenOneOf, vec![WORKING, PENDING_ABOVE, PENDING_BELOW]),
        (_, "opoco") => (How::ThenOneOf, vec![WORKING, as_worked(PENDING_ABOVE), as_worked(PENDING_BELOW)]),
        _ => return None,
    };
    Some(List { how, legs })
}

/// How a request names an order that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ids {
    pub by_exchange: &'static str,
    pub by_client: &'static str,
    pub of: Of,
}

/// Whose ids they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A usual order's.
    Order,
    /// An algo order's.
    Algo,
    /// A list's.
    List,
}

/// The pair of names that a row lists.
pub(super) fn ids(row: &Row) -> Ids {
    let known = [
        Ids { by_exchange: "algoId", by_client: "clientAlgoId", of: Of::Algo },
        Ids { by_exchange: "strategyId", by_client: "newClientStrategyId", of: Of::Algo },
        Ids { by_exchange: "orderListId", by_client: "listClientOrderId", of: Of::List },
        Ids { by_exchange: "cancelOrderId", by_client: "cancelOrigClientOrderId", of: Of::Order },
        Ids { by_exchange: "orderId", by_client: "clientOrderId", of: Of::Order },
    ];
    let usual = Ids { by_exchange: "orderId", by_client: "origClientOrderId", of: Of::Order };
    let lists = |ids: &Ids| row.param(ids.by_exchange).is_some() && row.param(ids.by_client).is_some();
    known.into_iter().find(lists).unwrap_or(usual)
}
