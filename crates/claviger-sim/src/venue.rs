//! One paper exchange's state, and a request and an answer as its handlers see them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::HeaderMap;
use serde_json::Value;

use crate::config::{Exchange, KeyChange, Permissions, SimKey, Standing, Venue};
use crate::credential::Verifier;
use crate::engine::Engine;
use crate::fault::Faults;
use crate::sim::SimError;

/// A lock that a panicked test thread does not take away from the others.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds of Unix time by the machine's clock.
pub(crate) fn machine_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A key as its exchange keeps it.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) verifier: Verifier,
    pub(crate) passphrase: Option<String>,
    pub(crate) created: u64,
    state: Mutex<KeyState>,
}

/// What an owner may change of a key.
#[derive(Clone)]
pub(crate) struct KeyState {
    pub(crate) permissions: Permissions,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) standing: Standing,
    pub(crate) account_level: String,
}

impl KeyState {
    /// Whether the key may be used from there.
    pub(crate) fn accepts_from(&self, peer: IpAddr) -> bool {
        self.addresses.is_empty()
            || self.addresses.iter().any(|&known| known.to_canonical() == peer.to_canonical())
    }
}

impl Key {
    fn new(key: &SimKey) -> Result<Self, SimError> {
        Ok(Self {
            id: key.id.clone(),
            verifier: Verifier::new(&key.id, &key.credential)?,
            passphrase: key.passphrase.clone(),
            created: machine_ms(),
            state: Mutex::new(KeyState {
                permissions: key.permissions,
                addresses: key.addresses.clone(),
                standing: Standing::Valid,
                account_level: "2".to_owned(),
            }),
        })
    }

    /// What holds for it now.
    pub(crate) fn state(&self) -> KeyState {
        locked(&self.state).clone()
    }

    fn change(&self, change: &KeyChange) {
        let mut state = locked(&self.state);
        if let Some(permissions) = change.permissions {
            state.permissions = permissions;
        }
        if let Some(addresses) = &change.addresses {
            state.addresses.clone_from(addresses);
        }
        state.standing = change.standing.unwrap_or(state.standing);
        if let Some(level) = &change.account_level {
            state.account_level.clone_from(level);
        }
    }
}

/// One paper exchange.
pub(crate) struct Paper {
    pub(crate) exchange: Exchange,
    pub(crate) keys: HashMap<String, Key>,
    pub(crate) engine: Mutex<Engine>,
    pub(crate) faults: Faults,
}

impl Paper {
    pub(crate) fn new(exchange: Exchange, venue: &Venue, seed: u64) -> Result<Self, SimError> {
        let mut engine = Engine::new(exchange, seed, machine_ms());
        let mut keys = HashMap::new();
        for key in &venue.keys {
            for (asset, amount) in &key.balances {
                let amount = crate::params::number(amount)
                    .ok_or_else(|| SimError::Balance { key: key.id.clone(), amount: amount.clone() })?;
                engine.seed_balance(&key.id, asset, amount);
            }
            keys.insert(key.id.clone(), Key::new(key)?);
        }
        Ok(Self { exchange, keys, engine: Mutex::new(engine), faults: Faults::default() })
    }

    /// Changes keys as their owner would. False if there is no such key.
    pub(crate) fn change_key(&self, change: &KeyChange) -> bool {
        let mut known = false;
        for key in self.keys.values().filter(|key| change.id.as_ref().is_none_or(|id| *id == key.id)) {
            key.change(change);
            known = true;
        }
        known
    }

    /// Milliseconds of Unix time by this exchange's clock.
    pub(crate) fn now(&self) -> u64 {
        machine_ms().saturating_add_signed(self.faults.clock_offset())
    }

    /// What this exchange answers.
    pub(crate) fn answer(&self, ask: &Ask) -> Reply {
        match self.exchange {
            Exchange::Binance => crate::binance::answer(self, ask),
            Exchange::Okx => crate::okx::answer(self, ask),
        }
    }
}

/// A request as received, nothing decoded.
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Without the question mark; empty if there was none.
    pub(crate) query: String,
    /// Path and query exactly as on the request line.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) peer: IpAddr,
}

impl Ask {
    /// A header's value, if it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let body = body.to_string().into_bytes();
        Self { status, content_type: "application/json;charset=UTF-8", headers: Vec::new(), body }
    }

    pub(crate) fn html(status: u16) -> Self {
        let page = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body><center><h1>{status}</h1></center></body>\r\n</html>\r\n"
        );
        Self { status, content_type: "text/html", headers: Vec::new(), body: page.into_bytes() }
    }
}
