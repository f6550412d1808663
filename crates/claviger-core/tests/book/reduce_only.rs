//! A bot that closes and cancels and does nothing else.

use std::sync::Arc;

use claviger_core::*;

use crate::desk::*;

const ONLY: &str = "reduce_only = true";
const FUTURES: &str = "markets = [\"usdm\", \"coinm\", \"spot\", \"margin\", \"option\"]\nmax_leverage = 5\n\
                       grants = [\"trade\", \"borrow\", \"convert\", \"account\", \"transfer\", \"position-mode\"]\n\
                       transfer_routes = \"unlimited\"\nmax_transfer = \"unlimited\"\ndanger_account_wide = true";
const OPEN: &str = "allowed";
const REFUSED: &str = "reduce_only: only reads, exits and cancels are allowed (reduce_only = true)";

fn said(answer: Result<book::Permit, book::Denied>) -> String {
    match answer {
        Ok(_) => OPEN.into(),
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    }
}

/// What an act is told without the limit (where that is said) and with it, at the bot's level and at the key's.
fn check(act: &Act, permission: Permission, without: Option<&str>, with: &str) {
    if let Some(without) = without {
        assert_eq!(said(Desk::new(FUTURES, "").ask("a", act.clone(), permission)), without, "{act:?}");
        let off = format!("{FUTURES}\nreduce_only = false");
        assert_eq!(said(Desk::new(&off, "").ask("a", act.clone(), permission)), without, "{act:?}");
    }
    for (bot, key) in [(format!("{FUTURES}\n{ONLY}"), ""), (FUTURES.to_owned(), ONLY)] {
        assert_eq!(said(Desk::new(&bot, key).ask("a", act.clone(), permission)), with, "{act:?}");
    }
}

fn usdm(order: Order) -> Order {
    Order { market: Market::Usdm, ..order }
}

fn exit() -> Order {
    usdm(Order { reduce_only: true, ..sell("1", "100") })
}

fn hedged(position_side: PositionSide, order: Order) -> Order {
    usdm(Order { position_side, ..order })
}

fn batch(orders: Vec<Order>) -> Act {
    let step = |order| Step { deed: Deed::Place(order), params: Vec::new() };
    Act::Steps(Steps { how: How::Batch, steps: orders.into_iter().map(step).collect(), client_id: None })
}

#[test]
fn orders_pass_where_they_can_only_close() {
    let attached =
        Exit { stop_loss: Some(Wake { trigger: Some(n("110")), ..Wake::default() }), ..Exit::default() };
    let with_exits = Order { more: More { exits: vec![attached], ..More::default() }, ..exit() };
    for (order, with) in [
        (buy("1", "100"), REFUSED),
        (usdm(buy("1", "100")), REFUSED),
        (usdm(sell("1", "100")), REFUSED),
        (exit(), OPEN),
        (hedged(PositionSide::Long, sell("1", "100")), OPEN),
        (hedged(PositionSide::Long, buy("1", "100")), REFUSED),
        (hedged(PositionSide::Short, buy("1", "100")), OPEN),
        (hedged(PositionSide::Short, sell("1", "100")), REFUSED),
        // The flag says nothing in hedge mode, and on spot nothing is held to it.
        (hedged(PositionSide::Long, Order { reduce_only: true, ..buy("1", "100") }), REFUSED),
        (Order { reduce_only: true, ..sell("1", "100") }, REFUSED),
        // What is attached waits on the side that opens.
        (with_exits, REFUSED),
    ] {
        for act in [Act::Place(order.clone()), Act::Test(order.clone()), batch(vec![exit(), order.clone()])] {
            check(&act, Permission::Trade, None, with);
        }
    }
    check(&Act::Place(usdm(buy("1", "100"))), Permission::Trade, Some(OPEN), REFUSED);
}

#[test]
fn of_all_else_only_what_ends_something_passes() {
    let (market, symbol): (_, Symbol) = (Market::Usdm, "BTCUSDT".parse().unwrap());
    for (act, with) in [
        (Act::CancelAll { market, symbol: Some(symbol.clone()) }, OPEN),
        (Act::Countdown { market: Some(market), symbol: Some(symbol.clone()), ms: Some(1) }, OPEN),
        (Act::ClosePosition { market, symbol: symbol.clone(), position_side: PositionSide::Net }, OPEN),
        (Act::SetLeverage { market, symbol: symbol.clone(), leverage: n("2") }, REFUSED),
        (Act::SetMarginMode { market, symbol, isolated: true }, REFUSED),
        (Act::Read, OPEN),
    ] {
        check(&act, Permission::Trade, Some(OPEN), with);
    }
    check(&Act::Change, Permission::Account, Some(OPEN), REFUSED);
    for (what, with) in [
        (What::Repay, OPEN),
        (What::Borrow, REFUSED),
        (What::AutoBorrow, REFUSED),
        (What::Convert, REFUSED),
        (What::PositionMode, REFUSED),
    ] {
        let asset = Some("USDT".parse().unwrap());
        let amount = Some(n("1"));
        let special = Special { what, market: None, symbol: None, asset, amount, quote: None };
        check(&Act::Special(special), what.permission(), Some(OPEN), with);
    }
}

/// What rests can be ended, and amended only where it closes.
#[test]
fn what_rests_when_it_is_set() {
    for (order, amended) in [(usdm(buy("2", "100")), REFUSED), (usdm(exit()), OPEN)] {
        let mut desk = Desk::new(FUTURES, "");
        let id = desk.sent("a", Act::Place(order));
        desk.settle(id, executed("7", Resting::Open, None));
        desk.policies = Arc::clone(config(&format!("{FUTURES}\n{ONLY}"), "").policies());
        let amendment = Amendment {
            market: Market::Usdm,
            symbol: "BTCUSDT".parse().unwrap(),
            order: by_id("7"),
            side: None,
            size: Some(n("1.5")),
            price: None,
            more: MoreAmended::default(),
        };
        assert_eq!(said(desk.ask_on("usdm", "a", Act::Amend(amendment))), amended);
        let gone = Cancel { market: Market::Usdm, symbol: "BTCUSDT".parse().unwrap(), order: by_id("7") };
        assert_eq!(said(desk.ask_on("usdm", "a", Act::Cancel(gone))), OPEN);
    }
}

/// Where the account may not hold orders to the flag, an exit by it is none, and the bot is told why.
#[test]
fn a_flag_that_may_be_ignored_closes_nothing() {
    let mut known = known();
    known.iter_mut().for_each(|exchange| exchange.exits_by_account = true);
    let more = format!("{FUTURES}\n{ONLY}");
    let mut desk = Desk::new(&more, "");
    desk.policies = Arc::clone(config_at(&more, "", &known).policies());
    let doubt = "reduce_only: reduceOnly may not hold in this account's mode, so the order counts like one that opens: \
                 only reads, exits and cancels are allowed (reduce_only = true)";
    assert_eq!(said(desk.ask("a", Act::Place(exit()), Permission::Trade)), doubt);
    let early = Time::from_millis(desk.now - 1);
    desk.observe(early, Observed::Account { holds_reduce_only: true });
    assert_eq!(said(desk.ask("a", Act::Place(exit()), Permission::Trade)), OPEN);
}
