//! `serve`: the gateway's process, and the keep beside it.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use claviger_control::Control;
use claviger_core::Config;
use claviger_core::config::Isolation;
use claviger_door::{Ask, Command, Door, DoorClient, Exit, Said};
use claviger_egress::Egress;
use claviger_gateway::Address;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::health::{Heard, Listening, status};
use super::here::Here;
use super::{keep, wiring};
use crate::args::{Global, LogForm};
use crate::factor::Factor;
use crate::failure::{Failure, is_full};
use crate::home::Home;
use crate::logging;

/// Serves bots until told to stop.
pub fn serve(global: &Global, (log, with_parent): (LogForm, bool)) -> Result<(), Failure> {
    logging::start(log);
    if with_parent && let Err(error) = claviger_os::die_with_parent() {
        tracing::debug!(%error, "this process may outlive its parent");
    }
    let home = Home::locate(global.home.clone())?;
    super::here::check(&home)?;
    let _lock = home.lock()?;
    room_on_disk(&home)?;
    // What a claviger that was killed wrote last says nothing of this one.
    let _ = std::fs::remove_file(home.status());
    // Before the passphrase is asked for: a mistake in the file is told at once.
    let isolation = wiring::active(&home)?.isolation();
    let control = listen(&home.control())?;
    let keep = match isolation {
        Isolation::Keep => Kept::process(global, &home, (control, log))?,
        Isolation::None => Kept::thread(global, &home, control)?,
    };
    install_tls();
    let (bots, aside) = runtimes()?;
    let served = bots.block_on(gateway(&home, keep, aside.handle()));
    // Bots that still hang on are cut: what they asked for is settled or unknown by now.
    bots.shutdown_timeout(Duration::from_millis(200));
    aside.shutdown_timeout(Duration::from_millis(200));
    let _ = std::fs::remove_file(home.control());
    let _ = std::fs::remove_file(home.status());
    served
}

/// The thread that serves bots, and the one for what may take long beside it: reading whole markets, writing the status file.
///
/// A request goes through one thread of this process. Handing it to another costs more than all the work on it.
fn runtimes() -> Result<(Runtime, Runtime), Failure> {
    let failed = |e: std::io::Error| Failure::new(Exit::Failed, "cannot start").caused_by(&e);
    let mut bots = Builder::new_current_thread();
    let bots = bots.max_blocking_threads(MOST_HELPERS).enable_all().build().map_err(failed)?;
    let mut aside = Builder::new_multi_thread();
    let aside = aside.worker_threads(1).thread_name("aside").enable_all().build().map_err(failed)?;
    Ok((bots, aside))
}

/// Threads for what cannot be asked without waiting: names of hosts, owners of connections.
const MOST_HELPERS: usize = 16;

/// Nothing may be sent that cannot be written down, so on a full disk there is no point in starting.
fn room_on_disk(home: &Home) -> Result<(), Failure> {
    let probe = home.path().join("probe");
    let tried = claviger_os::replace(&probe, &[0; 64 * 1024], 0o600);
    // It may not be there; what was left of it is swept.
    let _ = std::fs::remove_file(&probe);
    tried.map_err(|e| {
        Failure::new(Exit::Failed, format!("cannot write to {}", home.path().display()))
            .caused_by(&e)
            .full_disk(is_full(&e))
    })
}

