//! How many orders a bot may send of which none fills.

use std::fmt;
use std::str::FromStr;

use super::compare::settings;
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED};
use crate::Denial;

/// `max_churn`: how many orders a bot may place or amend in ten minutes while none fills.
#[derive(Clone, Copy, Debug)]
pub struct MaxChurn;

/// So many in any ten minutes, written as `200/10m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Churn(u32);

/// The text is not such a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not so many in ten minutes like `200/10m`")]
pub struct NotAChurn;

const WANTED: &str = "so many in ten minutes like \"200/10m\" (1 to 60000), or \"unlimited\"";
const MOST: u32 = 60_000;

impl FromStr for Churn {
    type Err = NotAChurn;

    fn from_str(text: &str) -> Result<Self, NotAChurn> {
        let count = text.strip_suffix("/10m").ok_or(NotAChurn)?;
        let plain = !count.starts_with('0') && count.bytes().all(|b| b.is_ascii_digit());
        let count = count.parse().ok().filter(|n| plain && (1..=MOST).contains(n));
        count.map(Self).ok_or(NotAChurn)
    }
}

impl fmt::Display for Churn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/10m", self.0)
    }
}

impl Limit for MaxChurn {
    fn name(&self) -> &'static str {
        "max_churn"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how many orders may be placed or amended in any ten minutes while none of them fills; none for exits and cancels",
            form: "so many in ten minutes",
            example: "max_churn = \"200/10m\"",
            absent: "no limit",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_churn = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(match rules.max_churn.as_ref()? {
            Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
            Cap::At(churn) => Shown { text: churn.to_string(), unlimited: false },
        })
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        settings(old.max_churn.as_ref(), new.max_churn.as_ref(), &Cap::Unlimited, |a, b| a <= b)
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let limit = counted.rules.max_churn.as_ref().and_then(Cap::at).filter(|_| counted.added.opening);
        let Some(limit) = limit else { return Ok(()) };
        let count = counted.added.at_pace(crate::book::Pace::Order);
        let (after, most) = (counted.usage.unfilled().saturating_add(count), u64::from(limit.0));
        if after <= most {
            return Ok(());
        }
        let refills = match counted.scope {
            Scope::Bot if count <= most => counted.usage.unfilled_ends_for(after.saturating_sub(most)),
            Scope::Bot | Scope::Key | Scope::Group => None,
        };
        Err(Denial::MaxChurn { limit: *limit, refills })
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        Some((counted.usage.unfilled().to_string(), of))
    }
}
