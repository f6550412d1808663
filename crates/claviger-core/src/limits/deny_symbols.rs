//! Which instruments a bot may not touch, whatever else is allowed.

use std::collections::BTreeSet;

use super::setting::listed;
use super::symbols::touched;
use super::{Asked, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Act, Denial, Symbol, What};

/// `deny_symbols`: which instruments a bot may not touch, whatever else is allowed.
#[derive(Clone, Copy, Debug)]
pub struct DenySymbols;

const WANTED: &str = "a list of symbols as the exchange spells them (1 to 40 of A-Z, 0-9, -, _)";

impl Limit for DenySymbols {
    fn name(&self) -> &'static str {
        "deny_symbols"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "which instruments may not be touched even where `symbols` allows them, not to close or to cancel either",
            form: "a list of symbols",
            example: "deny_symbols = [\"LUNAUSDT\"]",
            absent: "none",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.deny_symbols = Some(given.list(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        let text = listed(rules.deny_symbols.as_ref()?.iter().map(Symbol::as_str));
        Some(Shown { text, unlimited: false })
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        let none = BTreeSet::new();
        let [old, new] = [old, new].map(|rules| rules.deny_symbols.as_ref().unwrap_or(&none));
        Change::from_within(old.is_subset(new), new.is_subset(old))
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let Some(denied) = &asked.rules.deny_symbols else { return Ok(()) };
        match touched(&asked.intent.act) {
            Some(Some(symbol)) if denied.contains(symbol) => {
                Err(Denial::DeniedSymbol { symbol: symbol.clone() })
            }
            None if trades_unnamed(&asked.intent.act) => Err(Denial::UnnamedSymbol),
            // What touches every instrument only ends orders.
            Some(_) | None => Ok(()),
        }
    }
}

/// Whether it trades instruments that it does not name. A conversion names assets and trades no instrument.
const fn trades_unnamed(act: &Act) -> bool {
    let Act::Special(special) = act else { return false };
    match special.what {
        What::Block | What::Copy | What::ExchangeBot | What::Liquidate => true,
        What::Convert
        | What::Dust
        | What::Borrow
        | What::Repay
        | What::AutoBorrow
        | What::Earn
        | What::PositionMode
        | What::PositionMargin
        | What::Setting
        | What::SubAccount
        | What::Sweep => false,
    }
}
