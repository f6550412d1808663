//! Honest bots work a day with their presets, at prices that move as on a lively day: nothing of theirs is refused, and
//! every stop is placed.

use claviger_arena::{Arena, ONE, Owner, Reply, plain};
use claviger_core::{BotName, Order, Side, TimeInForce};

use crate::stage::*;

/// Ten seconds.
const STEP_MS: u64 = 10_000;
const DAY_STEPS: u64 = 8_640;

/// How far apart ccxt sends requests to Binance, by its usual `rateLimit`.
const CLIENT_MS: u64 = 50;

/// A day with one bot.
struct Day {
    arena: Arena,
    name: BotName,
    draw: u64,
    fair: f64,
    step: u64,
}

impl Day {
    fn new(preset: &str, seed: u64) -> Self {
        let name = bot("a");
        let policies = policies(std::slice::from_ref(&name), preset, (&fill(preset), ""));
        let arena = arena(&policies, preset, true);
        Self { arena, name, draw: seed, fair: 50_000.0, step: 0 }
    }

    /// Ten seconds pass; `false` when the day is over. Prices move by 4 % a day, with a jump of up to 1 % now and then.
    fn next(&mut self) -> bool {
        let sigma = 0.04 / (DAY_STEPS as f64).sqrt();
        let normal: f64 = (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0;
        let jump = if self.uniform() < 0.001 { (self.uniform() - 0.5) * 0.02 } else { 0.0 };
        self.fair *= 1.0 + sigma * normal + jump;
        let fair = (self.fair * ONE as f64) as i128;
        let pair = &self.arena.market.pairs()[DEEP];
        let fair = pair.on_tick(fair);
        self.arena.market.set_fair(DEEP, fair);
        self.arena.wait(STEP_MS);
        self.step += 1;
        self.step < DAY_STEPS
    }

    fn uniform(&mut self) -> f64 {
        self.draw ^= self.draw << 13;
        self.draw ^= self.draw >> 7;
        self.draw ^= self.draw << 17;
        (self.draw >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn price(&self) -> i128 {
        let (bid, ask) = self.arena.market.top(DEEP);
        bid.zip(ask).map_or_else(|| self.arena.market.last(DEEP), |(bid, ask)| (bid + ask) / 2)
    }

    fn at(&self, parts_in_thousand: i128) -> i128 {
        self.arena.market.pairs()[DEEP].on_tick(self.price() * parts_in_thousand / 1_000)
    }

    fn size(&self, value: i128, price: i128) -> i128 {
        self.arena.market.pairs()[DEEP].size_for(value, price)
    }

    fn send(
        &mut self,
        side: Side,
        (size, limit): (i128, Option<i128>),
        more: impl FnOnce(Order) -> Order,
    ) -> Reply {
        let order = more(self.arena.draft(DEEP, side, size, limit).unwrap());
        self.arena.order(&self.name, DEEP, order)
    }

    fn open(&self) -> Vec<u64> {
        self.arena.market.open(Owner::Account).collect()
    }

    /// Nothing was refused, and what was sent is what the bot meant to send at least.
    fn worked(&self, least: u64) {
        let tally = self.arena.tally();
        assert!(tally.refused.is_empty(), "{:?}", tally.messages);
        assert!(tally.left >= least, "only {} requests", tally.left);
        assert!(self.arena.is_replayable());
    }
}

fn order_of(reply: &Reply) -> u64 {
    match reply {
        Reply::Left { order, .. } => *order,
        Reply::Refused(rule) => panic!("refused: {rule}"),
    }
}

fn resting(order: Order) -> Order {
    Order { time_in_force: TimeInForce::PostOnly, ..order }
}

/// Ten limits on each side, 0.4 % apart; where one filled, its opposite stands one step away.
fn grid(seed: u64) -> u64 {
    let mut day = Day::new("grid", seed);
    let mut levels: Vec<(u64, Side, i128)> = Vec::new();
    for step in 1..=10 {
        for (side, price) in [(Side::Buy, day.at(1_000 - 4 * step)), (Side::Sell, day.at(1_000 + 4 * step))] {
            let size = day.size(150, price);
            let reply = day.send(side, (size, Some(price)), |order| order);
            levels.push((order_of(&reply), side, price));
            day.arena.wait(CLIENT_MS);
        }
    }
    let mut fills = 0;
    while day.next() {
        let open = day.open();
        let (stay, filled): (Vec<_>, Vec<_>) = levels.into_iter().partition(|(id, ..)| open.contains(id));
        levels = stay;
        for (_, side, price) in filled {
            fills += 1;
            let parts = if side == Side::Buy { 1_004 } else { 996 };
            let next = day.arena.market.pairs()[DEEP].on_tick(price * parts / 1_000);
            let size = day.size(150, next);
            let reply = day.send(side.opposite(), (size, Some(next)), |order| order);
            levels.push((order_of(&reply), side.opposite(), next));
        }
    }
    day.worked(20);
    fills
}

#[test]
fn honest_grid() {
    let fills: u64 = (1..=3).map(grid).sum();
    assert!(fills > 20, "{fills}");
}

/// A market buy every half hour.
#[test]
fn honest_dca() {
    let mut day = Day::new("dca", 11);
    let mut bought = 0;
    while day.next() {
        if day.step.is_multiple_of(180) {
            let size = day.size(100, day.price());
            let reply = day.send(Side::Buy, (size, None), |order| order);
            bought += u64::from(reply.filled());
        }
    }
    day.worked(47);
    assert_eq!(bought, 47);
}

/// Quotes on both sides, moved every half minute, and held back where too much is in stock.
fn making(seed: u64) -> i128 {
    let mut day = Day::new("market-maker", seed);
    let begun = day.arena.market.account(Owner::Account).base[DEEP];
    let (mut quotes, mut traded, mut stock): (Vec<u64>, i128, i128) = (Vec::new(), 0, begun);
    while day.next() {
        if !day.step.is_multiple_of(3) {
            continue;
        }
        for id in std::mem::take(&mut quotes) {
            if day.open().contains(&id) {
                let ended = day.arena.cancel(&day.name.clone(), DEEP, id);
                assert!(!ended.is_refused(), "{ended:?}");
            }
        }
        let now = day.arena.market.account(Owner::Account).base[DEEP];
        traded += (now - stock).abs();
        stock = now;
        let held = (now - begun) * day.price() / ONE / ONE;
        for side in [Side::Buy, Side::Sell] {
            let (price, full) = match side {
                Side::Buy => (day.at(999), held > 300),
                Side::Sell => (day.at(1_001), held < -300),
            };
            if full {
                continue;
            }
            let size = day.size(30, price);
            let reply = day.send(side, (size, Some(price)), resting);
            quotes.push(order_of(&reply));
        }
    }
    day.worked(4_000);
    traded
}

#[test]
fn honest_market_making() {
    let traded: i128 = (21..=22).map(making).sum();
    assert!(traded > 0);
}

/// Enters at the market where the price leaves the range of two hours, with a stop 0.8 % away, and leaves at the market
/// after three hours, or by its stop. Gives entries, and stops that fired.
fn breakout(preset: &str, seed: u64) -> (u64, u64) {
    let mut day = Day::new(preset, seed);
    let futures = preset == "futures-trader";
    let mut seen: Vec<i128> = Vec::new();
    let mut position: Option<(u64, i128, u64)> = None;
    let (mut entries, mut stopped) = (0, 0);
    while day.next() {
        let price = day.price();
        seen.push(price);
        let range = &seen[seen.len().saturating_sub(721)..seen.len() - 1];
        let high = range.iter().max().copied().unwrap_or(price);
        match position {
            None if range.len() >= 720 && price > high => {
                let size = day.size(400, price);
                let entry = day.send(Side::Buy, (size, None), |order| order);
                assert!(entry.filled(), "{entry:?} {:?}", day.arena.tally().messages);
                position = Some((stop(&mut day, size, futures), size, day.step));
                entries += 1;
            }
            Some((stop, size, since)) => {
                if !day.open().contains(&stop) {
                    stopped += 1;
                    position = None;
                } else if day.step - since > 1_080 {
                    let ended = day.arena.cancel(&day.name.clone(), DEEP, stop);
                    assert!(!ended.is_refused(), "{ended:?} {:?}", day.arena.tally().messages);
                    let leaves = |order| Order { reduce_only: futures, ..order };
                    assert!(day.send(Side::Sell, (size, None), leaves).filled());
                    position = None;
                }
            }
            None => {}
        }
    }
    day.worked(entries * 2);
    (entries, stopped)
}

/// On futures a market stop that only closes; on spot one with a limit below.
fn stop(day: &mut Day, size: i128, futures: bool) -> u64 {
    let (trigger, limit) = (day.at(992), day.at(984));
    let limit = (!futures).then_some(limit);
    let reply = day.send(Side::Sell, (size, limit), |order| Order {
        trigger: plain(trigger),
        reduce_only: futures,
        ..order
    });
    order_of(&reply)
}

fn breakouts(preset: &str) {
    let days: Vec<(u64, u64)> = (31..=36).map(|seed| breakout(preset, seed)).collect();
    let (entries, stopped) = days.iter().fold((0, 0), |sum, day| (sum.0 + day.0, sum.1 + day.1));
    assert!(entries >= 12 && stopped >= 1, "{days:?}");
}

#[test]
fn honest_breakout_with_stops_on_futures() {
    breakouts("futures-trader");
}

#[test]
fn honest_breakout_with_stops_on_spot() {
    breakouts("spot-trader");
    breakouts("tradingview");
}
