//! Follows what the keep wants to know.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use claviger_core::ExchangeName;
use claviger_door::{Ask, Door, Reply, Want, Wants};
use claviger_egress::Egress;
use tokio::task::JoinSet;

use crate::ask::Now;
use crate::clock;
use crate::feed::Feed;
use crate::told::Teller;

/// How often the keep is asked what it wants; at first, and when it wants nothing yet, more often.
const EVERY: Duration = Duration::from_secs(3);
const AT_FIRST: Duration = Duration::from_millis(250);

/// Feeds of an exchange begin one after the other.
const STAGGER: Duration = Duration::from_millis(10);

/// Asks the exchanges what the keep wants to know, and tells it, until `shutdown`.
///
/// Must be called within a tokio runtime. It never ends by itself and survives every failure of an exchange.
pub async fn watch<D: Door>(door: Arc<D>, egress: Arc<Egress>, shutdown: impl Future<Output = ()>) {
    let teller = Teller { door, egress, now: Now::begin() };
    tokio::select! {
        () = shutdown => {}
        () = follow(teller) => {}
    }
}

/// The feeds of one exchange, for one list of wishes. Dropped, they end.
struct Watched {
    want: Want,
    _feeds: JoinSet<()>,
}

async fn follow<D: Door>(teller: Teller<D>) {
    let mut watched: HashMap<ExchangeName, Watched> = HashMap::new();
    loop {
        if let Ok(Reply::Wants(wants)) = teller.door.ask(Ask::Wants).await {
            change(&mut watched, wants, &teller);
        }
        tokio::time::sleep(if watched.is_empty() { AT_FIRST } else { EVERY }).await;
    }
}

fn change<D: Door>(watched: &mut HashMap<ExchangeName, Watched>, wants: Wants, teller: &Teller<D>) {
    watched.retain(|name, _| wants.markets.iter().any(|want| want.exchange == *name));
    for want in wants.markets {
        let same = watched.get(&want.exchange).is_some_and(|old| old.want.symbols == want.symbols);
        if same {
            continue;
        }
        let feeds = feeds(&want, teller);
        watched.insert(want.exchange.clone(), Watched { want, _feeds: feeds });
    }
}

fn feeds<D: Door>(want: &Want, teller: &Teller<D>) -> JoinSet<()> {
    let mut feeds = JoinSet::new();
    let Some(exchange) = claviger_exchange::exchange(want.exchange.as_str()) else {
        tracing::error!(exchange = %want.exchange, "the keep wants to know of an exchange that does not exist");
        return feeds;
    };
    let surfaces = exchange.surfaces().iter();
    for surface in surfaces.filter(|surface| exchange.needs_time(surface, &want.symbols)) {
        feeds.spawn(clock::follow(exchange, surface, teller.clone()));
    }
    let wanted = Arc::new(want.symbols.clone());
    let mut wait = Duration::ZERO;
    for call in exchange.market_calls(&want.symbols) {
        let feed = Feed { exchange, call, wanted: Arc::clone(&wanted), teller: teller.clone() };
        feeds.spawn(async move {
            tokio::time::sleep(wait).await;
            feed.follow().await;
        });
        wait += STAGGER;
    }
    feeds
}
