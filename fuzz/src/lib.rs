//! What the fuzz targets share.

use claviger_exchange::Verb;

/// The verb of a request; a WebSocket method has none.
#[must_use]
pub fn method(verb: Verb) -> Option<claviger_core::Method> {
    use claviger_core::Method::{Delete, Get, Post, Put};
    [Get, Post, Put, Delete].into_iter().find(|method| Verb::from(*method) == verb)
}
