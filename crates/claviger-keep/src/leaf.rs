//! Certificates for the gateway's own front, by the local CA in the vault.

use claviger_core::Time;
use claviger_door::Reply;
use claviger_vault::{KeyRef, LeafRequest, Vault};

/// The name that the local CA is filed under in the vault.
pub const LOCAL_CA: &str = "local-ca";

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// A certificate of some days for a listed exchange host and a key that the gateway made.
pub(crate) fn leaf(vault: &Vault, host: &str, spki: &[u8], now: Time) -> Reply {
    let failed = |why: String| {
        tracing::warn!(%why, host, "no certificate was made");
        Reply::Failed(why.into())
    };
    if claviger_exchange::by_host(host).is_none() {
        return failed("this is the host of no exchange".to_owned());
    }
    let Ok(ca) = LOCAL_CA.parse::<KeyRef>() else { return failed("the local CA has no name".to_owned()) };
    let seconds = i64::try_from(now.millis() / 1000).unwrap_or(i64::MAX / 2);
    let request = LeafRequest {
        host,
        also: &[],
        spki_der: spki,
        not_before: seconds - HOUR,
        not_after: seconds + 6 * DAY,
    };
    let chain = vault.sign_leaf(&ca, request).and_then(|leaf| Ok(vec![leaf, vault.ca_der(&ca)?.into_vec()]));
    match chain {
        Ok(chain) => Reply::Leaf(chain),
        Err(error) => failed(error.to_string()),
    }
}
