//! How long a bot's orders may stay.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::compare::settings;
use super::setting::listed;
use super::{Cap, Change, Formed, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Denial, OrderKind, TimeInForce};

/// `time_in_force`: how long a bot's orders may stay.
#[derive(Clone, Copy, Debug)]
pub struct TimesInForce;

impl TimeInForce {
    /// Every one, in the order they are shown.
    pub const ALL: [Self; 4] =
        [Self::GoodTillCancelled, Self::ImmediateOrCancel, Self::FillOrKill, Self::PostOnly];

    /// As configuration spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GoodTillCancelled => "gtc",
            Self::ImmediateOrCancel => "ioc",
            Self::FillOrKill => "fok",
            Self::PostOnly => "post-only",
        }
    }
}

/// The text names no time in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time in force")]
pub struct NotATimeInForce;

impl FromStr for TimeInForce {
    type Err = NotATimeInForce;

    fn from_str(text: &str) -> Result<Self, NotATimeInForce> {
        Self::ALL.into_iter().find(|of| of.as_str() == text).ok_or(NotATimeInForce)
    }
}

impl Limit for TimesInForce {
    fn name(&self) -> &'static str {
        "time_in_force"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Form]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how long orders with a limit price may stay; says nothing of market orders, and takes what is attached for gtc",
            form: "a list of gtc, ioc, fok, post-only",
            example: "time_in_force = [\"gtc\", \"post-only\"]",
            absent: "all",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        let names = TimeInForce::ALL.map(TimeInForce::as_str).join(", ");
        rules.time_in_force =
            Some(given.caps(&format!("a list of times in force ({names}), or \"unlimited\""))?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(rules.time_in_force.as_ref()?.shown(|times| listed(times.iter().map(|of| of.as_str()))))
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (old.time_in_force.as_ref(), new.time_in_force.as_ref());
        settings(old, new, &Cap::Unlimited, BTreeSet::is_subset)
    }

    fn form(&self, formed: &Formed<'_>) -> Result<(), Denial> {
        let Some(Cap::At(allowed)) = &formed.rules.time_in_force else { return Ok(()) };
        let order = formed.order;
        let own = match order.kind {
            OrderKind::Limit { .. } | OrderKind::Floating { .. } => Some(order.time_in_force),
            OrderKind::Market => None,
        };
        let rests = order.more.exits.iter().flat_map(|exit| exit.wakes()).any(|wake| wake.price.is_some());
        let attached = rests.then_some(TimeInForce::GoodTillCancelled);
        match own.into_iter().chain(attached).find(|of| !allowed.contains(of)) {
            Some(of) => Err(Denial::TimeInForce { of }),
            None => Ok(()),
        }
    }
}
