//! What orders may lose: reserved before they leave, kept for what filled, given back for the rest.

use claviger_core::*;

use crate::desk::*;

const LIMIT: &str = "max_loss_day = \"10 USDT\"";

/// Everything but what may be lost is far away.
fn wide(more: &str) -> String {
    let far = "markets = \"unlimited\"\nsymbols = \"unlimited\"\nmax_order = \"9000 USDT\"\nmax_day = \"900000 USDT\"";
    format!("{far}\nmax_open_orders = 1000\n{more}")
}

/// What one order reserves of it.
fn lost(order: Order) -> String {
    let mut desk = Desk::new(&wide("max_loss_day = \"9000 USDT\""), "");
    desk.ask("a", Act::Place(order), Permission::Trade).map(|_| ()).unwrap_or_else(|e| panic!("{e}"));
    desk.used("a", limits::Scope::Bot, "max_loss_day")
}

fn used(desk: &mut Desk) -> String {
    desk.used("a", limits::Scope::Bot, "max_loss_day")
}

fn refusal(desk: &mut Desk, name: &str, act: Act) -> String {
    match desk.ask(name, act, Permission::Trade) {
        Ok(permit) => {
            desk.book.withdraw(permit);
            "allowed".into()
        }
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    }
}

fn usdm(order: Order) -> Order {
    Order { market: Market::Usdm, ..order }
}

fn reduce(order: Order) -> Order {
    Order { reduce_only: true, ..usdm(order) }
}

fn stop(trigger: &str, order: Order) -> Order {
    Order { trigger: Some(n(trigger)), ..order }
}

fn places(how: How, orders: Vec<Order>) -> Act {
    let steps = orders.into_iter().map(|order| Step { deed: Deed::Place(order), params: Vec::new() });
    Act::Steps(Steps { how, steps: steps.collect(), client_id: None })
}

fn reread(desk: &mut Desk) {
    let now = desk.now();
    let mut folded = desk.read_back();
    folded.sweep(now);
    desk.book.sweep(now);
    assert_eq!(desk.book, folded);
}

#[test]
fn what_an_order_may_lose() {
    assert_eq!(lost(buy("1", "100")), "0.1 USDT");
    assert_eq!(lost(buy("1", "90")), "0.1 USDT");
    assert_eq!(lost(buy("1", "102")), "2.102 USDT");
    assert_eq!(lost(sell("1", "110")), "0.11 USDT");
    assert_eq!(lost(sell("1", "98")), "2.1 USDT");
    assert_eq!(lost(market(Side::Buy, Size::Base(n("1")))), "2.102 USDT");
    assert_eq!(lost(market(Side::Buy, Size::Quote(n("1000")))), "20.605906 USDT");
    // When it fires, the market is there; nobody knows who brought it there.
    assert_eq!(lost(stop("80", sell("1", "78.4"))), "21.7 USDT");
    assert_eq!(lost(stop("120", buy("1", "122.4"))), "22.5224 USDT");
    let contracts = |market, symbol: &str, size: &str| Order {
        market,
        symbol: symbol.parse().unwrap(),
        size: Size::Contracts(n(size)),
        ..buy("1", "102")
    };
    assert_eq!(lost(contracts(Market::Usdm, "BTC-USDT-SWAP", "100")), "2.102 USDT");
    assert_eq!(lost(contracts(Market::Coinm, "BTC-USD-SWAP", "1")), "2.06078432 USDT");
    let quote = Order { size: Size::Quote(n("102")), ..buy("1", "102") };
    assert_eq!(lost(quote), "2.102 USDT");
}

#[test]
fn the_fee_is_a_setting() {
    for (fee, expected) in [("0.06%", "0.06 USDT"), ("1%", "1 USDT")] {
        let mut desk = Desk::new(&wide(&format!("{LIMIT}\nmax_fee = \"{fee}\"")), "");
        desk.sent("a", Act::Place(buy("1", "100")));
        assert_eq!(used(&mut desk), expected);
    }
    let mut desk = Desk::new("", "max_loss_day = \"10 USDT\"\nmax_fee = \"0.2%\"");
    desk.sent("a", Act::Place(buy("1", "100")));
    assert_eq!(desk.used("a", limits::Scope::Key, "max_loss_day"), "0.2 USDT");
    assert_eq!(used(&mut desk), "");
}

