//! What Binance offers for a conversion. The answer names no assets: those of the request are meant.

use claviger_core::{Intent, Method, Money};

use crate::json::{self, Bounds, Json};
use crate::quote::{self, Quote};

/// Where a quote is asked for.
const ASKED: [&str; 2] = ["/sapi/v1/convert/getQuote", "/fapi/v1/convert/getQuote"];

pub(super) fn asks(intent: &Intent) -> bool {
    intent.endpoint.method == Method::Post && ASKED.contains(&&*intent.endpoint.path)
}

pub(super) fn told(intent: &Intent, status: u16, body: &[u8]) -> Option<Quote> {
    if !asks(intent) || !(200..300).contains(&status) {
        return None;
    }
    let json = json::parse(body, Bounds::SMALL).ok()?;
    let agrees = ["fromAmount", "toAmount"].into_iter().all(|name| quote::as_asked(intent, &json, name));
    let gives = quote::amount(&json, "fromAmount").filter(|_| agrees)?;
    let until = json.get("validTimestamp").and_then(Json::whole)?;
    Some(Quote {
        id: quote::name(&json)?,
        gives: Money::new(gives, quote::asked(intent, "fromAsset")?.parse().ok()?),
        until_ms: until.try_into().ok()?,
    })
}
