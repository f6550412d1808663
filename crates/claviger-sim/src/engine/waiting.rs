//! Orders that wait: stops until their price comes, legs of a list until their turn comes.

use rust_decimal::Decimal;

use super::Engine;
use super::order::{NewOrder, Order, Reject, Size, Status};

/// Orders of which one ends the others, or of which one starts the others.
#[derive(Clone, Debug)]
pub(crate) struct OrderList {
    pub(crate) id: u64,
    pub(crate) account: String,
    pub(crate) client_id: String,
    pub(crate) created: u64,
    /// Alive from the start; of two, the first that moves ends the other.
    pub(crate) working: Vec<u64>,
    /// Placed once the working order is filled; of two, as above.
    pub(crate) pending: Vec<u64>,
}

impl OrderList {
    pub(crate) fn orders(&self) -> impl Iterator<Item = u64> + '_ {
        self.working.iter().chain(&self.pending).copied()
    }
}

impl Engine {
    /// Places the orders of a list, all or none. `client_id` is the list's.
    pub(crate) fn place_list(
        &mut self,
        account: &str,
        client_id: String,
        (mut working, pending): (Vec<NewOrder>, Vec<NewOrder>),
        now: u64,
    ) -> Result<OrderList, Reject> {
        let id = self.next_id();
        let mut list = OrderList {
            id,
            account: account.to_owned(),
            client_id,
            created: now,
            working: Vec::new(),
            pending: Vec::new(),
        };
        // The leg that could match at once sets the funds aside for both.
        working.sort_by_key(|new| new.trigger.is_some());
        // Until it is whole, the list is not known, so that no leg acts upon another.
        for (index, new) in working.into_iter().enumerate() {
            let new = NewOrder { list: Some(id), companion: index > 0, ..new };
            let placed = self.place(account, new, now);
            list.working.push(self.or_undo(&list, placed, now)?);
        }
        for new in pending {
            let new = NewOrder { list: Some(id), pending: true, companion: true, ..new };
            let placed = self.place(account, new, now);
            list.pending.push(self.or_undo(&list, placed, now)?);
        }
        self.lists.insert(id, list.clone());
        self.touched.extend(list.orders());
        self.settle_lists(now);
        Ok(list)
    }

    /// A leg's id; where it was refused, the legs before it are taken back.
    fn or_undo(&mut self, list: &OrderList, placed: Result<Order, Reject>, now: u64) -> Result<u64, Reject> {
        if placed.is_err() {
            for id in list.orders() {
                let _ = self.cancel(&list.account, id, now);
            }
        }
        placed.map(|order| order.id)
    }

    /// A list of an account by either of its ids.
    pub(crate) fn find_list(
        &self,
        account: &str,
        id: Option<u64>,
        client: Option<&str>,
    ) -> Option<&OrderList> {
        let fits = |list: &&OrderList| match id {
            Some(id) => list.id == id,
            None => client == Some(list.client_id.as_str()),
        };
        self.lists.values().filter(|list| list.account == account).find(fits)
    }

    /// The lists of an account, oldest first.
    pub(crate) fn lists_of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a OrderList> {
        self.lists.values().filter(move |list| list.account == account)
    }

    pub(crate) fn order(&self, id: u64) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// Wakes the stops whose price has come.
    pub(super) fn wake(&mut self, now: u64) {
        let waiting: Vec<u64> = self.live.iter().copied().collect();
        for id in waiting {
            let Some(order) = self.orders.get(&id) else { continue };
            let price = self.price(&order.instrument);
            let Some(order) = self.orders.get_mut(&id).filter(|order| !order.pending) else { continue };
            if order.waits.as_mut().is_some_and(|trigger| trigger.fires(price)) {
                self.start(id, now);
                self.settle_lists(now);
            }
        }
    }

    /// Lets a waiting order match and rest as any other.
    fn start(&mut self, id: u64, now: u64) {
        self.end_companions(id, now);
        let Some(mut order) = self.orders.remove(&id) else { return };
        self.live.remove(&id);
        (order.waits, order.pending, order.fired, order.updated) = (None, false, true, now);
        self.unlock(&mut order);
        let taken = self.taken(&order.again(), &order.account);
        if self.check_funds(&order, &taken).is_err() {
            self.end(&mut order, Status::Expired, now);
        } else {
            self.run(&mut order, taken, now);
        }
        self.keep(order);
    }

    /// Ends the other legs of an order's group.
    fn end_companions(&mut self, id: u64, now: u64) {
        let Some(list) = self.orders.get(&id).and_then(|order| self.lists.get(&order.list?)) else { return };
        let group = if list.working.contains(&id) { &list.working } else { &list.pending };
        let others: Vec<u64> = group.iter().copied().filter(|other| *other != id).collect();
        for other in others {
            self.expire(other, now);
        }
    }

    fn expire(&mut self, id: u64, now: u64) {
        if self.orders.get(&id).is_none_or(|order| !order.status.is_live()) {
            return;
        }
        if let Some(mut order) = self.orders.remove(&id) {
            self.live.remove(&id);
            self.end(&mut order, Status::Expired, now);
            self.keep(order);
        }
    }

    /// Lets what happened to one leg act upon the others.
    pub(super) fn settle_lists(&mut self, now: u64) {
        while let Some(id) = self.touched.pop() {
            let Some(order) = self.orders.get(&id) else { continue };
            let (filled, live) = (order.status == Status::Filled, order.status.is_live());
            let moved = order.fired || order.filled > Decimal::ZERO;
            let ended = order.status == Status::Canceled;
            let Some(list) = order.list.and_then(|list| self.lists.get(&list)).cloned() else { continue };
            // One that was ended by another leg ends nothing itself.
            if moved || ended {
                self.end_companions(id, now);
            }
            if !list.working.contains(&id) {
                continue;
            }
            let waiting = list.pending.iter().copied();
            let waiting: Vec<u64> =
                waiting.filter(|id| self.orders.get(id).is_some_and(|order| order.pending)).collect();
            for pending in waiting {
                if filled {
                    self.take_turn(pending, now);
                } else if !live {
                    self.expire(pending, now);
                }
            }
        }
    }

    /// A pending leg's turn: it matches now, or waits for its own trigger.
    fn take_turn(&mut self, id: u64, now: u64) {
        let Some(order) = self.orders.get_mut(&id) else { return };
        order.pending = false;
        order.updated = now;
        if order.waits.is_none() {
            self.begin(id, now);
        }
    }

    /// As [`Self::start`], but the other legs live on.
    fn begin(&mut self, id: u64, now: u64) {
        let Some(mut order) = self.orders.remove(&id) else { return };
        self.live.remove(&id);
        let taken = self.taken(&order.again(), &order.account);
        if self.check_funds(&order, &taken).is_err() {
            self.end(&mut order, Status::Expired, now);
        } else {
            self.run(&mut order, taken, now);
        }
        self.keep(order);
    }
}

impl Order {
    /// What is left of it, as if it were asked for now.
    pub(super) fn again(&self) -> NewOrder {
        NewOrder {
            instrument: std::sync::Arc::clone(&self.instrument),
            client_id: None,
            side: self.side,
            force: self.force,
            price: self.price,
            size: Size::Qty(self.rest()),
            reduce_only: self.reduce_only,
            leg: self.leg,
            labels: self.labels.clone(),
            trigger: None,
            list: self.list,
            pending: false,
            companion: false,
        }
    }
}
