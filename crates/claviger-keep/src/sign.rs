//! The one place where bytes that leave are made and signed.

use std::sync::Arc;

use claviger_core::{Config, Digest, ExchangeName, SurfaceName};
use claviger_door::{Returns, SignedParts, SignedRequest};
use claviger_exchange::{Exchange, Printed, RawRequest, Security, Stamp, Surface, Unsigned};
use claviger_vault::{Destination, SignOutput, Vault};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::authenticate::scheme;
use crate::keys::RealKey;
use crate::record::{Grounds, Recorded, Written};
use crate::refused::Unserved;
use crate::settle::{Matter, Pending};

/// What a signature needs beside what is signed.
pub(crate) struct Signing {
    pub(crate) key: Arc<RealKey>,
    /// The authority that the request will go to.
    pub(crate) host: Box<str>,
    pub(crate) ticket: u64,
    pub(crate) stamp: Stamp,
    pub(crate) now: claviger_core::Time,
}

/// Prints the intent once, reads the print again, signs exactly those bytes and seals them.
///
/// What is wrong with it comes back with the request, so that it is settled as not sent.
pub(crate) fn sign(
    recorded: Recorded,
    signing: &Signing,
    vault: &Vault,
) -> Result<(SignedRequest, Pending), (Box<Written>, Unserved)> {
    match print_and_sign(recorded.written(), signing, vault) {
        Ok((printed, passphrase)) => Ok(seal(recorded, signing, printed, passphrase)),
        Err(unserved) => Err((recorded.into_written(), unserved)),
    }
}

type PassphraseHeader = Option<(&'static str, Zeroizing<Vec<u8>>)>;

fn print_and_sign(
    written: &Written,
    signing: &Signing,
    vault: &Vault,
) -> Result<(Printed, PassphraseHeader), Unserved> {
    let (exchange, key) = (written.exchange, &signing.key);
    let stamp = (written.security == Security::Signed).then_some(signing.stamp);
    let mut unsigned = exchange.print(written.leaves(), stamp).map_err(|error| {
        tracing::error!(%error, endpoint = ?written.leaves().endpoint, "an intent cannot be printed");
        Unserved::Differs
    })?;
    let environment = exchange.environment_headers(&key.environment);
    unsigned.headers.extend(environment.iter().map(|(name, value)| (*name, (*value).to_owned())));
    read_again(written, &unsigned)?;
    match written.security {
        Security::None => return Ok((exchange.attach(unsigned, None, None), None)),
        Security::KeyOnly => return Ok((exchange.attach(unsigned, Some(&key.id), None), None)),
        Security::Signed => {}
    }
    let to = Destination { exchange: exchange.name(), environment: &key.environment, host: &signing.host };
    let output = vault.sign(&key.reference, scheme(key.scheme), &[&unsigned.message], to);
    let SignOutput { signature, header_secret } = output.map_err(|error| {
        tracing::error!(%error, "nothing was signed");
        Unserved::Unsignable
    })?;
    let passphrase = header_secret.zip(exchange.passphrase_header()).map(|(secret, header)| {
        let mut value = Zeroizing::new(Vec::with_capacity(secret.length()));
        secret.write_into(&mut value);
        (header, value)
    });
    Ok((exchange.attach(unsigned, Some(&key.id), Some(signature.as_str())), passphrase))
}

/// Passes if what was printed means what was judged.
fn read_again(written: &Written, unsigned: &Unsigned) -> Result<(), Unserved> {
    let headers: Vec<(Box<str>, Box<[u8]>)> =
        unsigned.headers.iter().map(|(name, value)| ((*name).into(), value.as_bytes().into())).collect();
    let raw = RawRequest {
        method: unsigned.method,
        prefix: None,
        path: &unsigned.path,
        query: Some(unsigned.query.as_str()).filter(|q| !q.is_empty()),
        headers: &headers,
        body: &unsigned.body,
    };
    let judged = written.leaves();
    match written.exchange.read(written.surface, &raw) {
        Ok((read, _)) if read == *judged => Ok(()),
        Ok((read, _)) => {
            tracing::error!(?judged, ?read, "what was printed means something else than what was judged");
            Err(Unserved::Differs)
        }
        Err(error) => {
            tracing::error!(?judged, %error, "what was printed cannot be read again");
            Err(Unserved::Differs)
        }
    }
}

fn seal(
    recorded: Recorded,
    signing: &Signing,
    printed: Printed,
    passphrase: PassphraseHeader,
) -> (SignedRequest, Pending) {
    let written = *recorded.into_written();
    let (leaves, key) = (written.leaves().clone(), written.key().clone());
    let pending = Pending {
        exchange: written.exchange,
        answer: written.answer,
        sent: digest(&printed),
        real_id: signing.key.id.clone(),
        left: signing.now,
        matter: matter(written.grounds),
        key,
        only: written.only,
        quotes: written.quotes,
        leaves,
    };
    let mut headers: Vec<(Box<str>, Zeroizing<Vec<u8>>)> =
        printed.headers.into_iter().map(|(name, value)| (name.into(), Zeroizing::new(value))).collect();
    headers.extend(passphrase.map(|(name, value)| (name.into(), value)));
    let parts = SignedParts {
        ticket: signing.ticket,
        exchange: pending.leaves.endpoint.exchange.clone(),
        surface: pending.leaves.endpoint.surface.clone(),
        pool: signing.key.pool,
        method: printed.method,
        target: printed.target.into(),
        headers,
        body: printed.body,
        ttl_ms: u32::try_from(signing.stamp.window_ms).unwrap_or(u32::MAX),
        changes_state: pending.leaves.act.changes_state(),
        returns: written.returns,
        real_id: pending.real_id.clone(),
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that seals: printed, read again, signed above"
    )]
    let request = SignedRequest::sealed(parts);
    (request, pending)
}

fn matter(grounds: Grounds) -> Matter {
    match grounds {
        Grounds::Permit(permit, _) if permit.is_settled_later() => Matter::Change(permit.id()),
        Grounds::Permit(permit, _) => Matter::Read(permit.id()),
        Grounds::House(read) => Matter::House(read),
    }
}

/// SHA-256 of method, space, target, line end, body: what an outcome's entry tells of what was sent.
fn digest(printed: &Printed) -> Digest {
    let hash = Sha256::new()
        .chain_update(printed.method.as_str())
        .chain_update(" ")
        .chain_update(&printed.target)
        .chain_update("\n")
        .chain_update(&printed.body);
    Digest::from_bytes(hash.finalize().into())
}

/// How an answer returns, by whether the keep has to see it before the bot does.
pub(crate) const fn returns(shown: bool) -> Returns {
    if shown { Returns::Shown } else { Returns::Stream }
}

/// The authority that requests to a surface go to, as keys are sealed to it: `host`, or `host:port` where the port is
/// not 443.
#[must_use]
pub fn host_of(config: &Config, exchange: &dyn Exchange, surface: &Surface) -> Box<str> {
    let name: ExchangeName = exchange.exchange_name();
    let settings = config.exchange(&name);
    let surface_name: SurfaceName = exchange.surface_name(surface);
    match settings.rest.as_ref().and_then(|rest| rest.of(&surface_name)) {
        Some(authority) => {
            let text = authority.to_string();
            text.strip_suffix(":443").unwrap_or(&text).into()
        }
        None => surface.hosts.first().copied().unwrap_or_default().into(),
    }
}
