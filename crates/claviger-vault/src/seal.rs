//! Sealing bytes under a key, and deriving keys from the vault key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use claviger_os::Protected;
use zeroize::Zeroizing;

use crate::error::VaultError;

/// A key of 32 random bytes.
pub type Key = [u8; 32];

/// The length of a nonce.
pub const NONCE: usize = 12;
/// How much longer sealed bytes are.
pub const TAG: usize = 16;

/// Bytes under AES-256-GCM with a random nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub nonce: [u8; NONCE],
    /// Ciphertext, then the tag.
    pub bytes: Box<[u8]>,
}

/// The bytes could not be opened: another key, or something was altered.
#[derive(Debug)]
pub struct NotOpened;

impl Sealed {
    /// Seals `plain` under `key`, bound to `about`.
    pub fn new(key: &Key, about: &[u8], plain: &[u8]) -> Result<Self, VaultError> {
        let mut nonce = [0; NONCE];
        fill_random(&mut nonce)?;
        let mut bytes = Vec::with_capacity(plain.len() + TAG);
        bytes.extend_from_slice(plain);
        let sealed = aead(key)
            .ok()
            .and_then(|k| {
                k.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut bytes)
                    .ok()
            })
            .map(|()| Self { nonce, bytes: bytes.into_boxed_slice() });
        sealed.ok_or(VaultError::Crypto)
    }

    /// Opens into one buffer of its final size and lends the plain bytes to `use_plain`; the buffer is wiped after.
    pub fn open<T>(
        &self,
        key: &Key,
        about: &[u8],
        use_plain: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, NotOpened> {
        let mut buffer = Zeroizing::new(self.bytes.to_vec());
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let plain = aead(key)?.open_in_place(nonce, Aad::from(about), &mut buffer).map_err(|_| NotOpened)?;
        Ok(use_plain(plain))
    }
}

fn aead(key: &Key) -> Result<LessSafeKey, NotOpened> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| NotOpened)
}

/// Fills `bytes` from the system's random source.
pub fn fill_random(bytes: &mut [u8]) -> Result<(), VaultError> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| VaultError::Crypto)
}

/// The vault key and what is derived from it, in the one protected region.
pub struct Keys(Protected);

/// Which of the keys in the region.
#[derive(Clone, Copy)]
enum Slot {
    /// The random key that the passphrase unwraps.
    Vault,
    /// Wraps the data keys of the entries.
    Wrap,
    /// Authenticates the whole file.
    Index,
    /// Derives virtual secrets.
    Virtual,
}

impl Keys {
    /// Takes the vault key into protected memory and derives the others there.
    pub fn new(vault: &Key) -> Result<Self, VaultError> {
        let region = Protected::new(4 * 32, |region| {
            let derived = [
                Zeroizing::new(*vault),
                derive(vault, b"claviger/v1/wrap"),
                derive(vault, b"claviger/v1/index"),
                derive(vault, b"claviger/v1/virtual"),
            ];
            for (slot, key) in region.chunks_exact_mut(32).zip(derived) {
                slot.copy_from_slice(key.as_slice());
            }
        });
        claviger_os::scrub_stack();
        region.map(Self).map_err(VaultError::Memory)
    }

    /// Lends the vault key itself: only to wrap it under another passphrase.
    pub fn with_vault<T>(&self, use_key: impl FnOnce(&Key) -> T) -> Option<T> {
        self.with(Slot::Vault, use_key)
    }

    /// Lends the key that wraps data keys.
    pub fn with_wrap<T>(&self, use_key: impl FnOnce(&Key) -> T) -> Option<T> {
        self.with(Slot::Wrap, use_key)
    }

    /// Lends the key that authenticates the file.
    pub fn with_index<T>(&self, use_key: impl FnOnce(&Key) -> T) -> Option<T> {
        self.with(Slot::Index, use_key)
    }

    /// Lends the key that virtual secrets come from.
    pub fn with_virtual<T>(&self, use_key: impl FnOnce(&Key) -> T) -> Option<T> {
        self.with(Slot::Virtual, use_key)
    }

    /// Always `Some`: the region holds every slot. Said as an option so that nothing here can panic.
    fn with<T>(&self, slot: Slot, use_key: impl FnOnce(&Key) -> T) -> Option<T> {
        self.0.with(|region| {
            let (keys, _) = region.as_chunks::<32>();
            keys.get(slot as usize).map(use_key)
        })
    }
}

/// `HMAC-SHA256(key, label)`: one step of HKDF-Expand would be the same with another suffix.
fn derive(key: &Key, label: &[u8]) -> Zeroizing<Key> {
    let mut derived = Zeroizing::new([0; 32]);
    derived.copy_from_slice(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), label).as_ref());
    derived
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_with_its_key_and_what_it_is_about() {
        let sealed = Sealed::new(&[1; 32], b"about", b"plain").unwrap();
        assert_eq!(sealed.open(&[1; 32], b"about", <[u8]>::to_vec).unwrap(), b"plain");
        assert!(sealed.open(&[2; 32], b"about", |_| ()).is_err());
        assert!(sealed.open(&[1; 32], b"About", |_| ()).is_err());
        let cut = Sealed { bytes: sealed.bytes[..TAG - 1].into(), ..sealed };
        assert!(cut.open(&[1; 32], b"about", |_| ()).is_err());
    }

    #[test]
    fn the_four_keys_differ() {
        let keys = Keys::new(&[7; 32]).unwrap();
        let copy = |key: &Key| *key;
        let all =
            [keys.with_vault(copy), keys.with_wrap(copy), keys.with_index(copy), keys.with_virtual(copy)];
        for (i, a) in all.iter().enumerate() {
            assert!(a.is_some());
            assert!(all[..i].iter().all(|b| a != b));
        }
    }
}
