//! Tunnels: TLS with a certificate of the local CA for a listed exchange host.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use claviger_door::{Ask, Door, Reply};
use claviger_exchange::Exchange;
use rcgen::{KeyPair, PublicKeyData};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::wire::{Broken, Wire};

/// How long a certificate is used. The keep makes them for at most seven days.
const USED_FOR: Duration = Duration::from_secs(3 * 24 * 3600);

const HANDSHAKE: Duration = Duration::from_secs(5);

const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

/// Where a tunnel leads.
pub(crate) struct Tunnel {
    pub exchange: &'static dyn Exchange,
    /// A listed host, lower case.
    pub host: Box<str>,
}

impl Tunnel {
    /// Whether a Host header names this host.
    pub(crate) fn is_host(&self, header: &str) -> bool {
        header.strip_suffix(":443").unwrap_or(header).eq_ignore_ascii_case(&self.host)
    }
}

/// The gateway's own key, and what the local CA signed for it.
pub(crate) struct Leaves {
    key: PrivateKeyDer<'static>,
    spki: Vec<u8>,
    made: Mutex<HashMap<Box<str>, Made>>,
}

/// A certificate in use, and since when.
type Made = (SystemTime, Arc<ServerConfig>);

/// There is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoLeaf {
    #[error("the keep does not answer")]
    Door(#[from] claviger_door::DoorError),
    #[error("the keep made no certificate: {0}")]
    Keep(Box<str>),
    #[error("the certificate cannot be used")]
    Tls(#[from] rustls::Error),
}

impl Leaves {
    pub(crate) fn new() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let spki = key.subject_public_key_info();
        Ok(Self { key: PrivateKeyDer::Pkcs8(key.serialize_der().into()), spki, made: Mutex::default() })
    }

    /// The TLS of a listed host. Hosts are listed, so few are ever held.
    pub(crate) async fn of(&self, host: &str, door: &impl Door) -> Result<Arc<ServerConfig>, NoLeaf> {
        let mut made = self.made.lock().await;
        if let Some((since, tls)) = made.get(host) {
            // A clock that went back makes a new one, too.
            if since.elapsed().is_ok_and(|age| age < USED_FOR) {
                return Ok(Arc::clone(tls));
            }
        }
        let chain = match door.ask(Ask::Leaf { host: host.into(), spki: self.spki.clone() }).await? {
            Reply::Leaf(chain) => chain,
            Reply::Failed(why) => return Err(NoLeaf::Keep(why)),
            _ => return Err(NoLeaf::Keep("another answer".into())),
        };
        let tls = Arc::new(self.tls(chain)?);
        made.insert(host.into(), (SystemTime::now(), Arc::clone(&tls)));
        Ok(tls)
    }

    fn tls(&self, chain: Vec<Vec<u8>>) -> Result<ServerConfig, rustls::Error> {
        let chain = chain.into_iter().map(CertificateDer::from).collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(chain, self.key.clone_key())?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(tls)
    }
}

/// Says that the tunnel stands and begins TLS; the client must ask for the tunnel's host by name, if it names one.
pub(crate) async fn open<S>(
    mut wire: Wire<S>,
    tunnel: &Tunnel,
    tls: Arc<ServerConfig>,
) -> Result<TlsStream<S>, Broken>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    wire.write(ESTABLISHED).await?;
    let accept = TlsAcceptor::from(tls).accept(wire.stream);
    let stream =
        tokio::time::timeout(HANDSHAKE, accept).await.ok().and_then(Result::ok).ok_or(Broken::Gone)?;
    let named = stream.get_ref().1.server_name();
    if named.is_none_or(|name| name.eq_ignore_ascii_case(&tunnel.host)) {
        Ok(stream)
    } else {
        Err(Broken::Gone)
    }
}
