//! What operators allow beside the catalogue. The rows of a process are shared by every keep in it, so one test has them.

use claviger_core::{Allowance, Allowed, Entry, Method, OperatorAct};
use claviger_door::{Command, Desk as _, Exit, Reply, Returns};

use crate::testing::{CONFIG, Home, REAL_ID, command, factor, put, said, sensitive};

const PATH: &str = "/sapi/v1/asset/novelty";

fn allowance(line: &str) -> Allowance {
    let (path, what) = match line.split_once(' ') {
        None => (line, Allowed::Read),
        Some((path, param)) => {
            let (name, grammar) = param.split_once('=').unwrap();
            (path, Allowed::Param { name: name.into(), grammar: grammar.into() })
        }
    };
    let (exchange, surface) = ("binance".parse().unwrap(), "spot".parse().unwrap());
    Allowance { exchange, surface, path: path.into(), what }
}

fn allow(home: &Home, line: &str) {
    command(&mut home.keep.clone(), Command::Allow(Box::new(allowance(line)), factor()));
}

fn refused(home: &Home, command: Command) -> (Exit, String) {
    let refused = home.keep.clone().command(command).err().unwrap();
    (refused.exit, refused.because.join("; "))
}

#[test]
fn p3_only_reads_are_allowed_beside_the_catalogue_and_what_tells_a_key_is_withheld() {
    let home = Home::new();
    let ask = |home: &Home, params: &str| home.bot("grid").binance(Method::Get, PATH, params);

    let (rule, text) = home.refused(ask(&home, ""));
    let line = format!("claviger exchange allow-read binance spot GET {PATH}");
    assert!(rule == "endpoint" && text.contains(&line), "{rule} {text}");
    // What could change something, what the catalogue refuses, and a wrong factor: nothing is allowed.
    let wrong = Command::Allow(Box::new(allowance(PATH)), sensitive("wrong horse battery"));
    assert_eq!(refused(&home, wrong).0, Exit::Factor);
    for (line, why) in [
        ("/sapi/v1/sub-account/novelty", "read-identity"),
        ("/api/v3/account omitZeroBalances=flag", "takes `omitZeroBalances` already"),
        ("/api/v3/account signature=text:9", "belongs to the signature"),
    ] {
        let (exit, because) = refused(&home, Command::Allow(Box::new(allowance(line)), factor()));
        assert!(exit == Exit::Catalogue && because.contains(why), "{line}: {because}");
    }
    home.refused(ask(&home, ""));

    allow(&home, PATH);
    // Nobody has read what it tells, and of whom.
    assert_eq!(home.refused(ask(&home, "")).0, "danger_account_wide", "other bots use the key");
    let wide = CONFIG.replace("[bot.grid]", "[bot.grid]\ndanger_account_wide = true");
    put(&home.path().join("claviger.toml"), &wide);
    command(&mut home.keep.clone(), Command::Apply { dry_run: false, factor: Some(factor()) });
    let parts = home.sent(ask(&home, ""));
    assert_eq!(parts.returns, Returns::Shown);
    assert!(matches!(home.settle(parts.ticket, 200, r#"{"novelty":"plain"}"#), Reply::Pass));
    for body in [r#"{"data":[{"listenKey":"x"}]}"#, &format!(r#"{{"id":"{REAL_ID}"}}"#), "<p>"] {
        let parts = home.sent(ask(&home, ""));
        let reply = home.settle(parts.ticket, 200, body);
        assert!(matches!(reply, Reply::Instead(_)), "{body}: {}", said(&reply));
    }
    // A bot without the grant does not get it.
    let without = home.bot("reader").binance(Method::Post, PATH, "");
    assert_eq!(home.refused(without).0, "endpoint", "nor is another verb allowed");

    let (rule, text) = home.refused(ask(&home, "page=2"));
    let line = format!("claviger exchange allow-param binance spot GET {PATH} page=whole");
    assert!(rule == "parameter" && text.contains(&line), "{rule} {text}");
    allow(&home, &format!("{PATH} page=whole:1..9"));
    assert!(home.sent(ask(&home, "page=2")).target.contains("page=2"));
    assert_eq!(home.refused(ask(&home, "page=10")).0, "parameter");
    // What a shell would read as more is never part of a line.
    for params in ["%24(reboot)=1", "a%3Breboot=1", "a%60=1"] {
        let (_, text) = home.refused(ask(&home, params));
        assert!(!text.contains("claviger exchange"), "{text}");
    }

    // After a restart it still counts.
    claviger_exchange::exchange("binance").unwrap().live().allow(&[]).unwrap();
    assert_eq!(home.refused(ask(&home, "")).0, "endpoint");
    let home = home.reopened();
    home.sent(ask(&home, "page=3"));
    let wants = home.keep.room().wants().allowed;
    assert_eq!(wants.iter().map(|(_, _, all)| all.len()).sum::<usize>(), 2);

    command(&mut home.keep.clone(), Command::Disallow(Box::new(allowance(PATH))));
    assert_eq!(home.refused(ask(&home, "")).0, "endpoint");
    let gone = Command::Disallow(Box::new(allowance(PATH)));
    assert_eq!(refused(&home, gone).0, Exit::Name);
    let home = home.reopened();
    assert_eq!(home.refused(ask(&home, "")).0, "endpoint");

    let journal = home.path().join("journal");
    let acts = claviger_store::read::<Entry>(&journal, 1).unwrap().filter_map(|record| {
        match record.unwrap().entry {
            Entry::Operator(entry) => Some(entry.act),
            _ => None,
        }
    });
    let acts: Vec<OperatorAct> =
        acts.filter(|act| matches!(act, OperatorAct::Allowed(_) | OperatorAct::Disallowed(_))).collect();
    let (row, param) = (allowance(PATH), allowance(&format!("{PATH} page=whole:1..9")));
    let want = [
        OperatorAct::Allowed(row.clone()),
        OperatorAct::Allowed(param.clone()),
        OperatorAct::Disallowed(vec![row, param]),
    ];
    assert_eq!(acts, want);
}
