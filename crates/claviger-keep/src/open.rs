//! Opening the keep of a home: from what is on the disk to the state that requests are judged by.

use std::path::Path;
use std::sync::Arc;

use claviger_core::book::{Book, Owners};
use claviger_core::entry::{OperatorEntry, PolicyEntry, RecoveryEntry};
use claviger_core::{Allowance, Config, Digest, Entry, OperatorAct, Subject};
use claviger_store::{FreezeOf, Journal, JournalError, Opened, State, StateError, StoredBot};
use claviger_vault::Vault;

use crate::bots::{Bots, VirtualBot, format_of};
use crate::catalogues::{self, CatalogueError, Journaled};
use crate::clock::KeepClock;
use crate::floods::Floods;
use crate::hints::Hints;
use crate::holdings::Sheets;
use crate::house::House;
use crate::ids::Ids;
use crate::keep::Keep;
use crate::keys::real_keys;
use crate::markets::Markets;
use crate::replay::Reads;
use crate::room::Room;
use crate::settle::Tickets;

/// What a keep is opened on. Whoever opens it holds the home's lock.
pub struct Opening<'a> {
    /// The home: `journal/`, `state.db` and `claviger.toml` are in it.
    pub home: &'a Path,
    /// The open vault.
    pub vault: Vault,
    /// The user that this process acts as.
    pub own_uid: u32,
}

