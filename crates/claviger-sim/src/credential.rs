//! The exchange side's check of a signature: the simulator's own, shared with nobody.

use aws_lc_rs::{hmac, signature};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject;
use thiserror::Error;

use crate::config::Credential;

/// Why a credential cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CredentialError {
    /// Not a PEM with a public key.
    #[error("the public key of `{id}` is not a PEM `PUBLIC KEY` block")]
    NotPem {
        /// The key id.
        id: String,
    },
    /// A PEM, but of another algorithm.
    #[error("the public key of `{id}` is not an {wanted} key")]
    WrongAlgorithm {
        /// The key id.
        id: String,
        /// What was declared.
        wanted: &'static str,
    },
}

/// A credential that is ready to check signatures.
pub(crate) enum Verifier {
    Hmac(Box<hmac::Key>),
    Ed25519(Vec<u8>),
    Rsa(Vec<u8>),
}

/// The fixed head of an Ed25519 SubjectPublicKeyInfo (RFC 8410); the 32 key bytes follow.
const ED25519_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl Verifier {
    pub(crate) fn new(id: &str, credential: &Credential) -> Result<Self, CredentialError> {
        Ok(match credential {
            Credential::Hmac(secret) => {
                Self::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())))
            }
            Credential::Ed25519PublicPem(pem) => {
                let der = public_der(id, pem)?;
                let raw = der.strip_prefix(&ED25519_HEAD).filter(|raw| raw.len() == 32);
                Self::Ed25519(raw.ok_or_else(|| wrong(id, "Ed25519"))?.to_vec())
            }
            Credential::RsaPublicPem(pem) => {
                let der = public_der(id, pem)?;
                signature::ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, &der)
                    .map_err(|_| wrong(id, "RSA"))?;
                Self::Rsa(der)
            }
        })
    }

    /// Binance: hexadecimal in any case for HMAC, standard base64 for the others.
    pub(crate) fn accepts_binance(&self, message: &[u8], given: &str) -> bool {
        match self {
            Self::Hmac(key) => hex::decode(given).is_ok_and(|tag| hmac::verify(key, message, &tag).is_ok()),
            Self::Ed25519(public) => verify(&signature::ED25519, public, message, given),
            Self::Rsa(public) => verify(&signature::RSA_PKCS1_2048_8192_SHA256, public, message, given),
        }
    }

    /// OKX: standard base64 of an HMAC; it knows no other kind.
    pub(crate) fn accepts_okx(&self, message: &[u8], given: &str) -> bool {
        match self {
            Self::Hmac(key) => {
                STANDARD.decode(given).is_ok_and(|tag| hmac::verify(key, message, &tag).is_ok())
            }
            Self::Ed25519(_) | Self::Rsa(_) => false,
        }
    }
}

fn verify(
    algorithm: &'static dyn signature::VerificationAlgorithm,
    public: &[u8],
    message: &[u8],
    given: &str,
) -> bool {
    STANDARD
        .decode(given)
        .is_ok_and(|sig| signature::UnparsedPublicKey::new(algorithm, public).verify(message, &sig).is_ok())
}

fn public_der(id: &str, pem: &str) -> Result<Vec<u8>, CredentialError> {
    SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes())
        .map(|der| der.as_ref().to_vec())
        .map_err(|_| CredentialError::NotPem { id: id.to_owned() })
}

fn wrong(id: &str, wanted: &'static str) -> CredentialError {
    CredentialError::WrongAlgorithm { id: id.to_owned(), wanted }
}
