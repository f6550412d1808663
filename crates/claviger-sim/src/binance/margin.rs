//! Cross and isolated margin, as one account that may borrow.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Call;
use super::errors::{BAD_SYMBOL, Refusal};
use super::orders::{self, Answer};
use super::public::add;
use super::render::{eight, plain};
use crate::engine::{Instrument, Market, Side, Wallet};

/// Places an order, lending before and taking back after as `sideEffectType` says.
pub(super) fn place(call: &mut Call<'_>) -> Answer {
    let effect = call.get("sideEffectType").unwrap_or("NO_SIDE_EFFECT").to_owned();
    let (borrows, repays) = match effect.as_str() {
        "NO_SIDE_EFFECT" => (false, false),
        "MARGIN_BUY" => (true, false),
        "AUTO_REPAY" => (false, true),
        "AUTO_BORROW_REPAY" => (true, true),
        _ => {
            return Err(Refusal::illegal(
                "sideEffectType",
                "NO_SIDE_EFFECT|MARGIN_BUY|AUTO_REPAY|AUTO_BORROW_REPAY",
            ));
        }
    };
    isolated(call)?;
    let (instrument, name) = (call.instrument()?, call.account().to_owned());
    let (asset, lacks) = lacking(call, &instrument)?;
    let lent = if borrows { lacks.max(Decimal::ZERO) } else { Decimal::ZERO };
    if lent > Decimal::ZERO {
        call.engine.borrow(&name, asset, lent).map_err(|_| limit())?;
    }
    let mut body = match orders::place(call) {
        Ok(body) => body,
        Err(refusal) => {
            // Nothing was traded, so the loan goes back as a whole.
            let _ = call.engine.repay(&name, asset, lent);
            return Err(refusal);
        }
    };
    if repays {
        for asset in [instrument.base, instrument.quote] {
            let free = call.engine.available(&name, Wallet::Margin, asset).max(Decimal::ZERO);
            let _ = call.engine.repay(&name, asset, free);
        }
    }
    add(
        &mut body,
        json!({ "isIsolated": isolated(call)?, "marginBuyBorrowAmount": plain(lent), "marginBuyBorrowAsset": asset }),
    );
    Ok(body)
}

/// What an order pays with, and how much more of it than there is.
fn lacking(call: &mut Call<'_>, instrument: &Instrument) -> Result<(&'static str, Decimal), Refusal> {
    let (name, selling) = (call.account().to_owned(), call.must("side")? == "SELL");
    let (qty, quote) = (call.decimal("quantity")?.unwrap_or_default(), call.decimal("quoteOrderQty")?);
    // Above the price now, because a market order also meets the levels behind the best.
    let price =
        call.decimal("price")?.unwrap_or_else(|| call.engine.price(instrument) * Decimal::new(101, 2));
    let (asset, needs) = match (selling, quote) {
        (true, None) => (instrument.base, qty),
        (true, Some(quote)) => (instrument.base, quote.checked_div(price).unwrap_or_default()),
        (false, quote) => (instrument.quote, quote.unwrap_or(qty * price)),
    };
    Ok((asset, (needs - call.engine.available(&name, Wallet::Margin, asset)).round_dp(8)))
}

fn isolated(call: &Call<'_>) -> Result<bool, Refusal> {
    match call.get("isIsolated").map(str::to_ascii_uppercase).as_deref() {
        None | Some("FALSE") => Ok(false),
        Some("TRUE") => Ok(true),
        Some(_) => Err(Refusal::illegal("isIsolated", "TRUE|FALSE")),
    }
}

fn limit() -> Refusal {
    Refusal::new(-3006, "Your borrow amount has exceed maximum borrow amount.")
}

pub(super) fn borrow_repay(call: &mut Call<'_>) -> Answer {
    let (name, asset) = (call.account().to_owned(), call.must("asset")?.to_owned());
    if isolated(call)? {
        let symbol = call.must("symbol")?;
        call.named(symbol).map_err(|_| Refusal::of(BAD_SYMBOL))?;
    }
    if call.engine.rate(&asset, "USDT").is_none() {
        return Err(Refusal::new(-3027, "Not a valid margin asset."));
    }
    let amount = call.decimal("amount")?.ok_or_else(|| Refusal::mandatory("amount"))?;
    let id = match call.must("type")? {
        "BORROW" => call.engine.borrow(&name, &asset, amount).map_err(|_| limit())?,
        "REPAY" => {
            let short = |_| Refusal::new(-3041, "Balance is not enough");
            call.engine.repay(&name, &asset, amount).map_err(short)?.0
        }
        _ => return Err(Refusal::illegal("type", "BORROW|REPAY")),
    };
    Ok(json!({ "tranId": id }))
}

