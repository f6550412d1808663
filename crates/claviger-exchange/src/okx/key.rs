//! What OKX says of keys: the codes that blame one, and `GET /api/v5/account/config`.
//!
//! Codes and meanings are those of its API guide's list of general errors; `docs/exchanges/okx.md` has the table.

use claviger_core::{Intent, Permission};

use super::answer::{Answer, text};
use crate::json::Bounds;
use crate::{KeyFault, KeyInfo, KeyRight};

/// Longer answers blame no key.
const LONGEST: usize = 1024;

/// Whether the body of an order's answer or of a failed request blames the key. A missing permission comes with status 200.
pub(super) fn fault(status: u16, body: &[u8]) -> Option<KeyFault> {
    let may = status == 200 || (400..500).contains(&status);
    // Nearly every answer ends here, unread.
    if !may || body.len() > LONGEST || !body.windows(3).any(|three| three == b"\"50") {
        return None;
    }
    match Answer::of(body, Bounds::SMALL)?.code() {
        "50030" | "50120" => Some(KeyFault::Permission),
        "50100" => Some(KeyFault::Suspended),
        "50101" => Some(KeyFault::Environment),
        "50105" => Some(KeyFault::Passphrase),
        "50110" => Some(KeyFault::Address),
        "50111" => Some(KeyFault::Unknown),
        "50113" => Some(KeyFault::Signature),
        "50114" => Some(KeyFault::Unclear),
        "50119" => Some(KeyFault::Gone),
        _ => None,
    }
}

/// A key with more than reading, and bound to no address, is deleted when it was not used for so many days.
const IDLE_DAYS: u32 = 14;

pub(super) fn info(status: u16, body: &[u8]) -> Option<KeyInfo> {
    let answer = Answer::good(body, Bounds::SMALL).filter(|_| status == 200)?;
    let item = answer.only()?;
    let right = |word: &str| match word {
        "read_only" => Some(KeyRight::Read),
        "trade" => Some(KeyRight::Trade),
        "withdraw" => Some(KeyRight::Withdraw),
        _ => None,
    };
    let rights: Vec<KeyRight> = text(item, "perm")?.split(',').filter_map(right).collect();
    let bound = !item.get("ip")?.text()?.is_empty();
    let kept = bound || !rights.iter().any(|r| matches!(r, KeyRight::Trade | KeyRight::Withdraw));
    let idle_days = (!kept).then_some(IDLE_DAYS);
    let holds_reduce_only = Some(text(item, "acctLv").is_some_and(|level| HOLDING.contains(&level)));
    Some(KeyInfo { bound, trade_ends: None, idle_days, rights, holds_reduce_only })
}

/// The account levels in which `reduceOnly` is documented to hold for futures and perpetuals in one-way mode: futures mode
/// and multi-currency margin mode ("Order Book Trading", place order, of 2025). In spot mode (1) there are none, and of
/// portfolio margin mode (4), as of any level to come, nothing is said.
const HOLDING: [&str; 2] = ["2", "3"];

/// Every key that exists may read; transfers and all else that changes something are trading.
pub(super) fn rights(intent: &Intent) -> &'static [KeyRight] {
    match intent.permission {
        Permission::Withdraw => &[KeyRight::Withdraw],
        _ if intent.act.changes_state() => &[KeyRight::Trade],
        _ => &[KeyRight::Read],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults() {
        let of = |status, code: &str| {
            fault(status, format!(r#"{{"msg":"x","data":[],"code":"{code}"}}"#).as_bytes())
        };
        assert_eq!(of(200, "50120"), Some(KeyFault::Permission));
        assert_eq!(of(401, "50110"), Some(KeyFault::Address));
        assert_eq!(of(401, "50101"), Some(KeyFault::Environment));
        assert_eq!(of(401, "50119"), Some(KeyFault::Gone));
        for (status, code) in [(503, "50001"), (500, "50110"), (200, "0"), (200, "51008"), (400, "50014")] {
            assert_eq!(of(status, code), None, "{status} {code}");
        }
        let long = format!(r#"{{"code":"50110","msg":"{}","data":[]}}"#, "x".repeat(2000));
        assert_eq!(fault(401, long.as_bytes()), None);
    }

    #[test]
    fn what_it_tells() {
        let body = |perm: &str, ip: &str| {
            format!(r#"{{"code":"0","msg":"","data":[{{"perm":"{perm}","ip":"{ip}","acctLv":"2"}}]}}"#)
        };
        let told = |perm: &str, ip: &str| info(200, body(perm, ip).as_bytes());
        let all = vec![KeyRight::Read, KeyRight::Withdraw, KeyRight::Trade];
        let unbound = KeyInfo {
            rights: all.clone(),
            bound: false,
            trade_ends: None,
            idle_days: Some(IDLE_DAYS),
            holds_reduce_only: Some(true),
        };
        assert_eq!(told("read_only,withdraw,trade", ""), Some(unbound.clone()));
        let bound = KeyInfo { bound: true, idle_days: None, ..unbound };
        assert_eq!(told("read_only,withdraw,trade", "192.0.2.7"), Some(bound));
        assert_eq!(told("read_only", "").unwrap().idle_days, None);
        for (level, holds) in
            [("1", false), ("2", true), ("3", true), ("4", false), ("", false), ("22", false)]
        {
            let body = body("read_only", "").replace(r#""acctLv":"2""#, &format!(r#""acctLv":"{level}""#));
            assert_eq!(info(200, body.as_bytes()).unwrap().holds_reduce_only, Some(holds), "{level}");
        }
        let silent = body("read_only", "").replace(r#","acctLv":"2""#, "");
        assert_eq!(info(200, silent.as_bytes()).unwrap().holds_reduce_only, Some(false));
        assert_eq!(info(200, br#"{"code":"50120","msg":"","data":[]}"#), None);
    }
}
