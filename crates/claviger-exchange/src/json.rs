//! JSON from outside, read in one way only.
//!
//! Duplicate keys are refused however they are spelled, numbers keep their text and never pass through a float,
//! depth and size are bounded, and nothing may follow the value.
//! This is the one module that may call `serde_json` on outside bytes.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON value; names of an object are unique and in the order they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number, as it was written.
    Number(&'a str),
    /// A text, unescaped.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Json<'a>>),
    /// Names and values.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// How much JSON is read at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The most bytes.
    pub bytes: usize,
    /// The deepest nesting; a plain number has depth 0.
    pub depth: usize,
}

impl Bounds {
    /// For what a bot sends, and for answers about orders: 1 MiB, 8 levels.
    pub const SMALL: Self = Self { bytes: 1 << 20, depth: 8 };
    /// For public lists of instruments and prices: 32 MiB, 16 levels.
    pub const LARGE: Self = Self { bytes: 32 << 20, depth: 16 };
}

/// The bytes are not JSON that can be read in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotJson {
    /// More bytes than the bound.
    #[error("JSON of more than {0} bytes")]
    TooLong(usize),
    /// Nested deeper than the bound.
    #[error("JSON nested deeper than {0} levels")]
    TooDeep(usize),
    /// Not JSON, not UTF-8, or with something behind it.
    #[error("not JSON")]
    Malformed,
    /// A name stands twice in an object.
    #[error("JSON with a name that stands twice")]
    Twice,
}

/// Reads one JSON value and nothing else.
///
/// # Errors
/// [`NotJson`] says what is wrong; no part of the input is in it.
pub fn parse(bytes: &[u8], bounds: Bounds) -> Result<Json<'_>, NotJson> {
    if bytes.len() > bounds.bytes {
        return Err(NotJson::TooLong(bounds.bytes));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NotJson::Malformed)?;
    let raw: &RawValue = exact(text)?;
    value(raw.get(), bounds.depth, bounds)
}

/// The elements of a list as they are written; `None` where this is no whole list.
#[must_use]
pub fn elements(text: &str) -> Option<Vec<&str>> {
    let items: Vec<&RawValue> = exact(text).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// Names and values of an object as they are written; `None` where this is no whole object, or a name stands twice.
#[must_use]
pub fn members(text: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let Entries(entries) = exact(text).ok()?;
    let mut seen = HashSet::with_capacity(entries.len());
    let single = entries.iter().all(|(name, _)| seen.insert(name.as_ref()));
    drop(seen);
    single.then(|| entries.into_iter().map(|(name, raw)| (name, raw.get())).collect())
}

fn value<'a>(text: &'a str, left: usize, bounds: Bounds) -> Result<Json<'a>, NotJson> {
    let deeper = || left.checked_sub(1).ok_or(NotJson::TooDeep(bounds.depth));
    match text.as_bytes().first() {
        Some(b'{') => object(text, deeper()?, bounds),
        Some(b'[') => list(text, deeper()?, bounds),
        Some(b'"') => exact::<Name<'a>>(text).map(|name| Json::Text(name.0)),
        Some(b't' | b'f') => exact(text).map(Json::Flag),
        Some(b'n') => Ok(Json::Null),
        Some(b'-' | b'0'..=b'9') => Ok(Json::Number(text)),
        _ => Err(NotJson::Malformed),
    }
}

fn list<'a>(text: &'a str, left: usize, bounds: Bounds) -> Result<Json<'a>, NotJson> {
    let items: Vec<&'a RawValue> = exact(text)?;
    items.into_iter().map(|raw| value(raw.get(), left, bounds)).collect::<Result<_, _>>().map(Json::List)
}

fn object<'a>(text: &'a str, left: usize, bounds: Bounds) -> Result<Json<'a>, NotJson> {
    let Entries(entries) = exact(text)?;
    let mut seen = HashSet::with_capacity(entries.len());
    if !entries.iter().all(|(name, _)| seen.insert(name.as_ref())) {
        return Err(NotJson::Twice);
    }
    drop(seen);
    let read = |(name, raw): (Cow<'a, str>, &'a RawValue)| Ok((name, value(raw.get(), left, bounds)?));
    entries.into_iter().map(read).collect::<Result<_, _>>().map(Json::Object)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module refuses duplicates and keeps numbers as text itself"
)]
fn exact<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, NotJson> {
    serde_json::from_str(text).map_err(|_| NotJson::Malformed)
}

