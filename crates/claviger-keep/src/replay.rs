//! What was seen before: by what an equal request is known, and the memory for reads.
//!
//! State-changing requests are remembered by the journal. Some exchanges' signatures cover neither method nor path, so a
//! read must be remembered too: what was signed for a read may not come back as anything else.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};

use claviger_core::{BotName, Time};
use claviger_door::{Peer, Received};
use sha2::{Digest as _, Sha256};

/// By what a request is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Of what was signed: exchange, key, message and signature, however it was spelled. Two requests with one signature
    /// are one wish, whatever method, path or split of query and body they come with.
    pub signed: [u8; 32],
    /// Of the request as it came: method, path, query and body, byte for byte.
    pub form: [u8; 32],
}

impl Mark {
    /// Marks a request by its key's id, the verified message and the signature as bytes.
    #[must_use]
    pub fn new(request: &Received, key_id: &str, message: &[&[u8]], signature: &[u8]) -> Self {
        let length: usize = message.iter().map(|part| part.len()).sum();
        let mut signed = Hash::default();
        signed.part(request.exchange.as_str().as_bytes());
        signed.part(key_id.as_bytes());
        signed.length(length);
        message.iter().for_each(|part| signed.0.update(part));
        signed.part(signature);
        let mut form = Hash::default();
        form.part(request.surface.as_str().as_bytes());
        form.part(request.method.as_str().as_bytes());
        form.option(request.prefix.as_deref().map(str::as_bytes));
        form.part(request.path.as_bytes());
        form.option(request.query.as_deref().map(str::as_bytes));
        form.part(&request.body);
        Self { signed: signed.0.finalize().into(), form: form.0.finalize().into() }
    }
}

/// Every part is preceded by its length, so that no two lists of parts give the same bytes.
#[derive(Default)]
struct Hash(Sha256);

impl Hash {
    fn length(&mut self, length: usize) {
        self.0.update(u64::try_from(length).unwrap_or(u64::MAX).to_le_bytes());
    }

    fn part(&mut self, part: &[u8]) {
        self.length(part.len());
        self.0.update(part);
    }

    fn option(&mut self, part: Option<&[u8]>) {
        self.0.update([u8::from(part.is_some())]);
        self.part(part.unwrap_or_default());
    }
}

/// The request was seen before, and may not be answered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Repeated {
    /// It is a repetition.
    #[error("a request with this signature was accepted before; sign a new one")]
    Seen,
    /// More reads of this bot are remembered than there is room for.
    #[error("too many reads within their windows; slow down or sign with a shorter window")]
    Crowded,
}

/// The reads of which the signatures are still fresh.
///
/// At most [`Reads::MOST`] in all and [`Reads::MOST_OF_ONE`] of one bot, so that no bot takes the room of all others.
#[derive(Debug, Default)]
pub struct Reads {
    seen: HashMap<[u8; 32], Seen>,
    ends: BTreeMap<u64, Vec<[u8; 32]>>,
    by_bot: HashMap<BotName, Count>,
    peers: RandomState,
}

#[derive(Debug, Default)]
struct Count {
    number: u32,
    live: usize,
}

#[derive(Debug)]
struct Seen {
    /// The first half of the form's digest is enough to tell honest forms apart, and forging a half is out of reach.
    form: [u8; 16],
    peer: u64,
    at: Time,
    bot: u32,
}

/// How long an equal read is answered again, in milliseconds.
const EQUAL_READ_MS: u64 = 1000;

/// The grain of forgetting, in milliseconds.
const GRAIN_MS: u64 = 1000;

impl Reads {
    /// The most that are remembered.
    pub const MOST: usize = 1 << 19;
    /// The most that are remembered of one bot.
    pub const MOST_OF_ONE: usize = 1 << 18;

    /// Whether what was signed was seen as a read.
    #[must_use]
    pub fn knows(&self, mark: &Mark) -> bool {
        self.seen.contains_key(&mark.signed)
    }

