//! Newer catalogues, signed by the seed of 32 bytes `\1`, as `xtask/sign-catalogue` signs.

use claviger_core::{Entry, OperatorAct};
use claviger_door::{Command, Desk as _, Exit, Said, Sensitive};
use claviger_store::{State, StoredCatalogue};

use tempfile::TempDir;

use crate::testing::{CONFIG, Home, command, factor, put, sensitive, why_not};

const KEY: &str = "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=";
const ROW: &str = r#"{ verb = "GET", path = "/sapi/v1/asset/oddity", permission = "read", security = "signed", kind = "read", answer = "checked" }"#;
const REFUSES: &str = r#"{ verb = "GET", path = "/api/v3/rateLimit/order", permission = "read", security = "signed", refused = "a test" }"#;
const ORDER: &str =
    r#"{ verb = "POST", path = "/api/v3/new", permission = "trade", security = "signed", kind = "place" }"#;

const WIDER: (u32, &str, &str) =
    (1000, ROW, "ZRsOqjwqFwUILyYhU75SYXc3YsFSfxMec0QS+6FEnMRg79JPIyPfyvbBggWXWoXkwPKgp0md5GWhxqa3McehBA==");
const OLDER: (u32, &str, &str) =
    (999, ROW, "xMYmSg8fuQQ7hgKxsMJ0RJ8A8QQpkp9WfcN0TBeWtYwGuugzBok4TaL+KTndjyiA+U4n8YrtrQZa/jVVjR6bAw==");
const NARROWER: (u32, &str, &str) = (
    1001,
    REFUSES,
    "EfDr98pazw1Y8I9n97S1KBoe2URHBTwsygwap3Y2+fQ8z1453reMp3WzoqunVoCmjDF5SzD8udHtjI+RJ8tVCg==",
);
const ACTS: (u32, &str, &str) =
    (1002, ORDER, "xsgsWQKpQVWpDRVQr6qCuTFi4uKebFqCaTQ+96L90oTUAwakxz2cVo84zF0OwQb2bvaaYPOhVM1kQ7c1UUKpBw==");

fn text((version, row, _): (u32, &str, &str)) -> String {
    format!(
        "format = 1\nexchange = \"binance\"\nversion = {version}\nsurfaces = [\"spot\"]\nsource = \"a test\"\ndate = \"2026-11-25\"\nrow = [{row}]\n"
    )
}

fn update(given: (u32, &str, &str), dry_run: bool, factor: Option<Sensitive>) -> Command {
    Command::UpdateCatalogue { text: text(given), signature: given.2.into(), dry_run, factor }
}

/// What would change or does, whether it was taken, and whether it needs the factor.
fn report(home: &Home, command_: Command) -> (Vec<(String, bool)>, bool, bool) {
    match command(&mut home.keep.clone(), command_) {
        Said::Report { changes, applied, needs_factor } => (changes, applied, needs_factor),
        _ => panic!("no report"),
    }
}

fn refused(home: &Home, command: Command) -> String {
    let refused = home.keep.clone().command(command).err().unwrap();
    assert_eq!(refused.exit, Exit::Catalogue, "{refused:?}");
    refused.because.join("; ") + &refused.hint.join("; ")
}

fn trusting() -> Home {
    let home = Home::new();
    put(&home.path().join("claviger.toml"), &format!("catalogue_keys = [\"{KEY}\"]\n{CONFIG}"));
    let apply = |factor| Command::Apply { dry_run: false, factor };
    assert!(!report(&home, apply(None)).1, "a key whose catalogues are taken is wider");
    assert!(report(&home, apply(Some(factor()))).1);
    home
}

