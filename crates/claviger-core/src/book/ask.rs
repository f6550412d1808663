//! A question to the book, and its two answers.

use crate::entry::DenialEntry;
use crate::{
    BotName, Denial, Detail, Entry, Evidence, Intent, IntentId, KeyName, MarketView, Peer, Replay, Time,
};

/// May this bot do this, now?
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The number that it will have, new for each request.
    pub id: IntentId,
    /// Who asks, proven.
    pub bot: BotName,
    /// How that was proven.
    pub evidence: Evidence,
    /// From where.
    pub peer: Peer,
    /// What.
    pub intent: Intent,
    /// Prices and instruments.
    pub market: &'a MarketView,
    /// Now.
    pub now: Time,
    /// What an identical request is recognised by; only looked at where the intent changes state.
    pub replay: Replay,
    /// After this the request may not be sent.
    pub deadline: Time,
}

/// The permission to do one thing once. It is made by [`super::Book::decide`] alone, and what it may cost is reserved.
///
/// Record its entry durably, then act; or hand it to [`super::Book::withdraw`].
#[derive(Debug, PartialEq)]
#[must_use = "what it may cost is reserved: record and use it, or withdraw it"]
pub struct Permit {
    pub(super) id: IntentId,
    pub(super) bot: BotName,
    pub(super) key: KeyName,
    pub(super) deadline: Time,
    pub(super) leaves: Intent,
    pub(super) entry: Entry,
}

impl Permit {
    /// The intent's number.
    #[must_use]
    pub const fn id(&self) -> IntentId {
        self.id
    }

    /// Whom it permits.
    #[must_use]
    pub const fn bot(&self) -> &BotName {
        &self.bot
    }

    /// The real key that may sign.
    #[must_use]
    pub const fn key(&self) -> &KeyName {
        &self.key
    }

    /// After this it is worth nothing.
    #[must_use]
    pub const fn deadline(&self) -> Time {
        self.deadline
    }

    /// What may leave: not always what was asked for.
    #[must_use]
    pub const fn leaves(&self) -> &Intent {
        &self.leaves
    }

    /// What to record before it leaves.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Whether it must be settled: it changes state.
    #[must_use]
    pub const fn is_settled_later(&self) -> bool {
        matches!(self.entry, Entry::Intent(_))
    }
}

/// No.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{denial}")]
pub struct Denied {
    /// What the bot may know.
    pub denial: Denial,
    /// What to record.
    pub entry: Box<Entry>,
}

impl Denied {
    /// Which step of a request of several it is about, from 0, where it is about one of them.
    #[must_use]
    pub fn step(&self) -> Option<u16> {
        match &*self.entry {
            Entry::Denial(entry) => entry.step,
            _ => None,
        }
    }

    pub(super) fn new((denial, detail): (Denial, Detail), ask: Ask<'_>) -> Self {
        let step = detail.step;
        let detail = detail.to_string();
        let entry = DenialEntry {
            id: ask.id,
            at: ask.now,
            bot: Some(ask.bot),
            peer: ask.peer,
            rule: denial.rule().into(),
            message: denial.to_string().into(),
            detail: (!detail.is_empty()).then(|| detail.into()),
            endpoint: Some(ask.intent.endpoint),
            act: Some(ask.intent.act),
            step,
        };
        Self { denial, entry: Box::new(Entry::Denial(Box::new(entry))) }
    }
}
