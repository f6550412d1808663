//! The gate: a real book decides what a bot may do, and folds what became of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use claviger_core::book::{Ask, Book};
use claviger_core::entry::{ObservedEntry, OperatorEntry};
use claviger_core::{
    Act, Address, BotName, Digest, Endpoint, Entry, Evidence, ExchangeName, Execution, Intent, IntentId,
    KeyName, MarketView, Method, Observed, OperatorAct, OrderState, Outcome, Peer, Permission, PolicySet,
    Replay, Subject, SurfaceName, Symbol, Time,
};

/// What a bot is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was refused, by this rule.
    Refused(&'static str),
    /// It left, and this became of it so far: the exchange's number of the order, where there is one, and what filled.
    Left {
        /// The exchange's number.
        order: u64,
        /// What filled, in base units.
        filled: i128,
        /// Whether it is over.
        over: bool,
    },
}

impl Reply {
    /// Whether it was refused.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// Whether any of it filled at once.
    #[must_use]
    pub const fn filled(&self) -> bool {
        matches!(self, Self::Left { filled, .. } if *filled > 0)
    }
}

/// What was asked and what was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that left.
    pub left: u64,
    /// Refusals by rule.
    pub refused: BTreeMap<&'static str, u64>,
    /// The rule of the last refusal.
    pub last: Option<&'static str>,
    /// One message of each rule.
    pub messages: BTreeMap<&'static str, String>,
}

/// The book, the policies it asks, and what was counted.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    book: Book,
    policies: Arc<PolicySet>,
    exchange: ExchangeName,
    pub(crate) tally: Tally,
    /// Everything that was folded: what the book is a function of.
    journal: Vec<Entry>,
    next: u128,
}

/// What left, to be carried out.
pub(crate) struct Left {
    pub(crate) id: IntentId,
    pub(crate) act: Act,
}

impl Gate {
    pub(crate) fn new(policies: &Arc<PolicySet>, exchange: ExchangeName) -> Self {
        let (book, tally) = (Book::new(), Tally::default());
        Self { book, policies: Arc::clone(policies), exchange, tally, journal: Vec::new(), next: 0 }
    }

    /// Whether a book folded from the journal is the book.
    pub(crate) fn replayed(&self, now: Time) -> bool {
        let mut book = Book::new();
        self.journal.iter().for_each(|entry| book.fold(entry));
        let mut own = self.book.clone();
        book.sweep(now);
        own.sweep(now);
        book == own
    }

    /// Asks for an act of a bot.
    pub(crate) fn ask(
        &mut self,
        bot: &BotName,
        act: Act,
        surface: &SurfaceName,
        (view, now): (&MarketView, Time),
    ) -> Result<Left, &'static str> {
        self.next += 1;
        let endpoint = Endpoint {
            exchange: self.exchange.clone(),
            surface: surface.clone(),
            method: Method::Post,
            path: "/order".into(),
        };
        let ask = Ask {
            id: IntentId::new(self.next),
            bot: bot.clone(),
            evidence: Evidence::BotSignature,
            peer: Peer { address: Address::Ip([127, 0, 0, 1].into()), same_user: false, user: None },
            intent: Intent { endpoint, permission: Permission::Trade, act, params: Vec::new() },
            market: view,
            now,
            replay: Replay { digest: Digest::of(&self.next.to_be_bytes()), until: now.plus(10_000) },
            deadline: now.plus(2_000),
        };
        match self.book.decide(&self.policies, ask) {
            Ok(permit) => {
                self.tally.left += 1;
                let left = Left { id: permit.id(), act: permit.leaves().act.clone() };
                self.write(permit.entry().clone());
                Ok(left)
            }
            Err(denied) => {
                let rule = denied.denial.rule();
                *self.tally.refused.entry(rule).or_default() += 1;
                self.tally.last = Some(rule);
                self.tally.messages.entry(rule).or_insert_with(|| denied.denial.to_string());
                Err(rule)
            }
        }
    }

    /// What the exchange answered to what left.
    pub(crate) fn settle(&mut self, id: IntentId, order: Option<OrderState>, now: Time) {
        let outcome = Outcome::Executed(Execution { order, also: Vec::new() });
        if let Ok(entry) = self.book.settle(id, outcome, None, now) {
            self.write(entry);
        }
    }

    /// What the exchange refused.
    pub(crate) fn fail(&mut self, id: IntentId, now: Time) {
        if let Ok(entry) = self.book.settle(id, Outcome::NotExecuted { code: "".into() }, None, now) {
            self.write(entry);
        }
    }

    /// What the exchange says of an order, as the keep asks for it.
    pub(crate) fn observe(
        &mut self,
        bot: &BotName,
        surface: &SurfaceName,
        seen: (Symbol, OrderState),
        now: Time,
    ) {
        let Some(key) = self.policies.bot(bot).map(|policy| policy.key().clone()) else { return };
        let (symbol, state) = seen;
        let what = Observed::Order { symbol, state };
        let entry = ObservedEntry { at: now, asked_at: now, key, surface: surface.clone(), what };
        self.fold(Entry::Observed(Box::new(entry)));
    }

    /// The exchange says that it holds this key's account to `reduceOnly`.
    pub(crate) fn holds_reduce_only(&mut self, key: &KeyName, surface: &SurfaceName, now: Time) {
        let what = Observed::Account { holds_reduce_only: true };
        let (key, surface) = (key.clone(), surface.clone());
        self.fold(Entry::Observed(Box::new(ObservedEntry { at: now, asked_at: now, key, surface, what })));
    }

    /// An operator freezes a bot, or adds it.
    pub(crate) fn operator(&mut self, act: OperatorAct, now: Time) {
        self.fold(Entry::Operator(OperatorEntry { at: now, by: "operator".into(), act }));
    }

    pub(crate) fn freeze(&mut self, bot: &BotName, now: Time) {
        self.operator(OperatorAct::Freeze(Subject::Bot(bot.clone())), now);
    }

    fn fold(&mut self, entry: Entry) {
        self.book.fold(&entry);
        self.write(entry);
    }

    fn write(&mut self, entry: Entry) {
        self.journal.push(entry);
    }
}
