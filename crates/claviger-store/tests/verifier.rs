//! The verifier in `scripts/`, which shares no code with this crate, agrees with it about whole and damaged journals.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use claviger_core::Time;
use claviger_store::{Journal, JournalEntry, Options, Record, verify};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Word(String);

impl JournalEntry for Word {
    fn kind_number(&self) -> u8 {
        9
    }
}

fn journal(dir: &Path, words: u64, room_bytes: u64) {
    let options = Options { segment_bytes: 500, room_bytes };
    let (mut journal, _) = Journal::open_with(dir, options, &mut |_: Record<Word>| {}).unwrap();
    for n in 0..words {
        let position = journal.append(Time::from_millis(n), &Word(format!("word {n}"))).unwrap();
        journal.syncer().sync(position).unwrap();
    }
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shown {
    records: u64,
    segments: u64,
    chain: String,
}

#[expect(clippy::disallowed_methods, reason = "the script is ours")]
fn by_script(dir: &Path) -> Option<Shown> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scripts/verify-journal.py");
    let done = Command::new("python3").arg(script).arg(dir).output().unwrap();
    done.status.success().then(|| serde_json::from_slice(&done.stdout).unwrap())
}

fn check_agreement(dir: &Path, what: &str) {
    let ours = verify(dir).ok().map(|report| Shown {
        records: report.records,
        segments: report.segments,
        chain: report.last.to_string(),
    });
    assert_eq!(by_script(dir), ours, "{what}");
}

#[expect(clippy::disallowed_methods, reason = "a test damages the file on purpose")]
fn put(file: &Path, bytes: &[u8]) {
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn both_verify_a_whole_journal() {
    for room in [0, 700] {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("journal");
        journal(&dir, 0, room);
        check_agreement(&dir, "empty");
        journal(&dir, 30, room);
        assert_eq!(by_script(&dir).unwrap().records, 30);
        check_agreement(&dir, "thirty words");
    }
}

#[test]
fn both_find_the_same_damage_and_accept_the_same_recovery() {
    for room in [0, 700] {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("journal");
        journal(&dir, 12, room);
        let last = dir.join(format!("{:08}.clvj", verify(&dir).unwrap().segments));
        let whole = std::fs::read(&last).unwrap();
        for at in (0..whole.len()).step_by(23) {
            let mut changed = whole.clone();
            *changed.get_mut(at).unwrap() ^= 1;
            put(&last, &changed);
            assert!(by_script(&dir).is_none(), "byte {at} changed");
            check_agreement(&dir, &format!("byte {at} changed"));
            put(&last, whole.get(..at).unwrap());
            check_agreement(&dir, &format!("cut to {at}"));
        }
        let used = whole.iter().rposition(|b| *b != 0).unwrap() + 1;
        put(&last, whole.get(..used - 3).unwrap());
        assert!(by_script(&dir).is_none());
        journal(&dir, 2, room);
        assert!(by_script(&dir).is_some(), "recovered");
        check_agreement(&dir, "recovered");
    }
}
