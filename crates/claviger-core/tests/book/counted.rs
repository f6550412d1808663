//! Limits that count what was used: what they allow and refuse, what frees them, and what a restart remembers.

use claviger_core::*;

use crate::desk::*;

/// Every book must be what its journal says.
fn reread(desk: &mut Desk) {
    let now = desk.now();
    let mut folded = desk.read_back();
    folded.sweep(now);
    desk.book.sweep(now);
    assert_eq!(desk.book, folded);
}

fn refused_with(desk: &mut Desk, name: &str, act: Act) -> String {
    match desk.ask(name, act, Permission::Trade) {
        Ok(permit) => {
            desk.book.withdraw(permit);
            "allowed".into()
        }
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    }
}

fn hour(desk: &mut Desk) -> String {
    desk.used("a", limits::Scope::Bot, "max_hour")
}

#[test]
fn max_hour_counts_what_lives_and_what_filled() {
    let mut desk = Desk::new("max_hour = \"1000 USDT\"", "");
    desk.sent("a", Act::Place(buy("4", "100")));
    assert_eq!(
        refused_with(&mut desk, "a", Act::Place(buy("6.001", "100"))),
        "max_hour: order of 600.1 USDT is above the 600 USDT left of max_hour = 1000 USDT"
    );
    let id = desk.sent("a", Act::Place(ioc("6", "100")));
    desk.settle(id, executed("2", Resting::Done, Some("5")));
    assert_eq!(hour(&mut desk), "900 USDT");
    reread(&mut desk);
    desk.crash();
    assert_eq!(hour(&mut desk), "900 USDT");
    assert_eq!(refused_with(&mut desk, "a", Act::Place(buy("1", "100"))), "allowed");
    assert_eq!(refused_with(&mut desk, "b", Act::Place(buy("10", "100"))), "allowed");
}

#[test]
fn the_hour_rolls_and_the_day_does_not_yet() {
    let mut desk = Desk::new("max_hour = \"1000 USDT\"", "");
    let id = desk.sent("a", Act::Place(ioc("10", "100")));
    desk.settle(id, executed("1", Resting::Done, Some("10")));
    let denied = desk.ask("a", Act::Place(ioc("1", "100")), Permission::Trade).unwrap_err();
    let DenialClass::Budget { refills: Some(refills) } = denied.denial.class() else { panic!("{denied}") };
    let wait = refills.since(desk.now());
    assert!((HOUR..HOUR + 5_000).contains(&wait), "{wait}");
    desk.wait(wait - 1);
    assert!(desk.ask("a", Act::Place(ioc("1", "100")), Permission::Trade).is_err());
    desk.wait(1);
    assert_eq!((hour(&mut desk), desk.day("a")), ("0 USDT".into(), "1000 USDT".into()));
    desk.sent("a", Act::Place(ioc("10", "100")));
}

#[test]
fn the_keys_hour_is_shared_and_not_told() {
    let mut desk = Desk::new("", "max_hour = \"1500 USDT\"");
    desk.sent("a", Act::Place(buy("10", "100")));
    let denied = desk.ask("b", Act::Place(buy("6", "100")), Permission::Trade).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "order of 600 USDT is above what is left of the key's max_hour = 1500 USDT"
    );
    assert_eq!(denied.denial.class(), DenialClass::Budget { refills: None });
    desk.sent("b", Act::Place(buy("5", "100")));
    desk.sent("c", Act::Place(buy("10", "100")));
}

