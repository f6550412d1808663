//! What can only close, what waits for a price, and what some orders have besides.

use claviger_core::*;

use crate::desk::*;

const FUTURES: &str = "markets = [\"usdm\", \"coinm\"]\nmax_order = \"100 USDT\"\nmax_day = \"100 USDT\"";
const ALLOWED: &str = "allowed";

fn check(more: &str, order: Order, expected: &str) {
    let mut desk = Desk::new(more, "");
    let got = match desk.ask("a", Act::Place(order.clone()), Permission::Trade) {
        Ok(_) => ALLOWED.to_owned(),
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    };
    assert_eq!(got, expected, "{more} {order:?}");
}

fn usdm(order: Order) -> Order {
    Order { market: Market::Usdm, ..order }
}

fn reduce(order: Order) -> Order {
    Order { reduce_only: true, ..usdm(order) }
}

fn hedged(position_side: PositionSide, order: Order) -> Order {
    Order { position_side, ..usdm(order) }
}

fn stop_market(side: Side, trigger: &str) -> Order {
    Order { trigger: Some(n(trigger)), ..market(side, Size::Base(n("50"))) }
}

fn with(more: More, order: Order) -> Order {
    Order { more, ..order }
}

#[test]
fn exits_are_free_of_budgets_and_openings_are_not() {
    let over = "max_order: order of 5000 USDT is above max_order = 100 USDT";
    for (order, expected) in [
        (usdm(sell("50", "100")), over),
        (reduce(sell("50", "100")), ALLOWED),
        (reduce(buy("50", "100")), ALLOWED),
        (hedged(PositionSide::Long, sell("50", "100")), ALLOWED),
        (hedged(PositionSide::Short, buy("50", "100")), ALLOWED),
        (hedged(PositionSide::Long, buy("50", "100")), over),
        (hedged(PositionSide::Short, sell("50", "100")), over),
        // OKX ignores the flag in hedge mode, so these open.
        (hedged(PositionSide::Long, reduce(buy("50", "100"))), over),
        (hedged(PositionSide::Short, reduce(sell("50", "100"))), over),
    ] {
        check(FUTURES, order, expected);
    }
    let spot = Order { reduce_only: true, ..sell("50", "100") };
    check("", spot, "max_order: order of 5000 USDT is above max_order = 1000 USDT");
    // What is left of such an order once the debt is paid trades on spot.
    let margin = "markets = [\"margin\"]\ngrants = [\"trade\", \"borrow\"]\nmax_order = \"100 USDT\"";
    check(margin, Order { market: Market::Margin, ..reduce(sell("50", "100")) }, over);
    check(margin, Order { market: Market::Margin, ..sell("50", "100") }, over);
}

#[test]
fn exits_keep_everything_else() {
    let exit = || reduce(sell("50", "100"));
    check("markets = [\"spot\"]", exit(), "markets: the usdm market is not in markets");
    let other = "symbols: BTCUSDT is not in symbols";
    check(&format!("{FUTURES}\nsymbols = [\"ETHBTC\"]"), exit(), other);
    check(
        &format!("{FUTURES}\nmax_open_orders = 0"),
        exit(),
        "max_open_orders: another open order would be above max_open_orders = 0",
    );
    let mut desk = Desk::new(&format!("{FUTURES}\norder_rate = \"1/s\""), "");
    desk.sent("a", Act::Place(exit()));
    let denied = desk.ask("a", Act::Place(exit()), Permission::Trade).unwrap_err();
    assert_eq!(denied.denial.rule(), "order_rate");
    assert_eq!(desk.day("a"), "0 USDT");
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_orders"), "1");
}

