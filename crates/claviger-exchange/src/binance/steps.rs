//! Several steps in one request: order lists, batches, a cancel with a new order.

use claviger_core::{Cancel, Deed, How, Market, Order, OrderRef, Param, Params, Side, Step, Steps, Symbol};

use super::names::{self, List, Names};
use super::order::{self, Common, refuse};
use super::{LISTS, print, read};
use crate::fields::{self, Fields, Words, meaning};
use crate::json::{self, Bounds, Json};
use crate::{Grammar, ParamSpec, PrintError, ReadError, Row, Verb, nested};

const LIST_CLIENT_ID: &str = "listClientOrderId";
const MODE: &str = "cancelReplaceMode";
const STOP: &str = "STOP_ON_FAILURE";
const GO_ON: &str = "ALLOW_FAILURE";
/// What holds the orders of a batch.
const BATCHES: [&str; 2] = ["batchOrders", "orders"];
/// What holds the ids of a batch of cancels, in the spellings of clients; the first that a row lists is printed.
const BY_EXCHANGE: [&str; 3] = ["orderIdList", "orderidlist", "orderIds"];
const BY_CLIENT: [&str; 3] = ["origClientOrderIdList", "origclientorderidlist", "clientOrderIds"];

pub(super) fn read(row: &Row, market: Market, fields: &mut Fields<'_>) -> Result<Steps, ReadError> {
    if row.param(MODE).is_some() {
        replace(row, market, fields)
    } else if let Some(list) = names::list(row) {
        order_list(&list, market, fields)
    } else if let Some((name, item)) = batch(row) {
        orders(name, &item, market, fields)
    } else {
        cancels(market, fields)
    }
}

fn replace(row: &Row, market: Market, fields: &mut Fields<'_>) -> Result<Steps, ReadError> {
    let stop_on_failure = match fields.text(MODE).as_deref() {
        Some(STOP) => true,
        Some(GO_ON) => false,
        _ => return Err(ReadError::Missing(MODE.into())),
    };
    let ids = names::ids(row);
    let old = fields.order_ref(ids.by_exchange, ids.by_client)?;
    let (order, params) = order::read(market, &names::of(row, market), fields)?;
    let cancel = Cancel { market, symbol: order.symbol.clone(), order: old };
    let steps = vec![
        Step { deed: Deed::Cancel(cancel), params: Params::new() },
        Step { deed: Deed::Place(order), params },
    ];
    Ok(Steps { how: How::Replace { stop_on_failure }, steps, client_id: None })
}

fn order_list(list: &List, market: Market, fields: &mut Fields<'_>) -> Result<Steps, ReadError> {
    let symbol = read::symbol(fields)?;
    let client_id = fields.client_id(LIST_CLIENT_ID);
    let mut orders: Vec<(Order, Params)> = Vec::new();
    let mut before: Option<&Names> = None;
    for names in &list.legs {
        let common = common(&orders, before, names);
        orders.push(order::leg(market, symbol.clone(), names, common, fields)?);
        before = Some(names);
    }
    if list.legs.iter().any(|names| names.size.is_empty()) {
        as_bought(&orders)?;
    }
    if matches!(list.how, How::Then | How::ThenOneOf) {
        profits_wait(&orders)?;
    }
    // One word says for the whole list what it borrows.
    let effect = orders.first().and_then(|(order, _)| order.more.side_effect);
    let step = |(mut order, params): (Order, Params)| {
        order.more.side_effect = effect;
        Step { deed: Deed::Place(order), params }
    };
    Ok(Steps { how: list.how, steps: orders.into_iter().map(step).collect(), client_id })
}

/// What waits is as large as what worked only where that bought: a sale is paid in another currency, which would be the
/// size of what waits.
fn as_bought(orders: &[(Order, Params)]) -> Result<(), ReadError> {
    let mut sides = orders.iter().map(|(order, _)| order.side);
    if sides.next() == Some(Side::Buy) && sides.all(|side| side == Side::Sell) {
        Ok(())
    } else {
        Err(meaning(
            "such a list is read only where it sells what it bought: the size of what waits is not told",
        ))
    }
}

