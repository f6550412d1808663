//! Orders that wait: what wakes them, what ends them, and what a list does.

use super::*;

fn stop(engine: &Engine, words: &str, trigger: Trigger) -> NewOrder {
    NewOrder { trigger: Some(trigger), ..order(engine, words) }
}

fn status(engine: &Engine, id: u64) -> String {
    let order = engine.order(id).unwrap();
    format!("{:?} {}", order.status, order.filled.normalize())
}

fn held(engine: &mut Engine, asset: &str) -> (Decimal, Decimal) {
    let balance = engine.account(ME).balance(Wallet::Spot, asset);
    (balance.free.normalize(), balance.locked.normalize())
}

#[test]
fn a_stop_sleeps_until_its_price() {
    let mut engine = engine(Exchange::Binance);
    let new = stop(&engine, "spot BTCUSDT sell 1", Trigger::stop(Side::Sell, dec("59000")));
    let id = engine.place(ME, new, 1).unwrap().id;
    assert_eq!(held(&mut engine, "BTC"), (dec("9"), dec("1")));
    engine.set_price("BTCUSDT", dec("59500"), 2);
    assert_eq!(status(&engine, id), "New 0");
    engine.set_price("BTCUSDT", dec("58900"), 3);
    assert_eq!(status(&engine, id), "Filled 1");
    assert_eq!(held(&mut engine, "BTC"), (dec("9"), dec("0")));
}

#[test]
fn a_stop_that_would_fire_at_once_is_refused() {
    let mut engine = engine(Exchange::Binance);
    let new = stop(&engine, "spot BTCUSDT sell 1", Trigger::stop(Side::Sell, dec("60001")));
    assert_eq!(engine.place(ME, new, 1).unwrap_err(), Reject::WouldTrigger);
}

fn oco(engine: &mut Engine) -> OrderList {
    let above = order(engine, "spot BTCUSDT sell 1 @ 61000");
    let below = stop(engine, "spot BTCUSDT sell 1 @ 58500", Trigger::stop(Side::Sell, dec("59000")));
    engine.place_list(ME, "list".to_owned(), (vec![below, above], Vec::new()), 1).unwrap()
}

/// One price, and what becomes of the limit and the stop.
fn check_oco(price: &str, limit: &str, stop: &str) {
    let mut engine = engine(Exchange::Binance);
    let list = oco(&mut engine);
    assert_eq!(held(&mut engine, "BTC"), (dec("9"), dec("1")), "one coin is set aside, not two");
    engine.set_price("BTCUSDT", dec(price), 2);
    let got: Vec<String> = list.working.iter().map(|id| status(&engine, *id)).collect();
    assert_eq!(got, [limit, stop], "{price}");
    let done = got.iter().any(|one| one.starts_with("Filled"));
    let locked = if done { dec("0") } else { dec("1") };
    assert_eq!(held(&mut engine, "BTC").1, locked, "{price}");
}

#[test]
fn of_two_orders_one_is_done() {
    check_oco("60500", "New 0", "New 0");
    check_oco("61000", "Filled 1", "Expired 0");
    check_oco("58990", "Expired 0", "Filled 1");
    check_oco("58000", "Expired 0", "New 0");
}

#[test]
fn cancelling_one_leg_ends_the_other() {
    let mut engine = engine(Exchange::Binance);
    let list = oco(&mut engine);
    engine.cancel(ME, list.working[1], 2).unwrap();
    assert_eq!(
        list.working.iter().map(|id| status(&engine, *id)).collect::<Vec<_>>(),
        ["Expired 0", "Canceled 0"]
    );
    assert_eq!(held(&mut engine, "BTC"), (dec("10"), dec("0")));
}

fn otoco(engine: &mut Engine) -> OrderList {
    let working = order(engine, "spot BTCUSDT buy 1 @ 59000");
    let above = order(engine, "spot BTCUSDT sell 0.9 @ 61000");
    let below = stop(engine, "spot BTCUSDT sell 0.9", Trigger::stop(Side::Sell, dec("57000")));
    engine.place_list(ME, "list".to_owned(), (vec![working], vec![above, below]), 1).unwrap()
}

#[test]
fn pending_legs_wait_for_the_working_one() {
    let mut engine = engine(Exchange::Binance);
    let list = otoco(&mut engine);
    engine.set_price("BTCUSDT", dec("61500"), 2);
    assert_eq!(status(&engine, list.pending[0]), "New 0", "its turn has not come");
    engine.set_price("BTCUSDT", dec("59000"), 3);
    assert_eq!(status(&engine, list.working[0]), "Filled 1");
    engine.set_price("BTCUSDT", dec("56900"), 4);
    let got: Vec<String> = list.pending.iter().map(|id| status(&engine, *id)).collect();
    assert_eq!(got, ["Expired 0", "Filled 0.9"]);
}

#[test]
fn pending_legs_go_with_the_working_one() {
    let mut engine = engine(Exchange::Binance);
    let list = otoco(&mut engine);
    engine.cancel(ME, list.working[0], 2).unwrap();
    assert!(list.pending.iter().all(|id| status(&engine, *id) == "Expired 0"));
    assert_eq!(held(&mut engine, "USDT"), (dec("1000000"), dec("0")));
}

#[test]
fn a_list_with_a_bad_leg_places_nothing() {
    let mut engine = engine(Exchange::Binance);
    let above = order(&engine, "spot BTCUSDT sell 1 @ 61000");
    let below = stop(&engine, "spot BTCUSDT sell 1", Trigger::stop(Side::Sell, dec("60500")));
    let refused = engine.place_list(ME, "list".to_owned(), (vec![above, below], Vec::new()), 1);
    assert_eq!(refused.unwrap_err(), Reject::WouldTrigger);
    assert_eq!(engine.live_of(ME).count(), 0);
    assert_eq!(held(&mut engine, "BTC"), (dec("10"), dec("0")));
}

