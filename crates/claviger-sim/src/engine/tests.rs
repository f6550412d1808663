//! The engine alone: what orders do, and that no money appears or vanishes.

use std::collections::BTreeMap;

mod waiting;

use super::*;

const ME: &str = "me";

fn dec(text: &str) -> Decimal {
    Decimal::from_str_exact(text).unwrap()
}

fn engine(exchange: Exchange) -> Engine {
    let mut engine = Engine::new(exchange, 7, 1);
    for (asset, amount) in [("BTC", "10"), ("ETH", "100"), ("USDT", "1000000"), ("USDC", "1000000")] {
        engine.seed_balance(ME, asset, dec(amount));
    }
    engine
}

/// An order in words: `spot BTCUSDT buy 0.5 @ 60000 gtc reduce`.
fn order(engine: &Engine, words: &str) -> NewOrder {
    let words: Vec<&str> = words.split(' ').collect();
    let market = match words[0] {
        "spot" => Market::Spot,
        "usdm" => Market::Usdm,
        "coinm" => Market::Coinm,
        "swap" => Market::Swap,
        other => panic!("{other}"),
    };
    let has = |word: &str| words.contains(&word);
    let after = |word: &str| words.iter().position(|one| *one == word).map(|at| dec(words[at + 1]));
    let force = match () {
        () if has("ioc") => Force::Ioc,
        () if has("fok") => Force::Fok,
        () if has("post") => Force::PostOnly,
        () => Force::Gtc,
    };
    let leg = if has("long") {
        Leg::Long
    } else if has("short") {
        Leg::Short
    } else {
        Leg::Net
    };
    NewOrder {
        instrument: Arc::clone(&engine.listing(market, words[1]).unwrap().instrument),
        client_id: words.iter().find_map(|word| word.strip_prefix('#')).map(str::to_owned),
        side: if words[2] == "buy" { Side::Buy } else { Side::Sell },
        force: if after("@").is_none() { Force::Ioc } else { force },
        price: after("@"),
        size: if words[3] == "quote" { Size::Quote(dec(words[4])) } else { Size::Qty(dec(words[3])) },
        reduce_only: has("reduce"),
        leg,
        labels: BTreeMap::new(),
        trigger: None,
        list: None,
        pending: false,
        companion: false,
    }
}

fn place(engine: &mut Engine, words: &str) -> Result<Order, Reject> {
    let new = order(engine, words);
    engine.place(ME, new, 5)
}

/// What becomes of one order on a fresh exchange: its status and what is filled, or the refusal.
fn check(words: &str, expect: &str) {
    let mut engine = engine(Exchange::Binance);
    let got = match place(&mut engine, words) {
        Ok(order) => format!("{:?} {}", order.status, order.filled.normalize()),
        Err(reject) => format!("{reject:?}"),
    };
    assert_eq!(got, expect, "{words}");
}

#[test]
fn one_order() {
    check("spot BTCUSDT buy 0.5", "Filled 0.5");
    check("spot BTCUSDT sell 0.5", "Filled 0.5");
    check("spot BTCUSDT buy quote 60", "Filled 0.00099");
    check("spot BTCUSDT buy 0.5 @ 59000", "New 0");
    check("spot BTCUSDT buy 0.5 @ 61000", "Filled 0.5");
    check("spot BTCUSDT sell 0.5 @ 61000", "New 0");
    check("spot BTCUSDT buy 0.5 @ 59000 ioc", "Expired 0");
    check("spot BTCUSDT buy 0.5 @ 61000 ioc", "Filled 0.5");
    check("spot BTCUSDT buy 0.5 @ 59000 fok", "Expired 0");
    check("spot BTCUSDT buy 0.5 @ 61000 fok", "Filled 0.5");
    check("spot BTCUSDT buy 15 @ 60002 fok", "Expired 0");
    check("spot BTCUSDT buy 0.5 @ 59000 post", "New 0");
    check("spot BTCUSDT buy 0.5 @ 61000 post", "WouldMatch");
    check("spot BTCUSDT buy 0.5 @ 59000.001", "PriceFilter");
    check("spot BTCUSDT buy 0.5 @ 0", "PriceFilter");
    check("spot BTCUSDT buy 0.000001 @ 59000", "MinQty");
    check("spot BTCUSDT buy 0.500001 @ 59000", "LotSize");
    check("spot BTCUSDT buy 0.00005 @ 59000", "MinNotional");
    check("spot BTCUSDT buy 9001 @ 59000", "MaxQty");
    check("spot BTCUSDT buy 20 @ 59000", "Insufficient");
    check("spot BTCUSDT sell 11 @ 61000", "Insufficient");
    check("spot BTCUSDT sell 11", "Insufficient");
    check("spot BTCUSDT sell 1 @ 61000 reduce", "ReduceOnly");
    check("usdm BTCUSDT buy 1", "Filled 1");
    check("usdm BTCUSDT buy 300 @ 59000", "New 0");
    check("usdm BTCUSDT buy 400 @ 59000", "Insufficient");
    check("usdm BTCUSDT buy 1 reduce", "ReduceOnly");
    check("usdm BTCUSDT buy 1 long", "PositionSide");
    check("coinm BTCUSD_PERP sell 10", "Filled 10");
    check("coinm BTCUSD_PERP sell 10.5", "LotSize");
}

