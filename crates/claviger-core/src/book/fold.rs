//! How entries change the book.

use super::ledger::{Fate, PendingAmendment, Place, can_rest, number, surface};
use super::{Book, Pace, Tracked};
use crate::entry::{IntentEntry, OutcomeEntry, Settled};
use crate::{
    Act, BotName, Execution, IntentId, KeyName, Money, OperatorAct, OrderKind, OrderState, Outcome, Resting,
    Size, Subject, Time,
};

/// An intent whose outcome is not known yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pending {
    pub(super) bot: BotName,
    pub(super) key: KeyName,
    pub(super) kind: Kind,
}

/// What settling an intent is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// The order that it placed.
    Place,
    /// The order that it amended.
    Amend(IntentId),
    /// The order that it cancelled.
    Cancel(IntentId),
    /// Nothing that is tracked.
    Other,
}

/// The pace at which an act counts.
pub(super) const fn pace(act: &Act) -> Option<Pace> {
    match act {
        Act::Place(_) | Act::Amend(_) => Some(Pace::Order),
        Act::Cancel(_) | Act::CancelAll { .. } | Act::SetLeverage { .. } | Act::SetMarginMode { .. } => {
            Some(Pace::Other)
        }
        Act::Read | Act::Test(_) | Act::Transfer(_) | Act::Withdraw(_) | Act::Change => None,
    }
}

impl Book {
    pub(super) fn fold_intent(&mut self, entry: &IntentEntry) {
        if self.pending.contains_key(&entry.id) || self.orders.contains_key(&entry.id) {
            return;
        }
        let now = self.now;
        for usage in self.usages(&entry.bot, &entry.key) {
            usage.prune(now);
            if let Some(pace) = pace(&entry.leaves.act) {
                usage.attempt(pace, entry.at);
            }
        }
        if let Some(state) = self.bots.get_mut(&entry.bot) {
            state.replays.add(&entry.replay, now);
        }
        let kind = self.begin(entry);
        let pending = Pending { bot: entry.bot.clone(), key: entry.key.clone(), kind };
        self.pending.insert(entry.id, pending);
    }

    /// Reserves what an intent may cost.
    fn begin(&mut self, entry: &IntentEntry) -> Kind {
        match (&entry.leaves.act, &entry.reservation, entry.target) {
            (Act::Place(order), Some(held), _) => {
                let order = Tracked {
                    bot: entry.bot.clone(),
                    key: entry.key.clone(),
                    surface: surface(&entry.leaves).clone(),
                    basis: number(order.size),
                    order: order.clone(),
                    fate: Fate::Pending,
                    exchange_id: None,
                    held: held.clone(),
                    amendment: None,
                    doubtful: false,
                    deadline: entry.deadline,
                    settled: entry.at,
                    ends: None,
                };
                self.track(entry.id, order);
                Kind::Place
            }
            (Act::Amend(_), Some(_), Some(target)) => {
                self.begin_amendment(entry, target);
                Kind::Amend(target)
            }
            (Act::Cancel(_), _, Some(target)) => Kind::Cancel(target),
            _ => Kind::Other,
        }
    }

    fn begin_amendment(&mut self, entry: &IntentEntry, target: IntentId) {
        let (Act::Amend(amendment), Some(held)) = (&entry.leaves.act, &entry.reservation) else { return };
        let Some(order) = self.orders.get_mut(&target) else { return };
        let size = amendment.size.map_or(order.order.size, |n| resized(order.order.size, n));
        let kind = amendment.price.map_or(order.order.kind, |price| OrderKind::Limit { price });
        let basis = order.basis.max(number(size));
        let held = held.clone();
        let before = order.held.clone();
        order.amendment = Some(PendingAmendment { by: entry.id, size, kind, held: held.clone(), basis });
        self.rehold(target, [(&before.bot, &held.bot), (&before.key, &held.key)]);
    }

    /// Changes what is held for an order, per level.
    fn rehold(&mut self, id: IntentId, levels: [(&Money, &Money); 2]) {
        let Some(order) = self.orders.get(&id) else { return };
        let (bot, key) = (order.bot.clone(), order.key.clone());
        for (usage, (before, after)) in self.usages(&bot, &key).into_iter().zip(levels) {
            usage.release(before);
            usage.hold(after);
        }
    }

    pub(super) fn fold_outcome(&mut self, entry: &OutcomeEntry) {
        if let Some(pending) = self.pending.remove(&entry.id) {
            self.conclude(entry.id, &pending, &entry.outcome, entry.at);
        }
    }

    /// After a crash, whatever was under way is of unknown fate.
    pub(super) fn fold_recovery(&mut self, at: Time) {
        let unknown = Outcome::Unknown { why: "".into() };
        for (id, pending) in std::mem::take(&mut self.pending) {
            self.conclude(id, &pending, &unknown, at);
        }
    }

    pub(super) fn fold_operator(&mut self, act: &OperatorAct) {
        match act {
            OperatorAct::Freeze(subject) => self.freeze(subject, true),
            OperatorAct::Thaw(subject) => self.freeze(subject, false),
            OperatorAct::BotAdded(_)
            | OperatorAct::BotRemoved(_)
            | OperatorAct::Revealed(_)
            | OperatorAct::KeyAdded(_)
            | OperatorAct::KeyRemoved(_)
            | OperatorAct::Applied(_) => {}
        }
    }

