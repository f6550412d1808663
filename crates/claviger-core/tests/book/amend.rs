//! Amendments of what only some orders have.

use claviger_core::*;

use crate::desk::*;

/// Has an order alive as 7, and as algo order 9 where it is one; amends it; says what is used then, or why not.
fn check(order: Order, by: OrderRef, change: impl FnOnce(&mut Amendment), expected: &str) {
    let mut desk = Desk::new("", "");
    live(&mut desk, order);
    let Act::Amend(mut amendment) = amend(by, None, None) else { panic!() };
    change(&mut amendment);
    let got = match desk.ask("a", Act::Amend(amendment), Permission::Trade) {
        Ok(permit) => {
            desk.record(permit.entry());
            desk.settle(permit.id(), executed("", Resting::Untold, None));
            assert_eq!(desk.book, desk.read_back());
            desk.day("a")
        }
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    };
    assert_eq!(got, expected);
}

fn live(desk: &mut Desk, order: Order) -> IntentId {
    let algo = order.more.algo;
    let id = desk.sent("a", Act::Place(order));
    let state = if algo {
        OrderState { algo, became: None, ..state("9", Resting::Open, None) }
    } else {
        state("7", Resting::Open, None)
    };
    desk.settle(id, Outcome::Executed(Execution { order: Some(state), also: Vec::new() }));
    id
}

fn stop(algo: bool) -> Order {
    let more = More { algo, ..More::default() };
    Order { trigger: Some(n("80")), more, ..sell("4", "79") }
}

fn algo() -> OrderRef {
    OrderRef::Algo("9".into())
}

const FIRED: &str = "amendment: the order cannot be amended: its trigger may have fired, and then it would be refused; cancel \
                     it and place another";

#[test]
fn a_trigger_that_has_not_fired() {
    let to = |trigger: &str, price: &str| {
        let (trigger, price) = (n(trigger), n(price));
        move |a: &mut Amendment| (a.more.trigger, a.price) = (Some(trigger), Some(price))
    };
    check(stop(true), algo(), to("85", "84"), "400 USDT");
    check(stop(true), algo(), to("120", "120"), "480 USDT");
    check(
        stop(true),
        algo(),
        to("85", "83"),
        "price_band: selling at 83 is below 83.3, the edge of price_band = 2% around 85",
    );
    check(
        stop(true),
        algo(),
        to("39", "39"),
        "trigger_distance: the trigger price 39 is more than trigger_distance = 60% away from the reference price 100",
    );
    check(stop(false), by_id("7"), to("85", "84"), FIRED);
    check(stop(false), by_id("7"), to("99", "98"), "400 USDT");
    check(
        stop(true),
        algo(),
        |a| a.size = Some(n("10.1")),
        "max_order: order of 1010 USDT is above max_order = 1000 USDT",
    );
}

#[test]
fn a_trigger_that_has_fired() {
    let fired = |change: fn(&mut Amendment)| {
        let mut desk = Desk::new("", "");
        let id = live(&mut desk, stop(true));
        let became = OrderState { algo: true, became: Some("7".into()), ..state("9", Resting::Open, None) };
        desk.observe(desk.now(), Observed::Order { symbol: "BTCUSDT".parse().unwrap(), state: became });
        assert_eq!(desk.book.order(id).unwrap().exchange_id(), Some("7"));
        let Act::Amend(mut amendment) = amend(by_id("7"), None, None) else { panic!() };
        change(&mut amendment);
        let asked = desk.ask("a", Act::Amend(amendment), Permission::Trade);
        asked.map(|_| ()).map_err(|denied| denied.denial.rule())
    };
    assert_eq!(fired(|a| a.price = Some(n("98"))), Ok(()));
    assert_eq!(fired(|a| a.price = Some(n("97"))), Err("price_band"));
    assert_eq!(fired(|a| a.size = Some(n("3"))), Err("price_band"));
    assert_eq!(fired(|a| a.more.trigger = Some(n("90"))), Err("amendment"));
}

#[test]
fn an_order_that_keeps_its_place_only_shrinks() {
    let keep = |size: &str, price: Option<&str>| {
        let (size, price) = (Some(n(size)), price.map(n));
        move |a: &mut Amendment| (a.size, a.price, a.more.keeps_priority) = (size, price, true)
    };
    let only =
        "amendment: the order cannot be amended: an order that keeps its place can only become smaller";
    check(buy("4", "100"), by_id("7"), keep("3", None), "400 USDT");
    check(buy("4", "100"), by_id("7"), keep("4", None), only);
    check(buy("4", "100"), by_id("7"), keep("5", None), only);
    check(buy("4", "100"), by_id("7"), keep("3", Some("100")), only);
    let mut desk = Desk::new("", "");
    live(&mut desk, buy("4", "100"));
    let Act::Amend(mut amendment) = amend(by_id("7"), None, None) else { panic!() };
    keep("3", None)(&mut amendment);
    let permit = desk.ask("a", Act::Amend(amendment), Permission::Trade).unwrap();
    let Act::Amend(leaves) = &permit.leaves().act else { panic!() };
    assert!(leaves.more.client_id.is_some(), "the exchange would give it a random name");
}

