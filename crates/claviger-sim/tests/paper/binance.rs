//! The paper Binance's door and answers.

use claviger_sim::{Credential, Exchange, Sim};
use serde_json::json;

use crate::bench::*;

const ORDER: &str = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
const SIGNED: &str = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71";

async fn code(sim: &Sim, target: &str, key: &str, body: &str) -> (u16, i64) {
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let got =
        once(sim, Exchange::Binance, &request("POST", target, &[("X-MBX-APIKEY", key), form], body)).await;
    (got.status, got.json()["code"].as_i64().unwrap())
}

/// LTCBTC is not listed: an accepted signature shows as "invalid symbol".
const ACCEPTED: (u16, i64) = (400, -1121);
const BAD_SIGNATURE: (u16, i64) = (400, -1022);

#[tokio::test]
async fn published_signatures() {
    let sim = start().await;
    clock(&sim, Exchange::Binance, 1_499_827_319_559);
    let upper = SIGNED.to_ascii_uppercase();
    let other = SIGNED.replacen('c', "d", 1);
    let mixed = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77";
    let (front, back) = (
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
        "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
    );
    let path = "/api/v3/order";
    for (target, body, expect) in [
        (format!("{path}?{ORDER}&signature={SIGNED}"), String::new(), ACCEPTED),
        (format!("{path}?{ORDER}&signature={upper}"), String::new(), ACCEPTED),
        (path.to_owned(), format!("{ORDER}&signature={SIGNED}"), ACCEPTED),
        (path.to_owned(), format!("signature={SIGNED}&{ORDER}"), ACCEPTED),
        (format!("{path}?signature={SIGNED}"), ORDER.to_owned(), ACCEPTED),
        (format!("{path}?{front}"), format!("{back}&signature={mixed}"), ACCEPTED),
        (format!("{path}?{ORDER}&signature={other}"), String::new(), BAD_SIGNATURE),
        (format!("{path}?{ORDER}&signature={mixed}"), String::new(), BAD_SIGNATURE),
        (
            format!("{path}?{}&signature={SIGNED}", ORDER.replace("price=0.1", "price=0.2")),
            String::new(),
            BAD_SIGNATURE,
        ),
        (
            format!("{path}?{}&signature={SIGNED}", ORDER.replace("LTCBTC", "%4cTCBTC")),
            String::new(),
            BAD_SIGNATURE,
        ),
        (format!("{path}?{ORDER}&signature="), String::new(), (400, -1102)),
        (format!("{path}?{ORDER}"), String::new(), (400, -1102)),
    ] {
        assert_eq!(code(&sim, &target, BINANCE_KEY, &body).await, expect, "{target} {body}");
    }
    let symbol = "%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96";
    let signed = "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3";
    let target = format!("{path}?{}&signature={signed}", ORDER.replace("LTCBTC", symbol));
    assert_eq!(code(&sim, &target, BINANCE_KEY, "").await, (400, -1100));
}

#[tokio::test]
async fn ed25519() {
    let sim = start().await;
    clock(&sim, Exchange::Binance, 1_668_481_559_918);
    let query = "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=0.2&timestamp=1668481559918&recvWindow=5000";
    let signed =
        "XtZirsmmi0noRzUfkqktvkVfxpkq%2FWtbLg2UOL3QGYdUBZVlqOBEMuEVw8zioY93N54NcKj9UuAXQEa9zgTDBg%3D%3D";
    let target = |query: &str| format!("/api/v3/order?{query}&signature={signed}");
    assert_eq!(code(&sim, &target(query), "ed", "").await, (400, -1013), "the price is far from the market");
    assert_eq!(code(&sim, &target(&query.replace("0.2", "0.3")), "ed", "").await, BAD_SIGNATURE);
}

#[tokio::test]
async fn rsa() {
    use aws_lc_rs::encoding::AsDer as _;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let der: aws_lc_rs::encoding::PublicKeyX509Der<'_> =
        aws_lc_rs::signature::KeyPair::public_key(&pair).as_der().unwrap();
    let pem =
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der.as_ref()));
    let venue =
        claviger_sim::Venue { keys: vec![key("rsa", Credential::RsaPublicPem(pem))], ..Default::default() };
    let config = claviger_sim::SimConfig { binance: venue, ..Default::default() };
    let sim = Sim::start(config).await.unwrap();
    let query = format!("timestamp={}", now());
    let mut signed = vec![0; pair.public_modulus_len()];
    let random = aws_lc_rs::rand::SystemRandom::new();
    pair.sign(&aws_lc_rs::signature::RSA_PKCS1_SHA256, &random, query.as_bytes(), &mut signed).unwrap();
    let text = STANDARD.encode(signed).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let target = format!("/api/v3/account?{query}&signature={text}");
    let send = |target: String| request("GET", &target, &[("X-MBX-APIKEY", "rsa")], "");
    assert_eq!(once(&sim, Exchange::Binance, &send(target.clone())).await.status, 200);
    let bent = target.replace("timestamp=", "omitZeroBalances=true&timestamp=");
    assert_eq!(once(&sim, Exchange::Binance, &send(bent)).await.json()["code"], -1022);
}

