//! How fast a bot may ask for anything.

use super::compare::settings;
use super::order_rate::{WANTED, paced, rate_shown, within};
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::Denial;
use crate::book::Pace;

/// `request_rate`: how fast a bot may send requests of any kind.
#[derive(Clone, Copy, Debug)]
pub struct RequestRate;

impl Limit for RequestRate {
    fn name(&self) -> &'static str {
        "request_rate"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how many requests of any kind may be sent in any second or minute, those that only read among them; a batch is one",
            form: "a rate",
            example: "request_rate = \"600/m\"",
            absent: "no limit",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.request_rate = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.request_rate.as_ref().map(rate_shown)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        settings(old.request_rate.as_ref(), new.request_rate.as_ref(), &Cap::Unlimited, within)
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let Some(limit) = counted.rules.request_rate.as_ref().and_then(Cap::at) else { return Ok(()) };
        paced(counted, Pace::Any, *limit).map_err(|refills| Denial::RequestRate { limit: *limit, refills })
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        let span = counted.rules.request_rate.as_ref().and_then(Cap::at).map(|rate| rate.span());
        let used = counted.usage.attempts(Pace::Any, span.unwrap_or_default()).total();
        Some((used.to_string(), of))
    }
}
