//! What a judgement needs, under one lock: policy, book, journal and memory.

mod refuse;

use std::collections::HashMap;
use std::sync::Arc;

use claviger_core::book::{Ask, Book, Owners, Permit};
use claviger_core::{
    BotName, BotPolicy, Config, Denial, Digest, Entry, Evidence, Intent, IntentId, KeyName, MarketView,
    Outcome, Replay, Subject, Time,
};
use claviger_door::Refusal;
use claviger_exchange::{AnswerKind, ReadError, Row, Security, Stamp};
use claviger_store::{Journal, State};
use claviger_vault::Vault;

use crate::authenticate::{Against, Authenticated, Known};
use crate::bots::Bots;
use crate::clock::KeepClock;
use crate::floods::Floods;
use crate::hints::Hints;
use crate::holdings::Sheets;
use crate::house::House;
use crate::ids::Ids;
use crate::keys::{RealKey, real_keys};
use crate::markets::Markets;
use crate::record::{Grounds, Written};
use crate::refused::Unserved;
use crate::replay::Reads;
use crate::settle::{Matter, Pending, Tickets};
use crate::sign::{Signing, host_of, returns};

pub(crate) use refuse::{Asker, Stopped};

/// Everything that a judgement reads and changes.
pub(crate) struct Room {
    pub(crate) clock: KeepClock,
    pub(crate) markets: Markets,
    pub(crate) book: Book,
    pub(crate) owners: Owners,
    pub(crate) config: Arc<Config>,
    pub(crate) bots: Bots,
    pub(crate) keys: HashMap<KeyName, Arc<RealKey>>,
    pub(crate) journal: Journal,
    pub(crate) state: State,
    pub(crate) ids: Ids,
    pub(crate) reads: Reads,
    pub(crate) floods: Floods,
    pub(crate) tickets: Tickets,
    pub(crate) house: House,
    pub(crate) hints: Hints,
    pub(crate) sheets: Sheets,
    /// Who was narrowed last, and what was permitted before that: bots and keys, so few.
    pub(crate) narrowed: Vec<(Subject, IntentId)>,
    pub(crate) own_uid: u32,
    pub(crate) stopping: bool,
}

/// A request that is understood.
pub(crate) struct Meant {
    known: Known,
    intent: Intent,
    row: &'static Row,
}

/// A request that is permitted.
#[must_use = "what it may cost is reserved"]
pub(crate) struct Decided {
    permit: Permit,
    known: Known,
    row: &'static Row,
}

impl Room {
    /// The keep's time.
    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// What a request is authenticated against.
    pub(crate) fn against<'a>(&'a self, vault: &'a Vault) -> Against<'a> {
        let (bots, markets, own_uid, now) = (&self.bots, &self.markets, self.own_uid, self.now());
        Against { bots, vault, markets, own_uid, now }
    }

    /// Passes while requests are taken.
    pub(crate) const fn serves(&self) -> Result<(), Unserved> {
        if self.stopping { Err(Unserved::Stopping) } else { Ok(()) }
    }

    /// What the request means. The bot's bytes end here.
    pub(crate) fn read(&self, authenticated: Authenticated) -> Result<Meant, Box<Stopped>> {
        let (raw, known) = (authenticated.raw(), authenticated.known());
        let bot = known.bot.clone();
        let read = || {
            let wished = known.exchange.wished_environment(&raw)?;
            if wished.is_some_and(|wished| !self.is_environment(&bot, wished)) {
                return Err(Unserved::Environment);
            }
            let (intent, row) = known.exchange.read(known.surface, &raw)?;
            self.answered(&bot, row)?;
            proven(known, &intent, row)?;
            Ok((intent, row))
        };
        match read() {
            Ok((intent, row)) => Ok(Meant { known: authenticated.into_known(), intent, row }),
            Err(unserved) => Err(Stopped::of(unserved, bot, None)),
        }
    }

    /// Whether it was seen before, whether the time is known, and what the bot's limits say. What it may cost is reserved.
    pub(crate) fn decide(&mut self, meant: Meant) -> Result<Decided, Box<Stopped>> {
        let Meant { known, intent, row } = meant;
        let now = self.now();
        if let Err(unserved) = self.first_time(&known, (&intent, row), now) {
            return Err(Stopped::of(unserved, known.bot, Some(intent)));
        }
        let changes = intent.act.changes_state();
        let left = known.wish.left_ms(known.time.ms).unwrap_or_default();
        let ask = Ask {
            id: self.ids.next(now),
            bot: known.bot.clone(),
            evidence: known.evidence,
            peer: known.peer,
            intent,
            market: self.markets.view(),
            now,
            replay: Replay { digest: Digest::from_bytes(known.mark.signed), until: known.until },
            deadline: now.plus(left),
        };
        match self.book.decide(self.config.policies(), ask) {
            Ok(permit) => {
                if changes {
                    self.reads.remember(&known.mark, (&known.bot, known.until));
                }
                Ok(Decided { permit, known, row })
            }
            Err(denied) => Err(Stopped::denied(denied)),
        }
    }

