//! What a request would do.

use serde::{Deserialize, Serialize};

use crate::{
    Asset, ClientOrderId, Decimal, ExchangeName, Exit, Market, Order, OrderRef, Permission, PositionSide,
    SurfaceName, Symbol, Wake,
};

/// The verbs that exchanges use. A verb never decides what is permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// DELETE
    Delete,
}

impl Method {
    /// As it stands in a request line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A row of an exchange's catalogue, by its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// The exchange.
    pub exchange: ExchangeName,
    /// Its surface.
    pub surface: SurfaceName,
    /// The verb.
    pub method: Method,
    /// The path, without claviger's prefix.
    pub path: Box<str>,
}

/// A parameter's value after its grammar was checked; each prints in exactly one way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Value {
    /// Text within the parameter's alphabet.
    Text(Box<str>),
    /// A plain decimal number.
    Number(Decimal),
    /// A whole number.
    Whole(u64),
    /// True or false.
    Flag(bool),
    /// A list of texts.
    List(Vec<Box<str>>),
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Param {
    /// As the catalogue spells it.
    pub name: Box<str>,
    /// Its checked value.
    pub value: Value,
}

/// Parameters in the catalogue's order, each name once.
pub type Params = Vec<Param>;

/// Everything policy needs to know of one request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Intent {
    /// Which row of the catalogue.
    pub endpoint: Endpoint,
    /// What the row needs.
    pub permission: Permission,
    /// What it would do.
    pub act: Act,
    /// The parameters that `act` does not hold, harmless by the catalogue's word; no timestamp, nonce or signature.
    pub params: Params,
}

/// What a request would do, as far as limits care.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Tells something and changes nothing.
    Read,
    /// Places one order.
    Place(Order),
    /// Asks the exchange to check an order without placing it.
    Test(Order),
    /// Changes an order that exists.
    Amend(Amendment),
    /// Cancels one order.
    Cancel(Cancel),
    /// Several steps in one request.
    Steps(Steps),
    /// Closes a position at the market, whatever its size is by then.
    ClosePosition {
        /// The market.
        market: Market,
        /// The instrument.
        symbol: Symbol,
        /// Which position of a hedged account.
        position_side: PositionSide,
    },
    /// Has every open order cancelled after a while unless it is asked again before.
    Countdown {
        /// The market; `None` is every one.
        market: Option<Market>,
        /// The symbol; `None` is every one, or those that are about one underlying.
        symbol: Option<Symbol>,
        /// After how many milliseconds; 0 calls it off. `None` begins again what was asked for before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ms: Option<u64>,
    },
    /// Cancels every open order, of one symbol or of all.
    CancelAll {
        /// The market.
        market: Market,
        /// The symbol; `None` is every symbol, or every one of an underlying.
        symbol: Option<Symbol>,
    },
    /// Sets the leverage of an instrument.
    SetLeverage {
        /// The market.
        market: Market,
        /// The instrument.
        symbol: Symbol,
        /// The factor wished.
        leverage: Decimal,
    },
    /// Sets isolated or crossed margin of an instrument.
    SetMarginMode {
        /// The market.
        market: Market,
        /// The instrument.
        symbol: Symbol,
        /// Whether the margin is to be isolated.
        isolated: bool,
    },
    /// Moves funds between the owner's wallets or accounts.
    Transfer(Transfer),
    /// Lets funds leave.
    Withdraw(Withdrawal),
    /// Does something that is no order, by name, with what limits may ask of it.
    Special(Special),
    /// Changes something else; judged by its permission alone.
    Change,
}

impl Act {
    /// Whether it could change anything at the exchange; such a request is recorded before it leaves and never repeated.
    #[must_use]
    pub const fn changes_state(&self) -> bool {
        !matches!(self, Self::Read | Self::Test(_))
    }

    /// Whether it moves funds and tells no amount.
    #[must_use]
    pub const fn sweeps(&self) -> bool {
        matches!(self, Self::Special(Special { what: What::Sweep, .. }))
    }

