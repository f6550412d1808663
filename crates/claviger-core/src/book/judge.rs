//! Asking every limit, and reserving in one step.

use super::fold::paces;
use super::ledger::{Place, Tracked, amended, number, surface};
use super::{Ask, Book, Denied, Permit};
use crate::bound::bounded;
use crate::entry::{Figures, IntentEntry, Leg, ReadEntry, ReferenceUsed, Reservation};
use crate::limits::Limit as _;
use crate::limits::{Added, Asked, Cap, Counted, LIMITS, MaxDay, Rules, Scope, Weighed};
use crate::value::{Prices, counted, value};
use crate::{
    Act, Amendment, BotPolicy, Cancel, ClientOrderId, Denial, Detail, Entry, Evidence, Instrument, Intent,
    LegId, Money, Order, Permission, PolicySet, Reference, Size, Subject,
};

/// One bot can have this many orders in the ledger.
const ORDERS_PER_BOT: usize = 5_000;

/// One real key can have this many orders in the ledger.
const ORDERS_PER_KEY: usize = 20_000;

/// This many intents can be under way at a time.
const PENDING: usize = 100_000;

type Refused = Box<(Denial, Detail)>;

/// A request that nothing speaks against.
struct Judged {
    leaves: Intent,
    target: Option<LegId>,
    reservation: Option<Reservation>,
    figures: Figures,
    legs: Vec<Leg>,
}

impl Book {
    /// Asks every limit of the bot and of its real key and, if none objects, reserves what the intent may cost, all in
    /// one step.
    ///
    /// # Errors
    /// If anything objects; then nothing was reserved, and the entry says who refused and why.
    pub fn decide(&mut self, policies: &PolicySet, ask: Ask<'_>) -> Result<Permit, Denied> {
        self.advance(ask.now);
        let Some(policy) = policies.bot(&ask.bot) else {
            return Err(Denied::new(*plain(Denial::NoPolicy), ask));
        };
        self.prune(&ask.bot, policy.key());
        if let Some(state) = self.bots.get_mut(&ask.bot) {
            state.replays.prune(ask.now);
        }
        match self.judge(policies, policy, &ask) {
            Ok(judged) => Ok(self.grant(policy, ask, judged)),
            Err(refused) => Err(Denied::new(*refused, ask)),
        }
    }

    fn grant(&mut self, policy: &BotPolicy, ask: Ask<'_>, judged: Judged) -> Permit {
        let (id, bot, key, deadline) = (ask.id, ask.bot, policy.key().clone(), ask.deadline);
        let leaves = judged.leaves;
        let entry = if leaves.act.changes_state() {
            Entry::Intent(Box::new(IntentEntry {
                id,
                at: self.now,
                bot: bot.clone(),
                key: key.clone(),
                peer: ask.peer,
                evidence: ask.evidence,
                asked: ask.intent,
                leaves: leaves.clone(),
                target: judged.target,
                reservation: judged.reservation,
                figures: judged.figures,
                legs: judged.legs,
                replay: ask.replay,
                deadline,
            }))
        } else {
            let endpoint = ask.intent.endpoint;
            let read =
                ReadEntry { id, at: self.now, bot: bot.clone(), key: key.clone(), peer: ask.peer, endpoint };
            Entry::Read(Box::new(read))
        };
        self.fold(&entry);
        Permit { id, bot, key, deadline, leaves, entry }
    }

    fn judge(&self, policies: &PolicySet, policy: &BotPolicy, ask: &Ask<'_>) -> Result<Judged, Refused> {
        asked(policy, ask, &ask.intent)?;
        if !proven(ask) {
            return Err(plain(Denial::Unsigned));
        }
        if ask.now >= ask.deadline {
            return Err(plain(Denial::TooLate));
        }
        if ask.intent.act.changes_state() {
            self.may_change(policy, ask)?;
        }
        let prices = Prices::new(ask.market, policy.exchange(), ask.now);
        let case = Case { book: self, policies, policy, ask, prices: &prices };
        let judged = match &ask.intent.act {
            Act::Place(order) => case.place(order)?,
            Act::Test(order) => case.test(order)?,
            Act::Amend(amendment) => case.amend(amendment)?,
            Act::Cancel(cancel) => case.cancel(cancel)?,
            Act::Change if trades(ask.intent.permission) => {
                let why = "what it would trade, and for how much, is not known";
                return Err(plain(Denial::Unmeasured { why }));
            }
            Act::Steps(_) | Act::ClosePosition { .. } | Act::Countdown { .. } | Act::Special(_) => {
                return Err(plain(Denial::Unmeasured { why: "such a request is not judged yet" }));
            }
            Act::Read
            | Act::CancelAll { .. }
            | Act::SetLeverage { .. }
            | Act::SetMarginMode { .. }
            | Act::Transfer(_)
            | Act::Withdraw(_)
            | Act::Change => Judged::as_asked(ask),
        };
        case.count(&judged)?;
        Ok(judged)
    }

