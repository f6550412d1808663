//! What OKX tells of what an account holds.
//!
//! Facts, with their sources in `docs/exchanges/okx.md`: `GET /api/v5/account/balance` has one item with `details`, whose
//! `eq` is all that there is of a currency, with what open positions gained or lost; `GET /api/v5/account/positions` has an
//! item for each position, whose `pos` is below zero for a short one in one-way mode, and never in hedge mode.

use claviger_core::{Balance, Holdings, Intent, Market, Position, PositionSide, Sheet, Signed, Symbol};

use super::answer::{Answer, text};
use super::instrument::Instrument;
use crate::json::{Bounds, Json};

/// What tells of a market: the balances change with every position.
pub(super) const fn sheets(market: Market) -> &'static [(&'static str, Sheet)] {
    match market {
        Market::Spot | Market::Usdm | Market::Coinm => {
            &[("rest", Sheet::Balances), ("rest", Sheet::Positions)]
        }
        Market::Margin | Market::Option => &[],
    }
}

/// Where a sheet of the trading account is asked for.
pub(super) const fn path_of(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::Balances => BALANCE,
        Sheet::Positions => POSITIONS,
    }
}

const BALANCE: &str = "/api/v5/account/balance";
const POSITIONS: &str = "/api/v5/account/positions";

/// What an answer tells; `None` where anything of it is not clear.
pub(super) fn told(intent: &Intent, status: u16, body: &[u8]) -> Option<Holdings> {
    let answer = Answer::good(body, Bounds::SMALL).filter(|_| status == 200)?;
    match &*intent.endpoint.path {
        BALANCE => {
            let details = answer.only()?.get("details")?.items()?;
            let balances: Option<Vec<_>> = details.iter().map(balance).collect();
            Some(Holdings { balances: Some(balances?.into_iter().flatten().collect()), positions: None })
        }
        POSITIONS => {
            let positions: Option<Vec<_>> = answer.data().iter().map(position).collect();
            Some(Holdings { balances: None, positions: Some(positions?.into_iter().flatten().collect()) })
        }
        _ => None,
    }
}

/// `Some(None)` of what there is nothing of, or that no order can name.
fn balance(item: &Json<'_>) -> Option<Option<Balance>> {
    let total: Signed = text(item, "eq")?.parse().ok()?;
    let asset = text(item, "ccy")?.parse().ok();
    Some(asset.filter(|_| !total.is_zero()).map(|asset| Balance { asset, total }))
}

/// `Some(None)` of one in the margin market, whose size may count either coin.
fn position(item: &Json<'_>) -> Option<Option<Position>> {
    let kind = text(item, "instType")?;
    if kind == "MARGIN" {
        return Some(None);
    }
    let size: Signed = text(item, "pos")?.parse().ok()?;
    let symbol: Symbol = text(item, "instId")?.parse().ok()?;
    let market = Instrument::of(&symbol).and_then(|instrument| instrument.plain_market()).ok()?;
    match (kind, market) {
        ("SWAP" | "FUTURES", Market::Usdm | Market::Coinm) | ("OPTION", Market::Option) => {}
        _ => return None,
    }
    let (side, size) = match text(item, "posSide")? {
        "net" => (PositionSide::Net, size),
        "long" if !size.is_negative() => (PositionSide::Long, size),
        "short" if !size.is_negative() => (PositionSide::Short, size.negated()),
        _ => return None,
    };
    Some((!size.is_zero()).then_some(Position { market, symbol, side, size }))
}

#[cfg(test)]
mod tests {
    use super::super::house::house;
    use super::*;
    use crate::HouseCall;

    fn check(sheet: Sheet, data: &str, told_of: Option<&str>) {
        let intent = house(&HouseCall::Holdings { surface: "rest".parse().unwrap(), sheet }).unwrap();
        let body = format!(r#"{{"code":"0","msg":"","data":[{data}]}}"#);
        let found = told(&intent, 200, body.as_bytes()).map(|held| {
            let balances = held.balances.iter().flatten().map(|b| format!("{} {}", b.total, b.asset));
            let positions = held.positions.iter().flatten();
            let positions = positions.map(|p| format!("{} {} {:?}", p.size, p.symbol, p.side));
            balances.chain(positions).collect::<Vec<_>>().join(", ")
        });
        assert_eq!(found.as_deref(), told_of, "{body}");
        let failed = body.replace(r#""code":"0""#, r#""code":"50001""#);
        assert_eq!(told(&intent, 200, failed.as_bytes()), None, "a failure tells nothing");
        assert_eq!(told(&intent, 503, body.as_bytes()), None);
    }

    #[test]
    fn balances() {
        let check = |details: &str, told_of| {
            check(Sheet::Balances, &format!(r#"{{"totalEq":"1","details":[{details}]}}"#), told_of);
        };
        check(
            r#"{"ccy":"USDT","eq":"10679.688460531643092577"},{"ccy":"BTC","eq":"0"},{"ccy":"ETH","eq":"-0.5"}"#,
            Some("10679.688460531643 USDT, -0.5 ETH"),
        );
        check("", Some(""));
        for unclear in
            [r#"{"ccy":"USDT"}"#, r#"{"ccy":"USDT","eq":""}"#, r#"{"eq":"1"}"#, r#"{"ccy":"USDT","eq":1}"#]
        {
            check(unclear, None);
        }
        super::tests::check(Sheet::Balances, "", None);
    }

    #[test]
    fn positions() {
        let at = |kind: &str, symbol: &str, side: &str, pos: &str| {
            format!(r#"{{"instType":"{kind}","instId":"{symbol}","posSide":"{side}","pos":"{pos}"}}"#)
        };
        let swap = |side, pos| at("SWAP", "BTC-USDT-SWAP", side, pos);
        check(Sheet::Positions, "", Some(""));
        check(Sheet::Positions, &swap("net", "-2"), Some("-2 BTC-USDT-SWAP Net"));
        let hedged = format!("{},{}", swap("long", "2"), swap("short", "3"));
        check(Sheet::Positions, &hedged, Some("2 BTC-USDT-SWAP Long, -3 BTC-USDT-SWAP Short"));
        let margin = at("MARGIN", "BTC-USDT", "net", "1");
        check(Sheet::Positions, &format!("{margin},{}", swap("net", "1")), Some("1 BTC-USDT-SWAP Net"));
        let option = at("OPTION", "BTC-USD-260328-50000-C", "net", "-1");
        check(Sheet::Positions, &option, Some("-1 BTC-USD-260328-50000-C Net"));
        for unclear in [
            swap("short", "-3"),
            swap("", "1"),
            swap("net", ""),
            at("EVENTS", "BTC-USDT-SWAP", "net", "1"),
            at("SWAP", "BTC-USDT", "net", "1"),
            at("SWAP", "BTC-EUR-SWAP", "net", "1"),
        ] {
            check(Sheet::Positions, &unclear, None);
        }
    }
}
