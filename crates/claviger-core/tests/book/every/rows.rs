//! The rows.

use claviger_core::entry::OperatorEntry;
use claviger_core::*;

use super::{Amended, Ask, Batch, End, Row, Spent};
use crate::desk::*;

/// What is not asked while a bot runs, and where it is tested.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("max_theft_day", "a file whose bill is higher does not load: the tests of configuration"),
    ("max_position", "it is about what the account was seen to hold: the same cases are in position.rs"),
    ("max_position_all", "it is about what the account was seen to hold: the same cases are in position.rs"),
];

const NO_USE: &str = "it counts nothing";
const NOT_AN_ORDER: &str = "it is not about orders";
const ALONE: &str = "it is never an item of a batch";
const WHO: &str = "it is about who asks, whatever is asked";

fn trade(act: Act) -> Ask {
    Ask { act, permission: Permission::Trade, peer: None, after: 0 }
}

fn place(order: Order) -> Ask {
    trade(Act::Place(order))
}

fn of(permission: Permission, act: Act) -> Ask {
    Ask { permission, ..trade(act) }
}

fn from(address: [u8; 4], same_user: bool, user: Option<u32>) -> Ask {
    let peer = Peer { address: Address::Ip(address.into()), same_user, user };
    Ask { peer: Some(peer), ..place(buy("1", "100")) }
}

fn usdm(order: Order) -> Order {
    Order { market: Market::Usdm, ..order }
}

fn exit(order: Order) -> Order {
    usdm(Order { reduce_only: true, ..order })
}

fn eth() -> Order {
    Order { symbol: "ETHBTC".parse().unwrap(), ..buy("1", "0.5") }
}

fn stop(trigger: &str) -> Order {
    Order { trigger: Some(n(trigger)), ..buy("1", trigger) }
}

fn items(orders: Vec<Order>) -> Act {
    deeds(orders.into_iter().map(Deed::Place).collect())
}

fn deeds(deeds: Vec<Deed>) -> Act {
    let steps = deeds.into_iter().map(|deed| Step { deed, params: Vec::new() }).collect();
    Act::Steps(Steps { how: How::Batch, steps, client_id: None })
}

fn two() -> Ask {
    trade(items(vec![buy("1", "100"), buy("1", "100")]))
}

fn batch(good: Order, bad: Order) -> Batch {
    Batch::Of(Box::new([Deed::Place(good), Deed::Place(bad)]))
}

fn cancelled(id: &str) -> Deed {
    let Act::Cancel(cancel) = cancel(by_id(id)) else { panic!() };
    Deed::Cancel(cancel)
}

/// Two orders that rest, `1` and `2`.
fn resting(desk: &mut Desk) {
    for id in ["1", "2"] {
        let order = desk.sent("a", Act::Place(buy("1", "90")));
        desk.settle(order, executed(id, Resting::Open, Some("0")));
    }
    desk.wait(HOUR);
}

/// The bot's own sale, higher.
fn selling(desk: &mut Desk) {
    let order = desk.sent("a", Act::Place(sell("1", "101")));
    desk.settle(order, executed("1", Resting::Open, Some("0")));
}

fn read(desk: &mut Desk) {
    let permit = desk.ask("a", Act::Read, Permission::Read).unwrap();
    desk.record(permit.entry());
}

fn added(desk: &mut Desk) {
    let (at, act) = (desk.now(), OperatorAct::BotAdded(bot("a")));
    desk.fold(&Entry::Operator(OperatorEntry { at, by: "op".into(), act }));
    let act = OperatorAct::KeyAdded("one".parse().unwrap());
    desk.fold(&Entry::Operator(OperatorEntry { at, by: "op".into(), act }));
}

fn leverage(factor: &str) -> Act {
    Act::SetLeverage { market: Market::Usdm, symbol: "BTCUSDT".parse().unwrap(), leverage: n(factor) }
}

