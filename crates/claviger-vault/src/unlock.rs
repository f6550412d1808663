//! Where the passphrase comes from when the vault is opened.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use claviger_os::{NotInherited, NotPrivate};
use zeroize::Zeroizing;

use crate::passphrase::{Passphrase, ReadSecretError};

/// Where to take the passphrase from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnlockSource {
    /// A person at the terminal.
    Prompt,
    /// A file handed over by the service manager.
    Credential(PathBuf),
    /// An inherited descriptor of this number.
    Fd(i32),
}

/// Why no passphrase came.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// No terminal, or the person gave up.
    #[error("cannot ask for the passphrase at the terminal: give it by credential or descriptor")]
    Prompt(#[source] io::Error),
    /// The credential file is open to others, or cannot be read.
    #[error("cannot take the passphrase from the credential")]
    Credential(#[source] NotPrivate),
    /// The descriptor was not inherited.
    #[error("cannot take the passphrase from the descriptor")]
    Fd(#[source] NotInherited),
    /// What came is not a passphrase.
    #[error("cannot use the passphrase")]
    Read(#[source] ReadSecretError),
}

impl UnlockSource {
    /// The name of the credential, as in `LoadCredential=claviger-passphrase:/path`.
    pub const CREDENTIAL: &str = "claviger-passphrase";

    /// The credential in the folder that `CREDENTIALS_DIRECTORY` names, if it is there; else the terminal.
    #[must_use]
    pub fn detect(credentials_directory: Option<&OsStr>) -> Self {
        credentials_directory
            .map(|folder| Path::new(folder).join(Self::CREDENTIAL))
            .filter(|path| path.symlink_metadata().is_ok())
            .map_or(Self::Prompt, Self::Credential)
    }

    /// Gets the passphrase. One line end at its end is not part of it. A descriptor can be read once.
    pub fn passphrase(&self) -> Result<Passphrase, UnlockError> {
        match self {
            Self::Prompt => Passphrase::prompt("passphrase of the vault: ").map_err(UnlockError::Prompt),
            Self::Credential(path) => {
                // One more byte than fits with a line end, so that too long is told as such.
                let bytes = claviger_os::read_credential(path, Passphrase::MOST + 3)
                    .map_err(UnlockError::Credential)?;
                from_bytes(&bytes)
            }
            Self::Fd(number) => {
                let descriptor = claviger_os::take_inherited(*number).map_err(UnlockError::Fd)?;
                Passphrase::read(File::from(descriptor)).map_err(UnlockError::Read)
            }
        }
    }
}

fn from_bytes(bytes: &Zeroizing<Vec<u8>>) -> Result<Passphrase, UnlockError> {
    Passphrase::read(bytes.as_slice()).map_err(UnlockError::Read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    fn credential(content: &[u8], mode: u32) -> (tempfile::TempDir, UnlockSource) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(UnlockSource::CREDENTIAL);
        claviger_os::create_new(&path, content, 0o600).unwrap();
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let source = UnlockSource::detect(Some(folder.path().as_os_str()));
        assert_eq!(source, UnlockSource::Credential(path));
        (folder, source)
    }

    #[test]
    fn a_credential_is_read() {
        let (_folder, source) = credential(b"correct horse\n", 0o400);
        assert_eq!(source.passphrase().unwrap().bytes(), b"correct horse");
    }

    #[test]
    fn a_credential_for_all_to_read_is_refused() {
        let (_folder, source) = credential(b"correct horse\n", 0o444);
        assert!(matches!(source.passphrase(), Err(UnlockError::Credential(NotPrivate::Mode { .. }))));
    }

    #[test]
    fn an_empty_or_long_credential_is_refused() {
        let (_folder, source) = credential(b"\n", 0o400);
        assert!(matches!(source.passphrase(), Err(UnlockError::Read(ReadSecretError::Empty))));
        let (_folder, source) = credential(&[b'x'; Passphrase::MOST + 1], 0o400);
        assert!(matches!(source.passphrase(), Err(UnlockError::Read(ReadSecretError::TooLong(_)))));
    }

    #[test]
    fn without_a_credential_a_person_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(UnlockSource::detect(None), UnlockSource::Prompt);
        assert_eq!(UnlockSource::detect(Some(folder.path().as_os_str())), UnlockSource::Prompt);
    }

    #[test]
    fn a_descriptor_that_is_not_there_is_an_error() {
        assert!(matches!(UnlockSource::Fd(999).passphrase(), Err(UnlockError::Fd(_))));
    }
}
