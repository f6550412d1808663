//! The spot account.

use serde_json::{Value, json};

use super::Call;
use super::errors::Refusal;
use super::render::eight;
use crate::engine::Wallet;

type Answer = Result<Value, Refusal>;

pub(super) fn spot(call: &mut Call<'_>) -> Answer {
    let empty_too = !call.boolean("omitZeroBalances")?;
    let name = call.account().to_owned();
    let can = call.key.map(|key| key.state().permissions).unwrap_or_default();
    let balances: Vec<Value> = call
        .engine
        .account(&name)
        .balances
        .iter()
        .filter(|((wallet, _), one)| *wallet == Wallet::Spot && (empty_too || !(one.free + one.locked).is_zero()))
        .map(|((_, asset), one)| json!({ "asset": asset, "free": eight(one.free), "locked": eight(one.locked) }))
        .collect();
    Ok(json!({
        "makerCommission": 10, "takerCommission": 10, "buyerCommission": 0, "sellerCommission": 0,
        "commissionRates": { "maker": "0.00100000", "taker": "0.00100000", "buyer": "0.00000000", "seller": "0.00000000" },
        "canTrade": can.trade, "canWithdraw": can.withdraw, "canDeposit": true, "brokered": false,
        "requireSelfTradePrevention": false, "preventSor": false, "updateTime": call.now, "accountType": "SPOT",
        "balances": balances, "permissions": ["SPOT"], "uid": uid(&name),
    }))
}

/// A made-up user id, always the same for a name.
pub(super) fn uid(name: &str) -> u64 {
    name.bytes().fold(354_937_868, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte)) % 1_000_000_007
    })
}

pub(super) fn commission(call: &mut Call<'_>) -> Answer {
    let rates = json!({ "maker": "0.00100000", "taker": "0.00100000", "buyer": "0.00000000", "seller": "0.00000000" });
    let none = json!({ "maker": "0.00000000", "taker": "0.00000000", "buyer": "0.00000000", "seller": "0.00000000" });
    Ok(json!({
        "symbol": call.instrument()?.symbol, "standardCommission": rates, "specialCommission": none,
        "taxCommission": none,
        "discount": { "enabledForAccount": false, "enabledForSymbol": false, "discountAsset": "BNB", "discount": "0.75000000" },
    }))
}

pub(super) fn order_rate(_: &mut Call<'_>) -> Answer {
    Ok(json!([
        { "rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100, "count": 0 },
        { "rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000, "count": 0 },
    ]))
}
