//! The keep in this process: for commands while no claviger runs, for the keep's own process, and without isolation.

use std::time::{Duration, Instant};

use claviger_door::{Desk, Exit, Sensitive};
use claviger_keep::{CatalogueError, Keep, OpenError, Opening};
use claviger_os::{HomeLock, LockError, NotPrivate};
use claviger_store::StateError;
use claviger_vault::{Passphrase, Vault, VaultError};

use crate::commands::journal_broken;
use crate::factor::Factor;
use crate::failure::{Failure, is_full};
use crate::home::{Home, not_private};

/// An open keep. Nobody else has the home meanwhile.
pub struct Here {
    keep: Keep,
    _home: Option<HomeLock>,
    _keep: HomeLock,
}

impl Here {
    /// Takes the home and opens its keep.
    pub fn open(home: &Home, factor: &mut Factor) -> Result<Self, Failure> {
        let lock = home.lock()?;
        let mut here = Self::open_locked(home, factor)?;
        here._home = Some(lock);
        Ok(here)
    }

    /// Opens the keep of a home that this process's parent, or its other thread, has taken.
    pub fn open_locked(home: &Home, factor: &mut Factor) -> Result<Self, Failure> {
        close_off();
        Vault::check(&home.vault()).map_err(|e| vault_failed(home, &e))?;
        let vault = open_vault(home, factor.ask()?)?;
        let lock = keep_lock(home)?;
        let opening = Opening { home: home.path(), vault, own_uid: claviger_os::current_uid() };
        let keep = Keep::open(opening).map_err(|e| open_failed(&e))?;
        Ok(Self { keep, _home: None, _keep: lock })
    }

    /// The operators' desk.
    pub fn desk(&mut self) -> &mut impl Desk {
        &mut self.keep
    }

    /// A handle on the keep.
    pub fn keep(&self) -> Keep {
        self.keep.clone()
    }
}

/// No core file and no debugger, as far as the system has that: the vault's key is about to be in this process.
fn close_off() {
    for given_up in [claviger_os::no_core(), claviger_os::undumpable()] {
        if let Err(error) = given_up {
            tracing::warn!(%error, "this process is less closed off than it should be");
        }
    }
}

/// A keep that outlives its gateway by a moment still settles and syncs: the next one waits for it.
pub fn keep_lock(home: &Home) -> Result<HomeLock, Failure> {
    let path = home.path().join("keep.lock");
    let end = Instant::now() + PATIENCE;
    loop {
        match HomeLock::take(&path) {
            Ok(lock) => return Ok(lock),
            Err(LockError::Held(_)) if Instant::now() < end => std::thread::sleep(Duration::from_millis(20)),
            Err(e) => {
                let exit = if matches!(e, LockError::Held(_)) { Exit::Home } else { Exit::Failed };
                return Err(Failure::new(exit, "another keep has this home").caused_by(&e));
            }
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(20);

fn open_vault(home: &Home, passphrase: Sensitive) -> Result<Vault, Failure> {
    let passphrase = Passphrase::new(passphrase.into_bytes());
    Vault::open(&home.vault(), &passphrase).map_err(|e| vault_failed(home, &e))
}

/// The vault cannot be used.
pub fn vault_failed(home: &Home, error: &VaultError) -> Failure {
    let what = format!("cannot open the vault {}", home.vault().display());
    match error {
        VaultError::NotPrivate(NotPrivate::Io { .. }) => Failure::new(Exit::Vault, what).caused_by(error),
        VaultError::NotPrivate(_) => Failure::new(Exit::NotPrivate, what).caused_by(error),
        VaultError::WrongPassphraseOrAltered => Failure::new(Exit::WrongPassphrase, what)
            .caused_by(error)
            .hint("the passphrase again")
            .hint("`claviger vault check`, which sees damage that is no malice"),
        VaultError::Write { source, .. } => {
            Failure::new(Exit::Vault, what).caused_by(error).full_disk(is_full(source))
        }
        VaultError::PassphraseTooShort => {
            Failure::new(Exit::NoSecret, "cannot make the vault").caused_by(error)
        }
        _ => Failure::new(Exit::Vault, what).caused_by(error),
    }
}

fn open_failed(error: &OpenError) -> Failure {
    match error {
        OpenError::Journal(error) => journal_broken(error),
        OpenError::State(StateError::NotPrivate(_)) => {
            Failure::new(Exit::NotPrivate, "cannot open the home").caused_by(error)
        }
        OpenError::State(state) => {
            Failure::new(Exit::Store, "cannot open the home").caused_by(error).full_disk(state.is_full())
        }
        OpenError::Catalogue(error) => catalogue_failed(error),
        OpenError::Random(_) | OpenError::Policy(_) => {
            Failure::new(Exit::Failed, "cannot open the home").caused_by(error)
        }
    }
}

/// A catalogue that was taken cannot be used: nothing is served by another one than the operator thinks.
pub fn catalogue_failed(error: &CatalogueError) -> Failure {
    Failure::new(Exit::Catalogue, "a catalogue that was taken cannot be used")
        .caused_by(error)
        .hint("`claviger exchange update --drop NAME SURFACE`, which goes back to the one compiled in")
        .hint("`claviger exchange update FILE` then, where a key of `catalogue_keys` signed it")
}

/// A check of the home that both processes make before anything else.
pub fn check(home: &Home) -> Result<(), Failure> {
    home.check()?;
    claviger_os::check_private(home.path()).map_err(not_private)
}
