//! Which instruments a bot may trade.

use super::compare::{absent_set, settings};
use super::{Asked, Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED};
use crate::{Act, Denial, Permission, Symbol};

/// `symbols`: which instruments a bot may trade.
#[derive(Clone, Copy, Debug)]
pub struct Symbols;

const WANTED: &str =
    "a list of symbols as the exchange spells them (1 to 40 of A-Z, 0-9, -, _), or \"unlimited\"";

impl Limit for Symbols {
    fn name(&self) -> &'static str {
        "symbols"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "which instruments orders and settings may touch, as the exchange spells them",
            form: "a list of symbols",
            example: "symbols = [\"BTCUSDT\", \"ETHUSDT\"]",
            absent: "none",
        }
    }

    fn needed_for(&self, permission: Permission) -> bool {
        permission == Permission::Trade
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.symbols = Some(given.caps(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(match rules.symbols.as_ref()? {
            Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
            Cap::At(set) => {
                let names: Vec<&str> = set.iter().map(Symbol::as_str).collect();
                Shown { text: names.join(", "), unlimited: false }
            }
        })
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        let absent = absent_set(scope);
        settings(old.symbols.as_ref(), new.symbols.as_ref(), &absent, |a, b| a.is_subset(b))
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let Some(touched) = touched(&asked.intent.act) else { return Ok(()) };
        if matches!(asked.intent.act, Act::Countdown { symbol: None, .. }) && !asked.shared {
            // Alone on the key, a bot ends no orders but its own, and those of the key's owner: it may do so for safety.
            return Ok(());
        }
        let list = match (&asked.rules.symbols, asked.scope) {
            (Some(Cap::Unlimited), _) | (None, Scope::Key | Scope::Group) => return Ok(()),
            (Some(Cap::At(set)), _) => Some(set),
            (None, Scope::Bot) => None,
        };
        match touched {
            Some(symbol) if list.is_some_and(|set| set.contains(symbol)) => Ok(()),
            Some(symbol) => Err(Denial::Symbol { symbol: symbol.clone() }),
            None => Err(Denial::EverySymbol),
        }
    }
}

/// What an act touches: nothing that has a symbol, every symbol (`Some(None)`), or one.
pub(super) const fn touched(act: &Act) -> Option<Option<&Symbol>> {
    match act {
        Act::Place(order) | Act::Test(order) => Some(Some(&order.symbol)),
        Act::Amend(a) => Some(Some(&a.symbol)),
        Act::Cancel(c) => Some(Some(&c.symbol)),
        Act::CancelAll { symbol, .. } => Some(symbol.as_ref()),
        Act::SetLeverage { symbol, .. } | Act::SetMarginMode { symbol, .. } => Some(Some(symbol)),
        Act::ClosePosition { symbol, .. } => Some(Some(symbol)),
        Act::Countdown { symbol, .. } => Some(symbol.as_ref()),
        Act::Special(special) => match &special.symbol {
            Some(symbol) => Some(Some(symbol)),
            None => None,
        },
        Act::Read | Act::Steps(_) | Act::Transfer(_) | Act::Withdraw(_) | Act::Change => None,
    }
}
