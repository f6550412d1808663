//! What can be used up, and what an order takes of it.

use crate::entry::{Losses, Reservation, Share};
use crate::{GroupName, Level, Money};

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
    pub fn of(&self, level: Level<'_>, budget: Budget) -> Option<&Money> {
        match level {
            Level::Bot(_) => self.of_bot(budget),
            Level::Key(_) => self.of_key(budget),
            Level::Group(name, _) => self.share(name)?.of(budget),
        }
    }

    pub(super) const fn of_bot(&self, budget: Budget) -> Option<&Money> {
        match budget {
            Budget::Turnover => Some(&self.bot),
            Budget::Loss => self.loss.bot.as_ref(),
        }
    }

    pub(super) const fn of_key(&self, budget: Budget) -> Option<&Money> {
        match budget {
            Budget::Turnover => Some(&self.key),
            Budget::Loss => self.loss.key.as_ref(),
        }
    }

    /// What it takes of a group, where it counts against that.
    pub(super) fn share(&self, group: &GroupName) -> Option<&Share> {
        self.groups.iter().find(|share| share.group == *group)
    }

    /// The same with other amounts.
    pub(super) fn each(&self, change: impl Fn(&Money) -> Money) -> Self {
        let loss =
            Losses { bot: self.loss.bot.as_ref().map(&change), key: self.loss.key.as_ref().map(&change) };
        let groups = self.groups.iter().map(|share| share.each(&change)).collect();
        Self { bot: change(&self.bot), key: change(&self.key), loss, groups }
    }

    /// The larger amount of each; they were reserved in one step, so in the same currencies.
    pub(super) fn larger(&self, other: &Self) -> Self {
        let theirs = other.groups.iter();
        let added = theirs.filter(|share| self.share(&share.group).is_none()).cloned();
        let groups = self.groups.iter().map(|share| match other.share(&share.group) {
            Some(other) => share.larger(other),
            None => share.clone(),
        });
        Self {
            groups: groups.chain(added).collect(),
            bot: larger(&self.bot, &other.bot),
            key: larger(&self.key, &other.key),
            loss: Losses {
                bot: of_both(self.loss.bot.as_ref(), other.loss.bot.as_ref()),
                key: of_both(self.loss.key.as_ref(), other.loss.key.as_ref()),
            },
        }
    }
}

impl Share {
    pub(super) const fn of(&self, budget: Budget) -> Option<&Money> {
        match budget {
            Budget::Turnover => Some(&self.turnover),
            Budget::Loss => self.loss.as_ref(),
        }
    }

    fn each(&self, change: impl Fn(&Money) -> Money) -> Self {
        let (turnover, loss) = (change(&self.turnover), self.loss.as_ref().map(change));
        Self { group: self.group.clone(), turnover, loss }
    }

    fn larger(&self, other: &Self) -> Self {
        Self {
            group: self.group.clone(),
            turnover: larger(&self.turnover, &other.turnover),
            loss: of_both(self.loss.as_ref(), other.loss.as_ref()),
        }
    }
}

fn larger(a: &Money, b: &Money) -> Money {
    if b.amount > a.amount { b.clone() } else { a.clone() }
}

fn of_both(a: Option<&Money>, b: Option<&Money>) -> Option<Money> {
    match (a, b) {
        (Some(a), Some(b)) => Some(larger(a, b)),
        (Some(one), None) | (None, Some(one)) => Some(one.clone()),
        (None, None) => None,
    }
}
