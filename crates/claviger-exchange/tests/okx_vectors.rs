//! Vectors of OKX: one case a file, with what must come of it.
//!
//! Every request is claimed and read, and what can be read is printed, read again and must mean the same.
//! Other implementations can use the files.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a broken test file must stop the test, and its JSON is ours"
)]

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use claviger_core::{Intent, Method};
use claviger_exchange::okx::Okx;
use claviger_exchange::{Exchange, RawRequest, Stamp};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    request: Request,
    expect: Expect,
    sign: Option<Sign>,
    answer: Option<Answer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: Method,
    path: String,
    prefix: Option<String>,
    query: Option<String>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

/// What must come of it. Names that are missing are not looked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// Why it cannot be claimed.
    claim_error: Option<String>,
    /// How long it stays valid, in milliseconds.
    window_ms: Option<u64>,
    /// Why it cannot be read.
    error: Option<String>,
    /// What it would do, as JSON.
    act: Option<String>,
    /// Its harmless parameters, as JSON.
    params: Option<String>,
    /// The query or body that leaves.
    printed: Option<String>,
    /// What the answer says, as JSON.
    outcome: Option<String>,
    /// What the answer says of an order, as JSON.
    order_status: Option<String>,
}

/// A signature over one of the messages that the request may be signed over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    secret: String,
    signature: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    body: String,
}

#[test]
fn vectors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/okx");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 60, "vectors are there");
    let mut wrong = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let case: Case = toml::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!case.about.is_empty(), "{name}");
        wrong.extend(check(&case).into_iter().map(|why| format!("{name}: {why}")));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn check(case: &Case) -> Vec<String> {
    let headers: Vec<(Box<str>, Box<[u8]>)> =
        case.request.headers.iter().map(|(n, v)| (n.as_str().into(), v.as_bytes().into())).collect();
    let request = RawRequest {
        method: case.request.method,
        prefix: case.request.prefix.as_deref(),
        path: &case.request.path,
        query: case.request.query.as_deref(),
        headers: &headers,
        body: case.request.body.as_bytes(),
    };
    let mut wrong = Vec::new();
    let mut same = |what: &str, want: Option<&str>, found: Option<String>| {
        if let Some(want) = want.filter(|want| Some(*want) != found.as_deref()) {
            wrong.push(format!("{what}\n  want  {want}\n  found {}", found.unwrap_or_default()));
        }
    };
    let expect = &case.expect;
    let claim = Okx.claim(&request);
    same("claim_error", expect.claim_error.as_deref(), claim.as_ref().err().map(ToString::to_string));
    let signed = claim.ok().flatten().and_then(|claim| claim.signed);
    let window = expect.window_ms.map(|ms| ms.to_string());
    same("window_ms", window.as_deref(), signed.as_ref().map(|s| s.window_ms.to_string()));
    if let Some(Sign { secret, signature }) = &case.sign {
        let signed = signed.unwrap();
        let fits = signed.messages.iter().any(|m| hmac(secret.as_bytes(), &m.concat()) == *signature);
        same("signature", Some("true"), Some((fits && signed.signature == *signature).to_string()));
    }
    let read = Okx.read(&Okx.surfaces()[0], &request);
    let error = read.as_ref().err().map(ToString::to_string);
    same("error", expect.error.as_deref().or(error.as_ref().and(Some("none"))), error);
    if let Ok((intent, _)) = read {
        same("error", Some(""), expect.error.clone().or(Some(String::new())));
        same("act", expect.act.as_deref(), Some(serde_json::to_string(&intent.act).unwrap()));
        same("params", expect.params.as_deref(), Some(serde_json::to_string(&intent.params).unwrap()));
        same("printed", expect.printed.as_deref(), Some(printed_and_read_again(&intent)));
        if let Some(Answer { status, body }) = &case.answer {
            let outcome = Okx.outcome(&intent, *status, body.as_bytes());
            same("outcome", expect.outcome.as_deref(), Some(serde_json::to_string(&outcome).unwrap()));
            let state = Okx.order_status(&intent, *status, body.as_bytes());
            same(
                "order_status",
                expect.order_status.as_deref(),
                Some(serde_json::to_string(&state).unwrap()),
            );
        }
    }
    wrong
}

/// The query or body that leaves; it must mean what was read.
fn printed_and_read_again(intent: &Intent) -> String {
    let stamp = Some(Stamp { exchange_ms: 1_700_000_000_000, window_ms: 2_000 });
    let unsigned = match Okx.print(intent, stamp) {
        Ok(unsigned) => unsigned,
        Err(why) => return why.to_string(),
    };
    let again = RawRequest {
        method: unsigned.method,
        prefix: None,
        path: &unsigned.path,
        query: (!unsigned.query.is_empty()).then_some(&*unsigned.query),
        headers: &[],
        body: &unsigned.body,
    };
    let (meaning, _) = Okx.read(&Okx.surfaces()[0], &again).unwrap();
    assert_eq!(meaning, *intent, "what leaves means what was judged");
    if unsigned.method == Method::Get { unsigned.query } else { String::from_utf8(unsigned.body).unwrap() }
}

fn hmac(secret: &[u8], message: &[u8]) -> String {
    let mut key = [0u8; 64];
    key[..secret.len()].copy_from_slice(secret);
    let padded = |with: u8| key.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    let outer = Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize();
    base64::engine::general_purpose::STANDARD.encode(outer)
}
