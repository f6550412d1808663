//! What one request costs in the keep: step by step, whole, and with the hop to another thread or process.
//!
//! `CLAVIGER_BENCH_BOTS` sets how many bots are loaded (1000). The child of `hop/process` is this bench itself.
#![expect(clippy::unwrap_used, reason = "a bench: a panic is how it fails")]

use std::hint::black_box;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use claviger_core::{Clock, Instrument, Market, MarketView, Method, Reference, Time};
use claviger_door::{
    Ask, Command, Desk as _, Door as _, DoorClient, Key, Peer, Received, Reply, Said, Seen, Sensitive, Way,
};
use claviger_keep::{Keep, Opening};
use claviger_vault::{Passphrase, Strength, Vault};
use criterion::{BatchSize, Criterion};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use zeroize::Zeroizing;

const PASSPHRASE: &str = "correct horse battery staple";

fn bots() -> usize {
    std::env::var("CLAVIGER_BENCH_BOTS").ok().and_then(|n| n.parse().ok()).unwrap_or(1000)
}

fn config(bots: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("[key.main]\nexchange = \"binance\"\n");
    for bot in 0..bots {
        write!(
            text,
            "[bot.b{bot}]\nkey = \"main\"\ngrants = [\"read\", \"trade\"]\nmarkets = [\"spot\"]\n\
             symbols = [\"BTCUSDT\"]\nmax_order = \"1000 USDT\"\nmax_day = \"unlimited\"\nmax_open_orders = 5000\n\
             price_band = \"2%\"\norder_rate = \"unlimited\"\n"
        )
        .unwrap();
    }
    text
}

fn secret(text: &str) -> Sensitive {
    Sensitive::new(Zeroizing::new(text.as_bytes().into()))
}

#[expect(clippy::disallowed_methods, reason = "a bench's own file")]
fn furnish(home: &Path) -> (Keep, Bot) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(home, std::fs::Permissions::from_mode(0o700)).unwrap();
    let passphrase = Passphrase::new(Zeroizing::new(PASSPHRASE.as_bytes().into()));
    let vault = Vault::create(&home.join("vault"), &passphrase, Strength::FLOOR).unwrap();
    std::fs::write(home.join("claviger.toml"), config(bots())).unwrap();
    let mut keep = Keep::open(Opening { home, vault, own_uid: 1000 }).unwrap();
    let key = Key {
        name: "main".parse().unwrap(),
        exchange: "binance".parse().unwrap(),
        environment: "production".into(),
        hosts: vec!["api.binance.com".into()],
        id: "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A".into(),
        scheme: "hmac".into(),
        added: Time::default(),
        frozen: false,
    };
    let add = Command::AddKey {
        key: Box::new(key),
        secret: secret("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"),
        passphrase: None,
        factor: secret(PASSPHRASE),
    };
    keep.command(add).unwrap();
    for bot in 0..bots() {
        let name = format!("b{bot}").parse().unwrap();
        keep.command(Command::AddBot(name, "binance".parse().unwrap())).unwrap();
    }
    keep.command(Command::Apply { dry_run: false, factor: Some(secret(PASSPHRASE)) }).unwrap();
    let revealed = keep.command(Command::Reveal("b0".parse().unwrap(), secret(PASSPHRASE))).unwrap();
    let Said::Revealed { virtual_id, secret, .. } = revealed else { unreachable_reply() };
    let bot = Bot { id: virtual_id, secret: secret.into_bytes(), count: AtomicU64::new(0) };
    (keep, bot)
}

#[expect(clippy::panic, reason = "a bench: a panic is how it fails")]
fn unreachable_reply() -> ! {
    panic!("another reply than expected")
}

struct Bot {
    id: Box<str>,
    secret: Zeroizing<Box<[u8]>>,
    count: AtomicU64,
}

fn now() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

