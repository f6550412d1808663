//! The theft bill: what a thief with a bot's virtual key can cost, and which limit decides it.
//!
//! It is worked out from limits alone, as an upper bound: whatever limits let through counts at its worst. What it rests
//! on, [`Bill::assumes`] says; what no limit holds is unlimited, with the reason.

mod beside;
mod trades;

use std::fmt;

use super::BotPolicy;
use crate::value::counted;
use crate::{Asset, Decimal, Money};

/// What a thief with a bot's virtual key can cost within an hour of getting it, and within a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    /// Within an hour.
    pub hour: Sum,
    /// Within 24 hours.
    pub day: Sum,
    /// What is granted and not counted, in sentences.
    pub beside: Vec<String>,
}

/// What can be lost within a span: all parts together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// The ways to lose it.
    pub parts: Vec<Part>,
}

/// What can be lost in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// In which way: `orders that open`.
    pub what: &'static str,
    /// How much.
    pub bound: Bound,
}

/// How much can be lost in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// At most so much, by the lowest in each currency: every one of these holds. Never empty.
    AtMost(Vec<Most>),
    /// No limit bounds it.
    Unlimited {
        /// Why.
        why: &'static str,
        /// What would bound it.
        lower: &'static str,
    },
}

/// The most that a limit allows to be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Most {
    /// How much.
    pub money: Money,
    /// The limit, with its value and its level.
    pub by: String,
    /// What would lower it.
    pub lower: &'static str,
}

/// What a bill comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Total {
    /// At most this; nothing, in no currency, where nothing can be lost.
    AtMost(Option<Money>),
    /// There is a part that nothing limits.
    Unlimited,
    /// Parts are limited in currencies that cannot be added.
    Apart,
}

impl Bill {
    /// The bill of a bot.
    #[must_use]
    pub fn of(policy: &BotPolicy) -> Self {
        let unlimited = beside::unlimited(policy);
        let sum = |parts: Vec<Part>| Sum { parts: parts.into_iter().chain(unlimited.clone()).collect() };
        Self {
            hour: sum(trades::parts(policy, trades::Span::Hour)),
            day: sum(trades::parts(policy, trades::Span::Day)),
            beside: beside::sentences(policy),
        }
    }

    /// What it takes for granted, in sentences.
    #[must_use]
    pub const fn assumes() -> [&'static str; 3] {
        [
            "reference prices are fair: who can move them moves the bill",
            "the market itself does not move: what an open position loses by that, or when the exchange closes it, is no theft",
            "fills pay no more than max_fee",
        ]
    }
}

impl Sum {
    /// What all parts come to.
    #[must_use]
    pub fn total(&self) -> Total {
        if self.parts.iter().any(|part| matches!(part.bound, Bound::Unlimited { .. })) {
            return Total::Unlimited;
        }
        let Some(first) = self.parts.first() else { return Total::AtMost(None) };
        let mut assets = first.bound.most().iter().map(|most| &most.money.asset);
        assets.find_map(|asset| self.in_asset(asset)).map_or(Total::Apart, |money| Total::AtMost(Some(money)))
    }

    /// What all parts come to in a currency; `None` where one of them is unlimited, or not limited in it.
    #[must_use]
    pub fn in_asset(&self, asset: &Asset) -> Option<Money> {
        let mut parts = self.parts.iter().map(|part| {
            let most = part.bound.most().iter().find(|most| most.money.asset == *asset)?;
            Some(most.money.amount)
        });
        let amount = parts.try_fold(Decimal::ZERO, |sum, part| sum.plus(part?))?;
        counted(amount, asset)
    }
}

impl Bound {
    /// What holds it, where anything does.
    #[must_use]
    pub fn most(&self) -> &[Most] {
        match self {
            Self::AtMost(most) => most,
            Self::Unlimited { .. } => &[],
        }
    }

    /// The lowest in each currency.
    fn lowest(all: Vec<Most>) -> Self {
        let mut kept: Vec<Most> = Vec::new();
        for most in all {
            match kept.iter_mut().find(|known| known.money.asset == most.money.asset) {
                Some(known) if known.money.amount <= most.money.amount => {}
                Some(known) => *known = most,
                None => kept.push(most),
            }
        }
        Self::AtMost(kept)
    }
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.total() {
            Total::AtMost(None) => f.write_str("nothing"),
            Total::AtMost(Some(money)) => write!(f, "at most {money}"),
            Total::Unlimited => f.write_str("unlimited"),
            Total::Apart => f.write_str("limited in several currencies, each for itself"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.bound {
            Bound::Unlimited { why, lower } => write!(f, "{}: unlimited, because {why}; {lower}", self.what),
            Bound::AtMost(all) => {
                let text = |most: &Most| format!("at most {}, by {}; {}", most.money, most.by, most.lower);
                let all: Vec<String> = all.iter().map(text).collect();
                write!(f, "{}: {}", self.what, all.join("; and "))
            }
        }
    }
}
