//! What is known of each account's mode, where it decides whether an exit is one.
//!
//! OKX documents `reduceOnly` in one-way mode for accounts in futures mode and in multi-currency margin mode only. What the
//! exchange may ignore makes no exit, so unless the account's mode was seen lately such an order counts like any other.

use super::Book;
use super::ledger::LANDED_MS;
use crate::entry::ObservedEntry;
use crate::{BotPolicy, KeyName, Time};

/// How long what was seen of an account holds: an hour. It is asked about far more often.
const HOLDS_MS: u64 = 60 * 60 * 1000;

/// What was seen of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Account {
    /// Whether orders are held to `reduceOnly` in one-way mode, and when that was asked.
    seen: Option<(bool, Time)>,
    /// Until then a change of its settings may be under way; only a later question tells what became of it.
    changing: Time,
    /// What was asked before is of another account, whose key had the same name.
    since: Time,
}

impl Book {
    /// Whether the exchange is known to hold orders of the bot's account to `reduceOnly` in one-way mode.
    pub(super) fn holds_reduce_only(&self, policy: &BotPolicy) -> bool {
        !policy.key_policy().exits_by_account() || self.account_reduces(policy.key())
    }

    /// Whether the account of a real key was seen to hold orders to `reduceOnly`, not long ago.
    #[must_use]
    pub fn account_reduces(&self, key: &KeyName) -> bool {
        let seen = self.accounts.get(key).and_then(|account| account.seen);
        seen.is_some_and(|(holds, at)| holds && self.now.since(at) <= HOLDS_MS)
    }

    /// Only questions about the account that leave after this say what holds: a change of its settings may be under way
    /// until then.
    #[must_use]
    pub fn account_changes_until(&self, key: &KeyName) -> Time {
        self.accounts.get(key).map(|account| account.changing).unwrap_or_default()
    }

    /// Since when the name is that of this account.
    pub(super) fn account_since(&self, key: &KeyName) -> Time {
        self.accounts.get(key).map(|account| account.since).unwrap_or_default()
    }

    pub(super) fn saw_account(&mut self, entry: &ObservedEntry, holds: bool) {
        let account = self.accounts.entry(entry.key.clone()).or_default();
        let later = account.seen.is_none_or(|(_, at)| at <= entry.asked_at);
        if later && account.changing < entry.asked_at {
            account.seen = Some((holds, entry.asked_at));
        }
    }

    /// The name is that of another real key from now on, whose account may be another one: nothing that was asked before
    /// says anything of it.
    pub(super) fn account_is_another(&mut self, key: &KeyName, at: Time) {
        self.accounts.insert(key.clone(), Account { seen: None, changing: at, since: at });
        self.wallets.forget(key);
    }

    /// Something that may change the account's mode is about to leave.
    pub(super) fn account_may_change(&mut self, key: &KeyName, deadline: Time) {
        let account = self.accounts.entry(key.clone()).or_default();
        account.seen = None;
        account.changing = account.changing.max(deadline.plus(LANDED_MS));
    }
}
