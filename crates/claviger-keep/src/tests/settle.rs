//! What came back.

use claviger_core::Method;
use claviger_core::book::Fate;
use claviger_door::{Reply, Seen};

use crate::testing::{Home, REAL_ID, param, placed, rule_and_text, said};

fn day(home: &Home) -> String {
    let now = home.now();
    let mut room = home.keep.room();
    let (config, view) = (std::sync::Arc::clone(&room.config), room.markets.view().clone());
    let lines = room.book.usage(config.policies(), &"grid".parse().unwrap(), &view, now);
    lines.into_iter().find(|line| line.limit == "max_day").unwrap().used
}

#[test]
fn an_answer_is_settled_once() {
    let home = Home::new();
    let parts = home.sent(home.bot("grid").order("0.01", "50000", ""));
    let body = placed(&parts, 7, "NEW", "0");
    assert!(matches!(home.settle(parts.ticket, 200, &body), Reply::Pass));
    assert!(matches!(home.settle(parts.ticket, 200, &body), Reply::Failed(_)));
    assert!(matches!(home.settle(99_999, 200, &body), Reply::Failed(_)));
}

#[test]
fn what_was_refused_or_not_sent_is_free_again() {
    let home = Home::new();
    let bot = home.bot("grid");
    let parts = home.sent(bot.order("0.01", "50000", ""));
    assert_eq!(day(&home), "500 USDT");
    home.settle(parts.ticket, 400, r#"{"code":-2010,"msg":"Account has insufficient balance."}"#);
    assert_eq!(day(&home), "0 USDT");
    let parts = home.sent(bot.order("0.01", "50000", "&newClientOrderId=second"));
    let told = home.keep.settle(parts.ticket, &Seen::NotSent { why: "refused".into() });
    assert_eq!(day(&home), "0 USDT");
    assert!(said(&told).starts_with("instead (\"unreachable\""), "{}", said(&told));
}

#[test]
fn what_nobody_knows_stays_reserved() {
    let home = Home::new();
    let bot = home.bot("grid");
    for (n, seen) in [
        Seen::Lost { why: "reset".into() },
        Seen::Answer { status: 502, body: b"<html>".to_vec() },
        Seen::Answer { status: 200, body: b"{".to_vec() },
    ]
    .into_iter()
    .enumerate()
    {
        let before: String = day(&home);
        let parts = home.sent(bot.order("0.01", "50000", &format!("&newClientOrderId=n{n}")));
        home.keep.settle(parts.ticket, &seen);
        assert_ne!(day(&home), before);
    }
    assert_eq!(day(&home), "1500 USDT");
    let home = home.reopened();
    assert_eq!(day(&home), "1500 USDT");
}

#[test]
fn p5_an_answer_with_the_real_id_is_withheld() {
    let home = Home::new();
    let parts = home.sent(home.bot("grid").order("0.01", "50000", ""));
    let body = placed(&parts, 7, "NEW", "0").replace("\"NEW\"", &format!("\"NEW\",\"x\":\"{REAL_ID}\""));
    match home.settle(parts.ticket, 200, &body) {
        Reply::Instead(refusal) => {
            let (rule, text) = rule_and_text(&refusal);
            assert_eq!(rule, "answer");
            assert!(!text.contains(REAL_ID) && !text.contains("nothing was sent"), "{text}");
        }
        other => panic!("{}", said(&other)),
    }
    assert_eq!(home.keep.room().book.pending().count(), 0);
}

#[test]
fn p8_the_day_is_never_exceeded() {
    let home = Home::new();
    let bot = home.bot("grid");
    for n in 0..10 {
        home.sent(bot.order("0.01", "50000", &format!("&newClientOrderId=n{n}")));
    }
    assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "max_day");
    let home = home.reopened();
    assert_eq!(home.refused(home.bot("grid").order("0.01", "50000", "")).0, "max_day");
}

/// An order whose answer was lost is asked about by its client id, and what the exchange says is what counts.
#[test]
fn p6_an_unknown_outcome_is_reconciled() {
    for (body, status, left) in
        [("filled", 200, "100 USDT"), ("absent", 400, "0 USDT"), ("nonsense", 200, "500 USDT")]
    {
        let home = Home::new();
        let parts = home.sent(home.bot("grid").order("0.01", "50000", ""));
        let client = param(&parts, "newClientOrderId").unwrap();
        let home = home.reopened();
        assert!(home.keep.room().chore().is_none(), "it may still be on its way");
        pass(&home, 60_000);
        let question = home.keep.room().chore().expect("an order of unknown fate is asked about");
        assert!(home.keep.room().chore().is_none(), "one question a second");
        let Reply::Send(request) = home.keep.send(question) else { panic!("the question leaves") };
        let request = request.into_parts();
        assert!(!request.changes_state);
        assert_eq!(param(&request, "origClientOrderId").unwrap(), client);
        let body = match body {
            "filled" => format!(
                r#"{{"symbol":"BTCUSDT","orderId":7,"clientOrderId":"{client}","executedQty":"0.002","status":"CANCELED"}}"#
            ),
            "absent" => r#"{"code":-2013,"msg":"Order does not exist."}"#.to_owned(),
            _ => "{}".to_owned(),
        };
        assert!(matches!(home.settle(request.ticket, status, &body), Reply::Nothing));
        assert_eq!(day(&home), left, "{body}");
        let home = home.reopened();
        assert_eq!(day(&home), left, "{body}");
    }
}

#[test]
fn live_orders_are_looked_at_in_turn() {
    let home = Home::new();
    let bot = home.bot("grid");
    for id in [7, 8] {
        let parts = home.sent(bot.order("0.01", "50000", &format!("&newClientOrderId=n{id}")));
        home.settle(parts.ticket, 200, &placed(&parts, id, "NEW", "0"));
    }
    let mut asked = Vec::new();
    for _ in 0..3 {
        pass(&home, 2_000);
        home.refresh();
        let Some(written) = home.keep.room().chore() else { panic!("a live order is due") };
        let Reply::Send(request) = home.keep.send(written) else { panic!("the question leaves") };
        let request = request.into_parts();
        asked.push(param(&request, "orderId").unwrap());
        home.keep.settle(request.ticket, &Seen::Lost { why: "x".into() });
    }
    assert_eq!(asked, ["7", "8", "7"]);
    assert!(home.keep.room().book.orders(&"main".parse().unwrap()).all(|(_, o)| o.fate() == Fate::Live));
}

#[test]
fn a_read_is_settled_without_an_entry() {
    let home = Home::new();
    let parts = home.sent(home.bot("grid").binance(Method::Get, "/api/v3/openOrders", "symbol=BTCUSDT"));
    let before = home.keep.room().journal.next_seq();
    assert!(matches!(home.settle(parts.ticket, 200, "[]"), Reply::Pass));
    assert_eq!(home.keep.room().journal.next_seq(), before);
}

/// Lets the keep's clock run ahead.
pub(super) fn pass(home: &Home, ms: u64) {
    let mut room = home.keep.room();
    room.clock = room.clock.later(ms);
}