/// The keep cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal is not whole, or cannot be used.
    #[error("cannot open the journal")]
    Journal(#[from] JournalError),
    /// `state.db` cannot be used.
    #[error("cannot open state.db")]
    State(#[from] StateError),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    Random(#[source] std::io::Error),
    /// An empty policy cannot be read: claviger's own mistake.
    #[error("cannot make an empty policy")]
    Policy(#[from] claviger_core::ConfigError),
    /// A newer catalogue that was taken is not what it was, or not what its maintainers gave out.
    #[error("a catalogue that was taken cannot be used")]
    Catalogue(#[from] CatalogueError),
}

/// What the journal tells.
struct Told {
    book: Book,
    owners: Owners,
    policy: Option<PolicyEntry>,
    catalogues: Journaled,
}

impl Keep {
    /// Opens the keep of a home. What an earlier one left under way is of unknown fate from here on.
    ///
    /// # Errors
    /// [`OpenError`] says what cannot be used; nothing was changed then, but for what recovery sets aside.
    pub fn open(opening: Opening<'_>) -> Result<Self, OpenError> {
        let Opening { home, vault, own_uid } = opening;
        Self::open_shared(home, Arc::new(vault), own_uid)
    }

    /// As [`Keep::open`], on a vault that others hold too.
    pub(crate) fn open_shared(home: &Path, vault: Arc<Vault>, own_uid: u32) -> Result<Self, OpenError> {
        let state = State::open(&home.join("state.db"))?;
        let mut told = Told {
            book: Book::new(),
            owners: Owners::default(),
            policy: None,
            catalogues: Journaled::default(),
        };
        let (journal, opened) =
            Journal::open::<Entry>(&home.join("journal"), &mut |record| told.take(record.entry))?;
        let clock = KeepClock::start(opened.last.unwrap_or_default());
        let config = told.config(&state)?;
        told.catalogues.check(&state)?;
        catalogues::adopt(&state, &config)?;
        let mut room = Room {
            clock,
            markets: Markets::default(),
            book: told.book,
            owners: told.owners,
            config: Arc::new(config),
            bots: bots(&state)?,
            keys: real_keys(&vault),
            journal,
            ids: Ids::new(random()?),
            reads: Reads::default(),
            floods: Floods::default(),
            tickets: Tickets::default(),
            house: House::default(),
            hints: Hints::default(),
            sheets: Sheets::default(),
            state,
            narrowed: Vec::new(),
            own_uid,
            stopping: false,
        };
        room.widen()?;
        room.keep_frozen()?;
        room.recover(&opened)?;
        Ok(Self::furnished(room, vault, home.join("claviger.toml")))
    }
}

impl Told {
    fn take(&mut self, entry: Entry) {
        self.book.fold(&entry);
        self.catalogues.take(&entry);
        self.owners.fold(&entry);
        if let Entry::Policy(policy) = entry {
            self.policy = Some(policy);
        }
    }

    /// The active policy: the journal's last, else what `state.db` says. One that cannot be read allows nothing.
    fn config(&self, state: &State) -> Result<Config, OpenError> {
        let text = match &self.policy {
            Some(policy) => Some((policy.hash, policy.text.to_string())),
            None => state.active_policy()?.map(|version| (Digest::of(version.text.as_bytes()), version.text)),
        };
        let known = claviger_exchange::known();
        let nothing = Config::parse("", "nothing", &known)?;
        let Some((hash, text)) = text else { return Ok(nothing) };
        match Config::parse(&text, "the active policy", &known) {
            Ok(config) if config.hash() == hash => Ok(config),
            Ok(_) => {
                tracing::error!("the active policy's hash does not fit its text: nothing is allowed");
                Ok(nothing)
            }
            Err(error) => {
                tracing::error!(%error, "the active policy cannot be read: nothing is allowed until `claviger apply`");
                Ok(nothing)
            }
        }
    }
}

impl Room {
    /// What operators allow beside the catalogues counts again, as far as it fits them.
    fn widen(&self) -> Result<(), OpenError> {
        let noted: Vec<Allowance> = self.state.allowances()?.into_iter().map(|(noted, _)| noted).collect();
        for exchange in claviger_exchange::EXCHANGES.iter().filter(|exchange| exchange.only_reads_by_get()) {
            let of: Vec<Allowance> =
                noted.iter().filter(|one| one.exchange.as_str() == exchange.name()).cloned().collect();
            if of.is_empty() {
                continue;
            }
            let (fits, rest) = exchange.live().fitting(&of);
            for (allowance, why) in rest {
                tracing::warn!(%allowance, %why, "what an operator allowed does not count any more");
            }
            if let Err(error) = exchange.live().allow(&fits) {
                tracing::error!(%error, exchange = exchange.name(), "nothing counts of what operators allowed");
            }
        }
        Ok(())
    }

    /// Whatever either memory says is frozen stays frozen.
    fn keep_frozen(&mut self) -> Result<(), OpenError> {
        for (target, at) in self.state.freezes()? {
            let subject = match target {
                FreezeOf::Bot(name) => Subject::Bot(name),
                FreezeOf::Key(name) => Subject::Key(name),
            };
            let act = OperatorAct::Freeze(subject);
            self.fold(&Entry::Operator(OperatorEntry { at, by: "state.db".into(), act }));
        }
        Ok(())
    }

    /// Notes that an earlier keep left something under way.
    fn recover(&mut self, opened: &Opened) -> Result<(), OpenError> {
        let open = self.book.pending().count();
        if let Some(recovered) = &opened.recovered {
            tracing::warn!(file = %recovered.file.display(), bytes = recovered.bytes, "a crash left an unfinished entry");
        }
        if open == 0 {
            return Ok(());
        }
        let at = self.now();
        let note = format!("{open} requests were under way").into();
        let entry = Entry::Recovery(RecoveryEntry { at, note });
        self.fold(&entry);
        match self.journal.append(at, &entry).and_then(|position| self.journal.syncer().sync(position)) {
            Err(error) if !opened.full => Err(error.into()),
            _ => Ok(()),
        }
    }
}

fn bots(state: &State) -> Result<Bots, OpenError> {
    let known = state.bots()?.into_iter().filter_map(virtual_bot);
    Ok(Bots::new(known, random()?))
}

fn virtual_bot(stored: StoredBot) -> Option<VirtualBot> {
    let exchange = claviger_exchange::exchange(stored.exchange.as_str())?;
    Some(VirtualBot {
        name: stored.name,
        id: stored.virtual_id.parse().ok()?,
        exchange: stored.exchange,
        version: stored.version,
        format: format_of(exchange),
    })
}

fn random<const N: usize>() -> Result<[u8; N], OpenError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| OpenError::Random(std::io::Error::other(error.to_string())))?;
    Ok(bytes)
}
