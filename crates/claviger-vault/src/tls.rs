//! The operator's TLS key: it signs the handshakes of claviger's own listener, and nothing else.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};

use crate::entry::{Entry, EntryKind};
use crate::names::KeyRef;
use crate::seal::Keys;
use crate::vault::Vault;

/// How a handshake is signed: the schemes of TLS 1.3 that such keys have, by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeScheme {
    /// `ecdsa_secp256r1_sha256`
    EcdsaP256,
    /// `ecdsa_secp384r1_sha384`
    EcdsaP384,
    /// `ed25519`
    Ed25519,
    /// `rsa_pss_rsae_sha256`
    RsaPss256,
    /// `rsa_pss_rsae_sha384`
    RsaPss384,
    /// `rsa_pss_rsae_sha512`
    RsaPss512,
}

impl HandshakeScheme {
    /// The scheme with that number in the registry of TLS.
    #[must_use]
    pub const fn numbered(number: u16) -> Option<Self> {
        match number {
            0x0403 => Some(Self::EcdsaP256),
            0x0503 => Some(Self::EcdsaP384),
            0x0807 => Some(Self::Ed25519),
            0x0804 => Some(Self::RsaPss256),
            0x0805 => Some(Self::RsaPss384),
            0x0806 => Some(Self::RsaPss512),
            _ => None,
        }
    }
}

/// Why a handshake was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// No such entry, or one of another kind.
    #[error("key `{0}` is not a TLS key in this vault")]
    NotATlsKey(KeyRef),
    /// Not what a TLS server signs.
    #[error("this is not what a TLS server signs in a handshake")]
    NotAHandshake,
    /// The key is of another kind than the scheme.
    #[error("the TLS key cannot sign by {0:?}")]
    OtherScheme(HandshakeScheme),
}

impl Vault {
    /// Signs one handshake of a TLS server with a TLS key; `message` must have the form that a server's signature covers
    /// in TLS 1.2 with ECDHE or in TLS 1.3 (RFC 8446 4.4.3, RFC 8422 5.4), so that nothing else is ever signed.
    ///
    /// # Errors
    /// [`HandshakeError`]; nothing was signed then.
    pub fn sign_handshake(
        &self,
        key: &KeyRef,
        scheme: HandshakeScheme,
        message: &[u8],
    ) -> Result<Vec<u8>, HandshakeError> {
        let entry = self.entry(key).filter(|entry| entry.info.kind == EntryKind::TlsKey);
        let entry = entry.ok_or_else(|| HandshakeError::NotATlsKey(key.clone()))?;
        if !is_of_tls13(message) && !is_of_tls12(message) {
            return Err(HandshakeError::NotAHandshake);
        }
        let signature = unsealed(&self.keys, &entry, (scheme, message));
        claviger_os::scrub_stack();
        signature.ok_or(HandshakeError::OtherScheme(scheme))
    }
}

const TLS13: &[u8] = b"TLS 1.3, server CertificateVerify\0";

/// 64 spaces, the context, and a hash of 32 or 48 bytes.
fn is_of_tls13(message: &[u8]) -> bool {
    let rest = message.strip_prefix(&[b' '; 64]).and_then(|rest| rest.strip_prefix(TLS13));
    rest.is_some_and(|hash| matches!(hash.len(), 32 | 48))
}

/// Two random numbers of 32 bytes, a named curve, and a public key with its length.
fn is_of_tls12(message: &[u8]) -> bool {
    match message.get(64..) {
        Some([3, _, _, length, key @ ..]) => !key.is_empty() && key.len() == usize::from(*length),
        _ => false,
    }
}

#[inline(never)]
fn unsealed(keys: &Keys, entry: &Entry, (scheme, message): (HandshakeScheme, &[u8])) -> Option<Vec<u8>> {
    entry.open(keys, |pkcs8| signature(pkcs8, scheme, message)).ok().flatten()
}

fn signature(pkcs8: &[u8], scheme: HandshakeScheme, message: &[u8]) -> Option<Vec<u8>> {
    let ecdsa = |algorithm| {
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).ok()?;
        Some(key.sign(&SystemRandom::new(), message).ok()?.as_ref().to_vec())
    };
    let rsa = |encoding: &'static dyn RsaEncoding| {
        let key = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(encoding, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    };
    match scheme {
        HandshakeScheme::EcdsaP256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        HandshakeScheme::EcdsaP384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        HandshakeScheme::Ed25519 => {
            let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
            Some(key.sign(message).as_ref().to_vec())
        }
        HandshakeScheme::RsaPss256 => rsa(&RSA_PSS_SHA256),
        HandshakeScheme::RsaPss384 => rsa(&RSA_PSS_SHA384),
        HandshakeScheme::RsaPss512 => rsa(&RSA_PSS_SHA512),
    }
}

/// The public half (SubjectPublicKeyInfo, DER) of a PKCS#8 key that a listener can use.
pub fn public_key(pkcs8: &[u8]) -> Option<Box<[u8]>> {
    let ecdsa = |algorithm: &'static EcdsaSigningAlgorithm| {
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8).ok()?;
        Some(Box::from(key.public_key().as_der().ok()?.as_ref()))
    };
    let ed25519 = || {
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
        Some(Box::from(key.public_key().as_der().ok()?.as_ref()))
    };
    let rsa = || {
        let key = RsaKeyPair::from_pkcs8(pkcs8).ok()?;
        let usual = [256, 384, 512].contains(&key.public_modulus_len());
        Some(Box::from(key.public_key().as_der().ok()?.as_ref())).filter(|_| usual)
    };
    ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING)
        .or_else(|| ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING))
        .or_else(ed25519)
        .or_else(rsa)
}
