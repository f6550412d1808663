//! What bots, real keys and groups have used, all together.

use super::{BotState, Budget, Named, Usage};
use crate::entry::Reservation;
use crate::{BotName, GroupName, KeyName, Money};

/// What everybody used, apart from the orders that it was used for.
pub(super) struct Usages<'a> {
    pub(super) bots: &'a mut Named<BotName, BotState>,
    pub(super) keys: &'a mut Named<KeyName, Usage>,
    pub(super) groups: &'a mut Named<GroupName, Usage>,
}

impl Usages<'_> {
    /// Does something with what is reserved of each budget, at every level.
    pub(super) fn apply(
        &mut self,
        (bot, key): (&BotName, &KeyName),
        reserved: &Reservation,
        apply: impl Fn(&mut Usage, Budget, &Money),
    ) {
        let of_bot = &mut self.bots.entry(bot.clone()).or_default().usage;
        each_budget(|budget| reserved.of_bot(budget), |budget, money| apply(of_bot, budget, money));
        let of_key = self.keys.entry(key.clone()).or_default();
        each_budget(|budget| reserved.of_key(budget), |budget, money| apply(of_key, budget, money));
        for share in &reserved.groups {
            let of_group = self.groups.entry(share.group.clone()).or_default();
            each_budget(|budget| share.of(budget), |budget, money| apply(of_group, budget, money));
        }
    }
}

fn each_budget<'a>(reserved: impl Fn(Budget) -> Option<&'a Money>, mut apply: impl FnMut(Budget, &'a Money)) {
    for budget in Budget::ALL {
        if let Some(money) = reserved(budget) {
            apply(budget, money);
        }
    }
}
