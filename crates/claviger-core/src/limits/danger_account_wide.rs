//! Whether a bot may act on an account that other bots use.

use super::allow_same_user::flags;
use super::{Asked, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Act, Denial, Permission, What};

/// `danger_account_wide`: whether a bot may do what touches the other bots of its real key.
#[derive(Clone, Copy, Debug)]
pub struct DangerAccountWide;

impl Limit for DangerAccountWide {
    fn name(&self) -> &'static str {
        "danger_account_wide"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "whether cancel-all, leverage, margin and position mode are allowed, and all orders seen, while other bots use the key",
            form: "true or false",
            example: "danger_account_wide = true",
            absent: "false",
        }
    }

    fn stands_at(&self, scope: Scope) -> bool {
        matches!(scope, Scope::Bot)
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.danger_account_wide = Some(given.flag()?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        rules.danger_account_wide.map(|flag| Shown { text: flag.to_string(), unlimited: flag })
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        flags(old.danger_account_wide, new.danger_account_wide)
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let allowed =
            asked.rules.danger_account_wide == Some(true) || matches!(asked.scope, Scope::Key | Scope::Group);
        if !asked.shared || allowed || !account_wide(asked) { Ok(()) } else { Err(Denial::AccountWide) }
    }
}

fn account_wide(asked: &Asked<'_>) -> bool {
    match &asked.intent.act {
        Act::CancelAll { .. }
        | Act::ClosePosition { .. }
        | Act::Countdown { .. }
        | Act::SetLeverage { .. }
        | Act::SetMarginMode { .. } => true,
        Act::Special(special) => match special.what {
            What::AutoBorrow
            | What::PositionMode
            | What::PositionMargin
            | What::Setting
            | What::Sweep
            | What::Liquidate => true,
            What::Convert
            | What::Dust
            | What::Borrow
            | What::Repay
            | What::Earn
            | What::SubAccount
            | What::Block
            | What::Copy
            | What::ExchangeBot => false,
        },
        Act::Change => {
            matches!(
                asked.intent.permission,
                Permission::Trade | Permission::PositionMode | Permission::Account
            )
        }
        Act::Read
        | Act::Place(_)
        | Act::Test(_)
        | Act::Amend(_)
        | Act::Cancel(_)
        | Act::Steps(_)
        | Act::Transfer(_)
        | Act::Withdraw(_) => false,
    }
}
