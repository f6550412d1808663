//! The operators' commands, carried out on the state that requests are judged by.
//!
//! They reach the keep past the gateway's process. A factor is checked before the state is locked, because that takes a
//! while; then a command changes journal, file and memory in one step, so that it holds when it returns.

mod allow;
mod bots;
mod keys;
mod listener;
mod narrow;
mod policy;
mod update;
mod wants;

use claviger_core::entry::OperatorEntry;
use claviger_core::{Entry, OperatorAct, Subject};
use claviger_door::{Command, Desk, Exit, Refused, Said, Sensitive, Target};
use claviger_store::{FreezeOf, JournalError, StateError};
use claviger_vault::{Passphrase, VaultError};

use crate::keep::Keep;
use crate::room::Room;

impl Desk for Keep {
    fn command(&mut self, command: Command) -> Result<Said, Refused> {
        self.carry_out(command)
    }
}

impl Keep {
    /// Carries out one command; may be called from any thread.
    ///
    /// # Errors
    /// [`Refused`] says why nothing was changed.
    pub fn carry_out(&self, command: Command) -> Result<Said, Refused> {
        match command {
            Command::Freeze(target) => {
                let said = self.room().freeze(&target);
                self.see_off(&[subject(&target)]);
                said
            }
            Command::Thaw(target, factor) => {
                self.factor(factor)?;
                self.room().thaw(&target)
            }
            Command::Apply { dry_run, factor } => self.apply(dry_run, factor),
            Command::AddKey { key, secret, passphrase, factor } => {
                self.factor(factor)?;
                self.add_key(*key, secret, passphrase)
            }
            Command::RemoveKey(name, factor) => {
                self.factor(factor)?;
                self.remove_key(&name)
            }
            Command::ListenerCa(factor) => {
                self.factor(factor)?;
                self.listener_ca()
            }
            Command::ListenerKey { key, factor } => {
                self.factor(factor)?;
                self.listener_key(key)
            }
            Command::AddBot(name, exchange) => self.add_bot(name, &exchange),
            Command::RemoveBot(name) => {
                let said = self.room().remove_bot(&name);
                self.see_off(&[Subject::Bot(name)]);
                said
            }
            Command::Reveal(name, factor) => {
                self.factor(factor)?;
                self.reveal(&name)
            }
            Command::Allow(allowance, factor) => {
                self.factor(factor)?;
                self.room().allow(*allowance)
            }
            Command::Disallow(allowance) => self.room().disallow(&allowance),
            Command::UpdateCatalogue { text, signature, dry_run, factor } => {
                self.update_catalogue((text, signature), dry_run, factor)
            }
            Command::DropCatalogue(exchange, surface, factor) => {
                self.factor(factor)?;
                self.room().drop_catalogue(exchange, surface)
            }
            Command::Bots => Ok(Said::Bots(self.room().bots())),
            Command::Keys => self.room().keys().map(Said::Keys),
            Command::CheckKey(name) => self.check_key(&name),
            Command::Status => Ok(self.room().status()),
            Command::Stop => {
                self.stop();
                Ok(Said::Done)
            }
        }
    }

    /// Passes if the operator knows the vault's passphrase.
    fn factor(&self, factor: Sensitive) -> Result<(), Refused> {
        let passphrase = Passphrase::new(factor.into_bytes());
        let Some(checked) = self.in_turn(|| self.vault().check_passphrase(&passphrase)) else {
            return Err(refused(
                Exit::Failed,
                "too many passphrases are being checked",
                "try again in a moment; nothing was changed",
            ));
        };
        checked.map_err(|error| match error {
            VaultError::WrongPassphraseOrAltered => refused(
                Exit::Factor,
                "the passphrase is wrong",
                "type the vault's passphrase; nothing was changed",
            ),
            error => because(Exit::Vault, "the passphrase cannot be checked", &error, "nothing was changed"),
        })
    }
}

