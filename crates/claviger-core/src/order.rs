//! Orders, in the words that policy judges.

use serde::{Deserialize, Serialize};

use crate::{ClientOrderId, Decimal, Params, Symbol};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Takes the base, or the contract.
    Buy,
    /// Gives it.
    Sell,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
}

/// Which position of a hedged account an order touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// Whatever the book gives. An order that could open never leaves in this form: deciding turns it into a bounded limit
    /// or refuses it.
    Market,
    /// The exchange finds the price and may change it: pegged, price match, chase, slices. How, stays among the parameters.
    Floating {
        /// The worst price it may take, where the exchange holds it to one.
        worst: Option<Decimal>,
    },
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
    /// The whole position, whatever it is by then; such an order can only close.
    Position,
}

impl Size {
    /// Its number, in its unit; a whole position has none.
    #[must_use]
    pub const fn number(self) -> Option<Decimal> {
        match self {
            Self::Base(n) | Self::Quote(n) | Self::Contracts(n) => Some(n),
            Self::Position => None,
        }
    }

    /// Another number in the same unit; a whole position stays one.
    #[must_use]
    pub const fn with(self, n: Decimal) -> Self {
        match self {
            Self::Base(_) => Self::Base(n),
            Self::Quote(_) => Self::Quote(n),
            Self::Contracts(_) => Self::Contracts(n),
            Self::Position => Self::Position,
        }
    }
}

/// How long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// What only some orders have.
    #[serde(default, skip_serializing_if = "More::is_plain")]
    pub more: More,
}

/// What only some orders have. [`Default`] is a plain order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct More {
    /// Whether the exchange keeps it among its algo orders, whose ids are apart from those of usual ones.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub algo: bool,
    /// Which price wakes it, where the request says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_by: Option<TriggerBy>,
    /// A second trigger of the same order, of the same side and size: whichever is met first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or: Option<Wake>,
    /// A trigger that follows the price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
    /// How much of it the book shows, in the order's unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible: Option<Decimal>,
    /// Whether it is sent to the book in slices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slices: Option<Slices>,
    /// How far it follows the best price at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chase: Option<Distance>,
    /// What closes again what it opens, in the request's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exits: Vec<Exit>,
    /// What it borrows or repays, in the margin market.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side_effect: Option<SideEffect>,
}

impl More {
    /// Whether it is an order like any other.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Whose price wakes an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TriggerBy {
    /// The last trade's.
    Last,
    /// The mark price.
    Mark,
    /// The index.
    Index,
}

/// At what price something wakes, and at what price it is sent then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Wake {
    /// The trigger; `None` rests in the book from the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Decimal>,
    /// The limit; `None` is a market order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
    /// Which price wakes it, where the request says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<TriggerBy>,
    /// A trigger that follows the price, in place of `trigger`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trail: Option<Trail>,
}

impl Wake {
    /// The same without whose price wakes it.
    #[must_use]
    pub const fn end(&self) -> End {
        End { trigger: self.trigger, trail: self.trail, price: self.price }
    }
}

/// One way in which an order goes to the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The price that wakes it.
    pub trigger: Option<Decimal>,
    /// What wakes it in place of a fixed price.
    pub trail: Option<Trail>,
    /// The worst price that it can have, where anything holds it to one.
    pub price: Option<Decimal>,
}

impl End {
    /// Whether it waits for a price.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.trigger.is_some() || self.trail.is_some()
    }

    /// The worst price at which it wakes, if it follows the price from `reference` on where nothing else is said; `None`
    /// where it waits for nothing, or no price is that far away.
    #[must_use]
    pub fn wakes_at(&self, side: Side, reference: Decimal) -> Option<Decimal> {
        match (self.trigger, self.trail) {
            (Some(trigger), None) => Some(trigger),
            (None, Some(trail)) => trail.wakes_at(side, reference),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }
}

impl Trail {
    /// The callback away from where it begins to follow: it wakes there if the price turns at once, and at a better one
    /// if it does not. An activation on the other side of the reference may be met at once; then it follows from there.
    #[must_use]
    pub fn wakes_at(&self, side: Side, reference: Decimal) -> Option<Decimal> {
        let from = self.activation.map_or(reference, |activation| match side {
            Side::Buy => activation.min(reference),
            Side::Sell => activation.max(reference),
        });
        let distance = self.callback.of(from)?;
        match side {
            Side::Buy => from.plus(distance),
            Side::Sell => from.minus(distance),
        }
    }
}

impl Distance {
    /// As an amount of quote currency, away from `price`; `None` if it does not fit.
    #[must_use]
    pub fn of(self, price: Decimal) -> Option<Decimal> {
        match self {
            Self::Percent(parts) => price.times(parts)?.over(Decimal::from_u64(100)),
            Self::Amount(amount) => Some(amount),
        }
    }
}

/// A trigger that follows the price at a distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trail {
    /// How far the price must turn back.
    pub callback: Distance,
    /// From which price on it follows; at once where `None`.
    pub activation: Option<Decimal>,
}

/// How far from a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distance {
    /// In parts of a hundred.
    Percent(Decimal),
    /// In the quote currency.
    Amount(Decimal),
}

/// An order that the exchange sends to the book piece by piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Slices {
    /// The largest piece, in the order's unit.
    pub size: Decimal,
    /// How far from the best price each piece is sent.
    pub offset: Option<Distance>,
    /// The time between two pieces, in seconds.
    pub every_s: Option<u64>,
}

