//! A home with a keep, two exchanges, two keys and three bots, for tests.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use claviger_core::{Clock, ExchangeName, Instrument, Market, MarketView, Method, Reference, Time};
use claviger_door::{
    Command, Desk as _, Key, Peer, Received, Refusal, Reply, Said, Seen, Sensitive, SignedParts, Way,
};
use claviger_vault::{Passphrase, Strength, Vault};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::{Keep, Opening};

pub(crate) const REAL_ID: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
pub(crate) const REAL_SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
pub(crate) const OKX_ID: &str = "a1b2c3d4-0000-4000-8000-00000000cafe";
pub(crate) const OKX_PASSPHRASE: &str = "Real-Passphrase-1";
pub(crate) const UID: u32 = 1000;
const PASSPHRASE: &str = "correct horse battery staple";

pub(crate) const CONFIG: &str = r#"
[key.main]
exchange = "binance"
max_day = "30000 USDT"

[key.oak]
exchange = "okx"

[bot.grid]
key = "main"
grants = ["market-data", "read", "trade"]
markets = ["spot"]
symbols = ["BTCUSDT"]
max_order = "1000 USDT"
max_day = "5000 USDT"
max_open_orders = 50
price_band = "2%"
order_rate = "unlimited"

[bot.reader]
key = "main"
grants = ["read"]

[bot.swing]
key = "oak"
grants = ["market-data", "read", "trade"]
markets = ["spot"]
symbols = ["BTC-USDT"]
max_order = "1000 USDT"
max_day = "5000 USDT"
max_open_orders = 50
price_band = "2%"
order_rate = "unlimited"
"#;

/// A home as it is copied for each test: making one stretches the passphrase several times.
struct Template {
    folder: TempDir,
    vault: Arc<Vault>,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let folder = private_folder();
    let passphrase = Passphrase::new(Zeroizing::new(PASSPHRASE.as_bytes().into()));
    let vault = Vault::create(&folder.path().join("vault"), &passphrase, Strength::FLOOR).unwrap();
    put(&folder.path().join("claviger.toml"), CONFIG);
    let vault = Arc::new(vault);
    let mut keep = Keep::open_shared(folder.path(), Arc::clone(&vault), UID).unwrap();
    let add = |name: &str, exchange: &str, id: &str, host: &str, passphrase: Option<&str>| Command::AddKey {
        key: Box::new(Key {
            name: name.parse().unwrap(),
            exchange: exchange.parse().unwrap(),
            environment: "production".into(),
            hosts: vec![host.into()],
            id: id.into(),
            scheme: "hmac".into(),
            added: Time::default(),
            frozen: false,
        }),
        secret: sensitive(REAL_SECRET),
        passphrase: passphrase.map(sensitive),
        factor: sensitive(PASSPHRASE),
    };
    command(&mut keep, add("main", "binance", REAL_ID, "api.binance.com", None));
    command(&mut keep, add("oak", "okx", OKX_ID, "www.okx.com", Some(OKX_PASSPHRASE)));
    for (bot, exchange) in [("grid", "binance"), ("reader", "binance"), ("swing", "okx")] {
        command(&mut keep, Command::AddBot(bot.parse().unwrap(), exchange.parse().unwrap()));
    }
    let applied = command(&mut keep, Command::Apply { dry_run: false, factor: Some(factor()) });
    assert!(matches!(applied, Said::Report { applied: true, .. }));
    drop(keep);
    Template { folder, vault }
});

fn private_folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    tempfile::Builder::new()
        .prefix("claviger-keep-")
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir()
        .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
pub(crate) fn put(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap();
}

pub(crate) fn sensitive(text: &str) -> Sensitive {
    Sensitive::new(Zeroizing::new(text.as_bytes().into()))
}

pub(crate) fn factor() -> Sensitive {
    sensitive(PASSPHRASE)
}

pub(crate) fn command(keep: &mut Keep, command: Command) -> Said {
    keep.command(command).unwrap_or_else(|refused| panic!("{refused:?}"))
}

/// A home with an open keep.
pub(crate) struct Home {
    folder: TempDir,
    pub(crate) keep: Keep,
}

