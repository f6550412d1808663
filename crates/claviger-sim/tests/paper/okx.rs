//! The paper OKX's door and answers.

use claviger_sim::{Exchange, Sim};
use serde_json::json;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::bench::*;

fn stamp(offset: i64) -> String {
    let nanos = i128::from(now().saturating_add_signed(offset)) * 1_000_000;
    let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap();
    at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"))
        .unwrap()
}

pub struct Signed<'a> {
    key: &'a str,
    secret: &'a str,
    phrase: &'a str,
    stamp: String,
    more: Vec<(&'a str, &'a str)>,
}

impl Default for Signed<'_> {
    fn default() -> Self {
        Self { key: BINANCE_KEY, secret: "SECRET", phrase: "phrase", stamp: stamp(0), more: Vec::new() }
    }
}

impl Signed<'_> {
    fn bytes(&self, method: &str, target: &str, body: &str) -> Vec<u8> {
        let sign = base64_sign(self.secret, &format!("{}{method}{target}{body}", self.stamp));
        self.with_sign(method, target, body, &sign)
    }

    fn with_sign(&self, method: &str, target: &str, body: &str, sign: &str) -> Vec<u8> {
        let mut headers = vec![
            ("OK-ACCESS-KEY", self.key),
            ("OK-ACCESS-SIGN", sign),
            ("OK-ACCESS-TIMESTAMP", &self.stamp),
            ("OK-ACCESS-PASSPHRASE", self.phrase),
            ("Content-Type", "application/json"),
        ];
        headers.extend(&self.more);
        headers.retain(|header| !header.1.is_empty());
        request(method, target, &headers, body)
    }

    pub async fn get(&self, sim: &Sim, target: &str) -> Got {
        once(sim, Exchange::Okx, &self.bytes("GET", target, "")).await
    }

    pub async fn post(&self, sim: &Sim, target: &str, body: &str) -> Got {
        once(sim, Exchange::Okx, &self.bytes("POST", target, body)).await
    }
}

#[tokio::test]
async fn signatures_of_stock_clients() {
    let sim = start().await;
    clock(&sim, Exchange::Okx, 1_700_000_000_000);
    let signed = Signed { stamp: "2023-11-14T22:13:20.000Z".to_owned(), ..Signed::default() };
    let body = r#"{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"1","sz":"1"}"#;
    let (order, balance) = ("/api/v5/trade/order", "/api/v5/account/balance?ccy=BTC%2CETH");
    let (first, second) =
        ("gxbd1LF4ehYSrWsGbpjj6r/Dg2/PKh8PfE4HBQD/eI8=", "P8yIL/cQTJrLz+T4vftphhTqiJh0+HwjNqIcksh//qU=");
    for (method, target, body, sign, expect) in [
        ("POST", order, body.to_owned(), first, "0"),
        ("POST", order, body.replace("\"1\"}", "\"2\"}"), first, "50113"),
        ("POST", order, body.to_owned(), second, "50113"),
        ("GET", balance, String::new(), second, "0"),
        ("GET", "/api/v5/account/balance?ccy=BTC,ETH", String::new(), second, "50113"),
        ("GET", "/api/v5/account/balance", String::new(), second, "50113"),
    ] {
        let got = once(&sim, Exchange::Okx, &signed.with_sign(method, target, &body, sign)).await;
        assert_eq!(got.json()["code"], expect, "{method} {target} {body}");
        assert_eq!(got.status, if expect == "0" { 200 } else { 401 });
    }
}

#[tokio::test]
async fn door() {
    let sim = start().await;
    let ok = Signed::default;
    let long = "k".repeat(36);
    for (signed, status, expect) in [
        (ok(), 200, "0"),
        (Signed { stamp: stamp(-29_000), ..ok() }, 200, "0"),
        (Signed { stamp: stamp(-31_000), ..ok() }, 401, "50102"),
        (Signed { stamp: stamp(31_000), ..ok() }, 401, "50102"),
        (Signed { stamp: "1700000000".to_owned(), ..ok() }, 401, "50112"),
        (Signed { stamp: String::new(), ..ok() }, 401, "50107"),
        (Signed { key: "", ..ok() }, 401, "50103"),
        (Signed { key: &long, ..ok() }, 401, "50111"),
        (Signed { phrase: "", ..ok() }, 401, "50104"),
        (Signed { phrase: "other", ..ok() }, 401, "50105"),
        (Signed { secret: "other", ..ok() }, 401, "50113"),
        (Signed { more: vec![("x-simulated-trading", "0")], ..ok() }, 200, "0"),
        (Signed { more: vec![("x-simulated-trading", "1")], ..ok() }, 401, "50101"),
        (Signed { key: "near", secret: "s", ..ok() }, 200, "0"),
        (Signed { key: "far", secret: "s", ..ok() }, 401, "50110"),
    ] {
        let got = signed.get(&sim, "/api/v5/account/balance").await;
        assert_eq!((got.status, got.json()["code"].as_str().unwrap()), (status, expect), "{}", got.body);
    }
}

