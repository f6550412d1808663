//! The paper Binance: spot and wallet, USDⓈ-M and COIN-M, told apart by path.

mod account;
mod algo;
mod auth;
mod convert;
mod errors;
mod futures;
mod info;
mod lists;
mod margin;
mod orders;
mod public;
mod render;
mod routes;
mod terms;
mod wallet;

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use rust_decimal::Decimal;
use serde_json::Value;

use crate::engine::{Engine, Instrument, Market};
use crate::params::number;
use crate::venue::{Ask, Key, Paper, Reply, locked};
use errors::Refusal;
use routes::{Route, Security};

/// What this exchange answers.
pub(crate) fn answer(paper: &Paper, ask: &Ask) -> Reply {
    let Some(route) = routes::find(&ask.method, &ask.path) else { return Reply::html(404) };
    let mut reply = match run(paper, ask, route) {
        Ok(value) => Reply::json(200, &value),
        Err(refusal) => Reply::json(refusal.status, &refusal.body()),
    };
    reply.headers.push(("x-mbx-used-weight", "1".to_owned()));
    reply.headers.push(("x-mbx-used-weight-1m", "1".to_owned()));
    if route.security == Security::Signed(routes::Need::Trade) {
        reply.headers.push(("x-mbx-order-count-10s", "1".to_owned()));
    }
    reply
}

fn run(paper: &Paper, ask: &Ask, route: &Route) -> Result<Value, Refusal> {
    let params = auth::read(ask)?;
    let key = auth::check(paper, ask, route, &params)?;
    let mut call = Call {
        market: market(&ask.path),
        version: if ask.path.contains("/v3/") {
            3
        } else if ask.path.contains("/v2/") {
            2
        } else {
            1
        },
        now: paper.now(),
        engine: locked(&paper.engine),
        key,
        params,
    };
    call.engine.tick(call.now);
    call.check_params(route)?;
    (route.run)(&mut call)
}

fn market(path: &str) -> Market {
    if path.starts_with("/fapi/") {
        Market::Usdm
    } else if path.starts_with("/dapi/") {
        Market::Coinm
    } else if path.starts_with("/sapi/v1/margin/") {
        Market::Margin
    } else {
        Market::Spot
    }
}

/// One request that passed the door.
struct Call<'a> {
    engine: MutexGuard<'a, Engine>,
    key: Option<&'a Key>,
    params: BTreeMap<String, String>,
    market: Market,
    version: u8,
    now: u64,
}

impl Call<'_> {
    /// Mandatory parameters are there, none is empty, none is unknown.
    fn check_params(&self, route: &Route) -> Result<(), Refusal> {
        if let Some((name, _)) = self.params.iter().find(|(_, value)| value.is_empty()) {
            return Err(Refusal::new(-1105, format!("Parameter '{name}' was empty.")));
        }
        for name in route.params.split_whitespace().filter_map(|word| word.strip_suffix('!')) {
            self.must(name)?;
        }
        let signed = matches!(route.security, Security::Signed(_));
        let known = |name: &str| {
            route.params.split_whitespace().any(|word| word.trim_end_matches('!') == name)
                || signed && matches!(name, "timestamp" | "recvWindow" | "signature")
        };
        let read = self.params.keys().filter(|name| known(name)).count();
        if read < self.params.len() {
            let sent = self.params.len();
            let msg = format!(
                "Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
            );
            return Err(Refusal::new(-1104, msg));
        }
        Ok(())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    fn must(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::mandatory(name))
    }

    fn decimal(&self, name: &str) -> Result<Option<Decimal>, Refusal> {
        let read =
            |text| number(text).ok_or_else(|| Refusal::illegal(name, "^([0-9]{1,20})(\\.[0-9]{1,20})?$"));
        self.get(name).map(read).transpose()
    }

    fn integer(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let read = |text: &str| text.parse().map_err(|_| Refusal::illegal(name, "^[0-9]{1,20}$"));
        self.get(name).map(read).transpose()
    }

    fn boolean(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Refusal::illegal(name, "true|false")),
        }
    }

    /// How many rows are asked for.
    fn limit(&self, usual: usize, most: usize) -> Result<usize, Refusal> {
        let asked = self.integer("limit")?.and_then(|limit| usize::try_from(limit).ok());
        Ok(asked.unwrap_or(usual).min(most))
    }

    /// The instrument that `symbol` names.
    fn instrument(&self) -> Result<Arc<Instrument>, Refusal> {
        self.named(self.must("symbol")?)
    }

    fn named(&self, symbol: &str) -> Result<Arc<Instrument>, Refusal> {
        let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        if symbol.len() > 20 || !symbol.bytes().all(legal) {
            return Err(Refusal::illegal("symbol", "^[A-Z0-9-_.]{1,20}$"));
        }
        let listing = self.engine.listing(self.market, symbol).ok_or(Refusal::of(errors::BAD_SYMBOL))?;
        Ok(Arc::clone(&listing.instrument))
    }

    /// The account that the key belongs to.
    fn account(&self) -> &str {
        self.key.map_or("", |key| key.id.as_str())
    }
}
