//! The catalogue in use, with what operators allow beside it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use claviger_core::Allowance;

use super::overlay::{self, NotAllowed};
use super::{Catalogue, Row, Update, Verb};

/// One exchange's rows for the life of the process.
///
/// The catalogue itself does not change while the process lives; what operators allow does.
#[derive(Debug)]
pub struct Live {
    files: &'static [(&'static str, &'static str)],
    base: OnceLock<Catalogue>,
    beside: RwLock<Beside>,
    is_widened: AtomicBool,
}

/// Another catalogue is in use, and a process does not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another catalogue is in use already")]
pub struct InUse;

/// What operators allow. A row is never dropped while the process lives, because requests hold it; there are as many as
/// operators make.
#[derive(Debug)]
struct Beside {
    version: u64,
    allowances: Vec<Allowance>,
    rows: Vec<&'static Row>,
}

impl Live {
    /// The catalogue of these compiled files.
    #[must_use]
    pub const fn new(files: &'static [(&'static str, &'static str)]) -> Self {
        Self {
            files,
            base: OnceLock::new(),
            beside: RwLock::new(Beside { version: 0, allowances: Vec::new(), rows: Vec::new() }),
            is_widened: AtomicBool::new(false),
        }
    }

    /// The catalogue as it is compiled in, read anew.
    #[must_use]
    pub fn compiled(&self) -> Catalogue {
        Catalogue::compiled(self.files)
    }

    /// Uses the compiled catalogue with these updates for the life of the process. Whoever calls it has checked their
    /// signatures. The same again changes nothing.
    ///
    /// # Errors
    /// Where another catalogue is in use already.
    pub fn adopt(&self, updates: &[Update]) -> Result<(), InUse> {
        let wanted = updates.iter().fold(self.compiled(), Catalogue::patched);
        match self.base.set(wanted) {
            Ok(()) => Ok(()),
            Err(wanted) if self.base().rows() == wanted.rows() => Ok(()),
            Err(_) => Err(InUse),
        }
    }

    /// The catalogue without what operators allow.
    pub fn base(&self) -> &Catalogue {
        self.base.get_or_init(|| self.compiled())
    }

    /// The row of a surface, verb and path, with what operators allow.
    #[must_use]
    pub fn row(&self, surface: &str, verb: Verb, path: &str) -> Option<&Row> {
        self.allowed(surface, verb, path).or_else(|| self.base().row(surface, verb, path))
    }

    fn allowed(&self, surface: &str, verb: Verb, path: &str) -> Option<&'static Row> {
        // Most operators allow nothing: then no lock is taken.
        if !self.is_widened.load(Ordering::Acquire) {
            return None;
        }
        let beside = self.beside.read().unwrap_or_else(PoisonError::into_inner);
        beside.rows.iter().copied().find(|row| row.is(surface, verb) && *row.path == *path)
    }

    /// Every row, with what operators allow; rows that the catalogue does not have are last.
    #[must_use]
    pub fn rows(&self) -> Vec<&Row> {
        let beside = self.beside.read().unwrap_or_else(PoisonError::into_inner);
        let mut rows: Vec<&Row> = self.base().rows().iter().collect();
        for row in &beside.rows {
            match rows.iter_mut().find(|known| known.is(&row.surface, row.verb) && known.path == row.path) {
                Some(known) => *known = row,
                None => rows.push(row),
            }
        }
        rows
    }

    /// Puts these in the place of everything that operators allowed before.
    ///
    /// # Errors
    /// [`NotAllowed`] where one of them would do more than let bots read; nothing changes then.
    pub fn allow(&self, allowances: &[Allowance]) -> Result<(), NotAllowed> {
        let rows = overlay::rows(self.base(), allowances)?;
        let mut beside = self.beside.write().unwrap_or_else(PoisonError::into_inner);
        let version = beside.version + 1;
        self.put(&mut beside, (version, allowances, rows));
        Ok(())
    }

    /// What is allowed, and its version, which rises with every change.
    #[must_use]
    pub fn allowances(&self) -> (u64, Vec<Allowance>) {
        let beside = self.beside.read().unwrap_or_else(PoisonError::into_inner);
        (beside.version, beside.allowances.clone())
    }

    /// Takes over what another process, or this one, allowed under a later version; anything else changes nothing.
    ///
    /// # Errors
    /// [`NotAllowed`] as [`Live::allow`].
    pub fn follow(&self, version: u64, allowances: &[Allowance]) -> Result<(), NotAllowed> {
        let rows = overlay::rows(self.base(), allowances)?;
        let mut beside = self.beside.write().unwrap_or_else(PoisonError::into_inner);
        if version > beside.version {
            self.put(&mut beside, (version, allowances, rows));
        }
        Ok(())
    }

    fn put(&self, beside: &mut Beside, (version, allowances, rows): (u64, &[Allowance], Vec<Row>)) {
        let known = |row: Row| match beside.rows.iter().find(|known| ***known == row) {
            Some(known) => *known,
            None => Box::leak(Box::new(row)),
        };
        let rows = rows.into_iter().map(known).collect();
        *beside = Beside { version, allowances: allowances.to_vec(), rows };
        self.is_widened.store(!beside.rows.is_empty(), Ordering::Release);
    }

    /// Whether this could be allowed beside what is.
    ///
    /// # Errors
    /// [`NotAllowed`] as [`Live::allow`].
    pub fn could_allow(&self, allowance: &Allowance) -> Result<(), NotAllowed> {
        let (_, mut all) = self.allowances();
        all.push(allowance.clone());
        overlay::rows(self.base(), &all).map(drop)
    }

    /// The rows that these would make, beside or in the place of the catalogue's.
    ///
    /// # Errors
    /// [`NotAllowed`] as [`Live::allow`].
    pub fn made_by(&self, allowances: &[Allowance]) -> Result<Vec<Row>, NotAllowed> {
        overlay::rows(self.base(), allowances)
    }

    /// Of some allowances those that fit the catalogue; the others with why they do not.
    ///
    /// A newer catalogue may read, or refuse, what an operator once allowed: then the catalogue holds.
    #[must_use]
    pub fn fitting(&self, allowances: &[Allowance]) -> (Vec<Allowance>, Vec<(Allowance, NotAllowed)>) {
        overlay::fitting(self.base(), allowances)
    }
}
