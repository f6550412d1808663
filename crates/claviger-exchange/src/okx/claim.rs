//! Who a request says it is from: four `OK-ACCESS-*` headers over time, verb, path with query, and body.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::DEMO;
use crate::{Claim, ClaimError, RawRequest, Scheme, Signed};

/// The key's id.
pub(super) const KEY: &str = "OK-ACCESS-KEY";
/// The signature.
pub(super) const SIGN: &str = "OK-ACCESS-SIGN";
/// The moment of signing.
pub(super) const TIMESTAMP: &str = "OK-ACCESS-TIMESTAMP";
/// The passphrase, in plain.
pub(super) const PASSPHRASE: &str = "OK-ACCESS-PASSPHRASE";
/// The moment after which the exchange must not accept an order, in milliseconds; unsigned.
pub(super) const EXPIRY: &str = "expTime";
/// Chooses paper trading: `0` or `1`.
pub(super) const SIMULATED: &str = "x-simulated-trading";

/// How long the exchange accepts a timestamp.
pub(super) const WINDOW_MS: u64 = 30_000;

pub(super) fn claim<'a>(request: &RawRequest<'a>) -> Result<Option<Claim<'a>>, ClaimError> {
    let key_id = request.header(KEY)?;
    let signature = request.header(SIGN)?;
    let timestamp = request.header(TIMESTAMP)?;
    let passphrase = request.header(PASSPHRASE)?;
    environment(request)?;
    let Some(key_id) = key_id else {
        let stray = signature.or(timestamp).or(passphrase);
        return if stray.is_some() { Err(ClaimError::Missing(KEY)) } else { Ok(None) };
    };
    let timestamp = timestamp.ok_or(ClaimError::Missing(TIMESTAMP))?;
    let timestamp_ms = millis(timestamp).ok_or(ClaimError::Unreadable(TIMESTAMP))?;
    let signed = Signed {
        scheme: Scheme::HmacSha256Base64,
        messages: messages(request, timestamp),
        signature: signature.ok_or(ClaimError::Missing(SIGN))?.to_owned(),
        timestamp_ms,
        window_ms: window(request.header(EXPIRY)?, timestamp_ms)?,
        longest_ms: WINDOW_MS,
        passphrase: Some(passphrase.ok_or(ClaimError::Missing(PASSPHRASE))?),
    };
    Ok(Some(Claim { key_id, signed: Some(signed) }))
}

/// The environment that the request names; a request without the header takes the key's own.
pub(super) fn environment(request: &RawRequest<'_>) -> Result<Option<&'static str>, ClaimError> {
    match request.header(SIMULATED)? {
        None => Ok(None),
        Some("0") => Ok(Some("production")),
        Some("1") => Ok(Some(DEMO)),
        Some(_) => Err(ClaimError::Unreadable(SIMULATED)),
    }
}

fn messages<'a>(request: &RawRequest<'a>, timestamp: &'a str) -> Vec<Vec<&'a [u8]>> {
    let head: [&'a [u8]; 2] = [timestamp.as_bytes(), request.method.as_str().as_bytes()];
    let mut tail: Vec<&'a [u8]> = vec![request.path.as_bytes()];
    if let Some(query) = request.query {
        tail.extend([b"?".as_slice(), query.as_bytes()]);
    }
    tail.push(request.body);
    let mut messages = vec![[head.as_slice(), &tail].concat()];
    if let Some(prefix) = request.prefix {
        let prefix: [&'a [u8]; 2] = [b"/", prefix.as_bytes()];
        messages.push([head.as_slice(), &prefix, &tail].concat());
    }
    messages
}

fn window(expiry: Option<&str>, timestamp_ms: u64) -> Result<u64, ClaimError> {
    let Some(expiry) = expiry else { return Ok(WINDOW_MS) };
    let digits = (1..=15).contains(&expiry.len()) && expiry.bytes().all(|b| b.is_ascii_digit());
    let expiry: u64 =
        if digits { expiry.parse().ok() } else { None }.ok_or(ClaimError::Unreadable(EXPIRY))?;
    Ok(expiry.saturating_sub(timestamp_ms).min(WINDOW_MS))
}

/// Milliseconds since 1970 of `2020-12-08T09:08:57.715Z`, in exactly that form.
fn millis(text: &str) -> Option<u64> {
    const FORM: &[u8] = b"0000-00-00T00:00:00.000Z";
    let fits = |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
    if text.len() != FORM.len() || !text.bytes().zip(FORM).all(fits) {
        return None;
    }
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
}

/// The moment as the exchange writes it; `None` beyond the year 9999.
pub(super) fn iso(ms: u64) -> Option<String> {
    let nanos = i128::from(ms).checked_mul(1_000_000)?;
    let moment = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?.to_offset(UtcOffset::UTC);
    let (date, time) = (moment.date(), moment.time());
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_of_time() {
        assert_eq!(millis("2020-12-08T09:08:57.715Z"), Some(1_607_418_537_715));
        for bad in [
            "",
            "1607418537715",
            "2020-12-08T09:08:57Z",
            "2020-12-08T09:08:57.7150Z",
            "2020-12-08t09:08:57.715Z",
            "2020-12-08 09:08:57.715Z",
            "2020-12-08T09:08:57.715z",
            "2020-12-08T09:08:57.715+00:00",
            "+020-12-08T09:08:57.715Z",
            "2020-13-08T09:08:57.715Z",
            "2020-02-30T09:08:57.715Z",
            "2020-12-08T24:08:57.715Z",
            "1969-12-31T23:59:59.999Z",
            "2020-12-08T09:08:57,715Z",
            " 2020-12-08T09:08:57.715Z",
        ] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }

    #[test]
    fn printed_as_read() {
        for ms in [0, 1_607_418_537_715, 1_700_000_000_000, 253_402_300_799_999] {
            assert_eq!(iso(ms).as_deref().and_then(millis), Some(ms));
        }
        assert_eq!(iso(u64::MAX), None);
    }

    /// P7: the expiry is not signed, so a captured request without it would be fresh for longer.
    #[test]
    fn what_is_not_signed_shortens_no_memory() {
        let header = |name: &str, value: &str| (name.into(), value.as_bytes().into());
        let headers = [
            header(KEY, "k"),
            header(SIGN, "s"),
            header(TIMESTAMP, "2020-12-08T09:08:57.715Z"),
            header(PASSPHRASE, "p"),
            header(EXPIRY, "1607418538715"),
        ];
        let method = claviger_core::Method::Get;
        let path = "/api/v5/account/balance";
        let request = RawRequest { method, prefix: None, path, query: None, headers: &headers, body: b"" };
        let signed = claim(&request).unwrap().unwrap().signed.unwrap();
        assert_eq!(signed.window_ms, 1_000);
        assert_eq!(signed.remembered_ms(1_607_418_537_715), 30_000);
        assert_eq!(signed.remembered_ms(1_607_418_547_715), 20_000);
        assert_eq!(signed.remembered_ms(u64::MAX), 0);
    }

    #[test]
    fn expiry_narrows_the_window() {
        assert_eq!(window(None, 1_000), Ok(30_000));
        assert_eq!(window(Some("3000"), 1_000), Ok(2_000));
        assert_eq!(window(Some("999"), 1_000), Ok(0));
        assert_eq!(window(Some("99999999999"), 1_000), Ok(30_000));
        for bad in ["", "1e3", "-1", "+1", "1.0", "1234567890123456", " 1"] {
            assert_eq!(window(Some(bad), 1_000), Err(ClaimError::Unreadable(EXPIRY)), "{bad}");
        }
    }
}