fn withdrawal(amount: &str, address: &str) -> Ask {
    let (asset, network) = ("USDT".parse().unwrap(), Some("TRX".into()));
    let act =
        Act::Withdraw(Withdrawal { asset, amount: n(amount), network, address: address.into(), tag: None });
    of(Permission::Withdraw, act)
}

fn transfer(amount: &str, route: &str) -> Ask {
    let act = Transfer { asset: "USDT".parse().unwrap(), amount: n(amount), route: route.into() };
    of(Permission::Transfer, Act::Transfer(act))
}

/// Nothing else is in the way of some orders more.
const ROOM: &str = "max_open_orders = 100\nmax_order = \"20000 USDT\"\nmax_day = \"90000 USDT\"\nprice_band = \"50%\"\n\
                    symbols = [\"BTCUSDT\", \"ETHBTC\"]\nmarkets = [\"spot\", \"usdm\"]\n\
                    grants = [\"market-data\", \"read\", \"trade\"]\nsources = \"unlimited\"";

const BY_ORDER: &str = "an order that was allowed keeps what this is about when it is amended";

/// A limit on what orders may be.
fn row(limit: &'static str, line: &'static str, within: Order, beyond: Order) -> Row {
    Row {
        limit,
        rule: limit,
        line,
        rest: ROOM.to_owned(),
        at_key: true,
        before: |_| {},
        batch: batch(within.clone(), beyond.clone()),
        within: place(within),
        beyond: place(beyond),
        spent: Spent::Never(NO_USE),
        amended: Amended::Not(BY_ORDER),
    }
}

/// One that counts what was done so far: `within` uses it up.
fn counts(limit: &'static str, line: &'static str, (within, beyond): (Ask, Ask), spent: Spent) -> Row {
    let row = row(limit, line, buy("1", "100"), buy("1", "100"));
    Row { within, beyond, spent, ..row }
}

fn who(limit: &'static str, line: &'static str, within: Ask, beyond: Ask) -> Row {
    let row = row(limit, line, buy("1", "100"), buy("1", "100"));
    Row { within, beyond, amended: Amended::Not(WHO), batch: Batch::Not(WHO), ..row }
}

fn funds(limit: &'static str, line: &'static str, within: Ask, beyond: Ask) -> Row {
    let rest = "grants = [\"withdraw\", \"transfer\"]\nmax_withdraw = \"unlimited\"\nwithdraw_to = \"unlimited\"\n\
                max_transfer = \"unlimited\"\ntransfer_routes = \"unlimited\"";
    let spent = Spent::Never("it is about each one by itself");
    let (amended, batch) = (Amended::Not(NOT_AN_ORDER), Batch::Not(ALONE));
    Row { rest: rest.into(), spent, amended, batch, ..who(limit, line, within, beyond) }
}

type To = (Option<&'static str>, Option<&'static str>);

fn price(price: &'static str) -> To {
    (None, Some(price))
}

fn size(size: &'static str) -> To {
    (Some(size), None)
}

impl Row {
    fn amended(self, order: Order, within: To, beyond: To) -> Self {
        Self { amended: Amended::To(Box::new(order), within, beyond), ..self }
    }

    fn also(self, lines: &str) -> Self {
        Self { rest: format!("{}\n{lines}", self.rest), ..self }
    }

    fn before(self, before: fn(&mut Desk)) -> Self {
        Self { before, ..self }
    }
}

pub fn rows() -> Vec<Row> {
    [who_asks(), what(), prices(), totals(), paces()].into_iter().flatten().collect()
}

