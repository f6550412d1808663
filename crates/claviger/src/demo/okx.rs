//! A bot on OKX: headers over timestamp, verb, path and JSON body, and a passphrase.

use claviger_core::Decimal;
use claviger_sim::client::{Answer, Call, hmac_base64};
use serde_json::{Value, json};

use super::bot::{Bot, Side, VirtualKey, Wish, fresh_time};
use crate::stamp;

/// The bot.
pub struct Okx(pub VirtualKey);

impl Okx {
    fn signed(&self, method: &'static str, path: &str, body: Option<&Value>) -> Call {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let timestamp = stamp::shown(fresh_time()).replace(' ', "T");
        let signature = hmac_base64(&self.0.secret, &format!("{timestamp}{method}{path}{body}"));
        let mut headers = vec![
            ("ok-access-key", self.0.id.clone()),
            ("ok-access-sign", signature),
            ("ok-access-timestamp", timestamp),
            ("ok-access-passphrase", self.0.passphrase.clone().unwrap_or_default()),
        ];
        if !body.is_empty() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        Call { method, target: format!("/okx{path}"), headers, body }
    }
}

impl Bot for Okx {
    fn name(&self) -> &'static str {
        "okx-bot"
    }

    fn title(&self) -> &'static str {
        "OKX"
    }

    fn key(&self) -> &VirtualKey {
        &self.0
    }

    fn symbols(&self) -> (&'static str, &'static str) {
        ("BTC-USDT", "ETH-USDT")
    }

    fn price(&self) -> Call {
        let target = format!("/okx/api/v5/market/ticker?instId={}", self.symbols().0);
        Call { method: "GET", target, headers: Vec::new(), body: String::new() }
    }

    fn read_price(&self, answer: &Answer) -> Option<Decimal> {
        answer.body.pointer("/data/0/last")?.as_str()?.parse().ok()
    }

    fn balances(&self) -> Call {
        self.signed("GET", "/api/v5/account/balance", None)
    }

    fn order(&self, wish: &Wish, extra: Option<(&'static str, &'static str)>) -> Call {
        let side = match wish.side {
            Side::Buy => "buy",
            Side::Sell => "sell",
        };
        let size = wish.size.to_string();
        let mut body = json!({ "instId": wish.symbol, "tdMode": "cash", "side": side, "sz": size });
        if let Some(body) = body.as_object_mut() {
            match wish.price {
                Some(price) => {
                    body.insert("ordType".to_owned(), "limit".into());
                    body.insert("px".to_owned(), price.to_string().into());
                }
                None => {
                    body.insert("ordType".to_owned(), "market".into());
                    body.insert("tgtCcy".to_owned(), "base_ccy".into());
                }
            }
            body.extend(extra.map(|(name, value)| (name.to_owned(), value.into())));
        }
        self.signed("POST", "/api/v5/trade/order", Some(&body))
    }

    fn read_order(&self, answer: &Answer) -> Option<String> {
        answer.body.pointer("/data/0/ordId")?.as_str().map(ToOwned::to_owned)
    }

    fn cancel(&self, symbol: &str, id: &str) -> Call {
        self.signed("POST", "/api/v5/trade/cancel-order", Some(&json!({ "instId": symbol, "ordId": id })))
    }

    fn perpetual(&self) -> Call {
        let body = json!({
            "instId": "BTC-USDT-SWAP", "tdMode": "cross", "side": "buy", "ordType": "market", "sz": "1"
        });
        self.signed("POST", "/api/v5/trade/order", Some(&body))
    }

    fn withdraw(&self) -> Call {
        let body = json!({
            "ccy": "USDT", "amt": "5000", "dest": "4", "toAddr": "TThiefThiefThiefThiefThiefThiefTh1", "chain": "USDT-TRC20"
        });
        self.signed("POST", "/api/v5/asset/withdrawal", Some(&body))
    }

    fn error(&self, answer: &Answer) -> Option<String> {
        let text = |path: &str| answer.body.pointer(path).and_then(Value::as_str).filter(|t| !t.is_empty());
        match (answer.status, text("/code")) {
            (200, Some("0")) => None,
            (status, None) => Some(format!("status {status}")),
            (_, Some(code)) => {
                let code = text("/data/0/sCode").unwrap_or(code);
                let why = text("/data/0/sMsg").or_else(|| text("/msg")).unwrap_or_default();
                Some(format!("{code} {why}"))
            }
        }
    }
}
