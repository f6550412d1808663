//! `max_position` and `max_position_all`: what the account was told to hold, what orders changed since, and what they may
//! still change.

use claviger_core::entry::ObservedEntry;
use claviger_core::*;

use crate::desk::*;

const FUTURES: &str = "markets = [\"usdm\", \"coinm\"]\nsymbols = \"unlimited\"\nmax_order = \"unlimited\"\n\
                       max_day = \"unlimited\"\nmax_open_orders = 100";
const SPOT: &str = "max_order = \"unlimited\"\nmax_day = \"unlimited\"";
const EACH: &str = "max_position = \"1000 USDT\"";
const ALL: &str = "max_position_all = \"1500 USDT\"";
const ALLOWED: &str = "allowed";
const ABOVE: &str =
    "max_position: with this, the position in BTCUSDT could be above max_position = 1000 USDT";
const ABOVE_ALL: &str =
    "max_position_all: with this, all positions together could be above max_position_all = 1500 USDT";
const UNTOLD: &str =
    "max_position: max_position cannot count it: nothing was told yet of what the account holds";
const NO_WORD: &str = "max_position: max_position cannot count it: what the account holds was not told since something changed, or not yet";

/// A desk whose account was told of.
fn desk(more: &str, told: &str) -> Desk {
    let mut desk = Desk::new(more, "");
    tell(&mut desk, "usdm", told);
    desk
}

/// Twice: the first answer only says from when on changes are remembered.
fn tell(desk: &mut Desk, surface: &str, told: &str) {
    for _ in 0..2 {
        desk.wait(2_000);
        let asked = desk.now();
        hear(desk, surface, (told, asked));
    }
    desk.wait(1);
}

/// `0.5 BTC` is a balance, `-2 BTCUSDT` a position, `-2 BTCUSDT short` one of a hedged account.
fn hear(desk: &mut Desk, surface: &str, (told, asked_at): (&str, Time)) {
    let market = if surface == "coinm" { Market::Coinm } else { Market::Usdm };
    let (mut balances, mut positions) = (Vec::new(), Vec::new());
    for one in told.split(", ").filter(|one| !one.is_empty()) {
        let words: Vec<&str> = one.split(' ').collect();
        let size: Signed = words[0].parse().unwrap();
        let side = match words.get(2).copied() {
            None => PositionSide::Net,
            Some("long") => PositionSide::Long,
            Some("short") => PositionSide::Short,
            Some(other) => panic!("{other}"),
        };
        if words[1].len() < 6 {
            balances.push(Balance { asset: words[1].parse().unwrap(), total: size });
        } else {
            positions.push(Position { market, symbol: words[1].parse().unwrap(), side, size });
        }
    }
    let positions = (surface != "spot").then_some(positions);
    let what = Observed::Holdings(Holdings { balances: Some(balances), positions });
    let (at, key, surface) = (desk.now(), "one".parse().unwrap(), surface.parse().unwrap());
    desk.fold(&Entry::Observed(Box::new(ObservedEntry { at, asked_at, key, surface, what })));
}

fn usdm(order: Order) -> Order {
    Order { market: Market::Usdm, ..order }
}

fn hedged(side: PositionSide, order: Order) -> Order {
    usdm(Order { position_side: side, ..order })
}

/// Asks without sending.
fn said(desk: &mut Desk, act: Act) -> String {
    let spot = act.order().is_some_and(|order| order.market == Market::Spot);
    let asked = match &act {
        Act::Amend(_) | Act::Steps(_) => desk.ask_on("usdm", "a", act),
        _ if spot => desk.ask_on("spot", "a", act),
        _ => desk.ask("a", act, Permission::Trade),
    };
    match asked {
        Ok(permit) => {
            desk.book.withdraw(permit);
            ALLOWED.into()
        }
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    }
}

fn check(desk: &mut Desk, order: Order, expected: &str) {
    assert_eq!(said(desk, Act::Place(order.clone())), expected, "{order:?}");
}

/// Every book must be what its journal says.
fn reread(desk: &mut Desk) {
    let now = desk.now();
    let mut folded = desk.read_back();
    folded.sweep(now);
    desk.book.sweep(now);
    assert_eq!(desk.book, folded);
}

