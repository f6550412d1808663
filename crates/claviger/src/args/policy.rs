//! `claviger policy …`: what can be said.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Subcommand;
use claviger_core::{BotName, Permission, Symbol};

/// What is asked about policies. None of these changes anything, and none needs the vault.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Whether a file can be used as claviger.toml; ends with the code of a wrong configuration if not
    #[command(
        after_help = "It needs no home where a file is named, so it can run in your own CI.\n\nExamples:\n  claviger policy check\n  claviger policy check new.toml && cp new.toml ~/.local/share/claviger/claviger.toml"
    )]
    Check {
        /// The file [default: claviger.toml of the home]
        file: Option<PathBuf>,
    },
    /// Ready-made limits for `bot add --preset`, as the block that they would add
    #[command(after_help = "Examples:\n  claviger policy presets\n  claviger policy presets spot-trader")]
    Presets {
        /// One of them [default: all]
        name: Option<String>,
    },
    /// What one bot may do, in sentences: its own limits, its key's, and what is not limited
    #[command(
        after_help = "Examples:\n  claviger policy explain grid\n  claviger policy explain grid --file new.toml"
    )]
    Explain {
        /// Its name
        bot: BotName,
        /// Another file than claviger.toml of the home
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// The theft bill: what a thief with one bot's virtual key can cost in an hour and in a day, and which limit decides it
    #[command(
        name = "worst-case",
        after_help = "An upper bound, worked out from the limits alone. max_theft_day holds it.\n\nExamples:\n  claviger policy worst-case grid\n  claviger policy worst-case grid --file new.toml --json"
    )]
    WorstCase {
        /// Its name
        bot: BotName,
        /// Another file than claviger.toml of the home
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// What a change of the file would make narrower, wider, or different in a way that cannot be compared
    #[command(
        after_help = "Ends with 0 whatever changes; --json tells scripts what.\n\nExamples:\n  claviger policy diff new.toml              # against claviger.toml of the home\n  claviger policy diff new.toml --old old.toml"
    )]
    Diff {
        /// The new file
        new: PathBuf,
        /// The old file [default: claviger.toml of the home]
        #[arg(long, value_name = "FILE")]
        old: Option<PathBuf>,
    },
    /// Which bots could be allowed something: a permission, and an instrument if one is named
    #[command(
        name = "who-can",
        after_help = "Examples:\n  claviger policy who-can withdraw\n  claviger policy who-can 'trade BTCUSDT'"
    )]
    WhoCan {
        /// A permission, or a permission and an instrument: 'trade BTCUSDT'
        what: Asked,
        /// Another file than claviger.toml of the home
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// What `who-can` is asked about.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The permission.
    pub permission: Permission,
    /// The instrument, where one is named.
    pub symbol: Option<Symbol>,
}

/// The text is no permission, or what follows is no instrument.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// The first word.
    #[error("`{0}` is no permission; there are: {all}", all = permissions())]
    Permission(String),
    /// The second word.
    #[error("`{0}` is no instrument as an exchange spells it")]
    Symbol(String),
}

fn permissions() -> String {
    Permission::ALL.map(Permission::as_str).join(", ")
}

impl FromStr for Asked {
    type Err = NotAsked;

    fn from_str(text: &str) -> Result<Self, NotAsked> {
        let (word, rest) =
            text.split_once(' ').map_or((text, None), |(word, rest)| (word, Some(rest.trim())));
        let permission = word.parse().map_err(|_| NotAsked::Permission(word.to_owned()))?;
        let symbol =
            rest.map(|rest| rest.parse().map_err(|_| NotAsked::Symbol(rest.to_owned()))).transpose()?;
        Ok(Self { permission, symbol })
    }
}
