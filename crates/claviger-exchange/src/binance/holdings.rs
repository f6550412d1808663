//! What Binance tells of what an account holds.
//!
//! Facts, with their sources in `docs/exchanges/binance.md`: `GET /api/v3/account` lists `balances` with `free` and
//! `locked`; `GET /fapi/v3/account` and `GET /dapi/v1/account` list `assets`, whose `marginBalance` is the wallet's balance
//! with what open positions gained or lost, and `positions`, whose `positionAmt` is below zero for a short one.

use claviger_core::{Balance, Holdings, Intent, Market, Position, PositionSide, Sheet, Signed};

use crate::json::{self, Bounds, Json};

/// Where a sheet of the account behind a surface is asked for. Not for margin, options and portfolio margin, of which no
/// limit is counted.
pub(super) fn path_of(surface: &str, sheet: Sheet) -> Option<(&'static str, &'static str)> {
    match (surface, sheet) {
        ("spot", Sheet::Balances) => Some(("spot", SPOT)),
        ("usdm", Sheet::Balances | Sheet::Positions) => Some(("usdm", USDM)),
        ("coinm", Sheet::Balances | Sheet::Positions) => Some(("coinm", COINM)),
        _ => None,
    }
}

const SPOT: &str = "/api/v3/account";
const USDM: &str = "/fapi/v3/account";
const COINM: &str = "/dapi/v1/account";

/// What tells of a market; on futures one answer tells of balances and positions.
pub(super) const fn sheets(market: Market) -> &'static [(&'static str, Sheet)] {
    match market {
        Market::Spot => &[("spot", Sheet::Balances)],
        Market::Usdm => &[("usdm", Sheet::Positions)],
        Market::Coinm => &[("coinm", Sheet::Positions)],
        Market::Margin | Market::Option => &[],
    }
}

/// What an answer tells; `None` where anything of it is not clear.
pub(super) fn told(intent: &Intent, status: u16, body: &[u8]) -> Option<Holdings> {
    let json = json::parse(body, Bounds::SMALL).ok().filter(|_| status == 200)?;
    match &*intent.endpoint.path {
        SPOT => Some(Holdings { balances: Some(all(json.get("balances")?, spot_balance)?), positions: None }),
        USDM => of_futures(&json, Market::Usdm),
        COINM => of_futures(&json, Market::Coinm),
        _ => None,
    }
}

fn of_futures(json: &Json<'_>, market: Market) -> Option<Holdings> {
    Some(Holdings {
        balances: Some(all(json.get("assets")?, futures_balance)?),
        positions: Some(all(json.get("positions")?, |item| position(item, market))?),
    })
}

/// Every item of which there is any; `None` where one cannot be read. What no order can name is left out.
fn all<T>(list: &Json<'_>, read: impl Fn(&Json<'_>) -> Option<Option<T>>) -> Option<Vec<T>> {
    let read: Option<Vec<Option<T>>> = list.items()?.iter().map(read).collect();
    Some(read?.into_iter().flatten().collect())
}

fn amount(item: &Json<'_>, name: &str) -> Option<Signed> {
    item.get(name)?.text()?.parse().ok()
}

fn balance(item: &Json<'_>, total: Signed) -> Option<Option<Balance>> {
    let asset = item.get("asset")?.text()?.parse().ok();
    Some(asset.filter(|_| !total.is_zero()).map(|asset| Balance { asset, total }))
}

fn spot_balance(item: &Json<'_>) -> Option<Option<Balance>> {
    balance(item, amount(item, "free")?.plus(amount(item, "locked")?)?)
}

fn futures_balance(item: &Json<'_>) -> Option<Option<Balance>> {
    balance(item, amount(item, "marginBalance")?)
}

fn position(item: &Json<'_>, market: Market) -> Option<Option<Position>> {
    let size = amount(item, "positionAmt")?;
    let side = match item.get("positionSide")?.text()? {
        "BOTH" => PositionSide::Net,
        "LONG" if !size.is_negative() => PositionSide::Long,
        "SHORT" if size.is_negative() || size.is_zero() => PositionSide::Short,
        _ => return None,
    };
    let symbol = item.get("symbol")?.text()?.parse().ok().filter(|_| !size.is_zero());
    Some(symbol.map(|symbol| Position { market, symbol, side, size }))
}

