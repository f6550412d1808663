//! The settings of one level.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::amounts::Amounts;
use super::{
    Cap, Churn, Days, Destination, LIMITS, OpenWindow, OrderType, Percent, Rate, Route, Scope, Shown,
};
use crate::{Decimal, Market, Money, Permission, Side, Symbol, TimeInForce};

/// The limits of one bot, of one real key, or of one group. `None` is what was not written.
///
/// Only [`super::Limit`]s read and write them; each has its own field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    pub(super) grants: Option<BTreeSet<Permission>>,
    pub(super) markets: Option<Cap<BTreeSet<Market>>>,
    pub(super) symbols: Option<Cap<BTreeSet<Symbol>>>,
    pub(super) deny_symbols: Option<BTreeSet<Symbol>>,
    pub(super) sides: Option<Cap<BTreeSet<Side>>>,
    pub(super) order_types: Option<Cap<BTreeSet<OrderType>>>,
    pub(super) time_in_force: Option<Cap<BTreeSet<TimeInForce>>>,
    pub(super) hours: Option<Cap<Vec<OpenWindow>>>,
    pub(super) reduce_only: Option<bool>,
    pub(super) max_order: Option<Cap<Money>>,
    pub(super) max_position: Option<Cap<Money>>,
    pub(super) max_position_all: Option<Cap<Money>>,
    pub(super) max_day: Option<Cap<Money>>,
    pub(super) max_hour: Option<Cap<Money>>,
    pub(super) max_loss_day: Option<Cap<Money>>,
    pub(super) max_fee: Option<Percent>,
    pub(super) max_theft_day: Option<Cap<Money>>,
    pub(super) max_open_orders: Option<Cap<u32>>,
    pub(super) max_open_per_symbol: Option<Cap<u32>>,
    pub(super) order_rate: Option<Cap<Rate>>,
    pub(super) cancel_rate: Option<Cap<Rate>>,
    pub(super) request_rate: Option<Cap<Rate>>,
    pub(super) max_churn: Option<Cap<Churn>>,
    pub(super) self_trade: Option<bool>,
    pub(super) dormant_after: Option<Cap<Days>>,
    pub(super) price_band: Option<Cap<Percent>>,
    pub(super) exit_band: Option<Cap<Percent>>,
    pub(super) fat_finger: Option<Cap<Percent>>,
    pub(super) trigger_distance: Option<Percent>,
    pub(super) max_leverage: Option<Cap<Decimal>>,
    pub(super) sources: Option<Cap<Vec<IpNet>>>,
    pub(super) withdraw_to: Option<Cap<BTreeSet<Destination>>>,
    pub(super) max_withdraw: Option<Cap<Amounts>>,
    pub(super) transfer_routes: Option<Cap<BTreeSet<Route>>>,
    pub(super) max_transfer: Option<Cap<Amounts>>,
    pub(super) users: Option<Cap<BTreeSet<u32>>>,
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

    /// The band of exits: three times `price_band` where nothing else was written; `None` where nothing bounds them.
    #[must_use]
    pub fn exits_within(&self) -> Option<Percent> {
        match (&self.exit_band, &self.price_band) {
            (Some(cap), _) => cap.at().copied(),
            (None, Some(Cap::At(band))) => Some(band.for_exits()),
            (None, Some(Cap::Unlimited) | None) => None,
        }
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

    /// Whether this level grants a permission; beyond the bot's, what is not written is granted.
    #[must_use]
    pub fn permits(&self, scope: Scope, permission: Permission) -> bool {
        self.grants.as_ref().map_or(!absent_denies(scope), |grants| grants.contains(&permission))
    }

    /// Whether this level allows an instrument; beyond the bot's, what is not written is allowed.
    #[must_use]
    pub fn allows(&self, scope: Scope, symbol: &Symbol) -> bool {
        match &self.symbols {
            Some(Cap::At(symbols)) => symbols.contains(symbol),
            Some(Cap::Unlimited) => true,
            None => !absent_denies(scope),
        }
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

    /// The first grant whose limits are not all written, and the limits that it lacks.
    #[must_use]
    pub fn missing(&self) -> Option<(Permission, Vec<&'static str>)> {
        self.grants().find_map(|grant| {
            let missing = LIMITS.iter().filter(|l| l.needed_for(grant) && !l.is_set(self));
            let missing: Vec<&str> = missing.map(|l| l.name()).collect();
            (!missing.is_empty()).then_some((grant, missing))
        })
    }
}

/// Whether an absent setting is a limit at that level: at the bot's it is, at the key's and a group's it is not.
pub(super) const fn absent_denies(scope: Scope) -> bool {
    matches!(scope, Scope::Bot)
}
