//! How accounts were robbed with keys that may only trade, as scripts.

mod exits;
mod loops;
mod planted;
mod prices;

use claviger_core::{BotName, Order, Side, TimeInForce};

use crate::arena::Arena;
use crate::gate::Reply;
use crate::market::{NewOrder, Owner};
use crate::number::ppm;

/// One way to rob an account.
pub trait Thief: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// What it does, in one sentence.
    fn meaning(&self) -> &'static str;

    /// Does it, until nothing more is to be had or the time is over.
    fn rob(&self, heist: &mut Heist<'_>);
}

/// Every thief there is. A new one adds one line here.
pub const THIEVES: &[&dyn Thief] = &[
    &prices::FanIn,
    &prices::Spike,
    &prices::Churn,
    &prices::Pulled,
    &prices::Pushed,
    &prices::Grind,
    &exits::Dump,
    &exits::CancelledStops,
    &exits::FarStops,
    &loops::Runaway,
    &planted::Planted,
    &planted::Dormant,
];

/// How a thief goes about it; a search varies these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How far from the reference price it trades, in parts of a million, tried in this order.
    pub away_ppm: Vec<i128>,
    /// Values of orders in whole units of the quote currency, tried in this order.
    pub values: Vec<i128>,
    /// How long it pauses between orders, in milliseconds.
    pub pause_ms: u64,
    /// How long it has, in milliseconds.
    pub for_ms: u64,
    /// How many orders it sends at most.
    pub most: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            away_ppm: vec![
                9_000_000, 1_000_000, 500_000, 200_000, 149_000, 99_000, 59_000, 49_000, 29_000, 19_900,
                9_900, 4_900, 1_900,
            ],
            values: vec![100_000, 20_000, 5_000, 1_000, 990, 490, 99, 19],
            pause_ms: 1_100,
            for_ms: 24 * 3_600_000,
            most: 4_000,
        }
    }
}

/// Every rate of orders has room again after so long.
const MINUTE_MS: u64 = 61_000;

/// A robbery under way.
#[derive(Debug)]
pub struct Heist<'a> {
    /// Where.
    pub arena: &'a mut Arena,
    /// The bots whose virtual keys were stolen.
    pub bots: &'a [BotName],
    /// The pair, by its number.
    pub pair: usize,
    /// How.
    pub plan: Plan,
    sent: u64,
}

/// How the account's order goes to the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A limit that takes at once.
    Take,
    /// A market order.
    Market,
    /// A limit that rests, and the accomplice takes it.
    Rest,
    /// The same, that never takes.
    PostOnly,
}

impl Style {
    const ALL: [Self; 4] = [Self::Take, Self::Market, Self::Rest, Self::PostOnly];
}

impl<'a> Heist<'a> {
    /// A robbery of these bots in one pair.
    #[must_use]
    pub const fn new(arena: &'a mut Arena, bots: &'a [BotName], pair: usize, plan: Plan) -> Self {
        Self { arena, bots, pair, plan, sent: 0 }
    }

    /// Whether the time or the orders are used up.
    pub(crate) const fn is_over(&self) -> bool {
        self.arena.elapsed() >= self.plan.for_ms || self.sent >= self.plan.most
    }

    pub(crate) fn pause(&mut self) {
        let ms = self.plan.pause_ms;
        self.arena.wait(ms);
    }

    /// The fair price.
    pub(crate) fn fair(&self) -> i128 {
        self.arena.market.pairs().get(self.pair).map_or(1, |pair| pair.fair)
    }

    /// A price so far on the bad side for whoever is on that side.
    pub(crate) fn bad(&self, side: Side, from: i128, away_ppm: i128) -> i128 {
        let room = ppm(from, away_ppm);
        let price = match side {
            Side::Buy => from + room,
            Side::Sell => (from - room).max(from / 1_000),
        };
        self.arena.market.pairs().get(self.pair).map_or(price, |pair| pair.on_tick(price))
    }

    pub(crate) fn size_for(&self, value: i128, price: i128) -> i128 {
        self.arena.market.pairs().get(self.pair).map_or(0, |pair| pair.size_for(value, price))
    }

    /// The accomplice's order.
    pub(crate) fn accomplice(&mut self, side: Side, size: i128, (limit, at_once): (i128, bool)) -> u64 {
        let order = NewOrder {
            owner: Owner::Thief,
            pair: self.pair,
            side,
            size,
            limit: Some(limit),
            trigger: None,
            at_once,
            post_only: false,
            reduce_only: false,
        };
        self.arena.market.place(order).id
    }