    /// Admits a read whose signature is fresh until `until` by the keep's time.
    ///
    /// # Errors
    /// [`Repeated`] if it was seen before, but for an equal one from the same peer within a second.
    pub fn admit(
        &mut self,
        mark: &Mark,
        (bot, peer): (&BotName, &Peer),
        (now, until): (Time, Time),
    ) -> Result<(), Repeated> {
        self.forget(now);
        let peer = self.peers.hash_one(peer);
        let [form, _] = halves(mark.form);
        if let Some(seen) = self.seen.get(&mark.signed) {
            let equal = seen.form == form && seen.peer == peer && now.since(seen.at) <= EQUAL_READ_MS;
            return if equal { Ok(()) } else { Err(Repeated::Seen) };
        }
        let bot = self.make_room(bot)?;
        self.seen.insert(mark.signed, Seen { form, peer, at: now, bot });
        self.forget_at(until, mark);
        Ok(())
    }

    /// The end is rounded up, so that nothing is forgotten while it is fresh.
    fn forget_at(&mut self, until: Time, mark: &Mark) {
        let end = until.plus(EQUAL_READ_MS).millis() / GRAIN_MS + 1;
        self.ends.entry(end).or_default().push(mark.signed);
    }

    /// Remembers what changed state, so that its signature does not come back as a read. The journal bounds how many there are.
    pub fn remember(&mut self, mark: &Mark, (bot, until): (&BotName, Time)) {
        let number = self.number(bot);
        let [form, _] = halves(mark.form);
        self.seen.insert(mark.signed, Seen { form, peer: 0, at: Time::default(), bot: number });
        self.forget_at(until, mark);
    }

    fn make_room(&mut self, bot: &BotName) -> Result<u32, Repeated> {
        let full = self.seen.len() >= Self::MOST;
        match self.by_bot.get(bot) {
            Some(count) if full || count.live >= Self::MOST_OF_ONE => Err(Repeated::Crowded),
            None if full => Err(Repeated::Crowded),
            _ => Ok(self.number(bot)),
        }
    }

    /// The bot's number, with one more remembered of it.
    fn number(&mut self, bot: &BotName) -> u32 {
        let next = u32::try_from(self.by_bot.len()).unwrap_or(u32::MAX);
        if !self.by_bot.contains_key(bot) {
            self.by_bot.insert(bot.clone(), Count { number: next, live: 0 });
        }
        self.by_bot.get_mut(bot).map_or(next, |count| {
            count.live += 1;
            count.number
        })
    }

    fn forget(&mut self, now: Time) {
        let grain = now.millis() / GRAIN_MS;
        let mut freed: HashMap<u32, usize> = HashMap::new();
        while let Some(first) = self.ends.first_entry().filter(|e| *e.key() <= grain) {
            for signed in first.remove() {
                if let Some(seen) = self.seen.remove(&signed) {
                    *freed.entry(seen.bot).or_default() += 1;
                }
            }
        }
        if !freed.is_empty() {
            for count in self.by_bot.values_mut() {
                count.live = count.live.saturating_sub(freed.get(&count.number).copied().unwrap_or_default());
            }
        }
    }
}

