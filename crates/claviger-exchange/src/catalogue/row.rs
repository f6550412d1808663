//! One endpoint of an exchange: what it is, what it needs, what may stand in it.

use std::fmt;
use std::str::FromStr;

use claviger_core::{Market, Method, Permission, Risk};
use serde::{Deserialize, Serialize};

use crate::ReadError;

/// One endpoint, as its file and the head of it say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The surface it is on.
    pub surface: Box<str>,
    /// The verb, or a WebSocket method.
    pub verb: Verb,
    /// The path, or the name of a WebSocket method.
    pub path: Box<str>,
    /// What a bot must be granted.
    pub permission: Permission,
    /// How much harm it can do: its permission's, or more where the row says so.
    pub risk: Risk,
    /// What the exchange asks for.
    pub security: Security,
    /// How it is read, or that it is not.
    pub kind: Kind,
    /// Why it is refused; there for [`Kind::Refused`] and for nothing else.
    pub refused: Option<Box<str>>,
    /// The market it is about, where surface and parameters do not say it.
    pub market: Option<Market>,
    /// Marks of the catalogue: `order`, `cancel-all`, `leverage`, …
    pub flags: Vec<Box<str>>,
    /// Its parameters, in the order they are printed.
    pub params: Vec<ParamSpec>,
    /// How its answer returns.
    pub answer: AnswerKind,
    /// What it does, in a few words.
    pub about: Box<str>,
    /// Where row and parameters are from.
    pub source: Box<str>,
    /// The day its source was read.
    pub date: Day,
    /// How it came to be known.
    pub origin: Origin,
}

/// How a row came to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It is compiled in.
    #[default]
    Compiled,
    /// A newer catalogue has it, signed by its maintainers.
    Signed,
    /// An operator allowed it, or a parameter of it.
    Operator,
}

impl Row {
    /// The parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&ParamSpec> {
        self.params.iter().find(|spec| *spec.name == *name)
    }

    /// The refusal of a row that is not read.
    ///
    /// # Errors
    /// Where the row is not yet read or refused.
    pub fn readable(&self) -> Result<&Self, ReadError> {
        let (method, path) = (self.verb.as_str(), self.path.clone());
        match (&self.refused, self.kind) {
            (Some(why), _) => Err(ReadError::Refused { method, path, why: why.clone() }),
            (None, Kind::NotYetRead | Kind::Refused) => {
                Err(ReadError::NotYetRead { method, path, permission: self.permission })
            }
            (None, _) => Ok(self),
        }
    }

    pub(super) fn is(&self, surface: &str, verb: Verb) -> bool {
        *self.surface == *surface && self.verb == verb
    }
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
    /// Several steps in one request: a batch, an order list, a cancel with a new order.
    Steps,
    /// Closes a position at the market.
    ClosePosition,
    /// Has open orders cancelled after a while.
    Countdown,
    /// Does something that is no order: borrows, converts, sets the position mode, …
    Special,
    /// Changes something else, judged by its permission alone.
    Change,
    /// Claviger cannot read it yet: refused, by name.
    NotYetRead,
    /// Claviger does not read it, for the reason that the row gives: refused, by name.
    Refused,
}

impl Kind {
    /// What claviger checks of such a request, as people read it.
    #[must_use]
    pub const fn checks(self) -> &'static str {
        match self {
            Self::Read => "grant, source address, every parameter's grammar; nothing is counted",
            Self::Place => {
                "grant, market, symbol, size, price, rate and budgets; what it may cost is reserved before it leaves"
            }
            Self::Test => "as an order, but nothing is reserved: the exchange only looks at it",
            Self::Amend => "as a new order of the resulting size and price; the order must be in the ledger",
            Self::Cancel => "grant, market, symbol",
            Self::CancelAll => "grant, market, symbol; refused while another bot uses the key",
            Self::Leverage => "grant, market, symbol, max_leverage; refused while another bot uses the key",
            Self::MarginMode => "grant, market, symbol; refused while another bot uses the key",
            Self::Transfer => "grant; asset, amount and way are in the journal",
            Self::Withdraw => "grant; asset, amount, network, address and tag are in the journal",
            Self::Steps => {
                "each step by itself, and all of them together: one that is refused refuses the whole request"
            }
            Self::ClosePosition => "grant, market, symbol; refused while another bot uses the key",
            Self::Countdown => "grant, market, symbol; refused while another bot uses the key",
            Self::Special => {
                "grant, market and symbol where it has them; asset and amount are in the journal"
            }
            Self::Change => "grant, every parameter's grammar",
            Self::NotYetRead | Self::Refused => "nothing: it is refused by its name",
        }
    }

    /// Whether requests of this kind are read at all.
    #[must_use]
    pub const fn is_readable(self) -> bool {
        !matches!(self, Self::NotYetRead | Self::Refused)
    }
}

/// How an answer returns to the bot.
///
/// In order: each shows the bot no more than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerKind {
    /// Passed on as it comes, searched for the real key's id.
    #[default]
    Stream,
    /// Passed on as it comes; on a key that several bots share, cut down to the bot's own orders.
    Own,
    /// Passed on as it comes; refused on a key that several bots share, because it tells of all of their orders.
    Alone,
    /// Read whole, and withheld where it names a key, a secret or a token; refused on a key that several bots share.
    Checked,
    /// Read whole, tokens replaced.
    Clean,
}

impl AnswerKind {
    /// As catalogue files spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Checked => "checked",
            Self::Clean => "clean",
            Self::Own => "own",
            Self::Alone => "alone",
        }
    }

    /// What happens to the answer, as people read it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Stream => "passed on as it comes, searched for the real key's id",
            Self::Checked => {
                "read whole, and withheld where it names a key, a secret or a token; refused on a key that several bots share"
            }
            Self::Clean => "read whole, what carries power over the account replaced",
            Self::Own => {
                "passed on as it comes; on a key that several bots share, the bot's own orders alone"
            }
            Self::Alone => {
                "passed on as it comes; refused on a key that several bots share: it tells of all their orders"
            }
        }
    }
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

impl ParamSpec {
    /// A parameter that may be there and that nobody judges.
    #[must_use]
    pub fn plain(name: &str, grammar: Grammar) -> Self {
        Self {
            name: name.into(),
            grammar,
            required: false,
            place: Place::default(),
            judged: false,
            about: Box::default(),
        }
    }
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
    /// A plain decimal number, or one below zero: a difference.
    Signed,
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
    /// The same words as a JSON list, at most so many.
    Array(usize),
    /// A JSON object with these members.
    Object(Vec<ParamSpec>),
    /// A JSON list of objects.
    Items {
        /// How many at most.
        max: usize,
        /// Their members.
        of: Vec<ParamSpec>,
    },
}

/// A day as `2026-11-25`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(Box<str>);

impl Day {
    /// The day of what nobody wrote down.
    #[must_use]
    pub fn unknown() -> Self {
        Self("1970-01-01".into())
    }
}

/// The text is no day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wanted a day as 2026-11-25")]
pub struct NotADay;

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let format = time::macros::format_description!("[year]-[month]-[day]");
        time::Date::parse(text, format).map(|_| Self(text.into())).map_err(|_| NotADay)
    }
}

impl TryFrom<String> for Day {
    type Error = NotADay;

    fn try_from(text: String) -> Result<Self, NotADay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.0.into()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
