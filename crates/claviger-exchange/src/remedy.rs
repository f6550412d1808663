//! The line by which an operator allows what was refused as unknown, where it may be allowed at all.

use claviger_core::{Allowance, Allowed, Endpoint, Method};

use crate::{Exchange, Grammar, ReadError, values};

/// What a refusal says, with the command that allows what was asked where that only reads.
#[must_use]
pub fn explained(exchange: &dyn Exchange, asked: &Endpoint, error: &ReadError) -> String {
    match remedy(exchange, asked, error) {
        Some(command) => format!("{error}; an operator allows it with: {command}"),
        None => error.to_string(),
    }
}

/// The command that allows what was refused; `None` where none does.
///
/// Whatever of it a bot wrote is letters, digits and `/ . _ -`: it may be pasted into a shell.
#[must_use]
pub fn remedy(exchange: &dyn Exchange, asked: &Endpoint, error: &ReadError) -> Option<String> {
    match error {
        ReadError::UnknownEndpoint { .. } | ReadError::NotYetRead { .. } => {
            allow(exchange, asked, Allowed::Read)
        }
        ReadError::UnknownParameter { name, .. } => {
            let what = Allowed::Param { name: name.clone(), grammar: likely(name).to_string().into() };
            allow(exchange, asked, what)
        }
        _ => None,
    }
}

/// The command that allows anybody to ask for this without a key; `None` where it is known, or none does.
#[must_use]
pub fn public_remedy(exchange: &dyn Exchange, asked: &Endpoint) -> Option<String> {
    allow(exchange, asked, Allowed::Public)
}

fn allow(exchange: &dyn Exchange, asked: &Endpoint, what: Allowed) -> Option<String> {
    if asked.method != Method::Get || !exchange.only_reads_by_get() {
        return None;
    }
    let (surface, path) = (asked.surface.clone(), asked.path.clone());
    let allowance = Allowance { exchange: exchange.exchange_name(), surface, path, what };
    exchange.live().could_allow(&allowance).ok()?;
    let verb = if matches!(allowance.what, Allowed::Param { .. }) { "allow-param" } else { "allow-read" };
    Some(format!("claviger exchange {verb} {allowance}"))
}

/// What stands in a parameter of that name at most exchanges; an operator may write another grammar.
fn likely(name: &str) -> Grammar {
    let small = name.to_ascii_lowercase();
    match &*small {
        "symbol" | "pair" | "instid" => Grammar::Symbol,
        "asset" | "coin" | "ccy" => Grammar::Asset,
        "limit" | "size" | "page" | "current" | "rows" | "offset" | "fromid" => {
            Grammar::Whole { min: 0, max: values::MAX_WHOLE }
        }
        _ if small.ends_with("time") => Grammar::Millis,
        _ => Grammar::Id(64),
    }
}
