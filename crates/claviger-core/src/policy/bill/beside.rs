//! What is granted beside trading.

use super::trades::{levels, limits_loss, permits};
use super::{Bound, Part};
use crate::limits::{Rules, Scope};
use crate::policy::BotPolicy;
use crate::{Market, Permission};

/// The grants that nothing bounds, each with its reason.
pub(super) fn unlimited(policy: &BotPolicy) -> Vec<Part> {
    let part = |what, why, lower| Part { what, bound: Bound::Unlimited { why, lower } };
    let mut parts = Vec::new();
    if permits(policy, Permission::Withdraw) && places(policy, Rules::withdraws_to).is_none() {
        let why = "withdraw_to is unlimited, so funds may leave to any address";
        parts.push(part("withdrawals", why, "a list in withdraw_to would bound it"));
    }
    if permits(policy, Permission::Transfer) && places(policy, Rules::transfers_by).is_none() {
        let why = "transfer_routes is unlimited, so funds may go wherever the exchange lets them";
        parts.push(part("transfers", why, "a list in transfer_routes would bound it"));
    }
    if permits(policy, Permission::ManageKeys) {
        let why = "a key that it makes works at the exchange without claviger";
        parts.push(part("new keys", why, "take the grant manage-keys back"));
    }
    if permits(policy, Permission::SubAccounts) {
        let why = "what is moved between sub-accounts, and who may use them, is not counted";
        parts.push(part("sub-accounts", why, "take the grant sub-accounts back"));
    }
    if at_any_price(policy) {
        let why = "price_band is unlimited, and at what price these trade is not known";
        let lower = "a price_band or max_loss_day refuses them, or take the grants back";
        parts.push(part("block trades, copied traders and the exchange's bots", why, lower));
    }
    parts
}

/// Trades outside of the book leave only where no level has a band, nor limits what may be lost.
fn at_any_price(policy: &BotPolicy) -> bool {
    let granted = [Permission::Block, Permission::Copy, Permission::ExchangeBot];
    let no_band = |(scope, rules): (Scope, &Rules)| match rules.price_band() {
        Some(cap) => cap.at().is_none(),
        None => !matches!(scope, Scope::Bot),
    };
    granted.into_iter().any(|permission| permits(policy, permission))
        && levels(policy).all(no_band)
        && !limits_loss(policy)
}

/// To how many places every level lets funds go, by the shortest list; `None` where there is no list.
fn places(policy: &BotPolicy, count: impl Fn(&Rules, Scope) -> Option<usize>) -> Option<usize> {
    levels(policy).filter_map(|(scope, rules)| count(rules, scope)).min()
}

/// What is granted and is no theft by itself, or cannot be told from limits.
pub(super) fn sentences(policy: &BotPolicy) -> Vec<String> {
    let granted = |permission| permits(policy, permission);
    let mut said = Vec::new();
    if holds_positions(policy) {
        said.push(held(policy));
    }
    if let Some(count) = places(policy, Rules::withdraws_to).filter(|_| granted(Permission::Withdraw)) {
        said.push(format!(
            "it may withdraw to {count} listed destinations, as often as it likes: no theft while these are yours"
        ));
    }
    if let Some(count) = places(policy, Rules::transfers_by).filter(|_| granted(Permission::Transfer)) {
        said.push(format!("it may move funds on {count} listed routes: no theft while both ends are yours"));
    }
    if granted(Permission::Borrow) {
        said.push("what it borrows costs interest, which no limit counts".to_owned());
    }
    if granted(Permission::Earn) {
        said.push(
            "what it puts into products of the exchange stays yours, and may be locked there".to_owned(),
        );
    }
    said
}

fn holds_positions(policy: &BotPolicy) -> bool {
    let contracts = [Market::Usdm, Market::Coinm];
    let there = |market| levels(policy).all(|(scope, rules)| rules.trades_in(scope, market));
    permits(policy, Permission::Trade) && contracts.into_iter().any(there)
}

/// No limit knows what was open before.
fn held(policy: &BotPolicy) -> String {
    let bands = levels(policy).filter_map(|(_, rules)| rules.exits_within());
    match bands.min() {
        Some(band) => format!(
            "positions that were open before may be closed, too: with a limit at up to {band} of them (exit_band), by a \
             stop or in whole at the market's price"
        ),
        None => "positions that were open before may be closed, too, at any price".to_owned(),
    }
}
