//! Calls of claviger's own.

use claviger_core::{
    Act, Cancel, Endpoint, Intent, Method, OrderRef, Param, Params, Permission, Symbol, Value,
};

use super::{Okx, REST, holdings};
use crate::{Exchange, HouseCall};

pub(super) fn house(call: &HouseCall) -> Option<Intent> {
    match call {
        HouseCall::OrderStatus { symbol, order, .. } => status(symbol, order),
        HouseCall::CancelOrder { surface: _, market, symbol, order } => {
            let path = match order {
                OrderRef::Exchange(_) | OrderRef::Client(_) => "/api/v5/trade/cancel-order",
                OrderRef::Algo(_) | OrderRef::AlgoClient(_) => "/api/v5/trade/cancel-algos",
                OrderRef::List(_) | OrderRef::ListClient(_) => return None,
            };
            let mut intent = intent(Method::Post, path, Permission::Trade, Params::new());
            let (market, symbol, order) = (*market, symbol.clone(), order.clone());
            intent.act = Act::Cancel(Cancel { market, symbol, order });
            Some(intent)
        }
        HouseCall::KeyInfo => {
            let path = "/api/v5/account/config";
            Some(intent(Method::Get, path, Permission::ReadIdentity, Params::new()))
        }
        HouseCall::Holdings { surface: _, sheet } => {
            Some(intent(Method::Get, holdings::path_of(*sheet), Permission::Read, Params::new()))
        }
    }
}

fn status(symbol: &Symbol, order: &OrderRef) -> Option<Intent> {
    let (path, params) = match order {
        OrderRef::Exchange(id) => (ORDER, vec![param("instId", symbol.as_str()), param("ordId", id)]),
        OrderRef::Client(id) => {
            (ORDER, vec![param("instId", symbol.as_str()), param("clOrdId", id.as_str())])
        }
        OrderRef::Algo(id) => (ALGO_ORDER, vec![param("algoId", id)]),
        OrderRef::AlgoClient(id) => (ALGO_ORDER, vec![param("algoClOrdId", id.as_str())]),
        OrderRef::List(_) | OrderRef::ListClient(_) => return None,
    };
    Some(intent(Method::Get, path, Permission::Read, params))
}

const ORDER: &str = "/api/v5/trade/order";
const ALGO_ORDER: &str = "/api/v5/trade/order-algo";

pub(super) fn param(name: &str, text: &str) -> Param {
    Param { name: name.into(), value: Value::Text(text.into()) }
}

/// An intent that reads.
pub(super) fn intent(method: Method, path: &str, permission: Permission, params: Params) -> Intent {
    let endpoint = Endpoint {
        exchange: Okx.exchange_name(),
        surface: Okx.surface_name(&REST),
        method,
        path: path.into(),
    };
    Intent { endpoint, permission, act: Act::Read, params }
}
