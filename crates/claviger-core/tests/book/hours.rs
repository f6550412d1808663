//! When a bot may do more than close and cancel.

use claviger_core::limits::OpenWindow;
use claviger_core::*;

use crate::desk::*;

fn is_open(window: &OpenWindow, at: &str) -> bool {
    let at: jiff::Timestamp = at.parse().unwrap();
    window.is_open(Time::from_millis(u64::try_from(at.as_millisecond()).unwrap()))
}

/// Open from the first moment to just before the second one, and not around that.
fn open(window: &str, (from, to): (&str, &str)) {
    let window: OpenWindow = window.parse().expect(window);
    let ms = jiff::SignedDuration::from_millis(1);
    for (edge, before, at) in [(from, false, true), (to, true, false)] {
        let edge: jiff::Timestamp = edge.parse().unwrap();
        assert_eq!(
            is_open(&window, &(edge - ms).to_string()),
            before,
            "{} just before {edge}",
            window.as_str()
        );
        assert_eq!(is_open(&window, &edge.to_string()), at, "{} at {edge}", window.as_str());
    }
}

fn shut(window: &str, at: &str) {
    assert!(!is_open(&window.parse().unwrap(), at), "{window} at {at}");
}

#[test]
fn days_and_times_of_a_zone() {
    let work = "mon-fri 08:00 +9h Europe/Berlin";
    open(work, ("2026-11-30T07:00:00Z", "2026-11-30T16:00:00Z"));
    open(work, ("2026-06-01T06:00:00Z", "2026-06-01T15:00:00Z"));
    shut(work, "2026-11-29T10:00:00Z");
    shut(work, "2026-11-28T10:00:00Z");
    open("daily 09:15 +6h15m Asia/Kolkata", ("2026-11-29T03:45:00Z", "2026-11-29T10:00:00Z"));
    open("sat-mon,wed 00:00 +90m UTC", ("2026-11-28T00:00:00Z", "2026-11-28T01:30:00Z"));
    open("sat-mon,wed 00:00 +90m UTC", ("2026-11-30T00:00:00Z", "2026-11-30T01:30:00Z"));
    open("sat-mon,wed 00:00 +90m UTC", ("2026-12-02T00:00:00Z", "2026-12-02T01:30:00Z"));
    shut("sat-mon,wed 00:00 +90m UTC", "2026-12-01T01:00:00Z");
    shut("sat-mon,wed 00:00 +90m UTC", "2026-12-03T01:00:00Z");
    // The day is that of the zone: at Kiritimati it is 14 hours ahead.
    open("mon 06:00 +1h Pacific/Kiritimati", ("2026-11-29T16:00:00Z", "2026-11-29T17:00:00Z"));
}

#[test]
fn across_midnight_months_and_years() {
    let night = "daily 22:00 +4h UTC";
    for (from, to) in [
        ("2026-01-31T22:00:00Z", "2026-02-01T02:00:00Z"),
        ("2026-04-30T22:00:00Z", "2026-05-01T02:00:00Z"),
        ("2028-02-28T22:00:00Z", "2028-02-29T02:00:00Z"),
        ("2028-02-29T22:00:00Z", "2028-03-01T02:00:00Z"),
        ("2027-02-28T22:00:00Z", "2027-03-01T02:00:00Z"),
        ("2026-12-31T22:00:00Z", "2027-01-01T02:00:00Z"),
    ] {
        open(night, (from, to));
    }
    open("fri 22:00 +4h UTC", ("2026-11-27T22:00:00Z", "2026-11-28T02:00:00Z"));
    shut("fri 22:00 +4h UTC", "2026-11-28T22:00:00Z");
    shut("fri 22:00 +4h UTC", "2026-11-27T01:00:00Z");
    open("sun 22:00 +120h America/New_York", ("2026-11-02T03:00:00Z", "2026-11-07T03:00:00Z"));
    let always: OpenWindow = "sun 22:00 +168h UTC".parse().unwrap();
    for day in 22..=29 {
        assert!(is_open(&always, &format!("2026-11-{day}T21:59:59.999Z")), "{day}");
        assert!(is_open(&always, &format!("2026-11-{day}T22:00:00Z")), "{day}");
    }
}

