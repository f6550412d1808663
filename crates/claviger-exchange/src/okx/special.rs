//! What is no order: conversions, loans, savings, settings, margin of a position, the exchange's own bots, copy trading,
//! block trades.
//!
//! The act says what, where and how much; the parameters that say so stay with the request and are held to the act again
//! when it is written.

use claviger_core::{Asset, Decimal, Market, Param, Params, Permission, Special, Symbol, Value, What};

use super::fields::is_marked;
use super::instrument::Instrument;
use super::order::cannot;
use crate::fields::{Words, meaning};
use crate::json::{self, Bounds, Json};
use crate::{Grammar, PrintError, ReadError, Row};

/// Where an amount is, and where its currency is; the first that is there counts.
const AMOUNTS: [(&str, &[&str]); 5] = [
    ("rfqAmt", &["rfqCcy"]),
    ("sz", &["szCcy"]),
    ("collateralAmt", &["collateralCcy"]),
    ("amt", &["ccy"]),
    ("clSpotInUseAmt", &["ccy"]),
];

/// What a request does, from its parameters.
///
/// # Errors
/// Where it names several instruments, which no limit could be held to one by one.
pub(super) fn of(row: &Row, params: &Params) -> Result<Special, ReadError> {
    let what = what(row, params).ok_or_else(|| meaning("what it does is not known"))?;
    not_all(params)?;
    let mut named = named(row, params)?;
    if is_marked(row, "by-number") {
        // What was asked for under that number is traded, whatever the request says of it.
        named.instruments.clear();
    }
    let legs = named.instruments.len();
    let symbol = symbol(what, named.instruments)?;
    let isolated = match what {
        What::PositionMargin | What::Borrow | What::Repay => true,
        // Where a leg does not say how it trades, the account's mode does, and that may be to borrow.
        What::Block => legs > named.modes.len() || named.modes.iter().any(|mode| mode != "cash"),
        What::Convert
        | What::Dust
        | What::AutoBorrow
        | What::Earn
        | What::PositionMode
        | What::Setting
        | What::SubAccount
        | What::Copy
        | What::ExchangeBot
        | What::Sweep
        | What::Liquidate => false,
    };
    let market = symbol.as_ref().map(|symbol| market(symbol, isolated)).transpose()?;
    let converts = what == What::Convert;
    let (asset, amount) = match (stakes(what), converts) {
        (true, _) => (None, None),
        (false, true) => given(params),
        (false, false) => stake(params),
    };
    let quote = text(params, "quoteId").filter(|_| converts).map(Into::into);
    Ok(Special { what, market, symbol, asset, amount, quote })
}

/// Whether an amount in the request is only what something begins with: a bot of the exchange trades its stake again and
/// again, and a copier or a block what nobody here sees, so the stake says nothing of what will be traded.
const fn stakes(what: What) -> bool {
    matches!(what, What::ExchangeBot | What::Copy | What::Block)
}

/// What a conversion gives: an amount of what it gets is not that, as the price stands in the quote alone.
fn given(params: &Params) -> (Option<Asset>, Option<Decimal>) {
    let from = match text(params, "side") {
        Some("buy") => asset(params, "quoteCcy"),
        Some("sell") => asset(params, "baseCcy"),
        _ => None,
    };
    // For fiat money the side stands beside both, and says nothing of which is given.
    let from = asset(params, "fromCcy").or(from);
    let (of, amount) = stake(params);
    if of.is_some() && of == from { (of, amount) } else { (None, None) }
}

fn stake(params: &Params) -> (Option<Asset>, Option<Decimal>) {
    let found = AMOUNTS.iter().find_map(|(name, assets)| Some((number(params, name)?, assets)));
    match found {
        Some((amount, assets)) => (assets.iter().find_map(|name| asset(params, name)), Some(amount)),
        None => (asset(params, "ccy"), None),
    }
}

/// What the row's requests do; each has the permission of the row.
fn what(row: &Row, params: &Params) -> Option<What> {
    let gives_back = text(params, "side") == Some("repay") || is_marked(row, "repay");
    let what = match row.permission {
        Permission::Trade if is_marked(row, "position-margin") => What::PositionMargin,
        Permission::Convert if is_marked(row, "dust") => What::Dust,
        Permission::Convert => What::Convert,
        Permission::Borrow if is_marked(row, "auto-borrow") => What::AutoBorrow,
        Permission::Borrow if gives_back => What::Repay,
        Permission::Borrow => What::Borrow,
        Permission::Earn => What::Earn,
        Permission::PositionMode => What::PositionMode,
        Permission::Account => What::Setting,
        Permission::SubAccounts => What::SubAccount,
        Permission::Block => What::Block,
        Permission::Copy => What::Copy,
        Permission::ExchangeBot => What::ExchangeBot,
        Permission::Public
        | Permission::MarketData
        | Permission::Read
        | Permission::ReadIdentity
        | Permission::Trade
        | Permission::Transfer
        | Permission::Withdraw
        | Permission::ManageKeys => return None,
    };
    (what.permission() == row.permission).then_some(what)
}

