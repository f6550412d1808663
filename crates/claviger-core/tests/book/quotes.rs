//! Conversions that are accepted by the number of a quote.

use std::collections::BTreeMap;

use claviger_core::book::{Denied, Permit};
use claviger_core::entry::ObservedEntry;
use claviger_core::*;
use proptest::prelude::*;

use crate::desk::*;

const CONVERTS: &str = "grants = [\"trade\", \"convert\"]";
const UNLIMITED: &str =
    "grants = [\"trade\", \"convert\"]\nmax_order = \"unlimited\"\nmax_day = \"unlimited\"";
const STRANGE: &str = "the order cannot be measured: its quote is none that this bot was told of and that still holds, so \
                       max_order and max_day cannot count it: ask for a new one";
const USED: &str = "the order cannot be measured: its quote was accepted before: ask for a new one";

impl Desk {
    /// `name` is told of a quote on spot that holds for so many milliseconds.
    fn quoted(&mut self, name: &str, id: &str, gives: &str, ms: u64) {
        self.quoted_on("spot", (name, "one"), (id, gives), ms);
    }

    fn quoted_on(&mut self, surface: &str, (name, key): (&str, &str), (id, gives): (&str, &str), ms: u64) {
        let (at, id, gives) = (self.now(), id.into(), gives.parse().unwrap());
        let what = Observed::Quote { bot: bot(name), id, gives, until: at.plus(ms) };
        let (key, surface) = (key.parse().unwrap(), surface.parse().unwrap());
        self.fold(&Entry::Observed(Box::new(ObservedEntry { at, asked_at: at, key, surface, what })));
    }

    fn accepts(&mut self, name: &str, id: &str) -> Result<Permit, Denied> {
        self.converts(name, id, None)
    }

    /// Accepts a quote, and says what is given.
    fn converts(&mut self, name: &str, id: &str, says: Option<&str>) -> Result<Permit, Denied> {
        let says: Option<Money> = says.map(|says| says.parse().unwrap());
        let special = Special {
            what: What::Convert,
            market: None,
            symbol: None,
            asset: says.as_ref().map(|says| says.asset.clone()),
            amount: says.map(|says| says.amount),
            quote: Some(id.into()),
        };
        self.ask(name, Act::Special(special), Permission::Convert)
    }
}

/// A desk on which both bots of one key may convert.
fn desk(more: &str) -> Desk {
    let mut desk = Desk::new(more, "");
    let text = "[key.one]\nexchange = \"binance\"\n[key.two]\nexchange = \"binance\"\n".to_owned()
        + &["a", "b"].map(|name| block(name, "one", more)).concat()
        + &block("c", "two", more);
    desk.policies = std::sync::Arc::clone(Config::parse(&text, "test", &known()).unwrap().policies());
    desk
}

fn block(name: &str, key: &str, more: &str) -> String {
    let limits =
        if more.contains("max_order") { "" } else { "max_order = \"1000 USDT\"\nmax_day = \"3000 USDT\"" };
    let rest = "markets = [\"spot\"]\nsymbols = [\"BTCUSDT\"]\nprice_band = \"2%\"";
    format!("[bot.{name}]\nkey = \"{key}\"\n{rest}\n{limits}\n{more}\n")
}

fn said(asked: Result<Permit, Denied>) -> String {
    match asked {
        Ok(permit) => match permit.entry() {
            Entry::Intent(entry) => entry.reservation.as_ref().map(|r| r.bot.to_string()).unwrap_or_default(),
            other => other.kind().to_owned(),
        },
        Err(denied) => denied.denial.to_string(),
    }
}

#[test]
fn a_quote_counts_as_what_it_gives() {
    for (gives, expected) in [
        ("1000 USDT", "1000 USDT"),
        ("10 BTC", "1000 USDT"),
        ("0.00000001 BTC", "0.000001 USDT"),
        ("1000.01 USDT", "order of 1000.01 USDT is above max_order = 1000 USDT"),
        ("10.001 BTC", "order of 1000.1 USDT is above max_order = 1000 USDT"),
        ("0 USDT", "the order cannot be measured: its amount is zero"),
        ("1 DOGE", "max_order counts in USDT, and no fresh reference price leads there from DOGE"),
        (
            "999999999999999 BTC",
            "max_order counts in USDT, and no fresh reference price leads there from BTC",
        ),
    ] {
        let mut desk = desk(CONVERTS);
        desk.quoted("a", "q", gives, 10_000);
        assert_eq!(said(desk.accepts("a", "q")), expected, "{gives}");
    }
}