#[test]
fn a_start_that_the_clocks_skip() {
    // Berlin goes from 02:00 to 03:00 at 01:00 UTC.
    let early = "daily 02:30 +1h Europe/Berlin";
    open(early, ("2026-03-28T01:30:00Z", "2026-03-28T02:30:00Z"));
    open(early, ("2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"));
    open(early, ("2026-03-30T00:30:00Z", "2026-03-30T01:30:00Z"));
    open("daily 01:00 +3h Europe/Berlin", ("2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z"));
    open("sat 23:00 +5h Europe/Berlin", ("2026-03-28T22:00:00Z", "2026-03-29T03:00:00Z"));
    // Samoa had no 30th of December 2011.
    open("fri 08:00 +1h Pacific/Apia", ("2011-12-30T18:00:00Z", "2011-12-30T19:00:00Z"));
}

#[test]
fn a_start_that_the_clocks_show_twice() {
    // Berlin goes from 03:00 to 02:00 at 01:00 UTC: it opens the first time, and once.
    let early = "daily 02:30 +1h Europe/Berlin";
    open(early, ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"));
    open(early, ("2026-10-26T01:30:00Z", "2026-10-26T02:30:00Z"));
    open("daily 02:00 +2h Europe/Berlin", ("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"));
    open("sat 23:00 +5h Europe/Berlin", ("2026-10-24T21:00:00Z", "2026-10-25T02:00:00Z"));
}

#[test]
fn beyond_every_calendar_it_is_shut() {
    let always: OpenWindow = "daily 00:00 +168h UTC".parse().unwrap();
    assert!(always.is_open(Time::from_millis(START)));
    assert!(!always.is_open(Time::from_millis(u64::MAX)));
    assert!(!always.is_open(Time::from_millis(400_000_000_000_000)));
    // On the first day of all nothing had opened before.
    assert!(always.is_open(Time::from_millis(0)));
}

#[test]
fn what_is_no_window() {
    for text in [
        "",
        "mon 08:00 +9h",
        "mon 08:00 +9h UTC UTC",
        "mon  08:00 +9h UTC",
        "Mon 08:00 +9h UTC",
        "mon-xyz 08:00 +9h UTC",
        "mon-tue-wed 08:00 +9h UTC",
        "mon,, 08:00 +9h UTC",
        "mon 8:00 +9h UTC",
        "mon 24:00 +9h UTC",
        "mon 08:60 +9h UTC",
        "mon 08:00:00 +9h UTC",
        "mon 08.00 +9h UTC",
        "mon -8:00 +9h UTC",
        "mon 08:00 9h UTC",
        "mon 08:00 +0m UTC",
        "mon 08:00 +9 UTC",
        "mon 08:00 + UTC",
        "mon 08:00 +h UTC",
        "mon 08:00 +m UTC",
        "mon 08:00 +-9h UTC",
        "mon 08:00 +9h+ UTC",
        "mon 08:00 +9h30 UTC",
        "mon 08:00 +30m9h UTC",
        "mon 08:00 +168h1m UTC",
        "mon 08:00 +99999h UTC",
        "mon 08:00 +9h Berlin",
        "mon 08:00 +9h europe/berlin",
        "mon 08:00 +9h CEST",
        "mon 08:00 +9h +01:00",
        "mon 08:00 +9h ../etc/localtime",
    ] {
        assert!(text.parse::<OpenWindow>().is_err(), "{text}");
    }
}

const OPEN: &str = "allowed";
/// The desk opens on a Tuesday at 22:13:20.
const HOURS: &str = "hours = [\"mon 09:00 +1h UTC\", \"tue 22:00 +15m UTC\"]";
const REFUSED: &str = "hours: only reads, exits and cancels are allowed outside of hours = mon 09:00 +1h UTC, tue 22:00 +15m UTC";

fn said(answer: Result<book::Permit, book::Denied>) -> String {
    match answer {
        Ok(_) => OPEN.into(),
        Err(denied) => format!("{}: {denied}", denied.denial.rule()),
    }
}

/// What an act is told while it is open, and when it is not any more; at the bot's level and at the key's.
fn check(more: &str, act: &Act, permission: Permission, outside: &str) {
    let own = format!("danger_account_wide = true\n{more}");
    for (more, key) in [(format!("{own}\n{HOURS}"), ""), (own, HOURS)] {
        let mut desk = Desk::new(&more, key);
        assert_eq!(said(desk.ask("a", act.clone(), permission)), OPEN, "{act:?}");
        let mut desk = Desk::new(&more, key);
        desk.wait(100_000);
        assert_eq!(said(desk.ask("a", act.clone(), permission)), outside, "{act:?}");
    }
}

#[test]
fn outside_of_hours_only_exits_and_cancels_pass() {
    let futures = "markets = [\"usdm\", \"spot\"]\nmax_leverage = 5";
    let exit = |reduce_only| Order { market: Market::Usdm, reduce_only, ..sell("1", "100") };
    let (market, symbol): (_, Symbol) = (Market::Usdm, "BTCUSDT".parse().unwrap());
    let step = |order| Step { deed: Deed::Place(order), params: Vec::new() };
    let batch = |orders: Vec<Order>| {
        let steps = orders.into_iter().map(step).collect();
        Act::Steps(Steps { how: How::Batch, steps, client_id: None })
    };
    for (act, outside) in [
        (Act::Place(buy("1", "100")), REFUSED),
        (Act::Test(buy("1", "100")), REFUSED),
        (Act::Place(exit(false)), REFUSED),
        (Act::Place(exit(true)), OPEN),
        (batch(vec![exit(true), exit(true)]), OPEN),
        (batch(vec![exit(true), exit(false)]), REFUSED),
        (Act::CancelAll { market, symbol: Some(symbol.clone()) }, OPEN),
        (Act::Countdown { market: Some(market), symbol: Some(symbol.clone()), ms: Some(1) }, OPEN),
        (Act::ClosePosition { market, symbol: symbol.clone(), position_side: PositionSide::Net }, OPEN),
        (Act::SetLeverage { market, symbol: symbol.clone(), leverage: n("2") }, REFUSED),
        (Act::SetMarginMode { market, symbol, isolated: true }, REFUSED),
    ] {
        check(futures, &act, Permission::Trade, outside);
    }
    check("", &Act::Read, Permission::Read, OPEN);
    check("grants = [\"account\"]", &Act::Change, Permission::Account, REFUSED);
    for (what, outside) in [(What::Repay, OPEN), (What::Borrow, REFUSED), (What::Convert, REFUSED)] {
        let asset = Some("USDT".parse().unwrap());
        let act = Act::Special(Special {
            what,
            market: None,
            symbol: None,
            asset,
            amount: Some(n("1")),
            quote: None,
        });
        check("grants = [\"trade\", \"borrow\", \"convert\"]", &act, what.permission(), outside);
    }
}

#[test]
fn orders_that_rest_can_be_ended_and_not_amended_outside_of_hours() {
    let mut desk = Desk::new(HOURS, "");
    let id = desk.sent("a", Act::Place(buy("2", "100")));
    desk.settle(id, executed("7", Resting::Open, None));
    assert_eq!(said(desk.ask("a", amend(by_id("7"), Some("1.5"), None), Permission::Trade)), OPEN);
    let mut desk = Desk::new(HOURS, "");
    let id = desk.sent("a", Act::Place(buy("2", "100")));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.wait(100_000);
    assert_eq!(said(desk.ask("a", amend(by_id("7"), Some("1"), None), Permission::Trade)), REFUSED);
    assert_eq!(said(desk.ask("a", cancel(by_id("7")), Permission::Trade)), OPEN);
}
