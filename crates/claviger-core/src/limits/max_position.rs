//! How much an account may hold of one instrument.

use super::max_order::{WANTED, money_capped, money_shown};
use super::{Cap, Change, Counted, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Denial, Money};

/// `max_position`: how much the account may hold of any one instrument.
#[derive(Clone, Copy, Debug)]
pub struct MaxPosition;

impl Limit for MaxPosition {
    fn name(&self) -> &'static str {
        "max_position"
    }

    fn help(&self) -> Help {
        Help {
            meaning: "the highest value that an order may bring the account's position in its instrument to, with all orders that are alive or of unknown fate, at the reference price; on spot, what the account has of the base asset; none for exits",
            form: "an amount and an asset",
            example: "max_position = \"5000 USDT\"",
            absent: "no limit",
        }
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Count]
    }

    /// A group's bots trade in several accounts.
    fn stands_at(&self, scope: Scope) -> bool {
        !matches!(scope, Scope::Group)
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_position = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_position.as_ref().map(money_shown)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        money_capped(old.max_position.as_ref(), new.max_position.as_ref())
    }

    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let Some(limit) = counted.rules.max_position_each() else { return Ok(()) };
        if counted.added.outside {
            return Err(unseen(self.name()));
        }
        for stand in &counted.added.stands.each {
            let value = counted.prices.in_asset(&stand.value, &limit.asset, self.name())?;
            if value.amount > limit.amount {
                return Err(Denial::MaxPosition { symbol: stand.symbol.clone(), limit: limit.clone() });
            }
        }
        Ok(())
    }

    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let of = self.shown(counted.rules)?.text;
        let stands = counted.added.stands.each.iter();
        let would_be: Vec<String> =
            stands.map(|stand| format!("{} in {}", stand.value, stand.symbol)).collect();
        (!would_be.is_empty()).then(|| (would_be.join(", "), of))
    }
}

/// What a trade outside of the book gets is not known.
pub(super) const fn unseen(limit: &'static str) -> Denial {
    Denial::PositionUnknown { limit, why: "what a trade outside of the book gets is not known" }
}

impl Rules {
    /// What may be held of one instrument, where that is limited.
    pub(crate) fn max_position_each(&self) -> Option<&Money> {
        self.max_position.as_ref().and_then(Cap::at)
    }
}
