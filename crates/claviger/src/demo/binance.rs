//! A bot on Binance: parameters signed with HMAC-SHA256 in the query or the body.

use claviger_core::Decimal;
use claviger_sim::client::{Answer, Call, hmac_hex};

use super::bot::{Bot, Side, VirtualKey, Wish, fresh_time};

/// The bot.
pub struct Binance(pub VirtualKey);

type Pairs<'a> = Vec<(&'a str, String)>;

impl Binance {
    fn signed(&self, method: &'static str, target: &str, mut pairs: Pairs<'_>) -> Call {
        pairs.push(("recvWindow", "5000".to_owned()));
        pairs.push(("timestamp", fresh_time().millis().to_string()));
        let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let message = pairs.join("&");
        let signature = hmac_hex(&self.0.secret, &message);
        let signed = format!("{message}&signature={signature}");
        let mut headers = vec![("x-mbx-apikey", self.0.id.clone())];
        if method == "POST" {
            headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
            return Call { method, target: target.to_owned(), headers, body: signed };
        }
        Call { method, target: format!("{target}?{signed}"), headers, body: String::new() }
    }
}

impl Bot for Binance {
    fn name(&self) -> &'static str {
        "binance-bot"
    }

    fn title(&self) -> &'static str {
        "Binance"
    }

    fn key(&self) -> &VirtualKey {
        &self.0
    }

    fn symbols(&self) -> (&'static str, &'static str) {
        ("BTCUSDT", "ETHUSDT")
    }

    fn price(&self) -> Call {
        let target = format!("/binance/api/v3/ticker/price?symbol={}", self.symbols().0);
        Call { method: "GET", target, headers: Vec::new(), body: String::new() }
    }

    fn read_price(&self, answer: &Answer) -> Option<Decimal> {
        answer.body.get("price")?.as_str()?.parse().ok()
    }

    fn balances(&self) -> Call {
        self.signed("GET", "/binance/api/v3/account", vec![("omitZeroBalances", "true".to_owned())])
    }

    fn order(&self, wish: &Wish, extra: Option<(&'static str, &'static str)>) -> Call {
        let side = match wish.side {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
        };
        let mut pairs = vec![("symbol", wish.symbol.to_owned()), ("side", side.to_owned())];
        match wish.price {
            Some(price) => pairs.extend([
                ("type", "LIMIT".to_owned()),
                ("timeInForce", "GTC".to_owned()),
                ("price", price.to_string()),
            ]),
            None => pairs.push(("type", "MARKET".to_owned())),
        }
        pairs.push(("quantity", wish.size.to_string()));
        pairs.extend(extra.map(|(name, value)| (name, value.to_owned())));
        self.signed("POST", "/binance/api/v3/order", pairs)
    }

    fn read_order(&self, answer: &Answer) -> Option<String> {
        answer.body.get("orderId")?.as_u64().map(|id| id.to_string())
    }

    fn cancel(&self, symbol: &str, id: &str) -> Call {
        let pairs = vec![("symbol", symbol.to_owned()), ("orderId", id.to_owned())];
        self.signed("DELETE", "/binance/api/v3/order", pairs)
    }

    fn perpetual(&self) -> Call {
        let pairs = [("symbol", "BTCUSDT"), ("side", "BUY"), ("type", "MARKET"), ("quantity", "0.001")];
        let pairs = pairs.map(|(name, value)| (name, value.to_owned())).to_vec();
        self.signed("POST", "/binance-usdm/fapi/v1/order", pairs)
    }

    fn withdraw(&self) -> Call {
        let address = "TThiefThiefThiefThiefThiefThiefTh1";
        let pairs = [("coin", "USDT"), ("network", "TRX"), ("address", address), ("amount", "5000")];
        let pairs = pairs.map(|(name, value)| (name, value.to_owned())).to_vec();
        self.signed("POST", "/binance/sapi/v1/capital/withdraw/apply", pairs)
    }

    fn error(&self, answer: &Answer) -> Option<String> {
        let code = answer.body.get("code").and_then(serde_json::Value::as_i64);
        let text = answer.body.get("msg").and_then(serde_json::Value::as_str);
        match (answer.status, code, text) {
            (200, None, _) => None,
            (_, Some(code), Some(text)) => Some(format!("{code} {text}")),
            (status, ..) => Some(format!("status {status}")),
        }
    }
}
