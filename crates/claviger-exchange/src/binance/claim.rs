//! Who a request says it is from: the key's id in a header, the signature among the parameters.
//!
//! What is signed is the raw query and the raw body, joined without a separator, without the `signature` pair wherever
//! it stood. Nothing is decoded before the signature is checked.

use crate::{Claim, ClaimError, RawRequest, Scheme, Signed};

/// The header with the key's id.
pub(super) const KEY_HEADER: &str = "X-MBX-APIKEY";

const DEFAULT_WINDOW_MS: u64 = 5_000;
const MAX_WINDOW_MS: u64 = 60_000;

pub(super) fn claim<'a>(request: &RawRequest<'a>) -> Result<Option<Claim<'a>>, ClaimError> {
    let key_id = request.header(KEY_HEADER)?;
    let query = Split::of(request.query.unwrap_or_default().as_bytes())?;
    let body = Split::of(request.body)?;
    let signature = once(query.signature, body.signature, "signature")?;
    match (key_id, signature) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ClaimError::Missing(KEY_HEADER)),
        (Some(key_id), None) => Ok(Some(Claim { key_id, signed: None })),
        (Some(key_id), Some(signature)) => {
            Ok(Some(Claim { key_id, signed: Some(signed(&query, &body, signature)?) }))
        }
    }
}

fn signed<'a>(query: &Split<'a>, body: &Split<'a>, signature: &'a [u8]) -> Result<Signed<'a>, ClaimError> {
    let timestamp = once(query.timestamp, body.timestamp, "timestamp")?;
    let window = once(query.window, body.window, "recvWindow")?;
    let unreadable = ClaimError::Unreadable;
    let window_ms = window.map_or(Some(DEFAULT_WINDOW_MS), window_ms).ok_or(unreadable("recvWindow"))?;
    Ok(Signed {
        scheme: Scheme::HmacSha256Hex,
        messages: vec![query.parts.into_iter().chain(body.parts).filter(|part| !part.is_empty()).collect()],
        signature: hex(signature).ok_or(unreadable("signature"))?,
        timestamp_ms: millis(timestamp.ok_or(ClaimError::Missing("timestamp"))?)
            .ok_or(unreadable("timestamp"))?,
        window_ms,
        // The window is signed too. Where query and body meet is not, but taken apart elsewhere the bytes are no pairs.
        longest_ms: window_ms,
        passphrase: None,
    })
}

fn once<'a>(
    query: Option<&'a [u8]>,
    body: Option<&'a [u8]>,
    name: &'static str,
) -> Result<Option<&'a [u8]>, ClaimError> {
    if query.is_some() && body.is_some() { Err(ClaimError::Twice(name)) } else { Ok(query.or(body)) }
}

/// One part of a request around its `signature` pair.
#[derive(Default)]
struct Split<'a> {
    /// What is signed: what stood before and behind the pair.
    parts: [&'a [u8]; 2],
    signature: Option<&'a [u8]>,
    timestamp: Option<&'a [u8]>,
    window: Option<&'a [u8]>,
}

impl<'a> Split<'a> {
    fn of(text: &'a [u8]) -> Result<Self, ClaimError> {
        let mut split = Self { parts: [text, b""], ..Self::default() };
        let mut start = 0;
        for piece in text.split(|byte| *byte == b'&') {
            let end = start + piece.len();
            if let Some(value) = piece.strip_prefix(b"signature=") {
                put(&mut split.signature, value, "signature")?;
                split.parts = around(text, start, end);
            } else if let Some(value) = piece.strip_prefix(b"timestamp=") {
                put(&mut split.timestamp, value, "timestamp")?;
            } else if let Some(value) = piece.strip_prefix(b"recvWindow=") {
                put(&mut split.window, value, "recvWindow")?;
            }
            start = end + 1;
        }
        Ok(split)
    }
}

fn put<'a>(slot: &mut Option<&'a [u8]>, value: &'a [u8], name: &'static str) -> Result<(), ClaimError> {
    if slot.replace(value).is_some() { Err(ClaimError::Twice(name)) } else { Ok(()) }
}

/// What is left when the pair and one `&` beside it are gone: the one before it, or the one behind where it came first.
fn around(text: &[u8], start: usize, end: usize) -> [&[u8]; 2] {
    match start.checked_sub(1) {
        Some(before) => [text.get(..before).unwrap_or_default(), text.get(end..).unwrap_or_default()],
        None => [b"", text.get(end + 1..).unwrap_or_default()],
    }
}

/// 64 hex digits, of either case.
fn hex(text: &[u8]) -> Option<String> {
    let fits = text.len() == 64 && text.iter().all(u8::is_ascii_hexdigit);
    fits.then(|| String::from_utf8_lossy(text).into_owned())
}

/// Milliseconds since 1970 as 13 digits, or microseconds as 16.
fn millis(text: &[u8]) -> Option<u64> {
    match (text.len(), whole(text)?) {
        (13, ms) => Some(ms),
        (16, us) => Some(us / 1000),
        _ => None,
    }
}

