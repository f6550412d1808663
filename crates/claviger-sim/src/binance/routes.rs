//! Every path that the paper Binance knows. What is not here is answered with 404.

use serde_json::Value;

use super::errors::Refusal;
use super::{Call, account, algo, convert, futures, info, lists, margin, orders, public, wallet};

/// What a signed route needs the key to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Read,
    Trade,
    Transfer,
    Withdraw,
    Borrow,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    Public,
    /// The key header, no signature.
    Keyed,
    Signed(Need),
}

/// A row of the table.
pub(super) struct Route {
    methods: &'static str,
    path: &'static str,
    pub(super) security: Security,
    /// Names, mandatory ones with `!`.
    pub(super) params: &'static str,
    pub(super) run: fn(&mut Call<'_>) -> Result<Value, Refusal>,
}

/// The route of a request. In the table, `/f` stands for `/fapi` and `/dapi` both.
pub(super) fn find(method: &str, path: &str) -> Option<&'static Route> {
    let matches = |route: &&Route| match route.path.strip_prefix("/f/") {
        Some(rest) => path
            .strip_prefix("/fapi/")
            .or_else(|| path.strip_prefix("/dapi/"))
            .is_some_and(|path| path == rest),
        None => route.path == path,
    };
    ROUTES.iter().filter(|route| route.methods.split('|').any(|one| one == method)).find(matches)
}

const PUBLIC: Security = Security::Public;
const READ: Security = Security::Signed(Need::Read);
const TRADE: Security = Security::Signed(Need::Trade);
const TRANSFER: Security = Security::Signed(Need::Transfer);
const BORROW: Security = Security::Signed(Need::Borrow);
const WITHDRAW: Security = Security::Signed(Need::Withdraw);

