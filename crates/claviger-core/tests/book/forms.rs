//! Limits that look at the order as it was asked for: its side, its types, how long it may stay.

use claviger_core::*;

use crate::desk::*;

const ALLOWED: &str = "allowed";
const FUTURES: &str = "markets = [\"usdm\"]";

/// At the bot's level, and at the key's.
fn check(more: &str, act: &Act, expected: &str) {
    let (lines, limits): (Vec<&str>, Vec<&str>) = more.lines().partition(|line| line.starts_with("markets"));
    let (lines, limits) = (lines.join("\n"), limits.join("\n"));
    for (bot, key) in [(format!("{lines}\n{limits}"), String::new()), (lines, limits)] {
        let mut desk = Desk::new(&format!("danger_account_wide = true\n{bot}"), &key);
        assert_eq!(said(desk.ask("a", act.clone(), Permission::Trade)), expected, "{bot} / {key} {act:?}");
    }
}

fn said(answer: Result<book::Permit, book::Denied>) -> String {
    match answer {
        Ok(_) => ALLOWED.into(),
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    }
}

fn order(limits: &str, order: Order, expected: &str) {
    check(limits, &Act::Test(order.clone()), expected);
    check(limits, &Act::Place(order), expected);
}

fn usdm(order: Order) -> Order {
    Order { market: Market::Usdm, ..order }
}

fn wake(trigger: Option<&str>, price: Option<&str>) -> Wake {
    Wake { trigger: trigger.map(n), price: price.map(n), ..Wake::default() }
}

fn more(order: Order, more: More) -> Order {
    Order { more, ..order }
}

fn attached(stop_loss: Wake) -> More {
    let exit = Exit { stop_loss: Some(stop_loss), ..Exit::default() };
    More { exits: vec![exit], ..More::default() }
}

fn steps(how: How, orders: Vec<Order>) -> Act {
    let step = |order| Step { deed: Deed::Place(order), params: Vec::new() };
    Act::Steps(Steps { how, steps: orders.into_iter().map(step).collect(), client_id: None })
}

fn close(position_side: PositionSide) -> Act {
    Act::ClosePosition { market: Market::Usdm, symbol: "BTCUSDT".parse().unwrap(), position_side }
}

/// What amending an order says, that was placed when nothing limited it.
fn amended(limits: &str, order: Order, size: Option<&str>, price: Option<&str>) -> String {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(order));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.policies = std::sync::Arc::clone(config(limits, "").policies());
    said(desk.ask("a", amend(by_id("7"), size, price), Permission::Trade))
}

#[test]
fn sides() {
    let (buys, sells) = ("sides: buy is not in sides", "sides: sell is not in sides");
    order("sides = [\"buy\"]", buy("1", "100"), ALLOWED);
    order("sides = [\"buy\"]", sell("1", "100"), sells);
    order("sides = [\"sell\"]", buy("1", "100"), buys);
    order("sides = [\"buy\", \"sell\"]", sell("1", "100"), ALLOWED);
    order("sides = \"unlimited\"", sell("1", "100"), ALLOWED);
    let exit = Order { reduce_only: true, ..usdm(sell("1", "100")) };
    order(&format!("{FUTURES}\nsides = [\"buy\"]"), exit.clone(), sells);
    order(&format!("{FUTURES}\nsides = [\"sell\"]"), exit, ALLOWED);
    let bracket = more(usdm(buy("1", "100")), attached(wake(Some("90"), None)));
    order(&format!("{FUTURES}\nsides = [\"buy\"]"), bracket.clone(), sells);
    order(&format!("{FUTURES}\nsides = [\"buy\", \"sell\"]"), bracket, ALLOWED);
    check("sides = [\"buy\"]", &steps(How::Batch, vec![buy("1", "100"), sell("1", "100")]), sells);
    check(
        "sides = [\"buy\"]",
        &cancel(by_id("x")),
        "own_order: the order is not known as an order of this bot's",
    );
    assert_eq!(amended("sides = [\"buy\"]", buy("2", "100"), Some("1"), None), ALLOWED);
    assert_eq!(amended("sides = [\"sell\"]", buy("2", "100"), Some("1"), None), buys);
}