fn who_asks() -> Vec<Row> {
    let local = [127, 0, 0, 1];
    let user = |id| from(local, false, Some(id));
    vec![
        who(
            "sources",
            "sources = [\"10.0.0.0/8\"]",
            from([10, 255, 255, 255], false, None),
            from([11, 0, 0, 0], false, None),
        ),
        who("users", "users = [\"1001\"]", user(1001), user(1002)),
        Row {
            at_key: false,
            ..who(
                "allow_same_user",
                "allow_same_user = false",
                from(local, false, None),
                from(local, true, None),
            )
            .also("allow_same_user = true")
        },
        funds(
            "withdraw_to",
            "withdraw_to = [\"USDT via TRX to TXyz\"]",
            withdrawal("1", "TXyz"),
            withdrawal("1", "TXyZ"),
        ),
        funds(
            "max_withdraw",
            "max_withdraw = [\"500 USDT\"]",
            withdrawal("500", "T"),
            withdrawal("500.00000001", "T"),
        ),
        funds(
            "transfer_routes",
            "transfer_routes = [\"/order 6>18\"]",
            transfer("1", "6>18"),
            transfer("1", "18>6"),
        ),
        funds(
            "max_transfer",
            "max_transfer = [\"500 USDT\"]",
            transfer("500", "6"),
            transfer("500.00000001", "6"),
        ),
    ]
}

fn what() -> Vec<Row> {
    let one = || buy("1", "100");
    let margin = || Order { market: Market::Margin, ..one() };
    let all = || Act::CancelAll { market: Market::Spot, symbol: Some("BTCUSDT".parse().unwrap()) };
    let late = |order: Order, after| Ask { after, ..place(order) };
    let account = |limit, line, within, beyond| Row {
        amended: Amended::Not(NOT_AN_ORDER),
        batch: Batch::Not(ALONE),
        ..who(limit, line, within, beyond)
    };
    vec![
        Row {
            rest: ROOM
                .replace("\"trade\"", "\"trade\", \"borrow\"")
                .replace("\"usdm\"", "\"usdm\", \"margin\""),
            ..row("grants", "grants = [\"trade\"]", one(), margin())
        },
        row("markets", "markets = [\"spot\"]", one(), usdm(one())),
        row("symbols", "symbols = [\"BTCUSDT\"]", one(), eth()),
        row("deny_symbols", "deny_symbols = [\"ETHBTC\"]", one(), eth()),
        row("sides", "sides = [\"buy\"]", one(), sell("1", "100")),
        row("order_types", "order_types = [\"limit\"]", one(), market(Side::Buy, Size::Base(n("1")))),
        row("time_in_force", "time_in_force = [\"gtc\"]", one(), ioc("1", "100")),
        // It begins on a Tuesday at 22:13:20.
        Row {
            within: late(one(), 39_999),
            beyond: late(one(), 40_000),
            batch: Batch::Not("it is the same for every item"),
            amended: Amended::Not("it is the same for every amendment"),
            ..row("hours", "hours = [\"tue 22:13 +1m UTC\"]", one(), one())
        },
        row("reduce_only", "reduce_only = true", exit(sell("1", "100")), usdm(sell("1", "100"))),
        Row {
            at_key: false,
            ..account("danger_account_wide", "danger_account_wide = false", place(one()), trade(all()))
                .also("danger_account_wide = true")
        },
        account("max_leverage", "max_leverage = 5", trade(leverage("5")), trade(leverage("5.1")))
            .also("danger_account_wide = true\nmax_leverage = 9"),
    ]
}

fn prices() -> Vec<Row> {
    let (low, high) = (buy("1", "95"), buy("1", "100"));
    vec![
        row("price_band", "price_band = \"2%\"", buy("1", "102"), buy("1", "102.01")).amended(
            high.clone(),
            price("102"),
            price("102.01"),
        ),
        row("exit_band", "exit_band = \"3%\"", exit(sell("1", "97")), exit(sell("1", "96.99"))).amended(
            exit(sell("1", "100")),
            price("97"),
            price("96.99"),
        ),
        row("fat_finger", "fat_finger = \"10%\"", buy("1", "90"), buy("1", "89.99")).amended(
            low.clone(),
            price("90"),
            price("89.99"),
        ),
        row("trigger_distance", "trigger_distance = \"10%\"", stop("110"), stop("110.01")),
        row("max_order", "max_order = \"1000 USDT\"", buy("10", "100"), buy("10.001", "100")).amended(
            high,
            size("10"),
            size("10.001"),
        ),
    ]
}

