//! Sending.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use claviger_door::{Seen, SignedRequest};
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, HeaderMap};
use tokio::time::timeout_at;

use crate::connect::connect;
use crate::live::Live;
use crate::outgoing::Outgoing;
use crate::pool::{Pool, Share};
use crate::route::{Route, find, routes};
use crate::{Body, Config, ConfigError, PublicRequest};

const CONNECT: Duration = Duration::from_secs(5);
const HEAD: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(30);
const SWEEP: Duration = Duration::from_secs(15);

/// The way out.
pub struct Egress {
    routes: Vec<Route>,
    pool: Arc<Pool>,
}

/// The head of an answer, and its body as it comes.
pub struct Sent {
    /// The status code.
    pub status: u16,
    /// The headers, as the exchange sent them.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

/// There is no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No byte of the request left.
    #[error("nothing was sent: {why}")]
    NotSent {
        /// Why.
        why: Box<str>,
    },
    /// Something left, and nobody knows what became of it. It must not be sent again.
    #[error("sent, but no whole answer came: {why}")]
    Lost {
        /// Why.
        why: Box<str>,
    },
}

impl From<SendError> for Seen {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NotSent { why } => Self::NotSent { why },
            SendError::Lost { why } => Self::Lost { why },
        }
    }
}

impl Egress {
    /// Makes the way out; must be called within a tokio runtime.
    ///
    /// # Errors
    /// Where a CA file or host cannot be used.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let pool = Arc::new(Pool::default());
        tokio::spawn(sweep(Arc::downgrade(&pool)));
        Ok(Self { routes: routes(config)?, pool })
    }

    /// Sends what the keep signed, at most once, if it can still begin within its time.
    ///
    /// # Errors
    /// [`SendError`] says whether a byte left.
    pub async fn send(&self, request: SignedRequest) -> Result<Sent, SendError> {
        let start = Instant::now();
        let outgoing = Outgoing::signed(request).map_err(|e| not_sent(e.to_string()))?;
        self.go(&outgoing, start).await
    }

    /// Sends a public request, at most once.
    ///
    /// # Errors
    /// [`SendError`] says whether a byte left.
    pub async fn ask(&self, request: PublicRequest) -> Result<Sent, SendError> {
        let start = Instant::now();
        let outgoing = Outgoing::public(request).map_err(|e| not_sent(e.to_string()))?;
        self.go(&outgoing, start).await
    }

    async fn go(&self, outgoing: &Outgoing, start: Instant) -> Result<Sent, SendError> {
        let (number, route) = find(&self.routes, &outgoing.exchange, &outgoing.surface)
            .ok_or_else(|| not_sent("no host is known for this surface"))?;
        let attempt = Attempt {
            outgoing,
            route,
            share: Share { owner: outgoing.owner, route: number },
            pool: &self.pool,
            start,
        };
        if let Some(live) = self.pool.take(attempt.share) {
            match attempt.over(live).await {
                // The other end closed an idle connection before it saw a byte: once more on a fresh one.
                Err(SendError::NotSent { .. }) => {}
                done => return done,
            }
        }
        let within = CONNECT.min(attempt.left()?);
        let live = connect(route, within).await.map_err(|e| not_sent(format!("{}: {e}", route.authority)))?;
        attempt.over(live).await
    }
}

struct Attempt<'a> {
    outgoing: &'a Outgoing,
    route: &'a Route,
    share: Share,
    pool: &'a Arc<Pool>,
    start: Instant,
}

impl Attempt<'_> {
    /// How long it may still begin to leave.
    fn left(&self) -> Result<Duration, SendError> {
        self.outgoing
            .may_wait
            .checked_sub(self.start.elapsed())
            .filter(|left| !left.is_zero())
            .ok_or_else(|| not_sent("its time was over before it could leave"))
    }

    async fn over(&self, mut live: Live) -> Result<Sent, SendError> {
        self.left()?;
        let request = self.outgoing.request(&self.route.host_header);
        let before = live.written();
        let head = timeout_at((Instant::now() + HEAD).into(), live.send(request)).await;
        let why = match head {
            Ok(Some(Ok(answer))) => return self.sent(answer, live),
            Ok(Some(Err(e))) => e.to_string(),
            Ok(None) => "the connection ended".into(),
            Err(_) => "no answer within the time limit".into(),
        };
        let untouched = live.written() == before;
        drop(live);
        Err(if untouched { not_sent(why) } else { lost(why) })
    }

    fn sent(&self, answer: Response<Incoming>, live: Live) -> Result<Sent, SendError> {
        let (head, incoming) = answer.into_parts();
        let plain = head.headers.get_all(CONTENT_ENCODING).iter().all(|v| v.as_bytes() == b"identity");
        if !plain {
            return Err(lost("the answer is compressed, though plain bytes were asked for"));
        }
        if head.status.is_informational() {
            return Err(lost("the exchange switched protocols"));
        }
        let (limit, until) = (self.outgoing.answer_limit, self.start + TOTAL);
        let body = Body::new(incoming, live, (Arc::clone(self.pool), self.share), limit, until);
        Ok(Sent { status: head.status.as_u16(), headers: head.headers, body })
    }
}

async fn sweep(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        match pool.upgrade() {
            Some(pool) => pool.sweep(),
            None => return,
        }
    }
}

fn not_sent(why: impl Into<Box<str>>) -> SendError {
    SendError::NotSent { why: why.into() }
}

fn lost(why: impl Into<Box<str>>) -> SendError {
    SendError::Lost { why: why.into() }
}
