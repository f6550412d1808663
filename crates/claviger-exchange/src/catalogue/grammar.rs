//! Grammars as people write them on a command line: `symbol`, `whole:1..1000`, `word:BUY|SELL`, `text:64`.

use std::fmt;
use std::str::FromStr;

use super::row::{Grammar, ParamSpec};
use crate::values::MAX_WHOLE;

/// The text names no grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a grammar: wanted symbol, asset, number, signed, whole, whole:1..100, millis, flag, word:A|B, \
     client-id, order-id, id:64, text:64, symbols:20, words:20 or array:20"
)]
pub struct NotAGrammar(pub Box<str>);

/// The longest identifiers, texts and lists that may be asked for by hand.
const LONGEST: usize = 1024;

impl FromStr for Grammar {
    type Err = NotAGrammar;

    fn from_str(text: &str) -> Result<Self, NotAGrammar> {
        let (name, more) = text.split_once(':').map_or((text, None), |(name, more)| (name, Some(more)));
        let at_most = |more: &str| more.parse().ok().filter(|n| (1..=LONGEST).contains(n));
        let read = match (name, more) {
            ("symbol", None) => Some(Self::Symbol),
            ("asset", None) => Some(Self::Asset),
            ("number", None) => Some(Self::Number),
            ("signed", None) => Some(Self::Signed),
            ("whole", None) => Some(Self::Whole { min: 0, max: MAX_WHOLE }),
            ("whole", Some(bounds)) => whole(bounds),
            ("millis", None) => Some(Self::Millis),
            ("flag", None) => Some(Self::Flag),
            ("word", Some(words)) => self::words(words),
            ("client-id", None) => Some(Self::ClientId),
            ("order-id", None) => Some(Self::OrderId),
            ("id", Some(most)) => at_most(most).map(Self::Id),
            ("text", Some(most)) => at_most(most).map(Self::Text),
            ("symbols", Some(most)) => at_most(most).map(Self::Symbols),
            ("words", Some(most)) => at_most(most).map(Self::Words),
            ("array", Some(most)) => at_most(most).map(Self::Array),
            _ => None,
        };
        read.ok_or_else(|| NotAGrammar(text.chars().take(64).collect::<String>().into()))
    }
}

fn whole(bounds: &str) -> Option<Grammar> {
    let (min, max) = bounds.split_once("..")?;
    let (min, max) = (min.parse().ok()?, max.parse().ok()?);
    (min <= max && max <= MAX_WHOLE).then_some(Grammar::Whole { min, max })
}

fn words(text: &str) -> Option<Grammar> {
    let fits = |word: &str| {
        (1..=64).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    };
    let words: Vec<Box<str>> = text.split('|').map(Into::into).collect();
    words.iter().all(|word| fits(word)).then_some(Grammar::Word(words))
}

impl fmt::Display for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbol => f.write_str("symbol"),
            Self::Asset => f.write_str("asset"),
            Self::Number => f.write_str("number"),
            Self::Signed => f.write_str("signed"),
            Self::Whole { min: 0, max: MAX_WHOLE } => f.write_str("whole"),
            Self::Whole { min, max } => write!(f, "whole:{min}..{max}"),
            Self::Millis => f.write_str("millis"),
            Self::Flag => f.write_str("flag"),
            Self::Word(words) if words.is_empty() => f.write_str("nothing"),
            Self::Word(words) => write!(f, "word:{}", words.join("|")),
            Self::ClientId => f.write_str("client-id"),
            Self::OrderId => f.write_str("order-id"),
            Self::Id(most) => write!(f, "id:{most}"),
            Self::Text(most) => write!(f, "text:{most}"),
            Self::Symbols(most) => write!(f, "symbols:{most}"),
            Self::Words(most) => write!(f, "words:{most}"),
            Self::Array(most) => write!(f, "array:{most}"),
            Self::Object(members) => members_of(f, "object", members),
            Self::Items { max, of } => members_of(f, &format!("items:{max}"), of),
        }
    }
}

fn members_of(f: &mut fmt::Formatter<'_>, name: &str, members: &[ParamSpec]) -> fmt::Result {
    write!(f, "{name}{{")?;
    for (at, member) in members.iter().enumerate() {
        let gap = if at > 0 { ", " } else { "" };
        let needed = if member.required { "" } else { "?" };
        write!(f, "{gap}{}{needed}={}", member.name, member.grammar)?;
    }
    f.write_str("}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_and_read() {
        for text in [
            "symbol",
            "asset",
            "number",
            "whole",
            "whole:1..1000",
            "millis",
            "flag",
            "word:BUY|SELL",
            "client-id",
            "order-id",
            "id:64",
            "text:10",
            "symbols:20",
            "words:3",
            "array:3",
        ] {
            assert_eq!(text.parse::<Grammar>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "Symbol",
            "symbol:3",
            "whole:2..1",
            "whole:1",
            "whole:-1..2",
            "word",
            "word:",
            "word:a||b",
            "word:a b",
            "id",
            "id:0",
            "id:1025",
            "text:x",
            "anything",
        ] {
            assert!(text.parse::<Grammar>().is_err(), "{text}");
        }
    }
}