#[test]
fn only_the_bots_own_on_its_own_key_and_surface() {
    let mut desk = desk(CONVERTS);
    desk.quoted("a", "q", "5 USDT", 10_000);
    for name in ["b", "c"] {
        assert_eq!(said(desk.accepts(name, "q")), STRANGE);
    }
    assert_eq!(said(desk.accepts("a", "Q")), STRANGE);
    assert_eq!(said(desk.accepts("a", "q")), "5 USDT");
    desk.quoted_on("usdm", ("b", "one"), ("q", "5 USDT"), 10_000);
    desk.quoted_on("spot", ("b", "two"), ("q", "5 USDT"), 10_000);
    assert_eq!(said(desk.accepts("b", "q")), STRANGE);
    desk.quoted("b", "q", "7 USDT", 10_000);
    assert_eq!(said(desk.accepts("b", "q")), "7 USDT");
    let grants = said(Desk::new("", "").accepts("a", "q"));
    assert_eq!(grants, "grants does not include convert");
}

#[test]
fn as_long_as_it_holds_and_a_minute_at_most() {
    for (ms, wait, expected) in [
        (10_000, 9_999, "5 USDT"),
        (10_000, 10_000, STRANGE),
        (1, 0, "5 USDT"),
        (0, 0, STRANGE),
        (86_400_000, 59_999, "5 USDT"),
        (86_400_000, 60_000, STRANGE),
    ] {
        let mut desk = desk(CONVERTS);
        desk.quoted("a", "q", "5 USDT", ms);
        desk.wait(wait);
        assert_eq!(said(desk.accepts("a", "q")), expected, "{ms} {wait}");
    }
}

#[test]
fn it_is_used_up_by_the_first_acceptance() {
    for outcome in [refused(), unknown(), executed("", Resting::Untold, None)] {
        let mut desk = desk(CONVERTS);
        desk.quoted("a", "q", "400 USDT", 60_000);
        let permit = desk.accepts("a", "q").unwrap();
        assert_eq!(said(desk.accepts("a", "q")), USED);
        desk.record(permit.entry());
        desk.settle(permit.id(), outcome);
        desk.quoted("a", "q", "1 USDT", 60_000);
        assert_eq!(said(desk.accepts("a", "q")), USED);
        assert_eq!(desk.book, desk.read_back());
        desk.crash();
        assert_eq!(said(desk.accepts("a", "q")), USED);
        desk.wait(60_000);
        assert_eq!(said(desk.accepts("a", "q")), STRANGE);
    }
}

#[test]
fn a_name_means_what_it_meant_first() {
    let mut desk = desk(CONVERTS);
    desk.quoted("a", "q", "400 USDT", 10_000);
    drop(desk.accepts("a", "q").unwrap());
    desk.wait(9_999);
    desk.quoted("a", "q", "400 USDT", 10_000);
    assert_eq!(said(desk.accepts("a", "q")), USED);
    desk.wait(1);
    assert_eq!(said(desk.accepts("a", "q")), STRANGE);
    for (again, expected) in
        [("400 USDT", "400 USDT"), ("1 USDT", STRANGE), ("500 USDT", STRANGE), ("400 BTC", STRANGE)]
    {
        let mut desk = self::desk(CONVERTS);
        desk.quoted("a", "q", "400 USDT", 10_000);
        desk.quoted("a", "q", again, 10_000);
        desk.quoted("a", "q", "400 USDT", 10_000);
        assert_eq!(said(desk.accepts("a", "q")), expected, "{again}");
    }
}

#[test]
fn one_that_was_not_recorded_used_up_nothing() {
    let mut desk = desk(CONVERTS);
    desk.quoted("a", "q", "400 USDT", 60_000);
    desk.quoted("a", "other", "1 USDT", 60_000);
    let other = desk.accepts("a", "other").unwrap();
    let before = desk.book.clone();
    let permit = desk.accepts("a", "q").unwrap();
    assert_eq!(desk.day("a"), "401 USDT");
    desk.book.withdraw(permit);
    assert_eq!(desk.book, before);
    assert_eq!(said(desk.accepts("a", "other")), USED);
    assert_eq!(said(desk.accepts("a", "q")), "400 USDT");
    drop(other);
}

