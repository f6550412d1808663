//! How entries change the book.

use super::ledger::{
    Fate, LANDED_MS, Owner, PendingAmendment, amended, can_rest, client_name, number, surface, told_name,
};
use super::names::Place;
use super::quotes::Offer;
use super::resting::reach;
use super::{Book, Pace, Tracked, Usage};
use crate::entry::{IntentEntry, Leg, OutcomeEntry, ReadEntry, Reservation, Settled};
use crate::{
    Act, Amendment, BotName, Cancel, Decimal, Deed, Execution, GroupName, How, IntentId, KeyName, LegId,
    Money, Order, OrderRef, OrderState, Outcome, Resting, Special, Step, SurfaceName, Symbol, Time,
};

/// An intent whose outcome is not known yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pending {
    pub(super) bot: BotName,
    pub(super) key: KeyName,
    pub(super) groups: Vec<GroupName>,
    /// One for each step.
    pub(super) kinds: Vec<Kind>,
}

/// What settling a step of an intent is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// The order that it placed.
    Place,
    /// The order that it amended.
    Amend(LegId),
    /// The order that it cancelled.
    Cancel(LegId),
    /// All orders of an instrument, or of a list, that the answer names as ended.
    CancelMany(SurfaceName, Symbol),
    /// A trade outside of the book, worth so much, that can reach the exchange until then.
    Spend(Reservation, Time),
    /// Nothing that is tracked.
    Other,
}

/// How often an act counts at each pace: as an order, as something else, and as a request.
pub(super) fn paces(act: &Act) -> [(Pace, u64); 3] {
    let (orders, others) = match act {
        Act::Place(_) | Act::Amend(_) | Act::ClosePosition { .. } => (1, 0),
        Act::Cancel(_)
        | Act::CancelAll { .. }
        | Act::Countdown { .. }
        | Act::SetLeverage { .. }
        | Act::SetMarginMode { .. } => (0, 1),
        Act::Steps(steps) => {
            let cancels = |step: &&Step| matches!(step.deed, Deed::Cancel(_));
            let others = steps.steps.iter().filter(cancels).count();
            (steps.steps.len().saturating_sub(others), others)
        }
        Act::Special(special) if special.what.trades() => (1, 0),
        Act::Special(_) => (0, 1),
        Act::Read | Act::Test(_) | Act::Transfer(_) | Act::Withdraw(_) | Act::Change => (0, 0),
    };
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    [(Pace::Order, number(orders)), (Pace::Other, number(others)), (Pace::Any, 1)]
}

/// The step that an order's rival is placed by, of a request whose steps hang together so.
const fn rival(how: How, step: u16) -> Option<u16> {
    match (how, step) {
        (How::OneOf, 0) => Some(1),
        (How::OneOf, 1) => Some(0),
        (How::ThenOneOf, 1) => Some(2),
        (How::ThenOneOf, 2) => Some(1),
        (How::OneOf | How::ThenOneOf | How::Batch | How::Replace { .. } | How::Then, _) => None,
    }
}

impl Book {
    pub(super) fn fold_intent(&mut self, entry: &IntentEntry) {
        if self.is_numbered(entry.id) {
            return;
        }
        let now = self.now;
        self.usages(entry.owner(), |usage| {
            usage.prune(now);
            for (pace, count) in paces(&entry.leaves.act) {
                usage.attempt(pace, entry.at, count);
            }
        });
        if let Some(state) = self.bots.get_mut(&entry.bot) {
            state.replays.add(&entry.replay, now);
        }
        if entry.leaves.act.changes_account() {
            self.account_may_change(&entry.key, entry.deadline);
        }
        let kinds = self.begin(entry);
        let pending =
            Pending { bot: entry.bot.clone(), key: entry.key.clone(), groups: entry.groups.clone(), kinds };
        self.pending.insert(entry.id, pending);
    }

    /// A request that changes nothing counts as a request, and as nothing else.
    pub(super) fn fold_read(&mut self, entry: &ReadEntry) {
        let now = self.now;
        if entry.unsigned {
            return;
        }
        self.usages(entry.owner(), |usage| {
            usage.prune(now);
            usage.attempt(Pace::Any, entry.at, 1);
        });
    }

    /// Undoes the folding of a read that nobody recorded.
    pub(super) fn unfold_read(&mut self, entry: &ReadEntry) {
        if entry.unsigned {
            return;
        }
        self.usages(entry.owner(), |usage| usage.take_back_attempt(Pace::Any, entry.at, 1));
    }

