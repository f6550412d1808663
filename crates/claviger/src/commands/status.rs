//! `status`: whether claviger runs, how the exchanges are, and whether claviger.toml is what is in use.

use claviger_door::{Command, Exit, Said};
use serde_json::{Value, json};

use crate::args::Global;
use crate::configuration;
use crate::failure::Failure;
use crate::home::Home;
use crate::operator::Operator;
use crate::out::{say, say_json};
use crate::processes::Status;
use crate::stamp;

/// Shows it.
pub fn run(global: &Global, check: bool) -> Result<(), Failure> {
    let home = Home::locate(global.home.clone())?;
    let Some(mut operator) = Operator::running(&home)? else {
        return not_running(global.json, check);
    };
    let Said::Status { pid, since, policy } = operator.command(Command::Status)? else {
        return Err(super::odd_answer());
    };
    let status = read(&home);
    let file = File::of(&home, &policy);
    if global.json {
        say_json(&json!({
            "running": true, "ready": status.ready, "keep": pid, "gateway": status.pid, "since": since,
            "policy": policy, "file": file.json(), "listen": status.listen, "exchanges": status.exchanges,
        }));
    } else {
        say(format_args!("running since {}, keep {pid}, gateway {}", stamp::shown(since), status.pid));
        say(format_args!("policy {policy}"));
        file.show();
        status.listen.iter().for_each(|address| say(format_args!("bots connect to {address}")));
        for (exchange, venue) in &status.exchanges {
            let state = serde_json::to_value(venue.state).unwrap_or_default();
            let why = venue.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
            say(format_args!("{exchange} is {}{why}", state.as_str().unwrap_or_default()));
        }
    }
    if check { first_wrong(&status, file) } else { Ok(()) }
}

/// The home's claviger.toml, beside the policy that is in use.
enum File {
    /// It is what is in use.
    Active,
    /// It could be used, and is not yet.
    Changed,
    /// It cannot be used.
    Unusable(Failure),
}

impl File {
    fn of(home: &Home, policy: &str) -> Self {
        match configuration::load(home) {
            Ok(config) if config.hash().to_string() == policy => Self::Active,
            Ok(_) => Self::Changed,
            Err(failure) => Self::Unusable(failure),
        }
    }

    fn show(&self) {
        match self {
            Self::Active => {}
            Self::Changed => say(
                "claviger.toml was changed and is NOT in use; `claviger apply --dry-run` shows what it would change",
            ),
            Self::Unusable(failure) => {
                say("claviger.toml cannot be used; the policy from before stays in use");
                failure.reasons().iter().for_each(|why| say(format_args!("  because {why}")));
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Active => json!({ "state": "active" }),
            Self::Changed => json!({ "state": "changed" }),
            Self::Unusable(failure) => json!({ "state": "unusable", "because": failure.reasons() }),
        }
    }
}

fn not_running(as_json: bool, check: bool) -> Result<(), Failure> {
    if check {
        return Err(Failure::new(Exit::Home, "claviger does not run on this home").hint("`claviger serve`"));
    }
    if as_json {
        say_json(&json!({ "running": false, "ready": false }))
    } else {
        say("not running")
    }
    Ok(())
}

/// What the gateway's process wrote last; nothing where it wrote nothing yet.
#[expect(clippy::disallowed_methods, reason = "the file is ours, in the owner-only home, and only shown")]
fn read(home: &Home) -> Status {
    let text = claviger_os::read_private(&home.status(), 1024 * 1024).ok();
    text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn first_wrong(status: &Status, file: File) -> Result<(), Failure> {
    for (exchange, venue) in &status.exchanges {
        if let Some(exit) = venue.state.exit() {
            let failure = Failure::new(exit, format!("{exchange}: {}", exit.meaning()));
            return Err(venue.why.iter().fold(failure, |failure, why| failure.because(why.clone())));
        }
    }
    if !status.ready {
        return Err(Failure::new(Exit::Network, "the exchanges were not heard yet"));
    }
    match file {
        File::Active | File::Changed => Ok(()),
        File::Unusable(failure) => {
            Err(failure.hint("mend it; the policy from before stays in use until it is"))
        }
    }
}
