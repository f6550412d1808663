//! What an operator allows beside the catalogue: a row that only reads, or a harmless parameter of one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ExchangeName, SurfaceName};

/// One line of an operator's overlay. Whether it may stand there is the exchange's matter; here it is text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Allowance {
    /// The exchange.
    pub exchange: ExchangeName,
    /// The surface that serves the path.
    pub surface: SurfaceName,
    /// The path, asked with GET.
    pub path: Box<str>,
    /// What is allowed of it.
    pub what: Allowed,
}

/// What an [`Allowance`] is about. Rows stand before the parameters that they take.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allowed {
    /// The row itself, for bots that may `read`: signed.
    Read,
    /// The row itself, for whoever may ask public rows: sent without a key.
    Public,
    /// One more parameter.
    Param {
        /// As the exchange spells it.
        name: Box<str>,
        /// What may stand in it, as operators write grammars: `whole:1..100`.
        grammar: Box<str>,
    },
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} GET {}", self.exchange, self.surface, self.path)?;
        match &self.what {
            Allowed::Read => Ok(()),
            Allowed::Public => f.write_str(" --public"),
            Allowed::Param { name, grammar } => write!(f, " {name}={grammar}"),
        }
    }
}
