//! One endpoint, for people: what it does, what it needs, what claviger checks, what may stand in it.

use claviger_door::Exit;
use claviger_exchange::{Exchange, Origin, ParamSpec, Row, Security};

use super::{refusal, row_json, verb};
use crate::failure::Failure;
use crate::out::{say, say_json};

/// How many paths are named where the one asked for is not known.
const NEAREST: usize = 5;

/// Every row of a path, or of a verb and a path.
pub fn show(exchange: &'static dyn Exchange, asked: &str, as_json: bool) -> Result<(), Failure> {
    let (only, path) = match asked.split_once(' ') {
        Some((verb, path)) => (Some(verb.to_ascii_uppercase()), path.trim()),
        None => (None, asked),
    };
    let mut rows = exchange.live().rows();
    rows.retain(|row| *row.path == *path && only.as_ref().is_none_or(|only| *only == verb(row)));
    if rows.is_empty() {
        return Err(unknown(exchange, asked, path));
    }
    if as_json {
        rows.iter().for_each(|row| say_json(&row_json(exchange, row)));
        return Ok(());
    }
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            say("");
        }
        lines(exchange, row).iter().for_each(say);
    }
    Ok(())
}

fn unknown(exchange: &dyn Exchange, asked: &str, path: &str) -> Failure {
    let failure = Failure::new(Exit::Name, format!("{} has no endpoint `{asked}`", exchange.name()));
    let nearest = exchange.catalogue().nearest(path, NEAREST);
    let failure = match nearest.as_slice() {
        [] => failure,
        nearest => failure.because(format!("it is not in the catalogue; near it: {}", nearest.join(", "))),
    };
    failure.hint(format!("`claviger exchange show {}` for every endpoint", exchange.name()))
}

fn lines(exchange: &dyn Exchange, row: &Row) -> Vec<String> {
    let field = |name: &str, text: &str| format!("  {name:<10}  {text}");
    let market = row.market.map(|market| format!(", {}", market.as_str())).unwrap_or_default();
    let mut lines =
        vec![format!("{} {}  ({}, {}{market})", verb(row), row.path, exchange.name(), row.surface)];
    if !row.about.is_empty() {
        lines.push(field("does", &row.about));
    }
    lines.push(field("needs", &needs(row)));
    match refusal(row) {
        Some(refusal) => lines.push(field("claviger", &refusal)),
        None => {
            lines.push(field("checks", row.kind.checks()));
            lines.push(field("answer", row.answer.meaning()));
            lines.extend(parameters(&row.params));
        }
    }
    if !row.flags.is_empty() {
        lines.push(field("flags", &row.flags.join(", ")));
    }
    lines.extend(source(row).iter().map(|text| field("source", text)));
    lines
}

/// Where the row is from; one that an operator allowed may have no other source.
fn source(row: &Row) -> Vec<String> {
    let read = (!row.source.is_empty()).then(|| format!("{}, read {}", row.source, row.date));
    let allowed = || "an operator: `claviger exchange allowed` lists it".to_owned();
    let more = match row.origin {
        Origin::Compiled => None,
        Origin::Signed => Some("a newer catalogue: `claviger exchange list` shows its version".to_owned()),
        Origin::Operator => Some(allowed()),
    };
    read.into_iter().chain(more).collect()
}

fn needs(row: &Row) -> String {
    let risk = super::risk(row);
    match row.security {
        Security::None => format!("nothing: anybody may ask (risk {risk})"),
        Security::KeyOnly => {
            format!("the grant `{}` (risk {risk}); the exchange wants the key's id only", row.permission)
        }
        Security::Signed => format!("the grant `{}` (risk {risk}); signed", row.permission),
    }
}

fn parameters(params: &[ParamSpec]) -> Vec<String> {
    if params.is_empty() {
        return vec!["  parameters  none".to_owned()];
    }
    let wide = params.iter().map(|param| param.name.len()).max().unwrap_or_default();
    let grammars: Vec<String> = params.iter().map(|param| param.grammar.to_string()).collect();
    let long = grammars.iter().map(String::len).max().unwrap_or_default().min(LONGEST_GRAMMAR);
    let mut lines = vec!["  parameters".to_owned()];
    for (param, grammar) in params.iter().zip(&grammars) {
        let required = if param.required { "required" } else { "" };
        let judged = if param.judged { "judged" } else { "" };
        let line =
            format!("    {:wide$}  {required:8}  {judged:6}  {grammar:long$}  {}", param.name, param.about);
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// Grammars that are longer than this do not push the meaning of all others away.
const LONGEST_GRAMMAR: usize = 32;
