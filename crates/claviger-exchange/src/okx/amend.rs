//! Changes and cancels of orders that exist, read from a body and written as one.

use claviger_core::{Amendment, Cancel, Decimal, Market, MoreAmended, OrderRef, Params, Symbol, Value, Wake};

use super::exits::{self, EXITS, Names, Which, at_price, by_word, wake, wake_words};
use super::fields::{LISTS, alphanumeric, is_algo};
use super::instrument::plain_market;
use super::order::{cannot, missing, positive};
use crate::fields::{Fields, Words, meaning};
use crate::{PrintError, ReadError, Row};

/// What stands among the parameters of a change to a trigger order, and tells that it is one.
const TRIGGER_BY: &str = "newTriggerPxType";

/// Reads the change of an order.
///
/// # Errors
/// Where it changes nothing, or something that the amendment could not hold whole.
pub(super) fn read(row: &Row, fields: &mut Fields<'_>) -> Result<Amendment, ReadError> {
    let (market, symbol, order) = named(row, fields)?;
    let size = fields.number("newSz").map(|n| positive("newSz", n)).transpose()?;
    let exits = fields.text(EXITS).map(|text| exits::read(&text, Names::New)).transpose()?;
    let more = MoreAmended { exits: exits.unwrap_or_default(), ..MoreAmended::default() };
    let mut amendment = Amendment { market, symbol, order, side: None, size, price: None, more };
    if is_algo(row) {
        triggers(fields, &mut amendment)?;
    } else {
        amendment.price = fields.number("newPx").map(|n| positive("newPx", n)).transpose()?;
    }
    if changes_nothing(&amendment) {
        return Err(meaning(if is_algo(row) {
            "an amendment needs `newSz`, a new trigger or a new price"
        } else {
            "an amendment needs `newSz`, `newPx` or `attachAlgoOrds`"
        }));
    }
    Ok(amendment)
}

fn changes_nothing(amendment: &Amendment) -> bool {
    amendment.size.is_none() && amendment.price.is_none() && amendment.more.is_plain()
}

/// New triggers and prices of an algo order: those of a trigger order, or of a stop loss and the take profit beside it.
fn triggers(fields: &mut Fields<'_>, amendment: &mut Amendment) -> Result<(), ReadError> {
    let waits = ["newTriggerPx", "newOrdPx", TRIGGER_BY].iter().any(|name| fields.has(name));
    let ends = ["newSlTriggerPx", "newSlOrdPx", "newSlTriggerPxType", "newTpTriggerPx", "newTpOrdPx"];
    let ends = ends.iter().any(|name| fields.has(name)) || fields.has("newTpTriggerPxType");
    match (waits, ends) {
        (false, false) => Ok(()),
        (true, false) => trigger(fields, amendment),
        (false, true) => stop(fields, amendment),
        (true, true) => Err(meaning("an order has `newTriggerPx`, or `newSlTriggerPx` and `newTpTriggerPx`")),
    }
}

/// The exchange asks for trigger and price together, and takes the last price where it is not said whose wakes it.
fn trigger(fields: &mut Fields<'_>, amendment: &mut Amendment) -> Result<(), ReadError> {
    let trigger = fields.number("newTriggerPx").ok_or_else(|| missing("newTriggerPx"))?;
    amendment.more.trigger = Some(positive("newTriggerPx", trigger)?);
    let price = fields.text("newOrdPx").ok_or_else(|| missing("newOrdPx"))?;
    amendment.price = Some(limit("newOrdPx", &price)?);
    let by = fields.text(TRIGGER_BY).unwrap_or_else(|| "last".into());
    fields.put(TRIGGER_BY, &by, LISTS)?;
    echoes(fields, "triggerPrice", amendment.more.trigger)
}

/// ccxt sends its own name for a trigger along, which the exchange leaves out: it must say the same, and is dropped.
fn echoes(fields: &mut Fields<'_>, name: &str, trigger: Option<Decimal>) -> Result<(), ReadError> {
    match fields.number(name) {
        Some(echo) if Some(echo) != trigger => {
            Err(meaning(format!("`{name}` says something else than the new trigger")))
        }
        Some(_) | None => Ok(()),
    }
}

/// A stop loss is the order itself, with or without a take profit beside it; a take profit alone could be either.
fn stop(fields: &mut Fields<'_>, amendment: &mut Amendment) -> Result<(), ReadError> {
    let trigger = fields.number("newSlTriggerPx").map(|n| positive("newSlTriggerPx", n)).transpose()?;
    let price = fields.text("newSlOrdPx").map(|price| limit("newSlOrdPx", &price)).transpose()?;
    let profit_trigger = fields.number("newTpTriggerPx").map(|n| n.to_string());
    let (profit_price, by) = (fields.text("newTpOrdPx"), fields.text("newTpTriggerPxType"));
    let profit =
        wake(Which::TakeProfit, profit_trigger.as_deref(), profit_price.as_deref(), by.as_deref(), None)?;
    if profit.is_some() && trigger.is_none() {
        return Err(meaning(
            "a new take profit without a new stop loss could be of two kinds of orders: cancel it and place another",
        ));
    }
    echoes(fields, "stopLossPrice", trigger)?;
    echoes(fields, "takeProfitPrice", profit.as_ref().and_then(|profit| profit.trigger))?;
    amendment.more.trigger = trigger;
    amendment.more.or = profit;
    amendment.price = price;
    if fields.has("newSlTriggerPxType") && changes_nothing(amendment) {
        return Err(missing("newSlTriggerPx"));
    }
    Ok(())
}