/// A take-profit that waits for another order must be beyond that order's price. Whether the exchange refuses one that
/// would wake as soon as it is placed is *unconfirmed*; if it does not, the limit behind it could be far from the market.
/// A stop-loss needs no such rule: where it wakes at once, the market is beyond its trigger on the other side.
fn profits_wait(orders: &[(Order, Params)]) -> Result<(), ReadError> {
    let mut orders = orders.iter();
    let Some(worked) = orders.next().and_then(|(order, _)| order.worst()) else { return Ok(()) };
    for (order, told) in orders {
        let beyond = order.trigger.is_none_or(|trigger| match order.side {
            Side::Sell => trigger >= worked,
            Side::Buy => trigger <= worked,
        });
        if !beyond && order::takes_profit(told) {
            return Err(meaning(
                "a take-profit that waits for another order must be beyond that order's price",
            ));
        }
    }
    Ok(())
}

/// What the next leg has in common with the one before it; where it has no size of its own, it has the first one's.
fn common(orders: &[(Order, Params)], before: Option<&Names>, names: &Names) -> Common {
    let (Some((first, _)), Some((last, _)), Some(before)) = (orders.first(), orders.last(), before) else {
        return Common::default();
    };
    let side = (before.side == names.side).then_some(last.side);
    let size = match (names.size.is_empty(), before.size == names.size) {
        (true, _) => Some(first.size),
        (false, true) => Some(last.size),
        (false, false) => None,
    };
    Common { side, size }
}

/// The parameter that holds the orders of a batch, and an endpoint as it were that takes one of them.
fn batch(row: &Row) -> Option<(&'static str, Row)> {
    BATCHES.into_iter().find_map(|name| match &row.param(name)?.grammar {
        Grammar::Items { of, .. } => Some((name, Row { params: of.clone(), ..row.clone() })),
        _ => None,
    })
}

fn orders(
    name: &'static str,
    item: &Row,
    market: Market,
    fields: &mut Fields<'_>,
) -> Result<Steps, ReadError> {
    let text = fields.text(name).ok_or_else(|| ReadError::Missing(name.into()))?;
    let json = json::parse(text.as_bytes(), Bounds::SMALL).map_err(|_| ReadError::Encoding(name))?;
    let steps = json.items().unwrap_or_default().iter().map(|json| step(item, market, json));
    let steps = steps.collect::<Result<Vec<Step>, ReadError>>()?;
    if steps.is_empty() {
        return Err(ReadError::Missing(name.into()));
    }
    Ok(Steps { how: How::Batch, steps, client_id: None })
}

fn step(item: &Row, market: Market, json: &Json<'_>) -> Result<Step, ReadError> {
    let mut fields = Fields::new(item);
    for (name, value) in json.entries().unwrap_or_default() {
        let spec = item.param(name).ok_or_else(|| meaning(format!("unknown parameter `{name}`")))?;
        if let Some(value) = nested::value(spec, value, LISTS)? {
            fields.put_value(name, value)?;
        }
    }
    let mut fields = fields.complete()?;
    let (deed, told) = match item.verb {
        Verb::Post => order::read(market, &names::of(item, market), &mut fields)
            .map(|(order, told)| (Deed::Place(order), told))?,
        _ => (Deed::Amend(read::amend(market, &mut fields)?), Params::new()),
    };
    Ok(Step { deed, params: told.into_iter().chain(fields.rest()?).collect() })
}