    /// Whether it may change the mode of the whole account. One-way or hedge mode is none of it: what is an exit there,
    /// each order says itself.
    #[must_use]
    pub const fn changes_account(&self) -> bool {
        match self {
            Self::Special(special) => matches!(special.what, What::Setting),
            Self::Change => true,
            Self::Read
            | Self::Test(_)
            | Self::Place(_)
            | Self::Amend(_)
            | Self::Cancel(_)
            | Self::Steps(_)
            | Self::ClosePosition { .. }
            | Self::Countdown { .. }
            | Self::CancelAll { .. }
            | Self::SetLeverage { .. }
            | Self::SetMarginMode { .. }
            | Self::Transfer(_)
            | Self::Withdraw(_) => false,
        }
    }

    /// Whether all that it does is to end orders.
    #[must_use]
    pub fn only_cancels(&self) -> bool {
        match self {
            Self::Cancel(_) | Self::CancelAll { .. } => true,
            Self::Steps(steps) => steps.steps.iter().all(|step| matches!(step.deed, Deed::Cancel(_))),
            Self::Read
            | Self::Place(_)
            | Self::Test(_)
            | Self::Amend(_)
            | Self::ClosePosition { .. }
            | Self::Countdown { .. }
            | Self::SetLeverage { .. }
            | Self::SetMarginMode { .. }
            | Self::Transfer(_)
            | Self::Withdraw(_)
            | Self::Special(_)
            | Self::Change => false,
        }
    }

    /// The one order it would place or test.
    #[must_use]
    pub const fn order(&self) -> Option<&Order> {
        match self {
            Self::Place(order) | Self::Test(order) => Some(order),
            Self::Read
            | Self::Amend(_)
            | Self::Cancel(_)
            | Self::Steps(_)
            | Self::ClosePosition { .. }
            | Self::Countdown { .. }
            | Self::CancelAll { .. }
            | Self::SetLeverage { .. }
            | Self::SetMarginMode { .. }
            | Self::Transfer(_)
            | Self::Withdraw(_)
            | Self::Special(_)
            | Self::Change => None,
        }
    }
}

/// Several steps in one request, judged and reserved together: all of them, or nothing leaves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Steps {
    /// How they hang together.
    pub how: How,
    /// The steps, in the request's order.
    pub steps: Vec<Step>,
    /// The client's name for the whole of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientOrderId>,
}

/// How the steps of a request hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Each stands alone: one may fail and the next be done.
    Batch,
    /// One cancel, then one order.
    Replace {
        /// Whether the order is placed only if the cancel was done.
        stop_on_failure: bool,
    },
    /// Two orders of which at most one fills (OCO).
    OneOf,
    /// An order, and a second one that is placed once the first has filled (OTO).
    Then,
    /// An order, and two of which at most one fills, placed once the first has filled (OTOCO).
    ThenOneOf,
}

/// One step of a request.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Step {
    /// What it does.
    pub deed: Deed,
    /// Its own parameters that `deed` does not hold, harmless by the catalogue's word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Places one order.
    Place(Order),
    /// Changes an order that exists.
    Amend(Amendment),
    /// Cancels one order.
    Cancel(Cancel),
}

impl Deed {
    /// The same as the only step of a request.
    #[must_use]
    pub fn into_act(self) -> Act {
        match self {
            Self::Place(order) => Act::Place(order),
            Self::Amend(amendment) => Act::Amend(amendment),
            Self::Cancel(cancel) => Act::Cancel(cancel),
        }
    }
}

/// Something that is no order, with what limits may ask of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Special {
    /// What.
    pub what: What,
    /// The market that it touches, where it touches one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// The instrument, where it touches one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Symbol>,
    /// What is given, borrowed, repaid or put away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Asset>,
    /// How much of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// What the exchange calls the offer that is accepted, where it accepts one that was asked for before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Box<str>>,
}

