//! `vault`: the file that holds the real secrets.

use claviger_vault::Vault;

use crate::args::{Global, VaultCommand};
use crate::failure::Failure;
use crate::home::Home;
use crate::processes::vault_failed;

/// Looks at the file; no passphrase is needed, and nothing is opened.
pub fn run(global: &Global, command: &VaultCommand) -> Result<(), Failure> {
    let VaultCommand::Check = command;
    let home = Home::locate(global.home.clone())?;
    home.check()?;
    Vault::check(&home.vault()).map_err(|e| vault_failed(&home, &e))?;
    super::done(global.json, "the vault is whole; whether it was altered on purpose shows when it is opened");
    Ok(())
}
