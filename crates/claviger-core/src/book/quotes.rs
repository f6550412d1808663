//! The prices for conversions that a bot asked for, as long as they hold: what their acceptance by number would cost.

use std::collections::VecDeque;

use crate::{IntentId, KeyName, Money, SurfaceName, Time};

/// So many quotes of one bot are remembered at a time; the oldest is forgotten first.
const MOST: usize = 64;

/// No quote is remembered for longer, whatever the exchange said of it: 60 seconds.
const LONGEST_MS: u64 = 60_000;

/// The quotes of one bot, in the order they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Quotes(VecDeque<Quote>);

#[derive(Clone, Debug, PartialEq)]
struct Quote {
    key: KeyName,
    surface: SurfaceName,
    id: Box<str>,
    /// `None` where two offers of one name gave different amounts: neither counts.
    gives: Option<Money>,
    until: Time,
    /// By which intent it was accepted.
    used: Option<IntentId>,
}

/// What a quote is called, and where that means something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer<'a> {
    pub(super) key: &'a KeyName,
    pub(super) surface: &'a SurfaceName,
    pub(super) id: &'a str,
}

/// What is known of a quote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known<'a> {
    /// It holds, and its acceptance gives this.
    Holds(&'a Money),
    /// It was accepted before.
    Used,
    /// The bot did not ask for it, or it is over.
    Unknown,
}

impl Quotes {
    /// Remembers an offer that was heard at the first time and holds until the second one.
    ///
    /// A name that is known already stays what it is: else what was accepted could be offered again under its name.
    /// Offered as something else it is not known any more.
    pub(super) fn add(&mut self, offer: Offer<'_>, gives: &Money, (heard, until): (Time, Time)) {
        self.prune(heard);
        let until = until.min(heard.plus(LONGEST_MS));
        if until <= heard {
            return;
        }
        if let Some(known) = self.0.iter_mut().find(|quote| quote.is(offer)) {
            known.gives.take_if(|before| before != gives);
            return;
        }
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        let (key, surface) = (offer.key.clone(), offer.surface.clone());
        let (id, gives) = (offer.id.into(), Some(gives.clone()));
        self.0.push_back(Quote { key, surface, id, gives, until, used: None });
    }

    pub(super) fn known(&self, offer: Offer<'_>, now: Time) -> Known<'_> {
        match self.0.iter().find(|quote| quote.is(offer) && quote.until > now) {
            Some(Quote { used: Some(_), .. }) => Known::Used,
            Some(Quote { gives: Some(gives), .. }) => Known::Holds(gives),
            Some(Quote { gives: None, .. }) | None => Known::Unknown,
        }
    }

    pub(super) fn use_up(&mut self, offer: Offer<'_>, by: IntentId) {
        if let Some(quote) = self.0.iter_mut().find(|quote| quote.is(offer) && quote.used.is_none()) {
            quote.used = Some(by);
        }
    }

    /// Undoes what an intent did of which nothing left.
    pub(super) fn give_back(&mut self, by: IntentId) {
        self.0.iter_mut().filter(|quote| quote.used == Some(by)).for_each(|quote| quote.used = None);
    }

    pub(super) fn prune(&mut self, now: Time) {
        self.0.retain(|quote| quote.until > now);
    }
}

impl Quote {
    fn is(&self, offer: Offer<'_>) -> bool {
        self.key == *offer.key && self.surface == *offer.surface && *self.id == *offer.id
    }
}
