//! What can be lost by trading: by filling at bad prices, over and over.

use super::{Bound, Most, Part};
use crate::limits::{Cap, LIMITS, OrderType, Percent, Rules, Scope};
use crate::policy::BotPolicy;
use crate::value::counted;
use crate::{Decimal, Market, Money, Permission, Side};

/// How long a thief has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// One hour.
    Hour,
    /// 24 hours.
    Day,
}

impl Span {
    const fn hours(self) -> u64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
        }
    }
}

/// The ways to lose by trading within a span.
pub(super) fn parts(policy: &BotPolicy, span: Span) -> Vec<Part> {
    if !permits(policy, Permission::Trade) && !converts(policy) {
        return Vec::new();
    }
    if levels(policy).any(|(_, rules)| rules.only_reduces()) {
        return Vec::new();
    }
    let opening = Part { what: "orders that open, and all on spot", bound: openings(policy, span) };
    let closing = contracts(policy).map(|inverse| Part {
        what: "exits from what was opened meanwhile",
        bound: closings(policy, span, inverse),
    });
    [Some(opening), closing].into_iter().flatten().collect()
}

/// Every level at which its limits stand.
pub(super) fn levels(policy: &BotPolicy) -> impl Iterator<Item = (Scope, &Rules)> {
    policy.levels().map(|level| (level.scope(), level.rules()))
}

/// Whether every level grants it.
pub(super) fn permits(policy: &BotPolicy, permission: Permission) -> bool {
    levels(policy).all(|(scope, rules)| rules.permits(scope, permission))
}

/// Whether a level limits what may be lost: then what has no known price is refused.
pub(super) fn limits_loss(policy: &BotPolicy) -> bool {
    levels(policy).any(|(_, rules)| rules.max_loss().is_some())
}

/// Conversions are done at a price that the exchange makes.
fn converts(policy: &BotPolicy) -> bool {
    permits(policy, Permission::Convert) && !limits_loss(policy)
}

fn trades_in(policy: &BotPolicy, market: Market) -> bool {
    permits(policy, Permission::Trade) && levels(policy).all(|(scope, rules)| rules.trades_in(scope, market))
}

/// Whether there are positions that orders close, and if so, whether some are inverse.
fn contracts(policy: &BotPolicy) -> Option<bool> {
    let inverse = trades_in(policy, Market::Coinm);
    (inverse || trades_in(policy, Market::Usdm)).then_some(inverse)
}

fn openings(policy: &BotPolicy, span: Span) -> Bound {
    let losses = levels(policy).filter_map(|(scope, rules)| {
        let money = rules.max_loss()?.clone();
        Some(Most { money, by: named("max_loss_day", scope, rules), lower: "a lower max_loss_day lowers it" })
    });
    let mut all: Vec<Most> = losses.collect();
    let options = trades_in(policy, Market::Option);
    match worst_part(policy).filter(|_| !options) {
        Some(worst) => {
            let lower = "a lower budget or price_band lowers it, or a max_loss_day";
            let turnovers = turnover(policy, span).into_iter();
            all.extend(turnovers.filter_map(|most| most.times(worst.part, &worst.why, lower)));
            if all.is_empty() {
                return Bound::Unlimited {
                    why: "nothing limits how much may be traded",
                    lower: "max_day or max_loss_day would bound it",
                };
            }
        }
        None if all.is_empty() && options => {
            return Bound::Unlimited {
                why: "a sold option can lose without end, and fees of bought ones are a part of the underlying's value",
                lower: "max_loss_day would bound it",
            };
        }
        None if all.is_empty() => {
            return Bound::Unlimited {
                why: "inverse contracts may be sold at any price, or wait for any",
                lower: "price_band, or max_loss_day, would bound it",
            };
        }
        None => {}
    }
    Bound::lowest(all)
}

/// Which part of its value an order can lose.
struct Worst {
    part: Decimal,
    why: String,
}

