//! Small values for unit tests.

use crate::*;

pub(crate) fn read() -> Intent {
    Intent {
        endpoint: Endpoint {
            exchange: "binance".parse().unwrap(),
            surface: "spot".parse().unwrap(),
            method: Method::Get,
            path: "/api/v3/account".into(),
        },
        permission: Permission::Read,
        act: Act::Read,
        params: Vec::new(),
    }
}

pub(crate) fn order(symbol: &str) -> Order {
    Order {
        market: Market::Spot,
        symbol: symbol.parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Limit { price: "100".parse().unwrap() },
        size: Size::Base(Decimal::ONE),
        time_in_force: TimeInForce::GoodTillCancelled,
        trigger: None,
        reduce_only: false,
        position_side: PositionSide::Net,
        client_id: None,
        more: More::default(),
    }
}
