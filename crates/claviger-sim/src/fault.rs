//! Faults that a test can order, so that the other side meets what real exchanges do on bad days.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::config::Exchange;
use crate::venue::locked;

/// One fault and the requests that it meets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The exchange that misbehaves.
    pub exchange: Exchange,
    /// Only requests with this method; none means any.
    #[serde(default)]
    pub method: Option<String>,
    /// Only requests whose path starts with this; empty means any.
    #[serde(default)]
    pub path: String,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many requests it meets before it is over; 0 means until cleared.
    #[serde(default)]
    pub times: u32,
    /// Whether the exchange still does what was asked before it misbehaves.
    #[serde(default = "yes")]
    pub executed: bool,
}

const fn yes() -> bool {
    true
}

impl Fault {
    /// A fault that meets every request of `exchange` until cleared; the exchange still does what was asked.
    pub fn new(exchange: Exchange, kind: FaultKind) -> Self {
        Self { exchange, method: None, path: String::new(), kind, times: 0, executed: true }
    }

    /// Only requests with this method and a path that starts so.
    #[must_use]
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.method = Some(method.to_owned());
        path.clone_into(&mut self.path);
        self
    }

    /// Over after so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The exchange does not do what was asked.
    #[must_use]
    pub fn not_executed(mut self) -> Self {
        self.executed = false;
        self
    }

    fn meets(&self, method: &str, path: &str) -> bool {
        let priced = !matches!(self.kind, FaultKind::NoPrices { .. }) || is_price(path);
        self.method.as_deref().is_none_or(|wanted| wanted == method) && path.starts_with(&self.path) && priced
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The connection is cut after so many bytes of the answer, counted from its status line.
    Cut(usize),
    /// The answer comes so many milliseconds late.
    DelayMs(u64),
    /// An HTML page with this status instead of the answer.
    Html(u16),
    /// The connection is closed with no answer at all.
    Close,
    /// The exchange's clock is off by so many milliseconds; meets everything, path and method do not matter.
    ClockMs(i64),
    /// Prices are not served: the request hangs, or is answered with status 500.
    NoPrices {
        /// Hang instead of answering 500.
        hang: bool,
    },
}

/// The faults now in force at one exchange.
#[derive(Default)]
pub(crate) struct Faults {
    list: Mutex<Vec<Fault>>,
    clock_ms: AtomicI64,
}

impl Faults {
    pub(crate) fn add(&self, fault: Fault) {
        match fault.kind {
            FaultKind::ClockMs(offset) => self.clock_ms.store(offset, Ordering::SeqCst),
            _ => locked(&self.list).push(fault),
        }
    }

    pub(crate) fn clear(&self) {
        self.clock_ms.store(0, Ordering::SeqCst);
        locked(&self.list).clear();
    }

    pub(crate) fn clock_offset(&self) -> i64 {
        self.clock_ms.load(Ordering::SeqCst)
    }

    /// The faults that meet this request, each counted once.
    pub(crate) fn take(&self, method: &str, path: &str) -> Vec<Fault> {
        let mut list = locked(&self.list);
        let met: Vec<Fault> = list.iter().filter(|fault| fault.meets(method, path)).cloned().collect();
        list.retain_mut(|fault| !fault.meets(method, path) || !fault.spent());
        met
    }

    /// Holds a request back for as long as prices hang.
    pub(crate) async fn while_hanging(&self, path: &str) {
        while self.hangs(path) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn hangs(&self, path: &str) -> bool {
        let hanging = |fault: &Fault| fault.kind == FaultKind::NoPrices { hang: true };
        is_price(path)
            && locked(&self.list).iter().any(|fault| hanging(fault) && path.starts_with(&fault.path))
    }
}

impl Fault {
    /// Counts one use; true if that was the last.
    fn spent(&mut self) -> bool {
        let last = self.times == 1;
        self.times = self.times.saturating_sub(1);
        last
    }
}

/// The paths that serve prices.
fn is_price(path: &str) -> bool {
    const PRICES: [&str; 10] = [
        "/ticker",
        "/depth",
        "/avgPrice",
        "/premiumIndex",
        "/klines",
        "rades",
        "/market/",
        "/mark-price",
        "/price-limit",
        "/funding",
    ];
    path.starts_with("/api/v5/market/")
        || PRICES.iter().any(|part| path.contains(part) && !path.contains("/my"))
}
