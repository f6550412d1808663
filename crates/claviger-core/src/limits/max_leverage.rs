//! How much leverage a bot may set.

use super::compare::settings;
use super::{Asked, Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED};
use crate::{Act, Decimal, Denial};

/// `max_leverage`: how much leverage a bot may set.
#[derive(Clone, Copy, Debug)]
pub struct MaxLeverage;

const WANTED: &str = "a number of at least 1 like 5 or \"2.5\", or \"unlimited\"";

impl Limit for MaxLeverage {
    fn name(&self) -> &'static str {
        "max_leverage"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "the highest leverage that may be set for a permitted instrument",
            form: "a number",
            example: "max_leverage = 5",
            absent: "leverage cannot be set",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        let cap = match given {
            Given::Whole(n) => Cap::At(Decimal::from_u64(*n)),
            Given::Text(_) | Given::Flag(_) | Given::List(_) | Given::Other(_) => given.cap(WANTED)?,
        };
        if cap.at().is_some_and(|n| *n < Decimal::ONE) {
            return Err(given.misfit(WANTED));
        }
        rules.max_leverage = Some(cap);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(match rules.max_leverage.as_ref()? {
            Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
            Cap::At(n) => Shown { text: n.to_string(), unlimited: false },
        })
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        let absent = match scope {
            Scope::Bot => Cap::At(Decimal::ZERO),
            Scope::Key | Scope::Group => Cap::Unlimited,
        };
        settings(old.max_leverage.as_ref(), new.max_leverage.as_ref(), &absent, |a, b| a <= b)
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let Act::SetLeverage { leverage, .. } = &asked.intent.act else { return Ok(()) };
        match &asked.rules.max_leverage {
            Some(Cap::Unlimited) => Ok(()),
            Some(Cap::At(limit)) if leverage <= limit => Ok(()),
            Some(Cap::At(limit)) => Err(Denial::MaxLeverage { asked: *leverage, limit: *limit }),
            None if matches!(asked.scope, Scope::Key | Scope::Group) => Ok(()),
            None => Err(Denial::NoLeverage),
        }
    }
}
