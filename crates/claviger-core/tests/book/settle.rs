//! What an answer does to what was reserved.

use claviger_core::book::Fate;
use claviger_core::*;

use crate::desk::*;

/// Sends one order, settles it, and says what the day's usage and the open orders are then.
fn check(order: Order, outcome: Outcome, used: &str, open: &str) {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(order));
    desk.settle(id, outcome);
    let got = (desk.day("a"), desk.used("a", limits::Scope::Bot, "max_open_orders"));
    assert_eq!((got.0.as_str(), got.1.as_str()), (used, open));
}

#[test]
fn an_order() {
    check(buy("4", "100"), refused(), "0 USDT", "0");
    check(buy("4", "100"), unknown(), "400 USDT", "1");
    check(buy("4", "100"), executed("1", Resting::Open, Some("1")), "400 USDT", "1");
    check(buy("4", "100"), executed("1", Resting::Untold, None), "400 USDT", "1");
    check(buy("4", "100"), Outcome::Executed(Execution { order: None, also: Vec::new() }), "400 USDT", "1");
    check(buy("4", "100"), executed("1", Resting::Done, Some("4")), "400 USDT", "0");
    check(buy("4", "100"), executed("1", Resting::Done, Some("1")), "100 USDT", "0");
    check(buy("4", "100"), executed("1", Resting::Done, Some("0")), "0 USDT", "0");
    check(buy("4", "100"), executed("1", Resting::Done, Some("5")), "400 USDT", "0");
    check(buy("4", "100"), executed("1", Resting::Done, None), "400 USDT", "0");
    check(ioc("4", "100"), executed("1", Resting::Done, Some("1")), "100 USDT", "0");
    check(ioc("4", "100"), executed("1", Resting::Open, Some("0")), "400 USDT", "0");
    check(ioc("4", "100"), executed("1", Resting::Untold, None), "400 USDT", "0");
    check(ioc("4", "100"), unknown(), "400 USDT", "0");
    check(ioc("3", "99.99"), executed("1", Resting::Done, Some("0.0000000000001")), "0.00000001 USDT", "0");
}

#[test]
fn only_once() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(buy("4", "100")));
    desk.settle(id, unknown());
    let before = desk.book.clone();
    assert!(desk.book.settle(id, refused(), None, desk.now()).is_err());
    assert!(desk.book.settle(IntentId::new(99), refused(), None, desk.now()).is_err());
    assert_eq!(desk.book, before);
}

#[test]
fn a_withdrawn_permit_leaves_nothing() {
    let mut desk = Desk::new("order_rate = \"1/s\"", "");
    let id = desk.sent("a", Act::Place(buy("1", "100")));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.wait(1000);
    desk.book.sweep(desk.now());
    let before = desk.book.clone();
    for act in [Act::Place(buy("1", "100")), amend(by_id("7"), Some("2"), None), cancel(by_id("7"))] {
        let permit = desk.ask("a", act, Permission::Trade).unwrap();
        assert_ne!(desk.book, before);
        desk.book.withdraw(permit);
        assert_eq!(desk.book, before);
    }
}

#[test]
fn an_unknown_order_that_cannot_rest_ends_with_its_day() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(ioc("4", "100")));
    desk.settle(id, unknown());
    desk.wait(24 * HOUR + 11_999);
    assert_eq!(desk.day("a"), "400 USDT");
    desk.wait(1);
    assert_eq!(desk.day("a"), "0 USDT");
}

#[test]
fn an_order_that_may_rest_counts_until_it_is_seen() {
    for outcome in [unknown(), executed("1", Resting::Open, None)] {
        let mut desk = Desk::new("", "");
        let id = desk.sent("a", Act::Place(buy("4", "100")));
        desk.settle(id, outcome);
        desk.wait(100 * HOUR);
        assert_eq!(desk.day("a"), "400 USDT");
        desk.observe(desk.now(), Observed::OpenOrders { symbol: None, orders: vec![] });
        assert_eq!(desk.day("a"), "400 USDT");
        assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_orders"), "0");
        desk.wait(25 * HOUR);
        assert_eq!(desk.day("a"), "0 USDT");
    }
}

