//! No thief at all: a bot that lost its mind.

use claviger_core::Side;

use super::{Heist, Style, Thief};
use crate::gate::Reply;

/// A bot in a loop: 300,000 orders in five hours.
#[derive(Clone, Copy, Debug)]
pub struct Runaway;

/// So many in the time below.
pub(crate) const ORDERS: u64 = 300_000;

const FIVE_HOURS_MS: u64 = 5 * 3_600_000;

impl Thief for Runaway {
    fn name(&self) -> &'static str {
        "runaway"
    }

    fn meaning(&self) -> &'static str {
        "300,000 orders in five hours, each as large and as bad as it is let"
    }

    fn rob(&self, heist: &mut Heist<'_>) {
        let orders = heist.plan.most.min(ORDERS);
        let each = FIVE_HOURS_MS / orders.max(1);
        for n in 0..orders {
            let side = if n % 2 == 0 { Side::Buy } else { Side::Sell };
            let style = Style::ALL.get(usize::try_from(n / 2 % 4).unwrap_or_default()).copied();
            let price = heist.bad(side, heist.fair(), 9_900);
            let size = heist.size_for(90, price);
            let order = heist.drafted(side, (size, price), style.unwrap_or(Style::Take));
            if let Reply::Left { order, over: false, .. } = heist.ask(0, order)
                && n % 3 == 0
                && let Some(bot) = heist.bots.first()
            {
                heist.arena.cancel(bot, heist.pair, order);
            }
            heist.arena.wait(each);
        }
    }
}
