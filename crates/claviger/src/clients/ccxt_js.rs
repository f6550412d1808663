//! ccxt for JavaScript.

use super::{Client, Facts, quoted};

pub(super) static CLIENT: Client = Client { name: "ccxt-js", exchanges: &[], settings };

fn settings(facts: &Facts) -> String {
    let mut keys = vec![
        format!("    apiKey: {},", quoted(&facts.id)),
        format!("    secret: {},", quoted(&facts.secret)),
    ];
    keys.extend(facts.passphrase.as_ref().map(|p| format!("    password: {},", quoted(p))));
    format!(
        "\
// ccxt for JavaScript: bot {bot} through claviger as a proxy.
// Start Node with the local CA:  NODE_EXTRA_CA_CERTS={ca} node bot.mjs
import ccxt from 'ccxt';

const exchange = new ccxt.{exchange}({{
{keys}
    httpsProxy: {proxy},
}});",
        bot = facts.bot,
        exchange = facts.exchange,
        ca = facts.ca(),
        keys = keys.join("\n"),
        proxy = quoted(&facts.proxy()),
    )
}
