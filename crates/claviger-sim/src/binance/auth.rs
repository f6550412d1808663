//! The door of the paper Binance: parameters, key, signature, time, permission.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::errors::{
    AHEAD, BAD_KEY_FORMAT, BAD_SIGNATURE, NOT_ALLOWED, OUTSIDE_WINDOW, Refusal, WINDOW_TOO_LARGE,
};
use super::routes::{Need, Route, Security};
use crate::config::Standing;
use crate::params::{number, pairs};
use crate::venue::{Ask, Key, KeyState, Paper};

/// The parameters of query and body together. In both, the query's stands; twice in one is an error.
pub(super) fn read(ask: &Ask) -> Result<BTreeMap<String, String>, Refusal> {
    let body = body(ask)?;
    let mut all = side(body)?;
    all.extend(side(&ask.query)?);
    Ok(all)
}

fn side(raw: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let mut out = BTreeMap::new();
    for (name, value) in
        pairs(raw).ok_or_else(|| Refusal::new(-1100, "Illegal characters found in a parameter."))?
    {
        if let Some(_earlier) = out.insert(name.clone(), value) {
            return Err(Refusal::new(-1101, format!("Duplicate values for parameter '{name}'.")));
        }
    }
    Ok(out)
}

fn body(ask: &Ask) -> Result<&str, Refusal> {
    std::str::from_utf8(&ask.body)
        .map_err(|_| Refusal::new(-1100, "Illegal characters found in a parameter."))
}

/// The key of the request, once everything about it is right; none for public routes.
pub(super) fn check<'a>(
    paper: &'a Paper,
    ask: &Ask,
    route: &Route,
    params: &BTreeMap<String, String>,
) -> Result<Option<&'a Key>, Refusal> {
    let need = match route.security {
        Security::Public => return Ok(None),
        Security::Keyed => None,
        Security::Signed(need) => Some(need),
    };
    let key = key(paper, ask)?;
    let state = key.state();
    if let Some(need) = need {
        signature(key, ask, params)?;
        fresh(paper.now(), params)?;
        if !allowed(&state, need) {
            return Err(Refusal::of(NOT_ALLOWED));
        }
    }
    Ok(Some(key))
}

fn key<'a>(paper: &'a Paper, ask: &Ask) -> Result<&'a Key, Refusal> {
    let id = ask.header("x-mbx-apikey").unwrap_or_default();
    let Some(key) = paper.keys.get(id) else {
        let well_formed = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return Err(Refusal::of(if well_formed { NOT_ALLOWED } else { BAD_KEY_FORMAT }));
    };
    let state = key.state();
    let taken = matches!(state.standing, Standing::Valid | Standing::Expired) && state.accepts_from(ask.peer);
    if taken { Ok(key) } else { Err(Refusal::of(NOT_ALLOWED)) }
}

/// An expired key may still read.
fn allowed(state: &KeyState, need: Need) -> bool {
    let can = state.permissions;
    if state.standing == Standing::Expired && need != Need::Read {
        return false;
    }
    match need {
        Need::Read => can.read,
        Need::Trade | Need::Borrow => can.trade,
        Need::Transfer => can.transfer,
        Need::Withdraw => can.withdraw,
    }
}

fn signature(key: &Key, ask: &Ask, params: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let given = params.get("signature").filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| Refusal::mandatory("signature"))?;
    let message = [without_signature(&ask.query), without_signature(body(ask)?)].concat();
    if key.verifier.accepts_binance(message.as_bytes(), given) {
        Ok(())
    } else {
        Err(Refusal::of(BAD_SIGNATURE))
    }
}

/// The raw text with its `signature=…` pair taken out and nothing else changed.
fn without_signature(raw: &str) -> String {
    raw.split('&').filter(|pair| !pair.starts_with("signature=")).collect::<Vec<_>>().join("&")
}

fn fresh(now: u64, params: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let stamp = params.get("timestamp").and_then(|text| text.parse::<u64>().ok());
    let stamp = stamp.ok_or_else(|| Refusal::mandatory("timestamp"))?;
    // From 10^15 on it is microseconds.
    let stamp = if stamp >= 1_000_000_000_000_000 { stamp / 1000 } else { stamp };
    let window = window(params)?;
    if stamp >= now.saturating_add(1000) {
        return Err(Refusal::of(AHEAD));
    }
    if now.saturating_sub(stamp) > window {
        return Err(Refusal::of(OUTSIDE_WINDOW));
    }
    Ok(())
}

fn window(params: &BTreeMap<String, String>) -> Result<u64, Refusal> {
    let Some(text) = params.get("recvWindow") else { return Ok(5000) };
    let window = number(text).filter(|window| window.scale() <= 3);
    let window = window.ok_or_else(|| Refusal::illegal("recvWindow", "^[0-9]{1,5}(\\.[0-9]{1,3})?$"))?;
    if window > Decimal::from(60_000) {
        return Err(Refusal::of(WINDOW_TOO_LARGE));
    }
    Ok(window.to_u64().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_leaves_and_nothing_else_changes() {
        for (raw, want) in [
            ("a=1&signature=ff&b=%20", "a=1&b=%20"),
            ("signature=ff", ""),
            ("a=1&signature=ff", "a=1"),
            ("mysignature=ff&a", "mysignature=ff&a"),
            ("", ""),
        ] {
            assert_eq!(without_signature(raw), want, "{raw}");
        }
    }
}
