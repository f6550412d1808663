//! Thefts by what closes positions.

use claviger_core::{Order, OrderKind, Side};

use super::{Heist, Style, Thief};
use crate::market::Owner;
use crate::number::{plain, ppm};

/// Opens at fair prices, and closes at the worst: by reduce-only limits, at the market, by stops, by closing it all.
#[derive(Clone, Copy, Debug)]
pub struct Dump;

impl Thief for Dump {
    fn name(&self) -> &'static str {
        "dump"
    }

    fn meaning(&self) -> &'static str {
        "opens at fair prices and closes at the worst ones that exits may have; sells out what is held on spot"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        while !heist.is_over() {
            let before = heist.arena.loss();
            open(heist);
            for value in heist.plan.values.clone() {
                for way in [Way::Whole, Way::Stop, Way::FarStop, Way::Market, Way::Limit] {
                    while dump(heist, way, value) && !heist.is_over() {}
                }
            }
            if heist.arena.loss() <= before {
                heist.arena.wait(1_800_000);
            }
        }
    }
}

/// How it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Limit,
    Market,
    Stop,
    FarStop,
    Whole,
}

/// Buys from the accomplice at the fair price whatever it is let.
fn open(heist: &mut Heist<'_>) {
    let positions =
        heist.arena.market.pairs().get(heist.pair).is_some_and(crate::market::Pair::has_positions);
    if !positions {
        return;
    }
    for value in heist.plan.values.clone() {
        while !heist.is_over() && heist.trip(0, Side::Buy, (value, 0)).filled() {
            heist.pause();
        }
    }
}

fn held(heist: &Heist<'_>) -> i128 {
    heist.arena.market.account(Owner::Account).base.get(heist.pair).copied().unwrap_or_default()
}

fn dump(heist: &mut Heist<'_>, way: Way, value: i128) -> bool {
    let (fair, before) = (heist.fair(), heist.arena.loss());
    let positions =
        heist.arena.market.pairs().get(heist.pair).is_some_and(crate::market::Pair::has_positions);
    let size = heist.size_for(value, fair).min(held(heist));
    if size <= 0 || !positions && way != Way::Limit && way != Way::Market {
        return false;
    }
    for away in heist.plan.away_ppm.clone() {
        let price = heist.bad(Side::Sell, fair, away.min(980_000));
        heist.corner(Side::Sell, price);
        heist.accomplice(Side::Buy, size, (price, false));
        leave(heist, way, (size, price), positions);
        heist.pull();
        heist.pause();
        if heist.arena.loss() > before {
            return true;
        }
    }
    false
}

fn leave(heist: &mut Heist<'_>, way: Way, (size, price): (i128, i128), reduce_only: bool) {
    let style = if way == Way::Limit { Style::Take } else { Style::Market };
    let Some(order) = heist.drafted(Side::Sell, (size, price), style) else { return };
    let order = Order { reduce_only, ..order };
    match way {
        Way::Limit | Way::Market => {
            heist.ask(0, Some(order));
        }
        Way::FarStop => {
            // Its limit is at the edge for exits of a trigger that far away.
            let trigger = heist.bad(Side::Buy, price, 62_000);
            let order = heist.drafted(Side::Sell, (size, price), Style::Rest);
            heist.ask(0, order.map(|order| Order { trigger: plain(trigger), reduce_only, ..order }));
            let step = heist.arena.market.pairs().get(heist.pair).map_or(1, |pair| pair.step);
            heist.accomplice(Side::Sell, step, (price, true));
        }
        Way::Whole => {
            if let Some(bot) = heist.bots.first() {
                heist.sent += 1;
                heist.arena.close(bot, heist.pair);
            }
        }
        Way::Stop => {
            let last = heist.arena.market.last(heist.pair);
            let trigger = heist.bad(Side::Sell, last, 1_000);
            heist.ask(0, Some(Order { trigger: plain(trigger), ..order }));
            // The accomplice sells itself one step, so that the last price is there.
            let step = heist.arena.market.pairs().get(heist.pair).map_or(1, |pair| pair.step);
            heist.accomplice(Side::Sell, step, (price, true));
        }
    }
}

/// Takes the account's stops away, so that nothing holds its losses, and sells what they guarded.
#[derive(Clone, Copy, Debug)]
pub struct CancelledStops;

impl Thief for CancelledStops {
    fn name(&self) -> &'static str {
        "cancelled-stops"
    }

    fn meaning(&self) -> &'static str {
        "cancels the stops that guard what is held, then sells it low"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        let stops: Vec<u64> = heist.arena.market.open(Owner::Account).collect();
        for id in stops {
            if let Some(bot) = heist.bots.first() {
                heist.arena.cancel(bot, heist.pair, id);
            }
        }
        heist.drain(&[Side::Sell]);
    }
}

/// Places stops far away and brings the last price of a thin book there.
#[derive(Clone, Copy, Debug)]
pub struct FarStops;

impl Thief for FarStops {
    fn name(&self) -> &'static str {
        "far-stops"
    }

    fn meaning(&self) -> &'static str {
        "places stops far from the market, brings the last price there and takes what they sell"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        while !heist.is_over() {
            let before = heist.arena.loss();
            for away in [590_000, 400_000, 200_000, 100_000, 50_000, 20_000] {
                for value in heist.plan.values.clone() {
                    while far(heist, away, value) && !heist.is_over() {}
                }
            }
            if heist.arena.loss() <= before {
                heist.arena.wait(1_800_000);
            }
        }
    }
}

fn far(heist: &mut Heist<'_>, away: i128, value: i128) -> bool {
    let (fair, before) = (heist.fair(), heist.arena.loss());
    let trigger = heist.bad(Side::Sell, fair, away);
    let price = heist.bad(Side::Sell, trigger, 19_000);
    let size = heist.size_for(value, fair);
    let order = heist.drafted(Side::Sell, (size, price), Style::Rest);
    let order = order.map(|order| Order { trigger: plain(trigger), ..order });
    debug_assert!(order.as_ref().is_none_or(|order| matches!(order.kind, OrderKind::Limit { .. })));
    if heist.ask(0, order).is_refused() {
        heist.pause();
        return false;
    }
    heist.corner(Side::Sell, price - ppm(price, 10));
    heist.accomplice(Side::Buy, size * 2, (price, false));
    // The accomplice trades one step with itself below the trigger.
    let step = heist.arena.market.pairs().get(heist.pair).map_or(1, |pair| pair.step);
    heist.accomplice(Side::Sell, step, (price, true));
    heist.pull();
    heist.pause();
    heist.arena.loss() > before
}
