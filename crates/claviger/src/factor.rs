//! The operator's factor: the vault's passphrase, asked for once and only when it is needed.

use claviger_door::Sensitive;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::secret::Source;

/// The vault's passphrase. A descriptor can be read once, so what was read is kept until this is dropped.
pub struct Factor {
    source: Source,
    known: Option<Zeroizing<Box<[u8]>>>,
}

impl Factor {
    /// Nothing is read yet.
    pub const fn from(source: Source) -> Self {
        Self { source, known: None }
    }

    /// Known already.
    pub fn given(passphrase: Sensitive) -> Self {
        Self { source: Source::Prompt, known: Some(passphrase.into_bytes()) }
    }

    /// The passphrase.
    pub fn ask(&mut self) -> Result<Sensitive, Failure> {
        if self.known.is_none() {
            self.known = Some(self.source.read("passphrase of the vault")?.into_bytes());
        }
        Ok(self.copy())
    }

    /// The passphrase of a vault that is to be made: a person types it twice.
    pub fn ask_new(&mut self) -> Result<Sensitive, Failure> {
        if self.known.is_none() {
            self.known = Some(self.source.read_new("passphrase of the new vault")?.into_bytes());
        }
        Ok(self.copy())
    }

    fn copy(&self) -> Sensitive {
        let bytes: Box<[u8]> = self.known.as_ref().map(|k| k.as_ref().into()).unwrap_or_default();
        Sensitive::new(Zeroizing::new(bytes))
    }
}
