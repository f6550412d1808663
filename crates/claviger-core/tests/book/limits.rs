//! Every limit: allowed, refused, and the edge between.

use claviger_core::*;

use crate::desk::*;

fn check(more: &str, act: Act, expected: &str) {
    check_at(more, "", act, expected);
}

fn check_at(more: &str, key: &str, act: Act, expected: &str) {
    let mut desk = Desk::new(more, key);
    let got = match desk.ask("a", act, Permission::Trade) {
        Ok(_) => "allowed".to_owned(),
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    };
    assert_eq!(got, expected, "{more} {key}");
}

fn place(order: Order) -> Act {
    Act::Place(order)
}

fn leaves(more: &str, order: Order) -> Order {
    let permit =
        Desk::new(more, "").ask("a", place(order), Permission::Trade).unwrap_or_else(|e| panic!("{e}"));
    permit.leaves().act.order().unwrap().clone()
}

const ALLOWED: &str = "allowed";

#[test]
fn max_order() {
    check("", place(buy("10", "100")), ALLOWED);
    check("", place(buy("10.001", "100")), "max_order: order of 1000.1 USDT is above max_order = 1000 USDT");
    check("", place(buy("9.9", "102")), "max_order: order of 1009.8 USDT is above max_order = 1000 USDT");
    check("", place(buy("10.1", "1")), "max_order: order of 1010 USDT is above max_order = 1000 USDT");
    check(
        "max_order = \"500 USDT\"",
        place(sell("5.001", "98")),
        "max_order: order of 500.1 USDT is above max_order = 500 USDT",
    );
    check("max_order = \"unlimited\"\nmax_day = \"unlimited\"", place(buy("100000", "100")), ALLOWED);
    check_at(
        "",
        "max_order = \"10 USDT\"",
        place(buy("1", "100")),
        "max_order: order of 100 USDT is above max_order = 10 USDT",
    );
}

#[test]
fn a_limit_in_another_currency() {
    check("max_order = \"1 BTC\"", place(buy("1", "100")), ALLOWED);
    check(
        "max_order = \"1 BTC\"",
        place(buy("1.001", "100")),
        "max_order: order of 1.001 BTC is above max_order = 1 BTC",
    );
    let eth = Order { symbol: "ETHBTC".parse().unwrap(), ..buy("20", "0.5") };
    check("", place(eth.clone()), ALLOWED);
    let more = Order { size: Size::Base(n("20.001")), ..eth };
    check("", place(more), "max_order: order of 1000.05 USDT is above max_order = 1000 USDT");
    check(
        "max_order = \"1000 EUR\"",
        place(buy("1", "100")),
        "max_order: max_order counts in EUR, and no fresh reference price leads there from USDT",
    );
}

#[test]
fn max_day() {
    check("max_day = \"100 USDT\"", place(buy("1", "100")), ALLOWED);
    check(
        "max_day = \"100 USDT\"",
        place(buy("1.001", "100")),
        "max_day: order of 100.1 USDT is above the 100 USDT left of max_day = 100 USDT",
    );
    check_at(
        "",
        "max_day = \"99 USDT\"",
        place(buy("1", "100")),
        "max_day: order of 100 USDT is above what is left of the key's max_day = 99 USDT",
    );
}

#[test]
fn the_day_rolls() {
    let mut desk = Desk::new("max_day = \"1000 USDT\"", "");
    let id = desk.sent("a", place(ioc("10", "100")));
    desk.settle(id, executed("1", Resting::Done, Some("10")));
    let denied = desk.ask("a", place(ioc("1", "100")), Permission::Trade).unwrap_err();
    let DenialClass::Budget { refills: Some(refills) } = denied.denial.class() else { panic!("{denied}") };
    desk.wait(refills.since(desk.now()) - 1);
    assert!(desk.ask("a", place(ioc("1", "100")), Permission::Trade).is_err());
    desk.wait(1);
    assert!(desk.ask("a", place(ioc("1", "100")), Permission::Trade).is_ok());
}

