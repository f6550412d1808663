//! Who is at the other end of a local connection.

#[cfg(target_os = "linux")]
mod netlink;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};

/// The user that this process acts as.
#[must_use]
pub fn current_uid() -> u32 {
    // SAFETY: reads a number of the process and cannot fail.
    unsafe { libc::geteuid() }
}

/// The user that made the other end of a Unix socket, as the kernel recorded it.
#[cfg(target_os = "linux")]
pub fn peer_uid(socket: BorrowedFd<'_>) -> io::Result<u32> {
    let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
    let mut length = libc::socklen_t::try_from(size_of::<libc::ucred>()).map_err(io::Error::other)?;
    // SAFETY: the kernel writes at most `length` bytes into `peer`, which is that long.
    crate::memory::check(unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut length,
        )
    })?;
    // A socket that is not a Unix one answers with "nobody known".
    if peer.uid == u32::MAX { Err(io::ErrorKind::NotConnected.into()) } else { Ok(peer.uid) }
}

/// The user that made the other end of a Unix socket, as the kernel recorded it.
#[cfg(not(target_os = "linux"))]
pub fn peer_uid(socket: BorrowedFd<'_>) -> io::Result<u32> {
    let (mut uid, mut gid) = (u32::MAX, u32::MAX);
    // SAFETY: the kernel writes one number into each.
    crate::memory::check(unsafe { libc::getpeereid(socket.as_raw_fd(), &raw mut uid, &raw mut gid) })?;
    Ok(uid)
}

/// The user that owns the other end of a TCP connection, if that end is on this machine.
///
/// `peer` and `local` are the addresses of the accepted socket. `None` means that the owner is unknown: the other
/// end is elsewhere, is closed already, or the system keeps no such list. Never read it as "somebody else".
pub fn tcp_peer_uid(peer: SocketAddr, local: SocketAddr) -> io::Result<Option<u32>> {
    #[cfg(target_os = "linux")]
    if let Some(uid) = netlink::owner(peer, local) {
        return Ok(Some(uid));
    }
    tcp_peer_listed(peer, local)
}

/// The same from the lists of all connections, which take long where there is room for many.
fn tcp_peer_listed(peer: SocketAddr, local: SocketAddr) -> io::Result<Option<u32>> {
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        match std::fs::read_to_string(table) {
            Ok(table) => {
                if let Some(uid) = owner_in(&table, peer, local) {
                    return Ok(Some(uid));
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}

fn owner_in(table: &str, peer: SocketAddr, local: SocketAddr) -> Option<u32> {
    let (peer, local) = (folded(peer), folded(local));
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, own, other, _state, _queues, _timer, _retransmits, uid, _timeout, inode, ..] =
            fields.as_slice()
        else {
            return None;
        };
        // A socket that its process has let go of shows inode 0 and says nothing of its owner.
        let found = *inode != "0" && address(own)? == peer && address(other)? == local;
        if found { uid.parse().ok() } else { None }
    })
}

fn folded(address: SocketAddr) -> (IpAddr, u16) {
    (address.ip().to_canonical(), address.port())
}

/// Reads the kernel's form of an address: 32-bit words in the machine's own byte order, in hexadecimal.
fn address(text: &str) -> Option<(IpAddr, u16)> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |i: usize| Some(u32::from_str_radix(ip.get(i * 8..i * 8 + 8)?, 16).ok()?.to_ne_bytes());
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut octets = [0; 16];
            for (i, chunk) in octets.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(i)?);
            }
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        _ => return None,
    };
    Some((ip.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;

    #[test]
    fn the_peer_of_a_unix_socket_is_us() {
        let (one, _other) = crate::socketpair().unwrap();
        assert_eq!(peer_uid(one.as_fd()).unwrap(), current_uid());
    }

    #[test]
    fn the_peer_of_another_socket_is_unknown() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(peer_uid(listener.as_fd()).is_err());
    }

    fn check_tcp(listen: &str, dial: &str) {
        let listener = TcpListener::bind(listen).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect((dial, port)).unwrap();
        let (server, peer) = listener.accept().unwrap();
        let local = server.local_addr().unwrap();
        for ask in [tcp_peer_uid, tcp_peer_listed] {
            assert_eq!(ask(peer, local).unwrap(), Some(current_uid()), "{listen} {dial}");
            assert_eq!(ask(peer, SocketAddr::new(local.ip(), port ^ 1)).unwrap(), None);
        }
        drop(client);
        for ask in [tcp_peer_uid, tcp_peer_listed] {
            assert_eq!(ask(peer, local).unwrap(), None, "a closed peer has no owner");
        }
    }

    #[test]
    fn the_owner_of_a_loopback_peer_is_found() {
        check_tcp("127.0.0.1:0", "127.0.0.1");
        check_tcp("[::1]:0", "::1");
        check_tcp("[::]:0", "127.0.0.1");
    }

    #[test]
    fn lines_of_another_form_are_passed_over() {
        let table =
            "head\n\n1: 0100007F:1 x\n  0: 0100007F:zz 0100007F:0050 01 0 0 0 1000 0 5\n\u{e9}\u{e9}: \u{e9}";
        let any = "127.0.0.1:80".parse().unwrap();
        assert_eq!(owner_in(table, any, any), None);
    }
}
