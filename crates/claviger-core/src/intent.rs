//! What a request would do.

use serde::{Deserialize, Serialize};

use crate::{Asset, Decimal, ExchangeName, Market, Order, OrderRef, Permission, SurfaceName, Symbol};

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
    /// Cancels every open order, of one symbol or of all.
    CancelAll {
        /// The market.
        market: Market,
        /// The symbol; `None` is every symbol.
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
    /// Changes something else; judged by its permission alone.
    Change,
}

impl Act {
    /// Whether it could change anything at the exchange; such a request is recorded before it leaves and never repeated.
    #[must_use]
    pub const fn changes_state(&self) -> bool {
        !matches!(self, Self::Read | Self::Test(_))
    }

    /// The order it would place or test.
    #[must_use]
    pub const fn order(&self) -> Option<&Order> {
        match self {
            Self::Place(order) | Self::Test(order) => Some(order),
            Self::Read
            | Self::Amend(_)
            | Self::Cancel(_)
            | Self::CancelAll { .. }
            | Self::SetLeverage { .. }
            | Self::SetMarginMode { .. }
            | Self::Transfer(_)
            | Self::Withdraw(_)
            | Self::Change => None,
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
