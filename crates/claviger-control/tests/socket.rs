//! Commands over a real socket.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use claviger_control::{Control, ControlError, PeerCheck, serve};
use claviger_door::{Command, Desk, Exit, Refused, Said, Target, frame};

#[derive(Default)]
struct Notes(Vec<Target>);

impl Desk for Notes {
    fn command(&mut self, command: Command) -> Result<Said, Refused> {
        match command {
            Command::Freeze(target) => {
                self.0.push(target);
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
    desk: Arc<Mutex<Notes>>,
}

impl Running {
    fn new(allowed: PeerCheck) -> Self {
        let home = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(home.path().join("control.sock")).unwrap();
        let desk = Arc::new(Mutex::new(Notes::default()));
        let served = Arc::clone(&desk);
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
    assert_eq!(running.desk.lock().unwrap().0.len(), 2);
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
fn another_user_is_refused_before_anything_is_read() {
    for check in [(|_| Ok(false)) as PeerCheck, |_| Err(std::io::ErrorKind::NotConnected.into())] {
        let running = Running::new(check);
        assert!(matches!(Control::connect(&running.path()), Err(ControlError::Frame(_))));
        assert!(running.desk.lock().unwrap().0.is_empty());
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
    assert!(running.desk.lock().unwrap().0.is_empty());
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
