//! JSON as the paper exchanges read it.

use serde_json::Value;

/// Reads JSON as leniently as the exchanges do: of a duplicate key, the last stands.
#[expect(clippy::disallowed_methods, reason = "a paper exchange is to be no stricter than the real one")]
pub(crate) fn parse(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}
