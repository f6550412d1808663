//! How the exchanges are, as far as the gateway's process sees it: for people and scripts, trusted by nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use claviger_core::{ExchangeName, Market, MarketView, Symbol, Time};
use claviger_door::{Ask, Door, DoorError, Exit, Reply, Want, Wants};
use claviger_egress::{Egress, PublicRequest};
use serde::{Deserialize, Serialize};

use crate::stamp;

/// What `claviger status` shows of the exchanges; the gateway's process writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The gateway's process.
    pub pid: u32,
    /// When this was written.
    pub at: Time,
    /// Whether everything that the policy needs to know of the exchanges is known.
    pub ready: bool,
    /// By exchange in use.
    pub exchanges: BTreeMap<ExchangeName, Venue>,
    /// Where bots connect.
    pub listen: Vec<String>,
}

/// How one exchange is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Venue {
    /// In a word.
    pub state: State,
    /// Why, for people.
    pub why: Option<String>,
}

/// How an exchange is, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Prices are fresh and the clock is right.
    Fine,
    /// Nothing was heard yet.
    Waiting,
    /// It cannot be reached.
    Unreachable,
    /// Its certificate is not accepted.
    Certificate,
    /// Its prices are old.
    Stale,
    /// Its clock and ours differ too much.
    Clock,
}

impl State {
    /// The exit code of `status --check`.
    pub const fn exit(self) -> Option<Exit> {
        match self {
            Self::Fine => None,
            Self::Waiting | Self::Unreachable => Some(Exit::Network),
            Self::Certificate => Some(Exit::Certificate),
            Self::Stale => Some(Exit::StalePrices),
            Self::Clock => Some(Exit::Clock),
        }
    }
}

/// A price older than this is called stale here; what is too old for an order the keep decides.
const STALE: Duration = Duration::from_secs(15);
/// Beyond this the keep refuses what changes state.
const CLOCK_OFF_MS: u64 = 1000;

/// What was heard of the exchanges.
#[derive(Default)]
pub struct Heard(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    wants: Wants,
    /// When the wishes last changed.
    since: Option<Instant>,
    instruments: BTreeSet<(ExchangeName, Market, Symbol)>,
    prices: BTreeMap<(ExchangeName, Market, Symbol), Instant>,
    offsets: BTreeMap<ExchangeName, i64>,
    trouble: BTreeMap<ExchangeName, (State, String)>,
}

impl Heard {
    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn want(&self, wants: &Wants) {
        let mut inner = self.inner();
        if inner.wants != *wants {
            inner.wants.clone_from(wants);
            inner.since = Some(Instant::now());
        }
    }

    fn hear(&self, view: &MarketView) {
        let mut inner = self.inner();
        for (exchange, venue) in &view.venues {
            for (market, all) in &venue.instruments {
                let known = all.keys().map(|symbol| (exchange.clone(), *market, symbol.clone()));
                inner.instruments.extend(known);
            }
            for (market, all) in &venue.references {
                for symbol in all.keys() {
                    inner.prices.insert((exchange.clone(), *market, symbol.clone()), Instant::now());
                }
            }
            let worst = venue.clocks.values().map(|clock| clock.offset_ms).max_by_key(|ms| ms.unsigned_abs());
            if let Some(offset) = worst {
                inner.offsets.insert(exchange.clone(), offset);
            }
        }
    }

    /// How every exchange in use is.
    pub fn exchanges(&self) -> BTreeMap<ExchangeName, Venue> {
        let inner = self.inner();
        inner.wants.markets.iter().map(|want| (want.exchange.clone(), inner.venue(want))).collect()
    }

    /// Finds out why an exchange that is not fine is not: one public call that says so.
    pub async fn diagnose(&self, egress: &Egress) {
        let silent: Vec<_> = self.exchanges().into_iter().filter(|(_, v)| v.state != State::Fine).collect();
        for (name, _) in silent {
            let trouble = trouble(&name, egress).await;
            let mut inner = self.inner();
            match trouble {
                Some(trouble) => inner.trouble.insert(name, trouble),
                None => inner.trouble.remove(&name),
            };
        }
    }
}

