//! How much of each asset one transfer may move.

use super::amounts::{beyond, compared, read, shown, uncounted};
use super::{Asked, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Act, Denial, Money, Permission};

/// `max_transfer`: how much of each asset one transfer may move.
#[derive(Clone, Copy, Debug)]
pub struct MaxTransfer;

impl Limit for MaxTransfer {
    fn name(&self) -> &'static str {
        "max_transfer"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how much of each asset one transfer may move; nothing of an asset that is not listed",
            form: "a list of amounts",
            example: "max_transfer = [\"500 USDT\", \"0.1 BTC\"]",
            absent: "no transfer grant without it",
        }
    }

    fn needed_for(&self, permission: Permission) -> bool {
        permission == Permission::Transfer
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_transfer = Some(read(given)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_transfer.as_ref().map(shown)
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        compared(scope, old.max_transfer.as_ref(), new.max_transfer.as_ref())
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        if asked.intent.act.sweeps() {
            return uncounted(asked.rules.max_transfer.as_ref(), asked.scope);
        }
        let Act::Transfer(moved) = &asked.intent.act else { return Ok(()) };
        match beyond(asked.rules.max_transfer.as_ref(), asked.scope, (&moved.asset, moved.amount)) {
            None => Ok(()),
            Some(limit) => {
                Err(Denial::MaxTransfer { asked: Money::new(moved.amount, moved.asset.clone()), limit })
            }
        }
    }
}
