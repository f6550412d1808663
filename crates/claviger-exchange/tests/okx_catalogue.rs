//! Every endpoint of OKX that is known has a decision in the catalogue.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken test file must stop the test")]

use claviger_core::Permission;
use claviger_exchange::okx::Okx;
use claviger_exchange::{Exchange, Kind, Row, Security, Verb};

const KNOWN: &str = include_str!("okx/handed-over.txt");
/// What clients call beyond that.
const ADDED: &str = include_str!("okx/added.txt");

fn known() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    lines(KNOWN)
}

fn lines(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let parts: Vec<&str> = line.split(' ').collect();
        let [verb, path, permission] = *parts else { panic!("three words: {line}") };
        (verb, path, permission)
    })
}

fn row(verb: &str, path: &str) -> &'static Row {
    let rows = Okx.catalogue().rows();
    let is = |row: &&Row| serde_json::to_value(row.verb).unwrap() == verb && *row.path == *path;
    rows.iter().find(is).unwrap_or_else(|| panic!("{verb} {path} has no row"))
}

#[test]
fn nothing_is_missing_and_nothing_is_extra() {
    assert_eq!(known().count(), 499);
    assert_eq!(Okx.catalogue().rows().len(), 499 + lines(ADDED).count());
    for (verb, path, _) in known() {
        row(verb, path);
    }
    for (verb, path, permission) in lines(ADDED) {
        assert_eq!(row(verb, path).permission.as_str(), permission, "{path}");
        assert!(!known().any(|known| (known.0, known.1) == (verb, path)), "{path} was handed over");
    }
}

/// Ours may be the stricter reading, never the wider one.
#[test]
fn permissions_are_never_wider() {
    for (verb, path, proposed) in known() {
        let ours = row(verb, path).permission;
        let fits = match proposed {
            "public" => ours == Permission::Public,
            "read" => ours != Permission::Public && ours != Permission::MarketData,
            "manage-keys" => ours == Permission::ManageKeys,
            "withdraw" => ours == Permission::Withdraw,
            "transfer" => matches!(ours, Permission::Transfer | Permission::Block | Permission::SubAccounts),
            _ => !matches!(
                ours,
                Permission::Public | Permission::MarketData | Permission::Read | Permission::ReadIdentity
            ),
        };
        assert!(fits, "{verb} {path}: {proposed} became {ours}");
    }
}

#[test]
fn rows_make_sense() {
    for row in Okx.catalogue().rows() {
        let path = &row.path;
        assert!(!row.source.is_empty(), "{path} says where it is from");
        assert_eq!(row.security == Security::None, row.permission == Permission::Public, "{path}");
        assert!(row.kind.is_readable() || row.params.is_empty(), "{path}");
        assert!(row.verb != Verb::Ws || !row.kind.is_readable(), "{path}");
        let by_post = row.flags.iter().any(|flag| **flag == *"post-read");
        assert!(row.kind != Kind::Read || row.verb == Verb::Get || by_post, "{path}");
        assert!(row.kind != Kind::Read || !row.params.iter().any(|p| p.judged), "{path}");
        let bare = matches!(
            row.permission,
            Permission::Read | Permission::ReadIdentity | Permission::Withdraw | Permission::ManageKeys
        );
        assert!(row.kind != Kind::Change || bare, "{path}: nobody judges it");
    }
}

/// Answers with a token or a key's id, which no bot may see: refused whole.
#[test]
fn nothing_that_answers_with_bearer_power_is_read() {
    for path in [
        "tradingBot/signal/signals",
        "users/subaccount/apikey",
        "broker/nd/subaccount/apikey",
        "broker/dma/subaccount/apikey",
    ] {
        assert!(!row("GET", &format!("/api/v5/{path}")).kind.is_readable(), "{path}");
    }
    let tells = |row: &&Row| ["apikey", "token", "listen"].iter().any(|word| row.path.contains(word));
    let readable = Okx.catalogue().rows().iter().filter(tells).filter(|row| row.kind.is_readable());
    assert!(
        readable.into_iter().all(|row| row.path.ends_with("/delete-apikey")),
        "it answers with the name alone"
    );
}

