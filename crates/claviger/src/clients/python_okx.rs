//! python-okx.

use super::{Client, Facts, quoted};

pub(super) static CLIENT: Client = Client { name: "python-okx", exchanges: &["okx"], settings };

fn settings(facts: &Facts) -> String {
    let passphrase = facts.passphrase.clone().unwrap_or_default();
    format!(
        "\
# python-okx: bot {bot} through claviger as a proxy.
# Start Python with the local CA:  SSL_CERT_FILE={ca_path} python bot.py
import okx.Account as Account
import okx.Trade as Trade

keys = dict(
    api_key={id},
    api_secret_key={secret},
    passphrase={passphrase},
    flag=\"0\",
    domain=\"https://www.okx.com\",
    proxy={proxy},
)
account = Account.AccountAPI(**keys)
trade = Trade.TradeAPI(**keys)

# Instead of the proxy: by base URL, {base_needs}.
#   keys |= dict(domain={base}, proxy=None)",
        bot = facts.bot,
        base_needs = facts.base_needs(),
        id = quoted(&facts.id),
        secret = quoted(&facts.secret),
        passphrase = quoted(&passphrase),
        proxy = quoted(&facts.proxy()),
        ca_path = facts.ca(),
        base = quoted(&facts.base("okx")),
    )
}