/// One TLS library for the whole process.
pub fn install_tls() {
    // Installed already is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The operators' door. The home's lock is ours, so a socket that lies there is left from before.
fn listen(path: &Path) -> Result<UnixListener, Failure> {
    let failed = |e: &std::io::Error| {
        Failure::new(Exit::PortInUse, format!("cannot listen on {}", path.display()))
            .caused_by(e)
            .hint("a home with a shorter path, if that is what the system says")
    };
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(&e)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(|e| failed(&e))?;
    // Whatever the umask is; until now the home alone kept others out.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(|e| failed(&e))?;
    Ok(listener)
}

/// The keep, as the gateway's process has it.
struct Kept {
    socket: UnixStream,
    ended: oneshot::Receiver<Ended>,
}

/// How the keep ended.
enum Ended {
    Process(std::io::Result<ExitStatus>),
    Thread(Result<(), Failure>),
}

impl Kept {
    /// Another process: this program anew, never a fork of this one.
    fn process(
        global: &Global,
        home: &Home,
        (control, log): (UnixListener, LogForm),
    ) -> Result<Self, Failure> {
        let failed = |e: &std::io::Error| {
            Failure::new(Exit::KeepEnded, "cannot start the keep's process").caused_by(e)
        };
        let (ours, theirs) = claviger_os::socketpair().map_err(|e| failed(&e))?;
        let mut command = std::process::Command::new(this_program().map_err(|e| failed(&e))?);
        let socket = claviger_os::inherit(&mut command, theirs.into());
        let control = claviger_os::inherit(&mut command, control.into());
        command.arg("--home").arg(home.path());
        if let Some(number) = global.passphrase_fd {
            command.arg(format!("--passphrase-fd={number}"));
        }
        if let Some(file) = &global.credential {
            command.arg("--credential").arg(file);
        }
        if global.json {
            command.arg("--json");
        }
        command.args(["keep", "--log", log.as_str()]);
        command.arg(format!("--socket-fd={socket}")).arg(format!("--control-fd={control}"));
        command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
        let child = command.spawn().map_err(|e| failed(&e))?;
        // The descriptors are the child's now, the one with the passphrase above all.
        drop(command);
        if let Some(number) = global.passphrase_fd {
            drop(claviger_os::take_inherited(number));
        }
        Ok(Self { socket: ours, ended: watch(child) })
    }

    /// A thread of this process, for systems without the means of isolation.
    fn thread(global: &Global, home: &Home, control: UnixListener) -> Result<Self, Failure> {
        tracing::warn!(
            "isolation = \"none\": one process holds the secrets and parses what the world sends; SECURITY.md says what that costs"
        );
        let here = Here::open_locked(home, &mut Factor::from(global.passphrase()))?;
        keep::begin(&here.keep(), control)?;
        let failed = |e: &std::io::Error| Failure::new(Exit::KeepEnded, "cannot start the keep").caused_by(e);
        let (ours, theirs) = claviger_os::socketpair().map_err(|e| failed(&e))?;
        let (tell, ended) = oneshot::channel();
        let run = move || {
            let ran = here.keep().run(theirs);
            drop(here);
            let ran = ran.map_err(|e| Failure::new(Exit::KeepEnded, "the keep stopped").caused_by(&e));
            // Nobody waits any more: the process ends.
            let _ = tell.send(Ended::Thread(ran));
        };
        std::thread::Builder::new().name("keep".to_owned()).spawn(run).map_err(|e| failed(&e))?;
        Ok(Self { socket: ours, ended })
    }
}

/// The very file that runs, also when another one lies under its name by now.
fn this_program() -> std::io::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

fn watch(mut child: Child) -> oneshot::Receiver<Ended> {
    let (tell, ended) = oneshot::channel();
    std::thread::spawn(move || {
        // Nobody waits any more: the process ends.
        let _ = tell.send(Ended::Process(child.wait()));
    });
    ended
}

impl Ended {
    /// What that means for this process. The keep's own process has said why on standard error.
    fn outcome(self) -> Result<(), Failure> {
        match self {
            Self::Thread(ran) => ran,
            Self::Process(Ok(status)) if status.success() => Ok(()),
            Self::Process(Ok(status)) => {
                let code = status.code().and_then(|code| u8::try_from(code).ok());
                match code.and_then(|code| Exit::ALL.iter().find(|exit| exit.code() == code)) {
                    Some(exit) => Err(Failure::told(*exit)),
                    None => {
                        Err(Failure::new(Exit::KeepEnded, "the keep's process ended")
                            .because(status.to_string()))
                    }
                }
            }
            Self::Process(Err(e)) => {
                Err(Failure::new(Exit::KeepEnded, "the keep's process ended").caused_by(&e))
            }
        }
    }
}

async fn gateway(home: &Home, kept: Kept, aside: &Handle) -> Result<(), Failure> {
    let Kept { socket, mut ended } = kept;
    let heard = Arc::new(Heard::default());
    let failed = |e: std::io::Error| Failure::new(Exit::KeepEnded, "cannot talk to the keep").caused_by(&e);
    socket.set_nonblocking(true).map_err(failed)?;
    let client = DoorClient::new(tokio::net::UnixStream::from_std(socket).map_err(failed)?);
    let door = Arc::new(Listening::at(client, Arc::clone(&heard)));
    if door.ask(Ask::Wants).await.is_err() {
        return gone(ended).await;
    }
    let stop = tokio::sync::watch::channel(false);
    let run = run((home, aside), (&door, &heard), stop.clone());
    let ran = tokio::select! {
        ran = run => ran,
        how = &mut ended => {
            tracing::error!("the keep is gone: everything is refused");
            return how.map_or_else(|_| Ok(()), Ended::outcome);
        }
    };
    // The keep ends when its socket closes: it settles what is open as unknown and syncs.
    drop(door);
    let closed = tokio::time::timeout(KEEP_CLOSES, gone(ended)).await;
    ran.and(closed.unwrap_or_else(|_| Err(Failure::new(Exit::KeepEnded, "the keep did not end in time"))))
}

const KEEP_CLOSES: Duration = Duration::from_secs(15);

async fn gone(ended: oneshot::Receiver<Ended>) -> Result<(), Failure> {
    ended.await.map_or_else(|_| Ok(()), Ended::outcome)
}

type Stop = (tokio::sync::watch::Sender<bool>, tokio::sync::watch::Receiver<bool>);

/// Listens, serves and watches until a signal says to stop.
async fn run(
    (home, aside): (&Home, &Handle),
    (door, heard): (&Arc<Listening<DoorClient>>, &Arc<Heard>),
    (tell, stop): Stop,
) -> Result<(), Failure> {
    let config = wiring::active(home)?;
    wiring::catalogues(home)?;
    let egress = Arc::new(wiring::egress(home, &config)?);
    // Of its own, because connections belong to the thread that opened them.
    let public = Arc::new(aside_egress(home, &config, aside)?);
    let gateway = wiring::gateway(home, &config, door).await?;
    let listen: Vec<String> = gateway.addresses().iter().map(shown).collect();
    for address in &listen {
        tracing::info!(%address, "bots connect here");
    }
    let mut signals = Signals::new()?;
    let market = claviger_market::watch(Arc::clone(door), Arc::clone(&public), stopped(stop.clone()));
    let report = report(home.clone(), (Arc::clone(heard), public), listen);
    let market = aside.spawn(market);
    let report = aside.spawn(report);
    let served = tokio::spawn(gateway.serve(Arc::clone(door), egress, stopped(stop)));
    notify(&[sd_notify::NotifyState::Ready]);
    signals.until_stop(home).await;
    tracing::info!("stopping: what is in flight has ten seconds");
    notify(&[sd_notify::NotifyState::Stopping]);
    report.abort();
    // Every receiver may be gone by now; then there is nobody to tell.
    let _ = tell.send(true);
    let served = served.await;
    let _ = market.await;
    let _ = report.await;
    served.map_err(|e| Failure::new(Exit::Failed, "the gateway stopped").caused_by(&e))
}

fn aside_egress(home: &Home, config: &Config, aside: &Handle) -> Result<Egress, Failure> {
    let _inside = aside.enter();
    wiring::egress(home, config)
}

fn shown(address: &Address) -> String {
    match address {
        Address::Tcp(address) => address.to_string(),
        Address::Unix(path) => path.display().to_string(),
    }
}

async fn stopped(mut stop: tokio::sync::watch::Receiver<bool>) {
    // An error means that the teller is gone, which is the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Tells a service manager, if there is one.
fn notify(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(false, states) {
        tracing::debug!(%error, "no service manager was told");
    }
}

struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> Result<Self, Failure> {
        let on = |kind| {
            signal(kind).map_err(|e| Failure::new(Exit::Failed, "cannot handle signals").caused_by(&e))
        };
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hangup: on(SignalKind::hangup())?,
        })
    }

    /// Returns on SIGTERM and Ctrl-C; on SIGHUP applies what only narrows.
    async fn until_stop(&mut self, home: &Home) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
                _ = self.hangup.recv() => {
                    let path = home.control();
                    // It is said in the log; the gateway goes on meanwhile.
                    drop(tokio::task::spawn_blocking(move || apply(&path)));
                }
            }
        }
    }
}

