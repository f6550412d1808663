//! What one decision costs, with many bots loaded, many orders alive, and few limits set or every one.
#![expect(clippy::unwrap_used, reason = "a bench: a panic is how it fails")]

use std::cell::LazyCell;
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use claviger_core::book::{Ask, Book};
use claviger_core::*;
use criterion::Criterion;

/// How many bots the usual cases have, each with a key of its own.
const BOTS: usize = 10_000;
const NOW: u64 = 1_700_000_000_000;
const HALF_AN_HOUR: u64 = 30 * 60 * 1000;

/// The limits that a trade grant needs, and the rate.
const USUAL: &str = "max_order = \"1000 USDT\"\nmax_day = \"900000000 USDT\"\nmax_open_orders = 5000\nprice_band = \"2%\"\n\
                     order_rate = \"60000/s\"\nmax_leverage = 3\nsources = [\"127.0.0.1/32\"]\n";

/// Every other limit that counts, far away.
const EVERY: &str = "max_hour = \"900000000 USDT\"\nmax_loss_day = \"900000000 USDT\"\nmax_fee = \"0.05%\"\n\
                     cancel_rate = \"60000/s\"\nrequest_rate = \"60000/s\"\nmax_churn = \"60000/10m\"\nself_trade = \"refuse\"\n\
                     max_open_per_symbol = 5000\ndormant_after = \"30d\"\n";

fn policies(bots: usize, more: &str) -> Arc<PolicySet> {
    let mut text = String::new();
    for bot in 0..bots {
        write!(
            text,
            "[key.k{bot}]\nexchange = \"binance\"\nmax_day = \"900000000 USDT\"\n{more}[bot.b{bot}]\nkey = \"k{bot}\"\n\
             grants = [\"market-data\", \"read\", \"trade\"]\nmarkets = [\"spot\"]\nsymbols = [\"BTCUSDT\", \"ETHUSDT\"]\n\
             {USUAL}{more}"
        )
        .unwrap();
    }
    let known = KnownExchange {
        name: "binance".parse().unwrap(),
        surfaces: vec!["spot".parse().unwrap()],
        markets: vec![Market::Spot],
        exits_by_account: false,
    };
    Arc::clone(Config::parse(&text, "bench", &[known]).unwrap().policies())
}

fn view() -> MarketView {
    let mut view = MarketView::default();
    let venue = view.venues.entry("binance".parse().unwrap()).or_default();
    let symbol: Symbol = "BTCUSDT".parse().unwrap();
    let instrument = Instrument {
        base: "BTC".parse().unwrap(),
        quote: "USDT".parse().unwrap(),
        contract: None,
        price_step: "0.01".parse().unwrap(),
        size_step: "0.00001".parse().unwrap(),
        min_size: "0.00001".parse().unwrap(),
        underlying: None,
    };
    venue.instruments.entry(Market::Spot).or_default().insert(symbol.clone(), instrument);
    let at = Time::from_millis(NOW + HALF_AN_HOUR);
    let reference = Reference { price: "97000.5".parse().unwrap(), at, source: "ticker".into() };
    venue.references.entry(Market::Spot).or_default().insert(symbol, reference);
    view
}

fn intent(act: Act, permission: Permission) -> Intent {
    let endpoint = Endpoint {
        exchange: "binance".parse().unwrap(),
        surface: "spot".parse().unwrap(),
        method: Method::Post,
        path: "/api/v3/order".into(),
    };
    Intent { endpoint, permission, act, params: Vec::new() }
}

fn order() -> Order {
    Order {
        market: Market::Spot,
        symbol: "BTCUSDT".parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Market,
        size: Size::Base("0.001".parse().unwrap()),
        time_in_force: TimeInForce::GoodTillCancelled,
        trigger: None,
        reduce_only: false,
        position_side: PositionSide::Net,
        client_id: None,
        more: More::default(),
    }
}

fn limit(price: &str) -> Order {
    Order { kind: OrderKind::Limit { price: price.parse().unwrap() }, ..order() }
}

struct Bench {
    book: Book,
    policies: Arc<PolicySet>,
    view: MarketView,
    bot: BotName,
    count: u128,
    now: Time,
}

/// A request, ready to be asked.
struct Question {
    id: IntentId,
    bot: BotName,
    intent: Intent,
    digest: Digest,
}

impl Bench {
    fn new(bots: usize, policies: Arc<PolicySet>) -> Self {
        let bot = format!("b{}", bots / 2).parse().unwrap();
        let now = Time::from_millis(NOW + HALF_AN_HOUR);
        Self { book: Book::new(), policies, view: view(), bot, count: 0, now }
    }

