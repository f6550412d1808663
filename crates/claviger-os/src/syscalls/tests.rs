use super::*;
use std::io::{Error, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;

fn errno_of(number: libc::c_long) -> i32 {
    // SAFETY: every call of the list refuses null pointers and zeros with an error, filtered or not.
    let result = unsafe { libc::syscall(number, 0, 0, 0, 0, 0, 0) };
    if result == -1 { Error::last_os_error().raw_os_error().unwrap() } else { 0 }
}

fn refused<T: std::fmt::Debug>(result: std::io::Result<T>) {
    assert_eq!(result.unwrap_err().raw_os_error(), Some(libc::EPERM));
}

#[test]
fn filtered_child() {
    if std::env::var_os("CLAVIGER_TEST_FILTERED").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut one, mut other) = crate::socketpair().unwrap();
    let mut waiting = UnixStream::connect(folder.path().join("socket")).unwrap();
    let (to_older, orders) = mpsc::channel();
    let older_thread = std::thread::spawn(move || {
        orders.recv().unwrap();
        refused(UdpSocket::bind("127.0.0.1:0"));
    });

    crate::harden().unwrap();

    let address = tcp.local_addr().unwrap();
    refused(TcpStream::connect(address));
    refused(UdpSocket::bind("127.0.0.1:0"));
    refused(TcpListener::bind("127.0.0.1:0"));
    refused(UnixStream::connect(folder.path().join("socket")));
    refused(UnixListener::bind(folder.path().join("another")));
    refused(Command::new("/bin/true").spawn());
    // SAFETY: a null address of length zero: an error in any case.
    let connected = unsafe { libc::connect(one.as_fd().as_raw_fd(), std::ptr::null(), 0) };
    assert_eq!((connected, Error::last_os_error().raw_os_error()), (-1, Some(libc::EPERM)));
    for number in DENIED {
        assert_eq!(errno_of(*number), libc::EPERM, "call {number}");
    }
    #[cfg(target_arch = "x86_64")]
    for number in DENIED.iter().chain(&[520, 521, 539, 540, 545, libc::SYS_getpid]) {
        assert_eq!(errno_of(number | i64::from(X32)), libc::EPERM, "x32 call {number}");
    }
    to_older.send(()).unwrap();
    older_thread.join().expect("threads made before are filtered too");
    std::thread::spawn(|| refused(UdpSocket::bind("127.0.0.1:0"))).join().expect("and those made after");

    let (mut accepted, _) = listener.accept().expect("an open listener still accepts");
    waiting.write_all(b"x").unwrap();
    accepted.read_exact(&mut [0]).unwrap();
    one.write_all(b"x").unwrap();
    other.read_exact(&mut [0]).unwrap();
    crate::replace(&folder.path().join("file"), b"x", 0o600).expect("files still work");
    crate::Protected::new(32, |_| ()).expect("so does protected memory");
}

#[test]
fn a_filtered_process_has_no_network_and_starts_nothing() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "syscalls::tests::filtered_child", "--test-threads=1"])
        .env("CLAVIGER_TEST_FILTERED", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
