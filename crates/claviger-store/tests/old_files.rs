//! Files that earlier versions wrote are read as they were meant.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use claviger_core::Time;
use claviger_store::{FreezeOf, State};

/// A copy of `tests/old/NAME` that only its owner may open.
fn copy(name: &str, to: &Path) -> PathBuf {
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old").join(name)).unwrap();
    let file = to.join("state.db");
    claviger_os::create_new(&file, &bytes, 0o600).unwrap();
    file
}

#[test]
fn state_version_1() {
    let home = tempfile::tempdir().unwrap();
    let mut state = State::open(&copy("state-1.db", home.path())).unwrap();
    let bots = state.bots().unwrap();
    let names: Vec<(&str, u32)> = bots.iter().map(|bot| (bot.name.as_str(), bot.version)).collect();
    assert_eq!(names, [("grid", 2), ("watcher", 1)]);
    let keys = state.keys().unwrap();
    let key = keys.first().unwrap();
    assert_eq!((key.name.as_str(), &*key.environment, key.hosts.len()), ("main", "production", 2));
    let frozen = (FreezeOf::Bot("watcher".parse().unwrap()), Time::from_millis(1_700_000_000_003));
    assert_eq!(state.freezes().unwrap(), [frozen]);
    assert_eq!(state.active_policy().unwrap().unwrap().text, "# the second\n");
    assert_eq!(state.policies().unwrap().len(), 2);
    state.remove_bot(&"grid".parse().unwrap(), Time::from_millis(1)).unwrap();
    assert_eq!(state.next_bot_version(&"grid".parse().unwrap()).unwrap(), 3);
}
