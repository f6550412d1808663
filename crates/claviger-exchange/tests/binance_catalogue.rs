//! Every endpoint that was handed over has a row, and every row has a decision.
#![expect(clippy::panic, reason = "a test")]

use claviger_core::Permission;
use claviger_exchange::{Exchange, Kind, Place, Security, Verb, binance::Binance};

/// Method, path, host and the proposed permission of each endpoint that was handed over.
const HANDED_OVER: &str = include_str!("binance/handed-over.txt");

/// The surfaces on which a host's paths are.
fn surfaces(host: &str) -> &'static [&'static str] {
    match host {
        "api.binance.com" => &["spot"],
        "fapi.binance.com" => &["usdm"],
        "dapi.binance.com" => &["coinm"],
        "fapi.binance.com|dapi.binance.com" => &["usdm", "coinm"],
        "eapi.binance.com" => &["option"],
        "papi.binance.com" => &["portfolio"],
        "ws-api.binance.com:443/ws-api/v3" => &["ws-spot"],
        "ws-fapi.binance.com/ws-fapi/v1" => &["ws-usdm"],
        "ws-dapi.binance.com/ws-dapi/v1" => &["ws-coinm"],
        other => panic!("unknown host {other}"),
    }
}

/// Which of our permissions a proposal may have become: itself, or a finer or stricter one.
fn may_become(proposal: &str, ours: Permission) -> bool {
    use Permission::*;
    match proposal {
        "public" => matches!(ours, Public | Read),
        "market-data" => ours == MarketData,
        "read" => matches!(ours, Read | ReadIdentity),
        "trade" => matches!(ours, Trade | PositionMode | Convert | Block | Borrow | ExchangeBot | Account),
        "other-account-change" => matches!(ours, Account | Borrow | Earn | SubAccounts | Withdraw),
        "transfer" => matches!(ours, Transfer | SubAccounts),
        "withdraw" => ours == Withdraw,
        "manage-keys" => ours == ManageKeys,
        _ => false,
    }
}

#[test]
fn nothing_falls_through() {
    let catalogue = Binance.catalogue();
    let mut seen = 0;
    for line in HANDED_OVER.lines() {
        let [method, path, host, proposal] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let verb = match method {
            "GET" => Verb::Get,
            "POST" => Verb::Post,
            "PUT" => Verb::Put,
            "DELETE" => Verb::Delete,
            "WS" => Verb::Ws,
            other => panic!("unknown verb {other}"),
        };
        for surface in surfaces(host) {
            let row = catalogue.row(surface, verb, path).unwrap_or_else(|| panic!("{line} has no row"));
            assert!(may_become(proposal, row.permission), "{line} became {}", row.permission);
        }
        seen += 1;
    }
    assert_eq!(seen, 1045);
}

#[test]
fn rows_keep_the_rules() {
    for row in Binance.catalogue().rows() {
        let name = format!("{} {:?} {}", row.surface, row.verb, row.path);
        assert!(!row.source.is_empty(), "{name} names no source");
        assert!(row.surface.parse::<claviger_core::SurfaceName>().is_ok(), "{name}");
        assert!(row.params.iter().all(|param| param.place == Place::Auto), "{name} places a parameter");
        assert_eq!(row.security == Security::None, row.permission == Permission::Public, "{name}");
        if !row.kind.is_readable() {
            assert!(row.params.is_empty(), "{name} lists parameters and is not read");
        } else {
            assert!(
                ["spot", "usdm", "coinm", "option", "portfolio"].contains(&&*row.surface),
                "{name} is read on an unknown surface"
            );
            assert!(row.flags.iter().all(|flag| **flag != *"user-stream"), "{name} mints bearer power");
            let path = row.path.to_ascii_lowercase().replace('-', "");
            let tells = ["apikey", "subaccountapi", "listen", "asyn", "histdatalink"];
            assert!(
                !tells.iter().any(|word| path.contains(word)),
                "{name} tells ids of keys or bearer links"
            );
        }
        kind_fits_permission(&name, row.kind, row.permission);
        if row.kind == Kind::Read {
            assert!(row.params.iter().all(|param| !param.judged), "{name} judges a read");
        }
    }
}

/// A row that changes something can never be had with a permission for reading.
fn kind_fits_permission(name: &str, kind: Kind, permission: Permission) {
    use Permission::*;
    let fits = match kind {
        Kind::Read => matches!(permission, Public | MarketData | Read | ReadIdentity),
        Kind::Place
        | Kind::Test
        | Kind::Amend
        | Kind::Cancel
        | Kind::CancelAll
        | Kind::Leverage
        | Kind::MarginMode
        | Kind::ClosePosition
        | Kind::Countdown => permission == Trade,
        Kind::Steps => matches!(permission, Trade | Block),
        Kind::Special => matches!(
            permission,
            Trade
                | Borrow
                | Convert
                | Earn
                | PositionMode
                | Account
                | SubAccounts
                | Block
                | Copy
                | ExchangeBot
                | Transfer
                | Withdraw
        ),
        Kind::Transfer => matches!(permission, Transfer | SubAccounts),
        Kind::Withdraw => permission == Withdraw,
        Kind::Change => matches!(permission, PositionMode | Account | Earn | SubAccounts),
        Kind::NotYetRead | Kind::Refused => true,
    };
    assert!(fits, "{name}: {kind:?} with {permission}");
}

#[test]
fn what_lets_funds_leave_is_withdraw() {
    let paths: Vec<&str> = Binance
        .catalogue()
        .rows()
        .iter()
        .filter(|row| row.permission == Permission::Withdraw)
        .map(|row| &*row.path)
        .collect();
    for path in [
        "/sapi/v1/capital/withdraw/apply",
        "/sapi/v1/localentity/withdraw/apply",
        "/sapi/v1/localentity/broker/withdraw/apply",
        "/sapi/v2/fiat/withdraw",
        "/sapi/v1/giftcard/createCode",
        "/sapi/v1/giftcard/buyCode",
        "/sapi/v1/w3w/wallet/prediction/withdraw/apply",
        "/sapi/v1/w3w/wallet/prediction/transfer/outbound",
    ] {
        assert!(paths.contains(&path), "{path}");
    }
}
