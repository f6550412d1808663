//! The one place where bytes that leave for this exchange are made.

use claviger_core::{Act, Intent, Method};

use super::claim::{EXPIRY, KEY, SIGN, TIMESTAMP, WINDOW_MS, iso};
use super::fields::{LISTS, is_algo, is_batch, is_marked, list_of};
use super::{CATALOGUE, act};
use crate::{
    Kind, ParamSpec, PrintError, Printed, Row, Security, Stamp, Unsigned, Verb, fields, form, json, nested,
};

pub(super) fn print(intent: &Intent, stamp: Option<Stamp>) -> Result<Unsigned, PrintError> {
    let endpoint = &intent.endpoint;
    let row = CATALOGUE
        .row(endpoint.surface.as_str(), Verb::from(endpoint.method), &endpoint.path)
        .filter(|row| {
            let permitted = row.permission == intent.permission;
            permitted && endpoint.exchange.as_str() == "okx" && fits(row, &intent.act)
        })
        .ok_or_else(|| cannot("the request", "the catalogue has no such row for this act"))?;
    let items = act::words(row, intent)?;
    let items: Result<Vec<_>, _> =
        items.into_iter().map(|(words, params)| fields::print(row, words, &params, LISTS)).collect();
    let items = items?;
    let (query, body) = match endpoint.method {
        Method::Get => (items.iter().map(|printed| query(printed)).collect(), Vec::new()),
        Method::Post => (String::new(), body(row, &items).into_bytes()),
        Method::Put | Method::Delete => return Err(cannot("the request", "the exchange has no such verb")),
    };
    let mut unsigned = Unsigned {
        method: endpoint.method,
        path: row.path.to_string(),
        query,
        body,
        headers: Vec::new(),
        message: Vec::new(),
    };
    if endpoint.method == Method::Post {
        unsigned.headers.push(("Content-Type", "application/json".to_owned()));
    }
    if row.security == Security::Signed {
        let stamp = stamp.ok_or_else(|| cannot("the request", "it has no moment"))?;
        sign(&mut unsigned, intent.act.changes_state(), stamp)?;
        if expires(row) {
            let deadline = stamp.exchange_ms.saturating_add(stamp.window_ms);
            unsigned.headers.push((EXPIRY, deadline.to_string()));
        }
    }
    Ok(unsigned)
}

/// Whether the exchange looks at the moment after which it must not act: only for usual orders.
fn expires(row: &Row) -> bool {
    let orders = matches!(row.kind, Kind::Place | Kind::Amend | Kind::Steps);
    orders && !is_algo(row) && !is_marked(row, "cancel")
}

/// Whether a row can carry an act: a row that reads never carries an order.
const fn fits(row: &Row, act: &Act) -> bool {
    match act {
        Act::Read => matches!(row.kind, Kind::Read),
        Act::Place(_) => matches!(row.kind, Kind::Place | Kind::Steps),
        Act::Test(_) => matches!(row.kind, Kind::Test),
        Act::Amend(_) => matches!(row.kind, Kind::Amend | Kind::Steps),
        Act::Cancel(_) => matches!(row.kind, Kind::Cancel | Kind::Steps),
        Act::Steps(_) => matches!(row.kind, Kind::Steps),
        Act::CancelAll { .. } => matches!(row.kind, Kind::CancelAll),
        Act::SetLeverage { .. } => matches!(row.kind, Kind::Leverage),
        Act::ClosePosition { .. } => matches!(row.kind, Kind::ClosePosition),
        Act::Countdown { .. } => matches!(row.kind, Kind::Countdown),
        Act::Transfer(_) => matches!(row.kind, Kind::Transfer),
        Act::Withdraw(_) => matches!(row.kind, Kind::Withdraw),
        Act::Special(_) => matches!(row.kind, Kind::Special),
        Act::Change => matches!(row.kind, Kind::Change),
        Act::SetMarginMode { .. } => false,
    }
}

fn query(printed: &[(&ParamSpec, String)]) -> String {
    let mut query = String::new();
    for (spec, text) in printed {
        form::push(&mut query, &spec.name, text);
    }
    query
}

/// A JSON object in the row's order, all texts but flags and what is nested; in a list where the row takes lists.
fn body(row: &Row, items: &[Vec<(&ParamSpec, String)>]) -> String {
    if list_of(row).is_some() {
        return items.iter().flatten().map(|(_, text)| text.as_str()).collect();
    }
    let entry = |(spec, text): &(&ParamSpec, String)| {
        format!("{}:{}", json::quote(&spec.name), nested::literal(&spec.grammar, text))
    };
    let object = |printed: &Vec<(&ParamSpec, String)>| {
        format!("{{{}}}", printed.iter().map(entry).collect::<Vec<_>>().join(","))
    };
    let objects = items.iter().map(object).collect::<Vec<_>>().join(",");
    if is_batch(row) { format!("[{objects}]") } else { objects }
}

/// Adds the timestamp and the message to sign.
///
/// The exchange takes a signature for 30 s after its timestamp, and `expTime` is not signed. So what changes something
/// is signed for a moment in the past, and its signature dies when the stamp's window ends.
fn sign(unsigned: &mut Unsigned, changes_state: bool, stamp: Stamp) -> Result<(), PrintError> {
    let early = if changes_state { WINDOW_MS.saturating_sub(stamp.window_ms) } else { 0 };
    let moment = iso(stamp.exchange_ms.saturating_sub(early))
        .ok_or_else(|| cannot("the timestamp", "it is beyond the year 9999"))?;
    let mut message = format!("{moment}{}{}", unsigned.method.as_str(), unsigned.path).into_bytes();
    if !unsigned.query.is_empty() {
        message.push(b'?');
        message.extend_from_slice(unsigned.query.as_bytes());
    }
    message.extend_from_slice(&unsigned.body);
    unsigned.message = message;
    unsigned.headers.push((TIMESTAMP, moment));
    Ok(())
}

pub(super) fn attach(unsigned: Unsigned, key_id: Option<&str>, signature: Option<&str>) -> Printed {
    let mut target = unsigned.path;
    if !unsigned.query.is_empty() {
        target.push('?');
        target.push_str(&unsigned.query);
    }
    let own = unsigned.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes()));
    let added = [(KEY, key_id), (SIGN, signature)].into_iter();
    let added = added.filter_map(|(name, value)| Some((name.to_owned(), value?.as_bytes().to_vec())));
    Printed { method: unsigned.method, target, headers: own.chain(added).collect(), body: unsigned.body }
}

fn cannot(what: &str, why: &str) -> PrintError {
    PrintError { what: what.into(), why: why.into() }
}