/// A price that is one: -1 might turn a limit order into a market order, which the amendment could not hold.
fn limit(name: &str, text: &str) -> Result<Decimal, ReadError> {
    let why = || {
        meaning(format!("`{name}` = -1 might turn a limit into a market order: cancel it and place another"))
    };
    at_price(name, text)?.ok_or_else(why)
}

/// Reads a cancel.
///
/// # Errors
/// Where it does not name one order in one way.
pub(super) fn cancel(row: &Row, fields: &mut Fields<'_>) -> Result<Cancel, ReadError> {
    let (market, symbol, order) = named(row, fields)?;
    Ok(Cancel { market, symbol, order })
}

fn named(row: &Row, fields: &mut Fields<'_>) -> Result<(Market, Symbol, OrderRef), ReadError> {
    let symbol = fields.symbol("instId").ok_or_else(|| missing("instId"))?;
    let (by_exchange, by_client) = names(row);
    let order = fields.order_ref(by_exchange, by_client)?;
    if let OrderRef::Client(id) = &order {
        alphanumeric(by_client, id.as_str(), 32)?;
    }
    let order = match order {
        OrderRef::Exchange(id) if is_algo(row) => OrderRef::Algo(id),
        OrderRef::Client(id) if is_algo(row) => OrderRef::AlgoClient(id),
        order => order,
    };
    Ok((plain_market(&symbol)?, symbol, order))
}

fn names(row: &Row) -> (&'static str, &'static str) {
    if is_algo(row) { ("algoId", "algoClOrdId") } else { ("ordId", "clOrdId") }
}

/// Writes a change.
///
/// # Errors
/// Where it names a side, changes nothing, or changes what the row's orders have not.
pub(super) fn words(row: &Row, amendment: &Amendment, params: &Params) -> Result<Words, PrintError> {
    let more = &amendment.more;
    if amendment.side.is_some() || changes_nothing(amendment) {
        return Err(cannot("newSz", "the amendment names a side, or changes nothing"));
    }
    let mut words = order_words(row, amendment.market, &amendment.symbol, &amendment.order)?;
    words.extend(amendment.size.map(|n| ("newSz", n.to_string())));
    if !more.exits.is_empty() {
        words.push((EXITS, exits::word(&more.exits, Names::New)?));
    }
    let exits_only = MoreAmended { exits: more.exits.clone(), ..MoreAmended::default() };
    if is_algo(row) {
        words.extend(trigger_words(amendment, params)?);
    } else if *more == exits_only {
        words.extend(amendment.price.map(|n| ("newPx", n.to_string())));
    } else {
        return Err(cannot("newSz", "changes what a usual order has not"));
    }
    Ok(words)
}

fn trigger_words(amendment: &Amendment, params: &Params) -> Result<Words, PrintError> {
    let more = &amendment.more;
    let (trigger, or) = (more.trigger, more.or.as_ref());
    let held =
        MoreAmended { trigger, or: more.or.clone(), exits: more.exits.clone(), ..MoreAmended::default() };
    if *more != held {
        return Err(cannot("newTriggerPx", "changes what is not printed"));
    }
    let price = amendment.price;
    if params.iter().any(|param| *param.name == *TRIGGER_BY && matches!(param.value, Value::Text(_))) {
        return match (trigger, price, or) {
            (Some(trigger), Some(price), None) => {
                Ok(vec![("newTriggerPx", trigger.to_string()), ("newOrdPx", price.to_string())])
            }
            _ => Err(cannot("newTriggerPx", "needs a trigger and a price")),
        };
    }
    let mut words = Words::new();
    words.extend(trigger.map(|n| ("newSlTriggerPx", n.to_string())));
    words.extend(price.map(|n| ("newSlOrdPx", n.to_string())));
    if let Some(profit) = or {
        words.extend(profit_words(profit)?);
    }
    Ok(words)
}

fn profit_words(profit: &Wake) -> Result<Words, PrintError> {
    if profit.trail.is_some() {
        return Err(cannot("newTpTriggerPx", "follows the price"));
    }
    let mut words = Words::new();
    for (name, text) in wake_words(Which::TakeProfit, profit, false)? {
        let name = match name.as_str() {
            "tpTriggerPx" => "newTpTriggerPx",
            "tpOrdPx" => "newTpOrdPx",
            _ => continue,
        };
        words.push((name, text));
    }
    words.extend(profit.by.map(|by| ("newTpTriggerPxType", by_word(by).to_owned())));
    Ok(words)
}

/// `market` may be margin where claviger itself names an order of its ledger; the exchange does not ask.
///
/// # Errors
/// Where the row's orders are not named so.
pub(super) fn order_words(
    row: &Row,
    market: Market,
    symbol: &Symbol,
    order: &OrderRef,
) -> Result<Words, PrintError> {
    let plain = plain_market(symbol).map_err(|_| cannot("instId", "is not read"))?;
    if plain != market && (plain, market) != (Market::Spot, Market::Margin) {
        return Err(cannot("instId", "does not fit the market"));
    }
    let (by_exchange, by_client) = names(row);
    let order = match (order, is_algo(row)) {
        (OrderRef::Exchange(id), false) | (OrderRef::Algo(id), true) => (by_exchange, id.to_string()),
        (OrderRef::Client(id), false) | (OrderRef::AlgoClient(id), true) => {
            alphanumeric(by_client, id.as_str(), 32).map_err(|_| cannot(by_client, "does not fit"))?;
            (by_client, id.to_string())
        }
        _ => return Err(cannot(by_exchange, "names no order of this endpoint")),
    };
    Ok(vec![("instId", symbol.to_string()), order])
}
