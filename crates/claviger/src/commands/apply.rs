//! `apply`: make claviger.toml the active policy.

use claviger_door::{Command, Exit, Said};
use serde_json::{Value, json};

use crate::args::Global;
use crate::factor::Factor;
use crate::failure::Failure;
use crate::home::Home;
use crate::operator::Operator;
use crate::out::{say, say_json};

/// Says what would change, and changes it.
pub fn run(global: &Global, dry_run: bool) -> Result<(), Failure> {
    let home = Home::locate(global.home.clone())?;
    let mut factor = Factor::from(global.passphrase());
    let mut operator = Operator::reach(&home, &mut factor)?;
    let applied = apply(&mut operator, &mut factor, dry_run)?;
    applied.show(global.json, dry_run);
    Ok(())
}

/// What `apply` said.
pub struct Applied {
    changes: Vec<(String, bool)>,
    applied: bool,
    needs_factor: bool,
}

/// Looks at what changes, asks for the factor if something widens, and makes it active.
pub fn apply(operator: &mut Operator, factor: &mut Factor, dry_run: bool) -> Result<Applied, Failure> {
    let seen = report(operator.command(Command::Apply { dry_run: true, factor: None })?)?;
    if dry_run {
        return Ok(seen);
    }
    let factor = if seen.needs_factor { Some(factor.ask().map_err(|f| seen.named_in(f))?) } else { None };
    let done = report(operator.command(Command::Apply { dry_run: false, factor })?)?;
    if done.applied {
        Ok(done)
    } else {
        Err(done.named_in(Failure::new(Exit::Factor, "claviger.toml was not made active")))
    }
}

/// What a report says.
pub fn report(said: Said) -> Result<Applied, Failure> {
    match said {
        Said::Report { changes, applied, needs_factor } => Ok(Applied { changes, applied, needs_factor }),
        _ => Err(super::odd_answer()),
    }
}

impl Applied {
    /// Whether it was made active.
    pub const fn is_applied(&self) -> bool {
        self.applied
    }

    /// Whether something widens.
    pub const fn needs_factor(&self) -> bool {
        self.needs_factor
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        let change = |(what, widens): &(String, bool)| json!({ "what": what, "wider": widens });
        let changes: Vec<_> = self.changes.iter().map(change).collect();
        json!({ "changes": changes, "applied": self.applied, "needs_factor": self.needs_factor })
    }

    /// Prints each change.
    pub fn lines(&self) {
        for (what, widens) in &self.changes {
            say(format_args!("{} {what}", if *widens { "wider   " } else { "narrower" }));
        }
    }

    /// Prints the report.
    pub fn show(&self, as_json: bool, dry_run: bool) {
        if as_json {
            say_json(&self.json());
            return;
        }
        self.lines();
        match (self.changes.is_empty(), dry_run) {
            (true, _) => say("nothing changes"),
            (false, true) if self.needs_factor => {
                say("not applied; applying this needs the vault's passphrase")
            }
            (false, true) => say("not applied"),
            (false, false) => say("applied"),
        }
    }

    /// Names what makes the factor necessary.
    pub fn named_in(&self, failure: Failure) -> Failure {
        let wider = self.changes.iter().filter(|(_, widens)| *widens);
        wider.fold(failure, |failure, (what, _)| failure.because(format!("wider: {what}")))
    }
}
