//! JSON by a parameter's grammar: scalars, lists of words, objects and lists of objects, and back to one canonical text.
//!
//! Knows nothing of any exchange. What stands inside is held to its spec as strictly as what stands outside: every
//! member known, single, well-formed.

use claviger_core::Value;

use crate::fields::meaning;
use crate::json::{self, Bounds, Json};
use crate::values::{self, Lists};
use crate::{Grammar, ParamSpec, ReadError};

/// Reads one JSON value by its spec; `None` where clients say that they mean nothing: several send `null`, `""` and
/// `[]` for what was not given.
///
/// Numbers may stand bare where a number is wanted, and whole ones where a text of digits is; flags where a flag is.
///
/// # Errors
/// Where the value does not fit, or the row lists the parameter as one that must not say anything.
pub fn value(spec: &ParamSpec, json: &Json<'_>, lists: Lists) -> Result<Option<Value>, ReadError> {
    if is_nothing(json) {
        return Ok(None);
    }
    if is_refused(spec) {
        return Err(refused(spec));
    }
    let found = match (&spec.grammar, json) {
        (Grammar::Array(max), Json::List(items)) => Value::List(words(spec, items, *max)?),
        (Grammar::Object(members), Json::Object(_)) => {
            Value::Text(object(&spec.name, members, json, lists)?.into())
        }
        (Grammar::Items { max, of }, Json::List(items)) => {
            Value::Text(objects(&spec.name, of, items, *max, lists)?.into())
        }
        (Grammar::Array(_) | Grammar::Object(_) | Grammar::Items { .. }, Json::Text(text)) => {
            values::parse(&spec.name, &spec.grammar, text, lists)?
        }
        (Grammar::Array(_) | Grammar::Object(_) | Grammar::Items { .. }, _) => {
            return Err(ReadError::Value {
                name: spec.name.clone(),
                why: values::wanted(&spec.grammar).into(),
            });
        }
        (grammar, json) => values::parse(&spec.name, grammar, scalar(spec, json)?, lists)?,
    };
    Ok(Some(found))
}

/// Reads JSON in a text by its grammar; `None` where it is no JSON of that shape.
pub(crate) fn parse(
    name: &str,
    grammar: &Grammar,
    text: &str,
    lists: Lists,
) -> Result<Option<Value>, ReadError> {
    let Ok(json) = json::parse(text.as_bytes(), Bounds::SMALL) else { return Ok(None) };
    match (grammar, &json) {
        (Grammar::Array(_), Json::List(_))
        | (Grammar::Object(_), Json::Object(_))
        | (Grammar::Items { .. }, Json::List(_)) => {
            let spec = ParamSpec::plain(name, grammar.clone());
            value(&spec, &json, lists)
        }
        _ => Ok(None),
    }
}

/// Whether a value is one of those that mean nothing.
#[must_use]
pub fn is_nothing(json: &Json<'_>) -> bool {
    match json {
        Json::Null => true,
        Json::Text(text) => text.is_empty(),
        Json::List(items) => items.is_empty(),
        Json::Flag(_) | Json::Number(_) | Json::Object(_) => false,
    }
}

/// Whether a parameter is known and must not say anything.
#[must_use]
pub fn is_refused(spec: &ParamSpec) -> bool {
    matches!(&spec.grammar, Grammar::Word(words) if words.is_empty())
}

/// The refusal of a parameter that must not say anything.
#[must_use]
pub fn refused(spec: &ParamSpec) -> ReadError {
    meaning(format!("`{}` is not read by claviger: {}", spec.name, spec.about))
}

fn scalar<'j>(spec: &ParamSpec, json: &'j Json<'_>) -> Result<&'j str, ReadError> {
    let numeric =
        matches!(spec.grammar, Grammar::Number | Grammar::Signed | Grammar::Whole { .. } | Grammar::Millis);
    let odd = |why: &str| Err(ReadError::Value { name: spec.name.clone(), why: why.into() });
    match json {
        Json::Text(text) => Ok(text),
        Json::Number(text) if numeric || text.bytes().all(|b| b.is_ascii_digit()) => Ok(text),
        Json::Flag(_) if spec.grammar == Grammar::Flag => Ok(json.scalar().unwrap_or_default()),
        Json::Number(_) | Json::Flag(_) => odd("wanted a text"),
        Json::Null | Json::List(_) | Json::Object(_) => odd("wanted a text, and no list or object"),
    }
}

