//! The domain's language and every decision of claviger.
//!
//! Words (permission, intent, order, money), the policy that judges intents, the state that limits are counted in,
//! and the entries of the journal.
//! Pure: no input or output, no clock, no randomness, no async runtime, no HTTP, no secret.
//! Time, prices and random bytes are arguments.
#![forbid(unsafe_code)]

pub mod intent;
pub mod market;
pub mod name;
pub mod number;
pub mod order;
pub mod outcome;
pub mod permission;
pub mod refusal;
pub mod time;

pub use intent::{
    Act, Amendment, Cancel, Endpoint, Intent, Method, Param, Params, Transfer, Value, Withdrawal,
};
pub use market::{Clock, Instrument, MarketView, Reference, Venue};
pub use name::{Asset, BotName, ClientOrderId, ExchangeName, KeyName, NotAName, SurfaceName, Symbol};
pub use number::{Decimal, NotADecimal};
pub use order::{Market, Order, OrderKind, OrderRef, PositionSide, Side, Size, TimeInForce};
pub use outcome::{Execution, OrderState, Outcome, Resting};
pub use permission::{Permission, Risk};
pub use refusal::DenialClass;
pub use time::Time;
