//! `init`: make a home.

use std::path::Path;

use claviger_core::Entry;
use claviger_door::{Exit, Sensitive};
use claviger_exchange::EXCHANGES;
use claviger_keep::LOCAL_CA;
use claviger_store::{Journal, State};
use claviger_vault::{CaError, CaRequest, KeyRef, Passphrase, Strength, Vault};
use serde_json::json;

use crate::args::Global;
use crate::configuration::TEMPLATE;
use crate::factor::Factor;
use crate::failure::{Failure, is_full};
use crate::home::{Home, not_private};
use crate::out::{say, say_json};
use crate::processes::vault_failed;
use crate::stamp;

/// Makes the folder, the vault, the local CA, claviger.toml and the empty files of a home.
pub fn run(global: &Global, small_machine: bool) -> Result<(), Failure> {
    let home = Home::locate(global.home.clone())?;
    let strength = if small_machine { Strength::FLOOR } else { Strength::DEFAULT };
    make(&home, &mut Factor::from(global.passphrase()), strength)?;
    if global.json {
        say_json(&json!({ "home": home.path(), "config": home.config(), "ca": home.ca() }));
        return Ok(());
    }
    say(format_args!("the home is {}", home.path().display()));
    say(format_args!("limits and bots: {}", home.config().display()));
    say("next: `claviger key add NAME --exchange binance`");
    Ok(())
}

/// Makes a home where there is none.
pub fn make(home: &Home, factor: &mut Factor, strength: Strength) -> Result<(), Failure> {
    if home.vault().exists() {
        return Err(Failure::new(
            Exit::Name,
            format!("there is a home in {} already", home.path().display()),
        )
        .hint("another folder, with `--home DIR`"));
    }
    let passphrase = factor.ask_new()?;
    folder(home.path())?;
    let _lock = home.lock()?;
    if !home.config().exists() {
        claviger_os::create_new(&home.config(), TEMPLATE.as_bytes(), 0o600)
            .map_err(|e| cannot_make(&home.config(), &e))?;
    }
    let vault = vault(home, passphrase, strength)?;
    let pem = certificate(&vault)
        .map_err(|e| Failure::new(Exit::Vault, "cannot make the local CA").caused_by(&e))?;
    claviger_os::replace(&home.ca(), pem.as_bytes(), 0o600).map_err(|e| cannot_make(&home.ca(), &e))?;
    State::open(&home.state())
        .map_err(|e| Failure::new(Exit::Store, "cannot make the home").caused_by(&e))?;
    Journal::open::<Entry>(&home.journal(), &mut |_| {}).map_err(|e| super::journal_broken(&e))?;
    Ok(())
}

fn folder(path: &Path) -> Result<(), Failure> {
    if path.exists() {
        return claviger_os::check_private(path).map_err(not_private);
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|e| cannot_make(parent, &e))?;
    }
    claviger_os::create_private_folder(path).map_err(|e| cannot_make(path, &e))
}

fn cannot_make(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("cannot make {}", path.display()))
        .caused_by(error)
        .full_disk(is_full(error))
}

fn vault(home: &Home, passphrase: Sensitive, strength: Strength) -> Result<Vault, Failure> {
    let passphrase = Passphrase::new(passphrase.into_bytes());
    Vault::create(&home.vault(), &passphrase, strength).map_err(|e| vault_failed(home, &e))
}

const DAY: i64 = 24 * 60 * 60;

/// The local CA: it can certify hosts of the exchanges and nothing else.
fn certificate(vault: &Vault) -> Result<String, CaError> {
    let now = i64::try_from(stamp::now().millis() / 1000).unwrap_or(i64::MAX / 2);
    let suffixes = suffixes();
    let suffixes: Vec<&str> = suffixes.iter().map(String::as_str).collect();
    let name: KeyRef = LOCAL_CA.parse()?;
    let request = CaRequest {
        common_name: "claviger local CA",
        suffixes: &suffixes,
        addresses: &[],
        not_before: now - DAY,
        not_after: now + 3650 * DAY,
    };
    vault.make_ca(name.clone(), request)?;
    vault.ca_pem(&name)
}

/// The domains of every exchange's hosts: the last two labels of each.
fn suffixes() -> Vec<String> {
    let hosts = EXCHANGES.iter().flat_map(|e| e.surfaces()).flat_map(|s| s.hosts);
    let mut domains: Vec<String> = hosts
        .map(|host| {
            let labels: Vec<&str> = host.rsplit('.').take(2).collect();
            labels.into_iter().rev().collect::<Vec<_>>().join(".")
        })
        .collect();
    domains.sort_unstable();
    domains.dedup();
    domains
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_local_ca_is_limited_to_exchanges() {
        assert_eq!(super::suffixes(), ["binance.com", "binance.vision", "okx.com"]);
    }
}
