//! Claviger's own calls, as values.

use claviger_core::{
    Act, Cancel, Intent, Market, Method, OrderRef, Param, Params, Permission, SurfaceName, Symbol, Value,
};

use super::{endpoint, holdings};
use crate::HouseCall;

pub(super) fn house(call: &HouseCall) -> Option<Intent> {
    match call {
        HouseCall::OrderStatus { surface, market, symbol, order } => {
            let (surface, path) = path_of(surface, *market, order)?;
            let symbol = if is_algo(order) { None } else { Some(text("symbol", symbol.as_str())) };
            Some(Intent {
                endpoint: endpoint(surface, Method::Get, path),
                permission: Permission::Read,
                act: Act::Read,
                params: symbol.into_iter().chain(by_id(*market, order)).collect(),
            })
        }
        HouseCall::CancelOrder { surface, market, symbol, order } => {
            let (surface, path) = path_of(surface, *market, order)?;
            Some(Intent {
                endpoint: endpoint(surface, Method::Delete, path),
                permission: Permission::Trade,
                act: Act::Cancel(Cancel { market: *market, symbol: symbol.clone(), order: order.clone() }),
                params: Params::new(),
            })
        }
        HouseCall::KeyInfo => Some(Intent {
            endpoint: endpoint("spot", Method::Get, "/sapi/v1/account/apiRestrictions"),
            permission: Permission::ReadIdentity,
            act: Act::Read,
            params: Params::new(),
        }),
        HouseCall::Holdings { surface, sheet } => {
            let (surface, path) = holdings::path_of(surface.as_str(), *sheet)?;
            Some(Intent {
                endpoint: endpoint(surface, Method::Get, path),
                permission: Permission::Read,
                act: Act::Read,
                params: Params::new(),
            })
        }
    }
}

/// A public question.
pub(super) fn public(surface: &str, path: &str, params: Params) -> Intent {
    let endpoint = endpoint(surface, Method::Get, path);
    Intent { endpoint, permission: Permission::Public, act: Act::Read, params }
}

/// The parameter that names an instrument.
pub(super) fn symbol_param(symbol: &Symbol) -> Param {
    text("symbol", symbol.as_str())
}

const fn is_algo(order: &OrderRef) -> bool {
    matches!(order, OrderRef::Algo(_) | OrderRef::AlgoClient(_))
}

/// Where an order is asked for and cancelled. Not for margin on the spot surface: without knowing whether its account is
/// isolated, an order could be taken for one that does not exist. Nor for whole lists, nor for portfolio margin's
/// conditional orders, which may be of two kinds.
fn path_of(surface: &SurfaceName, market: Market, order: &OrderRef) -> Option<(&'static str, &'static str)> {
    let list = matches!(order, OrderRef::List(_) | OrderRef::ListClient(_));
    match (surface.as_str(), market, is_algo(order)) {
        _ if list => None,
        ("spot", Market::Spot, false) => Some(("spot", "/api/v3/order")),
        ("usdm", Market::Usdm, false) => Some(("usdm", "/fapi/v1/order")),
        ("usdm", Market::Usdm, true) => Some(("usdm", "/fapi/v1/algoOrder")),
        ("coinm", Market::Coinm, false) => Some(("coinm", "/dapi/v1/order")),
        ("coinm", Market::Coinm, true) => Some(("coinm", "/dapi/v1/algoOrder")),
        ("option", Market::Option, false) => Some(("option", "/eapi/v1/order")),
        ("portfolio", Market::Usdm, false) => Some(("portfolio", "/papi/v1/um/order")),
        ("portfolio", Market::Coinm, false) => Some(("portfolio", "/papi/v1/cm/order")),
        ("portfolio", Market::Margin, false) => Some(("portfolio", "/papi/v1/margin/order")),
        _ => None,
    }
}

