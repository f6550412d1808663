//! The journal's entries: what happened, in words that stay the same for years.
//!
//! Each is one JSON object `{"kind": …, "body": …}`; the record around it carries the version. Fields are only ever added.
//! The state that limits are counted in is folded from these and from nothing else.

mod reservation;

pub use reservation::{Losses, Reservation, Share};

use serde::{Deserialize, Serialize};

use crate::{
    Act, Allowance, BotName, Digest, Endpoint, Evidence, ExchangeName, GroupName, Holdings, Intent, IntentId,
    KeyName, LegId, Money, OrderRef, OrderState, Outcome, Peer, SurfaceName, Symbol, Time,
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "kebab-case")]
pub enum Entry {
    /// A request that may change something was allowed, and is about to leave.
    Intent(Box<IntentEntry>),
    /// A request that changes nothing was allowed, and is about to leave.
    Read(Box<ReadEntry>),
    /// What became of an intent.
    Outcome(Box<OutcomeEntry>),
    /// A request was refused, and nothing left.
    Denial(Box<DenialEntry>),
    /// An operator did something.
    Operator(OperatorEntry),
    /// A policy became the active one.
    Policy(PolicyEntry),
    /// A keep started on a journal that an earlier one had written: what was pending then is unknown from here on.
    Recovery(RecoveryEntry),
    /// What the exchange said of orders, outside of the answer to an intent, or offered.
    Observed(Box<ObservedEntry>),
    /// A signed checkpoint of the Merkle tree. Reserved.
    Checkpoint(CheckpointEntry),
}

/// A state-changing request, as judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntentEntry {
    /// Its number.
    pub id: IntentId,
    /// When it was judged.
    pub at: Time,
    /// Who asked.
    pub bot: BotName,
    /// Which real key signs.
    pub key: KeyName,
    /// The groups that the bot belonged to, in order: it counts in each of them, whatever the policy says later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupName>,
    /// From where.
    pub peer: Peer,
    /// How the bot was recognised.
    pub evidence: Evidence,
    /// What the bot asked for.
    pub asked: Intent,
    /// What leaves instead: bounded, and with a client order id.
    pub leaves: Intent,
    /// The order of the ledger that it amends or cancels, where it is known.
    pub target: Option<LegId>,
    /// What it may cost; for an amendment, the whole order as amended. `None` where nothing is counted.
    pub reservation: Option<Reservation>,
    /// The market's figures that it was judged by.
    pub figures: Figures,
    /// Target, reservation and figures of each step of a request of several, in their order; the three above are empty
    /// then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<Leg>,
    /// What an identical request is recognised by.
    pub replay: Replay,
    /// After this it may not be sent, and the exchange would refuse it.
    pub deadline: Time,
}

/// One step of a request of several, as judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// The order of the ledger that it amends or cancels, where it is known.
    pub target: Option<LegId>,
    /// What it may cost. Of two orders of which at most one fills, the larger one counts.
    pub reservation: Option<Reservation>,
    /// The market's figures that it was judged by.
    pub figures: Figures,
}

/// The market's figures that a decision used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The reference price, where one was used.
    pub reference: Option<ReferenceUsed>,
    /// The order's value in its own currency.
    pub value: Option<Money>,
}

/// The reference price that a decision used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceUsed {
    /// In quote currency for one unit of the base.
    pub price: crate::Decimal,
    /// Which public answer it was from.
    pub source: Box<str>,
    /// How old it was, in milliseconds.
    pub age_ms: u64,
}

/// The replay entry of a state-changing request: an identical one is refused until it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// SHA-256 of everything that makes the bot's request this request.
    pub digest: Digest,
    /// Until when an identical request could otherwise pass as fresh.
    pub until: Time,
}

/// A request that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadEntry {
    /// Its number.
    pub id: IntentId,
    /// When it was judged.
    pub at: Time,
    /// Who asked.
    pub bot: BotName,
    /// Which real key signs.
    pub key: KeyName,
    /// The groups that the bot belonged to, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupName>,
    /// From where.
    pub peer: Peer,
    /// Which row of the catalogue.
    pub endpoint: Endpoint,
    /// Whether it had no signature; then it counts against nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsigned: bool,
}

/// What became of an intent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutcomeEntry {
    /// Which intent.
    pub id: IntentId,
    /// When it was settled.
    pub at: Time,
    /// What the answer says.
    pub outcome: Outcome,
    /// SHA-256 of the bytes that were sent; `None` where nothing left.
    pub sent: Option<Digest>,
    /// What settling did to the bot's usage, for people.
    pub settled: Settled,
    /// The same for each step of a request of several; the one above is empty then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<Settled>,
}

