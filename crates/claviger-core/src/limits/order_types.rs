//! Which types of orders a bot may place.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::compare::settings;
use super::setting::listed;
use super::{Asked, Cap, Change, Formed, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage};
use crate::{Act, Denial, How, More, Order, OrderKind, Wake};

/// `order_types`: which types of orders a bot may place.
#[derive(Clone, Copy, Debug)]
pub struct OrderTypes;

/// What an order is, in one respect; every order is of one or more types, and all of them must be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderType {
    /// It has a limit price.
    Limit,
    /// It goes to the book without a limit price, at once or once it wakes.
    Market,
    /// The exchange finds its price: pegs, price match, chase.
    Floating,
    /// It waits for a fixed price: stops and take-profits. Which of both, depends on where the market is.
    Trigger,
    /// It waits for a price that follows the market.
    Trailing,
    /// The book shows a part of it.
    Iceberg,
    /// It is sent to the book piece by piece.
    Sliced,
    /// One of two of which at most one fills.
    Oco,
    /// One that waits for another one to fill.
    Oto,
}

impl OrderType {
    /// Every type, in the order they are shown.
    pub const ALL: [Self; 9] = [
        Self::Limit,
        Self::Market,
        Self::Floating,
        Self::Trigger,
        Self::Trailing,
        Self::Iceberg,
        Self::Sliced,
        Self::Oco,
        Self::Oto,
    ];

    /// As configuration spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Market => "market",
            Self::Floating => "floating",
            Self::Trigger => "trigger",
            Self::Trailing => "trailing",
            Self::Iceberg => "iceberg",
            Self::Sliced => "sliced",
            Self::Oco => "oco",
            Self::Oto => "oto",
        }
    }
}

/// The text names no type of orders.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a type of orders")]
pub struct NotAnOrderType;

impl FromStr for OrderType {
    type Err = NotAnOrderType;

    fn from_str(text: &str) -> Result<Self, NotAnOrderType> {
        Self::ALL.into_iter().find(|of| of.as_str() == text).ok_or(NotAnOrderType)
    }
}

impl Limit for OrderTypes {
    fn name(&self) -> &'static str {
        "order_types"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Ask, Stage::Form]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "which types orders may be of; all types of an order must be listed, and those of what is attached",
            form: "a list of limit, market, floating, trigger, trailing, iceberg, sliced, oco, oto",
            example: "order_types = [\"limit\", \"market\"]",
            absent: "all",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        let names = OrderType::ALL.map(OrderType::as_str).join(", ");
        rules.order_types = Some(given.caps(&format!("a list of order types ({names}), or \"unlimited\""))?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(rules.order_types.as_ref()?.shown(|types| listed(types.iter().map(|of| of.as_str()))))
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        let (old, new) = (old.order_types.as_ref(), new.order_types.as_ref());
        settings(old, new, &Cap::Unlimited, BTreeSet::is_subset)
    }

    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let types: &[OrderType] = match &asked.intent.act {
            Act::ClosePosition { .. } => &[OrderType::Market],
            Act::Steps(steps) => of_list(steps.how),
            Act::Read
            | Act::Place(_)
            | Act::Test(_)
            | Act::Amend(_)
            | Act::Cancel(_)
            | Act::Countdown { .. }
            | Act::CancelAll { .. }
            | Act::SetLeverage { .. }
            | Act::SetMarginMode { .. }
            | Act::Transfer(_)
            | Act::Withdraw(_)
            | Act::Special(_)
            | Act::Change => &[],
        };
        within(asked.rules, types.iter().copied())
    }

    fn form(&self, formed: &Formed<'_>) -> Result<(), Denial> {
        within(formed.rules, types(formed.order))
    }
}

fn within(rules: &Rules, types: impl IntoIterator<Item = OrderType>) -> Result<(), Denial> {
    let Some(Cap::At(allowed)) = &rules.order_types else { return Ok(()) };
    match types.into_iter().filter(|of| !allowed.contains(of)).min() {
        Some(of) => Err(Denial::OrderType { of }),
        None => Ok(()),
    }
}

const fn of_list(how: How) -> &'static [OrderType] {
    match how {
        How::Batch | How::Replace { .. } => &[],
        How::OneOf => &[OrderType::Oco],
        How::Then => &[OrderType::Oto],
        How::ThenOneOf => &[OrderType::Oco, OrderType::Oto],
    }
}

/// Every type that an order is of; never none.
fn types(order: &Order) -> impl Iterator<Item = OrderType> + '_ {
    // All parts are named, so that a new one has to be thought of here.
    let More { algo: _, trigger_by: _, or, trail, visible, slices, chase, exits, side_effect: _ } =
        &order.more;
    let kind = match order.kind {
        OrderKind::Limit { .. } => OrderType::Limit,
        OrderKind::Market => OrderType::Market,
        OrderKind::Floating { .. } => OrderType::Floating,
    };
    let parts = [
        order.trigger.map(|_| OrderType::Trigger),
        trail.map(|_| OrderType::Trailing),
        or.as_ref().map(|_| OrderType::Oco),
        visible.map(|_| OrderType::Iceberg),
        slices.map(|_| OrderType::Sliced),
        chase.map(|_| OrderType::Floating),
    ];
    let attached = exits.iter().flat_map(|exit| exit.wakes());
    let wakes = or.iter().chain(attached).flat_map(of_wake);
    std::iter::once(kind).chain(parts.into_iter().flatten()).chain(wakes)
}

fn of_wake(wake: &Wake) -> impl Iterator<Item = OrderType> + use<> {
    let kind = if wake.price.is_some() { OrderType::Limit } else { OrderType::Market };
    let trigger = wake.trigger.map(|_| OrderType::Trigger);
    let trail = wake.trail.map(|_| OrderType::Trailing);
    [Some(kind), trigger, trail].into_iter().flatten()
}
