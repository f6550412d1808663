//! Orders, in the words that policy judges.

use serde::{Deserialize, Serialize};

use crate::{ClientOrderId, Decimal, Symbol};

/// Where an order happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Market {
    /// Own coins only.
    Spot,
    /// Spot with borrowed coins.
    Margin,
    /// Futures and perpetuals settled in the quote currency (linear): Binance USDⓈ-M, OKX linear SWAP and FUTURES.
    Usdm,
    /// Futures and perpetuals settled in the base coin (inverse): Binance COIN-M, OKX inverse SWAP and FUTURES.
    Coinm,
    /// Options.
    Option,
}

impl Market {
    /// Every market, in the order they are shown.
    pub const ALL: [Self; 5] = [Self::Spot, Self::Margin, Self::Usdm, Self::Coinm, Self::Option];

    /// As configuration spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::Margin => "margin",
            Self::Usdm => "usdm",
            Self::Coinm => "coinm",
            Self::Option => "option",
        }
    }
}

/// The text names no market.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a market")]
pub struct NotAMarket(pub Box<str>);

impl std::str::FromStr for Market {
    type Err = NotAMarket;

    fn from_str(text: &str) -> Result<Self, NotAMarket> {
        let cut = || NotAMarket(text.chars().take(64).collect::<String>().into());
        Self::ALL.into_iter().find(|m| m.as_str() == text).ok_or_else(cut)
    }
}

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Takes the base, or the contract.
    Buy,
    /// Gives it.
    Sell,
}

/// Which position of a hedged account an order touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PositionSide {
    /// One-way mode: there is one position.
    #[default]
    Net,
    /// The long one.
    Long,
    /// The short one.
    Short,
}

/// At what price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderKind {
    /// No worse than this price, in quote currency for one base unit (or for one unit of the underlying).
    Limit {
        /// The limit.
        price: Decimal,
    },
    /// Whatever the book gives. It never leaves in this form: deciding turns it into a bounded limit or refuses it.
    Market,
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// Units of the base asset.
    Base(Decimal),
    /// Units of the quote currency to spend or receive.
    Quote(Decimal),
    /// Contracts of the instrument.
    Contracts(Decimal),
}

/// How long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeInForce {
    /// Until cancelled.
    GoodTillCancelled,
    /// Fills at once what it can; the rest is cancelled.
    ImmediateOrCancel,
    /// All at once or nothing.
    FillOrKill,
    /// Rests or is refused; never takes.
    PostOnly,
}

/// One order, complete: what is not here, the order does not have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Order {
    /// Where it happens.
    pub market: Market,
    /// The instrument.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Market or limit.
    pub kind: OrderKind,
    /// How much.
    pub size: Size,
    /// How long.
    pub time_in_force: TimeInForce,
    /// The price at which it wakes, for stop and take-profit orders.
    pub trigger: Option<Decimal>,
    /// Whether the exchange is told that it may only make a position smaller.
    pub reduce_only: bool,
    /// Which position of a hedged account.
    pub position_side: PositionSide,
    /// The client's name for it; claviger adds one where the bot sent none.
    pub client_id: Option<ClientOrderId>,
}

/// How a request names an order that exists.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderRef {
    /// By the exchange's own id: 1 to 40 digits.
    Exchange(Box<str>),
    /// By the client's id.
    Client(ClientOrderId),
}
