//! Giving up what this process does not need, so that one who takes it over does not have it either.

use std::io;

use crate::memory::check;

/// Which step of hardening failed.
#[derive(Debug, thiserror::Error)]
pub enum HardenError {
    /// A call to the kernel failed.
    #[error("cannot give up {what}")]
    Kernel {
        /// What was to be given up.
        what: &'static str,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// The filter of system calls was not made or not accepted.
    #[cfg(target_os = "linux")]
    #[error("cannot filter system calls")]
    Filter(#[source] seccompiler::Error),
    /// The parent ended before the child could tie itself to it.
    #[error("the parent process is gone")]
    Orphan,
    /// This system has no such protection.
    #[error("this system cannot give up {0}")]
    Unsupported(&'static str),
}

/// All of it, in order: no core file, not dumpable, no new privileges, no network and no new programs.
pub fn harden() -> Result<(), HardenError> {
    no_core()?;
    undumpable()?;
    no_new_privs()?;
    deny_network()
}

/// Closes this process to debuggers, core files and `/proc/PID/mem` of others, even of the same user.
#[cfg(target_os = "linux")]
pub fn undumpable() -> Result<(), HardenError> {
    let what = "being looked into";
    // SAFETY: sets a flag of this process.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) })
        .map_err(|source| HardenError::Kernel { what, source })
}

/// Closes this process to debuggers.
#[cfg(not(target_os = "linux"))]
pub fn undumpable() -> Result<(), HardenError> {
    Err(HardenError::Unsupported("being looked into"))
}

/// Sets the size limit of core files to zero, for good.
pub fn no_core() -> Result<(), HardenError> {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: sets a limit of this process from a local value.
    check(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) })
        .map_err(|source| HardenError::Kernel { what: "core files", source })
}

/// Makes sure that no program started from here can gain rights.
#[cfg(target_os = "linux")]
pub fn no_new_privs() -> Result<(), HardenError> {
    // SAFETY: sets a flag of this process.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })
        .map_err(|source| HardenError::Kernel { what: "new privileges", source })
}

/// Makes sure that no program started from here can gain rights.
#[cfg(not(target_os = "linux"))]
pub fn no_new_privs() -> Result<(), HardenError> {
    Err(HardenError::Unsupported("new privileges"))
}

/// Ends this process when the thread that started it ends.
///
/// The kernel watches the parent's *thread*: start children from one that lives as long as the process.
#[cfg(target_os = "linux")]
pub fn die_with_parent() -> Result<(), HardenError> {
    let parent = std::os::unix::process::parent_id();
    let what = "outliving its parent";
    // SAFETY: sets a signal of this process.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) })
        .map_err(|source| HardenError::Kernel { what, source })?;
    if std::os::unix::process::parent_id() == parent { Ok(()) } else { Err(HardenError::Orphan) }
}

/// Ends this process when its parent ends.
#[cfg(not(target_os = "linux"))]
pub fn die_with_parent() -> Result<(), HardenError> {
    Err(HardenError::Unsupported("outliving its parent"))
}

/// Takes from every thread of this process, for good, the making of sockets and connections, the starting of
/// programs, and the calls by which one process reaches into another or into the kernel.
///
/// Descriptors that are open stay usable, and an inherited listener can still accept.
#[cfg(target_os = "linux")]
pub fn deny_network() -> Result<(), HardenError> {
    no_new_privs()?;
    let filter = crate::syscalls::filter().map_err(|e| HardenError::Filter(e.into()))?;
    seccompiler::apply_filter_all_threads(&filter).map_err(HardenError::Filter)
}

/// Takes the network from this process.
#[cfg(not(target_os = "linux"))]
pub fn deny_network() -> Result<(), HardenError> {
    Err(HardenError::Unsupported("the network"))
}
