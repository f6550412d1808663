//! OKX v5: headers carry the signature, bodies are JSON, and one surface serves every market.
//!
//! Knows nothing of the key behind a request: whether it trades for real or on paper is the key's own matter, so the
//! header that chooses it is never the bot's (see [`Exchange::environment_headers`]).

use claviger_core::{
    ClientOrderId, DenialClass, Holdings, Intent, Market, Method, OrderState, Outcome, Params, Permission,
    Sheet, Symbol,
};

use crate::own::Told;
use crate::{
    Claim, ClaimError, Exchange, HouseCall, HttpAnswer, KeyFault, KeyInfo, KeyRight, Live, MarketCall,
    PrintError, Printed, Quote, RawRequest, ReadError, Row, Scheme, Stamp, Surface, Unsigned,
};

mod act;
mod algo;
mod amend;
mod answer;
mod claim;
mod codes;
mod exits;
mod fields;
mod holdings;
mod house;
mod instrument;
mod key;
mod market;
mod order;
mod outcome;
mod own;
mod print;
mod quote;
mod read;
mod refuse;
mod special;
mod steps;

/// OKX.
#[derive(Clone, Copy, Debug)]
pub struct Okx;

const REST: Surface = Surface {
    name: "rest",
    prefix: "okx",
    hosts: &["www.okx.com", "openapi.okx.com", "us.okx.com", "eea.okx.com"],
    time_path: "/api/v5/public/time",
};

static SURFACES: [Surface; 1] = [REST];

static CATALOGUE: Live = Live::new(FILES);

const FILES: &[(&str, &str)] = &[
    ("okx/rest.toml", include_str!("../catalogue/okx/rest.toml")),
    ("okx/ws.toml", include_str!("../catalogue/okx/ws.toml")),
];

/// The environment of keys for paper trading, as configuration spells it.
const DEMO: &str = "demo";

impl Exchange for Okx {
    fn name(&self) -> &'static str {
        "okx"
    }

    fn title(&self) -> &'static str {
        "OKX"
    }

    fn surfaces(&self) -> &'static [Surface] {
        &SURFACES
    }

    fn exits_by_account(&self) -> bool {
        true
    }

    fn markets(&self) -> &'static [Market] {
        &[Market::Spot, Market::Margin, Market::Usdm, Market::Coinm, Market::Option]
    }

    fn live(&self) -> &'static Live {
        &CATALOGUE
    }

    fn only_reads_by_get(&self) -> bool {
        true
    }

    fn surface_of(&self, host: &str, path: &str) -> Option<&'static Surface> {
        SURFACES.iter().find(|s| s.hosts.contains(&host) && path.starts_with("/api/v5/"))
    }

    fn schemes(&self) -> &'static [Scheme] {
        &[Scheme::HmacSha256Base64]
    }

    fn has_passphrase(&self) -> bool {
        true
    }

    fn passphrase_header(&self) -> Option<&'static str> {
        Some("OK-ACCESS-PASSPHRASE")
    }

    fn wished_environment(&self, request: &RawRequest<'_>) -> Result<Option<&'static str>, ClaimError> {
        claim::environment(request)
    }

    fn environment_headers(&self, environment: &str) -> &'static [(&'static str, &'static str)] {
        if environment == DEMO { &[(claim::SIMULATED, "1")] } else { &[] }
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

    fn refuse(&self, class: DenialClass, message: &str, intent: Option<&Intent>) -> HttpAnswer {
        refuse::refuse(class, message, intent)
    }

    fn refuse_step(&self, class: DenialClass, message: &str, intent: &Intent, step: usize) -> HttpAnswer {
        refuse::refuse_step(class, message, intent, step)
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
        house::intent(Method::Get, surface.time_path, Permission::Public, Params::new())
    }

    fn read_time(&self, body: &[u8]) -> Option<u64> {
        market::time(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_parses() {
        let catalogue = crate::Catalogue::parse(FILES).unwrap();
        assert!(catalogue.rows().len() >= 499);
    }
}
