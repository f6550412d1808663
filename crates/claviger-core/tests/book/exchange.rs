//! An exchange that knows the truth: what arrived, what filled and when, whatever it told anybody.

use claviger_core::*;

use crate::desk::*;

/// An order as the exchange has it, or will have it once it arrives.
#[derive(Clone, Debug)]
pub struct Real {
    pub leg: LegId,
    /// Another order, by its place in the list, of which with this one at most one fills.
    pub rival: Option<usize>,
    pub bot: &'static str,
    pub order: Order,
    /// The largest reference price by which its present terms were judged.
    pub judged_at: Decimal,
    pub filled: Decimal,
    /// When, of what value, and at what loss.
    pub fills: Vec<(u64, Decimal, Decimal)>,
    pub open: bool,
    pub arrived: bool,
}

impl Real {
    pub fn id(&self) -> String {
        format!("x{}", self.leg)
    }

    pub fn size(&self) -> Decimal {
        match self.order.size {
            Size::Base(n) | Size::Contracts(n) | Size::Quote(n) => n,
            Size::Position => panic!(),
        }
    }

    fn unit(&self) -> Decimal {
        let OrderKind::Limit { price } = self.order.kind else { panic!() };
        price.max(self.judged_at)
    }

    /// What one unit loses at its worst price, with a fee of a thousandth.
    fn unit_loss(&self) -> Decimal {
        let OrderKind::Limit { price } = self.order.kind else { panic!() };
        let by_price = match self.order.side {
            Side::Buy => price.less(self.judged_at),
            Side::Sell => self.judged_at.less(price),
        };
        by_price.plus(self.unit().over(Decimal::from_u64(1000)).unwrap()).unwrap()
    }

    fn left(&self) -> Decimal {
        self.size().less(self.filled)
    }

    pub fn fill(&mut self, part: u64, now: u64) {
        if !self.open {
            return;
        }
        let more = self.left().min(Decimal::from_u64(part));
        self.filled = self.filled.plus(more).unwrap();
        let (value, loss) = (more.times(self.unit()).unwrap(), more.times(self.unit_loss()).unwrap());
        self.fills.push((now, value, loss));
        self.open = !self.left().is_zero();
    }

    /// It reaches the exchange: part of it fills at once, and what cannot rest is cancelled.
    pub fn arrive(&mut self, part: u64, now: u64) {
        (self.arrived, self.open) = (true, true);
        self.fill(part, now);
        if self.order.time_in_force == TimeInForce::ImmediateOrCancel {
            self.open = false;
        }
    }

    pub fn amend(&mut self, size: Option<Decimal>, price: Option<Decimal>, judged_at: Decimal) {
        if let Some(size) = size {
            self.order.size = Size::Base(size);
        }
        if let Some(price) = price {
            self.order.kind = OrderKind::Limit { price };
        }
        self.judged_at = judged_at;
        if self.left().is_zero() {
            self.open = false;
        }
    }

    pub fn state(&self) -> OrderState {
        OrderState {
            id: self.id().into(),
            client_id: self.order.client_id.clone(),
            filled: Some(self.filled),
            resting: if self.open { Resting::Open } else { Resting::Done },
            ..OrderState::default()
        }
    }

    /// What it truly has cost within the last 24 hours.
    pub fn spent(&self, now: u64) -> Decimal {
        self.spent_since(now, 24 * HOUR)
    }

    /// The same within so many milliseconds.
    pub fn spent_since(&self, now: u64, span: u64) -> Decimal {
        let recent = self.fills.iter().filter(|(at, ..)| now < at + span).map(|(_, value, _)| *value);
        recent.fold(Decimal::ZERO, |sum, value| sum.plus(value).unwrap())
    }

    /// What it may cost as it stands.
    pub fn live(&self) -> Decimal {
        if self.open { self.left().times(self.unit()).unwrap() } else { Decimal::ZERO }
    }

    /// What it truly has lost within the last 24 hours.
    pub fn lost(&self, now: u64) -> Decimal {
        let recent = self.fills.iter().filter(|(at, ..)| now < at + 24 * HOUR).map(|(.., loss)| *loss);
        recent.fold(Decimal::ZERO, |sum, loss| sum.plus(loss).unwrap())
    }

    /// What it may lose as it stands.
    pub fn may_lose(&self) -> Decimal {
        if self.open { self.left().times(self.unit_loss()).unwrap() } else { Decimal::ZERO }
    }
}
