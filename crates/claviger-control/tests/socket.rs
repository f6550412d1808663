//! Commands over a real socket.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use claviger_control::{Control, ControlError, PeerCheck, serve};
use claviger_door::{Command, Desk, Exit, Refused, Said, Target, frame};

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Target>>>);

impl Desk for Notes {
    fn command(&mut self, command: Command) -> Result<Said, Refused> {
        match command {
            Command::Freeze(target) => {
                // As slow as a passphrase is to check.
                if target == Target::Bot("slow".parse().unwrap()) {
                    thread::sleep(Duration::from_secs(2));
                }
                self.0.lock().unwrap().push(target);
                Ok(Said::Done)
            }
            _ => Err(Refused {
                what: "no".to_owned(),
                because: vec!["of a test".to_owned()],
                hint: vec![],
                exit: Exit::Name,
            }),
        }
    }
}

struct Running {
    home: tempfile::TempDir,
    desk: Notes,
}

impl Running {
    fn new(allowed: PeerCheck) -> Self {
        let home = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(home.path().join("control.sock")).unwrap();
        let desk = Notes::default();
        let served = desk.clone();
        thread::spawn(move || serve(&listener, &served, allowed));
        Self { home, desk }
    }

    fn path(&self) -> PathBuf {
        self.home.path().join("control.sock")
    }

    fn connect(&self) -> Control {
        Control::connect(&self.path()).unwrap().unwrap()
    }
}

fn freeze(name: &str) -> Command {
    Command::Freeze(Target::Bot(name.parse().unwrap()))
}

#[test]
fn commands_are_carried_out_and_refusals_come_back() {
    let running = Running::new(|_| Ok(true));
    let mut control = running.connect();
    assert!(matches!(control.command(&freeze("a")).unwrap(), Ok(Said::Done)));
    let Err(refused) = control.command(&Command::Status).unwrap() else { panic!("must be refused") };
    assert_eq!((refused.exit, refused.because), (Exit::Name, vec!["of a test".to_owned()]));
    assert!(matches!(running.connect().command(&freeze("b")).unwrap(), Ok(Said::Done)));
    assert_eq!(running.desk.0.lock().unwrap().len(), 2);
}

#[test]
fn nobody_listening_is_none() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("control.sock");
    assert!(Control::connect(&path).unwrap().is_none());
    drop(UnixListener::bind(&path).unwrap());
    assert!(Control::connect(&path).unwrap().is_none(), "a socket left behind");
}

#[test]
fn one_that_ends_before_it_greets_is_none() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("control.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let asked = thread::spawn(move || Control::connect(&path).map(|control| control.is_none()));
    // Connected, waiting to be accepted.
    thread::sleep(Duration::from_millis(200));
    drop(listener);
    assert!(asked.join().unwrap().unwrap());
}

#[test]
fn another_user_is_refused_before_anything_is_read() {
    for check in [(|_| Ok(false)) as PeerCheck, |_| Err(std::io::ErrorKind::NotConnected.into())] {
        let running = Running::new(check);
        assert!(matches!(Control::connect(&running.path()), Err(ControlError::Frame(_))));
        assert!(running.desk.0.lock().unwrap().is_empty());
    }
}

#[test]
fn another_version_is_named_by_the_client() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("control.sock");
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        frame::write(&mut socket, 0, &(*b"claviger", "99.0.0")).unwrap();
        socket.read_to_end(&mut Vec::new()).unwrap();
    });
    let Err(ControlError::Version { theirs }) = Control::connect(&path) else { panic!("must be refused") };
    assert_eq!(theirs, "99.0.0");
}

#[test]
fn another_version_is_turned_away_by_the_server() {
    let running = Running::new(|_| Ok(true));
    let mut socket = UnixStream::connect(running.path()).unwrap();
    frame::write(&mut socket, 0, &(*b"claviger", "99.0.0")).unwrap();
    frame::write(&mut socket, 1, &freeze("a")).unwrap();
    // The server's own greeting, then the end.
    let _ = socket.read_to_end(&mut Vec::new());
    assert!(running.desk.0.lock().unwrap().is_empty());
}

#[test]
fn noise_ends_the_connection_and_nothing_else() {
    let running = Running::new(|_| Ok(true));
    for noise in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 64], &[0; 12], &[]] {
        let mut socket = UnixStream::connect(running.path()).unwrap();
        // The server may close before everything is written.
        let _ = socket.write_all(noise);
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let _ = socket.read_to_end(&mut Vec::new());
    }
    assert!(matches!(running.connect().command(&freeze("a")).unwrap(), Ok(Said::Done)));
}

#[test]
fn who_says_nothing_locks_nobody_out() {
    let running = Running::new(|_| Ok(true));
    let silent: Vec<UnixStream> = (0..100).map(|_| UnixStream::connect(running.path()).unwrap()).collect();
    let idle: Vec<Control> = (0..40).map(|_| running.connect()).collect();
    let mut last = running.connect();
    assert!(matches!(last.command(&freeze("a")).unwrap(), Ok(Said::Done)));
    assert_eq!((silent.len(), idle.len()), (100, 40));
    // Longer than a greeting may take: an operator who types is not cut off.
    thread::sleep(Duration::from_secs(6));
    assert!(matches!(last.command(&freeze("b")).unwrap(), Ok(Said::Done)));
}

#[test]
fn a_slow_command_holds_up_its_own_connection_only() {
    let running = Running::new(|_| Ok(true));
    let mut slow = running.connect();
    let began = Instant::now();
    let waits = thread::spawn(move || slow.command(&freeze("slow")).unwrap().is_ok());
    thread::sleep(Duration::from_millis(200));
    assert!(matches!(running.connect().command(&freeze("a")).unwrap(), Ok(Said::Done)));
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(waits.join().unwrap());
}
