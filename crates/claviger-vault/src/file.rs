//! The vault file: bytes to an image of it and back. The format is in `docs/spec/vault-file.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::{constant_time, digest, hmac};

use crate::entry::{Entry, EntryInfo, EntryKind};
use crate::error::VaultError;
use crate::names::{Binding, KeyRef};
use crate::seal::{Keys, NONCE, Sealed, TAG};
use crate::strength::Strength;

/// The most bytes that a vault file may have.
pub const MOST: usize = 64 * 1024 * 1024;

const MAGIC: &[u8; 8] = b"CLAVIGER";
const VERSION: u8 = 1;
const ARGON2ID: u8 = 1;
const ENTRY_VERSION: u8 = 1;
const WRAPPED: usize = 32 + TAG;
const MAC: usize = 32;
const CHECKSUM: usize = 32;

/// What stands before the entries: how to get from the passphrase to the vault key.
#[derive(Clone, Debug)]
pub struct Header {
    pub id: [u8; 16],
    pub strength: Strength,
    pub salt: [u8; 32],
    /// The vault key under the stretched passphrase, bound to [`Header::about`].
    pub vault_key: Option<Sealed>,
}

impl Header {
    /// The bytes before the wrapped vault key, which that is bound to.
    pub fn about(&self) -> Vec<u8> {
        let strength =
            [self.strength.kib(), self.strength.passes(), self.strength.lanes()].map(u32::to_be_bytes);
        [MAGIC.as_slice(), &[VERSION], &self.id, &[ARGON2ID], strength.as_flattened(), &self.salt].concat()
    }
}

/// Everything that a vault file says.
#[derive(Clone, Debug)]
pub struct Image {
    pub header: Header,
    /// Counts the changes of the file, from 1.
    pub generation: u64,
    pub entries: BTreeMap<KeyRef, Arc<Entry>>,
}

impl Image {
    /// The file's bytes, authenticated by the keys.
    pub fn write(&self, keys: &Keys) -> Result<Vec<u8>, VaultError> {
        let body: Vec<u8> = self.entries.values().flat_map(|entry| entry_bytes(entry)).collect();
        let length = u32::try_from(body.len()).map_err(|_| VaultError::TooBig)?;
        let mut bytes = self.header.about();
        put_sealed(&mut bytes, self.header.vault_key.as_ref().ok_or(VaultError::Crypto)?);
        bytes.extend(self.generation.to_be_bytes());
        bytes.extend(length.to_be_bytes());
        bytes.extend(body);
        let mac = mac(keys, &bytes)?;
        bytes.extend_from_slice(mac.as_ref());
        bytes.extend_from_slice(digest::digest(&digest::SHA256, &bytes).as_ref());
        if bytes.len() > MOST { Err(VaultError::TooBig) } else { Ok(bytes) }
    }
}

/// An image whose checksum is right and whose authenticity is not yet known.
pub struct Unverified<'a> {
    image: Image,
    authenticated: &'a [u8],
    mac: &'a [u8],
}

impl Unverified<'_> {
    /// The header, which is needed to get at the keys.
    pub fn header(&self) -> &Header {
        &self.image.header
    }

    /// The image, if the keys made it.
    pub fn verify(self, keys: &Keys) -> Result<Image, VaultError> {
        let expected = mac(keys, self.authenticated)?;
        constant_time::verify_slices_are_equal(expected.as_ref(), self.mac)
            .map_err(|_| VaultError::Altered)?;
        Ok(self.image)
    }
}

fn mac(keys: &Keys, bytes: &[u8]) -> Result<hmac::Tag, VaultError> {
    let tag = keys.with_index(|key| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes));
    claviger_os::scrub_stack();
    tag.ok_or(VaultError::Crypto)
}

/// Reads a vault file as far as one can without the passphrase.
pub fn read(bytes: &[u8]) -> Result<Unverified<'_>, VaultError> {
    let mut all = Reader(bytes);
    match all.take(MAGIC.len()) {
        Some(magic) if magic == MAGIC => {}
        None if MAGIC.starts_with(bytes) => return Err(VaultError::Truncated),
        _ => return Err(VaultError::NotAVault),
    }
    match all.byte().ok_or(VaultError::Truncated)? {
        VERSION => {}
        other => return Err(VaultError::UnknownVersion(other)),
    }
    let preamble = Preamble::read(&mut all).ok_or(VaultError::Truncated)?;
    let body = all.take(preamble.length).ok_or(VaultError::Truncated)?;
    let authenticated = bytes.get(..bytes.len() - all.0.len()).ok_or(VaultError::Truncated)?;
    let mac = all.take(MAC).ok_or(VaultError::Truncated)?;
    let summed = bytes.get(..bytes.len() - all.0.len()).ok_or(VaultError::Truncated)?;
    let checksum = all.take(CHECKSUM).ok_or(VaultError::Truncated)?;
    if !all.0.is_empty() || digest::digest(&digest::SHA256, summed).as_ref() != checksum {
        return Err(VaultError::Damaged);
    }
    let header = preamble.header()?;
    let entries = entries(&header.id, body)?;
    Ok(Unverified { image: Image { header, generation: preamble.generation, entries }, authenticated, mac })
}

