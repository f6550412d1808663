//! Requests of several steps: each is judged as if it came alone, and what they may cost is reserved together.

use std::collections::BTreeSet;

use super::case::Case;
use super::{Judged, Refused, asked, plain};
use crate::entry::Leg;
use crate::{
    Act, Amendment, Cancel, ClientOrderId, Deed, Denial, Exit, How, Market, Order, OrderRef, Step, Steps,
    Symbol,
};

/// One request can have this many steps.
const MOST: usize = 64;

impl Case<'_> {
    /// All steps, or none. A refusal says which step it is about, where it is about one.
    pub(super) fn steps(&self, steps: &Steps) -> Result<Judged, Refused> {
        hangs_together(steps).map_err(plain)?;
        let places = steps.steps.iter().filter(|step| matches!(step.deed, Deed::Place(_))).count();
        self.room_for(places)?;
        let mut seen = Seen::default();
        if let Some(name) = &steps.client_id {
            seen.name(name).map_err(plain)?;
        }
        let (mut leaving, mut legs): (Vec<Step>, Vec<Leg>) = (Vec::new(), Vec::new());
        for (n, step) in (0_u16..).zip(&steps.steps) {
            let after = match (steps.how, leaving.first()) {
                (How::Then | How::ThenOneOf, Some(Step { deed: Deed::Place(first), .. })) => Some(first),
                _ => None,
            };
            let (deed, leg) = self.step(step, (steps.how, n, after), &mut seen).map_err(|mut refused| {
                refused.1.step = Some(n);
                refused
            })?;
            leaving.push(Step { deed, params: step.params.clone() });
            legs.push(leg);
        }
        let steps = Steps { how: steps.how, steps: leaving, client_id: steps.client_id.clone() };
        Ok(Judged { leaves: self.intent(Act::Steps(steps)), alone: Leg::default(), legs })
    }

    fn step(
        &self,
        step: &Step,
        (how, n, after): (How, u16, Option<&Order>),
        seen: &mut Seen,
    ) -> Result<(Deed, Leg), Refused> {
        asked(self.policy, self.ask, &self.intent(step.deed.clone().into_act()))?;
        let (deed, leg) = match &step.deed {
            Deed::Place(order) => {
                let (leaves, leg) = self.placed(order, (n, after))?;
                (Deed::Place(leaves), leg)
            }
            Deed::Amend(amendment) => {
                let (leaves, leg) = self.amended(amendment)?;
                (Deed::Amend(leaves), leg)
            }
            Deed::Cancel(cancel) => {
                let target = self.cancelled(cancel)?;
                // Where another order takes its place, that one is judged.
                if let (How::Batch, Some(id)) = (how, target) {
                    self.may_end(id, cancel)?;
                }
                (step.deed.clone(), Leg { target, ..Leg::default() })
            }
        };
        seen.step(&deed, &leg).map_err(plain)?;
        Ok((deed, leg))
    }
}

const fn unmeasured(why: &'static str) -> Denial {
    Denial::Unmeasured { why }
}

/// Whether the steps are those that the request says they are.
fn hangs_together(steps: &Steps) -> Result<(), Denial> {
    if steps.steps.is_empty() || steps.steps.len() > MOST {
        return Err(unmeasured("a request has 1 to 64 items"));
    }
    let deeds: Vec<&Deed> = steps.steps.iter().map(|step| &step.deed).collect();
    let fits = match (steps.how, &*deeds) {
        (How::Batch, _) => return Ok(()),
        (How::Replace { .. }, [Deed::Cancel(_), Deed::Place(_)])
        | (How::OneOf | How::Then, [Deed::Place(_), Deed::Place(_)])
        | (How::ThenOneOf, [Deed::Place(_), Deed::Place(_), Deed::Place(_)]) => true,
        (How::Replace { .. } | How::OneOf | How::Then | How::ThenOneOf, _) => false,
    };
    let first = deeds.first().map(|deed| place(deed));
    if fits && deeds.iter().all(|deed| Some(place(deed)) == first) {
        Ok(())
    } else {
        Err(unmeasured("the items of a list are of one instrument, and as many as its kind has"))
    }
}

const fn place(deed: &Deed) -> (Market, &Symbol) {
    match deed {
        Deed::Place(order) => (order.market, &order.symbol),
        Deed::Amend(amendment) => (amendment.market, &amendment.symbol),
        Deed::Cancel(cancel) => (cancel.market, &cancel.symbol),
    }
}

/// What the steps so far name: each order is touched once, and each new name given once.
#[derive(Default)]
struct Seen {
    names: BTreeSet<ClientOrderId>,
    targets: BTreeSet<crate::LegId>,
    refs: Vec<(Symbol, OrderRef)>,
}

impl Seen {
    fn step(&mut self, deed: &Deed, leg: &Leg) -> Result<(), Denial> {
        match deed {
            Deed::Place(order) => self.placed(order),
            Deed::Amend(Amendment { symbol, order, more, .. }) => {
                self.touch(symbol, order, leg)?;
                self.attached(&more.exits)?;
                more.client_id.as_ref().map_or(Ok(()), |name| self.name(name))
            }
            Deed::Cancel(Cancel { symbol, order, .. }) => self.touch(symbol, order, leg),
        }
    }

    fn placed(&mut self, order: &Order) -> Result<(), Denial> {
        if let Some(name) = &order.client_id {
            self.name(name)?;
        }
        self.attached(&order.more.exits)
    }

    fn attached(&mut self, exits: &[Exit]) -> Result<(), Denial> {
        exits.iter().filter_map(|exit| exit.client_id.as_ref()).try_for_each(|name| self.name(name))
    }

    fn name(&mut self, name: &ClientOrderId) -> Result<(), Denial> {
        let once = self.names.insert(name.clone());
        if once { Ok(()) } else { Err(unmeasured("the same client order id stands twice in one request")) }
    }

    fn touch(&mut self, symbol: &Symbol, order: &OrderRef, leg: &Leg) -> Result<(), Denial> {
        let by_name = (symbol.clone(), order.clone());
        let twice = leg.target.is_some_and(|id| !self.targets.insert(id)) || self.refs.contains(&by_name);
        self.refs.push(by_name);
        if twice { Err(unmeasured("the same order stands twice in one request")) } else { Ok(()) }
    }
}
