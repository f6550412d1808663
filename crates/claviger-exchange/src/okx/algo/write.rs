//! An algo order in the exchange's words.

use claviger_core::{
    Distance, Market, More, Order, OrderKind, Params, Side, Size, Slices, TimeInForce, Wake,
};

use super::super::exits::{RESTS, Which, by_word, trail_words, wake_words};
use super::super::order::{self, KIND, cannot};
use super::{REST, distance_words, lone_end, price_of, text_of, words_of};
use crate::fields::Words;
use crate::{PrintError, Row};

/// Writes an order in the exchange's words, with the parameters that go along.
///
/// # Errors
/// Where it has what its kind has not.
pub(in crate::okx) fn words(
    row: &Row,
    order: &Order,
    params: &Params,
) -> Result<(Words, Params), PrintError> {
    order::agree_on_market(order, params)?;
    if !order.more.algo {
        return Err(cannot("order", "is a usual one"));
    }
    let mut words: Words =
        vec![("instId", order.symbol.to_string()), ("side", order::side_word(order.side).to_owned())];
    let (kind, more) = kind_words(order, params)?;
    if text_of(params, KIND).is_none() {
        words.push((KIND, kind.to_owned()));
    }
    words.extend(more);
    words.extend(size_words(order, kind)?);
    words.extend(order::position_words(order));
    words.extend(order::side_effect_word(order)?);
    words.extend(order::client_id_word(row, order, "algoClOrdId")?);
    Ok((words, params.clone()))
}

/// Kind and terms; an order that has anything that its kind has not is none of this exchange.
fn kind_words(order: &Order, params: &Params) -> Result<(&'static str, Words), PrintError> {
    let more = &order.more;
    let plain = More { algo: true, side_effect: more.side_effect, ..More::default() };
    let only = |printed: More| {
        if *more == printed { Ok(()) } else { Err(cannot("order", "has what its kind has not")) }
    };
    if let Some(word) = text_of(params, KIND) {
        only(More { slices: more.slices, chase: more.chase, ..plain })?;
        return floating_words(order, word);
    }
    if let Some(trail) = &more.trail {
        only(More { trail: more.trail, ..plain })?;
        let bare = order.trigger.is_none() && at_once(order);
        let words = words_of(trail_words(trail)?, &["callbackRatio", "callbackSpread", "activePx"])?;
        return if bare { Ok(("move_order_stop", words)) } else { Err(odd()) };
    }
    if let Some(profit) = &more.or {
        only(More { or: more.or.clone(), trigger_by: more.trigger_by, ..plain })?;
        return Ok(("oco", oco_words(order, profit, params)?));
    }
    if let Some((which, by)) = lone_end(params) {
        only(More { trigger_by: more.trigger_by, ..plain })?;
        if more.trigger_by.map(by_word) != Some(by) || !waits_plainly(order) {
            return Err(odd());
        }
        return Ok(("conditional", end_words(order, which)?));
    }
    only(More { trigger_by: more.trigger_by, exits: more.exits.clone(), ..plain })?;
    Ok(("trigger", trigger_words(order)?))
}

fn odd() -> PrintError {
    cannot(KIND, "does not fit the order")
}

/// A market order, or one that stays once it is in the book: conditional orders have no other time in force.
fn waits_plainly(order: &Order) -> bool {
    at_once(order)
        || matches!(order.kind, OrderKind::Limit { .. })
            && order.time_in_force == TimeInForce::GoodTillCancelled
}

fn at_once(order: &Order) -> bool {
    order.kind == OrderKind::Market && order.time_in_force == TimeInForce::ImmediateOrCancel
}

/// The order as the end that it is; what wakes a lone one stands among the parameters.
fn end_words(order: &Order, which: Which) -> Result<Words, PrintError> {
    let trigger = order.trigger.ok_or_else(odd)?.to_string();
    let price = price_of(order)?;
    Ok(match which {
        Which::TakeProfit => vec![("tpTriggerPx", trigger), ("tpOrdPx", price)],
        Which::StopLoss => vec![("slTriggerPx", trigger), ("slOrdPx", price)],
    })
}

fn oco_words(order: &Order, profit: &Wake, params: &Params) -> Result<Words, PrintError> {
    if !waits_plainly(order) || profit.trail.is_some() {
        return Err(odd());
    }
    let rests = text_of(params, REST) == Some(RESTS);
    let names = ["tpTriggerPx", "tpOrdPx", "tpTriggerPxType"];
    let mut words = words_of(wake_words(Which::TakeProfit, profit, rests)?, &names)?;
    words.extend(end_words(order, Which::StopLoss)?);
    words.extend(order.more.trigger_by.map(|by| ("slTriggerPxType", by_word(by).to_owned())));
    Ok(words)
}

