//! Who asks: the one way from a received request to an [`Authenticated`] one.

use claviger_core::{BotName, Evidence, Time};
use claviger_door::Received;
use claviger_exchange::{Claim, Exchange, RawRequest, Scheme, Signed, Surface};
use claviger_vault::{BadSignature, Vault, VirtualKey};

use crate::bots::{Bots, VirtualBot};
use crate::fresh::{Wish, own_wish};
use crate::markets::{ExchangeTime, Markets};
use crate::refused::Unserved;
use crate::replay::Mark;

/// A request of a bot that proved who it is.
///
/// Made by `authenticate` alone and used up by the next step.
#[must_use]
pub struct Authenticated {
    received: Received,
    known: Known,
}

/// What is known of an authenticated request beside the request.
pub(crate) struct Known {
    pub(crate) bot: BotName,
    pub(crate) evidence: Evidence,
    pub(crate) peer: claviger_core::Peer,
    /// The same, as the gateway saw it.
    pub(crate) door_peer: claviger_door::Peer,
    pub(crate) exchange: &'static dyn Exchange,
    pub(crate) surface: &'static Surface,
    pub(crate) mark: Mark,
    pub(crate) wish: Wish,
    pub(crate) time: ExchangeTime,
    /// Until when, by the keep's time, an identical request could pass as fresh.
    pub(crate) until: Time,
}

/// What a request is checked against.
#[derive(Clone, Copy)]
pub(crate) struct Against<'a> {
    pub(crate) bots: &'a Bots,
    pub(crate) vault: &'a Vault,
    pub(crate) markets: &'a Markets,
    pub(crate) own_uid: u32,
    pub(crate) now: Time,
}

/// How much the exchange's time may seem to move between two looks at it, in milliseconds: both corrections at their ends,
/// and a second.
const SKEW_MS: u64 = 3000;

/// Checks who asks.
///
/// The same work is done for an unknown key as for a wrong signature, and nothing else is said of a request whose
/// signature does not fit: whether its address, its time or its meaning would have passed cannot be learned without
/// the secret.
pub(crate) fn authenticate(received: Received, against: Against<'_>) -> Result<Authenticated, Unserved> {
    let exchange = claviger_exchange::exchange(received.exchange.as_str()).ok_or(Unserved::NoExchange)?;
    let surface = surface(exchange, received.surface.as_str()).ok_or(Unserved::NoExchange)?;
    let raw = raw(&received);
    let claim = exchange.claim(&raw)?.ok_or(Unserved::NoKey)?;
    let bot = against.bots.by_virtual_id(exchange, claim.key_id);
    let key = bot.map_or_else(|| against.bots.nobody(exchange), VirtualBot::virtual_key);
    let proven = prove(&claim, key, against.vault);
    let bot = bot.ok_or(Unserved::UnknownKey)?;
    let (evidence, message, signature) = proven.map_err(|BadSignature| Unserved::BadSignature)?;
    let time = against.markets.exchange_time(&received.exchange, &received.surface, against.now);
    let wish = match &claim.signed {
        Some(signed) => Wish::fresh(signed.timestamp_ms, signed.window_ms, time.ms)?,
        None => own_wish(time.ms),
    };
    let remembered = match &claim.signed {
        Some(signed) => signed.remembered_ms(time.ms),
        None => wish.left_ms(time.ms).unwrap_or_default(),
    };
    let known = Known {
        bot: bot.name.clone(),
        evidence,
        peer: peer(&received.peer, against.own_uid),
        door_peer: received.peer.clone(),
        exchange,
        surface,
        mark: Mark::new(&received, claim.key_id, message, &signature),
        wish,
        time,
        until: against.now.plus(remembered).plus(SKEW_MS),
    };
    Ok(Authenticated { received, known })
}

impl Authenticated {
    /// The request, to be read once.
    pub(crate) fn raw(&self) -> RawRequest<'_> {
        raw(&self.received)
    }

    pub(crate) const fn known(&self) -> &Known {
        &self.known
    }

    /// Lets the bot's bytes go: what follows is built from their meaning alone.
    pub(crate) fn into_known(self) -> Known {
        self.known
    }
}

/// The parts of a request, as the exchange reads them.
pub(crate) fn raw(received: &Received) -> RawRequest<'_> {
    RawRequest {
        method: received.method,
        prefix: received.prefix.as_deref(),
        path: &received.path,
        query: received.query.as_deref(),
        headers: &received.headers,
        body: &received.body,
    }
}

pub(crate) fn surface(exchange: &'static dyn Exchange, name: &str) -> Option<&'static Surface> {
    exchange.surfaces().iter().find(|s| s.name == name)
}

type Proof<'a, 'b> = (Evidence, &'b [&'a [u8]], Vec<u8>);

/// Checks the signature over each message it may be over, and the passphrase, without stopping early.
fn prove<'a, 'b>(
    claim: &'b Claim<'a>,
    key: VirtualKey<'_>,
    vault: &Vault,
) -> Result<Proof<'a, 'b>, BadSignature> {
    let Some(signed) = &claim.signed else { return Ok((Evidence::KeyId, &[], Vec::new())) };
    let passphrase_fits = passphrase_fits(signed, key, vault);
    let mut fits = None;
    for message in &signed.messages {
        let verified = vault.verify_virtual(key, scheme(signed.scheme), message, signed.signature.as_bytes());
        if verified.is_ok() {
            fits = Some(message.as_slice());
        }
    }
    let message = fits.ok_or(BadSignature)?;
    passphrase_fits?;
    Ok((Evidence::BotSignature, message, one_spelling(signed)))
}

fn passphrase_fits(signed: &Signed<'_>, key: VirtualKey<'_>, vault: &Vault) -> Result<(), BadSignature> {
    match (key.format, signed.passphrase) {
        (claviger_vault::VirtualFormat::Alnum64, None) => Ok(()),
        (_, passphrase) => vault.verify_virtual_passphrase(key, passphrase.unwrap_or_default().as_bytes()),
    }
}

/// The signature in the one spelling that all equal ones share.
fn one_spelling(signed: &Signed<'_>) -> Vec<u8> {
    match signed.scheme {
        Scheme::HmacSha256Hex => signed.signature.to_ascii_lowercase().into_bytes(),
        Scheme::HmacSha256Base64 | Scheme::Ed25519Base64 | Scheme::RsaSha256Base64 => {
            signed.signature.clone().into_bytes()
        }
    }
}

/// The vault's word for the exchange's scheme.
pub(crate) const fn scheme(scheme: Scheme) -> claviger_vault::Scheme {
    match scheme {
        Scheme::HmacSha256Hex => claviger_vault::Scheme::HmacSha256Hex,
        Scheme::HmacSha256Base64 => claviger_vault::Scheme::HmacSha256Base64,
        Scheme::Ed25519Base64 => claviger_vault::Scheme::Ed25519Base64,
        Scheme::RsaSha256Base64 => claviger_vault::Scheme::RsaPkcs1Sha256Base64,
    }
}

/// The peer in the words of policy. A local peer whose user cannot be told counts as claviger's own.
pub(crate) fn peer(peer: &claviger_door::Peer, own_uid: u32) -> claviger_core::Peer {
    use claviger_core::Address;
    let local = peer.address.is_none_or(|ip| ip.to_canonical().is_loopback());
    claviger_core::Peer {
        address: peer.address.map_or(Address::Socket, |ip| Address::Ip(ip.to_canonical())),
        same_user: peer.uid.map_or(local, |uid| uid == own_uid),
        user: peer.uid,
    }
}
