//! How far from the market an order may wait.

use super::compare::settings;
use super::{Cap, Change, Given, Help, Limit, Misfit, Percent, Rules, Scope, Shown, Stage};
use crate::Level;

/// `trigger_distance`: how far from the reference price an order's trigger may be. It is asked where orders are read for
/// whether they make sense ([`crate::shape`]).
#[derive(Clone, Copy, Debug)]
pub struct TriggerDistance;

const WANTED: &str = "a percentage above 0 and at most 99 like \"60%\"";

/// At most this, whatever is written: no price is further below.
const MOST: u64 = 99;

/// What holds for a bot where nothing is written.
const USUAL: u64 = 60;

impl Limit for TriggerDistance {
    fn name(&self) -> &'static str {
        "trigger_distance"
    }

    fn stages(&self) -> &'static [Stage] {
        &[]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how far from the reference price a trigger may be, how far it may follow the price, and how far a chase or slices",
            form: "a percentage up to 99%",
            example: "trigger_distance = \"30%\"",
            absent: "60 %",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        let text = match given {
            Given::Text(text) => Some(*text),
            Given::Whole(_) | Given::Flag(_) | Given::List(_) | Given::Other(_) => None,
        };
        let distance: Option<Percent> = text.and_then(|text| text.parse().ok());
        let distance = distance.filter(|distance| *distance <= Percent::whole(MOST));
        rules.trigger_distance = Some(distance.ok_or_else(|| given.misfit(WANTED))?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.trigger_distance.map(|distance| Shown { text: distance.to_string(), unlimited: false })
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        let [old, new] = [old, new].map(|rules| Cap::At(within(scope, rules)));
        settings(Some(&old), Some(&new), &Cap::Unlimited, |a, b| a <= b)
    }
}

/// How far from the market an order of a bot may wait, by the rules of all its levels.
pub(crate) fn farthest<'a>(levels: impl Iterator<Item = Level<'a>>) -> Percent {
    let most = Percent::whole(MOST);
    levels.fold(most, |least, level| least.min(within(level.scope(), level.rules())))
}

pub(super) fn within(scope: Scope, rules: &Rules) -> Percent {
    rules.trigger_distance.unwrap_or_else(|| match scope {
        Scope::Bot => Percent::whole(USUAL),
        Scope::Key | Scope::Group => Percent::whole(MOST),
    })
}
