//! On which ways a bot may move funds between the owner's own wallets and accounts.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::compare::{absent_set, settings};
use super::{Asked, Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Act, Denial, Permission};

/// `transfer_routes`: on which ways a bot may move funds.
#[derive(Clone, Copy, Debug)]
pub struct TransferRoutes;

const WANTED: &str = "a list of paths with their routes, like \"/api/v5/asset/transfer 6>18\" or \
                      \"/sapi/v1/asset/transfer type=MAIN_FUNDING\", or \"unlimited\"";

/// One way, exact to the letter: the path of the endpoint, and what else the request says of its way, in the exchange's
/// own words. The same words mean something else at another endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    path: Box<str>,
    words: Box<str>,
}

/// The text is no route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path with its route like `/api/v5/asset/transfer 6>18`")]
pub struct NotARoute;

impl FromStr for Route {
    type Err = NotARoute;

    fn from_str(text: &str) -> Result<Self, NotARoute> {
        let (path, words) = text.split_once(' ').unwrap_or((text, ""));
        let plain = text.trim() == text && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        if plain && path.len() > 1 && path.starts_with('/') {
            Ok(Self { path: path.into(), words: words.into() })
        } else {
            Err(NotARoute)
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.words.is_empty() { "" } else { " " };
        write!(f, "{}{space}{}", self.path, self.words)
    }
}

impl Limit for TransferRoutes {
    fn name(&self) -> &'static str {
        "transfer_routes"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "on which ways funds may move between the owner's own wallets and accounts: path and route in the exchange's own words",
            form: "a list of paths with their routes",
            example: "transfer_routes = [\"/api/v5/asset/transfer 6>18\"]",
            absent: "no transfer grant without it",
        }
    }

    fn needed_for(&self, permission: Permission) -> bool {
        permission == Permission::Transfer
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.transfer_routes = Some(given.caps(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        let text = |list: &BTreeSet<Route>| {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            list.join(", ")
        };
        Some(rules.transfer_routes.as_ref()?.shown(text))
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        let absent = absent_set(scope);
        settings(old.transfer_routes.as_ref(), new.transfer_routes.as_ref(), &absent, BTreeSet::is_subset)
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let words = match &asked.intent.act {
            Act::Transfer(transfer) => transfer.route.clone(),
            act if act.sweeps() => Box::default(),
            _ => return Ok(()),
        };
        let route = Route { path: asked.intent.endpoint.path.clone(), words };
        match (&asked.rules.transfer_routes, asked.scope) {
            (Some(Cap::Unlimited), _) | (None, Scope::Key | Scope::Group) => Ok(()),
            (Some(Cap::At(list)), _) if list.contains(&route) => Ok(()),
            (Some(Cap::At(_)), _) | (None, Scope::Bot) => {
                Err(Denial::TransferRoute { route: route.to_string().into() })
            }
        }
    }
}