#[test]
fn sides_that_nobody_sees() {
    let unknown = "sides: on which side this trades is not known, but sides is a list";
    for (limits, side, expected) in [
        ("sides = [\"sell\"]", PositionSide::Long, ALLOWED),
        ("sides = [\"buy\"]", PositionSide::Long, "sides: sell is not in sides"),
        ("sides = [\"buy\"]", PositionSide::Short, ALLOWED),
        ("sides = [\"sell\"]", PositionSide::Short, "sides: buy is not in sides"),
        ("sides = [\"sell\"]", PositionSide::Net, unknown),
        ("sides = [\"buy\", \"sell\"]", PositionSide::Net, ALLOWED),
    ] {
        check(&format!("{FUTURES}\n{limits}"), &close(side), expected);
    }
    let special = |what: What| {
        let asset = Some("USDT".parse().unwrap());
        Act::Special(Special { what, market: None, symbol: None, asset, amount: Some(n("1")), quote: None })
    };
    for (what, expected) in [(What::Convert, unknown), (What::Dust, unknown), (What::Earn, ALLOWED)] {
        let grants = "grants = [\"trade\", \"convert\", \"earn\"]\nsides = [\"buy\"]";
        let mut desk = Desk::new(grants, "");
        assert_eq!(said(desk.ask("a", special(what), what.permission())), expected, "{what:?}");
    }
}

#[test]
fn every_order_has_its_types() {
    let stop = |order: Order| Order { trigger: Some(n("95")), ..order };
    let trail = Trail { callback: Distance::Percent(n("5")), activation: None };
    let plain = || buy("1", "100");
    let pegged = || Order { kind: OrderKind::Floating { worst: Some(n("100")) }, ..plain() };
    let slices = Slices { size: n("0.5"), offset: None, every_s: None };
    let or = wake(Some("105"), Some("104"));
    for (order, types) in [
        (plain(), "limit"),
        (market(Side::Buy, Size::Base(n("1"))), "market"),
        (stop(sell("1", "94")), "limit trigger"),
        (pegged(), "floating"),
        (more(sell("1", "94"), More { trail: Some(trail), ..More::default() }), "limit trailing"),
        (more(plain(), More { visible: Some(n("0.5")), ..More::default() }), "limit iceberg"),
        (more(plain(), More { slices: Some(slices), ..More::default() }), "limit sliced"),
        (more(pegged(), More { chase: Some(Distance::Percent(n("1"))), ..More::default() }), "floating"),
        (more(stop(sell("1", "94")), More { or: Some(or), ..More::default() }), "limit trigger oco"),
        (more(usdm(plain()), attached(wake(Some("90"), None))), "limit market trigger"),
        (more(usdm(plain()), attached(wake(Some("90"), Some("90")))), "limit trigger"),
    ] {
        let markets = format!("markets = [\"{}\"]", order.market.as_str());
        let types: Vec<String> = types.split(' ').map(|of| format!("\"{of}\"")).collect();
        let limits = |types: &[String]| format!("{markets}\norder_types = [{}]", types.join(", "));
        super::forms::order(&limits(&types), order.clone(), ALLOWED);
        for (without, missing) in types.iter().enumerate() {
            let mut types = types.clone();
            types[without] =
                if missing == "\"iceberg\"" { "\"sliced\"".into() } else { "\"iceberg\"".into() };
            let text = format!("order_types: the type {} is not in order_types", missing.trim_matches('"'));
            super::forms::order(&limits(&types), order.clone(), &text);
        }
    }
}

