//! The domain's language and every decision of claviger.
//!
//! Words (permission, intent, order, money), the policy that judges intents, the state that limits are counted in,
//! and the entries of the journal.
//! Pure: no input or output, no clock, no randomness, no async runtime, no HTTP, no secret.
//! Time, prices and random bytes are arguments.
#![forbid(unsafe_code)]

pub mod allowance;
pub mod book;
pub mod bound;
pub mod config;
pub mod denial;
pub mod digest;
pub mod entry;
pub mod holdings;
pub mod id;
pub mod intent;
pub mod limits;
pub mod loss;
pub mod market;
pub mod money;
pub mod name;
pub mod number;
pub mod order;
pub mod outcome;
pub mod peer;
pub mod permission;
pub mod policy;
pub mod refusal;
pub mod shape;
pub mod signed;
#[cfg(test)]
mod testing;
pub mod time;
pub mod value;
pub mod worth;

pub use allowance::{Allowance, Allowed};
pub use config::{Config, ConfigError, KnownExchange};
pub use denial::{Denial, Detail};
pub use digest::{Digest, chain, leaf_hash};
pub use entry::{Entry, Observed, OperatorAct, Replay, Subject};
pub use holdings::{Balance, Holdings, Position, Sheet};
pub use id::{IntentId, LegId};
pub use intent::{
    Act, Amendment, Cancel, Deed, Endpoint, How, Intent, Method, MoreAmended, Param, Params, Special, Step,
    Steps, Transfer, Value, What, Withdrawal,
};
pub use market::{Clock, Instrument, MarketView, Reference, Underlying, Venue};
pub use money::Money;
pub use name::{
    Asset, BotName, ClientOrderId, ExchangeName, GroupName, KeyName, NotAName, SurfaceName, Symbol,
};
pub use number::{Decimal, NotADecimal};
pub use order::{
    Distance, End, Exit, Market, More, Order, OrderKind, OrderRef, PositionSide, Side, SideEffect, Size,
    Slices, TimeInForce, Trail, TriggerBy, Wake,
};
pub use outcome::{Execution, OrderState, Outcome, Resting};
pub use peer::{Address, Evidence, Peer};
pub use permission::{Permission, Risk};
pub use policy::{Bill, BotPolicy, GroupPolicy, KeyPolicy, Level, PolicySet, Report};
pub use refusal::DenialClass;
pub use signed::Signed;
pub use time::Time;
