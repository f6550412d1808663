//! Every way to place an order, over the wire and with real effects.

use claviger_sim::{Exchange, KeyChange, Permissions, Sim, Standing};
use serde_json::{Value, json};

use crate::bench::*;
use crate::okx::Signed;

async fn bn(sim: &Sim, method: &str, path: &str, params: &str) -> Value {
    binance(sim, MAIN, method, path, params).await.json()
}

async fn ok(sim: &Sim, method: &str, path: &str, body: &str) -> Value {
    let signed = Signed::default();
    let target = format!("/api/v5/{path}");
    if method == "GET" {
        signed.get(sim, &target).await.json()
    } else {
        signed.post(sim, &target, body).await.json()
    }
}

/// The states of all orders of an exchange, oldest first.
fn states(sim: &Sim, exchange: Exchange) -> Vec<&'static str> {
    sim.orders(exchange).iter().map(|order| order.status).collect()
}

const STOP: &str =
    "symbol=BTCUSDT&side=SELL&type=STOP_LOSS_LIMIT&timeInForce=GTC&quantity=1&price=58000&stopPrice=59000";

#[tokio::test]
async fn spot_stops() {
    let sim = start().await;
    let placed = bn(&sim, "POST", "/api/v3/order", STOP).await;
    assert!(placed["orderId"].is_number(), "{placed}");
    let open = bn(&sim, "GET", "/api/v3/openOrders", "symbol=BTCUSDT").await;
    assert_eq!((&open[0]["stopPrice"], &open[0]["isWorking"]), (&json!("59000"), &json!(false)));
    sim.set_price(Exchange::Binance, "BTCUSDT", "58900");
    assert_eq!(states(&sim, Exchange::Binance), ["filled"]);
    let late = bn(&sim, "POST", "/api/v3/order", STOP).await;
    assert_eq!(late["msg"], "Stop price would trigger immediately.");
}

#[tokio::test]
async fn order_lists() {
    let sim = start().await;
    let oco = "symbol=BTCUSDT&side=SELL&quantity=1&aboveType=LIMIT_MAKER&abovePrice=61000&belowType=STOP_LOSS_LIMIT&belowStopPrice=59000&belowPrice=58500&belowTimeInForce=GTC";
    let placed = bn(&sim, "POST", "/api/v3/orderList/oco", oco).await;
    assert_eq!(
        (&placed["contingencyType"], placed["orderReports"].as_array().unwrap().len()),
        (&json!("OCO"), 2),
        "{placed}"
    );
    let old = "symbol=BTCUSDT&side=SELL&quantity=1&price=61000&stopPrice=59000&stopLimitPrice=58500&stopLimitTimeInForce=GTC";
    assert_eq!(bn(&sim, "POST", "/api/v3/order/oco", old).await["listOrderStatus"], "EXECUTING");
    sim.set_price(Exchange::Binance, "BTCUSDT", "61000");
    assert_eq!(states(&sim, Exchange::Binance), ["filled", "expired", "filled", "expired"]);
    let otoco = "symbol=BTCUSDT&workingType=LIMIT&workingSide=BUY&workingPrice=60000&workingQuantity=1&workingTimeInForce=GTC&pendingSide=SELL&pendingQuantity=0.9&pendingAboveType=LIMIT_MAKER&pendingAbovePrice=63000&pendingBelowType=STOP_LOSS&pendingBelowStopPrice=58000";
    let placed = bn(&sim, "POST", "/api/v3/orderList/otoco", otoco).await;
    assert_eq!(placed["orderReports"][1]["status"], "PENDING_NEW", "{placed}");
    let bad = otoco.replace("pendingQuantity=0.9", "pendingQuantity=9000.1");
    let before = sim.orders(Exchange::Binance).iter().filter(|order| order.status == "new").count();
    assert_eq!(bn(&sim, "POST", "/api/v3/orderList/otoco", &bad).await["code"], -1013);
    let after = sim.orders(Exchange::Binance).iter().filter(|order| order.status == "new").count();
    assert_eq!(after, before, "a list with a bad leg places nothing");
    let id = &placed["orderListId"];
    let gone = bn(&sim, "DELETE", "/api/v3/orderList", &format!("symbol=BTCUSDT&orderListId={id}")).await;
    assert_eq!(gone["listOrderStatus"], "ALL_DONE", "{gone}");
}

