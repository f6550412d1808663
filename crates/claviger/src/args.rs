//! The command line: what can be said, with examples of each.

mod exchange;
mod policy;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use claviger_core::config::{PRESETS, Preset};
use claviger_core::{BotName, ExchangeName, KeyName};

pub use exchange::{Endpoint, ExchangeCommand, NewParam};
pub use policy::{Asked, PolicyCommand};

use crate::secret::Source;

/// Holds exchange API keys so that trading bots never do.
///
/// A bot gets a virtual key that works at claviger and nowhere else. Claviger checks each request, asks the bot's policy,
/// writes the decision down, and signs what is allowed with the real key, which the bot never sees.
#[derive(Debug, Parser)]
#[command(
    name = "claviger",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "\
See it work, without any account:
  claviger demo

From nothing to a bot that trades within limits:
  claviger init
  claviger key add binance-main --exchange binance
  claviger bot add grid --key binance-main --preset spot-trader \\
      --symbols BTCUSDT,ETHUSDT --max-order '1000 USDT' --max-day '20000 USDT'
  claviger serve
  claviger bot show grid --for ccxt --reveal"
)]
pub struct Args {
    /// What is true of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Global {
    /// The folder that holds everything [default: $CLAVIGER_HOME, else claviger in the XDG data folder]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub home: Option<PathBuf>,
    /// Print JSON, for scripts
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Read the vault's passphrase from this inherited file descriptor
    #[arg(long, global = true, value_name = "N", help_heading = "Everywhere", conflicts_with = "credential")]
    pub passphrase_fd: Option<i32>,
    /// Read the vault's passphrase from this file [default: claviger-passphrase in $CREDENTIALS_DIRECTORY]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub credential: Option<PathBuf>,
}

impl Global {
    /// Where the vault's passphrase comes from.
    pub fn passphrase(&self) -> Source {
        let service = || {
            let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
            Some(PathBuf::from(folder).join("claviger-passphrase")).filter(|file| file.exists())
        };
        match (self.passphrase_fd, &self.credential) {
            (Some(number), _) => Source::Fd(number),
            (None, Some(file)) => Source::Credential(file.clone()),
            (None, None) => service().map_or(Source::Prompt, Source::Credential),
        }
    }
}

/// Every command there is.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a home: the vault, the local CA, and a claviger.toml to edit
    #[command(
        after_help = "Examples:\n  claviger init\n  claviger init --home /var/lib/claviger --credential /run/keys/passphrase"
    )]
    Init {
        /// Stretch the passphrase with 64 MiB of memory instead of 256: the least that is allowed
        #[arg(long)]
        small_machine: bool,
    },
    /// Real keys: enrol, list, freeze, remove
    #[command(subcommand)]
    Key(KeyCommand),
    /// Bots and their virtual keys: add, list, show, freeze, remove
    #[command(subcommand)]
    Bot(BotCommand),
    /// Make claviger.toml the active policy, after saying what gets wider and what narrower
    #[command(
        after_help = "Narrowing takes effect at once; widening asks for the vault's passphrase.\n\nExamples:\n  claviger apply --dry-run\n  claviger apply"
    )]
    Apply {
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
    },
    /// What policies say: check a file, explain a bot, compare two files, ask who can do something
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Run: bots connect to it, and what their policies allow goes to the exchanges
    #[command(after_help = "\
Signals: SIGTERM and Ctrl-C finish what is in flight and stop; SIGHUP reads claviger.toml again if nothing gets wider.
Under systemd use contrib/claviger.service.

