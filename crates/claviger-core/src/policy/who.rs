//! Which bots a policy lets do something.

use super::{BotPolicy, PolicySet};
use crate::{BotName, Permission, Symbol};

impl PolicySet {
    /// The bots that have a permission by their own limits, their key's and their groups', and where a symbol is named, may touch it.
    ///
    /// Amounts, prices, hours and freezes are not looked at: these are all bots of which some request could be allowed.
    pub fn who_can<'a>(
        &'a self,
        permission: Permission,
        symbol: Option<&'a Symbol>,
    ) -> impl Iterator<Item = (&'a BotName, &'a BotPolicy)> {
        self.bots().filter(move |(_, bot)| {
            bot.levels().all(|level| {
                let (scope, rules) = (level.scope(), level.rules());
                rules.permits(scope, permission) && symbol.is_none_or(|symbol| rules.allows(scope, symbol))
            })
        })
    }
}
