//! One secret in the vault: what is public about it, and its sealed bytes.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair, RsaKeyPair};
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::names::{Binding, KeyId, KeyRef};
use crate::passphrase::Secret;
use crate::pem;
use crate::seal::{Key, Keys, NotOpened, Sealed, fill_random};

/// What a secret is, and so what it can sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An exchange's HMAC secret, with a passphrase where the exchange has one.
    ExchangeHmac,
    /// An Ed25519 key for an exchange.
    ExchangeEd25519,
    /// An RSA key for an exchange.
    ExchangeRsa,
    /// The private key of a TLS certificate.
    TlsKey,
    /// The private key of the local CA; the public part is its certificate.
    CaKey,
    /// A secret of another kind.
    Other,
}

impl EntryKind {
    /// Every kind, in the order of their numbers in the file, from 1.
    pub const ALL: [Self; 6] = [
        Self::ExchangeHmac,
        Self::ExchangeEd25519,
        Self::ExchangeRsa,
        Self::TlsKey,
        Self::CaKey,
        Self::Other,
    ];

    pub(crate) fn number(self) -> u8 {
        match self {
            Self::ExchangeHmac => 1,
            Self::ExchangeEd25519 => 2,
            Self::ExchangeRsa => 3,
            Self::TlsKey => 4,
            Self::CaKey => 5,
            Self::Other => 6,
        }
    }

    pub(crate) fn numbered(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The kind as people read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExchangeHmac => "hmac",
            Self::ExchangeEd25519 => "ed25519",
            Self::ExchangeRsa => "rsa",
            Self::TlsKey => "tls",
            Self::CaKey => "ca",
            Self::Other => "other",
        }
    }
}

/// What is public about a secret. In the file it is readable, and authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryInfo {
    /// The name it is filed under.
    pub name: KeyRef,
    /// How often it was replaced, from 1.
    pub version: u32,
    /// What it is.
    pub kind: EntryKind,
    /// When this version came in, in milliseconds since 1970.
    pub created_ms: u64,
    /// What it signs for.
    pub binding: Binding,
    /// The exchange's id of the key; it goes into requests and never to a bot.
    pub key_id: Option<KeyId>,
    /// The public key (SubjectPublicKeyInfo, DER), or the CA's certificate; empty for HMAC and others.
    pub public: Box<[u8]>,
}

/// A secret to be put into the vault, with what is public about it.
#[derive(Debug)]
pub struct NewEntry {
    /// The name to file it under.
    pub name: KeyRef,
    /// What it will sign for.
    pub binding: Binding,
    /// The exchange's id of the key.
    pub key_id: Option<KeyId>,
    /// The time, in milliseconds since 1970.
    pub created_ms: u64,
    /// The secret.
    pub material: Material,
}

/// A secret by its kind. Private keys are PKCS#8, as PEM or DER, without a passphrase.
#[derive(Debug)]
pub enum Material {
    /// An exchange's HMAC secret: its visible ASCII characters are the key.
    Hmac {
        /// The secret.
        secret: Secret,
        /// What the exchange wants beside the signature, in clear, if it wants one.
        passphrase: Option<Secret>,
    },
    /// An Ed25519 private key.
    Ed25519(Secret),
    /// An RSA private key of 2048, 3072 or 4096 bits.
    Rsa(Secret),
    /// The private key of a TLS certificate.
    Tls(Secret),
    /// Another secret.
    Other(Secret),
}

/// Why a secret is not of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MaterialError {
    /// Not what an exchange hands out.
    #[error("the secret must be 1 to 1024 visible ASCII characters")]
    NotASecret,
    /// Not what fits into a header.
    #[error("the key's passphrase must be 1 to 64 printable ASCII characters")]
    NotAPassphrase,
    /// Not PEM and not DER.
    #[error("the private key is not PKCS#8: convert it with `openssl pkcs8 -topk8 -nocrypt`")]
    NotPkcs8,
    /// Under a passphrase of its own.
    #[error("the private key has its own passphrase: take that off with `openssl pkcs8 -topk8 -nocrypt`")]
    Encrypted,
    /// Not an Ed25519 key.
    #[error("the private key is not a sound Ed25519 key")]
    NotEd25519,
    /// Not an RSA key of a length in use.
    #[error("the private key is not a sound RSA key of 2048, 3072 or 4096 bits")]
    NotRsa,
    /// Not a key that a TLS server of ours signs with.
    #[error(
        "the private key is not a sound ECDSA key (P-256, P-384), Ed25519 key or RSA key of 2048, 3072 or 4096 bits"
    )]
    NotTls,
    /// Longer than the vault takes.
    #[error("the secret is longer than 65535 bytes")]
    TooLong,
}

