//! Why an exchange did not take a key, as bots are told.

use claviger_core::Method;
use claviger_door::{Command, Desk as _, Reply, Returns, Said, SignedParts};

use crate::testing::{Home, OKX_ID, REAL_ID, placed, said};

const NOT_TAKEN: &str = r#"{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}"#;

fn restrictions(spot: bool, bound: bool) -> String {
    format!(
        r#"{{"ipRestrict":{bound},"createTime":1,"enableReading":true,"enableSpotAndMarginTrading":{spot},"enableFutures":true,"enableWithdrawals":false}}"#
    )
}

/// The call for the key's information that comes first.
fn first(reply: Reply) -> SignedParts {
    match reply {
        Reply::First(request) => request.into_parts(),
        other => panic!("{}", said(&other)),
    }
}

fn hint(reply: &Reply) -> &str {
    match reply {
        Reply::Hinted(hint) => hint,
        other => panic!("{}", said(other)),
    }
}

/// An order is answered with `-2015`; the key-information endpoint answers `status` and `body`.
fn check(status: u16, body: &str, kind: &str) {
    let home = Home::new();
    let order = home.sent(home.bot("grid").order("0.01", "50000", ""));
    let look = first(home.settle(order.ticket, 401, NOT_TAKEN));
    assert!(look.target.starts_with("/sapi/v1/account/apiRestrictions?"), "{}", look.target);
    assert_eq!((look.method, look.returns, look.changes_state), (Method::Get, Returns::House, false));
    let reply = home.settle(look.ticket, status, body);
    let told = hint(&reply);
    assert!(told.starts_with(&format!("{kind}: ")), "{told}");
    assert!(told.len() < 200 && !told.contains(REAL_ID) && told.bytes().all(|b| (0x20..0x7f).contains(&b)));
    assert_eq!(home.keep.room().book.pending().count(), 0, "the order is settled as refused");
}