impl Bot {
    fn number(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    fn signed(&self, method: Method, path: &str, params: &str) -> Received {
        let message = format!("{params}&timestamp={}&recvWindow=1000", now());
        let text = format!("{message}&signature={}", hex::encode(hmac(&self.secret, message.as_bytes())));
        let body = method == Method::Post;
        Received {
            peer: Peer { address: Some([127, 0, 0, 1].into()), uid: Some(1001), way: Way::Base },
            exchange: "binance".parse().unwrap(),
            surface: "spot".parse().unwrap(),
            method,
            prefix: Some("binance".into()),
            path: path.into(),
            query: (!body).then(|| text.as_str().into()),
            headers: vec![("X-MBX-APIKEY".into(), self.id.as_bytes().into())],
            body: if body { text.into_bytes().into() } else { Box::default() },
            waited_ms: 0,
        }
    }

    fn read(&self) -> Received {
        self.signed(Method::Get, "/api/v3/openOrders", &format!("symbol=BTC{}", self.number() % 1_000_000))
    }

    fn order(&self) -> Received {
        let client = self.number();
        let params = format!(
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=50000&newClientOrderId=n{client}"
        );
        self.signed(Method::Post, "/api/v3/order", &params)
    }
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let inner = Sha256::new().chain_update(block.map(|b| b ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|b| b ^ 0x5c)).chain_update(inner).finalize().into()
}

fn view() -> MarketView {
    let at = Time::from_millis(now());
    let mut view = MarketView::default();
    let venue = view.venues.entry("binance".parse().unwrap()).or_default();
    venue.clocks.insert("spot".parse().unwrap(), Clock { offset_ms: 0, at });
    let instrument = Instrument {
        base: "BTC".parse().unwrap(),
        quote: "USDT".parse().unwrap(),
        contract: None,
        price_step: "0.01".parse().unwrap(),
        size_step: "0.00001".parse().unwrap(),
        min_size: "0.00001".parse().unwrap(),
        underlying: None,
    };
    let reference = Reference { price: "50000".parse().unwrap(), at, source: "ticker".into() };
    let symbol: claviger_core::Symbol = "BTCUSDT".parse().unwrap();
    venue.instruments.entry(Market::Spot).or_default().insert(symbol.clone(), instrument);
    venue.references.entry(Market::Spot).or_default().insert(symbol, reference);
    view
}

/// Rejected by the exchange, so that nothing piles up.
fn settle(keep: &Keep, reply: Reply) {
    let Reply::Send(request) = reply else { unreachable_reply() };
    let parts = request.into_parts();
    if parts.changes_state {
        let seen = Seen::Answer { status: 400, body: br#"{"code":-2010,"msg":"no"}"#.to_vec() };
        black_box(keep.step_all(Ask::Settle { ticket: parts.ticket, seen }));
    } else {
        black_box(keep.step_all(Ask::Settle {
            ticket: parts.ticket,
            seen: Seen::Answer { status: 200, body: Vec::new() },
        }));
    }
}

/// Whether each bench runs only once.
fn testing() -> bool {
    std::env::args().any(|arg| arg == "--test")
}

/// Reads are remembered as long as their signatures are fresh, and only so many; between benches they are forgotten.
fn steps(c: &mut Criterion, keep: &Keep, bot: &Bot) {
    let authenticated = || keep.step_authenticate(bot.read()).unwrap();
    let forget = || std::thread::sleep(Duration::from_secs(if testing() { 0 } else { 6 }));
    let mut group = c.benchmark_group("step");
    group.bench_function("authenticate", |b| {
        b.iter_batched(|| bot.read(), |r| keep.step_authenticate(r).unwrap(), BatchSize::SmallInput);
    });
    forget();
    group.bench_function("read", |b| {
        b.iter_batched(authenticated, |a| keep.step_read(a).unwrap(), BatchSize::SmallInput);
    });
    forget();
    group.bench_function("decide", |b| {
        let meant = || keep.step_read(authenticated()).unwrap();
        b.iter_batched(meant, |m| keep.step_decide(m).unwrap(), BatchSize::SmallInput);
    });
    forget();
    group.bench_function("write", |b| {
        let decided = || keep.step_decide(keep.step_read(authenticated()).unwrap()).unwrap();
        b.iter_batched(decided, |d| keep.step_write(d).unwrap(), BatchSize::SmallInput);
    });
    forget();
    group.bench_function("sign", |b| {
        let written = || {
            let decided = keep.step_decide(keep.step_read(authenticated()).unwrap()).unwrap();
            keep.step_write(decided).unwrap()
        };
        b.iter_batched(written, |w| settle(keep, keep.step_send(w).unwrap()), BatchSize::SmallInput);
    });
    group.finish();
    forget();
    keep.step_hear(view());
    let mut group = c.benchmark_group("whole");
    for (name, order) in [("read", false), ("order_synced", true)] {
        group.bench_function(name, |b| {
            let request = || Box::new(if order { bot.order() } else { bot.read() });
            b.iter_batched(request, |r| settle(keep, keep.step_all(Ask::Judge(r))), BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// One request after the other over a socket, as at one connection of a bot.
fn hop(c: &mut Criterion, (name, socket): (&str, UnixStream), bot: &Bot) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    socket.set_nonblocking(true).unwrap();
    let door = runtime.block_on(async { DoorClient::new(tokio::net::UnixStream::from_std(socket).unwrap()) });
    let market = Ask::Market { now: Time::from_millis(now()), view: Box::new(view()) };
    runtime.block_on(door.ask(market)).unwrap();
    let mut group = c.benchmark_group("hop");
    for (what, order) in [("read", false), ("order", true)] {
        group.bench_function(format!("{name}/{what}"), |b| {
            let request = || Box::new(if order { bot.order() } else { bot.read() });
            b.iter_batched(
                request,
                |request| {
                    runtime.block_on(async {
                        let Reply::Send(sent) = door.ask(Ask::Judge(request)).await.unwrap() else {
                            unreachable_reply()
                        };
                        let ticket = sent.into_parts().ticket;
                        let body = br#"{"code":-2010,"msg":"no"}"#.to_vec();
                        let seen = Seen::Answer { status: 400, body };
                        door.ask(Ask::Settle { ticket, seen }).await.unwrap()
                    })
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn main() {
    if let Some(home) = std::env::var_os("CLAVIGER_BENCH_KEEP") {
        return child(Path::new(&home));
    }
    let home = TempDir::new().unwrap();
    let (keep, bot) = furnish(home.path());
    keep.step_hear(view());
    let mut c = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    steps(&mut c, &keep, &bot);
    let (ours, theirs) = UnixStream::pair().unwrap();
    let thread = std::thread::spawn({
        let keep = keep.clone();
        move || keep.run(theirs)
    });
    hop(&mut c, ("thread", ours), &bot);
    thread.join().unwrap().unwrap();
    drop(keep);
    process(&mut c, home.path(), &bot);
    c.final_summary();
}

/// The keep as a child: the socket is its standard input.
fn process(c: &mut Criterion, home: &Path, bot: &Bot) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .env("CLAVIGER_BENCH_KEEP", home)
        .stdin(OwnedFd::from(theirs))
        .spawn()
        .unwrap();
    hop(c, ("process", ours), bot);
    assert!(child.wait().unwrap().success());
}

fn child(home: &Path) {
    use std::os::fd::AsFd as _;
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().unwrap());
    assert!(socket.as_raw_fd() > 2);
    let passphrase = Passphrase::new(Zeroizing::new(PASSPHRASE.as_bytes().into()));
    let vault = Vault::open(&home.join("vault"), &passphrase).unwrap();
    let keep = Keep::open(Opening { home, vault, own_uid: 1000 }).unwrap();
    keep.run(socket).unwrap();
}
