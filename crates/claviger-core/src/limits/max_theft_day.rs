//! How high a bot's theft bill may be.

use super::max_order::{WANTED, money_capped, money_shown};
use super::{Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};

/// `max_theft_day`: the most that a thief with the virtual key may be able to cost in a day, by all other limits together
/// ([`crate::Bill`]). It is asked when a configuration is read, and refuses the whole of it.
#[derive(Clone, Copy, Debug)]
pub struct MaxTheftDay;

impl Limit for MaxTheftDay {
    fn name(&self) -> &'static str {
        "max_theft_day"
    }

    fn stages(&self) -> &'static [Stage] {
        &[]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "the most that a thief with the virtual key can cost in a day by all the other limits; a configuration in which it is more, or not limited, is refused",
            form: "an amount and an asset",
            example: "max_theft_day = \"200 USDT\"",
            absent: "no limit; `claviger policy worst-case` tells how much it is",
        }
    }

    fn stands_at(&self, scope: Scope) -> bool {
        matches!(scope, Scope::Bot)
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.max_theft_day = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.max_theft_day.as_ref().map(money_shown)
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        money_capped(old.max_theft_day.as_ref(), new.max_theft_day.as_ref())
    }
}

impl Rules {
    /// The most that a bot's bill may come to.
    pub(crate) fn most_stolen(&self) -> Option<&crate::Money> {
        self.max_theft_day.as_ref().and_then(Cap::at)
    }
}
