//! One request, from its parts to its answer.

use std::sync::Arc;
use std::time::Duration;

use claviger_core::{DenialClass, Endpoint, Permission};
use claviger_door::{Ask, Door, Received, Refusal, Reply, Returns, Seen, SignedRequest};
use claviger_egress::{Egress, PublicRequest, Sent};
use claviger_exchange::{Exchange, RawRequest, ReadError, Security, Surface};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};

use crate::answer::{After, Answer, hint_header, passed_on};
use crate::chores::whole;
use crate::config::Owner;
use crate::link::Link;
use crate::public::PublicFrom;
use crate::relay::{Begun, Unrelayed, begin, relay};
use crate::sieve::{Needles, Searches};
use crate::throttle::Throttle;
use crate::tunnel::Leaves;
use crate::wire::{Broken, Wire};

/// What every connection needs.
pub(crate) struct Shared<D> {
    pub door: Arc<D>,
    pub egress: Arc<Egress>,
    pub owner: Option<Owner>,
    pub leaves: Leaves,
    pub public: Arc<PublicFrom>,
    pub throttle: Throttle,
    pub searches: Searches,
    /// Places for large bodies.
    pub large: Semaphore,
    pub stop: watch::Receiver<bool>,
}

/// A request and where it goes.
pub(crate) struct Asked {
    pub exchange: &'static dyn Exchange,
    pub surface: &'static Surface,
    pub received: Box<Received>,
    pub after: After,
}

/// The rules by which the keep says that it does not know who asks.
const STRANGER: [&str; 2] = ["key", "signature"];

/// A source that keeps failing waits this long for each further refusal.
const TARRY: Duration = Duration::from_millis(250);

/// How long an answer that blames the key waits for what the exchange says of the key.
const LOOK: Duration = Duration::from_secs(3);

const UNAVAILABLE: &str = "claviger cannot decide now; nothing was sent";
const UNTOLD: &str = "the request was sent, and its answer cannot be passed on: ask what became of it";

impl Asked {
    fn refuse(&self, class: DenialClass, rule: &str, why: &str) -> Answer {
        Answer::refusal(self.exchange, class, rule, why)
    }

    fn endpoint(&self) -> Endpoint {
        let Received { exchange, surface, method, path, .. } = &*self.received;
        Endpoint { exchange: exchange.clone(), surface: surface.clone(), method: *method, path: path.clone() }
    }

    fn raw(&self) -> RawRequest<'_> {
        raw(&self.received)
    }

    fn is_public(&self) -> bool {
        let row =
            self.exchange.live().row(self.surface.name, self.received.method.into(), &self.received.path);
        row.is_some_and(|row| row.permission == Permission::Public && row.security == Security::None)
    }
}

fn raw(received: &Received) -> RawRequest<'_> {
    RawRequest {
        method: received.method,
        prefix: received.prefix.as_deref(),
        path: &received.path,
        query: received.query.as_deref(),
        headers: &received.headers,
        body: &received.body,
    }
}

/// Answers one request. It goes on whether or not the bot still listens: what was signed is always settled.
pub(crate) async fn serve<S, D>(
    wire: &mut Wire<S>,
    link: &mut Link,
    asked: Asked,
    shared: &Shared<D>,
) -> Result<After, Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Door,
{
    if asked.is_public() {
        return public(wire, link, &asked, shared).await;
    }
    let id = if link.proven { None } else { claimed(&asked) };
    if !link.proven && shared.throttle.is_tired_of(link.source) {
        let known = id.as_deref().is_some_and(|id| shared.throttle.knows(link.source, id));
        if !known {
            let why = "too many requests with unknown keys or bad signatures from here";
            return say(wire, &asked.refuse(DenialClass::Throttled, "throttled", why), asked.after).await;
        }
    }
    let Asked { exchange, received, after, .. } = asked;
    let place = Place { exchange, after };
    match shared.door.ask(Ask::Judge(received)).await {
        Ok(Reply::Send(request)) => {
            prove(link, id.as_deref(), &shared.throttle);
            forward(wire, *request, place, shared).await
        }
        Ok(Reply::Refuse(refusal) | Reply::Instead(refusal)) => {
            if is_stranger(&refusal) {
                stranger(link, &shared.throttle).await;
            } else {
                prove(link, id.as_deref(), &shared.throttle);
            }
            say(wire, &refusal.into(), after).await
        }
        Ok(Reply::Failed(why)) => {
            tracing::error!(why, "the keep failed");
            say(wire, &place.unavailable(), after).await
        }
        Ok(
            Reply::Pass
            | Reply::Hinted(_)
            | Reply::Other { .. }
            | Reply::First(_)
            | Reply::Leaf(_)
            | Reply::PublicKey(_)
            | Reply::Handshake(_)
            | Reply::Wants(_)
            | Reply::Nothing,
        ) => {
            tracing::error!("the keep answered another question");
            say(wire, &place.unavailable(), after).await
        }
        Err(error) => {
            tracing::error!(%error, "the keep does not answer");
            say(wire, &place.unavailable(), after).await
        }
    }
}

