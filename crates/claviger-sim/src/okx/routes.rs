//! Every path that the paper OKX knows.

use super::errors::Refusal;
use super::{Answer, Call, account, algo, asset, convert, market, orders, public};

/// What a private route needs the key to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Read,
    Trade,
    Transfer,
    Withdraw,
}

/// A row of the table.
pub(super) struct Route {
    method: &'static str,
    path: &'static str,
    /// None for public routes.
    pub(super) need: Option<Need>,
    pub(super) mandatory: &'static str,
    pub(super) run: fn(&mut Call<'_>) -> Result<Answer, Refusal>,
}

pub(super) fn find(method: &str, path: &str) -> Option<&'static Route> {
    let rest = path.strip_prefix("/api/v5/")?;
    ROUTES.iter().find(|route| route.method == method && route.path == rest)
}

type Run = fn(&mut Call<'_>) -> Result<Answer, Refusal>;

const fn open(path: &'static str, mandatory: &'static str, run: Run) -> Route {
    Route { method: "GET", path, need: None, mandatory, run }
}

const fn get(path: &'static str, mandatory: &'static str, run: Run) -> Route {
    Route { method: "GET", path, need: Some(Need::Read), mandatory, run }
}

const fn post(path: &'static str, need: Need, mandatory: &'static str, run: Run) -> Route {
    Route { method: "POST", path, need: Some(need), mandatory, run }
}

static ROUTES: &[Route] = &[
    // Public.
    open("public/time", "", public::time),
    open("system/status", "", public::nothing),
    open("public/instruments", "instType", public::instruments),
    open("public/mark-price", "instType", public::mark_price),
    open("public/price-limit", "instId", public::price_limit),
    open("public/funding-rate", "instId", public::funding_rate),
    open("public/funding-rate-history", "instId", public::funding_history),
    open("public/open-interest", "instType", public::open_interest),
    open("public/underlying", "instType", public::nothing),
    open("market/tickers", "instType", market::tickers),
    open("market/ticker", "instId", market::ticker),
    open("market/index-tickers", "", market::index_tickers),
    open("market/books", "instId", market::books),
    open("market/books-full", "instId", market::books),
    open("market/candles", "instId", market::candles),
    open("market/history-candles", "instId", market::candles),
    open("market/mark-price-candles", "instId", market::candles),
    open("market/index-candles", "instId", market::index_candles),
    open("market/trades", "instId", market::trades),
    open("market/history-trades", "instId", market::trades),
    // Account.
    get("account/instruments", "instType", public::instruments),
    get("account/balance", "", account::balance),
    get("account/positions", "", account::positions),
    get("account/positions-history", "", public::nothing),
    get("account/account-position-risk", "", account::position_risk),
    get("account/bills", "", public::nothing),
    get("account/bills-archive", "", public::nothing),
    get("account/config", "", account::config),
    get("account/leverage-info", "instId mgnMode", account::leverage_info),
    get("account/max-size", "instId tdMode", account::max_size),
    get("account/max-avail-size", "instId tdMode", account::max_avail_size),
    get("account/max-withdrawal", "", account::max_withdrawal),
    get("account/trade-fee", "instType", account::trade_fee),
    get("account/interest-rate", "", public::nothing),
    post("account/set-leverage", Need::Trade, "lever mgnMode", account::set_leverage),
    post("account/set-position-mode", Need::Trade, "posMode", account::set_position_mode),
    // Orders.
    post("trade/order", Need::Trade, "instId tdMode side ordType sz", orders::place),
    post("trade/batch-orders", Need::Trade, "", orders::place),
    post("trade/cancel-order", Need::Trade, "instId", orders::cancel),
    post("trade/cancel-batch-orders", Need::Trade, "", orders::cancel),
    post("trade/amend-order", Need::Trade, "instId", orders::amend),
    post("trade/amend-batch-orders", Need::Trade, "", orders::amend),
    post("trade/close-position", Need::Trade, "instId mgnMode", orders::close),
    post("trade/cancel-all-after", Need::Trade, "timeOut", orders::cancel_all_after),
    get("trade/order", "instId", orders::query),
    get("trade/orders-pending", "", orders::pending),
    get("trade/orders-history", "instType", orders::history),
    get("trade/orders-history-archive", "instType", orders::history),
    get("trade/fills", "", orders::fills),
    get("trade/fills-history", "", orders::fills),
    post("trade/order-algo", Need::Trade, "instId tdMode side ordType", algo::place),
    post("trade/amend-algos", Need::Trade, "", algo::amend),
    post("trade/cancel-algos", Need::Trade, "", algo::cancel),
    post("trade/cancel-advance-algos", Need::Trade, "", algo::cancel),
    get("trade/order-algo", "", algo::query),
    get("trade/orders-algo-pending", "ordType", algo::pending),
    get("trade/orders-algo-history", "ordType", algo::history),
    // Funding.
    get("asset/currencies", "", asset::currencies),
    get("asset/balances", "", asset::balances),
    get("asset/bills", "", public::nothing),
    get("asset/deposit-address", "ccy", asset::deposit_address),
    get("asset/deposit-history", "", public::nothing),
    get("asset/withdrawal-history", "", asset::withdrawals),
    get("asset/transfer-state", "", asset::transfer_state),
    get("asset/convert/currencies", "", convert::currencies),
    get("asset/convert/currency-pair", "fromCcy toCcy", convert::pair),
    post("asset/convert/estimate-quote", Need::Trade, "baseCcy quoteCcy side rfqSz rfqSzCcy", convert::quote),
    post("asset/convert/trade", Need::Trade, "quoteId baseCcy quoteCcy side sz szCcy", convert::trade),
    get("asset/convert/history", "", convert::history),
    post("asset/transfer", Need::Transfer, "ccy amt from to", asset::transfer),
    post("asset/withdrawal", Need::Withdraw, "ccy amt dest toAddr", asset::withdraw),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_row_a_method_and_path() {
        let mut seen = std::collections::HashSet::new();
        for route in ROUTES {
            assert!(seen.insert((route.method, route.path)), "{} {}", route.method, route.path);
        }
    }
}
