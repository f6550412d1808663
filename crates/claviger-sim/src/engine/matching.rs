//! What happens to an order: checks, fills, rest, amendment, end.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::account::{Account, Moved, Withdrawal};
use super::book::{self, Level, Wanted};
use super::instrument::{Instrument, Shape, Wallet};
use super::order::{Fill, Force, Leg, NewOrder, Order, Reject, Side, Size, Status};
use super::trigger::Trigger;
use super::{Engine, MAX_PRICE};
use crate::config::Exchange;

impl Engine {
    /// Accepts an order and matches what can be matched at once.
    pub(crate) fn place(&mut self, account: &str, mut new: NewOrder, now: u64) -> Result<Order, Reject> {
        self.check_shape(&new)?;
        if let Some(client) = &new.client_id
            && self
                .called(account, client)
                .any(|one| one.status.is_live() && one.instrument.market == new.instrument.market)
        {
            return Err(Reject::DuplicateClientId);
        }
        self.check_leg(account, &new)?;
        if new.trigger.is_some() || new.pending {
            let price = self.price(&new.instrument);
            if !new.pending && new.trigger.as_mut().is_some_and(|trigger| trigger.fires(price)) {
                return Err(Reject::WouldTrigger);
            }
            return self.wait(account, new, now);
        }
        let taken = self.taken(&new, account);
        let mut order = self.accept(account, new, now);
        if order.force == Force::PostOnly && !taken.is_empty() {
            return self.refuse_to_match(order, now);
        }
        if order.quote_qty.is_some() {
            order.qty = taken.iter().map(|level| level.1).sum();
            if order.qty.is_zero() {
                return Err(Reject::LotSize);
            }
        }
        self.check_funds(&order, &taken)?;
        self.run(&mut order, taken, now);
        self.name(&order);
        self.keep(order.clone());
        Ok(order)
    }

    /// Accepts an order that cannot match yet.
    fn wait(&mut self, account: &str, new: NewOrder, now: u64) -> Result<Order, Reject> {
        let funded = !new.companion;
        let mut order = self.accept(account, new, now);
        if funded {
            let price =
                order.waits.as_ref().and_then(Trigger::at).unwrap_or_else(|| self.price(&order.instrument));
            self.check_funds(&order, &[(price, order.qty)])?;
            self.lock(&mut order);
        }
        self.name(&order);
        self.keep(order.clone());
        Ok(order)
    }

    fn name(&mut self, order: &Order) {
        if !order.client_id.is_empty() {
            let key = (order.account.clone(), order.client_id.clone());
            self.by_client.entry(key).or_default().push(order.id);
        }
    }

    /// A post-only order that would match: Binance refuses it, OKX accepts and ends it.
    fn refuse_to_match(&mut self, mut order: Order, now: u64) -> Result<Order, Reject> {
        if self.exchange == Exchange::Binance {
            return Err(Reject::WouldMatch);
        }
        self.end(&mut order, Status::Expired, now);
        self.name(&order);
        self.keep(order.clone());
        Ok(order)
    }

    /// Ends an open order.
    pub(crate) fn cancel(&mut self, account: &str, id: u64, now: u64) -> Result<Order, Reject> {
        let mut order = self.take_live(account, id)?;
        self.end(&mut order, Status::Canceled, now);
        self.keep(order.clone());
        self.settle_lists(now);
        self.place_attached(now);
        Ok(order)
    }

