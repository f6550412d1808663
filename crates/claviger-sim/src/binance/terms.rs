//! How an order trades: its type, price, size, and what it waits for.

use rust_decimal::Decimal;

use super::Call;
use super::errors::{BAD_FORCE, BAD_TYPE, Refusal};
use crate::engine::{Distance, Force, Instrument, Leg, Level, Market, Side, Size, Trigger, book};

/// The terms of an order.
pub(super) struct Terms {
    pub(super) force: Force,
    pub(super) price: Option<Decimal>,
    pub(super) size: Size,
    pub(super) trigger: Option<Trigger>,
}

/// What stays unread unless the type has a use for it.
const EXTRAS: &[&str] =
    &["stopPrice", "trailingDelta", "icebergQty", "closePosition", "activationPrice", "callbackRate"];

/// Reads the terms as strictly as the exchange does.
pub(super) fn read(call: &mut Call<'_>, instrument: &Instrument, side: Side) -> Result<Terms, Refusal> {
    let kind = call.must("type")?.to_owned();
    if call.market.is_paid_in_full() {
        spot(call, instrument, (&kind, side))
    } else {
        futures(call, instrument, (&kind, side))
    }
}

fn spot(call: &Call<'_>, instrument: &Instrument, (kind, side): (&str, Side)) -> Result<Terms, Refusal> {
    let plain = |force, price, size| Terms { force, price, size, trigger: None };
    match kind {
        "LIMIT" => {
            unused(call, &["icebergQty"])?;
            Ok(plain(force(call)?, Some(limit_price(call, instrument, side)?), base_size(call)?))
        }
        "LIMIT_MAKER" => {
            unused(call, &["icebergQty"])?;
            forbid(call, &["timeInForce"])?;
            Ok(plain(Force::PostOnly, Some(limit_price(call, instrument, side)?), base_size(call)?))
        }
        "MARKET" => {
            unused(call, &[])?;
            forbid(call, &["timeInForce", "price"])?;
            Ok(plain(Force::Ioc, None, market_size(call)?))
        }
        "STOP_LOSS" | "TAKE_PROFIT" => {
            unused(call, &["stopPrice", "trailingDelta"])?;
            forbid(call, &["timeInForce", "price"])?;
            let trigger = Some(spot_trigger(call, instrument, (kind, side))?);
            Ok(Terms { force: Force::Ioc, price: None, size: base_size(call)?, trigger })
        }
        "STOP_LOSS_LIMIT" | "TAKE_PROFIT_LIMIT" => {
            unused(call, &["stopPrice", "trailingDelta", "icebergQty"])?;
            let trigger = Some(spot_trigger(call, instrument, (kind, side))?);
            let price = Some(limit_price(call, instrument, side)?);
            Ok(Terms { force: force(call)?, price, size: base_size(call)?, trigger })
        }
        _ => Err(Refusal::of(BAD_TYPE)),
    }
}

fn spot_trigger(
    call: &Call<'_>,
    instrument: &Instrument,
    (kind, side): (&str, Side),
) -> Result<Trigger, Refusal> {
    let (stop, delta) = (call.decimal("stopPrice")?, call.decimal("trailingDelta")?);
    let taking = kind.starts_with("TAKE");
    let level = |at| match if taking { Trigger::take(side, at) } else { Trigger::stop(side, at) } {
        Trigger::At(level) => Some(level),
        Trigger::Trail { .. } => None,
    };
    match (stop, delta) {
        (Some(at), None) => Ok(if taking { Trigger::take(side, at) } else { Trigger::stop(side, at) }),
        (start, Some(points)) => {
            let ratio = Distance::Ratio(points * Decimal::new(1, 4));
            Ok(Trigger::trail(side, start.and_then(level), ratio, call.engine.price(instrument)))
        }
        (None, None) => Err(Refusal::mandatory("stopPrice")),
    }
}

