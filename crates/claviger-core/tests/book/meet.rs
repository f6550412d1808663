//! Orders that would trade with the owner's own.

use claviger_core::*;

use crate::desk::*;

const REFUSE: &str = "self_trade = \"refuse\"\nmax_open_orders = 100\nmarkets = [\"spot\", \"usdm\"]";
const MET: &str =
    "self_trade: it could trade with an order of one of your own bots (self_trade = \"refuse\")";

fn ask(desk: &mut Desk, act: Act) -> String {
    match desk.ask("a", act, Permission::Trade) {
        Ok(permit) => {
            desk.book.withdraw(permit);
            "allowed".into()
        }
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    }
}

fn place(desk: &mut Desk, order: Order) -> String {
    ask(desk, Act::Place(order))
}

/// A desk on which `name` has an order under way.
fn after(name: &str, order: Order) -> (Desk, IntentId) {
    let mut desk = Desk::new(REFUSE, "");
    let id = desk.sent(name, Act::Place(order));
    (desk, id)
}

fn stop(trigger: &str, order: Order) -> Order {
    Order { trigger: Some(n(trigger)), ..order }
}

#[test]
fn an_order_of_any_bot_is_not_crossed() {
    for name in ["a", "b", "c"] {
        let (mut desk, _) = after(name, sell("1", "101"));
        assert_eq!(place(&mut desk, buy("1", "100.99")), "allowed");
        assert_eq!(place(&mut desk, buy("1", "101")), MET);
        assert_eq!(place(&mut desk, market(Side::Buy, Size::Base(n("1")))), MET);
        assert_eq!(place(&mut desk, sell("1", "100")), "allowed");
        let usdm = Order { market: Market::Usdm, ..buy("1", "101") };
        assert_eq!(place(&mut desk, usdm), "allowed");
        let (mut desk, _) = after(name, buy("1", "99"));
        assert_eq!(place(&mut desk, sell("1", "99.01")), "allowed");
        assert_eq!(place(&mut desk, sell("1", "99")), MET);
        desk.crash();
        assert_eq!(place(&mut desk, sell("1", "99")), MET);
    }
}

#[test]
fn it_is_allowed_where_nothing_says_otherwise_and_refused_where_the_key_does() {
    for (own, key, expected) in [
        ("", "", "allowed"),
        ("self_trade = \"allow\"", "", "allowed"),
        ("", "self_trade = \"refuse\"", MET),
        ("self_trade = \"allow\"", "self_trade = \"refuse\"", MET),
    ] {
        let mut desk = Desk::new(own, key);
        desk.sent("c", Act::Place(sell("1", "101")));
        assert_eq!(place(&mut desk, buy("1", "101")), expected, "{own} {key}");
    }
}

#[test]
fn what_is_over_is_in_nobodys_way() {
    let (mut desk, id) = after("b", sell("1", "101"));
    desk.settle(id, executed("1", Resting::Open, None));
    assert_eq!(place(&mut desk, buy("1", "101")), MET);
    let id = desk.sent("b", cancel(by_id("1")));
    assert_eq!(place(&mut desk, buy("1", "101")), MET);
    desk.settle(id, executed("1", Resting::Done, Some("0")));
    assert_eq!(place(&mut desk, buy("1", "101")), "allowed");
}

#[test]
fn what_is_not_known_is_in_the_way_while_it_may_be_there() {
    let (mut desk, id) = after("b", Order { side: Side::Sell, ..ioc("1", "101") });
    desk.settle(id, unknown());
    assert_eq!(place(&mut desk, buy("1", "101")), MET);
    desk.wait(12_000);
    assert_eq!(place(&mut desk, buy("1", "101")), MET);
    desk.wait(1);
    assert_eq!(place(&mut desk, buy("1", "101")), "allowed");
    let (mut desk, id) = after("b", sell("1", "101"));
    desk.settle(id, unknown());
    desk.wait(20_000);
    assert_eq!(place(&mut desk, buy("1", "101")), MET);
}

