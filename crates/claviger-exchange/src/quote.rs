//! Prices for conversions, as exchanges offer them.

use claviger_core::{Decimal, Intent, Money, Value};

use crate::Grammar;
use crate::json::Json;
use crate::values::{self, Lists};

/// The offer in an answer: who accepts it by its name gives so much, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What the exchange calls it; a request that accepts it can spell it so.
    pub id: Box<str>,
    /// What is given, never nothing.
    pub gives: Money,
    /// Until when it holds: milliseconds since 1970 by the exchange's own clock.
    pub until_ms: u64,
}

/// How the name of a quote is written where it is accepted.
const NAME: Grammar = Grammar::Id(64);

/// The name of a quote, if it is one that can be accepted.
pub(crate) fn name(json: &Json<'_>) -> Option<Box<str>> {
    let text = json.get("quoteId")?.text()?;
    values::parse("quoteId", &NAME, text, Lists::Json).is_ok().then(|| text.into())
}

/// An amount that is more than nothing, written as a text.
pub(crate) fn amount(json: &Json<'_>, name: &str) -> Option<Decimal> {
    json.get(name)?.text()?.parse().ok().filter(|amount: &Decimal| !amount.is_zero())
}

/// A text of what was asked.
pub(crate) fn asked<'i>(intent: &'i Intent, name: &str) -> Option<&'i str> {
    match value(intent, name)? {
        Value::Text(text) => Some(text),
        Value::Number(_) | Value::Whole(_) | Value::Flag(_) | Value::List(_) => None,
    }
}

/// Whether an answer gives an amount as it was asked for, where it was.
pub(crate) fn as_asked(intent: &Intent, json: &Json<'_>, name: &str) -> bool {
    match value(intent, name) {
        Some(Value::Number(asked)) => amount(json, name) == Some(*asked),
        Some(Value::Text(_) | Value::Whole(_) | Value::Flag(_) | Value::List(_)) => false,
        None => true,
    }
}

fn value<'i>(intent: &'i Intent, name: &str) -> Option<&'i Value> {
    intent.params.iter().find(|param| *param.name == *name).map(|param| &param.value)
}
