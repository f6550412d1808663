//! Requests of several steps: each is judged, and all of them or none are reserved.

use claviger_core::book::Denied;
use claviger_core::*;

use crate::desk::*;

fn steps(how: How, deeds: Vec<Deed>) -> Act {
    let steps = deeds.into_iter().map(|deed| Step { deed, params: Vec::new() }).collect();
    Act::Steps(Steps { how, steps, client_id: None })
}

fn places(how: How, orders: Vec<Order>) -> Act {
    steps(how, orders.into_iter().map(Deed::Place).collect())
}

fn deed(act: Act) -> Deed {
    match act {
        Act::Amend(amendment) => Deed::Amend(amendment),
        Act::Cancel(cancel) => Deed::Cancel(cancel),
        other => panic!("{other:?}"),
    }
}

fn ask(more: &str, act: Act) -> Result<(), Denied> {
    Desk::new(more, "").ask("a", act, Permission::Trade).map(|_| ())
}

/// What is said, and of which item.
fn check(more: &str, act: Act, expected: Result<(), (Option<u16>, &str)>) {
    let got = ask(more, act).map_err(|denied| (denied.step(), format!("{}: {denied}", denied.denial.rule())));
    assert_eq!(got, expected.map_err(|(step, text)| (step, text.to_owned())), "{more}");
}

fn named(name: &str, order: Order) -> Order {
    Order { client_id: Some(name.parse().unwrap()), ..order }
}

fn stop(trigger: &str, order: Order) -> Order {
    Order { trigger: Some(n(trigger)), ..order }
}

fn each(outcomes: Vec<Outcome>) -> Outcome {
    Outcome::Each(outcomes)
}

#[test]
fn one_bad_item_refuses_the_batch() {
    let good = || buy("1", "100");
    let batch = |bad: Order| places(How::Batch, vec![good(), good(), bad]);
    check("", batch(good()), Ok(()));
    check(
        "",
        batch(buy("10.1", "100")),
        Err((Some(2), "max_order: order of 1010 USDT is above max_order = 1000 USDT")),
    );
    check(
        "",
        batch(buy("1", "103")),
        Err((Some(2), "price_band: buying at 103 is above 102, the edge of price_band = 2% around 100")),
    );
    let other = Order { symbol: "DOGEUSDT".parse().unwrap(), ..good() };
    check("", batch(other), Err((Some(2), "symbols: DOGEUSDT is not in symbols")));
    let other = Order { market: Market::Usdm, ..good() };
    check("", batch(other), Err((Some(2), "markets: the usdm market is not in markets")));
    let margin = Order { market: Market::Margin, ..good() };
    check(
        "markets = [\"spot\", \"margin\"]",
        batch(margin),
        Err((Some(2), "grants: grants does not include borrow")),
    );
    let far = stop("161", buy("1", "161"));
    check(
        "",
        batch(far),
        Err((
            Some(2),
            "trigger_distance: the trigger price 161 is more than trigger_distance = 60% away from the reference price 100",
        )),
    );
    let foreign = steps(How::Batch, vec![Deed::Place(good()), deed(cancel(by_id("9")))]);
    check("", foreign, Err((Some(1), "own_order: the order is not known as an order of this bot's")));
    let foreign = steps(How::Batch, vec![deed(amend(by_id("9"), Some("1"), None)), Deed::Place(good())]);
    check("", foreign, Err((Some(0), "own_order: the order is not known as an order of this bot's")));
}

#[test]
fn nothing_of_a_refused_batch_is_reserved() {
    let mut desk = Desk::new("", "");
    let before = desk.book.clone();
    let batch = places(How::Batch, vec![buy("1", "100"), buy("11", "100")]);
    let denied = desk.ask("a", batch, Permission::Trade).unwrap_err();
    desk.book.sweep(desk.now());
    let mut empty = before;
    empty.sweep(desk.now());
    assert_eq!(desk.book, empty);
    let Entry::Denial(entry) = &*denied.entry else { panic!() };
    assert_eq!(entry.step, Some(1));
    assert_eq!(entry.detail.as_deref(), Some("item 2; limit of the bot"));
}

#[test]
fn what_counts_is_the_sum() {
    let three = || places(How::Batch, vec![buy("10", "100"), buy("10", "100"), buy("10", "100")]);
    check("", three(), Ok(()));
    check(
        "max_day = \"2999 USDT\"",
        three(),
        Err((None, "max_day: order of 3000 USDT is above the 2999 USDT left of max_day = 2999 USDT")),
    );
    check(
        "max_open_orders = 2",
        three(),
        Err((None, "max_open_orders: another open order would be above max_open_orders = 2")),
    );
    check("order_rate = \"2/s\"", three(), Err((None, "order_rate: more than order_rate = 2/s")));
    check("order_rate = \"3/s\"", three(), Ok(()));
    let many = |n| places(How::Batch, vec![ioc("0.1", "100"); n]);
    check("", many(64), Ok(()));
    check("", many(65), Err((None, "order: the order cannot be measured: a request has 1 to 64 items")));
    check("", many(0), Err((None, "order: the order cannot be measured: a request has 1 to 64 items")));
    let unlimited = "max_order = \"unlimited\"\nmax_day = \"unlimited\"";
    let eth = Order { symbol: "ETHBTC".parse().unwrap(), ..buy("1", "0.5") };
    check(unlimited, places(How::Batch, vec![buy("1", "100"), eth]), Ok(()));
}

