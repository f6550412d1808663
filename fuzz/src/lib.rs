//! What the fuzz targets share.

use std::borrow::Cow;

use claviger_core::Intent;
use claviger_exchange::{Exchange, Grammar, RawRequest, Row, Verb, form, json};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use sha2::{Digest, Sha256};

/// The verb of a request; a WebSocket method has none.
#[must_use]
pub fn method(verb: Verb) -> Option<claviger_core::Method> {
    use claviger_core::Method::{Delete, Get, Post, Put};
    [Get, Post, Put, Delete].into_iter().find(|method| Verb::from(*method) == verb)
}

/// Any row that is read.
///
/// # Errors
/// Where the fuzzer's bytes are used up.
pub fn readable(exchange: &dyn Exchange, u: &mut Unstructured<'_>) -> Result<&'static Row> {
    let rows: Vec<&Row> =
        exchange.catalogue().rows().iter().filter(|row| row.kind.is_readable() && row.verb != Verb::Ws).collect();
    u.choose(&rows).copied()
}

/// Names and values for a row: mostly its own names and values near their grammar, so that requests get far.
///
/// # Errors
/// Where the fuzzer's bytes are used up.
pub fn pairs<'a>(row: &'a Row, u: &mut Unstructured<'a>) -> Result<Vec<(&'a str, Cow<'a, str>)>> {
    let required = row.params.iter().filter(|spec| spec.required);
    let mut found =
        required.map(|spec| Ok((&*spec.name, value(&spec.grammar, u)?))).collect::<Result<Vec<_>>>()?;
    while u.arbitrary()? && !row.params.is_empty() {
        let spec = u.choose(&row.params)?;
        let name = if u.ratio(1, 32)? { u.arbitrary()? } else { &*spec.name };
        found.push((name, value(&spec.grammar, u)?));
    }
    Ok(found)
}

fn value<'a>(grammar: &'a Grammar, u: &mut Unstructured<'a>) -> Result<Cow<'a, str>> {
    let words: &[&str] = match grammar {
        Grammar::Word(words) if !words.is_empty() && !u.ratio(1, 16)? => {
            return u.choose(words).map(|word| Cow::Borrowed(&**word));
        }
        Grammar::Symbol | Grammar::Symbols(_) => {
            &["BTCUSDT", "BTC-USDT", "BTC-USDT-SWAP", "BTC-USD-250328", "[\"A\",\"B\"]"]
        }
        Grammar::Asset => &["BTC", "USDT"],
        Grammar::Number | Grammar::Signed | Grammar::Whole { .. } | Grammar::Millis | Grammar::OrderId => {
            &["0", "1", "0.1", "20", "1.50", "00", "1e5", "-1", "1600000000000", "9007199254740993"]
        }
        Grammar::Flag => &["true", "false", "True", "1"],
        Grammar::ClientId | Grammar::Id(_) | Grammar::Text(_) | Grammar::Words(_) | Grammar::Word(_) => {
            &["a", "A1", "a:b", "1", "", "a@b.c", "a&b=c"]
        }
        Grammar::Array(_) | Grammar::Object(_) | Grammar::Items { .. } => {
            &["[\"A\"]", "[]", "{}", "[{}]", "[{\"instId\":\"BTC-USDT\",\"sz\":\"1\"}]", "{\"a\":1}"]
        }
    };
    if u.ratio(1, 8)? {
        u.arbitrary::<&str>().map(Cow::Borrowed)
    } else {
        u.choose(words).map(|w| (*w).into())
    }
}

/// Pairs as a query or form, encoded or raw.
#[must_use]
pub fn as_form(pairs: &[(&str, Cow<'_, str>)], raw: bool) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        match raw {
            true => text.extend([if text.is_empty() { "" } else { "&" }, name, "=", value]),
            false => form::push(&mut text, name, value),
        }
    }
    text
}