/// The fields between the version and the entries, as they stand.
struct Preamble {
    id: [u8; 16],
    kdf: u8,
    cost: [u32; 3],
    salt: [u8; 32],
    vault_key: Sealed,
    generation: u64,
    length: usize,
}

impl Preamble {
    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            id: *from.array()?,
            kdf: from.byte()?,
            cost: [from.u32()?, from.u32()?, from.u32()?],
            salt: *from.array()?,
            vault_key: from.sealed(WRAPPED)?,
            generation: from.u64()?,
            length: usize::try_from(from.u32()?).ok()?,
        })
    }

    fn header(&self) -> Result<Header, VaultError> {
        if self.kdf != ARGON2ID {
            return Err(VaultError::Malformed("unknown key derivation"));
        }
        let [kib, passes, lanes] = self.cost;
        let strength = Strength::new(kib, passes, lanes)?;
        Ok(Header { id: self.id, strength, salt: self.salt, vault_key: Some(self.vault_key.clone()) })
    }
}

/// The public part of an entry: what its seals are bound to.
pub fn public_part(info: &EntryInfo) -> Box<[u8]> {
    let mut bytes = vec![ENTRY_VERSION];
    put_short(&mut bytes, info.name.as_str());
    bytes.extend(info.version.to_be_bytes());
    bytes.push(info.kind.number());
    bytes.extend(info.created_ms.to_be_bytes());
    put_short(&mut bytes, info.binding.exchange());
    put_short(&mut bytes, info.binding.environment());
    bytes.extend(short_length(info.binding.hosts().len()));
    for host in info.binding.hosts() {
        put_short(&mut bytes, host);
    }
    put_short(&mut bytes, info.key_id.as_ref().map_or("", |id| id.as_str()));
    bytes.extend(u16::try_from(info.public.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend_from_slice(&info.public);
    bytes.into()
}

fn entry_bytes(entry: &Entry) -> Vec<u8> {
    let mut bytes = entry.public_part.to_vec();
    put_sealed(&mut bytes, &entry.data_key);
    bytes.extend_from_slice(&entry.secret.nonce);
    bytes.extend(u32::try_from(entry.secret.bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(&entry.secret.bytes);
    bytes
}

fn put_sealed(bytes: &mut Vec<u8>, sealed: &Sealed) {
    bytes.extend_from_slice(&sealed.nonce);
    bytes.extend_from_slice(&sealed.bytes);
}

/// Names and hosts are at most 255 bytes by their types.
fn put_short(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(short_length(text.len()));
    bytes.extend_from_slice(text.as_bytes());
}

fn short_length(length: usize) -> [u8; 1] {
    [u8::try_from(length).unwrap_or(u8::MAX)]
}

/// The entries of a body, which must be sorted by name, each once.
fn entries(vault: &[u8; 16], body: &[u8]) -> Result<BTreeMap<KeyRef, Arc<Entry>>, VaultError> {
    let mut from = Reader(body);
    let mut entries = BTreeMap::new();
    while !from.0.is_empty() {
        let entry = entry(vault, &mut from).ok_or(VaultError::Malformed("an entry does not read"))?;
        let name = entry.info.name.clone();
        if entries.last_key_value().is_some_and(|(last, _)| *last >= name) {
            return Err(VaultError::Malformed("the entries are not in order"));
        }
        entries.insert(name, Arc::new(entry));
    }
    Ok(entries)
}

fn entry(vault: &[u8; 16], from: &mut Reader<'_>) -> Option<Entry> {
    let start = from.0;
    let info = info(from)?;
    let public = start.get(..start.len() - from.0.len())?;
    // One way to write a thing, so that equal entries are equal bytes.
    if *public_part(&info) != *public {
        return None;
    }
    let data_key = from.sealed(WRAPPED)?;
    let nonce = *from.array::<NONCE>()?;
    let length = usize::try_from(from.u32()?).ok()?;
    let secret = Sealed { nonce, bytes: from.take(length)?.into() };
    Some(Entry::read(vault, info, public.into(), data_key, secret))
}

fn info(from: &mut Reader<'_>) -> Option<EntryInfo> {
    if from.byte()? != ENTRY_VERSION {
        return None;
    }
    let name = from.short()?.parse().ok()?;
    let version = from.u32()?;
    let kind = EntryKind::numbered(from.byte()?)?;
    let created_ms = from.u64()?;
    let (exchange, environment) = (from.short()?, from.short()?);
    let hosts = (0..from.byte()?).map(|_| from.short()).collect::<Option<Vec<_>>>()?;
    let binding = Binding::new(exchange, environment, &hosts).ok()?;
    let key_id = match from.short()? {
        "" => None,
        id => Some(id.parse().ok()?),
    };
    let length = usize::from(u16::from_be_bytes(*from.array()?));
    let public = from.take(length)?.into();
    Some(EntryInfo { name, version, kind, created_ms, binding, key_id, public })
}

/// Takes fields from the front of bytes.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| *byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(|bytes| u32::from_be_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(|bytes| u64::from_be_bytes(*bytes))
    }

    fn short(&mut self) -> Option<&'a str> {
        let length = usize::from(self.byte()?);
        std::str::from_utf8(self.take(length)?).ok()
    }

    fn sealed(&mut self, length: usize) -> Option<Sealed> {
        Some(Sealed { nonce: *self.array()?, bytes: self.take(length)?.into() })
    }
}

#[cfg(test)]
mod tests;
