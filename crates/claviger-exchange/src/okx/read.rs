//! From a raw request to its meaning.

use claviger_core::{Act, Endpoint, Intent};

use super::fields::{alphanumeric, fields, peek};
use super::{CATALOGUE, Okx, act, order};
use crate::fields::Fields;
use crate::{Exchange, Kind, RawRequest, ReadError, Row, Surface, Verb};

pub(super) fn read(surface: &Surface, request: &RawRequest<'_>) -> Result<(Intent, &'static Row), ReadError> {
    let method = request.method.as_str();
    let row = CATALOGUE.row(surface.name, Verb::from(request.method), request.path).ok_or_else(|| {
        let path = request.path.chars().take(128).collect::<String>().into();
        ReadError::UnknownEndpoint { method, path }
    })?;
    row.readable()?;
    let mut fields = fields(row, request)?;
    for (name, max) in [("tag", 16), ("reqId", 32), ("clientId", 32)] {
        if row.kind != Kind::Read
            && let Some(text) = peek(&mut fields, name)?
        {
            alphanumeric(name, &text, max)?;
        }
    }
    let act = meaning_of(row, &mut fields)?;
    let endpoint = Endpoint {
        exchange: Okx.exchange_name(),
        surface: Okx.surface_name(surface),
        method: request.method,
        path: row.path.clone(),
    };
    Ok((Intent { endpoint, permission: row.permission, act, params: fields.rest()? }, row))
}

fn meaning_of(row: &Row, fields: &mut Fields<'_>) -> Result<Act, ReadError> {
    match row.kind {
        Kind::Read => Ok(Act::Read),
        Kind::Place => order::read(fields).map(Act::Place),
        Kind::Test => order::read(fields).map(Act::Test),
        Kind::Amend => act::amendment(fields).map(Act::Amend),
        Kind::Cancel => act::cancel(fields).map(Act::Cancel),
        Kind::Leverage => act::leverage(fields),
        Kind::Transfer => act::transfer(fields).map(Act::Transfer),
        Kind::Withdraw => act::withdrawal(fields).map(Act::Withdraw),
        Kind::Change => Ok(Act::Change),
        Kind::CancelAll
        | Kind::MarginMode
        | Kind::Steps
        | Kind::ClosePosition
        | Kind::Countdown
        | Kind::Special
        | Kind::NotYetRead
        | Kind::Refused => {
            let path = row.path.clone();
            let method = if row.verb == Verb::Get { "GET" } else { "POST" };
            Err(ReadError::NotYetRead { method, path, permission: row.permission })
        }
    }
}
