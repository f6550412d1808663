//! What is read of offers for conversions: the one that was asked for and is clear in every part, or none.
#![expect(clippy::unwrap_used, reason = "a test")]

use claviger_core::{Act, Intent, Method, Special};
use claviger_exchange::{Exchange, RawRequest, exchange};

fn intent(exchange: &dyn Exchange, (method, path): (Method, &str), asked: &str) -> Intent {
    let surface = exchange.surfaces().iter().find(|surface| match path.as_bytes() {
        [b'/', b'f', ..] if exchange.name() == "binance" => surface.name == "usdm",
        _ => true,
    });
    let headers: [(Box<str>, Box<[u8]>); 1] =
        [("Content-Type".into(), b"application/json".as_slice().into())];
    let (query, headers, body) = match exchange.name() {
        "binance" => (Some(asked), &[][..], ""),
        _ => (None, &headers[..], asked),
    };
    let raw = RawRequest { method, prefix: None, path, query, headers, body: body.as_bytes() };
    exchange.read(surface.unwrap(), &raw).unwrap().0
}

fn special(intent: &Intent) -> &Special {
    if let Act::Special(special) = &intent.act { Some(special) } else { None }.unwrap()
}

/// What is told of an answer: its name, what is given and until when; or `none`.
fn told(exchange: &dyn Exchange, intent: &Intent, (status, body): (u16, &str)) -> String {
    let quote = exchange.told_quote(intent, status, body.as_bytes());
    quote.map_or("none".into(), |quote| format!("{} {} {}", quote.id, quote.gives, quote.until_ms))
}

const BINANCE: &str = r#"{"quoteId":"12415572564","ratio":"38163.7","inverseRatio":"0.0000262","validTimestamp":1623319461670,"toAmount":"3816.37","fromAmount":"0.1"}"#;

/// The answer with one part written otherwise.
fn with(body: &str, part: &str, other: &str) -> String {
    assert!(body.contains(part), "{part}");
    body.replace(part, other)
}

fn binance(path: &str, asked: &str, body: &str) -> String {
    let exchange = exchange("binance").unwrap();
    told(exchange, &intent(exchange, (Method::Post, path), asked), (200, body))
}

const SPOT: &str = "/sapi/v1/convert/getQuote";
const USDM: &str = "/fapi/v1/convert/getQuote";

#[test]
fn binances_offers() {
    let whole = "12415572564 0.1 BTC 1623319461670";
    for path in [SPOT, USDM] {
        for (asked, expected) in [
            ("fromAsset=BTC&toAsset=USDT&fromAmount=0.1", whole),
            ("fromAsset=BTC&toAsset=USDT&fromAmount=0.10", whole),
            ("fromAsset=BTC&toAsset=USDT&toAmount=3816.37", whole),
            ("fromAsset=ETH&toAsset=BTC&fromAmount=0.1", "12415572564 0.1 ETH 1623319461670"),
            ("fromAsset=BTC&toAsset=USDT&fromAmount=0.2", "none"),
            ("fromAsset=BTC&toAsset=USDT&fromAmount=0.01", "none"),
            ("fromAsset=BTC&toAsset=USDT&toAmount=3816.38", "none"),
            ("fromAsset=BTC&toAsset=USDT&fromAmount=0.1&toAmount=1", "none"),
        ] {
            assert_eq!(binance(path, asked, BINANCE), expected, "{path} {asked}");
        }
    }
    let exchange = exchange("binance").unwrap();
    let asked = intent(exchange, (Method::Post, SPOT), "fromAsset=BTC&toAsset=USDT&fromAmount=0.1");
    for (status, expected) in
        [(200, whole), (201, whole), (199, "none"), (302, "none"), (400, "none"), (500, "none")]
    {
        assert_eq!(told(exchange, &asked, (status, BINANCE)), expected, "{status}");
    }
}

