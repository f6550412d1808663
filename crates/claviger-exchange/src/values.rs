//! Text to a checked value by a parameter's grammar, and back: one canonical print a value.

use claviger_core::{Asset, ClientOrderId, Decimal, Symbol, Value};

use crate::json::{self, Bounds, Json};
use crate::{Grammar, ReadError, nested};

/// How an exchange writes a list of instruments within one parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// `["A","B"]`
    Json,
    /// `A,B`
    Commas,
}

/// The largest whole number that every reader reads the same, also one that uses floats: 2^53 - 1.
pub const MAX_WHOLE: u64 = 9_007_199_254_740_991;

/// Reads a parameter.
///
/// # Errors
/// [`ReadError::Value`] says what was wanted.
pub fn parse(name: &str, grammar: &Grammar, text: &str, lists: Lists) -> Result<Value, ReadError> {
    let found = match grammar {
        Grammar::Array(_) | Grammar::Object(_) | Grammar::Items { .. } => {
            nested::parse(name, grammar, text, lists)?
        }
        _ => value(grammar, text, lists),
    };
    found.ok_or_else(|| ReadError::Value { name: name.into(), why: wanted(grammar).into() })
}

/// A value as it is written, before any percent-encoding or JSON quoting; `None` where it does not fit the grammar.
#[must_use]
pub fn print(grammar: &Grammar, value: &Value, lists: Lists) -> Option<String> {
    let text = match (value, grammar) {
        (Value::Text(text), _) => text.to_string(),
        (Value::Number(number), _) => number.to_string(),
        (Value::Whole(number), _) => number.to_string(),
        (Value::Flag(flag), _) => flag.to_string(),
        (Value::List(items), Grammar::Array(_)) => json_list(items),
        (Value::List(items), Grammar::Symbols(_)) if lists == Lists::Json => json_list(items),
        (Value::List(items), _) => items.join(","),
    };
    (parse("", grammar, &text, lists).ok().as_ref() == Some(value)).then_some(text)
}

fn json_list(items: &[Box<str>]) -> String {
    let quoted: Vec<String> = items.iter().map(|item| json::quote(item)).collect();
    format!("[{}]", quoted.join(","))
}

fn value(grammar: &Grammar, text: &str, lists: Lists) -> Option<Value> {
    match grammar {
        Grammar::Symbol => text.parse::<Symbol>().is_ok().then(|| Value::Text(text.into())),
        Grammar::Asset => text.parse::<Asset>().is_ok().then(|| Value::Text(text.into())),
        Grammar::Number => text.parse::<Decimal>().ok().map(Value::Number),
        Grammar::Signed => signed(text).map(|text| Value::Text(text.into())),
        Grammar::Whole { min, max } => whole(text).filter(|n| (*min..=*max).contains(n)).map(Value::Whole),
        Grammar::Millis => whole(text).map(Value::Whole),
        Grammar::Flag => flag(text).map(Value::Flag),
        Grammar::Word(words) => words.iter().any(|word| **word == *text).then(|| Value::Text(text.into())),
        Grammar::ClientId => text.parse::<ClientOrderId>().is_ok().then(|| Value::Text(text.into())),
        Grammar::OrderId => is_order_id(text).then(|| Value::Text(text.into())),
        Grammar::Id(max) => is_id(text, *max).then(|| Value::Text(text.into())),
        Grammar::Text(max) => is_text(text, *max).then(|| Value::Text(text.into())),
        Grammar::Symbols(max) => symbols(text, *max, lists).map(Value::List),
        Grammar::Words(max) => words(text, *max).map(Value::List),
        Grammar::Array(_) | Grammar::Object(_) | Grammar::Items { .. } => None,
    }
}

/// A number without its trailing zeros, below zero or not; there is one zero.
fn signed(text: &str) -> Option<String> {
    let Some(below) = text.strip_prefix('-') else { return Some(text.parse::<Decimal>().ok()?.to_string()) };
    let number = below.parse::<Decimal>().ok()?;
    Some(if number.is_zero() { number.to_string() } else { format!("-{number}") })
}

/// Digits without a leading zero, at most [`MAX_WHOLE`].
fn whole(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|n| plain && *n <= MAX_WHOLE)
}

/// Python writes `True`; every exchange here reads it as `true`, and `true` is what is printed.
fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn is_order_id(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

fn is_id(text: &str, max: usize) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b':' | b'/' | b'_' | b'-');
    (1..=max).contains(&text.len()) && text.bytes().all(fits)
}

/// Printable ASCII that means the same after one or two decodings and in any quoting: none of `% + & = ; # " \ < >`.
fn is_text(text: &str, max: usize) -> bool {
    let fits = |b: u8| (b' '..=b'~').contains(&b) && !b"%+&=;#\"\\<>".contains(&b);
    let trimmed = !text.starts_with(' ') && !text.ends_with(' ');
    (1..=max).contains(&text.len()) && trimmed && text.bytes().all(fits)
}

fn symbols(text: &str, max: usize, lists: Lists) -> Option<Vec<Box<str>>> {
    let items: Vec<Box<str>> = match lists {
        Lists::Commas => text.split(',').map(Into::into).collect(),
        Lists::Json => {
            let json = json::parse(text.as_bytes(), Bounds { bytes: 64 << 10, depth: 1 }).ok()?;
            json.items()?.iter().map(Json::text).map(|t| t.map(Into::into)).collect::<Option<_>>()?
        }
    };
    let fits = (1..=max).contains(&items.len()) && items.iter().all(|item| item.parse::<Symbol>().is_ok());
    fits.then_some(items)
}