fn halves(whole: [u8; 32]) -> [[u8; 16]; 2] {
    let mut halves = [[0; 16]; 2];
    halves.iter_mut().flatten().zip(whole).for_each(|(to, from)| *to = from);
    halves
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_core::Method;
    use claviger_door::Way;

    fn peer(last: u8) -> Peer {
        Peer { address: Some([127, 0, 0, last].into()), uid: None, way: Way::Base }
    }

    fn request() -> Received {
        Received {
            peer: peer(1),
            exchange: "binance".parse().unwrap(),
            surface: "spot".parse().unwrap(),
            method: Method::Get,
            prefix: Some("binance".into()),
            path: "/api/v3/order".into(),
            query: Some("symbol=BTCUSDT&timestamp=1".into()),
            headers: Vec::new(),
            body: Box::default(),
            waited_ms: 0,
        }
    }

    fn mark(request: &Received) -> Mark {
        Mark::new(request, "id", &[b"symbol=BTCUSDT", b"&timestamp=1"], &[7; 32])
    }

    #[test]
    fn one_signature_is_one_wish_in_every_form() {
        let first = mark(&request());
        for change in [
            |r: &mut Received| r.method = Method::Delete,
            |r: &mut Received| r.path = "/api/v3/openOrders".into(),
            |r: &mut Received| r.surface = "usdm".parse().unwrap(),
            |r: &mut Received| r.prefix = None,
            |r: &mut Received| r.query = None,
            |r: &mut Received| (r.query, r.body) = (Some("symbol=BTCUSDT".into()), (*b"&timestamp=1").into()),
        ] {
            let mut changed = request();
            change(&mut changed);
            let second = mark(&changed);
            assert_eq!(second.signed, first.signed);
            assert_ne!(second.form, first.form);
        }
        let joined = Mark::new(&request(), "id", &[b"symbol=BTCUSDT&timestamp=1"], &[7; 32]);
        assert_eq!(joined, first);
        for other in [
            Mark::new(&request(), "id", &[b"symbol=BTCUSDT&timestamp=2"], &[7; 32]),
            Mark::new(&request(), "other", &[b"symbol=BTCUSDT&timestamp=1"], &[7; 32]),
            Mark::new(&request(), "id", &[b"symbol=BTCUSDT&timestamp=1"], &[8; 32]),
        ] {
            assert_ne!(other.signed, first.signed);
        }
    }

    #[test]
    fn an_equal_read_passes_for_a_second_and_to_the_same_peer() {
        let bot = "grid".parse().unwrap();
        let first = mark(&request());
        let mut other_form = first;
        other_form.form = [9; 32];
        let mut reads = Reads::default();
        let mut admit = |mark: &Mark, peer: &Peer, now: u64| {
            reads.admit(mark, (&bot, peer), (Time::from_millis(now), Time::from_millis(105_000)))
        };
        assert_eq!(admit(&first, &peer(1), 100_000), Ok(()));
        assert_eq!(admit(&first, &peer(1), 101_000), Ok(()));
        assert_eq!(admit(&first, &peer(2), 100_500), Err(Repeated::Seen));
        assert_eq!(admit(&other_form, &peer(1), 100_500), Err(Repeated::Seen));
        assert_eq!(admit(&first, &peer(1), 101_001), Err(Repeated::Seen));
        assert_eq!(admit(&first, &peer(1), 105_000), Err(Repeated::Seen));
        assert!(reads.knows(&first));
    }

    #[test]
    fn memory_is_bounded_and_is_given_back() {
        let (one, two): (BotName, BotName) = ("one".parse().unwrap(), "two".parse().unwrap());
        let mut reads = Reads::default();
        let numbered = |n: u64| {
            let mut signed = [0; 32];
            signed[..8].copy_from_slice(&n.to_le_bytes());
            Mark { signed, form: [0; 32] }
        };
        let times = |now: u64| (Time::from_millis(now), Time::from_millis(now + 5000));
        for n in 0..Reads::MOST_OF_ONE as u64 {
            assert_eq!(reads.admit(&numbered(n), (&one, &peer(1)), times(1_000_000)), Ok(()));
        }
        let next = Reads::MOST_OF_ONE as u64;
        assert_eq!(reads.admit(&numbered(next), (&one, &peer(1)), times(1_000_000)), Err(Repeated::Crowded));
        assert_eq!(reads.admit(&numbered(next), (&two, &peer(1)), times(1_000_000)), Ok(()));
        assert_eq!(reads.admit(&numbered(next + 1), (&one, &peer(1)), times(1_010_000)), Ok(()));
        assert_eq!(reads.seen.len(), 1);
    }
}