#[test]
fn bots_of_a_key_share_its_day_and_not_their_own() {
    let mut desk = Desk::new("", "max_day = \"1500 USDT\"");
    desk.sent("a", place(buy("10", "100")));
    let denied = desk.ask("b", place(buy("6", "100")), Permission::Trade).unwrap_err();
    let text = "order of 600 USDT is above what is left of the key's max_day = 1500 USDT";
    assert_eq!(denied.to_string(), text);
    assert_eq!(denied.denial.class(), DenialClass::Budget { refills: None });
    desk.sent("b", place(buy("5", "100")));
    desk.sent("c", place(buy("10", "100")));
}

#[test]
fn max_open_orders() {
    let mut desk = Desk::new("max_open_orders = 1", "max_open_orders = 2");
    let first = desk.sent("a", place(buy("1", "100")));
    let denied = desk.ask("a", place(buy("1", "100")), Permission::Trade).unwrap_err();
    assert_eq!(denied.to_string(), "another open order would be above max_open_orders = 1");
    desk.sent("a", place(ioc("1", "100")));
    desk.sent("b", place(buy("1", "100")));
    assert!(desk.ask("b", place(buy("1", "100")), Permission::Trade).is_err());
    desk.settle(first, executed("1", Resting::Done, Some("1")));
    desk.sent("a", place(buy("1", "100")));
    desk.crash();
    assert!(desk.ask("a", place(buy("1", "100")), Permission::Trade).is_err());
}

#[test]
fn order_rate() {
    let mut desk = Desk::new("order_rate = \"2/s\"\ndanger_account_wide = true", "");
    for _ in 0..2 {
        let id = desk.sent("a", place(ioc("1", "100")));
        desk.settle(id, refused());
    }
    let denied = desk.ask("a", place(ioc("1", "100")), Permission::Trade).unwrap_err();
    assert_eq!(denied.to_string(), "more than order_rate = 2/s");
    assert_eq!(denied.denial.class(), DenialClass::Budget { refills: Some(desk.now().plus(1000)) });
    desk.sent("a", Act::CancelAll { market: Market::Spot, symbol: Some("BTCUSDT".parse().unwrap()) });
    desk.wait(999);
    assert!(desk.ask("a", place(ioc("1", "100")), Permission::Trade).is_err());
    desk.wait(1);
    assert!(desk.ask("a", place(ioc("1", "100")), Permission::Trade).is_ok());
}

fn cancel_some() -> Act {
    cancel(by_id("unknown"))
}

#[test]
fn price_band() {
    check("", place(buy("1", "102")), ALLOWED);
    check(
        "",
        place(buy("1", "102.01")),
        "price_band: buying at 102.01 is above 102, the edge of price_band = 2% around 100",
    );
    check("", place(buy("1", "1")), ALLOWED);
    check("", place(sell("1", "98")), ALLOWED);
    check(
        "",
        place(sell("1", "97.99")),
        "price_band: selling at 97.99 is below 98, the edge of price_band = 2% around 100",
    );
    check("", place(sell("1", "900")), ALLOWED);
    check("price_band = \"unlimited\"", place(buy("1", "500")), ALLOWED);
    check_at(
        "price_band = \"unlimited\"",
        "price_band = \"1%\"",
        place(buy("1", "102")),
        "price_band: buying at 102 is above 101, the edge of price_band = 1% around 100",
    );
}

#[test]
fn without_a_fresh_reference() {
    let ask = |more: &str, age: u64, order: Order| {
        let mut desk = Desk::new(more, "");
        desk.now += age;
        desk.ask("a", place(order), Permission::Trade).map(|_| ()).map_err(|e| e.denial.rule())
    };
    assert_eq!(ask("", 10_000, sell("1", "100")), Ok(()));
    assert_eq!(ask("", 10_001, sell("1", "100")), Err("reference"));
    assert_eq!(ask("", 10_001, buy("1", "100")), Err("reference"));
    assert_eq!(ask("price_band = \"unlimited\"", 10_001, buy("1", "100")), Ok(()));
    assert_eq!(ask("price_band = \"unlimited\"", 10_001, sell("1", "100")), Err("reference"));
    assert_eq!(ask("", 10_001, market(Side::Buy, Size::Base(n("1")))), Err("reference"));
    let stop = Order { trigger: Some(n("100")), ..buy("1", "100") };
    assert_eq!(ask("price_band = \"unlimited\"", 10_001, stop), Err("reference"));
}