#[test]
fn exits_have_a_band_three_times_as_wide() {
    check(FUTURES, reduce(sell("50", "94")), ALLOWED);
    let low = "price_band: selling at 93.99 is below 94, the edge of price_band = 2% (three times that for exits) around 100";
    check(FUTURES, reduce(sell("50", "93.99")), low);
    let high = "price_band: buying at 106.01 is above 106, the edge of price_band = 2% (three times that for exits) around 100";
    check(FUTURES, reduce(buy("50", "106.01")), high);
    let leaves = |more: &str, order| {
        let permit = Desk::new(more, "").ask("a", Act::Place(order), Permission::Trade).unwrap();
        permit.leaves().act.order().unwrap().kind
    };
    let at_once = || reduce(market(Side::Sell, Size::Base(n("50"))));
    assert_eq!(leaves(FUTURES, at_once()), OrderKind::Limit { price: n("94") });
    assert_eq!(
        leaves(&format!("{FUTURES}\nprice_band = \"50%\""), at_once()),
        OrderKind::Limit { price: n("1") }
    );
    assert_eq!(leaves(&format!("{FUTURES}\nprice_band = \"unlimited\""), at_once()), OrderKind::Market);
    assert_eq!(leaves(FUTURES, reduce(stop_market(Side::Sell, "80"))), OrderKind::Market);
    let mut desk = Desk::new(FUTURES, "");
    desk.now += 10_001;
    let denied = desk.ask("a", Act::Place(at_once()), Permission::Trade).unwrap_err();
    assert_eq!(denied.denial.rule(), "reference");
}

#[test]
fn only_exits_wake_at_the_market() {
    let unbounded = |why: &str| format!("price_band: the market order cannot be bounded: {why}");
    let waits = unbounded("it waits for a trigger; give it a limit price");
    check(FUTURES, reduce(stop_market(Side::Sell, "80")), ALLOWED);
    check(FUTURES, reduce(stop_market(Side::Sell, "40")), ALLOWED);
    let far = "trigger_distance: the trigger price 39.9 is more than trigger_distance = 60% away from the reference price 100";
    check(FUTURES, reduce(stop_market(Side::Sell, "39.9")), far);
    check(FUTURES, usdm(stop_market(Side::Sell, "80")), &waits);
    check("", stop_market(Side::Sell, "80"), &waits);
    check("", Order { reduce_only: true, ..stop_market(Side::Sell, "80") }, &waits);
    check(FUTURES, hedged(PositionSide::Long, reduce(stop_market(Side::Buy, "120"))), &waits);
    check("price_band = \"unlimited\"", stop_market(Side::Sell, "80"), &waits);
    let floating =
        |worst: Option<&str>| Order { kind: OrderKind::Floating { worst: worst.map(n) }, ..buy("1", "1") };
    let finds = unbounded("the exchange finds its price, and nothing holds it to a worst one");
    check("", floating(None), &finds);
    check("price_band = \"unlimited\"", floating(None), &finds);
    check("", floating(Some("102")), ALLOWED);
    check(
        "",
        floating(Some("102.01")),
        "price_band: buying at 102.01 is above 102, the edge of price_band = 2% around 100",
    );
    let market = unbounded("nothing holds it to a price; send a market order");
    check(FUTURES, reduce(floating(None)), &market);
    check(&format!("{FUTURES}\nprice_band = \"unlimited\""), reduce(floating(None)), ALLOWED);
}

#[test]
fn the_whole_position() {
    let whole = |order| Order { size: Size::Position, ..order };
    check(FUTURES, usdm(whole(stop_market(Side::Sell, "80"))), ALLOWED);
    check(FUTURES, hedged(PositionSide::Long, whole(stop_market(Side::Sell, "80"))), ALLOWED);
    let wrong = "order: the order cannot be measured: a position's size is for an order that closes it and waits for a price";
    check(FUTURES, hedged(PositionSide::Long, whole(stop_market(Side::Buy, "120"))), wrong);
    check(FUTURES, usdm(whole(market(Side::Sell, Size::Position))), wrong);
    check("", whole(Order { trigger: Some(n("80")), ..sell("1", "80") }), wrong);
}