    /// Changes price or quantity of an open limit order; it may match at once at its new price.
    pub(crate) fn amend(
        &mut self,
        id: u64,
        price: Option<Decimal>,
        qty: Option<Decimal>,
        now: u64,
    ) -> Result<Order, Reject> {
        let old = self.orders.get(&id).cloned().ok_or(Reject::UnknownOrder)?;
        if !old.status.is_live() {
            return Err(Reject::NotLive);
        }
        if old.waits.is_some() || old.pending {
            return Err(Reject::BadAmend);
        }
        let new =
            NewOrder { price: price.or(old.price), size: Size::Qty(qty.unwrap_or(old.qty)), ..old.again() };
        self.check_shape(&new)?;
        let rest = qty.unwrap_or(old.qty) - old.filled;
        if rest <= Decimal::ZERO || (new.price == old.price && qty.is_none_or(|qty| qty == old.qty)) {
            return Err(Reject::BadAmend);
        }
        let taken = self.taken(&NewOrder { size: Size::Qty(rest), ..new.clone() }, &old.account);
        if old.force == Force::PostOnly && !taken.is_empty() {
            return Err(Reject::WouldMatch);
        }
        let mut order = Order { price: new.price, qty: qty.unwrap_or(old.qty), updated: now, ..old.clone() };
        self.unlock(&mut order);
        self.live.remove(&id);
        if let Err(reject) = self.check_funds(&order, &taken) {
            let mut old = old;
            old.locked = Decimal::ZERO;
            self.lock(&mut old);
            self.keep(old);
            return Err(reject);
        }
        self.run(&mut order, taken, now);
        self.keep(order.clone());
        self.settle_lists(now);
        self.place_attached(now);
        Ok(order)
    }

    /// Fills resting orders that the prices now cross, at their own price, and wakes what waits for these prices.
    pub(super) fn cross(&mut self, now: u64) {
        self.fill_crossed(now);
        self.wake(now);
        self.wake_algos(now);
        self.place_attached(now);
    }

    fn fill_crossed(&mut self, now: u64) {
        let crossed: Vec<u64> = self.live.iter().copied().filter(|id| self.is_crossed(*id)).collect();
        for id in crossed {
            // Another leg of its list may have ended it meanwhile.
            let Some(mut order) = self.orders.remove(&id) else { continue };
            if !self.live.remove(&id) {
                self.orders.insert(id, order);
                continue;
            }
            let price = order.price.unwrap_or_default();
            let qty = self.allowed(&order, order.rest());
            if qty > Decimal::ZERO {
                self.fill(&mut order, (price, qty), true, now);
            }
            if order.status.is_live()
                && order.rest() > Decimal::ZERO
                && self.allowed(&order, order.rest()).is_zero()
            {
                self.end(&mut order, Status::Expired, now);
            }
            self.keep(order);
            self.settle_lists(now);
        }
    }

    fn is_crossed(&self, id: u64) -> bool {
        self.orders.get(&id).is_some_and(|order| {
            let last = self.price(&order.instrument);
            order.waits.is_none()
                && !order.pending
                && order.price.is_some_and(|price| order.side.sign() * (price - last) >= Decimal::ZERO)
        })
    }

    /// The exchange's filters.
    pub(super) fn check_shape(&self, new: &NewOrder) -> Result<(), Reject> {
        let instrument = &new.instrument;
        if let Some(price) = new.price
            && (price <= Decimal::ZERO || price > MAX_PRICE || !(price % instrument.tick).is_zero())
        {
            return Err(Reject::PriceFilter);
        }
        let price = new.price.unwrap_or_else(|| self.price(instrument));
        let notional = match new.size {
            Size::Quote(quote) => quote,
            Size::Qty(qty) => {
                check_qty(instrument, qty)?;
                if instrument.shape == Shape::Inverse {
                    qty * instrument.contract
                } else {
                    instrument.value(qty, price)
                }
            }
        };
        if notional <= Decimal::ZERO || (!new.reduce_only && notional < instrument.min_notional) {
            return Err(Reject::MinNotional);
        }
        if notional > MAX_PRICE { Err(Reject::MaxQty) } else { Ok(()) }
    }

    /// Position side and reduce-only.
    fn check_leg(&mut self, name: &str, new: &NewOrder) -> Result<(), Reject> {
        let (wallet, spot) = (new.instrument.wallet, new.instrument.shape == Shape::Spot);
        let account = self.account(name);
        if spot {
            return if new.reduce_only { Err(Reject::ReduceOnly) } else { Ok(()) };
        }
        if account.is_hedged(wallet) == (new.leg == Leg::Net) {
            return Err(Reject::PositionSide);
        }
        let closes = new.reduce_only || new.leg.opens(new.side) == Some(false);
        // One that waits may be placed before there is anything to close.
        let waits = new.trigger.is_some() || new.pending;
        if closes && !waits && account.closable(&new.instrument, new.leg, new.side).is_zero() {
            return Err(Reject::ReduceOnly);
        }
        Ok(())
    }

