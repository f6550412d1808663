//! P7: what was captured is worth nothing.

use claviger_core::Method;
use claviger_door::Received;

use crate::testing::Home;

fn replayed(home: &Home, request: Received) {
    let (rule, text) = home.refused(request);
    assert_eq!(rule, "replay", "{text}");
}

#[test]
fn p7_a_state_change_is_accepted_once() {
    let home = Home::new();
    let order = home.bot("grid").order("0.01", "50000", "");
    home.sent(order.clone());
    replayed(&home, order.clone());
    let mut upper = order.clone();
    let text = String::from_utf8(order.body.to_vec()).unwrap();
    let (head, signature) = text.rsplit_once('=').unwrap();
    upper.body = format!("{head}={}", signature.to_ascii_uppercase()).into_bytes().into();
    replayed(&home, upper);
    let mut moved = order.clone();
    moved.query = Some(text.as_str().into());
    moved.body = Box::default();
    replayed(&home, moved);
    let mut first = order.clone();
    first.body = format!("signature={signature}&{}", head.trim_end_matches("&signature")).into_bytes().into();
    replayed(&home, first);
    let mut split = order.clone();
    let (query, body) = text.split_at(text.find("timeInForce").unwrap());
    split.query = Some(query.into());
    split.body = body.as_bytes().into();
    // Binance's own reader refuses the `&` that such a split leaves at an end.
    assert_eq!(home.refused(split).0, "encoding");
    let mut tested = order;
    tested.path = "/api/v3/order/test".into();
    replayed(&home, tested);
}

#[test]
fn p7_a_read_does_not_come_back_as_anything_else() {
    let home = Home::new();
    let bot = home.bot("grid");
    let placed = home.sent(bot.order("0.01", "50000", "&newClientOrderId=mine"));
    home.settle(placed.ticket, 200, &crate::testing::placed(&placed, 7, "NEW", "0"));
    let look = bot.binance(Method::Get, "/api/v3/order", "symbol=BTCUSDT&orderId=7");
    home.sent(look.clone());
    let mut cancel = look.clone();
    cancel.method = Method::Delete;
    replayed(&home, cancel);
    let mut elsewhere = look.clone();
    elsewhere.path = "/api/v3/openOrders".into();
    assert!(["replay", "parameter"].contains(&&*home.refused(elsewhere).0));
    home.sent(look.clone());
    let mut other_peer = look;
    other_peer.peer.address = Some([127, 0, 0, 2].into());
    replayed(&home, other_peer);
}

#[test]
fn p7_nothing_is_replayed_after_a_restart() {
    let home = Home::new();
    let bot = home.bot("grid");
    let (order, read) = (bot.order("0.01", "50000", ""), bot.binance(Method::Get, "/api/v3/account", ""));
    home.sent(order.clone());
    home.sent(read.clone());
    std::thread::sleep(std::time::Duration::from_millis(2));
    let home = home.reopened();
    replayed(&home, order.clone());
    replayed(&home, read);
    // Were the keep not suspicious of what was signed before its start, the journal would still remember.
    let mut room = home.keep.room();
    room.clock = room.clock.started_earlier(60_000);
    drop(room);
    let (_, text) = home.refused(order);
    assert!(text.contains("accepted before"), "{text}");
}

/// On OKX the expiry is not signed: taking it off must not make a remembered request fresh again.
#[test]
fn p7_an_unsigned_window_shortens_no_memory() {
    let home = Home::new();
    let bot = home.bot("swing");
    let body =
        r#"{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","sz":"0.01","px":"50000"}"#;
    let plain = bot.okx(Method::Post, "/api/v5/trade/order", body);
    let mut short = plain.clone();
    let expiry = (bot.now() + 500).to_string();
    short.headers.push(("expTime".into(), expiry.as_bytes().into()));
    home.sent(short);
    for ms in [4_000, 10_000, 10_000] {
        let mut room = home.keep.room();
        room.clock = room.clock.later(ms);
        drop(room);
        home.refresh();
        replayed(&home, plain.clone());
    }
}

#[test]
fn p7_a_denied_request_was_not_accepted() {
    let home = Home::new();
    let order = home.bot("grid").order("1", "50000", "");
    assert_eq!(home.refused(order.clone()).0, "max_order");
    assert_eq!(home.refused(order).0, "max_order");
}