fn totals() -> Vec<Row> {
    let full = |more: &str| (place(buy("10", "100")), place(buy(more, "100")));
    let worst = || (place(buy("10", "102")), place(buy("10.001", "102")));
    let items = |good: Order, bad: Order| batch(good, bad);
    let amended = |row: Row, at: &'static str, beyond: &'static str| {
        let item = |size| buy(size, at);
        Row { batch: items(item("10"), item(beyond)), ..row }.amended(buy("1", at), size("10"), size(beyond))
    };
    let (minute, fives) = (60_000, 5_000);
    let day = |end| Spent::After(24 * HOUR - 1, 24 * HOUR + minute, end);
    vec![
        counts("max_open_orders", "max_open_orders = 1", (place(buy("1", "100")), two()), Spent::Ended),
        counts(
            "max_open_per_symbol",
            "max_open_per_symbol = 1",
            (place(buy("1", "100")), two()),
            Spent::Ended,
        ),
        amended(
            counts("max_day", "max_day = \"1000 USDT\"", full("10.001"), day(End::Filled)),
            "100",
            "10.001",
        ),
        amended(
            counts(
                "max_hour",
                "max_hour = \"1000 USDT\"",
                full("10.001"),
                Spent::After(HOUR - 1, HOUR + fives, End::Filled),
            ),
            "100",
            "10.001",
        ),
        // 2 a unit and a fee of a thousandth.
        amended(
            counts("max_loss_day", "max_loss_day = \"21.02 USDT\"", worst(), day(End::Filled)),
            "102",
            "10.001",
        ),
        Row {
            rule: "max_loss_day",
            at_key: false,
            ..amended(counts("max_fee", "max_fee = \"0.2%\"", worst(), day(End::Filled)), "102", "10.001")
        }
        .also("max_loss_day = \"22.04 USDT\""),
    ]
}

fn paces() -> Vec<Row> {
    let one = || place(buy("1", "100"));
    let second = |end| Spent::After(999, 1_001, end);
    let two_items = || Batch::Of(Box::new([Deed::Place(buy("1", "100")), Deed::Place(buy("1", "100"))]));
    let counted = |row: Row| Row {
        batch: two_items(),
        amended: Amended::Not("an amendment counts like a new order"),
        ..row
    };
    let cancels = || trade(deeds(vec![cancelled("1"), cancelled("2")]));
    let reads = |after| Ask { after, ..of(Permission::Read, Act::Read) };
    let later = |after| Ask { after, ..one() };
    vec![
        counted(counts("order_rate", "order_rate = \"1/s\"", (one(), two()), second(End::Rests))),
        Row {
            batch: Batch::Of(Box::new([cancelled("1"), cancelled("2")])),
            amended: Amended::Not("an amendment is no cancel"),
            ..counts(
                "cancel_rate",
                "cancel_rate = \"1/s\"",
                (trade(cancel(by_id("1"))), cancels()),
                second(End::None),
            )
        }
        .before(resting),
        Row {
            batch: Batch::Not("a batch is one request"),
            amended: Amended::Not("an amendment counts like any request"),
            ..counts("request_rate", "request_rate = \"1/s\"", (reads(1_000), reads(999)), second(End::None))
        }
        .before(read),
        counted(counts(
            "max_churn",
            "max_churn = \"1/10m\"",
            (one(), two()),
            Spent::After(10 * 60_000 - 1, 10 * 60_000 + 5_000, End::Rests),
        )),
        Row {
            batch: batch(buy("1", "100.99"), buy("1", "101")),
            ..row("self_trade", "self_trade = \"refuse\"", buy("1", "100.99"), buy("1", "101"))
        }
        .amended(buy("1", "100"), price("100.99"), price("101"))
        .before(selling),
        Row {
            within: later(2 * 24 * HOUR),
            beyond: later(2 * 24 * HOUR + 1),
            batch: Batch::Not("it is the same for every item"),
            amended: Amended::Not("it is the same for every amendment"),
            spent: Spent::Never("what is placed begins the days anew"),
            ..row("dormant_after", "dormant_after = \"2d\"", buy("1", "100"), buy("1", "100"))
        }
        .before(added),
    ]
}
