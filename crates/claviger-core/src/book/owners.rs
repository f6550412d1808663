//! Whose order an order was, long after the ledger has let go of it.
//!
//! Bots that share a real key see one account at the exchange. Each may see only its own orders and fills there, and an
//! exchange tells of orders for months. So every order that was placed is remembered by what the exchange and the client
//! call it. Like the book, this is folded from the journal's entries alone.

use std::collections::{BTreeMap, VecDeque};

use super::ledger::{client_name, told_client_name, told_name};
use crate::entry::{IntentEntry, OutcomeEntry};
use crate::{
    Act, BotName, Deed, Digest, Entry, IntentId, KeyName, Observed, OrderRef, OrderState, Outcome,
    SurfaceName, Symbol,
};

/// Every order that bots placed, by its names. So many names are remembered; an order whose names are forgotten is
/// nobody's, and shown to nobody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Owners {
    claims: BTreeMap<Mark, Claim>,
    /// The names in the order they came.
    oldest: VecDeque<Mark>,
    bots: Vec<BotName>,
    open: BTreeMap<IntentId, Open>,
}

/// The most names that are remembered: two for most orders.
const MOST: usize = 1 << 20;

/// A name, hashed with the key, surface and symbol where it means something.
type Mark = [u8; 16];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claim {
    /// By the bot of this number.
    One(u16),
    /// By several: client ids can be used again.
    Several,
}

/// A request that places orders and whose outcome is not known yet.
#[derive(Clone, Debug, PartialEq)]
struct Open {
    bot: u16,
    key: KeyName,
    surface: SurfaceName,
    /// One for each step; `None` for one that names no order anew.
    steps: Vec<Option<(Symbol, Option<OrderRef>)>>,
    /// The client's id of the list that the steps make.
    list: Option<OrderRef>,
}

/// Where an order's name means something.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The real key.
    pub key: &'a KeyName,
    /// The exchange's interface.
    pub surface: &'a SurfaceName,
    /// The instrument.
    pub symbol: &'a Symbol,
}

impl Owners {
    /// Takes in one entry of the journal. Entries come in the journal's order.
    pub fn fold(&mut self, entry: &Entry) {
        match entry {
            Entry::Intent(e) => self.begin(e),
            Entry::Outcome(e) => self.conclude(e),
            Entry::Recovery(_) => {
                for (_, open) in std::mem::take(&mut self.open) {
                    self.may_exist(&open, &Outcome::Unknown { why: "".into() });
                }
            }
            Entry::Observed(e) => match &e.what {
                Observed::Order { symbol, state } => self.saw((&e.key, &e.surface), symbol, state),
                Observed::OpenOrders { orders, .. } => {
                    orders.iter().for_each(|(symbol, state)| self.saw((&e.key, &e.surface), symbol, state));
                }
                Observed::Absent { .. }
                | Observed::Account { .. }
                | Observed::Holdings(_)
                | Observed::Quote { .. } => {}
            },
            Entry::Read(_)
            | Entry::Denial(_)
            | Entry::Policy(_)
            | Entry::Operator(_)
            | Entry::Checkpoint(_) => {}
        }
    }

    /// The bot that placed an order with these names. What the exchange calls it decides; the client's words only where
    /// the exchange's are not known, and only if one bot alone ever used them.
    #[must_use]
    pub fn owner(&self, site: Site<'_>, names: &[OrderRef]) -> Option<&BotName> {
        let claim = |own: bool| {
            let names = names.iter().filter(|name| is_the_exchanges(name) == own);
            names.filter_map(|name| self.claims.get(&mark(site, name)).copied()).next()
        };
        match claim(true).or_else(|| claim(false))? {
            Claim::One(bot) => self.bots.get(usize::from(bot)),
            Claim::Several => None,
        }
    }

    fn begin(&mut self, entry: &IntentEntry) {
        let (steps, list): (Vec<_>, _) = match &entry.leaves.act {
            Act::Place(order) => (vec![Some((order.symbol.clone(), client_name(order)))], None),
            Act::Amend(by) => {
                (vec![Some((by.symbol.clone(), by.more.client_id.clone().map(OrderRef::Client)))], None)
            }
            Act::Steps(steps) => {
                let named = |deed: &Deed| match deed {
                    Deed::Place(order) => Some((order.symbol.clone(), client_name(order))),
                    Deed::Amend(by) => {
                        Some((by.symbol.clone(), by.more.client_id.clone().map(OrderRef::Client)))
                    }
                    Deed::Cancel(_) => None,
                };
                let list = steps.client_id.clone().map(OrderRef::ListClient);
                (steps.steps.iter().map(|step| named(&step.deed)).collect(), list)
            }
            Act::Read
            | Act::Test(_)
            | Act::Cancel(_)
            | Act::ClosePosition { .. }
            | Act::Countdown { .. }
            | Act::CancelAll { .. }
            | Act::SetLeverage { .. }
            | Act::SetMarginMode { .. }
            | Act::Transfer(_)
            | Act::Withdraw(_)
            | Act::Special(_)
            | Act::Change => return,
        };
        let Some(bot) = self.number(&entry.bot) else { return };
        let (key, surface) = (entry.key.clone(), entry.leaves.endpoint.surface.clone());
        self.open.insert(entry.id, Open { bot, key, surface, steps, list });
    }

