//! A window of time that opens on certain days of the week.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{self, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::Time;

/// A window of time that opens at a time of day, on certain days of the week, in some time zone, and closes so much later:
/// `mon-fri 08:00 +9h Europe/Berlin`.
///
/// A start that the clocks skip is as late as the clocks are put forward; one that they show twice is the first one. How
/// long it is open, is time that has passed. The rules of time zones are those that this build of claviger was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenWindow {
    text: Box<str>,
    /// From Monday (0) to Sunday (6).
    days: BTreeSet<u8>,
    start: civil::Time,
    length_ms: u64,
    zone: TimeZone,
}

/// The text is no window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a window like `mon-fri 08:00 +9h Europe/Berlin`")]
pub struct NotAWindow;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const MINUTE_MS: u64 = 60_000;

/// A window is open for a week at most.
const LONGEST_MIN: u64 = 168 * 60;

/// So many days ago a window can have opened that still is open, wherever its zone's day begins.
const BACK: usize = 8;

impl FromStr for OpenWindow {
    type Err = NotAWindow;

    fn from_str(text: &str) -> Result<Self, NotAWindow> {
        let mut parts = text.split(' ');
        let mut next = || parts.next().ok_or(NotAWindow);
        let (days, start, length, name) = (next()?, next()?, next()?, next()?);
        if parts.next().is_some() {
            return Err(NotAWindow);
        }
        let zone = TimeZoneDatabase::bundled().get(name).ok().filter(|zone| zone.iana_name() == Some(name));
        Ok(Self {
            text: text.into(),
            days: weekdays(days).ok_or(NotAWindow)?,
            start: time_of_day(start).ok_or(NotAWindow)?,
            length_ms: minutes(length).ok_or(NotAWindow)?.saturating_mul(MINUTE_MS),
            zone: zone.ok_or(NotAWindow)?,
        })
    }
}

impl OpenWindow {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is open. At its start it is, and when its time has passed it is not.
    #[must_use]
    pub fn is_open(&self, now: Time) -> bool {
        self.opened(now)
            .is_some_and(|mut opened| opened.any(|at| now >= at && now.since(at) < self.length_ms))
    }

    /// Whether another one of the same zone and start is open whenever this one is.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let same = self.zone == other.zone && self.start == other.start;
        same && self.days.is_subset(&other.days) && self.length_ms <= other.length_ms
    }

    /// When it opened, or will, around some time; nothing where that time is beyond every calendar.
    fn opened(&self, now: Time) -> Option<impl Iterator<Item = Time>> {
        let timestamp = Timestamp::from_millisecond(i64::try_from(now.millis()).ok()?).ok()?;
        let today = self.zone.to_datetime(timestamp).date();
        let days = std::iter::successors(Some(today), |day| day.yesterday().ok()).take(BACK + 1);
        let open = days.filter(|day| self.days.contains(&from_monday(day.weekday())));
        Some(open.filter_map(|day| {
            let at = self.zone.to_timestamp(day.to_datetime(self.start)).ok()?;
            u64::try_from(at.as_millisecond()).ok().map(Time::from_millis)
        }))
    }
}

const fn from_monday(day: Weekday) -> u8 {
    match day {
        Weekday::Monday => 0,
        Weekday::Tuesday => 1,
        Weekday::Wednesday => 2,
        Weekday::Thursday => 3,
        Weekday::Friday => 4,
        Weekday::Saturday => 5,
        Weekday::Sunday => 6,
    }
}

/// `daily`, or days and spans of days like `mon-wed,fri`; a span may go over Sunday.
fn weekdays(text: &str) -> Option<BTreeSet<u8>> {
    if text == "daily" {
        return Some((0..7).collect());
    }
    let day = |name: &str| (0_u8..).zip(DAYS).find(|(_, day)| *day == name).map(|(n, _)| n);
    let mut days = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (day(first)?, day(last)?);
        let span = (first..first + 7).map(|n| n % 7);
        for n in span {
            days.insert(n);
            if n == last {
                break;
            }
        }
    }
    Some(days)
}

/// `08:00`, from `00:00` to `23:59`.
fn time_of_day(text: &str) -> Option<civil::Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| (digits.len() == 2).then(|| whole(digits)).flatten();
    let (hour, minute) = (i8::try_from(two(hour)?).ok()?, i8::try_from(two(minute)?).ok()?);
    civil::Time::new(hour, minute, 0, 0).ok()
}

/// `+9h`, `+90m` or `+4h30m`.
fn minutes(text: &str) -> Option<u64> {
    let text = text.strip_prefix('+')?;
    let (hours, rest) = text.split_once('h').map_or((None, text), |(hours, rest)| (Some(hours), rest));
    let hours = hours.map_or(Some(0), whole)?;
    let rest = match (rest, text.ends_with('h')) {
        ("", true) => 0,
        (rest, _) => whole(rest.strip_suffix('m')?)?,
    };
    let minutes = hours.checked_mul(60)?.checked_add(rest)?;
    (1..=LONGEST_MIN).contains(&minutes).then_some(minutes)
}

fn whole(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.len() <= 5 && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}
