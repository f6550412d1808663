//! What accounts hold, asked for while a limit counts it.
//!
//! Asked at start, soon after something changed, and now and then. What is told is written down where it is news.

use std::collections::HashMap;

use claviger_core::book::Word;
use claviger_core::entry::ObservedEntry;
use claviger_core::{Entry, KeyName, Observed, Sheet, SurfaceName, Time};
use claviger_door::Seen;
use claviger_exchange::HouseCall;

use crate::house::{About, HouseRead};
use crate::record::Written;
use crate::room::Room;
use crate::settle::Pending;

/// When each sheet of each account was last asked for.
#[derive(Debug, Default)]
pub(crate) struct Sheets(HashMap<Page, Time>);

/// One sheet of one account.
type Page = (KeyName, SurfaceName, Sheet);

/// How often a sheet is asked for after something changed, in milliseconds.
const STIRRED_MS: u64 = 2_000;

/// The same of one of which nothing is known.
const UNSEEN_MS: u64 = 5_000;

/// The same while orders or positions are open, so that what they become is heard of.
const OPEN_MS: u64 = 20_000;

/// The same while nothing is open.
const STILL_MS: u64 = 5 * 60_000;

impl Room {
    /// The next sheet that is due.
    pub(crate) fn sheet_wanted(&mut self, now: Time) -> Option<Box<Written>> {
        let page = self.page_due(now)?;
        self.sheets.0.insert(page.clone(), now);
        let (key, surface, sheet) = page;
        let exchange = claviger_exchange::exchange(&self.keys.get(&key)?.exchange)?;
        let call = HouseCall::Holdings { surface, sheet };
        let intent = exchange.house(&call).filter(|intent| !intent.act.changes_state())?;
        self.own_call(HouseRead { key, intent, about: About::Holdings })
    }

    fn page_due(&self, now: Time) -> Option<Page> {
        let policies = self.config.policies();
        policies.watched().find_map(|(key, markets)| {
            let exchange = claviger_exchange::exchange(&self.keys.get(key)?.exchange)?;
            let sheets = markets.iter().flat_map(|market| exchange.sheets(*market));
            let mut pages = sheets.filter_map(|(surface, sheet)| {
                Some((key.clone(), surface.parse::<SurfaceName>().ok()?, *sheet))
            });
            pages.find(|page| self.is_due(page, now))
        })
    }

    fn is_due(&self, page: &Page, now: Time) -> bool {
        let (key, surface, sheet) = page;
        let busy = self.book.orders(key).next().is_some();
        let pause = match self.book.holdings_known(key, surface, *sheet) {
            Word::Unseen => UNSEEN_MS,
            Word::Stirred => STIRRED_MS,
            Word::Open => OPEN_MS,
            Word::Still if busy => OPEN_MS,
            Word::Still => STILL_MS,
        };
        self.sheets.0.get(page).is_none_or(|asked| now.since(*asked) > pause)
    }

    /// Takes in what the exchange told of an account.
    pub(crate) fn observe_holdings(&mut self, read: &HouseRead, pending: &Pending, seen: &Seen) {
        let (Seen::Answer { status, body }, About::Holdings) = (seen, &read.about) else { return };
        let surface = &read.intent.endpoint.surface;
        let Some(told) = pending.exchange.holdings(&read.intent, *status, body) else {
            tracing::warn!(key = %read.key, %surface, status, "the exchange told nothing certain of what an account holds");
            return;
        };
        if self.book.holdings_are_news(&read.key, surface, &told) {
            let entry = Entry::Observed(Box::new(ObservedEntry {
                at: self.now(),
                asked_at: pending.left,
                key: read.key.clone(),
                surface: surface.clone(),
                what: Observed::Holdings(told),
            }));
            self.note(&entry);
            self.fold(&entry);
        }
    }

    /// Forgets when what was asked of keys that may be others now.
    pub(crate) fn forget_sheets(&mut self) {
        self.sheets.0.clear();
    }
}
