//! A vault whose process is killed while it changes, and one whose disk takes no more.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use claviger_vault::{Scheme, Vault, VaultError};

use crate::home::{BINANCE, Home, PASSPHRASE, entry, hmac, name, passphrase};

/// This test program again, doing only what `role` says.
pub fn child(role: &str, home: &Home) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", role, "--nocapture", "--test-threads=1"]);
    command.env("CLAVIGER_TEST_CHILD_HOME", home.file()).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// In a child: the vault it shall open. Otherwise nothing is to be done.
pub fn vault_of_child() -> Option<Vault> {
    let file = std::env::var_os("CLAVIGER_TEST_CHILD_HOME")?;
    let stdin = claviger_vault::unbuffered_stdin().unwrap();
    let passphrase = claviger_vault::Passphrase::read(stdin).unwrap();
    Some(Vault::open(file.as_ref(), &passphrase).unwrap())
}

pub fn start(mut command: Command) -> Child {
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSPHRASE.as_bytes()).unwrap();
    child
}

#[test]
fn child_that_adds() {
    if let Some(vault) = vault_of_child() {
        for number in 0u32.. {
            let key = format!("{}-{number}", std::process::id());
            vault.add(entry(&key, hmac("SECRET", None))).unwrap();
            println!("\nadded {key}");
        }
    }
}

#[test]
fn what_was_added_before_a_kill_is_there_after_it() {
    let home = Home::new();
    drop(home.vault());
    for round in 0..12u64 {
        let mut child = start(child("crash::child_that_adds", &home));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = Vec::new();
        while acknowledged.is_empty() {
            let line = lines.next().expect("the child adds").unwrap();
            acknowledged.extend(line.strip_prefix("added ").map(name));
        }
        std::thread::sleep(Duration::from_micros(round * 1_731));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged
            .extend(lines.map_while(Result::ok).filter_map(|l| Some(name(l.strip_prefix("added ")?))));
        let vault = home.open();
        for key in acknowledged {
            assert!(vault.sign(&key, Scheme::HmacSha256Hex, &[b"x"], BINANCE).is_ok(), "{key}");
        }
    }
    home.open().add(entry("last", hmac("SECRET", None))).unwrap();
    let files: Vec<_> = home.path().read_dir().unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(files, ["vault"], "leftovers are swept by the next change");
}

#[test]
fn child_with_a_full_disk() {
    if let Some(vault) = vault_of_child() {
        let refused = vault.add(entry("b", hmac("SECRET", None))).unwrap_err();
        assert!(matches!(refused, VaultError::Write { .. }), "{refused:?}");
        assert_eq!(vault.list().len(), 1);
        assert!(vault.sign(&name("a"), Scheme::HmacSha256Hex, &[b"x"], BINANCE).is_ok());
    }
}

#[test]
fn a_disk_that_takes_no_more_loses_nothing() {
    let home = Home::new();
    home.vault().add(entry("a", hmac("SECRET", None))).unwrap();
    let before = std::fs::read(home.file()).unwrap();
    let plain = child("crash::child_with_a_full_disk", &home);
    // The shell sets the limit: no file may have a byte, and writing one is an error and not a signal.
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"trap "" XFSZ; ulimit -f 0; exec "$@" 2>&1 | cat"#, "sh"]);
    limited.arg(plain.get_program()).args(plain.get_args());
    limited.envs(plain.get_envs().filter_map(|(key, value)| Some((key, value?))));
    limited.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    let output = start(limited).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("test result: ok. 1 passed"), "{said}");
    assert_eq!(std::fs::read(home.file()).unwrap(), before);
    assert_eq!(home.path().read_dir().unwrap().count(), 1);
    assert!(Vault::open(&home.file(), &passphrase(PASSPHRASE)).is_ok());
}
