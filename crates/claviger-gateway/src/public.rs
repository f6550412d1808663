//! Who may ask public rows, as the keep's policy says.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use claviger_core::ExchangeName;
use claviger_door::{Ask, Door, Reply, Wants};
use ipnet::IpNet;
use tokio::sync::watch;

/// How often the keep is asked.
const EVERY: Duration = Duration::from_secs(3);

/// Networks by exchange. Empty until the keep has answered, and when it is gone.
#[derive(Default)]
pub(crate) struct PublicFrom(RwLock<Vec<(ExchangeName, Vec<IpNet>)>>);

impl PublicFrom {
    /// Whether anybody at that address may ask public rows; the Unix socket counts as loopback.
    pub(crate) fn admits(&self, exchange: &str, address: Option<IpAddr>) -> bool {
        let ip = address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().any(|(name, nets)| name.as_str() == exchange && nets.iter().any(|net| net.contains(&ip)))
    }

    /// Asks the keep once.
    pub(crate) async fn refresh(&self, door: &impl Door) {
        let wants = match door.ask(Ask::Wants).await {
            Ok(Reply::Wants(wants)) => wants,
            Ok(_) | Err(_) => Wants::default(),
        };
        let read =
            wants.markets.into_iter().map(|want| (want.exchange, networks(&want.public_from))).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = read;
    }

    /// Asks the keep again and again.
    pub(crate) async fn follow<D: Door>(self: Arc<Self>, door: Arc<D>, mut stop: watch::Receiver<bool>) {
        while tokio::time::timeout(EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
            self.refresh(&*door).await;
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