#[test]
fn an_amendment_or_a_batch_takes_of_the_hour_what_it_adds() {
    let mut desk = Desk::new("max_hour = \"1000 USDT\"", "");
    let id = desk.sent("a", Act::Place(buy("4", "100")));
    desk.settle(id, executed("7", Resting::Open, None));
    assert_eq!(
        refused_with(&mut desk, "a", amend(by_id("7"), Some("10.001"), None)),
        "max_order: order of 1000.1 USDT is above max_order = 1000 USDT"
    );
    assert_eq!(refused_with(&mut desk, "a", amend(by_id("7"), Some("10"), None)), "allowed");
    let batch = |sizes: [&str; 2]| {
        let step = |size: &str| Step { deed: Deed::Place(buy(size, "100")), params: Vec::new() };
        Act::Steps(Steps { how: How::Batch, steps: sizes.map(step).to_vec(), client_id: None })
    };
    assert_eq!(refused_with(&mut desk, "a", batch(["3", "3"])), "allowed");
    assert_eq!(
        refused_with(&mut desk, "a", batch(["3", "3.1"])),
        "max_hour: order of 610 USDT is above the 600 USDT left of max_hour = 1000 USDT"
    );
    let mut exact = Desk::new("max_hour = \"500 USDT\"", "");
    let id = exact.sent("a", Act::Place(buy("4", "100")));
    exact.settle(id, executed("7", Resting::Open, None));
    assert_eq!(
        refused_with(&mut exact, "a", amend(by_id("7"), Some("5.1"), None)),
        "max_hour: order of 510 USDT is above the 500 USDT left of max_hour = 500 USDT"
    );
    let id = exact.sent("a", cancel(by_id("7")));
    exact.settle(id, executed("7", Resting::Done, Some("1")));
    assert_eq!(hour(&mut exact), "100 USDT");
    reread(&mut exact);
}

#[test]
fn an_hour_in_another_currency_than_the_day() {
    let mut desk = Desk::new("max_hour = \"5 BTC\"", "");
    desk.sent("a", Act::Place(buy("4", "100")));
    assert_eq!(hour(&mut desk), "4 BTC");
    assert_eq!(
        refused_with(&mut desk, "a", Act::Place(buy("1.01", "100"))),
        "max_hour: order of 1.01 BTC is above the 1 BTC left of max_hour = 5 BTC"
    );
    assert_eq!(refused_with(&mut desk, "a", Act::Place(buy("1", "100"))), "allowed");
    let mut desk = Desk::new("max_hour = \"5 BTC\"\nmax_day = \"unlimited\"", "");
    desk.sent("a", Act::Place(buy("4", "100")));
    assert_eq!((hour(&mut desk), desk.day("a")), ("4 BTC".into(), "4 BTC".into()));
}

fn cancels(desk: &mut Desk) -> String {
    refused_with(desk, "c", cancel(by_id("unknown")))
}

/// The bot `c` has its key for itself, so that it may cancel what the ledger does not know.
fn desk_of_c(more: &str) -> Desk {
    let text = format!("[key.two]\nexchange = \"binance\"\n[bot.c]\nkey = \"two\"\n{more}\n");
    let trade = "grants = [\"read\", \"market-data\", \"trade\"]\nmarkets = [\"spot\"]\nsymbols = [\"BTCUSDT\"]\n\
                 max_order = \"1000 USDT\"\nmax_day = \"unlimited\"\nprice_band = \"2%\"\n";
    let mut desk = Desk::new("", "");
    let config = Config::parse(&format!("{text}{trade}"), "test", &known()).unwrap();
    desk.policies = std::sync::Arc::clone(config.policies());
    desk
}

#[test]
fn cancels_have_a_rate_of_their_own() {
    let mut desk = desk_of_c("order_rate = \"1/s\"\ncancel_rate = \"2/s\"");
    desk.sent("c", cancel(by_id("unknown")));
    desk.sent("c", cancel(by_id("unknown")));
    let denied = desk.ask("c", cancel(by_id("unknown")), Permission::Trade).unwrap_err();
    assert_eq!((denied.denial.rule(), &*denied.to_string()), ("cancel_rate", "more than cancel_rate = 2/s"));
    assert_eq!(denied.denial.class(), DenialClass::Budget { refills: Some(desk.now().plus(1000)) });
    assert_eq!(desk.used("c", limits::Scope::Bot, "cancel_rate"), "2");
    desk.crash();
    assert!(cancels(&mut desk).starts_with("cancel_rate"));
    assert_eq!(refused_with(&mut desk, "c", Act::Place(buy("1", "100"))), "allowed");
    desk.wait(1000);
    assert_eq!(cancels(&mut desk), "allowed");
    reread(&mut desk);

    let mut alone = desk_of_c("cancel_rate = \"1/m\"");
    alone.sent("c", cancel(by_id("unknown")));
    assert_eq!(cancels(&mut alone), "cancel_rate: more than cancel_rate = 1/m");
    let mut without = desk_of_c("order_rate = \"1/m\"");
    without.sent("c", cancel(by_id("unknown")));
    assert_eq!(cancels(&mut without), "order_rate: more than order_rate = 1/m");
    let mut free = desk_of_c("order_rate = \"1/m\"\ncancel_rate = \"unlimited\"");
    free.sent("c", cancel(by_id("unknown")));
    assert_eq!(cancels(&mut free), "allowed");
}

