//! What a bot may do at all.

use std::collections::BTreeSet;

use super::{Asked, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Act, Denial, Intent, Market, Permission, Special, What};

/// `grants`: what a bot may do at all.
#[derive(Clone, Copy, Debug)]
pub struct Grants;

impl Limit for Grants {
    fn name(&self) -> &'static str {
        "grants"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "what is allowed at all; none implies another",
            form: "a list of permissions",
            example: "grants = [\"market-data\", \"read\", \"trade\"]",
            absent: "nothing",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        let names = Permission::ALL.map(Permission::as_str).join(", ");
        rules.grants = Some(given.list(&format!("a list of permissions ({names})"))?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        let names: Vec<&str> = rules.grants.as_ref()?.iter().map(|p| p.as_str()).collect();
        Some(Shown { text: names.join(", "), unlimited: false })
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (granted(scope, old), granted(scope, new));
        Change::from_within(new.is_subset(&old), old.is_subset(&new))
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let Some(grants) = &asked.rules.grants else {
            return match asked.scope {
                Scope::Key | Scope::Group => Ok(()),
                Scope::Bot => {
                    needs(asked.intent).next().map_or(Ok(()), |needs| Err(Denial::NotGranted { needs }))
                }
            };
        };
        match needs(asked.intent).find(|needed| !grants.contains(needed)) {
            Some(needs) => Err(Denial::NotGranted { needs }),
            None => Ok(()),
        }
    }
}

fn granted(scope: Scope, rules: &Rules) -> BTreeSet<Permission> {
    match (&rules.grants, scope) {
        (Some(set), _) => set.clone(),
        (None, Scope::Bot) => BTreeSet::new(),
        (None, Scope::Key | Scope::Group) => Permission::ALL.into(),
    }
}

/// Everything that an intent needs: what its row says, and what its act is, in case a row says too little.
fn needs(intent: &Intent) -> impl Iterator<Item = Permission> {
    let by_row = (intent.permission != Permission::Public).then_some(intent.permission);
    let by_act = match &intent.act {
        Act::Read | Act::Change => None,
        Act::Special(special) => Some(special.what.permission()),
        Act::Place(_)
        | Act::Test(_)
        | Act::Amend(_)
        | Act::Cancel(_)
        | Act::CancelAll { .. }
        | Act::Steps(_)
        | Act::ClosePosition { .. }
        | Act::Countdown { .. }
        | Act::SetLeverage { .. }
        | Act::SetMarginMode { .. } => Some(Permission::Trade),
        Act::Transfer(_) => Some(Permission::Transfer),
        Act::Withdraw(_) => Some(Permission::Withdraw),
    };
    let side_effect = intent.act.order().is_some_and(|order| order.more.side_effect.is_some());
    let margin = intent.market() == Some(Market::Margin) && !intent.act.only_cancels();
    let borrows = (margin || side_effect || may_be_margin(&intent.act)).then_some(Permission::Borrow);
    [by_row, by_act, borrows].into_iter().flatten()
}

/// Whether it trades in a market that it does not name, which may be margin.
const fn may_be_margin(act: &Act) -> bool {
    match act {
        Act::Special(Special { what: What::Block, market: None, .. }) => true,
        Act::Read
        | Act::Place(_)
        | Act::Test(_)
        | Act::Amend(_)
        | Act::Cancel(_)
        | Act::Steps(_)
        | Act::ClosePosition { .. }
        | Act::Countdown { .. }
        | Act::CancelAll { .. }
        | Act::SetLeverage { .. }
        | Act::SetMarginMode { .. }
        | Act::Transfer(_)
        | Act::Withdraw(_)
        | Act::Special(_)
        | Act::Change => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_trade_that_names_no_market_may_be_in_margin() {
        let block = |market| {
            let special =
                Special { what: What::Block, market, symbol: None, asset: None, amount: None, quote: None };
            Intent { permission: Permission::Block, act: Act::Special(special), ..crate::testing::read() }
        };
        let needs = |intent: Intent| needs(&intent).collect::<Vec<_>>();
        let (only, both) =
            ([Permission::Block; 2], [Permission::Block, Permission::Block, Permission::Borrow]);
        assert_eq!(needs(block(Some(Market::Option))), only);
        assert_eq!(needs(block(None)), both);
        assert_eq!(needs(block(Some(Market::Margin))), both);
    }

    #[test]
    fn a_public_row_needs_nothing_but_what_its_act_is() {
        let public = |act| Intent { permission: Permission::Public, act, ..crate::testing::read() };
        assert_eq!(needs(&public(Act::Read)).next(), None);
        let order = crate::testing::order("BTCUSDT");
        assert_eq!(needs(&public(Act::Place(order))).collect::<Vec<_>>(), [Permission::Trade]);
    }
}
