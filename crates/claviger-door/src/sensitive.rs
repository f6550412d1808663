//! Bytes that an operator entrusts to claviger, on their way to the vault.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A passphrase or secret in transit from an operator's command to the vault.
///
/// Wiped when dropped; no `Debug`, no `Clone`, no comparison.
pub struct Sensitive(Zeroizing<Box<[u8]>>);

impl Sensitive {
    /// Takes bytes of their final size.
    #[must_use]
    pub fn new(bytes: Zeroizing<Box<[u8]>>) -> Self {
        Self(bytes)
    }

    /// Hands the bytes over, to whom must hold them.
    #[must_use]
    pub fn into_bytes(self) -> Zeroizing<Box<[u8]>> {
        self.0
    }
}

impl Serialize for Sensitive {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sensitive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;
        impl serde::de::Visitor<'_> for Visit {
            type Value = Sensitive;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Sensitive, E> {
                Ok(Sensitive(Zeroizing::new(bytes.into())))
            }
        }
        deserializer.deserialize_bytes(Visit)
    }
}