fn words(spec: &ParamSpec, items: &[Json<'_>], max: usize) -> Result<Vec<Box<str>>, ReadError> {
    let texts: Option<Vec<Box<str>>> = items
        .iter()
        .map(|item| match item {
            Json::Text(text) => Some(text.as_ref().into()),
            Json::Number(text) if text.bytes().all(|b| b.is_ascii_digit()) => Some((*text).into()),
            Json::Null | Json::Flag(_) | Json::Number(_) | Json::List(_) | Json::Object(_) => None,
        })
        .collect();
    texts.filter(|texts| texts.len() <= max && texts.iter().all(|text| values::is_word(text))).ok_or_else(
        || ReadError::Value { name: spec.name.clone(), why: values::wanted(&spec.grammar).into() },
    )
}

fn objects(
    name: &str,
    members: &[ParamSpec],
    items: &[Json<'_>],
    max: usize,
    lists: Lists,
) -> Result<String, ReadError> {
    if items.len() > max {
        let why = format!("wanted a list of at most {max}").into();
        return Err(ReadError::Value { name: name.into(), why });
    }
    let texts: Result<Vec<String>, ReadError> =
        items.iter().map(|item| object(name, members, item, lists)).collect();
    Ok(format!("[{}]", texts?.join(",")))
}

/// An object in the one form that it is printed in: its spec's order, texts quoted, flags and what is nested bare.
fn object(name: &str, members: &[ParamSpec], json: &Json<'_>, lists: Lists) -> Result<String, ReadError> {
    let odd = || ReadError::Value { name: name.into(), why: "wanted an object".into() };
    let entries = json.entries().ok_or_else(odd)?;
    let known = |n: &str| members.iter().any(|member| *member.name == *n);
    if let Some((stray, _)) = entries.iter().find(|(n, value)| !known(n) && !is_nothing(value)) {
        let stray: String = stray.chars().take(64).collect();
        return Err(meaning(format!("unknown parameter `{name}.{stray}`")));
    }
    let mut texts = Vec::new();
    for spec in members {
        let given = json.get(&spec.name);
        match given
            .map(|json| value(spec, json, lists))
            .transpose()
            .map_err(|why| within(name, why))?
            .flatten()
        {
            Some(found) => texts.push(entry(spec, &found, lists).ok_or_else(odd)?),
            None if spec.required => return Err(ReadError::Missing(format!("{name}.{}", spec.name).into())),
            None => {}
        }
    }
    Ok(format!("{{{}}}", texts.join(",")))
}

/// `"name":value` as it stands in an object.
fn entry(spec: &ParamSpec, value: &Value, lists: Lists) -> Option<String> {
    let text = values::print(&spec.grammar, value, lists)?;
    Some(format!("{}:{}", json::quote(&spec.name), literal(&spec.grammar, &text)))
}

/// A printed value as it stands in JSON.
#[must_use]
pub fn literal(grammar: &Grammar, text: &str) -> String {
    match grammar {
        Grammar::Flag | Grammar::Array(_) | Grammar::Object(_) | Grammar::Items { .. } => text.to_owned(),
        Grammar::Symbol
        | Grammar::Asset
        | Grammar::Number
        | Grammar::Signed
        | Grammar::Whole { .. }
        | Grammar::Millis
        | Grammar::Word(_)
        | Grammar::ClientId
        | Grammar::OrderId
        | Grammar::Id(_)
        | Grammar::Text(_)
        | Grammar::Symbols(_)
        | Grammar::Words(_) => json::quote(text),
    }
}

fn within(name: &str, why: ReadError) -> ReadError {
    let dotted = |inner: &str| format!("{name}.{inner}").into();
    match why {
        ReadError::Value { name: inner, why } => ReadError::Value { name: dotted(&inner), why },
        ReadError::Missing(inner) => ReadError::Missing(dotted(&inner)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = r#"
        name = "legs"
        grammar = { items = { max = 2, of = [
            { name = "instId", grammar = "symbol", required = true },
            { name = "sz", grammar = "number" },
            { name = "reduceOnly", grammar = "flag" },
            { name = "ids", grammar = { array = 2 } },
            { name = "to", grammar = { object = [ { name = "ccy", grammar = "asset" } ] } },
            { name = "hidden", grammar = { word = [] }, about = "it hides" },
        ] } }"#;

    fn read(text: &str) -> Result<Option<String>, String> {
        let spec: ParamSpec = toml::from_str(SPEC).unwrap();
        let json = json::parse(text.as_bytes(), Bounds::SMALL).map_err(|e| e.to_string())?;
        let found = value(&spec, &json, Lists::Commas).map_err(|e| e.to_string())?;
        let Some(found) = found else { return Ok(None) };
        let printed = values::print(&spec.grammar, &found, Lists::Commas).unwrap();
        let again = values::parse("legs", &spec.grammar, &printed, Lists::Commas).unwrap();
        assert_eq!(again, found, "printed means what was read");
        Ok(Some(printed))
    }

    #[test]
    fn one_canonical_text() {
        for (text, want) in [
            (r#"[{"instId":"A-B"}]"#, r#"[{"instId":"A-B"}]"#),
            (
                r#"[ {"sz":1.50,"instId":"\u0041-B","reduceOnly":"True","x":""} ]"#,
                r#"[{"instId":"A-B","sz":"1.5","reduceOnly":true}]"#,
            ),
            (
                r#"[{"instId":"A","to":{"ccy":"BTC"},"ids":[1,"b"]},{"instId":"B","hidden":null}]"#,
                r#"[{"instId":"A","ids":["1","b"],"to":{"ccy":"BTC"}},{"instId":"B"}]"#,
            ),
        ] {
            assert_eq!(read(text), Ok(Some(want.to_owned())), "{text}");
        }
        assert_eq!(read("[]"), Ok(None));
        assert_eq!(read(r#""""#), Ok(None));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (text, want) in [
            (r#"[{"sz":"1"}]"#, "parameter `legs.instId` is missing"),
            (r#"[{"instId":"A","y":"1"}]"#, "unknown parameter `legs.y`"),
            (r#"[{"instId":"A","instId":"B"}]"#, "JSON with a name that stands twice"),
            (
                r#"[{"instId":"A","sz":"1e5"}]"#,
                "parameter `legs.sz`: wanted a plain decimal number of at most 15 significant digits",
            ),
            (
                r#"[{"instId":"A","to":{"ccy":"b"}}]"#,
                "parameter `legs.to.ccy`: wanted an asset (1 to 20 of A-Z, 0-9)",
            ),
            (
                r#"[{"instId":"A","ids":["1","2","3"]}]"#,
                "parameter `legs.ids`: wanted a list of 1 to 2 words",
            ),
            (r#"[{"instId":"A","ids":["a b"]}]"#, "parameter `legs.ids`: wanted a list of 1 to 2 words"),
            (r#"[{"instId":"A","hidden":"1"}]"#, "`hidden` is not read by claviger: it hides"),
            (r#"[{"instId":["A"]}]"#, "parameter `legs.instId`: wanted a text, and no list or object"),
            (
                r#"[{"instId":"A"},{"instId":"A"},{"instId":"A"}]"#,
                "parameter `legs`: wanted a list of at most 2",
            ),
            (r#"{"instId":"A"}"#, "parameter `legs`: wanted a list of 1 to 2 objects"),
            (r#"["A"]"#, "parameter `legs`: wanted an object"),
            ("true", "parameter `legs`: wanted a list of 1 to 2 objects"),
        ] {
            assert_eq!(read(text), Err(want.to_owned()), "{text}");
        }
    }
}