fn words(text: &str, max: usize) -> Option<Vec<Box<str>>> {
    let items: Vec<Box<str>> = text.split(',').map(Into::into).collect();
    (items.len() <= max && items.iter().all(|item| is_word(item))).then_some(items)
}

pub(crate) fn is_word(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

pub(crate) fn wanted(grammar: &Grammar) -> String {
    match grammar {
        Grammar::Symbol => "wanted a symbol (1 to 40 of A-Z, 0-9, -, _)".into(),
        Grammar::Asset => "wanted an asset (1 to 20 of A-Z, 0-9)".into(),
        Grammar::Number => "wanted a plain decimal number of at most 15 significant digits".into(),
        Grammar::Signed => "wanted a decimal number of at most 15 significant digits, or minus one".into(),
        Grammar::Whole { min, max } => format!("wanted a whole number from {min} to {max}"),
        Grammar::Millis => "wanted a time in milliseconds since 1970".into(),
        Grammar::Flag => "wanted true or false".into(),
        Grammar::Word(words) => format!("wanted one of {}", words.join(", ")),
        Grammar::ClientId => "wanted a client order id (1 to 36 of A-Z, a-z, 0-9, . : / _ -)".into(),
        Grammar::OrderId => "wanted an order id (digits)".into(),
        Grammar::Id(max) => format!("wanted 1 to {max} of A-Z, a-z, 0-9, . : / _ -"),
        Grammar::Text(max) => {
            format!("wanted 1 to {max} printable ASCII characters without % + & = ; # \" \\ < >")
        }
        Grammar::Symbols(max) => format!("wanted a list of 1 to {max} symbols"),
        Grammar::Words(max) => format!("wanted 1 to {max} words separated by commas"),
        Grammar::Array(max) => format!("wanted a list of 1 to {max} words"),
        Grammar::Object(_) => "wanted an object".into(),
        Grammar::Items { max, .. } => format!("wanted a list of 1 to {max} objects"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(grammar: &Grammar, good: &[(&str, &str)], bad: &[&str]) {
        for (text, printed) in good {
            let value = parse("x", grammar, text, Lists::Json).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(print(grammar, &value, Lists::Json).as_deref(), Some(*printed), "{text}");
        }
        for text in bad {
            assert!(parse("x", grammar, text, Lists::Json).is_err(), "{text:?}");
        }
    }

    #[test]
    fn each_grammar() {
        check(
            &Grammar::Symbol,
            &[("BTCUSDT", "BTCUSDT"), ("BTCUSD_PERP", "BTCUSD_PERP")],
            &["", "btc", "A B"],
        );
        check(
            &Grammar::Signed,
            &[("1.50", "1.5"), ("-0.10", "-0.1"), ("-0", "0"), ("0.0", "0")],
            &["-1e5", "--1", "", "+1", "1 ", "-", "- 1"],
        );
        check(&Grammar::Number, &[("1.50", "1.5")], &["1e5", "-1", "", "+1", "1 "]);
        check(&Grammar::Whole { min: 1, max: 5 }, &[("5", "5")], &["0", "6", "05", "1.0", "", "-1", "+1"]);
        check(
            &Grammar::Millis,
            &[("0", "0"), ("9007199254740991", "9007199254740991")],
            &["9007199254740992", "00"],
        );
        check(&Grammar::Flag, &[("True", "true"), ("false", "false")], &["1", "", "tRue"]);
        check(&Grammar::Word(vec!["BUY".into()]), &[("BUY", "BUY")], &["buy", "", "BUY "]);
        check(
            &Grammar::OrderId,
            &[("8389765512345678901", "8389765512345678901")],
            &["0", "01", "", "1a", "-1"],
        );
        check(&Grammar::Id(3), &[("a:b", "a:b")], &["", "abcd", "a b", "a%b"]);
        check(&Grammar::Text(4), &[("a b,", "a b,")], &["", " a", "a+", "a%", "a&", "abcde", "ä", "a\n"]);
        check(
            &Grammar::Symbols(2),
            &[("[ \"A\", \"B\" ]", "[\"A\",\"B\"]")],
            &["[]", "A", "[\"a\"]", "[1]", "[\"A\",\"B\",\"C\"]", "[[\"A\"]]", "\"A\""],
        );
        check(&Grammar::Words(2), &[("a,B_c", "a,B_c")], &["", "a,,b", "a,b,c", "a b"]);
    }

    #[test]
    fn commas() {
        let grammar = Grammar::Symbols(2);
        let value = parse("x", &grammar, "A-B,C", Lists::Commas).unwrap();
        assert_eq!(print(&grammar, &value, Lists::Commas).as_deref(), Some("A-B,C"));
        assert!(parse("x", &grammar, "A,", Lists::Commas).is_err());
    }

    #[test]
    fn what_does_not_fit_is_not_printed() {
        assert_eq!(print(&Grammar::Symbol, &Value::Text("a&b=c".into()), Lists::Json), None);
        assert_eq!(print(&Grammar::Flag, &Value::Text("true".into()), Lists::Json), None);
        assert_eq!(print(&Grammar::Whole { min: 1, max: 2 }, &Value::Whole(3), Lists::Json), None);
    }
}
