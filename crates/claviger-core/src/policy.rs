//! The policy of every bot, compiled.

mod bill;
mod group;
mod level;
mod report;
mod who;

pub use bill::{Bill, Bound, Most, Part, Sum, Total};
pub(crate) use group::RawGroup;
pub use group::{GROUPS_PER_BOT, GroupPolicy};
pub use level::Level;
pub use report::{Item, Report};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::limits::Rules;
use crate::{BotName, ExchangeName, GroupName, KeyName, Market, Permission};

/// The policy of every bot, every real key and every group. Immutable; share it in an [`Arc`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicySet {
    bots: BTreeMap<BotName, BotPolicy>,
    keys: BTreeMap<KeyName, Arc<KeyPolicy>>,
    groups: BTreeMap<GroupName, Arc<GroupPolicy>>,
    watched: BTreeMap<KeyName, BTreeSet<Market>>,
}

/// What one bot may do.
#[derive(Clone, Debug, PartialEq)]
pub struct BotPolicy {
    rules: Rules,
    key_name: KeyName,
    key: Arc<KeyPolicy>,
    /// Those that it belongs to, by name.
    groups: Vec<(GroupName, Arc<GroupPolicy>)>,
}

/// What all bots of one real key together may do.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyPolicy {
    exchange: ExchangeName,
    environment: Box<str>,
    rules: Rules,
    bots: usize,
    exits_by_account: bool,
    trades_contracts: bool,
}

impl BotPolicy {
    /// The real key that signs for it.
    #[must_use]
    pub const fn key(&self) -> &KeyName {
        &self.key_name
    }

    /// The exchange of that key.
    #[must_use]
    pub fn exchange(&self) -> &ExchangeName {
        &self.key.exchange
    }

    /// The policy of that key.
    #[must_use]
    pub fn key_policy(&self) -> &KeyPolicy {
        &self.key
    }

    /// Its own limits.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether another bot uses the same real key.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.key.bots > 1
    }

    /// Whether it may see and touch what the other bots of its key do: none does, or `danger_account_wide` says so.
    #[must_use]
    pub fn has_the_account(&self) -> bool {
        !self.is_shared() || self.rules.is_account_wide()
    }

    /// The names of the groups that it belongs to, in order.
    pub fn groups(&self) -> impl Iterator<Item = &GroupName> {
        self.groups.iter().map(|(name, _)| name)
    }

    /// The groups that it belongs to with their limits, in order.
    pub(crate) fn group_rules(&self) -> impl Iterator<Item = (&GroupName, &Rules)> {
        self.groups.iter().map(|(name, group)| (name, group.rules()))
    }

    /// Every level of limits, in the order they are asked: its own, its real key's, and those of its groups by name.
    pub fn levels(&self) -> impl Iterator<Item = Level<'_>> + Clone {
        let groups = self.groups.iter().map(|(name, group)| Level::Group(name, group.rules()));
        [Level::Bot(&self.rules), Level::Key(&self.key.rules)].into_iter().chain(groups)
    }
}

impl KeyPolicy {
    /// Its exchange.
    #[must_use]
    pub const fn exchange(&self) -> &ExchangeName {
        &self.exchange
    }

    /// The environment that its entry in the vault is sealed to: `production`, `testnet`, `simulator`.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// The limits over all of its bots.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// How many bots use it.
    #[must_use]
    pub const fn bots(&self) -> usize {
        self.bots
    }

    /// Whether it depends on the account's mode if the exchange holds orders to `reduceOnly` in one-way mode.
    #[must_use]
    pub const fn exits_by_account(&self) -> bool {
        self.exits_by_account
    }

    /// Whether the account's mode has to be known: exits depend on it, and a bot of the key trades futures or perpetuals.
    #[must_use]
    pub const fn needs_account_mode(&self) -> bool {
        self.exits_by_account && self.trades_contracts
    }
}

impl PolicySet {
    /// The policy of a bot.
    #[must_use]
    pub fn bot(&self, name: &BotName) -> Option<&BotPolicy> {
        self.bots.get(name)
    }

    /// The policy of a real key.
    #[must_use]
    pub fn key(&self, name: &KeyName) -> Option<&KeyPolicy> {
        self.keys.get(name).map(AsRef::as_ref)
    }

