//! On which sides a bot may trade.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::compare::settings;
use super::setting::listed;
use super::{Asked, Cap, Change, Formed, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Act, Denial, PositionSide, Side};

/// `sides`: on which sides a bot may trade.
#[derive(Clone, Copy, Debug)]
pub struct Sides;

const WANTED: &str = "a list of sides (buy, sell), or \"unlimited\"";

impl Side {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Buy, Self::Sell];

    /// As configuration spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// The text names no side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither `buy` nor `sell`")]
pub struct NotASide;

impl FromStr for Side {
    type Err = NotASide;

    fn from_str(text: &str) -> Result<Self, NotASide> {
        Self::ALL.into_iter().find(|side| side.as_str() == text).ok_or(NotASide)
    }
}

impl Limit for Sides {
    fn name(&self) -> &'static str {
        "sides"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask, Stage::Form]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "on which sides orders may be, exits and what is attached included: who may only buy cannot close a long position",
            form: "a list of buy, sell",
            example: "sides = [\"buy\"]",
            absent: "both",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.sides = Some(given.caps(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(rules.sides.as_ref()?.shown(|sides| listed(sides.iter().map(|side| side.as_str()))))
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        settings(old.sides.as_ref(), new.sides.as_ref(), &Cap::Unlimited, BTreeSet::is_subset)
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let Some(Cap::At(sides)) = &asked.rules.sides else { return Ok(()) };
        match &asked.intent.act {
            Act::ClosePosition { position_side: PositionSide::Long, .. } => within(sides, Side::Sell),
            Act::ClosePosition { position_side: PositionSide::Short, .. } => within(sides, Side::Buy),
            Act::ClosePosition { position_side: PositionSide::Net, .. } if sides.len() < Side::ALL.len() => {
                Err(Denial::UnknownSide)
            }
            Act::Special(special) if special.what.trades() && sides.len() < Side::ALL.len() => {
                Err(Denial::UnknownSide)
            }
            Act::ClosePosition { .. }
            | Act::Special(_)
            | Act::Read
            | Act::Place(_)
            | Act::Test(_)
            | Act::Amend(_)
            | Act::Cancel(_)
            | Act::Steps(_)
            | Act::Countdown { .. }
            | Act::CancelAll { .. }
            | Act::SetLeverage { .. }
            | Act::SetMarginMode { .. }
            | Act::Transfer(_)
            | Act::Withdraw(_)
            | Act::Change => Ok(()),
        }
    }

    fn form(&self, formed: &Formed<'_>) -> Result<(), Denial> {
        let Some(Cap::At(sides)) = &formed.rules.sides else { return Ok(()) };
        let order = formed.order;
        within(sides, order.side)?;
        if order.more.exits.is_empty() { Ok(()) } else { within(sides, order.side.opposite()) }
    }
}

fn within(sides: &BTreeSet<Side>, side: Side) -> Result<(), Denial> {
    if sides.contains(&side) { Ok(()) } else { Err(Denial::Side { side }) }
}