impl<'a> Json<'a> {
    /// The value of that name; `None` where this is no object or has no such name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.entries()?.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Names and values; `None` where this is no object.
    #[must_use]
    pub fn entries(&self) -> Option<&[(Cow<'a, str>, Self)]> {
        if let Self::Object(entries) = self { Some(entries) } else { None }
    }

    /// The items; `None` where this is no list.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// The text; `None` where this is not a text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The text of a text, a number or a flag, for exchanges that take either spelling.
    #[must_use]
    pub fn scalar(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(text) => Some(text),
            Self::Flag(true) => Some("true"),
            Self::Flag(false) => Some("false"),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// A whole number of at most 64 bits, written as a number.
    #[must_use]
    pub fn whole(&self) -> Option<i64> {
        if let Self::Number(text) = self { text.parse().ok() } else { None }
    }
}

/// Writes a text as JSON does, with quotes.
#[must_use]
pub fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor).map(Name)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor).map(Entries)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
            entries.push((name, map.next_value()?));
        }
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Json<'_>, NotJson> {
        parse(text.as_bytes(), Bounds { bytes: 200, depth: 3 })
    }

    #[test]
    fn numbers_keep_their_text() {
        for text in ["0", "-0", "1.50", "1e5", "0.1234567890123456789", "123456789012345678901234567890"] {
            assert_eq!(read(text), Ok(Json::Number(text)));
        }
    }

    #[test]
    fn one_name_once() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"b":{"a":1,"b":2,"a":3}}"#, r#"[{"":1,"":1}]"#]
        {
            assert_eq!(read(text), Err(NotJson::Twice), "{text}");
        }
        assert!(read(r#"{"a":{"a":1},"A":[{"a":2}]}"#).is_ok());
    }

    #[test]
    fn nothing_but_one_value() {
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{} {}",
            "1 2",
            "NaN",
            "Infinity",
            "-",
            "01",
            "1.",
            ".5",
            "+1",
            "'a'",
            "{a:1}",
            "\"\\ud800\"",
            "\"\\udc00\\ud800\"",
            "\"\u{1}\"",
            "\u{feff}{}",
            "/**/1",
            "nul",
            "truefalse",
            "[1 2]",
            "{\"\\ud800\":1}",
            "\"a",
            "\"\\x\"",
            "{\"a\"}",
            "{1:2}",
            "{null:1}",
        ] {
            assert_eq!(read(text), Err(NotJson::Malformed), "{text:?}");
        }
        assert_eq!(parse(b"\"\xff\"", Bounds::SMALL), Err(NotJson::Malformed));
    }

    #[test]
    fn bounded() {
        assert!(read("[[[1]]]").is_ok());
        assert_eq!(read("[[[[1]]]]"), Err(NotJson::TooDeep(3)));
        assert_eq!(read(r#"{"a":[{"b":[]}]}"#), Err(NotJson::TooDeep(3)));
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(parse(deep.as_bytes(), Bounds::SMALL), Err(NotJson::TooDeep(8)));
        let open = "[".repeat(1_000_000);
        assert_eq!(parse(open.as_bytes(), Bounds::SMALL), Err(NotJson::Malformed));
        assert_eq!(parse(&[b' '; 201], Bounds { bytes: 200, depth: 1 }), Err(NotJson::TooLong(200)));
    }

    #[test]
    fn texts_are_unescaped() {
        let json = read(r#" { "a\n" : "\u0062\ud83d\ude00" , "c" : [ true , null ] } "#).unwrap();
        assert_eq!(json.get("a\n").and_then(Json::text), Some("b😀"));
        assert_eq!(json.get("c").and_then(Json::items), Some(&[Json::Flag(true), Json::Null][..]));
        assert_eq!(quote("a\"b\n"), r#""a\"b\n""#);
    }
}
