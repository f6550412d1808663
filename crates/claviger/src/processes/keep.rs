//! The keep's process: reads the passphrase itself, opens the vault, gives up what it does not need, and answers.

use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};

use claviger_door::{Command, Desk, Exit, Said};
use claviger_keep::Keep;
use tokio::signal::unix::{SignalKind, signal};

use super::here::Here;
use crate::args::{Global, KeepArgs};
use crate::factor::Factor;
use crate::failure::Failure;
use crate::home::Home;
use crate::logging;

/// Runs the keep until the gateway's process is gone.
pub fn keep(global: &Global, args: &KeepArgs) -> Result<(), Failure> {
    logging::start(args.log);
    let given_up = claviger_os::no_core().and_then(|()| claviger_os::undumpable());
    given_up.map_err(|e| cannot_isolate(&e))?;
    let socket = UnixStream::from(inherited(args.socket_fd)?);
    let control = UnixListener::from(inherited(args.control_fd)?);
    let home = Home::locate(global.home.clone())?;
    super::here::check(&home)?;
    let here = Here::open_locked(&home, &mut Factor::from(global.passphrase()))?;
    outlive_signals()?;
    begin(&here.keep(), control)?;
    claviger_os::deny_network().map_err(|e| cannot_isolate(&e))?;
    tracing::info!("the keep is open");
    here.keep().run(socket).map_err(|e| Failure::new(Exit::KeepEnded, "the keep stopped").caused_by(&e))?;
    tracing::info!("the keep is closed");
    Ok(())
}

fn inherited(number: i32) -> Result<OwnedFd, Failure> {
    claviger_os::take_inherited(number).map_err(|e| {
        Failure::new(Exit::Usage, "the keep's process is started by `claviger serve` only").caused_by(&e)
    })
}

fn cannot_isolate(error: &claviger_os::HardenError) -> Failure {
    Failure::new(Exit::Unsupported, "the keep's process cannot be closed off on this system")
        .caused_by(error)
        .hint("`isolation = \"none\"` in claviger.toml, knowing what SECURITY.md says of it")
}

/// Makes what only narrows active, and answers operators from a thread of its own.
pub fn begin(keep: &Keep, control: UnixListener) -> Result<(), Failure> {
    narrow(&mut keep.clone());
    let desk = keep.clone();
    let serve = move || claviger_control::serve(&control, &desk, same_user);
    std::thread::Builder::new()
        .name("desk".to_owned())
        .spawn(serve)
        .map(|_| ())
        .map_err(|e| Failure::new(Exit::Failed, "no thread for control.sock").caused_by(&e))
}

fn same_user(socket: &UnixStream) -> std::io::Result<bool> {
    use std::os::fd::AsFd;
    let peer = claviger_os::peer_uid(socket.as_fd())?;
    Ok(peer == claviger_os::current_uid() || peer == 0)
}

/// Applies claviger.toml if nothing gets wider; says so in the log otherwise.
pub fn narrow(desk: &mut impl Desk) {
    match desk.command(Command::Apply { dry_run: false, factor: None }) {
        Ok(Said::Report { applied: true, changes, .. }) if !changes.is_empty() => {
            tracing::info!(changes = changes.len(), "claviger.toml was applied: nothing got wider");
        }
        Ok(Said::Report { applied: false, changes, .. }) => {
            for (what, _) in changes.iter().filter(|(_, widens)| *widens) {
                tracing::warn!(wider = %what, "claviger.toml was not applied");
            }
            tracing::warn!("claviger.toml gets wider than the active policy: run `claviger apply`");
        }
        Ok(_) => {}
        Err(refused) => {
            tracing::error!(
                because = refused.because.join("; "),
                "{}; the active policy stays",
                refused.what
            );
        }
    }
}

/// Ctrl-C and a service manager's SIGTERM go to both processes. The keep ends when the gateway's process has finished
/// what is in flight and closes the socket, so it only notes them.
fn outlive_signals() -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::new(Exit::Failed, "cannot handle signals").caused_by(&e);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(failed)?;
    let _inside = runtime.enter();
    // A handler once set stays set, also when the runtime is gone.
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        drop(signal(kind).map_err(failed)?);
    }
    Ok(())
}
