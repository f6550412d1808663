//! What is no order: judged by its permission, and by what limits can see of it.

use super::case::Case;
use super::{Judged, Refused, at, plain};
use crate::entry::{Figures, Leg};
use crate::limits::{Cap, Scope, within};
use crate::value::counted;
use crate::{Denial, Money, Special, What};

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
    ///
    /// A quote that is accepted by its number names no amount. What it is for was told when it was asked for, but anybody
    /// with the account may have asked, so it is refused where a limit would have to see it.
    fn turnover(&self, special: &Special) -> Result<Judged, Refused> {
        let named = special.asset.clone().zip(special.amount);
        let Some((asset, amount)) = named else {
            for (scope, rules) in self.policy.levels() {
                let limited = rules.max_order().and_then(Cap::at).is_some()
                    || rules.max_day().and_then(Cap::at).is_some();
                if limited {
                    let why = "it names no amount, so max_order and max_day cannot count it";
                    return Err(at(scope)(Denial::Unmeasured { why }));
                }
            }
            return Ok(Judged::as_asked(self.ask));
        };
        let too_large = || plain(Denial::Unmeasured { why: "its value is too large" });
        let value: Money = counted(amount, &asset).ok_or_else(too_large)?;
        if value.amount.is_zero() {
            return Err(plain(Denial::Unmeasured { why: "its amount is zero" }));
        }
        for (scope, rules) in self.policy.levels() {
            within(rules, &value, self.prices).map_err(at(scope))?;
        }
        let reservation = Some(self.reservation(&value)?);
        let figures = Figures { reference: None, value: Some(value) };
        let alone = Leg { target: None, reservation, figures };
        Ok(Judged { alone, ..Judged::as_asked(self.ask) })
    }

    /// Block trades, copied traders and the exchange's bots trade at prices that nobody here sees, so only a bot may ask
    /// for them whose price band is written out as unlimited, and its markets and symbols where none is named.
    fn at_any_price(&self, special: &Special) -> Result<(), Refused> {
        let unlimited = |scope: Scope, cap: Option<bool>| cap.unwrap_or(matches!(scope, Scope::Key));
        for (scope, rules) in self.policy.levels() {
            let any_price = unlimited(scope, rules.price_band().map(|cap| cap.at().is_none()));
            let any_market = special.market.is_some() || unlimited(scope, rules.all_markets());
            let any_symbol = special.symbol.is_some() || unlimited(scope, rules.all_symbols());
            if !any_price || !any_market || !any_symbol {
                let why = "at what price it trades, or what, is not known; that needs price_band, and markets and \
                           symbols where none is named, to be \"unlimited\"";
                return Err(at(scope)(Denial::Unmeasured { why }));
            }
        }
        Ok(())
    }
}
