//! How far from the market an order may be, on either side, and which instruments it may never touch.

use claviger_core::*;

use crate::desk::*;

const ALLOWED: &str = "allowed";
const FUTURES: &str = "markets = [\"usdm\", \"coinm\"]";

fn said(answer: Result<book::Permit, book::Denied>) -> String {
    match answer {
        Ok(_) => ALLOWED.into(),
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    }
}

fn check_at(more: &str, key: &str, order: Order, expected: &str) {
    let mut desk = Desk::new(more, key);
    assert_eq!(
        said(desk.ask("a", Act::Place(order.clone()), Permission::Trade)),
        expected,
        "{more} {key} {order:?}"
    );
}

fn check(more: &str, order: Order, expected: &str) {
    check_at(more, "", order, expected);
}

fn usdm(order: Order) -> Order {
    Order { market: Market::Usdm, ..order }
}

fn exit(order: Order) -> Order {
    Order { reduce_only: true, ..usdm(order) }
}

fn futures(more: &str) -> String {
    format!("{FUTURES}\n{more}")
}

fn attached(order: Order, take_profit: Wake) -> Order {
    let exit = Exit { take_profit: Some(take_profit), ..Exit::default() };
    Order { more: More { exits: vec![exit], ..More::default() }, ..order }
}

fn wake(trigger: Option<&str>, price: Option<&str>) -> Wake {
    Wake { trigger: trigger.map(n), price: price.map(n), ..Wake::default() }
}

/// What amending an order says, that was placed when nothing limited it.
fn amended(more: &str, order: Order, price: &str) -> String {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(order));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.policies = std::sync::Arc::clone(config(more, "").policies());
    said(desk.ask("a", amend(by_id("7"), None, Some(price)), Permission::Trade))
}

fn batch(orders: Vec<Order>) -> Act {
    let step = |order| Step { deed: Deed::Place(order), params: Vec::new() };
    let steps = orders.into_iter().map(step).collect();
    Act::Steps(Steps { how: How::Batch, steps, client_id: None })
}

#[test]
fn exit_band() {
    let low = "exit_band: selling at 89.99 is below 90, the edge of exit_band = 10% around 100";
    let ten = futures("exit_band = \"10%\"");
    check(&ten, exit(sell("1", "90")), ALLOWED);
    check(&ten, exit(sell("1", "89.99")), low);
    check(
        &ten,
        exit(buy("1", "110.01")),
        "exit_band: buying at 110.01 is above 110, the edge of exit_band = 10% around 100",
    );
    let opening = "price_band: selling at 97 is below 98, the edge of price_band = 2% around 100";
    check(&ten, usdm(sell("1", "97")), opening);
    check_at(
        FUTURES,
        "exit_band = \"1%\"",
        exit(sell("1", "98.99")),
        "exit_band: selling at 98.99 is below 99, the edge of exit_band = 1% around 100",
    );
    // At each level it takes the place of three times the band of that level alone.
    check_at(
        &format!("{ten}\nprice_band = \"2%\""),
        "price_band = \"1%\"",
        exit(sell("1", "96.9")),
        "price_band: selling at 96.9 is below 97, the edge of price_band = 1% (three times that for exits) around 100",
    );
    check(&futures("exit_band = \"unlimited\""), exit(sell("1", "1")), ALLOWED);
    check(&futures("price_band = \"unlimited\"\nexit_band = \"10%\""), exit(sell("1", "89.99")), low);
    check(&futures("price_band = \"unlimited\"\nexit_band = \"10%\""), usdm(sell("1", "1")), ALLOWED);
    let bracket = |price: &str| attached(usdm(buy("1", "100")), wake(Some("120"), Some(price)));
    check(&ten, bracket("108"), ALLOWED);
    check(
        &ten,
        bracket("107.99"),
        "exit_band: selling at 107.99 is below 108, the edge of exit_band = 10% around 120",
    );
    let mut desk = Desk::new(&ten, "");
    let act = batch(vec![exit(sell("1", "95")), exit(sell("1", "89.99"))]);
    assert_eq!(said(desk.ask("a", act, Permission::Trade)), low);
}