    /// Every bot has an order that rests, and the one in the middle so many of them and as many that filled, spread over half
    /// an hour.
    fn busy(bots: usize, policies: Arc<PolicySet>, resting: u64) -> Self {
        let mut bench = Self::new(bots, policies);
        let asking = bench.bot.clone();
        bench.at(NOW);
        for bot in 0..bots {
            bench.bot = format!("b{bot}").parse().unwrap();
            bench.settled(limit("96000"), Resting::Open);
        }
        bench.bot = asking;
        for n in 0..resting {
            bench.at(NOW + HALF_AN_HOUR / resting * n);
            bench.settled(limit("96000"), Resting::Open);
            bench.settled(order(), Resting::Done);
        }
        bench.at(NOW + HALF_AN_HOUR);
        bench
    }

    /// Lets time pass, with prices that stay fresh.
    fn at(&mut self, now: u64) {
        self.now = Time::from_millis(now);
        let references = self.view.venues.values_mut().flat_map(|venue| venue.references.values_mut());
        references.flat_map(|of| of.values_mut()).for_each(|reference| reference.at = Time::from_millis(now));
    }

    fn question(&mut self, intent: Intent) -> Question {
        self.count += 1;
        let (id, digest) = (IntentId::new(self.count), Digest::of(&self.count.to_be_bytes()));
        Question { id, bot: self.bot.clone(), intent, digest }
    }

    fn decide(&mut self, question: Question) -> Result<book::Permit, book::Denied> {
        let Question { id, bot, intent, digest } = question;
        let (now, view) = (self.now, &self.view);
        let ask = Ask {
            id,
            bot,
            evidence: Evidence::BotSignature,
            peer: Peer { address: Address::Ip([127, 0, 0, 1].into()), same_user: false, user: None },
            intent,
            market: view,
            now,
            replay: Replay { digest, until: now },
            deadline: now.plus(2000),
        };
        self.book.decide(&self.policies, ask)
    }

    fn settled(&mut self, order: Order, resting: Resting) {
        let question = self.question(intent(Act::Place(order), Permission::Trade));
        let permit = self.decide(question).unwrap();
        let filled = matches!(resting, Resting::Done).then(|| "0.0001".parse().unwrap());
        let id = self.count.to_string().into();
        let state = OrderState { id, client_id: None, filled, resting, ..OrderState::default() };
        let outcome = Outcome::Executed(Execution { order: Some(state), also: Vec::new() });
        black_box(self.book.settle(permit.id(), outcome, None, self.now).unwrap());
    }

    /// The time from a request to its permit or refusal, and of taking a permit back.
    fn timed(&mut self, turns: u64, asked: &Intent) -> Duration {
        let mut time = Duration::ZERO;
        for _ in 0..turns {
            let question = self.question(asked.clone());
            let start = Instant::now();
            if let Ok(permit) = black_box(self.decide(question)) {
                time += start.elapsed();
                self.book.withdraw(permit);
            } else {
                time += start.elapsed();
            }
        }
        time
    }
}

fn decisions(criterion: &mut Criterion) {
    let asked = |act, permission| intent(act, permission);
    let large = Order { size: Size::Base("1".parse().unwrap()), ..order() };
    let cases = [
        ("a read", asked(Act::Read, Permission::Read)),
        ("an order", asked(Act::Place(order()), Permission::Trade)),
        ("a refusal", asked(Act::Place(large), Permission::Trade)),
    ];
    for (limits, more) in [("usual limits", ""), ("every limit", EVERY)] {
        let mut bench = LazyCell::new(|| Bench::busy(BOTS, policies(BOTS, more), 4_000));
        for (name, asked) in &cases {
            let id = format!("{name}, {limits}");
            criterion.bench_function(&id, |b| b.iter_custom(|turns| bench.timed(turns, asked)));
        }
    }
    for bots in [1, 1_000, 100_000] {
        let mut bench = LazyCell::new(|| Bench::busy(bots, policies(bots, EVERY), 100));
        for (name, asked) in &cases {
            let id = format!("{name}, every limit, bots: {bots}");
            criterion.bench_function(&id, |b| b.iter_custom(|turns| bench.timed(turns, asked)));
        }
    }
    let some = policies(1, "");
    criterion.bench_function("100 orders decided and settled", |b| {
        b.iter_batched(
            || Bench::new(1, Arc::clone(&some)),
            |mut fresh| (0..100).for_each(|_| fresh.settled(order(), Resting::Done)),
            criterion::BatchSize::SmallInput,
        );
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    decisions(&mut criterion);
    criterion.final_summary();
}
