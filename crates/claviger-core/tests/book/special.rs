//! What is no order, and options.

use claviger_core::*;

use crate::desk::*;

const ALL: &str = "grants = [\"trade\", \"convert\", \"block\", \"copy\", \"exchange-bot\", \"borrow\", \"earn\", \
                   \"position-mode\", \"account\", \"sub-accounts\"]";

fn special(what: What, amount: Option<&str>) -> Special {
    let asset = amount.is_some().then(|| "USDT".parse().unwrap());
    Special { what, market: None, symbol: None, asset, amount: amount.map(n), quote: None }
}

fn ask(more: &str, key: &str, special: Special) -> Result<(), String> {
    let permission = special.what.permission();
    let asked = Desk::new(more, key).ask("a", Act::Special(special), permission);
    asked.map(|_| ()).map_err(|denied| format!("{}: {denied}", denied.denial.rule()))
}

#[test]
fn a_conversion_counts_like_an_order() {
    let ask = |more: &str, amount| ask(&format!("{ALL}\n{more}"), "", special(What::Convert, amount));
    assert_eq!(ask("", Some("1000")), Ok(()));
    let over = "max_order: order of 1000.1 USDT is above max_order = 1000 USDT";
    assert_eq!(ask("", Some("1000.1")), Err(over.into()));
    let day = "max_day: order of 1000 USDT is above the 999 USDT left of max_day = 999 USDT";
    assert_eq!(ask("max_day = \"999 USDT\"", Some("1000")), Err(day.into()));
    let unnamed =
        "order: the order cannot be measured: it names no amount, so max_order and max_day cannot count it";
    assert_eq!(ask("", None), Err(unnamed.into()));
    assert_eq!(ask("max_order = \"unlimited\"", None), Err(unnamed.into()));
    assert_eq!(ask("max_order = \"unlimited\"\nmax_day = \"unlimited\"", None), Ok(()));
    assert_eq!(ask("", Some("0")), Err("order: the order cannot be measured: its amount is zero".into()));
    let grants = "grants: grants does not include convert";
    assert_eq!(super::special::ask("", "", special(What::Convert, Some("1"))), Err(grants.into()));
    let other = Special { asset: Some("BTC".parse().unwrap()), ..special(What::Convert, Some("11")) };
    let btc = "max_order: order of 1100 USDT is above max_order = 1000 USDT";
    assert_eq!(super::special::ask(ALL, "", other), Err(btc.into()));
}

#[test]
fn a_conversion_counts_for_a_day_unless_it_was_refused() {
    for (outcome, after) in
        [(refused(), "0 USDT"), (unknown(), "400 USDT"), (executed("", Resting::Untold, None), "400 USDT")]
    {
        let mut desk = Desk::new(&format!("{ALL}\norder_rate = \"1/s\""), "");
        let before = desk.book.clone();
        let permit =
            desk.ask("a", Act::Special(special(What::Convert, Some("400"))), Permission::Convert).unwrap();
        assert_eq!(desk.day("a"), "400 USDT");
        let again = desk.ask("a", Act::Special(special(What::Convert, Some("1"))), Permission::Convert);
        assert_eq!(again.unwrap_err().denial.rule(), "order_rate");
        desk.record(permit.entry());
        desk.settle(permit.id(), outcome);
        assert_eq!(desk.day("a"), after);
        assert_eq!(desk.book, desk.read_back());
        desk.wait(24 * HOUR + 72_000);
        assert_eq!(desk.day("a"), "0 USDT");
        desk.book.sweep(desk.now());
        let mut nothing = before;
        nothing.sweep(desk.now());
        assert_eq!(desk.book, nothing);
    }
    let mut desk = Desk::new(ALL, "");
    let act = || Act::Special(special(What::Convert, Some("400")));
    let permit = desk.ask("a", act(), Permission::Convert).unwrap();
    desk.book.withdraw(permit);
    assert_eq!(desk.day("a"), "0 USDT");
    let permit = desk.ask("a", act(), Permission::Convert).unwrap();
    desk.record(permit.entry());
    desk.crash();
    assert_eq!(desk.day("a"), "400 USDT");
}

