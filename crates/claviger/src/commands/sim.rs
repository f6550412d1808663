//! `sim`: paper exchanges for people and scripts.

use std::net::IpAddr;
use std::path::PathBuf;

use claviger_door::Exit;
use claviger_sim::{Credential, Permissions, Sim, SimConfig, SimError, SimKey, Venue};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{Global, SimArgs};
use crate::failure::Failure;
use crate::out::{say, say_json, warn};

/// Runs both exchanges until told to stop.
pub fn run(global: &Global, args: SimArgs) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::new(Exit::Failed, "cannot start").caused_by(&e))?;
    runtime.block_on(until_stopped(global, args))
}

async fn until_stopped(global: &Global, args: SimArgs) -> Result<(), Failure> {
    let keys = Keys::random()?;
    let ca = args.ca.clone();
    let sim = Sim::start(config(args, &keys)?).await.map_err(|e| not_started(&e))?;
    let ca = certificate(&sim, ca)?;
    tell(global.json, (&sim, &keys), &ca);
    let failed = |e: std::io::Error| Failure::new(Exit::Failed, "cannot handle signals").caused_by(&e);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    sim.shutdown().await;
    Ok(())
}

/// The paper exchanges did not start.
pub fn not_started(error: &SimError) -> Failure {
    let exit = match error {
        SimError::Listen { .. } => Exit::PortInUse,
        SimError::AdminNotLoopback { .. } => Exit::Usage,
        _ => Exit::Failed,
    };
    let failure = Failure::new(exit, "the paper exchanges did not start").caused_by(error);
    if exit == Exit::PortInUse { failure.hint("port 0, which takes a free one") } else { failure }
}

/// The keys of the paper exchanges: made anew for each run, in the exchanges' own forms.
pub struct Keys {
    /// Binance's.
    pub binance: PaperKey,
    /// OKX's.
    pub okx: PaperKey,
}

/// A key of a paper exchange. It moves no money, so it may be shown.
pub struct PaperKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// Its passphrase, on OKX.
    pub passphrase: Option<String>,
}

impl Keys {
    /// New keys.
    pub fn random() -> Result<Self, Failure> {
        Ok(Self {
            binance: PaperKey { id: letters(64)?, secret: letters(64)?, passphrase: None },
            okx: PaperKey {
                id: uuid()?,
                secret: hex_digits(32)?.to_ascii_uppercase(),
                passphrase: Some(letters(12)?),
            },
        })
    }
}

fn random(count: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = vec![0; count];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::new(Exit::Failed, "the system gives no random bytes").because(e.to_string()))?;
    Ok(bytes)
}

/// Random letters and digits.
pub fn letters(count: usize) -> Result<String, Failure> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let letter =
        |byte: u8| char::from(ALPHABET.get(usize::from(byte) % ALPHABET.len()).copied().unwrap_or(b'A'));
    Ok(random(count)?.into_iter().map(letter).collect())
}

fn hex_digits(count: usize) -> Result<String, Failure> {
    let text: String = random(count.div_ceil(2))?.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(text.chars().take(count).collect())
}

fn uuid() -> Result<String, Failure> {
    let parts = [8, 4, 4, 4, 12].map(hex_digits);
    Ok(parts.into_iter().collect::<Result<Vec<_>, _>>()?.join("-"))
}

fn config(args: SimArgs, keys: &Keys) -> Result<SimConfig, Failure> {
    let mut binance = venue(args.binance, &keys.binance, Vec::new());
    if let (Some(file), Some(key)) = (&args.binance_public_key, binance.keys.first_mut()) {
        key.credential = public_key(file)?;
    }
    Ok(SimConfig {
        binance,
        okx: venue(args.okx, &keys.okx, Vec::new()),
        seed: args.seed,
        price_walk: args.walk,
        record_dir: args.record,
        admin: args.admin,
        expired_certificate: args.expired_certificate,
    })
}

/// A public key that the paper Binance checks signatures with: Ed25519 in PEM has three lines, RSA more.
fn public_key(file: &std::path::Path) -> Result<Credential, Failure> {
    let pem = std::fs::read_to_string(file)
        .map_err(|e| Failure::new(Exit::Failed, format!("cannot read {}", file.display())).caused_by(&e))?;
    let ed25519 = pem.lines().count() == 3;
    Ok(if ed25519 { Credential::Ed25519PublicPem(pem) } else { Credential::RsaPublicPem(pem) })
}

/// One paper exchange that knows one key.
pub fn venue(listen: std::net::SocketAddr, key: &PaperKey, addresses: Vec<IpAddr>) -> Venue {
    let balance = |asset: &str, amount: &str| (asset.to_owned(), amount.to_owned());
    let key = SimKey {
        id: key.id.clone(),
        credential: Credential::Hmac(key.secret.clone()),
        passphrase: key.passphrase.clone(),
        permissions: Permissions::ALL,
        addresses,
        balances: vec![balance("USDT", "10000000"), balance("BTC", "100"), balance("ETH", "1000")],
    };
    Venue { listen, keys: vec![key] }
}

/// Writes the authority's certificate where clients can read it.
fn certificate(sim: &Sim, wanted: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let file = wanted.unwrap_or_else(|| {
        let folder = std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
        folder.join(format!("claviger-sim-{}.pem", std::process::id()))
    });
    claviger_os::replace(&file, sim.ca_pem().as_bytes(), 0o644)
        .map_err(|e| Failure::new(Exit::Failed, format!("cannot write {}", file.display())).caused_by(&e))?;
    Ok(file)
}

fn tell(as_json: bool, (sim, keys): (&Sim, &Keys), ca: &std::path::Path) {
    let Keys { binance, okx } = keys;
    if as_json {
        say_json(&json!({
            "binance": sim.binance_addr(), "okx": sim.okx_addr(), "admin": sim.admin_addr(), "ca": ca,
            "keys": {
                "binance": { "id": binance.id, "secret": binance.secret },
                "okx": { "id": okx.id, "secret": okx.secret, "passphrase": okx.passphrase },
            },
        }));
        return;
    }
    for (name, address, key) in [("binance", sim.binance_addr(), binance), ("okx", sim.okx_addr(), okx)] {
        say(format_args!("# paper {name}; for claviger.toml:"));
        say(format_args!("[exchange.{name}]"));
        say("environment = \"simulator\"");
        say(format_args!("rest = \"{address}\""));
        say(format_args!("ca = \"{}\"", ca.display()));
        say(format_args!("# key id     {}", key.id));
        say(format_args!("# secret     {}", key.secret));
        if let Some(passphrase) = &key.passphrase {
            say(format_args!("# passphrase {passphrase}"));
        }
        say("");
    }
    if let Some(admin) = sim.admin_addr() {
        say(format_args!("# prices and faults: http://{admin}"));
    }
    warn("these keys move no money; Ctrl-C stops the paper exchanges");
}
