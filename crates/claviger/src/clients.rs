//! Settings for the libraries that bots use: one file a client, one line here.

mod ccxt;
mod ccxt_js;
mod freqtrade;
mod python_binance;
mod python_okx;

use std::net::SocketAddr;
use std::path::PathBuf;

/// A library that bots use, and how it is told to connect to claviger.
#[derive(Debug)]
pub struct Client {
    /// As `--for` spells it.
    pub name: &'static str,
    /// The exchanges that it speaks to; empty means every one.
    pub exchanges: &'static [&'static str],
    settings: fn(&Facts) -> String,
}

/// Every client there is settings for. A new one adds one line here.
pub static CLIENTS: &[&Client] =
    &[&ccxt::CLIENT, &ccxt_js::CLIENT, &python_binance::CLIENT, &python_okx::CLIENT, &freqtrade::CLIENT];

/// The client of that name, for clap.
pub fn parse(name: &str) -> Result<&'static Client, String> {
    let names: Vec<&str> = CLIENTS.iter().map(|client| client.name).collect();
    let found = CLIENTS.iter().copied().find(|client| client.name == name);
    found.ok_or_else(|| format!("there are settings for {}", names.join(", ")))
}

/// What settings are made of.
#[derive(Debug)]
pub struct Facts {
    /// The bot's name.
    pub bot: String,
    /// Its exchange.
    pub exchange: String,
    /// Its virtual key's id.
    pub id: String,
    /// Its virtual secret, or what to do to see it.
    pub secret: String,
    /// Its passphrase, where the exchange's keys have one.
    pub passphrase: Option<String>,
    /// Where the gateway listens.
    pub listen: SocketAddr,
    /// The name that bots on other machines connect to, where there is TLS.
    pub tls: Option<String>,
    /// The local CA's certificate.
    pub ca: PathBuf,
}

impl Client {
    /// Settings that work, or why there are none.
    pub fn settings(&self, facts: &Facts) -> Result<String, String> {
        if self.exchanges.is_empty() || self.exchanges.contains(&facts.exchange.as_str()) {
            Ok((self.settings)(facts))
        } else {
            Err(format!(
                "{} speaks to {} only, and this bot is for {}",
                self.name,
                self.exchanges.join(", "),
                facts.exchange
            ))
        }
    }
}

impl Facts {
    /// The gateway as a proxy or base URL.
    fn proxy(&self) -> String {
        let ip = self.listen.ip();
        if let Some(host) = self.tls.as_ref().filter(|_| !ip.to_canonical().is_loopback()) {
            return format!("https://{host}:{}", self.listen.port());
        }
        let address = if ip.is_unspecified() {
            SocketAddr::from(([127, 0, 0, 1], self.listen.port()))
        } else {
            self.listen
        };
        format!("http://{address}")
    }

    /// What the base URL needs.
    fn base_needs(&self) -> &'static str {
        if self.proxy().starts_with("https:") {
            "with the same certificates"
        } else {
            "without a certificate"
        }
    }

    /// The base URL of a surface.
    fn base(&self, prefix: &str) -> String {
        format!("{}/{prefix}", self.proxy())
    }

    fn ca(&self) -> String {
        self.ca.display().to_string()
    }

    /// Every surface of the exchange: the production host and the prefix that stands for it.
    fn surfaces(&self) -> Vec<(&'static str, &'static str)> {
        let surfaces = claviger_exchange::exchange(&self.exchange).map(|e| e.surfaces()).unwrap_or_default();
        surfaces.iter().filter_map(|s| Some((*s.hosts.first()?, s.prefix))).collect()
    }
}

/// A text as a literal of Python, JavaScript and JSON alike.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(exchange: &str) -> Facts {
        Facts {
            bot: "grid".into(),
            exchange: exchange.into(),
            id: "virtual-id".into(),
            secret: "virtual \"secret\"".into(),
            passphrase: (exchange == "okx").then(|| "virtual-passphrase".into()),
            listen: "127.0.0.1:8700".parse().unwrap(),
            tls: None,
            ca: "/home/me/claviger/ca.pem".into(),
        }
    }

    #[test]
    fn every_client_has_settings_for_each_of_its_exchanges() {
        for client in CLIENTS {
            for exchange in ["binance", "okx"] {
                let facts = facts(exchange);
                match client.settings(&facts) {
                    Ok(text) => {
                        for part in ["virtual-id", "virtual \\\"secret\\\"", "127.0.0.1:8700"] {
                            assert!(text.contains(part), "{} for {exchange}: {part}\n{text}", client.name);
                        }
                        assert_eq!(text.contains("virtual-passphrase"), exchange == "okx", "{}", client.name);
                    }
                    Err(_) => assert!(!client.exchanges.contains(&exchange)),
                }
            }
        }
    }

    #[test]
    fn bots_on_other_machines_are_told_https() {
        for client in CLIENTS {
            let exchange = client.exchanges.first().copied().unwrap_or("okx");
            for (listen, tls, told) in [
                ("0.0.0.0:8700", Some("claviger.lan"), "https://claviger.lan:8700"),
                ("10.0.0.5:8700", Some("[2001:db8::5]"), "https://[2001:db8::5]:8700"),
                ("127.0.0.1:8700", Some("claviger.lan"), "http://127.0.0.1:8700"),
                ("10.0.0.5:8700", None, "http://10.0.0.5:8700"),
            ] {
                let tls = tls.map(str::to_owned);
                let facts = Facts { listen: listen.parse().unwrap(), tls, ..facts(exchange) };
                let text = client.settings(&facts).unwrap();
                assert!(text.contains(told), "{} {told}\n{text}", client.name);
                assert!(!(told.starts_with("https") && text.contains("without a certificate")), "{text}");
            }
        }
    }

    #[test]
    fn names_are_single_and_found() {
        for client in CLIENTS {
            assert!(std::ptr::eq(parse(client.name).unwrap(), *client));
        }
        assert!(parse("excel").unwrap_err().contains("ccxt-js"));
    }
}