impl Home {
    /// A new one, with fresh market figures.
    pub(crate) fn new() -> Self {
        let folder = private_folder();
        for part in ["journal", "state.db", "claviger.toml"] {
            copy(&TEMPLATE.folder.path().join(part), &folder.path().join(part));
        }
        let keep = open(folder.path());
        let home = Self { folder, keep };
        home.refresh();
        home
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Opens the home anew, as after a crash: nothing is said to the keep before.
    pub(crate) fn reopened(self) -> Self {
        let Self { folder, keep } = self;
        drop(keep);
        let keep = open(folder.path());
        let home = Self { folder, keep };
        home.refresh();
        home
    }

    /// A home of which no keep is open.
    pub(crate) fn on(folder: TempDir) -> Self {
        let keep = open(folder.path());
        let home = Self { folder, keep };
        home.refresh();
        home
    }

    /// Closes the keep; its folder, and why it does not open again.
    pub(crate) fn does_not_open(self) -> (TempDir, String) {
        let Self { folder, keep } = self;
        drop(keep);
        let why = why_not(folder.path());
        (folder, why)
    }

    /// Sends figures of now.
    pub(crate) fn refresh(&self) {
        let now = self.now();
        self.keep.room().hear(view(now), now);
    }

    pub(crate) fn now(&self) -> Time {
        self.keep.room().now()
    }

    /// The whole way: judged, written, synced, signed.
    pub(crate) fn ask(&self, received: Received) -> Reply {
        match self.keep.receive(received) {
            Ok(written) => self.keep.send(written),
            Err(refusal) => Reply::Refuse(refusal),
        }
    }

    pub(crate) fn sent(&self, received: Received) -> SignedParts {
        match self.ask(received) {
            Reply::Send(request) => request.into_parts(),
            other => panic!("{}", said(&other)),
        }
    }

    pub(crate) fn refused(&self, received: Received) -> (String, String) {
        match self.ask(received) {
            Reply::Refuse(refusal) => rule_and_text(&refusal),
            other => panic!("{}", said(&other)),
        }
    }

    pub(crate) fn settle(&self, ticket: u64, status: u16, body: &str) -> Reply {
        self.keep.settle(ticket, &Seen::Answer { status, body: body.as_bytes().into() })
    }

    /// A Binance bot, ready to sign.
    pub(crate) fn bot(&self, name: &str) -> Signer {
        let bot = self.keep.room().bots.named(&name.parse().unwrap()).unwrap().clone();
        let secret = self.keep.vault().reveal_virtual(bot.virtual_key()).unwrap();
        Signer {
            id: bot.id.as_str().to_owned(),
            secret: secret.secret().to_owned(),
            passphrase: secret.passphrase().map(ToOwned::to_owned),
            clock: self.keep.room().clock,
            peer: Peer { address: Some([127, 0, 0, 1].into()), uid: Some(UID + 1), way: Way::Base },
        }
    }
}

/// Why the home does not open.
pub(crate) fn why_not(folder: &Path) -> String {
    let opened = Keep::open_shared(folder, Arc::clone(&TEMPLATE.vault), UID);
    let error = opened.err().expect("it opens");
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn open(folder: &Path) -> Keep {
    Keep::open_shared(folder, Arc::clone(&TEMPLATE.vault), UID).unwrap()
}

/// The public way to open one, with a vault of its own.
pub(crate) fn open_publicly(home: &Path) -> Keep {
    let passphrase = Passphrase::new(Zeroizing::new(PASSPHRASE.as_bytes().into()));
    let vault = Vault::open(&TEMPLATE.folder.path().join("vault"), &passphrase).unwrap();
    Keep::open(Opening { home, vault, own_uid: UID }).unwrap()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir(to).unwrap();
        for entry in from.read_dir().unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

pub(crate) fn rule_and_text(refusal: &Refusal) -> (String, String) {
    let rule = refusal.headers.iter().find(|(name, _)| &**name == "x-claviger-denial").unwrap();
    (rule.1.to_string(), String::from_utf8(refusal.body.to_vec()).unwrap())
}

pub(crate) fn said(reply: &Reply) -> String {
    match reply {
        Reply::Send(_) => "send".to_owned(),
        Reply::Refuse(refusal) => format!("refuse {:?}", rule_and_text(refusal)),
        Reply::Pass => "pass".to_owned(),
        Reply::Hinted(hint) => format!("pass {hint}"),
        Reply::Other { status, body } => format!("pass {status} {}", String::from_utf8_lossy(body)),
        Reply::First(_) => "first".to_owned(),
        Reply::Instead(refusal) => format!("instead {:?}", rule_and_text(refusal)),
        Reply::Leaf(_) => "leaf".to_owned(),
        Reply::PublicKey(_) => "public key".to_owned(),
        Reply::Handshake(_) => "handshake".to_owned(),
        Reply::Wants(wants) => format!("{wants:?}"),
        Reply::Nothing => "nothing".to_owned(),
        Reply::Failed(why) => format!("failed {why}"),
    }
}

/// A bot with its virtual secret.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) passphrase: Option<String>,
    pub(crate) clock: crate::clock::KeepClock,
    pub(crate) peer: Peer,
}

impl Signer {
    pub(crate) fn now(&self) -> u64 {
        self.clock.now().millis()
    }

    /// A signed Binance request; the parameters stand in the query, or in the body of a POST.
    pub(crate) fn binance(&self, method: Method, path: &str, params: &str) -> Received {
        self.binance_at(method, path, params, self.now())
    }

    pub(crate) fn binance_at(&self, method: Method, path: &str, params: &str, at: u64) -> Received {
        let and = if params.is_empty() { "" } else { "&" };
        let message = format!("{params}{and}timestamp={at}&recvWindow=5000");
        let signature = hex::encode(hmac(self.secret.as_bytes(), message.as_bytes()));
        let text = format!("{message}&signature={signature}");
        let in_body = method == Method::Post;
        Received {
            peer: self.peer.clone(),
            exchange: "binance".parse().unwrap(),
            surface: "spot".parse().unwrap(),
            method,
            prefix: Some("binance".into()),
            path: path.into(),
            query: (!in_body).then(|| text.as_str().into()),
            headers: vec![("X-MBX-APIKEY".into(), self.id.as_bytes().into())],
            body: if in_body { text.into_bytes().into() } else { Box::default() },
            waited_ms: 0,
        }
    }

    pub(crate) fn order(&self, quantity: &str, price: &str, rest: &str) -> Received {
        let params = format!(
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity={quantity}&price={price}{rest}"
        );
        self.binance(Method::Post, "/api/v3/order", &params)
    }

    /// A signed OKX request.
    pub(crate) fn okx(&self, method: Method, path: &str, body: &str) -> Received {
        let at = okx_time(self.now());
        let message = format!("{at}{}{path}{body}", method.as_str());
        let signature = base64::engine::general_purpose::STANDARD
            .encode(hmac(self.secret.as_bytes(), message.as_bytes()));
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        let header = |name: &str, value: &str| (name.into(), value.as_bytes().into());
        Received {
            peer: self.peer.clone(),
            exchange: "okx".parse().unwrap(),
            surface: surface_of_okx(),
            method,
            prefix: Some("okx".into()),
            path: path.into(),
            query: query.map(Into::into),
            headers: vec![
                header("OK-ACCESS-KEY", &self.id),
                header("OK-ACCESS-SIGN", &signature),
                header("OK-ACCESS-TIMESTAMP", &at),
                header("OK-ACCESS-PASSPHRASE", self.passphrase.as_deref().unwrap_or_default()),
                header("Content-Type", "application/json"),
            ],
            body: body.as_bytes().into(),
            waited_ms: 0,
        }
    }
}

fn surface_of_okx() -> claviger_core::SurfaceName {
    claviger_exchange::exchange("okx").unwrap().surfaces()[0].name.parse().unwrap()
}

/// `2026-11-22T17:03:02.123Z`.
fn okx_time(ms: u64) -> String {
    let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z % 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + u64::from(month <= 2);
    let (h, m, s, ms) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
}

pub(crate) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().into()
}

/// BTC at 50000 USDT on both exchanges, and clocks that agree.
pub(crate) fn view(now: Time) -> MarketView {
    let mut view = MarketView::default();
    for (exchange, symbol) in [("binance", "BTCUSDT"), ("okx", "BTC-USDT")] {
        let exchange: ExchangeName = exchange.parse().unwrap();
        let known = claviger_exchange::exchange(exchange.as_str()).unwrap();
        let venue = view.venues.entry(exchange).or_default();
        for surface in known.surfaces() {
            venue.clocks.insert(known.surface_name(surface), Clock { offset_ms: 0, at: now });
        }
        let instrument = Instrument {
            base: "BTC".parse().unwrap(),
            quote: "USDT".parse().unwrap(),
            contract: None,
            price_step: "0.01".parse().unwrap(),
            size_step: "0.00001".parse().unwrap(),
            min_size: "0.00001".parse().unwrap(),
            underlying: None,
        };
        let reference = Reference { price: "50000".parse().unwrap(), at: now, source: "ticker".into() };
        let symbol: claviger_core::Symbol = symbol.parse().unwrap();
        venue.instruments.entry(Market::Spot).or_default().insert(symbol.clone(), instrument);
        venue.references.entry(Market::Spot).or_default().insert(symbol, reference);
    }
    view
}

/// A Binance answer to an order.
pub(crate) fn placed(parts: &SignedParts, id: u64, status: &str, filled: &str) -> String {
    let client = param(parts, "newClientOrderId").unwrap();
    format!(
        r#"{{"symbol":"BTCUSDT","orderId":{id},"clientOrderId":"{client}","transactTime":1,"price":"50000","origQty":"0.01","executedQty":"{filled}","status":"{status}"}}"#
    )
}

/// A parameter of a Binance request that leaves.
pub(crate) fn param(parts: &SignedParts, name: &str) -> Option<String> {
    let text = if parts.body.is_empty() {
        parts.target.split_once('?')?.1.to_owned()
    } else {
        String::from_utf8(parts.body.clone()).unwrap()
    };
    text.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")).map(ToOwned::to_owned))
}