#[tokio::test]
async fn margin_borrows_what_is_missing() {
    let sim = start().await;
    let held = async |asset: &str, what: &str| {
        let account = bn(&sim, "GET", "/sapi/v1/margin/account", "").await;
        let assets = account["userAssets"].as_array().unwrap().clone();
        let one = assets.iter().find(|one| one["asset"] == asset).unwrap();
        one[what].as_str().unwrap().parse::<f64>().unwrap()
    };
    let all = held("BTC", "free").await;
    let order = |effect: &str| {
        format!("symbol=BTCUSDT&side=SELL&type=MARKET&quantity={}&sideEffectType={effect}", all + 1.0)
    };
    let plain = bn(&sim, "POST", "/sapi/v1/margin/order", &order("NO_SIDE_EFFECT")).await;
    assert_eq!(plain["code"], -2010, "{plain}");
    let lent = bn(&sim, "POST", "/sapi/v1/margin/order", &order("MARGIN_BUY")).await;
    assert_eq!((&lent["status"], &lent["marginBuyBorrowAmount"]), (&json!("FILLED"), &json!("1")), "{lent}");
    assert!((held("BTC", "borrowed").await - 1.0).abs() < 1e-9);
    let back = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=2&sideEffectType=AUTO_REPAY";
    bn(&sim, "POST", "/sapi/v1/margin/order", back).await;
    assert!(held("BTC", "borrowed").await.abs() < 1e-9);
    assert_eq!(
        bn(&sim, "POST", "/sapi/v1/margin/borrow-repay", "asset=BTC&amount=1&type=REPAY").await["code"],
        -3041
    );
}

#[tokio::test]
async fn conditional_orders_of_usdm() {
    let sim = start().await;
    let market = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.5";
    bn(&sim, "POST", "/fapi/v1/order", market).await;
    let stop = "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice=59000&closePosition=true";
    let placed = bn(&sim, "POST", "/fapi/v1/algoOrder", stop).await;
    assert_eq!((&placed["algoStatus"], &placed["closePosition"]), (&json!("NEW"), &json!(true)), "{placed}");
    let trail = "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=TRAILING_STOP_MARKET&quantity=0.1&callbackRate=1&reduceOnly=true";
    assert_eq!(bn(&sim, "POST", "/fapi/v1/algoOrder", trail).await["algoStatus"], "NEW");
    let there = stop.replace("59000", "60500");
    assert_eq!(bn(&sim, "POST", "/fapi/v1/algoOrder", &there).await["code"], -2021);
    assert_eq!(
        bn(
            &sim,
            "POST",
            "/fapi/v1/order",
            "symbol=BTCUSDT&side=SELL&type=STOP_MARKET&stopPrice=59000&quantity=1"
        )
        .await["code"],
        -4120
    );
    sim.set_price(Exchange::Binance, "BTCUSDT", "58900");
    let done = bn(&sim, "GET", "/fapi/v1/algoOrder", &format!("algoId={}", placed["algoId"])).await;
    assert_eq!(done["algoStatus"], "FINISHED", "{done}");
    let held = bn(&sim, "GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT").await;
    assert!(held.as_array().unwrap().is_empty(), "{held}");
}

#[tokio::test]
async fn a_countdown_cancels() {
    let sim = start().await;
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=50000";
    bn(&sim, "POST", "/fapi/v1/order", limit).await;
    bn(&sim, "POST", "/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=1").await;
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let open = bn(&sim, "GET", "/fapi/v1/openOrders", "symbol=BTCUSDT").await;
    assert!(open.as_array().unwrap().is_empty(), "{open}");
}

#[tokio::test]
async fn amendments_of_a_batch_answer_each() {
    let sim = start().await;
    let limit = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=50000";
    let id = bn(&sim, "POST", "/fapi/v1/order", limit).await["orderId"].clone();
    let one = |id: &Value| {
        let json = format!(
            r#"{{"symbol":"BTCUSDT","side":"BUY","orderId":"{id}","quantity":"0.2","price":"50000"}}"#
        );
        json.replace('"', "%22").replace('{', "%7B").replace('}', "%7D")
    };
    let list = format!("batchOrders=%5B{},{}%5D", one(&id), one(&json!(1)));
    let got = bn(&sim, "PUT", "/fapi/v1/batchOrders", &list).await;
    assert_eq!((&got[0]["origQty"], &got[1]["code"]), (&json!("0.2"), &json!(-2013)), "{got}");
}

