//! What a bot may still do that may only close what it has.

use crate::{Act, What};

/// Whether an act does more than read, cancel, close or give a loan back. Orders are asked about by themselves, as exits do
/// not.
pub(super) const fn does_more_than_close(act: &Act) -> bool {
    match act {
        Act::Read
        | Act::Place(_)
        | Act::Test(_)
        | Act::Amend(_)
        | Act::Steps(_)
        | Act::Cancel(_)
        | Act::CancelAll { .. }
        | Act::Countdown { .. }
        | Act::ClosePosition { .. } => false,
        Act::Special(special) => match special.what {
            What::Repay => false,
            What::Convert
            | What::Dust
            | What::Borrow
            | What::AutoBorrow
            | What::Earn
            | What::PositionMode
            | What::PositionMargin
            | What::Setting
            | What::SubAccount
            | What::Block
            | What::Copy
            | What::ExchangeBot
            | What::Sweep
            | What::Liquidate => true,
        },
        Act::SetLeverage { .. }
        | Act::SetMarginMode { .. }
        | Act::Transfer(_)
        | Act::Withdraw(_)
        | Act::Change => true,
    }
}