/// What a reload that failed leaves.
const NOT_APPLIED: &str = "claviger.toml was not applied, and the policy from before stays in use";

/// Has the keep apply claviger.toml if nothing gets wider.
fn apply(control: &Path) {
    let command = Command::Apply { dry_run: false, factor: None };
    let said =
        Control::connect(control).and_then(|control| control.map(|mut c| c.command(&command)).transpose());
    match said {
        Ok(Some(Ok(Said::Report { applied: true, changes, .. }))) => {
            tracing::info!(changes = changes.len(), "claviger.toml was applied");
        }
        Ok(Some(Ok(_))) => {
            tracing::warn!(
                "claviger.toml was not applied, as it is wider: the policy from before stays in use; run `claviger apply`"
            );
        }
        Ok(Some(Err(refused))) => {
            let because = refused.because.join("; ");
            tracing::error!(because, "{}: {NOT_APPLIED}", refused.what);
        }
        Ok(None) => tracing::error!(because = "nobody listens on control.sock", "{NOT_APPLIED}"),
        Err(error) => tracing::error!(%error, "{NOT_APPLIED}"),
    }
}

/// Writes how the exchanges are, for `claviger status`, whenever it changes.
async fn report(home: Home, (heard, egress): (Arc<Heard>, Arc<Egress>), listen: Vec<String>) {
    let mut last = None;
    let mut beats = 0_u32;
    loop {
        let now = status(&heard, &listen);
        let seen = (now.ready, now.exchanges.clone());
        if last.as_ref() != Some(&seen) || beats.is_multiple_of(20) {
            log_changes(last.as_ref().map(|(_, exchanges)| exchanges), &now.exchanges);
            last = Some(seen);
            write(&home, &now);
        }
        if !now.ready && beats % 8 == 4 {
            heard.diagnose(&egress).await;
        }
        beats = beats.wrapping_add(1);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

type Venues = std::collections::BTreeMap<claviger_core::ExchangeName, super::health::Venue>;

fn log_changes(before: Option<&Venues>, now: &Venues) {
    for (exchange, venue) in now {
        if before.and_then(|before| before.get(exchange)) == Some(venue) {
            continue;
        }
        let why = venue.why.as_deref().unwrap_or_default();
        match venue.state.exit() {
            _ if venue.state == super::health::State::Waiting => {}
            None => tracing::info!(%exchange, "prices are fresh and the clock is right"),
            Some(exit) => tracing::warn!(%exchange, why, code = exit.code(), "{}", exit.meaning()),
        }
    }
}

fn write(home: &Home, status: &super::health::Status) {
    let written = serde_json::to_vec(status)
        .map_err(std::io::Error::other)
        .and_then(|text| claviger_os::replace(&home.status(), &text, 0o600));
    if let Err(error) = written {
        tracing::debug!(%error, "status.json was not written");
    }
}