fn trigger_words(order: &Order) -> Result<Words, PrintError> {
    let trigger = order.trigger.ok_or_else(odd)?.to_string();
    let mut words = vec![("triggerPx", trigger), ("orderPx", price_of(order)?)];
    words.extend(order.more.trigger_by.map(|by| ("triggerPxType", by_word(by).to_owned())));
    match (order.kind, order.time_in_force) {
        (OrderKind::Market, TimeInForce::ImmediateOrCancel)
        | (OrderKind::Limit { .. }, TimeInForce::GoodTillCancelled) => {}
        (OrderKind::Limit { .. }, TimeInForce::FillOrKill) => words.push(("advanceOrdType", "fok".into())),
        (OrderKind::Limit { .. }, TimeInForce::ImmediateOrCancel) => {
            words.push(("advanceOrdType", "ioc".into()));
        }
        _ => return Err(odd()),
    }
    words.extend(order::exit_words(order)?);
    Ok(words)
}

/// What floats: its word stands among the parameters.
fn floating_words(order: &Order, word: &str) -> Result<(&'static str, Words), PrintError> {
    let (OrderKind::Floating { worst }, None) = (order.kind, order.trigger) else { return Err(odd()) };
    let limit: Words = worst.map(|worst| ("pxLimit", worst.to_string())).into_iter().collect();
    let more = &order.more;
    let rests = order.time_in_force == TimeInForce::GoodTillCancelled;
    match (word, more.slices, more.chase) {
        ("twap", Some(slices), None) if rests && worst.is_some() && slices.every_s.is_some() => {
            Ok(("twap", [limit, slice_words(&slices)?].concat()))
        }
        ("iceberg", Some(slices), None) if rests && worst.is_some() && slices.every_s.is_none() => {
            Ok(("iceberg", [limit, slice_words(&slices)?].concat()))
        }
        ("smart_iceberg", None, None) if rests => Ok(("smart_iceberg", limit)),
        ("chase", None, most) if worst.is_none() && order.time_in_force == TimeInForce::PostOnly => {
            let mut words = Words::new();
            if let Some(most) = most {
                let (kind, number) = distance_words(&most)?;
                words.extend([("maxChaseType", kind.to_owned()), ("maxChaseVal", number)]);
            }
            Ok(("chase", words))
        }
        _ => Err(odd()),
    }
}

fn slice_words(slices: &Slices) -> Result<Words, PrintError> {
    let mut words = vec![("szLimit", slices.size.to_string())];
    if let Some(offset) = &slices.offset {
        let name = if matches!(offset, Distance::Percent(_)) { "pxVar" } else { "pxSpread" };
        words.push((name, distance_words(offset)?.1));
    }
    words.extend(slices.every_s.map(|seconds| ("timeInterval", seconds.to_string())));
    Ok(words)
}

/// The size, and its unit where the exchange asks for one: the same as on the way in.
fn size_words(order: &Order, kind: &str) -> Result<Words, PrintError> {
    let buys_at_market = order.side == Side::Buy
        && (order.kind == OrderKind::Market || order.more.or.as_ref().is_some_and(|or| or.price.is_none()));
    let floats = order.side == Side::Buy && matches!(order.kind, OrderKind::Floating { .. });
    let size = |n: claviger_core::Decimal| ("sz", n.to_string());
    let unit = |unit: &str| ("tgtCcy", unit.to_owned());
    match (order.market, order.size) {
        (Market::Usdm | Market::Coinm, Size::Position) => Ok(vec![("closeFraction", "1".to_owned())]),
        (Market::Usdm | Market::Coinm | Market::Option, Size::Contracts(n)) => Ok(vec![size(n)]),
        (Market::Spot | Market::Margin, Size::Base(n)) if !buys_at_market && !floats => Ok(vec![size(n)]),
        (Market::Spot, Size::Base(n)) if kind == "conditional" && !floats => {
            Ok(vec![size(n), unit("base_ccy")])
        }
        (Market::Spot, Size::Quote(n)) if kind == "conditional" && buys_at_market => {
            Ok(vec![size(n), unit("quote_ccy")])
        }
        (Market::Margin, Size::Quote(n)) if kind == "conditional" && buys_at_market => Ok(vec![size(n)]),
        _ => Err(cannot("sz", "has a unit that the exchange does not take here")),
    }
}
