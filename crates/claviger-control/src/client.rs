//! The operator's end.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use claviger_door::{Command, FrameError, Refused, Said, frame};

use crate::wire::{Answer, Greeting, VERSION};

/// The running claviger cannot be talked to.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The socket cannot be used.
    #[error("cannot connect to the running claviger")]
    Connect(#[source] io::Error),
    /// The connection broke or made no sense.
    #[error("the connection to the running claviger failed")]
    Frame(#[from] FrameError),
    /// The running claviger is of another version.
    #[error("the running claviger is version {theirs}, and this command is version {VERSION}")]
    Version {
        /// Its version.
        theirs: String,
    },
}

/// A connection to a running claviger.
#[derive(Debug)]
pub struct Control {
    socket: UnixStream,
    number: u64,
}

/// How long a claviger that is ending may take until nobody listens any more.
const ENDING: Duration = Duration::from_secs(3);

/// The pause before it is asked again.
const PAUSE: Duration = Duration::from_millis(50);

impl Control {
    /// Connects to the socket at `path`; `None` where nobody listens there.
    ///
    /// Who hangs up before the greeting is over may be ending, so that is tried again for 3 seconds: nothing was
    /// commanded yet.
    ///
    /// # Errors
    /// Where somebody listens and cannot be talked to.
    pub fn connect(path: &Path) -> Result<Option<Self>, ControlError> {
        let end = Instant::now() + ENDING;
        loop {
            match Self::greet(path) {
                Err(ControlError::Frame(error)) if hung_up(&error) && Instant::now() < end => {
                    thread::sleep(PAUSE);
                }
                done => return done,
            }
        }
    }

    fn greet(path: &Path) -> Result<Option<Self>, ControlError> {
        let mut socket = match UnixStream::connect(path) {
            Ok(socket) => socket,
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                return Ok(None);
            }
            Err(e) => return Err(ControlError::Connect(e)),
        };
        frame::write(&mut socket, 0, &Greeting::ours())?;
        let (_, theirs): (_, Greeting) = frame::read(&mut socket)?;
        if theirs.is_ours() {
            Ok(Some(Self { socket, number: 0 }))
        } else {
            Err(ControlError::Version { theirs: theirs.version.chars().take(40).collect() })
        }
    }

    /// Has one command carried out; the inner result is the desk's own.
    ///
    /// # Errors
    /// Where the connection failed: whether the command was carried out is then unknown.
    pub fn command(&mut self, command: &Command) -> Result<Result<Said, Refused>, ControlError> {
        self.number += 1;
        frame::write(&mut self.socket, self.number, command)?;
        let (_, answer): (_, Answer) = frame::read(&mut self.socket)?;
        Ok(answer.into())
    }
}

/// Whether the other end closed the connection.
fn hung_up(error: &FrameError) -> bool {
    match error {
        FrameError::Closed => true,
        FrameError::Io(e) => matches!(
            e.kind(),
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
        ),
        FrameError::TooLong(_) | FrameError::Encoding(_) => false,
    }
}