#[test]
fn every_request_counts_at_request_rate() {
    let read = |desk: &mut Desk| {
        let permit = desk.ask("c", Act::Read, Permission::Read).map_err(|denied| denied.to_string())?;
        desk.record(permit.entry());
        Ok::<_, String>(())
    };
    let mut desk = desk_of_c("request_rate = \"3/m\"");
    assert_eq!(read(&mut desk), Ok(()));
    let batch = vec![Deed::Place(buy("1", "100")), Deed::Place(buy("1", "100"))];
    let steps = batch.into_iter().map(|deed| Step { deed, params: Vec::new() }).collect();
    desk.sent("c", Act::Steps(Steps { how: How::Batch, steps, client_id: None }));
    let permit = desk.ask("c", Act::Read, Permission::Read).unwrap();
    desk.book.withdraw(permit);
    assert_eq!(desk.used("c", limits::Scope::Bot, "request_rate"), "2");
    assert_eq!(read(&mut desk), Ok(()));
    assert_eq!(read(&mut desk), Err("more than request_rate = 3/m".into()));
    assert_eq!(cancels(&mut desk), "request_rate: more than request_rate = 3/m");
    reread(&mut desk);
    desk.crash();
    assert_eq!(read(&mut desk), Err("more than request_rate = 3/m".into()));
    desk.wait(60_100);
    assert_eq!(read(&mut desk), Ok(()));
}

#[test]
fn what_anybody_could_send_uses_up_nothing() {
    let mut desk = desk_of_c("request_rate = \"1/m\"");
    desk.evidence = Evidence::KeyId;
    for _ in 0..3 {
        let permit = desk.ask("c", Act::Read, Permission::MarketData).unwrap();
        desk.record(permit.entry());
    }
    reread(&mut desk);
    desk.evidence = Evidence::BotSignature;
    assert!(desk.ask("c", Act::Read, Permission::Read).is_ok());
}

const CHURN: &str = "max_churn = \"3/10m\"\nmax_open_orders = 100\nmarkets = [\"spot\", \"usdm\"]";

fn one_more(desk: &mut Desk) -> String {
    refused_with(desk, "a", Act::Place(buy("0.1", "100")))
}

const CHURNED: &str = "max_churn: more than max_churn = 3/10m orders were placed or amended, and none filled";

#[test]
fn orders_of_which_none_fills_are_braked() {
    let mut desk = Desk::new(CHURN, "");
    let id = desk.sent("a", Act::Place(buy("0.1", "100")));
    desk.settle(id, executed("1", Resting::Open, Some("0")));
    for n in 0..2 {
        desk.wait(10_000);
        let id = desk.sent(
            "a",
            if n == 0 { amend(by_id("1"), Some("0.2"), None) } else { Act::Place(ioc("0.1", "100")) },
        );
        desk.settle(id, refused());
    }
    assert_eq!(one_more(&mut desk), CHURNED);
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_churn"), "3");
    let denied = desk.ask("a", amend(by_id("1"), Some("0.2"), None), Permission::Trade).unwrap_err();
    assert_eq!(denied.denial.rule(), "max_churn");
    let DenialClass::Budget { refills: Some(refills) } = denied.denial.class() else { panic!("{denied}") };
    reread(&mut desk);
    // What ends orders or positions passes, and so does another bot.
    assert_eq!(refused_with(&mut desk, "a", cancel(by_id("1"))), "allowed");
    let exit = Order { reduce_only: true, market: Market::Usdm, ..sell("1", "100") };
    assert_eq!(refused_with(&mut desk, "a", Act::Place(exit)), "allowed");
    assert_eq!(refused_with(&mut desk, "b", Act::Place(buy("0.1", "100"))), "allowed");
    desk.crash();
    assert_eq!(one_more(&mut desk), CHURNED);
    desk.wait(refills.since(desk.now()) - 1);
    assert_eq!(one_more(&mut desk), CHURNED);
    desk.wait(1);
    assert_eq!(one_more(&mut desk), "allowed");
}

