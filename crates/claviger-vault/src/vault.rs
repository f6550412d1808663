//! A vault that is open: its keys in protected memory, its entries as they lie in the file.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use zeroize::Zeroizing;

use crate::entry::{Draft, Entry, EntryInfo, Material, NewEntry, Prepared};
use crate::error::VaultError;
use crate::file::{self, Header, Image};
use crate::names::{Binding, KeyId, KeyRef};
use crate::passphrase::Passphrase;
use crate::seal::{Key, Keys, Sealed, fill_random};
use crate::strength::Strength;

/// The open vault of a home. Hold the home's lock as long as it is open: it rewrites its file as a whole.
///
/// Every method takes `&self`, so that one vault serves all threads; a change does not hold up signatures.
pub struct Vault {
    path: PathBuf,
    pub(crate) keys: Keys,
    image: RwLock<Arc<Image>>,
    changing: Mutex<()>,
}

impl Vault {
    /// Makes a vault at `path` that must not exist yet, and opens it.
    pub fn create(path: &Path, passphrase: &Passphrase, strength: Strength) -> Result<Self, VaultError> {
        let mut vault_key = Zeroizing::new([0; 32]);
        let mut id = [0; 16];
        fill_random(vault_key.as_mut_slice())?;
        fill_random(&mut id)?;
        let header = wrap(&vault_key, id, passphrase, strength)?;
        let keys = Keys::new(&vault_key)?;
        let image = Image { header, generation: 1, entries: BTreeMap::new() };
        let bytes = image.write(&keys)?;
        claviger_os::create_new(path, &bytes, 0o600).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => VaultError::Exists(path.to_owned()),
            _ => VaultError::Write { path: path.to_owned(), source },
        })?;
        Ok(Self::of(path, keys, image))
    }

    /// Opens the vault at `path`, whole or not at all.
    pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Self, VaultError> {
        let bytes = claviger_os::read_private(path, file::MOST).map_err(VaultError::NotPrivate)?;
        let unverified = file::read(&bytes)?;
        let vault_key = unwrap(unverified.header(), passphrase)?;
        let keys = Keys::new(&vault_key)?;
        let image = unverified.verify(&keys)?;
        Ok(Self::of(path, keys, image))
    }

    /// Looks at the file without a passphrase: an error if it is missing, open to others, cut short or damaged.
    ///
    /// What it finds sound may still have been altered on purpose: only [`Vault::open`] can tell.
    pub fn check(path: &Path) -> Result<(), VaultError> {
        let bytes = claviger_os::read_private(path, file::MOST).map_err(VaultError::NotPrivate)?;
        file::read(&bytes).map(|_| ())
    }

    fn of(path: &Path, keys: Keys, image: Image) -> Self {
        Self { path: path.to_owned(), keys, image: RwLock::new(Arc::new(image)), changing: Mutex::new(()) }
    }

    /// The vault's own random id.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.image().header.id
    }

    /// How often the file was changed; write it where a roll-back of the file cannot reach.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.image().generation
    }

    /// The vault, unless its file is older than a generation that was seen before.
    pub fn not_older_than(self, generation: u64) -> Result<Self, VaultError> {
        match self.generation() {
            found if found < generation => Err(VaultError::RolledBack { found, expected: generation }),
            _ => Ok(self),
        }
    }

    /// Passes if `passphrase` is the one of this vault: the operator's factor. Slow on purpose.
    pub fn check_passphrase(&self, passphrase: &Passphrase) -> Result<(), VaultError> {
        unwrap(&self.image().header, passphrase).map(|_| ())
    }

    /// Puts the vault under another passphrase; entries and virtual secrets stay as they are.
    pub fn change_passphrase(
        &self,
        old: &Passphrase,
        new: &Passphrase,
        strength: Strength,
    ) -> Result<(), VaultError> {
        self.check_passphrase(old)?;
        self.change(|image| {
            let id = image.header.id;
            let wrapped = self.keys.with_vault(|key| wrap(key, id, new, strength));
            image.header = wrapped.ok_or(VaultError::Crypto)??;
            Ok(())
        })
    }

    /// What is public about every entry, sorted by name.
    #[must_use]
    pub fn list(&self) -> Vec<EntryInfo> {
        self.image().entries.values().map(|entry| entry.info.clone()).collect()
    }

    /// What is public about one entry.
    #[must_use]
    pub fn info(&self, name: &KeyRef) -> Option<EntryInfo> {
        self.image().entries.get(name).map(|entry| entry.info.clone())
    }

    /// Puts a secret into the vault; when it returns, it is there to stay.
    pub fn add(&self, new: NewEntry) -> Result<EntryInfo, VaultError> {
        let NewEntry { name, binding, key_id, created_ms, material } = new;
        let prepared = material.prepare()?;
        self.put(Draft { name, version: 1, created_ms, binding, key_id }, &prepared)
    }

    /// Puts another secret in the place of an entry's, under the next version and the same binding.
    pub fn replace(
        &self,
        name: &KeyRef,
        material: Material,
        key_id: Option<KeyId>,
        created_ms: u64,
    ) -> Result<EntryInfo, VaultError> {
        let old = self.info(name).ok_or_else(|| VaultError::UnknownKey(name.clone()))?;
        let prepared = material.prepare()?;
        self.change(|image| {
            let before = image.entries.remove(name).ok_or_else(|| VaultError::UnknownKey(name.clone()))?;
            let version = before.info.version.checked_add(1).ok_or(VaultError::TooBig)?;
            let binding: Binding = old.binding;
            self.insert(image, Draft { name: name.clone(), version, created_ms, binding, key_id }, &prepared)
        })
    }

    /// Removes an entry for good.
    pub fn remove(&self, name: &KeyRef) -> Result<(), VaultError> {
        self.change(|image| match image.entries.remove(name) {
            Some(_) => Ok(()),
            None => Err(VaultError::UnknownKey(name.clone())),
        })
    }

    pub(crate) fn put(&self, draft: Draft, prepared: &Prepared) -> Result<EntryInfo, VaultError> {
        self.change(|image| self.insert(image, draft, prepared))
    }

    fn insert(&self, image: &mut Image, draft: Draft, prepared: &Prepared) -> Result<EntryInfo, VaultError> {
        if image.entries.contains_key(&draft.name) {
            return Err(VaultError::NameTaken(draft.name));
        }
        let entry = Entry::seal(&self.keys, &image.header.id, draft, prepared);
        claviger_os::scrub_stack();
        let entry = entry?;
        let info = entry.info.clone();
        image.entries.insert(info.name.clone(), Arc::new(entry));
        Ok(info)
    }

    pub(crate) fn entry(&self, name: &KeyRef) -> Option<Arc<Entry>> {
        self.image.read().unwrap_or_else(PoisonError::into_inner).entries.get(name).map(Arc::clone)
    }

    fn image(&self) -> Arc<Image> {
        Arc::clone(&self.image.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a changed image, puts it on the disk, and only then uses it.
    fn change<T>(&self, edit: impl FnOnce(&mut Image) -> Result<T, VaultError>) -> Result<T, VaultError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut image = Image::clone(&self.image());
        let result = edit(&mut image)?;
        image.generation = image.generation.checked_add(1).ok_or(VaultError::TooBig)?;
        let bytes = image.write(&self.keys)?;
        let failed = |source| VaultError::Write { path: self.path.clone(), source };
        claviger_os::remove_leftovers(&self.path).map_err(failed)?;
        claviger_os::replace(&self.path, &bytes, 0o600).map_err(failed)?;
        *self.image.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(image);
        Ok(result)
    }
}

