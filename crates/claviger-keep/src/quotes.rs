//! Offers for conversions, remembered as those of the bot that asked before it sees them.

use claviger_core::entry::ObservedEntry;
use claviger_core::{Entry, Observed};
use claviger_door::Seen;

use crate::room::Room;
use crate::settle::Pending;

impl Room {
    /// Takes in the offer in an answer, where a quote was asked for and one was clearly given.
    pub(crate) fn hear_quote(&mut self, pending: &Pending, seen: &Seen) {
        let (Some(bot), Seen::Answer { status, body }) = (&pending.quotes, seen) else { return };
        let Some(quote) = pending.exchange.told_quote(&pending.leaves, *status, body) else {
            tracing::debug!(%bot, status, "an exchange offered nothing that is clear");
            return;
        };
        let (now, endpoint) = (self.now(), &pending.leaves.endpoint);
        let time = self.markets.exchange_time(&endpoint.exchange, &endpoint.surface, now);
        let entry = Entry::Observed(Box::new(ObservedEntry {
            at: now,
            asked_at: pending.left,
            key: pending.key.clone(),
            surface: endpoint.surface.clone(),
            what: Observed::Quote {
                bot: bot.clone(),
                id: quote.id,
                gives: quote.gives,
                // In the keep's own time.
                until: now.plus(quote.until_ms.saturating_sub(time.ms)),
            },
        }));
        self.note(&entry);
        self.fold(&entry);
    }
}
