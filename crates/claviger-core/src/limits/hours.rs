//! When a bot may do more than close and cancel.

mod window;

pub use window::{NotAWindow, OpenWindow};

use super::closing::does_more_than_close;
use super::compare::settings;
use super::setting::listed;
use super::{Asked, Cap, Change, Formed, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Denial, Time};

/// `hours`: when a bot may do more than close and cancel.
#[derive(Clone, Copy, Debug)]
pub struct Hours;

const WANTED: &str = "a list of windows like \"mon-fri 08:00 +9h Europe/Berlin\" or \"daily 22:00 +4h30m UTC\": days \
                      (daily, or of mon, tue, wed, thu, fri, sat, sun), a start, how long of 1m to 168h, and a time zone as \
                      IANA spells it; or \"unlimited\"";

impl Limit for Hours {
    fn name(&self) -> &'static str {
        "hours"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask, Stage::Form]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "when anything but reads, exits and cancels is allowed: from each start for as long as is said, in elapsed time",
            form: "a list of days, start, length and time zone",
            example: "hours = [\"mon-fri 08:00 +9h Europe/Berlin\"]",
            absent: "always",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.hours = Some(given.caps(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(rules.hours.as_ref()?.shown(|windows| text(windows)))
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (old.hours.as_ref(), new.hours.as_ref());
        settings(old, new, &Cap::Unlimited, |a, b| a.iter().all(|a| b.iter().any(|b| a.is_within(b))))
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        if does_more_than_close(&asked.intent.act) { within(asked.rules, asked.now) } else { Ok(()) }
    }

    fn form(&self, formed: &Formed<'_>) -> Result<(), Denial> {
        if formed.exit { Ok(()) } else { within(formed.rules, formed.now) }
    }
}

fn within(rules: &Rules, now: Time) -> Result<(), Denial> {
    let Some(Cap::At(windows)) = &rules.hours else { return Ok(()) };
    let open = windows.iter().any(|window| window.is_open(now));
    if open { Ok(()) } else { Err(Denial::Hours { hours: text(windows).into() }) }
}

fn text(windows: &[OpenWindow]) -> String {
    listed(windows.iter().map(OpenWindow::as_str))
}
