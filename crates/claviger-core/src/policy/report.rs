//! What a new configuration would change.

use std::collections::BTreeSet;
use std::fmt;

use super::{BotPolicy, GroupPolicy, KeyPolicy};
use crate::BotName;
use crate::config::Config;
use crate::limits::{Change, LIMITS, Rules, Scope, Shown};

/// What a new configuration would change, setting by setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    items: Vec<Item>,
}

/// One setting that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Where: `bot.grid`, `key.main`, `group.desk`, `exchange.okx`, or nothing for the top level.
    pub place: String,
    /// Which setting.
    pub setting: &'static str,
    /// What it was.
    pub old: Option<Shown>,
    /// What it would be.
    pub new: Option<Shown>,
    /// What that does.
    pub change: Change,
}

impl Report {
    /// Every setting that changes, in the order of the configuration's places.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Whether nothing changes.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether anything gets wider, or might: then the operator's factor is needed.
    #[must_use]
    pub fn needs_factor(&self) -> bool {
        self.items.iter().any(|item| item.change.widens())
    }

    /// Compares two configurations.
    pub(crate) fn between(old: &Config, new: &Config) -> Self {
        let mut report = Self::default();
        report.top(old, new);
        report.exchanges(old, new);
        report.keys(old, new);
        report.groups(old, new);
        report.bots(old, new);
        report
    }

    fn top(&mut self, old: &Config, new: &Config) {
        for ((setting, before), (_, after)) in old.top_level().into_iter().zip(new.top_level()) {
            self.replaced("", setting, Some(before), Some(after));
        }
    }

    fn exchanges(&mut self, old: &Config, new: &Config) {
        let names: BTreeSet<_> = old.exchanges().chain(new.exchanges()).map(|(name, _)| name).collect();
        for name in names {
            let (before, after) = (old.exchange(name).shown(), new.exchange(name).shown());
            self.replaced(&format!("exchange.{name}"), "hosts", Some(before), Some(after));
        }
    }

    fn keys(&mut self, old: &Config, new: &Config) {
        let names: BTreeSet<_> = old.policies().keys().chain(new.policies().keys()).map(|(n, _)| n).collect();
        for name in names {
            let place = format!("key.{name}");
            let (before, after) = (old.policies().key(name), new.policies().key(name));
            let account = |key: &KeyPolicy| format!("{} ({})", key.exchange(), key.environment());
            self.replaced(&place, "exchange", before.map(account), after.map(account));
            self.levels(&place, Scope::Key, before.map(KeyPolicy::rules), after.map(KeyPolicy::rules));
        }
    }

    /// A group that is not there limits nobody and has no limits: a new one narrows, and one that is removed widens.
    fn groups(&mut self, old: &Config, new: &Config) {
        let names: BTreeSet<_> =
            old.policies().groups().chain(new.policies().groups()).map(|(n, _)| n).collect();
        for name in names {
            let place = format!("group.{name}");
            let (before, after) = (old.policies().group(name), new.policies().group(name));
            let change = joined((old, before), (new, after));
            let members = |group: Option<&GroupPolicy>| group.map(members);
            self.add(Item {
                place: place.clone(),
                setting: "members",
                old: members(before),
                new: members(after),
                change,
            });
            match (before, after) {
                (Some(old), Some(new)) => self.rules(&place, Scope::Group, old.rules(), new.rules()),
                (None, Some(new)) => {
                    for (setting, shown) in new.rules().shown() {
                        let (place, new, change) = (place.clone(), Some(shown), Change::Narrower);
                        self.add(Item { place, setting, old: None, new, change });
                    }
                }
                (Some(old), None) => {
                    // It holds nobody who stays.
                    let change = if change == Change::Same { Change::Narrower } else { Change::Wider };
                    for (setting, shown) in old.rules().shown() {
                        let (place, old) = (place.clone(), Some(shown));
                        self.add(Item { place, setting, old, new: None, change });
                    }
                }
                (None, None) => {}
            }
        }
    }

    fn bots(&mut self, old: &Config, new: &Config) {
        let names: BTreeSet<_> = old.policies().bots().chain(new.policies().bots()).map(|(n, _)| n).collect();
        for name in names {
            let place = format!("bot.{name}");
            let (before, after) = (old.policies().bot(name), new.policies().bot(name));
            let key = |bot: &BotPolicy| bot.key().to_string();
            self.replaced(&place, "key", before.map(key), after.map(key));
            self.levels(&place, Scope::Bot, before.map(BotPolicy::rules), after.map(BotPolicy::rules));
        }
    }

    /// A setting that is not ordered: new is wider, gone is narrower, other cannot be compared.
    fn replaced(&mut self, place: &str, setting: &'static str, old: Option<String>, new: Option<String>) {
        let change = match (&old, &new) {
            (None, None) => Change::Same,
            (Some(old), Some(new)) if old == new => Change::Same,
            (Some(_), Some(_)) => Change::NotComparable,
            (Some(_), None) => Change::Narrower,
            (None, Some(_)) => Change::Wider,
        };
        let plain = |text: String| Shown { text, unlimited: false };
        self.add(Item { place: place.into(), setting, old: old.map(plain), new: new.map(plain), change });
    }

    /// The limits of one bot or key. Those of a new one are all new, and those of a removed one say nothing more.
    fn levels(&mut self, place: &str, scope: Scope, old: Option<&Rules>, new: Option<&Rules>) {
        match (old, new) {
            (Some(old), Some(new)) => self.rules(place, scope, old, new),
            (None, Some(new)) => {
                for (setting, shown) in new.shown() {
                    let (place, new) = (place.into(), Some(shown));
                    self.add(Item { place, setting, old: None, new, change: Change::Wider });
                }
            }
            (Some(_) | None, None) => {}
        }
    }

    fn rules(&mut self, place: &str, scope: Scope, old: &Rules, new: &Rules) {
        for limit in LIMITS {
            let change = limit.compare(scope, old, new);
            let (old, new) = (limit.shown(old), limit.shown(new));
            self.add(Item { place: place.into(), setting: limit.name(), old, new, change });
        }
    }

    fn add(&mut self, item: Item) {
        if item.change != Change::Same {
            self.items.push(item);
        }
    }
}

/// What a change of a group's members does. Only bots that were there before and still are can come under its limits or
/// leave them; a new one is reported as such.
fn joined(
    (old, before): (&Config, Option<&GroupPolicy>),
    (new, after): (&Config, Option<&GroupPolicy>),
) -> Change {
    let stays = |bot: &&BotName| old.policies().bot(bot).is_some() && new.policies().bot(bot).is_some();
    let of = |group: Option<&GroupPolicy>| -> BTreeSet<BotName> {
        group.into_iter().flat_map(GroupPolicy::members).filter(stays).cloned().collect()
    };
    let (before, after) = (of(before), of(after));
    Change::from_within(before.is_subset(&after), after.is_subset(&before))
}

fn members(group: &GroupPolicy) -> Shown {
    let keys = group.keys().iter().map(|key| format!("key {key}"));
    let bots = group.bots().iter().map(|bot| format!("bot {bot}"));
    let all: Vec<String> = keys.chain(bots).collect();
    Shown { text: all.join(", "), unlimited: false }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |shown: &Option<Shown>| shown.as_ref().map_or("not set", |s| s.text.as_str()).to_owned();
        let dot = if self.place.is_empty() { "" } else { "." };
        let (old, new) = (text(&self.old), text(&self.new));
        write!(f, "{}{dot}{}: {old} -> {new} ({})", self.place, self.setting, self.change.as_str())
    }
}
