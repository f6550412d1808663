//! A request's parameters to what it would do.

use claviger_core::{
    Act, Amendment, Asset, Cancel, Intent, Market, MoreAmended, Order, OrderRef, Params, Symbol, Transfer,
    Value, Withdrawal,
};

use super::names::{self, Of};
use super::{CATALOGUE, LISTS, endpoint, market_of, order, special, steps};
use crate::fields::{Fields, meaning};
use crate::form::{self, Dialect, Pair, Part};
use crate::{Kind, RawRequest, ReadError, Row, Security, Surface, Verb};

/// Parameters of authentication: they are the claim's, not the intent's.
const AUTHENTICATION: [&str; 3] = ["timestamp", "recvWindow", "signature"];

pub(super) fn read(surface: &Surface, request: &RawRequest<'_>) -> Result<(Intent, &'static Row), ReadError> {
    let row = row(surface, request)?;
    in_milliseconds(request)?;
    let mut fields = Fields::new(row);
    for pair in parameters(row, request)? {
        fields.put(pair.name, &pair.value, LISTS)?;
    }
    let mut fields = fields.complete()?;
    let (act, told) = act(row, &mut fields)?;
    let intent = Intent {
        endpoint: endpoint(&row.surface, request.method, &row.path),
        permission: row.permission,
        act,
        params: told.into_iter().chain(fields.rest()?).collect(),
    };
    Ok((intent, row))
}

/// A bot may ask for answers in microseconds; that wish is not passed on, and it would misread the answer.
fn in_milliseconds(request: &RawRequest<'_>) -> Result<(), ReadError> {
    match request.header("X-MBX-TIME-UNIT") {
        Ok(None) => Ok(()),
        Ok(Some(unit)) if unit.eq_ignore_ascii_case("MILLISECOND") => Ok(()),
        _ => Err(meaning("claviger passes on answers in milliseconds only: leave X-MBX-TIME-UNIT out")),
    }
}

fn row(surface: &Surface, request: &RawRequest<'_>) -> Result<&'static Row, ReadError> {
    let method = request.method.as_str();
    let row = CATALOGUE.row(surface.name, Verb::from(request.method), request.path).ok_or_else(|| {
        ReadError::UnknownEndpoint { method, path: request.path.chars().take(128).collect::<String>().into() }
    })?;
    row.readable()
}

fn parameters<'a>(row: &Row, request: &RawRequest<'a>) -> Result<Vec<Pair<'a>>, ReadError> {
    let mut pairs = form::both(request.query, request.body, body_dialect(row))?;
    if let (Verb::Get, Some(pair)) = (row.verb, pairs.iter().find(|pair| pair.part == Part::Body)) {
        return Err(ReadError::Place(pair.name.chars().take(64).collect::<String>().into()));
    }
    // Rows that need the key's id alone are signed by clients all the same.
    if row.security != Security::None {
        pairs.retain(|pair| !AUTHENTICATION.contains(&pair.name));
    }
    Ok(pairs)
}

/// ccxt writes withdrawals, batches and what is about sub-accounts unencoded.
fn body_dialect(row: &Row) -> Dialect {
    let raw = matches!(row.kind, Kind::Withdraw | Kind::Steps) || row.path.contains("sub-account");
    if raw { Dialect::RAW_FORM } else { Dialect::FORM }
}

/// The act, and what its order has no place for.
fn act(row: &Row, fields: &mut Fields<'_>) -> Result<(Act, Params), ReadError> {
    let act = match row.kind {
        Kind::Read => Act::Read,
        Kind::Place => return one(row, fields).map(|(order, told)| (Act::Place(order), told)),
        Kind::Test => return one(row, fields).map(|(order, told)| (Act::Test(order), told)),
        Kind::Amend => Act::Amend(amend(market(row)?, fields)?),
        Kind::Cancel => Act::Cancel(cancel(row, market(row)?, fields)?),
        Kind::CancelAll => Act::CancelAll { market: market(row)?, symbol: one_symbol(row, fields)? },
        Kind::Leverage => leverage(market(row)?, fields)?,
        Kind::MarginMode => margin_mode(market(row)?, fields)?,
        Kind::Transfer => Act::Transfer(transfer(row, fields)?),
        Kind::Withdraw => Act::Withdraw(withdrawal(fields)?),
        Kind::Steps => Act::Steps(steps::read(row, market(row)?, fields)?),
        Kind::Countdown => countdown(row, fields)?,
        Kind::Special => Act::Special(special::read(row, fields)?),
        Kind::Change => Act::Change,
        Kind::ClosePosition | Kind::NotYetRead | Kind::Refused => {
            return Err(meaning("claviger cannot read this yet"));
        }
    };
    Ok((act, Params::new()))
}

fn one(row: &Row, fields: &mut Fields<'_>) -> Result<(Order, Params), ReadError> {
    let market = market(row)?;
    order::read(market, &names::of(row, market), fields)
}

fn market(row: &Row) -> Result<Market, ReadError> {
    row.market
        .or_else(|| market_of(&row.surface))
        .ok_or_else(|| meaning("claviger cannot trade on this surface"))
}

pub(super) fn symbol(fields: &mut Fields<'_>) -> Result<Symbol, ReadError> {
    fields.symbol("symbol").ok_or_else(|| ReadError::Missing("symbol".into()))
}