#[test]
fn a_fill_ends_the_brake_once() {
    let churned = || {
        let mut desk = Desk::new(CHURN, "");
        let ids = [0, 1, 2].map(|_| desk.sent("a", Act::Place(buy("0.4", "100"))));
        desk.settle(ids[0], executed("1", Resting::Open, None));
        desk.settle(ids[1], executed("2", Resting::Open, None));
        desk.wait(5_000);
        assert_eq!(one_more(&mut desk), CHURNED);
        (desk, ids)
    };
    let (mut desk, ids) = churned();
    desk.settle(ids[2], executed("3", Resting::Done, Some("0")));
    assert_eq!(one_more(&mut desk), CHURNED);
    let seen = |desk: &mut Desk, filled: &str| {
        let state = state("1", Resting::Open, Some(filled));
        let asked = desk.now();
        desk.observe(asked, Observed::Order { symbol: "BTCUSDT".parse().unwrap(), state });
        reread(desk);
    };
    seen(&mut desk, "0.1");
    assert_eq!(one_more(&mut desk), "allowed");
    for _ in 0..3 {
        desk.sent("a", Act::Place(buy("0.1", "100")));
    }
    desk.wait(5_000);
    // The same fill seen again is none.
    seen(&mut desk, "0.1");
    assert_eq!(one_more(&mut desk), CHURNED);
    seen(&mut desk, "0.2");
    assert_eq!(one_more(&mut desk), "allowed");

    let (mut desk, ids) = churned();
    desk.settle(ids[2], executed("3", Resting::Done, Some("0.1")));
    assert_eq!(one_more(&mut desk), "allowed");
    // That it filled is not known.
    let (mut desk, ids) = churned();
    desk.settle(ids[2], executed("3", Resting::Done, None));
    assert_eq!(one_more(&mut desk), CHURNED);
}

#[test]
fn bots_of_a_key_churn_together() {
    let mut desk = Desk::new("", "max_churn = \"2/10m\"");
    desk.sent("a", Act::Place(buy("0.1", "100")));
    desk.sent("b", Act::Place(buy("0.1", "100")));
    let denied = desk.ask("b", Act::Place(buy("0.1", "100")), Permission::Trade).unwrap_err();
    assert_eq!(denied.denial.class(), DenialClass::Budget { refills: None });
    let steps = [0, 1, 2].map(|_| Step { deed: Deed::Place(buy("0.1", "100")), params: Vec::new() });
    let batch = Act::Steps(Steps { how: How::Batch, steps: steps.to_vec(), client_id: None });
    let mut desk = Desk::new("max_churn = \"2/10m\"", "");
    assert!(refused_with(&mut desk, "a", batch).starts_with("max_churn"));
}

#[test]
fn max_open_per_symbol() {
    let more = "max_open_per_symbol = 2\nmax_open_orders = 4\nmarkets = [\"spot\", \"usdm\"]";
    let mut desk = Desk::new(more, "max_open_per_symbol = 3");
    let first = desk.sent("a", Act::Place(buy("1", "100")));
    desk.sent("a", Act::Place(buy("1", "100")));
    let full = "max_open_per_symbol: another open order of BTCUSDT would be above max_open_per_symbol = 2";
    assert_eq!(refused_with(&mut desk, "a", Act::Place(buy("1", "100"))), full);
    assert_eq!(refused_with(&mut desk, "a", Act::Place(ioc("1", "100"))), "allowed");
    let other = Order { symbol: "ETHBTC".parse().unwrap(), ..buy("1", "0.5") };
    assert_eq!(refused_with(&mut desk, "a", Act::Place(other)), "allowed");
    let usdm = Order { market: Market::Usdm, ..buy("1", "100") };
    assert_eq!(refused_with(&mut desk, "a", Act::Place(usdm)), "allowed");
    assert_eq!(desk.used("a", limits::Scope::Bot, "max_open_per_symbol"), "2");
    desk.crash();
    assert_eq!(refused_with(&mut desk, "a", Act::Place(buy("1", "100"))), full);
    desk.sent("b", Act::Place(buy("1", "100")));
    assert!(refused_with(&mut desk, "b", Act::Place(buy("1", "100"))).starts_with("max_open_per_symbol"));
    desk.wait(20_000);
    let (asked_at, client_id) = (desk.now(), first.client_order_id());
    let state = OrderState { client_id, ..state("1", Resting::Done, Some("1")) };
    desk.observe(asked_at, Observed::Order { symbol: "BTCUSDT".parse().unwrap(), state });
    assert_eq!(refused_with(&mut desk, "a", Act::Place(buy("1", "100"))), "allowed");
    let place = |_| Step { deed: Deed::Place(buy("1", "100")), params: Vec::new() };
    let steps = [0, 1].map(place).to_vec();
    let batch = Act::Steps(Steps { how: How::Batch, steps, client_id: None });
    assert_eq!(refused_with(&mut desk, "a", batch), full);
    reread(&mut desk);
}

