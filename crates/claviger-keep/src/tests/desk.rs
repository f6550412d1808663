//! Operators' commands.

use claviger_core::{Entry, Method, OperatorAct};
use claviger_door::{Command, Desk as _, Exit, Said, Target};

use crate::testing::{CONFIG, Home, REAL_ID, REAL_SECRET, command, factor, put, sensitive};

fn freeze(target: Target) -> Command {
    Command::Freeze(target)
}

fn grid() -> Target {
    Target::Bot("grid".parse().unwrap())
}

fn entries(home: &Home) -> Vec<Entry> {
    let journal = home.path().join("journal");
    claviger_store::read::<Entry>(&journal, 1).unwrap().map(|record| record.unwrap().entry).collect()
}

#[test]
fn p9_a_freeze_holds_when_its_command_returns() {
    for target in [grid(), Target::Key("main".parse().unwrap())] {
        let home = Home::new();
        let bot = home.bot("grid");
        let under_way = home.keep.receive(bot.order("0.01", "50000", "")).unwrap();
        command(&mut home.keep.clone(), freeze(target.clone()));
        assert!(matches!(home.keep.send(under_way), claviger_door::Reply::Refuse(_)));
        assert_eq!(home.keep.room().book.pending().count(), 0);
        assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "freeze");
        home.sent(bot.binance(Method::Get, "/api/v3/account", ""));
        let home = home.reopened();
        let bot = home.bot("grid");
        assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "freeze");
        let wrong =
            home.keep.clone().command(Command::Thaw(target.clone(), sensitive("wrong horse battery")));
        assert_eq!(wrong.err().map(|refused| refused.exit), Some(Exit::Factor));
        assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "freeze");
        command(&mut home.keep.clone(), Command::Thaw(target, factor()));
        home.sent(bot.order("0.01", "50000", ""));
    }
}