fn cancel(row: &Row, market: Market, fields: &mut Fields<'_>) -> Result<Cancel, ReadError> {
    let order = order_ref(row, fields)?;
    Ok(Cancel { market, symbol: symbol(fields)?, order })
}

/// What names an order, or a whole list of them, by the pair of names that the row lists.
fn order_ref(row: &Row, fields: &mut Fields<'_>) -> Result<OrderRef, ReadError> {
    let pair = names::ids(row);
    let named = fields.order_ref(pair.by_exchange, pair.by_client)?;
    Ok(match (named, pair.of) {
        (OrderRef::Exchange(id), Of::Algo) => OrderRef::Algo(id),
        (OrderRef::Client(id), Of::Algo) => OrderRef::AlgoClient(id),
        (OrderRef::Exchange(id), Of::List) => OrderRef::List(id),
        (OrderRef::Client(id), Of::List) => OrderRef::ListClient(id),
        (named, _) => named,
    })
}

pub(super) fn amend(market: Market, fields: &mut Fields<'_>) -> Result<Amendment, ReadError> {
    let order = fields.order_ref("orderId", "origClientOrderId")?;
    let symbol = symbol(fields)?;
    if let Some(size) = fields.number("newQty") {
        let client_id = fields.client_id("newClientOrderId");
        let more = MoreAmended { keeps_priority: true, client_id, ..MoreAmended::default() };
        return Ok(Amendment { market, symbol, order, side: None, size: Some(size), price: None, more });
    }
    let side = Some(order::side("side", fields)?);
    let (size, price) = (fields.number("quantity"), fields.number("price"));
    if size.is_none() && price.is_none() {
        return Err(ReadError::Missing("quantity".into()));
    }
    Ok(Amendment { market, symbol, order, side, size, price, more: MoreAmended::default() })
}

/// A heartbeat names no time: it begins again what was asked for before.
fn countdown(row: &Row, fields: &mut Fields<'_>) -> Result<Act, ReadError> {
    let ms = match fields.take(COUNTDOWN) {
        Some(Value::Whole(ms)) => Some(ms),
        None if row.param(COUNTDOWN).is_none() => None,
        _ => return Err(ReadError::Missing(COUNTDOWN.into())),
    };
    Ok(Act::Countdown { market: Some(market(row)?), symbol: one_symbol(row, fields)?, ms })
}

/// After how many milliseconds orders are cancelled.
pub(super) const COUNTDOWN: &str = "countdownTime";

/// The symbol, where the row is about one; a row about an underlying is held to be about every symbol there is.
fn one_symbol(row: &Row, fields: &mut Fields<'_>) -> Result<Option<Symbol>, ReadError> {
    row.param("symbol").map(|_| symbol(fields)).transpose()
}

fn leverage(market: Market, fields: &mut Fields<'_>) -> Result<Act, ReadError> {
    let leverage = fields.number("leverage").ok_or_else(|| ReadError::Missing("leverage".into()))?;
    Ok(Act::SetLeverage { market, symbol: symbol(fields)?, leverage })
}

fn margin_mode(market: Market, fields: &mut Fields<'_>) -> Result<Act, ReadError> {
    let isolated = fields.text("marginType").as_deref() == Some("ISOLATED");
    Ok(Act::SetMarginMode { market, symbol: symbol(fields)?, isolated })
}

/// What a transfer says of its way, besides asset and amount; each word in the order it is printed.
pub(super) const ROUTE: [&str; 17] = [
    "type",
    "fromSymbol",
    "toSymbol",
    "fromEmail",
    "toEmail",
    "fromAccountType",
    "toAccountType",
    "symbol",
    "email",
    "futuresType",
    "futureType",
    "transferSide",
    "transferType",
    "transFrom",
    "transTo",
    "fromId",
    "toId",
];

/// What a transfer moves whose endpoint knows one asset only, and so does not ask which.
pub(super) fn only_asset(row: &Row) -> Option<Asset> {
    if row.path.ends_with("/bnb-transfer") { "BNB".parse().ok() } else { None }
}

fn transfer(row: &Row, fields: &mut Fields<'_>) -> Result<Transfer, ReadError> {
    let missing = |name: &str| ReadError::Missing(name.into());
    let mut route = Vec::new();
    for name in ROUTE {
        match fields.take(name) {
            Some(Value::Text(text)) => route.push(format!("{name}={text}")),
            Some(Value::Whole(number)) => route.push(format!("{name}={number}")),
            Some(_) => return Err(meaning(format!("`{name}` cannot be judged in this request"))),
            None => {}
        }
    }
    Ok(Transfer {
        asset: only_asset(row).or_else(|| fields.asset("asset")).ok_or_else(|| missing("asset"))?,
        amount: fields.number("amount").ok_or_else(|| missing("amount"))?,
        route: route.join("&").into(),
    })
}

fn withdrawal(fields: &mut Fields<'_>) -> Result<Withdrawal, ReadError> {
    let missing = |name: &str| ReadError::Missing(name.into());
    Ok(Withdrawal {
        asset: fields.asset("coin").ok_or_else(|| missing("coin"))?,
        amount: fields.number("amount").ok_or_else(|| missing("amount"))?,
        network: fields.text("network"),
        address: fields.text("address").ok_or_else(|| missing("address"))?,
        tag: fields.text("addressTag"),
    })
}