#[test]
fn an_amended_order_is_looked_for_at_every_price_that_it_may_have() {
    let (mut desk, id) = after("b", sell("1", "102"));
    desk.settle(id, executed("1", Resting::Open, None));
    let id = desk.sent("b", amend(by_id("1"), None, Some("100")));
    assert_eq!(place(&mut desk, buy("1", "100")), MET);
    desk.settle(id, refused());
    assert_eq!(place(&mut desk, buy("1", "101.99")), "allowed");
    let id = desk.sent("b", amend(by_id("1"), None, Some("100")));
    desk.settle(id, unknown());
    assert_eq!(place(&mut desk, buy("1", "100")), MET);
    let id = desk.sent("b", amend(by_id("1"), Some("1"), Some("101")));
    desk.settle(id, refused());
    assert_eq!(place(&mut desk, buy("1", "100")), MET);
    let id = desk.sent("b", amend(by_id("1"), Some("1"), Some("101")));
    desk.settle(id, executed("1", Resting::Open, None));
    assert_eq!(place(&mut desk, buy("1", "100.99")), "allowed");
    assert_eq!(place(&mut desk, buy("1", "101")), MET);
    let (now, mut folded) = (desk.now(), desk.read_back());
    desk.book.sweep(now);
    folded.sweep(now);
    assert_eq!(desk.book, folded);
}

#[test]
fn an_amendment_is_judged_at_its_new_price() {
    let (mut desk, _) = after("b", sell("1", "101"));
    let id = desk.sent("a", Act::Place(buy("1", "99")));
    desk.settle(id, executed("7", Resting::Open, None));
    assert_eq!(ask(&mut desk, amend(by_id("7"), None, Some("100.99"))), "allowed");
    assert_eq!(ask(&mut desk, amend(by_id("7"), None, Some("101"))), MET);
}

#[test]
fn items_of_one_request() {
    let places = |how, orders: Vec<Order>| {
        let steps = orders.into_iter().map(|order| Step { deed: Deed::Place(order), params: Vec::new() });
        Act::Steps(Steps { how, steps: steps.collect(), client_id: None })
    };
    let check = |act, expected: &str| assert_eq!(ask(&mut Desk::new(REFUSE, ""), act), expected);
    check(places(How::Batch, vec![buy("1", "99"), sell("1", "101")]), "allowed");
    check(places(How::Batch, vec![buy("1", "100"), sell("1", "100")]), MET);
    check(places(How::Then, vec![buy("1", "100"), sell("1", "100")]), "allowed");
    let (mut desk, _) = after("b", sell("1", "101"));
    assert_eq!(ask(&mut desk, places(How::Batch, vec![buy("1", "99"), buy("1", "101")])), MET);
    assert_eq!(ask(&mut desk, places(How::Then, vec![buy("1", "101"), sell("1", "102")])), MET);
}

#[test]
fn what_is_replaced_is_no_longer_there() {
    for (stop_on_failure, expected) in [(true, "allowed"), (false, MET)] {
        let (mut desk, id) = after("a", buy("1", "99"));
        desk.settle(id, executed("7", Resting::Open, None));
        let Act::Cancel(end) = cancel(by_id("7")) else { panic!() };
        let deeds = [Deed::Cancel(end), Deed::Place(sell("1", "98"))];
        let steps = deeds.map(|deed| Step { deed, params: Vec::new() }).to_vec();
        let act = Act::Steps(Steps { how: How::Replace { stop_on_failure }, steps, client_id: None });
        assert_eq!(ask(&mut desk, act), expected);
    }
}

#[test]
fn exits_and_what_waits_for_a_price_are_not_looked_at() {
    let usdm = |order: Order| Order { market: Market::Usdm, ..order };
    let (mut desk, _) = after("a", usdm(buy("1", "99")));
    assert_eq!(place(&mut desk, usdm(sell("1", "99"))), MET);
    assert_eq!(place(&mut desk, Order { reduce_only: true, ..usdm(sell("1", "99")) }), "allowed");
    let (mut desk, _) = after("a", stop("90", sell("1", "89")));
    assert_eq!(place(&mut desk, buy("1", "100")), "allowed");
    let (mut desk, _) = after("a", buy("1", "100"));
    assert_eq!(place(&mut desk, stop("90", sell("1", "89"))), "allowed");
    // Margin trades in the book of spot.
    let mut desk = Desk::new(
        "markets = [\"spot\", \"margin\"]\ngrants = [\"trade\", \"borrow\"]\nself_trade = \"refuse\"",
        "",
    );
    desk.sent("a", Act::Place(Order { market: Market::Margin, ..sell("1", "101") }));
    assert_eq!(place(&mut desk, buy("1", "101")), MET);
}
