//! Commands: one file each, one line here.

mod apply;
mod bot;
mod ca;
mod completions;
mod exchange;
mod init;
mod journal;
mod key;
mod offline;
mod policy;
mod sim;
mod status;
mod tls;
mod vault;

use crate::args::{Args, Command};
use crate::failure::Failure;
use crate::{demo, processes};

pub use journal::broken as journal_broken;
pub use offline::unusable as state_unusable;

/// What the demonstration shares with the commands.
pub mod demo_parts {
    pub use super::init::make;
    pub use super::sim::{Keys, letters, not_started, venue};
}

/// Runs the command.
pub fn run(args: Args) -> Result<(), Failure> {
    let Args { global, command } = args;
    match command {
        Command::Init { small_machine } => init::run(&global, small_machine),
        Command::Key(command) => key::run(&global, command),
        Command::Bot(command) => bot::run(&global, command),
        Command::Apply { dry_run } => apply::run(&global, dry_run),
        Command::Policy(command) => policy::run(&global, &command),
        Command::Serve { log, with_parent } => processes::serve(&global, (log, with_parent)),
        Command::Status { check } => status::run(&global, check),
        Command::Vault(command) => vault::run(&global, &command),
        Command::Ca(command) => ca::run(&global, &command),
        Command::Tls(command) => tls::run(&global, &command),
        Command::Journal(command) => journal::run(&global, command),
        Command::Exchange(command) => exchange::run(&global, &command),
        Command::Sim(sim) => sim::run(&global, sim),
        Command::Demo { once } => demo::run(&global, once),
        Command::Completions { shell } => completions::run(shell),
        Command::Keep(keep) => processes::keep(&global, &keep),
    }
}

/// The desk said something that does not answer the command.
fn odd_answer() -> Failure {
    Failure::new(
        claviger_door::Exit::OtherVersion,
        "the running claviger gave an answer that does not fit the command",
    )
}

/// Says that it is done.
fn done(as_json: bool, what: impl std::fmt::Display) {
    if as_json {
        crate::out::say_json(&serde_json::json!({ "done": what.to_string() }));
    } else {
        crate::out::say(what);
    }
}
