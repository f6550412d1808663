//! What is no order: loans, conversions, margin of a position, the exchange's own bots.

use claviger_core::{Special, Symbol, Value, What};

use super::market_of;
use crate::fields::{Fields, Words, meaning};
use crate::{PrintError, ReadError, Row};

/// Which parameters of an endpoint say how much of what.
#[derive(Clone, Copy, Debug)]
struct Amount {
    /// How the path ends.
    path: &'static str,
    asset: &'static str,
    amount: &'static str,
}

const fn amount(path: &'static str, asset: &'static str, amount: &'static str) -> Amount {
    Amount { path, asset, amount }
}

/// Where the names are not `asset` and `amount`.
const AMOUNTS: [Amount; 12] = [
    amount("/loan/borrow", "loanCoin", "loanAmount"),
    amount("/loan/flexible/borrow", "loanCoin", "loanAmount"),
    amount("/loan/vip/borrow", "loanCoin", "loanAmount"),
    amount("/loan/vip/fixed/borrow", "borrowCoin", ""),
    amount("/loan/flexible/repay", "loanCoin", "repayAmount"),
    amount("/loan/flexible/adjust/ltv", "collateralCoin", "adjustmentAmount"),
    amount("/algo/futures/newOrderTwap", "", "quantity"),
    amount("/algo/futures/newOrderVp", "", "quantity"),
    amount("/algo/spot/newOrderTwap", "", "quantity"),
    amount("/algo/spot/newOrderVp", "", "quantity"),
    amount(AT_LIMIT, "quoteAsset", "quoteAmount"),
    amount("/asset/dust-convert/convert", "targetAsset", ""),
];

fn of(row: &Row) -> Amount {
    let known = AMOUNTS.into_iter().find(|known| row.path.ends_with(known.path));
    known.unwrap_or(amount("", "asset", "amount"))
}

/// What names the offer that is accepted.
const QUOTE: &str = "quoteId";

/// What says whether a loan is taken or given back, on the one endpoint that does both.
const TYPE: &str = "type";
const BORROW: &str = "BORROW";
const REPAY: &str = "REPAY";

/// What the row is about; `None` where its parameters say it.
///
/// What trades at prices that nobody here sees is marked `block`, whatever else its row needs.
fn what(row: &Row) -> Option<What> {
    use claviger_core::Permission as P;
    match row.permission {
        _ if flagged(row, "block") => Some(What::Block),
        P::Convert if flagged(row, "dust") => Some(What::Dust),
        P::Convert => Some(What::Convert),
        P::Borrow if flagged(row, "auto-borrow") => Some(What::AutoBorrow),
        P::Borrow if flagged(row, "repay") => Some(What::Repay),
        P::Borrow if row.param(TYPE).is_some_and(|spec| spec.judged) => None,
        P::Borrow => Some(What::Borrow),
        P::Earn => Some(What::Earn),
        P::PositionMode => Some(What::PositionMode),
        P::Trade if flagged(row, LIQUIDATION) => Some(What::Liquidate),
        P::Trade => Some(What::PositionMargin),
        P::SubAccounts => Some(What::SubAccount),
        P::Block => Some(What::Block),
        P::Copy => Some(What::Copy),
        P::ExchangeBot => Some(What::ExchangeBot),
        P::Account | P::Public | P::MarketData | P::Read | P::ReadIdentity => Some(What::Setting),
        P::Transfer | P::Withdraw => Some(What::Sweep),
        P::ManageKeys => Some(What::Setting),
    }
}

fn flagged(row: &Row, mark: &str) -> bool {
    row.flags.iter().any(|flag| **flag == *mark)
}

/// Marks the row that sells what a margin account holds: of one instrument, or of all that share their margin.
const LIQUIDATION: &str = "liquidation";
const ISOLATED: &str = "ISOLATED";
const MARGIN: &str = "MARGIN";

/// The word that goes with an instrument, and the one that goes with none: the exchange could overlook either.
const fn liquidated(symbol: Option<&Symbol>) -> &'static str {
    if symbol.is_some() { ISOLATED } else { MARGIN }
}

pub(super) fn read(row: &Row, fields: &mut Fields<'_>) -> Result<Special, ReadError> {
    let what = match (what(row), fields.text(if what(row).is_none() { TYPE } else { "" }).as_deref()) {
        (Some(what), _) => what,
        (None, Some(BORROW)) => What::Borrow,
        (None, Some(REPAY)) => What::Repay,
        (None, _) => return Err(ReadError::Missing(TYPE.into())),
    };
    buys(row, fields)?;
    let names = of(row);
    let judged = |name: &str| row.param(name).is_some_and(|spec| spec.judged);
    let symbol = if judged("symbol") { fields.symbol("symbol") } else { None };
    if flagged(row, LIQUIDATION) && fields.text(TYPE).as_deref() != Some(liquidated(symbol.as_ref())) {
        return Err(meaning("`symbol` goes with `type` = `ISOLATED`, and with nothing else"));
    }
    Ok(Special {
        what,
        market: row.market.or_else(|| symbol.as_ref().and_then(|_| market_of(&row.surface))),
        asset: if judged(names.asset) { fields.asset(names.asset) } else { None },
        amount: if judged(names.amount) { fields.number(names.amount) } else { None },
        quote: if judged(QUOTE) { fields.text(QUOTE) } else { None },
        symbol,
    })
}

/// A conversion at a limit states the asset that it is paid with only where it buys: where it sells, a low limit would
/// have more given than the amount says.
fn buys(row: &Row, fields: &mut Fields<'_>) -> Result<(), ReadError> {
    if !row.path.ends_with(AT_LIMIT) {
        return Ok(());
    }
    match fields.text(SIDE) {
        Some(side) if *side == *"BUY" => fields.put_value(SIDE, Value::Text(side)),
        _ => Err(meaning(
            "a conversion at a limit is read where it buys: what a sale gives is not stated in it",
        )),
    }
}

/// What says whether a conversion at a limit buys.
const SIDE: &str = "side";

/// Where conversions at a limit are placed.
const AT_LIMIT: &str = "/convert/limit/placeOrder";

pub(super) fn words(row: &Row, special: &Special) -> Result<Words, PrintError> {
    let Special { what: asked, market: _, symbol, asset, amount, quote } = special;
    let mut words = Words::new();
    match (what(row), asked) {
        (Some(what), asked) if what == *asked => {}
        (None, What::Borrow) => words.push((TYPE, BORROW.to_owned())),
        (None, What::Repay) => words.push((TYPE, REPAY.to_owned())),
        _ => {
            return Err(PrintError {
                what: "the request".into(),
                why: "this endpoint does something else".into(),
            });
        }
    }
    if flagged(row, LIQUIDATION) {
        words.push((TYPE, liquidated(symbol.as_ref()).to_owned()));
    }
    let names = of(row);
    words.extend(symbol.as_ref().map(|symbol| ("symbol", symbol.to_string())));
    words.extend(asset.as_ref().map(|asset| (names.asset, asset.to_string())));
    words.extend(amount.map(|amount| (names.amount, amount.to_string())));
    words.extend(quote.as_ref().map(|quote| (QUOTE, quote.to_string())));
    Ok(words)
}
