//! The line by which an operator allows what was refused as unknown, where it may be allowed at all.

use claviger_core::Allowance;

use crate::{Exchange, Grammar, ReadError};

/// What a refusal says, and the command that allows it where only reading is asked for.
#[must_use]
pub fn explained(exchange: &dyn Exchange, error: &ReadError) -> String {
    match remedy(exchange, error) {
        Some(command) => format!("{error}; to allow it: {command}"),
        None => error.to_string(),
    }
}

/// The command that allows what was refused; `None` where no command does.
#[must_use]
pub fn remedy(exchange: &dyn Exchange, error: &ReadError) -> Option<String> {
    let name = exchange.name();
    match error {
        ReadError::UnknownEndpoint { method: "GET", path }
        | ReadError::NotYetRead { method: "GET", path, .. } => {
            could(exchange, path, None).then(|| format!("claviger exchange allow-read {name} \"GET {path}\""))
        }
        ReadError::UnknownParameter { name: param, path, method: "GET" } => {
            let grammar = likely(param);
            let allowed = could(exchange, path, Some((param, &grammar)));
            allowed.then(|| format!("claviger exchange allow-param {name} \"GET {path}\" {param}={grammar}"))
        }
        _ => None,
    }
}

fn could(exchange: &dyn Exchange, path: &str, param: Option<(&str, &Grammar)>) -> bool {
    let param = param.map(|(name, grammar)| (name.into(), grammar.to_string().into()));
    let Ok(surface) = surface_of(exchange, path) else { return false };
    let allowance = Allowance { exchange: exchange.exchange_name(), surface, path: path.into(), param };
    let mut all = exchange.catalogue().allowances();
    all.push(allowance);
    exchange.catalogue().could_allow(&all).is_ok()
}

/// The surface on which an operator means a path.
///
/// # Errors
/// Where bots reach no surface that serves such paths.
pub fn surface_of(
    exchange: &dyn Exchange,
    path: &str,
) -> Result<claviger_core::SurfaceName, crate::NotAllowed> {
    let none = || crate::NotAllowed::Surface(exchange.name().into());
    let like = exchange.catalogue().surface_like(path).ok_or_else(none)?;
    let surface = exchange.surfaces().iter().find(|surface| surface.name == like).ok_or_else(none)?;
    Ok(exchange.surface_name(surface))
}

/// What stands in a parameter of that name at most exchanges; an operator may write another grammar.
fn likely(name: &str) -> Grammar {
    let small = name.to_ascii_lowercase();
    match &*small {
        "symbol" | "pair" | "instid" => Grammar::Symbol,
        "asset" | "coin" | "ccy" => Grammar::Asset,
        "limit" | "size" | "page" | "current" | "rows" | "offset" | "fromid" => {
            Grammar::Whole { min: 0, max: crate::values::MAX_WHOLE }
        }
        _ if small.ends_with("time") => Grammar::Millis,
        _ => Grammar::Id(64),
    }
}
