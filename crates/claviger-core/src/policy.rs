//! The policy of every bot, compiled.

mod report;
mod who;

pub use report::{Item, Report};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::limits::{Rules, Scope};
use crate::{BotName, ExchangeName, KeyName, Market, Permission};

/// The policy of every bot and every real key. Immutable; share it in an [`Arc`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicySet {
    bots: BTreeMap<BotName, BotPolicy>,
    keys: BTreeMap<KeyName, Arc<KeyPolicy>>,
    watched: BTreeMap<KeyName, BTreeSet<Market>>,
}

/// What one bot may do.
#[derive(Clone, Debug, PartialEq)]
pub struct BotPolicy {
    rules: Rules,
    key_name: KeyName,
    key: Arc<KeyPolicy>,
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

    /// Both levels of limits, in the order they are asked.
    #[must_use]
    pub fn levels(&self) -> [(Scope, &Rules); 2] {
        [(Scope::Bot, &self.rules), (Scope::Key, &self.key.rules)]
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

    /// Every bot, by name.
    pub fn bots(&self) -> impl Iterator<Item = (&BotName, &BotPolicy)> {
        self.bots.iter()
    }

    /// Every real key, by name.
    pub fn keys(&self) -> impl Iterator<Item = (&KeyName, &KeyPolicy)> {
        self.keys.iter().map(|(name, key)| (name, key.as_ref()))
    }

    /// Puts bots to their keys. Every bot's key must be among `keys`; a bot whose key is not is left out.
    pub(crate) fn new(keys: Vec<RawKey>, bots: Vec<RawBot>) -> Self {
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
        let bots = bots
            .into_iter()
            .filter_map(|bot| {
                let key = Arc::clone(keys.get(&bot.key)?);
                Some((bot.name, BotPolicy { rules: bot.rules, key_name: bot.key, key }))
            })
            .collect();
        let watched = watched(&bots);
        Self { bots, keys, watched }
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
    let counts = |bot: &&BotPolicy| bot.levels().iter().any(|(_, rules)| rules.watches_holdings());
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
