//! Whose orders OKX's answers tell of: the items of `data`.

use claviger_core::{Intent, OrderRef};

use super::answer::Answer;
use crate::HttpAnswer;
use crate::json::Bounds;
use crate::own::{Spelling, Told, id, pieces};

const SPELLING: Spelling = Spelling {
    symbol: "instId",
    names: &[
        ("ordId", |text| id(text).map(OrderRef::Exchange)),
        ("algoId", |text| id(text).map(OrderRef::Algo)),
        ("clOrdId", |text| text.parse().ok().map(OrderRef::Client)),
        ("algoClOrdId", |text| text.parse().ok().map(OrderRef::AlgoClient)),
    ],
    words: &["clOrdId", "algoClOrdId"],
    orders: "",
};

/// Rows that tell of one order.
const SINGLE: &[&str] = &["/api/v5/trade/order", "/api/v5/trade/order-algo"];

/// Rows that tell of what changed the balance; not all of that is an order's.
const LEDGERS: &str = "/api/v5/account/bills";

pub(super) fn told(intent: &Intent, status: u16, body: &[u8]) -> Told {
    let path = &*intent.endpoint.path;
    let refused = |answer: &Answer<'_>| answer.code() != "0" && answer.data().is_empty();
    if status != 200 || Answer::of(body, Bounds::SMALL).as_ref().is_some_and(refused) {
        return Told::Nothing;
    }
    match pieces(body, Some("data"), &SPELLING, path.starts_with(LEDGERS)) {
        _ if Answer::good(body, Bounds::SMALL).is_none() => Told::Unclear,
        Some(pieces) if SINGLE.contains(&path) => Told::Orders(pieces.about_one(absent())),
        Some(pieces) => Told::Orders(pieces),
        None => Told::Unclear,
    }
}

/// As OKX says it of an order that it does not have.
fn absent() -> HttpAnswer {
    HttpAnswer {
        status: 200,
        headers: Vec::new(),
        body: br#"{"code":"51603","data":[],"msg":"Order does not exist"}"#.as_slice().into(),
    }
}
