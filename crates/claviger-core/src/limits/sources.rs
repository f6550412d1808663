//! From which addresses a bot may ask.

use ipnet::IpNet;

use super::compare::caps;
use super::{Asked, Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, UNLIMITED};
use crate::Denial;

/// `sources`: from which addresses a bot may ask.
#[derive(Clone, Copy, Debug)]
pub struct Sources;

const WANTED: &str = "a list of networks like \"10.0.0.0/24\" or \"::1/128\", or \"unlimited\"";

impl Limit for Sources {
    fn name(&self) -> &'static str {
        "sources"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "from which addresses requests are accepted; the unix socket counts as 127.0.0.1",
            form: "a list of networks",
            example: "sources = [\"127.0.0.1/32\", \"10.1.0.0/16\"]",
            absent: "only this machine",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.sources = Some(given.caps(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(match rules.sources.as_ref()? {
            Cap::Unlimited => Shown { text: UNLIMITED.into(), unlimited: true },
            Cap::At(nets) => {
                let nets: Vec<String> = nets.iter().map(ToString::to_string).collect();
                Shown { text: nets.join(", "), unlimited: false }
            }
        })
    }

    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (networks(scope, old), networks(scope, new));
        caps(&old, &new, |inner, outer| inner.iter().all(|net| outer.iter().any(|o| o.contains(net))))
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let address = asked.peer.source();
        let inside = match &asked.rules.sources {
            Some(Cap::Unlimited) => true,
            Some(Cap::At(nets)) => nets.iter().any(|net| net.contains(&address)),
            None => matches!(asked.scope, Scope::Key | Scope::Group) || address.is_loopback(),
        };
        if inside { Ok(()) } else { Err(Denial::Source { address }) }
    }
}

pub(super) fn networks(scope: Scope, rules: &Rules) -> Cap<Vec<IpNet>> {
    let local = || ["127.0.0.0/8", "::1/128"].iter().filter_map(|net| net.parse().ok()).collect();
    match (&rules.sources, scope) {
        (Some(set), _) => set.clone(),
        (None, Scope::Bot) => Cap::At(local()),
        (None, Scope::Key | Scope::Group) => Cap::Unlimited,
    }
}