#[test]
fn what_was_told_and_the_order_count_together() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "4 BTCUSDT");
    check(desk, usdm(buy("6", "100")), ALLOWED);
    check(desk, usdm(buy("6.001", "100")), ABOVE);
    // Long 4: selling 14 makes it short 10.
    check(desk, usdm(sell("14", "100")), ALLOWED);
    check(desk, usdm(sell("14.001", "100")), ABOVE);
    check(desk, usdm(Order { reduce_only: true, ..sell("100", "100") }), ALLOWED);
    // Another instrument holds nothing: a contract is 0.01 BTC.
    let contracts = Order {
        symbol: "BTC-USDT-SWAP".parse().unwrap(),
        size: Size::Contracts(n("1000")),
        ..buy("1", "100")
    };
    check(desk, usdm(contracts.clone()), ALLOWED);
    let more = Order { size: Size::Contracts(n("1001")), ..contracts };
    check(desk, usdm(more), &ABOVE.replace("BTCUSDT", "BTC-USDT-SWAP"));
}

#[test]
fn it_counts_at_the_reference_price() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "9 BTCUSDT");
    check(desk, usdm(buy("1", "50")), ALLOWED);
    check(desk, usdm(buy("1.1", "50")), ABOVE);
    desk.price(Market::Usdm, "BTCUSDT", "120");
    check(desk, usdm(buy("0.001", "100")), ABOVE);
    // What only makes a position smaller is not refused for what it is by then.
    check(desk, usdm(sell("1", "120")), ALLOWED);
}

#[test]
fn of_inverse_contracts_the_contracts_count() {
    let desk = &mut Desk::new(&format!("{FUTURES}\nmax_position = \"1000 USD\""), "");
    tell(desk, "coinm", "-4 BTC-USD-SWAP");
    let order = |side, contracts: &str| {
        let order = market(side, Size::Contracts(n(contracts)));
        Order { market: Market::Coinm, symbol: "BTC-USD-SWAP".parse().unwrap(), ..order }
    };
    check(desk, order(Side::Sell, "6"), ALLOWED);
    let above =
        "max_position: with this, the position in BTC-USD-SWAP could be above max_position = 1000 USD";
    check(desk, order(Side::Sell, "7"), above);
    check(desk, order(Side::Buy, "14"), ALLOWED);
    check(desk, order(Side::Buy, "15"), above);
}

#[test]
fn hedged_positions_count_each_by_itself() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "8 BTCUSDT long, -9 BTCUSDT short");
    check(desk, hedged(PositionSide::Long, buy("2", "100")), ALLOWED);
    check(desk, hedged(PositionSide::Long, buy("2.1", "100")), ABOVE);
    check(desk, hedged(PositionSide::Short, sell("1", "100")), ALLOWED);
    check(desk, hedged(PositionSide::Short, sell("1.1", "100")), ABOVE);
    check(desk, hedged(PositionSide::Long, sell("50", "100")), ALLOWED);
    check(desk, hedged(PositionSide::Short, buy("50", "100")), ALLOWED);
}

#[test]
fn orders_that_live_and_that_nobody_knows_count_in_full() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "");
    let rests = desk.sent("a", Act::Place(usdm(buy("4", "100"))));
    check(desk, usdm(buy("6.1", "100")), ABOVE);
    desk.settle(rests, executed("1", Resting::Open, Some("1")));
    check(desk, usdm(buy("6", "100")), ALLOWED);
    check(desk, usdm(buy("6.1", "100")), ABOVE);
    let lost = desk.sent("a", Act::Place(usdm(buy("3", "100"))));
    desk.settle(lost, unknown());
    check(desk, usdm(buy("3", "100")), ALLOWED);
    check(desk, usdm(buy("3.1", "100")), ABOVE);
    // What rests on one side takes nothing off the other.
    check(desk, usdm(sell("10", "100")), ALLOWED);
    check(desk, usdm(sell("10.1", "100")), ABOVE);
    let refused_order = desk.sent("a", Act::Place(usdm(buy("3", "100"))));
    desk.settle(refused_order, refused());
    check(desk, usdm(buy("3", "100")), ALLOWED);
    reread(desk);
    desk.crash();
    check(desk, usdm(buy("3.1", "100")), ABOVE);
}

