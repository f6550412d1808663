//! python-binance.

use super::{Client, Facts, quoted};

pub(super) static CLIENT: Client = Client { name: "python-binance", exchanges: &["binance"], settings };

fn settings(facts: &Facts) -> String {
    format!(
        "\
# python-binance: bot {bot} through claviger as a proxy.
from binance.client import Client

client = Client(
    {id},
    {secret},
    requests_params={{
        \"proxies\": {{\"https\": {proxy}}},
        \"verify\": {ca},
        \"timeout\": 10,
    }},
)

# Instead of the proxy: by base URL, {base_needs}.
#   client = Client({id}, {secret}, ping=False)
#   client.API_URL = {spot}
#   client.MARGIN_API_URL = {wallet}
#   client.FUTURES_URL = {usdm}
#   client.FUTURES_COIN_URL = {coinm}",
        bot = facts.bot,
        base_needs = facts.base_needs(),
        id = quoted(&facts.id),
        secret = quoted(&facts.secret),
        proxy = quoted(&facts.proxy()),
        ca = quoted(&facts.ca()),
        spot = quoted(&facts.base("binance/api")),
        wallet = quoted(&facts.base("binance/sapi")),
        usdm = quoted(&facts.base("binance-usdm/fapi")),
        coinm = quoted(&facts.base("binance-coinm/dapi")),
    )
}
