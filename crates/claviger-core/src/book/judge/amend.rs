//! Amendments: judged as new orders of the shape that they make.

use super::case::{Case, Weight};
use super::{Judged, Refused, asked, plain};
use crate::book::ledger::{Tracked, amended, number};
use crate::entry::{Leg, Losses, Reservation, Share};
use crate::limits::farthest;
use crate::shape::fits;
use crate::value::counted;
use crate::{Act, Amendment, Decimal, Denial, LegId, Money, Order, OrderKind, OrderRef, Size};

impl Case<'_> {
    pub(super) fn amend(&self, amendment: &Amendment) -> Result<Judged, Refused> {
        let (leaves, alone) = self.amended(amendment)?;
        Ok(Judged { leaves: self.intent(Act::Amend(leaves)), alone, legs: Vec::new() })
    }

    /// An amendment as it may leave, and what the whole order may cost then.
    pub(super) fn amended(&self, amendment: &Amendment) -> Result<(Amendment, Leg), Refused> {
        let place = self.place_of(&amendment.symbol);
        let &[id] = self.book.meant(place, &amendment.order) else { return Err(plain(Denial::NotOwnOrder)) };
        let known = self.book.orders.get(&id).filter(|known| known.bot == self.ask.bot);
        let known = known.ok_or_else(|| plain(Denial::NotOwnOrder))?;
        amendable(known, amendment).map_err(plain)?;
        self.names_one(id, amendment)?;
        let order = amended(&known.order, amendment);
        if order.market != amendment.market {
            let act = Act::Amend(Amendment { market: order.market, ..amendment.clone() });
            asked(self.policy, self.ask, &self.intent(act))?;
        }
        self.formed(&order)?;
        let Weight { reservation, figures } = self.at_every_stage(known, amendment, &order)?;
        let exit = self.is_exit(&order);
        let reservation = Some(reheld(known, (&order, exit), &reservation)?);
        let mut leaves = amendment.clone();
        if leaves.more.keeps_priority && leaves.more.client_id.is_none() {
            // Binance gives the order a new random name where none is sent, by which nobody would find it again.
            leaves.more.client_id.clone_from(&known.order.client_id);
        }
        Ok((leaves, Leg { target: Some(id), reservation, figures }))
    }

    /// The amended order with its trigger if that may not have fired, and without it if it may; the larger value counts.
    fn at_every_stage(
        &self,
        known: &Tracked,
        amendment: &Amendment,
        order: &Order,
    ) -> Result<Weight, Refused> {
        let terms = self.terms(order.market, &order.symbol)?;
        let far = farthest(self.policy.levels());
        let (waiting, fired) = stages(known, amendment);
        let mut worst: Option<Weight> = None;
        if waiting {
            fits(order, &terms, far).map_err(plain)?;
            worst = Some(self.weighed(order, &terms)?);
        }
        if fired {
            let order = without_trigger(order);
            let why = "its trigger may have fired, and then it would be refused; cancel it and place another";
            let may_have =
                |refused: Refused| if waiting { plain(Denial::NotAmendable { why }) } else { refused };
            if order.worst().is_none() {
                return Err(plain(Denial::NotAmendable { why: "it has no price of its own" }));
            }
            fits(&order, &terms, far).map_err(|denial| may_have(plain(denial)))?;
            let weight = self.weighed(&order, &terms).map_err(may_have)?;
            worst = Some(match worst {
                Some(waiting) => waiting.or_worse(weight),
                None => weight,
            });
        }
        worst.ok_or_else(|| plain(Denial::NotAmendable { why: "what it looks like now is not known" }))
    }

    /// A new name must not be another order's.
    fn names_one(&self, id: LegId, amendment: &Amendment) -> Result<(), Refused> {
        let Some(name) = &amendment.more.client_id else { return Ok(()) };
        let place = self.place_of(&amendment.symbol);
        let others = [OrderRef::Client(name.clone()), OrderRef::AlgoClient(name.clone())]
            .iter()
            .any(|by| self.book.meant(place, by).iter().any(|other| *other != id));
        let why = "its new client order id is another order's";
        if others { Err(plain(Denial::NotAmendable { why })) } else { Ok(()) }
    }
}

impl Weight {
    /// The larger reservation of both, with the figures of the larger value.
    fn or_worse(self, other: Self) -> Self {
        let reservation = self.reservation.larger(&other.reservation);
        let figures = if reservation.bot == self.reservation.bot { self.figures } else { other.figures };
        Self { reservation, figures }
    }
}

