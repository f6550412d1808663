//! The funding account: currencies, balances, transfers, withdrawals.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::account::chosen;
use super::errors::Refusal;
use super::render::plain;
use super::{Answer, Call};
use crate::engine::{Moved, Wallet, Withdrawal};

type Answered = Result<Answer, Refusal>;

/// The currencies that the paper exchange knows, with one chain each.
const COINS: &[(&str, &str, &str)] = &[
    ("BTC", "Bitcoin", "BTC-Bitcoin"),
    ("ETH", "Ethereum", "ETH-ERC20"),
    ("USDT", "Tether", "USDT-ERC20"),
    ("USDC", "USD Coin", "USDC-ERC20"),
];

pub(super) fn currencies(call: &mut Call<'_>) -> Answered {
    let wanted = chosen(call);
    let fit = COINS
        .iter()
        .filter(|one| wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|name| name == one.0)));
    let row = |&(ccy, name, chain): &(&str, &str, &str)| {
        json!({
            "ccy": ccy, "name": name, "chain": chain, "ctAddr": "", "logoLink": "", "mainNet": true, "needTag": false,
            "canDep": true, "canWd": true, "canInternal": true, "depEstOpenTime": "", "wdEstOpenTime": "", "minDep": "0.0001",
            "minDepArrivalConfirm": "1", "minWd": "0.001", "minWdUnlockConfirm": "2", "maxWd": "1000000", "wdTickSz": "8",
            "wdQuota": "10000000", "usedWdQuota": "0", "fee": "0.0001", "minFee": "0.0001", "maxFee": "0.0001",
            "minFeeForCtAddr": "", "maxFeeForCtAddr": "", "minInternal": "0.0001", "depQuotaFixed": "", "usedDepQuotaFixed": "",
            "depQuoteDailyLayer2": "", "burningFeeRate": "",
        })
    };
    Ok(fit.map(row).collect::<Value>().into())
}

pub(super) fn balances(call: &mut Call<'_>) -> Answered {
    let (name, wanted) = (call.account().to_owned(), chosen(call));
    let account = call.engine.account(&name);
    let fit = account.balances.iter().filter(|((wallet, asset), _)| {
        *wallet == Wallet::Funding && wanted.as_ref().is_none_or(|wanted| wanted.contains(asset))
    });
    let row = |asset: &str, free: Decimal| json!({ "ccy": asset, "bal": plain(free), "frozenBal": "0", "availBal": plain(free) });
    Ok(fit.map(|((_, asset), one)| row(asset, one.free)).collect::<Value>().into())
}

pub(super) fn deposit_address(call: &mut Call<'_>) -> Answered {
    let ccy = call.must("ccy")?;
    let Some(&(_, _, chain)) = COINS.iter().find(|one| one.0 == ccy) else {
        return Err(Refusal::parameter("ccy"));
    };
    Ok(json!([{ "addr": "paper1address000000000000000000000", "ccy": ccy, "chain": chain, "ctAddr": "", "selected": true, "to": "6" }]).into())
}

fn wallet(code: &str, name: &str) -> Result<Wallet, Refusal> {
    match code {
        "6" => Ok(Wallet::Funding),
        "18" => Ok(Wallet::Trading),
        _ => Err(Refusal::parameter(name)),
    }
}

pub(super) fn transfer(call: &mut Call<'_>) -> Answered {
    if call.get("type").is_some_and(|kind| kind != "0") {
        return Err(Refusal::new(200, "58110", "Sub-accounts do not exist here."));
    }
    let (from_code, to_code) = (call.must("from")?, call.must("to")?);
    let (from, to) = (wallet(&from_code, "from")?, wallet(&to_code, "to")?);
    let amount = call.decimal("amt")?.ok_or_else(|| Refusal::parameter("amt"))?;
    if from == to {
        return Err(Refusal::parameter("to"));
    }
    let (name, ccy, client) =
        (call.account().to_owned(), call.must("ccy")?, call.get("clientId").unwrap_or_default());
    let moved = Moved {
        id: 0,
        asset: ccy.clone(),
        amount,
        kind: "0".to_owned(),
        from,
        to,
        client_id: client.clone(),
        time: call.now,
    };
    let id = call.engine.transfer(&name, moved);
    let id = id.map_err(|_| Refusal::new(200, "58350", "Insufficient balance"))?;
    Ok(json!([{ "transId": id.to_string(), "ccy": ccy, "clientId": client, "from": from_code, "amt": plain(amount), "to": to_code }]).into())
}

