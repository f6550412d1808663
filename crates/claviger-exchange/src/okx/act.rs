//! Acts other than placing an order, read from a body and written as one.

use claviger_core::{
    Act, Deed, Intent, Market, Param, Params, PositionSide, Symbol, Transfer, Value, Withdrawal,
};

use super::fields::peek;
use super::instrument::Instrument;
use super::order::{cannot, missing, position_side, positive};
use super::{special, steps};
use crate::fields::{Fields, Words, meaning};
use crate::{PrintError, ReadError, Row};

/// Closes a position at the market; its margin mode tells, with the instrument, the market.
pub(super) fn close(fields: &mut Fields<'_>) -> Result<Act, ReadError> {
    let symbol = fields.symbol("instId").ok_or_else(|| missing("instId"))?;
    let mode = peek(fields, MARGIN_MODE)?.ok_or_else(|| missing(MARGIN_MODE))?;
    let market = Instrument::of(&symbol)?.market(&mode)?;
    if market != Market::Margin && fields.has("ccy") {
        return Err(meaning("`ccy` is for the margin market only"));
    }
    if let Some(id) = peek(fields, "clOrdId")? {
        super::fields::alphanumeric("clOrdId", &id, 32)?;
    }
    let position_side = position_side(fields, market)?;
    Ok(Act::ClosePosition { market, symbol, position_side })
}

/// The parameter that tells, with the instrument, the market of a position.
const MARGIN_MODE: &str = "mgnMode";

/// Has every order of the account, or every one with a tag, cancelled after a while.
pub(super) fn countdown(fields: &mut Fields<'_>) -> Result<Act, ReadError> {
    let seconds = whole(fields, TIME_OUT)?.ok_or_else(|| missing(TIME_OUT))?;
    if (1..10).contains(&seconds) {
        return Err(meaning("`timeOut` is 0, or 10 to 120 seconds"));
    }
    Ok(Act::Countdown { market: None, symbol: None, ms: Some(seconds.saturating_mul(1_000)) })
}

const TIME_OUT: &str = "timeOut";

fn whole(fields: &mut Fields<'_>, name: &str) -> Result<Option<u64>, ReadError> {
    match fields.take(name) {
        None => Ok(None),
        Some(Value::Whole(number)) => Ok(Some(number)),
        Some(Value::Text(_) | Value::Number(_) | Value::Flag(_) | Value::List(_)) => Err(missing(name)),
    }
}

/// The market maker's orders of a family of options.
pub(super) const fn mass_cancel() -> Act {
    Act::CancelAll { market: Market::Option, symbol: None }
}

/// The leverage of a pair is the margin market's.
pub(super) fn leverage(fields: &mut Fields<'_>) -> Result<Act, ReadError> {
    let symbol = fields.symbol("instId").ok_or_else(|| missing("instId"))?;
    let market = leverage_market(&symbol)?;
    if market == Market::Option {
        return Err(meaning("options have no leverage"));
    }
    let leverage = positive("lever", fields.number("lever").ok_or_else(|| missing("lever"))?)?;
    let position = peek(fields, "posSide")?;
    if market == Market::Margin && position.as_deref().is_some_and(|side| side != "net") {
        return Err(meaning("`posSide` does not fit the instrument"));
    }
    Ok(Act::SetLeverage { market, symbol, leverage })
}

fn leverage_market(symbol: &Symbol) -> Result<Market, ReadError> {
    Instrument::of(symbol)?.market("cross")
}

pub(super) fn transfer(fields: &mut Fields<'_>) -> Result<Transfer, ReadError> {
    let asset = fields.asset("ccy").ok_or_else(|| missing("ccy"))?;
    let amount = positive("amt", fields.number("amt").ok_or_else(|| missing("amt"))?)?;
    for (name, why) in [("loanTrans", "borrowed coins would leave"), ("omitPosRisk", "it ignores the risk")] {
        if fields.flag(name) == Some(true) {
            return Err(meaning(format!("`{name}` is not read by claviger: {why}")));
        }
    }
    let mut part = |name| peek(fields, name);
    let (from, to) = (part("from")?, part("to")?);
    let between = (part("fromSubAccount")?, part("toSubAccount")?);
    let (kind, sub) = (part("type")?, part("subAcct")?);
    let route = match &between {
        (None, None) => route(from.as_deref(), to.as_deref(), kind.as_deref(), sub.as_deref()),
        (a, b) => between_subs(from.as_deref(), to.as_deref(), a.as_deref(), b.as_deref()),
    };
    let route = route.ok_or_else(|| meaning("`type` and `subAcct` do not make sense together"))?;
    Ok(Transfer { asset, amount, route })
}

