//! What the exchange says of an algo order.

use claviger_core::{Decimal, OrderState, Resting};

use super::{is_id, order_id};
use crate::json::Json;
use crate::okx::answer::text;

/// Where one is asked about.
pub(super) const PATH: &str = "/api/v5/trade/order-algo";

/// Kinds that do nothing until they wake, and then become one usual order.
const WAITING: [&str; 4] = ["conditional", "oco", "trigger", "move_order_stop"];

/// The state of an algo order; `None` where what it says leaves open what was done.
pub(super) fn status(item: &Json<'_>) -> Option<OrderState> {
    let waits = WAITING.contains(&text(item, "ordType")?);
    let orders = orders(item);
    let (resting, became, filled) = match (text(item, "state")?, orders.as_slice()) {
        ("live" | "pause" | "partially_effective", _) => (Resting::Open, None, None),
        ("effective", [order]) => (Resting::Untold, Some((*order).into()), None),
        ("canceled" | "order_failed", []) if waits => (Resting::Done, None, Some(Decimal::ZERO)),
        ("canceled" | "order_failed", _) => (Resting::Done, None, None),
        _ => return None,
    };
    Some(OrderState {
        id: order_id(item, "algoId")?.into(),
        client_id: text(item, "algoClOrdId").and_then(|id| id.parse().ok()),
        filled,
        resting,
        algo: true,
        became,
        ..OrderState::default()
    })
}

/// The usual orders that it became or holds in the book: its own, and a take profit that rests from the start.
fn orders<'j>(item: &'j Json<'_>) -> Vec<&'j str> {
    let listed = item.get("ordIdList").and_then(Json::items).unwrap_or_default();
    let linked = item.get("linkedOrd").and_then(|linked| text(linked, "ordId"));
    let mut found: Vec<&str> = listed.iter().filter_map(Json::text).chain(linked).collect();
    found.extend(text(item, "ordId"));
    found.retain(|id| is_id(id) && !id.is_empty());
    found.sort_unstable();
    found.dedup();
    found
}