#[test]
fn market_exits_are_bounded_by_their_band() {
    let leaves = |more: &str, key: &str| {
        let order = exit(market(Side::Sell, Size::Base(n("1"))));
        let permit = Desk::new(&futures(more), key).ask("a", Act::Place(order), Permission::Trade).unwrap();
        permit.leaves().act.order().unwrap().kind
    };
    let at = |price| OrderKind::Limit { price: n(price) };
    assert_eq!(leaves("", ""), at("94"));
    assert_eq!(leaves("exit_band = \"10%\"", ""), at("90"));
    assert_eq!(leaves("exit_band = \"10%\"", "exit_band = \"5%\""), at("95"));
    assert_eq!(leaves("exit_band = \"10%\"\nprice_band = \"2%\"", "price_band = \"1%\""), at("97"));
    assert_eq!(leaves("price_band = \"unlimited\"\nexit_band = \"10%\"", ""), at("90"));
    assert_eq!(leaves("exit_band = \"unlimited\"", ""), OrderKind::Market);
    let opens = Desk::new(&futures("exit_band = \"10%\""), "")
        .ask("a", Act::Place(usdm(market(Side::Sell, Size::Base(n("1"))))), Permission::Trade)
        .unwrap();
    assert_eq!(opens.leaves().act.order().unwrap().kind, at("98"));
}

#[test]
fn fat_finger() {
    let half = "fat_finger = \"50%\"";
    let low = "fat_finger: buying at 49.99 is below 50, the edge of fat_finger = 50% around 100";
    let high = "fat_finger: selling at 150.01 is above 150, the edge of fat_finger = 50% around 100";
    for (order, expected) in [
        (buy("1", "50"), ALLOWED),
        (buy("1", "49.99"), low),
        (sell("1", "150"), ALLOWED),
        (sell("1", "150.01"), high),
        (market(Side::Buy, Size::Base(n("1"))), ALLOWED),
    ] {
        check(half, order.clone(), expected);
        check_at("", half, order, expected);
    }
    check("fat_finger = \"unlimited\"", buy("1", "1"), ALLOWED);
    check(&futures(half), exit(sell("1", "150.01")), high);
    check(&futures(half), exit(buy("1", "49.99")), low);
    assert_eq!(amended(half, buy("1", "100"), "50"), ALLOWED);
    assert_eq!(amended(half, buy("1", "100"), "49.99"), low);
    let mut desk = Desk::new(half, "");
    let two = batch(vec![buy("1", "50"), sell("1", "150.01")]);
    assert_eq!(said(desk.ask("a", two, Permission::Trade)), high);
}

#[test]
fn fat_fingers_of_what_waits_are_measured_from_where_it_wakes() {
    let half = "fat_finger = \"50%\"";
    let stop = |price: &str| Order { trigger: Some(n("60")), ..sell("1", price) };
    check(half, stop("90"), ALLOWED);
    check(
        half,
        stop("90.01"),
        "fat_finger: selling at 90.01 is above 90, the edge of fat_finger = 50% around 60",
    );
    let profit = |trigger, price| attached(usdm(buy("1", "60")), wake(trigger, Some(price)));
    check(&futures(half), profit(None, "90"), ALLOWED);
    check(
        &futures(half),
        profit(None, "90.01"),
        "fat_finger: selling at 90.01 is above 90, the edge of fat_finger = 50% around 60",
    );
    check(&futures(half), profit(Some("95"), "95"), ALLOWED);
    let loss = exit(Order { trigger: Some(n("41")), ..market(Side::Sell, Size::Base(n("1"))) });
    check(&futures(half), loss, ALLOWED);
}

#[test]
fn only_a_fat_finger_that_is_set_needs_a_reference() {
    let ask = |more: &str| {
        let mut desk = Desk::new(&format!("price_band = \"unlimited\"\n{more}"), "");
        desk.now += 10_001;
        said(desk.ask("a", Act::Place(buy("1", "100")), Permission::Trade))
    };
    assert_eq!(ask(""), ALLOWED);
    let blind = "reference: there is no fresh reference price of BTCUSDT, so this order cannot be measured";
    assert_eq!(ask("fat_finger = \"50%\""), blind);
}