#[test]
fn trades_at_prices_that_nobody_sees_need_it_written_out() {
    let unseen = "order: the order cannot be measured: at what price it trades, or what, is not known; that needs \
                  price_band, and markets and symbols where none is named, to be \"unlimited\"";
    for what in [What::Block, What::Copy, What::ExchangeBot, What::Liquidate] {
        let wide = format!("{ALL}\ndanger_account_wide = true");
        let market = Some(Market::Spot);
        let named =
            || Special { market, symbol: Some("BTCUSDT".parse().unwrap()), ..special(what, Some("100")) };
        assert_eq!(ask(&wide, "", named()), Err(unseen.into()));
        let band = format!("{wide}\nprice_band = \"unlimited\"");
        assert_eq!(ask(&band, "", named()), Ok(()));
        assert_eq!(ask(&band, "price_band = \"2%\"", named()), Err(unseen.into()));
        assert_eq!(ask(&band, "", special(what, Some("100"))), Err(unseen.into()));
        let every = format!("{band}\nsymbols = \"unlimited\"");
        assert_eq!(ask(&every, "", special(what, Some("100"))), Err(unseen.into()));
        let every = format!("{every}\nmarkets = \"unlimited\"");
        assert_eq!(ask(&every, "markets = [\"spot\"]", special(what, Some("100"))), Err(unseen.into()));
        assert_eq!(ask(&every, "", special(what, Some("100"))), Ok(()));
        assert!(ask(&every, "", special(what, Some("1001"))).unwrap_err().starts_with("max_order:"));
        assert!(ask(&every, "", special(what, None)).is_err());
        let other = Special { symbol: Some("DOGEUSDT".parse().unwrap()), ..named() };
        assert_eq!(ask(&band, "", other), Err("symbols: DOGEUSDT is not in symbols".into()));
    }
}

#[test]
fn what_is_swept_tells_no_amount_that_a_limit_could_count() {
    let ask = |more: &str| {
        let more = format!("{ALL}\ndanger_account_wide = true\n{more}");
        let unlimited = |limit: &str| match more.contains(limit) {
            true => String::new(),
            false => format!("\n{limit} = \"unlimited\""),
        };
        let more = format!("{more}{}{}", unlimited("transfer_routes"), unlimited("max_transfer"));
        ask(&more.replace("\"earn\"", "\"earn\", \"transfer\""), "", special(What::Sweep, None))
    };
    let unnamed =
        "order: the order cannot be measured: it names no amount, so max_order and max_day cannot count it";
    assert_eq!(ask(""), Err(unnamed.into()));
    assert_eq!(ask("max_order = \"unlimited\""), Err(unnamed.into()));
    assert_eq!(ask("max_day = \"unlimited\""), Err(unnamed.into()));
    let free = "max_order = \"unlimited\"\nmax_day = \"unlimited\"";
    assert_eq!(ask(free), Ok(()));
    let uncounted = "order: the order cannot be measured: it moves funds and tells no amount, so max_transfer and \
                     max_withdraw cannot count it";
    assert_eq!(ask(&format!("{free}\nmax_transfer = [\"500 USDT\"]")), Err(uncounted.into()));
    let elsewhere = ask(&format!("{free}\ntransfer_routes = [\"/elsewhere\"]"));
    assert_eq!(elsewhere, Err("transfer_routes: `/order` is not in transfer_routes".into()));
    assert_eq!(
        ask(&format!("{free}\ntransfer_routes = [\"/order\"]")),
        Ok(()),
        "its path alone is its route"
    );
}