fn algo(engine: &Engine, words: &str, amount: Amount, trigger: Trigger) -> NewAlgo {
    let new = order(engine, words);
    NewAlgo {
        instrument: new.instrument,
        client_id: String::new(),
        side: new.side,
        leg: new.leg,
        force: Force::Gtc,
        reduce_only: new.reduce_only,
        amount,
        branches: vec![Branch { trigger, price: new.price, name: "sl" }],
        labels: BTreeMap::new(),
    }
}

#[test]
fn a_conditional_order_closes_what_is_open_then() {
    let mut engine = engine(Exchange::Binance);
    place(&mut engine, "usdm BTCUSDT buy 0.3").unwrap();
    let what =
        algo(&engine, "usdm BTCUSDT sell 1 reduce", Amount::Close, Trigger::stop(Side::Sell, dec("59000")));
    let id = engine.place_algo(ME, what, 1).unwrap().id;
    place(&mut engine, "usdm BTCUSDT buy 0.2").unwrap();
    engine.set_price("BTCUSDT", dec("58000"), 2);
    let done = engine.find_algo(ME, Some(id), None).unwrap();
    let order = engine.order(done.placed.unwrap().0).unwrap();
    assert_eq!((done.status, order.filled.normalize()), (AlgoStatus::Effective, dec("0.5")));
}

#[test]
fn a_conditional_order_with_nothing_to_reduce_fails() {
    let mut engine = engine(Exchange::Binance);
    let amount = Amount::Of(Size::Qty(dec("0.1")));
    let what = algo(&engine, "usdm BTCUSDT sell 0.1 reduce", amount, Trigger::stop(Side::Sell, dec("59000")));
    let id = engine.place_algo(ME, what, 1).unwrap().id;
    engine.set_price("BTCUSDT", dec("58000"), 2);
    assert_eq!(engine.find_algo(ME, Some(id), None).unwrap().status, AlgoStatus::Failed);
}

#[test]
fn what_is_attached_comes_with_the_fill() {
    let mut engine = engine(Exchange::Okx);
    let new = order(&engine, "swap BTC-USDT-SWAP buy 10 @ 59000");
    let amount = Amount::Of(Size::Qty(dec("10")));
    let tied =
        algo(&engine, "swap BTC-USDT-SWAP sell 10 reduce", amount, Trigger::stop(Side::Sell, dec("58000")));
    let parent = engine.place(ME, new, 1).unwrap();
    engine.attach(&parent, vec![tied], 1);
    assert_eq!(engine.algos_of(ME).count(), 0);
    engine.set_price("BTC-USDT-SWAP", dec("58900"), 2);
    assert_eq!(engine.algos_of(ME).count(), 1);
    engine.set_price("BTC-USDT-SWAP", dec("57900"), 3);
    assert_eq!(engine.algos_of(ME).next().unwrap().status, AlgoStatus::Effective);
    let instrument = parent.instrument;
    assert!(engine.account(ME).held(&instrument, Leg::Net).is_zero());
}

#[test]
fn a_switch_cancels_when_its_time_is_up() {
    let mut engine = engine(Exchange::Binance);
    let here = place(&mut engine, "usdm BTCUSDT buy 0.1 @ 50000").unwrap().id;
    let there = place(&mut engine, "usdm ETHUSDT buy 0.1 @ 2500").unwrap().id;
    let switch = |at| Switch {
        account: ME.to_owned(),
        market: Some(Market::Usdm),
        symbol: Some("BTCUSDT"),
        tag: None,
        at,
    };
    engine.arm(switch(100));
    engine.arm(switch(200));
    engine.tick(150);
    assert_eq!(status(&engine, here), "New 0", "it was set again");
    engine.tick(200);
    assert_eq!((status(&engine, here), status(&engine, there)), ("Canceled 0".into(), "New 0".into()));
}

#[test]
fn what_is_lent_is_owed() {
    let mut engine = engine(Exchange::Binance);
    engine.borrow(ME, "BTC", dec("2")).unwrap();
    assert_eq!(engine.account(ME).balance(Wallet::Margin, "BTC").free, dec("12"));
    assert_eq!(engine.repay(ME, "BTC", dec("5")).unwrap().1, dec("2"), "no more than is owed");
    assert_eq!(engine.repay(ME, "BTC", dec("1")).unwrap_err(), Reject::Insufficient);
}

#[test]
fn a_quote_is_good_once_and_for_a_while() {
    let mut engine = engine(Exchange::Binance);
    let wanted = Quote {
        id: 0,
        account: ME.to_owned(),
        wallet: Wallet::Spot,
        from: "USDT".to_owned(),
        to: "BTC".to_owned(),
        pays: dec("60000"),
        gets: Decimal::ZERO,
        until: 100,
    };
    let quote = engine.quote(wanted, Side::Sell).unwrap();
    assert_eq!(quote.gets.normalize(), dec("1"));
    assert_eq!(engine.convert(ME, (quote.id, String::new()), 101).unwrap_err(), Reject::UnknownOrder);
    engine.convert(ME, (quote.id, String::new()), 100).unwrap();
    assert_eq!(engine.convert(ME, (quote.id, String::new()), 100).unwrap_err(), Reject::UnknownOrder);
    assert_eq!(held(&mut engine, "BTC").0, dec("11"));
}
