//! Binance: spot with wallet (`/api`, `/sapi`), USDⓈ-M futures (`/fapi`), COIN-M futures (`/dapi`).
//!
//! Options and portfolio margin are known by name only.
//! `docs/exchanges/binance.md` holds the facts this folder rests on.

mod claim;
mod house;
mod market;
mod order;
mod outcome;
mod print;
mod read;
mod refuse;

use std::sync::LazyLock;

use claviger_core::{
    ClientOrderId, DenialClass, Endpoint, Intent, Market, Method, OrderState, Outcome, Symbol,
};

use crate::exchange::unnamed;
use crate::values::Lists;
use crate::{
    Catalogue, Claim, ClaimError, Exchange, HouseCall, HttpAnswer, MarketCall, PrintError, Printed,
    RawRequest, ReadError, Row, Scheme, Stamp, Surface, Unsigned,
};

/// Binance.
#[derive(Debug)]
pub struct Binance;

/// The catalogue's files, by name.
const FILES: &[(&str, &str)] = &[
    ("binance/spot.toml", include_str!("../catalogue/binance/spot.toml")),
    ("binance/wallet.toml", include_str!("../catalogue/binance/wallet.toml")),
    ("binance/usdm.toml", include_str!("../catalogue/binance/usdm.toml")),
    ("binance/coinm.toml", include_str!("../catalogue/binance/coinm.toml")),
    ("binance/option.toml", include_str!("../catalogue/binance/option.toml")),
    ("binance/portfolio.toml", include_str!("../catalogue/binance/portfolio.toml")),
    ("binance/ws.toml", include_str!("../catalogue/binance/ws.toml")),
];

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::compiled(FILES));

const NAME: &str = "binance";

/// Lists within one parameter are JSON.
const LISTS: Lists = Lists::Json;

const SPOT: Surface = Surface {
    name: "spot",
    prefix: "binance",
    hosts: &[
        "api.binance.com",
        "api-gcp.binance.com",
        "api1.binance.com",
        "api2.binance.com",
        "api3.binance.com",
        "api4.binance.com",
        "data-api.binance.vision",
    ],
    time_path: "/api/v3/time",
};

const USDM: Surface = Surface {
    name: "usdm",
    prefix: "binance-usdm",
    hosts: &["fapi.binance.com"],
    time_path: "/fapi/v1/time",
};

const COINM: Surface = Surface {
    name: "coinm",
    prefix: "binance-coinm",
    hosts: &["dapi.binance.com"],
    time_path: "/dapi/v1/time",
};

static SURFACES: [Surface; 3] = [SPOT, USDM, COINM];

impl Exchange for Binance {
    fn name(&self) -> &'static str {
        NAME
    }

    fn title(&self) -> &'static str {
        "Binance"
    }

    fn surfaces(&self) -> &'static [Surface] {
        &SURFACES
    }

    fn catalogue(&self) -> &'static Catalogue {
        &CATALOGUE
    }

    fn surface_of(&self, host: &str, _path: &str) -> Option<&'static Surface> {
        SURFACES.iter().find(|surface| surface.hosts.contains(&host))
    }

    fn schemes(&self) -> &'static [Scheme] {
        &[Scheme::HmacSha256Hex, Scheme::Ed25519Base64, Scheme::RsaSha256Base64]
    }

    fn has_passphrase(&self) -> bool {
        false
    }

    fn claim<'a>(&self, request: &RawRequest<'a>) -> Result<Option<Claim<'a>>, ClaimError> {
        claim::claim(request)
    }

    fn read(&self, surface: &Surface, request: &RawRequest<'_>) -> Result<(Intent, &'static Row), ReadError> {
        read::read(surface, request)
    }

    fn client_id(&self, _market: Market, intent_id: &str) -> ClientOrderId {
        order::client_id(intent_id)
    }

    fn print(&self, intent: &Intent, stamp: Option<Stamp>) -> Result<Unsigned, PrintError> {
        print::print(intent, stamp)
    }

    fn attach(&self, unsigned: Unsigned, key_id: Option<&str>, signature: Option<&str>) -> Printed {
        print::attach(unsigned, key_id, signature)
    }

    fn outcome(&self, intent: &Intent, status: u16, body: &[u8]) -> Outcome {
        outcome::outcome(intent, status, body)
    }

    fn refuse(&self, class: DenialClass, message: &str, _intent: Option<&Intent>) -> HttpAnswer {
        refuse::refuse(class, message)
    }

    fn house(&self, call: &HouseCall) -> Option<Intent> {
        house::house(call)
    }

    fn order_status(&self, intent: &Intent, status: u16, body: &[u8]) -> Option<OrderState> {
        outcome::order_status(intent, status, body)
    }

    fn order_absent(&self, _intent: &Intent, status: u16, body: &[u8]) -> bool {
        outcome::order_absent(status, body)
    }

    fn market_calls(&self, wanted: &[(Market, Vec<Symbol>)]) -> Vec<MarketCall> {
        market::calls(wanted)
    }

    fn time_call(&self, surface: &Surface) -> Intent {
        house::public(surface.name, surface.time_path, Vec::new())
    }

    fn read_time(&self, body: &[u8]) -> Option<u64> {
        market::read_time(body)
    }
}

/// The market that a surface trades on; `None` for one that claviger cannot trade on.
fn market_of(surface: &str) -> Option<Market> {
    match surface {
        "spot" => Some(Market::Spot),
        "usdm" => Some(Market::Usdm),
        "coinm" => Some(Market::Coinm),
        _ => None,
    }
}

fn endpoint(surface: &str, method: Method, path: &str) -> Endpoint {
    Endpoint {
        exchange: Binance.exchange_name(),
        surface: surface.parse().unwrap_or_else(|_| unnamed()),
        method,
        path: path.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_parses() {
        let catalogue = Catalogue::parse(FILES).unwrap();
        assert_eq!(catalogue.rows().len(), CATALOGUE.rows().len());
        assert!(catalogue.rows().len() >= 1045);
    }

    #[test]
    fn time_paths_are_public_rows() {
        for surface in &SURFACES {
            let row = CATALOGUE.row(surface.name, crate::Verb::Get, surface.time_path).unwrap();
            assert_eq!(row.permission, claviger_core::Permission::Public);
        }
    }
}
