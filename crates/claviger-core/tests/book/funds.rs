//! What leaves the account, and what moves between the owner's own wallets.

use claviger_core::*;

use crate::desk::*;

const ALLOWED: &str = "allowed";

fn withdrawal(asset: &str, amount: &str, address: &str) -> Withdrawal {
    let (asset, amount) = (asset.parse().unwrap(), n(amount));
    Withdrawal { asset, amount, network: Some("TRX".into()), address: address.into(), tag: None }
}

fn transfer(asset: &str, amount: &str, route: &str) -> Act {
    Act::Transfer(Transfer { asset: asset.parse().unwrap(), amount: n(amount), route: route.into() })
}

fn said(more: &str, key: &str, act: Act, permission: Permission) -> String {
    match Desk::new(more, key).ask("a", act, permission) {
        Ok(_) => ALLOWED.into(),
        Err(denied) => {
            assert_eq!(denied.denial.class(), DenialClass::Permission);
            format!("{}: {denied}", denied.denial.rule())
        }
    }
}

/// With the limits at the bot, and at the key while the bot's are written out as unlimited.
fn withdraws(to: &str, most: &str, withdrawal: &Withdrawal, expected: &str) {
    let grants = "grants = [\"withdraw\"]";
    let limits = format!("withdraw_to = {to}\nmax_withdraw = {most}");
    let open = format!("{grants}\nwithdraw_to = \"unlimited\"\nmax_withdraw = \"unlimited\"");
    for (more, key) in [(format!("{grants}\n{limits}"), ""), (open, &*limits)] {
        let act = Act::Withdraw(withdrawal.clone());
        assert_eq!(said(&more, key, act, Permission::Withdraw), expected, "{limits} {withdrawal:?}");
    }
}

fn moves(routes: &str, most: &str, act: &Act, expected: &str) {
    let grants = "grants = [\"transfer\"]";
    let limits = format!("transfer_routes = {routes}\nmax_transfer = {most}");
    let open = format!("{grants}\ntransfer_routes = \"unlimited\"\nmax_transfer = \"unlimited\"");
    for (more, key) in [(format!("{grants}\n{limits}"), ""), (open, &*limits)] {
        assert_eq!(said(&more, key, act.clone(), Permission::Transfer), expected, "{limits} {act:?}");
    }
}

#[test]
fn funds_leave_to_what_is_in_the_book_exactly() {
    let most = "\"unlimited\"";
    let entry = "[\"USDT via TRX to TXyz\"]";
    let plain = || withdrawal("USDT", "1", "TXyz");
    withdraws(entry, most, &plain(), ALLOWED);
    withdraws(most, most, &withdrawal("BTC", "9", "x"), ALLOWED);
    let other = |text: &str| format!("withdraw_to: `{text}` is not in withdraw_to");
    let none = |network: Option<&str>| Withdrawal { network: network.map(Into::into), ..plain() };
    for (withdrawal, text) in [
        (withdrawal("USDT", "1", "TXyZ"), "USDT via TRX to TXyZ"),
        (withdrawal("USDC", "1", "TXyz"), "USDC via TRX to TXyz"),
        (none(Some("ETH")), "USDT via ETH to TXyz"),
        (none(None), "USDT to TXyz"),
        (Withdrawal { tag: Some("7".into()), ..plain() }, "USDT via TRX to TXyz tag 7"),
    ] {
        withdraws(entry, most, &withdrawal, &other(text));
        withdraws(&format!("[\"{text}\"]"), most, &withdrawal, ALLOWED);
        withdraws(&format!("[\"{text}\"]"), most, &plain(), &other("USDT via TRX to TXyz"));
    }
    // Networks of OKX have spaces.
    let chain = none(Some("USDT-Avalanche C-Chain"));
    withdraws("[\"USDT via USDT-Avalanche C-Chain to TXyz\"]", most, &chain, ALLOWED);
    // What a bot sends is never read as a line of the book.
    let forged = Withdrawal { address: "TXyz tag 7".into(), ..plain() };
    withdraws("[\"USDT via TRX to TXyz tag 7\"]", most, &forged, &other("USDT via TRX to TXyz tag 7"));
}

