//! The secrets of virtual keys: derived, never stored. The derivation is in `docs/spec/virtual-keys.md`.

use std::fmt;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::names::VirtualId;
use crate::seal::Key;
use crate::sign::{Scheme, hmac_sha256};
use crate::vault::Vault;

/// The form of a virtual key: an exchange's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VirtualFormat {
    /// Id and secret of 64 letters and digits (Binance).
    Alnum64,
    /// A UUID as id, 32 capital hexadecimal digits as secret, and a passphrase of 24 characters (OKX).
    Hex32Upper,
}

impl VirtualFormat {
    fn number(self) -> u8 {
        match self {
            Self::Alnum64 => 1,
            Self::Hex32Upper => 2,
        }
    }
}

/// Which virtual key: its secret follows from these three and the vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VirtualKey<'a> {
    /// Its id, as the bot sends it.
    pub id: &'a VirtualId,
    /// How often it was rotated.
    pub version: u32,
    /// Its form.
    pub format: VirtualFormat,
}

/// The secret of a virtual key, to be shown to its owner once asked. `Debug` does not show it.
pub struct VirtualSecret {
    secret: Text,
    passphrase: Option<Text>,
}

type Text = Zeroizing<Box<str>>;

impl VirtualSecret {
    /// The secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The passphrase, for formats that have one.
    #[must_use]
    pub fn passphrase(&self) -> Option<&str> {
        self.passphrase.as_ref().map(|p| &***p)
    }
}

impl fmt::Debug for VirtualSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VirtualSecret(…)")
    }
}

/// The signature or passphrase is not the virtual key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not the virtual key's")]
pub struct BadSignature;

impl Vault {
    /// Passes if `signature` is `key`'s over the parts of `message`, in constant time.
    ///
    /// Hexadecimal may be in either case; base64 must be exact. Schemes without a shared secret never pass.
    pub fn verify_virtual(
        &self,
        key: VirtualKey<'_>,
        scheme: Scheme,
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), BadSignature> {
        let given = match scheme {
            Scheme::HmacSha256Hex => unhex(signature),
            Scheme::HmacSha256Base64 => unbase64(signature),
            Scheme::Ed25519Base64 | Scheme::RsaPkcs1Sha256Base64 => None,
        };
        let given = given.ok_or(BadSignature)?;
        let right = self.scrubbed(|root| hmac_sha256(&derive_secret(root, key), message).ct_eq(&given));
        if right.is_some_and(bool::from) { Ok(()) } else { Err(BadSignature) }
    }

    /// Passes if `passphrase` is `key`'s, in constant time; a format without one never passes.
    pub fn verify_virtual_passphrase(
        &self,
        key: VirtualKey<'_>,
        passphrase: &[u8],
    ) -> Result<(), BadSignature> {
        let right = self.scrubbed(|root| derive_passphrase(root, key).map(|own| own.ct_eq(passphrase)));
        if right.flatten().is_some_and(bool::from) { Ok(()) } else { Err(BadSignature) }
    }

    /// The secret of a virtual key, to be shown to its owner: the only way to see one. Journal each use.
    #[must_use]
    pub fn reveal_virtual(&self, key: VirtualKey<'_>) -> Option<VirtualSecret> {
        self.scrubbed(|root| {
            let secret = text(&derive_secret(root, key))?;
            let passphrase = derive_passphrase(root, key).map(|p| text(&p));
            Some(VirtualSecret { secret, passphrase: passphrase.flatten() })
        })
        .flatten()
    }

    fn scrubbed<T>(&self, use_root: impl FnOnce(&Key) -> T) -> Option<T> {
        let result = self.with_root(use_root);
        claviger_os::scrub_shallow_stack();
        result
    }

    #[inline(never)]
    fn with_root<T>(&self, use_root: impl FnOnce(&Key) -> T) -> Option<T> {
        self.keys.with_virtual(use_root)
    }
}

/// An id in the exchange's own form, from randomness that is given: equal bytes make equal ids.
#[must_use]
pub fn mint_id(random: [u8; 32], format: VirtualFormat) -> VirtualId {
    match format {
        VirtualFormat::Alnum64 => {
            let block = |count: u32| {
                let mut hash = digest::Context::new(&digest::SHA256);
                hash.update(b"claviger/v1/virtual-id");
                hash.update(&random);
                hash.update(&count.to_be_bytes());
                let mut block = [0; 32];
                block.copy_from_slice(hash.finish().as_ref());
                block
            };
            let mut id = String::with_capacity(64);
            let mut stream = Stream::new(block);
            id.extend((0..64).map(|_| char::from(stream.draw(&ALNUM))));
            VirtualId::minted(id)
        }
        VirtualFormat::Hex32Upper => VirtualId::minted(uuid(random)),
    }
}

