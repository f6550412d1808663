use claviger_core::Allowed;

use super::*;

fn bot(name: &str, version: u32) -> StoredBot {
    StoredBot {
        name: name.parse().unwrap(),
        exchange: "binance".parse().unwrap(),
        virtual_id: format!("id-{name}-{version}").into(),
        version,
        added: Time::from_millis(5),
    }
}

fn key(name: &str) -> StoredKey {
    StoredKey {
        name: name.parse().unwrap(),
        exchange: "okx".parse().unwrap(),
        environment: "production".into(),
        hosts: vec!["www.okx.com".into(), "ws.okx.com".into()],
        id: "real-id".into(),
        scheme: "hmac".into(),
        added: Time::from_millis(6),
    }
}

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("state.db")
    }

    fn open(&self) -> State {
        State::open(&self.file()).unwrap()
    }
}

#[test]
fn bots_survive_and_their_versions_rise() {
    let home = Home::new();
    let name = "grid".parse().unwrap();
    let mut state = home.open();
    assert_eq!(state.next_bot_version(&name).unwrap(), 1);
    state.add_bot(&bot("grid", 1)).unwrap();
    assert!(matches!(state.add_bot(&bot("grid", 2)), Err(StateError::Exists { what: "bot", .. })));
    drop(state);
    let mut state = home.open();
    assert_eq!(state.bots().unwrap(), [bot("grid", 1)]);
    state.remove_bot(&name, Time::from_millis(9)).unwrap();
    assert_eq!(state.bots().unwrap(), []);
    assert!(matches!(state.remove_bot(&name, Time::from_millis(9)), Err(StateError::Missing { .. })));
    assert_eq!(state.next_bot_version(&name).unwrap(), 2);
    state.add_bot(&bot("grid", 2)).unwrap();
    assert_eq!(home.open().bots().unwrap(), [bot("grid", 2)]);
}

#[test]
fn a_virtual_id_is_never_given_twice() {
    let home = Home::new();
    let mut state = home.open();
    state.add_bot(&bot("one", 1)).unwrap();
    let mut thief = bot("two", 1);
    thief.virtual_id = bot("one", 1).virtual_id;
    assert!(state.add_bot(&thief).is_err());
    state.remove_bot(&"one".parse().unwrap(), Time::default()).unwrap();
    assert!(state.add_bot(&thief).is_err(), "nor after its owner is gone");
}

#[test]
fn keys_survive() {
    let home = Home::new();
    home.open().add_key(&key("main")).unwrap();
    let mut state = home.open();
    assert_eq!(state.keys().unwrap(), [key("main")]);
    assert!(matches!(state.add_key(&key("main")), Err(StateError::Exists { what: "key", .. })));
    state.remove_key(&"main".parse().unwrap(), Time::default()).unwrap();
    state.add_key(&key("main")).unwrap();
    assert_eq!(state.keys().unwrap(), [key("main")]);
}

#[test]
fn freezes_survive_and_end_with_their_target() {
    let home = Home::new();
    let (grid, main) = (FreezeOf::Bot("grid".parse().unwrap()), FreezeOf::Key("main".parse().unwrap()));
    let mut state = home.open();
    state.freeze(&grid, Time::from_millis(1)).unwrap();
    state.freeze(&grid, Time::from_millis(2)).unwrap();
    state.freeze(&main, Time::from_millis(3)).unwrap();
    let both = [(grid.clone(), Time::from_millis(1)), (main.clone(), Time::from_millis(3))];
    assert_eq!(home.open().freezes().unwrap(), both);
    assert!(state.thaw(&main).unwrap());
    assert!(!state.thaw(&main).unwrap());
    state.add_bot(&bot("grid", 1)).unwrap();
    state.remove_bot(&"grid".parse().unwrap(), Time::default()).unwrap();
    assert_eq!(state.freezes().unwrap(), []);
}

#[test]
fn the_policy_activated_last_is_active() {
    let home = Home::new();
    let mut state = home.open();
    assert_eq!(state.active_policy().unwrap(), None);
    for (n, text) in [(1, "a"), (2, "b"), (3, "a")] {
        state.activate_policy("hash", text, Time::from_millis(n)).unwrap();
    }
    let active = home.open().active_policy().unwrap().unwrap();
    assert_eq!((active.number, active.text.as_str(), active.at), (3, "a", Time::from_millis(3)));
    assert_eq!(state.policies().unwrap().len(), 3);
}

#[test]
fn a_file_open_to_others_or_of_a_later_version_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.open().db.execute_batch("PRAGMA user_version = 99").unwrap();
    assert!(matches!(State::open(&home.file()), Err(StateError::Later { found: 99, .. })));
    std::fs::set_permissions(home.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(State::open(&home.file()), Err(StateError::NotPrivate(_))));
}

#[test]
fn a_file_that_is_no_database_is_damaged() {
    let home = Home::new();
    claviger_os::create_new(&home.file(), &[b'x'; 5000], 0o600).unwrap();
    assert!(State::open(&home.file()).is_err());
}

fn allowance(path: &str, what: Allowed) -> Allowance {
    let (exchange, surface) = ("binance".parse().unwrap(), "spot".parse().unwrap());
    Allowance { exchange, surface, path: path.into(), what }
}

#[test]
fn allowances_survive() {
    let home = Home::new();
    let param = |name: &str| Allowed::Param { name: name.into(), grammar: "whole:1..9".into() };
    let all = [
        allowance("/a", Allowed::Read),
        allowance("/a", param("page")),
        allowance("/b", Allowed::Public),
        allowance("/c", param("page")),
    ];
    let mut state = home.open();
    for (at, one) in all.iter().enumerate() {
        state.allow(one, Time::from_millis(at as u64)).unwrap();
    }
    assert!(matches!(state.allow(&all[1], Time::default()), Err(StateError::Exists { .. })));
    let noted = home.open().allowances().unwrap();
    assert_eq!(noted.iter().map(|(one, _)| one.clone()).collect::<Vec<_>>(), all);
    assert_eq!(noted[2].1, Time::from_millis(2));
    state.disallow(&all[..2]).unwrap();
    assert_eq!(home.open().allowances().unwrap().len(), 2);
}

#[test]
fn a_file_of_the_first_version_gains_the_later_tables() {
    let home = Home::new();
    let mut state = home.open();
    state.add_key(&key("main")).unwrap();
    state.db.execute_batch("DROP TABLE allowances; DROP TABLE catalogues; PRAGMA user_version = 1").unwrap();
    drop(state);
    let mut state = home.open();
    assert_eq!(state.keys().unwrap(), [key("main")]);
    state.allow(&allowance("/a", Allowed::Read), Time::default()).unwrap();
}

#[test]
fn a_newer_catalogue_replaces_the_one_before() {
    let home = Home::new();
    let one = |version: u32| StoredCatalogue {
        exchange: "binance".parse().unwrap(),
        surface: "spot".parse().unwrap(),
        version,
        text: format!("version = {version}"),
        signature: "c2ln".into(),
    };
    let mut state = home.open();
    for version in [2, 3] {
        state.keep_catalogue(&one(version), Time::default()).unwrap();
    }
    assert_eq!(home.open().catalogues().unwrap(), [one(3)]);
    state.drop_catalogue(&one(3).exchange, &one(3).surface).unwrap();
    assert_eq!(home.open().catalogues().unwrap(), []);
}
