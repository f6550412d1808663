//! From the configuration to the parts of the gateway's process.

use std::net::SocketAddr;
use std::sync::Arc;

use claviger_core::Config;
use claviger_core::config::ExchangeSettings;
use claviger_door::{Door, Exit};
use claviger_egress::{Egress, Upstream};
use claviger_exchange::{EXCHANGES, Exchange};
use claviger_gateway::{BindError, Gateway, Listener, Tls};
use claviger_store::State;

use crate::configuration;
use crate::failure::Failure;
use crate::home::Home;

/// The configuration that is active; where none ever was, the one that is written.
pub fn active(home: &Home) -> Result<Config, Failure> {
    let unusable = |e: &claviger_store::StateError| {
        Failure::new(Exit::Store, "the file of bots and keys cannot be used")
            .caused_by(e)
            .full_disk(e.is_full())
    };
    let state = State::open(&home.state()).map_err(|e| unusable(&e))?;
    match state.active_policy().map_err(|e| unusable(&e))? {
        Some(policy) => configuration::parse(home, &policy.text),
        None => configuration::load(home),
    }
}

/// Has this process use the newer catalogues of the home, each verified by the keys of the active configuration.
pub fn catalogues(home: &Home) -> Result<(), Failure> {
    let unusable = |e: &claviger_store::StateError| crate::commands::state_unusable(e);
    let state = State::open(&home.state()).map_err(|e| unusable(&e))?;
    if state.catalogues().map_err(|e| unusable(&e))?.is_empty() {
        return Ok(());
    }
    let config = active(home)?;
    claviger_keep::adopt_catalogues(&state, &config).map_err(|e| super::here::catalogue_failed(&e))
}

/// The way out, to the hosts that are configured.
pub fn egress(home: &Home, config: &Config) -> Result<Egress, Failure> {
    let upstreams = EXCHANGES.iter().map(|e| upstream(home, *e, &config.exchange(&e.exchange_name())));
    let config = claviger_egress::Config { upstreams: upstreams.collect::<Result<_, _>>()? };
    Egress::new(&config).map_err(|e| Failure::new(Exit::Config, "the way out cannot be set up").caused_by(&e))
}

fn upstream(home: &Home, exchange: &dyn Exchange, settings: &ExchangeSettings) -> Result<Upstream, Failure> {
    let mut authorities = Vec::new();
    for surface in exchange.surfaces() {
        let name = exchange.surface_name(surface);
        if let Some(authority) = settings.rest.as_ref().and_then(|rest| rest.of(&name)) {
            let authority = authority.to_string().parse().map_err(|e: claviger_egress::NotAnAuthority| {
                Failure::new(Exit::Config, format!("exchange.{}.rest cannot be used", exchange.name()))
                    .caused_by(&e)
            })?;
            authorities.push((name, authority));
        }
    }
    let ca_pem = settings.ca.as_ref().map(|file| {
        // A relative path is meant from the home.
        let file = home.path().join(file);
        std::fs::read(&file)
            .map_err(|e| Failure::new(Exit::Config, format!("cannot read {}", file.display())).caused_by(&e))
    });
    Ok(Upstream { exchange: exchange.exchange_name(), authorities, ca_pem: ca_pem.transpose()? })
}

/// The bots' door, listening.
pub async fn gateway<D: Door>(home: &Home, config: &Config, door: &Arc<D>) -> Result<Gateway, Failure> {
    let mut listeners = vec![Listener::Tcp(config.listen())];
    listeners.extend(
        config.unix_socket().map(|path| Listener::Unix { path: home.path().join(path), mode: 0o660 }),
    );
    for exchange in EXCHANGES {
        let settings = config.exchange(&exchange.exchange_name());
        listeners.extend(settings.own_port.iter().flat_map(|ports| {
            exchange.surfaces().iter().filter_map(|surface| {
                let surface = exchange.surface_name(surface);
                let address = *ports.of(&surface)?;
                Some(Listener::Own { address, exchange: exchange.exchange_name(), surface })
            })
        }));
    }
    let setup = claviger_gateway::Config {
        listeners,
        plain_http: config.plain_networks().to_vec(),
        tls: tls(home, config, door).await?,
        owner: Some(Arc::new(owner)),
        ..claviger_gateway::Config::default()
    };
    Gateway::bind(setup).await.map_err(|e| bind_failed(&e))
}

/// TLS for other machines, where claviger.toml has it.
async fn tls<D: Door>(home: &Home, config: &Config, door: &Arc<D>) -> Result<Option<Arc<Tls>>, Failure> {
    let Some(tls) = config.tls() else { return Ok(None) };
    let names: Vec<&str> = tls.names().collect();
    let chain = tls.chain().map(|file| {
        // A relative path is meant from the home.
        let file = home.path().join(file);
        std::fs::read(&file)
            .map_err(|e| Failure::new(Exit::Config, format!("cannot read {}", file.display())).caused_by(&e))
    });
    let opened = Tls::open(Arc::clone(door), &names, chain.transpose()?.as_deref()).await;
    let opened = opened.map_err(|e| {
        let failure = Failure::new(Exit::Config, "cannot listen with TLS").caused_by(&e);
        match tls.chain() {
            Some(_) => failure.hint("`claviger tls key`, which takes the private key of the chain"),
            None => failure.hint("`claviger tls ca`, which makes the CA for the names under `[tls]`"),
        }
    })?;
    Ok(Some(Arc::new(opened)))
}

/// The user at the other end of a loopback connection.
fn owner(peer: SocketAddr, local: SocketAddr) -> Option<u32> {
    claviger_os::tcp_peer_uid(peer, local).ok().flatten()
}

fn bind_failed(error: &BindError) -> Failure {
    match error {
        BindError::Plain(_) => Failure::new(Exit::Config, "cannot listen where claviger.toml says")
            .caused_by(error)
            .hint("`[tls]` with `names = [\"…\"]`, and `claviger tls ca`, for bots on other machines")
            .hint("a loopback address, or name the network in `plain_http`"),
        BindError::Unknown { .. } => Failure::new(Exit::Config, "cannot listen").caused_by(error),
        BindError::Tcp { .. } | BindError::Unix { .. } => Failure::new(Exit::PortInUse, "cannot listen")
            .caused_by(error)
            .hint("another `listen` in claviger.toml, or stop what listens there"),
        BindError::Key(_) => Failure::new(Exit::Failed, "cannot listen").caused_by(error),
    }
}