    /// Hands the entry to the journal; it is durable later.
    pub(crate) fn write(&mut self, decided: Decided) -> Result<Box<Written>, Box<Stopped>> {
        let Decided { permit, known, row } = decided;
        let checked = row.answer == AnswerKind::Checked;
        let sifted = row.answer == AnswerKind::Own && !self.has_the_account(permit.bot());
        let quoted = known.exchange.asks_for_quote(permit.leaves());
        match self.journal.append(permit.entry().at(), permit.entry()) {
            Ok(position) => {
                self.owners.fold(permit.entry());
                Ok(Box::new(Written {
                    returns: returns(permit.leaves().act.changes_state() || checked || sifted || quoted),
                    answer: row.answer,
                    only: sifted.then(|| permit.bot().clone()),
                    quotes: quoted.then(|| permit.bot().clone()),
                    grounds: Grounds::Permit(Box::new(permit), position),
                    exchange: known.exchange,
                    surface: known.surface,
                    wish: known.wish,
                    security: row.security,
                }))
            }
            Err(error) => {
                tracing::error!(%error, "the journal does not take an entry");
                let (bot, intent) = (permit.bot().clone(), permit.leaves().clone());
                self.book.withdraw(permit);
                Err(Stopped::of(Unserved::Journal, bot, Some(intent)))
            }
        }
    }

    fn first_time(
        &mut self,
        known: &Known,
        (intent, row): (&Intent, &Row),
        now: Time,
    ) -> Result<(), Unserved> {
        if known.evidence == Evidence::KeyId {
            return Ok(());
        }
        if row.security != Security::Signed && !intent.act.changes_state() {
            // The row needs no signature, and clients that sign it anyway do so for several paths at once with one
            // timestamp, so with one signature. It is remembered, so that it cannot come back where one is needed.
            if !self.reads.knows(&known.mark) {
                self.reads.admit(&known.mark, (&known.bot, &known.door_peer), (now, known.until))?;
            }
            return Ok(());
        }
        let up_ms = now.since(self.clock.started());
        if known.wish.signed_ms() < known.time.ms.saturating_sub(up_ms) {
            return Err(Unserved::BeforeStart);
        }
        if !intent.act.changes_state() {
            self.reads.admit(&known.mark, (&known.bot, &known.door_peer), (now, known.until))?;
            return Ok(());
        }
        let cancels = intent.act.only_cancels();
        if !known.time.sure && !cancels {
            return Err(Unserved::Clock);
        }
        if self.reads.knows(&known.mark) {
            return Err(Unserved::Repeated(crate::replay::Repeated::Seen));
        }
        Ok(())
    }

    /// What a signature needs now; the window ends with the bot's wish.
    pub(crate) fn signing(&mut self, written: &Written) -> Result<Signing, Unserved> {
        if self.tickets.is_full() {
            return Err(Unserved::Busy);
        }
        let now = self.now();
        let endpoint = &written.leaves().endpoint;
        let time = self.markets.exchange_time(&endpoint.exchange, &endpoint.surface, now);
        let window_ms = written.wish.window_ms(time.ms).ok_or(Unserved::TooLate)?;
        let key = self.keys.get(written.key()).cloned().ok_or(Unserved::Unsignable)?;
        let environment = self.config.exchange(&endpoint.exchange);
        if *environment.environment() != *key.environment {
            return Err(Unserved::Unsignable);
        }
        let host = host_of(&self.config, written.exchange, written.surface);
        if written.security != Security::None && !key.hosts.contains(&host) {
            tracing::error!(key = %written.key(), %host, "the key is not sealed to the host that a request is for");
            return Err(Unserved::NotSealed);
        }
        Ok(Signing {
            key,
            host,
            ticket: self.tickets.draw(),
            stamp: Stamp { exchange_ms: time.ms, window_ms },
            now,
        })
    }

    /// Keeps what is about to leave under its ticket, unless it was frozen or narrowed since it was permitted.
    pub(crate) fn give_out(&mut self, ticket: u64, pending: Pending) -> Result<(), Refusal> {
        let stopped = match &pending.matter {
            Matter::Change(id) => self.stopped_since(*id).map(|unserved| (*id, unserved)),
            Matter::Read(_) | Matter::House(_) => None,
        };
        match stopped {
            None => {
                self.tickets.keep(ticket, pending);
                Ok(())
            }
            Some((id, unserved)) => {
                self.conclude(id, not_sent(&unserved), None);
                Err(unserved.told(pending.exchange, Some(&pending.leaves), Some(id)))
            }
        }
    }

