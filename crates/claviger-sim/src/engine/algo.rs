//! Conditional orders with ids of their own: once their price comes, an ordinary order is placed.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::Serialize;

use super::instrument::Instrument;
use super::order::{Force, Leg, NewOrder, Order, Reject, Side, Size, Status};
use super::trigger::Trigger;
use super::{Engine, Market, Shape};

/// How much a conditional order trades once it is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Of(Size),
    /// Whatever closes the position then.
    Close,
}

/// One way in which a conditional order may be woken, and what it then places.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) trigger: Trigger,
    /// None for a market order.
    pub(crate) price: Option<Decimal>,
    /// `sl`, `tp` or `trigger`.
    pub(crate) name: &'static str,
}

/// A conditional order as asked for.
#[derive(Clone, Debug)]
pub(crate) struct NewAlgo {
    pub(crate) instrument: Arc<Instrument>,
    pub(crate) client_id: String,
    pub(crate) side: Side,
    pub(crate) leg: Leg,
    pub(crate) force: Force,
    pub(crate) reduce_only: bool,
    pub(crate) amount: Amount,
    pub(crate) branches: Vec<Branch>,
    pub(crate) labels: BTreeMap<&'static str, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlgoStatus {
    Live,
    /// Woken, and its order placed.
    Effective,
    Canceled,
    /// Woken, but its order was refused.
    Failed,
}

/// A conditional order that was accepted.
#[derive(Clone, Debug)]
pub(crate) struct Algo {
    pub(crate) id: u64,
    pub(crate) account: String,
    pub(crate) what: NewAlgo,
    pub(crate) status: AlgoStatus,
    /// The order that it placed, and which branch did.
    pub(crate) placed: Option<(u64, &'static str)>,
    pub(crate) created: u64,
    pub(crate) updated: u64,
}

impl Algo {
    pub(crate) fn branch(&self, name: &str) -> Option<&Branch> {
        self.what.branches.iter().find(|branch| branch.name == name)
    }

    pub(crate) fn label(&self, name: &str) -> &str {
        self.what.labels.get(name).map_or("", String::as_str)
    }
}

impl Engine {
    /// Accepts a conditional order. One whose price is already there is refused.
    pub(crate) fn place_algo(&mut self, account: &str, mut what: NewAlgo, now: u64) -> Result<Algo, Reject> {
        let price = self.price(&what.instrument);
        let hedged = self.account(account).is_hedged(what.instrument.wallet);
        if what.instrument.shape != Shape::Spot && hedged == (what.leg == Leg::Net) {
            return Err(Reject::PositionSide);
        }
        let is_live = |algo: &Algo| algo.status == AlgoStatus::Live;
        if !what.client_id.is_empty()
            && self.algos_of(account).any(|algo| is_live(algo) && algo.what.client_id == what.client_id)
        {
            return Err(Reject::DuplicateClientId);
        }
        if what.branches.iter_mut().any(|branch| branch.trigger.fires(price)) {
            return Err(Reject::WouldTrigger);
        }
        if let Amount::Of(Size::Qty(qty)) = what.amount {
            self.check_shape(&draft(
                &what,
                (Size::Qty(qty), what.branches.iter().find_map(|one| one.price)),
            ))?;
        }
        let id = self.next_id();
        let status = AlgoStatus::Live;
        let algo =
            Algo { id, account: account.to_owned(), what, status, placed: None, created: now, updated: now };
        self.algos.insert(id, algo.clone());
        Ok(algo)
    }

