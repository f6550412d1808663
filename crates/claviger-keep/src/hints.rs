//! Why an exchange did not take a real key: what a bot may be told of it, and what operators are.
//!
//! Exchanges answer a wrong key, an address that is not listed and a missing permission with codes that say little. The
//! key-information endpoint, asked with the same key, tells more. A bot's hint is put together from the words in this
//! file: it cannot hold the key's id, an address or any text of the exchange.

use std::collections::HashMap;

use claviger_core::entry::ObservedEntry;
use claviger_core::{Entry, KeyName, Observed, Time};
use claviger_door::{Exit, Refused, Said, Seen};
use claviger_exchange::{KeyFault, KeyInfo, KeyRight};

use crate::house::{About, HouseRead};
use crate::record::Written;
use crate::room::Room;
use crate::settle::Pending;

/// What is known of the keys.
#[derive(Debug, Default)]
pub(crate) struct Hints(HashMap<KeyName, Known>);

#[derive(Debug, Default)]
struct Known {
    /// When it was last asked about.
    asked: Option<Time>,
    /// When it was last asked about because of an answer.
    blamed: Option<Time>,
    /// What was said then; `None` while nothing was.
    told: Option<Told>,
    /// What the exchange told last while it took the key.
    info: Option<KeyInfo>,
    /// Whether to ask at the next occasion.
    wanted: bool,
}

#[derive(Clone, Debug)]
enum Told {
    Info(KeyInfo),
    Fault(KeyFault),
    /// The answer says nothing, or there is no such endpoint in this environment.
    Nothing,
}

/// The least time between two looks at a key because of an answer, in milliseconds.
const PACE_MS: u64 = 60_000;

/// How often a key that works is looked at, in milliseconds.
const DAILY_MS: u64 = 24 * 3_600_000;

/// How often an account's mode is asked about where exits depend on it, in milliseconds.
const ACCOUNT_MS: u64 = 10 * 60_000;

/// The same while it is not known to hold orders to `reduceOnly`, in milliseconds.
const UNKNOWN_ACCOUNT_MS: u64 = 30_000;

/// How long before a key's right to trade ends operators are warned, in milliseconds.
const WARN_MS: u64 = 7 * 24 * 3_600_000;

/// A fault, and the rights that the refused request needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blamed {
    fault: KeyFault,
    needs: &'static [KeyRight],
}

/// What comes of an answer.
pub(crate) enum Advice {
    /// It blames no key.
    None,
    /// Tell the bot this.
    Tell(Box<str>),
    /// Ask this first.
    Look(Box<Written>),
}

impl Room {
    /// What an answer to a bot says of the key it was asked with.
    pub(crate) fn advise(&mut self, pending: &Pending, seen: &Seen) -> Advice {
        let Seen::Answer { status, body } = seen else { return Advice::None };
        let Some(fault) = pending.exchange.key_fault(*status, body) else {
            if (200..300).contains(status) {
                self.works(&pending.key);
            }
            return Advice::None;
        };
        let blamed = Blamed { fault, needs: pending.exchange.key_rights(&pending.leaves) };
        tracing::warn!(key = %pending.key, status, ?fault, endpoint = %pending.leaves.endpoint.path, "the exchange did not take the key");
        let now = self.now();
        let known = self.hints.0.entry(pending.key.clone()).or_default();
        let lately = known.blamed.is_some_and(|at| now.since(at) < PACE_MS);
        if !lately && matches!(fault, KeyFault::Unclear | KeyFault::Permission) {
            (known.told, known.blamed) = (None, Some(now));
            if let Some(look) = self.look(&pending.key, Some(blamed)) {
                return Advice::Look(look);
            }
        }
        Advice::Tell(self.hint(&pending.key, blamed))
    }

    /// A key that works is looked at once a day, so that it is known what it may do and when that ends.
    fn works(&mut self, key: &KeyName) {
        let now = self.now();
        match self.hints.0.get_mut(key) {
            Some(known) => known.wanted |= known.asked.is_none_or(|at| now.since(at) > DAILY_MS),
            None => {
                self.hints.0.insert(key.clone(), Known { wanted: true, ..Known::default() });
            }
        }
    }

    /// The next look that is wanted, or due because exits depend on what it tells.
    pub(crate) fn look_wanted(&mut self, now: Time) -> Option<Box<Written>> {
        let wanted = self.hints.0.iter().find(|(_, known)| known.wanted).map(|(key, _)| key.clone());
        let key = wanted.or_else(|| self.account_due(now))?;
        let look = self.look(&key, None);
        if let Some(known) = self.hints.0.get_mut(&key) {
            known.wanted = false;
        }
        look
    }

