//! From a raw request to its meaning.

use claviger_core::{Act, Endpoint, Intent, Params};

use super::fields::{alphanumeric, items, peek};
use super::{CATALOGUE, Okx, act, amend, special, steps};
use crate::fields::Fields;
use crate::{Exchange, Kind, RawRequest, ReadError, Row, Surface, Verb};

pub(super) fn read(surface: &Surface, request: &RawRequest<'_>) -> Result<(Intent, &'static Row), ReadError> {
    let method = request.method.as_str();
    let row = CATALOGUE.row(surface.name, Verb::from(request.method), request.path).ok_or_else(|| {
        let path = request.path.chars().take(128).collect::<String>().into();
        ReadError::UnknownEndpoint { method, path }
    })?;
    row.readable()?;
    let mut items = items(row, request)?;
    for fields in &mut items {
        for (name, max) in [("tag", 16), ("reqId", 32), ("clientId", 32)] {
            if row.kind != Kind::Read
                && let Some(text) = peek(fields, name)?
            {
                alphanumeric(name, &text, max)?;
            }
        }
    }
    let (act, params) = meaning_of(row, items)?;
    let endpoint = Endpoint {
        exchange: Okx.exchange_name(),
        surface: Okx.surface_name(surface),
        method: request.method,
        path: row.path.clone(),
    };
    Ok((Intent { endpoint, permission: row.permission, act, params }, row))
}

/// What it does, and its parameters that the act does not hold.
fn meaning_of(row: &Row, items: Vec<Fields<'_>>) -> Result<(Act, Params), ReadError> {
    if row.kind == Kind::Steps {
        return steps::read(row, items);
    }
    let Ok([mut fields]) = <[Fields<'_>; 1]>::try_from(items) else {
        return Err(ReadError::Encoding("body"));
    };
    if row.kind == Kind::Special {
        let params = fields.rest()?;
        return Ok((Act::Special(special::of(row, &params)?), params));
    }
    let act = one(row, &mut fields)?;
    Ok((act, fields.rest()?))
}

fn one(row: &Row, fields: &mut Fields<'_>) -> Result<Act, ReadError> {
    match row.kind {
        Kind::Read => Ok(Act::Read),
        Kind::Place => steps::place(row, fields).map(Act::Place),
        Kind::Test => steps::place(row, fields).map(Act::Test),
        Kind::Amend => amend::read(row, fields).map(Act::Amend),
        Kind::Cancel => amend::cancel(row, fields).map(Act::Cancel),
        Kind::CancelAll => Ok(act::mass_cancel()),
        Kind::Leverage => act::leverage(fields),
        Kind::ClosePosition => act::close(fields),
        Kind::Countdown => act::countdown(fields),
        Kind::Transfer => act::transfer(fields).map(Act::Transfer),
        Kind::Withdraw => act::withdrawal(fields).map(Act::Withdraw),
        Kind::Change => Ok(Act::Change),
        Kind::MarginMode | Kind::Steps | Kind::Special | Kind::NotYetRead | Kind::Refused => {
            let path = row.path.clone();
            let method = if row.verb == Verb::Get { "GET" } else { "POST" };
            Err(ReadError::NotYetRead { method, path, permission: row.permission })
        }
    }
}
