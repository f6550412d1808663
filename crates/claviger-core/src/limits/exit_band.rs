//! How far from the reference price a bot may close.

use super::compare::settings;
use super::price_band::WANTED;
use super::way::{Beyond, ways};
use super::{Cap, Change, Given, Help, Limit, Misfit, Percent, Rules, Scope, Shown, Stage, Weighed};
use crate::Denial;

/// `exit_band`: how much above the reference price exits may buy, and how much below it they may sell.
#[derive(Clone, Copy, Debug)]
pub struct ExitBand;

impl Limit for ExitBand {
    fn name(&self) -> &'static str {
        "exit_band"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Weigh]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how much above the reference price exits may buy and how much below it they may sell; bounds market exits",
            form: "a percentage",
            example: "exit_band = \"5%\"",
            absent: "three times `price_band`, at most 99 %",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.exit_band = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(rules.exit_band.as_ref()?.shown(ToString::to_string))
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        if old.exit_band.is_none() && new.exit_band.is_none() {
            // It follows `price_band`, whose change says it.
            return Change::Same;
        }
        let [old, new] = [old, new].map(|rules| effective(scope, rules));
        settings(Some(&old), Some(&new), &Cap::Unlimited, |a, b| a <= b)
    }

    fn weigh(&self, weighed: &Weighed<'_>) -> Result<(), Denial> {
        let Some(Cap::At(band)) = weighed.rules.exit_band else { return Ok(()) };
        if !weighed.terms.is_exit(weighed.order) && weighed.order.more.exits.is_empty() {
            return Ok(());
        }
        for way in ways(weighed)?.into_iter().filter(|way| way.exit) {
            if let Some(Beyond { price, edge, reference }) = way.beyond(band, weighed)? {
                return Err(Denial::ExitBand { side: way.side, price, edge, band, reference });
            }
        }
        Ok(())
    }
}

/// What holds exits at a level: nothing closes where a bot has no band at all.
fn effective(scope: Scope, rules: &Rules) -> Cap<Percent> {
    let nothing = rules.price_band.is_none() && rules.exit_band.is_none() && matches!(scope, Scope::Bot);
    match rules.exits_within() {
        Some(band) => Cap::At(band),
        None if nothing => Cap::At(Percent::whole(0)),
        None => Cap::Unlimited,
    }
}