#[test]
fn what_filled_counts_until_the_account_tells_of_it() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "");
    let id = desk.sent("a", Act::Place(usdm(ioc("6", "100"))));
    desk.settle(id, executed("1", Resting::Done, Some("6")));
    check(desk, usdm(buy("4.1", "100")), ABOVE);
    let filled = desk.now();
    // An answer that was asked for before may not tell of it.
    desk.wait(1_500);
    hear(desk, "usdm", ("", filled));
    check(desk, usdm(buy("4.1", "100")), ABOVE);
    // Selling takes nothing off before the account tells of it.
    let id = desk.sent("a", Act::Place(usdm(Order { side: Side::Sell, ..ioc("6", "100") })));
    desk.settle(id, executed("2", Resting::Done, Some("6")));
    check(desk, usdm(buy("4.1", "100")), ABOVE);
    reread(desk);
    desk.crash();
    check(desk, usdm(buy("4.1", "100")), ABOVE);
    desk.wait(3_000);
    let asked = desk.now();
    hear(desk, "usdm", ("", asked));
    check(desk, usdm(buy("10", "100")), ALLOWED);
    check(desk, usdm(buy("10.1", "100")), ABOVE);
    reread(desk);
}

#[test]
fn an_end_that_does_not_say_what_filled_counts_in_full() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "");
    let id = desk.sent("a", Act::Place(usdm(buy("6", "100"))));
    desk.settle(id, executed("1", Resting::Done, None));
    check(desk, usdm(buy("4.1", "100")), ABOVE);
    check(desk, usdm(buy("4", "100")), ALLOWED);
}

#[test]
fn what_is_not_known_opens_nothing() {
    let desk = &mut Desk::new(&format!("{FUTURES}\n{EACH}"), "");
    check(desk, usdm(buy("1", "100")), UNTOLD);
    check(desk, usdm(Order { reduce_only: true, ..sell("1", "100") }), ALLOWED);
    let asked = desk.now();
    hear(desk, "usdm", ("", asked));
    check(desk, usdm(buy("1", "100")), NO_WORD);
    // Asked for before changes were remembered.
    desk.wait(500);
    hear(desk, "usdm", ("", asked));
    check(desk, usdm(buy("1", "100")), NO_WORD);
    desk.wait(1_000);
    let asked = desk.now();
    hear(desk, "usdm", ("", asked));
    check(desk, usdm(buy("1", "100")), ALLOWED);
    // While nothing changes, nothing has to be told.
    desk.wait(24 * HOUR);
    check(desk, usdm(buy("1", "100")), ALLOWED);
    let id = desk.sent("a", Act::Place(usdm(ioc("1", "100"))));
    desk.settle(id, executed("1", Resting::Done, Some("1")));
    desk.wait(60_000);
    check(desk, usdm(buy("1", "100")), ALLOWED);
    desk.wait(1);
    check(desk, usdm(buy("1", "100")), NO_WORD);
    check(desk, usdm(Order { reduce_only: true, ..sell("1", "100") }), ALLOWED);
    // Another account of the same key is another account.
    check(
        desk,
        Order {
            market: Market::Coinm,
            symbol: "BTC-USD-SWAP".parse().unwrap(),
            size: Size::Contracts(n("1")),
            ..buy("1", "100")
        },
        UNTOLD,
    );
}

#[test]
fn another_key_of_the_same_name_holds_something_else() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "");
    let key: KeyName = "one".parse().unwrap();
    let asked = desk.now();
    desk.wait(2_000);
    desk.operator(OperatorAct::KeyRemoved(key.clone()));
    desk.operator(OperatorAct::KeyAdded(key));
    check(desk, usdm(buy("1", "100")), UNTOLD);
    hear(desk, "usdm", ("", asked));
    check(desk, usdm(buy("1", "100")), UNTOLD);
    tell(desk, "usdm", "9 BTCUSDT");
    check(desk, usdm(buy("1.1", "100")), ABOVE);
}

#[test]
fn an_amendment_counts_with_its_larger_size() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "2 BTCUSDT");
    let id = desk.sent("a", Act::Place(usdm(buy("4", "100"))));
    desk.settle(id, executed("7", Resting::Open, Some("1")));
    let amended = |size: &str| {
        let amendment = Amendment {
            market: Market::Usdm,
            symbol: "BTCUSDT".parse().unwrap(),
            order: by_id("7"),
            side: None,
            size: Some(n(size)),
            price: None,
            more: MoreAmended::default(),
        };
        Act::Amend(amendment)
    };
    assert_eq!(said(desk, amended("8")), ALLOWED);
    assert_eq!(said(desk, amended("8.1")), ABOVE);
    assert_eq!(said(desk, amended("3")), ALLOWED);
    let act = amended("8");
    let permit = desk.ask_on("usdm", "a", act).unwrap();
    desk.record(permit.entry());
    check(desk, usdm(buy("0.1", "100")), ABOVE);
    desk.settle(permit.id(), refused());
    check(desk, usdm(buy("4", "100")), ALLOWED);
    check(desk, usdm(buy("4.1", "100")), ABOVE);
    reread(desk);
}

