//! Any answer to a change: no panic; done only where the status says so and the order is the one that was meant.
#![no_main]

use claviger_core::{Execution, Intent, Outcome};
use claviger_exchange::{EXCHANGES, HouseCall};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (status, body) = input;
    let (market, symbol) = (claviger_core::Market::Spot, "BTC-USDT".parse().expect("a symbol"));
    let order = claviger_core::OrderRef::Exchange("5".into());
    let call = HouseCall::CancelOrder { market, symbol, order };
    for exchange in EXCHANGES {
        let cancel: Intent = exchange.house(&call).expect("known");
        let outcome = exchange.outcome(&cancel, status, body);
        if let Outcome::Executed(Execution { order, .. }) = outcome {
            assert!((200..300).contains(&status) && order.is_some_and(|order| *order.id == *"5"));
        }
        let mut view = claviger_core::MarketView::default();
        let at = claviger_core::Time::from_millis(1);
        for market in claviger_core::Market::ALL {
            exchange
                .market_calls(&[(market, Vec::new())])
                .iter()
                .for_each(|c| drop((c.read)(body, at, &mut view)));
        }
        let _ = exchange.read_time(body);
    }
});