#[tokio::test]
async fn binance_converts() {
    let sim = start().await;
    let quote =
        bn(&sim, "POST", "/sapi/v1/convert/getQuote", "fromAsset=USDT&toAsset=BTC&fromAmount=600").await;
    assert_eq!(quote["toAmount"], "0.01", "{quote}");
    let id = quote["quoteId"].as_str().unwrap();
    let done = bn(&sim, "POST", "/sapi/v1/convert/acceptQuote", &format!("quoteId={id}")).await;
    assert_eq!(done["orderStatus"], "SUCCESS", "{done}");
    assert!(
        bn(&sim, "POST", "/sapi/v1/convert/acceptQuote", &format!("quoteId={id}")).await["code"].is_number()
    );
}

#[tokio::test]
async fn okx_conditional_orders() {
    let sim = start().await;
    let market = r#"{"instId":"BTC-USDT-SWAP","tdMode":"cross","side":"buy","ordType":"market","sz":"10"}"#;
    ok(&sim, "POST", "trade/order", market).await;
    let oco = r#"{"instId":"BTC-USDT-SWAP","tdMode":"cross","side":"sell","ordType":"oco","sz":"10","reduceOnly":"true","tpTriggerPx":"62000","tpOrdPx":"-1","slTriggerPx":"59000","slOrdPx":"-1"}"#;
    let placed = ok(&sim, "POST", "trade/order-algo", oco).await;
    let id = placed["data"][0]["algoId"].as_str().unwrap().to_owned();
    let there = oco.replace("59000", "61000");
    assert_eq!(ok(&sim, "POST", "trade/order-algo", &there).await["data"][0]["sCode"], "51278");
    let amended = ok(
        &sim,
        "POST",
        "trade/amend-algos",
        &format!(r#"{{"instId":"BTC-USDT-SWAP","algoId":"{id}","newSlTriggerPx":"58000"}}"#),
    )
    .await;
    assert_eq!(amended["code"], "0", "{amended}");
    sim.set_price(Exchange::Okx, "BTC-USDT-SWAP", "58900");
    let open = ok(&sim, "GET", "trade/orders-algo-pending?ordType=oco", "").await;
    assert_eq!(open["data"][0]["slTriggerPx"], "58000", "{open}");
    sim.set_price(Exchange::Okx, "BTC-USDT-SWAP", "57900");
    let done = ok(&sim, "GET", &format!("trade/order-algo?algoId={id}"), "").await;
    assert_eq!(
        (&done["data"][0]["state"], &done["data"][0]["actualSide"]),
        (&json!("effective"), &json!("sl")),
        "{done}"
    );
    let two = format!(
        r#"[{{"instId":"BTC-USDT-SWAP","algoId":"{id}"}},{{"instId":"BTC-USDT-SWAP","algoId":"1"}}]"#
    );
    assert_eq!(ok(&sim, "POST", "trade/cancel-algos", &two).await["code"], "1");
}

#[tokio::test]
async fn okx_attached_orders() {
    let sim = start().await;
    let order = r#"{"instId":"BTC-USDT-SWAP","tdMode":"cross","side":"buy","ordType":"limit","sz":"10","px":"59000","attachAlgoOrds":[{"slTriggerPx":"58000","slOrdPx":"-1"}]}"#;
    ok(&sim, "POST", "trade/order", order).await;
    let open = ok(&sim, "GET", "trade/orders-pending", "").await;
    assert_eq!(open["data"][0]["attachAlgoOrds"][0]["slTriggerPx"], "58000", "{open}");
    sim.set_price(Exchange::Okx, "BTC-USDT-SWAP", "58900");
    let algos = sim.algos(Exchange::Okx);
    assert_eq!((algos.len(), algos[0].side, algos[0].reduce_only), (1, "sell", true));
    sim.set_price(Exchange::Okx, "BTC-USDT-SWAP", "57900");
    let held = ok(&sim, "GET", "account/positions", "").await;
    assert!(held["data"].as_array().unwrap().is_empty(), "{held}");
}

#[tokio::test]
async fn okx_converts() {
    let sim = start().await;
    let ask = r#"{"baseCcy":"BTC","quoteCcy":"USDT","side":"buy","rfqSz":"600","rfqSzCcy":"USDT"}"#;
    let quote = ok(&sim, "POST", "asset/convert/estimate-quote", ask).await;
    assert_eq!(quote["data"][0]["baseSz"], "0.01", "{quote}");
    let id = quote["data"][0]["quoteId"].as_str().unwrap();
    let take = format!(
        r#"{{"quoteId":"{id}","baseCcy":"BTC","quoteCcy":"USDT","side":"buy","sz":"600","szCcy":"USDT"}}"#
    );
    assert_eq!(ok(&sim, "POST", "asset/convert/trade", &take).await["data"][0]["state"], "fullyFilled");
    assert_eq!(ok(&sim, "POST", "asset/convert/trade", &take).await["code"], "52907");
}

/// One change of the key, and what reading and trading answer then.
async fn check_key(change: KeyChange, read: Value, trade: Value) {
    let sim = start().await;
    assert!(sim.change_key(&change));
    let order =
        r#"{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","sz":"0.1","px":"50000"}"#;
    let params = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=50000";
    let (got_read, got_trade) = match change.exchange {
        Exchange::Binance => {
            (bn(&sim, "GET", "/api/v3/account", "").await, bn(&sim, "POST", "/api/v3/order", params).await)
        }
        Exchange::Okx => {
            (ok(&sim, "GET", "account/balance", "").await, ok(&sim, "POST", "trade/order", order).await)
        }
    };
    assert_eq!((&got_read["code"], &got_trade["code"]), (&read, &trade), "{change:?} {got_read} {got_trade}");
}

#[tokio::test]
async fn what_a_key_meets() {
    let same = |exchange| KeyChange {
        exchange,
        id: None,
        permissions: None,
        addresses: None,
        standing: None,
        account_level: None,
    };
    let stands = |exchange, standing| KeyChange { standing: Some(standing), ..same(exchange) };
    let far = |exchange| KeyChange { addresses: Some(vec!["10.9.8.7".parse().unwrap()]), ..same(exchange) };
    let reads = |exchange| {
        let permissions = Some(Permissions { read: true, ..Permissions::default() });
        KeyChange { permissions, ..same(exchange) }
    };
    let none = Value::Null;
    check_key(same(Exchange::Binance), none.clone(), none.clone()).await;
    check_key(far(Exchange::Binance), json!(-2015), json!(-2015)).await;
    check_key(reads(Exchange::Binance), none.clone(), json!(-2015)).await;
    check_key(stands(Exchange::Binance, Standing::Deleted), json!(-2015), json!(-2015)).await;
    check_key(stands(Exchange::Binance, Standing::Expired), none, json!(-2015)).await;
    check_key(far(Exchange::Okx), json!("50110"), json!("50110")).await;
    check_key(reads(Exchange::Okx), json!("0"), json!("50120")).await;
    check_key(stands(Exchange::Okx, Standing::Deleted), json!("50119"), json!("50119")).await;
    check_key(stands(Exchange::Okx, Standing::Expired), json!("50119"), json!("50119")).await;
    check_key(stands(Exchange::Okx, Standing::OtherEnvironment), json!("50101"), json!("50101")).await;
}

#[tokio::test]
async fn what_a_key_says_of_itself() {
    let sim = start().await;
    let path = "/sapi/v1/account/apiRestrictions";
    let before = bn(&sim, "GET", path, "").await;
    assert_eq!(before["enableSpotAndMarginTrading"], true);
    let change = |standing| KeyChange {
        exchange: Exchange::Binance,
        id: None,
        permissions: None,
        addresses: None,
        standing: Some(standing),
        account_level: None,
    };
    sim.change_key(&change(Standing::Expired));
    let after = bn(&sim, "GET", path, "").await;
    assert_eq!(after["enableSpotAndMarginTrading"], false);
    assert!(
        after["tradingAuthorityExpirationTime"].as_u64() < before["tradingAuthorityExpirationTime"].as_u64()
    );
}