    /// Takes the honest book away up to a price, so that the account meets the accomplice alone.
    pub(crate) fn corner(&mut self, side: Side, price: i128) {
        let all = self.size_for(10_000_000, self.fair());
        let bound = self.arena.market.pairs().get(self.pair).and_then(|pair| pair.bounded(side));
        let price = match (bound, side) {
            (Some(bound), Side::Buy) => price.min(bound),
            (Some(bound), Side::Sell) => price.max(bound),
            (None, _) => price,
        };
        self.accomplice(side, all, (price, true));
    }

    /// The accomplice's quotes go.
    pub(crate) fn pull(&mut self) {
        let mine: Vec<u64> = self.arena.market.open(Owner::Thief).collect();
        for id in mine {
            self.arena.market.cancel(Owner::Thief, id);
        }
    }

    pub(crate) fn ask(&mut self, bot: usize, order: Option<Order>) -> Reply {
        self.sent += 1;
        let (Some(order), Some(bot)) = (order, self.bots.get(bot)) else {
            return Reply::Refused("no such order");
        };
        self.arena.order(bot, self.pair, order)
    }

    /// An order of the account at a price, in a style.
    pub(crate) fn drafted(&self, side: Side, (size, price): (i128, i128), style: Style) -> Option<Order> {
        let limit = (style != Style::Market).then_some(price);
        let order = self.arena.draft(self.pair, side, size, limit)?;
        let time_in_force = match style {
            Style::Take => TimeInForce::ImmediateOrCancel,
            Style::Market | Style::Rest => TimeInForce::GoodTillCancelled,
            Style::PostOnly => TimeInForce::PostOnly,
        };
        Some(Order { time_in_force, ..order })
    }

    /// The account trades with the accomplice once, on that side and that far from the fair price, in whichever style is
    /// let through.
    pub(crate) fn trip(&mut self, bot: usize, side: Side, (value, away_ppm): (i128, i128)) -> Reply {
        let price = self.bad(side, self.fair(), away_ppm);
        self.trip_at(bot, side, value, price)
    }

    pub(crate) fn trip_at(&mut self, bot: usize, side: Side, value: i128, price: i128) -> Reply {
        let size = self.size_for(value, price.max(self.fair()));
        let mut reply = Reply::Refused("nothing");
        for style in Style::ALL {
            reply = self.met(bot, side, (size, price), style);
            if reply == Reply::Refused("order_rate") {
                self.arena.wait(MINUTE_MS);
                reply = self.met(bot, side, (size, price), style);
            }
            if !reply.is_refused() {
                break;
            }
        }
        reply
    }

    fn met(&mut self, bot: usize, side: Side, (size, price): (i128, i128), style: Style) -> Reply {
        self.corner(side, price);
        let rests = matches!(style, Style::Rest | Style::PostOnly);
        if !rests {
            self.accomplice(side.opposite(), size, (price, false));
        }
        let order = self.drafted(side, (size, price), style);
        let reply = self.ask(bot, order);
        if rests && !reply.is_refused() {
            self.accomplice(side.opposite(), size, (price, true));
        }
        self.pull();
        reply
    }

    /// Everything that can be had on these sides: from the worst price and the largest size down, again as windows roll.
    pub(crate) fn drain(&mut self, sides: &[Side]) {
        while !self.is_over() {
            let before = self.arena.loss();
            self.sweep(sides);
            if self.arena.loss() <= before {
                self.arena.wait(1_800_000);
            }
        }
    }

    /// Once through all prices and sizes.
    fn sweep(&mut self, sides: &[Side]) {
        let (aways, values) = (self.plan.away_ppm.clone(), self.plan.values.clone());
        for away in aways {
            for &value in &values {
                while self.round(sides, (value, away)) && !self.is_over() {}
                if self.is_over() {
                    return;
                }
            }
        }
    }

    /// One trip on each side for each bot; whether any was let through and filled.
    fn round(&mut self, sides: &[Side], terms: (i128, i128)) -> bool {
        let mut any = false;
        for bot in 0..self.bots.len() {
            for &side in sides {
                let before = self.arena.loss();
                let reply = self.trip(bot, side, terms);
                any |= !reply.is_refused() && self.arena.loss() > before;
            }
        }
        self.pause();
        any
    }
}
