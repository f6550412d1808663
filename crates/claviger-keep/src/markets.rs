//! What the keep knows of the markets, put together from what the gateway's process sends.

use claviger_core::{Clock, ExchangeName, MarketView, SurfaceName, Time, Venue};

/// The current view, in the keep's time.
///
/// The sender is not trusted with ages: a value can be made older by it, never younger than the frame that brought it.
#[derive(Clone, Debug, Default)]
pub struct Markets {
    view: MarketView,
}

/// The longest that a measured clock counts as known, in milliseconds.
const CLOCK_LASTS_MS: u64 = 5 * 60 * 1000;

/// The furthest that an exchange's clock may be from ours, in milliseconds.
const FURTHEST_MS: i64 = 1000;

/// The exchange's time as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeTime {
    /// Its milliseconds since 1970, by the clock of another surface where its own is not known, by our own where none is;
    /// never more than a second from ours.
    pub ms: u64,
    /// Whether its clock is known well enough for what changes state.
    pub sure: bool,
}

impl Markets {
    /// The view to judge by.
    #[must_use]
    pub fn view(&self) -> &MarketView {
        &self.view
    }

    /// Takes in changed values, sent when the sender's time was `sent` and heard when the keep's time was `heard`.
    pub fn merge(&mut self, changed: MarketView, sent: Time, heard: Time) {
        let own = &mut self.view;
        let rebased = |at: Time| heard.minus(sent.since(at));
        let shift = i128::from(sent.millis()) - i128::from(heard.millis());
        for (exchange, venue) in changed.venues {
            merge_venue(own.venues.entry(exchange).or_default(), venue, &rebased, shift);
        }
    }

    /// The time of a surface of an exchange when the keep's time is `now`.
    #[must_use]
    pub fn exchange_time(&self, exchange: &ExchangeName, surface: &SurfaceName, now: Time) -> ExchangeTime {
        let lasts = |clock: &Clock| now.since(clock.at) <= CLOCK_LASTS_MS;
        let known = self.view.clock(exchange, surface).filter(lasts);
        // The clocks of one exchange agree nearly; what changes state needs the surface's own.
        let others = self.view.venues.get(exchange).into_iter().flat_map(|venue| venue.clocks.values());
        let near = known.or_else(|| others.copied().find(lasts));
        let offset = near.map_or(0, |c| c.offset_ms);
        let clamped = offset.clamp(-FURTHEST_MS, FURTHEST_MS);
        ExchangeTime {
            ms: now.millis().saturating_add_signed(clamped),
            sure: known.is_some() && clamped == offset,
        }
    }
}

fn merge_venue(own: &mut Venue, changed: Venue, rebased: &impl Fn(Time) -> Time, shift: i128) {
    for (surface, clock) in changed.clocks {
        // The offset was measured against the sender's clock; here it has to lead from ours.
        let offset = i128::from(clock.offset_ms) + shift;
        let nearest = if offset < 0 { i64::MIN } else { i64::MAX };
        let offset_ms = i64::try_from(offset).unwrap_or(nearest);
        own.clocks.insert(surface, Clock { offset_ms, at: rebased(clock.at) });
    }
    for (market, instruments) in changed.instruments {
        own.instruments.entry(market).or_default().extend(instruments);
    }
    for (market, references) in changed.references {
        let ours = own.references.entry(market).or_default();
        ours.extend(references.into_iter().map(|(symbol, mut reference)| {
            reference.at = rebased(reference.at);
            (symbol, reference)
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(offset_ms: i64, at: u64) -> MarketView {
        let mut venue = Venue::default();
        venue.clocks.insert("spot".parse().unwrap(), Clock { offset_ms, at: Time::from_millis(at) });
        let mut view = MarketView::default();
        view.venues.insert("binance".parse().unwrap(), venue);
        view
    }

    fn check(offset_ms: i64, sent: u64, heard: u64, asked: u64) -> ExchangeTime {
        let mut markets = Markets::default();
        markets.merge(view(offset_ms, sent), Time::from_millis(sent), Time::from_millis(heard));
        markets.exchange_time(&"binance".parse().unwrap(), &"spot".parse().unwrap(), Time::from_millis(asked))
    }

    #[test]
    fn clocks() {
        let sure = |ms| ExchangeTime { ms, sure: true };
        let unsure = |ms| ExchangeTime { ms, sure: false };
        assert_eq!(check(0, 1_000_000, 1_000_000, 1_000_500), sure(1_000_500));
        assert_eq!(check(400, 1_000_000, 1_000_000, 1_000_500), sure(1_000_900));
        assert_eq!(check(-1000, 1_000_000, 1_000_000, 1_000_500), sure(999_500));
        assert_eq!(check(1001, 1_000_000, 1_000_000, 1_000_500), unsure(1_001_500));
        assert_eq!(check(-90_000, 1_000_000, 1_000_000, 1_000_500), unsure(999_500));
        assert_eq!(check(400, 1_000_000, 1_000_000, 1_300_001), unsure(1_300_001));
        // The sender's clock is 300 ms behind ours, and the exchange 400 ms before the sender's.
        assert_eq!(check(400, 1_000_000, 1_000_300, 1_000_300), sure(1_000_400));
        assert_eq!(check(i64::MAX, 1_000_000, 1_000_000, 1_000_500), unsure(1_001_500));
        assert_eq!(check(i64::MIN, 0, u64::MAX, u64::MAX), unsure(u64::MAX - 1000));
    }

    /// A surface whose clock nobody measures goes by another of its exchange, and not for what changes state.
    #[test]
    fn a_clock_that_is_not_measured() {
        let mut markets = Markets::default();
        let at = Time::from_millis(1_000_000);
        markets.merge(view(400, 1_000_000), at, at);
        let ask = |exchange: &str, later: u64| {
            let (exchange, surface) = (exchange.parse().unwrap(), "option".parse().unwrap());
            markets.exchange_time(&exchange, &surface, Time::from_millis(1_000_000 + later))
        };
        assert_eq!(ask("binance", 500), ExchangeTime { ms: 1_000_900, sure: false });
        assert_eq!(ask("binance", 300_001), ExchangeTime { ms: 1_300_001, sure: false });
        assert_eq!(ask("okx", 500), ExchangeTime { ms: 1_000_500, sure: false });
    }

    #[test]
    fn values_never_get_younger_than_their_frame() {
        let mut markets = Markets::default();
        let (sent, heard) = (Time::from_millis(5_000), Time::from_millis(9_000));
        markets.merge(view(0, 99_000), sent, heard);
        let clock = markets.view().clock(&"binance".parse().unwrap(), &"spot".parse().unwrap()).unwrap();
        assert_eq!(clock.at, heard);
    }
}
