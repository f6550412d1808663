//! The settings of one level.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::{Cap, LIMITS, Percent, Rate, Scope, Shown};
use crate::{Decimal, Market, Money, Permission, Symbol};

/// The limits of one bot, or of one real key. `None` is what was not written.
///
/// Only [`super::Limit`]s read and write them; each has its own field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub(super) grants: Option<BTreeSet<Permission>>,
    pub(super) markets: Option<Cap<BTreeSet<Market>>>,
    pub(super) symbols: Option<Cap<BTreeSet<Symbol>>>,
    pub(super) max_order: Option<Cap<Money>>,
    pub(super) max_day: Option<Cap<Money>>,
    pub(super) max_open_orders: Option<Cap<u32>>,
    pub(super) order_rate: Option<Cap<Rate>>,
    pub(super) price_band: Option<Cap<Percent>>,
    pub(super) max_leverage: Option<Cap<Decimal>>,
    pub(super) sources: Option<Cap<Vec<IpNet>>>,
    pub(super) allow_same_user: Option<bool>,
    pub(super) danger_account_wide: Option<bool>,
}

impl Rules {
    /// What was granted.
    pub fn grants(&self) -> impl Iterator<Item = Permission> + '_ {
        self.grants.iter().flatten().copied()
    }

    /// Whether `danger_account_wide` says so.
    pub(crate) fn is_account_wide(&self) -> bool {
        self.danger_account_wide == Some(true)
    }

    /// The markets that were written out; empty for none and for `"unlimited"`.
    pub fn markets(&self) -> impl Iterator<Item = Market> + '_ {
        self.markets.iter().filter_map(Cap::at).flatten().copied()
    }

    /// The symbols that were written out; empty for none and for `"unlimited"`.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> + '_ {
        self.symbols.iter().filter_map(Cap::at).flatten()
    }

    /// The networks that a bot with these limits may ask from; only this machine where nothing was written, `None` where it
    /// is everywhere.
    #[must_use]
    pub fn bot_sources(&self) -> Option<Vec<IpNet>> {
        match super::sources::networks(Scope::Bot, self) {
            Cap::Unlimited => None,
            Cap::At(nets) => Some(nets),
        }
    }

    /// The markets that a bot with these limits may trade in, of those there are.
    #[must_use]
    pub fn bot_markets(&self) -> Vec<Market> {
        match &self.markets {
            Some(Cap::Unlimited) => Market::ALL.to_vec(),
            Some(Cap::At(_)) | None => self.markets().collect(),
        }
    }

    /// The band around the reference price.
    #[must_use]
    pub const fn price_band(&self) -> Option<&Cap<Percent>> {
        self.price_band.as_ref()
    }

    /// The day's budget.
    #[must_use]
    pub const fn max_day(&self) -> Option<&Cap<Money>> {
        self.max_day.as_ref()
    }

    /// How large one order may be.
    #[must_use]
    pub const fn max_order(&self) -> Option<&Cap<Money>> {
        self.max_order.as_ref()
    }

    /// Whether every symbol is allowed; `None` where nothing was written.
    #[must_use]
    pub fn all_symbols(&self) -> Option<bool> {
        self.symbols.as_ref().map(|cap| cap.at().is_none())
    }

    /// Whether every market is allowed; `None` where nothing was written.
    #[must_use]
    pub fn all_markets(&self) -> Option<bool> {
        self.markets.as_ref().map(|cap| cap.at().is_none())
    }

    /// Every setting that was written, by the name of its limit.
    #[must_use]
    pub fn shown(&self) -> Vec<(&'static str, Shown)> {
        LIMITS.iter().filter_map(|l| Some((l.name(), l.shown(self)?))).collect()
    }

    /// The limits that a `trade` grant needs and that were not written.
    #[must_use]
    pub fn missing_to_trade(&self) -> Vec<&'static str> {
        if !self.grants().any(|g| g == Permission::Trade) {
            return Vec::new();
        }
        LIMITS.iter().filter(|l| l.needed_to_trade() && !l.is_set(self)).map(|l| l.name()).collect()
    }
}

/// Whether an absent setting is a limit at that level: at the bot's it is, at the key's it is not.
pub(super) const fn absent_denies(scope: Scope) -> bool {
    matches!(scope, Scope::Bot)
}
