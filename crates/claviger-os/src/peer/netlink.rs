//! Asking the kernel for one TCP socket, instead of reading its list of all: `sock_diag(7)`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use crate::memory::check;

/// `struct nlmsghdr`: length, type, flags, number, port; 16 bytes.
const HEADER: usize = 16;
/// `struct inet_diag_req_v2` behind it: family, protocol, two bytes of no use, states, then the socket.
const REQUEST: usize = HEADER + 8 + SOCKET;
/// `struct inet_diag_sockid`: both ports, both addresses, interface, cookie.
const SOCKET: usize = 2 + 2 + 16 + 16 + 4 + 8;

/// `SOCK_DIAG_BY_FAMILY`: the type of the question and of its answer.
const BY_FAMILY: u16 = 20;

/// The user that owns the TCP socket with these two ends; `None` where the kernel does not tell in this way.
pub(super) fn owner(own: SocketAddr, other: SocketAddr) -> Option<u32> {
    let mut answer = [0; 512];
    let length = ask(&question(own, other)?, &mut answer).ok()?;
    owner_in(answer.get(..length)?, own, other)
}

fn ask(question: &[u8], answer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: takes three numbers and returns a new descriptor or -1.
    let number = unsafe {
        libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, libc::NETLINK_SOCK_DIAG)
    };
    check(number)?;
    // SAFETY: the kernel has just made this descriptor for us.
    let socket = unsafe { OwnedFd::from_raw_fd(number) };
    // SAFETY: the kernel reads `question`, which is as long as it is told. The answer is queued when it returns.
    bytes(unsafe { libc::send(socket.as_raw_fd(), question.as_ptr().cast(), question.len(), 0) })?;
    // SAFETY: the kernel writes at most as many bytes into `answer` as it has.
    bytes(unsafe {
        libc::recv(socket.as_raw_fd(), answer.as_mut_ptr().cast(), answer.len(), libc::MSG_DONTWAIT)
    })
}

fn bytes(count: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

fn question(own: SocketAddr, other: SocketAddr) -> Option<Vec<u8>> {
    let (family, own_ip, other_ip) = match (own.ip().to_canonical(), other.ip().to_canonical()) {
        (IpAddr::V4(own), IpAddr::V4(other)) => (libc::AF_INET, widened(own), widened(other)),
        (IpAddr::V6(own), IpAddr::V6(other)) => (libc::AF_INET6, own.octets(), other.octets()),
        _ => return None,
    };
    let request = u16::try_from(libc::NLM_F_REQUEST).ok()?;
    let mut out = Vec::with_capacity(REQUEST);
    out.extend(u32::try_from(REQUEST).ok()?.to_ne_bytes());
    out.extend([BY_FAMILY.to_ne_bytes(), request.to_ne_bytes()].concat());
    // Number and port: of no use with one question.
    out.extend([0; 8]);
    out.extend([u8::try_from(family).ok()?, u8::try_from(libc::IPPROTO_TCP).ok()?, 0, 0]);
    // In any state.
    out.extend([0xff; 4]);
    out.extend([own.port().to_be_bytes(), other.port().to_be_bytes()].concat());
    out.extend([own_ip, other_ip].concat());
    // On any interface, with any cookie.
    out.extend([0; 4]);
    out.extend([0xff; 8]);
    Some(out)
}

/// An IPv4 address stands in the first four of the sixteen bytes.
fn widened(ip: Ipv4Addr) -> [u8; 16] {
    let [a, b, c, d] = ip.octets();
    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Reads `struct inet_diag_msg`: family, state, timer, retransmits, the socket, three numbers, owner, inode.
fn owner_in(answer: &[u8], own: SocketAddr, other: SocketAddr) -> Option<u32> {
    let (header, rest) = answer.split_first_chunk::<HEADER>()?;
    let [_, _, _, _, a, b, ..] = *header;
    if u16::from_ne_bytes([a, b]) != BY_FAMILY {
        return None;
    }
    let (head, rest) = rest.split_first_chunk::<4>()?;
    let (socket, rest) = rest.split_first_chunk::<SOCKET>()?;
    let (_, rest) = rest.split_first_chunk::<12>()?;
    let (uid, rest) = rest.split_first_chunk::<4>()?;
    let (inode, _) = rest.split_first_chunk::<4>()?;
    // The kernel may answer with a listener, and a socket that its process has let go of says nothing of its owner.
    let found = ends(head.first().copied()?, socket)? == (super::folded(own), super::folded(other));
    (found && *inode != [0; 4]).then(|| u32::from_ne_bytes(*uid))
}

type End = (IpAddr, u16);

fn ends(family: u8, socket: &[u8; SOCKET]) -> Option<(End, End)> {
    let (ports, rest) = socket.split_first_chunk::<4>()?;
    let (own, rest) = rest.split_first_chunk::<16>()?;
    let (other, _) = rest.split_first_chunk::<16>()?;
    let ip = |bytes: &[u8; 16]| {
        let [a, b, c, d, ..] = *bytes;
        match i32::from(family) {
            libc::AF_INET => Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d))),
            libc::AF_INET6 => Some(IpAddr::V6(Ipv6Addr::from(*bytes)).to_canonical()),
            _ => None,
        }
    };
    let [a, b, c, d] = *ports;
    Some(((ip(own)?, u16::from_be_bytes([a, b])), (ip(other)?, u16::from_be_bytes([c, d]))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    fn check_owner(listen: &str, dial: &str) {
        let listener = TcpListener::bind(listen).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect((dial, port)).unwrap();
        let (server, peer) = listener.accept().unwrap();
        let local = server.local_addr().unwrap();
        assert_eq!(owner(peer, local), Some(crate::current_uid()), "{listen} {dial}");
        assert_eq!(
            owner(local, SocketAddr::new(peer.ip(), peer.port() ^ 1)),
            None,
            "a listener is no answer"
        );
        drop(client);
        assert_eq!(owner(peer, local), None, "a closed peer has no owner");
    }

    #[test]
    fn one_socket_is_asked_for() {
        check_owner("127.0.0.1:0", "127.0.0.1");
        check_owner("[::1]:0", "::1");
        check_owner("[::]:0", "127.0.0.1");
    }

    #[test]
    fn answers_of_another_form_are_passed_over() {
        let any = "127.0.0.1:80".parse().unwrap();
        let mut answer = [0; HEADER + 4 + SOCKET + 20];
        for length in 0..answer.len() {
            assert_eq!(owner_in(&answer[..length], any, any), None);
        }
        answer[4..6].copy_from_slice(&BY_FAMILY.to_ne_bytes());
        assert_eq!(owner_in(&answer, any, any), None, "an unknown family");
    }
}
