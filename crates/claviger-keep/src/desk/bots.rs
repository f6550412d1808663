//! Bots and their virtual keys.

use std::sync::Arc;

use claviger_core::book::UsageLine;
use claviger_core::{BotName, ExchangeName, Level, OperatorAct, Subject};
use claviger_door::{Bot, Exit, Refused, Said, Sensitive};
use claviger_store::StoredBot;
use claviger_vault::{VirtualSecret, mint_id};
use zeroize::Zeroizing;

use super::{no_such, refused, state_failed};
use crate::bots::{VirtualBot, format_of};
use crate::keep::Keep;
use crate::room::Room;

impl Keep {
    pub(super) fn add_bot(&self, name: BotName, exchange: &ExchangeName) -> Result<Said, Refused> {
        let known = claviger_exchange::exchange(exchange.as_str()).ok_or_else(|| {
            refused(
                Exit::Name,
                &format!("there is no exchange `{exchange}`"),
                "`claviger exchange show` names every one",
            )
        })?;
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| {
            refused(Exit::Failed, &format!("the system gives no random bytes: {error}"), "try again")
        })?;
        let id = mint_id(random, format_of(known));
        let mut room = self.room();
        let version = room.state.next_bot_version(&name).map_err(|error| state_failed(&error))?;
        let stored = StoredBot {
            name: name.clone(),
            exchange: exchange.clone(),
            virtual_id: id.as_str().into(),
            version,
            added: room.now(),
        };
        room.state.add_bot(&stored).map_err(|error| state_failed(&error))?;
        let entry = room.act(OperatorAct::BotAdded(name.clone()));
        if let Err(refused) = room.record(&entry) {
            let now = room.now();
            // What the journal does not know must not be there; if even this fails, the bot has no way in until a restart.
            let _ = room.state.remove_bot(&name, now);
            return Err(refused);
        }
        room.fold(&entry);
        let virtual_id = id.as_str().into();
        let exchange = exchange.clone();
        room.bots.add(VirtualBot { name, exchange, id, version, format: format_of(known) });
        Ok(Said::BotAdded { virtual_id })
    }

    pub(super) fn reveal(&self, name: &BotName) -> Result<Said, Refused> {
        let mut room = self.room();
        let bot = room.bots.named(name).cloned();
        let bot = bot.ok_or_else(|| no_such(&claviger_door::Target::Bot(name.clone())))?;
        let entry = room.act(OperatorAct::Revealed(name.clone()));
        room.record(&entry)?;
        room.fold(&entry);
        drop(room);
        let secret: VirtualSecret = self.vault().reveal_virtual(bot.virtual_key()).ok_or_else(|| {
            refused(
                Exit::Vault,
                "the virtual secret cannot be derived",
                "check the vault with `claviger vault check`",
            )
        })?;
        Ok(Said::Revealed {
            virtual_id: bot.id.as_str().into(),
            secret: sensitive(secret.secret()),
            passphrase: secret.passphrase().map(sensitive),
        })
    }
}

impl Room {
    pub(super) fn remove_bot(&mut self, name: &BotName) -> Result<Said, Refused> {
        if self.bots.named(name).is_none() {
            return Err(no_such(&claviger_door::Target::Bot(name.clone())));
        }
        // The virtual key ends first: should the disk refuse, it is ended until claviger stops.
        self.bots.remove(name);
        self.narrow(&[Subject::Bot(name.clone())]);
        let entry = self.act(OperatorAct::BotRemoved(name.clone()));
        let now = self.now();
        self.fold(&entry);
        self.state.remove_bot(name, now).map_err(|error| state_failed(&error))?;
        self.record(&entry)?;
        Ok(Said::Done)
    }

    pub(super) fn bots(&mut self) -> Vec<Bot> {
        let mut bots: Vec<Bot> = self.stored_bots().into_iter().map(|stored| self.bot(stored)).collect();
        bots.sort_by(|a, b| a.name.cmp(&b.name));
        bots
    }

    fn bot(&mut self, stored: StoredBot) -> Bot {
        let limits = self.limits(&stored.name);
        let key = self.config.policies().bot(&stored.name).map(|policy| policy.key().clone());
        Bot {
            frozen: self.is_frozen(&stored.name, key.as_ref()),
            name: stored.name,
            key,
            exchange: stored.exchange,
            virtual_id: stored.virtual_id,
            added: stored.added,
            limits,
        }
    }

    /// Each limit that is set, as it is written, and what is used of it; those of the key and of groups say so.
    fn limits(&mut self, name: &BotName) -> Vec<(Box<str>, Box<str>, Box<str>)> {
        let config = Arc::clone(&self.config);
        let Some(policy) = config.policies().bot(name) else { return Vec::new() };
        let now = self.now();
        let used = self.book.usage(config.policies(), name, self.markets.view(), now);
        let of = |level: Level<'_>, limit: &str| {
            let is_it = |line: &&UsageLine| {
                line.scope == level.scope() && line.group.as_ref() == level.group() && line.limit == limit
            };
            let line = used.iter().find(is_it);
            line.map_or_else(Box::default, |line| format!("{} of {}", line.used, line.of).into())
        };
        let lines = policy.levels().flat_map(|level| {
            let shown = level.rules().shown().into_iter();
            shown.map(move |(limit, shown)| (named(level, limit), shown.text.into(), of(level, limit)))
        });
        lines.collect()
    }

    fn stored_bots(&self) -> Vec<StoredBot> {
        self.state.bots().unwrap_or_else(|error| {
            tracing::error!(%error, "the bots cannot be read from state.db");
            Vec::new()
        })
    }
}

/// As `bot show` names it: `max_day`, `key max_day`, `group desk max_day`.
fn named(level: Level<'_>, limit: &str) -> Box<str> {
    match level {
        Level::Bot(_) => limit.into(),
        Level::Key(_) => format!("key {limit}").into(),
        Level::Group(group, _) => format!("group {group} {limit}").into(),
    }
}

fn sensitive(text: &str) -> Sensitive {
    Sensitive::new(Zeroizing::new(text.as_bytes().into()))
}
