//! The record of every request, byte for byte as it came off TLS.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;

use crate::config::Exchange;
use crate::venue::locked;

/// One request as received. What a connection sent without finishing a request is kept too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Which exchange received it.
    pub exchange: Exchange,
    /// When, in milliseconds of Unix time by the machine's clock.
    pub at: u64,
    /// The raw bytes: head and body, nothing decoded.
    pub bytes: Vec<u8>,
}

/// Keeps requests in memory and, if asked, one file each.
#[derive(Default)]
pub(crate) struct Recorder {
    folder: Option<PathBuf>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    rows: VecDeque<Recorded>,
    bytes: usize,
    count: usize,
}

/// What memory keeps; above it, the oldest requests go. Files are never dropped.
const MOST: usize = 256 * 1024 * 1024;

impl Recorder {
    pub(crate) fn new(folder: Option<PathBuf>) -> io::Result<Self> {
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { folder, kept: Mutex::default() })
    }

    /// Keeps one request. It is on file before the exchange acts on it.
    pub(crate) fn keep(&self, recorded: Recorded) {
        let mut kept = locked(&self.kept);
        if let Err(error) = self.write(kept.count, &recorded) {
            tracing::error!(%error, "cannot write the request record");
        }
        kept.count = kept.count.saturating_add(1);
        kept.bytes = kept.bytes.saturating_add(recorded.bytes.len());
        kept.rows.push_back(recorded);
        while kept.bytes > MOST
            && let Some(oldest) = kept.rows.pop_front()
        {
            kept.bytes = kept.bytes.saturating_sub(oldest.bytes.len());
        }
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        locked(&self.kept).rows.iter().cloned().collect()
    }

    fn write(&self, number: usize, recorded: &Recorded) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let path = folder.join(format!("{}-{number:08}-{}.http", recorded.at, recorded.exchange.name()));
        OpenOptions::new().write(true).create_new(true).open(path)?.write_all(&recorded.bytes)
    }
}