#[test]
fn market_orders_are_bounded() {
    let order = leaves("", market(Side::Buy, Size::Base(n("1"))));
    assert_eq!(
        (order.kind, order.time_in_force),
        (OrderKind::Limit { price: n("102") }, TimeInForce::ImmediateOrCancel)
    );
    let order = leaves("price_band = \"0.333%\"", market(Side::Buy, Size::Base(n("1"))));
    assert_eq!(order.kind, OrderKind::Limit { price: n("100.33") });
    let order = leaves("price_band = \"0.333%\"", market(Side::Sell, Size::Base(n("1"))));
    assert_eq!(order.kind, OrderKind::Limit { price: n("99.67") });
    let order = leaves("", market(Side::Buy, Size::Quote(n("1000"))));
    assert_eq!((order.size, order.kind), (Size::Base(n("9.803")), OrderKind::Limit { price: n("102") }));
    let order = leaves("", market(Side::Sell, Size::Quote(n("1000"))));
    assert_eq!((order.size, order.kind), (Size::Base(n("10")), OrderKind::Limit { price: n("98") }));
    check(
        "",
        place(market(Side::Buy, Size::Base(n("10")))),
        "max_order: order of 1020 USDT is above max_order = 1000 USDT",
    );
    check(
        "",
        place(market(Side::Buy, Size::Quote(n("1500")))),
        "max_order: order of 1499.91 USDT is above max_order = 1000 USDT",
    );
    check(
        "",
        place(market(Side::Buy, Size::Quote(n("0.1")))),
        "min_size: the order is below the smallest size of 0.001",
    );
    check(
        "price_band = \"unlimited\"",
        place(market(Side::Buy, Size::Base(n("1")))),
        "price_band: the market order cannot be bounded: price_band is unlimited; send a limit order",
    );
    let stop = Order { trigger: Some(n("100")), ..market(Side::Sell, Size::Base(n("1"))) };
    check(
        "",
        place(stop),
        "price_band: the market order cannot be bounded: it waits for a trigger; give it a limit price",
    );
}

#[test]
fn the_tighter_band_bounds() {
    let mut desk = Desk::new("", "price_band = \"1%\"");
    let permit = desk.ask("a", place(market(Side::Buy, Size::Base(n("1")))), Permission::Trade).unwrap();
    assert_eq!(permit.leaves().act.order().unwrap().kind, OrderKind::Limit { price: n("101") });
}

#[test]
fn triggers() {
    let stop = |side, trigger: &str, price: &str| {
        place(Order { side, trigger: Some(n(trigger)), ..buy("1", price) })
    };
    check("", stop(Side::Sell, "80", "78.4"), ALLOWED);
    check(
        "",
        stop(Side::Sell, "80", "78.39"),
        "price_band: selling at 78.39 is below 78.4, the edge of price_band = 2% around 80",
    );
    check("", stop(Side::Buy, "120", "122.4"), ALLOWED);
    check(
        "",
        stop(Side::Buy, "120", "122.41"),
        "price_band: buying at 122.41 is above 122.4, the edge of price_band = 2% around 120",
    );
    check("", stop(Side::Sell, "40", "40"), ALLOWED);
    check(
        "",
        stop(Side::Sell, "39.99", "39.99"),
        "trigger_distance: the trigger price 39.99 is more than trigger_distance = 60% away from the reference price 100",
    );
    check(
        "max_order = \"150 USDT\"",
        stop(Side::Buy, "155", "150"),
        "max_order: order of 155 USDT is above max_order = 150 USDT",
    );
}

