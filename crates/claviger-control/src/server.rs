//! The desk's end: plain threads in the keep's process.

use std::io;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use claviger_door::{Command, Desk, FrameError, frame};

use crate::wire::{Answer, Greeting};

/// Whether the process at the other end may command. An error counts as no.
pub type PeerCheck = fn(&UnixStream) -> io::Result<bool>;

/// Carries out commands that come in by `listener`, one after the other, until the listener fails.
///
/// `allowed` is asked before anything is read. Blocks; run it on a thread of its own.
pub fn serve<D: Desk + Send + 'static>(listener: &UnixListener, desk: &Arc<Mutex<D>>, allowed: PeerCheck) {
    let open = Arc::new(AtomicUsize::new(0));
    loop {
        match listener.accept() {
            Ok((socket, _)) => admit(socket, Arc::clone(desk), (allowed, &open)),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::error!(%error, "control.sock takes no more connections");
                return;
            }
        }
    }
}

fn admit<D: Desk + Send + 'static>(
    socket: UnixStream,
    desk: Arc<Mutex<D>>,
    (allowed, open): (PeerCheck, &Arc<AtomicUsize>),
) {
    let Some(place) = Place::take(open) else {
        tracing::warn!("too many connections to control.sock");
        return;
    };
    if !matches!(allowed(&socket), Ok(true)) {
        tracing::warn!("a connection to control.sock from another user was refused");
        return;
    }
    let talk = move || {
        let _place = place;
        if let Err(error) = converse(socket, &desk) {
            tracing::debug!(%error, "a connection to control.sock ended");
        }
    };
    // A thread that cannot be started drops the socket, and the client sees that.
    if let Err(error) = thread::Builder::new().name("control".to_owned()).spawn(talk) {
        tracing::error!(%error, "no thread for control.sock");
    }
}

/// One of the places for connections; given back when dropped.
struct Place(Arc<AtomicUsize>);

const MOST_CONNECTIONS: usize = 32;

impl Place {
    fn take(open: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(Arc::clone(open));
        (open.fetch_add(1, Ordering::AcqRel) < MOST_CONNECTIONS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// How long a client may be silent: long enough for an operator to type a passphrase.
const PATIENCE: Duration = Duration::from_secs(120);

fn converse<D: Desk>(mut socket: UnixStream, desk: &Mutex<D>) -> Result<(), FrameError> {
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    let (_, theirs): (_, Greeting) = frame::read(&mut socket)?;
    frame::write(&mut socket, 0, &Greeting::ours())?;
    if !theirs.is_ours() {
        return Ok(());
    }
    loop {
        let (number, command): (_, Command) = match frame::read(&mut socket) {
            Ok(next) => next,
            Err(FrameError::Closed) => return Ok(()),
            Err(e) => return Err(e),
        };
        let result = desk.lock().unwrap_or_else(PoisonError::into_inner).command(command);
        frame::write(&mut socket, number, &Answer::from(result))?;
    }
}
