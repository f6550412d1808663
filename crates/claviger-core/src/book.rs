//! What has happened so far, as far as limits care, and the decisions that are made on it.
//!
//! A [`Book`] is folded from the journal's entries and from nothing else: what [`Book::decide`] and [`Book::settle`] change,
//! they change by folding the entry that they return. So a book folded after a crash equals the one that was lost, but
//! that whatever was under way is of unknown fate and counts in full.

mod account;
mod ask;
mod budget;
mod fold;
mod judge;
mod ledger;
mod names;
mod observe;
mod operator;
mod owners;
mod quotes;
mod replay;
mod resting;
mod settle;
mod usage;
mod usages;
mod wallets;
mod window;

pub use ask::{Ask, Denied, Permit};
pub use budget::{Budget, Lasting};
pub use ledger::{Fate, Tracked};
pub use owners::{Owners, Site};
pub use settle::SettleError;
pub use usage::{DAY_MS, HOUR_MS, Pace, Usage};
pub use wallets::Word;
pub use window::Window;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use foldhash::fast::FixedState;

use crate::limits::{Added, Counted, LIMITS, Scope};
use crate::value::Prices;
use crate::{
    BotName, BotPolicy, Entry, GroupName, IntentId, KeyName, LegId, Level, MarketView, PolicySet, Subject,
    Time,
};

use account::Account;
use fold::Pending;
use names::Names;
use quotes::Quotes;
use replay::Replays;
use resting::Resting;
use wallets::Wallets;

/// The order ledger, what every bot, key and group has used, what is under way, what was seen, and who is frozen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    now: Time,
    bots: Named<BotName, BotState>,
    keys: Named<KeyName, Usage>,
    groups: Named<GroupName, Usage>,
    /// Each is some 600 bytes, which would be moved about if they were kept in the tree.
    orders: BTreeMap<LegId, Box<Tracked>>,
    names: Names,
    resting: Resting,
    ends: BTreeSet<(Time, LegId)>,
    pending: BTreeMap<IntentId, Pending>,
    accounts: BTreeMap<KeyName, Account>,
    wallets: Wallets,
}

/// By names of bots, keys or instruments: finding one takes as long however many there are. No bot chooses these, so
/// nothing random is needed against names that collide.
type Named<K, V> = HashMap<K, V, FixedState>;

#[derive(Clone, Debug, Default, PartialEq)]
struct BotState {
    usage: Usage,
    replays: Replays,
    quotes: Quotes,
}

/// What is used of one limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageLine {
    /// At which level.
    pub scope: Scope,
    /// Which group's, where it is one's.
    pub group: Option<GroupName>,
    /// The limit.
    pub limit: &'static str,
    /// What was used.
    pub used: String,
    /// Of how much.
    pub of: String,
}

impl Book {
    /// A book of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in one entry of the journal. Entries come in the journal's order; one that was folded before changes nothing.
    pub fn fold(&mut self, entry: &Entry) {
        self.advance(entry.at());
        match entry {
            Entry::Intent(e) => self.fold_intent(e),
            Entry::Outcome(e) => self.fold_outcome(e),
            Entry::Operator(e) => self.fold_operator(&e.act, e.at),
            Entry::Recovery(e) => self.fold_recovery(e.at),
            Entry::Observed(e) => self.fold_observed(e),
            Entry::Read(e) => self.fold_read(e),
            Entry::Denial(_) | Entry::Policy(_) | Entry::Checkpoint(_) => {}
        }
    }

