//! The way of one request.
//!
//! `Keep::receive` goes from what came in to what is written down, `Keep::send` from there to what may leave, and
//! `Keep::settle` takes what came back. Between the first two lies one wait for the disk, shared by all who wait.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use claviger_core::Outcome;
use claviger_door::{Received, Refusal, Reply, Seen};
use claviger_exchange::AnswerKind;
use claviger_store::Syncer;
use claviger_vault::Vault;

use crate::authenticate::authenticate;
use crate::canary;
use crate::hints::Advice;
use crate::record::{Recorded, Written};
use crate::refused::Unserved;
use crate::room::{Asker, Room};
use crate::settle::{Matter, Pending};
use crate::sign::sign;

/// The most passphrases that are checked or wait for it, so that guessing leaves room for other commands.
const MOST_FACTORS: usize = 4;

/// The keep: decides over every request and is alone in having it signed.
///
/// A handle; clones are the same keep.
#[derive(Clone)]
pub struct Keep(Arc<Shared>);

struct Shared {
    room: Mutex<Room>,
    vault: Arc<Vault>,
    syncer: Syncer,
    config_file: PathBuf,
    line: Mutex<Option<UnixStream>>,
    /// Passphrases are checked one after the other: each check takes much memory.
    factor: Mutex<()>,
    factors: AtomicUsize,
}

impl Keep {
    /// Everything up to the record: who asks, what it means, whether it may, and the entry handed to the journal.
    pub(crate) fn receive(&self, received: Received) -> Result<Box<Written>, Refusal> {
        let asker = Asker::of(&received);
        let mut room = self.room();
        let permitted = room
            .serves()
            .and_then(|()| authenticate(received, room.against(&self.0.vault)))
            .map_err(Into::into)
            .and_then(|authenticated| room.read(authenticated))
            .and_then(|meant| room.decide(meant))
            .and_then(|decided| room.write(decided));
        permitted.map_err(|stopped| room.refuse(&asker, &stopped))
    }

    /// From the record to what leaves: durable first, then stamped, printed, signed and given out under a ticket.
    pub(crate) fn send(&self, written: Box<Written>) -> Reply {
        let recorded = match Recorded::durable(written, &self.0.syncer) {
            Ok(recorded) => recorded,
            Err((written, error)) => {
                tracing::error!(%error, "the journal could not be synced");
                return self.unsent(&written, &Unserved::Journal);
            }
        };
        // In a statement of its own: the room is locked no longer than it takes.
        let signing = self.room().signing(recorded.written());
        let signing = match signing {
            Ok(signing) => signing,
            Err(unserved) => return self.unsent(recorded.written(), &unserved),
        };
        match sign(recorded, &signing, &self.0.vault) {
            Ok((request, pending)) => match self.room().give_out(signing.ticket, pending) {
                Ok(()) => Reply::Send(Box::new(request)),
                Err(refusal) => Reply::Refuse(refusal),
            },
            Err((written, unserved)) => self.unsent(&written, &unserved),
        }
    }

    /// What came back: settled once, then told.
    pub(crate) fn settle(&self, ticket: u64, seen: &Seen) -> Reply {
        let mut room = self.room();
        let Some(pending) = room.tickets.take(ticket) else {
            return Reply::Failed("there is nothing to settle under this ticket".into());
        };
        match &pending.matter {
            Matter::Change(id) => room.conclude(*id, pending.outcome(seen), pending.sent_if(seen)),
            Matter::Read(_) => room.hear_quote(&pending, seen),
            Matter::House(read) => {
                room.observe(read, &pending, seen);
                room.observe_account(read, &pending, seen);
                room.observe_holdings(read, &pending, seen);
                return room.heard_of_key(read, &pending, seen).map_or(Reply::Nothing, Reply::Hinted);
            }
        }
        let told = told(&pending, seen);
        let advice = if matches!(told, Reply::Pass) { room.advise(&pending, seen) } else { Advice::None };
        // Sifting and signing lock the room themselves.
        drop(room);
        match advice {
            Advice::None if matches!(told, Reply::Pass) => self.sift(&pending, seen).unwrap_or(told),
            Advice::None => told,
            Advice::Tell(hint) => Reply::Hinted(hint),
            Advice::Look(look) => match self.send(look) {
                Reply::Send(request) => Reply::First(request),
                _ => Reply::Pass,
            },
        }
    }