#[test]
fn what_the_maintainers_signed_is_taken_with_the_factor_where_it_widens() {
    let home = Home::new();
    assert!(refused(&home, update(WIDER, true, None)).contains("catalogue_keys"));
    let home = trusting();
    let wider = "spot GET /sapi/v1/asset/oddity can be asked by who is granted `read`".to_owned();
    for (dry_run, factor, taken) in [
        (true, None, false),
        (false, None, false),
        (true, Some(factor()), false),
        (false, Some(factor()), true),
    ] {
        let said = report(&home, update(WIDER, dry_run, factor));
        assert_eq!(said, (vec![(wider.clone(), true)], taken, true));
    }
    let wrong = update(NARROWER, false, Some(sensitive("wrong horse battery")));
    assert_eq!(home.keep.clone().command(wrong).err().map(|refused| refused.exit), Some(Exit::Factor));
    let (changes, taken, needs_factor) = report(&home, update(NARROWER, false, None));
    assert!(taken && !needs_factor && changes.iter().all(|(_, widens)| !widens), "{changes:?}");
    assert_eq!(changes.len(), 2, "the row before is not known any more: {changes:?}");
    let journal = home.path().join("journal");
    let taken = claviger_store::read::<Entry>(&journal, 1).unwrap().filter(|record| {
        match &record.as_ref().unwrap().entry {
            Entry::Operator(entry) => {
                matches!(&entry.act, OperatorAct::CatalogueTaken { signer, .. } if **signer == *KEY)
            }
            _ => false,
        }
    });
    assert_eq!(taken.count(), 2);
}

#[test]
fn what_is_older_altered_or_does_more_than_read_is_not() {
    let home = trusting();
    report(&home, update(WIDER, false, Some(factor())));
    for given in [OLDER, WIDER] {
        assert!(refused(&home, update(given, false, Some(factor()))).contains("version 1000 is in use"));
    }
    assert!(refused(&home, update(ACTS, false, Some(factor()))).contains("needs a newer claviger"));
    let altered = (1001, ROW, NARROWER.2);
    assert!(refused(&home, update(altered, false, Some(factor()))).contains("made this signature"));
    let (_, _, needs_factor) = report(&home, update(NARROWER, true, None));
    assert!(!needs_factor, "nothing of it was taken");
}

#[test]
fn a_start_checks_what_was_taken() {
    let home = trusting();
    let kept = |given: (u32, &str, &str)| StoredCatalogue {
        exchange: "binance".parse().unwrap(),
        surface: "spot".parse().unwrap(),
        version: given.0,
        text: text(given),
        signature: given.2.to_owned(),
    };
    // Signed, and yet no operator took it.
    let at = home.now();
    home.keep.room().state.keep_catalogue(&kept(OLDER), at).unwrap();
    let (folder, why) = home.does_not_open();
    assert!(why.contains("the journal says version none, and state.db has 999"), "{why}");
    let alter = |folder: &TempDir, change: &dyn Fn(&mut State)| {
        change(&mut State::open(&folder.path().join("state.db")).unwrap());
    };
    let drop_it = |state: &mut State| {
        state.drop_catalogue(&kept(WIDER).exchange, &kept(WIDER).surface).unwrap();
    };
    alter(&folder, &drop_it);
    let home = Home::on(folder);
    report(&home, update(WIDER, false, Some(factor())));
    // All is well, but that a test's process has used another catalogue before.
    let (folder, why) = home.does_not_open();
    assert!(why.contains("is in use already"), "{why}");
    let altered = StoredCatalogue { text: text(WIDER).replace("a test", "a trap"), ..kept(WIDER) };
    for (change, wanted) in [(kept(OLDER), "state.db has 999"), (altered, "state.db has 1000")] {
        alter(&folder, &|state| state.keep_catalogue(&change, at).unwrap());
        let why = why_not(folder.path());
        assert!(why.contains("the journal says version 1000") && why.contains(wanted), "{why}");
    }
    alter(&folder, &drop_it);
    let why = why_not(folder.path());
    assert!(why.contains("the journal says version 1000") && why.contains("state.db has none"), "{why}");
}

#[test]
fn going_back_is_journaled_and_needs_the_factor() {
    let home = trusting();
    report(&home, update(WIDER, false, Some(factor())));
    let back = |secret| Command::DropCatalogue("binance".parse().unwrap(), "spot".parse().unwrap(), secret);
    let wrong = home.keep.clone().command(back(sensitive("wrong horse battery")));
    assert_eq!(wrong.err().map(|refused| refused.exit), Some(Exit::Factor));
    command(&mut home.keep.clone(), back(factor()));
    let again = home.keep.clone().command(back(factor()));
    assert_eq!(again.err().map(|refused| refused.exit), Some(Exit::Name));
    let home = home.reopened();
    let (changes, ..) = report(&home, update(OLDER, true, None));
    assert_eq!(changes.len(), 1, "after going back, what is newer than the compiled one is taken again");
}
