//! Real keys: enrolled, listed and forgotten; never shown.

use std::thread;
use std::time::{Duration, Instant};

use claviger_core::{Digest, KeyName, OperatorAct};
use claviger_door::{Exit, Key, Refused, Said, Sensitive, Target};
use claviger_exchange::Exchange;
use claviger_store::StoredKey;
use claviger_vault::{Binding, KeyRef, Material, NewEntry, Secret};

use super::{because, no_such, refused, state_failed};
use crate::keep::Keep;
use crate::keys::RealKey;
use crate::room::Room;

impl Keep {
    pub(super) fn add_key(
        &self,
        key: Key,
        secret: Sensitive,
        passphrase: Option<Sensitive>,
    ) -> Result<Said, Refused> {
        let exchange = claviger_exchange::exchange(key.exchange.as_str())
            .ok_or_else(|| refused(Exit::Name, &format!("there is no exchange `{}`", key.exchange), HINT))?;
        let material = material(&key, exchange, secret, passphrase)?;
        let mut room = self.room();
        if room.state.keys().map_err(|e| state_failed(&e))?.iter().any(|k| k.name == key.name) {
            return Err(refused(
                Exit::Name,
                &format!("there is a key `{}` already", key.name),
                "choose another name, or remove the old one first",
            ));
        }
        let entry = entry(&key, material, room.now().millis())?;
        let name = entry.name.clone();
        self.vault()
            .add(entry)
            .map_err(|error| because(Exit::Vault, "the vault does not take the key", &error, HINT))?;
        let noted = room.note_key(&key);
        if let Err(refused) = noted {
            if let Err(error) = self.vault().remove(&name) {
                tracing::error!(%error, key = %name, "a key that could not be noted stays in the vault");
            }
            return Err(refused);
        }
        room.load_keys(self.vault());
        Ok(Said::Done)
    }

    pub(super) fn remove_key(&self, name: &KeyName) -> Result<Said, Refused> {
        let mut room = self.room();
        if let Some((bot, _)) = room.config.policies().bots().find(|(_, policy)| policy.key() == name) {
            return Err(refused(
                Exit::Name,
                &format!("the bot `{bot}` uses the key `{name}`"),
                "remove the bot from claviger.toml, apply, and remove the key then",
            ));
        }
        let reference = room
            .keys
            .get(name)
            .map(|key: &std::sync::Arc<RealKey>| key.reference.clone())
            .ok_or_else(|| no_such(&Target::Key(name.clone())))?;
        let act = room.act(OperatorAct::KeyRemoved(name.clone()));
        room.record(&act)?;
        room.fold(&act);
        self.vault()
            .remove(&reference)
            .map_err(|error| because(Exit::Vault, "the vault does not let the key go", &error, HINT))?;
        let now = room.now();
        room.state.remove_key(name, now).map_err(|error| state_failed(&error))?;
        room.load_keys(self.vault());
        Ok(Said::Done)
    }
}

/// How long a key's information may take; the way out asks for chores once a second.
const PATIENCE: Duration = Duration::from_secs(10);

impl Keep {
    /// Has the exchange asked what it says of a key, and waits for that.
    pub(super) fn check_key(&self, name: &KeyName) -> Result<Said, Refused> {
        self.room().check_key(name)?;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            thread::sleep(Duration::from_millis(50));
            if let Some(said) = self.room().checked_key(name) {
                return Ok(said);
            }
        }
        Err(refused(
            Exit::Network,
            &format!("nothing was told of the key `{name}`"),
            "`claviger serve` must run and reach the exchange; its log says more",
        ))
    }
}

impl Room {
    fn note_key(&mut self, key: &Key) -> Result<(), Refused> {
        let stored = StoredKey {
            name: key.name.clone(),
            exchange: key.exchange.clone(),
            environment: key.environment.clone(),
            hosts: key.hosts.clone(),
            id: key.id.clone(),
            scheme: key.scheme.clone(),
            added: self.now(),
        };
        self.state.add_key(&stored).map_err(|error| state_failed(&error))?;
        let entry = self.act(OperatorAct::KeyAdded(key.name.clone()));
        if let Err(refused) = self.record(&entry) {
            let now = self.now();
            if let Err(error) = self.state.remove_key(&key.name, now) {
                tracing::error!(%error, key = %key.name, "a key that was not journaled stays in state.db");
            }
            return Err(refused);
        }
        self.fold(&entry);
        Ok(())
    }

    pub(super) fn keys(&self) -> Result<Vec<Key>, Refused> {
        let stored = self.state.keys().map_err(|error| state_failed(&error))?;
        Ok(stored.into_iter().map(|key| self.key(key)).collect())
    }

    fn key(&self, stored: StoredKey) -> Key {
        Key {
            frozen: self.is_key_frozen(&stored.name),
            name: stored.name,
            exchange: stored.exchange,
            environment: stored.environment,
            hosts: stored.hosts,
            id: stored.id,
            scheme: stored.scheme,
            added: stored.added,
        }
    }

    pub(super) fn status(&self) -> Said {
        let policy: Digest = self.config.hash();
        Said::Status {
            pid: std::process::id(),
            since: self.clock.started(),
            policy: policy.to_string().into(),
        }
    }
}

const HINT: &str = "nothing was changed";

fn entry(key: &Key, material: Material, created_ms: u64) -> Result<NewEntry, Refused> {
    let named =
        |error: claviger_vault::NotAName| because(Exit::Name, "the key cannot be filed", &error, HINT);
    let hosts: Vec<&str> = key.hosts.iter().map(AsRef::as_ref).collect();
    Ok(NewEntry {
        name: key.name.as_str().parse::<KeyRef>().map_err(named)?,
        binding: Binding::new(key.exchange.as_str(), &key.environment, &hosts).map_err(named)?,
        key_id: Some(key.id.parse().map_err(named)?),
        created_ms,
        material,
    })
}

fn material(
    key: &Key,
    exchange: &dyn Exchange,
    secret: Sensitive,
    passphrase: Option<Sensitive>,
) -> Result<Material, Refused> {
    let bad = |what: &str, hint: &str| Err(refused(Exit::Usage, what, hint));
    let secret = Secret::new(secret.into_bytes());
    let passphrase = passphrase.map(|p| Secret::new(p.into_bytes()));
    if exchange.has_passphrase() != passphrase.is_some() {
        return match exchange.has_passphrase() {
            true => {
                bad("the passphrase of the API key is missing", "give the one chosen when the key was made")
            }
            false => bad("keys of this exchange have no passphrase", "leave it out"),
        };
    }
    let schemes = exchange.schemes();
    match (&*key.scheme, crate::keys::scheme_named(&key.scheme, schemes)) {
        (_, None) => bad(
            &format!("{} keys do not sign by `{}`", exchange.title(), key.scheme),
            "see `claviger exchange show` for how its keys sign",
        ),
        ("hmac", Some(_)) => Ok(Material::Hmac { secret, passphrase }),
        ("ed25519", Some(_)) => Ok(Material::Ed25519(secret)),
        (_, Some(_)) => Ok(Material::Rsa(secret)),
    }
}
