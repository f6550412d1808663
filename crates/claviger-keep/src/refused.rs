//! Why a request is not served, and how that is told to a bot.

use claviger_core::{Denial, DenialClass, Endpoint, Intent, IntentId};
use claviger_door::Refusal;
use claviger_exchange::{ClaimError, Exchange, ReadError};

use crate::fresh::NotFresh;
use crate::replay::Repeated;

/// Why a request is not served. Its text is for the bot: it says nothing of other bots, of keys or of files.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unserved {
    /// The gateway named an exchange or surface that is not known.
    #[error("no such exchange")]
    NoExchange,
    /// It carries no key.
    #[error("no API key was sent")]
    NoKey,
    /// It is not clear who it is from.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// Nobody has that key.
    #[error("unknown API key")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the signature does not fit")]
    BadSignature,
    /// The key's id was sent alone, and the endpoint needs a signature.
    #[error("a signature is missing")]
    Unsigned,
    /// It is meant for another environment than the bot's key is for.
    #[error("this key is for another environment")]
    Environment,
    /// Too old or too new.
    #[error(transparent)]
    NotFresh(#[from] NotFresh),
    /// It changes state and was signed before this keep started: whether it was seen before is not known.
    #[error("the request was signed before claviger started; sign a new one")]
    BeforeStart,
    /// Seen before.
    #[error(transparent)]
    Repeated(#[from] Repeated),
    /// Not understood.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Not allowed.
    #[error(transparent)]
    Denied(Box<Denial>),
    /// One item of a request of several is not allowed, so nothing of it was sent.
    #[error("item {}: {denial}; nothing of the request was sent", u32::from(*step) + 1)]
    DeniedItem {
        /// Why.
        denial: Box<Denial>,
        /// Which, from 0.
        step: u16,
    },
    /// The exchange's time is not known well enough for what changes state.
    #[error("the exchange's time is not known or too far from ours")]
    Clock,
    /// The journal does not take it.
    #[error("the journal cannot be written")]
    Journal,
    /// Claviger is about to stop.
    #[error("claviger is stopping")]
    Stopping,
    /// The operator narrowed what the bot may do while this was on its way.
    #[error("the bot's limits were changed meanwhile; nothing was sent")]
    Changed,
    /// Too much is under way.
    #[error("too many requests are under way; try again later")]
    Busy,
    /// The bot's own time limit passed while it waited.
    #[error("the request waited longer than its window; sign a new one")]
    TooLate,
    /// It cannot be signed; the log says why.
    #[error("the request cannot be signed now")]
    Unsignable,
    /// The real key was enrolled before claviger knew this part of the exchange, or for other hosts.
    #[error(
        "the key was not enrolled for this part of the exchange; the operator has to remove and add it again"
    )]
    NotSealed,
    /// What would have left does not mean what was judged; the log says more.
    #[error("the request cannot be sent as it was judged")]
    Differs,
    /// The exchange's answer held what no bot may see.
    #[error("the exchange's answer is withheld; the request was sent")]
    Withheld,
    /// The exchange's answer to a bot of a shared key does not say whose orders it tells of.
    #[error("the exchange's answer is withheld: it does not say which of it is this bot's")]
    Mixed,
    /// The exchange's answer cannot be shown.
    #[error("the exchange did not answer; the request may have been executed")]
    NoAnswer,
    /// The exchange's answer to a read did not come.
    #[error("the exchange did not answer")]
    NoData,
    /// No byte left.
    #[error("the exchange cannot be reached")]
    NotSent,
}

