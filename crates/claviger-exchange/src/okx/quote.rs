//! What OKX offers for a conversion, for another coin or for fiat money.

use claviger_core::{Intent, Method, Money};

use super::answer::{Answer, text};
use crate::json::{Bounds, Json};
use crate::quote::{self, Quote};

const CONVERT: &str = "/api/v5/asset/convert/estimate-quote";
const FIAT: &str = "/api/v5/fiat/buy-sell/quote";

pub(super) fn asks(intent: &Intent) -> bool {
    intent.endpoint.method == Method::Post && matches!(&*intent.endpoint.path, CONVERT | FIAT)
}

pub(super) fn told(intent: &Intent, status: u16, body: &[u8]) -> Option<Quote> {
    if !asks(intent) || !(200..300).contains(&status) {
        return None;
    }
    let answer = Answer::good(body, Bounds::SMALL)?;
    let offer = answer.only()?;
    let whole = |name| text(offer, name)?.parse::<u64>().ok();
    Some(Quote {
        id: quote::name(offer)?,
        gives: gives(intent, offer)?,
        until_ms: whole("quoteTime")?.checked_add(whole("ttlMs")?)?,
    })
}

/// What is given, where the offer is of what was asked for.
fn gives(intent: &Intent, offer: &Json<'_>) -> Option<Money> {
    let same = |name: &&str| text(offer, name).is_some_and(|told| quote::asked(intent, name) == Some(told));
    let (words, asset, amount): (&[&str], _, _) = match &*intent.endpoint.path {
        FIAT => (&["fromCcy", "toCcy", "rfqCcy"], "fromCcy", "quoteFromAmt"),
        _ if quote::asked(intent, "side")? == "buy" => (&WORDS, "quoteCcy", "quoteSz"),
        _ => (&WORDS, "baseCcy", "baseSz"),
    };
    words.iter().all(same).then_some(())?;
    Some(Money::new(quote::amount(offer, amount)?, text(offer, asset)?.parse().ok()?))
}

/// What the offer of a conversion repeats of the request.
const WORDS: [&str; 4] = ["baseCcy", "quoteCcy", "side", "rfqSzCcy"];