    fn freeze(&mut self, subject: &Subject, frozen: bool) {
        match subject {
            Subject::Bot(bot) => self.bots.entry(bot.clone()).or_default().usage.frozen = frozen,
            Subject::Key(key) => self.keys.entry(key.clone()).or_default().frozen = frozen,
        }
    }

    /// Applies an outcome, once; says what it left behind.
    pub(super) fn conclude(
        &mut self,
        id: IntentId,
        pending: &Pending,
        outcome: &Outcome,
        at: Time,
    ) -> Settled {
        match (&pending.kind, outcome) {
            (Kind::Place, outcome) => self.conclude_place(id, outcome, at),
            (Kind::Amend(target), outcome) => self.conclude_amendment(id, *target, outcome, at),
            (Kind::Cancel(target), Outcome::Executed(Execution { order: Some(state) })) => {
                let done = state.resting == Resting::Done && self.fits(*target, state);
                let filled = if done { self.finish(*target, state.filled, at) } else { None };
                Settled { filled, held: self.held(*target) }
            }
            (
                Kind::Cancel(target),
                Outcome::Executed(_) | Outcome::NotExecuted { .. } | Outcome::Unknown { .. },
            ) => Settled { filled: None, held: self.held(*target) },
            (Kind::Other, _) => Settled::default(),
        }
    }

    fn conclude_place(&mut self, id: IntentId, outcome: &Outcome, at: Time) -> Settled {
        let filled = match outcome {
            Outcome::NotExecuted { .. } => {
                self.untrack(id);
                None
            }
            Outcome::Unknown { .. } => {
                self.doubt(id, at);
                None
            }
            Outcome::Executed(Execution { order: Some(state) }) => self.placed(id, state, at),
            Outcome::Executed(Execution { order: None }) => {
                self.rests(id, at);
                None
            }
        };
        Settled { filled, held: self.held(id) }
    }

    fn placed(&mut self, id: IntentId, state: &OrderState, at: Time) -> Option<Money> {
        self.name(id, &state.id);
        match state.resting {
            Resting::Done => self.finish(id, state.filled, at),
            Resting::Open | Resting::Untold => {
                self.rests(id, at);
                None
            }
        }
    }

    /// The exchange has it: one that can rest lives; one that cannot is over, but what it filled was not told.
    fn rests(&mut self, id: IntentId, at: Time) {
        if self.orders.get(&id).is_some_and(|order| can_rest(&order.order)) {
            self.live(id, at);
        } else {
            self.doubt(id, at);
        }
    }

    fn conclude_amendment(&mut self, id: IntentId, target: IntentId, outcome: &Outcome, at: Time) -> Settled {
        let Some(order) = self.orders.get_mut(&target) else { return Settled::default() };
        let Some(amendment) = order.amendment.take_if(|amendment| amendment.by == id) else {
            return Settled { filled: None, held: self.held(target) };
        };
        match outcome {
            Outcome::NotExecuted { .. } => {
                let (after, before) = (amendment.held, order.held.clone());
                self.rehold(target, [(&after.bot, &before.bot), (&after.key, &before.key)]);
                return Settled { filled: None, held: self.held(target) };
            }
            Outcome::Unknown { .. } => order.doubtful = true,
            Outcome::Executed(_) => {
                order.doubtful = false;
                order.order.size = amendment.size;
                order.order.kind = amendment.kind;
            }
        }
        order.held = amendment.held;
        order.basis = amendment.basis;
        let filled = self.amended(target, outcome, at);
        Settled { filled, held: self.held(target) }
    }

    fn amended(&mut self, target: IntentId, outcome: &Outcome, at: Time) -> Option<Money> {
        let Outcome::Executed(Execution { order: Some(state) }) = outcome else { return None };
        match state.resting {
            Resting::Done if self.fits(target, state) => self.finish(target, state.filled, at),
            Resting::Open | Resting::Untold | Resting::Done => None,
        }
    }

    fn held(&self, id: IntentId) -> Option<Money> {
        self.orders.get(&id).map(|order| order.held.bot.clone())
    }

    /// Undoes the folding of an intent that nobody recorded.
    pub(super) fn unfold_intent(&mut self, entry: &IntentEntry) {
        let Some(pending) = self.pending.remove(&entry.id) else { return };
        let undone = Outcome::NotExecuted { code: "".into() };
        self.conclude(entry.id, &pending, &undone, entry.at);
        for usage in self.usages(&entry.bot, &entry.key) {
            if let Some(pace) = pace(&entry.leaves.act) {
                usage.take_back_attempt(pace, entry.at);
            }
        }
        if let Some(state) = self.bots.get_mut(&entry.bot) {
            state.replays.remove(&entry.replay.digest);
        }
    }

    /// The orders that a name may mean.
    pub(super) fn meant(&self, place: Place<'_>, by: &crate::OrderRef) -> &[IntentId] {
        self.names.meant(place, by)
    }
}

/// The same unit with another number.
pub(super) const fn resized(size: Size, n: crate::Decimal) -> Size {
    match size {
        Size::Base(_) => Size::Base(n),
        Size::Quote(_) => Size::Quote(n),
        Size::Contracts(_) => Size::Contracts(n),
    }
}