#[test]
fn sizes_and_contracts() {
    let futures = "markets = [\"usdm\", \"coinm\"]\nsymbols = [\"BTC-USDT-SWAP\", \"BTC-USD-SWAP\"]\nmax_order = \"150 USDT\"";
    let order = |market, symbol: &str, size| {
        place(Order { market, symbol: symbol.parse().unwrap(), size, ..buy("1", "100") })
    };
    check(futures, order(Market::Usdm, "BTC-USDT-SWAP", Size::Contracts(n("150"))), ALLOWED);
    check(
        futures,
        order(Market::Usdm, "BTC-USDT-SWAP", Size::Contracts(n("151"))),
        "max_order: order of 151 USDT is above max_order = 150 USDT",
    );
    check(futures, order(Market::Coinm, "BTC-USD-SWAP", Size::Contracts(n("1"))), ALLOWED);
    check(
        futures,
        order(Market::Coinm, "BTC-USD-SWAP", Size::Contracts(n("2"))),
        "max_order: order of 200 USDT is above max_order = 150 USDT",
    );
    let unit = "order: the order cannot be measured: its size is not in the unit of the instrument";
    check(futures, order(Market::Usdm, "BTC-USDT-SWAP", Size::Base(n("1"))), unit);
    check(futures, order(Market::Coinm, "BTC-USD-SWAP", Size::Quote(n("1"))), unit);
    check("", place(Order { size: Size::Contracts(n("1")), ..buy("1", "100") }), unit);
    check("", place(buy("0", "100")), "order: the order cannot be measured: its size is zero");
    check("", place(buy("1", "0")), "order: the order cannot be measured: its price is zero");
    let huge = place(buy("999999999999999", "102"));
    check(
        "max_order = \"unlimited\"\nmax_day = \"unlimited\"",
        huge,
        "order: the order cannot be measured: its value is too large",
    );
}

#[test]
fn markets_and_symbols() {
    let usdm = Order { market: Market::Usdm, ..buy("1", "100") };
    check("", place(usdm.clone()), "markets: the usdm market is not in markets");
    check("markets = [\"usdm\"]", place(usdm), ALLOWED);
    let other = Order { symbol: "DOGEUSDT".parse().unwrap(), ..buy("1", "100") };
    check("", place(other.clone()), "symbols: DOGEUSDT is not in symbols");
    check(
        "symbols = \"unlimited\"",
        place(other),
        "instrument: no such instrument is known in the spot market: DOGEUSDT",
    );
    check_at("", "symbols = [\"ETHBTC\"]", place(buy("1", "100")), "symbols: BTCUSDT is not in symbols");
    check_at(
        "",
        "markets = [\"usdm\"]",
        place(buy("1", "100")),
        "markets: the spot market is not in markets",
    );
}

#[test]
fn margin_also_needs_borrow() {
    let margin = place(Order { market: Market::Margin, ..buy("1", "100") });
    check("markets = [\"margin\"]", margin.clone(), "grants: grants does not include borrow");
    check("markets = [\"margin\"]\ngrants = [\"trade\", \"borrow\"]", margin, ALLOWED);
}

#[test]
fn grants() {
    for (grants, permission, expected) in [
        ("[\"read\"]", Permission::Read, Ok(())),
        ("[\"trade\"]", Permission::Read, Err("grants does not include read")),
        ("[\"trade\"]", Permission::MarketData, Err("grants does not include market-data")),
        ("[\"trade\"]", Permission::Public, Ok(())),
        ("[\"read\"]", Permission::Withdraw, Err("grants does not include withdraw")),
        ("[\"read\", \"trade\"]", Permission::ManageKeys, Err("grants does not include manage-keys")),
    ] {
        let mut desk = Desk::new(&format!("grants = {grants}"), "");
        let got = desk.ask("a", Act::Read, permission).map(|_| ()).map_err(|e| e.to_string());
        assert_eq!(got, expected.map_err(str::to_owned), "{grants} {permission}");
    }
    check("grants = [\"read\"]", place(buy("1", "100")), "grants: grants does not include trade");
    check_at("", "grants = [\"read\"]", place(buy("1", "100")), "grants: grants does not include trade");
    check_at("", "grants = [\"read\", \"trade\"]", place(buy("1", "100")), ALLOWED);
}

#[test]
fn what_leaves_the_account_needs_its_own_permission_whatever_the_row_says() {
    let withdrawal = Act::Withdraw(Withdrawal {
        asset: "USDT".parse().unwrap(),
        amount: n("1"),
        network: None,
        address: "x".into(),
        tag: None,
    });
    check("", withdrawal, "grants: grants does not include withdraw");
    let transfer =
        Act::Transfer(Transfer { asset: "USDT".parse().unwrap(), amount: n("1"), route: "x".into() });
    check("", transfer.clone(), "grants: grants does not include transfer");
    let routes =
        "grants = [\"trade\", \"transfer\"]\ntransfer_routes = \"unlimited\"\nmax_transfer = \"unlimited\"";
    check(routes, transfer, ALLOWED);
}