const DORMANT: &str =
    "dormant_after: nothing was placed for more than dormant_after = 2d; an operator must thaw it first";

#[test]
fn who_placed_nothing_for_long_opens_nothing() {
    let more = "dormant_after = \"2d\"\nmarkets = [\"spot\", \"usdm\"]\ngrants = [\"trade\", \"convert\"]";
    let mut desk = Desk::new(more, "");
    let open = || Act::Place(ioc("1", "100"));
    // Nothing is known of it at all: it is new.
    let id = desk.sent("a", open());
    desk.settle(id, executed("1", Resting::Done, Some("0")));
    desk.wait(48 * HOUR);
    assert_eq!(refused_with(&mut desk, "a", open()), "allowed");
    // What was not taken is no order.
    let id = desk.sent("a", open());
    desk.settle(id, refused());
    desk.wait(1);
    assert_eq!(refused_with(&mut desk, "a", open()), DORMANT);
    let denied = desk.ask("a", open(), Permission::Trade).unwrap_err();
    assert_eq!(denied.denial.class(), DenialClass::Permission);
    let convert = Special {
        what: What::Convert,
        market: None,
        symbol: None,
        asset: Some("USDT".parse().unwrap()),
        amount: Some(n("1")),
        quote: None,
    };
    let denied = desk.ask("a", Act::Special(convert), Permission::Convert).unwrap_err();
    assert_eq!(denied.denial.rule(), "dormant_after");
    let exit = Order { reduce_only: true, market: Market::Usdm, ..sell("1", "100") };
    assert_eq!(refused_with(&mut desk, "a", Act::Place(exit)), "allowed");
    assert_eq!(refused_with(&mut desk, "b", open()), "allowed");
    reread(&mut desk);
    desk.crash();
    assert_eq!(refused_with(&mut desk, "a", open()), DORMANT);
    desk.operator(OperatorAct::Thaw(Subject::Key("one".parse().unwrap())));
    assert_eq!(refused_with(&mut desk, "a", open()), DORMANT);
    desk.operator(OperatorAct::Thaw(Subject::Bot(bot("a"))));
    assert_eq!(refused_with(&mut desk, "a", open()), "allowed");
    desk.wait(48 * HOUR + 1);
    assert_eq!(refused_with(&mut desk, "a", open()), DORMANT);
    reread(&mut desk);
}

#[test]
fn a_bot_that_never_placed_anything_is_dormant_too_in_time() {
    let mut desk = Desk::new("", "dormant_after = \"2d\"");
    desk.operator(OperatorAct::KeyAdded("one".parse().unwrap()));
    desk.wait(48 * HOUR + 1);
    assert_eq!(refused_with(&mut desk, "a", Act::Place(buy("1", "100"))), DORMANT);
    desk.operator(OperatorAct::Thaw(Subject::Key("one".parse().unwrap())));
    desk.sent("b", Act::Place(buy("1", "100")));
    desk.crash();
    desk.wait(48 * HOUR);
    assert_eq!(refused_with(&mut desk, "a", Act::Place(buy("1", "100"))), "allowed");

    let mut desk = Desk::new("dormant_after = \"2d\"", "");
    desk.operator(OperatorAct::BotAdded(bot("a")));
    desk.wait(48 * HOUR + 1);
    assert_eq!(refused_with(&mut desk, "a", Act::Place(buy("1", "100"))), DORMANT);
    desk.operator(OperatorAct::BotRemoved(bot("a")));
    desk.operator(OperatorAct::BotAdded(bot("a")));
    assert_eq!(refused_with(&mut desk, "a", Act::Place(buy("1", "100"))), "allowed");
}
