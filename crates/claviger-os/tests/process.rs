//! What only a second process can show: inheritance, death with the parent, and walls against the same user.
#![expect(clippy::unwrap_used, reason = "tests: a panic is how they fail")]

use std::fs::{Permissions, set_permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const NOBODY: u32 = 65534;

/// This test program again, in the role of one of the `child_…` functions below.
fn child(program: &Path, role: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", role, "--nocapture", "--test-threads=1"]);
    command.env("CLAVIGER_TEST_ROLE", role).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn this_program() -> PathBuf {
    std::env::current_exe().unwrap()
}

fn is_child(role: &str) -> bool {
    std::env::var_os("CLAVIGER_TEST_ROLE").is_some_and(|asked| asked == role)
}

/// Waits for the line with which a child says that it is ready.
fn wait_until_ready(child: &mut Child) {
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"), "the child never got ready");
}

fn wait_for_end_of_input() {
    drop(std::io::stdin().read_to_end(&mut Vec::new()));
}

#[test]
fn child_inherits() {
    if is_child("child_inherits") {
        let number: i32 = std::env::var("CLAVIGER_TEST_FD").unwrap().parse().unwrap();
        let mut socket = UnixStream::from(claviger_os::take_inherited(number).unwrap());
        assert!(claviger_os::take_inherited(number).is_err(), "each is taken once");
        let mut word = [0; 4];
        socket.read_exact(&mut word).unwrap();
        word.reverse();
        socket.write_all(&word).unwrap();
    }
}

#[test]
fn a_child_gets_the_descriptor_and_no_other_child_does() {
    let (mut ours, theirs) = claviger_os::socketpair().unwrap();
    let mut command = child(&this_program(), "child_inherits");
    let number = claviger_os::inherit(&mut command, theirs.into());
    let mut child = command.env("CLAVIGER_TEST_FD", number.to_string()).spawn().unwrap();
    for number in [number, ours.as_raw_fd()] {
        let looks = format!("test -e /proc/$$/fd/{number}");
        assert!(
            !Command::new("sh").args(["-c", &looks]).status().unwrap().success(),
            "a stranger has {number}"
        );
    }
    drop(command);
    ours.write_all(b"keep").unwrap();
    let mut answer = Vec::new();
    ours.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"peek");
    assert!(child.wait().unwrap().success());
}

#[test]
fn child_in_the_middle() {
    if is_child("child_in_the_middle") {
        let mut grandchild = child(&this_program(), "child_that_dies");
        grandchild.stdout(Stdio::inherit());
        drop(grandchild.spawn().unwrap().wait());
    }
}

#[test]
fn child_that_dies() {
    if is_child("child_that_dies") {
        claviger_os::die_with_parent().unwrap();
        println!("\nready");
        std::thread::sleep(std::time::Duration::from_secs(30));
        println!("\nsurvived");
    }
}

#[test]
fn a_child_dies_with_its_parent() {
    let mut middle = child(&this_program(), "child_in_the_middle").spawn().unwrap();
    wait_until_ready(&mut middle);
    middle.kill().unwrap();
    // The grandchild holds the same output: it ends only when that one is gone too.
    let mut rest = String::new();
    middle.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("survived"), "{rest}");
    middle.wait().unwrap();
}

#[test]
fn child_open() {
    if is_child("child_open") {
        println!("\nready");
        wait_for_end_of_input();
    }
}

#[test]
fn child_hardened() {
    if is_child("child_hardened") {
        claviger_os::harden().unwrap();
        let limits = std::fs::read_to_string("/proc/thread-self/limits").unwrap();
        let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().collect::<Vec<_>>(), ["0", "0", "bytes"]);
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
            assert!(status.contains(line), "{line} not in {status}");
        }
        println!("\nready");
        wait_for_end_of_input();
    }
}

/// Whether a process of the same user without privileges can read into one of `role`.
fn same_user_can_look_into(role: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    std::fs::copy(this_program(), &program).unwrap();
    set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let unprivileged = |mut command: Command| {
        if claviger_os::current_uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.current_dir("/");
        command
    };
    let mut target = unprivileged(child(&program, role)).spawn().unwrap();
    wait_until_ready(&mut target);
    // What follows the rules of debugging: who may open these may read the memory too.
    let [environ, maps] = ["environ", "maps"].map(|file| {
        let open = format!("exec 3< /proc/{}/{file}", target.id());
        let mut look = Command::new("sh");
        look.args(["-c", &open]).stderr(Stdio::null());
        unprivileged(look).status().unwrap().success()
    });
    drop(target.stdin.take());
    assert!(target.wait().unwrap().success());
    assert_eq!(environ, maps);
    maps
}

#[test]
fn a_hardened_process_is_closed_to_its_own_user() {
    assert!(same_user_can_look_into("child_open"), "the test must see into an open one");
    assert!(!same_user_can_look_into("child_hardened"));
}
