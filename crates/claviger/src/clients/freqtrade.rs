//! freqtrade.

use serde_json::json;

use super::{Client, Facts};

pub(super) static CLIENT: Client = Client { name: "freqtrade", exchanges: &[], settings };

/// The part of `config.json` that names the exchange. freqtrade hands `ccxt_config` to both of ccxt's clients.
fn settings(facts: &Facts) -> String {
    let mut exchange = json!({
        "name": facts.exchange,
        "key": facts.id,
        "secret": facts.secret,
        "ccxt_config": { "httpsProxy": facts.proxy() },
        "ccxt_sync_config": { "requests_trust_env": true },
        "ccxt_async_config": { "cafile": facts.ca() },
        "enable_ws": false,
    });
    if let (Some(passphrase), Some(exchange)) = (&facts.passphrase, exchange.as_object_mut()) {
        exchange.insert("password".to_owned(), json!(passphrase));
    }
    let text = serde_json::to_string_pretty(&json!({ "exchange": exchange })).unwrap_or_default();
    format!(
        "// freqtrade: bot {bot} through claviger as a proxy. Put this into config.json.\n\
         // Start freqtrade with the local CA:  REQUESTS_CA_BUNDLE={ca} freqtrade trade …\n{text}",
        bot = facts.bot,
        ca = facts.ca(),
    )
}
