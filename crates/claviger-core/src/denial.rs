//! Why a request is refused, in two forms: what the bot may know, and what only operators are told.

use std::net::IpAddr;

use crate::limits::{Churn, Days, Limit, OrderType, Percent, Rate, Scope};
use crate::{Decimal, DenialClass, GroupName, Market, Money, Permission, Side, Symbol, Time, TimeInForce};

/// A refusal, as the bot may see it: the rule and the limit are named, and nothing of other bots is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// No bot of that name has a policy.
    #[error("this bot has no policy")]
    NoPolicy,
    /// The bot, its real key or a group of it is frozen.
    #[error("frozen by an operator: nothing that changes state is allowed")]
    Frozen,
    /// It needs a signature.
    #[error("this needs a signature: an unsigned request gets public facts only")]
    Unsigned,
    /// A request like this one was accepted before.
    #[error("an identical request was accepted before; sign a new one")]
    Replayed,
    /// Its time is over.
    #[error("the request is older than it may be; sign a new one")]
    TooLate,
    /// The memory for replays or orders is full.
    #[error("too many {what} are being tracked; try again later")]
    Crowded {
        /// Of what.
        what: &'static str,
    },
    /// The bot runs under claviger's own user.
    #[error(
        "{needs} is refused to a bot that runs under claviger's own operating-system user (allow_same_user = false)"
    )]
    SameUser {
        /// What it needs.
        needs: Permission,
    },
    /// The address is not in the list.
    #[error("requests from {address} are not allowed by sources")]
    Source {
        /// From where.
        address: IpAddr,
    },
    /// The user is not in the list, or not known.
    #[error("requests of {} are not allowed by users", user.map_or_else(|| "an unknown user".into(), |id| format!("user {id}")))]
    User {
        /// Which, where it is known.
        user: Option<u32>,
    },
    /// The permission was not granted.
    #[error("grants does not include {needs}")]
    NotGranted {
        /// What it needs.
        needs: Permission,
    },
    /// The market is not in the list.
    #[error("the {} market is not in markets", market.as_str())]
    Market {
        /// Which.
        market: Market,
    },
    /// The symbol is not in the list.
    #[error("{symbol} is not in symbols")]
    Symbol {
        /// Which.
        symbol: Symbol,
    },
    /// The act touches every symbol, and the list does not allow that.
    #[error("this touches every symbol, but symbols is a list; name one symbol")]
    EverySymbol,
    /// The symbol is in the list of those denied.
    #[error("{symbol} is in deny_symbols")]
    DeniedSymbol {
        /// Which.
        symbol: Symbol,
    },
    /// It trades what it does not name, and some symbols are denied.
    #[error("which symbols this trades is not known, and there are deny_symbols")]
    UnnamedSymbol,
    /// The side is not in the list.
    #[error("{} is not in sides", side.as_str())]
    Side {
        /// Which.
        side: Side,
    },
    /// It trades on a side that nobody sees, and the list does not allow both.
    #[error("on which side this trades is not known, but sides is a list")]
    UnknownSide,
    /// The type of the order is not in the list.
    #[error("the type {} is not in order_types", of.as_str())]
    OrderType {
        /// Which.
        of: OrderType,
    },
    /// The time in force is not in the list.
    #[error("{} is not in time_in_force", of.as_str())]
    TimeInForce {
        /// Which.
        of: TimeInForce,
    },
    /// It does more than close, and nothing more is allowed.
    #[error("only reads, exits and cancels are allowed (reduce_only = true)")]
    ReduceOnly,
    /// It is not the time for it.
    #[error("only reads, exits and cancels are allowed outside of hours = {hours}")]
    Hours {
        /// When it is.
        hours: Box<str>,
    },
    /// The exchange does not list it, as far as is known.
    #[error("no such instrument is known in the {} market: {symbol}", market.as_str())]
    NoInstrument {
        /// Where.
        market: Market,
        /// Which.
        symbol: Symbol,
    },
    /// There is no fresh reference price.
    #[error("there is no fresh reference price of {symbol}, so this order cannot be measured")]
    NoReference {
        /// Of what.
        symbol: Symbol,
    },
    /// The order makes no sense, or cannot be measured.
    #[error("the order cannot be measured: {why}")]
    Unmeasured {
        /// Why.
        why: &'static str,
    },
    /// There is no way from the order's currency to the limit's.
    #[error("{limit} counts in {wanted}, and no fresh reference price leads there from {given}")]
    NoConversion {
        /// Which limit.
        limit: &'static str,
        /// The order's currency.
        given: crate::Asset,
        /// The limit's.
        wanted: crate::Asset,
    },
    /// A market order that no price can bound.
    #[error("the market order cannot be bounded: {why}")]
    Unbounded {
        /// Why.
        why: &'static str,
    },
    /// Bounded, nothing is left of it.
    #[error("the order is below the smallest size of {min_size}")]
    TooSmall {
        /// The smallest size, in base units or contracts.
        min_size: Decimal,
    },
    /// The price is worse than the band allows.
    #[error(
        "{} at {price} is {} {edge}, the edge of price_band = {band}{} around {reference}",
        verb(*side), beyond(*side), if *exit { " (three times that for exits)" } else { "" }
    )]
    Band {
        /// Buy or sell.
        side: Side,
        /// The order's price.
        price: Decimal,
        /// The worst price allowed.
        edge: Decimal,
        /// The band.
        band: Percent,
        /// Whether it is an exit, for which the band is three times as wide.
        exit: bool,
        /// What it is measured from: the reference price, or the order's own trigger.
        reference: Decimal,
    },
    /// The price of an exit is worse than its band allows.
    #[error(
        "{} at {price} is {} {edge}, the edge of exit_band = {band} around {reference}",
        verb(*side), beyond(*side)
    )]
    ExitBand {
        /// Buy or sell.
        side: Side,
        /// The order's price.
        price: Decimal,
        /// The worst price allowed.
        edge: Decimal,
        /// The band.
        band: Percent,
        /// What it is measured from: the reference price, or the order's own trigger.
        reference: Decimal,
    },
    /// The price is far on the other side of the market.
    #[error(
        "{} at {price} is {} {edge}, the edge of fat_finger = {band} around {reference}",
        verb(*side), beyond(side.opposite())
    )]
    FatFinger {
        /// Buy or sell.
        side: Side,
        /// The order's price.
        price: Decimal,
        /// The farthest price allowed.
        edge: Decimal,
        /// The band.
        band: Percent,
        /// What it is measured from: the reference price, or the order's own trigger.
        reference: Decimal,
    },
    /// The trigger is too far from the market.
    #[error(
        "the trigger price {trigger} is more than trigger_distance = {most} away from the reference price {reference}"
    )]
    TriggerTooFar {
        /// The trigger.
        trigger: Decimal,
        /// The distance allowed.
        most: Percent,
        /// The reference price.
        reference: Decimal,
    },
    /// It follows the price at too large a distance.
    #[error("it follows the price at more than trigger_distance = {most}")]
    FollowsTooFar {
        /// The distance allowed.
        most: Percent,
    },
    /// The order is too large.
    #[error("order of {asked} is above max_order = {limit}")]
    MaxOrder {
        /// Its value.
        asked: Money,
        /// The limit.
        limit: Money,
    },
    /// The account could hold too much of one instrument.
    #[error("with this, the position in {symbol} could be above max_position = {limit}")]
    MaxPosition {
        /// Which instrument.
        symbol: Symbol,
        /// The limit.
        limit: Money,
    },
    /// The account could hold too much in all.
    #[error("with this, all positions together could be above max_position_all = {limit}")]
    MaxPositionAll {
        /// The limit.
        limit: Money,
    },
    /// What the account holds is not known, and a limit would have to count it.
    #[error("{limit} cannot count it: {why}")]
    PositionUnknown {
        /// Which limit.
        limit: &'static str,
        /// Why.
        why: &'static str,
    },
    /// The day's budget is spent.
    #[error("order of {} is above the {} left of max_day = {}", .0.asked, .0.left, .0.limit)]
    MaxDay(Box<Spent>),
    /// The day's budget of the real key or of a group is spent.
    #[error("order of {asked} is above what is left of the {}'s max_day = {limit}", scope.as_str())]
    SharedMaxDay {
        /// Whose.
        scope: Scope,
        /// Its value.
        asked: Money,
        /// The limit.
        limit: Money,
    },
    /// The hour's budget is spent.
    #[error("order of {} is above the {} left of max_hour = {}", .0.asked, .0.left, .0.limit)]
    MaxHour(Box<Spent>),
    /// The hour's budget of the real key or of a group is spent.
    #[error("order of {asked} is above what is left of the {}'s max_hour = {limit}", scope.as_str())]
    SharedMaxHour {
        /// Whose.
        scope: Scope,
        /// Its value.
        asked: Money,
        /// The limit.
        limit: Money,
    },
    /// The day's budget of losses is spent.
    #[error("a loss of up to {} is above the {} left of max_loss_day = {}", .0.asked, .0.left, .0.limit)]
    MaxLossDay(Box<Spent>),
    /// The day's budget of losses of the real key or of a group is spent.
    #[error("a loss of up to {asked} is above what is left of the {}'s max_loss_day = {limit}", scope.as_str())]
    SharedMaxLossDay {
        /// Whose.
        scope: Scope,
        /// What it may lose.
        asked: Money,
        /// The limit.
        limit: Money,
    },
    /// What it may lose cannot be told, and the limit would have to count it.
    #[error("max_loss_day cannot count it: {why}")]
    LossUnknown {
        /// Why.
        why: &'static str,
    },
    /// Too many orders are open.
    #[error("another open order would be above max_open_orders = {limit}")]
    MaxOpenOrders {
        /// The limit.
        limit: u32,
    },
    /// Too many orders are open in one instrument.
    #[error("another open order of {symbol} would be above max_open_per_symbol = {limit}")]
    MaxOpenPerSymbol {
        /// Which instrument.
        symbol: Symbol,
        /// The limit.
        limit: u32,
    },
    /// Too fast.
    #[error("more than order_rate = {limit}")]
    OrderRate {
        /// The limit.
        limit: Rate,
        /// When the next one can pass.
        refills: Option<Time>,
    },
    /// Too fast in cancelling and setting.
    #[error("more than cancel_rate = {limit}")]
    CancelRate {
        /// The limit.
        limit: Rate,
        /// When the next one can pass.
        refills: Option<Time>,
    },
    /// Too fast in asking for anything.
    #[error("more than request_rate = {limit}")]
    RequestRate {
        /// The limit.
        limit: Rate,
        /// When the next one can pass.
        refills: Option<Time>,
    },
    /// Too many orders of which none filled.
    #[error("more than max_churn = {limit} orders were placed or amended, and none filled")]
    MaxChurn {
        /// The limit.
        limit: Churn,
        /// When the next one can pass, if none fills before.
        refills: Option<Time>,
    },
    /// It could trade with an order of the owner's.
    #[error("it could trade with an order of one of your own bots (self_trade = \"refuse\")")]
    SelfTrade,
    /// The destination is not in the address book.
    #[error("`{to}` is not in withdraw_to")]
    WithdrawTo {
        /// The destination, as it would stand there.
        to: Box<str>,
    },
    /// The withdrawal is too large, or of an asset that may not leave at all.
    #[error("withdrawal of {asked} is above max_withdraw = {limit}")]
    MaxWithdraw {
        /// What was asked.
        asked: Money,
        /// The limit.
        limit: Money,
    },
    /// The route is not in the list.
    #[error("`{route}` is not in transfer_routes")]
    TransferRoute {
        /// The route, as it would stand there.
        route: Box<str>,
    },
    /// The transfer is too large, or of an asset that may not be moved at all.
    #[error("transfer of {asked} is above max_transfer = {limit}")]
    MaxTransfer {
        /// What was asked.
        asked: Money,
        /// The limit.
        limit: Money,
    },
    /// It placed nothing for long.
    #[error("nothing was placed for more than dormant_after = {after}; an operator must thaw it first")]
    Dormant {
        /// The limit.
        after: Days,
    },
    /// The leverage is too high.
    #[error("leverage of {asked} is above max_leverage = {limit}")]
    MaxLeverage {
        /// What was wished.
        asked: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// Leverage may not be set at all.
    #[error("leverage cannot be set: the policy has no max_leverage")]
    NoLeverage,
    /// The order is not known as this bot's.
    #[error("the order is not known as an order of this bot's")]
    NotOwnOrder,
    /// A stop that closes what the bot holds could not be placed again.
    #[error("this stop stays, as it could not be placed again: {because}")]
    Guards {
        /// Why.
        because: Box<Denial>,
    },
    /// The order is told to be `reduceOnly`, but counts as one that could open.
    #[error(
        "reduceOnly may not hold in this account's mode, so the order counts like one that opens: {because}"
    )]
    NoExit {
        /// Why it is refused as such.
        because: Box<Denial>,
    },
    /// An earlier amendment of the order is under way.
    #[error("an earlier amendment of this order is still under way")]
    AmendmentPending,
    /// What the order looks like now is not known well enough to amend it.
    #[error("the order cannot be amended: {why}")]
    NotAmendable {
        /// Why.
        why: &'static str,
    },
    /// An act on the whole account, which other bots share.
    #[error(
        "this acts on, or tells of, the whole account, which this bot does not have for itself (danger_account_wide = false)"
    )]
    AccountWide,
}