#[test]
fn partial_fill_rests_until_the_price_crosses() {
    let mut engine = engine(Exchange::Binance);
    let first = place(&mut engine, "spot BTCUSDT buy 5 @ 60002").unwrap();
    assert_eq!(first.status, Status::PartiallyFilled);
    assert!(engine.set_price("BTCUSDT", dec("60003"), 6));
    assert_eq!(engine.find(ME, Some(first.id), None, Market::Spot).unwrap().filled, first.filled);
    assert!(engine.set_price("BTCUSDT", dec("60002"), 7));
    let done = engine.find(ME, Some(first.id), None, Market::Spot).unwrap();
    assert_eq!((done.status, done.filled), (Status::Filled, dec("5")));
    let last = engine.fills_for(done).next().unwrap();
    assert!(last.maker && last.price == dec("60002"));
}

#[test]
fn cancel_gives_back_what_was_set_aside() {
    let mut engine = engine(Exchange::Binance);
    let order = place(&mut engine, "spot BTCUSDT buy 1 @ 50000").unwrap();
    assert_eq!(engine.account(ME).balance(Wallet::Spot, "USDT").locked, dec("50000"));
    engine.cancel(ME, order.id, 6).unwrap();
    let after = engine.account(ME).balance(Wallet::Spot, "USDT");
    assert_eq!((after.free, after.locked), (dec("1000000"), Decimal::ZERO));
    assert_eq!(engine.cancel(ME, order.id, 6).unwrap_err(), Reject::NotLive);
    assert_eq!(engine.cancel("other", order.id, 6).unwrap_err(), Reject::UnknownOrder);
}

#[test]
fn amend_moves_and_can_match() {
    let mut engine = engine(Exchange::Okx);
    let order = place(&mut engine, "spot BTC-USDT buy 1 @ 50000").unwrap();
    let moved = engine.amend(order.id, Some(dec("40000")), Some(dec("2")), 6).unwrap();
    assert_eq!((moved.price, moved.qty, moved.id), (Some(dec("40000")), dec("2"), order.id));
    assert_eq!(engine.account(ME).balance(Wallet::Trading, "USDT").locked, dec("80000"));
    assert_eq!(engine.amend(order.id, Some(dec("40000")), None, 6).unwrap_err(), Reject::BadAmend);
    assert_eq!(engine.amend(order.id, None, Some(dec("200")), 6).unwrap_err(), Reject::Insufficient);
    assert_eq!(engine.account(ME).balance(Wallet::Trading, "USDT").locked, dec("80000"));
    assert_eq!(engine.amend(order.id, Some(dec("61000")), None, 6).unwrap().status, Status::Filled);
    assert_eq!(engine.account(ME).balance(Wallet::Trading, "USDT").locked, Decimal::ZERO);
}

#[test]
fn client_ids_are_unique_among_open_orders() {
    let mut engine = engine(Exchange::Binance);
    let first = place(&mut engine, "spot BTCUSDT buy 1 @ 50000 #a").unwrap();
    assert_eq!(place(&mut engine, "spot ETHUSDT buy 1 @ 2000 #a").unwrap_err(), Reject::DuplicateClientId);
    assert!(place(&mut engine, "usdm BTCUSDT buy 1 @ 50000 #a").is_ok());
    engine.cancel(ME, first.id, 6).unwrap();
    let second = place(&mut engine, "spot ETHUSDT buy 1 @ 2000 #a").unwrap();
    assert_eq!(engine.find(ME, None, Some("a"), Market::Spot).unwrap().id, second.id);
    assert!(engine.find("other", None, Some("a"), Market::Spot).is_none());
}

