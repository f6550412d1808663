//! One pinned host for each surface.

use std::sync::Arc;

use claviger_core::{ExchangeName, SurfaceName};
use claviger_exchange::EXCHANGES;
use hyper::header::HeaderValue;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};

use crate::{Authority, Config, ConfigError, Upstream};

/// Where the requests of a surface go.
pub(crate) struct Route {
    pub exchange: ExchangeName,
    pub surface: SurfaceName,
    pub authority: Authority,
    /// Whether an operator configured it by hand, which admits private addresses.
    pub by_hand: bool,
    pub host_header: HeaderValue,
    pub server_name: ServerName<'static>,
    pub tls: Arc<ClientConfig>,
}

/// Every route: those configured, then the catalogue's for the rest.
pub(crate) fn routes(config: &Config) -> Result<Vec<Route>, ConfigError> {
    let public = client(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())?;
    let mut routes: Vec<Route> = Vec::new();
    for upstream in &config.upstreams {
        let tls = tls_of(upstream, &public)?;
        for (surface, authority) in &upstream.authorities {
            routes.push(route(&upstream.exchange, surface, (authority.clone(), true), &tls)?);
        }
    }
    for exchange in EXCHANGES {
        let name = exchange.exchange_name();
        let upstream = config.upstreams.iter().find(|u| u.exchange == name);
        let tls = upstream.map_or_else(|| Ok(Arc::clone(&public)), |u| tls_of(u, &public))?;
        for surface in exchange.surfaces() {
            let surface_name = exchange.surface_name(surface);
            let listed = surface.hosts.first().and_then(|h| h.parse().ok());
            let Some(authority) = listed.filter(|_| find(&routes, &name, &surface_name).is_none()) else {
                continue;
            };
            routes.push(route(&name, &surface_name, (authority, false), &tls)?);
        }
    }
    Ok(routes)
}

/// The route of a surface, with its number.
pub(crate) fn find<'a>(
    routes: &'a [Route],
    exchange: &ExchangeName,
    surface: &SurfaceName,
) -> Option<(usize, &'a Route)> {
    routes.iter().enumerate().find(|(_, r)| r.surface == *surface && r.exchange == *exchange)
}

fn route(
    exchange: &ExchangeName,
    surface: &SurfaceName,
    (authority, by_hand): (Authority, bool),
    tls: &Arc<ClientConfig>,
) -> Result<Route, ConfigError> {
    let bad = || ConfigError::Host(authority.host().into());
    Ok(Route {
        exchange: exchange.clone(),
        surface: surface.clone(),
        by_hand,
        host_header: HeaderValue::try_from(authority.to_string()).map_err(|_| bad())?,
        server_name: ServerName::try_from(authority.host().to_owned()).map_err(|_| bad())?,
        tls: Arc::clone(tls),
        authority,
    })
}

fn tls_of(upstream: &Upstream, public: &Arc<ClientConfig>) -> Result<Arc<ClientConfig>, ConfigError> {
    let Some(pem) = &upstream.ca_pem else { return Ok(Arc::clone(public)) };
    let name = || upstream.exchange.clone();
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|source| ConfigError::Pem { exchange: name(), source })?;
        roots.add(certificate).map_err(|_| ConfigError::NoCertificate(name()))?;
    }
    if roots.is_empty() { Err(ConfigError::NoCertificate(name())) } else { client(roots) }
}

/// TLS 1.2 or 1.3, HTTP/1.1 only, no client certificate, keys never logged.
fn client(roots: RootCertStore) -> Result<Arc<ClientConfig>, ConfigError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(ConfigError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(tls))
}