/// What the whole order may cost once amended. Part of it may have filled at the older, worse price, and it may have
/// filled further than a smaller size says; so nothing is given back before the order ends.
fn reheld(known: &Tracked, (order, exit): (&Order, bool), new: &Reservation) -> Result<Reservation, Refused> {
    let old = &known.held;
    let grown = |old: &Money, new: &Money| regrown(known, order, (old, new));
    let nothing = |like: &Money| Money::new(Decimal::ZERO, like.asset.clone());
    let lost = |old: &Option<Money>, new: &Option<Money>| {
        let Some(either) = old.as_ref().or(new.as_ref()) else { return Ok(None) };
        let (old, new) =
            (old.clone().unwrap_or_else(|| nothing(either)), new.clone().unwrap_or_else(|| nothing(either)));
        match grown(&old, &new) {
            // No exit is refused for what it may lose.
            Err(_) if exit => Ok(Some(either.clone())),
            worst => worst.map(Some),
        }
    };
    let loss = Losses { bot: lost(&old.loss.bot, &new.loss.bot)?, key: lost(&old.loss.key, &new.loss.key)? };
    let share = |old: Option<&Share>, new: Option<&Share>| {
        let either = old.or(new)?;
        let none = Share { turnover: nothing(&either.turnover), loss: None, ..either.clone() };
        let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none));
        let turnover = if exit { Ok(old.turnover.clone()) } else { grown(&old.turnover, &new.turnover) };
        let both = turnover.and_then(|turnover| Ok((turnover, lost(&old.loss, &new.loss)?)));
        Some(both.map(|(turnover, loss)| Share { group: either.group.clone(), turnover, loss }))
    };
    // What it holds of a group that the bot has left stays, as a part of it may have filled.
    let joined = new.groups.iter().filter(|share| old.share(&share.group).is_none());
    let groups = old.groups.iter().map(|old| share(Some(old), new.share(&old.group)));
    let groups = groups.chain(joined.map(|new| share(None, Some(new)))).flatten();
    let groups = groups.collect::<Result<_, _>>()?;
    if exit {
        return Ok(Reservation { loss, groups, ..old.clone() });
    }
    Ok(Reservation { bot: grown(&old.bot, &new.bot)?, key: grown(&old.key, &new.key)?, loss, groups })
}

/// The larger of what was held for the largest size so far and what is to be held for the new one, both for the larger size.
fn regrown(known: &Tracked, order: &Order, (old, new): (&Money, &Money)) -> Result<Money, Refused> {
    if old.asset != new.asset {
        let why = "its value is counted in a currency that the limit does not use any more";
        return Err(plain(Denial::NotAmendable { why }));
    }
    let size = number(order.size);
    let basis = known.basis.max(size);
    let grown = |money: &Money, size| money.amount.times(basis)?.over(size);
    let worst = grown(old, known.basis).zip(grown(new, size)).map(|(old, new)| old.max(new));
    let too_large = plain(Denial::Unmeasured { why: "its value is too large" });
    worst.and_then(|amount| counted(amount, &new.asset)).ok_or(too_large)
}

/// Whether the order can still wait for its trigger, and whether it can be in the book already.
///
/// An order that the exchange keeps apart is amended under its name there only as long as it waits, and under its usual
/// name only when it does not any more.
fn stages(known: &Tracked, amendment: &Amendment) -> (bool, bool) {
    let order = &known.order;
    let waits = order.waits() || order.more.or.is_some();
    let by_algo = matches!(amendment.order, OrderRef::Algo(_) | OrderRef::AlgoClient(_));
    match (waits, order.more.algo) {
        (false, _) => (true, false),
        (true, true) => (by_algo, !by_algo),
        (true, false) => (true, true),
    }
}

fn without_trigger(order: &Order) -> Order {
    let mut order = order.clone();
    order.trigger = None;
    (order.more.trail, order.more.or) = (None, None);
    order
}

/// Whether what is known of the order is enough to say what the amendment makes of it.
fn amendable(known: &Tracked, amendment: &Amendment) -> Result<(), Denial> {
    let order = &known.order;
    let more = &amendment.more;
    if known.amendment.is_some() {
        return Err(Denial::AmendmentPending);
    }
    let refuse = |why| Err(Denial::NotAmendable { why });
    if known.doubtful.is_some() {
        if amendment.size.is_none() || amendment.price.is_none() {
            return refuse("what became of an earlier amendment is not known; state both size and price");
        }
        if !order.more.is_plain() || order.waits() || !more.is_plain() {
            return refuse("what became of an earlier amendment is not known; cancel it and place another");
        }
    }
    if amendment.side.is_some_and(|side| side != order.side) {
        return refuse("its side is another one");
    }
    if matches!(order.size, Size::Quote(_)) || (order.size == Size::Position && amendment.size.is_some()) {
        return refuse("its size is in quote currency, or a position's");
    }
    if amendment.price.is_some() && matches!(order.kind, OrderKind::Floating { .. }) {
        return refuse("the exchange finds its price");
    }
    if more.keeps_priority && !only_shrinks(order, amendment) {
        return refuse("an order that keeps its place can only become smaller");
    }
    let (waiting, _) = stages(known, amendment);
    if let (Some(known), Some(new)) = (&order.more.or, &more.or)
        && known.end().waits() != new.end().waits()
    {
        return refuse("its second price rests in the book from the start, or waits, and stays so");
    }
    if !waiting && order.more.or.is_some() && amendment.price.is_none() {
        return refuse("which of its two triggers fired is not known; state the price");
    }
    if !waiting && (more.trigger.is_some() || more.or.is_some() || more.trail.is_some()) {
        return refuse("its trigger has fired");
    }
    Ok(())
}

fn only_shrinks(order: &Order, amendment: &Amendment) -> bool {
    let more = &amendment.more;
    let nothing_else = amendment.price.is_none()
        && more.trigger.is_none()
        && more.or.is_none()
        && more.trail.is_none()
        && more.exits.is_empty();
    let smaller = amendment.size.zip(order.size.number()).is_some_and(|(new, old)| new < old);
    nothing_else && smaller
}
