//! Who may ask public rows, as the keep's policy says.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use claviger_core::ExchangeName;
use claviger_door::{Ask, Door, Reply, Wants};
use ipnet::IpNet;
use tokio::sync::watch;

/// How often the keep is asked.
const EVERY: Duration = Duration::from_secs(3);

/// The keep is asked this seldom on behalf of those who would be refused.
const AGAIN: Duration = Duration::from_millis(100);

/// Networks by exchange. Empty until the keep has answered, and when it is gone.
#[derive(Default)]
pub(crate) struct PublicFrom {
    admitted: RwLock<Vec<(ExchangeName, Vec<IpNet>)>>,
    /// When the keep was last asked on behalf of somebody who would have been refused.
    asked: Mutex<Option<Instant>>,
}

impl PublicFrom {
    /// Whether anybody at that address may ask public rows; the Unix socket counts as loopback.
    ///
    /// The keep is asked again before a refusal: a bot may have been added since, and prices are what it asks for first.
    pub(crate) async fn serves(&self, exchange: &str, address: Option<IpAddr>, door: &impl Door) -> bool {
        if self.admits(exchange, address) {
            return true;
        }
        if self.may_ask() {
            self.refresh(door).await;
        }
        self.admits(exchange, address)
    }

    fn may_ask(&self) -> bool {
        let now = Instant::now();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = asked.is_none_or(|last| now.duration_since(last) >= AGAIN);
        if due {
            *asked = Some(now);
        }
        due
    }

    fn admits(&self, exchange: &str, address: Option<IpAddr>) -> bool {
        let ip = address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let all = self.admitted.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().any(|(name, nets)| name.as_str() == exchange && nets.iter().any(|net| net.contains(&ip)))
    }

    /// Asks the keep once.
    pub(crate) async fn refresh(&self, door: &impl Door) {
        let wants = match door.ask(Ask::Wants).await {
            Ok(Reply::Wants(wants)) => wants,
            Ok(_) | Err(_) => Wants::default(),
        };
        widen(&wants);
        let read =
            wants.markets.into_iter().map(|want| (want.exchange, networks(&want.public_from))).collect();
        *self.admitted.write().unwrap_or_else(PoisonError::into_inner) = read;
    }

    /// Asks the keep again and again.
    pub(crate) async fn follow<D: Door>(self: Arc<Self>, door: Arc<D>, mut stop: watch::Receiver<bool>) {
        while tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
            self.refresh(&*door).await;
        }
    }
}

/// What operators allow beside the catalogues: public rows are read here, without the keep.
fn widen(wants: &Wants) {
    for (name, version, allowances) in &wants.allowed {
        let exchange = claviger_exchange::exchange(name.as_str());
        if let Some(Err(error)) = exchange.map(|exchange| exchange.live().follow(*version, allowances)) {
            tracing::error!(%error, exchange = %name, "what operators allow is not served here");
        }
    }
}

fn networks(texts: &[Box<str>]) -> Vec<IpNet> {
    let read = |text: &str| {
        let net = text.parse().ok();
        if net.is_none() {
            tracing::error!(network = text, "a network of `public_from` cannot be read and admits nobody");
        }
        net
    };
    texts.iter().filter_map(|text| read(text)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use claviger_door::{DoorError, Want};

    use super::*;

    /// A keep that knows of one exchange at first, and of two from the second question on.
    #[derive(Default)]
    struct Keep(AtomicUsize);

    impl Door for Keep {
        async fn ask(&self, _: Ask) -> Result<Reply, DoorError> {
            let want = |exchange: &str| Want {
                exchange: exchange.parse().unwrap(),
                symbols: Vec::new(),
                public_from: vec!["127.0.0.0/8".into()],
            };
            let known = if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
                &["binance"][..]
            } else {
                &["binance", "okx"]
            };
            Ok(Reply::Wants(Wants {
                markets: known.iter().map(|name| want(name)).collect(),
                allowed: Vec::new(),
            }))
        }
    }

    #[tokio::test]
    async fn a_bot_that_was_just_added_gets_its_prices() {
        let (keep, public, here) =
            (Keep::default(), PublicFrom::default(), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        public.refresh(&keep).await;
        assert!(public.serves("binance", here, &keep).await);
        assert_eq!(keep.0.load(Ordering::Relaxed), 1, "whoever is admitted costs no question");
        assert!(public.serves("okx", here, &keep).await);
        let stranger = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        for _ in 0..1000 {
            assert!(!public.serves("okx", stranger, &keep).await);
        }
        assert!(keep.0.load(Ordering::Relaxed) < 20, "strangers cannot have the keep asked without end");
        tokio::time::sleep(AGAIN).await;
        assert!(!public.serves("other", here, &keep).await);
    }
}