/// What settling an intent left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Counted as filled from now on.
    pub filled: Option<Money>,
    /// Still held, because the order lives or its fate is not known.
    pub held: Option<Money>,
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DenialEntry {
    /// Its number, under which `journal show` finds it.
    pub id: IntentId,
    /// When.
    pub at: Time,
    /// Who asked, where that was established.
    pub bot: Option<BotName>,
    /// From where.
    pub peer: Peer,
    /// The rule that refused.
    pub rule: Box<str>,
    /// What the bot was told.
    pub message: Box<str>,
    /// What only operators are told.
    pub detail: Option<Box<str>>,
    /// Which row of the catalogue, or what was asked for instead of one.
    pub endpoint: Option<Endpoint>,
    /// What it would have done, where that was understood.
    pub act: Option<Act>,
    /// Which step of a request of several was refused, from 0, where it was one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u16>,
}

/// An act of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorEntry {
    /// When.
    pub at: Time,
    /// Who, as far as is known: a name of the operating system's.
    pub by: Box<str>,
    /// What.
    pub act: OperatorAct,
}

/// What an operator did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperatorAct {
    /// Stopped everything that changes state.
    Freeze(Subject),
    /// Let it go on.
    Thaw(Subject),
    /// Made a bot and its virtual key.
    BotAdded(BotName),
    /// Removed a bot; its virtual key is void.
    BotRemoved(BotName),
    /// Had a virtual secret shown.
    Revealed(BotName),
    /// Enrolled a real key.
    KeyAdded(KeyName),
    /// Removed a real key from the vault.
    KeyRemoved(KeyName),
    /// Made a configuration the active one.
    Applied(Digest),
    /// Let bots read more of an exchange than its catalogue says.
    Allowed(Allowance),
    /// Took that back.
    Disallowed(Vec<Allowance>),
    /// Took a newer catalogue of a surface; it is in use from the next start on.
    CatalogueTaken {
        /// The exchange.
        exchange: ExchangeName,
        /// The surface.
        surface: SurfaceName,
        /// The catalogue's version.
        version: u32,
        /// SHA-256 of its file.
        hash: Digest,
        /// Who signed it: the public key, in base64.
        signer: Box<str>,
    },
    /// Went back to the catalogue of a surface that is compiled in.
    CatalogueDropped {
        /// The exchange.
        exchange: ExchangeName,
        /// The surface.
        surface: SurfaceName,
    },
}

/// Whom a freeze is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// One bot.
    Bot(BotName),
    /// Every bot of a real key.
    Key(KeyName),
    /// Every bot of a group.
    Group(GroupName),
}

/// A version of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyEntry {
    /// When it became active.
    pub at: Time,
    /// SHA-256 of the text.
    pub hash: Digest,
    /// The configuration, whole. It holds no secret.
    pub text: Box<str>,
}

/// The start of a keep on an existing journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryEntry {
    /// When.
    pub at: Time,
    /// What was found, for people.
    pub note: Box<str>,
}

/// What the exchange said of orders, or offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservedEntry {
    /// When it was heard.
    pub at: Time,
    /// When the question left; what changed after that may be missing.
    pub asked_at: Time,
    /// Which account.
    pub key: KeyName,
    /// Which surface of its exchange.
    pub surface: SurfaceName,
    /// What was said.
    pub what: Observed,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observed {
    /// The state of one order.
    Order {
        /// Its instrument.
        symbol: Symbol,
        /// Its state.
        state: OrderState,
    },
    /// The exchange has no such order.
    Absent {
        /// The instrument asked about.
        symbol: Symbol,
        /// The order asked about.
        order: OrderRef,
    },
    /// Every order that is open, of one symbol or of all.
    OpenOrders {
        /// The symbol; `None` is every symbol of the surface.
        symbol: Option<Symbol>,
        /// The orders by symbol, complete.
        orders: Vec<(Symbol, OrderState)>,
    },
    /// The account's mode.
    Account {
        /// Whether the exchange holds its orders to `reduceOnly` in one-way mode.
        holds_reduce_only: bool,
    },
    /// What the account holds, on that surface.
    Holdings(Holdings),
    /// A price for a conversion, offered to a bot that asked for it.
    Quote {
        /// Who asked.
        bot: BotName,
        /// What the exchange calls it.
        id: Box<str>,
        /// What is given by whoever accepts it.
        gives: Money,
        /// Until when it holds, as the exchange says.
        until: Time,
    },
}