/// The part of what is traded that bad prices and fees can take; `None` where it is not bounded.
fn worst_part(policy: &BotPolicy) -> Option<Worst> {
    let (fee, fee_text) = fee(policy)?;
    if converts(policy) {
        let why = "all can be lost: at what price conversions are done is not known".to_owned();
        return Some(Worst { part: Decimal::ONE, why });
    }
    let linear_only = !trades_in(policy, Market::Coinm);
    let band = tightest(policy, |_, rules| rules.price_band().and_then(Cap::at).copied());
    let Some(band) = band else {
        let why = format!("all can be lost: price_band is unlimited, and max_fee {fee_text}");
        return linear_only.then_some(Worst { part: Decimal::ONE.plus(fee)?, why });
    };
    let far = waits_within(policy);
    let side = |side| levels(policy).all(|(_, rules)| rules.takes_side(side));
    let buys = if side(Side::Buy) { bought(band, far)? } else { Decimal::ZERO };
    let sells = match (side(Side::Sell), linear_only) {
        (true, true) => sold(band, far)?,
        (true, false) => inverse_sold(band, far)?,
        (false, _) => Decimal::ZERO,
    };
    let waits = far.map_or(String::new(), |far| format!(", trigger_distance {far}"));
    let why = format!("price_band {band}{waits} and max_fee {fee_text}");
    Some(Worst { part: buys.max(sells).plus(fee)?, why })
}

/// What a buy loses of its own value, at the band's edge of where it may wake.
fn bought(band: Percent, far: Option<Percent>) -> Option<Decimal> {
    let wakes = far.map_or(Some(Decimal::ONE), |far| far.above(Decimal::ONE))?;
    Some(Decimal::ONE.less(Decimal::ONE.over(band.above(wakes)?)?))
}

/// What a sale loses of its value at the reference price.
fn sold(band: Percent, far: Option<Percent>) -> Option<Decimal> {
    Some(Decimal::ONE.less(lowest(band, far)?))
}

/// The same of inverse contracts, whose value is in the quote currency.
fn inverse_sold(band: Percent, far: Option<Percent>) -> Option<Decimal> {
    Some(Decimal::ONE.over(lowest(band, far)?)?.less(Decimal::ONE))
}

/// The lowest price of a sale, where the reference price is one.
fn lowest(band: Percent, far: Option<Percent>) -> Option<Decimal> {
    let wakes = far.map_or(Some(Decimal::ONE), |far| far.below(Decimal::ONE))?;
    band.below(wakes).filter(|price| !price.is_zero())
}

fn closings(policy: &BotPolicy, span: Span, inverse: bool) -> Bound {
    if takes(policy, OrderType::Market) {
        return Bound::Unlimited {
            why: "an exit that waits, and the closing of a whole position, may go to the book at the market's price",
            lower: "order_types without `market` holds every exit to exit_band",
        };
    }
    let unbounded = Bound::Unlimited {
        why: "exits are held to no price",
        lower: "exit_band or price_band would bound them",
    };
    let Some(worst) = worst_exit(policy, inverse) else { return unbounded };
    let lower = "a lower budget, exit_band or trigger_distance lowers it";
    let all: Vec<Most> = turnover(policy, span)
        .into_iter()
        .filter_map(|most| most.times(worst.part, &worst.why, lower))
        .collect();
    if all.is_empty() {
        return Bound::Unlimited {
            why: "nothing limits how much may be opened",
            lower: "max_day would bound it",
        };
    }
    Bound::lowest(all)
}

/// The part of what was opened that closing it can take, at the price at which it was opened.
fn worst_exit(policy: &BotPolicy, inverse: bool) -> Option<Worst> {
    let (fee, fee_text) = fee(policy)?;
    let band = tightest(policy, |_, rules| rules.exits_within())?;
    let far = waits_within(policy);
    let highest = band.above(far.map_or(Some(Decimal::ONE), |far| far.above(Decimal::ONE))?)?;
    let lost = highest.less(Decimal::ONE);
    let lost = if inverse { lost.max(inverse_sold(band, far)?) } else { lost };
    let waits = far.map_or(String::new(), |far| format!(", trigger_distance {far}"));
    let why = format!("exit_band {band}{waits} and max_fee {fee_text}");
    Some(Worst { part: lost.plus(fee.times(highest)?)?, why })
}