    /// What the order would take from the book now.
    pub(super) fn taken(&mut self, new: &NewOrder, account: &str) -> Vec<Level> {
        let price = self.price(&new.instrument);
        let wanted = match new.size {
            Size::Qty(qty) => Wanted::Qty(cap(self.account(account), new, qty)),
            Size::Quote(quote) => Wanted::Quote(quote),
        };
        let taken = book::take(&new.instrument, price, new.side, new.price, wanted);
        let whole: Decimal = taken.iter().map(|level| level.1).sum();
        match (new.force, new.size) {
            (Force::Fok, Size::Qty(qty)) if whole < qty => Vec::new(),
            _ => taken,
        }
    }

    fn accept(&mut self, account: &str, new: NewOrder, now: u64) -> Order {
        let id = self.next_id();
        let (qty, quote_qty) = match new.size {
            Size::Qty(qty) => (qty, None),
            Size::Quote(quote) => (Decimal::ZERO, Some(quote)),
        };
        Order {
            id,
            account: account.to_owned(),
            client_id: new.client_id.unwrap_or_default(),
            instrument: new.instrument,
            side: new.side,
            force: new.force,
            price: new.price,
            qty,
            quote_qty,
            filled: Decimal::ZERO,
            turnover: Decimal::ZERO,
            fee: Decimal::ZERO,
            realized: Decimal::ZERO,
            status: Status::New,
            reduce_only: new.reduce_only,
            leg: new.leg,
            locked: Decimal::ZERO,
            created: now,
            updated: now,
            labels: new.labels,
            waits: new.trigger,
            fired: false,
            list: new.list,
            pending: new.pending,
        }
    }

    /// Whether the account can pay for the order, fills at once and rest together.
    pub(super) fn check_funds(&mut self, order: &Order, taken: &[Level]) -> Result<(), Reject> {
        let instrument = Arc::clone(&order.instrument);
        let value = match order.price {
            Some(price) => instrument.value(order.rest(), price),
            None => taken.iter().map(|&(price, qty)| instrument.value(qty, price)).sum(),
        };
        let (asset, need) = match (instrument.shape, order.side) {
            (Shape::Spot, Side::Buy) => (instrument.quote, value),
            (Shape::Spot, Side::Sell) => (instrument.base, order.rest()),
            _ => (instrument.settle(), self.margin_for(order, value)),
        };
        if need > self.available(&order.account, instrument.wallet, asset) {
            return Err(Reject::Insufficient);
        }
        Ok(())
    }

    /// The margin that an order needs: what it closes needs none.
    fn margin_for(&mut self, order: &Order, value: Decimal) -> Decimal {
        let account = self.account(&order.account);
        let closable = account.closable(&order.instrument, order.leg, order.side);
        let opening = (order.rest() - closable).max(Decimal::ZERO);
        let share = opening.checked_div(order.rest()).unwrap_or_default();
        let leverage = Decimal::from(account.leverage(&order.instrument).max(1));
        (value * share).checked_div(leverage).unwrap_or(value)
    }

    /// What is free for new orders: balance, less margin in use, with the open gain or loss of derivatives.
    pub(crate) fn available(&mut self, name: &str, wallet: Wallet, asset: &str) -> Decimal {
        let (used, gain) = self.margin_in_use(name, wallet, asset);
        self.account(name).balance(wallet, asset).free - used + gain
    }

    /// Margin in use by positions and open orders, and the open gain, in one asset.
    pub(crate) fn margin_in_use(&mut self, name: &str, wallet: Wallet, asset: &str) -> (Decimal, Decimal) {
        self.account(name);
        let Some(account) = self.accounts.get(name) else { return Default::default() };
        let ours =
            |one: &Instrument| one.wallet == wallet && one.shape != Shape::Spot && one.settle() == asset;
        let margin = |one: &Instrument, qty: Decimal, price| {
            one.value(qty.abs(), price)
                .checked_div(Decimal::from(account.leverage(one).max(1)))
                .unwrap_or_default()
        };
        let (mut used, mut gain) = (Decimal::ZERO, Decimal::ZERO);
        for position in account.positions.values().filter(|one| ours(&one.instrument)) {
            let price = self.price(&position.instrument);
            used += margin(&position.instrument, position.qty, price);
            gain += position.instrument.gain(position.qty, position.entry, price);
        }
        let holds = |order: &&Order| !order.reduce_only && order.waits.is_none() && !order.pending;
        for order in self.live_of(name).filter(|order| ours(&order.instrument)).filter(holds) {
            let closable = account.closable(&order.instrument, order.leg, order.side);
            let opening = (order.rest() - closable).max(Decimal::ZERO);
            used += margin(&order.instrument, opening, order.price.unwrap_or_default());
        }
        (used.round_dp(8), gain.round_dp(8))
    }