fn by_id(market: Market, order: &OrderRef) -> Option<Param> {
    match order {
        OrderRef::Client(id) if market == Market::Option => Some(text("clientOrderId", id.as_str())),
        OrderRef::Exchange(id) => Some(text("orderId", id)),
        OrderRef::Client(id) => Some(text("origClientOrderId", id.as_str())),
        OrderRef::Algo(id) => Some(text("algoId", id)),
        OrderRef::AlgoClient(id) => Some(text("clientAlgoId", id.as_str())),
        OrderRef::List(_) | OrderRef::ListClient(_) => None,
    }
}

fn text(name: &str, value: &str) -> Param {
    Param { name: name.into(), value: Value::Text(value.into()) }
}

#[cfg(test)]
mod tests {
    use claviger_core::Sheet;

    use super::*;
    use crate::binance::Binance;
    use crate::{Exchange, Stamp};

    fn check(call: &HouseCall, printed: Option<&str>) {
        let found = house(call).map(|intent| {
            let unsigned = Binance.print(&intent, Some(Stamp { exchange_ms: 1, window_ms: 2 })).unwrap();
            format!("{} {}?{}", unsigned.method.as_str(), unsigned.path, unsigned.query)
        });
        assert_eq!(found.as_deref(), printed);
    }

    fn surface(name: &str) -> SurfaceName {
        name.parse().unwrap()
    }

    #[test]
    fn printed() {
        let symbol: Symbol = "BTCUSDT".parse().unwrap();
        let client = OrderRef::Client("clv-1".parse().unwrap());
        let exchange = OrderRef::Exchange("5".into());
        check(
            &HouseCall::OrderStatus {
                surface: surface("spot"),
                market: Market::Spot,
                symbol: symbol.clone(),
                order: client,
            },
            Some("GET /api/v3/order?symbol=BTCUSDT&origClientOrderId=clv-1&recvWindow=2&timestamp=1"),
        );
        check(
            &HouseCall::CancelOrder {
                surface: surface("usdm"),
                market: Market::Usdm,
                symbol: symbol.clone(),
                order: exchange.clone(),
            },
            Some("DELETE /fapi/v1/order?symbol=BTCUSDT&orderId=5&recvWindow=2&timestamp=1"),
        );
        check(
            &HouseCall::OrderStatus {
                surface: surface("usdm"),
                market: Market::Usdm,
                symbol: symbol.clone(),
                order: OrderRef::Algo("5".into()),
            },
            Some("GET /fapi/v1/algoOrder?algoId=5&recvWindow=2&timestamp=1"),
        );
        check(
            &HouseCall::CancelOrder {
                surface: surface("usdm"),
                market: Market::Usdm,
                symbol: symbol.clone(),
                order: OrderRef::AlgoClient("a".parse().unwrap()),
            },
            Some("DELETE /fapi/v1/algoOrder?symbol=BTCUSDT&clientAlgoId=a&recvWindow=2&timestamp=1"),
        );
        let list = OrderRef::List("5".into());
        check(
            &HouseCall::CancelOrder {
                surface: surface("spot"),
                market: Market::Spot,
                symbol: symbol.clone(),
                order: list,
            },
            None,
        );
        let portfolio = |market| HouseCall::OrderStatus {
            surface: surface("portfolio"),
            market,
            symbol: symbol.clone(),
            order: exchange.clone(),
        };
        check(
            &portfolio(Market::Margin),
            Some("GET /papi/v1/margin/order?symbol=BTCUSDT&orderId=5&recvWindow=2&timestamp=1"),
        );
        check(&portfolio(Market::Spot), None);
        let margin = HouseCall::CancelOrder {
            surface: surface("spot"),
            market: Market::Margin,
            symbol: symbol.clone(),
            order: exchange.clone(),
        };
        check(&margin, None);
        let sheet = Sheet::Positions;
        let holdings = HouseCall::Holdings { surface: surface("usdm"), sheet };
        check(&holdings, Some("GET /fapi/v3/account?recvWindow=2&timestamp=1"));
        check(&HouseCall::KeyInfo, Some("GET /sapi/v1/account/apiRestrictions?recvWindow=2&timestamp=1"));
    }
}