#[test]
fn positions_gain_and_lose() {
    for (exchange, words, symbol, settle) in [
        (Exchange::Binance, "usdm BTCUSDT", "BTCUSDT", "USDT"),
        (Exchange::Okx, "swap BTC-USDT-SWAP", "BTC-USDT-SWAP", "USDT"),
        (Exchange::Binance, "coinm BTCUSD_PERP", "BTCUSD_PERP", "BTC"),
        (Exchange::Okx, "swap BTC-USD-SWAP", "BTC-USD-SWAP", "BTC"),
    ] {
        for (side, way_out, up) in [("buy", "sell", true), ("sell", "buy", false)] {
            let mut engine = engine(exchange);
            let opened = place(&mut engine, &format!("{words} {side} 2")).unwrap();
            let wallet = opened.instrument.wallet;
            let entry = engine.account(ME).balance(wallet, settle).free;
            engine.set_price(symbol, dec("66000"), 6);
            let closed = place(&mut engine, &format!("{words} {way_out} 2 reduce")).unwrap();
            let value =
                opened.instrument.gain(opened.side.sign() * dec("2"), opened.average(), closed.average());
            assert!(
                (closed.realized - value).abs() < dec("0.0001"),
                "{words} {side}: {} {value}",
                closed.realized
            );
            assert_eq!(closed.realized > Decimal::ZERO, up, "{words} {side}");
            let exit = engine.account(ME).balance(wallet, settle).free;
            assert_eq!(exit, entry + closed.realized - closed.fee, "{words} {side}");
            assert!(engine.account(ME).held(&opened.instrument, Leg::Net).is_zero());
        }
    }
}

#[test]
fn flip_opens_the_other_way() {
    let mut engine = engine(Exchange::Binance);
    place(&mut engine, "usdm BTCUSDT buy 1").unwrap();
    let flip = place(&mut engine, "usdm BTCUSDT sell 3").unwrap();
    let held = engine.account(ME).positions.values().next().unwrap().clone();
    assert_eq!(held.qty, dec("-2"));
    assert!((held.entry - flip.average()).abs() < dec("60"), "{} {}", held.entry, flip.average());
}

#[test]
fn reduce_only_never_opens() {
    let mut engine = engine(Exchange::Binance);
    place(&mut engine, "usdm BTCUSDT buy 1").unwrap();
    let over = place(&mut engine, "usdm BTCUSDT sell 3 reduce").unwrap();
    assert_eq!((over.status, over.filled), (Status::Expired, dec("1")));
    place(&mut engine, "usdm BTCUSDT buy 1").unwrap();
    let resting = place(&mut engine, "usdm BTCUSDT sell 3 @ 61000 reduce").unwrap();
    engine.set_price("BTCUSDT", dec("62000"), 6);
    let done = engine.find(ME, Some(resting.id), None, Market::Usdm).unwrap();
    assert_eq!((done.status, done.filled), (Status::Expired, dec("1")));
}

#[test]
fn hedge_mode_keeps_two_positions() {
    let mut engine = engine(Exchange::Binance);
    engine.set_hedged(ME, Wallet::Usdm, true).unwrap();
    assert_eq!(place(&mut engine, "usdm BTCUSDT buy 1").unwrap_err(), Reject::PositionSide);
    place(&mut engine, "usdm BTCUSDT buy 1 long").unwrap();
    place(&mut engine, "usdm BTCUSDT sell 2 short").unwrap();
    assert_eq!(place(&mut engine, "usdm BTCUSDT sell 2 long").unwrap().filled, dec("1"));
    assert_eq!(engine.set_hedged(ME, Wallet::Usdm, false).unwrap_err(), Reject::Busy);
}

#[test]
fn okx_ends_what_binance_refuses() {
    let mut engine = engine(Exchange::Okx);
    let order = place(&mut engine, "spot BTC-USDT buy 1 @ 61000 post").unwrap();
    assert_eq!((order.status, order.filled), (Status::Expired, Decimal::ZERO));
}

