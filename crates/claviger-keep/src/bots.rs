//! The virtual keys that are known.

use std::collections::HashMap;

use claviger_core::{BotName, ExchangeName};
use claviger_exchange::{Exchange, Scheme};
use claviger_vault::{VirtualFormat, VirtualId, VirtualKey, mint_id};

/// A bot's virtual key.
#[derive(Clone, Debug)]
pub(crate) struct VirtualBot {
    pub(crate) name: BotName,
    pub(crate) exchange: ExchangeName,
    pub(crate) id: VirtualId,
    pub(crate) version: u32,
    pub(crate) format: VirtualFormat,
}

impl VirtualBot {
    /// What its secret follows from.
    pub(crate) const fn virtual_key(&self) -> VirtualKey<'_> {
        VirtualKey { id: &self.id, version: self.version, format: self.format }
    }
}

/// Every bot by its virtual key's id.
#[derive(Debug)]
pub(crate) struct Bots {
    by_id: HashMap<Box<str>, VirtualBot>,
    nobody: [(VirtualId, VirtualFormat); 2],
}

impl Bots {
    /// These bots, and for each form of key one that nobody has, made of random bytes: unknown keys are checked against it.
    pub(crate) fn new(bots: impl IntoIterator<Item = VirtualBot>, random: [u8; 32]) -> Self {
        let by_id = bots.into_iter().map(|bot| (bot.id.as_str().into(), bot)).collect();
        let nobody = [VirtualFormat::Alnum64, VirtualFormat::Hex32Upper].map(|f| (mint_id(random, f), f));
        Self { by_id, nobody }
    }

    /// The bot whose virtual key for this exchange has this id.
    pub(crate) fn by_virtual_id(&self, exchange: &dyn Exchange, id: &str) -> Option<&VirtualBot> {
        self.by_id.get(id).filter(|bot| bot.exchange.as_str() == exchange.name())
    }

    /// A key that nobody has.
    pub(crate) fn nobody(&self, exchange: &dyn Exchange) -> VirtualKey<'_> {
        let [alnum, hex] = &self.nobody;
        let (id, format) = match format_of(exchange) {
            VirtualFormat::Alnum64 => alnum,
            VirtualFormat::Hex32Upper => hex,
        };
        VirtualKey { id, version: 0, format: *format }
    }

    pub(crate) fn named(&self, name: &BotName) -> Option<&VirtualBot> {
        self.by_id.values().find(|bot| bot.name == *name)
    }

    pub(crate) fn add(&mut self, bot: VirtualBot) {
        self.by_id.insert(bot.id.as_str().into(), bot);
    }

    pub(crate) fn remove(&mut self, name: &BotName) {
        self.by_id.retain(|_, bot| bot.name != *name);
    }
}

/// The form of an exchange's virtual keys: its own keys' form.
pub(crate) fn format_of(exchange: &dyn Exchange) -> VirtualFormat {
    match exchange.schemes().first() {
        Some(Scheme::HmacSha256Base64) => VirtualFormat::Hex32Upper,
        Some(Scheme::HmacSha256Hex | Scheme::Ed25519Base64 | Scheme::RsaSha256Base64) | None => {
            VirtualFormat::Alnum64
        }
    }
}
