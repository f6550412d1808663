//! What the demonstration plays on: a home, paper exchanges, and `claviger serve` as a process of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use claviger_door::{Exit, Sensitive};
use claviger_sim::client::Answer;
use claviger_sim::{Sim, SimConfig};
use zeroize::Zeroizing;

use super::binance::Binance;
use super::bot::{Bot, VirtualKey};
use super::okx::Okx;
use super::script::Tally;
use crate::args::Global;
use crate::commands::demo_parts::{self as parts, Keys, venue};
use crate::configuration;
use crate::factor::Factor;
use crate::failure::Failure;
use crate::home::Home;
use crate::out::say;

/// Everything that runs.
pub struct Stage {
    home: Home,
    /// Whether the home is taken away at the end.
    temporary: bool,
    passphrase: Zeroizing<Box<[u8]>>,
    sim: Option<Sim>,
    keys: Keys,
    serve: Child,
    listen: SocketAddr,
    seen: Vec<String>,
    virtual_keys: Vec<serde_json::Value>,
}

const FAILED: Exit = Exit::Demo;

fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |e| Failure::new(FAILED, what).caused_by(&e)
}

impl Stage {
    /// Makes the home, starts the exchanges and the gateway, enrols keys and bots.
    pub async fn set(global: &Global) -> Result<Self, Failure> {
        let keys = Keys::random()?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = SimConfig {
            binance: venue(any, &keys.binance, Vec::new()),
            okx: venue(any, &keys.okx, Vec::new()),
            seed: 1,
            ..SimConfig::default()
        };
        let sim = Sim::start(config).await.map_err(|e| parts::not_started(&e))?;
        let (home, temporary) = home(global)?;
        let passphrase: Zeroizing<Box<[u8]>> = Zeroizing::new(parts::letters(24)?.into_bytes().into());
        let mut factor = Factor::given(Sensitive::new(passphrase.clone()));
        parts::make(&home, &mut factor, claviger_vault::Strength::DEFAULT)?;
        let listen = free_port()?;
        write_config(&home, &sim, listen)?;
        let serve = serve(&home, &passphrase)?;
        let mut stage = Self {
            home,
            temporary,
            passphrase,
            sim: Some(sim),
            keys,
            serve,
            listen,
            seen: Vec::new(),
            virtual_keys: Vec::new(),
        };
        match stage.enrol().await {
            Ok(()) => Ok(stage),
            Err(failure) => {
                stage.clear().await?;
                Err(failure)
            }
        }
    }

    async fn enrol(&mut self) -> Result<(), Failure> {
        self.until("claviger does not answer", |status| status.get("running") == Some(&true.into())).await?;
        let (binance, okx) = (&self.keys.binance, &self.keys.okx);
        let secrets = [(binance.secret.clone(), None), (okx.secret.clone(), okx.passphrase.clone())];
        let ids = [binance.id.clone(), okx.id.clone()];
        for ((exchange, id), (secret, passphrase)) in ["binance", "okx"].into_iter().zip(ids).zip(secrets) {
            let name = format!("{exchange}-main");
            let mut given = vec![("--fd", secret)];
            given.extend(passphrase.map(|p| ("--api-passphrase-fd", p)));
            self.operator(&["key", "add", &name, "--exchange", exchange, "--id", &id], &given).await?;
        }
        for (exchange, symbol) in [("binance", "BTCUSDT"), ("okx", "BTC-USDT")] {
            let (name, key) = (format!("{exchange}-bot"), format!("{exchange}-main"));
            let limits = ["--max-order", "1000 USDT", "--max-day", "2900 USDT", "--price-band", "2%"];
            let bot = ["bot", "add", &name, "--key", &key, "--preset", "spot-trader", "--symbols", symbol];
            self.operator(&[&bot[..], &limits, &["--allow-same-user"]].concat(), &[]).await?;
            let shown = self.operator_json(&["bot", "show", &name, "--reveal"]).await?;
            self.virtual_keys.push(shown);
        }
        self.until("claviger has no prices", |status| {
            let both = status.get("exchanges").and_then(|e| e.as_object()).is_some_and(|e| e.len() == 2);
            both && status.get("ready") == Some(&true.into())
        })
        .await
    }