    /// Whether an intent with this number is under way, or has orders in the ledger.
    pub(super) fn is_numbered(&self, id: IntentId) -> bool {
        let legs = LegId::new(id, 0)..=LegId::new(id, u16::MAX);
        self.pending.contains_key(&id) || self.orders.range(legs).next().is_some()
    }

    /// Reserves what an intent may cost, step by step.
    fn begin(&mut self, entry: &IntentEntry) -> Vec<Kind> {
        let alone = Leg {
            target: entry.target,
            reservation: entry.reservation.clone(),
            figures: crate::entry::Figures::default(),
        };
        let surface = surface(&entry.leaves);
        match &entry.leaves.act {
            Act::Place(order) => vec![self.begin_order(entry, (0, order), &alone, None)],
            Act::Amend(amendment) => vec![self.begin_amendment(entry, (0, amendment), &alone)],
            Act::Cancel(cancel) => vec![begin_cancel(surface, cancel, &alone)],
            Act::CancelAll { symbol: Some(symbol), .. } => {
                vec![Kind::CancelMany(surface.clone(), symbol.clone())]
            }
            Act::Special(special) => {
                self.use_up(entry, special);
                vec![self.begin_spend(entry)]
            }
            Act::Steps(steps) => {
                let numbered = (0..).zip(steps.steps.iter().zip(&entry.legs));
                let begun = numbered.map(|(n, (step, leg))| match &step.deed {
                    Deed::Place(order) => {
                        let rival = rival(steps.how, n).map(|n| LegId::new(entry.id, n));
                        self.begin_order(entry, (n, order), leg, rival)
                    }
                    Deed::Amend(amendment) => self.begin_amendment(entry, (n, amendment), leg),
                    Deed::Cancel(cancel) => begin_cancel(surface, cancel, leg),
                });
                let kinds: Vec<Kind> = begun.collect();
                if let Some(name) = steps.client_id.clone().map(OrderRef::ListClient) {
                    (0..).zip(&kinds).for_each(|(n, _)| self.call(LegId::new(entry.id, n), name.clone()));
                }
                kinds
            }
            Act::Read
            | Act::Test(_)
            | Act::ClosePosition { .. }
            | Act::Countdown { .. }
            | Act::CancelAll { symbol: None, .. }
            | Act::SetLeverage { .. }
            | Act::SetMarginMode { .. }
            | Act::Transfer(_)
            | Act::Withdraw(_)
            | Act::Change => vec![Kind::Other],
        }
    }

    /// A quote is accepted once, whatever becomes of it.
    fn use_up(&mut self, entry: &IntentEntry, special: &Special) {
        let quotes = self.bots.get_mut(&entry.bot).map(|state| &mut state.quotes);
        if let (Some(quotes), Some(id)) = (quotes, &special.quote) {
            quotes.use_up(Offer { key: &entry.key, surface: surface(&entry.leaves), id }, entry.id);
        }
    }

    fn begin_spend(&mut self, entry: &IntentEntry) -> Kind {
        let Some(held) = &entry.reservation else { return Kind::Other };
        self.apply((&entry.bot, &entry.key), held, Usage::hold);
        Kind::Spend(held.clone(), entry.deadline.plus(LANDED_MS))
    }

    /// Nothing tells later what became of a trade outside of the book: one that may have happened counts.
    fn conclude_spend(&mut self, pending: &Pending, held: &Reservation, at: Option<Time>) -> Settled {
        self.apply((&pending.bot, &pending.key), held, |usage, budget, money| {
            usage.release(budget, money);
            if let Some(at) = at {
                usage.fill(budget, money, at);
            }
        });
        Settled { filled: at.map(|_| held.bot.clone()), held: None }
    }

    fn begin_order(
        &mut self,
        entry: &IntentEntry,
        (step, order): (u16, &Order),
        leg: &Leg,
        rival: Option<LegId>,
    ) -> Kind {
        let Some(held) = &leg.reservation else { return Kind::Other };
        let order = Tracked {
            bot: entry.bot.clone(),
            key: entry.key.clone(),
            groups: entry.groups.clone(),
            exchange: entry.leaves.endpoint.exchange.clone(),
            surface: surface(&entry.leaves).clone(),
            reach: reach(order),
            basis: number(order.size),
            order: order.clone(),
            fate: Fate::Pending,
            known_as: None,
            names: Vec::new(),
            rival,
            held: held.clone(),
            amendment: None,
            doubtful: None,
            deadline: entry.deadline,
            settled: entry.at,
            filled: Decimal::ZERO,
            ends: None,
        };
        self.track(LegId::new(entry.id, step), order);
        Kind::Place
    }

