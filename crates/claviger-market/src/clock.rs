//! How far an exchange's clock is from ours: the median of five calls, each minute.

use std::time::Duration;

use claviger_core::{Clock, MarketView};
use claviger_door::Door;
use claviger_exchange::{Exchange, Surface};

use crate::ask::{Silent, ask, note, pause};
use crate::told::Teller;

const EVERY: Duration = Duration::from_secs(60);
const CALLS: usize = 5;
const ENOUGH: usize = 3;
const BETWEEN: Duration = Duration::from_millis(50);

/// Measures a surface's clock for ever.
pub(crate) async fn follow<D: Door>(
    exchange: &'static dyn Exchange,
    surface: &'static Surface,
    teller: Teller<D>,
) {
    let (what, mut failures) = (format!("{} {} time", exchange.name(), surface.name), 0_u32);
    loop {
        let silent = once(exchange, surface, &teller).await.err();
        note(&what, failures, silent.as_ref());
        failures = silent.as_ref().map_or(0, |_| failures.saturating_add(1));
        let wait = if failures == 0 { EVERY } else { pause(Duration::from_secs(1), failures) };
        tokio::time::sleep(wait.max(silent.map_or(Duration::ZERO, |s| s.wait()))).await;
    }
}

async fn once<D: Door>(exchange: &dyn Exchange, surface: &Surface, teller: &Teller<D>) -> Result<(), Silent> {
    // The first call may have to connect, which would count as travel; it only opens the way.
    measure(exchange, surface, teller).await?;
    let mut offsets = Vec::with_capacity(CALLS);
    let mut last = Silent::TooFew;
    for _ in 0..CALLS {
        match measure(exchange, surface, teller).await {
            Ok(offset) => offsets.push(offset),
            Err(silent) => last = silent,
        }
        tokio::time::sleep(BETWEEN).await;
    }
    let offset_ms = median(offsets).ok_or(last)?;
    let clock = Clock { offset_ms, at: teller.now.time() };
    let mut view = MarketView::default();
    let venue = view.venues.entry(exchange.exchange_name()).or_default();
    venue.clocks.insert(exchange.surface_name(surface), clock);
    teller.tell(view).await
}

async fn measure<D: Door>(
    exchange: &dyn Exchange,
    surface: &Surface,
    teller: &Teller<D>,
) -> Result<i64, Silent> {
    let before = teller.now.time();
    let body = ask(exchange, &exchange.time_call(surface), &teller.egress).await?;
    let after = teller.now.time();
    let server = exchange.read_time(&body).ok_or(Silent::NoTime)?;
    Ok(offset(server, before, after))
}

/// The exchange's clock less ours, where its answer was made half way.
fn offset(server_ms: u64, before: claviger_core::Time, after: claviger_core::Time) -> i64 {
    let middle = before.plus(after.since(before) / 2);
    let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
    signed(server_ms).saturating_sub(signed(middle.millis()))
}

fn median(mut offsets: Vec<i64>) -> Option<i64> {
    offsets.sort_unstable();
    offsets.get(offsets.len() / 2).copied().filter(|_| offsets.len() >= ENOUGH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_core::Time;

    #[test]
    fn half_of_the_way_is_taken_off() {
        let at = Time::from_millis;
        assert_eq!(offset(1_500, at(1_000), at(1_200)), 400);
        assert_eq!(offset(900, at(1_000), at(1_000)), -100);
        assert_eq!(offset(u64::MAX, at(0), at(0)), i64::MAX);
        assert_eq!(offset(0, at(u64::MAX), at(0)), -i64::MAX);
    }

    #[test]
    fn one_liar_does_not_move_the_median() {
        assert_eq!(median(vec![5, 4, 1_000_000, 6, 5]), Some(5));
        assert_eq!(median(vec![1, 2]), None);
        assert_eq!(median(Vec::new()), None);
    }
}
