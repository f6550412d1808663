//! `claviger exchange …`: what can be said.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use claviger_core::{ExchangeName, SurfaceName};

/// What is done with an exchange's catalogue.
#[derive(Debug, Subcommand)]
pub enum ExchangeCommand {
    /// Every exchange
    List,
    /// Every endpoint of an exchange: what it needs, and its parameters or that it is refused
    #[command(
        after_help = "Examples:\n  claviger exchange show binance\n  claviger exchange show binance /api/v3/order\n  claviger exchange show okx --json | jq 'select(.permission == \"withdraw\")'"
    )]
    Show {
        /// Its name
        name: ExchangeName,
        /// One endpoint: `/api/v3/order`, or with its verb `\"POST /api/v3/order\"`
        path: Option<String>,
    },
    /// Let bots read an endpoint that the catalogue does not have; needs the vault's passphrase
    #[command(after_help = "\
A refusal of an unknown endpoint names the line to run, to the bot, in the log and in the journal.
It holds when this returns, for every bot that is granted `read`; --public ones within 3 seconds.
It is journaled, and counts until `claviger exchange disallow`, also after a restart.

Only GET can be allowed, and only what reads: nothing that the catalogue refuses for a reason, and
nothing whose path or neighbours say that it changes something, tells a key or a token, or tells who
the owner is. Answers are read whole, and withheld where they name a key, a secret or a token.
It takes no parameters but those that `allow-param` adds.

Examples:
  claviger exchange allow-read binance spot GET /sapi/v1/asset/new-report
  claviger exchange allow-read okx rest GET /api/v5/public/new-list --public")]
    AllowRead {
        /// The endpoint
        #[command(flatten)]
        endpoint: Endpoint,
        /// Let anybody who may ask public rows ask this, and send it without a key
        #[arg(long)]
        public: bool,
    },
    /// Let bots send one more parameter to an endpoint that reads; needs the vault's passphrase
    #[command(after_help = "\
A refusal of an unknown parameter names the line to run, to the bot, in the log and in the journal.
It holds when this returns; for endpoints that are asked without a key, within 3 seconds.
It is journaled, and counts until `claviger exchange disallow`, also after a restart.

Only endpoints that are read by GET take more parameters: what a parameter does to an order or a
transfer, claviger itself must understand, so that comes with a newer claviger. Parameters of the
signature, and those that choose whose account is told, are refused.

Grammars: symbol, asset, number, signed, whole, whole:1..100, millis, flag, word:A|B, client-id,
order-id, id:64, text:64, symbols:20, words:20, array:20 (docs/spec/catalogue.md says what fits
each).

Examples:
  claviger exchange allow-param binance spot GET /api/v3/myTrades page=whole
  claviger exchange allow-param okx rest GET /api/v5/account/balance 'view=word:full|short'")]
    AllowParam {
        /// The endpoint
        #[command(flatten)]
        endpoint: Endpoint,
        /// The parameter, as the exchange spells it, and what may stand in it
        #[arg(value_name = "PARAM=GRAMMAR", value_parser = NewParam::parse)]
        param: NewParam,
    },
    /// What is allowed beside the catalogues
    Allowed {
        /// Of this exchange only
        name: Option<ExchangeName>,
    },
    /// Take back what `allow-read` or `allow-param` allowed
    #[command(after_help = "\
It holds when this returns, and is journaled.
An endpoint goes with the parameters that were allowed of it.

Examples:
  claviger exchange disallow binance spot GET /sapi/v1/asset/new-report
  claviger exchange disallow binance spot GET /api/v3/myTrades page")]
    Disallow {
        /// The endpoint
        #[command(flatten)]
        endpoint: Endpoint,
        /// Only this parameter of it
        param: Option<String>,
    },
    /// Take a newer catalogue of one surface, signed by its maintainers, or give it up
    #[command(after_help = "\
Its signature is checked against `catalogue_keys` in the active claviger.toml; its version must be
higher than the one in use. What changes is shown, endpoint by endpoint; anything wider asks for the
vault's passphrase. It is journaled, and in use when `claviger serve` starts next; each start checks
the signature anew, and refuses to start where it does not fit.

An update can let bots read more, and do less. What a bot may do, claviger itself must understand:
that comes with a newer claviger. docs/spec/catalogue.md is the format, and says how one is signed.

Examples:
  claviger exchange update binance-spot.toml --dry-run
  claviger exchange update binance-spot.toml        # its signature is in binance-spot.toml.sig
  claviger exchange update --drop binance spot      # back to the one that is compiled in")]
    Update {
        /// The catalogue file
        #[arg(required_unless_present = "drop")]
        file: Option<PathBuf>,
        /// Its signature, in base64 [default: FILE.sig]
        #[arg(long, value_name = "FILE", conflicts_with = "drop")]
        signature: Option<PathBuf>,
        /// Only say what would change
        #[arg(long, conflicts_with = "drop")]
        dry_run: bool,
        /// Go back to the catalogue that is compiled in; needs the vault's passphrase
        #[arg(long, value_names = ["NAME", "SURFACE"], num_args = 2, conflicts_with = "file")]
        drop: Option<Vec<String>>,
    },
    /// Print docs/exchanges.md
    #[command(hide = true)]
    Document,
}

/// An endpoint of an exchange.
#[derive(Clone, Debug, ClapArgs)]
pub struct Endpoint {
    /// The exchange
    pub name: ExchangeName,
    /// Its surface, as `claviger exchange show NAME` spells it: spot, usdm, …
    pub surface: SurfaceName,
    /// The verb: only GET is known to change nothing
    pub method: String,
    /// The path, without a query
    pub path: String,
}

/// A parameter and what may stand in it.
#[derive(Clone, Debug)]
pub struct NewParam {
    /// Its name.
    pub name: Box<str>,
    /// Its grammar.
    pub grammar: Box<str>,
}

impl NewParam {
    fn parse(text: &str) -> Result<Self, String> {
        let (name, grammar) = text.split_once('=').ok_or("wanted PARAM=GRAMMAR, as `page=whole`")?;
        let read: Result<claviger_exchange::Grammar, _> = grammar.parse();
        read.map_err(|e| e.to_string())?;
        Ok(Self { name: name.into(), grammar: grammar.into() })
    }
}
