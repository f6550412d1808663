//! TLS of the bots' listener: its CA and the operator's key.

use std::net::IpAddr;

use claviger_core::{KeyName, OperatorAct};
use claviger_door::{Exit, Refused, Said, Sensitive};
use claviger_vault::{
    Binding, CaRequest, EntryKind, KeyRef, Material, NewEntry, NotAName, Secret, VaultError,
};

use super::{because, refused};
use crate::keep::Keep;
use crate::leaf::LOCAL_CA;
use crate::listener::{LISTENER_CA, LISTENER_KEY};

const DAY: i64 = 24 * 60 * 60;
const HINT: &str = "nothing was changed";

impl Keep {
    /// Makes the CA of the listener anew, limited to the names that the file says, and tells every certificate that bots
    /// must trust.
    pub(super) fn listener_ca(&self) -> Result<Said, Refused> {
        let (_, config) = super::policy::read(self.config_file())?;
        let names: Vec<&str> = config.tls().into_iter().flat_map(|tls| tls.names()).collect();
        if names.is_empty() {
            return Err(refused(
                Exit::Config,
                "claviger.toml has no `[tls]`",
                "write `[tls]` with `names = [\"…\"]`, the names and addresses that bots connect to",
            ));
        }
        let (addresses, suffixes): (Vec<&str>, Vec<&str>) =
            names.iter().partition(|name| name.parse::<IpAddr>().is_ok());
        let addresses: Vec<IpAddr> = addresses.iter().filter_map(|text| text.parse().ok()).collect();
        let name: KeyRef = LISTENER_CA.parse().map_err(odd)?;
        let entry = {
            let room = self.room();
            room.act(OperatorAct::KeyAdded(named(LISTENER_CA)?))
        };
        self.room().record(&entry)?;
        let now = i64::try_from(entry.at().millis() / 1000).unwrap_or(i64::MAX / 2);
        if self.vault().info(&name).is_some() {
            self.vault().remove(&name).map_err(|e| unwilling(&e))?;
        }
        let request = CaRequest {
            common_name: "claviger listener CA",
            suffixes: &suffixes,
            addresses: &addresses,
            not_before: now - DAY,
            not_after: now + 3650 * DAY,
        };
        let made = self.vault().make_ca(name.clone(), request);
        made.map_err(|e| because(Exit::Vault, "the CA of the listener was not made", &e, HINT))?;
        self.room().fold(&entry);
        let local: KeyRef = LOCAL_CA.parse().map_err(odd)?;
        let pem = [&local, &name].map(|ca| self.vault().ca_pem(ca));
        let [local, own] = pem;
        let failed =
            |e| because(Exit::Vault, "a CA's certificate cannot be read", &e, "`claviger vault check`");
        Ok(Said::Certificates(local.map_err(failed)? + &own.map_err(failed)?))
    }

    /// Puts the operator's key into the vault, in the place of an earlier one.
    pub(super) fn listener_key(&self, key: Sensitive) -> Result<Said, Refused> {
        let material = Material::Tls(Secret::new(key.into_bytes()));
        let name: KeyRef = LISTENER_KEY.parse().map_err(odd)?;
        let entry = self.room().act(OperatorAct::KeyAdded(named(LISTENER_KEY)?));
        let created_ms = entry.at().millis();
        let put = match self.vault().info(&name) {
            Some(info) if info.kind == EntryKind::TlsKey => {
                self.vault().replace(&name, material, None, created_ms)
            }
            Some(_) => Err(VaultError::NameTaken(name)),
            None => {
                let binding = Binding::new("claviger", "listener", &[]).map_err(odd)?;
                self.vault().add(NewEntry { name, binding, key_id: None, created_ms, material })
            }
        };
        put.map_err(|e| unwilling(&e))?;
        let mut room = self.room();
        room.record(&entry)?;
        room.fold(&entry);
        Ok(Said::Done)
    }
}

fn unwilling(error: &VaultError) -> Refused {
    because(Exit::Vault, "the vault does not take the key of the listener", error, HINT)
}

fn odd(error: NotAName) -> Refused {
    because(Exit::Failed, "the key of the listener cannot be filed", &error, HINT)
}

fn named(text: &str) -> Result<KeyName, Refused> {
    text.parse().map_err(|e: claviger_core::NotAName| {
        because(Exit::Failed, "the key of the listener cannot be named", &e, HINT)
    })
}
