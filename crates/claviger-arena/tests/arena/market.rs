//! The market itself: what it must do for the rest to mean anything.

use claviger_arena::{Depth, Market, NewOrder, ONE, Owner};
use claviger_core::Side;

use crate::stage::pair;

fn market(of: claviger_core::Market) -> Market {
    Market::new(vec![pair("BTCUSDT", "100", of, Depth::deep())], 100_000 * ONE)
}

fn order(owner: Owner, side: Side, size: i128, limit: Option<i128>) -> NewOrder {
    let (trigger, at_once, post_only, reduce_only) = (None, limit.is_none(), false, false);
    NewOrder { owner, pair: 0, side, size, limit, trigger, at_once, post_only, reduce_only }
}

fn base(market: &Market, owner: Owner) -> i128 {
    market.account(owner).base[0]
}

#[test]
fn honest_depth_stands_around_the_fair_price() {
    let market = market(claviger_core::Market::Spot);
    let (bid, ask) = market.top(0);
    assert_eq!((bid.unwrap(), ask.unwrap()), (9_998_000_000, 10_002_000_000));
}

#[test]
fn price_then_time_and_makers_prices() {
    let mut market = market(claviger_core::Market::Spot);
    let better = market.place(order(Owner::Thief, Side::Sell, ONE, Some(10_001_000_000)));
    let bought = market.place(order(Owner::Account, Side::Buy, 2 * ONE, Some(10_002_000_000)));
    assert!(!better.over && bought.over && bought.filled == 2 * ONE);
    assert_eq!(market.account(Owner::Thief).cash[0], 10_001_000_000 * ONE - 10_001_000_000 * ONE / 1_000);
    assert_eq!(market.last(0), 10_002_000_000);
}

#[test]
fn what_the_account_loses_the_others_and_the_exchange_have() {
    let mut market = market(claviger_core::Market::Spot);
    let before = market.worth(Owner::Account);
    let corner = order(Owner::Thief, Side::Buy, 1_000_000 * ONE, Some(11_000_000_000));
    market.place(NewOrder { at_once: true, ..corner });
    let cornered = market.worth(Owner::Thief);
    market.place(order(Owner::Thief, Side::Sell, ONE, Some(11_000_000_000)));
    market.place(order(Owner::Account, Side::Buy, ONE, Some(11_000_000_000)));
    let fee = 11_000_000_000 * ONE / 1_000;
    let lost = before - market.worth(Owner::Account);
    assert_eq!(lost, 10 * ONE * ONE + fee);
    assert_eq!(market.worth(Owner::Thief) - cornered, 10 * ONE * ONE - fee);
}

#[test]
fn nobody_sells_what_is_not_there_on_spot() {
    let mut market = market(claviger_core::Market::Spot);
    let sold = market.place(order(Owner::Account, Side::Sell, ONE, Some(9_998_000_000)));
    assert_eq!(sold.filled, 0);
    market.place(order(Owner::Account, Side::Buy, 5_000 * ONE, Some(10_100_000_000)));
    assert!(market.account(Owner::Account).cash[0] >= 0);
}

#[test]
fn what_only_closes_never_turns_a_position() {
    let mut market = market(claviger_core::Market::Usdm);
    market.place(order(Owner::Account, Side::Buy, ONE, None));
    assert_eq!(base(&market, Owner::Account), ONE);
    market.place(NewOrder { reduce_only: true, ..order(Owner::Account, Side::Sell, 3 * ONE, None) });
    assert_eq!(base(&market, Owner::Account), 0);
}

#[test]
fn contracts_trade_near_the_mark_price_alone() {
    let mut market = market(claviger_core::Market::Usdm);
    assert!(market.place(order(Owner::Account, Side::Buy, ONE, Some(11_500_000_001))).over);
    assert!(market.place(order(Owner::Account, Side::Sell, ONE, Some(8_499_999_999))).over);
    assert_eq!(base(&market, Owner::Account), 0);
    market.place(order(Owner::Account, Side::Buy, ONE, Some(11_500_000_000)));
    assert_eq!(base(&market, Owner::Account), ONE);
}

#[test]
fn stops_wake_at_the_last_price() {
    let mut market = market(claviger_core::Market::Usdm);
    market.place(order(Owner::Account, Side::Buy, ONE, None));
    let stop = NewOrder { trigger: Some(9_990_000_000), ..order(Owner::Account, Side::Sell, ONE, None) };
    let stop = market.place(NewOrder { reduce_only: true, at_once: true, ..stop });
    assert!(!stop.over);
    market.set_fair(0, 9_900_000_000);
    market.refresh();
    assert_eq!(base(&market, Owner::Account), ONE);
    market.place(order(Owner::Thief, Side::Sell, 1, Some(9_890_000_000)));
    assert_eq!(base(&market, Owner::Account), 0);
    assert!(market.news().iter().any(|placed| placed.id == stop.id && placed.over && placed.filled == ONE));
}

#[test]
fn post_only_never_takes() {
    let mut market = market(claviger_core::Market::Spot);
    let taking = order(Owner::Account, Side::Buy, ONE, Some(10_010_000_000));
    assert!(market.place(NewOrder { post_only: true, ..taking }).over);
    let resting = order(Owner::Account, Side::Buy, ONE, Some(9_999_000_000));
    let rests = market.place(NewOrder { post_only: true, ..resting });
    assert!(!rests.over);
    assert_eq!(market.cancel(Owner::Thief, rests.id), None);
    assert!(market.cancel(Owner::Account, rests.id).is_some());
}
