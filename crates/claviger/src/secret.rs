//! Secrets on their way in: by prompt without echo, standard input or an inherited descriptor. Never by argument.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;

use claviger_door::{Exit, Sensitive};
use zeroize::Zeroizing;

use crate::failure::Failure;

/// The longest secret: a PEM file of an RSA key.
const MOST: usize = 16 * 1024;
const MOST_PASSPHRASE: usize = 1024;

/// Where one secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A person at the terminal.
    Prompt,
    /// Standard input, to its end.
    Stdin,
    /// An inherited descriptor, to its end.
    Fd(i32),
    /// A file handed over by the service manager.
    Credential(PathBuf),
}

impl Source {
    /// Reads the secret; `what` names it for people.
    pub fn read(&self, what: &str) -> Result<Sensitive, Failure> {
        let failed = |e: &dyn std::error::Error| {
            Failure::new(Exit::NoSecret, format!("cannot read the {what}"))
                .caused_by(e)
                .hint("a terminal, or a file descriptor (`claviger help` of the command says which)")
        };
        match self {
            Self::Prompt => claviger_os::read_hidden(&format!("{what}: "), MOST_PASSPHRASE)
                .and_then(not_empty)
                .map_err(|e| failed(&e)),
            Self::Stdin => {
                // Not `std::io::stdin`, whose buffer would keep a copy.
                let input = io::stdin().as_fd().try_clone_to_owned().map(File::from);
                input.and_then(read_all).map_err(|e| failed(&e))
            }
            Self::Fd(number) => {
                let descriptor = claviger_os::take_inherited(*number).map_err(|e| failed(&e))?;
                read_all(File::from(descriptor)).map_err(|e| failed(&e))
            }
            Self::Credential(path) => {
                let bytes = claviger_os::read_credential(path, MOST_PASSPHRASE).map_err(|e| failed(&e))?;
                read_all(bytes.as_slice()).map_err(|e| failed(&e))
            }
        }
    }

    /// The same secret twice, where a person types it for the first time.
    pub fn read_new(&self, what: &str) -> Result<Sensitive, Failure> {
        let first = self.read(what)?;
        if *self != Self::Prompt {
            return Ok(first);
        }
        let (first, again) = (first.into_bytes(), self.read(&format!("{what}, again"))?.into_bytes());
        if first == again {
            Ok(Sensitive::new(first))
        } else {
            Err(Failure::new(Exit::NoSecret, format!("the two entries of the {what} are not the same")))
        }
    }
}

fn not_empty(bytes: Zeroizing<Box<[u8]>>) -> io::Result<Sensitive> {
    if bytes.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is empty"));
    }
    Ok(Sensitive::new(bytes))
}

/// Everything to the end, in a buffer that does not grow; one line end at the end is not part of it.
fn read_all(mut from: impl Read) -> io::Result<Sensitive> {
    let mut buffer = Zeroizing::new(vec![0; MOST + 1].into_boxed_slice());
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..)
        && !rest.is_empty()
    {
        match from.read(rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    if filled > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {MOST} bytes")));
    }
    let read = buffer.get(..filled).unwrap_or_default();
    let line = read.strip_suffix(b"\n").map_or(read, |line| line.strip_suffix(b"\r").unwrap_or(line));
    not_empty(Zeroizing::new(line.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &[u8], expected: Option<&[u8]>) {
        let read = read_all(input).ok().map(Sensitive::into_bytes);
        assert_eq!(read.as_ref().map(|b| &b[..]), expected);
    }

    #[test]
    fn one_line_end_is_dropped_and_nothing_else() {
        check(b"secret\n", Some(b"secret"));
        check(b"secret\r\n", Some(b"secret"));
        check(b"two\nlines\n\n", Some(b"two\nlines\n"));
        check(b" spaced ", Some(b" spaced "));
        check(b"\n", None);
        check(b"", None);
        check(&[b'x'; MOST], Some(&[b'x'; MOST]));
        check(&[b'x'; MOST + 1], None);
    }
}