/// What answers with a link that works without a key, or with the token of a signal.
#[test]
fn links_and_tokens_are_refused_with_the_reason() {
    for (verb, path) in [
        ("GET", "account/bills-history-archive"),
        ("GET", "asset/monthly-statement"),
        ("GET", "trade/fills-archive"),
        ("GET", "broker/fd/rebate-per-orders"),
        ("POST", "tradingBot/signal/create-signal"),
        ("POST", "users/subaccount/apikey"),
    ] {
        let row = row(verb, &format!("/api/v5/{path}"));
        assert!(
            row.refused.as_deref().is_some_and(|why| why.contains("answer")),
            "{path}: {:?}",
            row.refused
        );
    }
}

#[test]
fn permissions_that_people_ask_for() {
    for (verb, path, want) in [
        ("POST", "/api/v5/account/set-position-mode", Permission::PositionMode),
        ("POST", "/api/v5/account/set-leverage", Permission::Trade),
        ("POST", "/api/v5/account/set-account-level", Permission::Account),
        ("POST", "/api/v5/account/move-positions", Permission::Block),
        ("POST", "/api/v5/copytrading/batch-set-leverage", Permission::Copy),
        ("POST", "/api/v5/copytrading/amend-copy-settings", Permission::Copy),
        ("POST", "/api/v5/tradingBot/grid/order-algo", Permission::ExchangeBot),
        ("POST", "/api/v5/sprd/order", Permission::Block),
        ("POST", "/api/v5/asset/convert/trade", Permission::Convert),
        ("POST", "/api/v5/finance/savings/purchase-redempt", Permission::Earn),
        ("POST", "/api/v5/finance/flexible-loan/borrow", Permission::Borrow),
        ("GET", "/api/v5/account/set-auto-repay", Permission::Borrow),
        ("GET", "/api/v5/account/config", Permission::ReadIdentity),
        ("GET", "/api/v5/users/subaccount/list", Permission::ReadIdentity),
        ("POST", "/api/v5/users/subaccount/set-transfer-out", Permission::SubAccounts),
        ("POST", "/api/v5/asset/subaccount/transfer", Permission::Transfer),
        ("POST", "/api/v5/fiat/create-withdrawal", Permission::Withdraw),
        ("POST", "/api/v5/users/subaccount/modify-apikey", Permission::ManageKeys),
        ("GET", "/api/v5/account/balance", Permission::Read),
        ("WS", "sprd-order", Permission::Block),
    ] {
        assert_eq!(row(verb, path).permission, want, "{verb} {path}");
    }
}

#[test]
fn what_stock_clients_need_is_read() {
    for path in [
        "account/balance",
        "account/positions",
        "account/positions-history",
        "account/config",
        "account/max-size",
        "account/max-avail-size",
        "account/leverage-info",
        "account/trade-fee",
        "account/bills",
        "account/bills-archive",
        "account/instruments",
        "asset/balances",
        "asset/currencies",
        "asset/bills",
        "asset/deposit-history",
        "asset/withdrawal-history",
        "asset/transfer-state",
        "trade/order",
        "trade/orders-pending",
        "trade/orders-history",
        "trade/orders-history-archive",
        "trade/orders-algo-pending",
        "trade/fills",
        "trade/fills-history",
        "public/instruments",
        "public/time",
        "public/mark-price",
        "public/funding-rate",
        "public/position-tiers",
        "market/tickers",
        "market/ticker",
        "market/books",
        "market/candles",
        "market/history-candles",
        "market/trades",
        "system/status",
    ] {
        assert_eq!(row("GET", &format!("/api/v5/{path}")).kind, Kind::Read, "{path}");
    }
}
