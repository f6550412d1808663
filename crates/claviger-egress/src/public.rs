//! Requests without a key.

use claviger_core::{Act, Intent, Permission};
use claviger_exchange::{Exchange, PrintError, Printed, Security};

/// A request for a public row of the catalogue, printed from its intent. It holds no key and no signature.
pub struct PublicRequest {
    pub(crate) intent_endpoint: claviger_core::Endpoint,
    pub(crate) printed: Printed,
}

/// The intent is not one of a public row.
#[derive(Debug, thiserror::Error)]
pub enum NotPublic {
    /// Another exchange's intent.
    #[error("the request is for another exchange")]
    Exchange,
    /// The row is not public, or does not exist.
    #[error("{0} is not public")]
    Row(Box<str>),
    /// It cannot be printed.
    #[error("the request cannot be printed")]
    Print(#[from] PrintError),
}

impl PublicRequest {
    /// Prints a public intent. Only rows that need no key, and only acts that change nothing.
    ///
    /// # Errors
    /// Where the row is not public.
    pub fn new(exchange: &dyn Exchange, intent: &Intent) -> Result<Self, NotPublic> {
        let endpoint = &intent.endpoint;
        if endpoint.exchange.as_str() != exchange.name() {
            return Err(NotPublic::Exchange);
        }
        let row = exchange.live().row(endpoint.surface.as_str(), endpoint.method.into(), &endpoint.path);
        let public = row.is_some_and(|r| r.permission == Permission::Public && r.security == Security::None);
        if !public || intent.permission != Permission::Public || intent.act != Act::Read {
            return Err(NotPublic::Row(endpoint.path.clone()));
        }
        let printed = exchange.attach(exchange.print(intent, None)?, None, None);
        Ok(Self { intent_endpoint: endpoint.clone(), printed })
    }
}
