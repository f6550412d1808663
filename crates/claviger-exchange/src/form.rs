//! Names and values in a query or a form body, read in one way only and printed in one way.
//!
//! What two readers could take differently is refused: bad or double encodings, control characters, `;`, pairs without
//! `=`, empty names, encoded names, a raw `=` or `#` in a value, a name that stands twice anywhere.

use crate::ReadError;

/// Which part of a request a pair stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// What follows `?`.
    Query,
    /// The body.
    Body,
}

impl Part {
    /// As refusals call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Body => "body",
        }
    }
}

/// A name with its decoded value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The name, which needs no decoding.
    pub name: &'a str,
    /// The value, decoded once.
    pub value: String,
    /// Where it stood.
    pub part: Part,
}

/// What a client is known to send besides strictly percent-encoded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Whether `+` stands for a space, as browsers and Python's `urlencode` write forms; else it is refused.
    pub plus_is_space: bool,
    /// Characters beyond RFC 3986's that may stand raw, where a client sends them so.
    pub raw: &'static str,
}

impl Dialect {
    /// Queries: no `+`; brackets may stand raw, as Python's `requests` leaves them.
    pub const QUERY: Self = Self { plus_is_space: false, raw: "[]" };
    /// Form bodies: `+` is a space.
    pub const FORM: Self = Self { plus_is_space: true, raw: "[]" };
    /// Form bodies of rows whose values ccxt writes unencoded: braces, quotes and spaces may stand raw too.
    pub const RAW_FORM: Self = Self { plus_is_space: true, raw: "[]{}\" " };
}

/// No row has nearly as many parameters, and a megabyte of pairs need not be held in memory to be refused.
const MOST_PAIRS: usize = 256;

/// Takes a query or a form body apart, in order; empty text has no pairs.
///
/// # Errors
/// [`ReadError::Encoding`] where any pair could be read in two ways, [`ReadError::Twice`] where a name stands twice,
/// [`ReadError::Meaning`] where there are more than 256 pairs.
pub fn pairs<'a>(text: &'a [u8], part: Part, dialect: Dialect) -> Result<Vec<Pair<'a>>, ReadError> {
    let odd = || ReadError::Encoding(part.as_str());
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let text = std::str::from_utf8(text).map_err(|_| odd())?;
    let mut found: Vec<Pair<'a>> = Vec::new();
    for piece in text.split('&') {
        if found.len() == MOST_PAIRS {
            let why = format!("more than {MOST_PAIRS} parameters in the {}", part.as_str());
            return Err(ReadError::Meaning(why.into()));
        }
        let (name, value) = piece.split_once('=').ok_or_else(odd)?;
        let value = decode(value, dialect).ok_or_else(odd)?;
        found.push(Pair { name: plain(name).ok_or_else(odd)?, value, part });
    }
    once(&found)?;
    Ok(found)
}

/// The pairs of query and body together; a name may stand in one of them only.
///
/// # Errors
/// As [`pairs`].
pub fn both<'a>(
    query: Option<&'a str>,
    body: &'a [u8],
    body_dialect: Dialect,
) -> Result<Vec<Pair<'a>>, ReadError> {
    let mut found = pairs(query.unwrap_or_default().as_bytes(), Part::Query, Dialect::QUERY)?;
    found.extend(pairs(body, Part::Body, body_dialect)?);
    once(&found)?;
    Ok(found)
}

fn once(found: &[Pair<'_>]) -> Result<(), ReadError> {
    let mut names: Vec<&str> = found.iter().map(|pair| pair.name).collect();
    names.sort_unstable();
    match names.array_windows().find(|[a, b]| a == b) {
        Some([name, _]) => Err(ReadError::Twice(name.chars().take(64).collect::<String>().into())),
        None => Ok(()),
    }
}

/// A name that means the same to every reader: letters, digits, `_`, `-` and `.` only.
fn plain(name: &str) -> Option<&str> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (!name.is_empty() && name.bytes().all(fits)).then_some(name)
}

