//! A stop that closes what the bot holds is cancelled only while it could be placed again.

use claviger_core::*;

use crate::desk::*;

fn stop(order: Order) -> Order {
    Order { trigger: Some(n("95")), ..order }
}

/// A desk with an order that rests as `1`.
fn resting(more: &str, order: Order) -> Desk {
    let mut desk = Desk::new(more, "");
    let id = desk.sent("a", Act::Place(order));
    desk.settle(id, executed("1", Resting::Open, Some("0")));
    desk
}

fn ended(desk: &mut Desk) -> Result<(), String> {
    let got = desk.ask("a", cancel(by_id("1")), Permission::Trade);
    got.map(drop).map_err(|denied| format!("{}: {denied}", denied.denial.rule()))
}

fn stays(because: &str) -> Result<(), String> {
    Err(format!("guards: this stop stays, as it could not be placed again: {because}"))
}

/// The same, once nobody knows a price any more.
fn without_a_price(order: Order) -> Result<(), String> {
    let mut desk = resting("", order);
    for venue in desk.view.venues.values_mut() {
        venue.references.clear();
    }
    ended(&mut desk)
}

#[test]
fn without_a_reference_price() {
    let blind = "there is no fresh reference price of BTCUSDT, so this order cannot be measured";
    assert_eq!(without_a_price(stop(sell("1", "94"))), stays(blind));
    assert_eq!(without_a_price(sell("1", "100")), Ok(()), "it waits for nothing");
    let entry = Order { trigger: Some(n("101")), ..buy("1", "101") };
    assert_eq!(without_a_price(entry), Ok(()), "it opens");
}

#[test]
fn where_it_could_be_placed_again_it_ends() {
    let mut desk = resting("max_order = \"100 USDT\"\nmax_day = \"100 USDT\"", stop(sell("1", "94")));
    assert_eq!(desk.day("a"), "100 USDT", "its own value is not counted a second time");
    assert_eq!(ended(&mut desk), Ok(()));
}

#[test]
fn where_limits_became_narrower() {
    for (narrower, because) in [
        ("max_order = \"50 USDT\"", "order of 100 USDT is above max_order = 50 USDT"),
        ("price_band = \"0.5%\"", "selling at 94 is below 94.525, the edge of price_band = 0.5% around 95"),
    ] {
        let mut desk = resting("", stop(sell("1", "94")));
        desk.policies = std::sync::Arc::clone(config(narrower, "").policies());
        assert_eq!(ended(&mut desk), stays(because));
    }
}

#[test]
fn where_the_rate_is_used_up() {
    let mut desk = resting("order_rate = \"1/s\"", stop(sell("1", "94")));
    assert_eq!(ended(&mut desk), stays("more than order_rate = 1/s"));
    desk.wait(1_001);
    assert_eq!(ended(&mut desk), Ok(()));
}
