//! What can be used up, and what an order takes of it.

use crate::Money;
use crate::entry::{Losses, Reservation};
use crate::limits::Scope;

/// What orders use up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// The value that is traded.
    Turnover,
    /// What may be lost against the reference price, and in fees.
    Loss,
}

impl Budget {
    /// Every budget.
    pub const ALL: [Self; 2] = [Self::Turnover, Self::Loss];
}

/// For how long what was used counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// For an hour.
    Hour,
    /// For 24 hours.
    Day,
}

impl Reservation {
    /// What it takes of a budget of one level.
    #[must_use]
    pub const fn of(&self, scope: Scope, budget: Budget) -> Option<&Money> {
        match (budget, scope) {
            (Budget::Turnover, Scope::Bot) => Some(&self.bot),
            (Budget::Turnover, Scope::Key) => Some(&self.key),
            (Budget::Loss, Scope::Bot) => self.loss.bot.as_ref(),
            (Budget::Loss, Scope::Key) => self.loss.key.as_ref(),
        }
    }

    /// The same with other amounts.
    pub(super) fn each(&self, change: impl Fn(&Money) -> Money) -> Self {
        let loss =
            Losses { bot: self.loss.bot.as_ref().map(&change), key: self.loss.key.as_ref().map(&change) };
        Self { bot: change(&self.bot), key: change(&self.key), loss }
    }

    /// The larger amount of each; they were reserved in one step, so in the same currencies.
    pub(super) fn larger(&self, other: &Self) -> Self {
        let larger = |a: &Money, b: &Money| if b.amount > a.amount { b.clone() } else { a.clone() };
        let of_both = |a: &Option<Money>, b: &Option<Money>| match (a, b) {
            (Some(a), Some(b)) => Some(larger(a, b)),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        };
        Self {
            bot: larger(&self.bot, &other.bot),
            key: larger(&self.key, &other.key),
            loss: Losses {
                bot: of_both(&self.loss.bot, &other.loss.bot),
                key: of_both(&self.loss.key, &other.loss.key),
            },
        }
    }
}
