//! Written down first: the one way from a permit to something that may be signed.

use claviger_core::book::Permit;
use claviger_core::{BotName, Intent, KeyName};
use claviger_door::Returns;
use claviger_exchange::{AnswerKind, Exchange, Security, Surface};
use claviger_store::{JournalError, Position, Syncer};

use crate::fresh::Wish;
use crate::house::HouseRead;

/// What allows a request to leave.
pub(crate) enum Grounds {
    /// A bot's permit, and where its entry stands in the journal.
    Permit(Box<Permit>, Position),
    /// A reading call of claviger's own.
    House(Box<HouseRead>),
}

/// A permitted request whose entry was handed to the journal, and is not durable yet.
#[must_use = "what it may cost is reserved"]
pub(crate) struct Written {
    pub(crate) grounds: Grounds,
    pub(crate) exchange: &'static dyn Exchange,
    pub(crate) surface: &'static Surface,
    pub(crate) wish: Wish,
    pub(crate) returns: Returns,
    /// The bot that may see of the answer only what tells of its own orders.
    pub(crate) only: Option<BotName>,
    /// The bot that asks for a quote, which is remembered as its own.
    pub(crate) quotes: Option<BotName>,
    pub(crate) security: Security,
    pub(crate) answer: AnswerKind,
}

impl Written {
    /// Whether it may be signed only after its entry is durable.
    pub(crate) fn waits_for_disk(&self) -> bool {
        match &self.grounds {
            Grounds::Permit(permit, _) => permit.is_settled_later(),
            Grounds::House(_) => false,
        }
    }

    /// What may leave.
    pub(crate) fn leaves(&self) -> &Intent {
        match &self.grounds {
            Grounds::Permit(permit, _) => permit.leaves(),
            Grounds::House(read) => &read.intent,
        }
    }

    /// The real key that may sign.
    pub(crate) fn key(&self) -> &KeyName {
        match &self.grounds {
            Grounds::Permit(permit, _) => permit.key(),
            Grounds::House(read) => &read.key,
        }
    }
}

/// A permitted request that is written down: durably, if it changes state. It may be signed once.
#[must_use = "it was recorded as about to leave: sign it, or settle it as not sent"]
pub struct Recorded {
    written: Box<Written>,
}

impl Recorded {
    /// Returns when the entry of a state-changing request is on the disk; one call to the disk serves everything written
    /// before it. The only way to make one.
    pub(crate) fn durable(
        written: Box<Written>,
        journal: &Syncer,
    ) -> Result<Self, (Box<Written>, JournalError)> {
        let synced = match &written.grounds {
            Grounds::Permit(permit, position) if permit.is_settled_later() => journal.sync(*position),
            Grounds::Permit(..) | Grounds::House(_) => Ok(()),
        };
        match synced {
            Ok(()) => Ok(Self { written }),
            Err(error) => Err((written, error)),
        }
    }

    /// What was recorded.
    pub(crate) fn written(&self) -> &Written {
        &self.written
    }

    /// Uses it up.
    pub(crate) fn into_written(self) -> Box<Written> {
        self.written
    }
}
