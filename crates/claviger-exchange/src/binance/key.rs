//! What Binance says of keys: the codes that blame one, and `GET /sapi/v1/account/apiRestrictions`.
//!
//! `docs/exchanges/binance.md` holds the codes and the body.

use claviger_core::{Act, Intent, Permission, Time};

use crate::json::{self, Bounds, Json};
use crate::{KeyFault, KeyInfo, KeyRight};

/// Longer answers blame no key.
const LONGEST: usize = 1024;

pub(super) fn fault(status: u16, body: &[u8]) -> Option<KeyFault> {
    if !(400..500).contains(&status) || body.len() > LONGEST {
        return None;
    }
    let json = json::parse(body, Bounds::SMALL).ok()?;
    match json.get("code").and_then(Json::whole)? {
        -2015 => Some(KeyFault::Unclear),
        -2014 | -2008 => Some(KeyFault::Unknown),
        -1022 => Some(KeyFault::Signature),
        -1002 => Some(KeyFault::Permission),
        _ => None,
    }
}

/// Flags of the answer, with the right that each gives.
const RIGHTS: &[(&str, KeyRight)] = &[
    ("enableReading", KeyRight::Read),
    ("enableSpotAndMarginTrading", KeyRight::Trade),
    ("enableFutures", KeyRight::Futures),
    ("enableVanillaOptions", KeyRight::Options),
    ("enablePortfolioMarginTrading", KeyRight::Portfolio),
    ("enableMargin", KeyRight::Borrow),
    ("permitsUniversalTransfer", KeyRight::Transfer),
    ("enableWithdrawals", KeyRight::Withdraw),
];

pub(super) fn info(status: u16, body: &[u8]) -> Option<KeyInfo> {
    let json = json::parse(body, Bounds::SMALL).ok().filter(|_| status == 200)?;
    let flag = |name: &str| match json.get(name) {
        Some(Json::Flag(flag)) => Some(*flag),
        _ => None,
    };
    let ends = json.get("tradingAuthorityExpirationTime").and_then(Json::whole);
    Some(KeyInfo {
        bound: flag("ipRestrict")?,
        rights: RIGHTS.iter().filter(|(name, _)| flag(name) == Some(true)).map(|(_, right)| *right).collect(),
        trade_ends: ends.and_then(|ms| u64::try_from(ms).ok()).map(Time::from_millis),
        idle_days: None,
        holds_reduce_only: None,
    })
}

/// Futures, options and portfolio margin are rights of their own, and Binance refuses even to read there without them.
pub(super) fn rights(intent: &Intent) -> &'static [KeyRight] {
    let changes = intent.act.changes_state() || matches!(intent.act, Act::Test(_));
    match (intent.permission, intent.endpoint.surface.as_str()) {
        (Permission::Withdraw, _) => &[KeyRight::Withdraw],
        (Permission::Transfer, _) => &[KeyRight::Transfer],
        (Permission::Borrow, "spot") if changes => &[KeyRight::Borrow],
        (_, "usdm" | "coinm") if changes => &[KeyRight::Futures],
        (_, "usdm" | "coinm") => &[KeyRight::Read, KeyRight::Futures],
        (_, "option") if changes => &[KeyRight::Options],
        (_, "option") => &[KeyRight::Read, KeyRight::Options],
        (_, "portfolio") if changes => &[KeyRight::Portfolio],
        (_, "portfolio") => &[KeyRight::Read, KeyRight::Portfolio],
        (Permission::Trade, _) if changes => &[KeyRight::Trade],
        _ if changes => &[],
        _ => &[KeyRight::Read],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults() {
        let of = |status, code: i32| fault(status, format!(r#"{{"code":{code},"msg":"x"}}"#).as_bytes());
        assert_eq!(of(401, -2015), Some(KeyFault::Unclear));
        assert_eq!(of(401, -2014), Some(KeyFault::Unknown));
        assert_eq!(of(400, -1022), Some(KeyFault::Signature));
        for (status, code) in [(200, -2015), (500, -2015), (400, -2010), (400, -1121), (418, -1003)] {
            assert_eq!(of(status, code), None, "{status} {code}");
        }
        assert_eq!(fault(401, b"<html>"), None);
        assert_eq!(fault(401, format!(r#"{{"code":-2015,"msg":"{}"}}"#, "x".repeat(2000)).as_bytes()), None);
    }

    #[test]
    fn what_it_tells() {
        let body = br#"{"ipRestrict":false,"createTime":1623840271000,"enableReading":true,"enableWithdrawals":false,"enableInternalTransfer":true,"enableMargin":false,"enableFutures":true,"permitsUniversalTransfer":true,"enableVanillaOptions":false,"enableSpotAndMarginTrading":false,"tradingAuthorityExpirationTime":1628985600000}"#;
        let told = KeyInfo {
            rights: vec![KeyRight::Read, KeyRight::Futures, KeyRight::Transfer],
            bound: false,
            trade_ends: Some(Time::from_millis(1_628_985_600_000)),
            idle_days: None,
            holds_reduce_only: None,
        };
        assert_eq!(info(200, body), Some(told));
        assert_eq!(info(401, body), None);
        assert_eq!(info(200, b"{}"), None, "a body that tells nothing is none");
    }
}
