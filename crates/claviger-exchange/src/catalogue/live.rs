//! The catalogue that is in use: compiled in, or a newer one that was taken before the first request.

use std::ops::Deref;
use std::sync::OnceLock;

use super::Catalogue;

/// One exchange's catalogue for the life of the process.
#[derive(Debug)]
pub struct Live {
    files: &'static [(&'static str, &'static str)],
    used: OnceLock<Catalogue>,
}

/// The newer catalogue cannot be taken any more: the process uses another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a catalogue is in use already")]
pub struct InUse;

impl Live {
    /// The catalogue of these compiled files, until [`Live::adopt`] takes another.
    #[must_use]
    pub const fn new(files: &'static [(&'static str, &'static str)]) -> Self {
        Self { files, used: OnceLock::new() }
    }

    /// The catalogue as it was compiled in, read anew.
    #[must_use]
    pub fn compiled(&self) -> Catalogue {
        Catalogue::compiled(self.files)
    }

    /// Takes a newer catalogue. Whoever calls this has checked its signature.
    ///
    /// # Errors
    /// Where a catalogue is in use: a process does not change it.
    pub fn adopt(&self, catalogue: Catalogue) -> Result<(), InUse> {
        self.used.set(catalogue).map_err(|_| InUse)
    }
}

impl Deref for Live {
    type Target = Catalogue;

    fn deref(&self) -> &Catalogue {
        self.used.get_or_init(|| self.compiled())
    }
}