    /// A key of which it has to be known in which mode its account is: often while that is known, so that a change of it is
    /// heard of, and more often while it is not.
    fn account_due(&self, now: Time) -> Option<KeyName> {
        let due = |key: &KeyName| {
            let asked = self.hints.0.get(key).and_then(|known| known.asked);
            let pause = if self.book.account_reduces(key) { ACCOUNT_MS } else { UNKNOWN_ACCOUNT_MS };
            let until = self.book.account_changes_until(key);
            let late = asked.is_none_or(|at| at <= until || now.since(at) > pause);
            self.keys.contains_key(key) && now > until && late
        };
        let mut keys = self.config.policies().keys().filter(|(_, policy)| policy.needs_account_mode());
        keys.find(|(key, _)| due(key)).map(|(key, _)| key.clone())
    }

    /// Takes in what the key-information endpoint said of the account's mode, where exits depend on it.
    pub(crate) fn observe_account(&mut self, read: &HouseRead, pending: &Pending, seen: &Seen) {
        let (About::Key(_), Seen::Answer { status, body }) = (&read.about, seen) else { return };
        let info = pending.exchange.key_info(*status, body);
        let Some(holds_reduce_only) = info.and_then(|info| info.holds_reduce_only) else { return };
        if !holds_reduce_only {
            tracing::warn!(key = %read.key, "in this account's mode reduceOnly may be ignored: such orders count like ones that open");
        }
        let entry = Entry::Observed(Box::new(ObservedEntry {
            at: self.now(),
            asked_at: pending.left,
            key: read.key.clone(),
            surface: read.intent.endpoint.surface.clone(),
            what: Observed::Account { holds_reduce_only },
        }));
        self.note(&entry);
        self.fold(&entry);
    }

    fn look(&mut self, key: &KeyName, blamed: Option<Blamed>) -> Option<Box<Written>> {
        let written = self.key_call(key, blamed)?;
        let now = self.now();
        let known = self.hints.0.entry(key.clone()).or_default();
        (known.asked, known.wanted) = (Some(now), false);
        Some(written)
    }

    /// Takes in what the key-information endpoint said; the hint for the bot that waits for it, if one does.
    pub(crate) fn heard_of_key(
        &mut self,
        read: &HouseRead,
        pending: &Pending,
        seen: &Seen,
    ) -> Option<Box<str>> {
        let About::Key(blamed) = &read.about else { return None };
        let told = told(pending, seen);
        let now = self.now();
        report(&read.key, &told, now);
        let known = self.hints.0.entry(read.key.clone()).or_default();
        if let Told::Info(info) = &told {
            known.info = Some(info.clone());
        }
        known.told = Some(told);
        blamed.map(|blamed| self.hint(&read.key, blamed))
    }

    fn hint(&self, key: &KeyName, blamed: Blamed) -> Box<str> {
        let known = self.hints.0.get(key);
        let told = known.and_then(|known| known.told.as_ref());
        let before = known.and_then(|known| known.info.as_ref());
        hint(blamed, told, (before, self.now()))
    }

    /// Has the key looked at soon; nothing of an earlier look stands.
    pub(crate) fn check_key(&mut self, key: &KeyName) -> Result<(), Refused> {
        if !self.keys.contains_key(key) {
            return Err(Refused {
                what: format!("there is no key `{key}`"),
                because: Vec::new(),
                hint: vec!["`claviger key list` shows every key".to_owned()],
                exit: Exit::Name,
            });
        }
        let known = self.hints.0.entry(key.clone()).or_default();
        (known.wanted, known.told) = (true, None);
        Ok(())
    }

    /// What was heard since [`Room::check_key`], for operators.
    pub(crate) fn checked_key(&self, key: &KeyName) -> Option<Said> {
        let known = self.hints.0.get(key)?;
        let lines = shown(known.told.as_ref()?, known.info.as_ref(), self.now());
        Some(Said::Lines(lines))
    }

    /// Forgets what was said of keys that may be others now.
    pub(crate) fn forget_hints(&mut self) {
        self.hints.0.clear();
    }
}

fn told(pending: &Pending, seen: &Seen) -> Told {
    let Seen::Answer { status, body } = seen else { return Told::Nothing };
    match pending.exchange.key_info(*status, body) {
        Some(info) => Told::Info(info),
        None => pending.exchange.key_fault(*status, body).map_or(Told::Nothing, Told::Fault),
    }
}

/// For the log.
fn report(key: &KeyName, told: &Told, now: Time) {
    match told {
        Told::Info(info) => {
            let (rights, bound) = (names(&info.rights), info.bound);
            tracing::info!(%key, rights, bound, "the exchange told of a key");
            if info.trade_ends.is_some_and(|ends| ends <= now.plus(WARN_MS)) {
                tracing::warn!(%key, ends = ?info.trade_ends, "the key's right to trade ends soon or has ended");
            }
        }
        Told::Fault(fault) => {
            tracing::warn!(%key, ?fault, "the exchange does not take a key for its own information");
        }
        Told::Nothing => tracing::info!(%key, "nothing was told of a key"),
    }
}