#[tokio::test]
async fn permissions() {
    let sim = start().await;
    let rows = [
        ("GET", "/api/v5/account/balance", ""),
        (
            "POST",
            "/api/v5/account/set-leverage",
            r#"{"instId":"BTC-USDT-SWAP","lever":"5","mgnMode":"cross"}"#,
        ),
        ("POST", "/api/v5/asset/transfer", r#"{"ccy":"BTC","amt":"1","from":"6","to":"18"}"#),
        ("POST", "/api/v5/asset/withdrawal", r#"{"ccy":"BTC","amt":"1","dest":"4","toAddr":"a"}"#),
    ];
    for (index, (method, target, body)) in rows.into_iter().enumerate() {
        for (at, name) in ["read", "trade", "transfer", "withdraw"].into_iter().enumerate() {
            let signed = Signed { key: name, secret: "s", ..Signed::default() };
            let got = once(&sim, Exchange::Okx, &signed.bytes(method, target, body)).await;
            let expect = if at == index { "0" } else { "50120" };
            assert_eq!(got.json()["code"], expect, "{name} {target} {}", got.body);
        }
    }
}

#[tokio::test]
async fn orders() {
    let sim = start().await;
    let base = json!({ "instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "px": "50000", "sz": "1" });
    for (name, value, expect) in [
        ("tag", "abc", "0"),
        ("instId", "NOPE", "51001"),
        ("tdMode", "cross", "51010"),
        ("tdMode", "what", "51000"),
        ("side", "BUY", "51000"),
        ("ordType", "what", "51000"),
        ("px", "0", "51000"),
        ("px", "1e3", "51000"),
        ("px", "", "51000"),
        ("sz", "0.000000001", "51020"),
        ("sz", "0.000001", "51020"),
        ("sz", "1.000000001", "51121"),
        ("sz", "100", "51008"),
        ("clOrdId", "a-b", "51000"),
        ("tag", "aaaaaaaaaaaaaaaaa", "51000"),
    ] {
        let mut body = base.clone();
        body[name] = json!(value);
        let got = Signed::default().post(&sim, "/api/v5/trade/order", &body.to_string()).await.json();
        assert_eq!(got["data"][0]["sCode"], expect, "{name}={value} {got}");
        assert_eq!(got["code"], if expect == "0" { "0" } else { "1" });
    }
    let missing = Signed::default().post(&sim, "/api/v5/trade/order", r#"{"instId":"BTC-USDT"}"#).await;
    assert_eq!((missing.status, missing.json()["code"].as_str().unwrap()), (400, "50014"));
    let broken = Signed::default().post(&sim, "/api/v5/trade/order", "{").await;
    assert_eq!((broken.status, broken.json()["code"].as_str().unwrap()), (400, "50002"));
}

#[tokio::test]
async fn a_batch_can_fail_in_part() {
    let sim = start().await;
    let one = |px: &str, id: &str| json!({ "instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "limit", "px": px, "sz": "0.1", "clOrdId": id });
    for (list, expect, codes) in [
        (json!([one("50000", "a1"), one("50000", "a2")]), "0", vec!["0", "0"]),
        (json!([one("50000", "a1"), one("50000", "a3")]), "2", vec!["51016", "0"]),
        (json!([one("0", "a4"), one("50000", "a3")]), "1", vec!["51000", "51016"]),
    ] {
        let got = Signed::default().post(&sim, "/api/v5/trade/batch-orders", &list.to_string()).await.json();
        let each: Vec<&str> =
            got["data"].as_array().unwrap().iter().map(|row| row["sCode"].as_str().unwrap()).collect();
        assert_eq!((got["code"].as_str().unwrap(), each), (expect, codes));
    }
    let pending = Signed::default().get(&sim, "/api/v5/trade/orders-pending?instType=SPOT").await.json();
    assert_eq!(pending["data"].as_array().unwrap().len(), 3);
    let amended = Signed::default()
        .post(&sim, "/api/v5/trade/amend-order", r#"{"instId":"BTC-USDT","clOrdId":"a1","newPx":"51000"}"#)
        .await;
    assert_eq!(amended.json()["code"], "0", "{}", amended.body);
    let gone = Signed::default()
        .post(&sim, "/api/v5/trade/cancel-order", r#"{"instId":"BTC-USDT","ordId":"77"}"#)
        .await;
    assert_eq!(gone.json()["data"][0]["sCode"], "51400");
    let other = Signed { key: "near", secret: "s", ..Signed::default() };
    let theirs = other.get(&sim, "/api/v5/trade/order?instId=BTC-USDT&clOrdId=a1").await;
    assert_eq!(theirs.json()["code"], "51603", "another account's order");
}

#[tokio::test]
async fn a_past_deadline_is_refused() {
    let sim = start().await;
    let body =
        r#"{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"50000","sz":"0.1"}"#;
    let past = (now() - 1000).to_string();
    let late = Signed { more: vec![("expTime", &past)], ..Signed::default() };
    assert_eq!(late.post(&sim, "/api/v5/trade/order", body).await.json()["code"], "1");
    assert!(sim.orders(Exchange::Okx).is_empty());
}