#[test]
fn p13_settings_of_a_shared_account() {
    let wide = "danger_account_wide: this acts on, or tells of, the whole account, which this bot does not have for itself \
                (danger_account_wide = false)";
    for what in [What::Sweep, What::Liquidate] {
        let all = ALL.replace("\"earn\"", "\"earn\", \"transfer\"");
        let all = format!("{all}\ntransfer_routes = \"unlimited\"\nmax_transfer = \"unlimited\"");
        assert_eq!(ask(&all, "", special(what, None)), Err(wide.into()));
    }
    for what in [What::AutoBorrow, What::PositionMode, What::PositionMargin, What::Setting] {
        assert_eq!(ask(ALL, "", special(what, None)), Err(wide.into()));
        assert_eq!(ask(&format!("{ALL}\ndanger_account_wide = true"), "", special(what, None)), Ok(()));
    }
    for what in [What::Borrow, What::Repay, What::Earn, What::SubAccount] {
        assert_eq!(ask(ALL, "", special(what, Some("1"))), Ok(()));
        let needs = format!("grants: grants does not include {}", what.permission());
        assert_eq!(ask("", "", special(what, Some("1"))), Err(needs));
    }
    let symbol = Some("DOGEUSDT".parse().unwrap());
    let other = Special { symbol, ..special(What::Borrow, Some("1")) };
    assert_eq!(ask(ALL, "", other), Err("symbols: DOGEUSDT is not in symbols".into()));
    let other = Special { market: Some(Market::Usdm), ..special(What::Repay, Some("1")) };
    assert_eq!(ask(ALL, "", other), Err("markets: the usdm market is not in markets".into()));
}

#[test]
fn p13_a_countdown() {
    let countdown = |market: Option<Market>, symbol: Option<&str>| Act::Countdown {
        market,
        symbol: symbol.map(|s| s.parse().unwrap()),
        ms: Some(0),
    };
    let ask = |name: &str, more: &str, act| {
        let asked = Desk::new(more, "").ask(name, act, Permission::Trade);
        asked.map(|_| ()).map_err(|denied| denied.denial.rule())
    };
    let one = || countdown(Some(Market::Spot), Some("BTCUSDT"));
    assert_eq!(ask("a", "", one()), Err("danger_account_wide"));
    assert_eq!(ask("a", "danger_account_wide = true", one()), Ok(()));
    assert_eq!(ask("c", "", one()), Ok(()));
    assert_eq!(ask("c", "", countdown(Some(Market::Usdm), Some("BTCUSDT"))), Err("markets"));
    assert_eq!(ask("c", "", countdown(Some(Market::Spot), Some("DOGEUSDT"))), Err("symbols"));
    assert_eq!(ask("c", "", countdown(None, None)), Ok(()));
    assert_eq!(ask("a", "danger_account_wide = true", countdown(None, None)), Err("danger_account_wide"));
    let wide = "danger_account_wide = true\nmarkets = \"unlimited\"";
    assert_eq!(ask("a", wide, countdown(None, None)), Err("symbols"));
    assert_eq!(ask("a", &format!("{wide}\nsymbols = \"unlimited\""), countdown(None, None)), Ok(()));
}

/// A desk with an option on BTC at 5, of 0.1 BTC a contract, while BTC is at 100.
fn option(more: &str, premium: &str) -> Desk {
    let mut desk = Desk::new(&format!("markets = [\"option\"]\nsymbols = [\"BTC-CALL\"]\n{more}"), "");
    let venue = desk.view.venues.values_mut().next().unwrap();
    let mut listed = venue.instruments[&Market::Usdm][&"BTC-USDT-SWAP".parse().unwrap()].clone();
    listed.quote = premium.parse().unwrap();
    listed.contract.as_mut().unwrap().size = n("0.1");
    listed.underlying = Some(Underlying { market: Market::Usdm, symbol: "BTCUSDT".parse().unwrap() });
    venue.instruments.entry(Market::Option).or_default().insert("BTC-CALL".parse().unwrap(), listed);
    desk.price(Market::Option, "BTC-CALL", if premium == "BTC" { "0.05" } else { "5" });
    desk
}

fn check_option(premium: &str, more: &str, (side, size, price): (Side, &str, &str), expected: &str) {
    let mut desk = option(more, premium);
    let order =
        Order { market: Market::Option, symbol: "BTC-CALL".parse().unwrap(), side, ..buy("1", price) };
    let order = Order { size: Size::Contracts(n(size)), ..order };
    let got = match desk.ask("a", Act::Place(order), Permission::Trade) {
        Ok(_) => desk.day("a"),
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    };
    assert_eq!(got, expected);
}