/// In whose words, and what happens to the connection.
#[derive(Clone, Copy)]
struct Place {
    exchange: &'static dyn Exchange,
    after: After,
}

impl Place {
    fn unavailable(self) -> Answer {
        Answer::refusal(self.exchange, DenialClass::Unavailable, "unavailable", UNAVAILABLE)
    }
}

/// What the request says of who it is from, unverified.
fn claimed(asked: &Asked) -> Option<Box<str>> {
    asked.exchange.claim(&asked.raw()).ok().flatten().map(|claim| claim.key_id.into())
}

fn is_stranger(refusal: &Refusal) -> bool {
    let rule = refusal.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-claviger-denial"));
    rule.is_some_and(|(_, rule)| STRANGER.contains(&rule.as_ref()))
}

fn prove(link: &mut Link, id: Option<&str>, throttle: &Throttle) {
    if let Some(id) = id {
        throttle.worked(link.source, id);
    }
    link.proven = true;
}

async fn stranger(link: &mut Link, throttle: &Throttle) {
    link.proven = false;
    throttle.failed(link.source);
    if throttle.is_tired_of(link.source) {
        tokio::time::sleep(TARRY).await;
    }
}

async fn say<S>(wire: &mut Wire<S>, answer: &Answer, after: After) -> Result<After, Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    wire.write(&answer.bytes(after)).await?;
    Ok(after)
}

/// A public row: read strictly, printed anew, sent without a key.
async fn public<S, D>(
    wire: &mut Wire<S>,
    link: &Link,
    asked: &Asked,
    shared: &Shared<D>,
) -> Result<After, Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Door,
{
    let answer = match public_answer(link, asked, shared).await {
        Ok(sent) => match relay(wire, sent, None, asked.after).await {
            Ok(()) => return Ok(asked.after),
            Err(Unrelayed::Cut(_)) => return Err(Broken::Gone),
            Err(Unrelayed::Unseen(why)) => asked.refuse(DenialClass::Unavailable, "answer", &why),
        },
        Err(answer) => answer,
    };
    say(wire, &answer, asked.after).await
}

async fn public_answer<D: Door>(link: &Link, asked: &Asked, shared: &Shared<D>) -> Result<Sent, Answer> {
    if !shared.public.serves(asked.exchange.name(), link.address, &*shared.door).await {
        let why = "public data is not served to this address";
        return Err(asked.refuse(DenialClass::Permission, "public_from", why));
    }
    let read = asked.exchange.read(asked.surface, &asked.raw());
    let (intent, _) = read.map_err(|error| {
        let (class, rule) = match error {
            ReadError::UnknownEndpoint { .. } | ReadError::NotYetRead { .. } | ReadError::Refused { .. } => {
                (DenialClass::Permission, "endpoint")
            }
            _ => (DenialClass::Request, "parameter"),
        };
        asked.refuse(class, rule, &claviger_exchange::explained(asked.exchange, &asked.endpoint(), &error))
    })?;
    let request = PublicRequest::new(asked.exchange, &intent)
        .map_err(|e| asked.refuse(DenialClass::Request, "endpoint", &e.to_string()))?;
    let sent = shared.egress.ask(request).await;
    sent.map_err(|e| asked.refuse(DenialClass::Unavailable, "unreachable", &e.to_string()))
}

/// Sends what the keep signed, tells the keep what was seen, and the bot what the keep says.
async fn forward<S, D>(
    wire: &mut Wire<S>,
    request: SignedRequest,
    place: Place,
    shared: &Shared<D>,
) -> Result<After, Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
    D: Door,
{
    let parts = request.parts();
    let ticket = Ticket { number: parts.ticket, place };
    let (returns, needles) = (parts.returns, shared.searches.needles(&parts.real_id));
    let sent = match shared.egress.send(request).await {
        Ok(sent) => sent,
        Err(error) => return ticket.instead(wire, error.into(), shared).await,
    };
    match returns {
        Returns::Stream => ticket.stream(wire, sent, &needles, shared).await,
        Returns::Shown | Returns::House => ticket.show(wire, sent, &needles, shared).await,
    }
}

/// What was sent and must be settled once.
struct Ticket {
    number: u64,
    place: Place,
}

impl Ticket {
    async fn settle<D: Door>(&self, seen: Seen, shared: &Shared<D>) -> Option<Reply> {
        match shared.door.ask(Ask::Settle { ticket: self.number, seen }).await {
            Ok(Reply::Failed(why)) => {
                tracing::error!(why, "the keep could not settle");
                None
            }
            Ok(reply) => Some(reply),
            Err(error) => {
                tracing::error!(%error, "an answer could not be settled");
                None
            }
        }
    }