/// For operators, a line each.
fn shown(told: &Told, before: Option<&KeyInfo>, now: Time) -> Vec<String> {
    let blamed = |fault| hint(Blamed { fault, needs: &[] }, None, (before, now));
    let info = match told {
        Told::Nothing => return vec!["the exchange told nothing of the key".to_owned()],
        Told::Fault(fault) => return vec![format!("the exchange does not take the key: {}", blamed(*fault))],
        Told::Info(info) => info,
    };
    let mut lines = vec![
        format!("the exchange takes the key; it may do: {}", names(&info.rights)),
        match info.bound {
            true => "it is bound to a list of addresses".to_owned(),
            false => "it is bound to no address: whoever has it can use it from anywhere".to_owned(),
        },
    ];
    lines.extend(info.trade_ends.map(|ends| match info.has_ended(now) {
        true => "its right to trade has ended".to_owned(),
        false => format!("its right to trade ends in {} days", ends.since(now) / (24 * 3_600_000)),
    }));
    lines.extend(info.idle_days.map(|days| format!("it is deleted when it is not used for {days} days")));
    if info.holds_reduce_only == Some(false) {
        lines.push(
            "in its account's mode the exchange may ignore `reduceOnly`: in one-way mode such orders count like ones that open; use hedge mode, or another mode of the account"
                .to_owned(),
        );
    }
    if info.rights.contains(&KeyRight::Withdraw) {
        lines.push("it may withdraw: take that right away at the exchange unless a bot needs it".to_owned());
    }
    lines
}

fn hint(blamed: Blamed, told: Option<&Told>, (before, now): (Option<&KeyInfo>, Time)) -> Box<str> {
    match (blamed.fault, told) {
        (KeyFault::Unclear | KeyFault::Permission, Some(Told::Info(info))) => lacking(blamed, info, now),
        (KeyFault::Unclear | KeyFault::Permission, Some(Told::Fault(fault))) => {
            refused(*fault, before).into()
        }
        (fault, _) => refused(fault, before).into(),
    }
}

/// The key is taken for its own information, so it is the right one and the address is listed.
fn lacking(blamed: Blamed, info: &KeyInfo, now: Time) -> Box<str> {
    let missing: Vec<KeyRight> =
        blamed.needs.iter().copied().filter(|right| !info.rights.contains(right)).collect();
    let trades = blamed.needs.iter().any(|right| !matches!(right, KeyRight::Read | KeyRight::Withdraw));
    if trades && info.has_ended(now) {
        return "expired: the key's right to trade has ended; the exchange still takes the key for reading"
            .into();
    }
    match missing.as_slice() {
        [] => "permission: the exchange takes the key, but not for this endpoint or instrument".into(),
        missing => format!("permission: at the exchange, the key lacks {}", names(missing)).into(),
    }
}

/// What a fault means where no list of rights explains it.
fn refused(fault: KeyFault, before: Option<&KeyInfo>) -> &'static str {
    match (fault, before) {
        (KeyFault::Unknown, _) => {
            "key: the exchange does not know the key; it is wrong, deleted, or of another environment"
        }
        (KeyFault::Gone, Some(KeyInfo { idle_days: Some(_), .. })) => {
            "expired: the key is gone; unbound keys are deleted when they are not used for some days"
        }
        (KeyFault::Gone, _) => "expired: the key was deleted or has expired",
        (KeyFault::Suspended, _) => "suspended: the exchange has suspended the key or the account",
        (KeyFault::Signature, _) => "signature: claviger's secret does not belong to the key",
        (KeyFault::Passphrase, _) => "passphrase: claviger's passphrase does not belong to the key",
        (KeyFault::Address, _) => "address: the exchange does not list claviger's address for the key",
        (KeyFault::Environment, _) => "environment: the key is for another environment of the exchange",
        (KeyFault::Permission, _) => "permission: at the exchange, the key may not do this",
        (KeyFault::Unclear, Some(KeyInfo { bound: true, .. })) => {
            "address: the key worked and is bound to addresses; claviger's is no longer listed, or the key was deleted"
        }
        (KeyFault::Unclear, Some(KeyInfo { bound: false, .. })) => {
            "unclear: the key worked from any address; it was deleted, or bound to addresses without claviger's"
        }
        (KeyFault::Unclear, None) => {
            "unclear: the exchange takes the key for nothing: wrong or deleted, of another environment, or claviger's address is not listed"
        }
    }
}

fn names(rights: &[KeyRight]) -> String {
    match rights {
        [] => "nothing".to_owned(),
        rights => rights.iter().map(|right| right.as_str()).collect::<Vec<_>>().join(", "),
    }
}
