//! The line by which an operator allows what was refused as unknown, where it may be allowed at all.

use claviger_core::{Allowance, Allowed, Endpoint, Method};

use crate::{Exchange, Grammar, ReadError, values};

/// What a refusal says, with the command that allows what was asked where that only reads.
#[must_use]
pub fn explained(exchange: &dyn Exchange, asked: &Endpoint, error: &ReadError) -> String {
    match (remedy(exchange, asked, error), error) {
        (Some(command), _) => format!("{error}; an operator allows it with: {command}"),
        (None, ReadError::UnknownEndpoint { .. } | ReadError::UnknownParameter { .. }) => {
            format!("{error}; no operator can allow it, only a newer claviger can know it")
        }
        (None, _) => error.to_string(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: Method, path: &str, error: &ReadError, want: &str) {
        let binance = crate::exchange("binance").unwrap();
        let (exchange, surface) = (binance.exchange_name(), "spot".parse().unwrap());
        let asked = Endpoint { exchange, surface, method, path: path.into() };
        let told = explained(binance, &asked, error);
        assert!(told.starts_with(&error.to_string()) && told.ends_with(want), "{told}");
    }

    #[test]
    fn the_line_or_that_there_is_none() {
        let endpoint = |path: &str| ReadError::UnknownEndpoint { method: "GET", path: path.into() };
        let param =
            |name: &str| ReadError::UnknownParameter { name: name.into(), path: "/api/v3/account".into() };
        let none = "; no operator can allow it, only a newer claviger can know it";
        let new = "/sapi/v1/asset/new-thing";
        let line = "with: claviger exchange allow-read binance spot GET /sapi/v1/asset/new-thing";
        check(Method::Get, new, &endpoint(new), line);
        check(Method::Post, new, &endpoint(new), none);
        check(Method::Get, "/sapi/v1/x;reboot", &endpoint("/sapi/v1/x;reboot"), none);
        check(Method::Get, "/sapi/v1/userListenToken", &endpoint("/sapi/v1/userListenToken"), none);
        let line = "with: claviger exchange allow-param binance spot GET /api/v3/account fromTime=millis";
        check(Method::Get, "/api/v3/account", &param("fromTime"), line);
        check(Method::Get, "/api/v3/account", &param("$(reboot)"), none);
        check(Method::Get, "/api/v3/account", &ReadError::Twice("a".into()), "stands twice");
    }
}