    /// The policy of a group.
    #[must_use]
    pub fn group(&self, name: &GroupName) -> Option<&GroupPolicy> {
        self.groups.get(name).map(AsRef::as_ref)
    }

    /// Every group, by name.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupName, &GroupPolicy)> {
        self.groups.iter().map(|(name, group)| (name, group.as_ref()))
    }

    /// Every bot, by name.
    pub fn bots(&self) -> impl Iterator<Item = (&BotName, &BotPolicy)> {
        self.bots.iter()
    }

    /// Every real key, by name.
    pub fn keys(&self) -> impl Iterator<Item = (&KeyName, &KeyPolicy)> {
        self.keys.iter().map(|(name, key)| (name, key.as_ref()))
    }

    /// Puts bots to their keys and groups. Every bot's key must be among `keys`; a bot whose key is not is left out.
    pub(crate) fn new(keys: Vec<RawKey>, groups: Vec<RawGroup>, bots: Vec<RawBot>) -> Self {
        let mut shares: BTreeMap<KeyName, (usize, bool)> = BTreeMap::new();
        for bot in &bots {
            let (count, contracts) = shares.entry(bot.key.clone()).or_default();
            *count += 1;
            *contracts |= trades_contracts(&bot.rules);
        }
        let compiled = |key: RawKey| {
            let (bots, trades_contracts) = shares.get(&key.name).copied().unwrap_or_default();
            let policy = KeyPolicy {
                exchange: key.exchange,
                environment: key.environment,
                rules: key.rules,
                bots,
                exits_by_account: key.exits_by_account,
                trades_contracts,
            };
            (key.name, Arc::new(policy))
        };
        let keys: BTreeMap<_, _> = keys.into_iter().map(compiled).collect();
        let groups = group::compiled(groups, &bots);
        let mut of: BTreeMap<BotName, Vec<(GroupName, Arc<GroupPolicy>)>> = BTreeMap::new();
        for (name, group) in &groups {
            for bot in group.members() {
                of.entry(bot.clone()).or_default().push((name.clone(), Arc::clone(group)));
            }
        }
        let bots = bots
            .into_iter()
            .filter_map(|bot| {
                let key = Arc::clone(keys.get(&bot.key)?);
                let groups = of.remove(&bot.name).unwrap_or_default();
                Some((bot.name, BotPolicy { rules: bot.rules, key_name: bot.key, key, groups }))
            })
            .collect();
        let watched = watched(&bots);
        Self { bots, keys, groups, watched }
    }

    /// The real keys of which it has to be known what their accounts hold, and in which markets.
    pub fn watched(&self) -> impl Iterator<Item = (&KeyName, &BTreeSet<Market>)> {
        self.watched.iter()
    }
}

/// Whether a bot with these limits may hold positions that orders close.
fn trades_contracts(rules: &Rules) -> bool {
    let contracts = |market: &Market| matches!(market, Market::Usdm | Market::Coinm);
    rules.grants().any(|grant| grant == Permission::Trade) && rules.bot_markets().iter().any(contracts)
}

/// The markets in which limits count what an account holds.
fn watched(bots: &BTreeMap<BotName, BotPolicy>) -> BTreeMap<KeyName, BTreeSet<Market>> {
    let mut watched: BTreeMap<KeyName, BTreeSet<Market>> = BTreeMap::new();
    let trades = |bot: &&BotPolicy| bot.rules.grants().any(|grant| grant == Permission::Trade);
    let counts = |bot: &&BotPolicy| bot.levels().any(|level| level.rules().watches_holdings());
    for bot in bots.values().filter(trades).filter(counts) {
        watched.entry(bot.key_name.clone()).or_default().extend(bot.rules.bot_markets());
    }
    watched
}

/// A key as read from the configuration.
#[derive(Debug)]
pub(crate) struct RawKey {
    pub(crate) name: KeyName,
    pub(crate) exchange: ExchangeName,
    pub(crate) environment: Box<str>,
    pub(crate) exits_by_account: bool,
    pub(crate) rules: Rules,
}

/// A bot as read from the configuration.
#[derive(Debug)]
pub(crate) struct RawBot {
    pub(crate) name: BotName,
    pub(crate) key: KeyName,
    pub(crate) rules: Rules,
}