/// Each command that narrows what the bot `grid` may do.
fn narrowing(home: &Home) -> [(&'static str, Command); 4] {
    put(&home.path().join("claviger.toml"), &CONFIG.replace("1000 USDT", "900 USDT"));
    [
        ("bot freeze", freeze(grid())),
        ("key freeze", freeze(Target::Key("main".parse().unwrap()))),
        ("remove", Command::RemoveBot("grid".parse().unwrap())),
        ("apply", Command::Apply { dry_run: false, factor: None }),
    ]
}

#[test]
fn p9_what_was_permitted_before_does_not_leave_after_anything_that_narrows() {
    for (n, rule) in ["freeze", "freeze", "changed", "changed"].into_iter().enumerate() {
        let home = Home::new();
        let under_way = home.keep.receive(home.bot("grid").order("0.01", "50000", "")).unwrap();
        let (name, command_) = narrowing(&home).into_iter().nth(n).unwrap();
        command(&mut home.keep.clone(), command_);
        match home.keep.send(under_way) {
            claviger_door::Reply::Refuse(refusal) => {
                assert_eq!(crate::testing::rule_and_text(&refusal).0, rule, "{name}");
            }
            other => panic!("{name}: {}", crate::testing::said(&other)),
        }
        assert_eq!(home.keep.room().book.pending().count(), 0, "{name}");
    }
}

#[test]
fn p9_anything_that_narrows_waits_for_what_was_given_out() {
    for n in 0..4 {
        let home = Home::new();
        let parts = home.sent(home.bot("grid").order("0.01", "50000", ""));
        let (name, command_) = narrowing(&home).into_iter().nth(n).unwrap();
        let mut desk = home.keep.clone();
        let waits = std::thread::spawn(move || command(&mut desk, command_));
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert!(!waits.is_finished(), "{name} returned while an order of the old rule could still leave");
        home.settle(parts.ticket, 200, &crate::testing::placed(&parts, 7, "NEW", "0"));
        let end = std::time::Instant::now() + std::time::Duration::from_millis(1000);
        while !waits.is_finished() {
            assert!(std::time::Instant::now() < end, "{name} waits for nothing");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        waits.join().unwrap();
    }
}

#[test]
fn what_narrows_one_bot_does_not_touch_another() {
    let home = Home::new();
    put(
        &home.path().join("claviger.toml"),
        &CONFIG
            .replace("[\"BTC-USDT\"]\nmax_order = \"1000 USDT\"", "[\"BTC-USDT\"]\nmax_order = \"900 USDT\""),
    );
    let _left = home.sent(home.bot("grid").order("0.01", "50000", "&newClientOrderId=left"));
    let under_way =
        home.keep.receive(home.bot("grid").order("0.01", "50000", "&newClientOrderId=way")).unwrap();
    let began = std::time::Instant::now();
    command(&mut home.keep.clone(), Command::Apply { dry_run: false, factor: None });
    assert!(
        began.elapsed() < std::time::Duration::from_millis(1500),
        "it waited for a bot that it is not about"
    );
    assert!(matches!(home.keep.send(under_way), claviger_door::Reply::Send(_)));
}

#[test]
fn p9_a_freeze_works_with_a_broken_journal() {
    let home = Home::new();
    let bot = home.bot("grid");
    home.keep.room().journal.close();
    assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "journal");
    command(&mut home.keep.clone(), freeze(grid()));
    assert!(home.keep.room().is_frozen(&"grid".parse().unwrap(), None));
    let home = home.reopened();
    assert_eq!(home.refused(home.bot("grid").order("0.01", "50000", "")).0, "freeze");
}

/// A journal that takes no more keeps what was written before: an order may leave on the strength of its entry, and only
/// because that entry is still there afterwards, whatever the reserved segment was used for meanwhile.
#[test]
fn p1_what_leaves_beside_a_broken_journal_is_in_it() {
    let home = Home::new();
    let order =
        home.keep.receive(home.bot("grid").order("0.01", "50000", "&newClientOrderId=before")).unwrap();
    home.keep.room().journal.close();
    for _ in 0..3 {
        command(&mut home.keep.clone(), freeze(Target::Bot("reader".parse().unwrap())));
    }
    let left = matches!(home.keep.send(order), claviger_door::Reply::Send(_));
    let journal = home.path().join("journal");
    let kept = claviger_store::read::<claviger_core::Entry>(&journal, 1)
        .unwrap()
        .filter(|record| matches!(&record.as_ref().unwrap().entry, claviger_core::Entry::Intent(_)))
        .count();
    assert!(left, "its entry was written before the journal was closed");
    assert_eq!(kept, 1, "what left is in the journal");
}

#[test]
fn what_widens_needs_the_factor() {
    let home = Home::new();
    let file = home.path().join("claviger.toml");
    put(&file, &CONFIG.replace("1000 USDT", "2000 USDT"));
    let order = |home: &Home| home.bot("grid").order("0.03", "50000", "");
    let asked = command(&mut home.keep.clone(), Command::Apply { dry_run: false, factor: None });
    assert!(matches!(asked, Said::Report { applied: false, needs_factor: true, .. }));
    assert_eq!(home.refused(order(&home)).0, "max_order");
    let wrong = Command::Apply { dry_run: false, factor: Some(sensitive("wrong horse battery")) };
    assert_eq!(home.keep.clone().command(wrong).err().map(|r| r.exit), Some(Exit::Factor));
    command(&mut home.keep.clone(), Command::Apply { dry_run: true, factor: Some(factor()) });
    assert_eq!(home.refused(order(&home)).0, "max_order");
    command(&mut home.keep.clone(), Command::Apply { dry_run: false, factor: Some(factor()) });
    home.sent(order(&home));
    put(&file, &CONFIG.replace("1000 USDT", "100 USDT"));
    let narrowed = command(&mut home.keep.clone(), Command::Apply { dry_run: false, factor: None });
    assert!(matches!(narrowed, Said::Report { applied: true, needs_factor: false, .. }));
    assert_eq!(home.refused(home.bot("grid").order("0.01", "50000", "")).0, "max_order");
    let home = home.reopened();
    assert_eq!(home.refused(home.bot("grid").order("0.01", "50000", "")).0, "max_order");
}

#[test]
fn p4_a_policy_that_cannot_be_read_changes_nothing() {
    let home = Home::new();
    put(&home.path().join("claviger.toml"), "[bot.grid]\nkey = \"main\"\nshiny = 1\n");
    let refused = home.keep.clone().command(Command::Apply { dry_run: false, factor: Some(factor()) });
    assert_eq!(refused.err().map(|r| r.exit), Some(Exit::Config));
    home.sent(home.bot("grid").order("0.01", "50000", ""));
}

#[test]
fn a_removed_bot_is_nobody() {
    let home = Home::new();
    let bot = home.bot("grid");
    command(&mut home.keep.clone(), Command::RemoveBot("grid".parse().unwrap()));
    assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "key");
    let home = home.reopened();
    assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "key");
    command(&mut home.keep.clone(), Command::AddBot("grid".parse().unwrap(), "binance".parse().unwrap()));
    assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "key");
    home.sent(home.bot("grid").order("0.01", "50000", ""));
}

