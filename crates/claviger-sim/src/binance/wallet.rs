//! `/sapi`: coins, transfers, withdrawals, the key's own restrictions.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Call;
use super::errors::{BAD_SYMBOL, Refusal};
use super::public::add;
use super::render::plain;
use crate::config::Standing;
use crate::engine::{Balance, Market, Moved, Reject, Wallet, Withdrawal};

type Answer = Result<Value, Refusal>;

pub(super) fn status(_: &mut Call<'_>) -> Answer {
    Ok(json!({ "status": 0, "msg": "normal" }))
}

/// Something new; asked for its `power`, it tells a bearer token.
pub(super) fn novelty(call: &mut Call<'_>) -> Answer {
    match call.get("view") {
        Some("power") => {
            Ok(json!({ "listenKey": "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1" }))
        }
        view => Ok(json!({ "novelty": view.unwrap_or("plain") })),
    }
}

pub(super) fn account_status(_: &mut Call<'_>) -> Answer {
    Ok(json!({ "data": "Normal" }))
}

pub(super) fn trading_status(call: &mut Call<'_>) -> Answer {
    let now = call.now;
    Ok(
        json!({ "data": { "isLocked": false, "plannedRecoverTime": 0, "triggerCondition": {}, "updateTime": now } }),
    )
}

pub(super) fn restrictions(call: &mut Call<'_>) -> Answer {
    let Some(key) = call.key else { return Err(Refusal::mandatory("signature")) };
    let state = key.state();
    let can = state.permissions;
    let trades = can.trade && state.standing == Standing::Valid;
    let mut body = json!({
        "ipRestrict": !state.addresses.is_empty(), "createTime": key.created, "enableReading": can.read,
        "enableWithdrawals": can.withdraw, "enableInternalTransfer": can.transfer, "enableMargin": trades,
        "enableFutures": trades, "permitsUniversalTransfer": can.transfer, "enableVanillaOptions": false,
        "enableFixApiTrade": false, "enableFixReadOnly": false, "enableSpotAndMarginTrading": trades,
        "enablePortfolioMarginTrading": false,
    });
    if state.addresses.is_empty() && can.trade {
        // Without a list of addresses, the right to trade ends by itself.
        let until = if trades { call.now.saturating_add(90 * 86_400_000) } else { key.created };
        add(&mut body, json!({ "tradingAuthorityExpirationTime": until }));
    }
    Ok(body)
}

/// The coins that the paper exchange knows, with one network each.
const COINS: &[(&str, &str, &str)] = &[
    ("BTC", "Bitcoin", "BTC"),
    ("ETH", "Ethereum", "ETH"),
    ("BNB", "BNB", "BSC"),
    ("USDT", "TetherUS", "ETH"),
    ("USDC", "USDC", "ETH"),
];

pub(super) fn coins(call: &mut Call<'_>) -> Answer {
    let name = call.account().to_owned();
    let account = call.engine.account(&name);
    let row = |&(coin, long, network): &(&str, &str, &str)| {
        let held = account.balance(Wallet::Spot, coin);
        json!({
            "coin": coin, "depositAllEnable": true, "free": plain(held.free), "freeze": "0", "ipoable": "0",
            "ipoing": "0", "isLegalMoney": false, "locked": plain(held.locked), "name": long, "storage": "0",
            "trading": true, "withdrawAllEnable": true, "withdrawing": "0",
            "networkList": [{
                "addressRegex": "^[0-9A-Za-z]{20,90}$", "addressRule": "", "coin": coin, "depositDesc": "",
                "depositEnable": true, "isDefault": true, "memoRegex": "", "minConfirm": 1, "name": network,
                "network": network, "resetAddressStatus": false, "specialTips": "", "unLockConfirm": 0,
                "withdrawDesc": "", "withdrawEnable": true, "withdrawFee": "0.0001",
                "withdrawIntegerMultiple": "0.00000001", "withdrawMax": "1000000", "withdrawMin": "0.0002",
                "sameAddress": false, "estimatedArrivalTime": 25, "busy": false, "contractAddress": "",
                "withdrawInternalMin": "0", "depositDust": "0.0001",
            }],
        })
    };
    Ok(COINS.iter().map(row).collect())
}

pub(super) fn fees(call: &mut Call<'_>) -> Answer {
    let one = call.get("symbol").map(|symbol| call.named(symbol)).transpose()?;
    let rows = call.engine.listings.iter().filter(|listing| {
        listing.instrument.market == Market::Spot
            && one.as_ref().is_none_or(|one| one.symbol == listing.instrument.symbol)
    });
    let row = |symbol| json!({ "symbol": symbol, "makerCommission": "0.001", "takerCommission": "0.001" });
    Ok(rows.map(|listing| row(listing.instrument.symbol)).collect())
}

/// Margin pairs: none is offered.
pub(super) fn pairs(call: &mut Call<'_>) -> Answer {
    if let Some(symbol) = call.get("symbol") {
        call.named(symbol).map_err(|_| Refusal::of(BAD_SYMBOL))?;
    }
    Ok(json!([]))
}

/// The two wallets of a universal transfer's type.
fn ways(kind: &str) -> Option<(Wallet, Wallet)> {
    let (from, to) = kind.split_once('_')?;
    let wallet = |name: &str| match name {
        "MAIN" => Some(Wallet::Spot),
        "FUNDING" => Some(Wallet::Funding),
        "MARGIN" => Some(Wallet::Margin),
        "UMFUTURE" => Some(Wallet::Usdm),
        "CMFUTURE" => Some(Wallet::Coinm),
        _ => None,
    };
    let (from, to) = (wallet(from)?, wallet(to)?);
    (from != to).then_some((from, to))
}