#[test]
fn it_is_reserved_kept_for_what_filled_and_given_back_for_the_rest() {
    let mut desk = Desk::new(&wide(LIMIT), "");
    let id = desk.sent("a", Act::Place(ioc("4", "102")));
    assert_eq!(used(&mut desk), "8.408 USDT");
    assert_eq!(
        refusal(&mut desk, "a", Act::Place(buy("1", "102"))),
        "max_loss_day: a loss of up to 2.102 USDT is above the 1.592 USDT left of max_loss_day = 10 USDT"
    );
    assert_eq!(refusal(&mut desk, "a", Act::Place(buy("15.92", "100"))), "allowed");
    assert!(refusal(&mut desk, "a", Act::Place(buy("15.921", "100"))).starts_with("max_loss_day"));
    desk.settle(id, executed("1", Resting::Done, Some("1")));
    assert_eq!(used(&mut desk), "2.102 USDT");
    reread(&mut desk);
    let id = desk.sent("a", Act::Place(buy("3", "102")));
    desk.settle(id, executed("2", Resting::Open, None));
    let id = desk.sent("a", cancel(by_id("2")));
    desk.settle(id, executed("2", Resting::Done, Some("0")));
    assert_eq!(used(&mut desk), "2.102 USDT");
    reread(&mut desk);
}

#[test]
fn what_was_lost_counts_for_a_day() {
    let mut desk = Desk::new(&wide(LIMIT), "");
    let id = desk.sent("a", Act::Place(ioc("4", "102")));
    desk.settle(id, executed("1", Resting::Done, Some("4")));
    let denied = desk.ask("a", Act::Place(ioc("1", "102")), Permission::Trade).unwrap_err();
    let DenialClass::Budget { refills: Some(refills) } = denied.denial.class() else { panic!("{denied}") };
    desk.wait(refills.since(desk.now()) - 1);
    assert!(desk.ask("a", Act::Place(ioc("1", "102")), Permission::Trade).is_err());
    desk.wait(1);
    desk.sent("a", Act::Place(ioc("1", "102")));
    assert_eq!(used(&mut desk), "2.102 USDT");
}

#[test]
fn what_is_not_known_stays_reserved_also_after_a_crash() {
    let mut desk = Desk::new(&wide(LIMIT), "");
    let id = desk.sent("a", Act::Place(ioc("2", "102")));
    desk.settle(id, unknown());
    desk.sent("a", Act::Place(buy("2", "102")));
    desk.crash();
    assert_eq!(used(&mut desk), "8.408 USDT");
    desk.wait(20_000);
    let now = desk.now();
    desk.observe(now, Observed::OpenOrders { symbol: None, orders: Vec::new() });
    desk.wait(25 * HOUR);
    assert_eq!(used(&mut desk), "0 USDT");
}

#[test]
fn what_could_not_be_recorded_reserves_nothing() {
    let mut desk = Desk::new(&wide(LIMIT), "");
    let permit = desk.ask("a", Act::Place(buy("4", "102")), Permission::Trade).unwrap();
    desk.book.withdraw(permit);
    assert_eq!(used(&mut desk), "0 USDT");
    reread(&mut desk);
}

#[test]
fn bots_of_a_key_lose_together() {
    let mut desk = Desk::new("", LIMIT);
    desk.sent("a", Act::Place(buy("4", "102")));
    let denied = desk.ask("b", Act::Place(buy("1", "102")), Permission::Trade).unwrap_err();
    let text = "a loss of up to 2.102 USDT is above what is left of the key's max_loss_day = 10 USDT";
    assert_eq!(denied.to_string(), text);
    assert_eq!(denied.denial.class(), DenialClass::Budget { refills: None });
    desk.sent("c", Act::Place(buy("4", "102")));
}

