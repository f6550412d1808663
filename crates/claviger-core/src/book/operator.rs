//! What operators do, as far as limits care.

use super::{Book, Usage};
use crate::{OperatorAct, Subject, Time};

impl Book {
    pub(super) fn fold_operator(&mut self, act: &OperatorAct, at: Time) {
        match act {
            OperatorAct::Freeze(subject) => self.usage_of(subject).frozen = true,
            OperatorAct::Thaw(subject) => {
                let usage = self.usage_of(subject);
                usage.frozen = false;
                if matches!(subject, Subject::Bot(_) | Subject::Key(_)) {
                    usage.active = usage.active.max(Some(at));
                }
            }
            OperatorAct::BotAdded(bot) => self.usage_of(&Subject::Bot(bot.clone())).active = Some(at),
            OperatorAct::KeyAdded(key) => {
                self.usage_of(&Subject::Key(key.clone())).active = Some(at);
                self.account_is_another(key, at);
            }
            OperatorAct::BotRemoved(bot) => self.usage_of(&Subject::Bot(bot.clone())).active = None,
            OperatorAct::KeyRemoved(key) => {
                self.usage_of(&Subject::Key(key.clone())).active = None;
                self.accounts.remove(key);
                self.wallets.forget(key);
            }
            OperatorAct::Revealed(_)
            | OperatorAct::Applied(_)
            | OperatorAct::Allowed(_)
            | OperatorAct::Disallowed(_)
            | OperatorAct::CatalogueTaken { .. }
            | OperatorAct::CatalogueDropped { .. } => {}
        }
    }

    fn usage_of(&mut self, subject: &Subject) -> &mut Usage {
        match subject {
            Subject::Bot(bot) => &mut self.bots.entry(bot.clone()).or_default().usage,
            Subject::Key(key) => self.keys.entry(key.clone()).or_default(),
            Subject::Group(group) => self.groups.entry(group.clone()).or_default(),
        }
    }
}
