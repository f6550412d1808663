//! One public answer that tells instruments or prices, asked again and again.

use std::sync::Arc;
use std::time::Duration;

use claviger_core::{ExchangeName, Instrument, Market, MarketView, Symbol};
use claviger_door::Door;
use claviger_exchange::{Exchange, MarketCall};
use std::collections::HashMap;

use crate::ask::{Silent, ask, note, pause};
use crate::told::Teller;

/// Markets and symbols the keep wants; no symbols means every one.
pub(crate) type Wanted = Arc<Vec<(Market, Vec<Symbol>)>>;

/// Nothing is asked more often than this.
const SHORTEST: Duration = Duration::from_millis(500);

pub(crate) struct Feed<D> {
    pub exchange: &'static dyn Exchange,
    pub call: MarketCall,
    pub wanted: Wanted,
    pub teller: Teller<D>,
}

/// Instruments as the keep was last told.
type Known = HashMap<(Market, Symbol), Instrument>;

impl<D: Door> Feed<D> {
    /// Asks for ever.
    pub(crate) async fn follow(self) {
        let what = format!("{} {}", self.exchange.name(), self.call.intent.endpoint.path);
        let every = Duration::from_millis(self.call.every_ms).max(SHORTEST);
        let (mut failures, mut known) = (0_u32, Known::new());
        loop {
            let silent = self.once(&mut known).await.err();
            note(&what, failures, silent.as_ref());
            failures = silent.as_ref().map_or(0, |_| failures.saturating_add(1));
            let wait = silent.map_or(Duration::ZERO, |s| s.wait());
            tokio::time::sleep(pause(every, failures).max(wait)).await;
        }
    }

    async fn once(&self, known: &mut Known) -> Result<(), Silent> {
        let body = ask(self.exchange, &self.call.intent, &self.teller.egress).await?;
        let mut view = MarketView::default();
        (self.call.read)(&body, self.teller.now.time(), &mut view)?;
        drop(body);
        narrow(&mut view, &self.exchange.exchange_name(), &self.wanted);
        let news = without_known(&mut view, known);
        if !is_empty(&view) {
            self.teller.tell(view).await?;
        }
        known.extend(news);
        Ok(())
    }
}

/// Leaves what is wanted.
fn narrow(view: &mut MarketView, exchange: &ExchangeName, wanted: &[(Market, Vec<Symbol>)]) {
    let is_wanted = |market: Market, symbol: &Symbol| {
        wanted.iter().any(|(m, symbols)| *m == market && (symbols.is_empty() || symbols.contains(symbol)))
    };
    view.venues.retain(|name, _| name == exchange);
    for venue in view.venues.values_mut() {
        venue.instruments.iter_mut().for_each(|(market, all)| all.retain(|s, _| is_wanted(*market, s)));
        venue.references.iter_mut().for_each(|(market, all)| all.retain(|s, _| is_wanted(*market, s)));
    }
}

/// Takes out the instruments that the keep knows as they are, and returns the others. Prices stay: their age is news.
fn without_known(view: &mut MarketView, known: &Known) -> Known {
    let mut news = Known::new();
    for venue in view.venues.values_mut() {
        for (market, all) in &mut venue.instruments {
            all.retain(|symbol, instrument| known.get(&(*market, symbol.clone())) != Some(instrument));
            news.extend(all.iter().map(|(s, i)| ((*market, s.clone()), i.clone())));
        }
    }
    news
}

fn is_empty(view: &MarketView) -> bool {
    view.venues.values().all(|venue| {
        venue.clocks.is_empty()
            && venue.instruments.values().all(|all| all.is_empty())
            && venue.references.values().all(|all| all.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_core::{Reference, Time, Venue};

    fn view(symbols: &[&str]) -> MarketView {
        let mut venue = Venue::default();
        for symbol in symbols {
            let symbol: Symbol = symbol.parse().unwrap();
            let n = |t: &str| t.parse().unwrap();
            let instrument = Instrument {
                base: "BTC".parse().unwrap(),
                quote: "USDT".parse().unwrap(),
                contract: None,
                price_step: n("0.01"),
                size_step: n("0.01"),
                min_size: n("0.01"),
                underlying: None,
            };
            let reference = Reference { price: n("1"), at: Time::from_millis(1), source: "ticker".into() };
            venue.instruments.entry(Market::Spot).or_default().insert(symbol.clone(), instrument);
            venue.references.entry(Market::Spot).or_default().insert(symbol, reference);
        }
        let mut view = MarketView::default();
        view.venues.insert("binance".parse().unwrap(), venue);
        view
    }

    fn symbols(view: &MarketView) -> (Vec<String>, Vec<String>) {
        let venue = view.venues.values().next().unwrap();
        let names = |keys: Vec<&Symbol>| keys.into_iter().map(ToString::to_string).collect();
        (
            names(venue.instruments.values().flat_map(|m| m.keys()).collect()),
            names(venue.references.values().flat_map(|m| m.keys()).collect()),
        )
    }

    #[test]
    fn only_what_is_wanted_is_told() {
        let (name, wanted) = ("binance".parse().unwrap(), vec![(Market::Spot, vec!["A".parse().unwrap()])]);
        let mut some = view(&["A", "B"]);
        narrow(&mut some, &name, &wanted);
        assert_eq!(symbols(&some), (vec!["A".into()], vec!["A".into()]));
        let mut all = view(&["A", "B"]);
        narrow(&mut all, &name, &[(Market::Spot, Vec::new())]);
        assert_eq!(symbols(&all).0, ["A", "B"]);
        let mut none = view(&["A", "B"]);
        narrow(&mut none, &name, &[(Market::Usdm, Vec::new())]);
        assert!(is_empty(&none));
        let mut other = view(&["A"]);
        narrow(&mut other, &"okx".parse().unwrap(), &[(Market::Spot, Vec::new())]);
        assert!(is_empty(&other));
    }

    #[test]
    fn an_instrument_is_told_again_only_when_it_changed() {
        let mut known = Known::new();
        let mut first = view(&["A", "B"]);
        known.extend(without_known(&mut first, &known));
        assert_eq!(symbols(&first).0, ["A", "B"]);
        let mut second = view(&["A", "B", "C"]);
        let steps = second.venues.values_mut().next().unwrap().instruments.get_mut(&Market::Spot).unwrap();
        steps.get_mut(&"B".parse().unwrap()).unwrap().price_step = "0.1".parse().unwrap();
        without_known(&mut second, &known);
        assert_eq!(
            symbols(&second),
            (vec!["B".into(), "C".into()], vec!["A".into(), "B".into(), "C".into()])
        );
    }
}