    /// A conditional order of an account by either of its ids; of equal client ids, the newest.
    pub(crate) fn find_algo<'a>(
        &'a self,
        account: &'a str,
        id: Option<u64>,
        client: Option<&'a str>,
    ) -> Option<&'a Algo> {
        self.algos_of(account).rev().find(move |algo| match id {
            Some(id) => algo.id == id,
            None => client == Some(algo.what.client_id.as_str()),
        })
    }

    /// The conditional orders of an account, oldest first.
    pub(crate) fn algos_of<'a>(&'a self, account: &'a str) -> impl DoubleEndedIterator<Item = &'a Algo> {
        self.algos.values().filter(move |algo| algo.account == account)
    }

    pub(crate) fn cancel_algo(&mut self, account: &str, id: u64, now: u64) -> Result<Algo, Reject> {
        let algo =
            self.algos.get_mut(&id).filter(|algo| algo.account == account).ok_or(Reject::UnknownOrder)?;
        if algo.status != AlgoStatus::Live {
            return Err(Reject::NotLive);
        }
        (algo.status, algo.updated) = (AlgoStatus::Canceled, now);
        Ok(algo.clone())
    }

    /// Puts other terms in place of a conditional order's; refused as a new one would be.
    pub(crate) fn amend_algo(
        &mut self,
        id: u64,
        (amount, branches): (Amount, Vec<Branch>),
        now: u64,
    ) -> Result<Algo, Reject> {
        let old = self.algos.get(&id).ok_or(Reject::UnknownOrder)?;
        if old.status != AlgoStatus::Live {
            return Err(Reject::NotLive);
        }
        let price = self.price(&old.what.instrument);
        if branches.iter().any(|branch| branch.trigger.clone().fires(price)) {
            return Err(Reject::WouldTrigger);
        }
        let algo = self.algos.get_mut(&id).ok_or(Reject::UnknownOrder)?;
        (algo.what.amount, algo.what.branches, algo.updated) = (amount, branches, now);
        Ok(algo.clone())
    }

    /// Wakes the conditional orders whose price has come.
    pub(super) fn wake_algos(&mut self, now: u64) {
        let live: Vec<u64> =
            self.algos.values().filter(|algo| algo.status == AlgoStatus::Live).map(|algo| algo.id).collect();
        for id in live {
            let Some(instrument) = self.algos.get(&id).map(|algo| Arc::clone(&algo.what.instrument)) else {
                continue;
            };
            let price = self.price(&instrument);
            let Some(algo) = self.algos.get_mut(&id) else { continue };
            if let Some(branch) =
                algo.what.branches.iter_mut().find_map(|one| one.trigger.fires(price).then(|| one.clone()))
            {
                self.place_of(id, &branch, now);
            }
        }
    }

    /// Places the order of a woken conditional order.
    fn place_of(&mut self, id: u64, branch: &Branch, now: u64) {
        let Some(algo) = self.algos.get(&id).cloned() else { return };
        let size = match algo.what.amount {
            Amount::Of(size) => size,
            Amount::Close => {
                let what = &algo.what;
                Size::Qty(self.account(&algo.account).closable(&what.instrument, what.leg, what.side))
            }
        };
        let placed = self.place(&algo.account, draft(&algo.what, (size, branch.price)), now);
        let Some(algo) = self.algos.get_mut(&id) else { return };
        algo.updated = now;
        (algo.status, algo.placed) = match placed {
            Ok(order) => (AlgoStatus::Effective, Some((order.id, branch.name))),
            Err(_) => (AlgoStatus::Failed, None),
        };
    }

    /// Ties conditional orders to an order: they are placed over what of it is filled once it is over.
    pub(crate) fn attach(&mut self, order: &Order, algos: Vec<NewAlgo>, now: u64) {
        if !algos.is_empty() {
            self.attached.insert(order.id, algos);
            self.place_attached(now);
        }
    }

    /// What is tied to an order that is not over yet.
    pub(crate) fn attached_to(&self, order: u64) -> &[NewAlgo] {
        self.attached.get(&order).map_or(&[], Vec::as_slice)
    }

    /// Places what is tied to orders that are over.
    pub(super) fn place_attached(&mut self, now: u64) {
        let over = |id: &&u64| self.orders.get(id).is_some_and(|order| !order.status.is_live());
        let over: Vec<u64> = self.attached.keys().filter(over).copied().collect();
        for id in over {
            let (Some(order), Some(algos)) = (self.orders.get(&id).cloned(), self.attached.remove(&id))
            else {
                continue;
            };
            if order.filled.is_zero() || order.status == Status::Expired && order.filled.is_zero() {
                continue;
            }
            for what in algos {
                // Spot pays its fee out of what was bought, so no more than that can be sold again.
                let fee = if order.instrument.market == Market::Spot && order.side == Side::Buy {
                    order.fee
                } else {
                    Decimal::ZERO
                };
                let size = order.instrument.to_step(order.filled - fee);
                let what = NewAlgo { amount: Amount::Of(Size::Qty(size)), ..what };
                let _ = self.place_algo(&order.account, what, now);
            }
        }
    }

    /// Every conditional order ever accepted.
    pub(crate) fn algo_snapshots(&self) -> Vec<AlgoSnapshot> {
        self.algos.values().map(AlgoSnapshot::from).collect()
    }
}

/// The order that a conditional order places.
fn draft(what: &NewAlgo, (size, price): (Size, Option<Decimal>)) -> NewOrder {
    let mut labels = what.labels.clone();
    labels.insert("type", if price.is_some() { "LIMIT" } else { "MARKET" }.to_owned());
    labels.insert("ordType", if price.is_some() { "limit" } else { "market" }.to_owned());
    NewOrder {
        instrument: Arc::clone(&what.instrument),
        client_id: None,
        side: what.side,
        force: if price.is_some() { what.force } else { Force::Ioc },
        price,
        size,
        reduce_only: what.reduce_only,
        leg: what.leg,
        labels,
        trigger: None,
        list: None,
        pending: false,
        companion: false,
    }
}

/// A conditional order as tests see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlgoSnapshot {
    /// The exchange's id.
    pub id: u64,
    /// The key id of the account.
    pub account: String,
    /// The client's id, given or made by the exchange.
    pub client_id: String,
    /// `spot`, `usdm`, `coinm` or `swap`.
    pub market: &'static str,
    /// The symbol as the exchange spells it.
    pub symbol: String,
    /// `buy` or `sell`.
    pub side: &'static str,
    /// The prices that wake it.
    pub triggers: Vec<String>,
    /// The quantity; none where it closes whatever is open.
    pub qty: Option<String>,
    /// `live`, `effective`, `canceled` or `failed`.
    pub status: &'static str,
    /// Whether it may only reduce a position.
    pub reduce_only: bool,
    /// The order that it placed.
    pub order: Option<u64>,
}

impl From<&Algo> for AlgoSnapshot {
    fn from(algo: &Algo) -> Self {
        let what = &algo.what;
        Self {
            id: algo.id,
            account: algo.account.clone(),
            client_id: what.client_id.clone(),
            market: what.instrument.market.name(),
            symbol: what.instrument.symbol.to_owned(),
            side: what.side.name(),
            triggers: what
                .branches
                .iter()
                .filter_map(|one| one.trigger.at())
                .map(|at| at.normalize().to_string())
                .collect(),
            qty: match what.amount {
                Amount::Of(Size::Qty(size) | Size::Quote(size)) => Some(size.normalize().to_string()),
                Amount::Close => None,
            },
            status: match algo.status {
                AlgoStatus::Live => "live",
                AlgoStatus::Effective => "effective",
                AlgoStatus::Canceled => "canceled",
                AlgoStatus::Failed => "failed",
            },
            reduce_only: what.reduce_only,
            order: algo.placed.map(|(order, _)| order),
        }
    }
}