    /// Fills at once, then rests or ends.
    pub(super) fn run(&mut self, order: &mut Order, taken: Vec<Level>, now: u64) {
        for level in taken {
            self.fill(order, level, false, now);
        }
        if !order.status.is_live() {
            return;
        }
        if rests(order) && self.allowed(order, order.rest()) > Decimal::ZERO {
            self.lock(order);
        } else {
            self.end(order, Status::Expired, now);
        }
    }

    /// A reduce-only or closing order never fills past the position.
    fn allowed(&mut self, order: &Order, qty: Decimal) -> Decimal {
        if order.instrument.shape == Shape::Spot
            || !(order.reduce_only || order.leg.opens(order.side) == Some(false))
        {
            return qty;
        }
        qty.min(self.account(&order.account).closable(&order.instrument, order.leg, order.side))
    }

    fn fill(&mut self, order: &mut Order, (price, qty): Level, maker: bool, now: u64) {
        let instrument = Arc::clone(&order.instrument);
        let rate = instrument.fee_rate(maker);
        let (fee, fee_asset, realized) = if instrument.shape == Shape::Spot {
            let (fee, asset) = self.settle_spot(order, (price, qty), rate);
            (fee, asset, Decimal::ZERO)
        } else {
            let account = self.account(&order.account);
            let realized = account.position_mut(&instrument, order.leg).add(order.side, qty, price, now);
            let fee = (instrument.value(qty, price) * rate).round_dp(8);
            account.balance_mut(instrument.wallet, instrument.settle()).free += realized - fee;
            (fee, instrument.settle(), realized)
        };
        order.filled += qty;
        order.turnover += qty * price;
        order.fee += fee;
        order.realized += realized;
        order.updated = now;
        order.status = if order.rest() <= Decimal::ZERO { Status::Filled } else { Status::PartiallyFilled };
        let id = self.next_id();
        self.fills.push(Fill {
            id,
            order_id: order.id,
            account: order.account.clone(),
            client_id: order.client_id.clone(),
            instrument,
            side: order.side,
            leg: order.leg,
            price,
            qty,
            fee,
            fee_asset,
            maker,
            realized,
            time: now,
            tag: order.label("tag").to_owned(),
        });
    }

    /// Moves the two assets of a spot fill; the fee is taken from what is received.
    fn settle_spot(
        &mut self,
        order: &mut Order,
        (price, qty): Level,
        rate: Decimal,
    ) -> (Decimal, &'static str) {
        let instrument = Arc::clone(&order.instrument);
        let paid = if order.side == Side::Buy { qty * price } else { qty };
        let got = if order.side == Side::Buy { qty } else { qty * price };
        let got_asset = if order.side == Side::Buy { instrument.base } else { instrument.quote };
        let fee = (got * rate).round_dp(8);
        let from_lock = paid.min(order.locked);
        order.locked -= from_lock;
        let account = self.account(&order.account);
        let source = account.balance_mut(instrument.wallet, order.lock_asset());
        source.locked -= from_lock;
        source.free -= paid - from_lock;
        account.balance_mut(instrument.wallet, got_asset).free += got - fee;
        (fee, got_asset)
    }

    /// Sets aside what the rest of a spot order needs.
    fn lock(&mut self, order: &mut Order) {
        if order.instrument.shape != Shape::Spot {
            return;
        }
        let need = match order.side {
            Side::Buy => {
                let at = order.price.or_else(|| order.waits.as_ref().and_then(Trigger::at));
                order.rest() * at.unwrap_or_default()
            }
            Side::Sell => order.rest(),
        };
        let (wallet, asset) = (order.instrument.wallet, order.lock_asset());
        let balance = self.account(&order.account).balance_mut(wallet, asset);
        balance.free -= need;
        balance.locked += need;
        order.locked = need;
    }

