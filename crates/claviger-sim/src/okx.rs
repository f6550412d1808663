//! The paper OKX, v5.

mod account;
mod algo;
mod asset;
mod auth;
mod convert;
mod errors;
mod market;
mod orders;
mod public;
mod render;
mod routes;

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::engine::{Engine, Instrument, Market};
use crate::json::parse;
use crate::params::{number, pairs};
use crate::venue::{Ask, Key, Paper, Reply, locked};
use errors::Refusal;

/// What this exchange answers.
pub(crate) fn answer(paper: &Paper, ask: &Ask) -> Reply {
    let Some(route) = routes::find(&ask.method, &ask.path) else {
        return Reply::json(
            404,
            &json!({ "code": "50404", "data": [], "msg": "Request URL does not exist" }),
        );
    };
    match run(paper, ask, route) {
        Ok(Answer { code, data }) => {
            let msg = if code == "0" { "" } else { "All operations failed" };
            let now = paper.now().saturating_mul(1000).to_string();
            Reply::json(
                200,
                &json!({ "code": code, "data": data, "inTime": now, "msg": msg, "outTime": now }),
            )
        }
        Err(refusal) => Reply::json(refusal.status, &refusal.body()),
    }
}

/// The data of an answer and its code: 0, or 1 and 2 where all or some of several things failed.
struct Answer {
    code: &'static str,
    data: Value,
}

impl From<Value> for Answer {
    fn from(data: Value) -> Self {
        Self { code: "0", data }
    }
}

fn run(paper: &Paper, ask: &Ask, route: &routes::Route) -> Result<Answer, Refusal> {
    let key = auth::check(paper, ask, route)?;
    let items = if ask.method == "POST" { items(&ask.body)? } else { vec![query(&ask.query)?] };
    let mut call = Call {
        now: paper.now(),
        engine: locked(&paper.engine),
        key,
        deadline: ask.header("exptime").and_then(|text| text.parse().ok()),
        params: items.first().cloned().unwrap_or_default(),
        items,
    };
    call.engine.tick(call.now);
    for name in route.mandatory.split_whitespace() {
        call.must(name)?;
    }
    (route.run)(&mut call)
}

type Params = BTreeMap<String, Value>;

fn query(raw: &str) -> Result<Params, Refusal> {
    let all = pairs(raw).ok_or_else(|| Refusal::parameter("query"))?;
    Ok(all.into_iter().map(|(name, value)| (name, Value::String(value))).collect())
}

/// The objects of a body: one, or a list of them. An empty body is an empty object.
fn items(body: &[u8]) -> Result<Vec<Params>, Refusal> {
    if body.is_empty() {
        return Ok(vec![Params::new()]);
    }
    let object = |value: Value| match value {
        Value::Object(map) => Some(map.into_iter().collect()),
        _ => None,
    };
    let all: Option<Vec<Params>> = match parse(body) {
        Some(Value::Array(list)) => list.into_iter().map(object).collect(),
        Some(other) => object(other).map(|one| vec![one]),
        None => None,
    };
    all.filter(|all| !all.is_empty()).ok_or_else(|| Refusal::new(400, "50002", "JSON syntax error"))
}

/// One request that passed the door.
struct Call<'a> {
    engine: MutexGuard<'a, Engine>,
    key: Option<&'a Key>,
    items: Vec<Params>,
    params: Params,
    deadline: Option<u64>,
    now: u64,
}

impl Call<'_> {
    /// A parameter as text. Empty text counts as not sent, as clients send it so.
    fn get(&self, name: &str) -> Option<String> {
        match self.params.get(name)? {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn must(&self, name: &str) -> Result<String, Refusal> {
        self.get(name).ok_or_else(|| Refusal::new(400, "50014", format!("Parameter {name} can not be empty")))
    }

    fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        self.get(name).map(|text| number(&text).ok_or_else(|| Refusal::parameter(name))).transpose()
    }

    fn integer(&self, name: &str) -> Result<Option<u64>, Refusal> {
        self.get(name).map(|text| text.parse().map_err(|_| Refusal::parameter(name))).transpose()
    }

    fn boolean(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Refusal::parameter(name)),
        }
    }

    fn limit(&self, usual: usize, most: usize) -> Result<usize, Refusal> {
        let asked = self.integer("limit")?.and_then(|limit| usize::try_from(limit).ok());
        Ok(asked.unwrap_or(usual).min(most))
    }

    fn instrument(&self) -> Result<Arc<Instrument>, Refusal> {
        self.named(&self.must("instId")?)
    }

    fn named(&self, id: &str) -> Result<Arc<Instrument>, Refusal> {
        let listed = self.engine.listing(Market::Spot, id).or_else(|| self.engine.listing(Market::Swap, id));
        listed.map(|listing| Arc::clone(&listing.instrument)).ok_or_else(Refusal::no_instrument)
    }

    /// The market of `instType`; other types exist, but nothing is listed there.
    fn kind(&self) -> Result<Option<Kind>, Refusal> {
        match self.get("instType").as_deref() {
            None => Ok(None),
            Some("SPOT") => Ok(Some(Kind::Of(Market::Spot))),
            Some("SWAP") => Ok(Some(Kind::Of(Market::Swap))),
            Some("MARGIN" | "FUTURES" | "OPTION" | "EVENTS") => Ok(Some(Kind::Empty)),
            Some(_) => Err(Refusal::parameter("instType")),
        }
    }

    fn account(&self) -> &str {
        self.key.map_or("", |key| key.id.as_str())
    }
}

/// A kind of instrument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Of(Market),
    Empty,
}

impl Kind {
    fn has(self, instrument: &Instrument) -> bool {
        self == Self::Of(instrument.market)
    }
}
