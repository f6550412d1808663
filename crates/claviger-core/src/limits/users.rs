//! Under which operating-system users a bot may run.

use std::collections::BTreeSet;

use super::compare::settings;
use super::setting::listed;
use super::{Asked, Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::Denial;

/// `users`: under which operating-system users of this machine a bot may run.
#[derive(Clone, Copy, Debug)]
pub struct Users;

const WANTED: &str = "a list of user ids like [\"1001\"], or \"unlimited\"";

impl Limit for Users {
    fn name(&self) -> &'static str {
        "users"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "from which operating-system users of this machine requests are accepted; where it is set, nobody asks from elsewhere",
            form: "a list of user ids",
            example: "users = [\"1001\"]",
            absent: "all",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        let users: Cap<BTreeSet<User>> = given.caps(WANTED)?;
        rules.users = Some(match users {
            Cap::Unlimited => Cap::Unlimited,
            Cap::At(users) => Cap::At(users.into_iter().map(|User(id)| id).collect()),
        });
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        let text = |users: &BTreeSet<u32>| {
            let users: Vec<String> = users.iter().map(ToString::to_string).collect();
            listed(users.iter().map(String::as_str))
        };
        Some(rules.users.as_ref()?.shown(text))
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        settings(old.users.as_ref(), new.users.as_ref(), &Cap::Unlimited, BTreeSet::is_subset)
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let Some(Cap::At(users)) = &asked.rules.users else { return Ok(()) };
        match asked.peer.user {
            Some(user) if users.contains(&user) => Ok(()),
            user => Err(Denial::User { user }),
        }
    }
}

/// A user id in the one way in which it is written.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct User(u32);

/// The text is no user id.
struct NotAUser;

impl std::str::FromStr for User {
    type Err = NotAUser;

    fn from_str(text: &str) -> Result<Self, NotAUser> {
        let id: u32 = text.parse().map_err(|_| NotAUser)?;
        // The last number says "nobody" to the system.
        if id.to_string() == text && id != u32::MAX { Ok(Self(id)) } else { Err(NotAUser) }
    }
}
