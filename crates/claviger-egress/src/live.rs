//! One open connection, driven by whoever uses it: no task of its own, so no wake-up between two tasks.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use http_body_util::Full;
use hyper::body::{Body as _, Bytes, Frame, Incoming};
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::socket::{Counted, Watch};

type Driver = Connection<TokioIo<Counted<TlsStream<TcpStream>>>, Full<Bytes>>;

pub(crate) struct Live {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
    ended: bool,
    watch: Watch,
    written: Arc<AtomicU64>,
    pub(crate) idle_since: Instant,
}

impl Live {
    pub(crate) fn new(
        sender: SendRequest<Full<Bytes>>,
        driver: Driver,
        watch: Watch,
        written: Arc<AtomicU64>,
    ) -> Self {
        Self { sender, driver, ended: false, watch, written, idle_since: Instant::now() }
    }

    /// How many bytes of requests it was given so far.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Sends one request and waits for the head of its answer; `None` where the connection ended without a word.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Option<Result<Response<Incoming>, hyper::Error>> {
        let mut answer = pin!(self.sender.send_request(request));
        poll_fn(|cx| {
            drive(&mut self.driver, &mut self.ended, cx);
            match answer.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending if self.ended => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// The next piece of an answer.
    pub(crate) async fn frame(&mut self, body: &mut Incoming) -> Option<Result<Frame<Bytes>, hyper::Error>> {
        poll_fn(|cx| {
            drive(&mut self.driver, &mut self.ended, cx);
            Pin::new(&mut *body).poll_frame(cx)
        })
        .await
    }

    /// Whether another request may go over it, as far as its own state tells; who takes it looks at the socket too.
    pub(crate) async fn is_reusable(&mut self) -> bool {
        poll_fn(|cx| {
            drive(&mut self.driver, &mut self.ended, cx);
            Poll::Ready(())
        })
        .await;
        !self.ended && self.sender.is_ready()
    }

    /// Whether the other end has said nothing while it was idle.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.ended && self.watch.is_quiet()
    }
}

fn drive(driver: &mut Driver, ended: &mut bool, cx: &mut Context<'_>) {
    if !*ended {
        *ended = Pin::new(driver).poll(cx).is_ready();
    }
}