#[test]
fn a_reveal_is_journaled_and_needs_the_factor() {
    let home = Home::new();
    let name: claviger_core::BotName = "swing".parse().unwrap();
    let wrong = home.keep.clone().command(Command::Reveal(name.clone(), sensitive("wrong horse battery")));
    assert!(wrong.is_err());
    let said = command(&mut home.keep.clone(), Command::Reveal(name.clone(), factor()));
    let Said::Revealed { virtual_id, secret, passphrase } = said else { panic!("it is revealed") };
    let bot = home.bot("swing");
    assert_eq!((virtual_id.as_ref(), secret.into_bytes().as_ref()), (bot.id.as_str(), bot.secret.as_bytes()));
    assert!(passphrase.is_some());
    let journaled = entries(&home);
    assert!(matches!(
        journaled.last(),
        Some(Entry::Operator(e)) if e.act == OperatorAct::Revealed(name)
    ));
}

#[test]
fn a_key_in_use_stays() {
    let home = Home::new();
    let refused = home.keep.clone().command(Command::RemoveKey("main".parse().unwrap(), factor()));
    assert_eq!(refused.err().map(|r| r.exit), Some(Exit::Name));
}

#[test]
fn keys_are_told_without_secrets_and_bots_with_usage() {
    let home = Home::new();
    home.sent(home.bot("grid").order("0.01", "50000", ""));
    let Said::Keys(keys) = command(&mut home.keep.clone(), Command::Keys) else { panic!("keys") };
    assert_eq!(keys.len(), 2);
    let shown = format!("{keys:?}");
    assert!(!shown.contains(REAL_SECRET) && shown.contains(REAL_ID));
    let Said::Bots(bots) = command(&mut home.keep.clone(), Command::Bots) else { panic!("bots") };
    let grid = bots.iter().find(|bot| bot.name.as_str() == "grid").unwrap();
    assert!(grid.limits.iter().any(|(name, _, used)| &**name == "max_day" && used.starts_with("500 USDT")));
    assert_eq!(grid.key.as_ref().map(claviger_core::KeyName::as_str), Some("main"));
}

#[test]
fn the_journal_holds_no_secret() {
    let home = Home::new();
    let bot = home.bot("grid");
    let order = bot.order("0.01", "50000", "");
    let parts = home.sent(order.clone());
    home.settle(parts.ticket, 200, &crate::testing::placed(&parts, 7, "NEW", "0"));
    let signature = String::from_utf8(order.body.to_vec()).unwrap();
    let signature = signature.rsplit_once('=').unwrap().1.to_owned();
    let upstream = crate::testing::param(&parts, "signature").unwrap();
    let mut bytes = Vec::new();
    for part in home.path().join("journal").read_dir().unwrap() {
        bytes.extend(std::fs::read(part.unwrap().path()).unwrap());
    }
    for secret in [bot.secret.as_str(), REAL_SECRET, REAL_ID, &signature, &upstream] {
        assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret}");
    }
}
