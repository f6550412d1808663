//! `ca`: the local CA that bots trust when they connect through claviger as a proxy.

use claviger_door::Exit;
use serde_json::json;

use crate::args::{CaCommand, Global};
use crate::failure::Failure;
use crate::home::Home;
use crate::out::{say, say_json};

/// Prints the certificate; it is no secret.
pub fn run(global: &Global, command: &CaCommand) -> Result<(), Failure> {
    let CaCommand::Show = command;
    let home = Home::locate(global.home.clone())?;
    home.check()?;
    let file = home.ca();
    let pem = claviger_os::read_private(&file, 64 * 1024).map_err(|e| {
        Failure::new(Exit::NoHome, format!("cannot read {}", file.display()))
            .caused_by(&e)
            .hint("`claviger init`, which makes it")
    })?;
    let pem = String::from_utf8_lossy(&pem);
    if global.json {
        say_json(&json!({ "file": file, "pem": pem }));
    } else {
        say(pem.trim_end());
    }
    Ok(())
}