Examples:
  claviger serve
  claviger serve --log json --passphrase-fd 3 3</run/keys/passphrase")]
    Serve {
        /// How the log on standard error is written
        #[arg(long, value_enum, default_value_t = LogForm::Text)]
        log: LogForm,
        /// End when the process that started this one does
        #[arg(long, hide = true)]
        with_parent: bool,
    },
    /// Whether claviger runs, and how the exchanges are
    #[command(
        after_help = "Examples:\n  claviger status\n  claviger status --check   # ends with the exit code of the first thing that is wrong"
    )]
    Status {
        /// End with the exit code of the first thing that is wrong
        #[arg(long)]
        check: bool,
    },
    /// The vault that holds the real secrets
    #[command(subcommand)]
    Vault(VaultCommand),
    /// The local CA that bots trust when they connect through claviger as a proxy
    #[command(subcommand)]
    Ca(CaCommand),
    /// TLS for bots on other machines
    #[command(subcommand)]
    Tls(TlsCommand),
    /// The journal: what was asked, decided, sent and answered
    #[command(subcommand)]
    Journal(JournalCommand),
    /// What an exchange can be asked, and what claviger makes of it
    #[command(subcommand)]
    Exchange(ExchangeCommand),
    /// Paper exchanges on this machine: Binance and OKX over TLS, with keys that move no money
    #[command(
        after_help = "Examples:\n  claviger sim\n  claviger sim --binance 127.0.0.1:9443 --okx 127.0.0.1:9444 --admin 127.0.0.1:9445 --record requests/"
    )]
    Sim(SimArgs),
    /// See it work: paper exchanges, a gateway, two bots, and what goes through and what does not
    #[command(
        after_help = "Examples:\n  claviger demo\n  claviger demo --once          # for scripts: ends with 0 only if every line went as it should\n  claviger demo --home ./demo   # keeps what it made"
    )]
    Demo {
        /// End after the table; 0 only if every line went as it should
        #[arg(long)]
        once: bool,
    },
    /// Print what a shell needs to complete these commands
    #[command(
        after_help = "Examples:\n  claviger completions bash > ~/.local/share/bash-completion/completions/claviger"
    )]
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// The keep's own process; started by serve
    #[command(hide = true)]
    Keep(KeepArgs),
}

/// What is done with real keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Enrol a real key: its secret goes into the vault and never comes out
    #[command(after_help = "\
The secret is asked for without echo, or read from standard input (--stdin) or a file descriptor (--fd).
It is never an argument: other users could see it in the list of processes.
HMAC secrets are text; Ed25519 and RSA keys are PEM.

Examples:
  claviger key add binance-main --exchange binance
  claviger key add okx-main --exchange okx --id 0f6c… --fd 3 --api-passphrase-fd 4 3<secret 4<passphrase
  claviger key add binance-ed --exchange binance --scheme ed25519 --id Ab3… --stdin <key.pem")]
    Add(KeyAdd),
    /// Every real key, without secrets
    List,
    /// One real key, without its secret
    Show {
        /// Its name
        name: KeyName,
    },
    /// Ask the exchange what it says of a real key: whether it is taken, what it may do, when that ends
    #[command(
        after_help = "Claviger must run; bots whose requests fail for the key's sake get `x-claviger-hint`."
    )]
    Check {
        /// Its name
        name: KeyName,
    },
    /// Refuse what changes state for every bot of this key, from now on
    Freeze {
        /// Its name
        name: KeyName,
    },
    /// End a freeze; needs the vault's passphrase
    Thaw {
        /// Its name
        name: KeyName,
    },
    /// Forget a real key; needs the vault's passphrase
    Remove {
        /// Its name
        name: KeyName,
    },
}

/// What is said of a new real key.
#[derive(Debug, ClapArgs)]
pub struct KeyAdd {
    /// Your name for it: claviger.toml has a block `[key.NAME]`, which is added if it is not there
    pub name: KeyName,
    /// The exchange [default: what claviger.toml says]
    #[arg(long)]
    pub exchange: Option<ExchangeName>,
    /// The exchange's id of the key (the "API key"); asked for if not given
    #[arg(long)]
    pub id: Option<String>,
    /// How the key signs
    #[arg(long, value_enum, default_value_t = KeyScheme::Hmac)]
    pub scheme: KeyScheme,
    /// Read the secret from standard input
    #[arg(long, conflicts_with = "fd")]
    pub stdin: bool,
    /// Read the secret from this inherited file descriptor
    #[arg(long, value_name = "N")]
    pub fd: Option<i32>,
    /// Read the passphrase that belongs to the API key (OKX) from this inherited file descriptor
    #[arg(long, value_name = "N")]
    pub api_passphrase_fd: Option<i32>,
}

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KeyScheme {
    /// A shared secret
    Hmac,
    /// An Ed25519 key in PEM
    Ed25519,
    /// An RSA key in PEM
    Rsa,
}

