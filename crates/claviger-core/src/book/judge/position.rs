//! What the account could hold with a request, in the worst case.
//!
//! The worst case of one side is what was told of the account, what filled since on that side, every order on it that is
//! alive or of unknown fate, and the request. What filled or may fill on the other side takes nothing off: nobody knows
//! which of it is in what was told.

use std::collections::{BTreeMap, BTreeSet};

use super::Judged;
use super::case::Case;
use super::count::rival;
use crate::book::ledger::{Tracked, amended, number, surface};
use crate::book::wallets::{Amount, BySide as _, Held, Wallet, amounts, parts};
use crate::limits::{Rules, Stand, Stands};
use crate::worth::at_price;
use crate::{
    Act, Amendment, Asset, Decimal, Deed, Denial, Instrument, LegId, Market, Money, PositionSide, Side,
    Signed, Steps,
};

/// What a request adds in each place on each side, beyond what the ledger has of it.
type Adds = BTreeMap<Held, [Amount; 2]>;

impl Case<'_> {
    /// What the account could hold in each instrument in which this opens something, and of all of its market, where the
    /// level limits that.
    pub(super) fn stands(&self, judged: &Judged, rules: &Rules) -> Result<Stands, Denial> {
        let (each, all) = (rules.max_position_each(), rules.max_position_in_all());
        let Some(limit) = each.map(|_| "max_position").or(all.map(|_| "max_position_all")) else {
            return Ok(Stands::default());
        };
        let added = self.openings(judged);
        let (mut stands, mut markets) = (Stands::default(), BTreeSet::new());
        if added.is_empty() {
            return Ok(stands);
        }
        let wallet = self.book.wallets.of(self.policy.key(), surface(&self.ask.intent));
        let unseen = Denial::PositionUnknown { limit, why: "nothing was told yet of what the account holds" };
        let worst = Worst { case: self, wallet: wallet.ok_or(unseen)?, limit, added: &added };
        for held in added.keys() {
            for side in [Side::Buy, Side::Sell] {
                let (before, after) = (worst.value(held, side, false)?, worst.value(held, side, true)?);
                if after.amount > before.amount {
                    markets.insert(held.market);
                    stands.each.push(Stand { symbol: held.symbol.clone(), value: after });
                }
            }
        }
        if let (Some(most), Some(market)) = (all, markets.first()) {
            stands.all = Some(worst.of_all(*market, &most.asset)?);
        }
        Ok(stands)
    }

    /// What this may buy and sell that the ledger does not have yet. Exits are left out.
    fn openings(&self, judged: &Judged) -> Adds {
        let mut adds = Adds::new();
        match &judged.leaves.act {
            Act::Place(order) => self.push(&mut adds, amounts(order, number(order.size), Decimal::ZERO)),
            Act::Amend(amendment) => self.push_amended(&mut adds, amendment, judged.alone.target),
            Act::Steps(steps) => self.push_steps(&mut adds, steps, judged),
            Act::Read
            | Act::Test(_)
            | Act::Cancel(_)
            | Act::ClosePosition { .. }
            | Act::Countdown { .. }
            | Act::CancelAll { .. }
            | Act::SetLeverage { .. }
            | Act::SetMarginMode { .. }
            | Act::Transfer(_)
            | Act::Withdraw(_)
            | Act::Special(_)
            | Act::Change => {}
        }
        adds
    }

    fn push_steps(&self, adds: &mut Adds, steps: &Steps, judged: &Judged) {
        for (n, (step, leg)) in steps.steps.iter().zip(&judged.legs).enumerate() {
            let earlier = rival(steps.how, n).and_then(|n| steps.steps.get(n)).map(|step| &step.deed);
            match (&step.deed, earlier) {
                (Deed::Place(order), Some(Deed::Place(rival))) => {
                    // At most one of both fills, so that the larger one counts.
                    let more = number(order.size).less(number(rival.size));
                    self.push(adds, amounts(order, more, Decimal::ZERO));
                }
                (Deed::Place(order), _) => {
                    self.push(adds, amounts(order, number(order.size), Decimal::ZERO));
                }
                (Deed::Amend(amendment), _) => self.push_amended(adds, amendment, leg.target),
                (Deed::Cancel(_), _) => {}
            }
        }
    }

    /// What an amendment adds to what the ledger has of the order.
    fn push_amended(&self, adds: &mut Adds, amendment: &Amendment, target: Option<LegId>) {
        let Some(known) = target.and_then(|id| self.book.orders.get(&id)) else { return };
        let order = amended(&known.order, amendment);
        let size = number(order.size).max(known.largest());
        let new = amounts(&order, size, known.filled);
        self.push(
            adds,
            new.map(|(held, side, amount)| {
                let before = counted_of(known, &held, side);
                (held, side, amount.less(before))
            }),
        );
    }

    fn push(&self, adds: &mut Adds, parts: impl Iterator<Item = (Held, Side, Amount)>) {
        let holds = self.book.holds_reduce_only(self.policy);
        for (held, side, amount) in parts {
            let amount = amount.that_may_open(holds);
            if amount != Amount::default() {
                adds.entry(held).or_default().of_mut(side).plus(amount);
            }
        }
    }
}

