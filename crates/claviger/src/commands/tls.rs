//! `tls`: the CA or the key of the listeners that other machines reach.

use claviger_door::{Command, Exit, Said};

use crate::args::{Global, TlsCommand};
use crate::factor::Factor;
use crate::failure::{Failure, is_full};
use crate::home::Home;
use crate::operator::Operator;
use crate::secret::Source;

/// Runs the command.
pub fn run(global: &Global, command: &TlsCommand) -> Result<(), Failure> {
    let home = Home::locate(global.home.clone())?;
    home.check()?;
    let mut factor = Factor::from(global.passphrase());
    match command {
        TlsCommand::Ca => ca(&home, global, &mut factor),
        TlsCommand::Key { fd, .. } => {
            let source = fd.map_or(Source::Stdin, Source::Fd);
            let key = source.read("private key of the certificate")?;
            let mut operator = Operator::reach(&home, &mut factor)?;
            operator.command(Command::ListenerKey { key, factor: factor.ask()? })?;
            super::done(global.json, "the key of the listener is in the vault; start `claviger serve` anew");
            Ok(())
        }
    }
}

fn ca(home: &Home, global: &Global, factor: &mut Factor) -> Result<(), Failure> {
    let mut operator = Operator::reach(home, factor)?;
    let Said::Certificates(pem) = operator.command(Command::ListenerCa(factor.ask()?))? else {
        return Err(super::odd_answer());
    };
    claviger_os::replace(&home.ca(), pem.as_bytes(), 0o600).map_err(|e| {
        Failure::new(Exit::Failed, format!("cannot write {}", home.ca().display()))
            .caused_by(&e)
            .full_disk(is_full(&e))
    })?;
    super::done(
        global.json,
        format_args!("{} has what bots must trust now; start `claviger serve` anew", home.ca().display()),
    );
    Ok(())
}