#[test]
fn binance() {
    check(200, &restrictions(false, true), "permission");
    check(200, &restrictions(true, true), "permission");
    let ended = restrictions(false, false).replace('}', r#","tradingAuthorityExpirationTime":5}"#);
    check(200, &ended, "expired");
    check(401, NOT_TAKEN, "unclear");
    check(401, r#"{"code":-2008,"msg":"Invalid Api-Key ID."}"#, "key");
    check(404, "<html>", "unclear");
}

/// What is missing is named, and nothing of what the exchange wrote.
#[test]
fn the_missing_right_is_named() {
    let home = Home::new();
    let order = home.sent(home.bot("grid").order("0.01", "50000", ""));
    let look = first(home.settle(order.ticket, 401, NOT_TAKEN));
    let reply = home.settle(look.ticket, 200, &restrictions(false, true));
    assert_eq!(hint(&reply), "permission: at the exchange, the key lacks trading");
}

#[test]
fn a_read_gets_its_hint_too() {
    let home = Home::new();
    let read = home.sent(home.bot("reader").binance(Method::Get, "/api/v3/account", ""));
    assert_eq!(read.returns, Returns::Stream);
    let look = first(home.settle(read.ticket, 401, NOT_TAKEN));
    assert_eq!(hint(&home.settle(look.ticket, 401, NOT_TAKEN)).split(':').next(), Some("unclear"));
}

#[test]
fn one_look_a_minute() {
    let home = Home::new();
    let ask = |n: u32| {
        let order = home.sent(home.bot("grid").order("0.001", "50000", &format!("&newClientOrderId=n{n}")));
        home.settle(order.ticket, 401, NOT_TAKEN)
    };
    let look = first(ask(1));
    assert!(hint(&ask(2)).starts_with("unclear: "), "nothing was told yet");
    home.settle(look.ticket, 200, &restrictions(false, true));
    assert!(hint(&ask(3)).starts_with("permission: "), "what was told is known for a minute");
    crate::tests::settle::pass(&home, 61_000);
    home.refresh();
    first(ask(4));
}

/// The key worked, bound to addresses, and is not taken any more.
#[test]
fn what_was_told_before_explains_a_key_that_is_refused() {
    for (bound, kind) in [(true, "address"), (false, "unclear: the key worked")] {
        let home = Home::new();
        let order = home.sent(home.bot("grid").order("0.001", "50000", "&newClientOrderId=n1"));
        home.settle(order.ticket, 200, &placed(&order, 7, "FILLED", "0.001"));
        let chore = home.keep.room().chore().expect("a key that works is looked at");
        let Reply::Send(look) = home.keep.send(chore) else { panic!("the look leaves") };
        assert!(home.keep.room().chore().is_none(), "once");
        home.settle(look.into_parts().ticket, 200, &restrictions(true, bound));
        crate::tests::settle::pass(&home, 61_000);
        home.refresh();
        let order = home.sent(home.bot("grid").order("0.001", "50000", "&newClientOrderId=n2"));
        let look = first(home.settle(order.ticket, 401, NOT_TAKEN));
        let reply = home.settle(look.ticket, 401, NOT_TAKEN);
        assert!(hint(&reply).starts_with(kind), "{}", hint(&reply));
    }
}

#[test]
fn okx() {
    let told = |code: &str, look: Option<&str>| {
        let home = Home::new();
        let body = r#"{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","sz":"0.01","px":"50000"}"#;
        let order = home.sent(home.bot("swing").okx(Method::Post, "/api/v5/trade/order", body));
        let answer = format!(
            r#"{{"code":"{code}","msg":"Your IP 192.0.2.7 is not included in your API key's IP whitelist.","data":[]}}"#
        );
        let reply = home.settle(order.ticket, if code == "50120" { 200 } else { 401 }, &answer);
        let reply = match look {
            Some(body) => {
                let look = first(reply);
                assert_eq!(&*look.target, "/api/v5/account/config");
                home.settle(look.ticket, 200, body)
            }
            None => reply,
        };
        let hint = hint(&reply).to_owned();
        assert!(!hint.contains("192.0.2.7") && !hint.contains(OKX_ID), "{hint}");
        hint
    };
    for (code, kind) in [
        ("50101", "environment"),
        ("50105", "passphrase"),
        ("50110", "address"),
        ("50111", "key"),
        ("50113", "signature"),
        ("50119", "expired"),
        ("50100", "suspended"),
    ] {
        let hint = told(code, None);
        assert!(hint.starts_with(&format!("{kind}: ")), "{code}: {hint}");
    }
    let config = r#"{"code":"0","msg":"","data":[{"perm":"read_only","ip":"192.0.2.7","label":"x"}]}"#;
    assert_eq!(told("50120", Some(config)), "permission: at the exchange, the key lacks trading");
}

#[test]
fn other_answers_have_no_hint() {
    let home = Home::new();
    let order = home.sent(home.bot("grid").order("0.01", "50000", ""));
    let refused = r#"{"code":-2010,"msg":"Account has insufficient balance."}"#;
    assert!(matches!(home.settle(order.ticket, 400, refused), Reply::Pass));
}

/// An answer with the real key's id is withheld, whatever it says of the key.
#[test]
fn what_is_withheld_has_no_hint() {
    let home = Home::new();
    let order = home.sent(home.bot("grid").order("0.01", "50000", ""));
    let body = format!(r#"{{"code":-2015,"msg":"{REAL_ID}"}}"#);
    let reply = home.settle(order.ticket, 401, &body);
    assert!(matches!(reply, Reply::Instead(_)), "{}", said(&reply));
}

#[test]
fn an_operator_is_told_more() {
    let home = Home::new();
    let mut keep = home.keep.clone();
    let asked = std::thread::spawn(move || keep.command(Command::CheckKey("main".parse().unwrap())));
    let chore = loop {
        if let Some(chore) = home.keep.room().chore() {
            break chore;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    let Reply::Send(look) = home.keep.send(chore) else { panic!("the look leaves") };
    home.settle(look.into_parts().ticket, 200, &restrictions(true, false));
    let Ok(Said::Lines(lines)) = asked.join().unwrap() else { panic!("lines") };
    let text = lines.join("\n");
    assert!(text.contains("reading, trading, futures trading") && text.contains("no address"), "{text}");
    let mut keep = home.keep.clone();
    assert!(keep.command(Command::CheckKey("nobody".parse().unwrap())).is_err());
}