    /// Freeze, replay and memory.
    fn may_change(&self, policy: &BotPolicy, ask: &Ask<'_>) -> Result<(), Refused> {
        for (scope, subject) in
            [(Scope::Bot, Subject::Bot(ask.bot.clone())), (Scope::Key, Subject::Key(policy.key().clone()))]
        {
            if self.is_frozen(&subject) {
                return Err(at(scope)(Denial::Frozen));
            }
        }
        let seen = self.bots.get(&ask.bot).map(|state| &state.replays);
        let numbered = self.is_numbered(ask.id);
        if numbered || seen.is_some_and(|seen| seen.contains(&ask.replay.digest, ask.now)) {
            return Err(plain(Denial::Replayed));
        }
        if seen.is_some_and(super::replay::Replays::is_full) || self.pending.len() >= PENDING {
            return Err(plain(Denial::Crowded { what: "requests" }));
        }
        Ok(())
    }
}

/// Whether an act of unknown effect could be an order under this permission: `symbols`, the band and the budgets would
/// not see it, so no grant alone allows it.
const fn trades(permission: Permission) -> bool {
    matches!(permission, Permission::Trade | Permission::Copy | Permission::ExchangeBot | Permission::Block)
}

/// Whether the evidence is enough for what is asked.
const fn proven(ask: &Ask<'_>) -> bool {
    match ask.evidence {
        Evidence::BotSignature => true,
        Evidence::KeyId => {
            let public = matches!(ask.intent.permission, Permission::Public | Permission::MarketData);
            public && matches!(ask.intent.act, Act::Read)
        }
    }
}

/// First stage, at both levels.
fn asked(policy: &BotPolicy, ask: &Ask<'_>, intent: &Intent) -> Result<(), Refused> {
    for (scope, rules) in policy.levels() {
        let asked = Asked { scope, rules, peer: &ask.peer, intent, shared: policy.is_shared() };
        for limit in LIMITS {
            limit.ask(&asked).map_err(at(scope))?;
        }
    }
    Ok(())
}

fn plain(denial: Denial) -> Refused {
    Box::new((denial, Detail { scope: None, used: None }))
}

fn at(scope: Scope) -> impl Fn(Denial) -> Refused {
    move |denial| Box::new((denial, Detail { scope: Some(scope), used: None }))
}

impl Judged {
    fn as_asked(ask: &Ask<'_>) -> Self {
        let leaves = ask.intent.clone();
        Self { leaves, target: None, reservation: None, figures: Figures::default(), legs: Vec::new() }
    }
}

/// One request with all that it is judged by.
struct Case<'a> {
    book: &'a Book,
    policies: &'a PolicySet,
    policy: &'a BotPolicy,
    ask: &'a Ask<'a>,
    prices: &'a Prices<'a>,
}

