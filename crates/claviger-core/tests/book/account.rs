//! Exits where the account's mode decides whether an order that is told to reduce is held to that.

use std::sync::Arc;

use claviger_core::*;

use crate::desk::*;

const FUTURES: &str = "markets = [\"usdm\"]\nmax_order = \"100 USDT\"\nmax_day = \"100 USDT\"";
const HOUR: u64 = 3_600_000;
const OPENS: &str = "max_order: reduceOnly may not hold in this account's mode, so the order counts like one that \
                     opens: order of 5000 USDT is above max_order = 100 USDT";
const EXIT: &str = "allowed";

/// A desk at an exchange whose accounts differ.
fn desk(more: &str) -> Desk {
    let mut known = known();
    known.iter_mut().for_each(|exchange| exchange.exits_by_account = true);
    let mut desk = Desk::new(more, "");
    desk.policies = Arc::clone(config_at(more, "", &known).policies());
    desk
}

fn exit() -> Order {
    Order { market: Market::Usdm, reduce_only: true, ..sell("50", "100") }
}

fn seen(desk: &mut Desk, asked_at: u64, holds_reduce_only: bool) {
    desk.observe(Time::from_millis(asked_at), Observed::Account { holds_reduce_only });
}

/// Asks without sending.
fn said(desk: &mut Desk, order: Order) -> String {
    match desk.ask("a", Act::Place(order), Permission::Trade) {
        Ok(permit) => {
            desk.book.withdraw(permit);
            EXIT.to_owned()
        }
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    }
}

#[test]
fn a_flag_that_may_be_ignored_makes_no_exit() {
    let mut desk = desk(FUTURES);
    assert_eq!(said(&mut desk, exit()), OPENS, "nothing was seen");
    let (now, early) = (desk.now, desk.now - 1);
    seen(&mut desk, early, true);
    assert_eq!(said(&mut desk, exit()), EXIT);
    seen(&mut desk, now, false);
    assert_eq!(said(&mut desk, exit()), OPENS, "another mode");
    seen(&mut desk, early, true);
    assert_eq!(said(&mut desk, exit()), OPENS, "an older question says nothing new");
}

#[test]
fn what_was_seen_holds_for_an_hour() {
    let mut desk = desk(FUTURES);
    let asked = desk.now;
    seen(&mut desk, asked, true);
    desk.wait(HOUR);
    assert_eq!(said(&mut desk, exit()), EXIT);
    desk.wait(1);
    assert_eq!(said(&mut desk, exit()), OPENS);
}

#[test]
fn in_hedge_mode_the_side_decides() {
    let hedged = Order { position_side: PositionSide::Long, ..exit() };
    assert_eq!(said(&mut desk(FUTURES), hedged), EXIT);
}

#[test]
fn what_cannot_be_an_exit_still_trades_within_the_limits() {
    let mut desk = desk(FUTURES);
    let small = Order { size: Size::Base(n("1")), ..exit() };
    let id = desk.sent("a", Act::Place(small));
    assert_eq!(desk.day("a"), "100 USDT", "it counts like any other");
    assert!(desk.book.order(id).is_some());
    let stop = Order { trigger: Some(n("90")), ..market(Side::Sell, Size::Base(n("0.5"))) };
    let stop = Order { market: Market::Usdm, reduce_only: true, ..stop };
    let unbounded = said(&mut desk, stop);
    assert!(
        unbounded.starts_with("price_band: reduceOnly may not hold in this account's mode"),
        "{unbounded}"
    );
}

#[test]
fn a_change_of_settings_makes_what_was_seen_old() {
    let mut desk = desk(&format!("{FUTURES}\ngrants = [\"trade\", \"account\"]\ndanger_account_wide = true"));
    let asked = desk.now;
    seen(&mut desk, asked, true);
    let (market, symbol, asset, amount, quote) = (None, None, None, None, None);
    let setting = Special { what: What::Setting, market, symbol, asset, amount, quote };
    let permit = desk.ask("a", Act::Special(setting), Permission::Account).unwrap();
    desk.record(permit.entry());
    assert_eq!(said(&mut desk, exit()), OPENS);
    // Its deadline is 2 s away, and 10 s later it has arrived or never will.
    desk.wait(12_000);
    let asked = desk.now;
    seen(&mut desk, asked, true);
    assert_eq!(said(&mut desk, exit()), OPENS, "asked while the change may have been under way");
    desk.wait(1);
    let asked = desk.now;
    seen(&mut desk, asked, true);
    assert_eq!(said(&mut desk, exit()), EXIT);
    assert!(desk.read_back().account_reduces(&"one".parse().unwrap()), "the journal tells it after a crash");
}

#[test]
fn another_key_of_the_same_name_has_another_account() {
    let mut desk = desk(FUTURES);
    let asked = desk.now;
    seen(&mut desk, asked, true);
    let key: KeyName = "one".parse().unwrap();
    desk.operator(OperatorAct::KeyRemoved(key.clone()));
    assert_eq!(said(&mut desk, exit()), OPENS);
    desk.wait(1);
    desk.operator(OperatorAct::KeyAdded(key));
    seen(&mut desk, asked, true);
    assert_eq!(said(&mut desk, exit()), OPENS, "the question left with the old key");
    desk.wait(1);
    let asked = desk.now;
    seen(&mut desk, asked, true);
    assert_eq!(said(&mut desk, exit()), EXIT);
}

#[test]
fn a_stop_stays_while_it_could_not_be_placed_again() {
    let mut desk = desk(FUTURES);
    let asked = desk.now;
    seen(&mut desk, asked, true);
    let stop = Order { trigger: Some(n("90")), ..market(Side::Sell, Size::Base(n("50"))) };
    let id = desk.sent("a", Act::Place(Order { market: Market::Usdm, reduce_only: true, ..stop }));
    seen(&mut desk, asked + 1, false);
    let order = desk.book.order(id).unwrap().reference().unwrap();
    let cancel = Cancel { market: Market::Usdm, symbol: "BTCUSDT".parse().unwrap(), order };
    let denied = desk.ask_on("usdm", "a", Act::Cancel(cancel)).unwrap_err();
    assert_eq!(denied.denial.rule(), "guards", "{denied}");
}
