//! `exchange`: what exchanges can be asked, and what claviger makes of it.

mod allow;
mod document;
mod show;
mod update;

use claviger_door::Exit;
use claviger_exchange::{Catalogue, EXCHANGES, Exchange, Kind, ParamSpec, Row};
use serde_json::{Map, Value, json};

use crate::args::{ExchangeCommand, Global};
use crate::failure::Failure;
use crate::out::{say_json, table};

/// Shows the catalogues.
pub fn run(global: &Global, command: &ExchangeCommand) -> Result<(), Failure> {
    match command {
        ExchangeCommand::List => {
            allow::take_in(global)?;
            list(global.json);
        }
        ExchangeCommand::Show { name, path } => {
            let exchange = named(name.as_str())?;
            allow::take_in(global)?;
            match path {
                None => all(exchange, global.json),
                Some(path) => return show::show(exchange, path, global.json),
            }
        }
        ExchangeCommand::AllowRead { endpoint, public } => return allow::read(global, endpoint, *public),
        ExchangeCommand::AllowParam { endpoint, param } => return allow::param(global, endpoint, param),
        ExchangeCommand::Allowed { name } => return allow::list(global, name.as_ref()),
        ExchangeCommand::Disallow { endpoint, param } => {
            return allow::disallow(global, endpoint, param.as_deref());
        }
        ExchangeCommand::Update { file, signature, dry_run, drop } => {
            return match (file, drop) {
                (Some(file), _) => update::update(global, (file.as_path(), signature.as_ref()), *dry_run),
                (None, of) => update::go_back(global, of.as_deref().unwrap_or_default()),
            };
        }
        ExchangeCommand::Document => crate::out::say(document::page().trim_end()),
    }
    Ok(())
}

/// The exchange of that name, or the names there are.
pub fn named(name: &str) -> Result<&'static dyn Exchange, Failure> {
    claviger_exchange::exchange(name).ok_or_else(|| {
        let names: Vec<&str> = EXCHANGES.iter().map(|e| e.name()).collect();
        Failure::new(Exit::Name, format!("there is no exchange `{name}`"))
            .hint(format!("one of: {}", names.join(", ")))
    })
}

fn list(as_json: bool) {
    if as_json {
        for e in EXCHANGES {
            let catalogue = e.catalogue();
            let updates: Map<String, Value> =
                catalogue.updates().iter().map(|(s, v)| (s.to_string(), (*v).into())).collect();
            say_json(&json!({
                "name": e.name(), "title": e.title(), "endpoints": catalogue.rows().len(),
                "version": catalogue.version(), "updates": updates,
            }));
        }
        return;
    }
    let row = |e: &&dyn Exchange| {
        let prefixes: Vec<String> = e.surfaces().iter().map(|s| format!("/{}", s.prefix)).collect();
        let endpoints = e.catalogue().rows().len().to_string();
        vec![e.name().to_owned(), e.title().to_owned(), version(e.catalogue()), endpoints, prefixes.join(" ")]
    };
    table(
        &["name", "exchange", "catalogue", "endpoints", "base URLs"],
        &EXCHANGES.iter().map(row).collect::<Vec<_>>(),
    );
}

/// The version that is compiled in, and of surfaces that have a newer one, theirs.
fn version(catalogue: &Catalogue) -> String {
    let newer = catalogue.updates().iter().map(|(surface, version)| format!(", {surface} {version}"));
    std::iter::once(catalogue.version().to_string()).chain(newer).collect()
}

fn all(exchange: &dyn Exchange, as_json: bool) {
    let rows = exchange.live().rows();
    if as_json {
        rows.into_iter().for_each(|row| say_json(&row_json(exchange, row)));
        return;
    }
    let line = |row: &Row| {
        let (surface, path) = (row.surface.to_string(), row.path.to_string());
        vec![surface, verb(row), path, row.permission.to_string(), risk(row), decision(row)]
    };
    let heading = ["surface", "verb", "path", "permission", "risk", "parameters"];
    table(&heading, &rows.into_iter().map(line).collect::<Vec<_>>());
}

fn verb(row: &Row) -> String {
    row.verb.as_str().to_owned()
}

fn risk(row: &Row) -> String {
    format!("{:?}", row.risk).to_ascii_lowercase()
}

/// Its parameters in a few words, or that it is refused.
fn decision(row: &Row) -> String {
    if let Some(refusal) = refusal(row) {
        return refusal;
    }
    let name = |p: &ParamSpec| if p.required { p.name.to_string() } else { format!("[{}]", p.name) };
    row.params.iter().map(name).collect::<Vec<_>>().join(" ")
}

/// Why it is refused, of a row that is.
fn refusal(row: &Row) -> Option<String> {
    match (&row.refused, row.kind) {
        (Some(why), _) => Some(format!("refused: {why}")),
        (None, Kind::NotYetRead | Kind::Refused) => Some("refused: not yet read".to_owned()),
        (None, _) => None,
    }
}

fn row_json(exchange: &dyn Exchange, row: &Row) -> Value {
    let mut shown = json!({
        "exchange": exchange.name(),
        "surface": row.surface,
        "method": verb(row),
        "path": row.path,
        "permission": row.permission.as_str(),
        "risk": row.risk,
        "security": row.security,
        "kind": row.kind,
        "flags": row.flags,
        "about": row.about,
        "source": row.source,
        "date": row.date,
        "origin": row.origin,
        "market": row.market,
        "decision": refusal(row).unwrap_or_else(|| "read".to_owned()),
    });
    if let (Some(object), true) = (shown.as_object_mut(), row.kind.is_readable()) {
        object.insert("answer".to_owned(), row.answer.as_str().into());
        object.insert("checks".to_owned(), row.kind.checks().into());
        object.insert("params".to_owned(), row.params.iter().map(param).collect());
    }
    shown
}

fn param(param: &ParamSpec) -> Value {
    json!({
        "name": param.name,
        "grammar": param.grammar,
        "required": param.required,
        "judged": param.judged,
        "place": param.place,
        "about": param.about,
    })
}
