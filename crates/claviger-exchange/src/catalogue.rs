//! What an exchange can be asked: rows of data, read from the files beside each exchange.

use std::collections::{HashMap, HashSet};

use claviger_core::{Method, Permission};
use serde::{Deserialize, Serialize};

/// One endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The surface it is on.
    pub surface: Box<str>,
    /// The verb, or a WebSocket method.
    pub verb: Verb,
    /// The path, or the name of a WebSocket method.
    pub path: Box<str>,
    /// What a bot must be granted.
    pub permission: Permission,
    /// What the exchange asks for.
    pub security: Security,
    /// How it is read, or that it is not yet.
    pub kind: Kind,
    /// Marks of the catalogue: `order`, `cancel-all`, `leverage`, …
    #[serde(default)]
    pub flags: Vec<Box<str>>,
    /// Its parameters, in the order they are printed.
    #[serde(default)]
    pub params: Vec<ParamSpec>,
    /// How its answer returns.
    #[serde(default)]
    pub answer: AnswerKind,
    /// What it does, in a few words.
    #[serde(default)]
    pub about: Box<str>,
    /// Where row and parameters are from.
    #[serde(default)]
    pub source: Box<str>,
}

/// How an endpoint is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
    /// A message on a WebSocket.
    Ws,
}

impl Verb {
    /// As people read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Ws => "WS",
        }
    }
}

impl From<Method> for Verb {
    fn from(method: Method) -> Self {
        match method {
            Method::Get => Self::Get,
            Method::Post => Self::Post,
            Method::Put => Self::Put,
            Method::Delete => Self::Delete,
        }
    }
}

/// What the exchange asks a caller for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Security {
    /// Nothing.
    None,
    /// The key's id, unsigned.
    KeyOnly,
    /// A signature.
    Signed,
}

/// How a row is read into an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It changes nothing.
    Read,
    /// Places one order.
    Place,
    /// Checks one order without placing it.
    Test,
    /// Changes one order.
    Amend,
    /// Cancels one order.
    Cancel,
    /// Cancels all orders of a symbol or of the account.
    CancelAll,
    /// Sets leverage.
    Leverage,
    /// Sets the margin mode of an instrument.
    MarginMode,
    /// Moves funds within the owner's accounts.
    Transfer,
    /// Lets funds leave.
    Withdraw,
    /// Changes something else, judged by its permission alone.
    Change,
    /// Claviger cannot read it yet: refused, by name.
    NotYetRead,
}

/// How an answer returns to the bot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerKind {
    /// Passed on as it comes, searched for the real key's id.
    #[default]
    Stream,
    /// Read whole, tokens replaced.
    Clean,
    /// Answered by claviger.
    Own,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParamSpec {
    /// As the exchange spells it.
    pub name: Box<str>,
    /// What may stand there.
    pub grammar: Grammar,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// Where it is printed; bots may send it wherever the exchange reads it.
    #[serde(default)]
    pub place: Place,
    /// Whether the act holds it (symbol, side, price, …), so that policy judges it; else it is harmless.
    #[serde(default)]
    pub judged: bool,
    /// What it means, where the name does not say.
    #[serde(default)]
    pub about: Box<str>,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Where the exchange expects it for this verb.
    #[default]
    Auto,
    /// In the query.
    Query,
    /// In the body.
    Body,
}

/// What may stand in a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Grammar {
    /// An instrument.
    Symbol,
    /// A currency or coin.
    Asset,
    /// A plain decimal number.
    Number,
    /// A whole number from `min` to `max`.
    Whole {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// Milliseconds since 1970.
    Millis,
    /// `true` or `false`.
    Flag,
    /// One of these words, exactly.
    Word(Vec<Box<str>>),
    /// A client order id.
    ClientId,
    /// An order's id at the exchange: 1 to 40 digits.
    OrderId,
    /// Letters, digits and `.:/_-`, at most so many.
    Id(usize),
    /// Printable text without control characters, at most so many bytes; percent-encoded when printed.
    Text(usize),
    /// A list of instruments, at most so many.
    Symbols(usize),
    /// A comma-separated list of words of letters, digits, `_` and `-`, at most so many.
    Words(usize),
}

/// All rows of an exchange, found by surface, verb and path.
#[derive(Debug, Default)]
pub struct Catalogue {
    rows: Vec<Row>,
    by_path: HashMap<Box<str>, Vec<usize>>,
}

/// A catalogue file is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// It is not TOML of the right shape.
    #[error("catalogue file {file} cannot be read")]
    Shape {
        /// Which file.
        file: Box<str>,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
    /// A row stands twice.
    #[error("{surface} {path} stands twice in the catalogue")]
    RowTwice {
        /// The surface.
        surface: Box<str>,
        /// The path.
        path: Box<str>,
    },
    /// A parameter stands twice in a row.
    #[error("{path} lists `{name}` twice")]
    ParamTwice {
        /// The path.
        path: Box<str>,
        /// The parameter.
        name: Box<str>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Row>,
}

impl Catalogue {
    /// Reads catalogue files: name and text of each.
    ///
    /// # Errors
    /// Where a file has another shape or a row stands twice.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        let mut rows = Vec::new();
        for (file, text) in files {
            let parsed: File = toml::from_str(text)
                .map_err(|source| CatalogueError::Shape { file: (*file).into(), source })?;
            rows.extend(parsed.row);
        }
        let mut by_path: HashMap<Box<str>, Vec<usize>> = HashMap::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let same = by_path.entry(row.path.clone()).or_default();
            if same.iter().filter_map(|at| rows.get(*at)).any(|r: &Row| r.is(&row.surface, row.verb)) {
                return Err(CatalogueError::RowTwice {
                    surface: row.surface.clone(),
                    path: row.path.clone(),
                });
            }
            same.push(at);
            row.check()?;
        }
        Ok(Self { rows, by_path })
    }

    /// Reads catalogue files that are compiled in.
    ///
    /// A broken file cannot get past the test that parses it; if it did, the catalogue is empty and everything refused.
    #[must_use]
    pub fn compiled(files: &[(&str, &str)]) -> Self {
        Self::parse(files).unwrap_or_default()
    }

    /// The row of a surface, verb and path.
    #[must_use]
    pub fn row(&self, surface: &str, verb: Verb, path: &str) -> Option<&Row> {
        let rows = self.by_path.get(path)?.iter().filter_map(|at| self.rows.get(*at));
        rows.into_iter().find(|row| row.is(surface, verb))
    }

    /// Every row.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

impl Row {
    /// The parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&ParamSpec> {
        self.params.iter().find(|spec| *spec.name == *name)
    }

    fn is(&self, surface: &str, verb: Verb) -> bool {
        *self.surface == *surface && self.verb == verb
    }

    fn check(&self) -> Result<(), CatalogueError> {
        let mut names = HashSet::new();
        match self.params.iter().find(|spec| !names.insert(&spec.name)) {
            Some(spec) => {
                Err(CatalogueError::ParamTwice { path: self.path.clone(), name: spec.name.clone() })
            }
            None => Ok(()),
        }
    }
}
