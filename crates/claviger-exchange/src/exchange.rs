//! What every exchange must be able to say.

use claviger_core::{
    ClientOrderId, DenialClass, ExchangeName, Holdings, Intent, Market, MarketView, Method, OrderRef,
    OrderState, Outcome, Sheet, SurfaceName, Symbol, Time,
};

use crate::own::Told;
use crate::{Catalogue, Claim, ClaimError, KeyFault, KeyInfo, KeyRight, Live, Quote, RawRequest, Row};

/// Bytes that will not grow.
pub type Bytes = Box<[u8]>;

/// How a signature is made, and in which letters it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HMAC-SHA256, lower-case hex; upper case is accepted from bots.
    HmacSha256Hex,
    /// HMAC-SHA256, standard base64 with padding.
    HmacSha256Base64,
    /// Ed25519, standard base64 with padding.
    Ed25519Base64,
    /// RSASSA-PKCS1-v1_5 with SHA-256, standard base64 with padding.
    RsaSha256Base64,
}

/// One interface of an exchange.
#[derive(Debug)]
pub struct Surface {
    /// Its name: `spot`, `usdm`.
    pub name: &'static str,
    /// What stands before the path when a bot connects by base URL: `binance-usdm`.
    pub prefix: &'static str,
    /// The hosts that serve it in production; the first is where requests go unless configuration names another.
    pub hosts: &'static [&'static str],
    /// The row that tells the server's time.
    pub time_path: &'static str,
}

/// The moment for which a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// The exchange's time.
    pub exchange_ms: u64,
    /// How long it stays valid upstream: at most 2000.
    pub window_ms: u64,
}

/// A request printed from an intent, before its signature.
#[derive(Debug)]
pub struct Unsigned {
    /// The verb.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The query without its signature; empty for none.
    pub query: String,
    /// The body without its signature.
    pub body: Vec<u8>,
    /// Headers that the exchange needs, but for those that `attach` adds.
    pub headers: Vec<(&'static str, String)>,
    /// The bytes to sign, in parts to be joined without a separator; empty for a row that needs no signature.
    pub message: Vec<u8>,
}

/// A request ready to be sent, byte for byte. It holds the real key's id and its signature: no `Debug`.
pub struct Printed {
    /// The verb.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Headers but for Host, Content-Length and Connection, which the way out sets.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer for a bot, in its exchange's own format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// Headers beside Content-Length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// Why a request could not be read into an intent. The bot sees the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The catalogue does not know it.
    #[error("unknown endpoint {method} {path}")]
    UnknownEndpoint {
        /// The verb.
        method: &'static str,
        /// The path.
        path: Box<str>,
    },
    /// The catalogue knows it and says that claviger cannot read it yet.
    #[error("{method} {path} needs `{permission}` and is not yet read by claviger")]
    NotYetRead {
        /// The verb.
        method: &'static str,
        /// The path.
        path: Box<str>,
        /// What it would need.
        permission: claviger_core::Permission,
    },
    /// The catalogue knows it and says why claviger does not read it.
    #[error("{method} {path} is refused: {why}")]
    Refused {
        /// The verb.
        method: &'static str,
        /// The path.
        path: Box<str>,
        /// The row's reason.
        why: Box<str>,
    },
    /// A parameter that the row does not list.
    #[error("unknown parameter `{name}` for {path}")]
    UnknownParameter {
        /// Its name, cut to 64 characters.
        name: Box<str>,
        /// The row's path.
        path: Box<str>,
    },
    /// A parameter stands twice.
    #[error("parameter `{0}` stands twice")]
    Twice(Box<str>),
    /// A parameter is missing.
    #[error("parameter `{0}` is missing")]
    Missing(Box<str>),
    /// A parameter's value does not fit its grammar.
    #[error("parameter `{name}`: {why}")]
    Value {
        /// Its name.
        name: Box<str>,
        /// What was wanted.
        why: Box<str>,
    },
    /// A parameter stands where the exchange does not read it (query instead of body, …).
    #[error("parameter `{0}` stands in the wrong part of the request")]
    Place(Box<str>),
    /// The text is not percent-encoded UTF-8, not JSON, or has a second meaning.
    #[error("the {0} cannot be read in one way only")]
    Encoding(&'static str),
    /// Parameters that contradict each other or do not make sense together.
    #[error("{0}")]
    Meaning(Box<str>),
}

/// Why an intent could not be printed. This is claviger's own mistake or a limit of the exchange: nothing is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot print {what}: {why}")]
pub struct PrintError {
    /// Which part.
    pub what: Box<str>,
    /// Why not.
    pub why: Box<str>,
}

/// A call that claviger makes for itself with a real key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HouseCall {
    /// What became of an order.
    OrderStatus {
        /// The surface it was placed on.
        surface: SurfaceName,
        /// The market.
        market: Market,
        /// The instrument.
        symbol: Symbol,
        /// Which order.
        order: OrderRef,
    },
    /// Cancel one order.
    CancelOrder {
        /// The surface it was placed on.
        surface: SurfaceName,
        /// The market.
        market: Market,
        /// The instrument.
        symbol: Symbol,
        /// Which order.
        order: OrderRef,
    },
    /// What the key may do.
    KeyInfo,
    /// What the account holds.
    Holdings {
        /// The surface that serves the account.
        surface: SurfaceName,
        /// What of it.
        sheet: Sheet,
    },
}

/// A public call that feeds the [`MarketView`], as a value: the intent to send, and how its answer is read.
pub struct MarketCall {
    /// What to ask; its row is public.
    pub intent: Intent,
    /// Reads the answer into the view's venue at the time it came in.
    pub read: fn(&[u8], Time, &mut MarketView) -> Result<(), ReadError>,
    /// How often to ask, in milliseconds.
    pub every_ms: u64,
}

/// An exchange: everything claviger knows of it.
pub trait Exchange: Sync {
    /// As configuration spells it.
    fn name(&self) -> &'static str;