#[test]
fn a_second_end_is_judged_like_the_first() {
    let or = |trigger: Option<&str>, price: Option<&str>| {
        let wake = Wake { trigger: trigger.map(n), price: price.map(n), ..Wake::default() };
        More { algo: true, or: Some(wake), ..More::default() }
    };
    let first = Order { trigger: Some(n("80")), ..sell("1", "79") };
    let one = |more| with(more, first.clone());
    check("", one(or(Some("120"), Some("118"))), ALLOWED);
    check(
        "",
        one(or(Some("120"), Some("117"))),
        "price_band: selling at 117 is below 117.6, the edge of price_band = 2% around 120",
    );
    check("", one(or(None, Some("98"))), ALLOWED);
    check(
        "",
        one(or(None, Some("97"))),
        "price_band: selling at 97 is below 98, the edge of price_band = 2% around 100",
    );
    check(
        "",
        one(or(Some("120"), None)),
        "price_band: the market order cannot be bounded: it waits for a trigger; give it a limit price",
    );
    check(
        "",
        one(or(Some("161"), Some("161"))),
        "trigger_distance: the trigger price 161 is more than trigger_distance = 60% away from the reference price 100",
    );
    check(
        "max_order = \"150 USDT\"",
        one(or(Some("155"), Some("154"))),
        "max_order: order of 155 USDT is above max_order = 150 USDT",
    );
    check(
        "",
        one(or(None, None)),
        "price_band: the market order cannot be bounded: it waits for a trigger; give it a limit price",
    );
}

#[test]
fn a_trigger_that_follows_the_price() {
    let trail = |callback, activation: Option<&str>| More {
        trail: Some(Trail { callback, activation: activation.map(n) }),
        ..More::default()
    };
    let percent = |p: &str| Distance::Percent(n(p));
    let exit = |more| with(more, reduce(market(Side::Sell, Size::Base(n("50")))));
    check(FUTURES, exit(trail(percent("5"), None)), ALLOWED);
    check(FUTURES, exit(trail(percent("5"), Some("120"))), ALLOWED);
    check(
        FUTURES,
        exit(trail(percent("5"), Some("170"))),
        "trigger_distance: the trigger price 161.5 is more than trigger_distance = 60% away from the reference price 100",
    );
    let none = "order: the order cannot be measured: it follows the price at no distance";
    check(FUTURES, exit(trail(percent("0"), None)), none);
    let distance = "trigger_distance: it follows the price at more than trigger_distance = 60%";
    check(FUTURES, exit(trail(percent("61"), None)), distance);
    check(FUTURES, exit(trail(Distance::Amount(n("61")), None)), distance);
    let opens = |price: &str, more| with(more, sell("1", price));
    check("", opens("93.1", trail(percent("5"), None)), ALLOWED);
    check(
        "",
        opens("93", trail(percent("5"), None)),
        "price_band: selling at 93 is below 93.1, the edge of price_band = 2% around 95",
    );
    // What the exchange may take as activated at once follows from the reference, however far the activation is.
    let buys = |price: &str, activation| with(trail(percent("1"), Some(activation)), buy("1", price));
    check("", buys("82.4", "80"), ALLOWED);
    let low = "price_band: buying at 82.5 is above 82.416, the edge of price_band = 2% around 80.8";
    check("", buys("82.5", "80"), low);
    check("", buys("103", "150"), ALLOWED);
    let high = "price_band: buying at 150 is above 103.02, the edge of price_band = 2% around 101";
    check("", buys("150", "150"), high);
    let sells = |price: &str, activation| with(trail(percent("1"), Some(activation)), sell("1", price));
    check("", sells("97.1", "50"), ALLOWED);
    let low = "price_band: selling at 50 is below 97.02, the edge of price_band = 2% around 99";
    check("", sells("50", "50"), low);
    let waits =
        "price_band: the market order cannot be bounded: it waits for a trigger; give it a limit price";
    check("", with(trail(percent("5"), None), market(Side::Sell, Size::Base(n("1")))), waits);
    let both = Order { trigger: Some(n("90")), ..opens("90", trail(percent("5"), None)) };
    check(
        "",
        both,
        "order: the order cannot be measured: it has both a trigger and one that follows the price",
    );
}

