//! Asking for a secret at the terminal, without echo and without a growing buffer.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

use zeroize::Zeroizing;

use crate::memory::check;

/// Shows `label` on the terminal and reads one line of at most `most` bytes without echo.
///
/// Backspace, Ctrl-U and Ctrl-C work; the terminal is put back as it was. Without a terminal it is an error.
pub fn read_hidden(label: &str, most: usize) -> io::Result<Zeroizing<Box<[u8]>>> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(label.as_bytes())?;
    let line = {
        let _quiet = Quiet::new(&terminal)?;
        read_line(&terminal, most)
    };
    terminal.write_all(b"\n")?;
    line
}

/// Turns echo and line editing off for as long as it lives.
struct Quiet<'a> {
    terminal: &'a File,
    before: libc::termios,
}

impl<'a> Quiet<'a> {
    fn new(terminal: &'a File) -> io::Result<Self> {
        let mut before = MaybeUninit::uninit();
        // SAFETY: the kernel fills `before` or returns an error.
        check(unsafe { libc::tcgetattr(terminal.as_raw_fd(), before.as_mut_ptr()) })?;
        // SAFETY: filled by the call above.
        let before: libc::termios = unsafe { before.assume_init() };
        let mut quiet = before;
        quiet.c_lflag &= !(libc::ECHO | libc::ECHONL | libc::ICANON | libc::ISIG | libc::IEXTEN);
        // SAFETY: sets a copy of the settings just read.
        check(unsafe { libc::tcsetattr(terminal.as_raw_fd(), libc::TCSAFLUSH, &raw const quiet) })?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // SAFETY: puts back the settings read before.
        unsafe { libc::tcsetattr(self.terminal.as_raw_fd(), libc::TCSAFLUSH, &raw const self.before) };
    }
}

fn read_line(mut input: impl Read, most: usize) -> io::Result<Zeroizing<Box<[u8]>>> {
    let mut line = Zeroizing::new(vec![0u8; most].into_boxed_slice());
    let mut length = 0usize;
    loop {
        let mut byte = Zeroizing::new([0u8]);
        input.read_exact(byte.as_mut_slice())?;
        let [byte] = *byte;
        match byte {
            b'\r' | b'\n' => break,
            CTRL_C => return Err(io::ErrorKind::Interrupted.into()),
            CTRL_D if length == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            CTRL_D => break,
            CTRL_U => length = 0,
            BACKSPACE | DELETE => length = length.saturating_sub(1),
            _ => {
                *line.get_mut(length).ok_or(io::ErrorKind::FileTooLarge)? = byte;
                length += 1;
            }
        }
    }
    let typed = line.get(..length).unwrap_or_default();
    Ok(Zeroizing::new(typed.into()))
}

const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const BACKSPACE: u8 = 8;
const CTRL_U: u8 = 21;
const DELETE: u8 = 127;

#[cfg(test)]
mod tests {
    use super::*;

    fn check_line(typed: &[u8], expected: Result<&[u8], io::ErrorKind>) {
        let read = read_line(typed, 8);
        assert_eq!(read.as_ref().map(|l| &l[..]).map_err(io::Error::kind), expected, "{typed:?}");
    }

    #[test]
    fn a_line_is_read_with_its_corrections() {
        check_line(b"secret\n", Ok(b"secret"));
        check_line(b"secret\rmore\n", Ok(b"secret"));
        check_line(b"sex\x7fcret\n", Ok(b"secret"));
        check_line(b"wrong\x15right\n", Ok(b"right"));
        check_line(b"\x7f\x08\n", Ok(b""));
        check_line(b"12345678\n", Ok(b"12345678"));
        check_line("gl\u{fc}ck\n".as_bytes(), Ok("gl\u{fc}ck".as_bytes()));
    }

    #[test]
    fn an_end_without_a_line_is_an_error() {
        check_line(b"123456789\n", Err(io::ErrorKind::FileTooLarge));
        check_line(b"sec\x03ret\n", Err(io::ErrorKind::Interrupted));
        check_line(b"\x04", Err(io::ErrorKind::UnexpectedEof));
        check_line(b"secret", Err(io::ErrorKind::UnexpectedEof));
    }
}
