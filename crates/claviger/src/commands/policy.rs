//! `policy`: what policies say, without changing anything.

mod bill;

use std::path::Path;

use claviger_core::config::{Fill, PRESETS, Preset, preset};
use claviger_core::limits::{Change, LIMITS, Scope, Shown};
use claviger_core::{BotName, BotPolicy, Config, GroupName, Level, Permission};
use claviger_door::Exit;
use serde_json::{Value, json};

use crate::args::{Asked, Global, PolicyCommand};
use crate::configuration;
use crate::failure::Failure;
use crate::home::Home;
use crate::out::{say, say_json, table};

/// Runs the command.
pub fn run(global: &Global, command: &PolicyCommand) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check { file } => check(&load(global, file.as_deref())?, global.json),
        PolicyCommand::Presets { name } => presets(name.as_deref(), global.json)?,
        PolicyCommand::Explain { bot, file } => explain(&load(global, file.as_deref())?, bot, global.json)?,
        PolicyCommand::Diff { new, old } => {
            let (old, new) = (load(global, old.as_deref())?, load(global, Some(new))?);
            diff(&old, &new, global.json);
        }
        PolicyCommand::WorstCase { bot, file } => {
            let config = load(global, file.as_deref())?;
            bill::worst_case(bot, policy_of(&config, bot)?, global.json);
        }
        PolicyCommand::WhoCan { what, file } => who_can(&load(global, file.as_deref())?, what, global.json),
    }
    Ok(())
}

/// A named file, or claviger.toml of the home.
fn load(global: &Global, file: Option<&Path>) -> Result<Config, Failure> {
    let Some(file) = file else {
        let home = Home::locate(global.home.clone())?;
        home.check()?;
        return configuration::load(&home);
    };
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|e| {
        let cannot = Failure::new(Exit::Config, format!("cannot read {shown}")).caused_by(&e);
        cannot.hint("name a file that is there and may be read")
    })?;
    Config::parse(&text, &shown.to_string(), &claviger_exchange::known()).map_err(|e| {
        Failure::new(Exit::Config, format!("{shown} cannot be used"))
            .caused_by(&e)
            .hint(format!("mend it; `claviger policy check {shown}` looks again"))
    })
}

fn check(config: &Config, as_json: bool) {
    let policies = config.policies();
    let (keys, groups, bots) = (policies.keys().count(), policies.groups().count(), policies.bots().count());
    let unlimited: Vec<String> = unlimited(config).collect();
    if as_json {
        say_json(&json!({ "keys": keys, "groups": groups, "bots": bots, "unlimited": unlimited }));
        return;
    }
    let of_groups = if groups > 0 { format!("groups {groups}, ") } else { String::new() };
    say(format_args!("it can be used: real keys {keys}, {of_groups}bots {bots}"));
    for place in unlimited {
        say(format_args!("unlimited: {place}"));
    }
}

/// Every setting that limits nothing, as `bot.grid.price_band`.
fn unlimited(config: &Config) -> impl Iterator<Item = String> {
    let policies = config.policies();
    let bots = policies.bots().map(|(name, bot)| (format!("bot.{name}"), bot.rules()));
    let keys = policies.keys().map(|(name, key)| (format!("key.{name}"), key.rules()));
    let groups = policies.groups().map(|(name, group)| (format!("group.{name}"), group.rules()));
    keys.chain(groups).chain(bots).flat_map(|(place, rules)| {
        let open = rules.shown().into_iter().filter(|(_, shown)| shown.unlimited);
        open.map(move |(limit, _)| format!("{place}.{limit}"))
    })
}

fn presets(name: Option<&str>, as_json: bool) -> Result<(), Failure> {
    let chosen: Vec<&Preset> = match name {
        None => PRESETS.iter().collect(),
        Some(name) => vec![preset(name).ok_or_else(|| {
            let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
            Failure::new(Exit::Name, format!("there is no preset `{name}`"))
                .hint(format!("one of: {}", names.join(", ")))
        })?],
    };
    for (n, preset) in chosen.into_iter().enumerate() {
        let example = example(preset).unwrap_or_default();
        if as_json {
            say_json(&json!({ "name": preset.name, "meaning": preset.meaning, "example": example }));
        } else {
            let gap = if n > 0 { "\n" } else { "" };
            say(format_args!("{gap}# {}: {}\n{}", preset.name, preset.meaning, example.trim_end()));
        }
    }
    Ok(())
}

/// The block that it adds, with amounts to replace.
fn example(preset: &Preset) -> Option<String> {
    let fill = Fill {
        symbols: vec!["BTCUSDT".parse().ok()?],
        max_order: "100 USDT".parse().ok()?,
        max_day: "2000 USDT".parse().ok()?,
        max_loss_day: None,
        price_band: None,
        order_rate: None,
    };
    preset.block(&"my-bot".parse().ok()?, &"my-key".parse().ok()?, Some(&fill))
}

/// The policy of a bot that must stand in the configuration.
fn policy_of<'c>(config: &'c Config, name: &BotName) -> Result<&'c BotPolicy, Failure> {
    config.policies().bot(name).ok_or_else(|| {
        let names: Vec<String> = config.policies().bots().map(|(name, _)| name.to_string()).collect();
        Failure::new(Exit::Name, format!("no block [bot.{name}] stands in the configuration"))
            .hint(format!("the bots there are: {}", names.join(", ")))
    })
}

