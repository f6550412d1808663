//! A quote is known to the keep before the bot sees it, and is the asking bot's alone.

use claviger_core::Method;
use claviger_door::{Command, Reply, Returns};

use crate::testing::{CONFIG, Home, command, factor, put, said};

const ASK: &str = "/sapi/v1/convert/getQuote";
const ACCEPT: &str = "/sapi/v1/convert/acceptQuote";

/// A home whose bots on Binance may all convert.
fn home() -> Home {
    let home = Home::new();
    let converts = CONFIG.replace("\"trade\"]", "\"trade\", \"convert\"]");
    let limits = "grants = [\"read\", \"convert\"]\nmax_order = \"1000 USDT\"\nmax_day = \"5000 USDT\"";
    let converts = converts.replace("grants = [\"read\"]", limits);
    put(&home.path().join("claviger.toml"), &converts);
    command(&mut home.keep.clone(), Command::Apply { dry_run: false, factor: Some(factor()) });
    home
}

/// What the exchange offers: 1 BTC for so much, until then.
fn offer(id: &str, from: &str, until: u64) -> String {
    format!(
        r#"{{"quoteId":"{id}","ratio":"1","inverseRatio":"1","validTimestamp":{until},"toAmount":"1","fromAmount":"{from}"}}"#
    )
}

/// `bot` asks what 1 BTC costs, and is answered.
fn asked(home: &Home, bot: &str, (status, body): (u16, &str)) {
    let parts = home.sent(home.bot(bot).binance(Method::Post, ASK, "fromAsset=USDT&toAsset=BTC&toAmount=1"));
    assert_eq!(parts.returns, Returns::Shown, "the keep sees it first");
    assert!(matches!(home.settle(parts.ticket, status, body), Reply::Pass));
}

/// Whether `bot` may accept a quote: `send`, or the rule that refuses.
fn accepted(home: &Home, bot: &str, id: &str) -> String {
    match home.ask(home.bot(bot).binance(Method::Post, ACCEPT, &format!("quoteId={id}"))) {
        Reply::Send(request) => {
            let parts = request.into_parts();
            home.settle(parts.ticket, 200, r#"{"orderId":"1","createTime":1,"orderStatus":"SUCCESS"}"#);
            "send".to_owned()
        }
        other => said(&other),
    }
}

#[test]
fn the_bots_own_quote_is_accepted_once() {
    let home = home();
    let until = home.now().millis() + 10_000;
    asked(&home, "grid", (200, &offer("1", "600", until)));
    assert!(accepted(&home, "reader", "1").contains("(\"order\""));
    assert!(accepted(&home, "grid", "2").contains("none that this bot was told of"));
    assert_eq!(accepted(&home, "grid", "1"), "send");
    assert!(accepted(&home, "grid", "1").contains("was accepted before"));
    asked(&home, "reader", (200, &offer("3", "1000.5", until)));
    assert!(accepted(&home, "reader", "3").contains("(\"max_order\""));
}

#[test]
fn what_is_no_clear_offer_is_none() {
    let home = home();
    let until = home.now().millis() + 10_000;
    asked(&home, "grid", (200, "{}"));
    asked(&home, "grid", (400, &offer("1", "600", until)));
    asked(&home, "grid", (200, &offer("1", "-600", until)));
    asked(&home, "grid", (200, &offer("1", "600", until - 10_000)));
    let other = r#"{"quoteId":"1","validTimestamp":9999999999999,"toAmount":"2","fromAmount":"600"}"#;
    asked(&home, "grid", (200, other));
    assert!(accepted(&home, "grid", "1").contains("none that this bot was told of"));
    asked(&home, "grid", (200, &offer("1", "600", u64::MAX >> 1)));
    assert_eq!(accepted(&home, "grid", "1"), "send");
}

/// What a bot asked for, and what it accepted, is read back from the journal.
#[test]
fn over_a_restart() {
    let home = home();
    let until = home.now().millis() + 60_000;
    asked(&home, "grid", (200, &offer("1", "600", until)));
    asked(&home, "grid", (200, &offer("2", "700", until)));
    assert_eq!(accepted(&home, "grid", "1"), "send");
    let home = home.reopened();
    assert!(accepted(&home, "grid", "1").contains("was accepted before"));
    assert_eq!(accepted(&home, "grid", "2"), "send");
}