#[test]
fn no_more_of_each_asset_leaves_at_once() {
    let (any, most) = ("\"unlimited\"", "[\"500 USDT\", \"0.1 BTC\"]");
    let above = |text: &str| format!("max_withdraw: withdrawal of {text}");
    withdraws(any, most, &withdrawal("USDT", "500", "x"), ALLOWED);
    withdraws(
        any,
        most,
        &withdrawal("USDT", "500.01", "x"),
        &above("500.01 USDT is above max_withdraw = 500 USDT"),
    );
    withdraws(any, most, &withdrawal("BTC", "0.1", "x"), ALLOWED);
    withdraws(any, most, &withdrawal("BTC", "0.11", "x"), &above("0.11 BTC is above max_withdraw = 0.1 BTC"));
    for amount in ["0", "0.0001"] {
        let text = format!("{amount} ETH is above max_withdraw = 0 ETH");
        withdraws(any, most, &withdrawal("ETH", amount, "x"), &above(&text));
    }
}

#[test]
fn funds_move_on_listed_ways_only() {
    // The desk asks at the path `/order`.
    let any = "\"unlimited\"";
    moves("[\"/order 6>18\"]", any, &transfer("USDT", "1", "6>18"), ALLOWED);
    moves("[\"/order\"]", any, &transfer("USDT", "1", ""), ALLOWED);
    moves(any, any, &transfer("USDT", "1", "18>6"), ALLOWED);
    let other = "transfer_routes: `/order 18>6` is not in transfer_routes";
    moves("[\"/order 6>18\"]", any, &transfer("USDT", "1", "18>6"), other);
    moves("[\"/other 18>6\"]", any, &transfer("USDT", "1", "18>6"), other);
    moves("[\"/order\"]", any, &transfer("USDT", "1", "18>6"), other);
    moves(
        "[\"/order 18>6\"]",
        any,
        &transfer("USDT", "1", ""),
        "transfer_routes: `/order` is not in transfer_routes",
    );
    let words = "6>6 type 1 sub-account s1";
    moves(&format!("[\"/order {words}\"]"), any, &transfer("USDT", "1", words), ALLOWED);
    let most = "[\"500 USDT\"]";
    moves(any, most, &transfer("USDT", "500", ""), ALLOWED);
    moves(
        any,
        most,
        &transfer("USDT", "500.1", ""),
        "max_transfer: transfer of 500.1 USDT is above max_transfer = 500 USDT",
    );
    moves(
        any,
        most,
        &transfer("BTC", "1", ""),
        "max_transfer: transfer of 1 BTC is above max_transfer = 0 BTC",
    );
}

#[test]
fn p4_a_grant_that_moves_funds_needs_its_limits() {
    for (grant, limits) in
        [("withdraw", ["withdraw_to", "max_withdraw"]), ("transfer", ["transfer_routes", "max_transfer"])]
    {
        let load = |lines: &[&str]| {
            let head =
                format!("[key.k]\nexchange = \"binance\"\n[bot.b]\nkey = \"k\"\ngrants = [\"{grant}\"]\n");
            let lines: Vec<String> = lines.iter().map(|name| format!("{name} = \"unlimited\"")).collect();
            let text = head + &lines.join("\n");
            Config::parse(&text, "test", &known()).map(drop).map_err(|e| e.to_string())
        };
        let missing = |names: &str| {
            format!(
                "test:3: bot.b: {names} is missing; a {grant} grant needs it; write \"unlimited\" if that is meant"
            )
        };
        assert_eq!(load(&[]), Err(missing(&limits.join(", "))));
        assert_eq!(load(&limits[..1]), Err(missing(limits[1])));
        assert_eq!(load(&limits[1..]), Err(missing(limits[0])));
        assert_eq!(load(&limits), Ok(()));
    }
    // A key's grant takes nothing away by itself, so it needs none.
    let key = "[key.k]\nexchange = \"binance\"\ngrants = [\"withdraw\", \"transfer\"]\n";
    assert!(Config::parse(key, "test", &known()).is_ok());
}