/// A budget of which not enough is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spent {
    /// What was asked of it.
    pub asked: Money,
    /// What is left now.
    pub left: Money,
    /// The limit.
    pub limit: Money,
    /// When enough will be free again, if fills alone are in the way.
    pub refills: Option<Time>,
}

const fn verb(side: Side) -> &'static str {
    match side {
        Side::Buy => "buying",
        Side::Sell => "selling",
    }
}

const fn beyond(side: Side) -> &'static str {
    match side {
        Side::Buy => "above",
        Side::Sell => "below",
    }
}

impl Denial {
    /// The rule that refused: the name of a limit where a limit did.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        use crate::limits as l;
        match self {
            Self::NoPolicy => "policy",
            Self::Frozen => "freeze",
            Self::Unsigned => "signature",
            Self::Replayed => "replay",
            Self::TooLate => "deadline",
            Self::Crowded { .. } => "memory",
            Self::SameUser { .. } => l::AllowSameUser.name(),
            Self::Source { .. } => l::Sources.name(),
            Self::User { .. } => l::Users.name(),
            Self::NotGranted { .. } => l::Grants.name(),
            Self::Market { .. } => l::Markets.name(),
            Self::Symbol { .. } | Self::EverySymbol => l::Symbols.name(),
            Self::DeniedSymbol { .. } | Self::UnnamedSymbol => l::DenySymbols.name(),
            Self::Side { .. } | Self::UnknownSide => l::Sides.name(),
            Self::OrderType { .. } => l::OrderTypes.name(),
            Self::TimeInForce { .. } => l::TimesInForce.name(),
            Self::Hours { .. } => l::Hours.name(),
            Self::ReduceOnly => l::ReduceOnly.name(),
            Self::NoInstrument { .. } => "instrument",
            Self::NoReference { .. } => "reference",
            Self::Unmeasured { .. } => "order",
            Self::NoConversion { limit, .. } => limit,
            Self::Unbounded { .. } | Self::Band { .. } => l::PriceBand.name(),
            Self::TooSmall { .. } => "min_size",
            Self::ExitBand { .. } => l::ExitBand.name(),
            Self::FatFinger { .. } => l::FatFinger.name(),
            Self::TriggerTooFar { .. } | Self::FollowsTooFar { .. } => l::TriggerDistance.name(),
            Self::MaxOrder { .. } => l::MaxOrder.name(),
            Self::MaxPosition { .. } => l::MaxPosition.name(),
            Self::MaxPositionAll { .. } => l::MaxPositionAll.name(),
            Self::PositionUnknown { limit, .. } => limit,
            Self::MaxDay(_) | Self::SharedMaxDay { .. } => l::MaxDay.name(),
            Self::MaxHour(_) | Self::SharedMaxHour { .. } => l::MaxHour.name(),
            Self::MaxLossDay(_) | Self::SharedMaxLossDay { .. } | Self::LossUnknown { .. } => {
                l::MaxLossDay.name()
            }
            Self::MaxOpenOrders { .. } => l::MaxOpenOrders.name(),
            Self::MaxOpenPerSymbol { .. } => l::MaxOpenPerSymbol.name(),
            Self::OrderRate { .. } => l::OrderRate.name(),
            Self::CancelRate { .. } => l::CancelRate.name(),
            Self::RequestRate { .. } => l::RequestRate.name(),
            Self::MaxChurn { .. } => l::MaxChurn.name(),
            Self::SelfTrade => l::SelfTrade.name(),
            Self::Dormant { .. } => l::DormantAfter.name(),
            Self::MaxLeverage { .. } | Self::NoLeverage => l::MaxLeverage.name(),
            Self::WithdrawTo { .. } => l::WithdrawTo.name(),
            Self::MaxWithdraw { .. } => l::MaxWithdraw.name(),
            Self::TransferRoute { .. } => l::TransferRoutes.name(),
            Self::MaxTransfer { .. } => l::MaxTransfer.name(),
            Self::NotOwnOrder => "own_order",
            Self::Guards { .. } => "guards",
            Self::NoExit { because } => because.rule(),
            Self::AmendmentPending | Self::NotAmendable { .. } => "amendment",
            Self::AccountWide => l::DangerAccountWide.name(),
        }
    }

    /// Which error the bot's library must raise.
    #[must_use]
    pub const fn class(&self) -> DenialClass {
        match self {
            Self::NoExit { because } => because.class(),
            Self::NoPolicy
            | Self::Frozen
            | Self::SameUser { .. }
            | Self::Source { .. }
            | Self::User { .. }
            | Self::NotGranted { .. }
            | Self::Market { .. }
            | Self::Symbol { .. }
            | Self::EverySymbol
            | Self::DeniedSymbol { .. }
            | Self::UnnamedSymbol
            | Self::Side { .. }
            | Self::UnknownSide
            | Self::Hours { .. }
            | Self::ReduceOnly
            | Self::NoLeverage
            | Self::WithdrawTo { .. }
            | Self::MaxWithdraw { .. }
            | Self::TransferRoute { .. }
            | Self::MaxTransfer { .. }
            | Self::Dormant { .. }
            | Self::NotOwnOrder
            | Self::Guards { .. }
            | Self::AccountWide => DenialClass::Permission,
            Self::Unsigned => DenialClass::Signature,
            Self::Replayed | Self::TooLate => DenialClass::Stale,
            Self::Crowded { .. } => DenialClass::Budget { refills: None },
            Self::OrderType { .. }
            | Self::TimeInForce { .. }
            | Self::NoInstrument { .. }
            | Self::NoReference { .. }
            | Self::Unmeasured { .. }
            | Self::NoConversion { .. }
            | Self::Unbounded { .. }
            | Self::TooSmall { .. }
            | Self::Band { .. }
            | Self::ExitBand { .. }
            | Self::FatFinger { .. }
            | Self::TriggerTooFar { .. }
            | Self::FollowsTooFar { .. }
            | Self::MaxOrder { .. }
            | Self::MaxPosition { .. }
            | Self::MaxPositionAll { .. }
            | Self::PositionUnknown { .. }
            | Self::LossUnknown { .. }
            | Self::SelfTrade
            | Self::MaxOpenOrders { .. }
            | Self::MaxOpenPerSymbol { .. }
            | Self::MaxLeverage { .. }
            | Self::AmendmentPending
            | Self::NotAmendable { .. } => DenialClass::Order,
            Self::SharedMaxDay { .. } | Self::SharedMaxHour { .. } | Self::SharedMaxLossDay { .. } => {
                DenialClass::Budget { refills: None }
            }
            Self::MaxDay(spent) | Self::MaxHour(spent) | Self::MaxLossDay(spent) => {
                DenialClass::Budget { refills: spent.refills }
            }
            Self::OrderRate { refills, .. }
            | Self::CancelRate { refills, .. }
            | Self::RequestRate { refills, .. }
            | Self::MaxChurn { refills, .. } => DenialClass::Budget { refills: *refills },
        }
    }
}

/// What only operators are told of a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Which step of a request of several was refused, from 0, where it was one of them.
    pub step: Option<u16>,
    /// Whether the bot's own limit refused, its real key's, or a group's.
    pub scope: Option<Scope>,
    /// Which group's, where it was one's.
    pub group: Option<GroupName>,
    /// What was used when it was refused, where the rule counts something.
    pub used: Option<Box<str>>,
}

impl std::fmt::Display for Detail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(step) = self.step {
            write!(f, "item {}; ", u32::from(step) + 1)?;
        }
        if let Some(scope) = self.scope {
            write!(f, "limit of the {}", scope.as_str())?;
        }
        if let Some(group) = &self.group {
            write!(f, " `{group}`")?;
        }
        if let Some(used) = &self.used {
            write!(f, "; used {used}")?;
        }
        Ok(())
    }
}
