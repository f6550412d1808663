//! Who may connect.

use claviger_core::*;

use crate::desk::*;

fn ask(more: &str, key: &str, user: Option<u32>, address: Address) -> Result<(), String> {
    let mut desk = Desk::new(more, key);
    desk.peer = Peer { address, same_user: false, user };
    let answer = desk.ask("a", Act::Read, Permission::Read);
    answer.map(drop).map_err(|denied| format!("{}: {denied}", denied.denial.rule()))
}

#[test]
fn users() {
    let line = "users = [\"1001\", \"1002\"]";
    let loopback = Address::Ip([127, 0, 0, 1].into());
    let other = Err("users: requests of user 1003 are not allowed by users".to_owned());
    let unknown = Err("users: requests of an unknown user are not allowed by users".to_owned());
    for address in [Address::Socket, loopback] {
        for (more, key) in [(line, ""), ("", line)] {
            assert_eq!(ask(more, key, Some(1001), address), Ok(()));
            assert_eq!(ask(more, key, Some(1002), address), Ok(()));
            assert_eq!(ask(more, key, Some(1003), address), other);
            assert_eq!(ask(more, key, None, address), unknown);
        }
        assert_eq!(ask("", "", None, address), Ok(()));
        assert_eq!(ask("users = \"unlimited\"", "", None, address), Ok(()));
    }
    let far = Address::Ip([10, 0, 0, 1].into());
    assert_eq!(ask(&format!("{line}\nsources = \"unlimited\""), "", None, far), unknown);
    assert_eq!(
        ask(line, "users = [\"1002\"]", Some(1001), loopback),
        Err("users: requests of user 1001 are not allowed by users".into())
    );
}

#[test]
#[expect(clippy::disallowed_methods, reason = "these bytes are ours, as in a journal")]
fn a_peer_of_an_older_journal_is_read() {
    let old = "{\"address\":{\"ip\":\"127.0.0.1\"},\"same_user\":true}";
    let peer = |text: &str| serde_json::from_str::<Peer>(text).unwrap();
    assert_eq!(peer(old), Peer { address: Address::Ip([127, 0, 0, 1].into()), same_user: true, user: None });
    assert_eq!(serde_json::to_string(&peer(old)).unwrap(), old);
    let new = Peer { user: Some(1001), ..peer(old) };
    assert_eq!(peer(&serde_json::to_string(&new).unwrap()), new);
}