fn cancels(market: Market, fields: &mut Fields<'_>) -> Result<Steps, ReadError> {
    let symbol = read::symbol(fields)?;
    let by_exchange = ids(&BY_EXCHANGE, fields);
    let by_client = ids(&BY_CLIENT, fields);
    let refs: Option<Vec<OrderRef>> = match (by_exchange, by_client) {
        (Some(ids), None) => ids.into_iter().map(by_number).collect(),
        (None, Some(ids)) => ids.iter().map(|id| id.parse().ok().map(OrderRef::Client)).collect(),
        (None, None) => return Err(ReadError::Missing("orderIdList".into())),
        (Some(_), Some(_)) => return Err(meaning("two lists could name other orders: send one")),
    };
    let refs = refs.ok_or_else(|| meaning("a list of orders names one that cannot be"))?;
    let step = |order| {
        let cancel = Cancel { market, symbol: symbol.clone(), order };
        Step { deed: Deed::Cancel(cancel), params: Params::new() }
    };
    Ok(Steps { how: How::Batch, steps: refs.into_iter().map(step).collect(), client_id: None })
}

/// The one list that is there; two spellings of it together are left for [`Fields::rest`] to refuse.
fn ids(names: &[&str], fields: &mut Fields<'_>) -> Option<Vec<Box<str>>> {
    let name = names.iter().find(|name| fields.has(name))?;
    match fields.take(name)? {
        claviger_core::Value::List(ids) => Some(ids),
        _ => None,
    }
}

fn by_number(id: Box<str>) -> Option<OrderRef> {
    let plain = id.bytes().all(|b| b.is_ascii_digit()) && !id.starts_with('0') && id.len() <= 40;
    plain.then_some(OrderRef::Exchange(id))
}

/// Whether a parameter is a list of the exchange's ids: it leaves with its numbers bare, as the exchange documents it.
pub(super) fn is_of_ids(name: &str) -> bool {
    BY_EXCHANGE.contains(&name)
}

pub(super) fn words(row: &Row, steps: &Steps) -> Result<Words, PrintError> {
    let odd = || refuse("the steps", "they do not fit the endpoint");
    match (steps.how, &*steps.steps) {
        (How::Replace { stop_on_failure }, [cancel, place]) if row.param(MODE).is_some() => {
            let mode = if stop_on_failure { STOP } else { GO_ON };
            replace_words(row, cancel, place).map(|words| with(words, MODE, mode.to_owned()))
        }
        (How::OneOf | How::Then | How::ThenOneOf, places) => {
            let list = names::list(row).filter(|list| list.how == steps.how).ok_or_else(odd)?;
            let mut words = list_words(&list, places)?;
            words.extend(steps.client_id.as_ref().map(|id| (LIST_CLIENT_ID, id.to_string())));
            Ok(words)
        }
        (How::Batch, items) => match batch(row) {
            Some((name, item)) => Ok(vec![(name, batch_text(&item, items)?)]),
            None => cancel_words(row, items),
        },
        (How::Replace { .. }, _) => Err(odd()),
    }
}

fn with(mut words: Words, name: &'static str, text: String) -> Words {
    words.push((name, text));
    words
}

fn replace_words(row: &Row, cancel: &Step, place: &Step) -> Result<Words, PrintError> {
    let (Deed::Cancel(cancel), Deed::Place(order)) = (&cancel.deed, &place.deed) else {
        return Err(refuse("the steps", "a cancel and an order belong together here"));
    };
    if cancel.symbol != order.symbol || cancel.market != order.market {
        return Err(refuse("the steps", "they are about two instruments"));
    }
    let mut words = order::words(order, &names::of(row, order.market), &place.params)?;
    words.push(print::order_word(row, &cancel.order)?);
    Ok(words)
}