fn assets(call: &mut Call<'_>) -> Vec<Value> {
    let name = call.account().to_owned();
    let account = call.engine.account(&name);
    let held = account.balances.iter().filter(|((wallet, _), _)| *wallet == Wallet::Margin);
    held.map(|((_, asset), one)| {
        let owed = account.debts.get(asset).copied().unwrap_or_default();
        json!({
            "asset": asset, "borrowed": eight(owed), "free": eight(one.free), "interest": "0.00000000",
            "locked": eight(one.locked), "netAsset": eight(one.free + one.locked - owed),
        })
    })
    .collect()
}

pub(super) fn account(call: &mut Call<'_>) -> Answer {
    Ok(json!({
        "created": true, "borrowEnabled": true, "marginLevel": "11.64405625", "collateralMarginLevel": "3.2",
        "totalAssetOfBtc": "100.00000000", "totalLiabilityOfBtc": "0.00000000", "totalNetAssetOfBtc": "100.00000000",
        "TotalCollateralValueInUSDT": "6000000.00000000", "totalOpenOrderLossInUSDT": "0.00000000", "tradeEnabled": true,
        "transferInEnabled": true, "transferOutEnabled": true, "accountType": "MARGIN_1", "userAssets": assets(call),
    }))
}

pub(super) fn isolated_account(call: &mut Call<'_>) -> Answer {
    let held = assets(call);
    let wanted = call.get("symbols").map(str::to_owned);
    let of = |asset: &str| {
        held.iter().find(|one| one["asset"] == asset).cloned().unwrap_or_else(|| json!({ "asset": asset }))
    };
    let rows = call.engine.listings.iter().filter(|one| {
        one.instrument.market == Market::Margin
            && wanted.as_ref().is_none_or(|names| names.split(',').any(|name| name == one.instrument.symbol))
    });
    let row = |one: &Instrument| {
        json!({
            "symbol": one.symbol, "baseAsset": of(one.base), "quoteAsset": of(one.quote), "isolatedCreated": true,
            "enabled": true, "marginLevel": "0.00000000", "marginLevelStatus": "EXCESSIVE", "marginRatio": "0.00000000",
            "indexPrice": "10000.00000000", "liquidatePrice": "1000.00000000", "liquidateRate": "1.00000000", "tradeEnabled": true,
        })
    };
    Ok(
        json!({ "assets": rows.map(|one| row(&one.instrument)).collect::<Vec<_>>(), "totalAssetOfBtc": "0", "totalLiabilityOfBtc": "0", "totalNetAssetOfBtc": "0" }),
    )
}

pub(super) fn max_borrowable(call: &mut Call<'_>) -> Answer {
    call.must("asset")?;
    Ok(json!({ "amount": "1000000.00000000", "borrowLimit": "1000000" }))
}

pub(super) fn max_transferable(call: &mut Call<'_>) -> Answer {
    let (name, asset) = (call.account().to_owned(), call.must("asset")?.to_owned());
    let free = call.engine.available(&name, Wallet::Margin, &asset).max(Decimal::ZERO);
    Ok(json!({ "amount": eight(free) }))
}

pub(super) fn no_rows(_: &mut Call<'_>) -> Answer {
    Ok(json!({ "rows": [], "total": 0 }))
}

/// An order that is placed where the price is best: here, where every other is.
pub(super) fn routed(call: &mut Call<'_>) -> Answer {
    if !matches!(call.must("type")?, "LIMIT" | "MARKET") {
        return Err(Refusal::of(super::errors::BAD_TYPE));
    }
    let _: Side = orders::side(call)?;
    let mut body = orders::place(call)?;
    add(&mut body, json!({ "workingFloor": "SOR", "usedSor": true }));
    Ok(body)
}