impl Case<'_> {
    fn place(&self, order: &Order) -> Result<Judged, Refused> {
        let crowded = |scope, most: usize| {
            let usage = self.book.usage_at(scope, &self.ask.bot, self.policy.key());
            usage.orders.len() >= most
        };
        if crowded(Scope::Bot, ORDERS_PER_BOT) || crowded(Scope::Key, ORDERS_PER_KEY) {
            return Err(plain(Denial::Crowded { what: "orders" }));
        }
        let (leaves, value, figures) = self.measured(order)?;
        let reservation = Some(self.reservation(&value)?);
        Ok(Judged {
            leaves: self.intent(Act::Place(leaves)),
            target: None,
            reservation,
            figures,
            legs: Vec::new(),
        })
    }

    fn test(&self, order: &Order) -> Result<Judged, Refused> {
        let (leaves, _, figures) = self.measured(order)?;
        Ok(Judged {
            leaves: self.intent(Act::Test(leaves)),
            target: None,
            reservation: None,
            figures,
            legs: Vec::new(),
        })
    }

    fn intent(&self, act: Act) -> Intent {
        let intent = &self.ask.intent;
        Intent {
            endpoint: intent.endpoint.clone(),
            permission: intent.permission,
            act,
            params: intent.params.clone(),
        }
    }

    /// An order as it may leave, with its value, after the second stage.
    fn measured(&self, order: &Order) -> Result<(Order, Money, Figures), Refused> {
        if !order.more.is_plain() || matches!(order.size, Size::Position) {
            return Err(plain(Denial::Unmeasured { why: "such an order is not judged yet" }));
        }
        let (instrument, reference) = self.instrument(order)?;
        let mut leaves = bounded(order, instrument, reference, self.rules()).map_err(plain)?;
        leaves.client_id = leaves.client_id.or_else(|| self.client_id());
        let (value, figures) = self.weighed(&leaves, instrument, reference)?;
        Ok((leaves, value, figures))
    }

    fn client_id(&self) -> Option<ClientOrderId> {
        self.ask.id.client_order_id()
    }

    fn instrument(&self, order: &Order) -> Result<(&Instrument, Option<&Reference>), Refused> {
        let (market, symbol) = (order.market, &order.symbol);
        let unlisted = || plain(Denial::NoInstrument { market, symbol: symbol.clone() });
        let instrument = self.prices.instrument(market, symbol).ok_or_else(unlisted)?;
        Ok((instrument, self.prices.reference(market, symbol)))
    }

    fn rules(&self) -> [&Rules; 2] {
        self.policy.levels().map(|(_, rules)| rules)
    }

    /// Second stage, at both levels.
    fn weighed(
        &self,
        order: &Order,
        instrument: &Instrument,
        reference: Option<&Reference>,
    ) -> Result<(Money, Figures), Refused> {
        let value = value(order, instrument, reference).map_err(plain)?;
        for (scope, rules) in self.policy.levels() {
            let weighed = Weighed { scope, rules, order, value: &value, reference, prices: self.prices };
            for limit in LIMITS {
                limit
                    .weigh(&weighed)
                    .map_err(|denial| (denial, Detail { scope: Some(scope), used: None }))?;
            }
        }
        let used = |r: &Reference| ReferenceUsed {
            price: r.price,
            source: r.source.clone(),
            age_ms: self.prices.age(r),
        };
        let figures = Figures { reference: reference.map(used), value: Some(value.clone()) };
        Ok((value, figures))
    }

    /// A value in the currency in which each level counts its day.
    fn reservation(&self, value: &Money) -> Result<Reservation, Refused> {
        let [bot, key] = self.rules().map(|rules| match rules.max_day().and_then(Cap::at) {
            Some(limit) => self.prices.in_asset(value, &limit.asset, MaxDay.name()),
            None => Ok(value.clone()),
        });
        Ok(Reservation { bot: bot.map_err(plain)?, key: key.map_err(plain)? })
    }

    fn amend(&self, amendment: &Amendment) -> Result<Judged, Refused> {
        let place = self.place_of(&amendment.symbol);
        let &[id] = self.book.meant(place, &amendment.order) else { return Err(plain(Denial::NotOwnOrder)) };
        let known = self.book.orders.get(&id).filter(|known| known.bot == self.ask.bot);
        let known = known.ok_or_else(|| plain(Denial::NotOwnOrder))?;
        let order = amendable(known, amendment).map_err(plain)?;
        if order.market != amendment.market {
            let act = Act::Amend(Amendment { market: order.market, ..amendment.clone() });
            asked(self.policy, self.ask, &self.intent(act))?;
        }
        let (instrument, reference) = self.instrument(&order)?;
        let (value, figures) = self.weighed(&order, instrument, reference)?;
        let reservation = Some(self.reheld(known, &order, &value)?);
        Ok(Judged {
            leaves: self.ask.intent.clone(),
            target: Some(id),
            reservation,
            figures,
            legs: Vec::new(),
        })
    }

    /// What the whole order may cost once amended. Part of it may have filled at the older, worse price, and it may have
    /// filled further than a smaller size says; so nothing is given back before the order ends.
    fn reheld(&self, known: &Tracked, order: &Order, value: &Money) -> Result<Reservation, Refused> {
        let new = self.reservation(value)?;
        let size = number(order.size);
        let basis = known.basis.max(size);
        let level = |old: &Money, new: &Money| {
            if old.asset != new.asset {
                let why = "its value is counted in a currency that max_day does not use any more";
                return Err(plain(Denial::NotAmendable { why }));
            }
            let grown = |money: &Money, size| money.amount.times(basis)?.over(size);
            let worst = grown(old, known.basis).zip(grown(new, size)).map(|(old, new)| old.max(new));
            let too_large = plain(Denial::Unmeasured { why: "its value is too large" });
            worst.and_then(|amount| counted(amount, &new.asset)).ok_or(too_large)
        };
        Ok(Reservation { bot: level(&known.held.bot, &new.bot)?, key: level(&known.held.key, &new.key)? })
    }

    fn cancel(&self, cancel: &Cancel) -> Result<Judged, Refused> {
        let meant = self.book.meant(self.place_of(&cancel.symbol), &cancel.order);
        let owners = meant.iter().filter_map(|id| self.book.orders.get(id)).map(Tracked::bot);
        let (mut own, mut others) = (0_usize, 0_usize);
        for owner in owners {
            match owner {
                owner if *owner == self.ask.bot => own += 1,
                owner if self.policies.bot(owner).is_some_and(|p| p.key() == self.policy.key()) => {
                    others += 1
                }
                _ => {}
            }
        }
        let unknown_is_ours = !self.policy.is_shared();
        if others > 0 || (own == 0 && !unknown_is_ours) {
            return Err(plain(Denial::NotOwnOrder));
        }
        let target = match meant {
            [id] if own == 1 => Some(*id),
            _ => None,
        };
        Ok(Judged { target, ..Judged::as_asked(self.ask) })
    }

    fn place_of<'a>(&'a self, symbol: &'a crate::Symbol) -> Place<'a> {
        Place { key: self.policy.key(), surface: surface(&self.ask.intent), symbol }
    }

    /// Third stage, at both levels.
    fn count(&self, judged: &Judged) -> Result<(), Refused> {
        let act = &judged.leaves.act;
        let known =
            judged.target.filter(|_| matches!(act, Act::Amend(_))).and_then(|id| self.book.orders.get(&id));
        let opens = u32::from(matches!(act, Act::Place(order) if super::ledger::can_rest(order)));
        for (scope, rules) in self.policy.levels() {
            let level = |r: &Reservation| match scope {
                Scope::Bot => r.bot.clone(),
                Scope::Key => r.key.clone(),
            };
            let hold = judged.reservation.as_ref().map(level);
            let held = known.map(|known| level(&known.held).amount).unwrap_or_default();
            let added = Added { hold, held, opens, paces: paces(act) };
            let usage = self.book.usage_at(scope, &self.ask.bot, self.policy.key());
            let counted =
                Counted { scope, rules, usage, added: &added, prices: self.prices, now: self.book.now };
            for limit in LIMITS {
                limit.count(&counted).map_err(|denial| {
                    let used = limit.used(&counted).map(|(used, of)| format!("{used} of {of}").into());
                    Box::new((denial, Detail { scope: Some(scope), used }))
                })?;
            }
        }
        Ok(())
    }
}

/// The order as it would be after an amendment.
fn amendable(known: &Tracked, amendment: &Amendment) -> Result<Order, Denial> {
    let order = &known.order;
    if known.amendment.is_some() {
        return Err(Denial::AmendmentPending);
    }
    if known.doubtful.is_some() && (amendment.size.is_none() || amendment.price.is_none()) {
        let why = "what became of an earlier amendment is not known; state both size and price";
        return Err(Denial::NotAmendable { why });
    }
    if order.trigger.is_some() {
        return Err(Denial::NotAmendable {
            why: "it has a trigger, which may have fired; cancel it and place another",
        });
    }
    if amendment.side.is_some_and(|side| side != order.side) {
        return Err(Denial::NotAmendable { why: "its side is another one" });
    }
    if matches!(order.size, Size::Quote(_) | Size::Position) {
        return Err(Denial::NotAmendable { why: "its size is in quote currency" });
    }
    if !amendment.more.is_plain() {
        return Err(Denial::NotAmendable { why: "such an amendment is not judged yet" });
    }
    Ok(amended(order, amendment))
}