fn live(desk: &mut Desk, order: Order) -> IntentId {
    let id = desk.sent("a", Act::Place(order));
    desk.settle(id, executed("7", Resting::Open, None));
    id
}

/// Has an order of 4 at 100 alive, cancels it, and says what is used then.
fn check_cancel(outcome: Outcome, used: &str) {
    let mut desk = Desk::new("", "");
    live(&mut desk, buy("4", "100"));
    let id = desk.sent("a", cancel(by_id("7")));
    desk.settle(id, outcome);
    assert_eq!(desk.day("a"), used);
    assert_eq!(desk.book, desk.read_back());
}

#[test]
fn a_cancel() {
    check_cancel(executed("7", Resting::Done, Some("1")), "100 USDT");
    check_cancel(executed("7", Resting::Done, Some("0")), "0 USDT");
    check_cancel(executed("7", Resting::Done, None), "400 USDT");
    check_cancel(executed("7", Resting::Untold, None), "400 USDT");
    check_cancel(executed("8", Resting::Done, Some("0")), "400 USDT");
    check_cancel(Outcome::Executed(Execution { order: None, also: Vec::new() }), "400 USDT");
    check_cancel(refused(), "400 USDT");
    check_cancel(unknown(), "400 USDT");
}

#[test]
fn p13_whose_order_is_cancelled() {
    let mut desk = Desk::new("", "");
    live(&mut desk, buy("1", "100"));
    let not_own = |desk: &mut Desk, name: &str, id: &str| {
        desk.ask(name, cancel(by_id(id)), Permission::Trade).map(|_| ()).map_err(|e| e.denial)
    };
    assert_eq!(not_own(&mut desk, "b", "7"), Err(Denial::NotOwnOrder));
    assert_eq!(not_own(&mut desk, "b", "8"), Err(Denial::NotOwnOrder));
    assert_eq!(not_own(&mut desk, "a", "8"), Err(Denial::NotOwnOrder));
    assert_eq!(not_own(&mut desk, "a", "7"), Ok(()));
    assert_eq!(not_own(&mut desk, "c", "8"), Ok(()));
    assert_eq!(not_own(&mut desk, "c", "7"), Ok(()));
}

#[test]
fn a_client_id_that_means_two_orders_releases_neither() {
    let mut desk = Desk::new("", "");
    let named = Order { client_id: Some("x".parse().unwrap()), ..buy("1", "100") };
    for id in ["1", "2"] {
        let intent = desk.sent("a", Act::Place(named.clone()));
        desk.settle(intent, executed(id, Resting::Open, None));
    }
    let id = desk.sent("a", cancel(OrderRef::Client("x".parse().unwrap())));
    desk.settle(id, executed("1", Resting::Done, Some("0")));
    assert_eq!(desk.day("a"), "200 USDT");
}

/// Amends an order of 4 at 100 that is alive; says what is used before and after the answer.
fn check_amend(size: Option<&str>, price: Option<&str>, outcome: Outcome, used: (&str, &str)) {
    let mut desk = Desk::new("", "");
    live(&mut desk, buy("4", "100"));
    let id = desk.sent("a", amend(by_id("7"), size, price));
    let before = desk.day("a");
    desk.settle(id, outcome);
    assert_eq!((before.as_str(), desk.day("a").as_str()), used);
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_orders"), "1");
    assert_eq!(desk.book, desk.read_back());
}

#[test]
fn an_amendment() {
    let open = || executed("7", Resting::Open, None);
    check_amend(Some("6"), None, open(), ("600 USDT", "600 USDT"));
    check_amend(Some("6"), None, refused(), ("600 USDT", "400 USDT"));
    check_amend(Some("6"), None, unknown(), ("600 USDT", "600 USDT"));
    check_amend(Some("2"), None, open(), ("400 USDT", "400 USDT"));
    check_amend(None, Some("102"), open(), ("408 USDT", "408 USDT"));
    check_amend(None, Some("50"), open(), ("400 USDT", "400 USDT"));
    check_amend(Some("5"), Some("102"), open(), ("510 USDT", "510 USDT"));
}