#[tokio::test]
async fn time_windows() {
    let sim = start().await;
    for (offset, window, expect) in [
        (0, "", None),
        (-4000, "", None),
        (-8000, "", Some(-1021)),
        (-8000, "&recvWindow=10000", None),
        (-8000, "&recvWindow=10000.123", None),
        (0, "&recvWindow=60001", Some(-1131)),
        (0, "&recvWindow=1.2345", Some(-1100)),
        (500, "", None),
        (2000, "", Some(-1021)),
    ] {
        let stamp = now().saturating_add_signed(offset);
        for stamp in [stamp, stamp * 1000] {
            let query = format!("timestamp={stamp}{window}");
            let target = format!("/api/v3/account?{query}&signature={}", hex_sign(BINANCE_SECRET, &query));
            let got =
                once(&sim, Exchange::Binance, &request("GET", &target, &[("X-MBX-APIKEY", BINANCE_KEY)], ""))
                    .await;
            let code = got.json()["code"].as_i64();
            assert_eq!(code, expect, "{offset} {window} {}", got.body);
        }
    }
    let query = "timestamp=abc";
    let target = format!("/api/v3/account?{query}&signature={}", hex_sign(BINANCE_SECRET, query));
    let got =
        once(&sim, Exchange::Binance, &request("GET", &target, &[("X-MBX-APIKEY", BINANCE_KEY)], "")).await;
    assert_eq!(got.json()["code"], -1102);
}

