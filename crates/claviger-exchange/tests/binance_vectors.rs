//! The vectors of `tests/vectors/binance`: a request, and what it means, prints as, or is refused with.
//!
//! One case a file, the expectation inside, so that other implementations can use them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::path::Path;

use claviger_core::{Intent, Method, Outcome};
use claviger_exchange::{EXCHANGES, Exchange, RawRequest, Stamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The moment for which every vector is printed.
const STAMP: Stamp = Stamp { exchange_ms: 1_700_000_000_000, window_ms: 2_000 };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    #[expect(dead_code, reason = "for people")]
    about: String,
    /// The signature in the request is right under this secret.
    secret: Option<String>,
    request: Request,
    answer: Option<Answer>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    surface: String,
    method: Method,
    path: String,
    query: Option<String>,
    #[serde(default)]
    body: String,
    key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    body: String,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// Why the claim cannot be read.
    bad_claim: Option<String>,
    /// What is signed, where the request is.
    message: Option<String>,
    /// Why the request is refused.
    refused: Option<String>,
    /// Method, path and form of what leaves, before its signature.
    printed: Option<String>,
    intent: Option<Intent>,
    outcome: Option<Outcome>,
}

fn actual(exchange: &dyn Exchange, vector: &Vector) -> Expect {
    let Request { surface, method, path, query, body, key } = &vector.request;
    let headers: Vec<(Box<str>, Box<[u8]>)> =
        key.iter().map(|key| ("x-mbx-apikey".into(), key.as_bytes().into())).collect();
    let request = RawRequest {
        method: *method,
        prefix: None,
        path,
        query: query.as_deref(),
        headers: &headers,
        body: body.as_bytes(),
    };
    let mut found = Expect::default();
    claim(exchange, &request, vector.secret.as_deref(), &mut found);
    let surface = exchange.surfaces().iter().find(|s| s.name == surface).unwrap();
    match exchange.read(surface, &request) {
        Err(refused) => found.refused = Some(refused.to_string()),
        Ok((intent, _)) => {
            let unsigned = exchange.print(&intent, Some(STAMP)).unwrap();
            let form = if unsigned.query.is_empty() { unsigned.body } else { unsigned.query.into_bytes() };
            let form = String::from_utf8(form).unwrap();
            found.printed = Some(format!("{} {} {form}", unsigned.method.as_str(), unsigned.path));
            found.outcome =
                vector.answer.as_ref().map(|a| exchange.outcome(&intent, a.status, a.body.as_bytes()));
            found.intent = Some(intent);
        }
    }
    found
}

fn claim(exchange: &dyn Exchange, request: &RawRequest<'_>, secret: Option<&str>, found: &mut Expect) {
    match exchange.claim(request) {
        Err(bad) => found.bad_claim = Some(bad.to_string()),
        Ok(claim) => {
            let signed = claim.and_then(|claim| claim.signed);
            let message = signed.as_ref().map(|signed| signed.messages[0].concat());
            if let (Some(secret), Some(signed), Some(message)) = (secret, &signed, &message) {
                let wanted = hmac(secret.as_bytes(), message);
                assert_eq!(signed.signature.to_ascii_lowercase(), wanted, "the vector's own signature");
            }
            found.message = message.map(|message| String::from_utf8(message).unwrap());
        }
    }
}

/// HMAC-SHA256 by RFC 2104, for secrets of at most 64 bytes, apart from the code that signs for real.
fn hmac(secret: &[u8], message: &[u8]) -> String {
    let mut pad = [0u8; 64];
    pad[..secret.len()].copy_from_slice(secret);
    let inner = Sha256::new().chain_update(pad.map(|b| b ^ 0x36)).chain_update(message).finalize();
    hex::encode(Sha256::new().chain_update(pad.map(|b| b ^ 0x5c)).chain_update(inner).finalize())
}

#[test]
fn vectors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/binance");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 60, "vectors are missing");
    let exchange = EXCHANGES.iter().copied().find(|e| e.name() == "binance").unwrap();
    let mut wrong = Vec::new();
    for file in files {
        let vector: Vector = toml::from_str(&std::fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let found = actual(exchange, &vector);
        if found != vector.expect {
            let name = file.file_name().unwrap().to_string_lossy();
            wrong.push(format!("{name}\n{}", toml::to_string(&Found { expect: found }).unwrap()));
        }
    }
    assert!(wrong.is_empty(), "these mean something else now:\n=== {}", wrong.join("\n=== "));
}

/// As it would stand in the vector.
#[derive(Serialize)]
struct Found {
    expect: Expect,
}