#[cfg(test)]
mod tests {
    use super::super::house::house;
    use super::*;
    use crate::HouseCall;

    fn check(surface: &str, sheet: Sheet, body: &str, told_of: Option<(&str, &str)>) {
        let intent = house(&HouseCall::Holdings { surface: surface.parse().unwrap(), sheet }).unwrap();
        let found = told(&intent, 200, body.as_bytes()).map(|held| {
            let balances = held.balances.iter().flatten().map(|b| format!("{} {}", b.total, b.asset));
            let positions = held.positions.iter().flatten();
            let positions = positions.map(|p| format!("{} {} {:?}", p.size, p.symbol, p.side));
            (balances.collect::<Vec<_>>().join(", "), positions.collect::<Vec<_>>().join(", "))
        });
        let found = found.as_ref().map(|(balances, positions)| (&**balances, &**positions));
        assert_eq!(found, told_of, "{body}");
        assert_eq!(told(&intent, 400, body.as_bytes()), None, "no answer of another status tells anything");
    }

    #[test]
    fn spot() {
        let spot = |balances: &str, told_of| {
            check("spot", Sheet::Balances, &format!(r#"{{"uid":1,"balances":[{balances}]}}"#), told_of);
        };
        spot(
            r#"{"asset":"BTC","free":"0.50000000","locked":"0.25000000"},{"asset":"ETH","free":"0.00","locked":"0.00"}"#,
            Some(("0.75 BTC", "")),
        );
        spot("", Some(("", "")));
        spot(r#"{"asset":"币安人生","free":"1","locked":"0"}"#, Some(("", "")));
        for unclear in [
            r#"{"asset":"BTC","free":"0.5"}"#,
            r#"{"asset":"BTC","free":0.5,"locked":"0"}"#,
            r#"{"asset":"BTC","free":"1e3","locked":"0"}"#,
            r#"{"free":"0.5","locked":"0"}"#,
        ] {
            spot(unclear, None);
        }
        check("spot", Sheet::Balances, "{}", None);
        check("spot", Sheet::Balances, "<html>", None);
    }

    #[test]
    fn futures() {
        let futures = |positions: &str, told_of: Option<&str>| {
            for surface in ["usdm", "coinm"] {
                let body = format!(
                    r#"{{"assets":[{{"asset":"USDT","walletBalance":"10","marginBalance":"-2.5"}}],"positions":[{positions}]}}"#
                );
                let told_of = told_of.map(|positions| ("-2.5 USDT", positions));
                check(surface, Sheet::Balances, &body, told_of);
                check(surface, Sheet::Positions, &body, told_of);
            }
        };
        let at = |side: &str, amount: &str| {
            format!(r#"{{"symbol":"BTCUSDT","positionSide":"{side}","positionAmt":"{amount}"}}"#)
        };
        futures(&at("BOTH", "-0.010"), Some("-0.01 BTCUSDT Net"));
        futures(&at("BOTH", "0.000"), Some(""));
        let hedged = format!("{},{}", at("LONG", "2"), at("SHORT", "-3"));
        futures(&hedged, Some("2 BTCUSDT Long, -3 BTCUSDT Short"));
        for (side, amount) in [("LONG", "-1"), ("SHORT", "1"), ("", "1"), ("BOTH", ""), ("BOTH", "1e1")] {
            futures(&at(side, amount), None);
        }
        futures(r#"{"symbol":"BTCUSDT","positionSide":"BOTH"}"#, None);
        check("usdm", Sheet::Positions, r#"{"assets":[]}"#, None);
    }

    #[test]
    fn what_is_asked_for_is_answered() {
        for market in Market::ALL {
            for (surface, sheet) in sheets(market) {
                let call = HouseCall::Holdings { surface: surface.parse().unwrap(), sheet: *sheet };
                assert!(house(&call).is_some());
            }
        }
    }

    #[test]
    fn where_nothing_tells_nothing_is_asked() {
        for (surface, sheet) in
            [("spot", Sheet::Positions), ("option", Sheet::Positions), ("portfolio", Sheet::Balances)]
        {
            assert_eq!(house(&HouseCall::Holdings { surface: surface.parse().unwrap(), sheet }), None);
        }
    }
}
