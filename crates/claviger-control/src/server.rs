//! The desk's end: plain threads in the keep's process.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use claviger_door::{Command, Desk, FrameError, frame};

use crate::wire::{Answer, Greeting};

/// Whether the process at the other end may command. An error counts as no.
pub type PeerCheck = fn(&UnixStream) -> io::Result<bool>;

/// Has every connection to `listener` carry its commands to a clone of `desk`, until the listener fails.
///
/// A command that takes long holds up its own connection only. `allowed` is asked before anything is read. Blocks; run
/// it on a thread of its own.
pub fn serve<D: Desk + Clone + Send + 'static>(listener: &UnixListener, desk: &D, allowed: PeerCheck) {
    let seats = Arc::new(Seats::default());
    loop {
        match listener.accept() {
            Ok((socket, _)) => admit(socket, desk.clone(), (allowed, &seats)),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::error!(%error, "control.sock takes no more connections");
                return;
            }
        }
    }
}

fn admit<D: Desk + Send + 'static>(socket: UnixStream, desk: D, (allowed, seats): (PeerCheck, &Arc<Seats>)) {
    if !matches!(allowed(&socket), Ok(true)) {
        tracing::warn!("a connection to control.sock from another user was refused");
        return;
    }
    let seat = match Seat::take(seats, &socket) {
        Ok(Some(seat)) => seat,
        Ok(None) => return tracing::warn!("too many connections to control.sock"),
        Err(error) => return tracing::error!(%error, "a connection to control.sock cannot be kept"),
    };
    let talk = move || {
        if let Err(error) = converse(socket, desk, &seat) {
            tracing::debug!(%error, "a connection to control.sock ended");
        }
    };
    // A thread that cannot be started drops the socket, and the client sees that.
    if let Err(error) = thread::Builder::new().name("control".to_owned()).spawn(talk) {
        tracing::error!(%error, "no thread for control.sock");
    }
}

/// The connections, the oldest first.
#[derive(Default)]
struct Seats(Mutex<Vec<Arc<Taken>>>);

struct Taken {
    socket: UnixStream,
    /// Whether a command is being carried out for it.
    busy: AtomicBool,
}

const MOST_CONNECTIONS: usize = 32;

impl Seats {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Taken>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the places for connections; given back when dropped.
struct Seat {
    seats: Arc<Seats>,
    taken: Arc<Taken>,
}

impl Seat {
    /// Where every place is taken, the connection that idles longest is cut: who says nothing locks nobody out.
    fn take(seats: &Arc<Seats>, socket: &UnixStream) -> io::Result<Option<Self>> {
        let taken = Arc::new(Taken { socket: socket.try_clone()?, busy: AtomicBool::new(false) });
        let mut all = seats.lock();
        if all.len() >= MOST_CONNECTIONS {
            let Some(idle) = all.iter().position(|other| !other.busy.load(Ordering::Acquire)) else {
                return Ok(None);
            };
            // One that is closed already is gone all the same.
            let _ = all.remove(idle).socket.shutdown(Shutdown::Both);
        }
        all.push(Arc::clone(&taken));
        Ok(Some(Self { seats: Arc::clone(seats), taken }))
    }

    fn while_busy<T>(&self, work: impl FnOnce() -> T) -> T {
        self.taken.busy.store(true, Ordering::Release);
        let done = work();
        self.taken.busy.store(false, Ordering::Release);
        done
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.lock().retain(|other| !Arc::ptr_eq(other, &self.taken));
    }
}

/// How long a client may take to greet.
const GREETING: Duration = Duration::from_secs(5);

/// How long a client may be silent after that: long enough for an operator to type a passphrase.
const PATIENCE: Duration = Duration::from_secs(120);

fn converse<D: Desk>(mut socket: UnixStream, mut desk: D, seat: &Seat) -> Result<(), FrameError> {
    socket.set_read_timeout(Some(GREETING))?;
    socket.set_write_timeout(Some(GREETING))?;
    let (_, theirs): (_, Greeting) = frame::read(&mut socket)?;
    frame::write(&mut socket, 0, &Greeting::ours())?;
    if !theirs.is_ours() {
        return Ok(());
    }
    socket.set_read_timeout(Some(PATIENCE))?;
    loop {
        let (number, command): (_, Command) = match frame::read(&mut socket) {
            Ok(next) => next,
            Err(FrameError::Closed) => return Ok(()),
            Err(e) => return Err(e),
        };
        let result = seat.while_busy(|| desk.command(command));
        frame::write(&mut socket, number, &Answer::from(result))?;
    }
}
