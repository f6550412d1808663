//! What can go wrong with a vault as a whole.

use std::io;
use std::path::PathBuf;

use claviger_os::NotPrivate;

use crate::entry::MaterialError;
use crate::names::KeyRef;
use crate::strength::Strength;

/// Why a vault was not made, opened or changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file is not ours alone, or cannot be read.
    #[error("cannot take the vault file as private")]
    NotPrivate(#[source] NotPrivate),
    /// There is a vault already.
    #[error("there is a vault at `{}` already", .0.display())]
    Exists(PathBuf),
    /// The new file could not be made durable; the vault in use is unchanged.
    #[error("cannot write the vault `{}`", path.display())]
    Write {
        /// The vault file.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// The file does not begin like a vault.
    #[error("the file is not a claviger vault")]
    NotAVault,
    /// It was written by a newer claviger, or its version byte was altered.
    #[error("the vault has format version {0}, and this claviger reads version 1")]
    UnknownVersion(u8),
    /// The file ends too early.
    #[error("the vault file is cut short: restore it from a backup")]
    Truncated,
    /// The file's own checksum is wrong: a bit was flipped, or bytes were added.
    #[error("the vault file is damaged, its checksum does not match: restore it from a backup")]
    Damaged,
    /// The checksum matches, and still the bytes are not a vault of this version.
    #[error("the vault file is malformed: {0}")]
    Malformed(&'static str),
    /// The passphrase would be too cheap to try.
    #[error(
        "Argon2id with {kib} KiB, {passes} passes, {lanes} lanes is below the floor of {} KiB, {} passes, {} lane",
        Strength::FLOOR.kib(), Strength::FLOOR.passes(), Strength::FLOOR.lanes()
    )]
    BelowFloor {
        /// Memory in KiB.
        kib: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// The file asks for more than is sane.
    #[error(
        "Argon2id with {kib} KiB, {passes} passes, {lanes} lanes is above the ceiling of {} KiB, {} passes, {} lanes",
        Strength::CEILING.kib(), Strength::CEILING.passes(), Strength::CEILING.lanes()
    )]
    AboveCeiling {
        /// Memory in KiB.
        kib: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// The file is whole by its checksum; either the passphrase is wrong or somebody altered it on purpose.
    #[error("the passphrase is wrong, or the vault's header was altered")]
    WrongPassphraseOrAltered,
    /// The passphrase is right, and something was removed, added, swapped or rolled back.
    #[error("the vault was altered by somebody without its passphrase: restore it from a backup")]
    Altered,
    /// The vault is older than one seen before.
    #[error(
        "the vault is at generation {found}, and generation {expected} was seen before: it was rolled back"
    )]
    RolledBack {
        /// The generation in the file.
        found: u64,
        /// The least that was expected.
        expected: u64,
    },
    /// A new passphrase is too short.
    #[error("a passphrase needs at least {} bytes", crate::Passphrase::LEAST)]
    PassphraseTooShort,
    /// The passphrase could not be stretched, most likely for want of memory.
    #[error("cannot stretch the passphrase: is there enough memory?")]
    Stretch,
    /// No protected memory.
    #[error("cannot get protected memory: raise RLIMIT_MEMLOCK")]
    Memory(#[source] io::Error),
    /// The cryptographic library failed.
    #[error("the cryptographic library failed")]
    Crypto,
    /// The name is in use.
    #[error("there is a key `{0}` already")]
    NameTaken(KeyRef),
    /// No entry of that name.
    #[error("there is no key `{0}` in the vault")]
    UnknownKey(KeyRef),
    /// The file would be larger than a vault may be.
    #[error("the vault would be larger than {} bytes", crate::file::MOST)]
    TooBig,
    /// The secret is not of its kind.
    #[error("the secret cannot be used")]
    Material(#[from] MaterialError),
}
