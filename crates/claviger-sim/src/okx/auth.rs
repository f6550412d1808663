//! The door of the paper OKX: headers, key, signature, time, permission.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::errors::Refusal;
use super::routes::{Need, Route};
use crate::config::Standing;
use crate::venue::{Ask, Key, KeyState, Paper};

/// How far a timestamp may be off, in milliseconds.
const WINDOW: i128 = 30_000;

/// The key of the request, once everything about it is right; none for public routes.
pub(super) fn check<'a>(paper: &'a Paper, ask: &Ask, route: &Route) -> Result<Option<&'a Key>, Refusal> {
    let Some(need) = route.need else { return Ok(None) };
    let id = header(ask, "OK-ACCESS-KEY", "50103")?;
    let phrase = header(ask, "OK-ACCESS-PASSPHRASE", "50104")?;
    let sign = header(ask, "OK-ACCESS-SIGN", "50106")?;
    let stamp = header(ask, "OK-ACCESS-TIMESTAMP", "50107")?;
    fresh(paper.now(), stamp)?;
    let key = paper.keys.get(id).ok_or_else(|| Refusal::new(401, "50111", "Invalid OK-ACCESS-KEY"))?;
    let state = key.state();
    if matches!(state.standing, Standing::Deleted | Standing::Expired) {
        return Err(Refusal::new(401, "50119", "API key doesn't exist"));
    }
    let other = state.standing == Standing::OtherEnvironment;
    if other || ask.header("x-simulated-trading").is_some_and(|flag| flag != "0") {
        return Err(Refusal::new(401, "50101", "APIKey does not match current environment."));
    }
    let message = [stamp.as_bytes(), ask.method.as_bytes(), ask.target.as_bytes(), &ask.body].concat();
    if !key.verifier.accepts_okx(&message, sign) {
        return Err(Refusal::new(401, "50113", "Invalid Sign"));
    }
    if key.passphrase.as_deref() != Some(phrase) {
        return Err(Refusal::new(401, "50105", "Request header OK-ACCESS-PASSPHRASE incorrect."));
    }
    if !state.accepts_from(ask.peer) {
        let msg = format!("Your IP {} is not included in your API key's IP whitelist.", ask.peer);
        return Err(Refusal::new(401, "50110", msg));
    }
    if !allowed(&state, need) {
        return Err(Refusal::new(200, "50120", "This API key doesn't have permission to use this function."));
    }
    json_type(ask)?;
    Ok(Some(key))
}

fn header<'a>(ask: &'a Ask, name: &str, code: &'static str) -> Result<&'a str, Refusal> {
    let value = ask.header(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| Refusal::new(401, code, format!("Request header {name} can not be empty.")))
}

fn fresh(now: u64, stamp: &str) -> Result<(), Refusal> {
    let at = OffsetDateTime::parse(stamp, &Rfc3339).ok().filter(|_| stamp.ends_with('Z'));
    let at = at.ok_or_else(|| Refusal::new(401, "50112", "Invalid OK-ACCESS-TIMESTAMP"))?;
    let off = i128::from(now) - at.unix_timestamp_nanos() / 1_000_000;
    if off.abs() > WINDOW {
        return Err(Refusal::new(401, "50102", "Timestamp request expired"));
    }
    Ok(())
}

fn allowed(state: &KeyState, need: Need) -> bool {
    let can = state.permissions;
    match need {
        Need::Read => can.read,
        Need::Trade => can.trade,
        Need::Transfer => can.transfer,
        Need::Withdraw => can.withdraw,
    }
}

fn json_type(ask: &Ask) -> Result<(), Refusal> {
    let stated = ask.header("content-type").unwrap_or_default();
    if ask.method == "POST" && !ask.body.is_empty() && !stated.starts_with("application/json") {
        return Err(Refusal::new(
            400,
            "50006",
            "Invalid Content-Type, please use \"application/json\" format",
        ));
    }
    Ok(())
}