#[test]
fn types_of_lists_amendments_and_positions() {
    let limit = "order_types = [\"limit\"]";
    let pair = || vec![buy("1", "100"), buy("1", "100")];
    let (oco, oto) = (
        "order_types: the type oco is not in order_types",
        "order_types: the type oto is not in order_types",
    );
    check(limit, &steps(How::Batch, pair()), ALLOWED);
    check(limit, &steps(How::OneOf, pair()), oco);
    check(limit, &steps(How::Then, pair()), oto);
    check("order_types = [\"limit\", \"oco\"]", &steps(How::OneOf, pair()), ALLOWED);
    let three = steps(How::ThenOneOf, vec![buy("1", "100"), sell("1", "100"), sell("1", "101")]);
    check("order_types = [\"limit\", \"oco\"]", &three, oto);
    check("order_types = [\"limit\", \"oto\"]", &three, oco);
    check("order_types = [\"limit\", \"oco\", \"oto\"]", &three, ALLOWED);
    let markets = "order_types: the type market is not in order_types";
    check(limit, &steps(How::Batch, vec![buy("1", "100"), market(Side::Buy, Size::Base(n("1")))]), markets);
    check(&format!("{FUTURES}\n{limit}"), &close(PositionSide::Net), markets);
    check(&format!("{FUTURES}\norder_types = [\"market\"]"), &close(PositionSide::Net), ALLOWED);
    assert_eq!(amended(limit, buy("2", "100"), Some("1"), None), ALLOWED);
    let stop = Order { trigger: Some(n("100")), ..buy("2", "100") };
    let trigger = "order_types: the type trigger is not in order_types";
    assert_eq!(amended(limit, stop, Some("1"), None), trigger);
    let exit = Order { reduce_only: true, ..usdm(market(Side::Sell, Size::Base(n("1")))) };
    order(&format!("{FUTURES}\n{limit}"), exit, markets);
}

#[test]
fn a_stop_of_a_type_that_is_not_allowed_any_more_stays() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(Order { trigger: Some(n("95")), ..sell("1", "94") }));
    desk.settle(id, executed("1", Resting::Open, Some("0")));
    desk.policies = std::sync::Arc::clone(config("order_types = [\"limit\"]", "").policies());
    let stays =
        "guards: this stop stays, as it could not be placed again: the type trigger is not in order_types";
    assert_eq!(said(desk.ask("a", cancel(by_id("1")), Permission::Trade)), stays);
}

#[test]
fn time_in_force() {
    let only = |times: &str| format!("time_in_force = [{times}]");
    for (spelled, of) in [
        ("gtc", TimeInForce::GoodTillCancelled),
        ("ioc", TimeInForce::ImmediateOrCancel),
        ("fok", TimeInForce::FillOrKill),
        ("post-only", TimeInForce::PostOnly),
    ] {
        let held = Order { time_in_force: of, ..buy("1", "100") };
        order(&only(&format!("\"{spelled}\"")), held.clone(), ALLOWED);
        let others = ["gtc", "ioc", "fok", "post-only"].into_iter().filter(|other| *other != spelled);
        let others: Vec<String> = others.map(|other| format!("\"{other}\"")).collect();
        let text = format!("time_in_force: {spelled} is not in time_in_force");
        order(&only(&others.join(", ")), held, &text);
    }
    let post = only("\"post-only\"");
    order(&post, market(Side::Buy, Size::Base(n("1"))), ALLOWED);
    let gtc = "time_in_force: gtc is not in time_in_force";
    assert_eq!(amended(&post, buy("2", "100"), Some("1"), None), gtc);
    check(&post, &steps(How::Batch, vec![buy("1", "100")]), gtc);
    let exit = Order { reduce_only: true, ..usdm(sell("1", "100")) };
    order(&format!("{FUTURES}\n{post}"), exit, gtc);
    let resting = |stop_loss| {
        let order = Order { time_in_force: TimeInForce::PostOnly, ..usdm(buy("1", "100")) };
        more(order, attached(stop_loss))
    };
    order(&format!("{FUTURES}\n{post}"), resting(wake(Some("90"), Some("90"))), gtc);
    order(&format!("{FUTURES}\n{post}"), resting(wake(Some("90"), None)), ALLOWED);
}