#[test]
fn an_amendment_is_judged_as_a_new_order() {
    let ask = |name: &str, act: Act| {
        let mut desk = Desk::new("max_day = \"1200 USDT\"", "");
        live(&mut desk, buy("4", "100"));
        desk.sent("a", Act::Place(buy("3", "100")));
        desk.ask(name, act, Permission::Trade).map(|_| ()).map_err(|e| e.to_string())
    };
    assert_eq!(ask("a", amend(by_id("7"), Some("9"), None)), Ok(()));
    let day = "order of 901 USDT is above the 900 USDT left of max_day = 1200 USDT";
    assert_eq!(ask("a", amend(by_id("7"), Some("9.01"), None)), Err(day.into()));
    let large = "order of 1001 USDT is above max_order = 1000 USDT";
    assert_eq!(ask("a", amend(by_id("7"), Some("10.01"), None)), Err(large.into()));
    let band = "buying at 103 is above 102, the edge of price_band = 2% around 100";
    assert_eq!(ask("a", amend(by_id("7"), None, Some("103"))), Err(band.into()));
    let foreign = "the order is not known as an order of this bot's";
    assert_eq!(ask("a", amend(by_id("8"), Some("1"), None)), Err(foreign.into()));
    assert_eq!(ask("b", amend(by_id("7"), Some("1"), None)), Err(foreign.into()));
    assert_eq!(ask("c", amend(by_id("7"), Some("1"), None)), Err(foreign.into()));
}

#[test]
fn amendments_of_one_order_come_one_after_another() {
    let mut desk = Desk::new("", "");
    live(&mut desk, buy("4", "100"));
    let id = desk.sent("a", amend(by_id("7"), Some("5"), None));
    let again = desk.ask("a", amend(by_id("7"), Some("6"), None), Permission::Trade).unwrap_err();
    assert_eq!(again.denial, Denial::AmendmentPending);
    desk.settle(id, unknown());
    let partly = desk.ask("a", amend(by_id("7"), None, Some("99")), Permission::Trade).unwrap_err();
    assert_eq!(partly.denial.rule(), "amendment");
    let id = desk.sent("a", amend(by_id("7"), Some("5"), Some("99")));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.sent("a", amend(by_id("7"), None, Some("98")));
}

#[test]
fn an_order_whose_trigger_may_have_fired_is_not_amended() {
    let mut desk = Desk::new("", "");
    live(&mut desk, Order { trigger: Some(n("120")), ..buy("4", "120") });
    let denied = desk.ask("a", amend(by_id("7"), None, Some("122")), Permission::Trade).unwrap_err();
    assert_eq!(denied.denial.rule(), "amendment");
}

#[test]
fn what_was_seen() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(buy("4", "100")));
    desk.settle(id, unknown());
    let client = desk.book.order(id).unwrap().reference().unwrap();
    let absent = || Observed::Absent { symbol: "BTCUSDT".parse().unwrap(), order: client.clone() };
    desk.wait(12_000);
    desk.observe(desk.now(), absent());
    assert_eq!(desk.day("a"), "400 USDT", "it could still be under way");
    desk.wait(1);
    let before = desk.book.clone();
    desk.observe(desk.now(), absent());
    assert_eq!(desk.day("a"), "0 USDT");
    desk.book = before;
    let OrderRef::Client(client_id) = client else { panic!() };
    let seen = OrderState { client_id: Some(client_id), ..state("9", Resting::Open, Some("1")) };
    desk.observe(desk.now(), Observed::Order { symbol: "BTCUSDT".parse().unwrap(), state: seen });
    assert_eq!(desk.book.order(id).unwrap().fate(), Fate::Live);
    assert_eq!(desk.day("a"), "400 USDT");
    let done = state("9", Resting::Done, Some("1"));
    desk.observe(desk.now(), Observed::Order { symbol: "BTCUSDT".parse().unwrap(), state: done });
    assert_eq!(desk.day("a"), "100 USDT");
}