    /// Settles what was recorded and did not leave.
    fn unsent(&self, written: &Written, unserved: &Unserved) -> Reply {
        Reply::Refuse(self.room().unsent(written, unserved))
    }

    /// Settles everything that waits for an answer as unknown: whoever would tell is gone.
    pub(crate) fn lose_all(&self) {
        let mut room = self.room();
        for pending in room.tickets.take_all() {
            if let Matter::Change(id) = pending.matter {
                let unknown = Outcome::Unknown { why: "the gateway's process is gone".into() };
                room.conclude(id, unknown, Some(pending.sent));
            }
        }
        drop(room);
        self.sync_written();
    }

    pub(crate) fn room(&self) -> MutexGuard<'_, Room> {
        self.0.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a certificate of the listener is made from.
    pub(crate) fn listener_facts(&self) -> (claviger_core::Time, Arc<claviger_core::Config>) {
        let room = self.room();
        (room.now(), Arc::clone(&room.config))
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// Whether an entry is on the disk.
    #[cfg(test)]
    pub(crate) fn is_durable(&self, position: claviger_store::Position) -> bool {
        self.0.syncer.is_synced(position)
    }

    /// Makes durable what nothing waits for.
    pub(crate) fn sync_written(&self) {
        let room = self.room();
        let last = room.journal.last().filter(|_| !room.journal.is_broken());
        drop(room);
        if let Some(Err(error)) = last.map(|last| self.0.syncer.sync(last)) {
            tracing::error!(%error, "the journal could not be synced");
        }
    }

    pub(crate) fn config_file(&self) -> &Path {
        &self.0.config_file
    }

    pub(crate) fn line(&self) -> MutexGuard<'_, Option<UnixStream>> {
        self.0.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `check` when it is its turn; `None` where too many wait for theirs.
    pub(crate) fn in_turn<T>(&self, check: impl FnOnce() -> T) -> Option<T> {
        let checked = (self.0.factors.fetch_add(1, Ordering::AcqRel) < MOST_FACTORS).then(|| {
            let _turn = self.0.factor.lock().unwrap_or_else(PoisonError::into_inner);
            check()
        });
        self.0.factors.fetch_sub(1, Ordering::AcqRel);
        checked
    }

    pub(crate) fn furnished(room: Room, vault: Arc<Vault>, config_file: PathBuf) -> Self {
        let syncer = room.journal.syncer();
        Self(Arc::new(Shared {
            room: Mutex::new(room),
            vault,
            syncer,
            config_file,
            line: Mutex::new(None),
            factor: Mutex::new(()),
            factors: AtomicUsize::new(0),
        }))
    }
}

impl Pending {
    /// The hash of what was sent, if anything was.
    fn sent_if(&self, seen: &Seen) -> Option<claviger_core::Digest> {
        match seen {
            Seen::Answer { .. } | Seen::Lost { .. } => Some(self.sent),
            Seen::NotSent { .. } => None,
        }
    }
}

/// What the bot is told of an answer.
fn told(pending: &Pending, seen: &Seen) -> Reply {
    let unserved = match seen {
        Seen::Answer { body, .. } if canary::holds(body, &pending.real_id) => {
            tracing::error!(endpoint = ?pending.leaves.endpoint, "an answer held the real key's id");
            Unserved::Withheld
        }
        Seen::Answer { body, .. } if pending.answer == AnswerKind::Checked => {
            let Some(held) = claviger_exchange::carries_power(body) else { return Reply::Pass };
            tracing::error!(endpoint = ?pending.leaves.endpoint, held, "an answer may hold a key or a token");
            Unserved::Withheld
        }
        Seen::Answer { .. } => return Reply::Pass,
        Seen::NotSent { .. } => Unserved::NotSent,
        Seen::Lost { .. } if pending.leaves.act.changes_state() => Unserved::NoAnswer,
        Seen::Lost { .. } => Unserved::NoData,
    };
    let id = match pending.matter {
        Matter::Change(id) | Matter::Read(id) => Some(id),
        Matter::House(_) => None,
    };
    Reply::Instead(unserved.told(pending.exchange, Some(&pending.leaves), id))
}
