//! Acts other than placing an order, read from a body and written as one.

use claviger_core::{
    Act, Amendment, Cancel, Intent, Market, MoreAmended, OrderRef, Param, Params, Symbol, Transfer, Value,
    Withdrawal,
};

use super::fields::{alphanumeric, peek};
use super::instrument::{Instrument, plain_market};
use super::order::{self, cannot, missing, positive};
use crate::fields::{Fields, Words, meaning};
use crate::{PrintError, ReadError, Row};

pub(super) fn amendment(fields: &mut Fields<'_>) -> Result<Amendment, ReadError> {
    let (market, symbol, order) = named(fields)?;
    let size = fields.number("newSz").map(|n| positive("newSz", n)).transpose()?;
    let price = fields.number("newPx").map(|n| positive("newPx", n)).transpose()?;
    if size.is_none() && price.is_none() {
        return Err(meaning("an amendment needs `newSz` or `newPx`"));
    }
    Ok(Amendment { market, symbol, order, side: None, size, price, more: MoreAmended::default() })
}

pub(super) fn cancel(fields: &mut Fields<'_>) -> Result<Cancel, ReadError> {
    let (market, symbol, order) = named(fields)?;
    Ok(Cancel { market, symbol, order })
}

fn named(fields: &mut Fields<'_>) -> Result<(Market, Symbol, OrderRef), ReadError> {
    let symbol = fields.symbol("instId").ok_or_else(|| missing("instId"))?;
    let order = fields.order_ref("ordId", "clOrdId")?;
    if let OrderRef::Client(id) = &order {
        alphanumeric("clOrdId", id.as_str(), 32)?;
    }
    Ok((plain_market(&symbol)?, symbol, order))
}

/// The leverage of a pair is the margin market's.
pub(super) fn leverage(fields: &mut Fields<'_>) -> Result<Act, ReadError> {
    let symbol = fields.symbol("instId").ok_or_else(|| missing("instId"))?;
    let market = leverage_market(&symbol)?;
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

/// Writes an act in the exchange's words, with the parameters that go along.
pub(super) fn words(row: &Row, intent: &Intent) -> Result<(Words, Params), PrintError> {
    let params = &intent.params;
    let words = match &intent.act {
        Act::Read | Act::Change => Words::new(),
        Act::Place(order) | Act::Test(order) => return order::words(row, order, params),
        Act::Amend(amendment) => amend_words(amendment)?,
        Act::Cancel(cancel) => order_words(cancel.market, &cancel.symbol, &cancel.order)?,
        Act::SetLeverage { market, symbol, leverage } => {
            if leverage_market(symbol).ok() != Some(*market) {
                return Err(cannot("instId", "does not fit the market"));
            }
            vec![("instId", symbol.to_string()), ("lever", leverage.to_string())]
        }
        Act::Transfer(transfer) => transfer_words(transfer, params)?,
        Act::Withdraw(withdrawal) => withdrawal_words(withdrawal, params)?,
        Act::CancelAll { .. }
        | Act::SetMarginMode { .. }
        | Act::Steps(_)
        | Act::ClosePosition { .. }
        | Act::Countdown { .. }
        | Act::Special(_) => {
            return Err(cannot("act", "the exchange has no such request"));
        }
    };
    Ok((words, params.clone()))
}

fn amend_words(amendment: &Amendment) -> Result<Words, PrintError> {
    if !amendment.more.is_plain()
        || amendment.side.is_some()
        || (amendment.size.is_none() && amendment.price.is_none())
    {
        return Err(cannot("newSz", "the amendment names a side, or changes nothing"));
    }
    let mut words = order_words(amendment.market, &amendment.symbol, &amendment.order)?;
    words.extend(amendment.size.map(|n| ("newSz", n.to_string())));
    words.extend(amendment.price.map(|n| ("newPx", n.to_string())));
    Ok(words)
}

/// `market` may be margin where claviger itself names an order of its ledger; the exchange does not ask.
fn order_words(market: Market, symbol: &Symbol, order: &OrderRef) -> Result<Words, PrintError> {
    let plain = plain_market(symbol).map_err(|_| cannot("instId", "is not read"))?;
    if plain != market && (plain, market) != (Market::Spot, Market::Margin) {
        return Err(cannot("instId", "does not fit the market"));
    }
    let order = match order {
        OrderRef::Exchange(id) => ("ordId", id.to_string()),
        OrderRef::Client(id) => {
            alphanumeric("clOrdId", id.as_str(), 32).map_err(|_| cannot("clOrdId", "does not fit"))?;
            ("clOrdId", id.to_string())
        }
        OrderRef::Algo(_) | OrderRef::AlgoClient(_) | OrderRef::List(_) | OrderRef::ListClient(_) => {
            return Err(cannot("ordId", "names no usual order"));
        }
    };
    Ok(vec![("instId", symbol.to_string()), order])
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
