//! Query strings, form bodies and numbers as the paper exchanges read them.

use rust_decimal::Decimal;

/// Splits `a=1&b=2` and decodes both sides. None if an escape is broken or does not make UTF-8.
pub(crate) fn pairs(raw: &str) -> Option<Vec<(String, String)>> {
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

/// Decodes `%41` and, as forms do, `+`.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair = [bytes.next()?, bytes.next()?];
                *hex::decode(pair).ok()?.first()?
            }
            other => other,
        });
    }
    String::from_utf8(out).ok()
}

/// Reads a plain decimal: digits, at most one point, no sign, no exponent.
pub(crate) fn number(text: &str) -> Option<Decimal> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |run: &str| (1..=14).contains(&run.len()) && run.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for good in ["0", "1", "1.5", "00.10", "12345678901234.12345678901234"] {
            assert!(number(good).is_some(), "{good}");
        }
        for bad in
            ["", ".", "1.", ".5", "-1", "+1", "1e3", "1_000", "1.2.3", " 1", "1 ", "0x1", "123456789012345"]
        {
            assert!(number(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn forms() {
        let read = pairs("a=1&b=x%20y+z&c&=d&&e=%C3%A9").unwrap();
        let want = [("a", "1"), ("b", "x y z"), ("c", ""), ("", "d"), ("e", "é")];
        assert_eq!(read, want.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff"] {
            assert!(pairs(bad).is_none(), "{bad}");
        }
    }
}
