//! What becomes of what left: tickets that are given out once, and settled once.

use std::collections::{HashMap, HashSet};

use claviger_core::{BotName, Digest, Intent, IntentId, KeyName, Outcome, Time};
use claviger_door::Seen;
use claviger_exchange::{AnswerKind, Exchange};

use crate::house::{About, HouseRead};

/// A request that left signed and waits for its answer. Dropped without one, it counts as lost.
#[must_use = "what left must be settled"]
pub struct Pending {
    pub(crate) exchange: &'static dyn Exchange,
    pub(crate) leaves: Intent,
    /// The real key that signed.
    pub(crate) key: KeyName,
    pub(crate) answer: AnswerKind,
    /// The bot that may see of the answer only what tells of its own orders.
    pub(crate) only: Option<BotName>,
    /// The bot that asked for a quote, which is remembered as its own.
    pub(crate) quotes: Option<BotName>,
    pub(crate) matter: Matter,
    /// SHA-256 of what was sent.
    pub(crate) sent: Digest,
    pub(crate) real_id: Box<str>,
    pub(crate) left: Time,
}

/// What an answer is about.
pub(crate) enum Matter {
    /// A bot's intent that changes state.
    Change(IntentId),
    /// A bot's read.
    Read(IntentId),
    /// Claviger's own read.
    House(Box<HouseRead>),
}

impl Pending {
    /// What the answer to a state-changing request says.
    pub(crate) fn outcome(&self, seen: &Seen) -> Outcome {
        match seen {
            Seen::Answer { status, body } => self.exchange.outcome(&self.leaves, *status, body),
            Seen::NotSent { .. } => Outcome::NotExecuted { code: "not-sent".into() },
            Seen::Lost { why } => Outcome::Unknown { why: why.chars().take(200).collect::<String>().into() },
        }
    }

    /// The key, where this is claviger's own question about an order.
    fn asks_of_order(&self) -> Option<&KeyName> {
        match &self.matter {
            Matter::House(read) => matches!(read.about, About::Order(_)).then_some(&read.key),
            Matter::Change(_) | Matter::Read(_) => None,
        }
    }
}

/// Everything that left and was not settled, by its ticket. A ticket is never used twice within a run.
#[derive(Default)]
pub(crate) struct Tickets {
    last: u64,
    open: HashMap<u64, Pending>,
    /// Keys with a question about an order under way: one each.
    houses: HashSet<KeyName>,
}

impl Tickets {
    /// The most that may be open at a time.
    pub(crate) const MOST: usize = 16_384;

    /// Whether no more may leave.
    pub(crate) fn is_full(&self) -> bool {
        self.open.len() >= Self::MOST
    }

    /// Whether nothing waits for an answer.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// A number for a request that is about to leave.
    pub(crate) const fn draw(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Keeps what left under its number.
    pub(crate) fn keep(&mut self, ticket: u64, pending: Pending) {
        if let Some(key) = pending.asks_of_order() {
            self.houses.insert(key.clone());
        }
        self.open.insert(ticket, pending);
    }

    /// Gives back what left under that number, once.
    pub(crate) fn take(&mut self, ticket: u64) -> Option<Pending> {
        let pending = self.open.remove(&ticket)?;
        if let Some(key) = pending.asks_of_order() {
            self.houses.remove(key);
        }
        Some(pending)
    }

    /// The bots' changes that are still open, and when they were given out.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (IntentId, Time)> {
        self.open.values().filter_map(|pending| match pending.matter {
            Matter::Change(id) => Some((id, pending.left)),
            Matter::Read(_) | Matter::House(_) => None,
        })
    }

    /// Everything that is still open, taken out.
    pub(crate) fn take_all(&mut self) -> Vec<Pending> {
        self.houses.clear();
        self.open.drain().map(|(_, pending)| pending).collect()
    }

    /// Everything that left before `before`, taken out: whoever should have settled it did not.
    pub(crate) fn take_older(&mut self, before: Time) -> Vec<Pending> {
        let old: Vec<u64> = self
            .open
            .iter()
            .filter(|(_, pending)| pending.left < before)
            .map(|(ticket, _)| *ticket)
            .collect();
        old.into_iter().filter_map(|ticket| self.take(ticket)).collect()
    }

    /// The numbers of everything that is open.
    #[cfg(test)]
    pub(crate) fn open_now(&self) -> Vec<u64> {
        self.open.keys().copied().collect()
    }

    /// Whether a question about an order with that key is under way.
    pub(crate) fn asks_already(&self, key: &KeyName) -> bool {
        self.houses.contains(key)
    }
}
