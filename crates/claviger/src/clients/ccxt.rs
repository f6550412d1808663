//! ccxt for Python, sync and async.

use super::{Client, Facts, quoted};

pub(super) static CLIENT: Client = Client { name: "ccxt", exchanges: &[], settings };

fn settings(facts: &Facts) -> String {
    let Facts { exchange, .. } = facts;
    let mut keys = vec![
        format!("    \"apiKey\": {},", quoted(&facts.id)),
        format!("    \"secret\": {},", quoted(&facts.secret)),
    ];
    keys.extend(facts.passphrase.as_ref().map(|p| format!("    \"password\": {},", quoted(p))));
    let keys = keys.join("\n");
    let (proxy, ca) = (quoted(&facts.proxy()), quoted(&facts.ca()));
    let base = base(facts);
    format!(
        "\
# ccxt for Python: bot {bot} through claviger as a proxy.
import os
import ccxt

os.environ[\"REQUESTS_CA_BUNDLE\"] = {ca}
exchange = ccxt.{exchange}({{
{keys}
    \"httpsProxy\": {proxy},
    \"requests_trust_env\": True,
}})

# The same with asyncio:
#   import ccxt.async_support
#   exchange = ccxt.async_support.{exchange}({{
#       …the same keys…
#       \"httpsProxy\": {proxy},
#       \"cafile\": {ca},
#   }})

# Instead of the proxy: by base URL, {base_needs}. Errors are coarser on Binance, where ccxt goes by the URL.
{base}",
        bot = facts.bot,
        base_needs = facts.base_needs(),
    )
}

fn base(facts: &Facts) -> String {
    if facts.exchange == "okx" {
        return format!("#   exchange.urls[\"api\"][\"rest\"] = {}", quoted(&facts.base("okx")));
    }
    let mut lines = vec!["#   for name, url in exchange.urls[\"api\"].items():".to_owned()];
    for (host, prefix) in facts.surfaces() {
        let (from, to) = (quoted(&format!("https://{host}")), quoted(&facts.base(prefix)));
        lines.push(format!("#       url = url.replace({from}, {to})"));
    }
    lines.push("#       exchange.urls[\"api\"][name] = url".to_owned());
    lines.join("\n")
}