    /// Whether a bot, a real key or a group is frozen.
    #[must_use]
    pub fn is_frozen(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Bot(bot) => self.bots.get(bot).is_some_and(|state| state.usage.frozen),
            Subject::Key(key) => self.keys.get(key).is_some_and(|usage| usage.frozen),
            Subject::Group(group) => self.groups.get(group).is_some_and(|usage| usage.frozen),
        }
    }

    /// The orders of a real key that are alive, or of unknown fate; those are to be asked about at the exchange.
    pub fn orders(&self, key: &KeyName) -> impl Iterator<Item = (LegId, &Tracked)> {
        let ids = self.keys.get(key).into_iter().flat_map(|usage| usage.orders.iter());
        ids.filter_map(|id| Some((*id, self.order(*id)?)))
    }

    /// One order of the ledger.
    #[must_use]
    pub fn order(&self, id: impl Into<LegId>) -> Option<&Tracked> {
        self.orders.get(&id.into()).map(|order| &**order)
    }

    /// The bot and the real key of an intent that is under way.
    #[must_use]
    pub fn who(&self, id: IntentId) -> Option<(&BotName, &KeyName)> {
        self.pending.get(&id).map(|pending| (&pending.bot, &pending.key))
    }

    /// Whether an intent that is under way is of a bot, of a bot of a real key, or of one that belonged to a group.
    #[must_use]
    pub fn concerns(&self, id: IntentId, subject: &Subject) -> bool {
        self.pending.get(&id).is_some_and(|pending| match subject {
            Subject::Bot(bot) => pending.bot == *bot,
            Subject::Key(key) => pending.key == *key,
            Subject::Group(group) => pending.groups.contains(group),
        })
    }

    /// The intents that left and whose outcome is not known yet.
    pub fn pending(&self) -> impl Iterator<Item = IntentId> {
        self.pending.keys().copied()
    }

    /// Forgets what time has made irrelevant, everywhere. Deciding does so for whom it is about; call this now and then.
    pub fn sweep(&mut self, now: Time) {
        self.advance(now);
        let now = self.now;
        for usage in self.keys.values_mut().chain(self.groups.values_mut()) {
            usage.prune(now);
        }
        for state in self.bots.values_mut() {
            state.usage.prune(now);
            state.replays.prune(now);
            state.quotes.prune(now);
        }
        self.keys.retain(|_, usage| *usage != Usage::default());
        self.groups.retain(|_, usage| *usage != Usage::default());
        self.bots.retain(|_, state| *state != BotState::default());
    }

    /// What a bot, its key and its groups have used of the limits that count something.
    pub fn usage(
        &mut self,
        policies: &PolicySet,
        bot: &BotName,
        view: &MarketView,
        now: Time,
    ) -> Vec<UsageLine> {
        let Some(policy) = policies.bot(bot) else { return Vec::new() };
        self.advance(now);
        self.prune(bot, policy);
        let prices = Prices::new(view, policy.exchange(), now);
        let added = Added::default();
        let mut lines = Vec::new();
        for level in policy.levels() {
            let (scope, rules) = (level.scope(), level.rules());
            let usage = self.usage_at(level, bot, policy.key());
            let counted = Counted { scope, rules, usage, added: &added, prices: &prices, now: self.now };
            lines.extend(LIMITS.iter().filter_map(|limit| {
                let (used, of) = limit.used(&counted)?;
                Some(UsageLine { scope, group: level.group().cloned(), limit: limit.name(), used, of })
            }));
        }
        lines
    }

    fn usage_at(&self, level: Level<'_>, bot: &BotName, key: &KeyName) -> &Usage {
        let found = match level {
            Level::Bot(_) => self.bots.get(bot).map(|state| &state.usage),
            Level::Key(_) => self.keys.get(key),
            Level::Group(group, _) => self.groups.get(group),
        };
        found.unwrap_or(const { &Usage::new() })
    }

    /// Time never goes back here, so that a clock that does cannot widen a window.
    fn advance(&mut self, now: Time) {
        self.now = self.now.max(now);
        while let Some((end, id)) = self.ends.first().copied() {
            if end > self.now {
                break;
            }
            self.ends.remove(&(end, id));
            self.expire(id);
        }
    }

    fn prune(&mut self, bot: &BotName, policy: &BotPolicy) {
        let now = self.now;
        if let Some(state) = self.bots.get_mut(bot) {
            state.usage.prune(now);
        }
        if let Some(usage) = self.keys.get_mut(policy.key()) {
            usage.prune(now);
        }
        for group in policy.groups() {
            if let Some(usage) = self.groups.get_mut(group) {
                usage.prune(now);
            }
        }
    }
}