#[test]
fn it_counts_against_the_day_like_other_conversions() {
    let mut desk = desk(CONVERTS);
    for id in ["1", "2", "3"] {
        desk.quoted("a", id, "10 BTC", 60_000);
        let permit = desk.accepts("a", id).unwrap();
        desk.record(permit.entry());
        desk.settle(permit.id(), if id == "1" { unknown() } else { executed("", Resting::Untold, None) });
    }
    assert_eq!(desk.day("a"), "3000 USDT");
    desk.quoted("a", "4", "1 USDT", 60_000);
    let spent = "order of 1 USDT is above the 0 USDT left of max_day = 3000 USDT";
    assert_eq!(said(desk.accepts("a", "4")), spent);
    desk.wait(25 * HOUR);
    assert_eq!(desk.day("a"), "0 USDT");
    desk.quoted("a", "4", "1 USDT", 60_000);
    assert_eq!(said(desk.accepts("a", "4")), "1 USDT");
}

#[test]
fn what_the_request_says_counts_too() {
    for (says, offered, expected) in [
        ("900 USDT", Some("900 USDT"), "900 USDT"),
        ("500 USDT", Some("900 USDT"), "900 USDT"),
        ("900 USDT", Some("500 USDT"), "900 USDT"),
        ("500 USDT", Some("1001 USDT"), "order of 1001 USDT is above max_order = 1000 USDT"),
        ("1001 USDT", Some("500 USDT"), "order of 1001 USDT is above max_order = 1000 USDT"),
        (
            "5 BTC",
            Some("500 USDT"),
            "the order cannot be measured: its quote gives another asset than it says",
        ),
        ("500 USDT", None, "500 USDT"),
    ] {
        let mut desk = desk(CONVERTS);
        if let Some(offered) = offered {
            desk.quoted("a", "q", offered, 60_000);
        }
        assert_eq!(said(desk.converts("a", "q", Some(says))), expected, "{says} {offered:?}");
    }
}

#[test]
fn without_limits_any_quote_may_be_accepted() {
    let mut desk = desk(UNLIMITED);
    assert_eq!(said(desk.accepts("a", "q")), "");
    desk.quoted("a", "q", "5 BTC", 60_000);
    assert_eq!(said(desk.accepts("a", "q")), "5 BTC");
    assert_eq!(said(desk.accepts("a", "q")), "");
}

#[test]
fn memory_is_bounded_and_the_oldest_goes_first() {
    let mut desk = desk(CONVERTS);
    for id in 0..65 {
        desk.quoted("a", &id.to_string(), "1 USDT", 60_000);
    }
    desk.quoted("b", "0", "1 USDT", 60_000);
    assert_eq!(said(desk.accepts("a", "0")), STRANGE);
    assert_eq!(said(desk.accepts("a", "1")), "1 USDT");
    assert_eq!(said(desk.accepts("a", "64")), "1 USDT");
    assert_eq!(said(desk.accepts("b", "0")), "1 USDT");
    let mut desk = self::desk(CONVERTS);
    desk.quoted("a", "q", "1 USDT", 60_000);
    desk.wait(60_000);
    desk.book.sweep(desk.now());
    let mut nothing = book::Book::new();
    nothing.sweep(desk.now());
    assert_eq!(desk.book, nothing);
}