#[test]
fn an_amendment_counts_at_its_worst() {
    let mut desk = Desk::new(&wide(LIMIT), "");
    let id = desk.sent("a", Act::Place(buy("2", "100")));
    desk.settle(id, executed("7", Resting::Open, None));
    assert_eq!(used(&mut desk), "0.2 USDT");
    let worse = |size| amend(by_id("7"), Some(size), Some("102"));
    assert_eq!(
        refusal(&mut desk, "a", worse("4.8")),
        "max_loss_day: a loss of up to 10.0896 USDT is above the 10 USDT left of max_loss_day = 10 USDT"
    );
    let id = desk.sent("a", worse("4"));
    assert_eq!(used(&mut desk), "8.408 USDT");
    desk.settle(id, executed("7", Resting::Open, None));
    let id = desk.sent("a", amend(by_id("7"), Some("1"), Some("90")));
    desk.settle(id, executed("7", Resting::Open, None));
    assert_eq!(used(&mut desk), "8.408 USDT");
    let id = desk.sent("a", cancel(by_id("7")));
    desk.settle(id, executed("7", Resting::Done, Some("2")));
    assert_eq!(used(&mut desk), "4.204 USDT");
    reread(&mut desk);
}

#[test]
fn a_limit_that_is_new_counts_from_then_on() {
    let mut desk = Desk::new(&wide("max_loss_day = \"unlimited\""), "");
    let id = desk.sent("a", Act::Place(buy("4", "102")));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.policies = std::sync::Arc::clone(config(&wide(LIMIT), "").policies());
    assert_eq!(used(&mut desk), "0 USDT");
    desk.sent("a", amend(by_id("7"), Some("3"), None));
    assert_eq!(used(&mut desk), "8.408 USDT");
    desk.crash();
    assert_eq!(used(&mut desk), "8.408 USDT");
}

#[test]
fn requests_of_several_items() {
    let check = |act: Act, expected: &str| {
        let mut desk = Desk::new(&wide(LIMIT), "");
        let got = match desk.ask("a", act, Permission::Trade) {
            Ok(permit) => {
                desk.record(permit.entry());
                reread(&mut desk);
                used(&mut desk)
            }
            Err(denied) => denied.to_string(),
        };
        assert_eq!(got, expected);
    };
    check(places(How::Batch, vec![buy("2", "102"), buy("2", "102")]), "8.408 USDT");
    let over = "a loss of up to 10.51 USDT is above the 10 USDT left of max_loss_day = 10 USDT";
    check(places(How::Batch, vec![buy("2", "102"), buy("3", "102")]), over);
    // Of two of which one fills, the larger one; and what waits for another one to fill is measured from there.
    check(places(How::OneOf, vec![sell("1", "110"), stop("95", sell("1", "94"))]), "6.1 USDT");
    check(places(How::Then, vec![buy("1", "90"), sell("1", "91")]), "0.2 USDT");
    check(places(How::Then, vec![buy("1", "90"), sell("1", "89")]), "1.2 USDT");
    // More than the first one takes: whoever fills that one may have brought the market there.
    let more = "a loss of up to 10.6001 USDT is above the 10 USDT left of max_loss_day = 10 USDT";
    check(places(How::Then, vec![buy("0.001", "90"), stop("91", sell("1", "89.5"))]), more);
    // What an exit loses beside it counts too.
    let over = "a loss of up to 10.51 USDT is above the 10 USDT left of max_loss_day = 10 USDT";
    check(places(How::Batch, vec![reduce(buy("3", "102")), usdm(buy("2", "102"))]), over);
}