impl Unserved {
    /// The rule that refused, for `x-claviger-denial`.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NoExchange => "exchange",
            Self::NoKey | Self::UnknownKey => "key",
            Self::Claim(_) | Self::BadSignature | Self::Unsigned => "signature",
            Self::Environment => "environment",
            Self::NotFresh(_) => "timestamp",
            Self::BeforeStart | Self::Repeated(Repeated::Seen) => "replay",
            Self::Repeated(Repeated::Crowded) | Self::Busy => "memory",
            Self::Read(error) => read_rule(error),
            Self::Denied(denial) | Self::DeniedItem { denial, .. } => denial.rule(),
            Self::Clock => "clock",
            Self::Journal => "journal",
            Self::TooLate => "deadline",
            Self::Stopping => "stop",
            Self::Changed => "changed",
            Self::Unsignable | Self::NotSealed => "vault",
            Self::Differs => "print",
            Self::Withheld | Self::Mixed | Self::NoAnswer | Self::NoData => "answer",
            Self::NotSent => "unreachable",
        }
    }

    /// Which error the bot's library must raise.
    #[must_use]
    pub const fn class(&self) -> DenialClass {
        match self {
            Self::NoKey | Self::UnknownKey => DenialClass::UnknownKey,
            Self::BadSignature | Self::Unsigned => DenialClass::Signature,
            Self::Claim(_) => DenialClass::Request,
            Self::Environment | Self::NotSealed => DenialClass::Permission,
            Self::NotFresh(_) | Self::BeforeStart | Self::Repeated(Repeated::Seen) | Self::TooLate => {
                DenialClass::Stale
            }
            Self::Repeated(Repeated::Crowded) | Self::Busy => DenialClass::Throttled,
            Self::Read(
                ReadError::UnknownEndpoint { .. } | ReadError::NotYetRead { .. } | ReadError::Refused { .. },
            ) => DenialClass::Permission,
            Self::Read(_) => DenialClass::Request,
            Self::Denied(denial) | Self::DeniedItem { denial, .. } => denial.class(),
            Self::NoExchange
            | Self::Clock
            | Self::Journal
            | Self::Stopping
            | Self::Changed
            | Self::Unsignable
            | Self::Differs
            | Self::Mixed
            | Self::NoData
            | Self::NotSent => DenialClass::Unavailable,
            Self::Withheld | Self::NoAnswer => DenialClass::Uncertain,
        }
    }

    /// What bots and operators are told: for what is not known, with the command that allows it where that only reads.
    #[must_use]
    pub fn message(&self, exchange: &dyn Exchange, asked: &Endpoint) -> String {
        match self {
            Self::Read(error) => claviger_exchange::explained(exchange, asked, error),
            Self::NoKey => match claviger_exchange::public_remedy(exchange, asked) {
                Some(command) => {
                    format!("{self}; if anybody may ask this, an operator allows it with: {command}")
                }
                None => self.to_string(),
            },
            _ => self.to_string(),
        }
    }

    /// The refusal in the exchange's own format. `intent` is `None` where the request was not understood.
    #[must_use]
    pub fn told(&self, exchange: &dyn Exchange, intent: Option<&Intent>, id: Option<IntentId>) -> Refusal {
        self.told_as(&self.to_string(), exchange, (intent, id))
    }

    /// The same with a text of its own.
    #[must_use]
    pub fn told_as(
        &self,
        text: &str,
        exchange: &dyn Exchange,
        (intent, id): (Option<&Intent>, Option<IntentId>),
    ) -> Refusal {
        let answer = match (self, intent) {
            (Self::DeniedItem { denial, step }, Some(intent)) => {
                exchange.refuse_step(self.class(), &denial.to_string(), intent, usize::from(*step))
            }
            _ => exchange.refuse(self.class(), text, intent),
        };
        let mut headers: Vec<(Box<str>, Box<str>)> =
            answer.headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        headers.push(("x-claviger-denial".into(), self.rule().into()));
        if let Some(id) = id {
            headers.push(("x-claviger-id".into(), id.to_string().into()));
        }
        Refusal { status: answer.status, headers, body: answer.body }
    }
}

const fn read_rule(error: &ReadError) -> &'static str {
    match error {
        ReadError::UnknownEndpoint { .. } | ReadError::NotYetRead { .. } | ReadError::Refused { .. } => {
            "endpoint"
        }
        ReadError::UnknownParameter { .. }
        | ReadError::Twice(_)
        | ReadError::Missing(_)
        | ReadError::Value { .. }
        | ReadError::Place(_) => "parameter",
        ReadError::Encoding(_) => "encoding",
        ReadError::Meaning(_) => "meaning",
    }
}
