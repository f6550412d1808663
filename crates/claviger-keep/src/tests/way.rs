//! From a bot's request to what leaves.

use claviger_core::Method;
use claviger_door::{Reply, Returns, Way};

use crate::testing::{Home, OKX_ID, OKX_PASSPHRASE, REAL_ID, REAL_SECRET, hmac, param};

#[test]
fn p6_an_order_leaves_signed_and_with_a_client_id() {
    let home = Home::new();
    let parts = home.sent(home.bot("grid").order("0.01", "50000", ""));
    assert_eq!((parts.method, &*parts.target), (Method::Post, "/api/v3/order"));
    assert!(parts.changes_state);
    assert_eq!(parts.returns, Returns::Shown);
    assert!(param(&parts, "newClientOrderId").unwrap().starts_with("cv"));
    let body = String::from_utf8(parts.body.clone()).unwrap();
    let (message, signature) = body.rsplit_once("&signature=").unwrap();
    assert_eq!(hex::encode(hmac(REAL_SECRET.as_bytes(), message.as_bytes())), signature);
    let key = parts.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("x-mbx-apikey")).unwrap();
    assert_eq!(key.1.as_slice(), REAL_ID.as_bytes());
    assert!(param(&parts, "recvWindow").unwrap().parse::<u64>().unwrap() <= 2000);
    assert!(!body.contains(&home.bot("grid").id));
}

#[test]
fn a_bots_own_client_id_stays() {
    let home = Home::new();
    let parts = home.sent(home.bot("grid").order("0.01", "50000", "&newClientOrderId=mine-1"));
    assert_eq!(param(&parts, "newClientOrderId").unwrap(), "mine-1");
}

#[test]
fn a_read_is_streamed() {
    let home = Home::new();
    let parts = home.sent(home.bot("reader").binance(Method::Get, "/api/v3/account", ""));
    assert!(!parts.changes_state);
    assert_eq!(parts.returns, Returns::Stream);
    assert_eq!(parts.real_id.as_ref(), REAL_ID);
}

#[test]
fn okx_leaves_with_its_passphrase() {
    let home = Home::new();
    let bot = home.bot("swing");
    let body =
        r#"{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","sz":"0.01","px":"50000"}"#;
    let parts = home.sent(bot.okx(Method::Post, "/api/v5/trade/order", body));
    let header = |wanted: &str| {
        let found = parts.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).unwrap();
        String::from_utf8(found.1.to_vec()).unwrap()
    };
    assert_eq!(header("ok-access-key"), OKX_ID);
    assert_eq!(header("ok-access-passphrase"), OKX_PASSPHRASE);
    let sent = String::from_utf8(parts.body.clone()).unwrap();
    assert!(sent.contains("\"clOrdId\":\"cv"), "{sent}");
    home.sent(bot.okx(Method::Get, "/api/v5/account/balance", ""));
    home.sent(bot.okx(Method::Get, "/api/v5/account/balance?ccy=BTC", ""));
}

#[test]
fn an_okx_signature_over_the_prefix_is_accepted() {
    let home = Home::new();
    let mut bot = home.bot("swing");
    let mut request = bot.okx(Method::Get, "/okx/api/v5/account/balance", "");
    request.path = "/api/v5/account/balance".into();
    home.sent(request);
    bot.passphrase = Some("wrong".to_owned());
    assert_eq!(home.refused(bot.okx(Method::Get, "/api/v5/account/balance", "")).0, "signature");
}

/// What a bot is told, rule by rule; `x` changes a good request into one that is refused.
#[test]
fn refusals() {
    let home = Home::new();
    let (grid, reader) = (home.bot("grid"), home.bot("reader"));
    let check = |request, rule: &str, text: &str| {
        let (told, body) = home.refused(request);
        assert_eq!(told, rule, "{body}");
        assert!(body.contains(text), "{rule}: {body}");
        assert!(!body.contains(REAL_ID));
    };
    check(grid.order("0.03", "50000", ""), "max_order", "max_order = 1000 USDT");
    check(grid.order("0.01", "52000", ""), "price_band", "price_band = 2%");
    check(reader.order("0.01", "50000", ""), "grants", "trade");
    check(grid.order("0.01", "50000", "&shiny=1"), "parameter", "shiny");
    check(
        grid.binance(Method::Post, "/sapi/v1/capital/withdraw/apply", "coin=BTC&address=x&amount=1"),
        "grants",
        "withdraw",
    );
    check(grid.binance(Method::Get, "/api/v3/nothing", ""), "endpoint", "/api/v3/nothing");
    check(grid.binance_at(Method::Get, "/api/v3/account", "", grid.now() - 10_000), "timestamp", "-1021");
    check(grid.binance_at(Method::Get, "/api/v3/account", "", grid.now() + 5_000), "timestamp", "-1021");
    let mut unknown = grid.clone();
    unknown.id = "x".repeat(64);
    check(unknown.binance(Method::Get, "/api/v3/account", ""), "key", "-2014");
    let mut forged = grid.clone();
    forged.secret = "x".repeat(64);
    check(forged.binance(Method::Get, "/api/v3/account", ""), "signature", "-1022");
    let mut from_elsewhere = grid.clone();
    from_elsewhere.peer.address = Some([10, 0, 0, 1].into());
    check(from_elsewhere.binance(Method::Get, "/api/v3/account", ""), "sources", "10.0.0.1");
    let mut no_key = grid.binance(Method::Get, "/api/v3/account", "");
    no_key.headers.clear();
    no_key.query = None;
    check(no_key, "key", "no API key");
    let mut id_alone = grid.binance(Method::Get, "/api/v3/account", "");
    id_alone.query = None;
    check(id_alone, "signature", "a signature is missing");
}

