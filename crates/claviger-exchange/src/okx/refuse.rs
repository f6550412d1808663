//! Refusals in the exchange's own format, with the codes that stock clients raise as the right error.

use claviger_core::{Act, DenialClass, Intent, Time};

use super::claim::iso;
use crate::HttpAnswer;
use crate::json::quote;

pub(super) fn refuse(class: DenialClass, message: &str, intent: Option<&Intent>) -> HttpAnswer {
    let message = format!("claviger: {message}");
    match class {
        DenialClass::Permission => answer(200, "50027", &message),
        DenialClass::Order => order(&message, intent),
        DenialClass::Budget { refills } => order(&(message + &again(refills)), intent),
        DenialClass::Request => answer(400, "51000", &message),
        DenialClass::Stale => answer(401, "50102", &message),
        DenialClass::Signature => answer(401, "50113", &message),
        DenialClass::UnknownKey => answer(401, "50111", &message),
        DenialClass::Throttled => answer(429, "50011", &message),
        DenialClass::Unavailable => answer(503, "50001", &message),
        DenialClass::Uncertain => answer(400, "50004", &message),
    }
}

fn again(refills: Option<Time>) -> String {
    let at = refills.and_then(|time| iso(time.millis()));
    at.map(|at| format!(", could pass at {at}")).unwrap_or_default()
}

/// An order that was not accepted, as the exchange says it of one order in its list.
fn order(message: &str, intent: Option<&Intent>) -> HttpAnswer {
    let Some(client_id) = intent.and_then(client_id) else { return answer(200, "51020", message) };
    body(
        200,
        format!(
            r#"{{"code":"1","data":[{{"clOrdId":{},"ordId":"","sCode":"51020","sMsg":{},"tag":""}}],"msg":"All operations failed"}}"#,
            quote(client_id),
            quote(message)
        ),
    )
}

/// The client's id of an act on an order, empty where it has none; `None` for other acts.
fn client_id(intent: &Intent) -> Option<&str> {
    match &intent.act {
        Act::Place(order) | Act::Test(order) => Some(order.client_id.as_ref().map_or("", |id| id.as_str())),
        Act::Amend(_) | Act::Cancel(_) => Some(""),
        Act::Read
        | Act::Steps(_)
        | Act::ClosePosition { .. }
        | Act::Countdown { .. }
        | Act::Special(_)
        | Act::CancelAll { .. }
        | Act::SetLeverage { .. }
        | Act::SetMarginMode { .. }
        | Act::Transfer(_)
        | Act::Withdraw(_)
        | Act::Change => None,
    }
}

fn answer(status: u16, code: &str, message: &str) -> HttpAnswer {
    body(status, format!(r#"{{"code":{},"data":[],"msg":{}}}"#, quote(code), quote(message)))
}

fn body(status: u16, text: String) -> HttpAnswer {
    HttpAnswer {
        status,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: text.into_bytes().into(),
    }
}