#[test]
fn prices_are_bounded() {
    let mut engine = engine(Exchange::Binance);
    assert!(!engine.set_price("BTCUSDT", Decimal::ZERO, 1));
    assert!(!engine.set_price("BTCUSDT", dec("-1"), 1));
    assert!(!engine.set_price("BTCUSDT", Decimal::MAX, 1));
    assert!(!engine.set_price("NOPE", Decimal::ONE, 1));
    assert!(engine.set_price("BTCUSDT", dec("0.000001"), 1));
    assert_eq!(engine.listing(Market::Spot, "BTCUSDT").unwrap().price, dec("0.01"));
}

#[test]
fn the_same_seed_walks_the_same_way() {
    let walk = |seed| {
        let mut engine = Engine::new(Exchange::Okx, seed, 1);
        (0..200).for_each(|now| engine.step(now));
        engine.listings.iter().map(|one| one.price).collect::<Vec<_>>()
    };
    assert_eq!(walk(1), walk(1));
    assert_ne!(walk(1), walk(2));
    for (price, listing) in walk(3).iter().zip(&Engine::new(Exchange::Okx, 3, 1).listings) {
        let off = (price - listing.instrument.start).abs() / listing.instrument.start;
        assert!(off < dec("0.05"), "{}", listing.instrument.symbol);
    }
}

/// Spot money moves, and only fees leave; what is locked is exactly what open orders need.
#[test]
fn no_money_appears_on_spot() {
    for seed in 0..20 {
        let mut engine = engine(Exchange::Binance);
        let mut fees: BTreeMap<&str, Decimal> = BTreeMap::new();
        let mut worth: BTreeMap<&str, Decimal> = BTreeMap::new();
        for turn in 0..300_u64 {
            random_act(&mut engine, mix(seed * 1000 + turn));
        }
        for fill in engine.fills_of(ME) {
            *fees.entry(fill.fee_asset).or_default() += fill.fee;
            *worth.entry(fill.instrument.base).or_default() += fill.side.sign() * fill.qty;
            *worth.entry(fill.instrument.quote).or_default() -= fill.side.sign() * fill.qty * fill.price;
        }
        let mut locked: BTreeMap<&str, Decimal> = BTreeMap::new();
        for order in engine.live_of(ME) {
            let need =
                if order.side == Side::Buy { order.rest() * order.price.unwrap() } else { order.rest() };
            *locked.entry(order.lock_asset()).or_default() += need;
        }
        for (asset, first) in [("BTC", "10"), ("ETH", "100"), ("USDT", "1000000")] {
            let now = engine.account(ME).balance(Wallet::Spot, asset);
            let zero = Decimal::ZERO;
            let of = |map: &BTreeMap<&str, Decimal>| map.get(asset).copied().unwrap_or(zero);
            assert_eq!(now.free + now.locked, dec(first) + of(&worth) - of(&fees), "{asset} seed {seed}");
            assert_eq!(now.locked, of(&locked), "{asset} seed {seed}");
            assert!(now.free >= zero && now.locked >= zero, "{asset} seed {seed}");
        }
    }
}

fn random_act(engine: &mut Engine, dice: u64) {
    let symbol = ["BTCUSDT", "ETHUSDT", "ETHBTC"][(dice % 3) as usize];
    let price = engine.listing(Market::Spot, symbol).unwrap().price;
    let instrument = Arc::clone(&engine.listing(Market::Spot, symbol).unwrap().instrument);
    let near = instrument.to_tick(price * Decimal::from(990 + (dice >> 8) % 20) / Decimal::from(1000));
    let qty = instrument.to_step(Decimal::from(1 + (dice >> 16) % 40) / Decimal::from(7));
    let side = if dice & 64 == 0 { "buy" } else { "sell" };
    let live: Vec<u64> = engine.live_of(ME).map(|order| order.id).collect();
    let one = live.get((dice >> 24) as usize % live.len().max(1)).copied();
    match ((dice >> 32) % 8, one) {
        (0, _) => drop(place(engine, &format!("spot {symbol} {side} {qty}"))),
        (1, _) => drop(place(engine, &format!("spot {symbol} {side} {qty} @ {near} ioc"))),
        (2, Some(id)) => drop(engine.cancel(ME, id, 6)),
        (3, Some(id)) => drop(engine.amend(id, Some(near), None, 6)),
        (4, Some(id)) => drop(engine.amend(id, None, Some(qty), 6)),
        (5, _) => engine.step(6),
        (6, _) => assert!(engine.set_price(symbol, near, 6)),
        _ => drop(place(engine, &format!("spot {symbol} {side} {qty} @ {near}"))),
    }
}