/// A header that gives `vault_key` to who knows `passphrase`.
fn wrap(
    vault_key: &Key,
    id: [u8; 16],
    passphrase: &Passphrase,
    strength: Strength,
) -> Result<Header, VaultError> {
    if passphrase.bytes().len() < Passphrase::LEAST {
        return Err(VaultError::PassphraseTooShort);
    }
    let mut salt = [0; 32];
    fill_random(&mut salt)?;
    let mut header = Header { id, strength, salt, vault_key: None };
    let stretched = strength.stretch(passphrase, &salt)?;
    header.vault_key = Some(Sealed::new(&stretched, &header.about(), vault_key)?);
    Ok(header)
}

fn unwrap(header: &Header, passphrase: &Passphrase) -> Result<Zeroizing<Key>, VaultError> {
    let stretched = header.strength.stretch(passphrase, &header.salt)?;
    let wrapped = header.vault_key.as_ref().ok_or(VaultError::Crypto)?;
    let mut vault_key = Zeroizing::new([0; 32]);
    let unwrapped = wrapped.open(&stretched, &header.about(), |plain| vault_key.copy_from_slice(plain));
    claviger_os::scrub_stack();
    unwrapped.map_err(|_| VaultError::WrongPassphraseOrAltered)?;
    Ok(vault_key)
}
