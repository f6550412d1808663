//! Refusals, calls of claviger's own, headers that leave, and public answers of OKX.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests stop where something is missing, and the JSON is ours"
)]

use claviger_core::{
    Act, DenialClass, Intent, Market, MarketView, Method, OrderRef, Outcome, Permission, Symbol, Time,
};
use claviger_exchange::okx::Okx;
use claviger_exchange::{Exchange, HouseCall, MarketCall, RawRequest, Stamp};

const STAMP: Stamp = Stamp { exchange_ms: 1_700_000_000_000, window_ms: 2_000 };
const ORDER: &str = r#"{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"1","sz":"1","clOrdId":"c1"}"#;
const PLACED: &str = r#"{"code":"0","data":[{"clOrdId":"c1","ordId":"312269865356374016","sCode":"0","sMsg":"","tag":"","ts":"1695190491421"}],"inTime":"1695190491421339","msg":"","outTime":"1695190491423240"}"#;

fn post(path: &str, body: &str) -> Intent {
    let request = RawRequest {
        method: Method::Post,
        prefix: None,
        path,
        query: None,
        headers: &[],
        body: body.as_bytes(),
    };
    Okx.read(&Okx.surfaces()[0], &request).unwrap().0
}

fn placing() -> Intent {
    post("/api/v5/trade/order", ORDER)
}

