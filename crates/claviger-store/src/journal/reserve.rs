//! Room kept on the disk for what must be recorded when nothing else can be: freeze and panic.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::JournalError;
use super::segment::{RESERVE, file_name};

/// Its size: room for some hundred urgent entries.
pub(crate) const SIZE: usize = 64 * 1024;

/// Lays the reserved segment out, if it is not there.
pub(crate) fn lay_out(dir: &Path) -> Result<(), JournalError> {
    let path = dir.join(RESERVE);
    match claviger_os::create_new(&path, &[0; SIZE], 0o600) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(JournalError::Io { what: "make", file: path, source }),
    }
}

/// The reserved segment in use: written in place, so that it needs no new room on the disk.
#[derive(Debug)]
pub(crate) struct Reserve {
    file: File,
    path: PathBuf,
    used: usize,
    size: usize,
}

impl Reserve {
    /// Makes the laid-out file segment `number`, beginning with `bytes`, durably.
    pub(crate) fn begin(dir: &Path, number: u64, bytes: &[u8]) -> Result<Self, JournalError> {
        let mut reserve = Self::open(dir.join(RESERVE), 0)?;
        reserve.put(bytes)?;
        let path = dir.join(file_name(number));
        reserve.name(dir, &path).map_err(|source| JournalError::Io { what: "name", file: path, source })?;
        Ok(reserve)
    }

    /// Goes on in a reserved segment of which `used` bytes are taken.
    pub(crate) fn open(path: PathBuf, used: usize) -> Result<Self, JournalError> {
        let opened = OpenOptions::new().write(true).open(&path).and_then(|file| {
            let size = usize::try_from(file.metadata()?.len()).unwrap_or(0);
            Ok((file, size))
        });
        match opened {
            Ok((file, size)) => Ok(Self { file, path, used, size }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(JournalError::NoReserve),
            Err(source) => Err(JournalError::Io { what: "open", file: path, source }),
        }
    }

    /// Writes `bytes` behind what it holds, durably. After a failure it takes nothing more.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        let (start, end) = (self.used, self.used + bytes.len());
        if end > self.size {
            return Err(JournalError::NoReserve);
        }
        // Taken in any case: after a failure nobody knows what stands there.
        self.used = self.size;
        self.file
            .write_all_at(bytes, start as u64)
            .and_then(|()| self.file.sync_data())
            .map_err(|source| JournalError::Io { what: "write", file: self.path.clone(), source })?;
        self.used = end;
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the journal writer renames its own file and syncs the folder"
    )]
    fn name(&mut self, dir: &Path, path: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, path)?;
        path.clone_into(&mut self.path);
        File::open(dir)?.sync_all()
    }
}
