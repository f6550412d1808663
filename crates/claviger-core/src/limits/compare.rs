//! What a change of a setting does.

use std::collections::BTreeSet;

use super::Cap;

/// What a change of a setting does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Nothing.
    Same,
    /// Everything that is allowed now was allowed before.
    Narrower,
    /// Everything that was allowed before still is, and more.
    Wider,
    /// Some of both, or it cannot be told; treated as wider.
    NotComparable,
}

impl Change {
    /// Whether it needs the operator's factor.
    #[must_use]
    pub const fn widens(self) -> bool {
        matches!(self, Self::Wider | Self::NotComparable)
    }

    /// As people read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Narrower => "narrower",
            Self::Wider => "wider",
            Self::NotComparable => "not comparable",
        }
    }

    /// From whether `new` lies within `old`, and `old` within `new`.
    pub(crate) const fn from_within(new_in_old: bool, old_in_new: bool) -> Self {
        match (new_in_old, old_in_new) {
            (true, true) => Self::Same,
            (true, false) => Self::Narrower,
            (false, true) => Self::Wider,
            (false, false) => Self::NotComparable,
        }
    }
}

/// Compares two caps, given how far a cap's value lies within another.
pub(super) fn caps<T>(old: &Cap<T>, new: &Cap<T>, within: impl Fn(&T, &T) -> bool) -> Change {
    let inside = |inner: &Cap<T>, outer: &Cap<T>| match (inner, outer) {
        (_, Cap::Unlimited) => true,
        (Cap::Unlimited, Cap::At(_)) => false,
        (Cap::At(inner), Cap::At(outer)) => within(inner, outer),
    };
    Change::from_within(inside(new, old), inside(old, new))
}

/// Compares two caps of which either may be absent, where absence means `absent`.
pub(super) fn settings<T>(
    old: Option<&Cap<T>>,
    new: Option<&Cap<T>>,
    absent: &Cap<T>,
    within: impl Fn(&T, &T) -> bool,
) -> Change {
    caps(old.unwrap_or(absent), new.unwrap_or(absent), within)
}

/// What an absent set means at a level: nothing for a bot, everything for a key.
pub(super) fn absent_set<T: Ord>(scope: super::Scope) -> Cap<BTreeSet<T>> {
    if super::rules::absent_denies(scope) { Cap::At(BTreeSet::new()) } else { Cap::Unlimited }
}
