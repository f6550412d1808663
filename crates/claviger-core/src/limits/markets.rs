//! In which markets a bot may trade.

use super::compare::{absent_set, settings};
use super::{Asked, Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED};
use crate::{Act, Denial, Market, Permission};

/// `markets`: in which markets a bot may trade.
#[derive(Clone, Copy, Debug)]
pub struct Markets;

impl Limit for Markets {
    fn name(&self) -> &'static str {
        "markets"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "in which markets orders and settings are allowed; margin also needs the grant `borrow`",
            form: "a list of spot, margin, usdm, coinm, option",
            example: "markets = [\"spot\"]",
            absent: "none",
        }
    }

    fn needed_for(&self, permission: Permission) -> bool {
        permission == Permission::Trade
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        let names = Market::ALL.map(Market::as_str).join(", ");
        rules.markets = Some(given.caps(&format!("a list of markets ({names}), or \"unlimited\""))?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(match rules.markets.as_ref()? {
            Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
            Cap::At(set) => {
                let names: Vec<&str> = set.iter().map(|m| m.as_str()).collect();
                Shown { text: names.join(", "), unlimited: false }
            }
        })
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        let absent = absent_set(scope);
        settings(old.markets.as_ref(), new.markets.as_ref(), &absent, |a, b| a.is_subset(b))
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let Some(market) = asked.intent.market() else {
            let every = matches!(asked.intent.act, Act::Countdown { market: None, .. }) && asked.shared;
            let limited = match &asked.rules.markets {
                Some(cap) => cap.at().is_some(),
                None => matches!(asked.scope, Scope::Bot),
            };
            return if every && limited { Err(Denial::AccountWide) } else { Ok(()) };
        };
        let inside = match &asked.rules.markets {
            Some(Cap::Unlimited) => true,
            Some(Cap::At(set)) => set.contains(&market),
            None => matches!(asked.scope, Scope::Key | Scope::Group),
        };
        if inside { Ok(()) } else { Err(Denial::Market { market }) }
    }
}