    fn stopped_since(&self, id: IntentId) -> Option<Unserved> {
        if self.frozen_since(id) {
            return Some(Unserved::Denied(Box::new(claviger_core::Denial::Frozen)));
        }
        self.narrowed_since(id).then_some(Unserved::Changed)
    }

    fn frozen_since(&self, id: IntentId) -> bool {
        let who = self.book.who(id);
        who.is_none_or(|(bot, key)| self.is_frozen(bot, Some(key)))
    }

    /// Settles what was recorded and did not leave, and says so.
    pub(crate) fn unsent(&mut self, written: &Written, unserved: &Unserved) -> Refusal {
        match &written.grounds {
            Grounds::Permit(permit, _) => {
                let id = permit.id();
                if permit.is_settled_later() {
                    self.conclude(id, not_sent(unserved), None);
                }
                unserved.told(written.exchange, Some(permit.leaves()), Some(id))
            }
            Grounds::House(read) => unserved.told(written.exchange, Some(&read.intent), None),
        }
    }

    /// Settles an intent in the book and the journal.
    pub(crate) fn conclude(&mut self, id: IntentId, outcome: Outcome, sent: Option<Digest>) {
        let now = self.now();
        match self.book.settle(id, outcome, sent, now) {
            Ok(entry) => {
                self.owners.fold(&entry);
                self.note(&entry);
            }
            Err(error) => tracing::error!(%error, "an answer could not be settled"),
        }
    }

    /// Appends an entry that nothing waits for; the book has it already.
    pub(crate) fn note(&mut self, entry: &Entry) {
        if let Err(error) = self.journal.append(entry.at(), entry) {
            tracing::error!(%error, kind = entry.kind(), "an entry could not be written");
        }
    }

    /// Takes an entry into the book, and into the memory of whose orders are whose.
    pub(crate) fn fold(&mut self, entry: &Entry) {
        self.owners.fold(entry);
        self.book.fold(entry);
    }

    /// Takes in what the gateway's process knows of the markets.
    pub(crate) fn hear(&mut self, view: MarketView, sent: Time) {
        let heard = self.now();
        self.markets.merge(view, sent, heard);
    }

    /// Reads the vault's list of keys anew.
    pub(crate) fn load_keys(&mut self, vault: &Vault) {
        self.keys = real_keys(vault);
        self.forget_hints();
        self.forget_sheets();
    }

    /// Whether a bot, or the key that it uses, is frozen.
    pub(crate) fn is_frozen(&self, bot: &BotName, key: Option<&KeyName>) -> bool {
        self.book.is_frozen(&Subject::Bot(bot.clone())) || key.is_some_and(|key| self.is_key_frozen(key))
    }

    pub(crate) fn is_key_frozen(&self, key: &KeyName) -> bool {
        self.book.is_frozen(&Subject::Key(key.clone()))
    }

    /// Passes for rows whose answers this bot may see, or that can be cut down to what it may see.
    fn answered(&self, bot: &BotName, row: &Row) -> Result<(), Unserved> {
        match row.answer {
            AnswerKind::Stream | AnswerKind::Own => Ok(()),
            // What nobody of claviger has read may tell of anybody's orders.
            AnswerKind::Alone | AnswerKind::Checked if self.has_the_account(bot) => Ok(()),
            AnswerKind::Alone | AnswerKind::Checked => Err(Unserved::Denied(Box::new(Denial::AccountWide))),
            AnswerKind::Clean => Err(Unserved::Read(ReadError::NotYetRead {
                method: row.verb.as_str(),
                path: row.path.clone(),
                permission: row.permission,
            })),
        }
    }

    fn has_the_account(&self, bot: &BotName) -> bool {
        self.config.policies().bot(bot).is_some_and(BotPolicy::has_the_account)
    }

    /// Clients can say demo or not; a key of any other environment than `demo` is what they call production.
    fn is_environment(&self, bot: &BotName, wished: &str) -> bool {
        const DEMO: &str = "demo";
        let policy = self.config.policies().bot(bot);
        policy.is_some_and(|policy| (policy.key_policy().environment() == DEMO) == (wished == DEMO))
    }
}

/// A key's id alone proves little: it is enough for rows that the exchange itself serves for that.
fn proven(known: &Known, intent: &Intent, row: &Row) -> Result<(), Unserved> {
    match (known.evidence, row.security) {
        (Evidence::BotSignature, _) => Ok(()),
        (Evidence::KeyId, Security::None | Security::KeyOnly)
            if !intent.act.changes_state() && row.risk == claviger_core::Risk::Low =>
        {
            Ok(())
        }
        (Evidence::KeyId, _) => Err(Unserved::Unsigned),
    }
}

fn not_sent(unserved: &Unserved) -> Outcome {
    Outcome::NotExecuted { code: format!("not-sent: {}", unserved.rule()).into() }
}
