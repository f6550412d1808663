//! What is no order: judged by its permission, and by what limits can see of it.

use super::case::Case;
use super::{Judged, Refused, at, plain};
use crate::book::ledger::surface;
use crate::book::quotes::{Known, Offer};
use crate::entry::{Figures, Leg};
use crate::limits::within;
use crate::value::counted;
use crate::{Denial, Level, Money, Special, What};

impl Case<'_> {
    pub(super) fn special(&self, special: &Special) -> Result<Judged, Refused> {
        match special.what {
            What::Convert | What::Dust | What::Sweep => self.turnover(special),
            What::Block | What::Copy | What::ExchangeBot | What::Liquidate => {
                self.at_any_price(special)?;
                self.turnover(special)
            }
            What::Borrow
            | What::Repay
            | What::AutoBorrow
            | What::Earn
            | What::PositionMode
            | What::PositionMargin
            | What::Setting
            | What::SubAccount => Ok(Judged::as_asked(self.ask)),
        }
    }

    /// A trade outside of the book: what is given counts as an order of that value, and against the day.
    fn turnover(&self, special: &Special) -> Result<Judged, Refused> {
        for level in self.policy.levels() {
            if level.rules().max_loss().is_some() {
                let why = "at what price a trade outside of the book is done is not known";
                return Err(at(level)(Denial::LossUnknown { why }));
            }
        }
        let quote = self.quote(special);
        let Some(given) = given(special, quote)? else { return self.unnamed(quote) };
        let too_large = || plain(Denial::Unmeasured { why: "its value is too large" });
        let value: Money = counted(given.amount, &given.asset).ok_or_else(too_large)?;
        if value.amount.is_zero() {
            return Err(plain(Denial::Unmeasured { why: "its amount is zero" }));
        }
        for level in self.policy.levels() {
            within(level.rules(), &value, self.prices).map_err(at(level))?;
        }
        let reservation = Some(self.reservation(&value)?);
        let figures = Figures { reference: None, value: Some(value) };
        let alone = Leg { target: None, reservation, figures };
        Ok(Judged { alone, ..Judged::as_asked(self.ask) })
    }

    /// What is known of the quote that is accepted, where one is. Anybody with the account may have asked for a quote, so
    /// only what the bot itself was told of one counts.
    fn quote(&self, special: &Special) -> Option<Known<'_>> {
        let (key, surface) = (self.policy.key(), surface(&self.ask.intent));
        let offer = Offer { key, surface, id: special.quote.as_deref()? };
        let quotes = self.book.bots.get(&self.ask.bot).map(|state| &state.quotes);
        Some(quotes.map_or(Known::Unknown, |quotes| quotes.known(offer, self.book.now)))
    }

    /// Nothing says how much is given, so it is refused where a limit would have to see it.
    fn unnamed(&self, quote: Option<Known<'_>>) -> Result<Judged, Refused> {
        for level in self.policy.levels() {
            let rules = level.rules();
            let by_value =
                [rules.max_order(), rules.max_day()].into_iter().flatten().any(|c| c.at().is_some());
            if by_value || rules.turnover_asset().is_some() {
                return Err(at(level)(Denial::Unmeasured { why: uncounted(quote, by_value) }));
            }
        }
        Ok(Judged::as_asked(self.ask))
    }

    /// Block trades, copied traders and the exchange's bots trade at prices that nobody here sees, so only a bot may ask
    /// for them whose price band is written out as unlimited, and its markets and symbols where none is named.
    fn at_any_price(&self, special: &Special) -> Result<(), Refused> {
        let unlimited = |level: Level<'_>, cap: Option<bool>| cap.unwrap_or(!matches!(level, Level::Bot(_)));
        for level in self.policy.levels() {
            let rules = level.rules();
            let any_price = unlimited(level, rules.price_band().map(|cap| cap.at().is_none()));
            let any_market = special.market.is_some() || unlimited(level, rules.all_markets());
            let any_symbol = special.symbol.is_some() || unlimited(level, rules.all_symbols());
            if !any_price || !any_market || !any_symbol {
                let why = "at what price it trades, or what, is not known; that needs price_band, and markets and \
                           symbols where none is named, to be \"unlimited\"";
                return Err(at(level)(Denial::Unmeasured { why }));
            }
        }
        Ok(())
    }
}

/// Why nobody can say how much is given, and which limit would have to.
const fn uncounted(quote: Option<Known<'_>>, by_value: bool) -> &'static str {
    match (quote, by_value) {
        (Some(Known::Used), _) => "its quote was accepted before: ask for a new one",
        (Some(Known::Unknown), true) => {
            "its quote is none that this bot was told of and that still holds, so max_order and max_day cannot count it: \
             ask for a new one"
        }
        (Some(Known::Unknown), false) => {
            "its quote is none that this bot was told of and that still holds, so max_hour cannot count it: ask for a new \
             one"
        }
        (Some(Known::Holds(_)) | None, true) => {
            "it names no amount, so max_order and max_day cannot count it"
        }
        (Some(Known::Holds(_)) | None, false) => "it names no amount, so max_hour cannot count it",
    }
}

/// What is given, by the request's own word and by the quote's: the larger one, where both say it.
fn given(special: &Special, quote: Option<Known<'_>>) -> Result<Option<Money>, Refused> {
    let stated = special.asset.clone().zip(special.amount).map(|(asset, amount)| Money::new(amount, asset));
    let offered = match quote {
        Some(Known::Holds(gives)) => Some(gives.clone()),
        Some(Known::Used | Known::Unknown) | None => None,
    };
    match (stated, offered) {
        (Some(stated), Some(offered)) if stated.asset != offered.asset => {
            Err(plain(Denial::Unmeasured { why: "its quote gives another asset than it says" }))
        }
        (Some(stated), Some(offered)) if stated.amount < offered.amount => Ok(Some(offered)),
        (stated, offered) => Ok(stated.or(offered)),
    }
}
