//! Newer catalogues: taken where their maintainers signed them, and given up again.

use std::path::{Path, PathBuf};

use claviger_core::entry::OperatorEntry;
use claviger_core::{Entry, ExchangeName, OperatorAct, SurfaceName, Time};
use claviger_door::{Command, Exit};
use claviger_store::{Journal, State};
use claviger_vault::{Passphrase, Vault};
use serde_json::json;

use crate::args::Global;
use crate::commands::apply::{Applied, report};
use crate::factor::Factor;
use crate::failure::Failure;
use crate::home::Home;
use crate::operator::Operator;
use crate::out::{say, say_json};
use crate::processes::{keep_lock, vault_failed};
use crate::stamp;

/// The largest file that is read, in bytes.
const MOST: u64 = 4 * 1024 * 1024;

/// Says what a newer catalogue changes, and takes it.
pub fn update(
    global: &Global,
    (file, signature): (&Path, Option<&PathBuf>),
    dry_run: bool,
) -> Result<(), Failure> {
    let beside = PathBuf::from(format!("{}.sig", file.display()));
    let (text, signature) = (text(file)?, text(signature.unwrap_or(&beside))?);
    let home = Home::locate(global.home.clone())?;
    let mut factor = Factor::from(global.passphrase());
    let mut operator = Operator::reach(&home, &mut factor)?;
    let mut ask = |dry_run, factor| {
        let (text, signature) = (text.clone(), signature.clone());
        report(operator.command(Command::UpdateCatalogue { text, signature, dry_run, factor })?)
    };
    let seen = ask(true, None)?;
    if dry_run {
        show(&seen, global.json);
        return Ok(());
    }
    let proven = if seen.needs_factor() { Some(factor.ask().map_err(|f| seen.named_in(f))?) } else { None };
    let done = ask(false, proven)?;
    show(&done, global.json);
    Ok(())
}

fn show(done: &Applied, as_json: bool) {
    if as_json {
        say_json(&done.json());
        return;
    }
    done.lines();
    match (done.is_applied(), done.needs_factor()) {
        (true, _) => say("taken; it is in use when `claviger serve` starts next"),
        (false, true) => say("not taken; taking this needs the vault's passphrase"),
        (false, false) => say("not taken"),
    }
}

fn text(file: &Path) -> Result<String, Failure> {
    let failed = |e: std::io::Error| {
        Failure::new(Exit::Catalogue, format!("cannot read {}", file.display()))
            .caused_by(&e)
            .hint("a catalogue file, and its signature in FILE.sig beside it or in `--signature`")
    };
    let size = std::fs::metadata(file).map_err(failed)?.len();
    if size > MOST {
        return Err(Failure::new(Exit::Catalogue, format!("{} is larger than {MOST} bytes", file.display())));
    }
    std::fs::read_to_string(file).map_err(failed)
}

/// Goes back to the catalogue that is compiled in: by the running claviger, else in the files that the next one reads,
/// for a keep does not open on a catalogue that it cannot verify.
pub fn go_back(global: &Global, of: &[String]) -> Result<(), Failure> {
    let [exchange, surface] = of else {
        return Err(Failure::new(Exit::Usage, "wanted `--drop NAME SURFACE`"));
    };
    super::named(exchange)?;
    let unknown = |e: &dyn std::error::Error| Failure::new(Exit::Name, "no such surface").caused_by(e);
    let (exchange, surface): (ExchangeName, SurfaceName) =
        (exchange.parse().map_err(|e| unknown(&e))?, surface.parse().map_err(|e| unknown(&e))?);
    let (exchange, surface) = (&exchange, &surface);
    let home = Home::locate(global.home.clone())?;
    let mut factor = Factor::from(global.passphrase());
    match Operator::running(&home)? {
        Some(mut operator) => {
            let command = Command::DropCatalogue(exchange.clone(), surface.clone(), factor.ask()?);
            operator.command(command).map(drop)?;
        }
        None => go_back_here(&home, &mut factor, (exchange, surface))?,
    }
    let what = format!(
        "{exchange} {surface} has the catalogue that is compiled in when `claviger serve` starts next"
    );
    if global.json {
        say_json(&json!({ "done": what }))
    } else {
        say(what)
    }
    Ok(())
}

fn go_back_here(
    home: &Home,
    factor: &mut Factor,
    (exchange, surface): (&ExchangeName, &SurfaceName),
) -> Result<(), Failure> {
    let _lock = (home.lock()?, keep_lock(home)?);
    let passphrase = Passphrase::new(factor.ask()?.into_bytes());
    // Whoever opens the vault has proven the factor.
    drop(Vault::open(&home.vault(), &passphrase).map_err(|e| vault_failed(home, &e))?);
    let mut state = State::open(&home.state()).map_err(|e| crate::commands::state_unusable(&e))?;
    let mut seen = (Time::default(), false);
    let opened = Journal::open::<Entry>(&home.journal(), &mut |record| {
        seen.0 = seen.0.max(record.at);
        if let Entry::Operator(OperatorEntry { act, .. }) = &record.entry {
            seen.1 = taken_after(act, (exchange, surface)).unwrap_or(seen.1);
        }
    });
    let (mut journal, _) = opened.map_err(|e| crate::commands::journal_broken(&e))?;
    let kept = state.catalogues().map_err(|e| crate::commands::state_unusable(&e))?;
    let is_kept = kept.iter().any(|one| one.exchange == *exchange && one.surface == *surface);
    if !is_kept && !seen.1 {
        return Err(Failure::new(
            Exit::Name,
            format!("no newer catalogue of {exchange} {surface} was taken"),
        )
        .hint("`claviger exchange list` shows what is in use"));
    }
    let act = OperatorAct::CatalogueDropped { exchange: exchange.clone(), surface: surface.clone() };
    let by = format!("uid {}", claviger_os::current_uid()).into();
    let at = stamp::now().max(seen.0);
    let entry = Entry::Operator(OperatorEntry { at, by, act });
    journal.append_urgent(at, &entry).map_err(|e| crate::commands::journal_broken(&e))?;
    state.drop_catalogue(exchange, surface).map_err(|e| crate::commands::state_unusable(&e))
}

/// Whether a catalogue of that surface counts as taken after this act; `None` where the act is about something else.
fn taken_after(act: &OperatorAct, wanted: (&ExchangeName, &SurfaceName)) -> Option<bool> {
    match act {
        OperatorAct::CatalogueTaken { exchange, surface, .. } => {
            ((exchange, surface) == wanted).then_some(true)
        }
        OperatorAct::CatalogueDropped { exchange, surface } => {
            ((exchange, surface) == wanted).then_some(false)
        }
        _ => None,
    }
}