#[test]
fn parts_are_no_larger_than_the_whole() {
    let visible = |part: &str| with(More { visible: Some(n(part)), ..More::default() }, buy("1", "100"));
    check("", visible("1"), ALLOWED);
    check(
        "",
        visible("1.001"),
        "order: the order cannot be measured: it shows nothing, or more than there is",
    );
    let slices = |size: &str, kind| {
        let slices = Slices { size: n(size), offset: None, every_s: Some(10) };
        Order { kind, ..with(More { algo: true, slices: Some(slices), ..More::default() }, buy("1", "100")) }
    };
    let worst = |worst: &str| OrderKind::Floating { worst: Some(n(worst)) };
    check("", slices("0.1", worst("102")), ALLOWED);
    check(
        "",
        slices("2", worst("102")),
        "order: the order cannot be measured: its slices are empty, or larger than the order",
    );
    check(
        "",
        slices("0.1", worst("103")),
        "price_band: buying at 103 is above 102, the edge of price_band = 2% around 100",
    );
    let finds = "price_band: the market order cannot be bounded: the exchange finds its price, and nothing holds it to a worst one";
    check("", slices("0.1", OrderKind::Floating { worst: None }), finds);
    assert_ne!(refusal("", slices("0.1", OrderKind::Market)), ALLOWED);
    let chase = |d: &str| {
        let more = More { algo: true, chase: Some(Distance::Percent(n(d))), ..More::default() };
        Order { kind: worst("102"), ..with(more, buy("1", "100")) }
    };
    check("", chase("1"), ALLOWED);
    assert_ne!(refusal("", chase("61")), ALLOWED);
}

fn refusal(more: &str, order: Order) -> String {
    let denied = Desk::new(more, "").ask("a", Act::Place(order), Permission::Trade);
    denied.map_or_else(|denied| denied.denial.rule().to_owned(), |_| ALLOWED.to_owned())
}

fn exit(stop: (&str, Option<&str>), size: Option<&str>) -> Exit {
    let stop = Wake { trigger: Some(n(stop.0)), price: stop.1.map(n), ..Wake::default() };
    Exit { size: size.map(n), stop_loss: Some(stop), ..Exit::default() }
}

fn attached(exits: Vec<Exit>, order: Order) -> Order {
    with(More { exits, ..More::default() }, order)
}

#[test]
fn what_is_attached_closes_no_more_than_the_order_opens() {
    let futures = "markets = [\"usdm\"]\nmax_order = \"100 USDT\"";
    let order = || usdm(buy("1", "100"));
    check(futures, attached(vec![exit(("90", None), None)], order()), ALLOWED);
    check(futures, attached(vec![exit(("90", Some("85")), None)], order()), ALLOWED);
    let low = "price_band: selling at 84 is below 84.6, the edge of price_band = 2% (three times that for exits) around 90";
    check(futures, attached(vec![exit(("90", Some("84")), None)], order()), low);
    let much =
        "order: the order cannot be measured: what is attached closes nothing, or more than the order opens";
    check(futures, attached(vec![exit(("90", None), Some("1.1"))], order()), much);
    check(futures, attached(vec![Exit::default()], order()), much);
    check(
        futures,
        attached(vec![exit(("30", None), None)], order()),
        "trigger_distance: the trigger price 30 is more than trigger_distance = 60% away from the reference price 100",
    );
    check(futures, attached(vec![exit(("30", None), None)], usdm(buy("1", "50"))), ALLOWED);
    assert_eq!(refusal(futures, attached(vec![exit(("90", None), None)], reduce(buy("1", "100")))), "order");
    assert_eq!(refusal(futures, attached(vec![exit(("90", None), None); 21], order())), "order");
    let profit = Wake { trigger: Some(n("110")), ..Wake::default() };
    let profit = Exit { take_profit: Some(profit), ..Exit::default() };
    check(futures, attached(vec![profit.clone()], order()), ALLOWED);
    assert_eq!(refusal("", attached(vec![profit], buy("1", "100"))), "price_band");
    assert_eq!(refusal("", attached(vec![exit(("90", None), None)], buy("1", "100"))), "price_band");
    check("", attached(vec![exit(("90", Some("89")), None)], buy("1", "100")), ALLOWED);
    assert_eq!(refusal("", attached(vec![exit(("90", Some("88")), None)], buy("1", "100"))), "price_band");
}

