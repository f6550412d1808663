//! The gateway's end of the socket to the keep.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::oneshot;
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
    write: tokio::sync::Mutex<OwnedWriteHalf>,
    waiting: Arc<Waiting>,
    next: AtomicU64,
}

#[derive(Default)]
struct Waiting(Mutex<Option<HashMap<u64, oneshot::Sender<Reply>>>>);

impl DoorClient {
    /// Talks over this end of the pair; must be called within a tokio runtime.
    #[must_use]
    pub fn new(socket: UnixStream) -> Self {
        let (read, write) = socket.into_split();
        let waiting = Arc::new(Waiting(Mutex::new(Some(HashMap::new()))));
        tokio::spawn(deliver(BufReader::new(read), Arc::clone(&waiting)));
        Self { write: tokio::sync::Mutex::new(write), waiting, next: AtomicU64::new(1) }
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
        let written = self.write.lock().await.write_all(&bytes).await;
        if written.is_err() {
            self.waiting.end();
        }
        told.await.map_err(|_| DoorError::Gone)
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
