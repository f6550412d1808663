//! Files and folders that belong to us alone.

use std::fs::{File, Metadata, OpenOptions, symlink_metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::current_uid;

/// Why a file or folder is not taken as private.
#[derive(Debug, thiserror::Error)]
pub enum NotPrivate {
    /// The last component is a symbolic link.
    #[error("`{}` is a symbolic link", .0.display())]
    Link(PathBuf),
    /// It is neither a file nor a folder where one is wanted.
    #[error("`{}` is not of the kind expected", .0.display())]
    Kind(PathBuf),
    /// Somebody else owns it.
    #[error("`{}` belongs to uid {owner}, not to uid {current}: `chown` it", path.display())]
    Owner {
        /// What was looked at.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who we are.
        current: u32,
    },
    /// Others may read or write it.
    #[error("`{}` has mode {mode:04o}, which lets others in: `chmod go=` it", path.display())]
    Mode {
        /// What was looked at.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is longer than a file of its kind may be.
    #[error("`{}` is longer than {most} bytes", path.display())]
    TooLong {
        /// What was read.
        path: PathBuf,
        /// The most that is read of it.
        most: usize,
    },
    /// The kernel refused.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// What was looked at.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
}

/// Passes if `path` is a file or folder of the current user that nobody else may enter; links are not followed.
pub fn check_private(path: &Path) -> Result<(), NotPrivate> {
    let seen = symlink_metadata(path).map_err(|source| failed(path, source))?;
    if seen.file_type().is_symlink() {
        return Err(NotPrivate::Link(path.to_owned()));
    }
    owner_only(path, &seen)
}

/// Passes if `path` is a secret handed over by the service manager: ours or root's, and closed to all others.
pub fn check_credential(path: &Path) -> Result<(), NotPrivate> {
    open(path).and_then(|file| credential_only(path, &about(path, &file)?))
}

/// Reads a private file of at most `most` bytes; the checks are made on the opened file.
pub fn read_private(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, NotPrivate> {
    let file = open(path)?;
    owner_only(path, &about(path, &file)?)?;
    read(path, file, most)
}

/// Reads a credential of at most `most` bytes; the checks of [`check_credential`] are made on the opened file.
pub fn read_credential(path: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, NotPrivate> {
    let file = open(path)?;
    credential_only(path, &about(path, &file)?)?;
    read(path, file, most)
}

fn open(path: &Path) -> Result<File, NotPrivate> {
    // Not blocking, so that a pipe put in the file's place cannot hold us up.
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path).map_err(
        |source| match source.raw_os_error() {
            Some(libc::ELOOP) => NotPrivate::Link(path.to_owned()),
            _ => failed(path, source),
        },
    )
}

fn about(path: &Path, file: &File) -> Result<Metadata, NotPrivate> {
    let seen = file.metadata().map_err(|source| failed(path, source))?;
    if seen.is_file() { Ok(seen) } else { Err(NotPrivate::Kind(path.to_owned())) }
}

fn owner_only(path: &Path, seen: &Metadata) -> Result<(), NotPrivate> {
    let current = current_uid();
    if seen.uid() != current {
        return Err(NotPrivate::Owner { path: path.to_owned(), owner: seen.uid(), current });
    }
    closed_to(path, seen, 0o077)
}

/// A credential of root's may carry a group bit: that is how an access list for our user shows in the mode.
fn credential_only(path: &Path, seen: &Metadata) -> Result<(), NotPrivate> {
    let current = current_uid();
    match seen.uid() {
        owner if owner == current => closed_to(path, seen, if owner == 0 { 0o037 } else { 0o077 }),
        0 => closed_to(path, seen, 0o037),
        owner => Err(NotPrivate::Owner { path: path.to_owned(), owner, current }),
    }
}

fn closed_to(path: &Path, seen: &Metadata, bits: u32) -> Result<(), NotPrivate> {
    let mode = seen.mode() & 0o7777;
    if mode & bits == 0 { Ok(()) } else { Err(NotPrivate::Mode { path: path.to_owned(), mode }) }
}

/// Reads into one buffer of its final size, so that no shorter copy is left behind.
fn read(path: &Path, mut file: File, most: usize) -> Result<Zeroizing<Vec<u8>>, NotPrivate> {
    let io = |source| failed(path, source);
    let length = usize::try_from(file.metadata().map_err(io)?.len()).unwrap_or(usize::MAX);
    if length > most {
        return Err(NotPrivate::TooLong { path: path.to_owned(), most });
    }
    let mut bytes = Zeroizing::new(vec![0; length]);
    file.read_exact(&mut bytes).map_err(io)?;
    Ok(bytes)
}

fn failed(path: &Path, source: io::Error) -> NotPrivate {
    NotPrivate::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    fn file_of_mode(mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        crate::create_new(&path, b"inside", 0o600).unwrap();
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn only_the_owner_may_have_bits() {
        for mode in 0..=0o777 {
            let (_folder, path) = file_of_mode(mode | 0o400);
            assert_eq!(check_private(&path).is_ok(), mode & 0o077 == 0, "{mode:o}");
            assert_eq!(read_private(&path, 10).is_ok(), mode & 0o077 == 0, "{mode:o}");
        }
    }

    #[test]
    fn a_link_is_refused_even_to_a_private_file() {
        let (folder, path) = file_of_mode(0o600);
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(matches!(check_private(&link), Err(NotPrivate::Link(_))));
        assert!(matches!(read_private(&link, 10), Err(NotPrivate::Link(_))));
        assert!(matches!(read_credential(&link, 10), Err(NotPrivate::Link(_))));
    }

    #[test]
    fn another_owner_is_refused() {
        let (_folder, path) = file_of_mode(0o600);
        if current_uid() == 0 {
            chown(&path, Some(12345), None).unwrap();
            assert!(matches!(check_private(&path), Err(NotPrivate::Owner { owner: 12345, current: 0, .. })));
            assert!(matches!(check_credential(&path), Err(NotPrivate::Owner { owner: 12345, .. })));
        } else {
            assert!(matches!(
                check_private(Path::new("/etc/passwd")),
                Err(NotPrivate::Owner { owner: 0, .. })
            ));
        }
    }

    #[test]
    fn too_long_missing_folder_and_pipe_are_told_apart() {
        let (folder, path) = file_of_mode(0o600);
        assert!(matches!(read_private(&path, 5), Err(NotPrivate::TooLong { most: 5, .. })));
        assert_eq!(read_private(&path, 6).unwrap().as_slice(), b"inside");
        assert!(matches!(read_private(&folder.path().join("no"), 5), Err(NotPrivate::Io { .. })));
        assert!(matches!(read_private(folder.path(), 5), Err(NotPrivate::Kind(_))));
        assert!(matches!(read_private(Path::new("/dev/null"), 5), Err(NotPrivate::Kind(_))));
    }

    #[test]
    fn a_credential_of_the_world_is_refused() {
        for (mode, fine) in [(0o400, true), (0o440, current_uid() == 0), (0o444, false), (0o660, false)] {
            let (_folder, path) = file_of_mode(mode);
            assert_eq!(check_credential(&path).is_ok(), fine, "{mode:o}");
        }
    }
}
