//! Thefts by bad prices.

use claviger_core::Side;

use super::{Heist, MINUTE_MS, Style, Thief};
use crate::gate::Reply;
use crate::market::{NewOrder, Owner};

const BOTH: [Side; 2] = [Side::Buy, Side::Sell];

/// VIA, March 2018: accounts with stolen keys bought a thin coin from the thieves at a pumped price.
#[derive(Clone, Copy, Debug)]
pub struct FanIn;

impl Thief for FanIn {
    fn name(&self) -> &'static str {
        "fan-in"
    }

    fn meaning(&self) -> &'static str {
        "buys from the accomplice at a pumped price, from the worst price down (VIA, 2018)"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        heist.drain(&[Side::Buy]);
    }
}

/// SYS, July 2018: one coin of cents was bought for 96 BTC.
#[derive(Clone, Copy, Debug)]
pub struct Spike;

impl Thief for Spike {
    fn name(&self) -> &'static str {
        "spike"
    }

    fn meaning(&self) -> &'static str {
        "buys a single coin at a million times its price (SYS, 2018)"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        let one = heist.arena.market.pairs().get(heist.pair).map_or(1, |pair| pair.step);
        let price = heist.bad(Side::Buy, heist.fair(), 1_000_000_000_000);
        for bot in 0..heist.bots.len() {
            for style in [Style::Take, Style::Rest, Style::PostOnly, Style::Market] {
                heist.corner(Side::Buy, heist.fair() * 2);
                heist.accomplice(Side::Sell, one, (price, false));
                let order = heist.drafted(Side::Buy, (one, price), style);
                heist.ask(bot, order);
                heist.pull();
                heist.pause();
            }
        }
    }
}

/// DMG, 2022: a pair without depth was bought high and sold low, over and over.
#[derive(Clone, Copy, Debug)]
pub struct Churn;

impl Thief for Churn {
    fn name(&self) -> &'static str {
        "churn"
    }

    fn meaning(&self) -> &'static str {
        "buys high from the accomplice and sells low to it, over and over (DMG, 2022)"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        heist.drain(&BOTH);
    }
}

/// Depth is shown until the account's order is under way, and gone when it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Pulled;

impl Thief for Pulled {
    fn name(&self) -> &'static str {
        "pulled-book"
    }

    fn meaning(&self) -> &'static str {
        "shows depth at a fair price and pulls it before the account's market order arrives"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        while !heist.is_over() {
            let before = heist.arena.loss();
            for away in heist.plan.away_ppm.clone() {
                for value in heist.plan.values.clone() {
                    for side in BOTH {
                        while pulled(heist, side, (value, away)) && !heist.is_over() {}
                    }
                }
            }
            if heist.arena.loss() <= before {
                heist.arena.wait(1_800_000);
            }
        }
    }
}

fn pulled(heist: &mut Heist<'_>, side: Side, (value, away): (i128, i128)) -> bool {
    let (fair, pair, before) = (heist.fair(), heist.pair, heist.arena.loss());
    heist.sent += 1;
    let size = heist.size_for(value, fair);
    let price = heist.bad(side, fair, away);
    heist.corner(side, price);
    let shown = heist.accomplice(side.opposite(), size, (fair, false));
    heist.arena.look();
    let (Some(order), Some(bot)) = (heist.drafted(side, (size, fair), Style::Market), heist.bots.first())
    else {
        return false;
    };
    let instead = NewOrder {
        owner: Owner::Thief,
        pair,
        side: side.opposite(),
        size,
        limit: Some(price),
        trigger: None,
        at_once: false,
        post_only: false,
        reduce_only: false,
    };
    let reply = heist.arena.prepared(bot, pair, order, |market| {
        market.cancel(Owner::Thief, shown);
        market.place(instead);
    });
    heist.pull();
    heist.pause();
    if reply == Reply::Refused("order_rate") {
        heist.arena.wait(MINUTE_MS);
        return true;
    }
    !reply.is_refused() && heist.arena.loss() > before
}

/// The thief moves the price that orders are measured by: it buys the thin book up, and quotes there itself.
#[derive(Clone, Copy, Debug)]
pub struct Pushed;

impl Thief for Pushed {
    fn name(&self) -> &'static str {
        "pushed-reference"
    }

    fn meaning(&self) -> &'static str {
        "pushes the price of a thin pair that orders are measured by, and sells to the account up there"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        let fair = heist.fair();
        while !heist.is_over() {
            let before = heist.arena.loss();
            for times in [8, 4, 2, 1] {
                push(heist, fair * times);
                for value in heist.plan.values.clone() {
                    let price = heist.bad(Side::Buy, fair * times, 15_000);
                    while !heist.is_over() && heist.trip_at(0, Side::Buy, value, price).filled() {
                        push(heist, fair * times);
                    }
                }
                heist.pull();
            }
            if heist.arena.loss() <= before {
                heist.arena.wait(1_800_000);
            }
        }
    }
}

/// Last price, best bid and best ask are the accomplice's own, and are looked at.
fn push(heist: &mut Heist<'_>, to: i128) {
    heist.pause();
    heist.corner(Side::Buy, to);
    let size = heist.size_for(1_000, to);
    heist.accomplice(Side::Buy, size, (heist.bad(Side::Sell, to, 1_000), false));
    heist.accomplice(Side::Sell, size, (heist.bad(Side::Buy, to, 1_000), false));
    heist.arena.look();
}

/// Five hundred trips that each lose next to nothing.
#[derive(Clone, Copy, Debug)]
pub struct Grind;

impl Thief for Grind {
    fn name(&self) -> &'static str {
        "small-losses"
    }

    fn meaning(&self) -> &'static str {
        "makes hundreds of round trips that each lose a few tenths of a per cent"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        for trip in 0..500_i128 {
            if heist.is_over() {
                return;
            }
            let away = 900 + trip % 3 * 1_000;
            for side in BOTH {
                for bot in 0..heist.bots.len() {
                    heist.trip(bot, side, (95, away));
                }
            }
            heist.arena.wait(90_000);
        }
    }
}