#[test]
fn a_new_name() {
    let name = |text: &str| Some(text.parse::<ClientOrderId>().unwrap());
    for outcome in [executed("7", Resting::Open, None), unknown()] {
        let mut desk = Desk::new("", "");
        live(&mut desk, Order { client_id: name("old"), ..buy("4", "100") });
        let Act::Amend(mut amendment) = amend(by_id("7"), Some("3"), None) else { panic!() };
        amendment.more.client_id = name("new");
        let id = desk.sent("a", Act::Amend(amendment.clone()));
        desk.settle(id, outcome);
        assert_eq!(desk.book, desk.read_back());
        for by in ["old", "new"] {
            let permit =
                desk.ask("a", cancel(OrderRef::Client(by.parse().unwrap())), Permission::Trade).unwrap();
            desk.book.withdraw(permit);
        }
        let other = desk.sent("a", Act::Place(Order { client_id: name("other"), ..buy("1", "100") }));
        desk.settle(other, executed("8", Resting::Open, None));
        amendment.more.client_id = name("other");
        (amendment.price, amendment.size) = (Some(n("100")), Some(n("2")));
        let denied = desk.ask("a", Act::Amend(amendment), Permission::Trade).unwrap_err();
        assert_eq!(denied.denial.rule(), "amendment");
    }
}

#[test]
fn an_exit_stays_free() {
    let exit = |order: Order| Order { market: Market::Usdm, reduce_only: true, ..order };
    let mut desk = Desk::new("markets = [\"usdm\"]\nmax_order = \"100 USDT\"\nmax_day = \"100 USDT\"", "");
    let id = desk.sent("a", Act::Place(exit(sell("50", "100"))));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.observe(
        desk.now(),
        Observed::OpenOrders { symbol: Some("ETHBTC".parse().unwrap()), orders: vec![] },
    );
    let change = |desk: &mut Desk, price: &str| {
        let Act::Amend(a) = amend(by_id("7"), Some("60"), Some(price)) else { panic!() };
        let act = Act::Amend(Amendment { market: Market::Usdm, ..a });
        desk.ask_on("usdm", "a", act).map(|permit| desk_withdraw(desk, permit)).map_err(|e| e.denial.rule())
    };
    assert_eq!(change(&mut desk, "94"), Ok(()));
    assert_eq!(change(&mut desk, "93"), Err("price_band"));
    assert_eq!(desk.day("a"), "0 USDT");
}

fn desk_withdraw(desk: &mut Desk, permit: claviger_core::book::Permit) {
    desk.book.withdraw(permit);
}

/// An order with a second end: a stop at 80, and a take profit.
fn either(profit: Wake) -> Order {
    Order { more: More { algo: true, or: Some(profit), ..More::default() }, ..stop(true) }
}

fn at(trigger: Option<&str>, price: &str) -> Wake {
    Wake { trigger: trigger.map(n), price: Some(n(price)), ..Wake::default() }
}

/// What rests in the book fills at its price, whatever trigger an amendment names beside it.
#[test]
fn a_second_end_that_rests_does_not_begin_to_wait() {
    let to = |trigger: Option<&str>, price: &str| {
        let new = at(trigger, price);
        move |a: &mut Amendment| a.more.or = Some(new)
    };
    let stays = "amendment: the order cannot be amended: its second price rests in the book from the start, or waits, and stays so";
    check(either(at(None, "120")), algo(), to(Some("50"), "49"), stays);
    check(either(at(Some("120"), "120")), algo(), to(None, "120"), stays);
    check(either(at(Some("120"), "120")), algo(), to(Some("110"), "110"), "480 USDT");
    let low = "price_band: selling at 49 is below 98, the edge of price_band = 2% around 100";
    check(either(at(None, "120")), algo(), to(None, "49"), low);
}

#[test]
fn an_order_of_which_either_end_fired_needs_its_price() {
    let price = "amendment: the order cannot be amended: which of its two triggers fired is not known; state the price";
    let mut desk = Desk::new("", "");
    live(&mut desk, either(at(Some("150"), "150")));
    let became = OrderState { algo: true, became: Some("7".into()), ..state("9", Resting::Open, None) };
    desk.observe(desk.now(), Observed::Order { symbol: "BTCUSDT".parse().unwrap(), state: became });
    let denied = desk.ask("a", amend(by_id("7"), Some("5"), None), Permission::Trade).unwrap_err();
    assert_eq!(format!("{}: {denied}", denied.denial.rule()), price);
    assert!(desk.ask("a", amend(by_id("7"), Some("5"), Some("150")), Permission::Trade).is_ok());
}

/// An amendment may add an exit. One that it names counts in the place of the one before.
#[test]
fn exits_that_an_amendment_does_not_name_stay() {
    let name = |text: &str| Some(text.parse::<ClientOrderId>().unwrap());
    let exit = |trigger: &str, client_id, by_exchange: Option<&str>| Exit {
        stop_loss: Some(at(Some(trigger), trigger)),
        client_id,
        params: by_exchange
            .map(|id| Param { name: "attachAlgoId".into(), value: Value::Text(id.into()) })
            .into_iter()
            .collect(),
        ..Exit::default()
    };
    let order = || Order {
        more: More { exits: vec![exit("90", name("x"), None)], ..More::default() },
        ..buy("4", "100")
    };
    let to = |exits: Vec<Exit>| move |a: &mut Amendment| a.more.exits = exits;
    check(order(), by_id("7"), |a| a.price = Some(n("100")), "800 USDT");
    check(order(), by_id("7"), to(vec![exit("95", name("x"), None)]), "800 USDT");
    check(order(), by_id("7"), to(vec![exit("95", None, Some("1"))]), "1200 USDT");
    check(order(), by_id("7"), to(vec![exit("95", None, None); 2]), "1600 USDT");
    let twice = vec![exit("95", None, Some("1")), exit("94", None, Some("1"))];
    check(order(), by_id("7"), to(twice), "1200 USDT");
}
