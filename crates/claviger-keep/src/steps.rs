//! The steps of a request one by one, so that benches can measure them. Each does no more than the keep's own way does.

use claviger_core::MarketView;
use claviger_door::{Ask, Received, Reply};

use crate::authenticate::{Authenticated, authenticate};
use crate::keep::Keep;
use crate::record::Written;
use crate::room::{Decided, Meant};

/// A request after one of the steps; what it holds is for the next one alone.
pub struct After(Held);

enum Held {
    Authenticated(Box<Authenticated>),
    Meant(Box<Meant>),
    Decided(Box<Decided>),
    Written(Box<Written>),
}

impl Keep {
    /// Checks who asks.
    #[doc(hidden)]
    #[must_use]
    pub fn step_authenticate(&self, received: Received) -> Option<After> {
        let room = self.room();
        authenticate(received, room.against(self.vault()))
            .ok()
            .map(|a| After(Held::Authenticated(Box::new(a))))
    }

    /// Reads what it means.
    #[doc(hidden)]
    #[must_use]
    pub fn step_read(&self, after: After) -> Option<After> {
        let Held::Authenticated(authenticated) = after.0 else { return None };
        self.room().read(*authenticated).ok().map(|m| After(Held::Meant(Box::new(m))))
    }

    /// Asks every limit.
    #[doc(hidden)]
    #[must_use]
    pub fn step_decide(&self, after: After) -> Option<After> {
        let Held::Meant(meant) = after.0 else { return None };
        self.room().decide(*meant).ok().map(|d| After(Held::Decided(Box::new(d))))
    }

    /// Hands its entry to the journal.
    #[doc(hidden)]
    #[must_use]
    pub fn step_write(&self, after: After) -> Option<After> {
        let Held::Decided(decided) = after.0 else { return None };
        self.room().write(*decided).ok().map(|w| After(Held::Written(w)))
    }

    /// Syncs if it must, and signs.
    #[doc(hidden)]
    #[must_use]
    pub fn step_send(&self, after: After) -> Option<Reply> {
        let Held::Written(written) = after.0 else { return None };
        Some(self.send(written))
    }

    /// The whole way in the caller's thread.
    #[doc(hidden)]
    #[must_use]
    pub fn step_all(&self, ask: Ask) -> Reply {
        match ask {
            Ask::Judge(received) => match self.receive(*received) {
                Ok(written) => self.send(written),
                Err(refusal) => Reply::Refuse(refusal),
            },
            Ask::Settle { ticket, seen } => self.settle(ticket, &seen),
            Ask::Market { .. }
            | Ask::Leaf { .. }
            | Ask::ListenerLeaf { .. }
            | Ask::ListenerKey
            | Ask::ListenerSign { .. }
            | Ask::Wants
            | Ask::Chore => Reply::Nothing,
        }
    }

    /// Takes in market figures of now.
    #[doc(hidden)]
    pub fn step_hear(&self, view: MarketView) {
        let mut room = self.room();
        let now = room.now();
        room.hear(view, now);
    }
}
