//! Files that survive a power loss whole: the old bytes or the new ones, never a mixture.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// The steps of a replacement, so that a test can cut the power between any two of them.
trait Disk {
    type File;
    fn create(&mut self, path: &Path, mode: u32) -> io::Result<Self::File>;
    fn write(&mut self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    fn sync_file(&mut self, file: &mut Self::File) -> io::Result<()>;
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()>;
    fn remove(&mut self, path: &Path) -> io::Result<()>;
}

/// Puts `bytes` in the place of `path` so that a crash at any moment leaves the old file or the new one.
///
/// When it returns `Ok`, the new bytes are on the disk. When it fails, `path` holds the old bytes, or, if only the
/// last sync failed, either. A full disk is an error of kind `StorageFull` or `QuotaExceeded`.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    replace_on(&mut Real, path, bytes, mode)
}

fn replace_on<D: Disk>(disk: &mut D, path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let (temporary, mut file) = create_temporary(disk, path, mode)?;
    let written = disk
        .write(&mut file, bytes)
        .and_then(|()| disk.sync_file(&mut file))
        .and_then(|()| disk.rename(&temporary, path));
    if let Err(e) = written {
        // The first error is the one to tell; a leftover is swept by `remove_leftovers`.
        drop(disk.remove(&temporary));
        return Err(e);
    }
    disk.sync_folder(folder_of(path))
}

fn create_temporary<D: Disk>(disk: &mut D, path: &Path, mode: u32) -> io::Result<(PathBuf, D::File)> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..100 {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mut name = temporary_prefix(path)?;
        name.push(format!("{}-{count}{TEMPORARY_END}", std::process::id()));
        let temporary = path.with_file_name(name);
        match disk.create(&temporary, mode) {
            Ok(file) => return Ok((temporary, file)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(e),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

const TEMPORARY_END: &str = ".new";

/// What the temporary files for `path` start with: `.NAME.`.
fn temporary_prefix(path: &Path) -> io::Result<OsString> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    Ok([OsStr::new("."), name, OsStr::new(".")].into_iter().collect())
}

/// Removes what interrupted replacements of `path` left behind; call it only while holding the home's lock.
pub fn remove_leftovers(path: &Path) -> io::Result<()> {
    let prefix = temporary_prefix(path)?;
    for entry in folder_of(path).read_dir()? {
        let entry = entry?;
        let name = entry.file_name();
        let (name, prefix) = (name.as_encoded_bytes(), prefix.as_encoded_bytes());
        let middle = name.strip_prefix(prefix).and_then(|n| n.strip_suffix(TEMPORARY_END.as_bytes()));
        if middle.is_some_and(|m| !m.is_empty() && m.iter().all(|b| b.is_ascii_digit() || *b == b'-')) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes `path` with `bytes`, durably; fails with `AlreadyExists` rather than touch what is there.
///
/// The file appears under its name only when it is whole.
pub fn create_new(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let (temporary, mut file) = create_temporary(&mut Real, path, mode)?;
    let made = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| std::fs::hard_link(&temporary, path))
        .and_then(|()| Real.sync_folder(folder_of(path)));
    std::fs::remove_file(&temporary)?;
    made
}

/// Makes a folder that only the current user may enter, durably.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    Real.sync_folder(folder_of(path))
}

/// Removes a file, durably.
pub fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)?;
    Real.sync_folder(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

struct Real;

impl Disk for Real {
    type File = File;

    fn create(&mut self, path: &Path, mode: u32) -> io::Result<File> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
        Ok(file)
    }

    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync_file(&mut self, file: &mut File) -> io::Result<()> {
        file.sync_all()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the module that renames, and it syncs the folder after"
    )]
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }
}

/// A file that is written from front to back. After a failed sync it takes nothing more: what reached the disk is then unknown.
#[derive(Debug)]
pub struct Append {
    file: File,
    poisoned: AtomicBool,
}

impl Append {
    /// Opens `path`, which must be there. Links are not followed.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NOFOLLOW).open(path)?;
        Ok(Self { file, poisoned: AtomicBool::new(false) })
    }

    /// Puts `bytes` at `offset`; they are durable only after [`Append::sync`].
    ///
    /// After an error part of them may have been written, and nothing more is taken.
    pub fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.unless_poisoned(|file| file.write_all_at(bytes, offset))
    }

    /// Puts everything written so far on the disk (`fdatasync`); never try again after an error.
    pub fn sync(&self) -> io::Result<()> {
        self.unless_poisoned(File::sync_data)
    }

    /// How many bytes the file holds.
    pub fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn unless_poisoned(&self, act: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
        if self.poisoned.load(Ordering::Acquire) {
            return Err(io::Error::other("an earlier write or sync of this file failed"));
        }
        act(&self.file).inspect_err(|_| self.poisoned.store(true, Ordering::Release))
    }
}

#[cfg(test)]
mod tests;
