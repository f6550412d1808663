//! `[group.NAME]`: limits over several bots.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use super::KnownExchange;
use super::read::{ConfigError, Problem, Table, given};
use crate::limits::{Rules, Scope};
use crate::policy::{GROUPS_PER_BOT, RawBot, RawGroup, RawKey};
use crate::{BotName, GroupName, Market};

const GROUP: &[&str] = &["keys", "bots"];

/// Reads every group; keys and bots were read before.
pub(super) fn groups(
    top: &Table<'_>,
    known: &[KnownExchange],
    keys: &BTreeMap<String, RawKey>,
    bots: &[RawBot],
) -> Result<Vec<RawGroup>, ConfigError> {
    let tables = top.children("group")?;
    let mut groups = Vec::new();
    for (name, table) in &tables {
        let group = group(name, table, known, (keys, bots))?;
        groups.push(group);
        let crowded =
            bots.iter().find(|bot| groups.iter().filter(|group| group.has(bot)).count() > GROUPS_PER_BOT);
        if let Some(bot) = crowded {
            let (bot, most) = (bot.name.to_string(), GROUPS_PER_BOT);
            return Err(table.error(Problem::TooManyGroups { bot, most }));
        }
    }
    Ok(groups)
}

fn group(
    name: &str,
    table: &Table<'_>,
    known: &[KnownExchange],
    (keys, bots): (&BTreeMap<String, RawKey>, &[RawBot]),
) -> Result<RawGroup, ConfigError> {
    let name: GroupName = table.named(name)?;
    let all_keys = || keys.values().map(|key| key.name.as_str());
    let all_bots = || bots.iter().map(|bot| bot.name.as_str());
    let in_keys = named(table, "keys", "key", all_keys)?;
    let in_bots: BTreeSet<BotName> = named(table, "bots", "bot", all_bots)?;
    if in_keys.is_empty() && in_bots.is_empty() {
        let why = "a group is of the bots that it names, and of every bot of the real keys that it names";
        return Err(table.error(Problem::Missing { missing: "keys or bots".into(), why }));
    }
    let markets: BTreeSet<Market> = known.iter().flat_map(|k| k.markets.iter().copied()).collect();
    let rules: Rules = table.rules(Scope::Group, GROUP, &markets)?;
    Ok(RawGroup { name, keys: in_keys, bots: in_bots, rules })
}

/// A list of names, each once, of which each must be there.
fn named<'a, T, I>(
    table: &Table<'_>,
    key: &str,
    kind: &'static str,
    there: impl Fn() -> I,
) -> Result<BTreeSet<T>, ConfigError>
where
    T: FromStr + Ord + std::fmt::Display,
    I: Iterator<Item = &'a str>,
{
    let Some(value) = table.value(key) else { return Ok(BTreeSet::new()) };
    let here = || table.at(key);
    let wanted = format!("a list of the names of {kind}s, each once");
    let list: Vec<T> = given(value).list(&wanted).map_err(|misfit| here().error(misfit.into()))?;
    if let Some(name) = list.iter().map(ToString::to_string).find(|name| there().all(|known| known != name)) {
        let known: Vec<&str> = there().take(20).collect();
        let known = if known.is_empty() { "none".into() } else { known.join(", ") };
        return Err(here().error(Problem::NoSuch { kind, name, known }));
    }
    let count = list.len();
    let names: BTreeSet<T> = list.into_iter().collect();
    if names.len() == count { Ok(names) } else { Err(here().error(given(value).misfit(wanted).into())) }
}