fn code(wallet: Wallet) -> &'static str {
    if wallet == Wallet::Funding { "6" } else { "18" }
}

pub(super) fn transfer_state(call: &mut Call<'_>) -> Answered {
    let (name, id, client) = (call.account().to_owned(), call.integer("transId")?, call.get("clientId"));
    if id.is_none() && client.is_none() {
        return Err(Refusal::new(400, "50014", "Parameter transId or clientId can not be empty"));
    }
    let account = call.engine.account(&name);
    let ours = |one: &&Moved| id.map_or_else(|| client.as_deref() == Some(&one.client_id), |id| id == one.id);
    let found = account
        .moved
        .iter()
        .find(ours)
        .ok_or_else(|| Refusal::new(200, "58129", "Transfer does not exist"))?;
    Ok(json!([{
        "amt": plain(found.amount), "ccy": found.asset, "clientId": found.client_id, "from": code(found.from),
        "instId": "", "state": "success", "subAcct": "", "to": code(found.to), "toInstId": "", "transId": found.id.to_string(),
        "type": found.kind,
    }])
    .into())
}

pub(super) fn withdraw(call: &mut Call<'_>) -> Answered {
    let (ccy, amount) = (call.must("ccy")?, call.decimal("amt")?.ok_or_else(|| Refusal::parameter("amt"))?);
    let Some(&(_, _, usual)) = COINS.iter().find(|one| one.0 == ccy) else {
        return Err(Refusal::parameter("ccy"));
    };
    if !matches!(call.must("dest")?.as_str(), "3" | "4") {
        return Err(Refusal::parameter("dest"));
    }
    let chain = call.get("chain").unwrap_or_else(|| usual.to_owned());
    let (name, client) = (call.account().to_owned(), call.get("clientId").unwrap_or_default());
    let out = Withdrawal {
        id: 0,
        asset: ccy.clone(),
        amount,
        address: call.must("toAddr")?,
        network: chain.clone(),
        client_id: client.clone(),
        time: call.now,
    };
    let id = call.engine.withdraw(&name, Wallet::Funding, out);
    let id = id.map_err(|_| Refusal::new(200, "58350", "Insufficient balance"))?;
    Ok(json!([{ "amt": plain(amount), "wdId": id.to_string(), "ccy": ccy, "clientId": client, "chain": chain }]).into())
}

pub(super) fn withdrawals(call: &mut Call<'_>) -> Answered {
    let (name, wanted) = (call.account().to_owned(), chosen(call));
    let account = call.engine.account(&name);
    let fit = account
        .withdrawals
        .iter()
        .rev()
        .filter(|one| wanted.as_ref().is_none_or(|wanted| wanted.contains(&one.asset)));
    let row = |one: &Withdrawal| {
        json!({
            "ccy": one.asset, "chain": one.network, "nonTradableAsset": false, "amt": plain(one.amount),
            "ts": one.time.to_string(), "from": "", "areaCodeFrom": "", "to": one.address, "areaCodeTo": "", "toAddrType": "1",
            "tag": "", "pmtId": "", "memo": "", "addrEx": "", "txId": format!("{:064x}", one.id), "fee": "0.0001", "feeCcy": one.asset,
            "state": "2", "wdId": one.id.to_string(), "clientId": one.client_id, "note": "",
        })
    };
    Ok(fit.map(row).collect::<Value>().into())
}
