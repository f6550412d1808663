//! Finding a real key's id in what an exchange answered.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Whether `body` holds `id` as a value, plain or in an encoding that reads back without a key: hexadecimal, base64 or
/// the escapes of JSON and URLs.
pub(crate) fn holds(body: &[u8], id: &str) -> bool {
    // No encoding is shorter than what it stands for.
    if id.is_empty() || body.len() < id.len() {
        return false;
    }
    found(body, id.as_bytes())
        || encodings(id).iter().any(|encoded| found(body, encoded.as_bytes()))
        || unescaped(body).is_some_and(|plain| found(&plain, id.as_bytes()))
}

fn found(body: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(body, needle).is_some()
}

fn encodings(id: &str) -> [String; 4] {
    [hex::encode(id), hex::encode_upper(id), STANDARD_NO_PAD.encode(id), URL_SAFE_NO_PAD.encode(id)]
}

/// The body without JSON's `\u00..` and without percent-encoding; `None` where there are no such escapes.
fn unescaped(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr2(b'\\', b'%', body)?;
    let mut plain = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match rest {
            [b'\\', b'u', b'0', b'0', high, low, after @ ..] => {
                (of_hex(*high, *low).unwrap_or(*first), after)
            }
            [b'\\', escaped, after @ ..] => (*escaped, after),
            [b'%', high, low, behind @ ..] => match of_hex(*high, *low) {
                Some(byte) => (byte, behind),
                None => (*first, after),
            },
            _ => (*first, after),
        };
        plain.push(byte);
        rest = after;
    }
    Some(plain)
}

fn of_hex(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some((digit(high)? << 4) | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";

    #[test]
    fn an_id_is_found_in_every_plain_encoding() {
        let escaped: String = ID.bytes().map(|b| format!("\\u{b:04x}")).collect();
        let percent: String = ID.bytes().map(|b| format!("%{b:02X}")).collect();
        let mixed = ID.replacen('m', "\\u006d", 1).replacen('P', "%50", 1);
        let forms = [
            ID.to_owned(),
            hex::encode(ID),
            hex::encode_upper(ID),
            STANDARD_NO_PAD.encode(ID),
            base64::engine::general_purpose::STANDARD.encode(ID),
            escaped,
            percent,
            mixed,
        ];
        for form in forms {
            assert!(holds(format!("{{\"a\":\"{form}\"}}").as_bytes(), ID), "{form}");
        }
        for other in ["", "{}", "100% \\", "%zz%5", ID.trim_start_matches("v"), &ID.to_ascii_lowercase()] {
            assert!(!holds(other.as_bytes(), ID), "{other}");
        }
        assert!(!holds(b"anything", ""));
    }
}