/// Decodes a value once; `None` where it has a second meaning or is not printable UTF-8.
#[must_use]
pub fn decode(value: &str, dialect: Dialect) -> Option<String> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => hex_digit(bytes.next()?)? << 4 | hex_digit(bytes.next()?)?,
            b'+' if dialect.plus_is_space => b' ',
            _ if stands_raw(byte) || dialect.raw.as_bytes().contains(&byte) => byte,
            _ => return None,
        });
    }
    String::from_utf8(decoded).ok().filter(|text| !text.chars().any(char::is_control))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// What RFC 3986 lets stand raw in a query, less `+ & = ;` and `#`.
const fn stands_raw(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'\'' | b'(' | b')')
        || matches!(byte, b'*' | b',' | b':' | b'@' | b'/' | b'?')
}

/// Prints text so that every reader decodes the same: all but `A-Z a-z 0-9 - _ . ~` is percent-encoded.
#[must_use]
pub fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    let digit = |nibble: u8| char::from(*HEX.get(usize::from(nibble)).unwrap_or(&b'0'));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

/// Appends a pair to a query or form.
pub fn push(form: &mut String, name: &str, value: &str) {
    if !form.is_empty() {
        form.push('&');
    }
    form.push_str(name);
    form.push('=');
    form.push_str(&encode(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Result<Vec<(&str, String)>, ReadError> {
        Ok(pairs(text.as_bytes(), Part::Query, Dialect::QUERY)?
            .into_iter()
            .map(|p| (p.name, p.value))
            .collect())
    }

    #[test]
    fn decodes_once() {
        let read = query("a=1&b=%5B%22x%22%5D&c=%2525&d=").unwrap();
        let want = [("a", "1"), ("b", "[\"x\"]"), ("c", "%25"), ("d", "")].map(|(n, v)| (n, v.to_owned()));
        assert_eq!(read, want);
    }

    #[test]
    fn refuses_what_has_two_meanings() {
        for text in [
            "a", "=1", "a=1&", "&a=1", "a=1&&b=2", "a=%", "a=%4", "a=%zz", "a=%+1", "a=%ff", "a=%c3%28",
            "a=%00", "a=%0a", "a=%7f", "a=%c2%80", "a=1;b=2", "a=b=c", "a=1+2", "a=#", "a=\"", "a=ä",
            "%61=1", "a%20=1", "a[]=1", "a =1", "a=\\", "a=<", "a= ", "a=|", "a=^", "a=`", "a={", "?a=1#",
        ] {
            assert_eq!(query(text), Err(ReadError::Encoding("query")), "{text}");
        }
    }

    #[test]
    fn refuses_twice() {
        let twice = ReadError::Twice("a".into());
        assert_eq!(query("a=1&b=2&a=1"), Err(twice.clone()));
        assert_eq!(both(Some("a=1"), b"b=2&a=1", Dialect::FORM), Err(twice));
        assert!(both(Some("a=1"), b"A=1", Dialect::FORM).is_ok());
    }

    #[test]
    fn bounded() {
        let many = |n: usize| (0..n).map(|i| format!("a{i}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(query(&many(256)).map(|found| found.len()), Ok(256));
        assert!(matches!(query(&many(257)), Err(ReadError::Meaning(_))));
    }

    #[test]
    fn plus_is_a_space_in_forms_only() {
        let value = |dialect| pairs(b"a=x+y", Part::Body, dialect).map(|p| p[0].value.clone());
        assert_eq!(value(Dialect::FORM), Ok("x y".to_owned()));
        assert_eq!(value(Dialect::RAW_FORM), Ok("x y".to_owned()));
        assert_eq!(value(Dialect::QUERY), Err(ReadError::Encoding("body")));
    }

    #[test]
    fn raw_json_where_a_client_sends_it() {
        let raw = br#"a=[{"b":"c d"}]"#;
        assert!(pairs(raw, Part::Body, Dialect::FORM).is_err());
        assert_eq!(pairs(raw, Part::Body, Dialect::RAW_FORM).unwrap()[0].value, r#"[{"b":"c d"}]"#);
    }

    #[test]
    fn prints_one_way() {
        let mut form = String::new();
        push(&mut form, "a", "b c/ä+%~-_.");
        push(&mut form, "d", "1");
        assert_eq!(form, "a=b%20c%2F%C3%A4%2B%25~-_.&d=1");
    }
}