impl Material {
    /// Tells the kind of an exchange's secret from its form: a private key, or else an HMAC secret.
    pub fn detect(secret: Secret, passphrase: Option<Secret>) -> Result<Self, MaterialError> {
        if !pem::looks_like_one(secret.bytes()) {
            return Ok(Self::Hmac { secret, passphrase });
        }
        let der = pem::private_key(secret.bytes())?;
        if Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).is_ok() {
            Ok(Self::Ed25519(secret))
        } else {
            Ok(Self::Rsa(secret))
        }
    }

    /// Makes a new Ed25519 key, whose private half exists nowhere else.
    pub fn new_ed25519() -> Result<Self, VaultError> {
        let key =
            Ed25519KeyPair::generate().and_then(|key| key.to_pkcs8v1()).map_err(|_| VaultError::Crypto)?;
        let secret = Secret::new(Zeroizing::new(key.as_ref().into()));
        claviger_os::scrub_stack();
        Ok(Self::Ed25519(secret))
    }

    pub(crate) fn prepare(self) -> Result<Prepared, MaterialError> {
        let prepared = self.prepare_unscrubbed();
        claviger_os::scrub_stack();
        prepared
    }

    #[inline(never)]
    fn prepare_unscrubbed(self) -> Result<Prepared, MaterialError> {
        match self {
            Self::Hmac { secret, passphrase } => hmac(&secret, passphrase.as_ref()),
            Self::Ed25519(key) => ed25519(pem::private_key(key.bytes())?),
            Self::Rsa(key) => rsa(pem::private_key(key.bytes())?),
            Self::Tls(key) => {
                let der = pem::private_key(key.bytes())?;
                let public = crate::tls::public_key(&der).ok_or(MaterialError::NotTls)?;
                Ok(Prepared::new(EntryKind::TlsKey, der, public))
            }
            Self::Other(secret) => {
                let plain = Zeroizing::new(secret.bytes().to_vec());
                Ok(Prepared::new(EntryKind::Other, plain, Box::default()))
            }
        }
    }
}

/// The bytes to seal, in the form of their kind, and the public part.
pub struct Prepared {
    kind: EntryKind,
    plain: Zeroizing<Vec<u8>>,
    public: Box<[u8]>,
}

impl Prepared {
    pub fn new(kind: EntryKind, plain: Zeroizing<Vec<u8>>, public: Box<[u8]>) -> Self {
        Self { kind, plain, public }
    }
}

/// The length of the secret in two bytes, the secret, then the passphrase, if any.
fn hmac(secret: &Secret, passphrase: Option<&Secret>) -> Result<Prepared, MaterialError> {
    let (secret, passphrase) = (secret.bytes(), passphrase.map(Secret::bytes));
    if !(1..=1024).contains(&secret.len()) || !secret.iter().all(u8::is_ascii_graphic) {
        return Err(MaterialError::NotASecret);
    }
    let printable = |p: &[u8]| p.iter().all(|b| (b' '..=b'~').contains(b));
    if passphrase.is_some_and(|p| !(1..=64).contains(&p.len()) || !printable(p)) {
        return Err(MaterialError::NotAPassphrase);
    }
    let length = u16::try_from(secret.len()).map_err(|_| MaterialError::TooLong)?;
    let passphrase = passphrase.unwrap_or_default();
    let mut plain = Zeroizing::new(Vec::with_capacity(2 + secret.len() + passphrase.len()));
    for part in [&length.to_be_bytes(), secret, passphrase] {
        plain.extend_from_slice(part);
    }
    Ok(Prepared::new(EntryKind::ExchangeHmac, plain, Box::default()))
}

/// The two halves of what [`hmac`] put together.
pub fn split_hmac(plain: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let (length, rest) = plain.split_first_chunk::<2>()?;
    let (secret, passphrase) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    Some((secret, Some(passphrase).filter(|p| !p.is_empty())))
}

fn ed25519(der: Zeroizing<Vec<u8>>) -> Result<Prepared, MaterialError> {
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| MaterialError::NotEd25519)?;
    let public = key.public_key().as_der().map_err(|_| MaterialError::NotEd25519)?;
    Ok(Prepared::new(EntryKind::ExchangeEd25519, der, public.as_ref().into()))
}

fn rsa(der: Zeroizing<Vec<u8>>) -> Result<Prepared, MaterialError> {
    let key = RsaKeyPair::from_pkcs8(&der).map_err(|_| MaterialError::NotRsa)?;
    if ![256, 384, 512].contains(&key.public_modulus_len()) {
        return Err(MaterialError::NotRsa);
    }
    let public = key.public_key().as_der().map_err(|_| MaterialError::NotRsa)?;
    Ok(Prepared::new(EntryKind::ExchangeRsa, der, public.as_ref().into()))
}

/// An entry as it lies in the file: nothing in it is secret.
#[derive(Debug)]
pub struct Entry {
    pub info: EntryInfo,
    /// The public part as it is written in the file.
    pub public_part: Box<[u8]>,
    /// The data key, under the vault's wrapping key.
    pub data_key: Sealed,
    /// The secret, under the data key.
    pub secret: Sealed,
    about: Box<[u8]>,
}

/// The most bytes that a secret may have.
const MOST_PLAIN: usize = 65_535;

impl Entry {
    /// Puts together what was read from a file.
    pub fn read(
        vault: &[u8; 16],
        info: EntryInfo,
        public_part: Box<[u8]>,
        data_key: Sealed,
        secret: Sealed,
    ) -> Self {
        let about = about(vault, &public_part);
        Self { info, public_part, data_key, secret, about }
    }