type Run = fn(&mut Call<'_>) -> Result<Value, Refusal>;

const fn row(
    methods: &'static str,
    path: &'static str,
    security: Security,
    params: &'static str,
    run: Run,
) -> Route {
    Route { methods, path, security, params, run }
}

const SPOT_ORDER: &str = "symbol! side! type! timeInForce quantity quoteOrderQty price newClientOrderId strategyId \
     strategyType stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode pegPriceType pegOffsetValue pegOffsetType";
const SPOT_TEST: &str = "symbol! side! type! timeInForce quantity quoteOrderQty price newClientOrderId strategyId \
     strategyType stopPrice trailingDelta icebergQty newOrderRespType selfTradePreventionMode computeCommissionRates";
const REPLACE: &str = "symbol! side! type! cancelReplaceMode! timeInForce quantity quoteOrderQty price \
     cancelNewClientOrderId cancelOrigClientOrderId cancelOrderId newClientOrderId strategyId strategyType stopPrice \
     trailingDelta icebergQty newOrderRespType selfTradePreventionMode cancelRestrictions orderRateLimitExceededMode";
const FUTURES_ORDER: &str = "symbol! side! type! positionSide timeInForce quantity reduceOnly price newClientOrderId \
     stopPrice closePosition activationPrice callbackRate workingType priceProtect newOrderRespType priceMatch \
     selfTradePreventionMode goodTillDate";
const MARGIN_ORDER: &str = "symbol! side! type! isIsolated timeInForce quantity quoteOrderQty price stopPrice newClientOrderId \
     icebergQty newOrderRespType sideEffectType selfTradePreventionMode autoRepayAtCancel";
const MARGIN_BY_ID: &str = "symbol! isIsolated orderId origClientOrderId newClientOrderId";
const ALGO_ORDER: &str = "algoType! symbol! side! type! positionSide timeInForce quantity price triggerPrice workingType \
     priceMatch closePosition priceProtect reduceOnly activatePrice callbackRate clientAlgoId selfTradePreventionMode \
     goodTillDate newOrderRespType";
const OCO: &str = "symbol! side! quantity! listClientOrderId aboveType! aboveClientOrderId aboveIcebergQty abovePrice \
     aboveStopPrice aboveTrailingDelta aboveTimeInForce aboveStrategyId aboveStrategyType belowType! belowClientOrderId \
     belowIcebergQty belowPrice belowStopPrice belowTrailingDelta belowTimeInForce belowStrategyId belowStrategyType \
     newOrderRespType selfTradePreventionMode abovePegPriceType belowPegPriceType";
const OLD_OCO: &str = "symbol! side! quantity! price! stopPrice! isIsolated listClientOrderId limitClientOrderId limitIcebergQty \
     stopClientOrderId stopLimitPrice stopIcebergQty stopLimitTimeInForce newOrderRespType sideEffectType \
     selfTradePreventionMode autoRepayAtCancel limitStrategyId limitStrategyType stopStrategyId stopStrategyType trailingDelta";
const OTO: &str = "symbol! isIsolated listClientOrderId newOrderRespType selfTradePreventionMode sideEffectType autoRepayAtCancel \
     workingType! workingSide! workingClientOrderId workingPrice! workingQuantity! workingIcebergQty workingTimeInForce \
     workingStrategyId workingStrategyType workingPegPriceType pendingType! pendingSide! pendingClientOrderId pendingPrice \
     pendingStopPrice pendingTrailingDelta pendingQuantity! pendingIcebergQty pendingTimeInForce pendingStrategyId \
     pendingStrategyType";
const OTOCO: &str = "symbol! isIsolated listClientOrderId newOrderRespType selfTradePreventionMode sideEffectType autoRepayAtCancel \
     workingType! workingSide! workingClientOrderId workingPrice! workingQuantity! workingIcebergQty workingTimeInForce \
     workingStrategyId workingStrategyType workingPegPriceType pendingSide! pendingQuantity! pendingAboveType! \
     pendingAboveClientOrderId pendingAbovePrice pendingAboveStopPrice pendingAboveTrailingDelta pendingAboveIcebergQty \
     pendingAboveTimeInForce pendingAboveStrategyId pendingAboveStrategyType pendingBelowType pendingBelowClientOrderId \
     pendingBelowPrice pendingBelowStopPrice pendingBelowTrailingDelta pendingBelowIcebergQty pendingBelowTimeInForce \
     pendingBelowStrategyId pendingBelowStrategyType";
const LIST_ID: &str = "symbol isIsolated orderListId listClientOrderId origClientOrderId newClientOrderId";
const BY_ID: &str = "symbol! orderId origClientOrderId";
const HISTORY: &str = "symbol! orderId startTime endTime limit";
const FUTURES_HISTORY: &str = "symbol pair orderId startTime endTime limit";

static ROUTES: &[Route] = &[
    // Spot, public.
    row("GET", "/api/v3/ping", PUBLIC, "", public::ping),
    row("GET", "/api/v3/time", PUBLIC, "", public::time),
    row(
        "GET",
        "/api/v3/exchangeInfo",
        PUBLIC,
        "symbol symbols permissions showPermissionSets symbolStatus",
        info::spot,
    ),
    row("GET", "/api/v3/depth", PUBLIC, "symbol! limit", public::depth),
    row("GET", "/api/v3/trades", PUBLIC, "symbol! limit", public::trades),
    row("GET", "/api/v3/historicalTrades", Security::Keyed, "symbol! limit fromId", public::trades),
    row("GET", "/api/v3/aggTrades", PUBLIC, "symbol! fromId startTime endTime limit", public::agg_trades),
    row(
        "GET",
        "/api/v3/klines",
        PUBLIC,
        "symbol! interval! startTime endTime timeZone limit",
        public::klines,
    ),
    row(
        "GET",
        "/api/v3/uiKlines",
        PUBLIC,
        "symbol! interval! startTime endTime timeZone limit",
        public::klines,
    ),
    row("GET", "/api/v3/avgPrice", PUBLIC, "symbol!", public::avg_price),
    row("GET", "/api/v3/ticker/24hr", PUBLIC, "symbol symbols type symbolStatus", public::day),
    row("GET", "/api/v3/ticker/tradingDay", PUBLIC, "symbol symbols timeZone type", public::day),
    row("GET", "/api/v3/ticker", PUBLIC, "symbol symbols windowSize type", public::day),
    row("GET", "/api/v3/ticker/price", PUBLIC, "symbol symbols symbolStatus", public::price),
    row("GET", "/api/v3/ticker/bookTicker", PUBLIC, "symbol symbols symbolStatus", public::book_ticker),
    // Spot, orders and account.
    row("POST", "/api/v3/order", TRADE, SPOT_ORDER, orders::place),
    row("POST", "/api/v3/order/test", TRADE, SPOT_TEST, orders::test),
    row("POST", "/api/v3/order/cancelReplace", TRADE, REPLACE, orders::replace),
    row("GET", "/api/v3/order", READ, BY_ID, orders::query),
    row(
        "DELETE",
        "/api/v3/order",
        TRADE,
        "symbol! orderId origClientOrderId newClientOrderId cancelRestrictions",
        orders::cancel,
    ),
    row(
        "PUT",
        "/api/v3/order/amend/keepPriority",
        TRADE,
        "symbol! orderId origClientOrderId newClientOrderId newQty!",
        orders::keep_priority,
    ),
    row("GET", "/api/v3/openOrders", READ, "symbol", orders::open),
    row("DELETE", "/api/v3/openOrders", TRADE, "symbol!", orders::cancel_all),
    row("GET", "/api/v3/allOrders", READ, HISTORY, orders::all),
    row("GET", "/api/v3/myTrades", READ, "symbol! orderId startTime endTime fromId limit", orders::trades),
    row("GET", "/api/v3/account", READ, "omitZeroBalances", account::spot),
    row("GET", "/api/v3/account/commission", READ, "symbol!", account::commission),
    row("GET", "/api/v3/rateLimit/order", READ, "", account::order_rate),
    // Order lists.
    row("POST", "/api/v3/orderList/oco", TRADE, OCO, lists::oco),
    row("POST", "/api/v3/orderList/oto", TRADE, OTO, lists::oto),
    row("POST", "/api/v3/orderList/otoco", TRADE, OTOCO, lists::otoco),
    row("POST", "/api/v3/order/oco", TRADE, OLD_OCO, lists::old_oco),
    row("GET", "/api/v3/orderList", READ, LIST_ID, lists::query),
    row("DELETE", "/api/v3/orderList", TRADE, LIST_ID, lists::cancel),
    row("GET", "/api/v3/openOrderList", READ, "", lists::open),
    row("GET", "/api/v3/allOrderList", READ, "fromId startTime endTime limit", lists::all),
    row("POST", "/api/v3/sor/order", TRADE, SPOT_ORDER, margin::routed),
    // Margin.
    row("POST", "/sapi/v1/margin/order", TRADE, MARGIN_ORDER, margin::place),
    row("GET", "/sapi/v1/margin/order", READ, MARGIN_BY_ID, orders::query),
    row("DELETE", "/sapi/v1/margin/order", TRADE, MARGIN_BY_ID, orders::cancel),
    row("GET", "/sapi/v1/margin/openOrders", READ, "symbol isIsolated", orders::open),
    row("DELETE", "/sapi/v1/margin/openOrders", TRADE, "symbol! isIsolated", orders::cancel_all),
    row(
        "GET",
        "/sapi/v1/margin/allOrders",
        READ,
        "symbol! isIsolated orderId startTime endTime limit",
        orders::all,
    ),
    row(
        "GET",
        "/sapi/v1/margin/myTrades",
        READ,
        "symbol! isIsolated orderId startTime endTime fromId limit",
        orders::trades,
    ),
    row("POST", "/sapi/v1/margin/order/oco", TRADE, OLD_OCO, lists::old_oco),
    row("POST", "/sapi/v1/margin/order/oto", TRADE, OTO, lists::oto),
    row("POST", "/sapi/v1/margin/order/otoco", TRADE, OTOCO, lists::otoco),
    row("GET", "/sapi/v1/margin/orderList", READ, LIST_ID, lists::query),
    row("DELETE", "/sapi/v1/margin/orderList", TRADE, LIST_ID, lists::cancel),
    row("GET", "/sapi/v1/margin/openOrderList", READ, "symbol isIsolated", lists::open),
    row(
        "POST",
        "/sapi/v1/margin/borrow-repay",
        BORROW,
        "asset! isIsolated symbol amount! type!",
        margin::borrow_repay,
    ),
    row(
        "GET",
        "/sapi/v1/margin/borrow-repay",
        READ,
        "asset isolatedSymbol txId startTime endTime current size type",
        margin::no_rows,
    ),
    row("GET", "/sapi/v1/margin/account", READ, "", margin::account),
    row("GET", "/sapi/v1/margin/isolated/account", READ, "symbols", margin::isolated_account),
    row("GET", "/sapi/v1/margin/maxBorrowable", READ, "asset! isolatedSymbol", margin::max_borrowable),
    row("GET", "/sapi/v1/margin/maxTransferable", READ, "asset! isolatedSymbol", margin::max_transferable),
    // Convert.
    row("GET", "/sapi/v1/convert/exchangeInfo", PUBLIC, "fromAsset toAsset", convert::pairs),
    row("GET", "/sapi/v1/convert/assetInfo", READ, "", convert::assets),
    row(
        "POST",
        "/sapi/v1/convert/getQuote",
        TRADE,
        "fromAsset! toAsset! fromAmount toAmount walletType validTime",
        convert::quote,
    ),
    row("POST", "/sapi/v1/convert/acceptQuote", TRADE, "quoteId!", convert::accept),
    row("GET", "/sapi/v1/convert/orderStatus", READ, "orderId quoteId", convert::status),
    row("GET", "/sapi/v1/convert/tradeFlow", READ, "startTime! endTime! limit", convert::history),
    // Wallet.
    row("GET", "/sapi/v1/system/status", PUBLIC, "", wallet::status),
    // What exchanges add next year: no catalogue knows these.
    row("GET", "/sapi/v1/asset/novelty", READ, "view", wallet::novelty),
    row("GET", "/api/v3/novelty", PUBLIC, "", wallet::novelty),
    row("GET", "/sapi/v1/capital/config/getall", READ, "", wallet::coins),
    row("GET", "/sapi/v1/account/apiRestrictions", READ, "", wallet::restrictions),
    row("GET", "/sapi/v1/account/status", READ, "", wallet::account_status),
    row("GET", "/sapi/v1/account/apiTradingStatus", READ, "", wallet::trading_status),
    row("GET", "/sapi/v1/asset/tradeFee", READ, "symbol", wallet::fees),
    row(
        "GET",
        "/sapi/v1/margin/allPairs",
        Security::Keyed,
        "symbol timestamp recvWindow signature",
        wallet::pairs,
    ),
    row(
        "GET",
        "/sapi/v1/margin/isolated/allPairs",
        Security::Keyed,
        "symbol timestamp recvWindow signature",
        wallet::pairs,
    ),
    row(
        "POST",
        "/sapi/v1/asset/transfer",
        TRANSFER,
        "type! asset! amount! fromSymbol toSymbol",
        wallet::transfer,
    ),
    row(
        "GET",
        "/sapi/v1/asset/transfer",
        READ,
        "type! startTime endTime current size fromSymbol toSymbol",
        wallet::transfers,
    ),
    row("POST", "/sapi/v1/asset/get-funding-asset", READ, "asset needBtcValuation", wallet::funding),
    row("POST", "/sapi/v3/asset/getUserAsset", READ, "asset needBtcValuation", wallet::user_asset),
    row(
        "POST",
        "/sapi/v1/capital/withdraw/apply",
        WITHDRAW,
        "coin! address! amount! withdrawOrderId network addressTag transactionFeeFlag name walletType",
        wallet::withdraw,
    ),
    row(
        "GET",
        "/sapi/v1/capital/withdraw/history",
        READ,
        "coin withdrawOrderId status offset limit idList startTime endTime",
        wallet::withdrawals,
    ),
    row(
        "GET",
        "/sapi/v1/capital/deposit/hisrec",
        READ,
        "coin status startTime endTime offset limit txId includeSource",
        wallet::deposits,
    ),
    row("GET", "/sapi/v1/capital/deposit/address", READ, "coin! network amount", wallet::deposit_address),
    // Futures, public.
    row("GET", "/f/v1/ping", PUBLIC, "", public::ping),
    row("GET", "/f/v1/time", PUBLIC, "", public::time),
    row("GET", "/f/v1/exchangeInfo", PUBLIC, "", info::futures),
    row("GET", "/f/v1/depth", PUBLIC, "symbol! limit", public::depth),
    row("GET", "/f/v1/trades", PUBLIC, "symbol! limit", public::trades),
    row("GET", "/f/v1/aggTrades", PUBLIC, "symbol! fromId startTime endTime limit", public::agg_trades),
    row("GET", "/f/v1/klines", PUBLIC, "symbol! interval! startTime endTime limit", public::klines),
    row("GET", "/f/v1/markPriceKlines", PUBLIC, "symbol! interval! startTime endTime limit", public::klines),
    row("GET", "/f/v1/premiumIndex", PUBLIC, "symbol pair", public::premium),
    row("GET", "/f/v1/fundingRate", PUBLIC, "symbol startTime endTime limit", public::funding_rates),
    row("GET", "/f/v1/fundingInfo", PUBLIC, "", public::funding_info),
    row("GET", "/f/v1/ticker/24hr", PUBLIC, "symbol pair", public::day),
    row("GET", "/f/v1/ticker/price", PUBLIC, "symbol pair", public::price),
    row("GET", "/f/v2/ticker/price", PUBLIC, "symbol", public::price),
    row("GET", "/f/v1/ticker/bookTicker", PUBLIC, "symbol pair", public::book_ticker),
    row("GET", "/f/v1/openInterest", PUBLIC, "symbol!", public::open_interest),
    // Futures, orders.
    row("POST", "/f/v1/order", TRADE, FUTURES_ORDER, orders::place),
    row("POST", "/f/v1/order/test", TRADE, FUTURES_ORDER, orders::test),
    row(
        "PUT",
        "/f/v1/order",
        TRADE,
        "orderId origClientOrderId symbol! side! quantity price priceMatch",
        orders::modify,
    ),
    row("GET", "/f/v1/order", READ, BY_ID, orders::query),
    row("DELETE", "/f/v1/order", TRADE, BY_ID, orders::cancel),
    row("POST", "/f/v1/batchOrders", TRADE, "batchOrders!", orders::batch),
    row("PUT", "/f/v1/batchOrders", TRADE, "batchOrders!", orders::modify_batch),
    row(
        "DELETE",
        "/f/v1/batchOrders",
        TRADE,
        "symbol! orderIdList origClientOrderIdList orderidlist origclientorderidlist",
        orders::cancel_batch,
    ),
    row("DELETE", "/f/v1/allOpenOrders", TRADE, "symbol!", orders::cancel_all),
    row("POST", "/f/v1/countdownCancelAll", TRADE, "symbol! countdownTime!", futures::countdown),
    row("GET", "/f/v1/openOrder", READ, BY_ID, orders::query_open),
    row("GET", "/f/v1/openOrders", READ, "symbol pair", orders::open),
    row("GET", "/f/v1/allOrders", READ, FUTURES_HISTORY, orders::all),
    row(
        "GET",
        "/f/v1/userTrades",
        READ,
        "symbol pair orderId startTime endTime fromId limit",
        orders::trades,
    ),
    row("POST", "/fapi/v1/algoOrder", TRADE, ALGO_ORDER, algo::place),
    row("GET", "/fapi/v1/algoOrder", READ, "algoId clientAlgoId symbol", algo::query),
    row("DELETE", "/fapi/v1/algoOrder", TRADE, "algoId clientAlgoId symbol", algo::cancel),
    row("GET", "/fapi/v1/openAlgoOrders", READ, "symbol algoType algoId", algo::open),
    row("GET", "/fapi/v1/allAlgoOrders", READ, "symbol algoId startTime endTime page limit", algo::all),
    row("DELETE", "/fapi/v1/algoOpenOrders", TRADE, "symbol!", algo::cancel_all),
    row(
        "POST",
        "/f/v1/positionMargin",
        TRADE,
        "symbol! positionSide amount! type!",
        futures::set_position_margin,
    ),
    row(
        "GET",
        "/f/v1/positionMargin/history",
        READ,
        "symbol! type startTime endTime limit",
        futures::nothing,
    ),
    // Futures, account.
    row("POST", "/f/v1/leverage", TRADE, "symbol! leverage!", futures::set_leverage),
    row("POST", "/f/v1/marginType", TRADE, "symbol! marginType!", futures::set_margin_type),
    row("GET", "/f/v1/positionSide/dual", READ, "", futures::position_mode),
    row("POST", "/f/v1/positionSide/dual", TRADE, "dualSidePosition!", futures::set_position_mode),
    row("GET", "/f/v1/multiAssetsMargin", READ, "", futures::multi_assets),
    row("POST", "/f/v1/multiAssetsMargin", TRADE, "multiAssetsMargin!", futures::set_multi_assets),
    row("GET", "/f/v1/account", READ, "", futures::account),
    row("GET", "/f/v2/account", READ, "", futures::account),
    row("GET", "/f/v3/account", READ, "", futures::account),
    row("GET", "/f/v1/balance", READ, "", futures::balances),
    row("GET", "/f/v2/balance", READ, "", futures::balances),
    row("GET", "/f/v3/balance", READ, "", futures::balances),
    row("GET", "/f/v1/positionRisk", READ, "symbol pair marginAsset", futures::positions),
    row("GET", "/f/v2/positionRisk", READ, "symbol", futures::positions),
    row("GET", "/f/v3/positionRisk", READ, "symbol", futures::positions),
    row("GET", "/f/v1/leverageBracket", READ, "symbol pair", futures::brackets),
    row("GET", "/f/v2/leverageBracket", READ, "symbol", futures::brackets),
    row("GET", "/f/v1/symbolConfig", READ, "symbol", futures::symbol_config),
    row("GET", "/f/v1/accountConfig", READ, "", futures::account_config),
    row("GET", "/f/v1/commissionRate", READ, "symbol!", futures::commission),
    row("GET", "/f/v1/adlQuantile", READ, "symbol", futures::nothing),
    row("GET", "/f/v1/income", READ, "symbol incomeType startTime endTime page limit", futures::nothing),
    row("POST|PUT", "/f/v1/listenKey", Security::Keyed, "", futures::listen_key),
    row("DELETE", "/f/v1/listenKey", Security::Keyed, "", futures::no_listen_key),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_a_method_and_path() {
        let mut seen = std::collections::HashSet::new();
        for route in ROUTES {
            for method in route.methods.split('|') {
                assert!(seen.insert((method, route.path)), "{method} {}", route.path);
            }
        }
    }

    #[test]
    fn futures_rows_stand_for_both_surfaces_only() {
        assert!(find("GET", "/fapi/v1/time").is_some());
        assert!(find("GET", "/dapi/v1/time").is_some());
        assert!(find("GET", "/f/v1/time").is_none());
        assert!(find("POST", "/fapi/v1/time").is_none());
    }
}
