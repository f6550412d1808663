//! A bot's request, raw, and what it claims to be.

use claviger_core::Method;

use crate::Scheme;

/// A request as the strict front took it apart; nothing is decoded.
#[derive(Clone, Copy, Debug)]
pub struct RawRequest<'a> {
    /// The verb.
    pub method: Method,
    /// claviger's prefix that stood before the path, without slashes (`binance-usdm`), where the bot used one.
    pub prefix: Option<&'a str>,
    /// The path without the prefix, `[A-Za-z0-9._~/-]` only.
    pub path: &'a str,
    /// What followed `?`, as received; `None` where there was no `?`.
    pub query: Option<&'a str>,
    /// Header names and values as received.
    pub headers: &'a [(Box<str>, Box<[u8]>)],
    /// The body, at most 1 MiB.
    pub body: &'a [u8],
}

impl<'a> RawRequest<'a> {
    /// The value of a header; `Err` if it stands there more than once or is not visible ASCII.
    ///
    /// # Errors
    /// [`ClaimError::Header`] names it.
    pub fn header(&self, name: &'static str) -> Result<Option<&'a str>, ClaimError> {
        let mut found = None;
        for (_, value) in self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)) {
            let text =
                std::str::from_utf8(value).ok().filter(|t| t.bytes().all(|b| (0x20..0x7f).contains(&b)));
            match (found, text) {
                (None, Some(text)) => found = Some(text),
                _ => return Err(ClaimError::Header(name)),
            }
        }
        Ok(found)
    }
}

/// Who a request says it is from, and how that can be checked.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The virtual key's id.
    pub key_id: &'a str,
    /// The signature; `None` where only the key's id is sent.
    pub signed: Option<Signed<'a>>,
}

/// A signature and what it is over.
#[derive(Debug)]
pub struct Signed<'a> {
    /// How it was made.
    pub scheme: Scheme,
    /// The bytes it may be over, each as parts to be joined without a separator; usually one, two where a client signs
    /// the path with claviger's prefix.
    pub messages: Vec<Vec<&'a [u8]>>,
    /// The signature as text, percent-decoded where it stood in a query: hex or base64.
    pub signature: String,
    /// The bot's clock, in milliseconds since 1970, and how long its wish lasts from then.
    pub timestamp_ms: u64,
    /// How long the request stays valid after `timestamp_ms`, in milliseconds; at most what the exchange allows.
    pub window_ms: u64,
    /// How long it could stay valid after `timestamp_ms` if everything that is not signed were changed; at least
    /// `window_ms`. So long it must be remembered: what shortens the window may stand in an unsigned header, which a thief
    /// leaves out.
    pub longest_ms: u64,
    /// The passphrase, on exchanges whose keys have one.
    pub passphrase: Option<&'a str>,
}

impl Signed<'_> {
    /// How long from `now_ms` (the exchange's time) its signature must be remembered.
    #[must_use]
    pub const fn remembered_ms(&self, now_ms: u64) -> u64 {
        self.timestamp_ms.saturating_add(self.longest_ms).saturating_sub(now_ms)
    }
}

/// The request does not say clearly who it is from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// A header twice, or with bytes that are not visible ASCII.
    #[error("header `{0}` stands twice or holds odd bytes")]
    Header(&'static str),
    /// A part of the signature is missing.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A part of the signature cannot be read.
    #[error("`{0}` cannot be read")]
    Unreadable(&'static str),
    /// A part of the signature stands twice.
    #[error("`{0}` stands twice")]
    Twice(&'static str),
}