#[test]
fn a_trade_of_unknown_effect_is_refused() {
    let change = |name: &str, permission| {
        let grants = "grants = [\"trade\", \"convert\", \"copy\", \"exchange-bot\", \"block\", \"earn\"]";
        let mut desk = Desk::new(&format!("{grants}\ndanger_account_wide = true"), "");
        desk.ask(name, Act::Change, permission).map(|_| ()).map_err(|e| e.denial.rule())
    };
    for permission in
        [Permission::Trade, Permission::Convert, Permission::Copy, Permission::ExchangeBot, Permission::Block]
    {
        assert_eq!(change("a", permission), Err("order"));
    }
    assert_eq!(change("a", Permission::Earn), Ok(()));
}

#[test]
fn unsigned_requests_get_public_facts_only() {
    let ask = |act: Act, permission| {
        let mut desk = Desk::new("", "");
        desk.evidence = Evidence::KeyId;
        desk.ask("a", act, permission).map(|_| ()).map_err(|e| e.denial)
    };
    assert_eq!(ask(Act::Read, Permission::MarketData), Ok(()));
    assert_eq!(ask(Act::Read, Permission::Read), Err(Denial::Unsigned));
    assert_eq!(ask(place(buy("1", "100")), Permission::MarketData), Err(Denial::Unsigned));
}

