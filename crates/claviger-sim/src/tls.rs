//! Certificates, made at start under a throw-away authority.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};
use tokio_rustls::TlsAcceptor;

use crate::config::Exchange;
use crate::sim::SimError;

/// The throw-away authority and what it vouches for.
pub(crate) struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
    expired: bool,
}

impl Authority {
    pub(crate) fn new(expired: bool) -> Result<Self, SimError> {
        let key = KeyPair::generate().map_err(SimError::Certificate)?;
        let mut params = CertificateParams::new(Vec::new()).map_err(SimError::Certificate)?;
        params.distinguished_name.push(DnType::CommonName, "claviger paper exchange authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let now = OffsetDateTime::now_utc();
        params.not_before = now.saturating_sub(Duration::days(60));
        params.not_after = now.saturating_add(Duration::days(30));
        let pem = params.self_signed(&key).map_err(SimError::Certificate)?.pem();
        Ok(Self { pem, issuer: Issuer::new(params, key), expired })
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// What accepts TLS for this exchange: HTTP/1.1 only.
    pub(crate) fn acceptor(&self, exchange: Exchange) -> Result<TlsAcceptor, SimError> {
        let key = KeyPair::generate().map_err(SimError::Certificate)?;
        let leaf = self.leaf(exchange)?.signed_by(&key, &self.issuer).map_err(SimError::Certificate)?;
        let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(SimError::Tls)?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], secret)
            .map_err(SimError::Tls)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn leaf(&self, exchange: Exchange) -> Result<CertificateParams, SimError> {
        let names: Vec<String> = LOCAL.iter().chain(hosts(exchange)).map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).map_err(SimError::Certificate)?;
        params.distinguished_name.push(DnType::CommonName, format!("paper {}", exchange.name()));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let now = OffsetDateTime::now_utc();
        params.not_before = now.saturating_sub(Duration::days(50));
        let last = if self.expired { Duration::days(-1) } else { Duration::days(7) };
        params.not_after = now.saturating_add(last);
        Ok(params)
    }
}

const LOCAL: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// The real names, so that a client that was told another address for them still verifies.
const fn hosts(exchange: Exchange) -> &'static [&'static str] {
    match exchange {
        Exchange::Binance => &[
            "api.binance.com",
            "api-gcp.binance.com",
            "api1.binance.com",
            "api2.binance.com",
            "api3.binance.com",
            "api4.binance.com",
            "fapi.binance.com",
            "dapi.binance.com",
            "eapi.binance.com",
            "papi.binance.com",
            "data-api.binance.vision",
            "testnet.binance.vision",
            "demo-api.binance.com",
            "demo-fapi.binance.com",
            "demo-dapi.binance.com",
            "testnet.binancefuture.com",
        ],
        Exchange::Okx => &["www.okx.com", "openapi.okx.com", "us.okx.com", "eea.okx.com", "okx.com"],
    }
}
