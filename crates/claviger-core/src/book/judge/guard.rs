//! Stops that guard what a bot holds: they are cancelled only while they could be placed again.

use super::case::{Case, Weight};
use super::{Judged, Refused, plain};
use crate::book::ledger::Tracked;
use crate::entry::Leg;
use crate::{Act, Amendment, Cancel, Denial, LegId, Market, MoreAmended, Order, Side};

impl Case<'_> {
    /// Whether an order of the bot's may be cancelled. Some bots (freqtrade on spot) cancel their stop before they leave a
    /// position, and place it again when they could not leave. Where claviger would refuse the new stop, for whatever
    /// reason, the old one stays.
    pub(super) fn may_end(&self, id: LegId, cancel: &Cancel) -> Result<(), Refused> {
        let Some(known) = self.book.orders.get(&id).filter(|known| guards(&known.order)) else {
            return Ok(());
        };
        let stays = |refused: Refused| plain(Denial::Guards { because: Box::new(refused.0) });
        self.once_more(id, known, cancel).map_err(stays)
    }

    /// As if the order was placed now, in its own place.
    fn once_more(&self, id: LegId, known: &Tracked, cancel: &Cancel) -> Result<(), Refused> {
        let order = &known.order;
        self.formed(order)?;
        let terms = self.terms(order.market, &order.symbol)?;
        let Weight { reservation, figures } = self.weighed(order, &terms)?;
        let same = Amendment {
            market: order.market,
            symbol: order.symbol.clone(),
            order: cancel.order.clone(),
            side: None,
            size: None,
            price: None,
            more: MoreAmended::default(),
        };
        let alone = Leg { target: Some(id), reservation: Some(reservation), figures };
        self.count(&Judged { leaves: self.intent(Act::Amend(same)), alone, legs: Vec::new() })
    }
}

/// Whether an order waits for a price at which it closes what the bot holds. A sell on spot does, as nothing is borrowed there.
const fn guards(order: &Order) -> bool {
    let sells = matches!((order.market, order.side), (Market::Spot, Side::Sell));
    order.waits() && (sells || order.is_exit())
}