impl Inner {
    fn venue(&self, want: &Want) -> Venue {
        let say = |state, why: Option<String>| Venue { state, why };
        let offset = self.offsets.get(&want.exchange).copied();
        if let Some(ms) = offset.filter(|ms| ms.unsigned_abs() > CLOCK_OFF_MS) {
            return say(State::Clock, Some(format!("its clock is {ms} ms ahead of ours")));
        }
        match (self.oldest(want), offset) {
            (Some(age), Some(_)) if age < STALE => return say(State::Fine, None),
            _ => {}
        }
        match (self.trouble.get(&want.exchange), self.oldest(want)) {
            (Some((state, why)), _) => say(*state, Some(why.clone())),
            (None, Some(age)) if age >= STALE => {
                say(State::Stale, Some(format!("the oldest price is {} s old", age.as_secs())))
            }
            (None, _) => say(State::Waiting, None),
        }
    }

    /// The age of the oldest price that is wanted; `None` where one is still to be heard.
    ///
    /// A bot with several markets names its symbols once for all of them, so not every symbol is in every market.
    fn oldest(&self, want: &Want) -> Option<Duration> {
        let mut oldest: Option<Duration> = want.symbols.is_empty().then_some(Duration::ZERO);
        for (market, symbols) in &want.symbols {
            let age = if symbols.is_empty() {
                Some(self.newest_of(&want.exchange, *market)?)
            } else {
                self.oldest_of(&want.exchange, (*market, symbols))?
            };
            oldest = oldest.max(age);
        }
        oldest
    }

    fn newest_of(&self, exchange: &ExchangeName, market: Market) -> Option<Duration> {
        let here = |(e, m, _): &(ExchangeName, Market, Symbol)| e == exchange && *m == market;
        self.prices.iter().filter(|(key, _)| here(key)).map(|(_, at)| at.elapsed()).min()
    }

    /// The oldest price of those symbols that the market has; the inner `None` where it has none of them.
    fn oldest_of(
        &self,
        exchange: &ExchangeName,
        (market, symbols): (Market, &[Symbol]),
    ) -> Option<Option<Duration>> {
        let known = symbols.iter().map(|symbol| (exchange.clone(), market, symbol.clone()));
        let known: Vec<_> = known.filter(|key| self.instruments.contains(key)).collect();
        let heard_out = self.since.is_some_and(|since| since.elapsed() > HEARD_OUT);
        if known.is_empty() {
            return heard_out.then_some(None);
        }
        let ages: Option<Vec<Duration>> =
            known.iter().map(|key| self.prices.get(key).map(Instant::elapsed)).collect();
        ages.map(|ages| ages.into_iter().max())
    }
}

/// After so long a market that told no instrument has none of those wanted.
const HEARD_OUT: Duration = Duration::from_secs(10);

async fn trouble(name: &ExchangeName, egress: &Egress) -> Option<(State, String)> {
    let exchange = claviger_exchange::exchange(name.as_str())?;
    let intent = exchange.time_call(exchange.surfaces().first()?);
    let request = PublicRequest::new(exchange, &intent).ok()?;
    let error = match egress.ask(request).await {
        Ok(sent) if sent.status < 500 => return None,
        Ok(sent) => return Some((State::Unreachable, format!("it answers with status {}", sent.status))),
        Err(error) => error,
    };
    let first: &dyn Error = &error;
    let causes: Vec<String> =
        std::iter::successors(Some(first), |&e| e.source()).map(ToString::to_string).collect();
    let why = causes.join(": ");
    let state = if why.contains("certificate") { State::Certificate } else { State::Unreachable };
    Some((state, why))
}

/// A door that remembers what passes through it of the markets.
pub struct Listening<D> {
    door: D,
    heard: Arc<Heard>,
}

impl<D> Listening<D> {
    /// Listens at `door`.
    pub const fn at(door: D, heard: Arc<Heard>) -> Self {
        Self { door, heard }
    }
}

impl<D: Door> Door for Listening<D> {
    async fn ask(&self, ask: Ask) -> Result<Reply, DoorError> {
        if let Ask::Market { view, .. } = &ask {
            self.heard.hear(view);
        }
        let reply = self.door.ask(ask).await?;
        if let Reply::Wants(wants) = &reply {
            self.heard.want(wants);
        }
        Ok(reply)
    }

    async fn tell(&self, ask: Ask) -> Result<(), DoorError> {
        self.door.tell(ask).await
    }
}

/// How everything is now.
pub fn status(heard: &Heard, listen: &[String]) -> Status {
    let exchanges = heard.exchanges();
    let ready = exchanges.values().all(|venue| venue.state == State::Fine);
    Status { pid: std::process::id(), at: stamp::now(), ready, exchanges, listen: listen.to_vec() }
}