/// A version 4 UUID of the first 16 bytes, in lower case.
fn uuid([a, b, c, d, e, f, g, h, i, rest @ ..]: [u8; 32]) -> String {
    let [j, k, l, m, n, o, p, ..] = rest;
    let (g, i) = (g & 0x0f | 0x40, i & 0x3f | 0x80);
    format!(
        "{a:02x}{b:02x}{c:02x}{d:02x}-{e:02x}{f:02x}-{g:02x}{h:02x}-{i:02x}{j:02x}-{k:02x}{l:02x}{m:02x}{n:02x}{o:02x}{p:02x}"
    )
}

const ALNUM: [u8; 62] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: [u8; 26] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: [u8; 26] = *b"abcdefghijklmnopqrstuvwxyz";
const DIGIT: [u8; 10] = *b"0123456789";
const HEX_UPPER: [u8; 16] = *b"0123456789ABCDEF";
/// Symbols that need no escape in JSON, TOML, headers and most shells.
const SYMBOL: [u8; 8] = *b"-_.@+=:,";

fn derive_secret(root: &Key, key: VirtualKey<'_>) -> Zeroizing<Vec<u8>> {
    let mut stream = stream(root, b"claviger/v1/virtual-secret", key);
    match key.format {
        VirtualFormat::Alnum64 => draw_all(&mut stream, &[ALNUM.as_slice(); 64]),
        VirtualFormat::Hex32Upper => draw_all(&mut stream, &[HEX_UPPER.as_slice(); 32]),
    }
}

/// 20 letters and digits, then one each of the kinds that OKX asks for.
fn derive_passphrase(root: &Key, key: VirtualKey<'_>) -> Option<Zeroizing<Vec<u8>>> {
    match key.format {
        VirtualFormat::Alnum64 => None,
        VirtualFormat::Hex32Upper => {
            let mut alphabets = [ALNUM.as_slice(); 24];
            alphabets[20..].copy_from_slice(&[&UPPER, &LOWER, &DIGIT, &SYMBOL]);
            Some(draw_all(&mut stream(root, b"claviger/v1/virtual-passphrase", key), &alphabets))
        }
    }
}

fn stream(root: &Key, label: &[u8], key: VirtualKey<'_>) -> Stream<impl FnMut(u32) -> [u8; 32]> {
    let mut about = Zeroizing::new(Vec::with_capacity(128));
    about.extend_from_slice(label);
    about.extend_from_slice(&[0, key.format.number()]);
    about.extend_from_slice(&key.version.to_be_bytes());
    about.extend_from_slice(&u16::try_from(key.id.as_str().len()).unwrap_or(u16::MAX).to_be_bytes());
    about.extend_from_slice(key.id.as_str().as_bytes());
    let root = hmac::Key::new(hmac::HMAC_SHA256, root);
    Stream::new(move |count| {
        let mut context = hmac::Context::with_key(&root);
        context.update(&about);
        context.update(&count.to_be_bytes());
        let mut block = [0; 32];
        block.copy_from_slice(context.sign().as_ref());
        block
    })
}

fn draw_all(stream: &mut Stream<impl FnMut(u32) -> [u8; 32]>, alphabets: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut drawn = Zeroizing::new(Vec::with_capacity(alphabets.len()));
    drawn.extend(alphabets.iter().map(|alphabet| stream.draw(alphabet)));
    drawn
}

/// Random-looking bytes in blocks of 32, numbered from 1.
struct Stream<F> {
    block: F,
    count: u32,
    bytes: Zeroizing<[u8; 32]>,
    used: usize,
}

impl<F: FnMut(u32) -> [u8; 32]> Stream<F> {
    fn new(block: F) -> Self {
        Self { block, count: 0, bytes: Zeroizing::new([0; 32]), used: 32 }
    }

    fn next(&mut self) -> u8 {
        if self.used == self.bytes.len() {
            self.count += 1;
            *self.bytes = (self.block)(self.count);
            self.used = 0;
        }
        let byte = self.bytes.get(self.used).copied().unwrap_or_default();
        self.used += 1;
        byte
    }

    /// One of `alphabet`, each equally likely: bytes beyond its largest multiple are passed over.
    fn draw(&mut self, alphabet: &[u8]) -> u8 {
        let limit = 256 - 256 % alphabet.len();
        loop {
            let byte = usize::from(self.next());
            if let (true, Some(drawn)) = (byte < limit, alphabet.get(byte % alphabet.len())) {
                return *drawn;
            }
        }
    }
}

fn text(bytes: &[u8]) -> Option<Text> {
    std::str::from_utf8(bytes).ok().map(|text| Zeroizing::new(text.into()))
}

fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let text: &[u8; 64] = text.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.as_chunks::<2>().0) {
        let [high, low] = pair.map(|c| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok()));
        *byte = high? << 4 | low?;
    }
    Some(bytes)
}

fn unbase64(text: &[u8]) -> Option<[u8; 32]> {
    if text.len() != 44 {
        return None;
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