#[test]
fn p6_every_order_that_leaves_has_its_own_name() {
    let mut desk = Desk::new("", "");
    let orders = vec![buy("1", "100"), named("mine", buy("1", "100")), buy("1", "100")];
    let permit = desk.ask("a", places(How::Batch, orders), Permission::Trade).unwrap();
    let Act::Steps(leaves) = &permit.leaves().act else { panic!() };
    let names: Vec<String> = leaves
        .steps
        .iter()
        .map(|step| match &step.deed {
            Deed::Place(order) => order.client_id.as_ref().unwrap().to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    let leg = |step| LegId::new(permit.id(), step).client_order_id().unwrap().to_string();
    assert_eq!(names, [leg(0), "mine".to_owned(), leg(2)]);
}

#[test]
fn nothing_stands_twice_in_one_request() {
    let twice = || places(How::Batch, vec![named("x", buy("1", "100")), named("x", buy("1", "100"))]);
    let name = "order: the order cannot be measured: the same client order id stands twice in one request";
    check("", twice(), Err((Some(1), name)));
    let order = "order: the order cannot be measured: the same order stands twice in one request";
    let live = |deeds: Vec<Deed>| {
        let mut desk = Desk::new("", "");
        let id = desk.sent("a", Act::Place(named("x", buy("4", "100"))));
        desk.settle(id, executed("7", Resting::Open, None));
        let denied = desk.ask("a", steps(How::Batch, deeds), Permission::Trade).map(|_| ());
        denied.map_err(|denied| format!("{}: {denied}", denied.denial.rule()))
    };
    let by_name = || OrderRef::Client("x".parse().unwrap());
    let bigger = |by: OrderRef| deed(amend(by, Some("5"), None));
    assert_eq!(live(vec![bigger(by_id("7"))]), Ok(()));
    assert_eq!(live(vec![bigger(by_id("7")), bigger(by_name())]), Err(order.into()));
    assert_eq!(live(vec![bigger(by_name()), deed(cancel(by_id("7")))]), Err(order.into()));
    assert_eq!(live(vec![deed(cancel(by_id("7"))), deed(cancel(by_name()))]), Err(order.into()));
}

#[test]
fn an_answer_for_each_item() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", places(How::Batch, vec![buy("4", "100"), buy("3", "100"), ioc("2", "100")]));
    assert_eq!(
        (desk.day("a"), desk.used("a", limits::Scope::Bot, "max_open_orders")),
        ("900 USDT".into(), "2".into())
    );
    let answers =
        vec![executed("7", Resting::Open, None), refused(), executed("8", Resting::Done, Some("1"))];
    desk.settle(id, each(answers));
    assert_eq!(
        (desk.day("a"), desk.used("a", limits::Scope::Bot, "max_open_orders")),
        ("500 USDT".into(), "1".into())
    );
    assert_eq!(desk.book, desk.read_back());
    assert_eq!(desk.book.order(id).unwrap().exchange_id(), Some("7"));
    desk.sent("a", cancel(by_id("7")));
}

#[test]
fn an_answer_that_does_not_fit_says_nothing() {
    let many = || each(vec![refused(), refused(), refused()]);
    let few = || each(vec![refused()]);
    for outcome in [few(), many(), each(vec![]), unknown(), each(vec![unknown(), unknown()])] {
        let mut desk = Desk::new("", "");
        let id = desk.sent("a", places(How::Batch, vec![buy("4", "100"), buy("3", "100")]));
        desk.settle(id, outcome);
        assert_eq!(desk.day("a"), "700 USDT");
    }
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", places(How::Batch, vec![buy("4", "100"), buy("3", "100")]));
    desk.settle(id, refused());
    assert_eq!(desk.day("a"), "0 USDT");
    let id = desk.sent("a", places(How::Batch, vec![buy("4", "100"), buy("3", "100")]));
    desk.crash();
    assert_eq!(desk.day("a"), "700 USDT");
    assert!(desk.book.settle(id, refused(), None, desk.now()).is_err());
}

#[test]
fn a_replacement_counts_beside_what_it_replaces() {
    let replace = |stop_on_failure| {
        steps(How::Replace { stop_on_failure }, vec![deed(cancel(by_id("7"))), Deed::Place(buy("5", "100"))])
    };
    let after = |outcome: Outcome| {
        let mut desk = Desk::new("", "");
        let id = desk.sent("a", Act::Place(buy("4", "100")));
        desk.settle(id, executed("7", Resting::Open, None));
        let id = desk.sent("a", replace(true));
        assert_eq!(desk.day("a"), "900 USDT");
        desk.settle(id, outcome);
        assert_eq!(desk.book, desk.read_back());
        desk.day("a")
    };
    let (ended, open) = (|| executed("7", Resting::Done, Some("1")), || executed("8", Resting::Open, None));
    assert_eq!(after(each(vec![ended(), open()])), "600 USDT");
    assert_eq!(after(each(vec![refused(), open()])), "900 USDT");
    assert_eq!(after(each(vec![refused(), refused()])), "400 USDT");
    assert_eq!(after(each(vec![ended(), refused()])), "100 USDT");
    assert_eq!(after(unknown()), "900 USDT");
    let mut desk = Desk::new("max_day = \"899 USDT\"", "");
    let id = desk.sent("a", Act::Place(buy("4", "100")));
    desk.settle(id, executed("7", Resting::Open, None));
    assert!(desk.ask("a", replace(false), Permission::Trade).is_err());
    let wrong = "order: the order cannot be measured: the items of a list are of one instrument, and as many as its kind has";
    let shape = vec![Deed::Place(buy("5", "100")), deed(cancel(by_id("7")))];
    check("", steps(How::Replace { stop_on_failure: true }, shape), Err((None, wrong)));
}

#[test]
fn of_two_rivals_the_larger_counts() {
    let oco = |a: Order, b: Order| places(How::OneOf, vec![a, b]);
    let pair = || oco(sell("4", "110"), stop("90", sell("4", "89")));
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", pair());
    assert_eq!(desk.day("a"), "440 USDT");
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_orders"), "2");
    desk.settle(id, each(vec![executed("7", Resting::Open, None), executed("8", Resting::Open, None)]));
    assert_eq!(desk.day("a"), "440 USDT");
    let gone = desk.sent("a", cancel(by_id("7")));
    desk.settle(gone, executed("7", Resting::Done, Some("0")));
    assert_eq!(desk.day("a"), "400 USDT");
    assert_eq!(desk.book, desk.read_back());
    check(
        "max_day = \"439 USDT\"",
        pair(),
        Err((None, "max_day: order of 440 USDT is above the 439 USDT left of max_day = 439 USDT")),
    );
    check(
        "",
        oco(sell("4", "110"), stop("90", sell("4", "88"))),
        Err((Some(1), "price_band: selling at 88 is below 88.2, the edge of price_band = 2% around 90")),
    );
    let wrong = "order: the order cannot be measured: the items of a list are of one instrument, and as many as its kind has";
    let eth = Order { symbol: "ETHBTC".parse().unwrap(), ..sell("4", "0.5") };
    check("", oco(sell("4", "110"), eth), Err((None, wrong)));
    check("", places(How::OneOf, vec![sell("4", "110")]), Err((None, wrong)));
    let three =
        || places(How::ThenOneOf, vec![buy("4", "100"), sell("4", "110"), stop("90", sell("4", "89"))]);
    check("max_day = \"840 USDT\"", three(), Ok(()));
    check(
        "max_day = \"839 USDT\"",
        three(),
        Err((None, "max_day: order of 840 USDT is above the 839 USDT left of max_day = 839 USDT")),
    );
    let larger = || stop("120", sell("4", "120"));
    let second = || oco(sell("4", "98"), larger());
    let over = "max_day: order of 480 USDT is above the 479 USDT left of max_day = 479 USDT";
    check("max_day = \"480 USDT\"", second(), Ok(()));
    check("max_day = \"479 USDT\"", second(), Err((None, over)));
    let third = || places(How::ThenOneOf, vec![buy("4", "100"), sell("4", "101"), larger()]);
    let over = "max_day: order of 880 USDT is above the 879 USDT left of max_day = 879 USDT";
    check("max_day = \"880 USDT\"", third(), Ok(()));
    check("max_day = \"879 USDT\"", third(), Err((None, over)));
    let then = || places(How::Then, vec![buy("4", "100"), sell("4", "110")]);
    check("max_day = \"840 USDT\"", then(), Ok(()));
    check(
        "max_day = \"839 USDT\"",
        then(),
        Err((None, "max_day: order of 840 USDT is above the 839 USDT left of max_day = 839 USDT")),
    );
}

#[test]
fn a_hidden_second_order_is_judged() {
    let then = |hidden: Order| places(How::Then, vec![buy("1", "100"), hidden]);
    check(
        "",
        then(buy("11", "100")),
        Err((Some(1), "max_order: order of 1100 USDT is above max_order = 1000 USDT")),
    );
    check(
        "",
        then(sell("1", "97")),
        Err((Some(1), "price_band: selling at 97 is below 98, the edge of price_band = 2% around 100")),
    );
    let stop = Order { trigger: Some(n("90")), ..market(Side::Sell, Size::Base(n("1"))) };
    check(
        "",
        then(stop),
        Err((
            Some(1),
            "price_band: the market order cannot be bounded: it waits for a trigger; give it a limit price",
        )),
    );
}

/// What waits for another order begins where that one fills, not where the market is now.
#[test]
fn what_waits_for_another_order_is_measured_from_there() {
    let then = |first: Order, hidden: Order| places(How::Then, vec![first, hidden]);
    check("", then(buy("1", "80"), sell("1", "79")), Ok(()));
    let low = "price_band: selling at 78.39 is below 78.4, the edge of price_band = 2% around 80";
    check("", then(buy("1", "80"), sell("1", "78.39")), Err((Some(1), low)));
    let high = "price_band: selling at 100 is below 147, the edge of price_band = 2% around 150";
    check("", then(sell("1", "150"), sell("1", "100")), Err((Some(1), high)));
    let larger = "price_band: selling at 79 is below 98, the edge of price_band = 2% around 100";
    check("", then(buy("1", "80"), sell("1.001", "79")), Err((Some(1), larger)));
    let again = "price_band: buying at 120 is above 102, the edge of price_band = 2% around 100";
    check("", then(stop("119", buy("1", "121")), buy("1", "120")), Err((Some(1), again)));
    let at_once = "price_band: selling at 97 is below 98, the edge of price_band = 2% around 100";
    check("", then(buy("1", "102"), sell("1", "97")), Err((Some(1), at_once)));
    check("", then(buy("1", "30"), stop("20", sell("1", "20"))), Ok(()));
    check(
        "",
        then(buy("1", "100"), stop("20", sell("1", "20"))),
        Err((
            Some(1),
            "trigger_distance: the trigger price 20 is more than trigger_distance = 60% away from the reference price 100",
        )),
    );
}

#[test]
fn a_list_is_cancelled_by_its_name() {
    let mut desk = Desk::new("", "");
    let Act::Steps(mut list) = places(How::OneOf, vec![sell("4", "110"), stop("90", sell("4", "89"))]) else {
        panic!()
    };
    list.client_id = Some("list".parse().unwrap());
    let id = desk.sent("a", Act::Steps(list));
    let open = |id: &str| {
        let state = OrderState { list: Some("55".into()), ..state(id, Resting::Open, None) };
        Outcome::Executed(Execution { order: Some(state), also: Vec::new() })
    };
    desk.settle(id, each(vec![open("7"), open("8")]));
    for by in [OrderRef::List("55".into()), OrderRef::ListClient("list".parse().unwrap())] {
        assert!(desk.ask("b", cancel(by.clone()), Permission::Trade).is_err());
        let before = desk.book.clone();
        let gone = desk.ask("a", cancel(by), Permission::Trade).unwrap();
        let also = vec![state("8", Resting::Done, Some("0"))];
        let order = Some(state("7", Resting::Done, Some("1")));
        desk.book.settle(gone.id(), Outcome::Executed(Execution { order, also }), None, desk.now()).unwrap();
        assert_eq!(desk.day("a"), "110 USDT");
        desk.book = before;
    }
}

#[test]
fn p13_a_batch_of_cancels_ends_own_orders_only() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("b", Act::Place(buy("4", "100")));
    desk.settle(id, executed("7", Resting::Open, None));
    let batch = || steps(How::Batch, vec![deed(cancel(by_id("7")))]);
    assert_eq!(desk.ask("a", batch(), Permission::Trade).unwrap_err().denial, Denial::NotOwnOrder);
    assert!(desk.ask("b", batch(), Permission::Trade).is_ok());
}

#[test]
fn a_withdrawn_batch_leaves_nothing() {
    let mut desk = Desk::new("order_rate = \"9/s\"", "");
    let id = desk.sent("a", Act::Place(buy("4", "100")));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.wait(1000);
    desk.book.sweep(desk.now());
    let before = desk.book.clone();
    let all = vec![
        deed(amend(by_id("7"), Some("5"), None)),
        Deed::Place(buy("1", "100")),
        Deed::Place(ioc("1", "100")),
    ];
    for act in
        [steps(How::Batch, all), places(How::OneOf, vec![sell("4", "110"), stop("90", sell("4", "89"))])]
    {
        let permit = desk.ask("a", act, Permission::Trade).unwrap();
        assert_ne!(desk.book, before);
        desk.book.withdraw(permit);
        assert_eq!(desk.book, before);
    }
}