/// Pairs as a JSON object, texts quoted or bare.
#[must_use]
pub fn as_json(pairs: &[(&str, Cow<'_, str>)], bare: bool) -> String {
    let value = |text: &str| if bare { text.to_owned() } else { json::quote(text) };
    let entries = pairs.iter().map(|(name, text)| format!("{}:{}", json::quote(name), value(text)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}

/// A journal segment with these records, chained as `docs/spec/journal.md` says.
#[must_use]
pub fn segment(records: &[(u8, &[u8])]) -> Vec<u8> {
    let mut chain = [0_u8; 32];
    let mut bytes = [b"CLVA".as_slice(), &[1], &1_u64.to_le_bytes(), &1_u64.to_le_bytes(), &chain].concat();
    for (seq, (kind, payload)) in (1_u64..).zip(records) {
        let record = [&[1, *kind], seq.to_le_bytes().as_slice(), &[0; 8], payload].concat();
        let leaf = Sha256::new().chain_update([0]).chain_update(&record).finalize();
        chain = Sha256::new().chain_update(chain).chain_update(leaf).finalize().into();
        let length = u32::try_from(record.len() + chain.len()).unwrap_or(u32::MAX);
        bytes.extend([length.to_le_bytes().as_slice(), &record, &chain].concat());
    }
    bytes
}

/// What a request that changes something means, of any row that is read so; `None` where the request is refused.
///
/// # Errors
/// Where the fuzzer's bytes are used up.
pub fn change(exchange: &dyn Exchange, u: &mut Unstructured<'_>) -> Result<Option<Intent>> {
    let row = readable(exchange, u)?;
    let surface = exchange.surfaces().iter().find(|surface| *surface.name == *row.surface);
    let (Some(surface), Some(method)) = (surface, method(row.verb)) else { return Ok(None) };
    let pairs = pairs(row, u)?;
    let (form, json) = (as_form(&pairs, false), as_json(&pairs, false));
    let meant = [(Some(form.as_str()), ""), (None, json.as_str())].into_iter().find_map(|(query, body)| {
        let body = body.as_bytes();
        let request = RawRequest { method, prefix: None, path: &row.path, query, headers: &[], body };
        exchange.read(surface, &request).ok()
    });
    Ok(meant.map(|(intent, _)| intent).filter(|intent| intent.act.changes_state()))
}

/// Requests that ask for quotes, for amounts of what is given and of what is got.
#[must_use]
pub fn quote_requests(exchange: &dyn Exchange) -> Vec<Intent> {
    const ASKED: [(&str, &str, &str); 6] = [
        ("spot", "/sapi/v1/convert/getQuote", "fromAsset=BTC&toAsset=USDT&fromAmount=0.1"),
        ("usdm", "/fapi/v1/convert/getQuote", "fromAsset=BTC&toAsset=USDT&toAmount=10"),
        ("spot", "/sapi/v1/convert/getQuote", "fromAsset=BTC&toAsset=USDT"),
        (
            "rest",
            "/api/v5/asset/convert/estimate-quote",
            r#"{"baseCcy":"ETH","quoteCcy":"USDT","side":"buy","rfqSz":"30","rfqSzCcy":"USDT"}"#,
        ),
        (
            "rest",
            "/api/v5/asset/convert/estimate-quote",
            r#"{"baseCcy":"ETH","quoteCcy":"USDT","side":"sell","rfqSz":"30","rfqSzCcy":"USDT"}"#,
        ),
        (
            "rest",
            "/api/v5/fiat/buy-sell/quote",
            r#"{"side":"buy","fromCcy":"USD","toCcy":"BTC","rfqAmt":"1","rfqCcy":"USD"}"#,
        ),
    ];
    let json: [(Box<str>, Box<[u8]>); 1] = [("Content-Type".into(), b"application/json".as_slice().into())];
    let read = |(surface, path, asked): (&str, &str, &str)| {
        let surface = exchange.surfaces().iter().find(|known| known.name == surface)?;
        let (query, headers, body) =
            if asked.starts_with('{') { (None, &json[..], asked) } else { (Some(asked), &[][..], "") };
        let method = claviger_core::Method::Post;
        let request = RawRequest { method, prefix: None, path, query, headers, body: body.as_bytes() };
        exchange.read(surface, &request).ok().map(|(intent, _)| intent)
    };
    ASKED.into_iter().filter_map(read).collect()
}