    pub(super) fn unlock(&mut self, order: &mut Order) {
        let (wallet, asset) = (order.instrument.wallet, order.lock_asset());
        if order.instrument.shape == Shape::Spot {
            let balance = self.account(&order.account).balance_mut(wallet, asset);
            balance.free += order.locked;
            balance.locked -= order.locked;
        }
        order.locked = Decimal::ZERO;
    }

    pub(super) fn end(&mut self, order: &mut Order, status: Status, now: u64) {
        self.unlock(order);
        order.status = status;
        order.updated = now;
    }

    fn take_live(&mut self, account: &str, id: u64) -> Result<Order, Reject> {
        let known =
            self.orders.get(&id).filter(|order| order.account == account).ok_or(Reject::UnknownOrder)?;
        if !known.status.is_live() {
            return Err(Reject::NotLive);
        }
        self.live.remove(&id);
        self.orders.remove(&id).ok_or(Reject::UnknownOrder)
    }

    pub(super) fn keep(&mut self, mut order: Order) {
        if order.list.is_some() {
            self.touched.push(order.id);
        }
        if order.status.is_live() {
            self.live.insert(order.id);
        } else {
            self.live.remove(&order.id);
            self.unlock(&mut order);
        }
        self.orders.insert(order.id, order);
    }

    /// Moves funds between wallets of an account.
    pub(crate) fn transfer(&mut self, name: &str, mut moved: Moved) -> Result<u64, Reject> {
        if moved.amount <= Decimal::ZERO || moved.amount > self.available(name, moved.from, &moved.asset) {
            return Err(Reject::Insufficient);
        }
        moved.id = self.next_id();
        let id = moved.id;
        let account = self.account(name);
        account.balance_mut(moved.from, &moved.asset).free -= moved.amount;
        account.balance_mut(moved.to, &moved.asset).free += moved.amount;
        account.moved.push(moved);
        Ok(id)
    }

    /// Sends funds away.
    pub(crate) fn withdraw(&mut self, name: &str, from: Wallet, mut out: Withdrawal) -> Result<u64, Reject> {
        if out.amount <= Decimal::ZERO || out.amount > self.available(name, from, &out.asset) {
            return Err(Reject::Insufficient);
        }
        out.id = self.next_id();
        let id = out.id;
        let account = self.account(name);
        account.balance_mut(from, &out.asset).free -= out.amount;
        account.withdrawals.push(out);
        Ok(id)
    }

    /// One-way or hedge mode; not while anything is open there.
    pub(crate) fn set_hedged(&mut self, name: &str, wallet: Wallet, hedged: bool) -> Result<(), Reject> {
        let live = self
            .live_of(name)
            .any(|one| one.instrument.wallet == wallet && one.instrument.shape != Shape::Spot);
        let account = self.account(name);
        let held =
            account.positions.values().any(|one| one.instrument.wallet == wallet && !one.qty.is_zero());
        if live || held {
            return Err(Reject::Busy);
        }
        account.hedge.insert(wallet, hedged);
        Ok(())
    }
}

fn check_qty(instrument: &Instrument, qty: Decimal) -> Result<(), Reject> {
    if qty > instrument.max_qty {
        return Err(Reject::MaxQty);
    }
    if qty < instrument.min_qty {
        return Err(Reject::MinQty);
    }
    if !(qty % instrument.step).is_zero() {
        return Err(Reject::LotSize);
    }
    Ok(())
}

/// Whether what is not matched at once stays.
fn rests(order: &Order) -> bool {
    order.price.is_some() && matches!(order.force, Force::Gtc | Force::PostOnly)
}

/// How much of an order may be filled: one that only closes, never past the position.
fn cap(account: &Account, new: &NewOrder, qty: Decimal) -> Decimal {
    let closes = new.reduce_only || new.leg.opens(new.side) == Some(false);
    if closes && new.instrument.shape != Shape::Spot {
        return qty.min(account.closable(&new.instrument, new.leg, new.side));
    }
    qty
}
