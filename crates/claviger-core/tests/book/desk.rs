//! A desk with two bots on one key and one on another, and words to ask in.

use std::collections::BTreeMap;
use std::sync::Arc;

use claviger_core::book::{Ask, Book, Denied, Permit};
use claviger_core::entry::{ObservedEntry, OperatorEntry, RecoveryEntry};
use claviger_core::market::Contract;
use claviger_core::*;

pub const START: u64 = 1_700_000_000_000;
pub const HOUR: u64 = 3_600_000;

pub fn n(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn bot(name: &str) -> BotName {
    name.parse().unwrap()
}

pub fn known() -> Vec<KnownExchange> {
    vec![KnownExchange {
        name: "binance".parse().unwrap(),
        surfaces: ["spot", "usdm", "coinm"].map(|s| s.parse().unwrap()).to_vec(),
        markets: Market::ALL.to_vec(),
        exits_by_account: false,
    }]
}

/// `a` and `b` share the key `one`; `c` has `two` for itself. `more` goes into the block of `a`, `key` into that of `one`.
pub fn config(more: &str, key: &str) -> Config {
    config_at(more, key, &known())
}

/// The same where exchanges are those.
pub fn config_at(more: &str, key: &str, known: &[KnownExchange]) -> Config {
    let set = |name: &str| more.lines().chain(key.lines()).any(|line| line.trim_start().starts_with(name));
    let usual = [
        ("grants", "[\"market-data\", \"read\", \"trade\"]"),
        ("markets", "[\"spot\"]"),
        ("symbols", "[\"BTCUSDT\", \"ETHBTC\"]"),
        ("max_order", "\"1000 USDT\""),
        ("max_day", "\"3000 USDT\""),
        ("max_open_orders", "4"),
        ("price_band", "\"2%\""),
    ];
    let block = |name: &str, key: &str, more: &str| {
        let lines: Vec<String> = usual
            .iter()
            .filter(|(limit, _)| more.is_empty() || !set(limit))
            .map(|(limit, value)| format!("{limit} = {value}"))
            .collect();
        format!("[bot.{name}]\nkey = \"{key}\"\n{}\n{more}\n", lines.join("\n"))
    };
    let text = format!(
        "[key.one]\nexchange = \"binance\"\n{key}\n[key.two]\nexchange = \"binance\"\n{}{}{}",
        block("a", "one", more),
        block("b", "one", ""),
        block("c", "two", ""),
    );
    Config::parse(&text, "test", known).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

pub struct Desk {
    pub book: Book,
    pub policies: Arc<PolicySet>,
    pub view: MarketView,
    pub now: u64,
    pub journal: Vec<Vec<u8>>,
    pub peer: Peer,
    pub evidence: Evidence,
    next: u128,
}

fn instrument(base: &str, quote: &str, contract: Option<(&str, &str)>) -> Instrument {
    Instrument {
        base: base.parse().unwrap(),
        quote: quote.parse().unwrap(),
        contract: contract.map(|(size, asset)| Contract { size: n(size), asset: asset.parse().unwrap() }),
        price_step: n("0.01"),
        size_step: n("0.001"),
        min_size: n("0.001"),
        underlying: None,
    }
}

impl Desk {
    pub fn new(more: &str, key: &str) -> Self {
        Self::of(&config(more, key))
    }

    pub fn of(config: &Config) -> Self {
        let mut desk = Self {
            book: Book::new(),
            policies: Arc::clone(config.policies()),
            view: MarketView::default(),
            now: START,
            journal: Vec::new(),
            peer: Peer { address: Address::Ip([127, 0, 0, 1].into()), same_user: false, user: None },
            evidence: Evidence::BotSignature,
            next: 0,
        };
        let venue = desk.view.venues.entry("binance".parse().unwrap()).or_default();
        let mut list = |market, symbol: &str, instrument| {
            let at: &mut BTreeMap<_, _> = venue.instruments.entry(market).or_default();
            at.insert(symbol.parse().unwrap(), instrument);
        };
        list(Market::Spot, "BTCUSDT", instrument("BTC", "USDT", None));
        list(Market::Spot, "ETHBTC", instrument("ETH", "BTC", None));
        list(Market::Usdm, "BTCUSDT", instrument("BTC", "USDT", None));
        list(Market::Usdm, "BTC-USDT-SWAP", instrument("BTC", "USDT", Some(("0.01", "BTC"))));
        list(Market::Coinm, "BTC-USD-SWAP", instrument("BTC", "USD", Some(("100", "USD"))));
        desk.price(Market::Spot, "BTCUSDT", "100");
        desk.price(Market::Usdm, "BTCUSDT", "100");
        desk.price(Market::Usdm, "BTC-USDT-SWAP", "100");
        desk.price(Market::Coinm, "BTC-USD-SWAP", "100");
        desk.price(Market::Spot, "ETHBTC", "0.5");
        desk
    }

    pub fn price(&mut self, market: Market, symbol: &str, price: &str) {
        let at = Time::from_millis(self.now);
        let reference = Reference { price: n(price), at, source: "ticker".into() };
        let venue = self.view.venues.get_mut("binance".parse::<ExchangeName>().as_ref().unwrap()).unwrap();
        venue.references.entry(market).or_default().insert(symbol.parse().unwrap(), reference);
    }

    /// Lets time pass, with prices that stay fresh.
    pub fn wait(&mut self, ms: u64) {
        self.now += ms;
        let at = self.now();
        let venues = self.view.venues.values_mut();
        for reference in venues.flat_map(|v| v.references.values_mut()).flat_map(BTreeMap::values_mut) {
            reference.at = at;
        }
    }

    pub fn now(&self) -> Time {
        Time::from_millis(self.now)
    }

    pub fn ask(&mut self, name: &str, act: Act, permission: Permission) -> Result<Permit, Denied> {
        self.next += 1;
        let digest = Digest::of(&self.next.to_be_bytes());
        self.ask_again(name, act, permission, digest)
    }

    pub fn ask_again(
        &mut self,
        name: &str,
        act: Act,
        permission: Permission,
        digest: Digest,
    ) -> Result<Permit, Denied> {
        let surface = match act.order().map(|o| o.market) {
            Some(Market::Usdm) => "usdm",
            Some(Market::Coinm) => "coinm",
            _ => "spot",
        };
        self.ask_with(surface, name, (act, permission), digest)
    }

    /// Asks on a surface other than the one that the act says by itself.
    pub fn ask_on(&mut self, surface: &str, name: &str, act: Act) -> Result<Permit, Denied> {
        self.next += 1;
        let digest = Digest::of(&self.next.to_be_bytes());
        self.ask_with(surface, name, (act, Permission::Trade), digest)
    }

    fn ask_with(
        &mut self,
        surface: &str,
        name: &str,
        (act, permission): (Act, Permission),
        digest: Digest,
    ) -> Result<Permit, Denied> {
        self.next += 1;
        let now = self.now();
        let policy = self.policies.bot(&bot(name));
        let endpoint = Endpoint {
            exchange: policy.map_or_else(|| "binance".parse().unwrap(), |policy| policy.exchange().clone()),
            surface: surface.parse().unwrap(),
            method: Method::Post,
            path: "/order".into(),
        };
        let ask = Ask {
            id: IntentId::new(self.next),
            bot: bot(name),
            evidence: self.evidence,
            peer: self.peer,
            intent: Intent { endpoint, permission, act, params: Vec::new() },
            market: &self.view,
            now,
            replay: Replay { digest, until: now.plus(10_000) },
            deadline: now.plus(2_000),
        };
        self.book.decide(&self.policies, ask)
    }

    /// Asks, and records what is allowed.
    pub fn sent(&mut self, name: &str, act: Act) -> IntentId {
        let permit = self.ask(name, act, Permission::Trade).unwrap_or_else(|e| panic!("{e}"));
        self.record(permit.entry());
        permit.id()
    }

    pub fn record(&mut self, entry: &Entry) {
        self.journal.push(entry.to_bytes().unwrap());
    }

    /// Takes in an entry and records it.
    pub fn fold(&mut self, entry: &Entry) {
        self.book.fold(entry);
        self.record(entry);
    }

    pub fn settle(&mut self, id: IntentId, outcome: Outcome) -> Entry {
        let entry = self.book.settle(id, outcome, None, self.now()).unwrap();
        self.record(&entry);
        entry
    }

    pub fn observe(&mut self, asked_at: Time, what: Observed) {
        let (key, surface) = ("one".parse().unwrap(), "spot".parse().unwrap());
        let entry = ObservedEntry { at: self.now(), asked_at, key, surface, what };
        self.fold(&Entry::Observed(Box::new(entry)));
    }

    pub fn operator(&mut self, act: OperatorAct) {
        self.fold(&Entry::Operator(OperatorEntry { at: self.now(), by: "op".into(), act }));
    }

    /// The book as it is read from the journal.
    pub fn read_back(&self) -> Book {
        let mut book = Book::new();
        for bytes in &self.journal {
            book.fold(&Entry::from_bytes(bytes).unwrap());
        }
        book
    }

    /// Loses the book, and reads it back.
    pub fn crash(&mut self) {
        self.book = self.read_back();
        self.fold(&Entry::Recovery(RecoveryEntry { at: self.now(), note: "".into() }));
    }

    /// What a bot's group has used of a limit.
    pub fn used_of(&mut self, name: &str, group: &str, limit: &str) -> String {
        let (now, group) = (self.now(), group.parse().unwrap());
        let lines = self.book.usage(&self.policies, &bot(name), &self.view, now);
        let line = lines.into_iter().find(|l| l.group.as_ref() == Some(&group) && l.limit == limit);
        line.map(|l| l.used).unwrap_or_default()
    }

    /// What a bot has used of a limit, at its own level or its key's.
    pub fn used(&mut self, name: &str, scope: limits::Scope, limit: &str) -> String {
        let now = self.now();
        let lines = self.book.usage(&self.policies, &bot(name), &self.view, now);
        lines.into_iter().find(|l| l.scope == scope && l.limit == limit).map(|l| l.used).unwrap_or_default()
    }

    pub fn day(&mut self, name: &str) -> String {
        self.used(name, limits::Scope::Bot, "max_day")
    }
}

pub fn buy(size: &str, price: &str) -> Order {
    Order {
        market: Market::Spot,
        symbol: "BTCUSDT".parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Limit { price: n(price) },
        size: Size::Base(n(size)),
        time_in_force: TimeInForce::GoodTillCancelled,
        trigger: None,
        reduce_only: false,
        position_side: PositionSide::Net,
        client_id: None,
        more: More::default(),
    }
}

pub fn ioc(size: &str, price: &str) -> Order {
    Order { time_in_force: TimeInForce::ImmediateOrCancel, ..buy(size, price) }
}

pub fn sell(size: &str, price: &str) -> Order {
    Order { side: Side::Sell, ..buy(size, price) }
}

pub fn market(side: Side, size: Size) -> Order {
    Order { side, kind: OrderKind::Market, size, ..buy("1", "1") }
}

pub fn cancel(order: OrderRef) -> Act {
    Act::Cancel(Cancel { market: Market::Spot, symbol: "BTCUSDT".parse().unwrap(), order })
}

pub fn amend(order: OrderRef, size: Option<&str>, price: Option<&str>) -> Act {
    let (size, price) = (size.map(n), price.map(n));
    Act::Amend(Amendment {
        market: Market::Spot,
        symbol: "BTCUSDT".parse().unwrap(),
        order,
        side: None,
        size,
        price,
        more: MoreAmended::default(),
    })
}

pub fn by_id(id: &str) -> OrderRef {
    OrderRef::Exchange(id.into())
}

pub fn executed(id: &str, resting: Resting, filled: Option<&str>) -> Outcome {
    Outcome::Executed(Execution { order: Some(state(id, resting, filled)), also: Vec::new() })
}

pub fn state(id: &str, resting: Resting, filled: Option<&str>) -> OrderState {
    OrderState { id: id.into(), client_id: None, filled: filled.map(n), resting, ..OrderState::default() }
}

pub fn refused() -> Outcome {
    Outcome::NotExecuted { code: "-2010".into() }
}

pub fn unknown() -> Outcome {
    Outcome::Unknown { why: "cut".into() }
}
