//! The gateway's end of the socket to the keep.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use crate::ask::Wire;
use crate::{Ask, FrameError, Reply, frame};

/// The keep, as the gateway's process sees it: a question goes in, an answer comes out.
pub trait Door: Send + Sync + 'static {
    /// Asks and waits.
    ///
    /// # Errors
    /// Where the keep is gone.
    fn ask(&self, ask: Ask) -> impl Future<Output = Result<Reply, DoorError>> + Send;

    /// Tells what nobody waits for: it reaches the keep before what is asked later, or some milliseconds from now.
    ///
    /// # Errors
    /// Where the keep is gone.
    fn tell(&self, ask: Ask) -> impl Future<Output = Result<(), DoorError>> + Send {
        async { self.ask(ask).await.map(drop) }
    }
}

/// The keep does not answer. Requests are refused then; nothing is sent.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The keep's process is gone.
    #[error("the keep is gone")]
    Gone,
    /// The question does not fit a frame.
    #[error("the question to the keep cannot be framed")]
    Frame(#[from] FrameError),
}

/// A [`Door`] over a socket: many questions at once, answered in any order.
pub struct DoorClient {
    out: Arc<tokio::sync::Mutex<Out>>,
    waiting: Arc<Waiting>,
    next: AtomicU64,
    /// Wakes whoever sends what was told and lies there.
    told: mpsc::Sender<()>,
}

/// What goes to the keep.
struct Out {
    socket: OwnedWriteHalf,
    /// Frames that were told: they leave with the next question, so that they wake nobody of their own.
    later: Zeroizing<Vec<u8>>,
}

/// How long what was told may lie here.
const LATER: Duration = Duration::from_millis(5);

/// More than this does not wait.
const MOST_LATER: usize = 16 * 1024;

#[derive(Default)]
struct Waiting(Mutex<Option<HashMap<u64, oneshot::Sender<Reply>>>>);

impl DoorClient {
    /// Talks over this end of the pair; must be called within a tokio runtime.
    #[must_use]
    pub fn new(socket: UnixStream) -> Self {
        let (read, write) = socket.into_split();
        let waiting = Arc::new(Waiting(Mutex::new(Some(HashMap::new()))));
        tokio::spawn(deliver(BufReader::new(read), Arc::clone(&waiting)));
        let out = Out { socket: write, later: Zeroizing::default() };
        let out = Arc::new(tokio::sync::Mutex::new(out));
        let (told, awake) = mpsc::channel(1);
        tokio::spawn(flush((Arc::downgrade(&out), Arc::downgrade(&waiting)), awake));
        Self { out, waiting, next: AtomicU64::new(frame::UNANSWERED + 1), told }
    }

    /// Whether the keep is gone for good.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.waiting.lock().is_none()
    }
}

impl Door for DoorClient {
    async fn ask(&self, ask: Ask) -> Result<Reply, DoorError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let bytes = frame::encode(number, &ask)?;
        let (tell, told) = oneshot::channel();
        self.waiting.lock().as_mut().ok_or(DoorError::Gone)?.insert(number, tell);
        let written = self.out.lock().await.send(&bytes).await;
        if written.is_err() {
            self.waiting.end();
        }
        told.await.map_err(|_| DoorError::Gone)
    }

    async fn tell(&self, ask: Ask) -> Result<(), DoorError> {
        let bytes = frame::encode(frame::UNANSWERED, &ask)?;
        if self.is_gone() {
            return Err(DoorError::Gone);
        }
        let mut out = self.out.lock().await;
        if bytes.len() + out.later.len() > MOST_LATER {
            return out.send(&bytes).await.map_err(|_| DoorError::Gone);
        }
        out.later.extend_from_slice(&bytes);
        // A full channel means that it is awake already.
        let _ = self.told.try_send(());
        Ok(())
    }
}

impl Out {
    /// Sends what was told, then `bytes`.
    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let later = std::mem::take(&mut self.later);
        let mut both = [IoSlice::new(&later), IoSlice::new(bytes)];
        let mut left = both.as_mut_slice();
        // Passes over what is empty.
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            match self.socket.write_vectored(left).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                sent => IoSlice::advance_slices(&mut left, sent),
            }
        }
        Ok(())
    }
}

/// Sends what was told and that no question took along. Ends with the client.
async fn flush(
    (out, waiting): (Weak<tokio::sync::Mutex<Out>>, Weak<Waiting>),
    mut awake: mpsc::Receiver<()>,
) {
    while awake.recv().await.is_some() {
        tokio::time::sleep(LATER).await;
        let (Some(out), Some(waiting)) = (out.upgrade(), waiting.upgrade()) else { return };
        if out.lock().await.send(&[]).await.is_err() {
            waiting.end();
        }
    }
}

impl Waiting {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<HashMap<u64, oneshot::Sender<Reply>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops every sender, so that every waiter learns that the keep is gone.
    fn end(&self) {
        self.lock().take();
    }
}

async fn deliver(mut read: BufReader<OwnedReadHalf>, waiting: Arc<Waiting>) {
    while let Ok((number, reply)) = next(&mut read).await {
        let waiter = waiting.lock().as_mut().and_then(|all| all.remove(&number));
        if let Some(tell) = waiter {
            // A waiter that gave up does not want its answer: a state change it asked for is settled as unknown by the keep.
            let _ = tell.send(reply);
        }
    }
    waiting.end();
}

async fn next(read: &mut BufReader<OwnedReadHalf>) -> Result<(u64, Reply), FrameError> {
    let mut head = [0; 12];
    read.read_exact(&mut head).await?;
    let (length, number) = frame::decode_head(head)?;
    let mut body = Zeroizing::new(vec![0; length]);
    read.read_exact(&mut body).await?;
    Ok((number, frame::decode::<Wire>(&body)?.into()))
}