    /// There is no answer to pass on: the keep says what the bot is told.
    async fn instead<S, D>(&self, wire: &mut Wire<S>, seen: Seen, shared: &Shared<D>) -> Result<After, Broken>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        D: Door,
    {
        let nothing_left = matches!(seen, Seen::NotSent { .. });
        let answer = match self.settle(seen, shared).await {
            Some(Reply::Instead(refusal) | Reply::Refuse(refusal)) => refusal.into(),
            _ if nothing_left => self.place.unavailable(),
            _ => Answer::plain(504, UNTOLD),
        };
        say(wire, &answer, self.place.after).await
    }

    /// Passes the answer on as it comes, then tells the keep how it ended.
    async fn stream<S, D>(
        &self,
        wire: &mut Wire<S>,
        sent: Sent,
        needles: &Needles,
        shared: &Shared<D>,
    ) -> Result<After, Broken>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        D: Door,
    {
        let status = sent.status;
        let passed = match begin(sent, Some(needles)).await {
            Ok(begun) => match self.blame(&begun) {
                Some(seen) => return self.blaming(wire, begun, (seen, shared)).await,
                None => begun.pass(wire, None, self.place.after).await,
            },
            Err(unrelayed) => Err(unrelayed),
        };
        match passed {
            Ok(()) => {
                // The bot has its answer, and nothing that it asks next depends on this.
                let seen = Seen::Answer { status, body: Vec::new() };
                if let Err(error) = shared.door.tell(Ask::Settle { ticket: self.number, seen }).await {
                    tracing::error!(%error, "an answer could not be settled");
                }
                Ok(self.place.after)
            }
            Err(Unrelayed::Cut(why)) => {
                self.settle(Seen::Lost { why }, shared).await;
                Err(Broken::Gone)
            }
            Err(Unrelayed::Unseen(why)) => self.instead(wire, Seen::Lost { why }, shared).await,
        }
    }

    /// What the keep must see of an answer that says that the key was not taken.
    fn blame(&self, begun: &Begun<'_>) -> Option<Seen> {
        let (status, body) = begun.whole()?;
        self.place.exchange.key_fault(status, body)?;
        Some(Seen::Answer { status, body: body.to_vec() })
    }

    /// Passes such an answer on with the keep's hint.
    async fn blaming<S, D>(
        &self,
        wire: &mut Wire<S>,
        begun: Begun<'_>,
        (seen, shared): (Seen, &Shared<D>),
    ) -> Result<After, Broken>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        D: Door,
    {
        let hint = match self.settled(seen, shared).await {
            Some(Reply::Hinted(hint)) => Some(hint),
            Some(Reply::Instead(refusal) | Reply::Refuse(refusal)) => {
                return say(wire, &refusal.into(), self.place.after).await;
            }
            _ => None,
        };
        let passed = begun.pass(wire, hint.as_deref(), self.place.after).await;
        passed.map(|()| self.place.after).map_err(|_| Broken::Gone)
    }

    /// Settles; asks first what the keep wants to know before it says how the answer is passed on.
    async fn settled<D: Door>(&self, seen: Seen, shared: &Shared<D>) -> Option<Reply> {
        let request = match self.settle(seen, shared).await {
            Some(Reply::First(request)) => *request,
            reply => return reply,
        };
        let look = Ticket { number: request.parts().ticket, place: self.place };
        let looked = tokio::time::timeout(LOOK, whole(&shared.egress, request)).await;
        let seen = looked.unwrap_or_else(|_| Seen::Lost { why: "it took too long".into() });
        match look.settle(seen, shared).await {
            Some(Reply::Hinted(hint)) => Some(Reply::Hinted(hint)),
            // What was asked about was settled, and without a hint it passes as it is.
            _ => Some(Reply::Pass),
        }
    }

    /// Shows the whole answer to the keep before the bot sees it.
    async fn show<S, D>(
        &self,
        wire: &mut Wire<S>,
        sent: Sent,
        needles: &Needles,
        shared: &Shared<D>,
    ) -> Result<After, Broken>
    where
        S: AsyncRead + AsyncWrite + Unpin,
        D: Door,
    {
        let headers = sent.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let (status, mut headers) = (sent.status, passed_on(headers, Some(needles)));
        let body = match sent.body.whole().await {
            Ok(body) => body,
            Err(error) => return self.instead(wire, error.into(), shared).await,
        };
        let held = needles.are_in(&body);
        let seen = Seen::Answer { status, body: body.clone() };
        let answer = match self.settled(seen, shared).await {
            Some(Reply::Pass) if !held => Answer { status, headers, body },
            Some(Reply::Hinted(hint)) if !held => {
                headers.push(hint_header(&hint));
                Answer { status, headers, body }
            }
            Some(Reply::Other { status, body }) if !needles.are_in(&body) => {
                Answer { status, headers, body: body.into() }
            }
            Some(Reply::Instead(refusal) | Reply::Refuse(refusal)) => refusal.into(),
            _ => Answer::plain(504, UNTOLD),
        };
        say(wire, &answer, self.place.after).await
    }
}