fn futures(
    call: &mut Call<'_>,
    instrument: &Instrument,
    (kind, side): (&str, Side),
) -> Result<Terms, Refusal> {
    match kind {
        "LIMIT" => {
            unused(call, &[])?;
            let price = limit_price(call, instrument, side)?;
            Ok(Terms { force: force(call)?, price: Some(price), size: base_size(call)?, trigger: None })
        }
        "MARKET" => {
            unused(call, &[])?;
            forbid(call, &["price"])?;
            Ok(Terms { force: Force::Ioc, price: None, size: market_size(call)?, trigger: None })
        }
        "STOP" | "STOP_MARKET" | "TAKE_PROFIT" | "TAKE_PROFIT_MARKET" | "TRAILING_STOP_MARKET"
            if call.market == Market::Usdm =>
        {
            let msg = "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.";
            Err(Refusal::new(-4120, msg))
        }
        "STOP" | "TAKE_PROFIT" => {
            unused(call, &["stopPrice"])?;
            let trigger = Some(level(call, "stopPrice", (kind, side))?);
            let force = if call.get("timeInForce").is_some() { force(call)? } else { Force::Gtc };
            let price = Some(limit_price(call, instrument, side)?);
            Ok(Terms { force, price, size: base_size(call)?, trigger })
        }
        "STOP_MARKET" | "TAKE_PROFIT_MARKET" => {
            unused(call, &["stopPrice", "closePosition"])?;
            let trigger = Some(level(call, "stopPrice", (kind, side))?);
            Ok(Terms { force: Force::Ioc, price: None, size: size_or_all(call, instrument, side)?, trigger })
        }
        "TRAILING_STOP_MARKET" => {
            unused(call, &["activationPrice", "callbackRate"])?;
            let trigger = Some(trailing(call, instrument, ("activationPrice", side))?);
            Ok(Terms { force: Force::Ioc, price: None, size: base_size(call)?, trigger })
        }
        _ => Err(Refusal::of(BAD_TYPE)),
    }
}

/// The trigger of a stop or take-profit of futures.
pub(super) fn level(call: &Call<'_>, name: &str, (kind, side): (&str, Side)) -> Result<Trigger, Refusal> {
    let at = call.decimal(name)?.ok_or_else(|| Refusal::mandatory(name))?;
    Ok(if kind.starts_with("TAKE") { Trigger::take(side, at) } else { Trigger::stop(side, at) })
}

/// The trigger of a trailing stop of futures: 0.1 to 10 per cent behind the best price.
pub(super) fn trailing(
    call: &Call<'_>,
    instrument: &Instrument,
    (activation, side): (&str, Side),
) -> Result<Trigger, Refusal> {
    let rate = call.decimal("callbackRate")?.ok_or_else(|| Refusal::mandatory("callbackRate"))?;
    if !(Decimal::new(1, 1)..=Decimal::TEN).contains(&rate) {
        return Err(Refusal::new(-2007, "Invalid callBack rate."));
    }
    // A sell follows a rising price, so it starts above; a buy the other way round.
    let start = call.decimal(activation)?.map(|at| Level { at, above: side == Side::Sell });
    let distance = Distance::Ratio(rate * Decimal::new(1, 2));
    Ok(Trigger::trail(side, start, distance, call.engine.price(instrument)))
}

/// `closePosition` stands for all that is held on that side.
fn size_or_all(call: &mut Call<'_>, instrument: &Instrument, side: Side) -> Result<Size, Refusal> {
    if !call.boolean("closePosition")? {
        return base_size(call);
    }
    forbid(call, &["quantity", "reduceOnly"])?;
    let (name, leg) = (call.account().to_owned(), leg(call)?);
    let held = call.engine.account(&name).closable(instrument, leg, side);
    if held.is_zero() {
        let msg = "Time in Force (TIF) GTE can only be used with open positions. Please ensure that positions are available.";
        return Err(Refusal::new(-4509, msg));
    }
    Ok(Size::Qty(held))
}

pub(super) fn leg(call: &Call<'_>) -> Result<Leg, Refusal> {
    match call.get("positionSide") {
        None | Some("BOTH") => Ok(Leg::Net),
        Some("LONG") => Ok(Leg::Long),
        Some("SHORT") => Ok(Leg::Short),
        Some(_) => Err(Refusal::new(-4060, "Invalid position side.")),
    }
}

