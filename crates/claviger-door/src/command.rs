//! What operators may ask of the keep. The gateway's socket does not carry these.

use claviger_core::{Allowance, BotName, ExchangeName, KeyName, SurfaceName, Time};
use serde::{Deserialize, Serialize};

use crate::{Exit, Sensitive};

/// A bot or a real key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// One bot.
    Bot(BotName),
    /// One real key, and with it every bot that uses it.
    Key(KeyName),
}

/// An operator's command.
#[derive(Serialize, Deserialize)]
pub enum Command {
    /// Refuse what changes state, from now on; immediate.
    Freeze(Target),
    /// End a freeze; needs the factor.
    Thaw(Target, Sensitive),
    /// Read `claviger.toml` and make it the active policy. What widens needs the factor.
    Apply {
        /// Only say what would change.
        dry_run: bool,
        /// The passphrase, where something widens.
        factor: Option<Sensitive>,
    },
    /// Enrol a real key.
    AddKey {
        /// Its name, exchange and environment, and the exchange's id for it.
        key: Box<Key>,
        /// The exchange's secret: HMAC text or PEM.
        secret: Sensitive,
        /// The passphrase that belongs to the API key, where the exchange has one.
        passphrase: Option<Sensitive>,
        /// The vault's passphrase.
        factor: Sensitive,
    },
    /// Forget a real key; needs the factor. Refused while a bot names it.
    RemoveKey(KeyName, Sensitive),
    /// Make the CA of the TLS listener anew, for the names under `[tls]` in `claviger.toml`; needs the factor.
    ListenerCa(Sensitive),
    /// Put the private key of the operator's certificate into the vault, in the place of an earlier one.
    ListenerKey {
        /// PKCS#8, PEM or DER.
        key: Sensitive,
        /// The vault's passphrase.
        factor: Sensitive,
    },
    /// Mint a virtual key for a bot; its block must already stand in `claviger.toml` or is applied after.
    AddBot(BotName, ExchangeName),
    /// End a virtual key; immediate.
    RemoveBot(BotName),
    /// Show a virtual secret; journaled; needs the factor.
    Reveal(BotName, Sensitive),
    /// Let bots read more of an exchange than its catalogue says; needs the factor.
    Allow(Box<Allowance>, Sensitive),
    /// Take that back, a row with its parameters; immediate.
    Disallow(Box<Allowance>),
    /// Take a newer catalogue of a surface, from the next start on. What widens needs the factor.
    UpdateCatalogue {
        /// The file.
        text: String,
        /// Its detached signature.
        signature: String,
        /// Only say what would change.
        dry_run: bool,
        /// The passphrase, where something widens.
        factor: Option<Sensitive>,
    },
    /// Go back to the catalogue of a surface that is compiled in, from the next start on; needs the factor.
    DropCatalogue(ExchangeName, SurfaceName, Sensitive),
    /// Every bot.
    Bots,
    /// Every real key, without secrets.
    Keys,
    /// Ask the exchange what it says of a real key.
    CheckKey(KeyName),
    /// How the running keep is.
    Status,
    /// Finish what is in flight and stop.
    Stop,
}

/// A real key, as far as it is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The operator's name for it.
    pub name: KeyName,
    /// The exchange.
    pub exchange: ExchangeName,
    /// `production`, `testnet`, `simulator`: what configuration says.
    pub environment: Box<str>,
    /// The hosts it is sealed to.
    pub hosts: Vec<Box<str>>,
    /// The exchange's id of the key (`X-MBX-APIKEY`, `OK-ACCESS-KEY`). Never told to a bot.
    pub id: Box<str>,
    /// How it signs: `hmac`, `ed25519`, `rsa`.
    pub scheme: Box<str>,
    /// When it was enrolled.
    pub added: Time,
    /// Whether it is frozen.
    pub frozen: bool,
}

/// A bot, as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bot {
    /// The operator's name for it.
    pub name: BotName,
    /// The real key it uses, where the active policy names one.
    pub key: Option<KeyName>,
    /// The exchange.
    pub exchange: ExchangeName,
    /// Its virtual key's id.
    pub virtual_id: Box<str>,
    /// When it was added.
    pub added: Time,
    /// Whether it is frozen, itself or by its key.
    pub frozen: bool,
    /// Its limits and what is used of them, for people: name, text of the limit, text of the usage.
    pub limits: Vec<(Box<str>, Box<str>, Box<str>)>,
}

/// What the keep says to an operator.
#[derive(Serialize, Deserialize)]
pub enum Said {
    /// Done.
    Done,
    /// Done; one line for people each.
    Lines(Vec<String>),
    /// What `apply` changes: a line each, with whether it widens.
    Report {
        /// `(what, widens)`.
        changes: Vec<(String, bool)>,
        /// Whether it was made active.
        applied: bool,
        /// Whether the factor is needed to make it active.
        needs_factor: bool,
    },
    /// A bot that was added.
    BotAdded {
        /// Its virtual key's id.
        virtual_id: Box<str>,
    },
    /// A virtual key, shown to an operator who proved the factor.
    Revealed {
        /// Its id.
        virtual_id: Box<str>,
        /// Its secret.
        secret: Sensitive,
        /// Its passphrase, where the exchange has one.
        passphrase: Option<Sensitive>,
    },
    /// What bots trust: certificates in PEM.
    Certificates(String),
    /// Every bot.
    Bots(Vec<Bot>),
    /// Every key.
    Keys(Vec<Key>),
    /// How the keep is.
    Status {
        /// Its process.
        pid: u32,
        /// When it started.
        since: Time,
        /// The active policy's hash, hex.
        policy: Box<str>,
    },
}

/// Why a command was refused, for operators: what, why, what to do, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what}")]
pub struct Refused {
    /// What happened.
    pub what: String,
    /// Why, a line each.
    pub because: Vec<String>,
    /// What to do, a line each.
    pub hint: Vec<String>,
    /// The documented exit code.
    pub exit: Exit,
}

/// Whoever carries out operators' commands: the keep, in this process or behind `control.sock`.
pub trait Desk {
    /// Carries out one command.
    ///
    /// # Errors
    /// [`Refused`] says why nothing was changed.
    fn command(&mut self, command: Command) -> Result<Said, Refused>;
}
