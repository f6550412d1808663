//! TLS of the bots' listener: a certificate of its own CA, or signatures by the operator's key. Neither key leaves the
//! vault.

use claviger_core::{Config, Time};
use claviger_door::Reply;
use claviger_vault::{HandshakeScheme, KeyRef, LeafRequest, Vault};

/// The name that the CA of the listener is filed under in the vault.
pub const LISTENER_CA: &str = "listener-ca";

/// The name that the private key of the operator's certificate is filed under in the vault.
pub const LISTENER_KEY: &str = "listener-key";

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

fn failed(why: impl std::fmt::Display) -> Reply {
    Reply::Failed(why.to_string().into())
}

/// A certificate of some days for the names under `[tls]` of the active policy, and for no others.
pub(crate) fn leaf(vault: &Vault, config: &Config, (spki, now): (&[u8], Time)) -> Reply {
    let names: Vec<&str> = config.tls().into_iter().flat_map(|tls| tls.names()).collect();
    let Some((host, also)) = names.split_first() else {
        return failed("the active policy has no `[tls]`: run `claviger apply`");
    };
    let ca: KeyRef = match LISTENER_CA.parse() {
        Ok(ca) => ca,
        Err(error) => return failed(error),
    };
    if vault.info(&ca).is_none() {
        return failed("there is no CA of the listener in the vault: run `claviger tls ca`");
    }
    if !vault.ca_covers(&ca, &names) {
        return failed("the CA of the listener was made for other names: run `claviger tls ca` again");
    }
    let seconds = i64::try_from(now.millis() / 1000).unwrap_or(i64::MAX / 2);
    let request =
        LeafRequest { host, also, spki_der: spki, not_before: seconds - HOUR, not_after: seconds + 6 * DAY };
    let chain = vault.sign_leaf(&ca, request).and_then(|leaf| Ok(vec![leaf, vault.ca_der(&ca)?.into_vec()]));
    chain.map_or_else(failed, Reply::Leaf)
}

/// The public half of the operator's key.
pub(crate) fn public_key(vault: &Vault) -> Reply {
    let info = LISTENER_KEY.parse().ok().and_then(|name| vault.info(&name));
    match info.filter(|info| !info.public.is_empty()) {
        Some(info) => Reply::PublicKey(info.public.into_vec()),
        None => failed("there is no key of the listener in the vault: run `claviger tls key`"),
    }
}

/// One handshake, signed by the operator's key.
pub(crate) fn sign(vault: &Vault, scheme: u16, message: &[u8]) -> Reply {
    let Some(scheme) = HandshakeScheme::numbered(scheme) else {
        return failed("a TLS key does not sign by this scheme");
    };
    match LISTENER_KEY.parse::<KeyRef>() {
        Ok(key) => vault.sign_handshake(&key, scheme, message).map_or_else(failed, Reply::Handshake),
        Err(error) => failed(error),
    }
}