    fn conclude(&mut self, entry: &OutcomeEntry) {
        if let Some(open) = self.open.remove(&entry.id) {
            self.may_exist(&open, &entry.outcome);
        }
    }

    /// Claims what the outcome does not rule out.
    fn may_exist(&mut self, open: &Open, outcome: &Outcome) {
        let count = open.steps.len();
        for (n, (symbol, client)) in open.steps.iter().enumerate().filter_map(|(n, s)| Some((n, s.as_ref()?)))
        {
            let outcome = if count == 1 { outcome.alone() } else { outcome.of_step(n, count) };
            let site = Site { key: &open.key, surface: &open.surface, symbol };
            let told = match &outcome {
                Outcome::NotExecuted { .. } => continue,
                Outcome::Executed(execution) => execution.order.as_ref(),
                Outcome::Unknown { .. } | Outcome::Each(_) => None,
            };
            let names = client.iter().chain(&open.list).cloned();
            let names: Vec<OrderRef> = names.chain(told.into_iter().flat_map(told_names)).collect();
            names.iter().for_each(|name| self.claim(site, name, open.bot));
        }
    }

    /// An order that was asked about: what the exchange calls it is learned from what the client does.
    fn saw(&mut self, (key, surface): (&KeyName, &SurfaceName), symbol: &Symbol, state: &OrderState) {
        let site = Site { key, surface, symbol };
        let told: Vec<OrderRef> = told_names(state).collect();
        let names: Vec<OrderRef> = told.iter().cloned().chain(told_client_name(state)).collect();
        let owner = self.owner(site, &names).cloned();
        if let Some(bot) = owner.and_then(|bot| self.number(&bot)) {
            told.iter().for_each(|name| self.claim(site, name, bot));
        }
    }

    fn claim(&mut self, site: Site<'_>, name: &OrderRef, bot: u16) {
        let mark = mark(site, name);
        match self.claims.get_mut(&mark) {
            Some(Claim::One(known)) if *known == bot => {}
            Some(claim) => *claim = Claim::Several,
            None => {
                self.claims.insert(mark, Claim::One(bot));
                self.oldest.push_back(mark);
            }
        }
        while self.oldest.len() > MOST {
            if let Some(mark) = self.oldest.pop_front() {
                self.claims.remove(&mark);
            }
        }
    }

    /// The number of a bot; `None` beyond the most that can be numbered, whose orders are nobody's then.
    fn number(&mut self, bot: &BotName) -> Option<u16> {
        let at = self.bots.iter().position(|known| known == bot).unwrap_or_else(|| {
            self.bots.push(bot.clone());
            self.bots.len() - 1
        });
        u16::try_from(at).ok()
    }
}

/// What the exchange calls an order: its own number, the one after it fired, and that of its list.
fn told_names(state: &OrderState) -> impl Iterator<Item = OrderRef> {
    let became = state.became.clone().map(OrderRef::Exchange);
    told_name(state).into_iter().chain(became).chain(state.list.clone().map(OrderRef::List))
}

const fn is_the_exchanges(name: &OrderRef) -> bool {
    match name {
        OrderRef::Exchange(_) | OrderRef::Algo(_) | OrderRef::List(_) => true,
        OrderRef::Client(_) | OrderRef::AlgoClient(_) | OrderRef::ListClient(_) => false,
    }
}

fn mark(site: Site<'_>, name: &OrderRef) -> Mark {
    let (kind, text): (&str, &str) = match name {
        OrderRef::Exchange(id) => ("exchange", id),
        OrderRef::Client(id) => ("client", id.as_str()),
        OrderRef::Algo(id) => ("algo", id),
        OrderRef::AlgoClient(id) => ("algo-client", id.as_str()),
        OrderRef::List(id) => ("list", id),
        OrderRef::ListClient(id) => ("list-client", id.as_str()),
    };
    let parts = [site.key.as_str(), site.surface.as_str(), site.symbol.as_str(), kind, text];
    let digest = Digest::of(parts.join("\0").as_bytes());
    let mut mark = Mark::default();
    mark.iter_mut().zip(digest.bytes()).for_each(|(to, from)| *to = *from);
    mark
}
