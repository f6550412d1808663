//! Which fee `max_loss_day` counts.

use super::compare::Change;
use super::{Cap, Given, Help, Limit, Misfit, Percent, Rules, Scope, Shown, Stage};

/// `max_fee`: the highest fee of a fill, as a part of its value.
#[derive(Clone, Copy, Debug)]
pub struct MaxFee;

const WANTED: &str = "a percentage above 0 and below 100 like \"0.06%\"";

impl Limit for MaxFee {
    fn name(&self) -> &'static str {
        "max_fee"
    }

    fn stages(&self) -> &'static [Stage] {
        &[]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "the highest fee that the account pays for a fill, as a part of its value; `max_loss_day` counts so much",
            form: "a percentage",
            example: "max_fee = \"0.06%\"",
            absent: "0.1%, also at a key",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        match given.cap(WANTED)? {
            Cap::At(fee) => rules.max_fee = Some(fee),
            Cap::Unlimited => return Err(given.misfit(WANTED)),
        }
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_fee.map(|fee| Shown { text: fee.to_string(), unlimited: false })
    }

    /// With a higher fee less is allowed.
    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (old.fee(), new.fee());
        Change::from_within(new >= old, old >= new)
    }
}

impl Rules {
    /// The highest fee of a fill.
    pub(crate) fn fee(&self) -> Percent {
        self.max_fee.unwrap_or_else(Percent::tenth)
    }
}
