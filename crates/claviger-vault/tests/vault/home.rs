//! A home with a vault in it, for one test.

use std::path::{Path, PathBuf};

use claviger_vault::{Binding, Destination, KeyRef, Material, NewEntry, Passphrase, Secret, Strength, Vault};
use zeroize::Zeroizing;

/// Where every entry made by [`entry`] is sealed to.
pub const BINANCE: Destination<'static> =
    Destination { exchange: "binance", environment: "live", host: "api.binance.com" };

pub const PASSPHRASE: &str = "correct horse battery staple";

pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self) -> PathBuf {
        self.path().join("vault")
    }

    /// A new vault, as cheap as allowed.
    pub fn vault(&self) -> Vault {
        Vault::create(&self.file(), &passphrase(PASSPHRASE), Strength::FLOOR).unwrap()
    }

    pub fn open(&self) -> Vault {
        Vault::open(&self.file(), &passphrase(PASSPHRASE)).unwrap()
    }
}

pub fn passphrase(text: &str) -> Passphrase {
    Passphrase::read(text.as_bytes()).unwrap()
}

pub fn secret(bytes: &[u8]) -> Secret {
    Secret::new(Zeroizing::new(bytes.into()))
}

pub fn hmac(text: &str, passphrase: Option<&str>) -> Material {
    Material::Hmac { secret: secret(text.as_bytes()), passphrase: passphrase.map(|p| secret(p.as_bytes())) }
}

pub fn name(text: &str) -> KeyRef {
    text.parse().unwrap()
}

pub fn entry(key: &str, material: Material) -> NewEntry {
    let binding = Binding::new("binance", "live", &["api.binance.com", "fapi.binance.com"]).unwrap();
    NewEntry { name: name(key), binding, key_id: None, created_ms: 1_700_000_000_000, material }
}
