//! Thefts that wait: orders planted before a freeze, and keys that nobody used for long.

use claviger_core::Side;

use super::{Heist, MINUTE_MS, Style, Thief};
use crate::gate::Reply;
use crate::market::Owner;
use crate::number::ONE;

/// Plants all the orders it is let, at the worst prices; then the bot is frozen, and they are taken one by one.
#[derive(Clone, Copy, Debug)]
pub struct Planted;

impl Thief for Planted {
    fn name(&self) -> &'static str {
        "planted-orders"
    }

    fn meaning(&self) -> &'static str {
        "plants resting orders at bad prices, and takes them after the bot was frozen"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        let all = 10_i128.pow(9) * ONE;
        let high = heist.bad(Side::Buy, heist.fair(), 10_000_000);
        heist.corner(Side::Buy, high);
        heist.corner(Side::Sell, heist.fair() / 1_000);
        for side in [Side::Buy, Side::Sell] {
            for away in heist.plan.away_ppm.clone() {
                for value in heist.plan.values.clone() {
                    for style in [Style::Rest, Style::PostOnly] {
                        plant(heist, side, (value, away), style);
                    }
                }
            }
        }
        if let Some(bot) = heist.bots.first() {
            heist.arena.freeze(bot);
        }
        // The accomplice takes whatever stands better than the fair price, before and after honest traders come back.
        let fair = heist.fair();
        heist.accomplice(Side::Sell, all, (fair, true));
        heist.accomplice(Side::Buy, all, (fair, true));
        heist.arena.wait(60_000);
        heist.drain(&[Side::Buy, Side::Sell]);
        debug_assert!(heist.arena.market.open(Owner::Thief).next().is_none());
    }
}

fn plant(heist: &mut Heist<'_>, side: Side, (value, away): (i128, i128), style: Style) {
    let price = heist.bad(side, heist.fair(), away);
    let size = heist.size_for(value, price.max(heist.fair()));
    for _ in 0..50 {
        let order = heist.drafted(side, (size, price), style);
        let mut reply = heist.ask(0, order.clone());
        if reply == Reply::Refused("order_rate") {
            heist.arena.wait(MINUTE_MS);
            reply = heist.ask(0, order);
        }
        if reply.is_refused() {
            break;
        }
        heist.arena.wait(A_RATES_STEP_MS);
    }
}

/// So slowly that ten a second are never too many.
const A_RATES_STEP_MS: u64 = 120;

/// A key that nobody used for two months.
#[derive(Clone, Copy, Debug)]
pub struct Dormant;

impl Thief for Dormant {
    fn name(&self) -> &'static str {
        "dormant-key"
    }

    fn meaning(&self) -> &'static str {
        "waits until the key was not used for two months, then buys and sells at the worst prices"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        let months = 61 * 24 * 3_600_000;
        heist.arena.wait(months);
        heist.plan.for_ms = heist.plan.for_ms.saturating_add(months);
        heist.drain(&[Side::Buy, Side::Sell]);
    }
}
