//! The local certificate authority: its key is an entry, and its certificates hold only below the names it was made for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, PublicKeyData,
    SanType, SerialNumber, SigningKey, SubjectPublicKeyInfo,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::entry::{Draft, Entry, EntryInfo, EntryKind, Prepared};
use crate::error::VaultError;
use crate::names::{Binding, KeyRef, NotAName};
use crate::seal::{Keys, fill_random};
use crate::vault::Vault;

/// A CA to be made.
#[derive(Clone, Copy, Debug)]
pub struct CaRequest<'a> {
    /// What people will see in their list of authorities.
    pub common_name: &'a str,
    /// The domains below which it may certify, such as `binance.com`; at least one, if there is no address.
    pub suffixes: &'a [&'a str],
    /// The addresses that it may certify.
    pub addresses: &'a [IpAddr],
    /// From when it holds, in seconds since 1970.
    pub not_before: i64,
    /// Until when it holds: at most ten years after.
    pub not_after: i64,
}

/// A certificate for one host, to be signed by the CA.
#[derive(Clone, Copy, Debug)]
pub struct LeafRequest<'a> {
    /// The DNS name, in lower case, or the address.
    pub host: &'a str,
    /// Further names and addresses of the same host.
    pub also: &'a [&'a str],
    /// The public key that it is for (SubjectPublicKeyInfo, DER).
    pub spki_der: &'a [u8],
    /// From when it holds, in seconds since 1970.
    pub not_before: i64,
    /// Until when it holds: at most seven days after.
    pub not_after: i64,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The vault refused.
    #[error("the vault cannot hold the local CA")]
    Vault(#[from] VaultError),
    /// The entry is missing or something else.
    #[error("key `{0}` is not a local CA in this vault")]
    NotACa(KeyRef),
    /// The CA would hold for all names.
    #[error("a local CA needs at least one domain or address that it is limited to")]
    NoSuffix,
    /// Not a DNS name.
    #[error("`{0}` is not a DNS name in lower case")]
    NotAHost(String),
    /// Outside the CA's domains.
    #[error("the local CA may not certify `{0}`: it is none of its addresses and below none of its domains")]
    OutsideConstraints(String),
    /// Too long, empty, or not a time.
    #[error("a certificate must hold for 1 second to {0} days")]
    Lifetime(i64),
    /// A name of the CA's entry is odd.
    #[error("cannot file the local CA")]
    Name(#[from] NotAName),
    /// The certificate could not be made.
    #[error("cannot make the certificate")]
    Certificate(#[source] rcgen::Error),
}

const DAY: i64 = 24 * 60 * 60;
const LEAF_DAYS: i64 = 7;
const CA_DAYS: i64 = 3660;

impl Vault {
    /// Makes a P-256 CA whose key is entry `name` and exists nowhere else; returns what is public of it.
    pub fn make_ca(&self, name: KeyRef, request: CaRequest<'_>) -> Result<EntryInfo, CaError> {
        for suffix in request.suffixes {
            dns_name(suffix)?;
        }
        let addresses: Vec<String> = request.addresses.iter().map(ToString::to_string).collect();
        let names: Vec<&str> =
            request.suffixes.iter().copied().chain(addresses.iter().map(String::as_str)).collect();
        let binding = Binding::new("claviger", "local-ca", &names)?;
        let made = new_ca(request);
        claviger_os::scrub_stack();
        let created_ms = u64::try_from(request.not_before).unwrap_or(0).saturating_mul(1000);
        let draft = Draft { name, version: 1, created_ms, binding, key_id: None };
        Ok(self.put(draft, &made?)?)
    }

    /// The CA's certificate, to be trusted by bots.
    pub fn ca_pem(&self, name: &KeyRef) -> Result<String, CaError> {
        Ok(pem(&self.ca(name)?.info.public))
    }

    /// The CA's certificate, DER.
    pub fn ca_der(&self, name: &KeyRef) -> Result<Box<[u8]>, CaError> {
        Ok(self.ca(name)?.info.public.clone())
    }

    /// Certifies the gateway's public key for one host; returns the certificate, DER.
    pub fn sign_leaf(&self, ca: &KeyRef, leaf: LeafRequest<'_>) -> Result<Vec<u8>, CaError> {
        let entry = self.ca(ca)?;
        for name in leaf.names() {
            within(&entry.info.binding, name)?;
        }
        let params = leaf_params(leaf)?;
        let public = SubjectPublicKeyInfo::from_der(leaf.spki_der).map_err(CaError::Certificate)?;
        let signer = SealedCaKey::new(&self.keys, &entry)?;
        let certificate = entry.info.public.to_vec().into();
        let issuer = Issuer::from_ca_cert_der(&certificate, signer).map_err(CaError::Certificate)?;
        Ok(params.signed_by(&public, &issuer).map_err(CaError::Certificate)?.der().to_vec())
    }

    /// Whether that CA may certify all of these names and addresses.
    #[must_use]
    pub fn ca_covers(&self, ca: &KeyRef, names: &[&str]) -> bool {
        self.ca(ca).is_ok_and(|entry| names.iter().all(|name| within(&entry.info.binding, name).is_ok()))
    }

    fn ca(&self, name: &KeyRef) -> Result<std::sync::Arc<Entry>, CaError> {
        self.entry(name)
            .filter(|entry| entry.info.kind == EntryKind::CaKey)
            .ok_or_else(|| CaError::NotACa(name.clone()))
    }
}

impl<'a> LeafRequest<'a> {
    fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        std::iter::once(self.host).chain(self.also.iter().copied())
    }
}

/// Passes if a CA with this binding may certify that name or address.
fn within(binding: &Binding, name: &str) -> Result<(), CaError> {
    let address: Option<IpAddr> = name.parse().ok();
    if address.is_none() {
        dns_name(name)?;
    }
    let covers = |limit: &str| match (address, limit.parse::<IpAddr>()) {
        (Some(address), Ok(limit)) => address == limit,
        (None, Err(_)) => name.strip_suffix(limit).is_some_and(|l| l.is_empty() || l.ends_with('.')),
        _ => false,
    };
    if binding.hosts().any(covers) { Ok(()) } else { Err(CaError::OutsideConstraints(name.to_owned())) }
}

/// A new key and its own certificate. Kept out of its caller's frame, which scrubs what it leaves.
#[inline(never)]
fn new_ca(request: CaRequest<'_>) -> Result<Prepared, CaError> {
    let params = ca_params(request)?;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
        .map_err(|_| VaultError::Crypto)?;
    let signer = PlainCaKey::new(pkcs8.as_ref()).ok_or(VaultError::Crypto)?;
    let certificate = params.self_signed(&signer).map_err(CaError::Certificate)?;
    let plain = Zeroizing::new(pkcs8.as_ref().to_vec());
    Ok(Prepared::new(EntryKind::CaKey, plain, certificate.der().as_ref().into()))
}

fn ca_params(request: CaRequest<'_>) -> Result<CertificateParams, CaError> {
    if request.suffixes.is_empty() && request.addresses.is_empty() {
        return Err(CaError::NoSuffix);
    }
    let mut params = params(request.common_name, request.not_before, request.not_after, CA_DAYS)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.name_constraints = Some(constraints(request.suffixes, request.addresses));
    Ok(params)
}

/// No list of domains that certificates are in use under; permitting it alone permits none.
const NO_DOMAIN: &str = "claviger.invalid";

/// A list of permitted names of one kind says nothing of the other kinds, so those are closed as a whole.
fn constraints(suffixes: &[&str], addresses: &[IpAddr]) -> NameConstraints {
    let domains = if suffixes.is_empty() { &[NO_DOMAIN] } else { suffixes };
    let one = |address: &IpAddr| match address {
        IpAddr::V4(v4) => CidrSubnet::from_v4_prefix(v4.octets(), 32),
        IpAddr::V6(v6) => CidrSubnet::from_v6_prefix(v6.octets(), 128),
    };
    let mut excluded = Vec::new();
    if !addresses.iter().any(IpAddr::is_ipv4) {
        excluded.push(CidrSubnet::from_v4_prefix(Ipv4Addr::UNSPECIFIED.octets(), 0));
    }
    if !addresses.iter().any(IpAddr::is_ipv6) {
        excluded.push(CidrSubnet::from_v6_prefix(Ipv6Addr::UNSPECIFIED.octets(), 0));
    }
    let domains = domains.iter().map(|domain| GeneralSubtree::DnsName((*domain).to_owned()));
    NameConstraints {
        permitted_subtrees: domains
            .chain(addresses.iter().map(|address| GeneralSubtree::IpAddress(one(address))))
            .collect(),
        excluded_subtrees: excluded.into_iter().map(GeneralSubtree::IpAddress).collect(),
    }
}

fn leaf_params(leaf: LeafRequest<'_>) -> Result<CertificateParams, CaError> {
    // The common name is limited to 64 characters, the alternative name is what clients read. One that is an address would
    // be taken for a DNS name, which the CA may not certify.
    let plain = leaf.host.len() <= 64 && leaf.host.parse::<IpAddr>().is_err();
    let common_name = if plain { leaf.host } else { "claviger" };
    let mut params = params(common_name, leaf.not_before, leaf.not_after, LEAF_DAYS)?;
    let san = |name: &str| match name.parse() {
        Ok(address) => Ok(SanType::IpAddress(address)),
        Err(_) => name.try_into().map(SanType::DnsName),
    };
    params.subject_alt_names =
        leaf.names().map(san).collect::<Result<_, _>>().map_err(CaError::Certificate)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn params(name: &str, not_before: i64, not_after: i64, most_days: i64) -> Result<CertificateParams, CaError> {
    let lifetime = not_after.checked_sub(not_before).unwrap_or(i64::MAX);
    let at = |seconds| OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| CaError::Lifetime(most_days));
    if !(1..=most_days * DAY).contains(&lifetime) {
        return Err(CaError::Lifetime(most_days));
    }
    let mut serial = [0; 16];
    fill_random(&mut serial)?;
    // Positive, and never shorter than it looks.
    serial[0] = serial[0] & 0x3f | 0x40;
    let mut params = CertificateParams::default();
    (params.not_before, params.not_after) = (at(not_before)?, at(not_after)?);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn dns_name(text: &str) -> Result<(), CaError> {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A last label of digits alone would be read as an address.
    let address = text.rsplit('.').next().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
    if text.len() <= 253 && text.split('.').all(label) && !address {
        Ok(())
    } else {
        Err(CaError::NotAHost(text.to_owned()))
    }
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for (i, letter) in text.chars().enumerate() {
        if i > 0 && i % 64 == 0 {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem + "\n-----END CERTIFICATE-----\n"
}

/// A CA key in the moment of its making.
struct PlainCaKey(EcdsaKeyPair);

impl PlainCaKey {
    fn new(pkcs8: &[u8]) -> Option<Self> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8).ok().map(Self)
    }
}

impl PublicKeyData for PlainCaKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for PlainCaKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature =
            self.0.sign(&SystemRandom::new(), message).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_ref().to_vec())
    }
}

/// A CA key that stays sealed but for the moment of a signature.
struct SealedCaKey<'a> {
    keys: &'a Keys,
    entry: &'a Entry,
    public: Vec<u8>,
}

impl<'a> SealedCaKey<'a> {
    fn new(keys: &'a Keys, entry: &'a Entry) -> Result<Self, CaError> {
        let public = unsealed(keys, entry, |key| Some(key.der_bytes().to_vec()));
        claviger_os::scrub_stack();
        public.map(|public| Self { keys, entry, public }).ok_or_else(|| VaultError::Crypto.into())
    }
}

#[inline(never)]
fn unsealed<T>(keys: &Keys, entry: &Entry, use_key: impl FnOnce(&PlainCaKey) -> Option<T>) -> Option<T> {
    entry.open(keys, |pkcs8| PlainCaKey::new(pkcs8).as_ref().and_then(use_key)).ok().flatten()
}

impl PublicKeyData for SealedCaKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for SealedCaKey<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = unsealed(self.keys, self.entry, |key| key.sign(message).ok());
        claviger_os::scrub_stack();
        signature.ok_or(rcgen::Error::RemoteKeyError)
    }
}
