//! What an operator allows beside the catalogue: a row that reads, or a harmless parameter of one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ExchangeName, SurfaceName};

/// One line of an operator's overlay. What it may say is the exchange's matter; here it is text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Allowance {
    /// The exchange.
    pub exchange: ExchangeName,
    /// The surface that serves the path.
    pub surface: SurfaceName,
    /// The path, asked with GET.
    pub path: Box<str>,
    /// A parameter's name and grammar; `None` allows the row itself.
    pub param: Option<(Box<str>, Box<str>)>,
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} GET {}", self.exchange, self.surface, self.path)?;
        self.param.iter().try_for_each(|(name, grammar)| write!(f, " {name}={grammar}"))
    }
}