fn text<'p>(params: &'p Params, name: &str) -> Option<&'p str> {
    let param = params.iter().find(|param| *param.name == *name)?;
    if let Value::Text(text) = &param.value { Some(text) } else { None }
}

/// Refuses what would trade instruments that it does not name.
fn not_all(params: &Params) -> Result<(), ReadError> {
    let all = |Param { name, value }: &&Param| match (&**name, value) {
        ("includeAll", Value::Flag(all)) => *all,
        ("copyInstIdType", Value::Text(text)) => **text == *"copy",
        _ => false,
    };
    match params.iter().find(all) {
        Some(Param { name, .. }) => {
            Err(meaning(format!("`{name}` would trade instruments that the request does not name")))
        }
        None => Ok(()),
    }
}

/// The one instrument that it names.
///
/// A block trade has several legs, which is as if it named none: whoever may ask for it may trade every instrument.
fn symbol(what: What, mut found: Vec<String>) -> Result<Option<Symbol>, ReadError> {
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [] => Ok(None),
        [one] => one.parse().map(Some).map_err(|_| meaning("its instrument is not read")),
        _ if what == What::Block => Ok(None),
        _ => Err(meaning("it names several instruments: send one a request")),
    }
}

/// What a request names, by itself, in a list, or within what is nested.
#[derive(Debug, Default)]
struct Named {
    instruments: Vec<String>,
    /// How they trade: `cash`, `cross`, `isolated`.
    modes: Vec<String>,
}

fn named(row: &Row, params: &Params) -> Result<Named, ReadError> {
    let mut found = Named::default();
    for Param { name, value } in params {
        let nested = row
            .param(name)
            .is_some_and(|spec| matches!(spec.grammar, Grammar::Items { .. } | Grammar::Object(_)));
        match (value, &**name) {
            (Value::Text(text), _) if nested => {
                let json = json::parse(text.as_bytes(), Bounds::SMALL);
                within(&json.map_err(|_| ReadError::Encoding("body"))?, params, &mut found);
            }
            (Value::Text(text), "instId" | "instIds") => found.instruments.push(text.to_string()),
            (Value::List(items), "instId" | "instIds") => {
                found.instruments.extend(items.iter().map(ToString::to_string));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Instruments within what is nested; a recurring buy names coins, which it buys for one currency.
fn within(json: &Json<'_>, params: &Params, found: &mut Named) {
    for item in json.items().unwrap_or_default() {
        within(item, params, found);
    }
    for (name, value) in json.entries().unwrap_or_default() {
        match (&**name, value.text()) {
            ("instId", Some(symbol)) => found.instruments.push(symbol.to_owned()),
            ("tdMode", Some(mode)) => found.modes.push(mode.to_owned()),
            ("ccy", Some(coin)) => {
                let with = asset(params, "investmentCcy");
                found.instruments.extend(with.map(|currency| format!("{coin}-{currency}")));
            }
            _ => within(value, params, found),
        }
    }
}

fn market(symbol: &Symbol, isolated: bool) -> Result<Market, ReadError> {
    let instrument = Instrument::of(symbol)?;
    if isolated { instrument.market("isolated") } else { instrument.plain_market() }
}

fn number(params: &Params, name: &str) -> Option<Decimal> {
    match params.iter().find(|param| *param.name == *name)?.value {
        Value::Number(number) => Some(number),
        Value::Whole(number) => Some(Decimal::from_u64(number)),
        Value::Text(_) | Value::Flag(_) | Value::List(_) => None,
    }
}

fn asset(params: &Params, name: &str) -> Option<Asset> {
    match &params.iter().find(|param| *param.name == *name)?.value {
        Value::Text(text) => text.parse().ok(),
        Value::Number(_) | Value::Whole(_) | Value::Flag(_) | Value::List(_) => None,
    }
}

/// All its words stand among the parameters; they must say what was judged.
///
/// # Errors
/// If they do not.
pub(super) fn words(row: &Row, special: &Special, params: &Params) -> Result<Words, PrintError> {
    match of(row, params) {
        Ok(said) if said == *special => Ok(Words::new()),
        _ => Err(cannot("act", "is not what the parameters say")),
    }
}
