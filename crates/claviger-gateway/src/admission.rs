//! How many connections there may be, in all and from one source.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who a connection is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// An address; of IPv6 only the network of 64 bits.
    Address(IpAddr),
    /// A user of the Unix socket.
    User(Option<u32>),
}

impl Source {
    pub(crate) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                Self::Address(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into())
            }
            v4 @ IpAddr::V4(_) => Self::Address(v4),
        }
    }
}

pub(crate) struct Admission {
    counts: Mutex<Counts>,
    most: usize,
    most_per_source: usize,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_source: HashMap<Source, usize>,
}

/// A counted connection; dropped, it makes room.
pub(crate) struct Admitted {
    admission: Arc<Admission>,
    source: Source,
}

impl Admission {
    pub(crate) fn new(most: usize, most_per_source: usize) -> Arc<Self> {
        Arc::new(Self { counts: Mutex::default(), most, most_per_source })
    }

    /// Room for one more connection; `None` where there is none.
    pub(crate) fn admit(self: &Arc<Self>, source: Source) -> Option<Admitted> {
        let mut counts = self.lock();
        let here = counts.by_source.get(&source).copied().unwrap_or(0);
        if counts.all >= self.most || here >= self.most_per_source {
            return None;
        }
        counts.all += 1;
        counts.by_source.insert(source, here + 1);
        Some(Admitted { admission: Arc::clone(self), source })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let mut counts = self.admission.lock();
        counts.all = counts.all.saturating_sub(1);
        match counts.by_source.get_mut(&self.source) {
            Some(here) if *here > 1 => *here -= 1,
            _ => drop(counts.by_source.remove(&self.source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caps_hold_and_make_room() {
        let admission = Admission::new(3, 2);
        let at = |ip: &str| Source::of(ip.parse().unwrap());
        let first = admission.admit(at("10.0.0.1")).unwrap();
        let _second = admission.admit(at("::ffff:10.0.0.1")).unwrap();
        assert!(admission.admit(at("10.0.0.1")).is_none(), "two from one source");
        let _third = admission.admit(at("2001:db8::1")).unwrap();
        assert!(admission.admit(at("10.0.0.2")).is_none(), "three in all");
        drop(first);
        let _fourth = admission.admit(at("2001:db8::2")).unwrap();
        assert!(admission.admit(at("2001:db8:0:0:1::")).is_none());
    }

    #[test]
    fn nothing_is_remembered_of_who_left() {
        let admission = Admission::new(3, 2);
        for n in 0..100_u8 {
            drop(admission.admit(Source::of([10, 0, 0, n].into())));
        }
        assert!(admission.lock().by_source.is_empty());
    }
}