    fn begin_amendment(&mut self, entry: &IntentEntry, (step, by): (u16, &Amendment), leg: &Leg) -> Kind {
        let (Some(held), Some(target)) = (leg.reservation.clone(), leg.target) else { return Kind::Other };
        let (by_leg, deadline) = (LegId::new(entry.id, step), entry.deadline);
        self.change(target, |order| {
            let amended = amended(&order.order, by);
            let basis = order.basis.max(number(amended.size));
            order.may_reach(&amended);
            order.amendment = Some(PendingAmendment { by: by_leg, order: amended, held, basis, deadline });
        });
        Kind::Amend(target)
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

    /// Applies an outcome, once; says what it left behind, for each step.
    pub(super) fn conclude(
        &mut self,
        id: IntentId,
        pending: &Pending,
        outcome: &Outcome,
        at: Time,
    ) -> Vec<Settled> {
        match &*pending.kinds {
            [kind] => vec![self.conclude_step(LegId::new(id, 0), (pending, kind), &outcome.alone(), at)],
            kinds => {
                let numbered = (0..).zip(kinds.iter().enumerate());
                let concluded = numbered.map(|(n, (step, kind))| {
                    let outcome = outcome.of_step(step, kinds.len());
                    self.conclude_step(LegId::new(id, n), (pending, kind), &outcome, at)
                });
                concluded.collect()
            }
        }
    }

    fn conclude_step(
        &mut self,
        id: LegId,
        (pending, kind): (&Pending, &Kind),
        outcome: &Outcome,
        at: Time,
    ) -> Settled {
        let execution = match outcome {
            Outcome::Executed(execution) => Some(execution),
            Outcome::NotExecuted { .. } | Outcome::Unknown { .. } | Outcome::Each(_) => None,
        };
        match kind {
            Kind::Place => self.conclude_place(id, outcome, at),
            Kind::Amend(target) => self.conclude_amendment(id, *target, outcome, at),
            Kind::Cancel(target) => {
                let state = execution.and_then(|execution| execution.order.as_ref());
                let state = state.filter(|state| state.resting == Resting::Done && self.fits(*target, state));
                let filled = state.and_then(|state| self.finish(*target, state.filled, at));
                Settled { filled, held: self.held(*target) }
            }
            Kind::CancelMany(surface, symbol) => {
                if let Some(execution) = execution {
                    self.ended(Place { key: &pending.key, surface, symbol }, execution, at);
                }
                Settled::default()
            }
            Kind::Spend(held, landed) => {
                let counts = match outcome {
                    Outcome::NotExecuted { .. } => None,
                    Outcome::Executed(_) => Some(at),
                    Outcome::Unknown { .. } | Outcome::Each(_) => Some(at.max(*landed)),
                };
                counts.into_iter().for_each(|at| self.wallets.stir(&pending.key, at));
                self.conclude_spend(pending, held, counts)
            }
            Kind::Other => {
                if !matches!(outcome, Outcome::NotExecuted { .. }) {
                    self.wallets.stir(&pending.key, at);
                }
                Settled::default()
            }
        }
    }

    /// Orders that a cancel of many ended, where the answer names them by the exchange's own id.
    fn ended(&mut self, place: Place<'_>, execution: &Execution, at: Time) {
        for state in execution.order.iter().chain(&execution.also).filter(|s| s.resting == Resting::Done) {
            let Some(name) = told_name(state) else { continue };
            if let [id] = *self.meant(place, &name) {
                self.finish(id, state.filled, at);
            }
        }
    }

    /// The owner of an order placed or amended it.
    fn is_active(&mut self, id: LegId, at: Time) {
        let Some(order) = self.orders.get(&id) else { return };
        let (bot, key) = (order.bot.clone(), order.key.clone());
        // Nobody asks when a group last did something.
        let owner = Owner { bot: &bot, key: &key, groups: &[] };
        self.usages(owner, |usage| usage.active = usage.active.max(Some(at)));
    }

    fn conclude_place(&mut self, id: LegId, outcome: &Outcome, at: Time) -> Settled {
        if !matches!(outcome, Outcome::NotExecuted { .. }) {
            self.is_active(id, at);
        }
        let filled = match outcome {
            Outcome::NotExecuted { .. } => {
                self.untrack(id);
                None
            }
            Outcome::Unknown { .. } | Outcome::Each(_) => {
                self.doubt(id, at);
                None
            }
            Outcome::Executed(Execution { order: Some(state), .. }) => self.placed(id, state, at),
            Outcome::Executed(Execution { order: None, .. }) => {
                self.rests(id, at);
                None
            }
        };
        Settled { filled, held: self.held(id) }
    }

    fn placed(&mut self, id: LegId, state: &OrderState, at: Time) -> Option<Money> {
        self.name(id, state);
        self.progress(id, state.filled, at);
        match state.resting {
            Resting::Done => self.finish(id, state.filled, at),
            Resting::Open | Resting::Untold => {
                self.rests(id, at);
                None
            }
        }
    }

    /// The exchange has it: one that can rest lives; one that cannot is over, but what it filled was not told.
    fn rests(&mut self, id: LegId, at: Time) {
        if self.orders.get(&id).is_some_and(|order| can_rest(&order.order)) {
            self.live(id, at);
        } else {
            self.doubt(id, at);
        }
    }

    fn conclude_amendment(&mut self, id: LegId, target: LegId, outcome: &Outcome, at: Time) -> Settled {
        let (mut taken, mut renamed) = (false, None);
        self.change(target, |order| {
            let Some(amendment) = order.amendment.take_if(|amendment| amendment.by == id) else { return };
            renamed = client_name(&amendment.order);
            match outcome {
                Outcome::NotExecuted { .. } => {
                    order.reach = order.doubtful.map_or_else(|| reach(&order.order), |_| order.reach);
                    return;
                }
                Outcome::Unknown { .. } | Outcome::Each(_) => {
                    order.doubtful = Some(at.max(amendment.deadline.plus(LANDED_MS)));
                }
                Outcome::Executed(_) => {
                    order.doubtful = None;
                    order.order = amendment.order;
                    order.reach = reach(&order.order);
                }
            }
            (order.held, order.basis, taken) = (amendment.held, amendment.basis, true);
        });
        // Also where nobody knows whether it has its new name: it is found by both then.
        if let Some(name) = renamed.filter(|_| taken) {
            self.call(target, name);
        }
        if taken {
            self.is_active(target, at);
        }
        let filled = if taken { self.amended(target, outcome, at) } else { None };
        Settled { filled, held: self.held(target) }
    }

    fn amended(&mut self, target: LegId, outcome: &Outcome, at: Time) -> Option<Money> {
        let Outcome::Executed(Execution { order: Some(state), .. }) = outcome else { return None };
        match state.resting {
            Resting::Done if self.fits(target, state) => self.finish(target, state.filled, at),
            Resting::Open | Resting::Untold if self.fits(target, state) => {
                self.progress(target, state.filled, at);
                None
            }
            Resting::Open | Resting::Untold | Resting::Done => None,
        }
    }

    fn held(&self, id: LegId) -> Option<Money> {
        self.orders.get(&id).map(|order| order.held.bot.clone())
    }

    /// Undoes the folding of an intent that nobody recorded.
    pub(super) fn unfold_intent(&mut self, entry: &IntentEntry) {
        let Some(pending) = self.pending.remove(&entry.id) else { return };
        let undone = Outcome::NotExecuted { code: "".into() };
        self.conclude(entry.id, &pending, &undone, entry.at);
        self.usages(entry.owner(), |usage| {
            for (pace, count) in paces(&entry.leaves.act) {
                usage.take_back_attempt(pace, entry.at, count);
            }
        });
        if let Some(state) = self.bots.get_mut(&entry.bot) {
            state.replays.remove(&entry.replay.digest);
            state.quotes.give_back(entry.id);
        }
    }

    /// The orders that a name may mean.
    pub(super) fn meant(&self, place: Place<'_>, by: &crate::OrderRef) -> &[LegId] {
        self.names.meant(place, by)
    }
}

fn begin_cancel(surface: &SurfaceName, cancel: &Cancel, leg: &Leg) -> Kind {
    match leg.target {
        Some(target) => Kind::Cancel(target),
        None if matches!(cancel.order, OrderRef::List(_) | OrderRef::ListClient(_)) => {
            Kind::CancelMany(surface.clone(), cancel.symbol.clone())
        }
        None => Kind::Other,
    }
}
