//! One region of memory that neither swap, core files nor other processes see.

use std::io;
use std::ptr::NonNull;

use zeroize::Zeroize;

/// Bytes in a mapping of their own: `memfd_secret` where the kernel has it, else locked and left out of core files.
///
/// Filled once, read-only after that, absent from forked children, zeroized when dropped.
/// It shows itself only to the closure given to [`Protected::with`].
pub struct Protected {
    start: NonNull<u8>,
    len: usize,
    mapped: usize,
    secret: bool,
}

// SAFETY: the mapping belongs to this value alone and is never written after `new` until it is dropped.
unsafe impl Send for Protected {}
// SAFETY: as above: shared access only reads.
unsafe impl Sync for Protected {}

impl Protected {
    /// Makes a region of `len` bytes and lets `fill` write into it, in place; fails if it cannot be locked.
    pub fn new(len: usize, fill: impl FnOnce(&mut [u8])) -> io::Result<Self> {
        let mapped = whole_pages(len)?;
        let (start, secret) = match map_secret(mapped) {
            Ok(start) => (start, true),
            Err(_) => (map_locked(mapped)?, false),
        };
        let region = Self { start, len, mapped, secret };
        region.leave_out_of_forks()?;
        // SAFETY: `start` is a fresh writable mapping of at least `len` bytes that nobody else knows of yet.
        fill(unsafe { std::slice::from_raw_parts_mut(region.start.as_ptr(), region.len) });
        region.protect(libc::PROT_READ)?;
        Ok(region)
    }

    /// Lends the bytes to `use_bytes`; what it returns must not contain them.
    pub fn with<T>(&self, use_bytes: impl FnOnce(&[u8]) -> T) -> T {
        // SAFETY: the mapping lives as long as `self`, holds `len` initialised bytes and is not written meanwhile.
        use_bytes(unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) })
    }

    /// Whether the kernel hides the region even from itself (`memfd_secret`), rather than only locking it.
    #[must_use]
    pub fn is_secret_memory(&self) -> bool {
        self.secret
    }

    fn protect(&self, protection: libc::c_int) -> io::Result<()> {
        // SAFETY: the range is exactly our own mapping.
        check(unsafe { libc::mprotect(self.start.as_ptr().cast(), self.mapped, protection) })
    }

    #[cfg(target_os = "linux")]
    fn leave_out_of_forks(&self) -> io::Result<()> {
        // SAFETY: the range is exactly our own mapping.
        check(unsafe { libc::madvise(self.start.as_ptr().cast(), self.mapped, libc::MADV_DONTFORK) })
    }

    #[cfg(not(target_os = "linux"))]
    fn leave_out_of_forks(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Protected {
    fn drop(&mut self) {
        if self.protect(libc::PROT_READ | libc::PROT_WRITE).is_ok() {
            // SAFETY: writable again, ours alone, `mapped` bytes long.
            unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.mapped) }.zeroize();
        }
        // SAFETY: unmaps exactly what was mapped; nothing can refer to it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.mapped) };
    }
}

fn whole_pages(len: usize) -> io::Result<usize> {
    // SAFETY: `sysconf` only reads a constant of the system.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096);
    len.max(1).checked_next_multiple_of(page).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

#[cfg(target_os = "linux")]
fn map_secret(mapped: usize) -> io::Result<NonNull<u8>> {
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

    // SAFETY: `memfd_secret` takes only flags and returns a new descriptor or an error.
    let number = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
    let number = i32::try_from(number).map_err(|_| io::Error::from(io::ErrorKind::Unsupported))?;
    check(number)?;
    // SAFETY: the kernel has just made this descriptor for us.
    let file = unsafe { OwnedFd::from_raw_fd(number) };
    let size = libc::off_t::try_from(mapped).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    // SAFETY: a plain call on our own descriptor.
    check(unsafe { libc::ftruncate(file.as_raw_fd(), size) })?;
    map(mapped, libc::MAP_SHARED, file.as_raw_fd())
}

#[cfg(not(target_os = "linux"))]
fn map_secret(_mapped: usize) -> io::Result<NonNull<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

fn map_locked(mapped: usize) -> io::Result<NonNull<u8>> {
    let start = map(mapped, libc::MAP_PRIVATE | libc::MAP_ANON, -1)?;
    let locked = lock(start, mapped);
    if locked.is_err() {
        // SAFETY: unmaps exactly what was mapped above.
        unsafe { libc::munmap(start.as_ptr().cast(), mapped) };
    }
    locked.map(|()| start)
}

fn lock(start: NonNull<u8>, mapped: usize) -> io::Result<()> {
    // SAFETY: the range is exactly the new mapping.
    check(unsafe { libc::mlock(start.as_ptr().cast(), mapped) })?;
    #[cfg(target_os = "linux")]
    // SAFETY: as above.
    check(unsafe { libc::madvise(start.as_ptr().cast(), mapped, libc::MADV_DONTDUMP) })?;
    Ok(())
}

fn map(mapped: usize, flags: libc::c_int, file: libc::c_int) -> io::Result<NonNull<u8>> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: asks for a new mapping at an address of the kernel's choice.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), mapped, protection, flags, file, 0) };
    if start == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(start.cast()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

pub(crate) fn check(result: libc::c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_filled_in() {
        let region = Protected::new(5000, |bytes| bytes.fill(7)).unwrap();
        region.with(|bytes| assert_eq!(bytes, [7; 5000]));
    }

    #[test]
    fn an_empty_region_is_possible() {
        Protected::new(0, |_| ()).unwrap().with(|bytes| assert!(bytes.is_empty()));
    }

    #[test]
    fn an_absurd_length_is_an_error() {
        assert!(Protected::new(usize::MAX, |_| ()).is_err());
        assert!(Protected::new(usize::MAX / 4, |_| ()).is_err());
    }

    #[test]
    fn the_fallback_is_locked_and_left_out_of_core_files() {
        let mapped = whole_pages(1).unwrap();
        let start = map_locked(mapped).unwrap();
        let region = Protected { start, len: 1, mapped, secret: false };
        region.leave_out_of_forks().unwrap();
        let flags = flags_of(region.start.as_ptr() as usize);
        for flag in ["lo", "dd", "dc"] {
            assert!(flags.split(' ').any(|f| f == flag), "{flag} not in {flags}");
        }
    }

    /// The `VmFlags` line of the mapping that starts at `address`.
    fn flags_of(address: usize) -> String {
        let map = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut at_address = false;
        for line in map.lines() {
            if let Some((start, rest)) = line.split_once('-')
                && rest.contains(' ')
                && let (Ok(start), Some((end, _))) = (usize::from_str_radix(start, 16), rest.split_once(' '))
            {
                at_address = start <= address && address < usize::from_str_radix(end, 16).unwrap();
            }
            if at_address && let Some(flags) = line.strip_prefix("VmFlags: ") {
                return flags.trim().to_owned();
            }
        }
        panic!("no mapping at {address:x}");
    }
}