/// As it stands in journals from now on.
#[test]
fn written_down() {
    let mut desk = desk(CONVERTS);
    desk.quoted("a", "q", "0.1 BTC", 10_000);
    let text = String::from_utf8(desk.journal[0].clone()).unwrap();
    let what = r#""what":{"quote":{"bot":"a","id":"q","gives":"0.1 BTC","until":1700000010000}}"#;
    assert!(text.contains(what), "{text}");
    assert_eq!(Entry::from_bytes(text.as_bytes()).unwrap().bot(), Some(&bot("a")));
    // A conversion without one is written as before there were any.
    let special = Special {
        what: What::Convert,
        market: None,
        symbol: None,
        asset: Some("USDT".parse().unwrap()),
        amount: Some(n("1")),
        quote: None,
    };
    let permit = desk.ask("a", Act::Special(special), Permission::Convert).unwrap();
    let bytes = permit.entry().to_bytes().unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(r#"{"special":{"what":"convert","asset":"USDT","amount":"1"}}"#), "{text}");
    assert_eq!(Entry::from_bytes(&bytes).unwrap(), *permit.entry());
}

#[derive(Clone, Debug)]
enum Op {
    Quote { bot: usize, id: u8, gives: u64, ms: u64 },
    Accept { bot: usize, id: u8, recorded: bool },
    Settle { which: usize, answer: u8 },
    Wait { ms: u64 },
    Crash,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..3_usize, 0..6_u8, 1..1_200_u64, 0..90_000_u64).prop_map(|(bot, id, gives, ms)| Op::Quote { bot, id, gives, ms }),
        6 => (0..3_usize, 0..6_u8, prop::bool::weighted(0.9)).prop_map(|(bot, id, recorded)| Op::Accept { bot, id, recorded }),
        3 => (0..8_usize, 0..3_u8).prop_map(|(which, answer)| Op::Settle { which, answer }),
        2 => (0..30_000_u64).prop_map(|ms| Op::Wait { ms }),
        1 => Just(Op::Crash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is offered, accepted, answered and lost: what a bot truly gave is never more than the day counts, nor the
    /// day than its limit; no offer is accepted twice; and the book is that of its journal.
    #[test]
    fn no_more_is_given_than_is_counted(ops in prop::collection::vec(op(), 1..60)) {
        const BOTS: [(&str, &str); 3] = [("a", "one"), ("b", "one"), ("c", "two")];
        let mut desk = desk(CONVERTS);
        // What each bot's live offers truly give, what each gave, and what is under way.
        let mut offers: BTreeMap<(usize, u8), (u64, u64)> = BTreeMap::new();
        let (mut gave, mut open) = ([0_u64; 3], Vec::new());
        for op in ops {
            match op {
                Op::Quote { bot, id, gives, ms } => {
                    // The exchange never gives two offers one name while one of them holds.
                    if offers.get(&(bot, id)).is_none_or(|(_, until)| *until <= desk.now) {
                        offers.insert((bot, id), (gives, desk.now + ms.min(60_000)));
                        desk.quoted_on("spot", BOTS[bot], (&id.to_string(), &format!("{gives} USDT")), ms);
                    }
                }
                Op::Accept { bot, id, recorded } => {
                    let now = desk.now;
                    let offer = offers.get(&(bot, id)).copied().filter(|(gives, until)| *gives > 0 && *until > now);
                    match desk.accepts(BOTS[bot].0, &id.to_string()) {
                        Ok(permit) if recorded => {
                            let (gives, until) = offer.expect("an offer that holds, not used before");
                            desk.record(permit.entry());
                            offers.insert((bot, id), (0, until));
                            open.push((permit.id(), bot, gives));
                        }
                        Ok(permit) => desk.book.withdraw(permit),
                        Err(denied) => prop_assert!(offer.is_none() || denied.denial.rule().starts_with("max_"), "{denied}"),
                    }
                }
                Op::Settle { which, answer } if !open.is_empty() => {
                    let (id, bot, gives) = open.remove(which % open.len());
                    if answer > 0 {
                        gave[bot] += gives;
                    }
                    desk.settle(id, [refused(), unknown(), executed("", Resting::Untold, None)][usize::from(answer)].clone());
                }
                Op::Settle { .. } => {}
                Op::Wait { ms } => desk.wait(ms),
                Op::Crash => {
                    desk.crash();
                    open.drain(..).for_each(|(_, bot, gives)| gave[bot] += gives);
                }
            }
            for (number, (name, _)) in BOTS.into_iter().enumerate() {
                let counted: Money = desk.day(name).parse().unwrap();
                let under_way = open.iter().filter(|(_, bot, _)| *bot == number).map(|(_, _, gives)| gives).sum::<u64>();
                prop_assert_eq!(counted.amount, Decimal::from_u64(gave[number] + under_way));
                prop_assert!(gave[number] + under_way <= 3_000);
            }
            let (mut live, mut folded) = (desk.book.clone(), desk.read_back());
            live.sweep(desk.now());
            folded.sweep(desk.now());
            prop_assert_eq!(live, folded);
        }
    }
}