#[test]
fn options() {
    use Side::{Buy, Sell};
    check_option("USDT", "", (Buy, "10", "7"), "7 USDT");
    check_option("USDT", "", (Buy, "10", "1"), "5 USDT");
    check_option(
        "USDT",
        "",
        (Buy, "10", "7.01"),
        "price_band: buying at 7.01 is above 7, the edge of price_band = 2% around 5",
    );
    check_option("USDT", "", (Sell, "10", "3"), "100 USDT");
    check_option(
        "USDT",
        "",
        (Sell, "10", "2.99"),
        "price_band: selling at 2.99 is below 3, the edge of price_band = 2% around 5",
    );
    check_option(
        "USDT",
        "",
        (Sell, "101", "5"),
        "max_order: order of 1010 USDT is above max_order = 1000 USDT",
    );
    check_option("BTC", "", (Buy, "10", "0.07"), "7 USDT");
    check_option(
        "BTC",
        "",
        (Buy, "10", "0.071"),
        "price_band: buying at 0.071 is above 0.07, the edge of price_band = 2% around 0.05",
    );
    check_option("BTC", "", (Sell, "10", "0.05"), "100 USDT");
    check_option(
        "EUR",
        "",
        (Buy, "10", "5"),
        "reference: there is no fresh reference price of BTC-CALL, so this order cannot be measured",
    );
}

#[test]
fn options_without_references_are_refused() {
    let ask = |market: Market, symbol: &str, more: &str, side| {
        let mut desk = option(more, "USDT");
        let venue = desk.view.venues.values_mut().next().unwrap();
        venue.references.get_mut(&market).unwrap().remove(&symbol.parse().unwrap());
        let order =
            Order { market: Market::Option, symbol: "BTC-CALL".parse().unwrap(), side, ..buy("1", "5") };
        let order = Order { size: Size::Contracts(n("1")), ..order };
        desk.ask("a", Act::Place(order), Permission::Trade).map(|_| ()).map_err(|e| e.denial.rule())
    };
    for side in [Side::Buy, Side::Sell] {
        assert_eq!(ask(Market::Option, "BTC-CALL", "", side), Err("reference"));
        assert_eq!(ask(Market::Option, "BTC-CALL", "price_band = \"unlimited\"", side), Err("reference"));
        assert_eq!(ask(Market::Usdm, "BTCUSDT", "", side), Err("reference"));
        assert_eq!(ask(Market::Spot, "ETHBTC", "", side), Ok(()));
    }
    let mut desk = option("", "USDT");
    let order = Order { market: Market::Option, symbol: "BTC-CALL".parse().unwrap(), ..buy("1", "5") };
    let order = Order { size: Size::Contracts(n("1")), reduce_only: true, trigger: Some(n("5")), ..order };
    assert_eq!(desk.ask("a", Act::Place(order), Permission::Trade).unwrap_err().denial.rule(), "order");
}

#[test]
fn a_bought_option_may_lose_its_premium_and_a_sold_one_more() {
    for (side, limit, expected) in [
        (Side::Buy, "6.1 USDT", "6.1 USDT"),
        (
            Side::Buy,
            "6 USDT",
            "max_loss_day: a loss of up to 6.1 USDT is above the 6 USDT left of max_loss_day = 6 USDT",
        ),
        (
            Side::Sell,
            "900 USDT",
            "max_loss_day: max_loss_day cannot count it: a sold option can lose without end",
        ),
        (Side::Sell, "unlimited", "0"),
    ] {
        let mut desk = option(&format!("max_loss_day = \"{limit}\""), "USDT");
        let order =
            Order { market: Market::Option, symbol: "BTC-CALL".parse().unwrap(), side, ..buy("1", "6") };
        let order = Order { size: Size::Contracts(n("10")), ..order };
        let got = match desk.ask("a", Act::Place(order), Permission::Trade) {
            Ok(_) => desk.used("a", limits::Scope::Bot, "max_loss_day"),
            Err(denied) => format!("{}: {denied}", denied.denial.rule()),
        };
        assert_eq!(got, expected);
    }
}
