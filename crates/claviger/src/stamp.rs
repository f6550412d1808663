//! Points in time, as people read them.

use std::time::{SystemTime, UNIX_EPOCH};

use claviger_core::Time;
use time::OffsetDateTime;
use time::macros::format_description;

/// This machine's clock.
pub fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// `2026-11-22 17:03:04.567Z`.
pub fn shown(at: Time) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:3]Z");
    let nanos = i128::from(at.millis()) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .and_then(|time| time.format(format).ok())
        .unwrap_or_else(|| at.millis().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc() {
        assert_eq!(shown(Time::from_millis(1_795_366_984_567)), "2026-11-22 17:03:04.567Z");
        assert_eq!(shown(Time::from_millis(u64::MAX)), u64::MAX.to_string());
    }
}
