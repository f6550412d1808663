//! What a bot may see of an answer that tells of orders on a key that others use too: its own.

use claviger_core::book::Site;
use claviger_core::{BotName, OrderRef, Symbol};
use claviger_door::{Reply, Seen};
use claviger_exchange::own::{Pieces, Told};

use crate::keep::Keep;
use crate::refused::Unserved;
use crate::room::Room;
use crate::settle::{Matter, Pending};

impl Keep {
    /// What is passed on instead of an answer; `None` where it passes as it is.
    pub(crate) fn sift(&self, pending: &Pending, seen: &Seen) -> Option<Reply> {
        let (Some(bot), Seen::Answer { status, body }) = (&pending.only, seen) else { return None };
        // Read without the room's lock: answers can be long.
        let orders = match pending.exchange.told_orders(&pending.leaves, *status, body) {
            Told::Nothing => return None,
            Told::Unclear => return Some(withheld(pending)),
            Told::Orders(orders) => orders,
        };
        let keep = self.room().own(&orders, bot, pending);
        if keep.iter().all(|keep| *keep) {
            return None;
        }
        match (orders.absent.as_ref(), keep.contains(&true)) {
            (Some(absent), false) => Some(Reply::Other { status: absent.status, body: absent.body.clone() }),
            _ => Some(orders.only(body, &keep).map_or_else(
                || withheld(pending),
                |body| Reply::Other { status: *status, body: body.into() },
            )),
        }
    }
}

impl Room {
    /// For each piece, whether all that it tells of is the bot's.
    fn own(&self, orders: &Pieces, bot: &BotName, pending: &Pending) -> Vec<bool> {
        let (key, surface) = (&pending.key, &pending.leaves.endpoint.surface);
        let owns = |(symbol, names): &(Symbol, Vec<OrderRef>)| {
            self.owners.owner(Site { key, surface, symbol }, names) == Some(bot)
        };
        orders.pieces.iter().map(|piece| piece.orders.iter().all(owns)).collect()
    }
}

fn withheld(pending: &Pending) -> Reply {
    tracing::error!(endpoint = ?pending.leaves.endpoint, "an answer does not tell whose orders it is about");
    let id = match pending.matter {
        Matter::Change(id) | Matter::Read(id) => Some(id),
        Matter::House(_) => None,
    };
    Reply::Instead(Unserved::Mixed.told(pending.exchange, Some(&pending.leaves), id))
}
