//! What accounts hold is asked for while a limit counts it, and written down where it is news.

use claviger_core::{Entry, Observed};
use claviger_door::{Command, Reply, Returns, SignedParts};

use super::settle::pass;
use crate::testing::{CONFIG, Home, command, factor, placed, put};

/// A home whose bot `grid` may hold so much.
fn home(limit: &str) -> Home {
    let home = Home::new();
    put(&home.path().join("claviger.toml"), &CONFIG.replace("[bot.grid]", &format!("[bot.grid]\n{limit}")));
    command(&mut home.keep.clone(), Command::Apply { dry_run: false, factor: Some(factor()) });
    home
}

/// The next question about an account, if one is due.
fn asked(home: &Home) -> Option<SignedParts> {
    let next = || {
        let chore = home.keep.room().chore()?;
        let Reply::Send(request) = home.keep.send(chore) else { panic!("it leaves") };
        Some(request.into_parts())
    };
    // A key that works is looked at once.
    let parts = next().and_then(|parts| match parts.target.contains("apiRestrictions") {
        true => next(),
        false => Some(parts),
    })?;
    assert!(parts.target.starts_with("/api/v3/account?"), "{}", parts.target);
    assert_eq!((parts.returns, parts.changes_state), (Returns::House, false));
    Some(parts)
}

fn account(btc: &str) -> String {
    format!(r#"{{"accountType":"SPOT","balances":[{{"asset":"BTC","free":"{btc}","locked":"0.00"}}]}}"#)
}

/// Asks, and is told.
fn told(home: &Home, btc: &str) {
    let parts = asked(home).expect("due");
    assert!(matches!(home.settle(parts.ticket, 200, &account(btc)), Reply::Nothing));
}

/// How often the journal tells of what is held.
fn entries(home: &Home) -> usize {
    home.keep.sync_written();
    let records = claviger_store::read::<Entry>(&home.path().join("journal"), 1).unwrap();
    let holdings = records.filter(|record| {
        let Ok(record) = record else { panic!("a whole journal") };
        matches!(&record.entry, Entry::Observed(e) if matches!(e.what, Observed::Holdings(_)))
    });
    holdings.count()
}

fn wait(home: &Home, ms: u64) {
    pass(home, ms);
    home.refresh();
}

#[test]
fn an_account_is_asked_about_at_start_and_while_something_changes() {
    let home = home("max_position = \"1000 USDT\"");
    told(&home, "0.01");
    assert!(asked(&home).is_none(), "not at once again");
    wait(&home, 5_001);
    told(&home, "0.01");
    assert_eq!(entries(&home), 2, "the second one is the first that counts");
    wait(&home, 60_000);
    assert!(asked(&home).is_none(), "nothing is open");
    wait(&home, 240_001);
    told(&home, "0.01");
    assert_eq!(entries(&home), 2, "it says nothing new");
    let order = home.sent(home.bot("grid").order("0.01", "50000", ""));
    home.settle(order.ticket, 200, &placed(&order, 7, "FILLED", "0.01"));
    wait(&home, 2_001);
    told(&home, "0.02");
    assert_eq!(entries(&home), 3);
    wait(&home, 2_001);
    assert!(asked(&home).is_none(), "what was told is later than what changed");
}

#[test]
fn what_was_told_holds_over_a_restart() {
    let limited = home("max_position = \"1000 USDT\"");
    let order = |home: &Home, size: &str| home.bot("grid").order(size, "50000", "");
    let untold = limited.refused(order(&limited, "0.001"));
    assert!(untold.0 == "max_position" && untold.1.contains("nothing was told yet"), "{untold:?}");
    told(&limited, "0.015");
    wait(&limited, 5_001);
    told(&limited, "0.015");
    let above = limited.refused(order(&limited, "0.00501"));
    assert!(
        above.0 == "max_position" && above.1.contains("could be above max_position = 1000 USDT"),
        "{above:?}"
    );
    let limited = limited.reopened();
    wait(&limited, 1_000);
    assert_eq!(limited.refused(order(&limited, "0.00502")).0, "max_position");
    limited.sent(order(&limited, "0.005"));
}

#[test]
fn what_is_not_clear_tells_nothing() {
    let home = home("max_position_all = \"1000 USDT\"");
    for body in ["<html>", r#"{"code":-2015,"msg":"no"}"#, r#"{"balances":[{"asset":"BTC"}]}"#] {
        let parts = asked(&home).expect("due");
        home.settle(parts.ticket, 200, body);
        wait(&home, 5_001);
    }
    assert_eq!(entries(&home), 0);
}

#[test]
fn nobody_asks_where_no_limit_counts_it() {
    let home = Home::new();
    assert!(home.keep.room().chore().is_none());
}
