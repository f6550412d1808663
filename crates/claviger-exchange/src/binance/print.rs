//! An intent to the bytes that leave: every parameter once, in the row's order, percent-encoded in one way.

use claviger_core::{
    Act, Amendment, Cancel, Intent, Method, MoreAmended, OrderRef, Param, Symbol, Transfer, Withdrawal,
};

use super::claim::KEY_HEADER;
use super::names::{self, Of};
use super::read::{COUNTDOWN, ROUTE, only_asset};
use super::{CATALOGUE, LISTS, NAME, order, special, steps};
use crate::fields::{self, Words};
use crate::{Kind, PrintError, Printed, Row, Security, Stamp, Unsigned, Verb, form};

pub(super) fn print(intent: &Intent, stamp: Option<Stamp>) -> Result<Unsigned, PrintError> {
    let row = row(intent)?;
    let mut form = String::new();
    let rest: Vec<Param> = intent.params.iter().filter(|param| !is_told(intent, param)).cloned().collect();
    for (spec, text) in fields::print(row, words(row, intent)?, &rest, LISTS)? {
        let text = if steps::is_of_ids(&spec.name) { text.replace('"', "") } else { text };
        form::push(&mut form, &spec.name, &text);
    }
    let signed = row.security == Security::Signed;
    if signed {
        let stamp = stamp.ok_or_else(|| refuse("the time", "a signed request needs one"))?;
        form::push(&mut form, "recvWindow", &stamp.window_ms.to_string());
        form::push(&mut form, "timestamp", &stamp.exchange_ms.to_string());
    }
    let message = if signed { form.clone().into_bytes() } else { Vec::new() };
    let method = intent.endpoint.method;
    let path = row.path.to_string();
    Ok(if in_query(method) {
        Unsigned { method, path, query: form, body: Vec::new(), headers: Vec::new(), message }
    } else {
        let headers = vec![("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        Unsigned { method, path, query: String::new(), body: form.into_bytes(), headers, message }
    })
}

pub(super) fn attach(unsigned: Unsigned, key_id: Option<&str>, signature: Option<&str>) -> Printed {
    let Unsigned { method, path, mut query, body, headers, message: _ } = unsigned;
    let mut body = body;
    if let Some(signature) = signature {
        let pair = format!("signature={}", form::encode(signature));
        if in_query(method) {
            join(&mut query, &pair);
        } else {
            body.extend(if body.is_empty() { "" } else { "&" }.bytes().chain(pair.bytes()));
        }
    }
    let mut headers: Vec<(String, Vec<u8>)> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();
    headers.extend(key_id.map(|id| (KEY_HEADER.to_owned(), id.as_bytes().to_vec())));
    let target = if query.is_empty() { path } else { format!("{path}?{query}") };
    Printed { method, target, headers, body }
}

fn join(query: &mut String, pair: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(pair);
}

const fn in_query(method: Method) -> bool {
    match method {
        Method::Get | Method::Delete => true,
        Method::Post | Method::Put => false,
    }
}

fn row(intent: &Intent) -> Result<&'static Row, PrintError> {
    let endpoint = &intent.endpoint;
    let row = CATALOGUE.row(endpoint.surface.as_str(), Verb::from(endpoint.method), &endpoint.path);
    row.filter(|row| {
        endpoint.exchange.as_str() == NAME
            && row.permission == intent.permission
            && is_of_kind(&intent.act, row.kind)
    })
    .ok_or_else(|| refuse("the endpoint", "the catalogue has no such row"))
}

/// Whether the act is what the row does, so that no intent leaves by a row it was not judged for.
const fn is_of_kind(act: &Act, kind: Kind) -> bool {
    matches!(
        (act, kind),
        (Act::Read, Kind::Read)
            | (Act::Place(_), Kind::Place)
            | (Act::Test(_), Kind::Test)
            | (Act::Amend(_), Kind::Amend)
            | (Act::Cancel(_), Kind::Cancel)
            | (Act::CancelAll { .. }, Kind::CancelAll)
            | (Act::SetLeverage { .. }, Kind::Leverage)
            | (Act::SetMarginMode { .. }, Kind::MarginMode)
            | (Act::Transfer(_), Kind::Transfer)
            | (Act::Withdraw(_), Kind::Withdraw)
            | (Act::Steps(_), Kind::Steps)
            | (Act::Countdown { .. }, Kind::Countdown)
            | (Act::Special(_), Kind::Special)
            | (Act::Change, Kind::Change)
    )
}

/// Whether a parameter of the intent says something of its order, so that the order's words hold it already.
fn is_told(intent: &Intent, param: &Param) -> bool {
    intent.act.order().is_some() && order::TOLD.contains(&&*param.name)
}

fn words(row: &Row, intent: &Intent) -> Result<Words, PrintError> {
    match &intent.act {
        Act::Read | Act::Change => Ok(Words::new()),
        Act::Place(order) | Act::Test(order) => {
            order::words(order, &names::of(row, order.market), &intent.params)
        }
        Act::Amend(amendment) => amend(row, amendment),
        Act::Cancel(Cancel { market: _, symbol, order }) => Ok(vec![named(symbol), order_word(row, order)?]),
        Act::Steps(steps) => steps::words(row, steps),
        Act::Special(special) => special::words(row, special),
        Act::Countdown { market: _, symbol, ms } => {
            let mut words = all_of(row, symbol.as_ref())?;
            words.extend(ms.map(|ms| (COUNTDOWN, ms.to_string())));
            Ok(words)
        }
        Act::ClosePosition { .. } => Err(refuse("the request", "Binance has no such call")),
        Act::CancelAll { market: _, symbol } => all_of(row, symbol.as_ref()),
        Act::SetLeverage { market: _, symbol, leverage } => {
            Ok(vec![named(symbol), ("leverage", leverage.to_string())])
        }
        Act::SetMarginMode { market: _, symbol, isolated } => {
            let word = if *isolated { "ISOLATED" } else { "CROSSED" };
            Ok(vec![named(symbol), ("marginType", word.to_owned())])
        }
        Act::Transfer(transfer) => self::transfer(row, transfer),
        Act::Withdraw(withdrawal) => Ok(withdraw(withdrawal)),
    }
}

/// What names all orders: a symbol, but where the row is about an underlying, which stays with the request.
fn all_of(row: &Row, symbol: Option<&Symbol>) -> Result<Words, PrintError> {
    match symbol {
        Some(symbol) => Ok(vec![named(symbol)]),
        None if row.param("symbol").is_none() => Ok(Words::new()),
        None => Err(refuse("the orders", "this endpoint is about those of one symbol only")),
    }
}

fn named(symbol: &Symbol) -> (&'static str, String) {
    ("symbol", symbol.to_string())
}

/// What names an order, by the pair of names that the row lists.
pub(super) fn order_word(row: &Row, order: &OrderRef) -> Result<(&'static str, String), PrintError> {
    let ids = names::ids(row);
    match (order, ids.of) {
        (OrderRef::Exchange(id), Of::Order)
        | (OrderRef::Algo(id), Of::Algo)
        | (OrderRef::List(id), Of::List) => Ok((ids.by_exchange, id.to_string())),
        (OrderRef::Client(id), Of::Order)
        | (OrderRef::AlgoClient(id), Of::Algo)
        | (OrderRef::ListClient(id), Of::List) => Ok((ids.by_client, id.to_string())),
        _ => Err(refuse("the order's name", "this endpoint names other orders")),
    }
}

pub(super) fn amend(row: &Row, amendment: &Amendment) -> Result<Words, PrintError> {
    let Amendment { market: _, symbol, order, side, size, price, more } = amendment;
    let MoreAmended { keeps_priority, trigger, or, trail, exits, client_id } = more;
    let kept = row.param("newQty").is_some();
    if trigger.is_some() || or.is_some() || trail.is_some() || !exits.is_empty() || *keeps_priority != kept {
        return Err(refuse("the amendment", "this endpoint has no word for all of it"));
    }
    let mut words = vec![named(symbol), order_word(row, order)?];
    words.extend(side.map(|side| ("side", order::side_word(side).to_owned())));
    words.extend(size.map(|size| (if kept { "newQty" } else { "quantity" }, size.to_string())));
    words.extend(price.map(|price| ("price", price.to_string())));
    words.extend(client_id.as_ref().map(|id| ("newClientOrderId", id.to_string())));
    Ok(words)
}

fn transfer(row: &Row, transfer: &Transfer) -> Result<Words, PrintError> {
    let Transfer { asset, amount, route } = transfer;
    let mut words = vec![("amount", amount.to_string())];
    match only_asset(row) {
        None => words.push(("asset", asset.to_string())),
        Some(only) if only == *asset => {}
        Some(_) => return Err(refuse("the asset", "this endpoint moves another one")),
    }
    for piece in route.split('&').filter(|piece| !piece.is_empty()) {
        let unknown = || refuse("the route", "it is not in Binance's words");
        let (name, text) = piece.split_once('=').ok_or_else(unknown)?;
        let name = ROUTE.into_iter().find(|known| *known == name).ok_or_else(unknown)?;
        words.push((name, text.to_owned()));
    }
    Ok(words)
}

fn withdraw(withdrawal: &Withdrawal) -> Words {
    let Withdrawal { asset, amount, network, address, tag } = withdrawal;
    let mut words =
        vec![("coin", asset.to_string()), ("amount", amount.to_string()), ("address", address.to_string())];
    words.extend(network.as_ref().map(|network| ("network", network.to_string())));
    words.extend(tag.as_ref().map(|tag| ("addressTag", tag.to_string())));
    words
}

fn refuse(what: &str, why: &str) -> PrintError {
    PrintError { what: what.into(), why: why.into() }
}

#[cfg(test)]
mod tests {
    use claviger_core::{Params, Permission};

    use super::*;
    use crate::binance::{endpoint, house};

    fn whole(intent: &Intent, key_id: Option<&str>, signature: Option<&str>) -> String {
        let unsigned = print(intent, Some(Stamp { exchange_ms: 7, window_ms: 2000 })).unwrap();
        let Printed { method, target, headers, body } = attach(unsigned, key_id, signature);
        let headers: String =
            headers.iter().map(|(n, v)| format!(" {n}: {}", String::from_utf8_lossy(v))).collect();
        format!("{} {target}{headers} [{}]", method.as_str(), String::from_utf8(body).unwrap())
    }

    fn intent(method: Method, path: &str, permission: Permission, act: Act) -> Intent {
        Intent { endpoint: endpoint("spot", method, path), permission, act, params: Params::new() }
    }

    #[test]
    fn a_signature_stands_last_and_is_encoded() {
        let cancel_all =
            Act::CancelAll { market: claviger_core::Market::Spot, symbol: Some("BTCUSDT".parse().unwrap()) };
        let delete = intent(Method::Delete, "/api/v3/openOrders", Permission::Trade, cancel_all);
        assert_eq!(
            whole(&delete, Some("KEY"), Some("a/b+c==")),
            "DELETE /api/v3/openOrders?symbol=BTCUSDT&recvWindow=2000&timestamp=7&signature=a%2Fb%2Bc%3D%3D \
             X-MBX-APIKEY: KEY []"
        );
        let post = intent(Method::Post, "/sapi/v3/asset/getUserAsset", Permission::Read, Act::Read);
        assert_eq!(
            whole(&post, Some("KEY"), Some("ab12")),
            "POST /sapi/v3/asset/getUserAsset Content-Type: application/x-www-form-urlencoded X-MBX-APIKEY: KEY \
             [recvWindow=2000&timestamp=7&signature=ab12]"
        );
    }

    #[test]
    fn public_requests_carry_nothing() {
        let time = house::public("spot", "/api/v3/time", Params::new());
        assert_eq!(whole(&time, None, None), "GET /api/v3/time []");
        assert!(print(&time, None).is_ok_and(|unsigned| unsigned.message.is_empty()));
    }

    #[test]
    fn what_does_not_fit_its_row_is_not_printed() {
        let stamp = Some(Stamp { exchange_ms: 7, window_ms: 2000 });
        let read = || intent(Method::Get, "/api/v3/account", Permission::Read, Act::Read);
        assert!(print(&read(), stamp).is_ok());
        assert!(print(&read(), None).is_err(), "no time");
        for wrong in [
            Intent { permission: Permission::Public, ..read() },
            intent(Method::Post, "/api/v3/account", Permission::Read, Act::Read),
            intent(Method::Post, "/sapi/v1/margin/borrow-repay", Permission::Borrow, Act::Change),
            intent(Method::Post, "/api/v3/order", Permission::Trade, Act::Change),
            intent(Method::Delete, "/api/v3/openOrders", Permission::Trade, Act::Read),
            intent(Method::Get, "/api/v3/account", Permission::Read, Act::Change),
        ] {
            assert!(print(&wrong, stamp).is_err(), "{wrong:?}");
        }
    }
}
