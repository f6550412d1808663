//! `exchangeInfo`: what is traded, with its filters.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Call;
use super::errors::Refusal;
use super::public::{add, pair, symbols};
use super::render::{eight, plain};
use crate::engine::{Listing, Market};

pub(super) fn spot(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let one = match call.get("symbol") {
        Some(_) => Some(vec![call.instrument()?.symbol.to_owned()]),
        None => symbols(call)?,
    };
    let wanted = |listing: &&Listing| {
        listing.instrument.market == Market::Spot
            && one.as_ref().is_none_or(|names| names.iter().any(|name| name == listing.instrument.symbol))
    };
    let symbols: Vec<Value> = call.engine.listings.iter().filter(wanted).map(spot_symbol).collect();
    Ok(json!({
        "timezone": "UTC", "serverTime": call.now, "exchangeFilters": [], "symbols": symbols,
        "rateLimits": [
            { "rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000 },
            { "rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100 },
            { "rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 200_000 },
            { "rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 300_000 },
        ],
    }))
}

fn spot_symbol(listing: &Listing) -> Value {
    let one = &listing.instrument;
    json!({
        "symbol": one.symbol, "status": "TRADING", "baseAsset": one.base, "baseAssetPrecision": 8,
        "quoteAsset": one.quote, "quotePrecision": 8, "quoteAssetPrecision": 8, "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8, "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": true, "ocoAllowed": true, "otoAllowed": true, "opoAllowed": false,
        "quoteOrderQtyMarketAllowed": true, "allowTrailingStop": true, "cancelReplaceAllowed": true,
        "amendAllowed": true, "pegInstructionsAllowed": true, "isSpotTradingAllowed": true,
        "isMarginTradingAllowed": one.quote == "USDT" && one.base != "BNB",
        "filters": [
            { "filterType": "PRICE_FILTER", "minPrice": eight(one.tick), "maxPrice": "1000000.00000000", "tickSize": eight(one.tick) },
            { "filterType": "LOT_SIZE", "minQty": eight(one.step), "maxQty": eight(one.max_qty), "stepSize": eight(one.step) },
            { "filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": eight(one.max_qty), "stepSize": "0.00000000" },
            { "filterType": "ICEBERG_PARTS", "limit": 10 },
            { "filterType": "TRAILING_DELTA", "minTrailingAboveDelta": 10, "maxTrailingAboveDelta": 2000, "minTrailingBelowDelta": 10, "maxTrailingBelowDelta": 2000 },
            { "filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2", "askMultiplierUp": "5", "askMultiplierDown": "0.2", "avgPriceMins": 5 },
            { "filterType": "NOTIONAL", "minNotional": eight(one.min_notional), "applyMinToMarket": true, "maxNotional": "9000000.00000000", "applyMaxToMarket": false, "avgPriceMins": 5 },
            { "filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200 },
            { "filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5 },
        ],
        "permissions": [], "permissionSets": [["SPOT"]], "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    })
}

pub(super) fn futures(call: &mut Call<'_>) -> Result<Value, Refusal> {
    let market = call.market;
    let rows = call.engine.listings.iter().filter(|listing| listing.instrument.market == market);
    let symbols: Vec<Value> = rows.map(futures_symbol).collect();
    let asset = |name: &str| json!({ "asset": name, "marginAvailable": true, "autoAssetExchange": "-10000" });
    let mut body = json!({
        "timezone": "UTC", "serverTime": call.now, "exchangeFilters": [], "symbols": symbols,
        "rateLimits": [
            { "rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 2400 },
            { "rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200 },
            { "rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 300 },
        ],
    });
    if market == Market::Usdm {
        add(
            &mut body,
            json!({ "futuresType": "U_MARGINED", "assets": [asset("USDT"), asset("USDC"), asset("BTC")] }),
        );
    }
    Ok(body)
}

/// The delivery time that perpetuals show.
const NEVER: u64 = 4_133_404_800_000;

fn futures_symbol(listing: &Listing) -> Value {
    let one = &listing.instrument;
    let mut body = json!({
        "symbol": one.symbol, "pair": pair(listing), "contractType": "PERPETUAL", "deliveryDate": NEVER,
        "onboardDate": 1_569_398_400_000_u64, "maintMarginPercent": "2.5000", "requiredMarginPercent": "5.0000",
        "baseAsset": one.base, "quoteAsset": one.quote, "marginAsset": one.settle(),
        "pricePrecision": one.price_places(), "quantityPrecision": one.qty_places(), "baseAssetPrecision": 8,
        "quotePrecision": 8, "underlyingType": "COIN", "underlyingSubType": ["PoW"], "triggerProtect": "0.0500",
        "liquidationFee": "0.012500", "marketTakeBound": "0.05", "filters": futures_filters(listing),
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    });
    if one.market == Market::Coinm {
        add(
            &mut body,
            json!({ "contractStatus": "TRADING", "contractSize": whole(one.contract), "equalQtyPrecision": 4 }),
        );
    } else {
        add(&mut body, json!({ "status": "TRADING", "settlePlan": 0, "maxMoveOrderLimit": 10_000 }));
    }
    body
}

fn whole(value: Decimal) -> i64 {
    i64::try_from(value.trunc().mantissa()).unwrap_or_default()
}

fn futures_filters(listing: &Listing) -> Value {
    let one = &listing.instrument;
    let (tick, step, most) = (plain(one.tick), plain(one.step), plain(one.max_qty));
    let mut filters = json!([
        { "filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "4529764", "tickSize": tick },
        { "filterType": "LOT_SIZE", "minQty": step, "maxQty": most, "stepSize": step },
        { "filterType": "MARKET_LOT_SIZE", "minQty": step, "maxQty": most, "stepSize": step },
        { "filterType": "MAX_NUM_ORDERS", "limit": 200 },
        { "filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10 },
        { "filterType": "PERCENT_PRICE", "multiplierUp": "5.0000", "multiplierDown": "0.2000", "multiplierDecimal": "4" },
    ]);
    if let (Value::Array(list), Market::Usdm) = (&mut filters, one.market) {
        list.push(json!({ "filterType": "MIN_NOTIONAL", "notional": plain(one.min_notional) }));
    }
    filters
}