impl KeyScheme {
    /// As it is spelled everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hmac => "hmac",
            Self::Ed25519 => "ed25519",
            Self::Rsa => "rsa",
        }
    }
}

/// What `bot add --help` says of presets.
fn about_presets() -> String {
    let line = |preset: &Preset| format!("  {:<16}{}\n", preset.name, preset.meaning);
    let presets: String = PRESETS.iter().map(line).collect();
    format!(
        "\
With --key and --preset a block is added to claviger.toml and made active; without them the block must stand there.

Presets, each within what the other options say:
{presets}
Examples:
  claviger bot add grid --key binance-main --preset spot-trader \\
      --symbols BTCUSDT,ETHUSDT --max-order '1000 USDT' --max-day '20000 USDT'
  claviger bot add watcher --key binance-main --preset read-only
  claviger bot add grid      # the block [bot.grid] stands in claviger.toml"
    )
}

/// What is done with bots.
#[derive(Debug, Subcommand)]
pub enum BotCommand {
    /// Mint a virtual key, and give the bot its limits
    #[command(after_help = about_presets())]
    Add(BotAdd),
    /// Every bot
    List,
    /// One bot: its limits, what is used of them, and how it connects
    #[command(after_help = "\
Examples:
  claviger bot show grid
  claviger bot show grid --for ccxt --reveal   # settings that work, with the virtual secret; this is journaled")]
    Show {
        /// Its name
        name: BotName,
        /// Settings for this client: ccxt, ccxt-js, python-binance, python-okx, freqtrade
        #[arg(long = "for", value_name = "CLIENT", value_parser = crate::clients::parse)]
        client: Option<&'static crate::clients::Client>,
        /// Show the virtual secret too; needs the vault's passphrase and is journaled
        #[arg(long)]
        reveal: bool,
    },
    /// Refuse what changes state, from now on
    Freeze {
        /// Its name
        name: BotName,
    },
    /// End a freeze; needs the vault's passphrase
    Thaw {
        /// Its name
        name: BotName,
    },
    /// End a bot's virtual key for good
    Remove {
        /// Its name
        name: BotName,
    },
}

/// What is said of a new bot.
#[derive(Debug, ClapArgs)]
pub struct BotAdd {
    /// Your name for it
    pub name: BotName,
    /// The real key it uses
    #[arg(long, requires = "preset")]
    pub key: Option<KeyName>,
    /// Limits to start from, by one of the names below
    #[arg(long, requires = "key")]
    pub preset: Option<String>,
    /// The instruments it may trade, as the exchange spells them
    #[arg(long, value_delimiter = ',', requires = "preset")]
    pub symbols: Vec<String>,
    /// The largest order, like '1000 USDT'
    #[arg(long, requires = "preset")]
    pub max_order: Option<String>,
    /// The most in any 24 hours, like '20000 USDT'
    #[arg(long, requires = "preset")]
    pub max_day: Option<String>,
    /// The most that bad prices and fees may cost in any 24 hours, like '500 USDT' [default: what --max-day can lose at
    /// the band's edge, and some more for stops]
    #[arg(long, requires = "preset")]
    pub max_loss_day: Option<String>,
    /// How far from the reference price it may buy above or sell below, like '2%'
    #[arg(long, requires = "preset")]
    pub price_band: Option<String>,
    /// How many requests that change orders, like '10/s'
    #[arg(long, requires = "preset")]
    pub order_rate: Option<String>,
    /// Let it trade though it runs as the same user as claviger (who could read the home)
    #[arg(long, requires = "preset")]
    pub allow_same_user: bool,
}