#[test]
fn a_batch_counts_as_a_whole() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "");
    let batch = |orders: [Order; 2]| {
        let step = |order| Step { deed: Deed::Place(order), params: Vec::new() };
        Act::Steps(Steps { how: How::Batch, steps: orders.map(step).to_vec(), client_id: None })
    };
    assert_eq!(said(desk, batch([usdm(buy("5", "100")), usdm(buy("5", "100"))])), ALLOWED);
    assert_eq!(said(desk, batch([usdm(buy("5", "100")), usdm(buy("5.1", "100"))])), ABOVE);
    // Either may fill alone.
    assert_eq!(said(desk, batch([usdm(buy("10", "100")), usdm(sell("10", "100"))])), ALLOWED);
    assert_eq!(said(desk, batch([usdm(buy("1", "100")), usdm(sell("10.1", "100"))])), ABOVE);
}

#[test]
fn all_positions_add_up_long_and_short() {
    let desk = &mut desk(&format!("{FUTURES}\n{ALL}"), "-8 BTCUSDT, 300 BTC-USDT-SWAP");
    // 800 short and 300 long: 400 are left.
    check(desk, usdm(sell("4", "100")), ALLOWED);
    check(desk, usdm(sell("4.1", "100")), ABOVE_ALL);
    check(desk, usdm(buy("12", "100")), ALLOWED);
    check(desk, usdm(buy("20.1", "100")), ABOVE_ALL);
    let id = desk.sent("a", Act::Place(usdm(sell("4", "100"))));
    desk.settle(id, executed("1", Resting::Open, None));
    let swap =
        Order { symbol: "BTC-USDT-SWAP".parse().unwrap(), size: Size::Contracts(n("1")), ..buy("1", "100") };
    check(desk, usdm(swap.clone()), ABOVE_ALL);
    // What makes one smaller passes however large all are.
    check(desk, usdm(Order { side: Side::Sell, ..swap }), ALLOWED);
    desk.crash();
    check(desk, usdm(sell("0.1", "100")), ABOVE_ALL);
}

#[test]
fn both_levels_count_the_account() {
    for (bot, key) in [(format!("{FUTURES}\n{EACH}"), ""), (FUTURES.to_owned(), EACH)] {
        let desk = &mut Desk::new(&bot, key);
        tell(desk, "usdm", "9 BTCUSDT");
        check(desk, usdm(buy("1", "100")), ALLOWED);
        check(desk, usdm(buy("1.1", "100")), ABOVE);
    }
    // The other bot of the key has what the account has, too, and no limit of its own.
    let desk = &mut Desk::new(SPOT, EACH);
    tell(desk, "spot", "9 BTC");
    let denied = desk.ask("b", Act::Place(buy("2", "100")), Permission::Trade).unwrap_err();
    assert_eq!(denied.denial.rule(), "max_position");
    let Entry::Denial(entry) = *denied.entry else { panic!("a denial") };
    let told = "limit of the key; used 1100 USDT in BTCUSDT of 1000 USDT";
    assert_eq!(entry.detail.as_deref(), Some(told), "told to operators alone");
}

