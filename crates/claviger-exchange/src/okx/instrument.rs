//! What an instrument's id says: `BTC-USDT`, `BTC-USDT-SWAP`, `BTC-USD-250328`, `BTC-USD-250328-50000-C`.

use claviger_core::{Asset, Market, Symbol};

use crate::ReadError;
use crate::fields::meaning;

/// An instrument whose id has one meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instrument {
    pub(super) base: Asset,
    pub(super) quote: Asset,
    pub(super) kind: Kind,
}

/// What an instrument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Two coins.
    Pair,
    /// A future or perpetual.
    Contract,
    /// An option on the base, whose premium is paid in it.
    Option,
}

impl Instrument {
    /// Takes an id apart.
    ///
    /// # Errors
    /// Spreads, events and families that are not read.
    pub(super) fn of(symbol: &Symbol) -> Result<Self, ReadError> {
        let parts: Vec<&str> = symbol.as_str().split('-').collect();
        let (base, quote, kind) = match parts.as_slice() {
            [base, quote] => (base, quote, Kind::Pair),
            [base, quote, "SWAP"] => (base, quote, Kind::Contract),
            [base, quote, date] if is_date(date) => (base, quote, Kind::Contract),
            [base, quote @ "USD", date, strike, "C" | "P"] if is_date(date) && is_strike(strike) => {
                (base, quote, Kind::Option)
            }
            _ => return Err(unclear(symbol)),
        };
        match (base.parse(), quote.parse()) {
            (Ok(base), Ok(quote)) => Ok(Self { base, quote, kind }),
            _ => Err(unclear(symbol)),
        }
    }

    /// The market of an order in this trade mode (`cash`, `cross`, `isolated`).
    ///
    /// # Errors
    /// Where the mode is not one of the instrument's, or the contract's kind is unclear.
    pub(super) fn market(&self, mode: &str) -> Result<Market, ReadError> {
        match (self.kind, mode) {
            (Kind::Pair, "cash") => Ok(Market::Spot),
            (Kind::Pair, "cross" | "isolated") => Ok(Market::Margin),
            (Kind::Contract, "cross" | "isolated") => self.derivative(),
            (Kind::Option, "cash" | "cross" | "isolated") => Ok(Market::Option),
            _ => Err(meaning(format!("`tdMode` = `{mode}` does not fit the instrument"))),
        }
    }

    /// The market where nothing names the trade mode: a pair counts as spot.
    ///
    /// # Errors
    /// Where the contract's kind is unclear.
    pub(super) fn plain_market(&self) -> Result<Market, ReadError> {
        match self.kind {
            Kind::Pair => Ok(Market::Spot),
            Kind::Contract => self.derivative(),
            Kind::Option => Ok(Market::Option),
        }
    }

    fn derivative(&self) -> Result<Market, ReadError> {
        match self.quote.as_str() {
            "USDT" | "USDC" => Ok(Market::Usdm),
            "USD" => Ok(Market::Coinm),
            other => Err(meaning(format!(
                "contracts quoted in `{other}` are not yet read: only USDT and USDC (linear) and USD (inverse)"
            ))),
        }
    }
}

/// The market of an instrument where nothing names the trade mode.
pub(super) fn plain_market(symbol: &Symbol) -> Result<Market, ReadError> {
    Instrument::of(symbol)?.plain_market()
}

fn is_date(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_strike(text: &str) -> bool {
    (1..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

fn unclear(symbol: &Symbol) -> ReadError {
    meaning(format!(
        "`{symbol}` is no instrument that claviger can read (BASE-QUOTE, -SWAP, -YYMMDD or BASE-USD-YYMMDD-STRIKE-C)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn market(symbol: &str, mode: &str) -> Option<Market> {
        Instrument::of(&symbol.parse().unwrap()).ok()?.market(mode).ok()
    }

    #[test]
    fn markets() {
        for (symbol, mode, want) in [
            ("BTC-USDT", "cash", Some(Market::Spot)),
            ("BTC-EUR", "cash", Some(Market::Spot)),
            ("BTC-USDT", "cross", Some(Market::Margin)),
            ("BTC-USDT", "isolated", Some(Market::Margin)),
            ("BTC-USDT-SWAP", "cross", Some(Market::Usdm)),
            ("BTC-USDC-250328", "isolated", Some(Market::Usdm)),
            ("BTC-USD-SWAP", "cross", Some(Market::Coinm)),
            ("BTC-USD-250328", "cross", Some(Market::Coinm)),
            ("BTC-USDT-SWAP", "cash", None),
            ("BTC-EUR-SWAP", "cross", None),
            ("BTC-USD_UM-SWAP", "cross", None),
            ("BTC-USD_UM", "cash", None),
            ("BTC-USD-250328-50000-C", "cross", Some(Market::Option)),
            ("BTC-USD-250328-50000-P", "cash", Some(Market::Option)),
            ("BTC-USDT-250328-50000-C", "cross", None),
            ("BTC-USD_UM-250328-50000-C", "cross", None),
            ("BTC-USD-250328-050-C", "cross", None),
            ("BTC-USD-250328--C", "cross", None),
            ("BTC-USD-250328-50000-X", "cross", None),
            ("BTC-USDT-2503281", "cross", None),
            ("BTC", "cash", None),
            ("BTC-", "cash", None),
            ("-USDT", "cash", None),
            ("BTC--USDT", "cash", None),
            ("BTC-USDT-SWAP-SWAP", "cross", None),
        ] {
            assert_eq!(market(symbol, mode), want, "{symbol} {mode}");
        }
    }
}
