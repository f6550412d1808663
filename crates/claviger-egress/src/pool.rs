//! Idle connections: the last one given back is the first one taken, and none is shared between real keys.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::live::Live;

/// Whose connections, and to which route. Two real keys never have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Share {
    pub owner: Owner,
    pub route: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// Requests without a key.
    Public,
    /// The requests of one real key, by the keep's number for it.
    Key(u64),
}

/// Exchanges end idle connections after a minute or so; earlier is safer.
const IDLE: Duration = Duration::from_secs(45);

const IDLE_PER_SHARE: usize = 64;

#[derive(Default)]
pub(crate) struct Pool(Mutex<HashMap<Share, Vec<Live>>>);

impl Pool {
    /// The freshest connection that is still quiet; those that are not are closed.
    pub(crate) fn take(&self, share: Share) -> Option<Live> {
        let mut all = self.lock();
        let idle = all.get_mut(&share)?;
        while let Some(live) = idle.pop() {
            if live.idle_since.elapsed() < IDLE && live.is_quiet() {
                return Some(live);
            }
        }
        None
    }

    pub(crate) fn put(&self, share: Share, mut live: Live) {
        live.idle_since = Instant::now();
        let mut all = self.lock();
        let idle = all.entry(share).or_default();
        if idle.len() >= IDLE_PER_SHARE {
            idle.remove(0);
        }
        idle.push(live);
    }

    /// Closes what has been idle for too long or was closed by the other end.
    pub(crate) fn sweep(&self) {
        self.lock().retain(|_, idle| {
            idle.retain(|live| live.idle_since.elapsed() < IDLE && live.is_quiet());
            !idle.is_empty()
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Share, Vec<Live>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
