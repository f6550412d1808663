//! Whose orders Binance's answers tell of: lists of objects, or one.

use claviger_core::{Intent, OrderRef};

use crate::HttpAnswer;
use crate::own::{Spelling, Told, id, pieces};

const SPELLING: Spelling = Spelling {
    symbol: "symbol",
    names: &[
        ("orderId", |text| id(text).map(OrderRef::Exchange)),
        ("algoId", |text| id(text).map(OrderRef::Algo)),
        ("clientOrderId", |text| text.parse().ok().map(OrderRef::Client)),
        ("clientAlgoId", |text| text.parse().ok().map(OrderRef::AlgoClient)),
    ],
    words: &["clientOrderId", "clientAlgoId"],
    orders: "orders",
};

pub(super) fn told(_: &Intent, status: u16, body: &[u8]) -> Told {
    if !(200..300).contains(&status) {
        return Told::Nothing;
    }
    match pieces(body, None, &SPELLING, false) {
        Some(pieces) => Told::Orders(pieces.or_absent(absent())),
        None => Told::Unclear,
    }
}

/// As Binance says it of an order that it does not have.
fn absent() -> HttpAnswer {
    HttpAnswer {
        status: 400,
        headers: Vec::new(),
        body: br#"{"code":-2013,"msg":"Order does not exist."}"#.as_slice().into(),
    }
}
