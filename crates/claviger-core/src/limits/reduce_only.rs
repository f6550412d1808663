//! Whether a bot may do no more than close and cancel.

use super::closing::does_more_than_close;
use super::{Asked, Change, Formed, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::Denial;

/// `reduce_only`: whether a bot may do no more than close what is open, and cancel.
#[derive(Clone, Copy, Debug)]
pub struct ReduceOnly;

impl Limit for ReduceOnly {
    fn name(&self) -> &'static str {
        "reduce_only"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask, Stage::Form]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "whether nothing but reads, exits and cancels is allowed; spot, margin and options have no exits",
            form: "true or false",
            example: "reduce_only = true",
            absent: "false",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.reduce_only = Some(given.flag()?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.reduce_only.map(|flag| Shown { text: flag.to_string(), unlimited: false })
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (old.only_reduces(), new.only_reduces());
        Change::from_within(new || !old, old || !new)
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let refused = asked.rules.only_reduces() && does_more_than_close(&asked.intent.act);
        if refused { Err(Denial::ReduceOnly) } else { Ok(()) }
    }

    fn form(&self, formed: &Formed<'_>) -> Result<(), Denial> {
        if !formed.rules.only_reduces() {
            return Ok(());
        }
        // What is attached to an exit waits on the other side, where it would open.
        let closes = formed.order.is_exit() && formed.order.more.exits.is_empty();
        match (closes, formed.exit) {
            (true, true) => Ok(()),
            (true, false) => Err(Denial::NoExit { because: Box::new(Denial::ReduceOnly) }),
            (false, _) => Err(Denial::ReduceOnly),
        }
    }
}

impl Rules {
    /// Whether nothing but exits may be ordered.
    pub(crate) fn only_reduces(&self) -> bool {
        self.reduce_only.unwrap_or_default()
    }
}
