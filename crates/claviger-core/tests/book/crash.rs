//! What a restart remembers.

use claviger_core::*;

use crate::desk::*;

#[test]
fn what_was_under_way_counts_in_full() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(buy("4", "100")));
    desk.crash();
    assert_eq!(desk.day("a"), "400 USDT");
    assert!(desk.book.settle(id, refused(), None, desk.now()).is_err());
}

#[test]
fn an_amendment_under_way_counts_in_full() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(buy("4", "100")));
    desk.settle(id, executed("7", Resting::Open, None));
    desk.sent("a", amend(by_id("7"), Some("6"), None));
    desk.crash();
    assert_eq!(desk.day("a"), "600 USDT");
}

#[test]
fn p7_a_replay_is_refused_before_and_after() {
    let mut desk = Desk::new("", "");
    let digest = Digest::of(b"request");
    let act = || Act::Place(buy("1", "100"));
    let permit = desk.ask_again("a", act(), Permission::Trade, digest).unwrap();
    desk.record(permit.entry());
    for _ in 0..2 {
        let denied = desk.ask_again("a", act(), Permission::Trade, digest).unwrap_err();
        assert_eq!((denied.denial.rule(), denied.denial.class()), ("replay", DenialClass::Stale));
        desk.crash();
    }
    desk.wait(9_999);
    assert!(desk.ask_again("a", act(), Permission::Trade, digest).is_err());
    assert!(desk.ask_again("b", act(), Permission::Trade, digest).is_ok());
    desk.wait(1);
    assert!(desk.ask_again("a", act(), Permission::Trade, digest).is_ok());
}

#[test]
fn what_was_refused_or_withdrawn_is_no_replay() {
    let mut desk = Desk::new("", "");
    let digest = Digest::of(b"request");
    assert!(desk.ask_again("a", Act::Place(buy("99", "100")), Permission::Trade, digest).is_err());
    let permit = desk.ask_again("a", Act::Place(buy("1", "100")), Permission::Trade, digest).unwrap();
    desk.book.withdraw(permit);
    assert!(desk.ask_again("a", Act::Place(buy("1", "100")), Permission::Trade, digest).is_ok());
}

#[test]
fn a_clock_that_goes_back_widens_nothing() {
    let mut desk = Desk::new("order_rate = \"1/s\"", "");
    let id = desk.sent("a", Act::Place(ioc("4", "100")));
    desk.settle(id, executed("1", Resting::Done, Some("4")));
    desk.now -= 48 * HOUR;
    desk.crash();
    desk.wait(0);
    assert_eq!(desk.day("a"), "400 USDT");
    assert_eq!(
        desk.ask("a", Act::Place(ioc("1", "100")), Permission::Trade).unwrap_err().denial.rule(),
        "order_rate"
    );
}

#[test]
fn every_kind_of_entry_reads_back() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(buy("4", "100")));
    let outcome = desk.settle(id, executed("7", Resting::Open, Some("1")));
    let denial = desk.ask("a", Act::Place(buy("99", "100")), Permission::Trade).unwrap_err().entry;
    let read = desk.ask("a", Act::Read, Permission::Read).unwrap();
    desk.operator(OperatorAct::Freeze(Subject::Bot(bot("a"))));
    desk.observe(desk.now(), Observed::OpenOrders { symbol: None, orders: vec![] });
    desk.crash();
    let policy = entry::PolicyEntry { at: desk.now(), hash: Digest::of(b""), text: "".into() };
    let checkpoint = entry::CheckpointEntry { at: desk.now(), text: "".into() };
    for entry in
        [outcome, *denial, read.entry().clone(), Entry::Policy(policy), Entry::Checkpoint(checkpoint)]
    {
        desk.record(&entry);
    }
    for bytes in &desk.journal {
        let entry = Entry::from_bytes(bytes).unwrap();
        assert_eq!(&entry.to_bytes().unwrap(), bytes);
        let start = format!("{{\"kind\":\"{}\",\"body\":{{", entry.kind());
        assert!(bytes.starts_with(start.as_bytes()), "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(desk.journal.len(), 10);
}

/// What requests of one plain step are written as has not changed, so journals written before still read.
#[test]
#[expect(clippy::disallowed_methods, reason = "the text is this test's own")]
fn a_plain_request_is_written_as_it_always_was() {
    let mut desk = Desk::new("", "");
    let id = desk.sent("a", Act::Place(buy("4", "100")));
    desk.settle(id, executed("7", Resting::Open, Some("1")));
    desk.sent("a", amend(by_id("7"), Some("5"), None));
    for bytes in &desk.journal {
        let text = String::from_utf8_lossy(bytes);
        for new in ["more", "legs", "also", "size\":null", "algo", "became", "list"] {
            assert!(!text.contains(&format!("\"{new}")), "{new} in {text}");
        }
    }
    let order = r#"{"market":"spot","symbol":"BTCUSDT","side":"buy","kind":{"limit":{"price":"100"}},"size":{"base":"4"},"time_in_force":"good-till-cancelled","trigger":null,"reduce_only":false,"position_side":"net","client_id":null}"#;
    assert_eq!(serde_json::from_str::<Order>(order).unwrap(), buy("4", "100"));
}
