//! Bots that share a real key see their own orders and fills, and nobody else's.

use claviger_core::Method;
use claviger_door::{Command, Reply, Returns};

use crate::testing::{CONFIG, Home, command, factor, placed, put, said};

const ORDERS: &str = r#"[{"symbol":"BTCUSDT","orderId":7,"clientOrderId":"mine","price":"50000.00"}, {"symbol":"BTCUSDT","orderId":8,"clientOrderId":"theirs"},{"symbol":"ETHUSDT","orderId":7,"clientOrderId":"mine"}]"#;
const OWN: &str = r#"[{"symbol":"BTCUSDT","orderId":7,"clientOrderId":"mine","price":"50000.00"}]"#;

/// A home in which `grid` placed the order 7 on BTCUSDT.
fn home() -> Home {
    let home = Home::new();
    let order = home.sent(home.bot("grid").order("0.001", "50000", "&newClientOrderId=mine"));
    home.settle(order.ticket, 200, &placed(&order, 7, "NEW", "0"));
    home
}

/// What a bot is told where the exchange answers `status` and `body`.
fn read(home: &Home, bot: &str, (path, params): (&str, &str), (status, body): (u16, &str)) -> String {
    let parts = home.sent(home.bot(bot).binance(Method::Get, path, params));
    assert_eq!(parts.returns, Returns::Shown, "the keep sees it first");
    said(&home.settle(parts.ticket, status, body))
}

const OPEN: (&str, &str) = ("/api/v3/openOrders", "");
const ONE: (&str, &str) = ("/api/v3/order", "symbol=BTCUSDT&orderId=7");

#[test]
fn p13_lists_hold_the_bots_own_orders() {
    let home = home();
    assert_eq!(read(&home, "grid", OPEN, (200, ORDERS)), format!("pass 200 {OWN}"));
    assert_eq!(read(&home, "reader", OPEN, (200, ORDERS)), "pass 200 []");
    assert_eq!(read(&home, "grid", OPEN, (200, OWN)), "pass", "what is all the bot's own is not touched");
    let fills = r#"[{"symbol":"BTCUSDT","id":1,"orderId":7},{"symbol":"BTCUSDT","id":2,"orderId":9}]"#;
    let trades = ("/api/v3/myTrades", "symbol=BTCUSDT");
    let own = r#"pass 200 [{"symbol":"BTCUSDT","id":1,"orderId":7}]"#;
    assert_eq!(read(&home, "grid", trades, (200, fills)), own);
    assert_eq!(read(&home, "reader", trades, (200, fills)), "pass 200 []");
}

#[test]
fn p13_another_bots_order_does_not_exist() {
    let home = home();
    let order = r#"{"symbol":"BTCUSDT","orderId":7,"clientOrderId":"mine"}"#;
    assert_eq!(read(&home, "grid", ONE, (200, order)), "pass");
    let absent = r#"{"code":-2013,"msg":"Order does not exist."}"#;
    assert_eq!(read(&home, "reader", ONE, (200, order)), format!("pass 400 {absent}"));
    assert_eq!(read(&home, "reader", ONE, (400, absent)), "pass", "as it is told of one that does not");
}

/// Orders leave the ledger when they end; whose they were is remembered, also over a restart.
#[test]
fn p13_old_orders_are_still_their_bots() {
    let home = Home::new();
    let order = home.sent(home.bot("grid").order("0.001", "50000", "&newClientOrderId=mine"));
    home.settle(order.ticket, 200, &placed(&order, 7, "FILLED", "0.001"));
    let home = home.reopened();
    let all = ("/api/v3/allOrders", "symbol=BTCUSDT");
    assert_eq!(read(&home, "grid", all, (200, ORDERS)), format!("pass 200 {OWN}"));
    assert_eq!(read(&home, "reader", all, (200, ORDERS)), "pass 200 []");
}

/// An order whose outcome is not known may exist: it is its bot's by the client's id.
#[test]
fn p13_an_order_of_unknown_fate_is_its_bots() {
    let home = Home::new();
    home.sent(home.bot("grid").order("0.001", "50000", "&newClientOrderId=mine"));
    let home = home.reopened();
    assert_eq!(read(&home, "grid", OPEN, (200, OWN)), "pass");
    assert_eq!(read(&home, "reader", OPEN, (200, OWN)), "pass 200 []");
}

#[test]
fn p13_a_refused_order_claims_nothing() {
    let home = Home::new();
    let order = home.sent(home.bot("grid").order("0.001", "50000", "&newClientOrderId=mine"));
    home.settle(order.ticket, 400, r#"{"code":-2010,"msg":"Duplicate order sent."}"#);
    assert_eq!(read(&home, "grid", OPEN, (200, OWN)), "pass 200 []");
}

#[test]
fn p13_what_does_not_say_whose_it_is_is_withheld() {
    let home = home();
    for body in ["", "{}", r#"[{"symbol":"BTCUSDT"}]"#, r#"[{"symbol":"BTCUSDT","orderId":7},5]"#, "[[]]"] {
        let told = read(&home, "grid", OPEN, (200, body));
        assert!(told.starts_with("instead (\"answer\""), "{body}: {told}");
    }
    assert_eq!(read(&home, "grid", OPEN, (429, r#"{"code":-1003,"msg":"Too many requests."}"#)), "pass");
}

/// What tells of all orders and cannot be cut is for a bot that has the key for itself.
#[test]
fn p13_rows_that_cannot_be_cut_are_refused() {
    let home = home();
    let row = ("/api/v3/myPreventedMatches", "symbol=BTCUSDT&orderId=7");
    assert_eq!(home.refused(home.bot("grid").binance(Method::Get, row.0, row.1)).0, "danger_account_wide");
    let mut keep = home.keep.clone();
    put(
        &home.path().join("claviger.toml"),
        &CONFIG.replace("[bot.reader]", "[bot.reader]\ndanger_account_wide = true"),
    );
    command(&mut keep, Command::Apply { dry_run: false, factor: Some(factor()) });
    for (path, params) in [row, OPEN] {
        let parts = home.sent(home.bot("reader").binance(Method::Get, path, params));
        assert_eq!(parts.returns, Returns::Stream, "{path}: such a bot sees the whole account");
    }
}

#[test]
fn a_bot_with_a_key_for_itself_sees_all_as_it_comes() {
    let home = Home::new();
    let open = home.bot("swing").okx(Method::Get, "/api/v5/trade/orders-pending", "");
    let parts = home.sent(open);
    assert_eq!(parts.returns, Returns::Stream);
    assert!(matches!(home.settle(parts.ticket, 200, ""), Reply::Pass));
}
