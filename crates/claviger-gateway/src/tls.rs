//! TLS of the listeners that other machines reach.
//!
//! With a certificate of the listener's own CA the key is this process's own, made at start and never written. With the
//! operator's certificate the key stays in the vault: each handshake is signed by the keep.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use claviger_door::{Ask, Door, DoorError, Reply};
use rcgen::{KeyPair, PublicKeyData};
use rustls::client::verify_server_name;
use rustls::server::{Acceptor, ParsedCertificate};
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::{ServerConfig, SignatureAlgorithm, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, alg_id,
};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a client may take to begin, and then to finish its handshake.
const BEGIN: Duration = Duration::from_secs(5);
const HANDSHAKE: Duration = Duration::from_secs(5);

/// How long the keep may take to sign a handshake.
const SIGN: Duration = Duration::from_secs(3);

/// How long a certificate of the listener's CA is used. The keep makes them for at most seven days.
const USED_FOR: Duration = Duration::from_secs(3 * 24 * 3600);

/// How often its age is looked at.
const LOOK: Duration = Duration::from_secs(3600);

/// The first byte of a TLS handshake.
const HANDSHAKE_RECORD: u8 = 22;

/// There is no TLS for the listeners.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The keep is gone.
    #[error("the keep does not answer")]
    Door(#[from] DoorError),
    /// The vault lacks what is needed.
    #[error("{0}")]
    Keep(Box<str>),
    /// The file is no chain.
    #[error("the file of `chain` holds no certificate in PEM")]
    NoCertificate,
    /// The certificate and the key do not belong together.
    #[error("the first certificate of `chain` is for another key than the one in the vault")]
    OtherKey,
    /// The certificate is for other names.
    #[error("the first certificate of `chain` is not for `{0}`")]
    OtherName(Box<str>),
    /// The system gives no random bytes.
    #[error("cannot make a key")]
    Key(#[from] rcgen::Error),
    /// The TLS library refuses.
    #[error("the certificate cannot be used")]
    Unusable(#[from] rustls::Error),
}

type Answered = Pin<Box<dyn Future<Output = Result<Reply, DoorError>> + Send>>;
type AskKeep = Arc<dyn Fn(Ask) -> Answered + Send + Sync>;

/// The certificate in use.
pub struct Tls {
    ask: AskKeep,
    own: Option<Own>,
    current: RwLock<(SystemTime, Arc<ServerConfig>)>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls(…)")
    }
}

impl Tls {
    /// TLS for `names`: with `chain`, certificates in PEM for the key in the vault; without, by the listener's own CA.
    ///
    /// # Errors
    /// [`TlsError`] says what is missing or does not fit.
    pub async fn open<D: Door>(door: Arc<D>, names: &[&str], chain: Option<&[u8]>) -> Result<Self, TlsError> {
        let ask: AskKeep = Arc::new(move |question| {
            let door = Arc::clone(&door);
            Box::pin(async move { door.ask(question).await })
        });
        let (own, config) = match chain {
            Some(pem) => (None, operators(&ask, names, pem).await?),
            None => {
                let own = Own::new()?;
                let config = own.certified(&ask).await?;
                (Some(own), config)
            }
        };
        Ok(Self { ask, own, current: RwLock::new((SystemTime::now(), Arc::new(config))) })
    }

    /// Finishes a handshake; `None` where the client does not, or not in time.
    pub(crate) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).1);
        let end = Instant::now() + HANDSHAKE;
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream);
        let hello = heard(timeout_at(end, hello).await)?;
        let finish = async move { heard(timeout_at(end, hello.into_stream(config)).await) };
        if self.own.is_some() {
            return finish.await;
        }
        // The signer waits for the keep where it stands, so this goes on in a thread that may wait.
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || runtime.block_on(finish)).await.ok().flatten()
    }

    /// Has the CA's certificate made anew before it ends.
    pub(crate) async fn follow(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let Some(own) = &self.own else { return };
        while tokio::time::timeout(LOOK, stop.wait_for(|stop| *stop)).await.is_err() {
            let since = self.current.read().unwrap_or_else(PoisonError::into_inner).0;
            // A clock that went back makes a new one, too.
            if since.elapsed().is_ok_and(|age| age < USED_FOR) {
                continue;
            }
            match own.certified(&self.ask).await {
                Ok(config) => {
                    let now = (SystemTime::now(), Arc::new(config));
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = now;
                }
                Err(error) => tracing::error!(%error, "the listener's certificate could not be made anew"),
            }
        }
    }
}

/// What came of a part of a handshake.
fn heard<T>(part: Result<std::io::Result<T>, Elapsed>) -> Option<T> {
    match part {
        Ok(Ok(part)) => Some(part),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}

/// How a connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    Tls,
    Other,
}

/// Looks at the first byte and leaves it there; `None` where none comes in time.
pub(crate) async fn begun(stream: &TcpStream) -> Option<Begun> {
    let mut first = [0];
    match tokio::time::timeout(BEGIN, stream.peek(&mut first)).await {
        Ok(Ok(1..)) if first == [HANDSHAKE_RECORD] => Some(Begun::Tls),
        Ok(Ok(1..)) => Some(Begun::Other),
        _ => None,
    }
}

/// A key of this process's own.
struct Own {
    key: PrivateKeyDer<'static>,
    spki: Vec<u8>,
}