/// What is done with the vault.
#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Look whether the file is whole, without its passphrase
    Check,
}

/// What is done with the local CA.
#[derive(Debug, Subcommand)]
pub enum CaCommand {
    /// Print its certificate, for bots to trust
    #[command(after_help = "Examples:\n  claviger ca show > claviger-ca.pem")]
    Show,
}

/// What is done for TLS.
#[derive(Debug, Subcommand)]
pub enum TlsCommand {
    /// Make a CA for the names under `[tls]` in claviger.toml; `ca show` prints what bots trust
    #[command(after_help = "\
The CA can certify those names and addresses and nothing else; its key is made in the vault and stays there.
An earlier one is replaced: bots need the new certificates then.

Examples:
  claviger tls ca
  claviger ca show > claviger-ca.pem")]
    Ca,
    /// Take in the private key of your own certificate, whose chain claviger.toml names
    #[command(after_help = "\
The key is PKCS#8 in PEM or DER, read from standard input (--stdin) or a file descriptor (--fd), and never an argument.

Examples:
  claviger tls key --stdin <privkey.pem
  claviger tls key --fd 3 3<privkey.pem")]
    Key {
        /// Read the key from standard input
        #[arg(long, conflicts_with = "fd", required_unless_present = "fd")]
        stdin: bool,
        /// Read the key from this inherited file descriptor
        #[arg(long, value_name = "N")]
        fd: Option<i32>,
    },
}

/// What is done with the journal.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// The newest entries
    #[command(after_help = "Examples:\n  claviger journal tail\n  claviger journal tail -n 100 --follow")]
    Tail {
        /// How many
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: usize,
        /// Go on with new ones as they come
        #[arg(short, long)]
        follow: bool,
    },
    /// One request, by the id that a refusal carries (x-claviger-id), or one record by its number
    #[command(
        after_help = "Examples:\n  claviger journal show 01J9ZK…\n  claviger journal show 42\n  claviger journal show --all --json"
    )]
    Show {
        /// The id or number
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// Every entry
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
    /// Check every byte of it
    Verify,
}

/// How paper exchanges are run.
#[derive(Debug, ClapArgs)]
pub struct SimArgs {
    /// Where the paper Binance listens
    #[arg(long, default_value = "127.0.0.1:9443", value_name = "ADDR")]
    pub binance: SocketAddr,
    /// Where the paper OKX listens
    #[arg(long, default_value = "127.0.0.1:9444", value_name = "ADDR")]
    pub okx: SocketAddr,
    /// Where prices and faults can be set and requests read, without a password; loopback only
    #[arg(long, value_name = "ADDR")]
    pub admin: Option<SocketAddr>,
    /// Keep the raw bytes of each request in this folder
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// Write the authority's certificate here [default: a file in the temporary folder]
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The paper Binance's key signs with Ed25519 or RSA: its public key, in PEM
    #[arg(long, value_name = "FILE")]
    pub binance_public_key: Option<PathBuf>,
    /// The seed of prices and keys: the same seed gives the same ones
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Let prices move by themselves
    #[arg(long)]
    pub walk: bool,
    /// Present a certificate whose time has passed
    #[arg(long)]
    pub expired_certificate: bool,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// For people
    Text,
    /// One object a line
    Json,
}

impl LogForm {
    /// As the command line spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }
}

/// What the keep's process is told by its parent.
#[derive(Debug, ClapArgs)]
pub struct KeepArgs {
    /// The socket to the gateway's process
    #[arg(long)]
    pub socket_fd: i32,
    /// The listener of control.sock
    #[arg(long)]
    pub control_fd: i32,
    /// How the log is written
    #[arg(long, value_enum, default_value_t = LogForm::Text)]
    pub log: LogForm,
}