#[test]
fn a_wrong_signature_tells_nothing_more() {
    let home = Home::new();
    let mut forged = home.bot("grid");
    forged.secret = "x".repeat(64);
    let right = home.refused(forged.binance(Method::Get, "/api/v3/account", ""));
    let elsewhere = {
        let mut forged = forged.clone();
        forged.peer.address = Some([10, 0, 0, 1].into());
        home.refused(forged.binance(Method::Get, "/api/v3/account", ""))
    };
    let late = home.refused(forged.binance_at(Method::Get, "/api/v3/account", "", 1_600_000_000_000));
    let nonsense = home.refused(forged.binance(Method::Get, "/nothing", "shiny=1"));
    for told in [elsewhere, late, nonsense] {
        assert_eq!(told, right);
    }
}

#[test]
fn a_bot_of_our_own_user_may_read_and_not_trade() {
    let home = Home::new();
    let mut bot = home.bot("grid");
    for uid in [Some(crate::testing::UID), None] {
        bot.peer.uid = uid;
        assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "allow_same_user");
        home.sent(bot.binance(
            Method::Get,
            "/api/v3/account",
            &format!("omitZeroBalances={}", uid.is_some()),
        ));
    }
    bot.peer.address = None;
    bot.peer.way = Way::Connect;
    assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "allow_same_user");
}

#[test]
fn without_a_clock_only_reads_and_cancels_leave() {
    let home = Home::new();
    home.keep.room().markets = crate::markets::Markets::default();
    let mut view = crate::testing::view(home.now());
    view.venues.values_mut().for_each(|venue| venue.clocks.clear());
    let now = home.now();
    home.keep.room().hear(view, now);
    let bot = home.bot("grid");
    assert_eq!(home.refused(bot.order("0.01", "50000", "")).0, "clock");
    home.sent(bot.binance(Method::Get, "/api/v3/account", ""));
    // The key is shared, so only an own order may be cancelled: the book refuses, not the clock.
    let cancel = bot.binance(Method::Delete, "/api/v3/order", "symbol=BTCUSDT&orderId=7");
    assert_eq!(home.refused(cancel).0, "own_order");
}

#[test]
fn p16_a_wish_that_ended_while_it_waited_does_not_leave() {
    let home = Home::new();
    let bot = home.bot("grid");
    let order = bot.binance_at(
        Method::Post,
        "/api/v3/order",
        "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=50000",
        bot.now(),
    );
    let written = home.keep.receive(order).unwrap();
    let mut late = written;
    late.wish = crate::fresh::Wish::fresh(1_000, 5_000, 1_000).unwrap();
    match home.keep.send(late) {
        Reply::Refuse(refusal) => assert_eq!(crate::testing::rule_and_text(&refusal).0, "deadline"),
        other => panic!("{}", crate::testing::said(&other)),
    }
    assert_eq!(home.keep.room().book.pending().count(), 0, "it was settled as not sent");
}

#[test]
fn p16_the_window_upstream_is_what_is_left() {
    let home = Home::new();
    let bot = home.bot("reader");
    let request = bot.binance(Method::Get, "/api/v3/account", "");
    let mut room = home.keep.room();
    room.clock = room.clock.later(4_000);
    drop(room);
    let parts = home.sent(request);
    let window: u64 = param(&parts, "recvWindow").unwrap().parse().unwrap();
    assert!((1..=1000).contains(&window), "{window}");
    assert!(u64::from(parts.ttl_ms) <= window);
}

/// A key that was enrolled when claviger knew fewer parts of its exchange works for those, and for no other.
#[test]
fn a_key_serves_the_hosts_that_it_was_enrolled_for() {
    let home = Home::new();
    let ask = |surface: &str, path: &str| {
        let params = if surface == "spot" { "omitZeroBalances=true" } else { "" };
        let mut received = home.bot("reader").binance(Method::Get, path, params);
        received.surface = surface.parse().unwrap();
        received
    };
    let (rule, text) = home.refused(ask("usdm", "/fapi/v2/balance"));
    assert!(
        rule == "vault" && text.contains("was not enrolled for this part of the exchange"),
        "{rule} {text}"
    );
    assert!(text.contains("-1002"), "it is final: {text}");
    home.sent(ask("spot", "/api/v3/account"));
}