/// A route between two sub-accounts: `6>18 sub-account s1>s2`.
fn between_subs(
    from: Option<&str>,
    to: Option<&str>,
    giver: Option<&str>,
    taker: Option<&str>,
) -> Option<Box<str>> {
    Some(format!("{}>{} sub-account {}>{}", from?, to?, giver?, taker?).into())
}

/// A route in words, so that policy and people see it: `6>18`, `6>18 type 1 sub-account s1`.
fn route(from: Option<&str>, to: Option<&str>, kind: Option<&str>, sub: Option<&str>) -> Option<Box<str>> {
    let (from, to) = (from?, to?);
    match (kind.unwrap_or("0"), sub) {
        ("0", None) => Some(format!("{from}>{to}").into()),
        ("0", Some(_)) | ("1" | "2" | "4", None) => None,
        (kind, None) => Some(format!("{from}>{to} type {kind}").into()),
        (kind, Some(sub)) => Some(format!("{from}>{to} type {kind} sub-account {sub}").into()),
    }
}

pub(super) fn withdrawal(fields: &mut Fields<'_>) -> Result<Withdrawal, ReadError> {
    // The exchange sets the fee itself; an amount that the withdrawal does not hold must not leave.
    fields.take("fee");
    if let Some(method) = peek(fields, "paymentMethod")? {
        return bank_withdrawal(fields, &method);
    }
    let chain = fields.text("chain");
    let mut part = |name| peek(fields, name);
    let kinds = (part("dest")?, part("toAddrType")?, part("areaCode")?);
    let network = network(chain.as_deref(), kinds.0.as_deref(), kinds.1.as_deref(), kinds.2.as_deref());
    Ok(Withdrawal {
        asset: fields.asset("ccy").ok_or_else(|| missing("ccy"))?,
        amount: positive("amt", fields.number("amt").ok_or_else(|| missing("amt"))?)?,
        network: network.ok_or_else(|| {
            meaning("`dest`, `chain`, `toAddrType` and `areaCode` do not make sense together")
        })?,
        address: fields.text("toAddr").ok_or_else(|| missing("toAddr"))?,
        tag: None,
    })
}

/// Money to a bank account that the exchange knows by a number.
fn bank_withdrawal(fields: &mut Fields<'_>, method: &str) -> Result<Withdrawal, ReadError> {
    Ok(Withdrawal {
        asset: fields.asset("ccy").ok_or_else(|| missing("ccy"))?,
        amount: positive("amt", fields.number("amt").ok_or_else(|| missing("amt"))?)?,
        network: Some(format!("{BANK}{method}").into()),
        address: fields.text("paymentAcctId").ok_or_else(|| missing("paymentAcctId"))?,
        tag: None,
    })
}

/// What the address is an address of: a chain, or the exchange itself, where the same digits may be a user's id or a
/// telephone number: `internal`, `internal type 2`, `internal area 86`. `None` where the parts contradict each other.
fn network(
    chain: Option<&str>,
    dest: Option<&str>,
    kind: Option<&str>,
    area: Option<&str>,
) -> Option<Option<Box<str>>> {
    match (dest?, chain, kind, area) {
        ("4", None, None | Some("1"), None) => Some(None),
        ("4", Some(chain), None | Some("1"), None)
            if !chain.starts_with(INTERNAL) && !chain.starts_with(BANK) =>
        {
            Some(Some(chain.into()))
        }
        ("3", None, kind, area) => {
            let kind = kind.map(|kind| format!(" type {kind}")).unwrap_or_default();
            let area = area.map(|area| format!(" area {area}")).unwrap_or_default();
            Some(Some(format!("{INTERNAL}{kind}{area}").into()))
        }
        _ => None,
    }
}

/// No chain is called so: their names begin with the coin's.
const INTERNAL: &str = "internal";
/// Nor so.
const BANK: &str = "bank ";

