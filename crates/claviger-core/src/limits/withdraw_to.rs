//! To where a bot may let funds leave.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::compare::{absent_set, settings};
use super::{Asked, Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Act, Asset, Denial, Permission, Withdrawal};

/// `withdraw_to`: the address book of withdrawals.
#[derive(Clone, Copy, Debug)]
pub struct WithdrawTo;

const WANTED: &str = "a list of destinations like \"USDT via TRX to TXyz\" or \"XRP via XRP to rAbc tag 123\", or \"unlimited\"";

/// One destination, exact to the letter: `USDT via TRX to TXyz`, `XRP via XRP to rAbc tag 123`, and `BTC to 1Abc` where a
/// withdrawal names no network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    asset: Asset,
    network: Option<Box<str>>,
    address: Box<str>,
    tag: Option<Box<str>>,
}

/// The text is no destination.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a destination like `USDT via TRX to TXyz`")]
pub struct NotADestination;

impl FromStr for Destination {
    type Err = NotADestination;

    fn from_str(text: &str) -> Result<Self, NotADestination> {
        let (before, after) = text.split_once(" to ").ok_or(NotADestination)?;
        let (asset, network) = match before.split_once(" via ") {
            Some((asset, network)) => (asset, Some(network)),
            None => (before, None),
        };
        let (address, tag) = match after.split_once(" tag ") {
            Some((address, tag)) => (address, Some(tag)),
            None => (after, None),
        };
        let parts = [network, Some(address), tag];
        if !parts.into_iter().flatten().all(is_part) {
            return Err(NotADestination);
        }
        let asset = asset.parse().map_err(|_| NotADestination)?;
        Ok(Self {
            asset,
            network: network.map(Into::into),
            address: address.into(),
            tag: tag.map(Into::into),
        })
    }
}

fn is_part(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.asset.as_str())?;
        if let Some(network) = &self.network {
            write!(f, " via {network}")?;
        }
        write!(f, " to {}", self.address)?;
        if let Some(tag) = &self.tag {
            write!(f, " tag {tag}")?;
        }
        Ok(())
    }
}

impl Destination {
    fn of(withdrawal: &Withdrawal) -> Self {
        // The amount is another limit's.
        let Withdrawal { asset, amount: _, network, address, tag } = withdrawal;
        let (asset, network) = (asset.clone(), network.clone());
        Self { asset, network, address: address.clone(), tag: tag.clone() }
    }
}

impl Limit for WithdrawTo {
    fn name(&self) -> &'static str {
        "withdraw_to"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "to where funds may leave: asset, network, address and tag in the exchange's own words, exact to the letter",
            form: "a list of destinations",
            example: "withdraw_to = [\"USDT via TRX to TXyz\", \"XRP via XRP to rAbc tag 123\"]",
            absent: "no withdraw grant without it",
        }
    }

    fn needed_for(&self, permission: Permission) -> bool {
        permission == Permission::Withdraw
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.withdraw_to = Some(given.caps(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        let text = |list: &BTreeSet<Destination>| {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            list.join(", ")
        };
        Some(rules.withdraw_to.as_ref()?.shown(text))
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        let absent = absent_set(scope);
        settings(old.withdraw_to.as_ref(), new.withdraw_to.as_ref(), &absent, BTreeSet::is_subset)
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let to = match &asked.intent.act {
            Act::Withdraw(withdrawal) => Some(Destination::of(withdrawal)),
            act if act.sweeps() && asked.intent.permission == Permission::Withdraw => None,
            _ => return Ok(()),
        };
        match (&asked.rules.withdraw_to, asked.scope) {
            (Some(Cap::Unlimited), _) | (None, Scope::Key | Scope::Group) => Ok(()),
            (Some(Cap::At(list)), _) if to.as_ref().is_some_and(|to| list.contains(to)) => Ok(()),
            (Some(Cap::At(_)), _) | (None, Scope::Bot) => Err(match to {
                Some(to) => Denial::WithdrawTo { to: to.to_string().into() },
                None => {
                    Denial::Unmeasured { why: "it tells no destination, so withdraw_to cannot look it up" }
                }
            }),
        }
    }
}