fn list_words(list: &List, places: &[Step]) -> Result<Words, PrintError> {
    let odd = || refuse("the list", "its legs do not fit the endpoint");
    let legs = &list.legs;
    let orders: Option<Vec<&Order>> = places
        .iter()
        .map(|step| match &step.deed {
            Deed::Place(order) => Some(order),
            Deed::Amend(_) | Deed::Cancel(_) => None,
        })
        .collect();
    let orders = orders.filter(|orders| orders.len() == legs.len()).ok_or_else(odd)?;
    let first = orders.first().ok_or_else(odd)?;
    let together = |order: &&Order| order.symbol == first.symbol && order.market == first.market;
    let as_large =
        orders.iter().zip(legs).all(|(order, leg)| !leg.size.is_empty() || order.size == first.size);
    if !orders.iter().all(together) || !as_large {
        return Err(odd());
    }
    let mut words: Words = vec![("symbol", first.symbol.to_string())];
    for ((order, names), step) in orders.into_iter().zip(legs).zip(places) {
        for (name, text) in order::leg_words(order, names, &step.params)? {
            match words.iter().find(|(known, _)| *known == name) {
                None => words.push((name, text)),
                Some((_, known)) if *known == text => {}
                Some(_) => return Err(refuse("the list", "its legs share what they say differently")),
            }
        }
    }
    Ok(words)
}

fn batch_text(item: &Row, steps: &[Step]) -> Result<String, PrintError> {
    let texts = steps.iter().map(|step| item_text(item, step)).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("[{}]", texts.join(",")))
}

fn item_text(item: &Row, step: &Step) -> Result<String, PrintError> {
    let words = match (&step.deed, item.verb) {
        (Deed::Place(order), Verb::Post) => {
            order::words(order, &names::of(item, order.market), &step.params)?
        }
        (Deed::Amend(amendment), Verb::Put) => print::amend(item, amendment)?,
        _ => return Err(refuse("the batch", "this endpoint takes other steps")),
    };
    let rest: Vec<Param> =
        step.params.iter().filter(|param| !order::TOLD.contains(&&*param.name)).cloned().collect();
    let members = fields::print(item, words, &rest, LISTS)?;
    let members: Vec<String> = members.into_iter().map(|(spec, text)| member(spec, &text)).collect();
    Ok(format!("{{{}}}", members.join(",")))
}

fn member(spec: &ParamSpec, text: &str) -> String {
    format!("{}:{}", json::quote(&spec.name), nested::literal(&spec.grammar, text))
}

fn cancel_words(row: &Row, steps: &[Step]) -> Result<Words, PrintError> {
    let odd = || refuse("the batch", "it is not a list of orders of one instrument, named in one way");
    let cancels: Option<Vec<&Cancel>> = steps
        .iter()
        .map(|step| match &step.deed {
            Deed::Cancel(cancel) => Some(cancel),
            Deed::Place(_) | Deed::Amend(_) => None,
        })
        .collect();
    let cancels = cancels.ok_or_else(odd)?;
    let symbol: &Symbol = cancels.first().map(|cancel| &cancel.symbol).ok_or_else(odd)?;
    if cancels.iter().any(|cancel| cancel.symbol != *symbol) {
        return Err(odd());
    }
    let by_exchange: Option<Vec<String>> = cancels
        .iter()
        .map(|cancel| if let OrderRef::Exchange(id) = &cancel.order { Some(id.to_string()) } else { None })
        .collect();
    let by_client: Option<Vec<String>> = cancels
        .iter()
        .map(|cancel| if let OrderRef::Client(id) = &cancel.order { Some(id.to_string()) } else { None })
        .collect();
    let (names, ids) = match (by_exchange, by_client) {
        (Some(ids), _) => (BY_EXCHANGE, ids),
        (None, Some(ids)) => (BY_CLIENT, ids),
        (None, None) => return Err(odd()),
    };
    let name = names.into_iter().find(|name| row.param(name).is_some()).ok_or_else(odd)?;
    let quoted: Vec<String> = ids.iter().map(|id| json::quote(id)).collect();
    Ok(vec![("symbol", symbol.to_string()), (name, format!("[{}]", quoted.join(",")))])
}