/// What something is that is no order. Each has its permission, whatever the endpoint's row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Turns one asset into another outside of the book.
    Convert,
    /// Turns small balances into another asset.
    Dust,
    /// Takes a loan.
    Borrow,
    /// Gives a loan back.
    Repay,
    /// Lets the exchange borrow by itself, or no more.
    AutoBorrow,
    /// Savings, staking and their like.
    Earn,
    /// One-way or hedge mode.
    PositionMode,
    /// Adds margin to a position, or takes some away.
    PositionMargin,
    /// Any other setting of the account.
    Setting,
    /// Something about sub-accounts.
    SubAccount,
    /// Requests for quotes, block and spread trades, moving positions.
    Block,
    /// Copy trading.
    Copy,
    /// The exchange's own bots.
    ExchangeBot,
    /// Moves funds, between the owner's wallets or where its row says, and tells no amount that a limit could count.
    Sweep,
    /// Has the exchange sell what an account holds to pay what it owes, in sizes that the request does not tell.
    Liquidate,
}

impl What {
    /// Whether it trades, outside of the book or by an order that others send.
    #[must_use]
    pub const fn trades(self) -> bool {
        match self {
            Self::Convert | Self::Dust | Self::Block | Self::Copy | Self::ExchangeBot | Self::Liquidate => {
                true
            }
            Self::Borrow
            | Self::Sweep
            | Self::Repay
            | Self::AutoBorrow
            | Self::Earn
            | Self::PositionMode
            | Self::PositionMargin
            | Self::Setting
            | Self::SubAccount => false,
        }
    }

    /// What it needs.
    #[must_use]
    pub const fn permission(self) -> Permission {
        match self {
            Self::Convert | Self::Dust => Permission::Convert,
            Self::Borrow | Self::Repay | Self::AutoBorrow => Permission::Borrow,
            Self::Earn => Permission::Earn,
            Self::PositionMode => Permission::PositionMode,
            Self::PositionMargin | Self::Liquidate => Permission::Trade,
            Self::Setting => Permission::Account,
            Self::SubAccount => Permission::SubAccounts,
            Self::Block => Permission::Block,
            Self::Copy => Permission::Copy,
            Self::ExchangeBot => Permission::ExchangeBot,
            Self::Sweep => Permission::Transfer,
        }
    }
}

/// A change to an order that exists. What is `None` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amendment {
    /// Where the order is.
    pub market: Market,
    /// Its instrument.
    pub symbol: Symbol,
    /// Which order.
    pub order: OrderRef,
    /// The side that the request states, where the exchange asks for it; must be the order's own.
    pub side: Option<crate::Side>,
    /// The new total size, in the order's unit (base or contracts).
    pub size: Option<Decimal>,
    /// The new limit price.
    pub price: Option<Decimal>,
    /// What only some amendments have.
    #[serde(default, skip_serializing_if = "MoreAmended::is_plain")]
    pub more: MoreAmended,
}

/// What only some amendments have. [`Default`] is a plain one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct MoreAmended {
    /// Whether the order keeps its place in the book; then only its size can change, and only down.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keeps_priority: bool,
    /// The new trigger price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Decimal>,
    /// The new second trigger, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or: Option<Wake>,
    /// The new distance of a trigger that follows the price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail: Option<crate::Trail>,
    /// The new terms of attached exits, whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<Exit>,
    /// The client's new name for the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientOrderId>,
}

impl MoreAmended {
    /// Whether it is an amendment like any other.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// The cancelling of one order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cancel {
    /// Where the order is.
    pub market: Market,
    /// Its instrument.
    pub symbol: Symbol,
    /// Which order.
    pub order: OrderRef,
}

/// Funds between the owner's own wallets or accounts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transfer {
    /// What.
    pub asset: Asset,
    /// How much.
    pub amount: Decimal,
    /// From where to where, in the exchange's own words.
    pub route: Box<str>,
}

/// Funds that leave.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Withdrawal {
    /// What.
    pub asset: Asset,
    /// How much.
    pub amount: Decimal,
    /// The network, where named.
    pub network: Option<Box<str>>,
    /// To where.
    pub address: Box<str>,
    /// The memo or tag that belongs to the address, where given.
    pub tag: Option<Box<str>>,
}
