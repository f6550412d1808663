//! After how long without an order a bot may not open any more.

use std::fmt;
use std::str::FromStr;

use super::compare::settings;
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED};
use crate::Denial;
use crate::book::DAY_MS;

/// `dormant_after`: after how long without an order a bot may not open any more, until an operator thaws it.
#[derive(Clone, Copy, Debug)]
pub struct DormantAfter;

/// So many days, written as `30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days(u16);

/// The text is not a number of days.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number of days like `30d`")]
pub struct NotDays;

const WANTED: &str = "a number of days like \"30d\" (1 to 1000), or \"unlimited\"";
const MOST: u16 = 1000;

impl FromStr for Days {
    type Err = NotDays;

    fn from_str(text: &str) -> Result<Self, NotDays> {
        let count = text.strip_suffix('d').ok_or(NotDays)?;
        let plain = !count.starts_with('0') && count.bytes().all(|b| b.is_ascii_digit());
        count.parse().ok().filter(|n| plain && (1..=MOST).contains(n)).map(Self).ok_or(NotDays)
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl Limit for DormantAfter {
    fn name(&self) -> &'static str {
        "dormant_after"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "after how many days without an order nothing that opens is allowed, until an operator thaws the bot or key",
            form: "a number of days",
            example: "dormant_after = \"30d\"",
            absent: "no limit",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.dormant_after = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(match rules.dormant_after.as_ref()? {
            Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
            Cap::At(days) => Shown { text: days.to_string(), unlimited: false },
        })
    }

    /// A group is no key that could lie about.
    fn stands_at(&self, scope: Scope) -> bool {
        matches!(scope, Scope::Bot | Scope::Key)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        settings(old.dormant_after.as_ref(), new.dormant_after.as_ref(), &Cap::Unlimited, |a, b| a <= b)
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let trades = counted.added.opening || counted.added.outside;
        let limit = counted.rules.dormant_after.as_ref().and_then(Cap::at).filter(|_| trades);
        let Some((limit, last)) = limit.zip(counted.usage.last_active()) else { return Ok(()) };
        let most = u64::from(limit.0).saturating_mul(DAY_MS);
        if counted.now.since(last) <= most { Ok(()) } else { Err(Denial::Dormant { after: *limit }) }
    }
}