    /// Seals a secret under a data key of its own.
    pub fn seal(
        keys: &Keys,
        vault: &[u8; 16],
        draft: Draft,
        prepared: &Prepared,
    ) -> Result<Self, VaultError> {
        if prepared.plain.len() > MOST_PLAIN || prepared.public.len() > MOST_PLAIN {
            return Err(MaterialError::TooLong.into());
        }
        let Draft { name, version, created_ms, binding, key_id } = draft;
        let (kind, public) = (prepared.kind, prepared.public.clone());
        let info = EntryInfo { name, version, kind, created_ms, binding, key_id, public };
        let public_part = crate::file::public_part(&info);
        let about = about(vault, &public_part);
        let mut key = Zeroizing::new([0; 32]);
        fill_random(key.as_mut_slice())?;
        let secret = Sealed::new(&key, &about, &prepared.plain)?;
        let data_key =
            keys.with_wrap(|wrap| Sealed::new(wrap, &about, key.as_slice())).ok_or(VaultError::Crypto)??;
        Ok(Self { info, public_part, data_key, secret, about })
    }

    /// Lends the secret to `use_secret`: the only place where it is unsealed.
    ///
    /// The caller scrubs the stack after it.
    pub fn open<T>(&self, keys: &Keys, use_secret: impl FnOnce(&[u8]) -> T) -> Result<T, NotOpened> {
        let with_data_key = |plain: &[u8]| {
            let key: &Key = plain.try_into().map_err(|_| NotOpened)?;
            self.secret.open(key, &self.about, use_secret)
        };
        keys.with_wrap(|wrap| self.data_key.open(wrap, &self.about, with_data_key)).ok_or(NotOpened)??
    }
}

/// What is known of an entry before its secret is prepared.
pub struct Draft {
    pub name: KeyRef,
    pub version: u32,
    pub created_ms: u64,
    pub binding: Binding,
    pub key_id: Option<KeyId>,
}

/// What both seals of an entry are bound to: its vault and everything public about it.
fn about(vault: &[u8; 16], public_part: &[u8]) -> Box<[u8]> {
    [b"claviger/v1/entry".as_slice(), vault, public_part].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(bytes: &[u8]) -> Secret {
        Secret::new(Zeroizing::new(bytes.into()))
    }

    fn check_hmac(text: &[u8], passphrase: Option<&[u8]>, expected: Result<(), MaterialError>) {
        let prepared = Material::Hmac { secret: secret(text), passphrase: passphrase.map(secret) }.prepare();
        assert_eq!(prepared.as_ref().map(|_| ()).map_err(|e| *e), expected);
        if let Ok(prepared) = prepared {
            assert_eq!(split_hmac(&prepared.plain).unwrap(), (text, passphrase));
        }
    }

    #[test]
    fn hmac_secrets() {
        check_hmac(b"SECRET", None, Ok(()));
        check_hmac(b"SECRET", Some(b"Pass phrase-1"), Ok(()));
        check_hmac(&[b'x'; 1024], Some(&[b'y'; 64]), Ok(()));
        check_hmac(b"", None, Err(MaterialError::NotASecret));
        check_hmac(b"two words", None, Err(MaterialError::NotASecret));
        check_hmac(b"line\n", None, Err(MaterialError::NotASecret));
        check_hmac(&[b'x'; 1025], None, Err(MaterialError::NotASecret));
        check_hmac(b"SECRET", Some(b""), Err(MaterialError::NotAPassphrase));
        check_hmac(b"SECRET", Some(b"a\r\nX-Header: b"), Err(MaterialError::NotAPassphrase));
        check_hmac(b"SECRET", Some("gl\u{fc}ck".as_bytes()), Err(MaterialError::NotAPassphrase));
    }

    #[test]
    fn kinds_keep_their_numbers() {
        for (i, kind) in EntryKind::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(kind.number()), i + 1);
            assert_eq!(EntryKind::numbered(kind.number()), Some(kind));
        }
        assert_eq!(EntryKind::numbered(0), None);
        assert_eq!(EntryKind::numbered(7), None);
    }

    #[test]
    fn a_new_ed25519_key_has_its_public_half() {
        let prepared = Material::new_ed25519().unwrap().prepare().unwrap();
        assert_eq!(prepared.public.len(), 44);
    }

    #[test]
    fn keys_of_another_kind_are_refused() {
        let ed25519 = || {
            secret(b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n")
        };
        assert!(Material::Ed25519(ed25519()).prepare().is_ok());
        assert_eq!(Material::Rsa(ed25519()).prepare().err(), Some(MaterialError::NotRsa));
        assert!(matches!(Material::detect(ed25519(), None), Ok(Material::Ed25519(_))));
        assert!(matches!(Material::detect(secret(b"abc"), None), Ok(Material::Hmac { .. })));
        assert_eq!(Material::Ed25519(secret(b"abc")).prepare().err(), Some(MaterialError::NotPkcs8));
    }
}
