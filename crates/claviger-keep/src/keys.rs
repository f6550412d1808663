//! The real keys that can sign, as far as they are no secret.

use std::collections::HashMap;
use std::sync::Arc;

use claviger_core::KeyName;
use claviger_exchange::Scheme;
use claviger_vault::{EntryInfo, EntryKind, KeyRef, Vault};

/// A real key in the vault. Everything here is from the vault's own, authenticated entry.
#[derive(Debug)]
pub(crate) struct RealKey {
    pub(crate) reference: KeyRef,
    pub(crate) id: Box<str>,
    pub(crate) scheme: Scheme,
    pub(crate) exchange: Box<str>,
    pub(crate) environment: Box<str>,
    /// The hosts it is sealed to: it signs for no other.
    pub(crate) hosts: Vec<Box<str>>,
    /// Which connections its requests use: unlike any other key's.
    pub(crate) pool: u64,
}

/// Every real key of an exchange in the vault, by name.
pub(crate) fn real_keys(vault: &Vault) -> HashMap<KeyName, Arc<RealKey>> {
    let keys = vault.list();
    keys.iter().zip(1..).filter_map(|(info, pool)| real_key(info, pool)).collect()
}

fn real_key(info: &EntryInfo, pool: u64) -> Option<(KeyName, Arc<RealKey>)> {
    let exchange = claviger_exchange::exchange(info.binding.exchange())?;
    let key = RealKey {
        reference: info.name.clone(),
        id: info.key_id.as_ref()?.as_str().into(),
        scheme: scheme_named(spelled(info.kind)?, exchange.schemes())?,
        exchange: info.binding.exchange().into(),
        environment: info.binding.environment().into(),
        hosts: info.binding.hosts().map(Into::into).collect(),
        pool,
    };
    Some((info.name.as_str().parse().ok()?, Arc::new(key)))
}

const fn spelled(kind: EntryKind) -> Option<&'static str> {
    match kind {
        EntryKind::ExchangeHmac => Some("hmac"),
        EntryKind::ExchangeEd25519 => Some("ed25519"),
        EntryKind::ExchangeRsa => Some("rsa"),
        EntryKind::TlsKey | EntryKind::CaKey | EntryKind::Other => None,
    }
}

/// The scheme of an exchange that configuration spells `hmac`, `ed25519` or `rsa`.
pub(crate) fn scheme_named(name: &str, schemes: &[Scheme]) -> Option<Scheme> {
    schemes.iter().copied().find(|scheme| {
        name == match scheme {
            Scheme::HmacSha256Hex | Scheme::HmacSha256Base64 => "hmac",
            Scheme::Ed25519Base64 => "ed25519",
            Scheme::RsaSha256Base64 => "rsa",
        }
    })
}
