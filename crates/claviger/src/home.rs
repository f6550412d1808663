//! The home: one folder, owner-only, that holds everything claviger keeps.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use claviger_door::Exit;
use claviger_os::{HomeLock, LockError, NotPrivate, check_private};

use crate::failure::Failure;

/// How long the lock is waited for.
const ENDING: Duration = Duration::from_secs(3);

/// The pause before it is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// A home, by its folder; nothing is said about what is in it.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
    /// The folder asked for, else `CLAVIGER_HOME`, else `claviger` in the XDG data folder.
    pub fn locate(asked: Option<PathBuf>) -> Result<Self, Failure> {
        let set = |name| std::env::var_os(name).filter(|value: &OsString| !value.is_empty());
        let folder = asked
            .or_else(|| set("CLAVIGER_HOME").map(PathBuf::from))
            .or_else(|| set("XDG_DATA_HOME").map(|data| Path::new(&data).join("claviger")))
            .or_else(|| set("HOME").map(|home| Path::new(&home).join(".local/share/claviger")));
        match folder {
            Some(folder) => {
                let absolute = std::path::absolute(&folder);
                absolute.map(Self).map_err(|e| {
                    Failure::new(Exit::NoHome, format!("cannot use {} as home", folder.display()))
                        .caused_by(&e)
                })
            }
            None => Err(Failure::new(Exit::NoHome, "cannot tell where the home is")
                .because("neither CLAVIGER_HOME nor XDG_DATA_HOME nor HOME is set")
                .hint("`--home DIR`")),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Limits, keys, bots, listeners.
    pub fn config(&self) -> PathBuf {
        self.0.join("claviger.toml")
    }

    /// Real secrets, sealed.
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault")
    }

    /// What happened.
    pub fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    /// Bots, keys, freezes, policy versions.
    pub fn state(&self) -> PathBuf {
        self.0.join("state.db")
    }

    /// The operators' door of a running claviger.
    pub fn control(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    /// The local CA's certificate, for bots to trust; no secret.
    pub fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    /// What a running gateway's process last said of the exchanges; for people, trusted by nobody.
    pub fn status(&self) -> PathBuf {
        self.0.join("status.json")
    }

    /// Passes if the home is there and closed to others, with every file in it that matters.
    pub fn check(&self) -> Result<(), Failure> {
        if !self.config().exists() && !self.vault().exists() {
            return Err(Failure::new(Exit::NoHome, format!("there is no home in {}", self.0.display()))
                .hint(format!("`claviger init --home {}`", self.0.display())));
        }
        check_private(&self.0).map_err(not_private)?;
        for file in [self.config(), self.vault(), self.journal(), self.state()] {
            match check_private(&file) {
                Err(NotPrivate::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
                checked => checked.map_err(not_private)?,
            }
        }
        Ok(())
    }

    /// Takes the lock of the home; the kernel gives it back when this process ends. A claviger whose other process is gone
    /// settles before it ends, so one that holds the lock is given a moment.
    pub fn lock(&self) -> Result<HomeLock, Failure> {
        let end = Instant::now() + ENDING;
        let taken = loop {
            match HomeLock::take(&self.0.join("lock")) {
                Err(LockError::Held(_)) if Instant::now() < end => thread::sleep(PAUSE),
                taken => break taken,
            }
        };
        taken.map_err(|e| {
            let exit = match e {
                LockError::Held(_) => Exit::Home,
                LockError::Io { .. } => Exit::Failed,
            };
            Failure::new(exit, format!("cannot take the home {}", self.0.display()))
                .caused_by(&e)
                .hint("`claviger status` to see whether `serve` runs there")
        })
    }
}

/// A file or folder that others can read or write.
pub fn not_private(error: NotPrivate) -> Failure {
    let exit = match error {
        NotPrivate::Io { .. } => Exit::Failed,
        _ => Exit::NotPrivate,
    };
    Failure::new(exit, "cannot trust the home").caused_by(&error)
}