/// What closes an order again, on the other side: it waits until the order has filled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Exit {
    /// How much of the order it closes, in the order's unit; `None` is all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Decimal>,
    /// Where it takes the profit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub take_profit: Option<Wake>,
    /// Where it stops the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<Wake>,
    /// The client's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientOrderId>,
    /// What of its parameters is harmless by the catalogue's word.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub params: Params,
}

impl Exit {
    /// Its one or two ends.
    pub fn wakes(&self) -> impl Iterator<Item = &Wake> {
        self.take_profit.iter().chain(&self.stop_loss)
    }
}

/// What an order of the margin market does to the debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SideEffect {
    /// Borrows what is missing.
    Borrow,
    /// Repays with what comes in.
    Repay,
    /// Both.
    BorrowAndRepay,
}

impl Order {
    /// The worst price that it can have, where anything holds it to one.
    #[must_use]
    pub const fn worst(&self) -> Option<Decimal> {
        match self.kind {
            OrderKind::Limit { price } => Some(price),
            OrderKind::Market => None,
            OrderKind::Floating { worst } => worst,
        }
    }

    /// The same, where the exchange may not hold orders of the account to the flag in one-way mode.
    #[must_use]
    pub fn is_exit_where(&self, flag_holds: bool) -> bool {
        self.is_exit() && (flag_holds || self.position_side != PositionSide::Net)
    }

    /// Whether it can only make a position smaller, because the exchange holds it to that.
    ///
    /// In one-way mode by the flag, where there are positions and the flag is honoured: Binance's futures
    /// (`reduceOnly`, `closePosition`), OKX's `FUTURES` and `SWAP` ("Order Book Trading", place order, of 2025).
    /// In hedge mode by the side alone: a long position is bought open and sold shut. There the flag says nothing, OKX
    /// ignores it, so that buying with it opens. Spot, margin and options have no exits: what is left of an order of OKX's
    /// `MARGIN` with the flag once the debt is paid is traded on spot (the same page).
    #[must_use]
    pub const fn is_exit(&self) -> bool {
        let told = self.reduce_only || matches!(self.size, Size::Position);
        match (self.market, self.position_side) {
            (Market::Spot | Market::Margin | Market::Option, _) => false,
            (Market::Usdm | Market::Coinm, PositionSide::Net) => told,
            (Market::Usdm | Market::Coinm, PositionSide::Long) => matches!(self.side, Side::Sell),
            (Market::Usdm | Market::Coinm, PositionSide::Short) => matches!(self.side, Side::Buy),
        }
    }

    /// The one or two ways in which it goes to the book.
    pub fn ends(&self) -> impl Iterator<Item = End> + '_ {
        let first = End { trigger: self.trigger, trail: self.more.trail, price: self.worst() };
        std::iter::once(first).chain(self.more.or.iter().map(Wake::end))
    }

    /// About where it fills, if the market is at `start` now: at its trigger; else at once, or at its limit where that is
    /// better.
    #[must_use]
    pub fn fills_near(&self, start: Decimal) -> Decimal {
        let end = End { trigger: self.trigger, trail: self.more.trail, price: self.worst() };
        if end.waits() {
            return end.wakes_at(self.side, start).unwrap_or(start);
        }
        match (self.side, end.price) {
            (Side::Buy, Some(price)) => price.min(start),
            (Side::Sell, Some(price)) => price.max(start),
            (_, None) => start,
        }
    }

    /// Whether what is attached to it may open a position.
    ///
    /// In hedge mode that can only close what the order opened. In one-way mode nothing says so: OKX leaves it waiting when
    /// the position was closed otherwise, and then it may open one.
    #[must_use]
    pub const fn attached_may_open(&self) -> bool {
        let positions = matches!(self.market, Market::Usdm | Market::Coinm);
        !positions || matches!(self.position_side, PositionSide::Net)
    }

    /// Where the market is when it begins, if it waits for `first` to fill and the market is at `start` now: where that one
    /// fills, if this one gives back no more than that one takes. Else, of both, where it loses more: whoever fills the
    /// first one may have brought the market there.
    #[must_use]
    pub fn starts_after(&self, first: &Self, start: Decimal) -> Decimal {
        let fills = first.fills_near(start);
        match self.side {
            _ if self.gives_back(first) => fills,
            Side::Buy => fills.min(start),
            Side::Sell => fills.max(start),
        }
    }

    /// Whether it is on the other side of `first`, of the same instrument and no larger, in the same unit.
    fn gives_back(&self, first: &Self) -> bool {
        let no_larger = match (self.size, first.size) {
            (Size::Base(own), Size::Base(of)) | (Size::Contracts(own), Size::Contracts(of)) => own <= of,
            (Size::Base(_) | Size::Contracts(_) | Size::Quote(_) | Size::Position, _) => false,
        };
        let same = (self.market, &self.symbol) == (first.market, &first.symbol);
        same && self.side != first.side && no_larger
    }

    /// Whether it waits for a price before it goes to the book.
    #[must_use]
    pub const fn waits(&self) -> bool {
        self.trigger.is_some() || self.more.trail.is_some()
    }
}

/// How a request names an order that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderRef {
    /// By the exchange's own id: 1 to 40 digits.
    Exchange(Box<str>),
    /// By the client's id.
    Client(ClientOrderId),
    /// An algo order, by the exchange's own id.
    Algo(Box<str>),
    /// An algo order, by the client's id.
    AlgoClient(ClientOrderId),
    /// All orders of a list, by the exchange's own id of the list.
    List(Box<str>),
    /// All orders of a list, by the client's id of the list.
    ListClient(ClientOrderId),
}