#[test]
fn trigger_distance() {
    let stop = |trigger: &str| Order { trigger: Some(n(trigger)), ..sell("1", trigger) };
    let far = |trigger: &str, most: &str| {
        format!(
            "trigger_distance: the trigger price {trigger} is more than trigger_distance = {most} away from the reference price 100"
        )
    };
    for (more, key, near, beyond, most) in [
        ("", "", "40", "39.99", "60%"),
        ("trigger_distance = \"10%\"", "", "90", "89.99", "10%"),
        ("trigger_distance = \"99%\"", "", "1", "0.99", "99%"),
        ("", "trigger_distance = \"10%\"", "90", "89.99", "10%"),
        ("trigger_distance = \"10%\"", "trigger_distance = \"20%\"", "90", "89.99", "10%"),
        ("", "trigger_distance = \"99%\"", "40", "39.99", "60%"),
    ] {
        check_at(more, key, stop(near), ALLOWED);
        check_at(more, key, stop(beyond), &far(beyond, most));
        let loss =
            |trigger| exit(Order { trigger: Some(n(trigger)), ..market(Side::Sell, Size::Base(n("1"))) });
        check_at(&futures(more), key, loss(near), ALLOWED);
        check_at(&futures(more), key, loss(beyond), &far(beyond, most));
    }
    let trail = |callback: &str| {
        let trail = Trail { callback: Distance::Percent(n(callback)), activation: None };
        Order { more: More { trail: Some(trail), ..More::default() }, ..sell("1", "90") }
    };
    check("trigger_distance = \"10%\"", trail("10"), ALLOWED);
    let follows = "trigger_distance: it follows the price at more than trigger_distance = 10%";
    check("trigger_distance = \"10%\"", trail("10.1"), follows);
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(stop("80")));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.policies = std::sync::Arc::clone(config("trigger_distance = \"10%\"", "").policies());
    assert_eq!(
        said(desk.ask("a", amend(by_id("7"), Some("0.5"), None), Permission::Trade)),
        far("80", "10%")
    );
}

#[test]
fn deny_symbols() {
    let denied = "deny_symbols: BTCUSDT is in deny_symbols";
    let usdm_close = |position_side| Act::ClosePosition {
        market: Market::Usdm,
        symbol: "BTCUSDT".parse().unwrap(),
        position_side,
    };
    let eth = Order { symbol: "ETHBTC".parse().unwrap(), ..buy("1", "0.5") };
    for symbols in ["[\"BTCUSDT\", \"ETHBTC\"]", "\"unlimited\""] {
        let line = "deny_symbols = [\"BTCUSDT\"]";
        let own = format!("symbols = {symbols}\nmarkets = [\"spot\", \"usdm\"]\ndanger_account_wide = true");
        for (more, key) in [(format!("{own}\n{line}"), ""), (own, line)] {
            for act in [
                Act::Place(buy("1", "100")),
                Act::Test(buy("1", "100")),
                Act::Place(exit(sell("1", "100"))),
                batch(vec![eth.clone(), buy("1", "100")]),
                cancel(by_id("7")),
                amend(by_id("7"), Some("1"), None),
                usdm_close(PositionSide::Net),
                Act::CancelAll { market: Market::Spot, symbol: Some("BTCUSDT".parse().unwrap()) },
            ] {
                let mut desk = Desk::new(&more, key);
                assert_eq!(said(desk.ask("a", act.clone(), Permission::Trade)), denied, "{act:?}");
            }
            check_at(&more, key, eth.clone(), ALLOWED);
        }
    }
}

#[test]
fn what_names_no_symbol_only_ends_orders_or_is_refused() {
    let all = "symbols = \"unlimited\"\nmarkets = \"unlimited\"\ndanger_account_wide = true\nprice_band = \"unlimited\"\n\
               deny_symbols = [\"BTCUSDT\"]\ngrants = [\"trade\", \"convert\", \"block\", \"copy\", \"exchange-bot\", \"borrow\"]";
    let ask = |act: Act, permission| said(Desk::new(all, "").ask("a", act, permission));
    assert_eq!(ask(Act::CancelAll { market: Market::Spot, symbol: None }, Permission::Trade), ALLOWED);
    assert_eq!(ask(Act::Countdown { market: None, symbol: None, ms: Some(1) }, Permission::Trade), ALLOWED);
    let special = |what: What| {
        let asset = Some("USDT".parse().unwrap());
        Act::Special(Special { what, market: None, symbol: None, asset, amount: Some(n("1")), quote: None })
    };
    assert_eq!(ask(special(What::Convert), Permission::Convert), ALLOWED);
    let unnamed = "deny_symbols: which symbols this trades is not known, and there are deny_symbols";
    for what in [What::Block, What::Copy, What::ExchangeBot, What::Liquidate] {
        assert_eq!(ask(special(what), what.permission()), unnamed, "{what:?}");
    }
}
