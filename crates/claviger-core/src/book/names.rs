//! How requests and answers name orders.

use std::collections::BTreeMap;

use super::ledger::Tracked;
use crate::{KeyName, LegId, OrderRef, SurfaceName, Symbol};

/// How orders are named, per account: exchanges number them by surface and symbol.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Names(BTreeMap<Name, Vec<LegId>>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    by: OrderRef,
    symbol: Symbol,
    surface: SurfaceName,
    key: KeyName,
}

impl Name {
    fn new(place: Place<'_>, by: &OrderRef) -> Self {
        let (key, surface, symbol) = (place.key.clone(), place.surface.clone(), place.symbol.clone());
        Self { by: by.clone(), symbol, surface, key }
    }
}

/// Where an order's name means something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) key: &'a KeyName,
    pub(super) surface: &'a SurfaceName,
    pub(super) symbol: &'a Symbol,
}

impl<'a> Place<'a> {
    pub(super) const fn of(order: &'a Tracked) -> Self {
        Self { key: &order.key, surface: &order.surface, symbol: &order.order.symbol }
    }
}

impl Names {
    /// Every order that may be meant.
    pub(super) fn meant(&self, place: Place<'_>, by: &OrderRef) -> &[LegId] {
        self.0.get(&Name::new(place, by)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn add(&mut self, place: Place<'_>, by: &OrderRef, id: LegId) {
        let ids = self.0.entry(Name::new(place, by)).or_default();
        if let Err(place) = ids.binary_search(&id) {
            ids.insert(place, id);
        }
    }

    pub(super) fn remove(&mut self, place: Place<'_>, by: &OrderRef, id: LegId) {
        let name = Name::new(place, by);
        if let Some(ids) = self.0.get_mut(&name) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.0.remove(&name);
            }
        }
    }
}