    /// Waits until `status` says so.
    async fn until(&mut self, what: &str, done: impl Fn(&serde_json::Value) -> bool) -> Result<(), Failure> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            if let Ok(status) = self.operator_json(&["status"]).await
                && done(&status)
            {
                return Ok(());
            }
            if let Ok(Some(status)) = self.serve.try_wait() {
                return Err(Failure::new(FAILED, "`claviger serve` ended").because(status.to_string()));
            }
            if Instant::now() > end {
                return Err(Failure::new(FAILED, what));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Where bots connect.
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Keeps what a bot was told, to look through it at the end.
    pub fn saw(&mut self, answer: &Answer) {
        self.seen.push(format!("{:?}\n{}", answer.headers, answer.text));
    }

    /// The bots with their virtual keys.
    pub fn bots(&self) -> Result<Vec<Box<dyn Bot>>, Failure> {
        let key = |shown: &serde_json::Value| {
            let text = |name| shown.get(name).and_then(serde_json::Value::as_str).map(ToOwned::to_owned);
            Some(VirtualKey { id: text("apiKey")?, secret: text("secret")?, passphrase: text("password") })
        };
        let mut keys = self.virtual_keys.iter().filter_map(key);
        match (keys.next(), keys.next()) {
            (Some(binance), Some(okx)) => Ok(vec![Box::new(Binance(binance)), Box::new(Okx(okx))]),
            _ => Err(Failure::new(FAILED, "the virtual keys were not shown")),
        }
    }

    /// Runs a command of this program on the home, shown as a person would type it; secrets go by descriptor.
    pub async fn operator(&self, arguments: &[&str], secrets: &[(&str, String)]) -> Result<(), Failure> {
        let typed =
            arguments.iter().map(|a| if a.contains(' ') { format!("'{a}'") } else { (*a).to_owned() });
        say(format_args!("$ claviger {}", typed.collect::<Vec<_>>().join(" ")));
        self.run(arguments, secrets).await.map(|_| ())
    }

    async fn operator_json(&self, arguments: &[&str]) -> Result<serde_json::Value, Failure> {
        let text = self.run(&[arguments, &["--json"]].concat(), &[]).await?;
        read_json(&text)
    }

    async fn run(&self, arguments: &[&str], secrets: &[(&str, String)]) -> Result<String, Failure> {
        let mut command = this_program(&self.home)?;
        command.args(arguments);
        hand_over(&mut command, "--passphrase-fd", &self.passphrase)?;
        for (option, secret) in secrets {
            hand_over(&mut command, option, secret.as_bytes())?;
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let done = tokio::task::spawn_blocking(move || command.spawn()?.wait_with_output()).await;
        let done = done.map_err(|e| Failure::new(FAILED, "a command could not be run").caused_by(&e))?;
        let done = done.map_err(failed("a command could not be run"))?;
        if done.status.success() {
            return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        Err(Failure::new(FAILED, format!("`claviger {}` failed", arguments.join(" "))).because(said.trim()))
    }

    /// Looks for keys where they must not be: virtual ones at the exchanges, real ones at the bots.
    pub fn leaks(&self, bots: &[Box<dyn Bot>], tally: &mut Tally) -> Result<(), Failure> {
        let Some(sim) = &self.sim else { return Ok(()) };
        let record = sim.record();
        let virtual_secrets = bots.iter().flat_map(|bot| [&bot.key().id, &bot.key().secret]);
        let mut virtual_secrets: Vec<&String> = virtual_secrets.collect();
        virtual_secrets.extend(bots.iter().filter_map(|bot| bot.key().passphrase.as_ref()));
        let at_exchange = |secret: &&String| {
            record.iter().any(|request| memory_contains(&request.bytes, secret.as_bytes()))
        };
        if virtual_secrets.iter().any(at_exchange) {
            tally.wrong("a virtual key reached an exchange".to_owned());
        }
        let Keys { binance, okx } = &self.keys;
        let mut real: Vec<&String> = vec![&binance.id, &binance.secret, &okx.id, &okx.secret];
        real.extend(&okx.passphrase);
        if real.iter().any(|secret| self.seen.iter().any(|answer| answer.contains(secret.as_str()))) {
            tally.wrong("a real key reached a bot".to_owned());
        }
        say(format_args!(
            "\nkeys     {} requests reached the exchanges, none with a virtual key; {} answers reached the bots, none with a real one",
            record.len(),
            self.seen.len()
        ));
        Ok(())
    }

    /// Verifies the journal.
    pub fn journal(&self, tally: &mut Tally) -> Result<(), Failure> {
        match claviger_store::verify(&self.home.journal()) {
            Ok(report) => say(format_args!(
                "journal  {} records, none changed, cut out or moved; chain {}",
                report.records, report.last
            )),
            Err(error) => tally.wrong(format!("the journal: {error}")),
        }
        Ok(())
    }

    /// How to connect one's own bot.
    pub fn invite(&self) -> Result<(), Failure> {
        for (shown, exchange) in self.virtual_keys.iter().zip(["binance", "okx"]) {
            let text = |name: &str| {
                shown.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
            };
            let facts = crate::clients::Facts {
                tls: None,
                bot: text("name"),
                exchange: exchange.to_owned(),
                id: text("apiKey"),
                secret: text("secret"),
                passphrase: shown.get("password").and_then(serde_json::Value::as_str).map(ToOwned::to_owned),
                listen: self.listen,
                ca: self.home.ca(),
            };
            let settings = crate::clients::parse("ccxt").and_then(|client| client.settings(&facts));
            say(format_args!("\n{}", settings.map_err(|why| Failure::new(FAILED, why))?));
        }
        say(format_args!("\nIt stays up until Ctrl-C. Look around from another terminal:"));
        say(format_args!("  export CLAVIGER_HOME={}", self.home.path().display()));
        say("  claviger bot show binance-bot; claviger journal tail; claviger bot freeze okx-bot");
        let file = self.home.path().join("passphrase");
        claviger_os::replace(&file, &self.passphrase, 0o600)
            .map_err(failed("cannot write the passphrase"))?;
        say(format_args!("What widens needs the vault's passphrase: --credential {}", file.display()));
        Ok(())
    }

    /// Stops everything and takes the temporary home away.
    pub async fn clear(mut self) -> Result<(), Failure> {
        if let Ok(Some(mut operator)) = crate::operator::Operator::running(&self.home) {
            // A gateway that Ctrl-C has reached already is stopping anyway.
            drop(operator.command(claviger_door::Command::Stop));
        }
        let end = Instant::now() + Duration::from_secs(20);
        while matches!(self.serve.try_wait(), Ok(None)) {
            if Instant::now() > end {
                drop(self.serve.kill());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if let Some(sim) = self.sim.take() {
            sim.shutdown().await;
        }
        if self.temporary {
            std::fs::remove_dir_all(self.home.path())
                .map_err(failed("the temporary home could not be removed"))?;
        } else {
            say(format_args!("the home stays in {}", self.home.path().display()));
        }
        Ok(())
    }
}

fn memory_contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len().max(1)).any(|window| window == needle)
}

#[expect(clippy::disallowed_methods, reason = "this program's own output")]
fn read_json(text: &str) -> Result<serde_json::Value, Failure> {
    serde_json::from_str(text)
        .map_err(|e| Failure::new(FAILED, "a command's answer is no JSON").caused_by(&e))
}

/// The home asked for, else a new folder of our own that is taken away at the end.
fn home(global: &Global) -> Result<(Home, bool), Failure> {
    if global.home.is_some() {
        return Ok((Home::locate(global.home.clone())?, false));
    }
    let base = std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    let path = base.join(format!("claviger-demo-{}", parts::letters(10)?));
    claviger_os::create_private_folder(&path).map_err(failed("cannot make a temporary home"))?;
    Ok((Home::locate(Some(path))?, true))
}

fn free_port() -> Result<SocketAddr, Failure> {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed("no port is free"))?;
    taken.local_addr().map_err(failed("no port is free"))
}

fn write_config(home: &Home, sim: &Sim, listen: SocketAddr) -> Result<(), Failure> {
    let ca = home.path().join("paper-exchanges.pem");
    claviger_os::create_new(&ca, sim.ca_pem().as_bytes(), 0o600)
        .map_err(failed("cannot write a certificate"))?;
    let mut text = format!("listen = \"{listen}\"\n");
    for (exchange, address) in [("binance", sim.binance_addr()), ("okx", sim.okx_addr())] {
        let ca = toml_edit::Value::from(ca.display().to_string());
        text += &format!(
            "\n[exchange.{exchange}]\nenvironment = \"simulator\"\nrest = \"{address}\"\nca = {ca}\n"
        );
    }
    configuration::save(home, &text)
}

/// `claviger serve`, with the passphrase handed over by descriptor; it ends when this process does.
fn serve(home: &Home, passphrase: &[u8]) -> Result<Child, Failure> {
    let mut command = this_program(home)?;
    command.args(["serve", "--with-parent"]);
    hand_over(&mut command, "--passphrase-fd", passphrase)?;
    let log = std::fs::OpenOptions::new().append(true).create(true).open(home.path().join("serve.log"));
    let log = log.map_err(failed("cannot write a log"))?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().map_err(failed("`claviger serve` cannot be started"))
}

fn this_program(home: &Home) -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(failed("cannot find this program"))?;
    let mut command = Command::new(program);
    command.arg("--home").arg(home.path());
    Ok(command)
}

/// Puts a secret into a socket whose other end the command inherits.
fn hand_over(command: &mut Command, option: &str, secret: &[u8]) -> Result<(), Failure> {
    use std::io::Write;
    let (mut ours, theirs) = claviger_os::socketpair().map_err(failed("no socket"))?;
    ours.write_all(secret).map_err(failed("no socket"))?;
    let number = claviger_os::inherit(command, theirs.into());
    command.arg(format!("{option}={number}"));
    Ok(())
}