    /// As people spell it.
    fn title(&self) -> &'static str;

    /// Its interfaces.
    fn surfaces(&self) -> &'static [Surface];

    /// The markets that its orders happen in.
    fn markets(&self) -> &'static [Market] {
        &Market::ALL
    }

    /// Whether it depends on the account's mode if an order that is told to be `reduceOnly` is held to that in one-way
    /// mode. [`KeyInfo::holds_reduce_only`] tells it of an account then.
    fn exits_by_account(&self) -> bool {
        false
    }

    /// Its rows in use: the catalogue's, with what operators allow.
    fn live(&self) -> &'static Live;

    /// Every endpoint known, without what operators allow.
    fn catalogue(&self) -> &'static Catalogue {
        self.live().base()
    }

    /// Whether GET changes nothing at this exchange, so that operators may allow more of it. Nobody assumes that.
    fn only_reads_by_get(&self) -> bool {
        false
    }

    /// The surface that serves `path` on `host` (a CONNECT host, possibly shared by surfaces).
    fn surface_of(&self, host: &str, path: &str) -> Option<&'static Surface>;

    /// How its API keys may sign, the virtual ones always with the first.
    fn schemes(&self) -> &'static [Scheme];

    /// Whether its keys have a passphrase.
    fn has_passphrase(&self) -> bool;

    /// The header that carries the passphrase, on exchanges whose keys have one; whoever holds the passphrase adds it.
    fn passphrase_header(&self) -> Option<&'static str> {
        None
    }

    /// The environment that the request names (`production`, `demo`), where the exchange lets requests choose one.
    ///
    /// The key's own environment decides; a request that names another one is refused, so that nobody trades for real
    /// who meant to practise.
    ///
    /// # Errors
    /// Where the choice stands twice or cannot be read.
    fn wished_environment(&self, request: &RawRequest<'_>) -> Result<Option<&'static str>, ClaimError> {
        let _ = request;
        Ok(None)
    }

    /// Headers that every request with a key of this environment must carry.
    fn environment_headers(&self, environment: &str) -> &'static [(&'static str, &'static str)] {
        let _ = environment;
        &[]
    }

    /// Who the request says it is from; `None` where it carries no key at all.
    ///
    /// # Errors
    /// Where a part is missing, twice or unreadable.
    fn claim<'a>(&self, request: &RawRequest<'a>) -> Result<Option<Claim<'a>>, ClaimError>;

    /// What the request means. Parameters of authentication (timestamp, window, signature, key) are left out.
    ///
    /// `markets` tells units of instruments where the exchange needs them to be understood.
    ///
    /// # Errors
    /// Whatever is not known, single, well formed and of one meaning.
    fn read(&self, surface: &Surface, request: &RawRequest<'_>) -> Result<(Intent, &'static Row), ReadError>;

    /// The client order id for an order that has none: unique for `intent_id`, within the exchange's alphabet.
    fn client_id(&self, market: Market, intent_id: &str) -> ClientOrderId;

    /// Prints an intent for a moment: the one place where bytes that leave are made.
    ///
    /// # Errors
    /// Where the intent does not fit its row.
    fn print(&self, intent: &Intent, stamp: Option<Stamp>) -> Result<Unsigned, PrintError>;

    /// Adds the key's id and the signature in their places; both are `None` for public rows.
    fn attach(&self, unsigned: Unsigned, key_id: Option<&str>, signature: Option<&str>) -> Printed;

    /// What the answer to a state-changing request says.
    fn outcome(&self, intent: &Intent, status: u16, body: &[u8]) -> Outcome;

    /// A refusal in the exchange's own format. `intent` is `None` where the request was not understood.
    fn refuse(&self, class: DenialClass, message: &str, intent: Option<&Intent>) -> HttpAnswer;

    /// A refusal of a request of several steps for the sake of the one with this number, from 0: none of them was sent.
    ///
    /// Where the exchange answers item by item, that item is told `message`, and the others that another one was refused.
    fn refuse_step(&self, class: DenialClass, message: &str, intent: &Intent, step: usize) -> HttpAnswer {
        self.refuse(class, &format!("item {}: {message}", step.saturating_add(1)), Some(intent))
    }

    /// A call of claviger's own, on the surface that serves it.
    fn house(&self, call: &HouseCall) -> Option<Intent>;

    /// What an answer to [`HouseCall::OrderStatus`] says; `None` where it says nothing certain.
    fn order_status(&self, intent: &Intent, status: u16, body: &[u8]) -> Option<OrderState>;

    /// Whether an answer to [`HouseCall::OrderStatus`] says for certain that there is no such order.
    fn order_absent(&self, intent: &Intent, status: u16, body: &[u8]) -> bool {
        let _ = (intent, status, body);
        false
    }

    /// The sheets that tell what is held in a market, and the surface that serves each; none where nothing tells it.
    fn sheets(&self, market: Market) -> &'static [(&'static str, Sheet)];

    /// What an answer to [`HouseCall::Holdings`] tells; `None` where anything of it is not clear.
    fn holdings(&self, intent: &Intent, status: u16, body: &[u8]) -> Option<Holdings>;

    /// What an answer tells of orders, so that each bot of a shared key sees its own alone.
    fn told_orders(&self, intent: &Intent, status: u16, body: &[u8]) -> Told;

    /// Whether a request asks what a conversion would give, to be accepted later by the offer's name.
    fn asks_for_quote(&self, intent: &Intent) -> bool {
        let _ = intent;
        false
    }

    /// The offer in the answer to such a request; `None` where there is none, it is another one than was asked for, or
    /// anything of it is not clear.
    fn told_quote(&self, intent: &Intent, status: u16, body: &[u8]) -> Option<Quote> {
        let _ = (intent, status, body);
        None
    }

    /// Why an answer says that the key was not taken; `None` for every other answer, and cheap for those.
    fn key_fault(&self, status: u16, body: &[u8]) -> Option<KeyFault>;

    /// What an answer to [`HouseCall::KeyInfo`] tells of the key; `None` where it tells nothing certain.
    fn key_info(&self, status: u16, body: &[u8]) -> Option<KeyInfo>;

    /// The rights of a key without which the exchange refuses this request, as far as that is known.
    fn key_rights(&self, intent: &Intent) -> &'static [KeyRight];

    /// The public calls that keep a view of these markets and symbols fresh; empty `symbols` means every symbol.
    fn market_calls(&self, wanted: &[(Market, Vec<Symbol>)]) -> Vec<MarketCall>;

    /// The public call that tells a surface's server time.
    fn time_call(&self, surface: &Surface) -> Intent;

    /// Whether the surface's time is worth asking for where bots trade in these markets: one that serves a market of
    /// its own is left alone until a bot trades there. Reads go by the time of the exchange's other surfaces then.
    fn needs_time(&self, surface: &Surface, wanted: &[(Market, Vec<Symbol>)]) -> bool {
        let _ = (surface, wanted);
        true
    }

    /// The server time, in milliseconds since 1970, in an answer to [`Exchange::time_call`].
    fn read_time(&self, body: &[u8]) -> Option<u64>;

    /// The name as a value.
    fn exchange_name(&self) -> ExchangeName {
        self.name().parse().unwrap_or_else(|_| unnamed())
    }

    /// The surface's name as a value.
    fn surface_name(&self, surface: &Surface) -> SurfaceName {
        surface.name.parse().unwrap_or_else(|_| unnamed())
    }
}

/// A constant of ours that breaks its own grammar is caught by a test of [`crate::EXCHANGES`]; here it becomes a name
/// that matches nothing.
pub(crate) fn unnamed<T: std::str::FromStr>() -> T
where
    T::Err: std::fmt::Debug,
{
    #[expect(clippy::unwrap_used, reason = "one letter fits the grammar of every name")]
    "x".parse().unwrap()
}
