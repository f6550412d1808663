//! Requests whose body is a list: each item is a step, and one alone is the act itself.

use claviger_core::{Act, Deed, How, Params, Step, Steps};

use super::fields::{is_algo, is_marked, most_items};
use super::order::cannot;
use super::{algo, amend, order};
use crate::fields::{Fields, Words};
use crate::{PrintError, ReadError, Row};

/// What a request with these items does, and the parameters of the whole of it.
///
/// # Errors
/// If any item is refused: then all are.
pub(super) fn read(row: &Row, items: Vec<Fields<'_>>) -> Result<(Act, Params), ReadError> {
    let steps: Result<Vec<Step>, ReadError> = items.into_iter().map(|item| step(row, item)).collect();
    let steps = match <[Step; 1]>::try_from(steps?) {
        Ok([Step { deed, params }]) => return Ok((deed.into_act(), params)),
        Err(steps) => steps,
    };
    Ok((Act::Steps(Steps { how: How::Batch, steps, client_id: None }), Params::new()))
}

fn step(row: &Row, mut item: Fields<'_>) -> Result<Step, ReadError> {
    let deed = if is_marked(row, "cancel") {
        Deed::Cancel(amend::cancel(row, &mut item)?)
    } else if is_marked(row, "amend") {
        Deed::Amend(amend::read(row, &mut item)?)
    } else {
        Deed::Place(place(row, &mut item)?)
    };
    Ok(Step { deed, params: item.rest()? })
}

/// Reads the order that an item is.
///
/// # Errors
/// Whatever the order could not hold whole.
pub(super) fn place(row: &Row, item: &mut Fields<'_>) -> Result<claviger_core::Order, ReadError> {
    if is_algo(row) { algo::read(item) } else { order::read(item) }
}

/// Writes each step, with the parameters that go along.
///
/// # Errors
/// Where a step is not one of the row's, or they hang together as no list of this exchange does.
pub(super) fn words(row: &Row, steps: &Steps, params: &Params) -> Result<Vec<(Words, Params)>, PrintError> {
    let Steps { how, steps, client_id } = steps;
    let fits = *how == How::Batch && client_id.is_none() && params.is_empty();
    if !fits || !(2..=most_items(row)).contains(&steps.len()) {
        return Err(cannot("steps", "are no list of this exchange"));
    }
    steps.iter().map(|step| deed_words(row, &step.deed, &step.params)).collect()
}

/// Writes one step.
///
/// # Errors
/// Where it is not one of the row's.
pub(super) fn deed_words(row: &Row, deed: &Deed, params: &Params) -> Result<(Words, Params), PrintError> {
    let (cancels, amends) = (is_marked(row, "cancel"), is_marked(row, "amend"));
    match deed {
        Deed::Place(order) if !cancels && !amends => order_words(row, order, params),
        Deed::Amend(amendment) if amends => Ok((amend::words(row, amendment, params)?, params.clone())),
        Deed::Cancel(cancel) if cancels => {
            let words = amend::order_words(row, cancel.market, &cancel.symbol, &cancel.order)?;
            Ok((words, params.clone()))
        }
        Deed::Place(_) | Deed::Amend(_) | Deed::Cancel(_) => {
            Err(cannot("steps", "are something else than the endpoint does"))
        }
    }
}

/// Writes an order as its row takes it.
///
/// # Errors
/// Where it has what such an order has not.
pub(super) fn order_words(
    row: &Row,
    order: &claviger_core::Order,
    params: &Params,
) -> Result<(Words, Params), PrintError> {
    if is_algo(row) { algo::words(row, order, params) } else { order::words(row, order, params) }
}