/// Writes an act in the exchange's words: each of its items, with the parameters that go along.
pub(super) fn words(row: &Row, intent: &Intent) -> Result<Vec<(Words, Params)>, PrintError> {
    let params = &intent.params;
    let words = match &intent.act {
        Act::Read | Act::Change => Words::new(),
        Act::Steps(steps) => return steps::words(row, steps, params),
        Act::Place(order) | Act::Test(order) => {
            return steps::order_words(row, order, params).map(|words| vec![words]);
        }
        Act::Amend(amendment) => return one(row, Deed::Amend(amendment.clone()), params),
        Act::Cancel(cancel) => return one(row, Deed::Cancel(cancel.clone()), params),
        Act::SetLeverage { market, symbol, leverage } => {
            if leverage_market(symbol).ok() != Some(*market) {
                return Err(cannot("instId", "does not fit the market"));
            }
            vec![("instId", symbol.to_string()), ("lever", leverage.to_string())]
        }
        Act::ClosePosition { market, symbol, position_side } => {
            close_words(*market, symbol, *position_side, params)?
        }
        Act::Countdown { market: None, symbol: None, ms: Some(ms) } if ms % 1_000 == 0 => {
            vec![(TIME_OUT, (ms / 1_000).to_string())]
        }
        Act::CancelAll { market: Market::Option, symbol: None } => Words::new(),
        Act::Transfer(transfer) => transfer_words(transfer, params)?,
        Act::Withdraw(withdrawal) => withdrawal_words(withdrawal, params)?,
        Act::Special(asked) => special::words(row, asked, params)?,
        Act::CancelAll { .. } | Act::Countdown { .. } | Act::SetMarginMode { .. } => {
            return Err(cannot("act", "the exchange has no such request"));
        }
    };
    Ok(vec![(words, params.clone())])
}

fn one(row: &Row, deed: Deed, params: &Params) -> Result<Vec<(Words, Params)>, PrintError> {
    steps::deed_words(row, &deed, params).map(|words| vec![words])
}

fn close_words(
    market: Market,
    symbol: &Symbol,
    position_side: PositionSide,
    params: &Params,
) -> Result<Words, PrintError> {
    let mode = text_of(params, MARGIN_MODE).unwrap_or_default();
    if Instrument::of(symbol).and_then(|instrument| instrument.market(mode)).ok() != Some(market) {
        return Err(cannot(MARGIN_MODE, "does not fit the market"));
    }
    let side = match position_side {
        PositionSide::Net => None,
        PositionSide::Long => Some("long"),
        PositionSide::Short => Some("short"),
    };
    let mut words = vec![("instId", symbol.to_string())];
    words.extend(side.map(|side| ("posSide", side.to_owned())));
    Ok(words)
}

fn transfer_words(transfer: &Transfer, params: &Params) -> Result<Words, PrintError> {
    let part = |name| text_of(params, name);
    let named = match (part("fromSubAccount"), part("toSubAccount")) {
        (None, None) => route(part("from"), part("to"), part("type"), part("subAcct")),
        (giver, taker) => between_subs(part("from"), part("to"), giver, taker),
    };
    if named.as_ref() != Some(&transfer.route) {
        return Err(cannot("from", "is not on the transfer's route"));
    }
    Ok(vec![("ccy", transfer.asset.to_string()), ("amt", transfer.amount.to_string())])
}

fn withdrawal_words(withdrawal: &Withdrawal, params: &Params) -> Result<Words, PrintError> {
    if withdrawal.tag.is_some() {
        return Err(cannot("toAddr", "a tag stands within the address on this exchange"));
    }
    let part = |name| text_of(params, name);
    if let Some(method) = part("paymentMethod") {
        return bank_words(withdrawal, method);
    }
    let chain = withdrawal.network.as_deref().filter(|_| part("dest") != Some("3"));
    let named = network(chain, part("dest"), part("toAddrType"), part("areaCode"));
    if named.as_ref() != Some(&withdrawal.network) {
        return Err(cannot("dest", "does not fit the withdrawal's network"));
    }
    let mut words: Words = vec![
        ("ccy", withdrawal.asset.to_string()),
        ("amt", withdrawal.amount.to_string()),
        ("toAddr", withdrawal.address.to_string()),
    ];
    words.extend(chain.map(|chain| ("chain", chain.to_owned())));
    Ok(words)
}

fn bank_words(withdrawal: &Withdrawal, method: &str) -> Result<Words, PrintError> {
    if withdrawal.network.as_deref() != Some(format!("{BANK}{method}").as_str()) {
        return Err(cannot("paymentMethod", "does not fit the withdrawal's network"));
    }
    Ok(vec![
        ("ccy", withdrawal.asset.to_string()),
        ("amt", withdrawal.amount.to_string()),
        ("paymentAcctId", withdrawal.address.to_string()),
    ])
}

fn text_of<'p>(params: &'p Params, name: &str) -> Option<&'p str> {
    let param = params.iter().find(|Param { name: n, .. }| **n == *name)?;
    if let Value::Text(text) = &param.value { Some(text) } else { None }
}
