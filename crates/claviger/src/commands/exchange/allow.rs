//! What operators allow beside the catalogues: let bots read more, list it, take it back.

use claviger_core::{Allowance, Allowed, ExchangeName, Time};
use claviger_door::{Command, Exit, Said};
use claviger_exchange::EXCHANGES;
use claviger_store::State;
use serde_json::json;

use crate::args::{Endpoint, Global, NewParam};
use crate::factor::Factor;
use crate::failure::Failure;
use crate::home::Home;
use crate::operator::Operator;
use crate::out::{say_json, table};
use crate::stamp;

/// Lets bots read an endpoint.
pub fn read(global: &Global, endpoint: &Endpoint, public: bool) -> Result<(), Failure> {
    let what = if public { Allowed::Public } else { Allowed::Read };
    allow(global, allowance(endpoint, what)?)
}

/// Lets bots send one more parameter.
pub fn param(global: &Global, endpoint: &Endpoint, param: &NewParam) -> Result<(), Failure> {
    let what = Allowed::Param { name: param.name.clone(), grammar: param.grammar.clone() };
    allow(global, allowance(endpoint, what)?)
}

fn allow(global: &Global, allowance: Allowance) -> Result<(), Failure> {
    // What can never be allowed costs no passphrase.
    super::named(allowance.exchange.as_str())?;
    let home = Home::locate(global.home.clone())?;
    let mut factor = Factor::from(global.passphrase());
    let mut operator = Operator::reach(&home, &mut factor)?;
    let line = allowance.to_string();
    operator.command(Command::Allow(Box::new(allowance), factor.ask()?))?;
    crate::commands::done(global.json, format_args!("allowed: {line}"));
    Ok(())
}

/// Takes back what was allowed.
pub fn disallow(global: &Global, endpoint: &Endpoint, param: Option<&str>) -> Result<(), Failure> {
    let what = match param {
        // Its grammar does not matter.
        Some(name) => Allowed::Param { name: name.into(), grammar: Box::default() },
        None => Allowed::Read,
    };
    let allowance = allowance(endpoint, what)?;
    let home = Home::locate(global.home.clone())?;
    let mut operator = Operator::reach(&home, &mut Factor::from(global.passphrase()))?;
    match operator.command(Command::Disallow(Box::new(allowance)))? {
        Said::Lines(lines) => {
            for line in lines {
                crate::commands::done(global.json, format_args!("not allowed any more: {line}"));
            }
            Ok(())
        }
        _ => Err(crate::commands::odd_answer()),
    }
}

fn allowance(endpoint: &Endpoint, what: Allowed) -> Result<Allowance, Failure> {
    let Endpoint { name, surface, method, path } = endpoint;
    if method.as_str() != "GET" {
        return Err(Failure::new(Exit::Catalogue, format!("`{method} {path}` cannot be allowed"))
            .because("only GET is known to change nothing")
            .hint("a newer claviger: what changes something, claviger itself must understand"));
    }
    Ok(Allowance { exchange: name.clone(), surface: surface.clone(), path: path.as_str().into(), what })
}

/// Lists what is allowed.
pub fn list(global: &Global, of: Option<&ExchangeName>) -> Result<(), Failure> {
    let home = Home::locate(global.home.clone())?;
    home.check()?;
    let mut all = noted(&home)?;
    all.retain(|(one, _)| of.is_none_or(|of| *of == one.exchange));
    if global.json {
        for (one, at) in &all {
            let (param, grammar) = match &one.what {
                Allowed::Param { name, grammar } => (Some(name), Some(grammar)),
                Allowed::Read | Allowed::Public => (None, None),
            };
            say_json(&json!({
                "exchange": one.exchange, "surface": one.surface, "method": "GET", "path": one.path,
                "public": one.what == Allowed::Public, "param": param, "grammar": grammar, "since": at,
            }));
        }
        return Ok(());
    }
    let row = |(one, at): &(Allowance, Time)| vec![stamp::shown(*at), one.to_string()];
    table(&["since", "allowed beside the catalogue"], &all.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

/// Has this process know what the home's operators allow, so that what it shows is what counts.
pub fn take_in(global: &Global) -> Result<(), Failure> {
    let Ok(home) = Home::locate(global.home.clone()) else { return Ok(()) };
    if !home.state().exists() {
        return Ok(());
    }
    crate::processes::catalogues(&home)?;
    let noted = noted(&home)?;
    for exchange in EXCHANGES.iter().filter(|exchange| exchange.only_reads_by_get()) {
        let of = noted.iter().map(|(one, _)| one).filter(|one| one.exchange.as_str() == exchange.name());
        let (fits, rest) = exchange.live().fitting(&of.cloned().collect::<Vec<_>>());
        for (allowance, why) in rest {
            crate::out::warn(format_args!("`{allowance}` does not count any more: {why}"));
        }
        // What fits is taken.
        let _ = exchange.live().allow(&fits);
    }
    Ok(())
}

fn noted(home: &Home) -> Result<Vec<(Allowance, Time)>, Failure> {
    let state = State::open(&home.state()).map_err(|e| crate::commands::state_unusable(&e))?;
    state.allowances().map_err(|e| crate::commands::state_unusable(&e))
}
