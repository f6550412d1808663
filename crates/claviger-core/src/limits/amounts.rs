//! The most of each asset that one request may move.

use std::collections::BTreeMap;

use super::compare::settings;
use super::{Cap, Change, Given, Misfit, Scope, Shown};
use crate::{Asset, Decimal, Denial, Money};

/// The most of each asset; none of those that are not in it.
pub(super) type Amounts = BTreeMap<Asset, Decimal>;

const WANTED: &str = "a list of amounts, one an asset, like [\"500 USDT\", \"0.1 BTC\"], or \"unlimited\"";

pub(super) fn read(given: &Given<'_>) -> Result<Cap<Amounts>, Misfit> {
    let list: Vec<Money> = match given.caps(WANTED)? {
        Cap::Unlimited => return Ok(Cap::Unlimited),
        Cap::At(list) => list,
    };
    let count = list.len();
    let amounts: Amounts = list.into_iter().map(|money| (money.asset, money.amount)).collect();
    if amounts.len() == count { Ok(Cap::At(amounts)) } else { Err(given.misfit(WANTED)) }
}

pub(super) fn shown(cap: &Cap<Amounts>) -> Shown {
    cap.shown(|amounts| {
        let list: Vec<String> = amounts.iter().map(|(asset, amount)| format!("{amount} {asset}")).collect();
        list.join(", ")
    })
}

pub(super) fn compared(scope: Scope, old: Option<&Cap<Amounts>>, new: Option<&Cap<Amounts>>) -> Change {
    let absent = match scope {
        Scope::Bot => Cap::At(Amounts::new()),
        Scope::Key | Scope::Group => Cap::Unlimited,
    };
    settings(old, new, &absent, |a, b| {
        a.iter().all(|(asset, amount)| b.get(asset).is_some_and(|most| amount <= most))
    })
}

/// The limit that an amount is beyond, where it is beyond one: none of an asset that has no entry.
pub(super) fn beyond(
    cap: Option<&Cap<Amounts>>,
    scope: Scope,
    (asset, amount): (&Asset, Decimal),
) -> Option<Money> {
    let most = match (cap, scope) {
        (Some(Cap::Unlimited), _) | (None, Scope::Key | Scope::Group) => return None,
        (Some(Cap::At(amounts)), _) => amounts.get(asset).copied().unwrap_or_default(),
        (None, Scope::Bot) => Decimal::ZERO,
    };
    (amount > most || most.is_zero()).then(|| Money::new(most, asset.clone()))
}

/// What tells no amount passes only where there is no limit to count it by.
pub(super) const fn uncounted(cap: Option<&Cap<Amounts>>, scope: Scope) -> Result<(), Denial> {
    match (cap, scope) {
        (Some(Cap::Unlimited), _) | (None, Scope::Key | Scope::Group) => Ok(()),
        (Some(Cap::At(_)), _) | (None, Scope::Bot) => Err(Denial::Unmeasured {
            why: "it moves funds and tells no amount, so max_transfer and max_withdraw cannot count it",
        }),
    }
}
