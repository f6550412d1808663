//! Any answer to any change: no panic; done only where the status says so and the order is the one that was meant.
#![no_main]

use claviger_core::{DenialClass, Execution, Intent, Outcome};
use claviger_exchange::own::Told;
use claviger_exchange::{EXCHANGES, Exchange, HouseCall, carries_power};
use libfuzzer_sys::arbitrary::{self, Unstructured};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut u = Unstructured::new(input);
    let _ = any(&mut u);
});

fn any(u: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let exchange: &dyn Exchange = *u.choose(EXCHANGES)?;
    let status = *u.choose(&[200, 201, 400, 403, 500, 503])?;
    let intent = if u.arbitrary()? { claviger_fuzz::change(exchange, u)? } else { None };
    let body = u.bytes(u.len())?;
    cancel(exchange, (status, body));
    let _ = carries_power(body);
    let _ = (exchange.key_fault(status, body), exchange.key_info(status, body), exchange.read_time(body));
    if let Some(intent) = intent {
        let _ = exchange.outcome(&intent, status, body);
        let _ = exchange.refuse(DenialClass::Order, "a reason", Some(&intent));
    }
    quote(exchange, (status, body));
    holdings(exchange, (status, body));
    let mut view = claviger_core::MarketView::default();
    let at = claviger_core::Time::from_millis(1);
    for market in claviger_core::Market::ALL {
        exchange
            .market_calls(&[(market, Vec::new())])
            .iter()
            .for_each(|c| drop((c.read)(body, at, &mut view)));
    }
    Ok(())
}

/// An offer is read of a good answer alone, and gives something.
fn quote(exchange: &dyn Exchange, (status, body): (u16, &[u8])) {
    for intent in claviger_fuzz::quote_requests(exchange) {
        if let Some(quote) = exchange.told_quote(&intent, status, body) {
            assert!((200..300).contains(&status) && !quote.id.is_empty() && !quote.gives.amount.is_zero());
        }
    }
}

/// What is held is told by a good answer alone, and nothing that is told is nothing.
fn holdings(exchange: &dyn Exchange, (status, body): (u16, &[u8])) {
    for (surface, sheet) in claviger_core::Market::ALL.iter().flat_map(|market| exchange.sheets(*market)) {
        let call = HouseCall::Holdings { surface: surface.parse().expect("a surface"), sheet: *sheet };
        let asked = exchange.house(&call).expect("known");
        if let Some(told) = exchange.holdings(&asked, status, body) {
            assert!(status == 200 && (told.balances.is_some() || told.positions.is_some()));
            assert!(told.balances.iter().flatten().all(|held| !held.total.is_zero()));
            assert!(told.positions.iter().flatten().all(|held| !held.size.is_zero()));
        }
    }
}

fn cancel(exchange: &dyn Exchange, (status, body): (u16, &[u8])) {
    let (market, symbol) = (claviger_core::Market::Spot, "BTC-USDT".parse().expect("a symbol"));
    let surface = exchange.surface_name(exchange.surfaces().first().expect("a surface"));
    let order = claviger_core::OrderRef::Exchange("5".into());
    let call = HouseCall::CancelOrder { surface, market, symbol, order };
    let cancel: Intent = exchange.house(&call).expect("known");
    let outcome = exchange.outcome(&cancel, status, body);
    if let Outcome::Executed(Execution { order, .. }) = outcome {
        assert!((200..300).contains(&status) && order.is_some_and(|order| *order.id == *"5"));
    }
    let _ = (exchange.order_status(&cancel, status, body), exchange.order_absent(&cancel, status, body));
    if let Told::Orders(orders) = exchange.told_orders(&cancel, status, body) {
        let (all, none) = (vec![true; orders.pieces.len()], vec![false; orders.pieces.len()]);
        assert!(orders.only(body, &all).is_some());
        assert!(orders.only(body, &none).is_none_or(|only| only.len() <= body.len()));
    }
}
