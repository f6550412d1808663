//! Two threads over one socket: the first reads, judges and writes; the second waits for the disk, signs and answers.

use std::io::BufReader;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use claviger_door::{Ask, FrameError, Inbox, Outbox, Received, Reply};

use crate::keep::Keep;
use crate::leaf::leaf;
use crate::listener;
use crate::record::Written;
use crate::refused::Unserved;

/// The keep's work ended otherwise than by the other process closing the socket.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The socket or a thread cannot be set up.
    #[error("the keep cannot work on its socket")]
    Setup(#[source] std::io::Error),
    /// The other process sent what cannot be read, or the socket broke.
    #[error("the gateway's process broke the connection")]
    Broken(#[source] FrameError),
}

/// The most state changes that may wait for the disk at a time.
const MOST_WAITING: usize = 4096;

/// How long an entry that nothing waits for may stay in memory.
const LAZY: Duration = Duration::from_millis(50);

/// How long [`Keep::stop`] lets what is under way finish.
const GRACE: Duration = Duration::from_secs(10);

enum Job {
    Finish(u64, Box<Written>),
    /// Something was written that nothing waits for.
    Lazy,
}

/// What the two threads share.
struct Line<'a> {
    keep: &'a Keep,
    outbox: Mutex<Outbox<UnixStream>>,
    waiting: AtomicUsize,
    lazy: AtomicBool,
}

impl Keep {
    /// Answers everything that is asked over `socket`, and returns when the other end closes it: then whatever waits for
    /// an answer is settled as unknown and the journal is synced.
    ///
    /// # Errors
    /// If the socket breaks or carries what cannot be read; the journal is synced then too.
    pub fn run(&self, socket: UnixStream) -> Result<(), RunError> {
        let write = socket.try_clone().map_err(RunError::Setup)?;
        *self.line() = Some(socket.try_clone().map_err(RunError::Setup)?);
        if self.room().stopping {
            // The command to stop came first, and found no socket to close.
            self.line().take();
            return Ok(());
        }
        let line = Line {
            keep: self,
            outbox: Mutex::new(Outbox::new(write)),
            waiting: AtomicUsize::new(0),
            lazy: AtomicBool::new(false),
        };
        let (tell, told) = channel();
        let ended = thread::scope(|scope| {
            let line = &line;
            let second = move || line.second(&told);
            thread::Builder::new()
                .name("sign".to_owned())
                .spawn_scoped(scope, second)
                .map_err(RunError::Setup)?;
            let ended = line.first(Inbox::new(BufReader::with_capacity(64 * 1024, socket)), &tell);
            drop(tell);
            ended
        });
        self.line().take();
        self.lose_all();
        // A line that was closed on command may break in the middle of an answer.
        if self.room().stopping { Ok(()) } else { ended }
    }

    /// Refuses what is new, lets what is under way finish for at most ten seconds, and closes the socket.
    pub(crate) fn stop(&self) {
        self.room().stopping = true;
        let keep = self.clone();
        let close = move || {
            let end = Instant::now() + GRACE;
            while Instant::now() < end && !keep.room().tickets.is_empty() {
                thread::sleep(LAZY);
            }
            if let Some(socket) = keep.line().take() {
                // The other end may have closed it by itself.
                let _ = socket.shutdown(Shutdown::Both);
            }
        };
        if let Err(error) = thread::Builder::new().name("stop".to_owned()).spawn(close) {
            tracing::error!(%error, "no thread to stop with");
        }
    }
}

impl Line<'_> {
    fn first(&self, mut inbox: Inbox<BufReader<UnixStream>>, tell: &Sender<Job>) -> Result<(), RunError> {
        loop {
            let (number, ask) = match inbox.question() {
                Ok(question) => question,
                Err(FrameError::Closed) => return Ok(()),
                Err(error) => return Err(RunError::Broken(error)),
            };
            if let Some(reply) = self.answer(number, ask, tell) {
                self.reply(number, reply)?;
            }
            if !self.lazy.swap(true, Ordering::AcqRel) {
                // The second thread ends only after this one.
                let _ = tell.send(Job::Lazy);
            }
        }
    }

    /// The reply, unless the second thread gives it.
    fn answer(&self, number: u64, ask: Ask, tell: &Sender<Job>) -> Option<Reply> {
        match ask {
            Ask::Judge(received) => self.judge(number, *received, tell),
            Ask::Settle { ticket, seen } => Some(self.keep.settle(ticket, &seen)),
            Ask::Market { now, view } => {
                self.keep.room().hear(*view, now);
                Some(Reply::Nothing)
            }
            Ask::Leaf { host, spki } => {
                let now = self.keep.room().now();
                Some(leaf(self.keep.vault(), &host, &spki, now))
            }
            Ask::ListenerLeaf { spki } => {
                let (now, config) = self.keep.listener_facts();
                Some(listener::leaf(self.keep.vault(), &config, (&spki, now)))
            }
            Ask::ListenerKey => Some(listener::public_key(self.keep.vault())),
            Ask::ListenerSign { scheme, message } => {
                Some(listener::sign(self.keep.vault(), scheme, &message))
            }
            Ask::Wants => Some(Reply::Wants(self.keep.room().wants())),
            Ask::Chore => {
                let chore = self.keep.room().chore();
                Some(chore.map_or(Reply::Nothing, |written| own(self.keep.send(written))))
            }
        }
    }

    fn judge(&self, number: u64, received: Received, tell: &Sender<Job>) -> Option<Reply> {
        let written = match self.keep.receive(received) {
            Ok(written) => written,
            Err(refusal) => return Some(Reply::Refuse(refusal)),
        };
        if !written.waits_for_disk() {
            return Some(self.keep.send(written));
        }
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= MOST_WAITING {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Some(Reply::Refuse(self.keep.room().unsent(&written, &Unserved::Busy)));
        }
        match tell.send(Job::Finish(number, written)) {
            Ok(()) => None,
            Err(unsent) => match unsent.0 {
                Job::Finish(_, written) => {
                    Some(Reply::Refuse(self.keep.room().unsent(&written, &Unserved::Busy)))
                }
                Job::Lazy => None,
            },
        }
    }

    /// One sync serves every job that is there; the jobs that come in meanwhile share the next one.
    fn second(&self, told: &Receiver<Job>) {
        let mut due: Option<Instant> = None;
        loop {
            let job = match due {
                None => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => told.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match job {
                Ok(Job::Finish(number, written)) => {
                    let reply = self.keep.send(written);
                    self.waiting.fetch_sub(1, Ordering::AcqRel);
                    // A broken socket ends the first thread, and with it this one.
                    let _ = self.reply(number, reply);
                }
                Ok(Job::Lazy) => due = due.or_else(|| Some(Instant::now() + LAZY)),
                Err(RecvTimeoutError::Timeout) => {
                    due = None;
                    self.lazy.store(false, Ordering::Release);
                    self.keep.sync_written();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn reply(&self, number: u64, reply: Reply) -> Result<(), RunError> {
        let mut outbox = self.outbox.lock().unwrap_or_else(PoisonError::into_inner);
        outbox.answer(number, reply).map_err(RunError::Broken)
    }
}

/// A call of claviger's own that cannot be made is no answer to anybody.
fn own(reply: Reply) -> Reply {
    match reply {
        Reply::Refuse(_) => Reply::Nothing,
        reply => reply,
    }
}
