//! Orders, fills and the reasons why an order is not accepted.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Serialize;

use super::instrument::Instrument;
use super::trigger::Trigger;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Buy,
    Sell,
}

impl Side {
    /// +1 for buying, −1 for selling.
    pub(crate) fn sign(self) -> Decimal {
        match self {
            Self::Buy => Decimal::ONE,
            Self::Sell => Decimal::NEGATIVE_ONE,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }
}

/// How long an order may live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Force {
    Gtc,
    Ioc,
    Fok,
    PostOnly,
}

/// Which position an order belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Leg {
    Net,
    Long,
    Short,
}

impl Leg {
    /// Whether this side makes such a position larger. Net has no answer of its own.
    pub(crate) fn opens(self, side: Side) -> Option<bool> {
        match self {
            Self::Net => None,
            Self::Long => Some(side == Side::Buy),
            Self::Short => Some(side == Side::Sell),
        }
    }
}

/// How large an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// In base, or in contracts.
    Qty(Decimal),
    /// In quote; spot market orders only.
    Quote(Decimal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    New,
    PartiallyFilled,
    Filled,
    Canceled,
    /// Ended by the exchange: nothing (more) to match at once, or post-only that would match.
    Expired,
}

impl Status {
    pub(crate) const fn is_live(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }
}

/// An order as asked for. No price means a market order.
#[derive(Clone, Debug)]
pub(crate) struct NewOrder {
    pub(crate) instrument: Arc<Instrument>,
    pub(crate) client_id: Option<String>,
    pub(crate) side: Side,
    pub(crate) force: Force,
    pub(crate) price: Option<Decimal>,
    pub(crate) size: Size,
    pub(crate) reduce_only: bool,
    pub(crate) leg: Leg,
    /// What the exchange echoes and the engine does not care about.
    pub(crate) labels: BTreeMap<&'static str, String>,
    /// What it waits for before it may match.
    pub(crate) trigger: Option<Trigger>,
    /// The list that it belongs to.
    pub(crate) list: Option<u64>,
    /// Whether it waits for the working order of its list.
    pub(crate) pending: bool,
    /// Whether another leg of its list has already set aside what it needs.
    pub(crate) companion: bool,
}

/// An order that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) account: String,
    pub(crate) client_id: String,
    pub(crate) instrument: Arc<Instrument>,
    pub(crate) side: Side,
    pub(crate) force: Force,
    pub(crate) price: Option<Decimal>,
    pub(crate) qty: Decimal,
    pub(crate) quote_qty: Option<Decimal>,
    pub(crate) filled: Decimal,
    /// Sum of price × quantity over the fills.
    pub(crate) turnover: Decimal,
    pub(crate) fee: Decimal,
    pub(crate) realized: Decimal,
    pub(crate) status: Status,
    pub(crate) reduce_only: bool,
    pub(crate) leg: Leg,
    /// Spot: what is still set aside for it.
    pub(crate) locked: Decimal,
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) labels: BTreeMap<&'static str, String>,
    /// What it still waits for.
    pub(crate) waits: Option<Trigger>,
    /// Whether what it waited for has come.
    pub(crate) fired: bool,
    pub(crate) list: Option<u64>,
    pub(crate) pending: bool,
}

impl Order {
    pub(crate) fn rest(&self) -> Decimal {
        self.qty - self.filled
    }

    /// The average price of its fills; zero without any.
    pub(crate) fn average(&self) -> Decimal {
        self.turnover.checked_div(self.filled).unwrap_or_default().round_dp(8)
    }

    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// What spot sets aside for it.
    pub(crate) fn lock_asset(&self) -> &'static str {
        match self.side {
            Side::Buy => self.instrument.quote,
            Side::Sell => self.instrument.base,
        }
    }
}

/// One execution.
#[derive(Clone, Debug)]
pub(crate) struct Fill {
    pub(crate) id: u64,
    pub(crate) order_id: u64,
    pub(crate) account: String,
    pub(crate) client_id: String,
    pub(crate) instrument: Arc<Instrument>,
    pub(crate) side: Side,
    pub(crate) leg: Leg,
    pub(crate) price: Decimal,
    pub(crate) qty: Decimal,
    pub(crate) fee: Decimal,
    pub(crate) fee_asset: &'static str,
    pub(crate) maker: bool,
    pub(crate) realized: Decimal,
    pub(crate) time: u64,
    pub(crate) tag: String,
}

/// Why something is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reject {
    PriceFilter,
    LotSize,
    MinQty,
    MinNotional,
    MaxQty,
    Insufficient,
    WouldMatch,
    /// The price that it waits for is already there.
    WouldTrigger,
    DuplicateClientId,
    ReduceOnly,
    PositionSide,
    UnknownOrder,
    /// The order is known, but no longer open.
    NotLive,
    /// An amendment that changes nothing, or to less than is filled.
    BadAmend,
    /// Not while there are orders or positions.
    Busy,
}

/// An order as tests see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderSnapshot {
    /// The exchange's order id.
    pub id: u64,
    /// The key id of the account.
    pub account: String,
    /// The client order id, given or made by the exchange.
    pub client_id: String,
    /// `spot`, `usdm`, `coinm` or `swap`.
    pub market: &'static str,
    /// The symbol as the exchange spells it.
    pub symbol: String,
    /// `buy` or `sell`.
    pub side: &'static str,
    /// The limit price; none for a market order.
    pub price: Option<String>,
    /// The quantity, in base or in contracts.
    pub qty: String,
    /// How much of it is filled.
    pub filled: String,
    /// `new`, `partially_filled`, `filled`, `canceled` or `expired`.
    pub status: &'static str,
    /// Whether it may only reduce a position.
    pub reduce_only: bool,
    /// What the exchange echoes: order type, tag, strategy, …
    pub labels: BTreeMap<&'static str, String>,
    /// When it was accepted, in milliseconds of the exchange's clock.
    pub created: u64,
}

impl From<&Order> for OrderSnapshot {
    fn from(order: &Order) -> Self {
        Self {
            id: order.id,
            account: order.account.clone(),
            client_id: order.client_id.clone(),
            market: order.instrument.market.name(),
            symbol: order.instrument.symbol.to_owned(),
            side: order.side.name(),
            price: order.price.map(|price| price.normalize().to_string()),
            qty: order.qty.normalize().to_string(),
            filled: order.filled.normalize().to_string(),
            status: order.status.name(),
            reduce_only: order.reduce_only,
            labels: order.labels.clone(),
            created: order.created,
        }
    }
}