pub(super) fn force(call: &Call<'_>) -> Result<Force, Refusal> {
    match call.must("timeInForce")? {
        "GTC" => Ok(Force::Gtc),
        "IOC" => Ok(Force::Ioc),
        "FOK" => Ok(Force::Fok),
        "GTX" if !call.market.is_paid_in_full() => Ok(Force::PostOnly),
        "GTD" if call.market == Market::Usdm => {
            call.must("goodTillDate")?;
            Ok(Force::Gtc)
        }
        _ => Err(Refusal::of(BAD_FORCE)),
    }
}

/// The limit: given, matched to a level of the book, or pegged to it.
pub(super) fn limit_price(call: &Call<'_>, instrument: &Instrument, side: Side) -> Result<Decimal, Refusal> {
    if let Some(mode) = call.get("priceMatch").filter(|mode| *mode != "NONE") {
        forbid(call, &["price"])?;
        return matched(call, instrument, (mode, side)).ok_or_else(|| {
            Refusal::illegal(
                "priceMatch",
                "OPPONENT|OPPONENT_5|OPPONENT_10|OPPONENT_20|QUEUE|QUEUE_5|QUEUE_10|QUEUE_20",
            )
        });
    }
    match call.get("pegPriceType") {
        Some(kind @ ("PRIMARY_PEG" | "MARKET_PEG")) => {
            forbid(call, &["price"])?;
            let mode = if kind == "MARKET_PEG" { "OPPONENT" } else { "QUEUE" };
            matched(call, instrument, (mode, side)).ok_or_else(|| Refusal::mandatory("price"))
        }
        Some(_) => Err(Refusal::illegal("pegPriceType", "PRIMARY_PEG|MARKET_PEG")),
        None => call.decimal("price")?.ok_or_else(|| Refusal::mandatory("price")),
    }
}

/// The price of a level of the book, on the other side or on the order's own.
fn matched(call: &Call<'_>, instrument: &Instrument, (mode, side): (&str, Side)) -> Option<Decimal> {
    let (from, depth) = match mode.split_once('_') {
        None => (mode, 1),
        Some((from, depth @ ("5" | "10" | "20"))) => (from, depth.parse().ok()?),
        Some(_) => return None,
    };
    let met = match (from, side) {
        ("OPPONENT", side) => side,
        ("QUEUE", Side::Buy) => Side::Sell,
        ("QUEUE", Side::Sell) => Side::Buy,
        _ => return None,
    };
    book::levels(instrument, call.engine.price(instrument), met, depth).last().map(|level| level.0)
}

pub(super) fn base_size(call: &Call<'_>) -> Result<Size, Refusal> {
    forbid(call, &["quoteOrderQty"])?;
    call.decimal("quantity")?.map(Size::Qty).ok_or_else(|| Refusal::mandatory("quantity"))
}

fn market_size(call: &Call<'_>) -> Result<Size, Refusal> {
    match (call.decimal("quantity")?, call.decimal("quoteOrderQty")?) {
        (Some(qty), None) => Ok(Size::Qty(qty)),
        (None, Some(quote)) => Ok(Size::Quote(quote)),
        (None, None) => Err(Refusal::mandatory("quantity")),
        (Some(_), Some(_)) => Err(Refusal::needless("quoteOrderQty")),
    }
}

/// Nothing that only another type has a use for, but `these`.
fn unused(call: &Call<'_>, these: &[&str]) -> Result<(), Refusal> {
    let sent = |name: &&&str| call.get(name).is_some_and(|value| value != "false") && !these.contains(*name);
    EXTRAS.iter().find(sent).map_or(Ok(()), |name| Err(Refusal::needless(name)))
}

pub(super) fn forbid(call: &Call<'_>, names: &[&str]) -> Result<(), Refusal> {
    names.iter().find(|name| call.get(name).is_some()).map_or(Ok(()), |name| Err(Refusal::needless(name)))
}