/// What the ledger counts of an order on one side.
fn counted_of(known: &Tracked, held: &Held, side: Side) -> Amount {
    let mut sum = Amount::default();
    parts(known).filter(|(h, s, _)| h == held && *s == side).for_each(|(.., amount)| sum.plus(amount));
    sum
}

/// What the worst case is made of.
struct Worst<'a> {
    case: &'a Case<'a>,
    wallet: &'a Wallet,
    limit: &'static str,
    added: &'a Adds,
}

impl Worst<'_> {
    /// What could be held on one side of one place, at the reference price.
    fn value(&self, held: &Held, side: Side, with_added: bool) -> Result<Money, Denial> {
        let instrument = self.instrument(held)?;
        let zero = Money::new(Decimal::ZERO, instrument.quote.clone());
        let seen = match (held.market, held.side, side) {
            (Market::Spot, _, Side::Buy) => self.balance(&instrument.base)?,
            (Market::Usdm | Market::Coinm, PositionSide::Net | PositionSide::Long, Side::Buy) => {
                self.position(held)?
            }
            (Market::Usdm | Market::Coinm, PositionSide::Net | PositionSide::Short, Side::Sell) => {
                self.position(held)?.negated()
            }
            (Market::Spot, _, Side::Sell)
            | (Market::Usdm | Market::Coinm, PositionSide::Long, Side::Sell)
            | (Market::Usdm | Market::Coinm, PositionSide::Short, Side::Buy) => return Ok(zero),
            (Market::Margin | Market::Option, ..) => {
                return Err(self.unknown("positions of the margin market and of options are not told"));
            }
        };
        let mut sum = Sum { units: seen, worth: zero };
        for place in self.same(held, instrument) {
            self.add_open(&mut sum, &place, side)?;
            if let Some(added) = self.added.get(&place).filter(|_| with_added) {
                self.add(&mut sum, &place, (Decimal::ZERO, *added.of(side)))?;
            }
        }
        let units = at_price(sum.units.above_zero(), instrument, self.price(held)?)?;
        let whole = units.amount.plus(sum.worth.amount).ok_or(TOO_LARGE)?;
        Ok(Money::new(whole, units.asset))
    }

    /// Of contracts the place itself; of a pair every pair that buys the same asset.
    fn same(&self, held: &Held, instrument: &Instrument) -> Vec<Held> {
        if held.market != Market::Spot {
            return vec![held.clone()];
        }
        let base = |place: &Held| self.instrument(place).is_ok_and(|other| other.base == instrument.base);
        let places: BTreeSet<&Held> = self.wallet.touched().chain(self.added.keys()).collect();
        let places = places.into_iter().filter(|place| place.market == Market::Spot && base(place));
        places.cloned().collect()
    }

    fn add_open(&self, sum: &mut Sum, place: &Held, side: Side) -> Result<(), Denial> {
        let (moved, open) = self.wallet.more(place, side);
        let holds = self.case.book.holds_reduce_only(self.case.policy);
        self.add(sum, place, (moved, open.that_may_open(holds)))
    }

    fn add(&self, sum: &mut Sum, place: &Held, (moved, open): (Decimal, Amount)) -> Result<(), Denial> {
        let units = moved.plus(open.units).and_then(|units| sum.units.plus(units.into()));
        sum.units = units.ok_or(TOO_LARGE)?;
        if !open.quote.is_zero() {
            let quote = Money::new(open.quote, self.instrument(place)?.quote.clone());
            let quote = self.case.prices.in_asset(&quote, &sum.worth.asset, self.limit)?;
            sum.worth.amount = sum.worth.amount.plus(quote.amount).ok_or(TOO_LARGE)?;
        }
        Ok(())
    }

    /// What could be held of everything in a market, in one currency.
    fn of_all(&self, market: Market, asset: &Asset) -> Result<Money, Denial> {
        let mut sum = Decimal::ZERO;
        let mut add = |value: &Money| {
            let value = self.case.prices.in_asset(value, asset, self.limit)?;
            sum = sum.plus(value.amount).ok_or(TOO_LARGE)?;
            Ok(())
        };
        let mut places: BTreeSet<&Held> = self.wallet.touched().chain(self.added.keys()).collect();
        if market == Market::Spot {
            self.balances_but(asset, &places)?.iter().try_for_each(&mut add)?;
        } else {
            places.extend(self.positions()?.keys());
        }
        let mut bases = BTreeSet::new();
        for place in places.into_iter().filter(|place| place.market == market) {
            // Pairs that buy the same asset hold the same.
            if market == Market::Spot && !bases.insert(&self.instrument(place)?.base) {
                continue;
            }
            let (long, short) = (self.value(place, Side::Buy, true)?, self.value(place, Side::Sell, true)?);
            add(if short.amount > long.amount { &short } else { &long })?;
        }
        Ok(Money::new(sum, asset.clone()))
    }

    /// What there is of every asset but one, and but those that pairs count. What has no price here is bought by no bot.
    fn balances_but(&self, asset: &Asset, places: &BTreeSet<&Held>) -> Result<Vec<Money>, Denial> {
        let pairs = places.iter().filter(|place| place.market == Market::Spot);
        let bases: BTreeSet<&Asset> =
            pairs.filter_map(|place| Some(&self.instrument(place).ok()?.base)).collect();
        let others = self.balances()?.iter().filter(|(held, _)| *held != asset && !bases.contains(held));
        let others = others.map(|(held, total)| Money::new(total.above_zero(), held.clone()));
        let priced = |money: &Money| self.case.prices.follows(&money.asset);
        Ok(others.filter(|money| !money.amount.is_zero() && priced(money)).collect())
    }

    fn balances(&self) -> Result<&BTreeMap<Asset, Signed>, Denial> {
        self.wallet.balances(self.case.book.now).ok_or_else(|| self.unknown(NO_WORD))
    }

    fn positions(&self) -> Result<&BTreeMap<Held, Signed>, Denial> {
        self.wallet.positions(self.case.book.now).ok_or_else(|| self.unknown(NO_WORD))
    }

    fn balance(&self, asset: &Asset) -> Result<Signed, Denial> {
        Ok(self.balances()?.get(asset).copied().unwrap_or_default())
    }

    fn position(&self, held: &Held) -> Result<Signed, Denial> {
        Ok(self.positions()?.get(held).copied().unwrap_or_default())
    }

    fn instrument(&self, held: &Held) -> Result<&Instrument, Denial> {
        let unlisted = || Denial::NoInstrument { market: held.market, symbol: held.symbol.clone() };
        self.case.prices.instrument(held.market, &held.symbol).ok_or_else(unlisted)
    }

    fn price(&self, held: &Held) -> Result<Decimal, Denial> {
        let unknown = || Denial::NoReference { symbol: held.symbol.clone() };
        self.case.prices.reference(held.market, &held.symbol).map(|r| r.price).ok_or_else(unknown)
    }

    const fn unknown(&self, why: &'static str) -> Denial {
        Denial::PositionUnknown { limit: self.limit, why }
    }
}

/// What is held, in the instrument's unit, and what orders may buy for an amount of quote currency.
struct Sum {
    units: Signed,
    worth: Money,
}

const NO_WORD: &str = "what the account holds was not told since something changed, or not yet";
const TOO_LARGE: Denial = Denial::Unmeasured { why: "what the account could hold is too large" };