/// The highest fee that any level counts.
fn fee(policy: &BotPolicy) -> Option<(Decimal, Percent)> {
    let fees = levels(policy).map(|(_, rules)| rules.fee());
    let fee = fees.max()?;
    Some((fee.of(Decimal::ONE)?, fee))
}

fn takes(policy: &BotPolicy, of: OrderType) -> bool {
    levels(policy).all(|(_, rules)| rules.takes(of))
}

fn tightest(policy: &BotPolicy, of: impl Fn(Scope, &Rules) -> Option<Percent>) -> Option<Percent> {
    levels(policy).filter_map(|(scope, rules)| of(scope, rules)).min()
}

/// How far from the market orders may wait, where they may.
fn waits_within(policy: &BotPolicy) -> Option<Percent> {
    let waits = levels(policy).all(|(_, rules)| rules.takes_what_waits());
    waits.then(|| tightest(policy, |scope, rules| Some(rules.waits_within(scope)))).flatten()
}

/// Everything that limits how much may be traded within a span, from when a thief begins.
fn turnover(policy: &BotPolicy, span: Span) -> Vec<Most> {
    let most = |money: &Money, by| Most { money: money.clone(), by, lower: "" };
    let mut all = Vec::new();
    for (scope, rules) in levels(policy) {
        let day = rules.max_day().and_then(Cap::at);
        all.extend(day.map(|day| most(day, named("max_day", scope, rules))));
        let by_hours = rules.most_an_hour().and_then(|hour| times(hour, span.hours()));
        let text = of_hours(named("max_hour", scope, rules), span);
        all.extend(by_hours.map(|hours| most(&hours, text)));
    }
    all.extend(by_rate(policy, span));
    all
}

fn of_hours(limit: String, span: Span) -> String {
    match span {
        Span::Hour => limit,
        Span::Day => format!("24 times {limit}"),
    }
}

/// As many orders as the rate allows, each as large as it may be. What is attached to an order may trade as much again.
fn by_rate(policy: &BotPolicy, span: Span) -> Vec<Most> {
    let rates = levels(policy).filter_map(|(scope, rules)| {
        let (rate, count) = rules.orders_an_hour()?;
        Some((count, format!("order_rate = {rate} of the {}", scope.as_str())))
    });
    let Some((count, rate)) = rates.min_by_key(|(count, _)| *count) else { return Vec::new() };
    let both = |side| levels(policy).all(|(_, rules)| rules.takes_side(side));
    let attached = if Side::ALL.into_iter().all(both) { 2 } else { 1 };
    let count = count.saturating_mul(span.hours()).saturating_mul(attached);
    let orders = levels(policy).filter_map(|(scope, rules)| {
        let money = times(rules.max_order().and_then(Cap::at)?, count)?;
        Some(Most { money, by: format!("{} at {rate}", named("max_order", scope, rules)), lower: "" })
    });
    orders.collect()
}

fn times(money: &Money, count: u64) -> Option<Money> {
    counted(money.amount.times(Decimal::from_u64(count))?, &money.asset)
}

/// A limit as people read it: `max_day = 20000 USDT of the bot`.
fn named(name: &str, scope: Scope, rules: &Rules) -> String {
    let limit = LIMITS.iter().find(|limit| limit.name() == name);
    let shown = limit.and_then(|limit| limit.shown(rules)).map(|shown| shown.text).unwrap_or_default();
    format!("{name} = {shown} of the {}", scope.as_str())
}

impl Most {
    /// The same when only a part of it can be lost.
    fn times(&self, part: Decimal, why: &str, lower: &'static str) -> Option<Self> {
        let money = counted(self.money.amount.times(part)?, &self.money.asset)?;
        Some(Self { money, by: format!("{} with {why}", self.by), lower })
    }
}