#[test]
fn a_profit_is_taken_beyond_the_orders_price() {
    let take = |trigger: &str, price: &str| {
        let wake = Wake { trigger: Some(n(trigger)), price: Some(n(price)), ..Wake::default() };
        attached(vec![Exit { take_profit: Some(wake), ..Exit::default() }], buy("1", "100"))
    };
    check("", take("120", "118"), ALLOWED);
    check("", take("100", "98"), ALLOWED);
    let low = "price_band: selling at 59 is below 98, the edge of price_band = 2% around 100";
    check("", take("60", "59"), low);
}

#[test]
fn what_is_attached_counts_unless_its_position_side_holds_it_to_closing() {
    let day = |order: Order| {
        let mut desk = Desk::new("markets = [\"spot\", \"usdm\"]", "");
        let id = desk.sent("a", Act::Place(order));
        let before = desk.day("a");
        desk.settle(id, executed("7", Resting::Done, Some("1")));
        assert_eq!(desk.book, desk.read_back());
        (before, desk.day("a"))
    };
    let both = || vec![exit(("90", Some("90")), None), exit(("120", Some("120")), None)];
    let used = |before: &str, after: &str| (before.to_owned(), after.to_owned());
    assert_eq!(day(attached(both(), buy("2", "100"))), used("640 USDT", "320 USDT"));
    assert_eq!(day(attached(both(), usdm(buy("2", "100")))), used("640 USDT", "320 USDT"));
    assert_eq!(
        day(attached(both(), hedged(PositionSide::Long, buy("2", "100")))),
        used("200 USDT", "100 USDT")
    );
    // Where there are no positions, a position side holds nothing.
    let sided = Order { position_side: PositionSide::Long, ..buy("2", "100") };
    assert_eq!(day(attached(both(), sided)), used("640 USDT", "320 USDT"));
}

#[test]
fn borrowing_is_for_the_margin_market() {
    let borrow = |market| {
        let more = More { side_effect: Some(SideEffect::Borrow), ..More::default() };
        Order { market, ..with(more, buy("1", "100")) }
    };
    let grants = "grants = [\"trade\", \"borrow\"]\nmarkets = [\"spot\", \"margin\"]";
    check(
        "markets = [\"spot\", \"margin\"]",
        borrow(Market::Margin),
        "grants: grants does not include borrow",
    );
    check(grants, borrow(Market::Margin), ALLOWED);
    check(
        grants,
        borrow(Market::Spot),
        "order: the order cannot be measured: only orders of the margin market borrow or repay",
    );
}

#[test]
fn closing_a_position() {
    let own = "danger_account_wide = true";
    let ask = |more: &str, market, age: u64| {
        let mut desk = Desk::new(more, "");
        desk.now += age;
        let symbol = "BTCUSDT".parse().unwrap();
        let act = Act::ClosePosition { market, symbol, position_side: PositionSide::Net };
        desk.ask("a", act, Permission::Trade).map(|_| ()).map_err(|e| e.denial.rule())
    };
    assert_eq!(ask(FUTURES, Market::Usdm, 0), Err("danger_account_wide"));
    assert_eq!(ask(&format!("{FUTURES}\n{own}"), Market::Usdm, 0), Ok(()));
    assert_eq!(ask(&format!("{FUTURES}\n{own}"), Market::Usdm, 10_001), Err("reference"));
    assert_eq!(ask(&format!("{FUTURES}\n{own}"), Market::Coinm, 0), Err("instrument"));
    assert_eq!(ask(own, Market::Spot, 0), Err("order"));
    assert_eq!(ask(own, Market::Usdm, 0), Err("markets"));
}
