//! Whether a bot may trade with the owner's own orders.

use super::{Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::Denial;

/// `self_trade`: whether an order may leave that could trade with another order of the owner's.
#[derive(Clone, Copy, Debug)]
pub struct SelfTrade;

const WANTED: &str = "\"refuse\" or \"allow\"";

impl Limit for SelfTrade {
    fn name(&self) -> &'static str {
        "self_trade"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "whether an order may leave that could trade with an order of any bot on the same exchange",
            form: "refuse or allow",
            example: "self_trade = \"refuse\"",
            absent: "allowed",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.self_trade = Some(match given {
            Given::Text("refuse") => false,
            Given::Text("allow") => true,
            Given::Text(_) | Given::Whole(_) | Given::Flag(_) | Given::List(_) | Given::Other(_) => {
                return Err(given.misfit(WANTED));
            }
        });
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        let text = if rules.self_trade? { "allow" } else { "refuse" };
        Some(Shown { text: text.into(), unlimited: false })
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (old.may_self_trade(), new.may_self_trade());
        Change::from_within(old || !new, new || !old)
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let meets = counted.added.meets_own && !counted.rules.may_self_trade();
        if meets { Err(Denial::SelfTrade) } else { Ok(()) }
    }
}

impl Rules {
    /// Whether orders may trade with each other.
    pub(crate) fn may_self_trade(&self) -> bool {
        self.self_trade.unwrap_or(true)
    }
}