fn refused(class: DenialClass, message: &str, intent: Option<&Intent>) -> (u16, String) {
    let answer = Okx.refuse(class, message, intent);
    (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
}

fn surface() -> claviger_core::SurfaceName {
    Okx.surface_name(&Okx.surfaces()[0])
}

#[test]
fn refusals_in_the_exchanges_words() {
    for (class, status, code) in [
        (DenialClass::Permission, 200, "50027"),
        (DenialClass::Request, 400, "51000"),
        (DenialClass::Stale, 401, "50102"),
        (DenialClass::Signature, 401, "50113"),
        (DenialClass::UnknownKey, 401, "50111"),
        (DenialClass::Throttled, 429, "50011"),
        (DenialClass::Unavailable, 503, "50001"),
    ] {
        for intent in [None, Some(&placing())] {
            let want = format!(r#"{{"code":"{code}","data":[],"msg":"claviger: no \"x\""}}"#);
            assert_eq!(refused(class, "no \"x\"", intent), (status, want));
        }
    }
}

#[test]
fn refusals_stay_short() {
    let long = "a".repeat(10_000);
    let path = format!("/api/v5/{long}");
    let get =
        RawRequest { method: Method::Get, prefix: None, path: &path, query: None, headers: &[], body: b"" };
    let query = format!("{long}=1");
    let named = RawRequest { path: "/api/v5/account/balance", query: Some(&query), ..get };
    for request in [get, named] {
        let refused = Okx.read(&Okx.surfaces()[0], &request).unwrap_err();
        assert!(refused.to_string().len() < 300);
    }
}

#[test]
fn refused_orders_look_like_orders() {
    let all = |items: &str| format!(r#"{{"code":"1","data":[{items}],"msg":"All operations failed"}}"#);
    let named = |client: &str, id: &str, text: &str| {
        format!(
            r#"{{"clOrdId":"{client}","ordId":"{id}","sCode":"51020","sMsg":"claviger: {text}","tag":""}}"#
        )
    };
    let item = |client: &str, text: &str| all(&named(client, "", text));
    assert_eq!(refused(DenialClass::Order, "big", Some(&placing())), (200, item("c1", "big")));
    let cancel = post("/api/v5/trade/cancel-order", r#"{"instId":"BTC-USDT","ordId":"1"}"#);
    assert_eq!(refused(DenialClass::Order, "no", Some(&cancel)), (200, all(&named("", "1", "no"))));
    let batch = post(
        "/api/v5/trade/cancel-batch-orders",
        r#"[{"instId":"BTC-USDT","ordId":"1"},{"instId":"BTC-USDT","clOrdId":"c2"}]"#,
    );
    let items = format!("{},{}", named("", "1", "no"), named("c2", "", "no"));
    assert_eq!(refused(DenialClass::Order, "no", Some(&batch)), (200, all(&items)));
    let step = Okx.refuse_step(DenialClass::Order, "no", &batch, 1);
    let body = String::from_utf8(step.body.to_vec()).unwrap();
    let other = named("", "1", "nothing was sent, because item 2 was refused");
    assert_eq!(body, all(&format!("{other},{}", named("c2", "", "no"))));
    let step = Okx.refuse_step(DenialClass::Permission, "no", &batch, 1);
    let body = String::from_utf8(step.body.to_vec()).unwrap();
    assert_eq!(body, r#"{"code":"50027","data":[],"msg":"claviger: item 2: no"}"#);
    let algo = post("/api/v5/trade/cancel-algos", r#"[{"instId":"BTC-USDT","algoId":"7"}]"#);
    let item_of_algo =
        r#"{"algoClOrdId":"","algoId":"7","clOrdId":"","sCode":"51020","sMsg":"claviger: no","tag":""}"#;
    assert_eq!(refused(DenialClass::Order, "no", Some(&algo)), (200, all(item_of_algo)));
    let refills = Some(Time::from_millis(1_700_000_000_000));
    let (_, budget) = refused(DenialClass::Budget { refills }, "spent", Some(&placing()));
    assert_eq!(budget, item("c1", "spent, could pass at 2023-11-14T22:13:20.000Z"));
    let transfer = post("/api/v5/asset/transfer", r#"{"ccy":"USDT","amt":"1","from":"6","to":"18"}"#);
    let (_, body) = refused(DenialClass::Order, "no", Some(&transfer));
    assert_eq!(body, r#"{"code":"51020","data":[],"msg":"claviger: no"}"#);
}

/// Settlement: whatever part of the answer comes, it is exact or unknown.
#[test]
fn an_answer_cut_anywhere_is_never_wrong() {
    let intent = placing();
    let whole = Okx.outcome(&intent, 200, PLACED.as_bytes());
    assert!(
        matches!(&whole, Outcome::Executed(e) if e.order.as_ref().unwrap().id.as_ref() == "312269865356374016")
    );
    for cut in 0..PLACED.len() {
        let outcome = Okx.outcome(&intent, 200, &PLACED.as_bytes()[..cut]);
        assert!(matches!(outcome, Outcome::Unknown { .. }), "cut at {cut}: {outcome:?}");
    }
    for status in [100, 199, 201, 301, 302, 500, 502, 503, 504, 520, 599] {
        assert!(
            matches!(Okx.outcome(&intent, status, PLACED.as_bytes()), Outcome::Unknown { .. }),
            "{status}"
        );
    }
}

#[test]
fn what_leaves_carries_the_keys_parts_and_nothing_of_the_bot() {
    let unsigned = Okx.print(&placing(), Some(STAMP)).unwrap();
    let message = String::from_utf8(unsigned.message.clone()).unwrap();
    let body = String::from_utf8(unsigned.body.clone()).unwrap();
    assert_eq!(message, format!("2023-11-14T22:12:52.000ZPOST/api/v5/trade/order{body}"));
    let printed = Okx.attach(unsigned, Some("id"), Some("sig"));
    let headers: Vec<String> =
        printed.headers.iter().map(|(n, v)| format!("{n}: {}", String::from_utf8_lossy(v))).collect();
    assert_eq!(printed.target, "/api/v5/trade/order");
    assert_eq!(
        headers,
        [
            "Content-Type: application/json",
            "OK-ACCESS-TIMESTAMP: 2023-11-14T22:12:52.000Z",
            "expTime: 1700000002000",
            "OK-ACCESS-KEY: id",
            "OK-ACCESS-SIGN: sig",
        ]
    );
    assert_eq!(Okx.passphrase_header(), Some("OK-ACCESS-PASSPHRASE"));
    assert_eq!(Okx.environment_headers("demo"), [("x-simulated-trading", "1")]);
    assert!(Okx.environment_headers("production").is_empty());
}

/// A signature lives 30 s on this exchange; for what changes something it must be dead when the window ends.
#[test]
fn signatures_die_with_their_window() {
    let moment = |intent: &Intent, window_ms| {
        let unsigned = Okx.print(intent, Some(Stamp { window_ms, ..STAMP })).unwrap();
        unsigned.headers.into_iter().find(|(name, _)| *name == "OK-ACCESS-TIMESTAMP").unwrap().1
    };
    let cancel = post("/api/v5/trade/cancel-order", r#"{"instId":"BTC-USDT","ordId":"1"}"#);
    assert_eq!(moment(&cancel, 2_000), "2023-11-14T22:12:52.000Z");
    assert_eq!(moment(&placing(), 500), "2023-11-14T22:12:50.500Z");
    assert_eq!(moment(&placing(), 40_000), "2023-11-14T22:13:20.000Z");
    let read = Okx.house(&HouseCall::KeyInfo).unwrap();
    assert_eq!(moment(&read, 2_000), "2023-11-14T22:13:20.000Z");
}

#[test]
fn public_rows_are_sent_without_a_trace() {
    let intent = Okx.time_call(&Okx.surfaces()[0]);
    let unsigned = Okx.print(&intent, None).unwrap();
    assert!(unsigned.message.is_empty());
    let printed = Okx.attach(unsigned, None, None);
    assert_eq!((printed.target.as_str(), printed.headers.len()), ("/api/v5/public/time", 0));
    assert!(Okx.print(&placing(), None).is_err(), "a signed row needs a moment");
}

#[test]
fn acts_leave_by_their_own_rows_only() {
    let mut intent = placing();
    intent.act = Act::Read;
    assert!(Okx.print(&intent, Some(STAMP)).is_err());
    let mut intent = placing();
    intent.endpoint.path = "/api/v5/trade/order-algo".into();
    assert!(Okx.print(&intent, Some(STAMP)).is_err());
    let mut intent = placing();
    if let Act::Place(order) = &mut intent.act {
        order.market = Market::Margin;
    }
    assert!(Okx.print(&intent, Some(STAMP)).is_err(), "cash is not the margin market");
    let mut intent = post("/api/v5/asset/transfer", r#"{"ccy":"USDT","amt":"1","from":"6","to":"18"}"#);
    if let Act::Transfer(transfer) = &mut intent.act {
        transfer.route = "18>6".into();
    }
    assert!(Okx.print(&intent, Some(STAMP)).is_err(), "the route that was judged is the one that leaves");
}

#[test]
fn calls_of_its_own() {
    let symbol: Symbol = "BTC-USDT-SWAP".parse().unwrap();
    let order = OrderRef::Client("cv0123456789".parse().unwrap());
    let target = |call: &HouseCall| {
        let intent = Okx.house(call).unwrap();
        let unsigned = Okx.print(&intent, Some(STAMP)).unwrap();
        let body = String::from_utf8(unsigned.body).unwrap();
        format!("{} {}?{} {body}", unsigned.method.as_str(), unsigned.path, unsigned.query)
    };
    let status = HouseCall::OrderStatus {
        surface: surface(),
        market: Market::Usdm,
        symbol: symbol.clone(),
        order: order.clone(),
    };
    assert_eq!(target(&status), "GET /api/v5/trade/order?instId=BTC-USDT-SWAP&clOrdId=cv0123456789 ");
    let cancel = HouseCall::CancelOrder { surface: surface(), market: Market::Usdm, symbol, order };
    assert_eq!(
        target(&cancel),
        r#"POST /api/v5/trade/cancel-order? {"instId":"BTC-USDT-SWAP","clOrdId":"cv0123456789"}"#
    );
    let order = || OrderRef::Algo("7".into());
    let symbol = || "BTC-USDT-SWAP".parse().unwrap();
    let (market, surface) = (Market::Usdm, surface());
    let status =
        HouseCall::OrderStatus { surface: surface.clone(), market, symbol: symbol(), order: order() };
    assert_eq!(target(&status), "GET /api/v5/trade/order-algo?algoId=7 ");
    let cancel = HouseCall::CancelOrder { surface, market, symbol: symbol(), order: order() };
    assert_eq!(
        target(&cancel),
        r#"POST /api/v5/trade/cancel-algos? [{"instId":"BTC-USDT-SWAP","algoId":"7"}]"#
    );
    assert_eq!(target(&HouseCall::KeyInfo), "GET /api/v5/account/config? ");
    let symbol: Symbol = "BTC-USDT".parse().unwrap();
    let order = OrderRef::Exchange("7".into());
    let margin = HouseCall::CancelOrder { surface: self::surface(), market: Market::Margin, symbol, order };
    assert_eq!(target(&margin), r#"POST /api/v5/trade/cancel-order? {"instId":"BTC-USDT","ordId":"7"}"#);
}

#[test]
fn client_ids_fit() {
    for intent_id in ["01hf7yat00xxxxxxxxxxxxxxxx", "", "a-b_c", &"z".repeat(100)] {
        let id = Okx.client_id(Market::Spot, intent_id);
        let fits = id.as_str().bytes().all(|b| b.is_ascii_alphanumeric());
        assert!(fits && id.as_str().starts_with("cv") && id.as_str().len() <= 32, "{id}");
    }
}

#[test]
fn server_time() {
    assert_eq!(
        Okx.read_time(br#"{"code":"0","data":[{"ts":"1597026383085"}],"msg":""}"#),
        Some(1_597_026_383_085)
    );
    for bad in [
        r#"{"code":"1","data":[{"ts":"1597026383085"}],"msg":""}"#,
        r#"{"code":"0","data":[{"ts":1597026383085}],"msg":""}"#,
        r#"{"code":"0","data":[{"ts":"1597026383085"},{"ts":"1"}],"msg":""}"#,
        r#"{"code":"0","data":[{"ts":"-1"}],"msg":""}"#,
        r#"{"code":"0","data":[],"msg":""}"#,
        "<html>",
    ] {
        assert_eq!(Okx.read_time(bad.as_bytes()), None, "{bad}");
    }
}

const SPOTS: &str = r#"{"code":"0","msg":"","data":[
    {"instType":"SPOT","instId":"BTC-USDT","baseCcy":"BTC","quoteCcy":"USDT","tickSz":"0.1","lotSz":"0.00000001","minSz":"0.00001","state":"live","ctVal":""},
    {"instType":"SPOT","instId":"ETH-USDT","baseCcy":"ETH","quoteCcy":"USDC","tickSz":"0.1","lotSz":"0.1","minSz":"0.1","state":"live"},
    {"instType":"SPOT","instId":"OLD-USDT","baseCcy":"OLD","quoteCcy":"USDT","tickSz":"0.1","lotSz":"0.1","minSz":"0.1","state":"suspend"}]}"#;
const SWAPS: &str = r#"{"code":"0","msg":"","data":[
    {"instType":"SWAP","instId":"BTC-USDT-SWAP","ctType":"linear","ctVal":"0.01","ctMult":"1","ctValCcy":"BTC","settleCcy":"USDT","tickSz":"0.1","lotSz":"0.01","minSz":"0.01","state":"live","baseCcy":"","quoteCcy":""},
    {"instType":"SWAP","instId":"BTC-USD-SWAP","ctType":"inverse","ctVal":"100","ctMult":"1","ctValCcy":"USD","settleCcy":"BTC","tickSz":"0.1","lotSz":"1","minSz":"1","state":"live"},
    {"instType":"SWAP","instId":"ETH-USD-SWAP","ctType":"linear","ctVal":"1","ctMult":"1","ctValCcy":"ETH","settleCcy":"USD","tickSz":"0.1","lotSz":"1","minSz":"1","state":"live"}]}"#;
const FUTURES: &str = r#"{"code":"0","msg":"","data":[
    {"instType":"FUTURES","instId":"BTC-USDT-261225","ctType":"linear","ctVal":"0.01","ctMult":"10","ctValCcy":"BTC","settleCcy":"USDT","tickSz":"0.1","lotSz":"1","minSz":"1","state":"live"}]}"#;
const TICKERS: &str = r#"{"code":"0","msg":"","data":[
    {"instType":"SPOT","instId":"BTC-USDT","last":"43000","bidPx":"42000","askPx":"42000.1"},
    {"instType":"SPOT","instId":"NEW-USDT","last":"1","bidPx":"1","askPx":"1"}]}"#;
const MARKS: &str = r#"{"code":"0","msg":"","data":[
    {"instType":"SWAP","instId":"BTC-USDT-SWAP","markPx":"42310.6","ts":"1630049139746"},
    {"instType":"SWAP","instId":"BTC-USD-SWAP","markPx":"","ts":"1630049139746"}]}"#;

/// The answer to a call by its path and kind of instrument.
fn answer(path: &str, kind: &str) -> &'static str {
    match (path, kind) {
        ("/api/v5/public/instruments", "SPOT") => SPOTS,
        ("/api/v5/public/instruments", "SWAP") => SWAPS,
        ("/api/v5/public/instruments", "FUTURES") => FUTURES,
        ("/api/v5/market/tickers", "SPOT") => TICKERS,
        ("/api/v5/public/mark-price", _) => MARKS,
        other => panic!("no answer for {other:?}"),
    }
}

#[test]
fn public_answers_fill_the_view() {
    let wanted = [(Market::Spot, vec![]), (Market::Usdm, vec![]), (Market::Coinm, vec![])];
    let mut view = MarketView::default();
    let at = Time::from_millis(5);
    let calls = Okx.market_calls(&wanted);
    assert_eq!(calls.len(), 6);
    for call in &calls {
        assert_eq!((call.intent.permission, &call.intent.act), (Permission::Public, &Act::Read));
        let query = Okx.print(&call.intent, None).unwrap().query;
        let kind = query.strip_prefix("instType=").unwrap();
        (call.read)(answer(&call.intent.endpoint.path, kind).as_bytes(), at, &mut view).unwrap();
    }
    let venue = &view.venues[&Okx.exchange_name()];
    let listed = |market| venue.instruments[&market].keys().map(Symbol::as_str).collect::<Vec<_>>();
    assert_eq!(listed(Market::Spot), ["BTC-USDT"]);
    assert_eq!(listed(Market::Usdm), ["BTC-USDT-261225", "BTC-USDT-SWAP"]);
    assert_eq!(listed(Market::Coinm), ["BTC-USD-SWAP"]);
    let contract = |market, symbol: &str| {
        let instrument = &venue.instruments[&market][&symbol.parse().unwrap()];
        let contract = instrument.contract.as_ref().unwrap();
        format!("{} {} of {}", contract.size, contract.asset, instrument.base)
    };
    assert_eq!(contract(Market::Usdm, "BTC-USDT-SWAP"), "0.01 BTC of BTC");
    assert_eq!(contract(Market::Usdm, "BTC-USDT-261225"), "0.1 BTC of BTC");
    assert_eq!(contract(Market::Coinm, "BTC-USD-SWAP"), "100 USD of BTC");
    let price = |market, symbol: &str| {
        let found = venue.references.get(&market)?.get(&symbol.parse().unwrap())?;
        Some(format!("{} {}", found.price, found.source))
    };
    assert_eq!(
        price(Market::Spot, "BTC-USDT").as_deref(),
        Some("42000.1 last-bid-ask"),
        "the middle one of three"
    );
    assert_eq!(price(Market::Spot, "NEW-USDT").as_deref(), Some("1 last-bid-ask"), "an answer of its own");
    assert_eq!(price(Market::Usdm, "BTC-USDT-SWAP").as_deref(), Some("42310.6 mark"));
    assert_eq!(price(Market::Coinm, "BTC-USD-SWAP"), None);
}

/// Options are asked for by family; the underlying's price is that of its perpetual.
#[test]
fn options_fill_the_view() {
    let symbol = |text: &str| text.parse::<Symbol>().unwrap();
    let wanted = [(Market::Option, vec![symbol("BTC-USD-261225-50000-C"), symbol("ETH-USD-261225-3000-P")])];
    let calls = Okx.market_calls(&wanted);
    let queries: Vec<String> =
        calls.iter().map(|call| Okx.print(&call.intent, None).unwrap().query).collect();
    assert_eq!(calls.len(), 8, "{queries:?}");
    let of_btc = |path: &str| {
        let fits = |call: &&MarketCall| {
            let query = Okx.print(&call.intent, None).unwrap().query;
            call.intent.endpoint.path.ends_with(path) && query == "instType=OPTION&instFamily=BTC-USD"
        };
        calls.iter().find(fits).unwrap()
    };
    let mut view = MarketView::default();
    let item = |id: &str, side: &str, settled: &str, state: &str| {
        format!(
            r#"{{"instId":"{id}","instType":"OPTION","instFamily":"BTC-USD","uly":"BTC-USD","optType":"{side}","ctVal":"1","ctMult":"0.01","ctValCcy":"BTC","ctType":"","settleCcy":"{settled}","tickSz":"0.0005","lotSz":"1","minSz":"1","state":"{state}"}}"#
        )
    };
    let list = |items: &[String]| format!(r#"{{"code":"0","data":[{}],"msg":""}}"#, items.join(","));
    let at = Time::from_millis(5);
    let body = list(&[
        item("BTC-USD-261225-50000-C", "C", "BTC", "live"),
        item("BTC-USD-261225-50000-P", "C", "BTC", "live"),
        item("BTC-USD-261225-60000-P", "P", "USDT", "live"),
        item("BTC-USD-261225-70000-P", "P", "BTC", "suspend"),
    ]);
    (of_btc("/instruments").read)(body.as_bytes(), at, &mut view).unwrap();
    let marks = r#"{"code":"0","data":[{"instId":"BTC-USD-261225-50000-C","instType":"OPTION","markPx":"0.05","ts":"1"}],"msg":""}"#;
    (of_btc("/mark-price").read)(marks.as_bytes(), at, &mut view).unwrap();
    let venue = &view.venues[&Okx.exchange_name()];
    let listed: Vec<&str> = venue.instruments[&Market::Option].keys().map(Symbol::as_str).collect();
    assert_eq!(listed, ["BTC-USD-261225-50000-C"], "what contradicts its id is left out");
    let option = &venue.instruments[&Market::Option][&symbol("BTC-USD-261225-50000-C")];
    let contract = option.contract.as_ref().unwrap();
    assert_eq!((contract.size.to_string().as_str(), contract.asset.as_str()), ("0.01", "BTC"));
    assert_eq!(
        (option.base.as_str(), option.quote.as_str()),
        ("BTC", "BTC"),
        "the premium is paid in the base"
    );
    let underlying = option.underlying.as_ref().unwrap();
    assert_eq!((underlying.market, underlying.symbol.as_str()), (Market::Coinm, "BTC-USD-SWAP"));
    let price = &venue.references[&Market::Option][&symbol("BTC-USD-261225-50000-C")].price;
    assert_eq!(price.to_string(), "0.05");
    let body = list(&[item("BTC-USD-270326-50000-C", "C", "BTC", "live")]);
    (of_btc("/instruments").read)(body.as_bytes(), at, &mut view).unwrap();
    let listed: Vec<&Symbol> =
        view.venues[&Okx.exchange_name()].instruments[&Market::Option].keys().collect();
    assert_eq!(listed, [&symbol("BTC-USD-270326-50000-C")], "what the exchange lists no more is gone");
}

#[test]
fn a_bad_answer_changes_nothing() {
    let calls = Okx.market_calls(&[(Market::Spot, vec![]), (Market::Usdm, vec![])]);
    for call in &calls {
        let mut view = MarketView::default();
        for bad in
            [r#"{"code":"0","data":[]}"#, r#"{"code":"50001","data":[]}"#, "<html>", "", r#"{"code":"0"}"#]
        {
            assert!((call.read)(bad.as_bytes(), Time::from_millis(1), &mut view).is_err(), "{bad}");
            assert_eq!(view, MarketView::default());
        }
    }
}