impl Room {
    /// Holds in memory first, then on disk: it works when the disk does not.
    fn freeze(&mut self, target: &Target) -> Result<Said, Refused> {
        self.must_know(target)?;
        let entry = self.act(OperatorAct::Freeze(subject(target)));
        self.fold(&entry);
        self.narrow(&[subject(target)]);
        let now = self.now();
        let journaled = self.journal.append_urgent(now, &entry).map(|_| ());
        let noted = self.state.freeze(&freeze_of(target), now);
        let mut lines = Vec::new();
        if let Err(error) = &journaled {
            lines.push(format!("the freeze holds, but the journal could not be written: {error}"));
        }
        if let Err(error) = &noted {
            lines.push(format!("the freeze holds, but state.db could not be written: {error}"));
        }
        match (journaled, noted) {
            (Err(error), Err(_)) => Err(because(
                Exit::Store,
                "frozen until claviger stops, but nothing could be written",
                &error,
                "make room on the disk and freeze again",
            )),
            _ if lines.is_empty() => Ok(Said::Done),
            _ => Ok(Said::Lines(lines)),
        }
    }

    fn thaw(&mut self, target: &Target) -> Result<Said, Refused> {
        self.must_know(target)?;
        let entry = self.act(OperatorAct::Thaw(subject(target)));
        self.record(&entry)?;
        self.state.thaw(&freeze_of(target)).map_err(|error| state_failed(&error))?;
        self.fold(&entry);
        Ok(Said::Done)
    }

    fn must_know(&self, target: &Target) -> Result<(), Refused> {
        let known = match target {
            Target::Bot(name) => {
                self.bots.named(name).is_some() || self.config.policies().bot(name).is_some()
            }
            Target::Key(name) => self.keys.contains_key(name) || self.config.policies().key(name).is_some(),
        };
        if known { Ok(()) } else { Err(no_such(target)) }
    }

    /// The entry for something that an operator did now.
    fn act(&self, act: OperatorAct) -> Entry {
        Entry::Operator(OperatorEntry { at: self.now(), by: format!("uid {}", self.own_uid).into(), act })
    }

    /// Writes and syncs an entry; nothing is changed before that.
    fn record(&mut self, entry: &Entry) -> Result<(), Refused> {
        let now = self.now();
        let synced = self.journal.append(now, entry).and_then(|at| self.journal.syncer().sync(at));
        synced.map_err(|error| journal_failed(&error))
    }
}

fn subject(target: &Target) -> Subject {
    match target {
        Target::Bot(name) => Subject::Bot(name.clone()),
        Target::Key(name) => Subject::Key(name.clone()),
    }
}

fn freeze_of(target: &Target) -> FreezeOf {
    match target {
        Target::Bot(name) => FreezeOf::Bot(name.clone()),
        Target::Key(name) => FreezeOf::Key(name.clone()),
    }
}

fn no_such(target: &Target) -> Refused {
    match target {
        Target::Bot(name) => {
            refused(Exit::Name, &format!("there is no bot `{name}`"), "`claviger bot list` shows every bot")
        }
        Target::Key(name) => {
            refused(Exit::Name, &format!("there is no key `{name}`"), "`claviger key list` shows every key")
        }
    }
}

/// A refusal without a further cause.
fn refused(exit: Exit, what: &str, hint: &str) -> Refused {
    Refused { what: what.to_owned(), because: Vec::new(), hint: vec![hint.to_owned()], exit }
}

/// A refusal with every cause on a line of its own.
fn because(exit: Exit, what: &str, error: &dyn std::error::Error, hint: &str) -> Refused {
    let causes = std::iter::successors(Some(error), |e| e.source()).map(ToString::to_string).collect();
    Refused { what: what.to_owned(), because: causes, hint: vec![hint.to_owned()], exit }
}

fn journal_failed(error: &JournalError) -> Refused {
    because(Exit::Store, "the journal cannot be written", error, "make room on the disk and restart claviger")
}

fn state_failed(error: &StateError) -> Refused {
    let exit = match error {
        StateError::Exists { .. } | StateError::Missing { .. } => Exit::Name,
        _ => Exit::Store,
    };
    because(exit, "state.db does not take the change", error, "nothing was changed")
}