fn explain(config: &Config, name: &BotName, as_json: bool) -> Result<(), Failure> {
    let bot = policy_of(config, name)?;
    if as_json {
        let levels: Vec<Value> = bot.levels().map(level).collect();
        say_json(
            &json!({ "bot": name.as_str(), "key": bot.key().as_str(), "may": may(bot), "levels": levels }),
        );
        return Ok(());
    }
    let account = bot.key_policy();
    say(format_args!(
        "{name} trades with the real key {} at {} ({}), {}.",
        bot.key(),
        account.exchange(),
        account.environment(),
        if bot.is_shared() { "which other bots use too" } else { "which no other bot uses" },
    ));
    say(format_args!("It may: {}.", listed(&may(bot))));
    say(format_args!("It may not: {}.", listed(&may_not(bot))));
    let groups: Vec<&str> = bot.groups().map(GroupName::as_str).collect();
    if !groups.is_empty() {
        say(format_args!("Its groups, each with limits over all of their bots: {}.", groups.join(", ")));
    }
    bot.levels().for_each(sentences);
    Ok(())
}

fn may(bot: &BotPolicy) -> Vec<&'static str> {
    permissions(bot, true)
}

fn may_not(bot: &BotPolicy) -> Vec<&'static str> {
    permissions(bot, false)
}

fn permissions(bot: &BotPolicy, wanted: bool) -> Vec<&'static str> {
    let granted = |p: &Permission| bot.levels().all(|level| level.rules().permits(level.scope(), *p));
    let all = Permission::ALL.into_iter().filter(|p| *p != Permission::Public);
    all.filter(|p| granted(p) == wanted).map(Permission::as_str).collect()
}

fn listed(words: &[&str]) -> String {
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

/// Each limit of one level with what it means, and for the bot's own level what holds where nothing was written.
fn sentences(level: Level<'_>) {
    let (scope, rules) = (level.scope(), level.rules());
    let set: Vec<Vec<String>> = LIMITS
        .iter()
        .filter_map(|limit| Some((limit, limit.shown(rules)?)))
        .map(|(limit, Shown { text, unlimited })| {
            let mark = if unlimited { "!" } else { "" };
            vec![mark.to_owned(), limit.name().to_owned(), text, limit.help().meaning.to_owned()]
        })
        .collect();
    if !set.is_empty() {
        let name = level.group().map_or_else(String::new, |group| format!(" {group}"));
        say(format_args!("\nLimits of the {}{name} (! limits nothing):", scope.as_str()));
        table(&["", "limit", "set to", "what it limits"], &set);
    }
    if scope == Scope::Bot {
        let absent: Vec<Vec<String>> = LIMITS
            .iter()
            .filter(|limit| limit.stands_at(scope) && !limit.is_set(rules))
            .map(|limit| vec![limit.name().to_owned(), limit.help().absent.to_owned()])
            .collect();
        say("\nNot written for the bot:");
        table(&["limit", "so"], &absent);
    }
}

fn level(level: Level<'_>) -> Value {
    let set = |(name, shown): (&str, Shown)| json!({ "limit": name, "set": shown.text, "unlimited": shown.unlimited });
    let limits: Vec<Value> = level.rules().shown().into_iter().map(set).collect();
    match level.group() {
        Some(group) => json!({ "level": level.scope().as_str(), "group": group.as_str(), "limits": limits }),
        None => json!({ "level": level.scope().as_str(), "limits": limits }),
    }
}

fn diff(old: &Config, new: &Config, as_json: bool) {
    let report = old.compare(new);
    if as_json {
        let text = |shown: &Option<Shown>| shown.as_ref().map(|shown| shown.text.clone());
        for item in report.items() {
            say_json(&json!({
                "place": item.place, "setting": item.setting, "old": text(&item.old), "new": text(&item.new),
                "change": item.change.as_str(),
            }));
        }
        return;
    }
    for item in report.items() {
        say(item);
    }
    let wider = report.items().iter().filter(|item| item.change == Change::Wider).count();
    let other = report.items().iter().filter(|item| item.change == Change::NotComparable).count();
    match (report.is_empty(), report.needs_factor()) {
        (true, _) => say("nothing changes"),
        (false, false) => say("all of it is narrower: `claviger apply` needs no passphrase"),
        (false, true) => say(format_args!(
            "wider: {wider}, not comparable: {other}; `claviger apply` will ask for the vault's passphrase"
        )),
    }
}

fn who_can(config: &Config, asked: &Asked, as_json: bool) {
    let able = config.policies().who_can(asked.permission, asked.symbol.as_ref());
    let rows: Vec<Vec<String>> = able
        .map(|(name, bot)| vec![name.to_string(), bot.key().to_string(), bot.exchange().to_string()])
        .collect();
    if as_json {
        for row in &rows {
            let [bot, key, exchange] = row.as_slice() else { continue };
            say_json(&json!({ "bot": bot, "key": key, "exchange": exchange }));
        }
        return;
    }
    if rows.is_empty() {
        say("no bot can");
    } else {
        table(&["bot", "key", "exchange"], &rows);
    }
}