#[test]
fn sources() {
    for (sources, from, allowed) in [
        ("[\"10.0.0.0/8\"]", "10.1.2.3", true),
        ("[\"10.0.0.0/8\"]", "11.0.0.1", false),
        ("[\"10.0.0.0/8\"]", "::ffff:10.1.2.3", true),
        ("[\"10.0.0.0/8\"]", "::ffff:11.1.2.3", false),
        ("[\"10.0.0.0/8\"]", "127.0.0.1", false),
        ("\"unlimited\"", "8.8.8.8", true),
        ("[\"::1/128\"]", "::1", true),
    ] {
        let mut desk = Desk::new(&format!("sources = {sources}"), "");
        desk.peer.address = Address::Ip(from.parse().unwrap());
        assert_eq!(desk.ask("a", Act::Read, Permission::Read).is_ok(), allowed, "{sources} {from}");
    }
    for (from, allowed) in [("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("10.0.0.1", false)] {
        let mut desk = Desk::new("", "");
        desk.peer.address = Address::Ip(from.parse().unwrap());
        assert_eq!(desk.ask("a", Act::Read, Permission::Read).is_ok(), allowed, "{from}");
    }
    let mut desk = Desk::new("", "sources = [\"10.0.0.0/8\"]");
    assert_eq!(desk.ask("a", Act::Read, Permission::Read).unwrap_err().denial.rule(), "sources");
}

#[test]
fn the_unix_socket_is_this_machine() {
    for (sources, allowed) in
        [("", true), ("sources = [\"127.0.0.1/32\"]", true), ("sources = [\"10.0.0.0/8\"]", false)]
    {
        let mut desk = Desk::new(sources, "");
        desk.peer.address = Address::Socket;
        assert_eq!(desk.ask("a", Act::Read, Permission::Read).is_ok(), allowed, "{sources}");
    }
}

#[test]
fn the_same_user_may_look_only() {
    let ask = |more: &str, act: Act, permission| {
        let mut desk = Desk::new(more, "");
        desk.peer.same_user = true;
        desk.ask("a", act, permission).map(|_| ()).map_err(|e| e.denial.rule())
    };
    assert_eq!(ask("", Act::Read, Permission::Read), Ok(()));
    assert_eq!(ask("", place(buy("1", "100")), Permission::Trade), Err("allow_same_user"));
    assert_eq!(ask("", cancel_some(), Permission::Trade), Err("allow_same_user"));
    assert_eq!(ask("allow_same_user = true", place(buy("1", "100")), Permission::Trade), Ok(()));
}

#[test]
fn leverage() {
    let set = |n: u64| Act::SetLeverage {
        market: Market::Spot,
        symbol: "BTCUSDT".parse().unwrap(),
        leverage: Decimal::from_u64(n),
    };
    let own = "danger_account_wide = true";
    check(own, set(1), "max_leverage: leverage cannot be set: the policy has no max_leverage");
    check(&format!("{own}\nmax_leverage = 5"), set(5), ALLOWED);
    check(
        &format!("{own}\nmax_leverage = 5"),
        set(6),
        "max_leverage: leverage of 6 is above max_leverage = 5",
    );
    check_at(
        &format!("{own}\nmax_leverage = 5"),
        "max_leverage = 2",
        set(5),
        "max_leverage: leverage of 5 is above max_leverage = 2",
    );
}

#[test]
fn p13_acts_on_a_shared_account() {
    let text = "danger_account_wide: this acts on, or tells of, the whole account, which this bot does not have for itself \
                (danger_account_wide = false)";
    let all = |symbol: Option<&str>| Act::CancelAll {
        market: Market::Spot,
        symbol: symbol.map(|s| s.parse().unwrap()),
    };
    check("", all(Some("BTCUSDT")), text);
    check("danger_account_wide = true", all(Some("BTCUSDT")), ALLOWED);
    check(
        "danger_account_wide = true",
        all(None),
        "symbols: this touches every symbol, but symbols is a list; name one symbol",
    );
    check("danger_account_wide = true\nsymbols = \"unlimited\"", all(None), ALLOWED);
    let mut desk = Desk::new("", "");
    assert!(desk.ask("c", all(Some("BTCUSDT")), Permission::Trade).is_ok());
    assert!(desk.ask("c", all(Some("DOGEUSDT")), Permission::Trade).is_err());
    let mut desk = Desk::new("grants = [\"position-mode\"]", "");
    assert!(desk.ask("a", Act::Change, Permission::PositionMode).is_err());
    let mut desk = Desk::new("grants = [\"position-mode\"]\ndanger_account_wide = true", "");
    assert!(desk.ask("a", Act::Change, Permission::PositionMode).is_ok());
}

#[test]
fn freeze() {
    for subject in [Subject::Bot(bot("a")), Subject::Key("one".parse().unwrap())] {
        let mut desk = Desk::new("", "");
        desk.operator(OperatorAct::Freeze(subject.clone()));
        desk.crash();
        let denied = desk.ask("a", place(buy("1", "100")), Permission::Trade).unwrap_err();
        assert_eq!(denied.denial, Denial::Frozen);
        assert_eq!(denied.denial.class(), DenialClass::Permission);
        assert!(desk.ask("a", cancel_some(), Permission::Trade).is_err());
        assert!(desk.ask("a", Act::Read, Permission::Read).is_ok());
        assert_eq!(
            desk.ask("b", place(buy("1", "100")), Permission::Trade).is_ok(),
            matches!(subject, Subject::Bot(_))
        );
        assert!(desk.ask("c", place(buy("1", "100")), Permission::Trade).is_ok());
        desk.operator(OperatorAct::Thaw(subject));
        assert!(desk.ask("a", place(buy("1", "100")), Permission::Trade).is_ok());
    }
}

#[test]
fn nobody_without_a_policy() {
    let denied = Desk::new("", "").ask("x", Act::Read, Permission::Read).unwrap_err();
    assert_eq!(denied.denial, Denial::NoPolicy);
}

#[test]
fn a_test_order_is_judged_and_reserves_nothing() {
    let mut desk = Desk::new("", "");
    assert!(desk.ask("a", Act::Test(buy("11", "100")), Permission::Trade).is_err());
    let permit = desk.ask("a", Act::Test(buy("10", "100")), Permission::Trade).unwrap();
    assert!(!permit.is_settled_later());
    assert_eq!(desk.day("a"), "0 USDT");
}

#[test]
fn a_denial_is_recorded_with_what_only_operators_see() {
    let mut desk = Desk::new("", "max_day = \"1500 USDT\"");
    desk.sent("b", place(buy("10", "100")));
    let denied = desk.ask("a", place(buy("6", "100")), Permission::Trade).unwrap_err();
    let Entry::Denial(entry) = &*denied.entry else { panic!() };
    assert_eq!(entry.detail.as_deref(), Some("limit of the key; used 1000 USDT of 1500 USDT"));
    assert!(!entry.message.contains("1000") && entry.act.is_some());
}
