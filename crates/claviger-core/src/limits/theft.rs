//! What a thief could make of the limits of one level: read by the theft bill alone.

use super::{Cap, OrderType, Percent, Rate, Rules, Scope, Span};
use crate::{Market, Money, Side};

/// The types of orders that go to the book at once, at a price of their own.
const AT_ONCE: [OrderType; 3] = [OrderType::Limit, OrderType::Market, OrderType::Iceberg];

impl Rules {
    /// Whether orders of a type may be placed.
    pub(crate) fn takes(&self, of: OrderType) -> bool {
        self.order_types.as_ref().and_then(Cap::at).is_none_or(|types| types.contains(&of))
    }

    /// Whether orders may be placed that wait for something before they go to the book.
    pub(crate) fn takes_what_waits(&self) -> bool {
        let mut waiting = OrderType::ALL.into_iter().filter(|of| !AT_ONCE.contains(of));
        waiting.any(|of| self.takes(of))
    }

    /// Whether orders may be on that side.
    pub(crate) fn takes_side(&self, side: Side) -> bool {
        self.sides.as_ref().and_then(Cap::at).is_none_or(|sides| sides.contains(&side))
    }

    /// Whether this level lets orders into a market; at the key's, what is not written is allowed.
    pub(crate) fn trades_in(&self, scope: Scope, market: Market) -> bool {
        match &self.markets {
            Some(Cap::At(markets)) => markets.contains(&market),
            Some(Cap::Unlimited) => true,
            None => !super::rules::absent_denies(scope),
        }
    }

    /// How far from the market a trigger may be.
    pub(crate) fn waits_within(&self, scope: Scope) -> Percent {
        super::trigger_distance::within(scope, self)
    }

    /// How many orders may be sent in an hour, where that is limited.
    pub(crate) fn orders_an_hour(&self) -> Option<(Rate, u64)> {
        let rate = *self.order_rate.as_ref().and_then(Cap::at)?;
        let spans: u64 = match rate.span() {
            Span::Second => 3600,
            Span::Minute => 60,
        };
        Some((rate, u64::from(rate.count()).saturating_mul(spans)))
    }

    /// What may be traded in an hour.
    pub(crate) fn most_an_hour(&self) -> Option<&Money> {
        self.max_hour.as_ref().and_then(Cap::at)
    }

    /// To how many places funds may be withdrawn; `None` for everywhere.
    pub(crate) fn withdraws_to(&self, scope: Scope) -> Option<usize> {
        counted(self.withdraw_to.as_ref(), scope)
    }

    /// On how many routes funds may be transferred; `None` for all.
    pub(crate) fn transfers_by(&self, scope: Scope) -> Option<usize> {
        counted(self.transfer_routes.as_ref(), scope)
    }
}

fn counted<T>(cap: Option<&Cap<std::collections::BTreeSet<T>>>, scope: Scope) -> Option<usize> {
    match (cap, scope) {
        (Some(Cap::At(set)), _) => Some(set.len()),
        (Some(Cap::Unlimited), _) => None,
        (None, scope) => super::rules::absent_denies(scope).then_some(0),
    }
}