impl Own {
    fn new() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let spki = key.subject_public_key_info();
        Ok(Self { key: PrivateKeyDer::Pkcs8(key.serialize_der().into()), spki })
    }

    async fn certified(&self, ask: &AskKeep) -> Result<ServerConfig, TlsError> {
        let chain = match ask(Ask::ListenerLeaf { spki: self.spki.clone() }).await? {
            Reply::Leaf(chain) => chain.into_iter().map(CertificateDer::from).collect(),
            other => return Err(unexpected(other)),
        };
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let key = provider.key_provider.load_private_key(self.key.clone_key())?;
        Ok(config(CertifiedKey::new(chain, key))?)
    }
}

/// TLS with the operator's certificate, after checking that it fits the key and the names.
async fn operators(ask: &AskKeep, names: &[&str], pem: &[u8]) -> Result<ServerConfig, TlsError> {
    let chain: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| TlsError::NoCertificate)?;
    let first = chain.first().ok_or(TlsError::NoCertificate)?;
    let parsed = ParsedCertificate::try_from(first)?;
    for name in names {
        let other = || TlsError::OtherName((*name).into());
        let server = ServerName::try_from(*name).map_err(|_| other())?;
        verify_server_name(&parsed, &server).map_err(|_| other())?;
    }
    let spki = match ask(Ask::ListenerKey).await? {
        Reply::PublicKey(spki) => spki,
        other => return Err(unexpected(other)),
    };
    let key = KeepKey::new(spki.into(), Arc::clone(ask)).ok_or(TlsError::OtherKey)?;
    let certified = CertifiedKey::new(chain, Arc::new(key));
    certified.keys_match().map_err(|_| TlsError::OtherKey)?;
    Ok(config(certified)?)
}

fn unexpected(reply: Reply) -> TlsError {
    match reply {
        Reply::Failed(why) => TlsError::Keep(why),
        _ => TlsError::Keep("the keep gave an answer to another question".into()),
    }
}

fn config(certified: CertifiedKey) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

/// The operator's key, as far as it is here: its public half, and whom to ask.
struct KeepKey {
    spki: SubjectPublicKeyInfoDer<'static>,
    kind: &'static Kind,
    ask: AskKeep,
    /// One question at a time: strangers' handshakes do not queue before bots' requests in the keep.
    turn: Arc<Mutex<()>>,
}

/// A kind of key and how it signs, best first.
struct Kind {
    id: AlgorithmIdentifier,
    algorithm: SignatureAlgorithm,
    schemes: &'static [SignatureScheme],
}

static KINDS: &[Kind] = &[
    Kind {
        id: alg_id::ECDSA_P256,
        algorithm: SignatureAlgorithm::ECDSA,
        schemes: &[SignatureScheme::ECDSA_NISTP256_SHA256],
    },
    Kind {
        id: alg_id::ECDSA_P384,
        algorithm: SignatureAlgorithm::ECDSA,
        schemes: &[SignatureScheme::ECDSA_NISTP384_SHA384],
    },
    Kind {
        id: alg_id::ED25519,
        algorithm: SignatureAlgorithm::ED25519,
        schemes: &[SignatureScheme::ED25519],
    },
    Kind {
        id: alg_id::RSA_ENCRYPTION,
        algorithm: SignatureAlgorithm::RSA,
        schemes: &[
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
        ],
    },
];

/// An algorithm's identifier stands within so many bytes of a public key.
const HEAD: usize = 48;

impl KeepKey {
    fn new(spki: SubjectPublicKeyInfoDer<'static>, ask: AskKeep) -> Option<Self> {
        let head = spki.get(..HEAD.min(spki.len())).unwrap_or_default();
        let kind = KINDS.iter().find(|kind| head.windows(kind.id.len()).any(|part| part == &*kind.id))?;
        Some(Self { kind, ask, turn: Arc::default(), spki })
    }
}

impl fmt::Debug for KeepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeepKey(…)")
    }
}

impl SigningKey for KeepKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let scheme = *self.kind.schemes.iter().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(KeepSigner { scheme, ask: Arc::clone(&self.ask), turn: Arc::clone(&self.turn) }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(self.spki.as_ref()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.kind.algorithm
    }
}

struct KeepSigner {
    scheme: SignatureScheme,
    ask: AskKeep,
    turn: Arc<Mutex<()>>,
}

impl fmt::Debug for KeepSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeepSigner(…)")
    }
}

impl Signer for KeepSigner {
    /// Waits for the keep in a thread that may wait: [`Tls::accept`] sees to that. The runtime's own threads ask.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let failed = |why: &str| rustls::Error::General(why.to_owned());
        let runtime = Handle::try_current().map_err(|_| failed("outside of the runtime"))?;
        let asked = (self.ask)(Ask::ListenerSign { scheme: self.scheme.into(), message: message.to_vec() });
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.spawn(async move {
            // Who asked may have given up.
            let _ = tell.try_send(asked.await);
        });
        let reply = told.recv_timeout(SIGN);
        drop(turn);
        match reply {
            Ok(Ok(Reply::Handshake(signature))) => Ok(signature),
            Ok(Ok(Reply::Failed(why))) => Err(failed(&why)),
            Ok(Ok(_)) => Err(failed("the keep gave an answer to another question")),
            Ok(Err(error)) => Err(failed(&error.to_string())),
            Err(_) => Err(failed("the keep did not sign in time")),
        }
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}