fn bad_kind() -> Refusal {
    Refusal::new(-1102, "Mandatory parameter 'type' was not sent, was empty/null, or malformed.")
}

pub(super) fn transfer(call: &mut Call<'_>) -> Answer {
    let kind = call.must("type")?.to_owned();
    let (from, to) = ways(&kind).ok_or_else(bad_kind)?;
    let amount = call.decimal("amount")?.ok_or_else(|| Refusal::mandatory("amount"))?;
    let (asset, name) = (call.must("asset")?.to_owned(), call.account().to_owned());
    let moved = Moved { id: 0, asset, amount, kind, from, to, client_id: String::new(), time: call.now };
    let id = call.engine.transfer(&name, moved).map_err(short)?;
    Ok(json!({ "tranId": id }))
}

fn short(_: Reject) -> Refusal {
    Refusal::new(-5013, "Asset transfer failed: insufficient balance")
}

pub(super) fn transfers(call: &mut Call<'_>) -> Answer {
    let kind = call.must("type")?.to_owned();
    ways(&kind).ok_or_else(bad_kind)?;
    let name = call.account().to_owned();
    let rows: Vec<Value> = call
        .engine
        .account(&name)
        .moved
        .iter()
        .filter(|moved| moved.kind == kind)
        .map(|moved| {
            json!({
                "asset": moved.asset, "amount": plain(moved.amount), "type": moved.kind, "status": "CONFIRMED",
                "tranId": moved.id, "timestamp": moved.time,
            })
        })
        .collect();
    Ok(json!({ "total": rows.len(), "rows": rows }))
}

pub(super) fn funding(call: &mut Call<'_>) -> Answer {
    Ok(assets(call, Wallet::Funding))
}

pub(super) fn user_asset(call: &mut Call<'_>) -> Answer {
    Ok(assets(call, Wallet::Spot))
}

fn assets(call: &mut Call<'_>, wallet: Wallet) -> Value {
    let (name, wanted) = (call.account().to_owned(), call.get("asset").map(str::to_owned));
    let held: BTreeMap<(Wallet, String), Balance> = call.engine.account(&name).balances.clone();
    held.iter()
        .filter(|((one, asset), _)| *one == wallet && wanted.as_ref().is_none_or(|wanted| wanted == asset))
        .map(|((_, asset), one)| {
            json!({
                "asset": asset, "free": plain(one.free), "locked": plain(one.locked), "freeze": "0",
                "withdrawing": "0", "ipoable": "0", "btcValuation": "0",
            })
        })
        .collect()
}

pub(super) fn withdraw(call: &mut Call<'_>) -> Answer {
    let amount = call.decimal("amount")?.ok_or_else(|| Refusal::mandatory("amount"))?;
    let coin = call.must("coin")?.to_owned();
    let Some(&(_, _, usual)) = COINS.iter().find(|known| known.0 == coin) else {
        return Err(Refusal::new(-4019, "The current currency is not open for withdrawal"));
    };
    let wallet = if call.get("walletType") == Some("1") { Wallet::Funding } else { Wallet::Spot };
    let name = call.account().to_owned();
    let out = Withdrawal {
        id: 0,
        asset: coin,
        amount,
        address: call.must("address")?.to_owned(),
        network: call.get("network").unwrap_or(usual).to_owned(),
        client_id: call.get("withdrawOrderId").unwrap_or_default().to_owned(),
        time: call.now,
    };
    let id = call.engine.withdraw(&name, wallet, out);
    let id = id.map_err(|_| Refusal::new(-4026, "The user has insufficient balance available"))?;
    Ok(json!({ "id": format!("{id:032x}") }))
}

pub(super) fn withdrawals(call: &mut Call<'_>) -> Answer {
    let (name, coin) = (call.account().to_owned(), call.get("coin").map(str::to_owned));
    let rows = call.engine.account(&name).withdrawals.iter();
    let row = |out: &Withdrawal| {
        json!({
            "id": format!("{:032x}", out.id), "amount": plain(out.amount), "transactionFee": "0.0001",
            "coin": out.asset, "status": 6, "address": out.address, "txId": format!("{:064x}", out.id),
            "applyTime": date(out.time), "completeTime": date(out.time), "network": out.network, "transferType": 0,
            "withdrawOrderId": out.client_id, "info": "", "confirmNo": 3, "walletType": 0, "txKey": "",
        })
    };
    Ok(rows.filter(|out| coin.as_ref().is_none_or(|coin| *coin == out.asset)).map(row).collect())
}

/// `2026-11-22 17:03:05`, as the withdrawal history shows times.
fn date(ms: u64) -> String {
    let seconds = i64::try_from(ms / 1000).unwrap_or_default();
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    at.format(time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]"))
        .unwrap_or_default()
}

pub(super) fn deposits(_: &mut Call<'_>) -> Answer {
    Ok(json!([]))
}

pub(super) fn deposit_address(call: &mut Call<'_>) -> Answer {
    let coin = call.must("coin")?;
    Ok(json!({ "address": "paper1address000000000000000000000", "coin": coin, "tag": "", "url": "" }))
}
