//! Limits over several bots, of whichever keys and exchanges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::RawBot;
use crate::limits::Rules;
use crate::{BotName, GroupName, KeyName};

/// A bot belongs to at most this many groups: each is another level that every request is asked at.
pub const GROUPS_PER_BOT: usize = 8;

/// What all bots of one group together may do.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupPolicy {
    pub(super) keys: BTreeSet<KeyName>,
    pub(super) bots: BTreeSet<BotName>,
    pub(super) rules: Rules,
    pub(super) members: BTreeSet<BotName>,
}

impl GroupPolicy {
    /// The real keys that it names: every bot of them belongs to it.
    #[must_use]
    pub const fn keys(&self) -> &BTreeSet<KeyName> {
        &self.keys
    }

    /// The bots that it names.
    #[must_use]
    pub const fn bots(&self) -> &BTreeSet<BotName> {
        &self.bots
    }

    /// Every bot that belongs to it, named by itself or by its key.
    #[must_use]
    pub const fn members(&self) -> &BTreeSet<BotName> {
        &self.members
    }

    /// The limits over all of its bots.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }
}

/// A group as read from the configuration; the bots and keys that it names are there.
#[derive(Debug)]
pub(crate) struct RawGroup {
    pub(crate) name: GroupName,
    pub(crate) keys: BTreeSet<KeyName>,
    pub(crate) bots: BTreeSet<BotName>,
    pub(crate) rules: Rules,
}

impl RawGroup {
    /// Whether a bot belongs to it: it is named, or its key is.
    pub(crate) fn has(&self, bot: &RawBot) -> bool {
        self.bots.contains(&bot.name) || self.keys.contains(&bot.key)
    }

    fn compiled(self, bots: &[RawBot]) -> (GroupName, Arc<GroupPolicy>) {
        let members = bots.iter().filter(|bot| self.has(bot)).map(|bot| bot.name.clone()).collect();
        let Self { name, keys, bots, rules } = self;
        (name, Arc::new(GroupPolicy { keys, bots, rules, members }))
    }
}

/// The groups by name, with their members.
pub(super) fn compiled(groups: Vec<RawGroup>, bots: &[RawBot]) -> BTreeMap<GroupName, Arc<GroupPolicy>> {
    groups.into_iter().map(|group| group.compiled(bots)).collect()
}
