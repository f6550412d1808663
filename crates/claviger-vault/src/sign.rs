//! Signing: a secret is unsealed, its signer built, used and dropped, and the stack scrubbed, once a signature.

use std::fmt;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::entry::{Entry, EntryKind, split_hmac};
use crate::names::{Destination, KeyRef};
use crate::seal::Keys;
use crate::vault::Vault;

/// How a message becomes a signature, and how that is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HMAC-SHA256, lower-case hexadecimal.
    HmacSha256Hex,
    /// HMAC-SHA256, base64 with padding.
    HmacSha256Base64,
    /// Ed25519, base64 with padding.
    Ed25519Base64,
    /// RSASSA-PKCS1-v1_5 with SHA-256, base64 with padding.
    RsaPkcs1Sha256Base64,
}

impl Scheme {
    fn fits(self, kind: EntryKind) -> bool {
        match self {
            Self::HmacSha256Hex | Self::HmacSha256Base64 => kind == EntryKind::ExchangeHmac,
            Self::Ed25519Base64 => kind == EntryKind::ExchangeEd25519,
            Self::RsaPkcs1Sha256Base64 => kind == EntryKind::ExchangeRsa,
        }
    }
}

/// A signature by a real key, as text. `Debug` does not show it.
#[derive(PartialEq, Eq)]
pub struct Signature(String);

impl Signature {
    /// The signature as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(…)")
    }
}

/// What an exchange wants in clear beside the signature. The documented exception to "no secret comes out": it can
/// only be written into a request on its way out, once.
pub struct HeaderSecret(Zeroizing<Box<[u8]>>);

impl HeaderSecret {
    /// Appends it to the bytes of an outgoing request. Wipe those after sending.
    pub fn write_into(self, request: &mut Vec<u8>) {
        request.extend_from_slice(&self.0);
    }

    /// How many bytes it will add.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Debug for HeaderSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderSecret(…)")
    }
}

/// What one signature gives.
#[derive(Debug)]
#[must_use]
pub struct SignOutput {
    /// The signature.
    pub signature: Signature,
    /// What goes beside it, if the entry has it.
    pub header_secret: Option<HeaderSecret>,
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// No entry of that name.
    #[error("there is no key `{0}` in the vault")]
    UnknownKey(KeyRef),
    /// The request would go where the key was not sealed to.
    #[error(
        "key `{key}` is sealed to other hosts or another environment than {exchange}, {environment}, `{host}`"
    )]
    OtherDestination {
        /// The key.
        key: KeyRef,
        /// The exchange asked for.
        exchange: String,
        /// The environment asked for.
        environment: String,
        /// The host asked for.
        host: String,
    },
    /// The key cannot sign in this way.
    #[error("key `{key}` is of kind {} and cannot sign by {scheme:?}", kind.name())]
    OtherKind {
        /// The key.
        key: KeyRef,
        /// What it is.
        kind: EntryKind,
        /// What was asked for.
        scheme: Scheme,
    },
    /// The entry does not open with the vault's key: the memory or the file was altered.
    #[error("key `{0}` cannot be unsealed: check the vault")]
    Unsealable(KeyRef),
    /// The cryptographic library failed.
    #[error("the cryptographic library failed for key `{0}`")]
    Crypto(KeyRef),
}

impl Vault {
    /// Signs the parts of a message, taken together, with a real key that is sealed to `to`.
    pub fn sign(
        &self,
        key: &KeyRef,
        scheme: Scheme,
        message: &[&[u8]],
        to: Destination<'_>,
    ) -> Result<SignOutput, SignError> {
        let entry = self.entry(key).ok_or_else(|| SignError::UnknownKey(key.clone()))?;
        if !entry.info.binding.covers(to) {
            return Err(SignError::other_destination(key, to));
        }
        if !scheme.fits(entry.info.kind) {
            return Err(SignError::OtherKind { key: key.clone(), kind: entry.info.kind, scheme });
        }
        let output = sign_unscrubbed(&self.keys, &entry, scheme, message);
        match scheme {
            Scheme::HmacSha256Hex | Scheme::HmacSha256Base64 => claviger_os::scrub_shallow_stack(),
            Scheme::Ed25519Base64 | Scheme::RsaPkcs1Sha256Base64 => claviger_os::scrub_stack(),
        }
        output
    }
}

impl SignError {
    fn other_destination(key: &KeyRef, to: Destination<'_>) -> Self {
        Self::OtherDestination {
            key: key.clone(),
            exchange: to.exchange.to_owned(),
            environment: to.environment.to_owned(),
            host: to.host.to_owned(),
        }
    }
}

/// Kept out of its caller's frame, so that all it leaves lies below that and is scrubbed.
#[inline(never)]
fn sign_unscrubbed(
    keys: &Keys,
    entry: &Entry,
    scheme: Scheme,
    message: &[&[u8]],
) -> Result<SignOutput, SignError> {
    let name = &entry.info.name;
    entry
        .open(keys, |secret| sign_with(secret, scheme, message))
        .map_err(|_| SignError::Unsealable(name.clone()))?
        .ok_or_else(|| SignError::Crypto(name.clone()))
}

fn sign_with(secret: &[u8], scheme: Scheme, message: &[&[u8]]) -> Option<SignOutput> {
    match scheme {
        Scheme::HmacSha256Hex => with_hmac(secret, message, hex),
        Scheme::HmacSha256Base64 => with_hmac(secret, message, |tag| STANDARD.encode(tag)),
        Scheme::Ed25519Base64 => with_ed25519(secret, message),
        Scheme::RsaPkcs1Sha256Base64 => with_rsa(secret, message),
    }
}

fn with_hmac(secret: &[u8], message: &[&[u8]], spell: fn(&[u8]) -> String) -> Option<SignOutput> {
    let (secret, passphrase) = split_hmac(secret)?;
    let signature = Signature(spell(&hmac_sha256(secret, message)));
    let header_secret = passphrase.map(|p| HeaderSecret(Zeroizing::new(p.into())));
    Some(SignOutput { signature, header_secret })
}

// The library's values for keys of these kinds are large: a frame of their own keeps that of HMAC shallow.
#[inline(never)]
fn with_ed25519(secret: &[u8], message: &[&[u8]]) -> Option<SignOutput> {
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(secret).ok()?;
    Some(plain(STANDARD.encode(key.try_sign(&message.concat()).ok()?)))
}

#[inline(never)]
fn with_rsa(secret: &[u8], message: &[&[u8]]) -> Option<SignOutput> {
    let key = RsaKeyPair::from_pkcs8(secret).ok()?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &message.concat(), &mut signature).ok()?;
    Some(plain(STANDARD.encode(signature)))
}

fn plain(signature: String) -> SignOutput {
    SignOutput { signature: Signature(signature), header_secret: None }
}

/// HMAC-SHA256 over the parts. Leaves midstates on the stack: the caller's caller scrubs it.
pub fn hmac_sha256(secret: &[u8], message: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    for part in message {
        context.update(part);
    }
    let mut tag = [0; 32];
    tag.copy_from_slice(context.sign().as_ref());
    tag
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS.get(usize::from(value & 15)).copied().unwrap_or(b'0'));
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(*byte));
    }
    out
}
