//! Binance: spot with wallet and margin (`/api`, `/sapi`), USDⓈ-M futures (`/fapi`), COIN-M futures (`/dapi`), options
//! (`/eapi`), portfolio margin (`/papi`).
//!
//! `docs/exchanges/binance.md` holds the facts this folder rests on.

mod claim;
mod holdings;
mod house;
mod key;
mod market;
mod names;
mod order;
mod outcome;
mod own;
mod print;
mod quote;
mod read;
mod refuse;
mod special;
mod steps;

use claviger_core::{
    ClientOrderId, DenialClass, Endpoint, Holdings, Intent, Market, Method, OrderState, Outcome, Sheet,
    Symbol,
};

use crate::exchange::unnamed;
use crate::own::Told;
use crate::values::Lists;
use crate::{
    Claim, ClaimError, Exchange, HouseCall, HttpAnswer, KeyFault, KeyInfo, KeyRight, Live, MarketCall,
    PrintError, Printed, Quote, RawRequest, ReadError, Row, Scheme, Stamp, Surface, Unsigned,
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

static CATALOGUE: Live = Live::new(FILES);

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

const OPTION: Surface = Surface {
    name: "option",
    prefix: "binance-option",
    hosts: &["eapi.binance.com"],
    time_path: "/eapi/v1/time",
};

/// It tells no time: the spot surface's is taken.
const PORTFOLIO: Surface = Surface {
    name: "portfolio",
    prefix: "binance-portfolio",
    hosts: &["papi.binance.com"],
    time_path: SPOT.time_path,
};

static SURFACES: [Surface; 5] = [SPOT, USDM, COINM, OPTION, PORTFOLIO];

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

    fn live(&self) -> &'static Live {
        &CATALOGUE
    }

    fn only_reads_by_get(&self) -> bool {
        true
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

    fn refuse_step(&self, class: DenialClass, message: &str, intent: &Intent, step: usize) -> HttpAnswer {
        refuse::refuse_step(class, message, &intent.act, step)
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

    fn sheets(&self, market: Market) -> &'static [(&'static str, Sheet)] {
        holdings::sheets(market)
    }

    fn holdings(&self, intent: &Intent, status: u16, body: &[u8]) -> Option<Holdings> {
        holdings::told(intent, status, body)
    }

    fn told_orders(&self, intent: &Intent, status: u16, body: &[u8]) -> Told {
        own::told(intent, status, body)
    }

    fn asks_for_quote(&self, intent: &Intent) -> bool {
        quote::asks(intent)
    }

    fn told_quote(&self, intent: &Intent, status: u16, body: &[u8]) -> Option<Quote> {
        quote::told(intent, status, body)
    }

    fn key_fault(&self, status: u16, body: &[u8]) -> Option<KeyFault> {
        key::fault(status, body)
    }

    fn key_info(&self, status: u16, body: &[u8]) -> Option<KeyInfo> {
        key::info(status, body)
    }

    fn key_rights(&self, intent: &Intent) -> &'static [KeyRight] {
        key::rights(intent)
    }

    fn market_calls(&self, wanted: &[(Market, Vec<Symbol>)]) -> Vec<MarketCall> {
        market::calls(wanted)
    }

    fn time_call(&self, surface: &Surface) -> Intent {
        house::public(time_surface(surface).name, surface.time_path, Vec::new())
    }

    fn needs_time(&self, surface: &Surface, wanted: &[(Market, Vec<Symbol>)]) -> bool {
        surface.name != OPTION.name || wanted.iter().any(|(market, _)| *market == Market::Option)
    }

    fn read_time(&self, body: &[u8]) -> Option<u64> {
        market::read_time(body)
    }
}

/// Where a surface's time is asked for.
fn time_surface(surface: &Surface) -> &Surface {
    if surface.time_path == SPOT.time_path { &SPOT } else { surface }
}

/// The market that a surface trades on, where its rows do not say; `None` for one that claviger cannot trade on.
fn market_of(surface: &str) -> Option<Market> {
    match surface {
        "spot" => Some(Market::Spot),
        "usdm" => Some(Market::Usdm),
        "coinm" => Some(Market::Coinm),
        "option" => Some(Market::Option),
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
        let catalogue = crate::Catalogue::parse(FILES).unwrap();
        assert_eq!(catalogue.rows().len(), CATALOGUE.base().rows().len());
        assert!(catalogue.rows().len() >= 1045);
    }

    #[test]
    fn time_paths_are_public_rows() {
        for surface in &SURFACES {
            let (surface, path) = (time_surface(surface), surface.time_path);
            let row = CATALOGUE.row(surface.name, crate::Verb::Get, path).unwrap();
            assert_eq!(row.permission, claviger_core::Permission::Public);
        }
    }
    /// The option surface has a host of its own, which is left alone until a bot may trade there.
    #[test]
    fn clocks_are_measured_where_bots_trade() {
        let measured = |markets: &[Market]| -> Vec<&str> {
            let wanted: Vec<_> = markets.iter().map(|market| (*market, Vec::new())).collect();
            let surfaces = SURFACES.iter().filter(|surface| Binance.needs_time(surface, &wanted));
            surfaces.map(|surface| surface.name).collect()
        };
        assert_eq!(measured(&[Market::Spot]), ["spot", "usdm", "coinm", "portfolio"]);
        assert!(measured(&[Market::Spot, Market::Option]).contains(&"option"));
    }
}