#[test]
fn a_list_of_open_orders_says_nothing_of_younger_ones() {
    let mut desk = Desk::new("", "");
    let asked_at = desk.now();
    desk.wait(5);
    live(&mut desk, buy("4", "100"));
    desk.wait(5);
    desk.observe(asked_at, Observed::OpenOrders { symbol: None, orders: vec![] });
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_orders"), "1");
    desk.observe(
        desk.now(),
        Observed::OpenOrders { symbol: Some("ETHBTC".parse().unwrap()), orders: vec![] },
    );
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_orders"), "1");
    let all = vec![("BTCUSDT".parse().unwrap(), state("7", Resting::Open, None))];
    desk.observe(desk.now(), Observed::OpenOrders { symbol: None, orders: all });
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_orders"), "1");
}

/// Bots that share an account may choose the same name. An open order of that name is one of theirs, nobody knows whose.
#[test]
fn an_open_order_of_a_doubtful_name_ends_none_of_that_name() {
    let mut desk = Desk::new("", "");
    let named = || Order { client_id: Some("twice".parse().unwrap()), ..buy("4", "100") };
    let unsure = desk.sent("a", Act::Place(named()));
    desk.settle(unsure, unknown());
    desk.sent("b", Act::Place(named()));
    desk.wait(60_000);
    let open = OrderState { client_id: named().client_id, ..state("7", Resting::Open, None) };
    let orders = vec![("BTCUSDT".parse().unwrap(), open)];
    desk.observe(desk.now(), Observed::OpenOrders { symbol: None, orders });
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_orders"), "1");
    desk.observe(desk.now(), Observed::OpenOrders { symbol: None, orders: vec![] });
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_orders"), "0");
}

#[test]
fn what_is_left_after_a_change_of_currency() {
    let mut desk = Desk::new("max_day = \"3000 USDT\"", "");
    live(&mut desk, buy("4", "100"));
    desk.policies = std::sync::Arc::clone(config("max_day = \"10 BTC\"", "").policies());
    assert_eq!(desk.day("a"), "4 BTC");
    assert!(desk.ask("a", Act::Place(buy("6.001", "100")), Permission::Trade).is_err());
    assert!(desk.ask("a", Act::Place(buy("6", "100")), Permission::Trade).is_ok());
    assert!(desk.ask("a", amend(by_id("7"), Some("5"), None), Permission::Trade).is_err());
}

#[test]
fn an_older_order_of_the_same_name_says_nothing_of_one_under_way() {
    let mut desk = Desk::new("", "");
    let named = Order { client_id: Some("x".parse().unwrap()), ..buy("4", "100") };
    let older = || {
        let state =
            OrderState { client_id: Some("x".parse().unwrap()), ..state("1", Resting::Done, Some("0")) };
        Observed::Order { symbol: "BTCUSDT".parse().unwrap(), state }
    };
    let id = desk.sent("a", Act::Place(named));
    desk.wait(1);
    desk.observe(desk.now(), older());
    assert_eq!(desk.day("a"), "400 USDT");
    desk.settle(id, unknown());
    desk.wait(1);
    desk.observe(desk.now(), older());
    assert_eq!(desk.day("a"), "400 USDT");
}

/// The exchange takes a name again once the order that had it is over. Its word on the second order must not free what is
/// held for the first.
#[test]
fn a_name_is_not_given_again_while_it_alone_finds_an_order() {
    let mut desk = Desk::new("", "");
    let named = |size: &str| Order { client_id: Some("x".parse().unwrap()), ..buy(size, "100") };
    let first = desk.sent("a", Act::Place(named("4")));
    let why =
        "the order cannot be measured: its client order id is that of an order whose fate is not known yet";
    let again = |desk: &mut Desk, bot| {
        desk.ask(bot, Act::Place(named("1")), Permission::Trade).map(|permit| desk.book.withdraw(permit))
    };
    assert_eq!(again(&mut desk, "a").unwrap_err().to_string(), why);
    desk.settle(first, unknown());
    assert_eq!(again(&mut desk, "a").unwrap_err().to_string(), why);
    // What another bot does is not told.
    assert_eq!(again(&mut desk, "b"), Ok(()));
    desk.wait(60_000);
    let seen = OrderState { client_id: named("4").client_id, ..state("9", Resting::Open, None) };
    desk.observe(desk.now(), Observed::Order { symbol: "BTCUSDT".parse().unwrap(), state: seen });
    assert_eq!(again(&mut desk, "a"), Ok(()));
}
