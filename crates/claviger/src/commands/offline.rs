//! What can be done without the vault while no claviger runs: look, and freeze.

use claviger_core::entry::OperatorEntry;
use claviger_core::{Entry, OperatorAct, Subject, Time};
use claviger_door::{Bot, Command, Exit, Key, Said, Target};
use claviger_store::{FreezeOf, Journal, State, StateError};

use super::journal::broken;
use crate::configuration;
use crate::failure::Failure;
use crate::home::Home;
use crate::operator::Operator;
use crate::processes::keep_lock;
use crate::stamp;

/// Freezes a bot or key: by the running claviger, else in the files that the next one reads.
pub fn freeze(home: &Home, as_json: bool, target: Target) -> Result<(), Failure> {
    let shown = match &target {
        Target::Bot(name) => format!("bot {name} is frozen"),
        Target::Key(name) => format!("key {name} is frozen, and every bot that uses it"),
    };
    match Operator::running(home)? {
        Some(mut operator) => {
            if let Said::Lines(lines) = operator.command(Command::Freeze(target))? {
                lines.iter().for_each(crate::out::warn);
            }
        }
        None => freeze_here(home, &target)?,
    }
    super::done(as_json, shown);
    Ok(())
}

fn freeze_here(home: &Home, target: &Target) -> Result<(), Failure> {
    let _lock = (home.lock()?, keep_lock(home)?);
    let mut state = open(home)?;
    let (subject, freeze) = match target {
        Target::Bot(name) => (Subject::Bot(name.clone()), FreezeOf::Bot(name.clone())),
        Target::Key(name) => (Subject::Key(name.clone()), FreezeOf::Key(name.clone())),
    };
    if !known(&state, &freeze)? {
        let list = if matches!(freeze, FreezeOf::Bot(_)) { "bot" } else { "key" };
        return Err(Failure::new(Exit::Name, format!("there is no such {list}"))
            .hint(format!("`claviger {list} list`")));
    }
    let mut last = Time::default();
    let opened = Journal::open::<Entry>(&home.journal(), &mut |record| last = last.max(record.at));
    let (mut journal, _) = opened.map_err(|e| broken(&e))?;
    let at = stamp::now().max(last);
    let by = format!("uid {}", claviger_os::current_uid()).into();
    let entry = Entry::Operator(OperatorEntry { at, by, act: OperatorAct::Freeze(subject) });
    journal.append_urgent(at, &entry).map_err(|e| broken(&e))?;
    state.freeze(&freeze, at).map_err(|e| unusable(&e))
}

fn known(state: &State, target: &FreezeOf) -> Result<bool, Failure> {
    match target {
        FreezeOf::Bot(name) => {
            Ok(state.bots().map_err(|e| unusable(&e))?.iter().any(|bot| bot.name == *name))
        }
        FreezeOf::Key(name) => {
            Ok(state.keys().map_err(|e| unusable(&e))?.iter().any(|key| key.name == *name))
        }
    }
}

/// Every key, from the files.
pub fn keys(home: &Home) -> Result<Vec<Key>, Failure> {
    let state = open(home)?;
    let frozen = state.freezes().map_err(|e| unusable(&e))?;
    let keys = state.keys().map_err(|e| unusable(&e))?;
    let shown = keys.into_iter().map(|key| Key {
        frozen: frozen.iter().any(|(of, _)| *of == FreezeOf::Key(key.name.clone())),
        name: key.name,
        exchange: key.exchange,
        environment: key.environment,
        hosts: key.hosts,
        id: key.id,
        scheme: key.scheme,
        added: key.added,
    });
    Ok(shown.collect())
}

/// Every bot, from the files. What is used of its limits only a running claviger knows.
pub fn bots(home: &Home) -> Result<Vec<Bot>, Failure> {
    let config = configuration::load(home)?;
    let state = open(home)?;
    let frozen = state.freezes().map_err(|e| unusable(&e))?;
    let bots = state.bots().map_err(|e| unusable(&e))?;
    let shown = bots.into_iter().map(|bot| {
        let policy = config.policies().bot(&bot.name);
        let key = policy.map(|policy| policy.key().clone());
        let limits = policy.map(|policy| policy.rules().shown()).unwrap_or_default();
        let is_frozen = frozen.iter().any(|(of, _)| match of {
            FreezeOf::Bot(name) => *name == bot.name,
            FreezeOf::Key(name) => Some(name) == key.as_ref(),
        });
        Bot {
            name: bot.name,
            key,
            exchange: bot.exchange,
            virtual_id: bot.virtual_id,
            added: bot.added,
            frozen: is_frozen,
            limits: limits
                .into_iter()
                .map(|(name, shown)| (name.into(), shown.text.into(), "".into()))
                .collect(),
        }
    });
    Ok(shown.collect())
}

fn open(home: &Home) -> Result<State, Failure> {
    State::open(&home.state()).map_err(|e| unusable(&e))
}

/// `state.db` cannot be used.
pub fn unusable(error: &StateError) -> Failure {
    let exit = match error {
        StateError::NotPrivate(_) => Exit::NotPrivate,
        _ => Exit::Store,
    };
    Failure::new(exit, "the file of bots and keys cannot be used").caused_by(error).full_disk(error.is_full())
}
