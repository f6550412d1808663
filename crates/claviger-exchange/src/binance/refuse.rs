//! Refusals as Binance words them, with the codes that stock clients turn into the right error.
//!
//! Measured with ccxt 4.5.90 on spot, USDⓈ-M and COIN-M, by their own hosts and by claviger's address;
//! `docs/exchanges/binance.md` has the table.

use claviger_core::{Act, DenialClass, How, Time};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::{HttpAnswer, json};

pub(super) fn refuse(class: DenialClass, message: &str) -> HttpAnswer {
    let (status, code) = codes(class);
    answer(class, status, object(code, &text(class, message)))
}

/// A batch is answered item by item, and with success as a whole; so is its refusal where one order is the reason.
/// What concerns the key and not an order stays one error.
pub(super) fn refuse_step(class: DenialClass, message: &str, act: &Act, step: usize) -> HttpAnswer {
    let number = step.saturating_add(1);
    let items = match act {
        Act::Steps(steps) if steps.how == How::Batch && is_of_an_order(class) => steps.steps.len(),
        _ => return refuse(class, &format!("item {number}: {message}")),
    };
    let (_, code) = codes(class);
    let item = |n| match n == step {
        true => object(code, &text(class, message)),
        false => object(code, &format!("claviger: not sent, because item {number} was refused")),
    };
    answer(class, 200, format!("[{}]", (0..items).map(item).collect::<Vec<_>>().join(",")))
}

const fn is_of_an_order(class: DenialClass) -> bool {
    matches!(class, DenialClass::Order | DenialClass::Budget { .. })
}

fn object(code: i32, text: &str) -> String {
    format!(r#"{{"code":{code},"msg":{}}}"#, json::quote(text))
}

fn answer(class: DenialClass, status: u16, body: String) -> HttpAnswer {
    let mut headers = vec![("Content-Type".to_owned(), "application/json;charset=UTF-8".to_owned())];
    if class == DenialClass::Throttled {
        headers.push(("Retry-After".to_owned(), "1".to_owned()));
    }
    HttpAnswer { status, headers, body: body.into_bytes().into() }
}

/// Status and code of each class.
const fn codes(class: DenialClass) -> (u16, i32) {
    match class {
        // Permission denied, never retried: by the words `has no operation privilege`.
        DenialClass::Permission => (403, -1002),
        // Invalid order.
        DenialClass::Order => (400, -2010),
        // Rate limit exceeded: worth another try later.
        DenialClass::Budget { .. } => (400, -1015),
        // Bad request.
        DenialClass::Request => (400, -1100),
        // Invalid nonce: clients sign anew.
        DenialClass::Stale => (400, -1021),
        // Authentication error. Not -2015, which clients retry once they had been let in.
        DenialClass::Signature => (400, -1022),
        DenialClass::UnknownKey => (401, -2014),
        // DDoS protection: wait and try again.
        DenialClass::Throttled => (429, -1003),
        // Operation failed, may be tried again; -1008 would be final for clients on COIN-M or by claviger's address.
        DenialClass::Unavailable => (503, -1000),
        // Request timeout: the execution status is unknown.
        DenialClass::Uncertain => (503, -1007),
    }
}

fn text(class: DenialClass, message: &str) -> String {
    match class {
        DenialClass::Permission => format!("claviger: this key has no operation privilege: {message}"),
        DenialClass::Budget { refills: Some(at) } => format!("claviger: {message}; refills at {}", utc(at)),
        DenialClass::Stale => {
            format!("Timestamp for this request is outside of the recvWindow. (claviger: {message})")
        }
        DenialClass::Signature => format!("Signature for this request is not valid. (claviger: {message})"),
        DenialClass::UnknownKey => format!("API-key format invalid. (claviger: {message})"),
        DenialClass::Unavailable => format!("claviger: {message}; nothing was sent"),
        DenialClass::Budget { refills: None }
        | DenialClass::Order
        | DenialClass::Request
        | DenialClass::Throttled
        | DenialClass::Uncertain => format!("claviger: {message}"),
    }
}

fn utc(at: Time) -> String {
    let seconds = i64::try_from(at.millis() / 1000).unwrap_or(i64::MAX);
    let written = OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|t| t.format(&Rfc3339).ok());
    written.unwrap_or_else(|| format!("{} ms", at.millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: DenialClass, status: u16, body: &str) {
        let answer = refuse(class, "why \"so\"");
        assert_eq!((answer.status, std::str::from_utf8(&answer.body).unwrap()), (status, body));
    }

    #[test]
    fn golden() {
        use DenialClass::*;
        let refills = Some(Time::from_millis(1_700_000_000_999));
        check(
            Permission,
            403,
            r#"{"code":-1002,"msg":"claviger: this key has no operation privilege: why \"so\""}"#,
        );
        check(Order, 400, r#"{"code":-2010,"msg":"claviger: why \"so\""}"#);
        check(
            Budget { refills },
            400,
            r#"{"code":-1015,"msg":"claviger: why \"so\"; refills at 2023-11-14T22:13:20Z"}"#,
        );
        check(Budget { refills: None }, 400, r#"{"code":-1015,"msg":"claviger: why \"so\""}"#);
        check(Request, 400, r#"{"code":-1100,"msg":"claviger: why \"so\""}"#);
        check(
            Stale,
            400,
            r#"{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow. (claviger: why \"so\")"}"#,
        );
        check(
            Signature,
            400,
            r#"{"code":-1022,"msg":"Signature for this request is not valid. (claviger: why \"so\")"}"#,
        );
        check(UnknownKey, 401, r#"{"code":-2014,"msg":"API-key format invalid. (claviger: why \"so\")"}"#);
        check(Throttled, 429, r#"{"code":-1003,"msg":"claviger: why \"so\""}"#);
        check(Unavailable, 503, r#"{"code":-1000,"msg":"claviger: why \"so\"; nothing was sent"}"#);
        assert!(refuse(Throttled, "x").headers.contains(&("Retry-After".into(), "1".into())));
    }
}
