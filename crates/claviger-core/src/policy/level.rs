//! The levels at which a bot's limits stand.

use crate::GroupName;
use crate::limits::{Rules, Scope};

/// One level of a bot's limits, with its rules.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level<'a> {
    /// The bot's own.
    Bot(&'a Rules),
    /// Its real key's.
    Key(&'a Rules),
    /// A group's that it belongs to.
    Group(&'a GroupName, &'a Rules),
}

impl<'a> Level<'a> {
    /// Which kind of level.
    #[must_use]
    pub const fn scope(self) -> Scope {
        match self {
            Self::Bot(_) => Scope::Bot,
            Self::Key(_) => Scope::Key,
            Self::Group(..) => Scope::Group,
        }
    }

    /// Its limits.
    #[must_use]
    pub const fn rules(self) -> &'a Rules {
        match self {
            Self::Bot(rules) | Self::Key(rules) | Self::Group(_, rules) => rules,
        }
    }

    /// Which group's it is, where it is one's.
    #[must_use]
    pub const fn group(self) -> Option<&'a GroupName> {
        match self {
            Self::Bot(_) | Self::Key(_) => None,
            Self::Group(name, _) => Some(name),
        }
    }
}