#[test]
fn on_spot_the_balance_of_the_base_asset_counts() {
    let desk = &mut Desk::new(&format!("{SPOT}\n{EACH}"), "");
    check(desk, buy("1", "100"), UNTOLD);
    tell(desk, "spot", "7 BTC, 5000 USDT");
    check(desk, buy("3", "100"), ALLOWED);
    check(desk, buy("3.1", "100"), ABOVE);
    check(desk, sell("100", "100"), ALLOWED);
    check(desk, market(Side::Buy, Size::Quote(n("290"))), ALLOWED);
    check(desk, market(Side::Buy, Size::Quote(n("320"))), ABOVE);
    let id = desk.sent("a", Act::Place(buy("2", "99")));
    desk.settle(id, executed("1", Resting::Open, None));
    check(desk, buy("1.1", "100"), ABOVE);
    let id = desk.sent("a", Act::Place(sell("3", "100")));
    desk.settle(id, executed("2", Resting::Done, Some("3")));
    check(desk, buy("1.1", "100"), ABOVE);
    tell(desk, "spot", "4 BTC, 5300 USDT");
    check(desk, buy("4", "100"), ALLOWED);
    check(desk, buy("4.1", "100"), ABOVE);
    // ETHBTC buys another asset: what there is of bitcoin is no position in it.
    let eth = Order { symbol: "ETHBTC".parse().unwrap(), ..buy("20", "0.5") };
    check(desk, eth.clone(), ALLOWED);
    let more = Order { size: Size::Base(n("20.1")), ..eth };
    check(desk, more, &ABOVE.replace("BTCUSDT", "ETHBTC"));
}

#[test]
fn on_spot_all_is_what_there_is_but_the_limits_own_asset() {
    let desk = &mut Desk::new(&format!("{SPOT}\n{ALL}"), "");
    // 500 in bitcoin, 500 in ether, and a token that no bot can buy.
    tell(desk, "spot", "5 BTC, 10 ETH, 9000 USDT, 77 DUST");
    check(desk, buy("5", "100"), ALLOWED);
    check(desk, buy("5.1", "100"), ABOVE_ALL);
    let eth = Order { symbol: "ETHBTC".parse().unwrap(), ..buy("10.1", "0.5") };
    check(desk, eth, ABOVE_ALL);
    // The price of something that is held is not fresh any more.
    desk.now += 11_000;
    desk.price(Market::Spot, "BTCUSDT", "100");
    check(
        desk,
        buy("0.1", "100"),
        "max_position_all: max_position_all counts in USDT, and no fresh reference price leads there from ETH",
    );
}

#[test]
fn margin_options_and_what_is_outside_of_the_book_are_not_counted() {
    let more =
        format!("{SPOT}\n{EACH}\nmarkets = \"unlimited\"\ngrants = [\"trade\", \"borrow\", \"convert\"]");
    let desk = &mut Desk::new(&more, "");
    tell(desk, "spot", "");
    let margin = Order { market: Market::Margin, ..buy("1", "100") };
    check(
        desk,
        margin,
        "max_position: max_position cannot count it: positions of the margin market and of options are not told",
    );
    let special = Special {
        what: What::Convert,
        market: None,
        symbol: None,
        asset: Some("USDT".parse().unwrap()),
        amount: Some(n("1")),
        quote: None,
    };
    let denied = desk.ask("a", Act::Special(special), Permission::Convert).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "max_position cannot count it: what a trade outside of the book gets is not known"
    );
}

#[test]
fn where_the_flag_may_not_hold_what_has_it_may_open() {
    let mut known = known();
    known.iter_mut().for_each(|exchange| exchange.exits_by_account = true);
    let more = format!("{FUTURES}\n{EACH}");
    let desk = &mut desk(&more, "");
    desk.policies = std::sync::Arc::clone(config_at(&more, "", &known).policies());
    let id = desk.sent("a", Act::Place(usdm(Order { reduce_only: true, ..buy("6", "100") })));
    desk.settle(id, executed("1", Resting::Open, None));
    check(desk, usdm(buy("4.1", "100")), ABOVE);
    let early = Time::from_millis(desk.now - 1);
    desk.observe(early, Observed::Account { holds_reduce_only: true });
    check(desk, usdm(buy("10", "100")), ALLOWED);
}

#[test]
fn many_orders_at_once_never_pass_the_limit() {
    let desk = &mut desk(&format!("{FUTURES}\n{EACH}"), "3 BTCUSDT");
    let (mut open, mut ids) = (Decimal::ZERO, Vec::new());
    for size in ["3", "2", "5", "1", "1", "1", "0.5"] {
        if let Ok(permit) = desk.ask("a", Act::Place(usdm(buy(size, "100"))), Permission::Trade) {
            desk.record(permit.entry());
            ids.push(permit.id());
            open = open.plus(n(size)).unwrap();
        }
    }
    assert_eq!(open, n("7"));
    for (id, name) in ids.into_iter().zip(["1", "2", "3", "4", "5"]) {
        desk.settle(id, executed(name, Resting::Done, None));
    }
    check(desk, usdm(buy("0.001", "100")), ABOVE);
    reread(desk);
}