/// At most 60000 with at most three decimals, which are dropped: the bot's wish is never made longer.
fn window_ms(text: &[u8]) -> Option<u64> {
    let (ms, rest) = match text.iter().position(|byte| *byte == b'.') {
        Some(point) => (text.get(..point)?, Some(text.get(point + 1..)?)),
        None => (text, None),
    };
    let decimals = rest.is_none_or(|rest| (1..=3).contains(&rest.len()) && whole(rest).is_some());
    whole(ms).filter(|ms| decimals && *ms <= MAX_WINDOW_MS)
}

fn whole(text: &[u8]) -> Option<u64> {
    let digits = (1..=16).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use claviger_core::Method;

    use super::*;

    const SIGNATURE: &str = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71";

    fn check(query: &str, body: &str, expected: Result<(&str, u64, u64), ClaimError>) {
        let headers = [("x-mbx-apikey".into(), b"KEY"[..].into())];
        let (query, body) = (query.replace("SIG", SIGNATURE), body.replace("SIG", SIGNATURE));
        let request = RawRequest {
            method: Method::Post,
            prefix: None,
            path: "/api/v3/order",
            query: Some(&query),
            headers: &headers,
            body: body.as_bytes(),
        };
        let found = claim(&request).map(|claim| {
            let signed = claim.unwrap().signed.unwrap();
            let message = String::from_utf8(signed.messages[0].concat()).unwrap();
            (message, signed.timestamp_ms, signed.window_ms)
        });
        assert_eq!(found, expected.map(|(m, t, w)| (m.to_owned(), t, w)), "{query} | {body}");
    }

    #[test]
    fn signed_is_everything_but_the_signature() {
        let at = 1_499_827_319_559;
        for (query, body, message) in [
            ("a=1&timestamp=1499827319559&signature=SIG", "", "a=1&timestamp=1499827319559"),
            ("signature=SIG&a=1&timestamp=1499827319559", "", "a=1&timestamp=1499827319559"),
            ("a=1&signature=SIG&timestamp=1499827319559", "", "a=1&timestamp=1499827319559"),
            ("a=1", "timestamp=1499827319559&signature=SIG", "a=1timestamp=1499827319559"),
            ("signature=SIG", "timestamp=1499827319559&b=%5b", "timestamp=1499827319559&b=%5b"),
            ("a=1&signature=SIG", "timestamp=1499827319559", "a=1timestamp=1499827319559"),
        ] {
            check(query, body, Ok((message, at, 5000)));
        }
    }

    #[test]
    fn times() {
        let at = |t: &str| format!("timestamp={t}&signature=SIG");
        check(&at("1499827319559123"), "", Ok(("timestamp=1499827319559123", 1_499_827_319_559, 5000)));
        for bad in
            ["0", "", "-1", "149982731955", "14998273195591", "1499827319559.0", "1.4e12", "%31499827319559"]
        {
            check(&at(bad), "", Err(ClaimError::Unreadable("timestamp")));
        }
        check("signature=SIG", "", Err(ClaimError::Missing("timestamp")));
    }

    #[test]
    fn windows() {
        let with = |w: &str| format!("recvWindow={w}&timestamp=1499827319559&signature=SIG");
        for (text, ms) in [("5000", 5000), ("60000", 60_000), ("999.999", 999), ("0", 0)] {
            let message = format!("recvWindow={text}&timestamp=1499827319559");
            check(&with(text), "", Ok((&message, 1_499_827_319_559, ms)));
        }
        for bad in ["60001", "1.2345", "", "1.", ".5", "-1", "1e3", "18446744073709551616"] {
            check(&with(bad), "", Err(ClaimError::Unreadable("recvWindow")));
        }
    }

    #[test]
    fn single() {
        let t = "timestamp=1499827319559";
        check(&format!("{t}&signature=SIG&signature=SIG"), "", Err(ClaimError::Twice("signature")));
        check(&format!("{t}&signature=SIG"), "signature=SIG", Err(ClaimError::Twice("signature")));
        check(&format!("{t}&{t}&signature=SIG"), "", Err(ClaimError::Twice("timestamp")));
        check(t, &format!("{t}&signature=SIG"), Err(ClaimError::Twice("timestamp")));
        check(
            &format!("{t}&recvWindow=1&recvWindow=1&signature=SIG"),
            "",
            Err(ClaimError::Twice("recvWindow")),
        );
    }

    #[test]
    fn hex_of_either_case_and_nothing_else() {
        for bad in ["", "abc", &"g".repeat(64), &"a".repeat(65), "%63"] {
            check(
                &format!("timestamp=1499827319559&signature={bad}"),
                "",
                Err(ClaimError::Unreadable("signature")),
            );
        }
        let upper = format!("timestamp=1499827319559&signature={}", SIGNATURE.to_ascii_uppercase());
        check(&upper, "", Ok(("timestamp=1499827319559", 1_499_827_319_559, 5000)));
    }

    #[test]
    fn without_a_key() {
        let request = |query| RawRequest {
            method: Method::Get,
            prefix: None,
            path: "/api/v3/time",
            query,
            headers: &[],
            body: b"",
        };
        assert!(claim(&request(None)).unwrap().is_none());
        let signature = format!("signature={SIGNATURE}");
        assert_eq!(claim(&request(Some(&signature))).err(), Some(ClaimError::Missing(KEY_HEADER)));
    }
}
