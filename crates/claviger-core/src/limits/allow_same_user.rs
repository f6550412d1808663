//! Whether a bot may run under claviger's own user.

use super::{Asked, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Denial, Risk};

/// `allow_same_user`: whether a bot under claviger's own operating-system user may do what is of high risk.
#[derive(Clone, Copy, Debug)]
pub struct AllowSameUser;

impl Limit for AllowSameUser {
    fn name(&self) -> &'static str {
        "allow_same_user"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "whether a bot under claviger's own user, who could read the home, may trade",
            form: "true or false",
            example: "allow_same_user = true",
            absent: "false",
        }
    }

    fn stands_at(&self, scope: Scope) -> bool {
        matches!(scope, Scope::Bot)
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.allow_same_user = Some(given.flag()?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.allow_same_user.map(|flag| Shown { text: flag.to_string(), unlimited: flag })
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        flags(old.allow_same_user, new.allow_same_user)
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let allowed =
            asked.rules.allow_same_user == Some(true) || matches!(asked.scope, Scope::Key | Scope::Group);
        let harmless = asked.intent.permission.risk() < Risk::High && !asked.intent.act.changes_state();
        if !asked.peer.same_user || allowed || harmless {
            Ok(())
        } else {
            Err(Denial::SameUser { needs: asked.intent.permission })
        }
    }
}

/// Compares two flags that are dangerous when set.
pub(super) fn flags(old: Option<bool>, new: Option<bool>) -> Change {
    match (old.unwrap_or_default(), new.unwrap_or_default()) {
        (false, true) => Change::Wider,
        (true, false) => Change::Narrower,
        (true, true) | (false, false) => Change::Same,
    }
}