#[test]
fn binances_offers_that_are_not_clear() {
    let asked = "fromAsset=BTC&toAsset=USDT&toAmount=3816.37";
    let check = |part: &str, other: &str, expected: &str| {
        let body = with(BINANCE, part, other);
        assert_eq!(binance(SPOT, asked, &body), expected, "{body}");
    };
    let from = r#""fromAmount":"0.1""#;
    for other in [
        r#""fromAmount":"0""#,
        r#""fromAmount":"0.000""#,
        r#""fromAmount":"-0.1""#,
        r#""fromAmount":"+0.1""#,
        r#""fromAmount":"1e-1""#,
        r#""fromAmount":".1""#,
        r#""fromAmount":" 0.1""#,
        r#""fromAmount":"""#,
        r#""fromAmount":0.1"#,
        r#""fromAmount":null"#,
        r#""fromAmount":["0.1"]"#,
        r#""fromAmount":{"fromAmount":"0.1"}"#,
        r#""fromAmount":"1234567890123456""#,
        r#""fromAmount":"99999999999999999999999999999999999999""#,
        r#""fromAmount":"0.1","fromAmount":"0.1""#,
        r#""fromAmount":"0.1","from\u0041mount":"0.01""#,
        r#""FromAmount":"0.1""#,
        r#""ratio":"0.1""#,
    ] {
        check(from, other, "none");
    }
    check(from, r#""fromAmount":"999999999999999""#, "12415572564 999999999999999 BTC 1623319461670");
    for other in [
        "12",
        "\"\"",
        "null",
        "\"1 2\"",
        "\"1&quoteId=2\"",
        "\"é\"",
        "true",
        &format!("\"{}\"", "1".repeat(65)),
    ] {
        check("\"12415572564\"", other, "none");
    }
    for other in ["\"1623319461670\"", "-1", "1.5", "1e3", "null", "99999999999999999999", "[]"] {
        check("1623319461670", other, "none");
    }
    check("1623319461670", "0", "12415572564 0.1 BTC 0");
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "\"quoteId\"",
        &format!("[{BINANCE}]"),
        &format!("{BINANCE}{BINANCE}"),
        r#"{"code":-1,"msg":"no"}"#,
    ] {
        assert_eq!(binance(SPOT, asked, body), "none", "{body}");
    }
    // Where the balance does not suffice there is a price and no name.
    check(r#""quoteId":"12415572564","#, "", "none");
}

#[test]
fn what_asks_for_a_quote() {
    let binance = exchange("binance").unwrap();
    for (method, path, asked, expected) in [
        (Method::Post, SPOT, "fromAsset=BTC&toAsset=USDT&toAmount=3816.37", true),
        (Method::Post, USDM, "fromAsset=BTC&toAsset=USDT&toAmount=3816.37", true),
        (Method::Get, "/sapi/v1/convert/orderStatus", "quoteId=1", false),
        (Method::Post, "/sapi/v1/convert/acceptQuote", "quoteId=12415572564", false),
    ] {
        let intent = intent(binance, (method, path), asked);
        assert_eq!(binance.asks_for_quote(&intent), expected, "{path}");
        assert_eq!(told(binance, &intent, (200, BINANCE)) != "none", expected, "{path}");
    }
    // The name that is accepted is a part of the act, so it is judged.
    let accepted = intent(binance, (Method::Post, "/fapi/v1/convert/acceptQuote"), "quoteId=12415572564");
    assert_eq!(special(&accepted).quote.as_deref(), Some("12415572564"));
    assert!(accepted.params.is_empty());
}

const ESTIMATE: &str = "/api/v5/asset/convert/estimate-quote";
const BUY: &str = r#"{"baseCcy":"ETH","quoteCcy":"USDT","side":"buy","rfqSz":"30","rfqSzCcy":"USDT"}"#;
const OKX: &str = r#"{"code":"0","data":[{"baseCcy":"ETH","baseSz":"0.01023052","clQReqId":"","cnvtPx":"2932.40104429","origRfqSz":"30","quoteCcy":"USDT","quoteId":"quoterETH-USDT16461885104612381","quoteSz":"30","quoteTime":"1646188510461","rfqSz":"30","rfqSzCcy":"USDT","side":"buy","ttlMs":"10000"}],"msg":""}"#;

fn okx(path: &str, asked: &str, body: &str) -> String {
    let exchange = exchange("okx").unwrap();
    told(exchange, &intent(exchange, (Method::Post, path), asked), (200, body))
}

#[test]
fn okxs_offers() {
    let name = "quoterETH-USDT16461885104612381";
    assert_eq!(okx(ESTIMATE, BUY, OKX), format!("{name} 30 USDT 1646188520461"));
    let (sell, sold) = (with(BUY, "buy", "sell"), with(OKX, r#""side":"buy""#, r#""side":"sell""#));
    assert_eq!(okx(ESTIMATE, &sell, &sold), format!("{name} 0.01023052 ETH 1646188520461"));
    assert_eq!(okx(ESTIMATE, &sell, OKX), "none");
    assert_eq!(okx(ESTIMATE, BUY, &sold), "none");
    for (part, other) in [
        (r#""baseCcy":"ETH""#, r#""baseCcy":"BTC""#),
        (r#""baseCcy":"ETH","#, ""),
        (r#""quoteCcy":"USDT""#, r#""quoteCcy":"USDC""#),
        (r#""quoteCcy":"USDT""#, r#""quoteCcy":null"#),
        (r#""rfqSzCcy":"USDT""#, r#""rfqSzCcy":"ETH""#),
        (r#""quoteSz":"30""#, r#""quoteSz":"0""#),
        (r#""quoteSz":"30""#, r#""quoteSz":"-30""#),
        (r#""quoteSz":"30""#, r#""quoteSz":30"#),
        (r#""quoteSz":"30""#, r#""quoteSz":"30","quoteSz":"3""#),
        (r#""quoteSz":"30""#, r#""quoteSz":"3000000000000000000000000000000""#),
        (r#""quoteId":"quoterETH"#, r#""quoteId":"quoter ETH"#),
        (r#""quoteTime":"1646188510461""#, r#""quoteTime":1646188510461"#),
        (r#""quoteTime":"1646188510461""#, r#""quoteTime":"18446744073709551615""#),
        (r#""ttlMs":"10000""#, r#""ttlMs":"-1""#),
        (r#""ttlMs":"10000""#, r#""ttlMs":"""#),
        (r#""code":"0""#, r#""code":"1""#),
        (r#""code":"0""#, r#""code":0"#),
        (r#""data":[{"#, r#""data":[{},{"#),
    ] {
        assert_eq!(okx(ESTIMATE, BUY, &with(OKX, part, other)), "none", "{other}");
    }
    for body in ["", "[]", r#"{"code":"0","data":[],"msg":""}"#, r#"{"code":"0","msg":""}"#] {
        assert_eq!(okx(ESTIMATE, BUY, body), "none", "{body}");
    }
}

#[test]
fn okxs_offers_for_fiat_money() {
    const PATH: &str = "/api/v5/fiat/buy-sell/quote";
    let asked = r#"{"side":"buy","fromCcy":"USD","toCcy":"BTC","rfqAmt":"0.001","rfqCcy":"BTC"}"#;
    let body = r#"{"code":"0","data":[{"quoteId":"quoterBTC-USD16461885104612381","side":"buy","fromCcy":"USD","toCcy":"BTC","rfqAmt":"0.001","rfqCcy":"BTC","quotePx":"60000","quoteCcy":"USD","quoteFromAmt":"60","quoteToAmt":"0.001","quoteTime":"1646188510461","ttlMs":"10000"}],"msg":""}"#;
    assert_eq!(okx(PATH, asked, body), "quoterBTC-USD16461885104612381 60 USD 1646188520461");
    for (part, other) in [
        (r#""fromCcy":"USD""#, r#""fromCcy":"EUR""#),
        (r#""toCcy":"BTC""#, r#""toCcy":"ETH""#),
        (r#""rfqCcy":"BTC""#, r#""rfqCcy":"USD""#),
        (r#""quoteFromAmt":"60""#, r#""quoteFromAmt":60"#),
    ] {
        assert_eq!(okx(PATH, asked, &with(body, part, other)), "none", "{other}");
    }
}

/// What an acceptance states of what is given; the quote says the rest.
#[test]
fn what_okxs_acceptances_state() {
    let okx = exchange("okx").unwrap();
    let fiat = "/api/v5/fiat/buy-sell/trade";
    let trade = "/api/v5/asset/convert/trade";
    let convert = |side: &str, currency: &str| {
        format!(
            r#"{{"quoteId":"q-1","baseCcy":"BTC","quoteCcy":"USDT","side":"{side}","sz":"5","szCcy":"{currency}"}}"#
        )
    };
    let paid = |currency: &str| {
        format!(
            r#"{{"quoteId":"q-1","side":"buy","fromCcy":"USD","toCcy":"BTC","rfqAmt":"5","rfqCcy":"{currency}","paymentMethod":"balance","clOrdId":"a1"}}"#
        )
    };
    for (path, asked, expected) in [
        (trade, convert("buy", "USDT"), "5 USDT"),
        (trade, convert("buy", "BTC"), ""),
        (trade, convert("sell", "BTC"), "5 BTC"),
        (trade, convert("sell", "USDT"), ""),
        (trade, convert("buy", "ETH"), ""),
        (fiat, paid("USD"), "5 USD"),
        (fiat, paid("BTC"), ""),
        ("/api/v5/trade/one-click-repay-v2", r#"{"debtCcy":"ETH","repayCcyList":["USDT"]}"#.into(), ""),
    ] {
        let intent = intent(okx, (Method::Post, path), &asked);
        let special = special(&intent);
        let stated =
            special.asset.as_ref().zip(special.amount).map(|(asset, amount)| format!("{amount} {asset}"));
        assert_eq!(stated.unwrap_or_default(), expected, "{asked}");
        assert_eq!(special.quote.as_deref(), asked.contains("q-1").then_some("q-1"), "{asked}");
    }
}