/// A signed checkpoint. Reserved for the Merkle tree over the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointEntry {
    /// When.
    pub at: Time,
    /// In the C2SP `tlog-checkpoint` form.
    pub text: Box<str>,
}

impl Entry {
    /// When it happened.
    #[must_use]
    pub fn at(&self) -> Time {
        match self {
            Self::Intent(e) => e.at,
            Self::Read(e) => e.at,
            Self::Outcome(e) => e.at,
            Self::Denial(e) => e.at,
            Self::Operator(e) => e.at,
            Self::Policy(e) => e.at,
            Self::Recovery(e) => e.at,
            Self::Observed(e) => e.at,
            Self::Checkpoint(e) => e.at,
        }
    }

    /// Its kind, as it stands in the JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Intent(_) => "intent",
            Self::Read(_) => "read",
            Self::Outcome(_) => "outcome",
            Self::Denial(_) => "denial",
            Self::Operator(_) => "operator",
            Self::Policy(_) => "policy",
            Self::Recovery(_) => "recovery",
            Self::Observed(_) => "observed",
            Self::Checkpoint(_) => "checkpoint",
        }
    }

    /// The number by which people ask for it.
    #[must_use]
    pub fn id(&self) -> Option<IntentId> {
        match self {
            Self::Intent(e) => Some(e.id),
            Self::Read(e) => Some(e.id),
            Self::Outcome(e) => Some(e.id),
            Self::Denial(e) => Some(e.id),
            Self::Operator(_)
            | Self::Policy(_)
            | Self::Recovery(_)
            | Self::Observed(_)
            | Self::Checkpoint(_) => None,
        }
    }

    /// The bot it is about.
    #[must_use]
    pub fn bot(&self) -> Option<&BotName> {
        match self {
            Self::Intent(e) => Some(&e.bot),
            Self::Read(e) => Some(&e.bot),
            Self::Denial(e) => e.bot.as_ref(),
            Self::Operator(e) => e.act.bot(),
            Self::Observed(e) => e.what.bot(),
            Self::Outcome(_) | Self::Policy(_) | Self::Recovery(_) | Self::Checkpoint(_) => None,
        }
    }

    /// Whether it must be durable before anything leaves.
    #[must_use]
    pub const fn must_be_durable(&self) -> bool {
        !matches!(self, Self::Read(_) | Self::Denial(_))
    }

    /// The bytes of its record.
    ///
    /// # Errors
    /// Never for an entry made here; kept so that nothing panics.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EntryError> {
        serde_json::to_vec(self).map_err(EntryError)
    }

    /// The entry in the bytes of a record.
    ///
    /// # Errors
    /// If the bytes are no entry of a kind that this version knows.
    #[expect(
        clippy::disallowed_methods,
        reason = "the journal's bytes are our own, and their hash was checked"
    )]
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EntryError> {
        serde_json::from_slice(bytes).map_err(EntryError)
    }
}

impl Observed {
    /// The bot it is about, where it is about one alone.
    #[must_use]
    pub const fn bot(&self) -> Option<&BotName> {
        match self {
            Self::Quote { bot, .. } => Some(bot),
            Self::Order { .. }
            | Self::Absent { .. }
            | Self::OpenOrders { .. }
            | Self::Account { .. }
            | Self::Holdings(_) => None,
        }
    }
}

impl OperatorAct {
    /// The bot it is about.
    #[must_use]
    pub const fn bot(&self) -> Option<&BotName> {
        match self {
            Self::Freeze(Subject::Bot(bot))
            | Self::Thaw(Subject::Bot(bot))
            | Self::BotAdded(bot)
            | Self::BotRemoved(bot)
            | Self::Revealed(bot) => Some(bot),
            Self::Freeze(Subject::Key(_) | Subject::Group(_))
            | Self::Thaw(Subject::Key(_) | Subject::Group(_))
            | Self::KeyAdded(_)
            | Self::KeyRemoved(_)
            | Self::Applied(_)
            | Self::Allowed(_)
            | Self::Disallowed(_)
            | Self::CatalogueTaken { .. }
            | Self::CatalogueDropped { .. } => None,
        }
    }
}

/// The bytes of a record are no entry.
#[derive(Debug, thiserror::Error)]
#[error("not an entry of a kind that this version knows")]
pub struct EntryError(#[source] serde_json::Error);
