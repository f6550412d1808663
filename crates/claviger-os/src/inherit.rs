//! Handing a descriptor to a child that is exec'd, and taking it there.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::memory::check;

/// A connected pair of Unix stream sockets; neither end passes to children unless given to [`inherit`].
pub fn socketpair() -> io::Result<(UnixStream, UnixStream)> {
    UnixStream::pair()
}

/// Lets the child of `command` inherit `descriptor` and returns its number there.
///
/// Only that child gets it. The parent's copy is closed when `command` is dropped. Tell the child the number by an
/// argument or variable; it takes the descriptor with [`take_inherited`].
pub fn inherit(command: &mut Command, descriptor: OwnedFd) -> RawFd {
    let number = descriptor.as_raw_fd();
    let pass_on = move || {
        // SAFETY: plain calls on a descriptor that the closure owns; both are safe after a fork.
        let flags = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_GETFD) };
        check(flags)?;
        // SAFETY: as above.
        check(unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFD, flags & !libc::FD_CLOEXEC) })
    };
    // SAFETY: the closure only calls `fcntl`: no allocation, no lock.
    unsafe { command.pre_exec(pass_on) };
    number
}

/// Why a number is not an inherited descriptor.
#[derive(Debug, thiserror::Error)]
pub enum NotInherited {
    /// 0, 1 and 2 are the standard streams.
    #[error("descriptor {0} is a standard stream")]
    Standard(RawFd),
    /// No descriptor of that number is open.
    #[error("descriptor {number} is not open")]
    Closed {
        /// The number asked for.
        number: RawFd,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// This process opened it itself, or has taken it already.
    #[error("descriptor {0} was not inherited, or was taken before")]
    Ours(RawFd),
}

/// Takes the descriptor that the parent passed under `number`; each can be taken once.
///
/// A descriptor that this process opened itself is never given out: those are closed on exec, inherited ones are not.
pub fn take_inherited(number: RawFd) -> Result<OwnedFd, NotInherited> {
    static TAKEN: Mutex<BTreeSet<RawFd>> = Mutex::new(BTreeSet::new());
    if (0..3).contains(&number) {
        return Err(NotInherited::Standard(number));
    }
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: reads the flags of a number; an unused one is an error.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    check(flags).map_err(|source| NotInherited::Closed { number, source })?;
    if flags & libc::FD_CLOEXEC != 0 || !taken.insert(number) {
        return Err(NotInherited::Ours(number));
    }
    // SAFETY: sets the flag on the open descriptor looked at above.
    let marked = unsafe { libc::fcntl(number, libc::F_SETFD, flags | libc::FD_CLOEXEC) };
    check(marked).map_err(|source| NotInherited::Closed { number, source })?;
    // SAFETY: open, inherited (so nobody in this process owns it), and marked as taken under the lock.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_this_process_opened_is_never_taken() {
        let (one, _other) = socketpair().unwrap();
        assert!(matches!(take_inherited(one.as_raw_fd()), Err(NotInherited::Ours(_))));
    }

    #[test]
    fn closed_and_standard_numbers_are_refused() {
        for number in [-1, 1 << 20, i32::MAX] {
            assert!(matches!(take_inherited(number), Err(NotInherited::Closed { .. })), "{number}");
        }
        for number in 0..3 {
            assert!(matches!(take_inherited(number), Err(NotInherited::Standard(_))), "{number}");
        }
    }
}
