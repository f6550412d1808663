//! What one decision costs, with every limit set, many bots loaded and many orders alive.
#![expect(clippy::unwrap_used, reason = "a bench: a panic is how it fails")]

use std::fmt::Write as _;
use std::hint::black_box;

use claviger_core::book::{Ask, Book};
use claviger_core::*;
use criterion::Criterion;

const BOTS: usize = 10_000;
const NOW: u64 = 1_700_000_000_000;

fn policies() -> std::sync::Arc<PolicySet> {
    let mut text = String::new();
    for bot in 0..BOTS {
        write!(
            text,
            "[key.k{bot}]\nexchange = \"binance\"\nmax_day = \"900000000 USDT\"\n[bot.b{bot}]\nkey = \"k{bot}\"\n\
             grants = [\"market-data\", \"read\", \"trade\"]\nmarkets = [\"spot\"]\nsymbols = [\"BTCUSDT\", \"ETHUSDT\"]\n\
             max_order = \"1000 USDT\"\nmax_day = \"900000000 USDT\"\nmax_open_orders = 5000\nprice_band = \"2%\"\n\
             order_rate = \"60000/s\"\nmax_leverage = 3\nsources = [\"127.0.0.1/32\"]\n"
        )
        .unwrap();
    }
    let known = KnownExchange {
        name: "binance".parse().unwrap(),
        surfaces: vec!["spot".parse().unwrap()],
        markets: vec![Market::Spot],
        exits_by_account: false,
    };
    std::sync::Arc::clone(Config::parse(&text, "bench", &[known]).unwrap().policies())
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
    let reference =
        Reference { price: "97000.5".parse().unwrap(), at: Time::from_millis(NOW), source: "ticker".into() };
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

struct Bench {
    book: Book,
    policies: std::sync::Arc<PolicySet>,
    view: MarketView,
    count: u64,
}

impl Bench {
    fn ask(&mut self, intent: Intent, at: u64) -> Result<book::Permit, book::Denied> {
        self.count += 1;
        let now = Time::from_millis(at);
        let ask = Ask {
            id: IntentId::new(u128::from(self.count)),
            bot: "b5000".parse().unwrap(),
            evidence: Evidence::BotSignature,
            peer: Peer { address: Address::Ip([127, 0, 0, 1].into()), same_user: false, user: None },
            intent,
            market: &self.view,
            now,
            replay: Replay { digest: Digest::of(&self.count.to_be_bytes()), until: now },
            deadline: now.plus(2000),
        };
        self.book.decide(&self.policies, ask)
    }

    fn settled(&mut self, intent: Intent) {
        let permit = self.ask(intent, NOW).unwrap();
        let state = OrderState {
            id: self.count.to_string().into(),
            client_id: None,
            filled: Some(Decimal::ZERO),
            resting: Resting::Done,
            ..OrderState::default()
        };
        let outcome = Outcome::Executed(Execution { order: Some(state), also: Vec::new() });
        black_box(self.book.settle(permit.id(), outcome, None, Time::from_millis(NOW)).unwrap());
    }
}

fn decisions(criterion: &mut Criterion) {
    let mut bench = Bench { book: Book::new(), policies: policies(), view: view(), count: 0 };
    for _ in 0..4_000 {
        let limit = OrderKind::Limit { price: "96000".parse().unwrap() };
        let resting = Order { kind: limit, ..order() };
        let _ = black_box(bench.ask(intent(Act::Place(resting), Permission::Trade), NOW).unwrap());
    }
    criterion.bench_function("decide a read", |b| {
        b.iter(|| bench.ask(intent(Act::Read, Permission::Read), NOW).unwrap());
    });
    criterion.bench_function("decide an order and withdraw", |b| {
        b.iter(|| {
            let permit = bench.ask(intent(Act::Place(order()), Permission::Trade), NOW).unwrap();
            bench.book.withdraw(permit);
        });
    });
    criterion.bench_function("refuse an order", |b| {
        let large = Order { size: Size::Base("1".parse().unwrap()), ..order() };
        b.iter(|| bench.ask(intent(Act::Place(large.clone()), Permission::Trade), NOW).unwrap_err());
    });
    criterion.bench_function("decide and settle an order", |b| {
        b.iter_batched(
            || Bench {
                book: Book::new(),
                policies: bench.policies.clone(),
                view: bench.view.clone(),
                count: 0,
            },
            |mut fresh| {
                for _ in 0..100 {
                    fresh.settled(intent(Act::Place(order()), Permission::Trade));
                }
            },
            criterion::BatchSize::SmallInput,
        );
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    decisions(&mut criterion);
    criterion.final_summary();
}