#[test]
fn exits_count_and_are_never_refused() {
    let mut desk = Desk::new(&wide(LIMIT), "");
    desk.sent("a", Act::Place(reduce(sell("2", "94"))));
    assert_eq!(used(&mut desk), "12.2 USDT");
    desk.sent("a", Act::Place(reduce(sell("2", "94"))));
    assert_eq!(used(&mut desk), "24.4 USDT");
    reread(&mut desk);
    assert_eq!(
        refusal(&mut desk, "a", Act::Place(buy("1", "90"))),
        "max_loss_day: a loss of up to 0.1 USDT is above the 0 USDT left of max_loss_day = 10 USDT"
    );
    // One without a limit counts at its trigger; of a whole position nobody knows the size.
    assert_eq!(lost(reduce(stop("90", market(Side::Sell, Size::Base(n("1")))))), "10.1 USDT");
    assert_eq!(lost(reduce(stop("90", market(Side::Sell, Size::Position)))), "0 USDT");
    // Where nothing leads to the limit's currency, an opening order is refused, and an exit is not.
    let mut desk = Desk::new(&wide("max_loss_day = \"10 EUR\""), "");
    assert!(refusal(&mut desk, "a", Act::Place(usdm(buy("1", "90")))).starts_with("max_loss_day"));
    desk.sent("a", Act::Place(reduce(sell("1", "94"))));
}

#[test]
fn an_exit_can_be_amended_whatever_it_loses() {
    let mut desk = Desk::new(&wide(LIMIT), "");
    let id = desk.sent("a", Act::Place(reduce(sell("1", "94"))));
    desk.settle(id, executed("7", Resting::Open, None));
    let Act::Amend(change) = amend(by_id("7"), Some("4"), None) else { panic!() };
    let change = Act::Amend(Amendment { market: Market::Usdm, ..change });
    let permit = desk.ask_on("usdm", "a", change).unwrap();
    desk.record(permit.entry());
    assert_eq!(used(&mut desk), "24.4 USDT");
    reread(&mut desk);
}

#[test]
fn what_is_attached_counts_where_it_may_open() {
    let exit = |price: Option<&str>| {
        let wake = Wake { trigger: Some(n("95")), price: price.map(n), ..Wake::default() };
        More { exits: vec![Exit { stop_loss: Some(wake), ..Exit::default() }], ..More::default() }
    };
    let with = |price, order: Order| Order { more: exit(price), ..order };
    assert_eq!(lost(with(Some("94"), buy("1", "100"))), "6.2 USDT");
    assert_eq!(lost(with(None, usdm(buy("1", "100")))), "5.2 USDT");
    let hedged = Order { position_side: PositionSide::Long, ..usdm(buy("1", "100")) };
    assert_eq!(lost(with(None, hedged)), "0.1 USDT");
}

#[test]
fn what_has_no_known_loss_is_refused() {
    let grants = "grants = [\"trade\", \"convert\"]";
    let convert = || {
        Act::Special(Special {
            what: What::Convert,
            market: None,
            symbol: None,
            asset: Some("USDT".parse().unwrap()),
            amount: Some(n("100")),
            quote: None,
        })
    };
    let unknown = "max_loss_day: max_loss_day cannot count it: at what price a trade outside of the book is done is not known";
    let mut desk = Desk::new(&format!("{grants}\n{LIMIT}"), "");
    let denied = desk.ask("a", convert(), Permission::Convert).unwrap_err();
    assert_eq!(format!("{}: {denied}", denied.denial.rule()), unknown);
    assert_eq!(denied.denial.class(), DenialClass::Order);
    let mut desk = Desk::new(&format!("{grants}\nmax_loss_day = \"unlimited\""), "");
    assert!(desk.ask("a", convert(), Permission::Convert).is_ok());
    let mut desk = Desk::new(&wide(&format!("{LIMIT}\nprice_band = \"unlimited\"")), "");
    desk.now += 10_001;
    let none = "reference: there is no fresh reference price of BTCUSDT, so this order cannot be measured";
    assert_eq!(refusal(&mut desk, "a", Act::Place(buy("1", "100"))), none);
    desk.sent("a", Act::Place(reduce(buy("1", "100"))));
}

#[test]
fn entries_of_earlier_builds_reserve_no_loss() {
    let mut desk = Desk::new("", "");
    let permit = desk.ask("a", Act::Place(buy("4", "102")), Permission::Trade).unwrap();
    let bytes = permit.entry().to_bytes().unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(r#""reservation":{"bot":"408 USDT","key":"408 USDT"}"#), "{text}");
    let mut book = book::Book::new();
    book.fold(&Entry::from_bytes(&bytes).unwrap());
    assert_eq!(book, desk.book);
}