#[tokio::test]
async fn keys_and_permissions() {
    let sim = start().await;
    let rows = [
        ("GET", "/api/v3/account", ""),
        ("POST", "/api/v3/order/test", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1"),
        ("POST", "/sapi/v1/asset/transfer", "type=MAIN_FUNDING&asset=BTC&amount=1"),
        ("POST", "/sapi/v1/capital/withdraw/apply", "coin=BTC&address=a&amount=1"),
    ];
    for (index, (method, path, params)) in rows.into_iter().enumerate() {
        for (at, name) in ["read", "trade", "transfer", "withdraw"].into_iter().enumerate() {
            let got = binance(&sim, (name, "s"), method, path, params).await;
            let expect = if at == index { 200 } else { 401 };
            assert_eq!(got.status, expect, "{name} {path} {}", got.body);
            assert!(expect == 200 || got.json()["code"] == -2015, "{name} {path}");
        }
    }
    for (name, secret, expect) in [
        ("near", "s", None),
        ("far", "s", Some(-2015)),
        ("near", "wrong", Some(-1022)),
        ("", "s", Some(-2014)),
        ("unknown", "s", Some(-2014)),
        (&"k".repeat(64), "s", Some(-2015)),
    ] {
        let got = binance(&sim, (name, secret), "GET", "/api/v3/account", "").await;
        assert_eq!(got.json()["code"].as_i64(), expect, "{name}");
    }
}

#[tokio::test]
async fn parameters() {
    let sim = start().await;
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=50000";
    for (params, expect) in [
        (limit.to_owned(), None),
        (limit.replace("&side=BUY", ""), Some(-1102)),
        (limit.replace("&price=50000", ""), Some(-1102)),
        (limit.replace("&quantity=1", ""), Some(-1102)),
        (limit.replace("&timeInForce=GTC", ""), Some(-1102)),
        (limit.replace("BTCUSDT", "NOPE"), Some(-1121)),
        (limit.replace("BTCUSDT", "btcusdt"), Some(-1100)),
        (limit.replace("BUY", "buy"), Some(-1117)),
        (limit.replace("LIMIT", "LIMITS"), Some(-1116)),
        (limit.replace("GTC", "GTX"), Some(-1115)),
        (limit.replace("quantity=1", "quantity=1e2"), Some(-1100)),
        (limit.replace("quantity=1", "quantity=-1"), Some(-1100)),
        (limit.replace("quantity=1", "quantity="), Some(-1105)),
        (limit.replace("quantity=1", "quantity=0"), Some(-1013)),
        (limit.replace("price=50000", "price=50000.001"), Some(-1013)),
        (limit.replace("price=50000", "price=500"), Some(-1013)),
        (limit.replace("quantity=1", "quantity=0.00001"), Some(-1013)),
        (limit.replace("quantity=1", "quantity=100"), Some(-2010)),
        (format!("{limit}&side=SELL"), Some(-1101)),
        (format!("{limit}&unknown=1"), Some(-1104)),
        (format!("{limit}&quoteOrderQty=1"), Some(-1106)),
        (format!("{limit}&stopPrice=1"), Some(-1106)),
        (format!("{limit}&newClientOrderId=a%20b"), Some(-1100)),
        (format!("{limit}&newClientOrderId={}", "a".repeat(37)), Some(-1100)),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&price=1".to_owned(), Some(-1106)),
        ("symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&quoteOrderQty=1".to_owned(), Some(-1106)),
        ("symbol=BTCUSDT&side=BUY&type=MARKET".to_owned(), Some(-1102)),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=1&price=70000".to_owned(), Some(-2010)),
    ] {
        let got = binance(&sim, MAIN, "POST", "/api/v3/order", &params).await;
        assert_eq!(got.json()["code"].as_i64(), expect, "{params} {}", got.body);
        assert_eq!(got.status, if expect.is_some() { 400 } else { 200 }, "{params}");
    }
}

#[tokio::test]
async fn the_query_stands_over_the_body() {
    let sim = start().await;
    let query = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=50000";
    let body = format!("quantity=2&timestamp={}", now());
    let signed = hex_sign(BINANCE_SECRET, &format!("{query}{body}"));
    let target = format!("/api/v3/order?{query}");
    let bytes =
        request("POST", &target, &[("X-MBX-APIKEY", BINANCE_KEY)], &format!("{body}&signature={signed}"));
    let got = once(&sim, Exchange::Binance, &bytes).await;
    assert_eq!(got.json()["origQty"], "1.00000000", "{}", got.body);
    assert_eq!(sim.orders(Exchange::Binance)[0].qty, "1");
}

#[tokio::test]
async fn an_order_from_birth_to_end() {
    let sim = start().await;
    let placed = binance(&sim, MAIN, "POST", "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=50000&newClientOrderId=mine&strategyId=7&strategyType=1000001").await.json();
    assert_eq!((&placed["status"], &placed["strategyId"]), (&json!("NEW"), &json!(7)));
    let again = binance(
        &sim,
        MAIN,
        "POST",
        "/api/v3/order",
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=50000&newClientOrderId=mine",
    )
    .await;
    assert_eq!(again.json(), json!({ "code": -2010, "msg": "Duplicate order sent." }));
    let by_name =
        binance(&sim, MAIN, "GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=mine").await.json();
    assert_eq!(by_name["orderId"], placed["orderId"]);
    assert!(sim.set_price(Exchange::Binance, "BTCUSDT", "49000"));
    let filled =
        binance(&sim, MAIN, "GET", "/api/v3/order", &format!("symbol=BTCUSDT&orderId={}", placed["orderId"]))
            .await
            .json();
    assert_eq!((&filled["status"], &filled["executedQty"]), (&json!("FILLED"), &json!("1.00000000")));
    let trades = binance(&sim, MAIN, "GET", "/api/v3/myTrades", "symbol=BTCUSDT").await.json();
    assert_eq!((&trades[0]["price"], &trades[0]["isMaker"]), (&json!("50000.00000000"), &json!(true)));
    let gone = binance(&sim, MAIN, "DELETE", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=mine").await;
    assert_eq!((gone.status, gone.json()), (400, json!({ "code": -2011, "msg": "Unknown order sent." })));
    let never = binance(&sim, MAIN, "GET", "/api/v3/order", "symbol=BTCUSDT&orderId=1").await;
    assert_eq!(never.json()["code"], -2013);
    let other =
        binance(&sim, ("near", "s"), "GET", "/api/v3/order", "symbol=BTCUSDT&origClientOrderId=mine").await;
    assert_eq!(other.json()["code"], -2013, "another account's order");
    let all = sim.orders(Exchange::Binance);
    assert_eq!((all.len(), all[0].status, all[0].client_id.as_str()), (1, "filled", "mine"));
}

#[tokio::test]
async fn cancel_replace() {
    let sim = start().await;
    let new = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=50000";
    let first = binance(&sim, MAIN, "POST", "/api/v3/order", new).await.json()["orderId"].clone();
    let path = "/api/v3/order/cancelReplace";
    let done = binance(
        &sim,
        MAIN,
        "POST",
        path,
        &format!("{new}&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId={first}"),
    )
    .await;
    assert_eq!((done.status, &done.json()["newOrderResult"]), (200, &json!("SUCCESS")));
    let stopped = binance(
        &sim,
        MAIN,
        "POST",
        path,
        &format!("{new}&cancelReplaceMode=STOP_ON_FAILURE&cancelOrderId={first}"),
    )
    .await;
    assert_eq!((stopped.status, &stopped.json()["data"]["newOrderResult"]), (400, &json!("NOT_ATTEMPTED")));
    let half = binance(
        &sim,
        MAIN,
        "POST",
        path,
        &format!("{new}&cancelReplaceMode=ALLOW_FAILURE&cancelOrderId={first}"),
    )
    .await;
    assert_eq!((half.status, &half.json()["code"]), (409, &json!(-2021)));
}

#[tokio::test]
async fn futures_batch_answers_each() {
    let sim = start().await;
    let good = r#"{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.01","price":"50000"}"#;
    let bad = good.replace("50000", "50000.01");
    let raw = format!("batchOrders=[{good},{bad}]&timestamp={}", now());
    let body = format!("{raw}&signature={}", hex_sign(BINANCE_SECRET, &raw));
    let bytes = request("POST", "/fapi/v1/batchOrders", &[("X-MBX-APIKEY", BINANCE_KEY)], &body);
    let got = once(&sim, Exchange::Binance, &bytes).await.json();
    assert_eq!((&got[0]["status"], &got[1]["code"]), (&json!("NEW"), &json!(-4014)), "{got}");
}
