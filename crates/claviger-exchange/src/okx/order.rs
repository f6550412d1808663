//! One usual order, read from a body and written as one; and what algo orders share with it.

use claviger_core::{
    ClientOrderId, Decimal, Market, More, Order, OrderKind, Param, Params, PositionSide, Side, SideEffect,
    Size, Symbol, TimeInForce, Value,
};

use super::exits::{self, EXITS, Names};
use super::fields::{LISTS, alphanumeric, peek};
use super::instrument::Instrument;
use crate::fields::{Fields, Words, meaning};
use crate::{PrintError, ReadError, Row};

/// The parameter that tells, with the instrument, the market.
pub(super) const MODE: &str = "tdMode";
/// The parameter that says what an order is like.
pub(super) const KIND: &str = "ordType";
const BAN_AMEND: &str = "banAmend";
const QUICK_MARGIN: &str = "quickMgnType";

/// Kinds that mean a limit order and something besides, which only their word tells: it stays among the parameters.
/// `rpi` is the newer name of `elp`: makers for retail, which never take; `mmp` is of market makers of options.
const KEPT: [(&str, TimeInForce); 4] = [
    ("elp", TimeInForce::PostOnly),
    ("rpi", TimeInForce::PostOnly),
    ("mmp", TimeInForce::GoodTillCancelled),
    ("mmp_and_post_only", TimeInForce::PostOnly),
];

/// Reads the order of a request; its trade mode stays among the parameters.
///
/// # Errors
/// Whatever the order could not hold whole.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Order, ReadError> {
    let (symbol, market) = place(fields)?;
    let side = side(fields)?;
    let (kind, time_in_force) = kind(fields, market)?;
    let size = size(fields, market, side, kind)?;
    let position_side = position_side(fields, market)?;
    let reduce_only = reduce_only(fields, market, side, position_side)?;
    let client_id = client_id_of(fields, "clOrdId")?;
    keep_ban_amend(fields, market)?;
    let side_effect = side_effect(fields, market)?;
    let exits = exits_of(fields)?;
    let order = Order {
        market,
        symbol,
        side,
        kind,
        size,
        time_in_force,
        trigger: None,
        reduce_only,
        position_side,
        client_id,
        more: More { exits, side_effect, ..More::default() },
    };
    closing_what_it_opens(order)
}

/// Instrument and market.
///
/// # Errors
/// Where one is missing, or they do not fit each other.
pub(super) fn place(fields: &mut Fields<'_>) -> Result<(Symbol, Market), ReadError> {
    let symbol = fields.symbol("instId").ok_or_else(|| missing("instId"))?;
    let mode = peek(fields, MODE)?.ok_or_else(|| missing(MODE))?;
    let market = Instrument::of(&symbol)?.market(&mode)?;
    if market != Market::Margin && fields.has("ccy") {
        return Err(meaning("`ccy` is for the margin market only"));
    }
    Ok((symbol, market))
}

/// The client's name for an order.
///
/// # Errors
/// Where it has other letters than the exchange takes.
pub(super) fn client_id_of(fields: &mut Fields<'_>, name: &str) -> Result<Option<ClientOrderId>, ReadError> {
    let id = fields.client_id(name);
    id.as_ref().map(|id| alphanumeric(name, id.as_str(), 32)).transpose()?;
    Ok(id)
}

/// What closes the order again.
///
/// # Errors
/// Where that cannot be held whole.
pub(super) fn exits_of(fields: &mut Fields<'_>) -> Result<Vec<claviger_core::Exit>, ReadError> {
    let text = fields.text(EXITS);
    Ok(text.map(|text| exits::read(&text, Names::Plain)).transpose()?.unwrap_or_default())
}

/// Refuses what is attached to an order that closes: on the other side of it, it could open.
///
/// # Errors
/// If it has exits and is itself one.
pub(super) fn closing_what_it_opens(order: Order) -> Result<Order, ReadError> {
    if order.is_exit() && !order.more.exits.is_empty() {
        return Err(meaning("`attachAlgoOrds` of an order that closes a position could open another one"));
    }
    Ok(order)
}

/// What the order does to the debt; only in the margin market, which needs its own permission anyway.
///
/// # Errors
/// On any other market.
pub(super) fn side_effect(fields: &mut Fields<'_>, market: Market) -> Result<Option<SideEffect>, ReadError> {
    let effect = match fields.text(QUICK_MARGIN).as_deref() {
        None | Some("manual") => return Ok(None),
        Some("auto_borrow") => SideEffect::Borrow,
        Some("auto_repay") => SideEffect::Repay,
        Some(_) => return Err(meaning("`quickMgnType` is not read")),
    };
    if market == Market::Margin {
        Ok(Some(effect))
    } else {
        Err(meaning("`quickMgnType` is for the margin market only"))
    }
}

pub(super) fn side(fields: &mut Fields<'_>) -> Result<Side, ReadError> {
    match fields.text("side").as_deref() {
        Some("buy") => Ok(Side::Buy),
        Some("sell") => Ok(Side::Sell),
        Some(_) | None => Err(missing("side")),
    }
}

fn kind(fields: &mut Fields<'_>, market: Market) -> Result<(OrderKind, TimeInForce), ReadError> {
    let word = fields.text(KIND).ok_or_else(|| missing(KIND))?;
    let price = fields.number("px");
    let kept = KEPT.iter().find(|(kept, _)| **kept == *word).map(|(_, time_in_force)| *time_in_force);
    if kept.is_some() {
        fields.put(KIND, &word, LISTS)?;
    }
    let derivative = matches!(market, Market::Usdm | Market::Coinm);
    let time_in_force = match (&*word, price) {
        // The exchange's name for what a market order is to claviger: at the worst price it allows, the rest cancelled.
        ("optimal_limit_ioc", None) if derivative => {
            return Ok((OrderKind::Market, TimeInForce::ImmediateOrCancel));
        }
        ("optimal_limit_ioc", None) => return Err(meaning("`optimal_limit_ioc` is for contracts only")),
        ("market", None) if market == Market::Option => {
            return Err(meaning("the exchange has no market orders of options"));
        }
        ("market", None) => return Ok((OrderKind::Market, TimeInForce::ImmediateOrCancel)),
        ("mmp" | "mmp_and_post_only", _) if market != Market::Option => {
            return Err(meaning(format!("`ordType` = `{word}` is for options only")));
        }
        ("market" | "optimal_limit_ioc", Some(_)) => {
            return Err(meaning("`px` has no meaning for a market order"));
        }
        ("limit", _) => TimeInForce::GoodTillCancelled,
        ("post_only", _) => TimeInForce::PostOnly,
        ("fok", _) => TimeInForce::FillOrKill,
        ("ioc", _) => TimeInForce::ImmediateOrCancel,
        _ => kept.ok_or_else(|| meaning(format!("`ordType` = `{word}` is not read")))?,
    };
    let price = positive("px", price.ok_or_else(|| missing("px"))?)?;
    Ok((OrderKind::Limit { price }, time_in_force))
}

fn size(fields: &mut Fields<'_>, market: Market, side: Side, kind: OrderKind) -> Result<Size, ReadError> {
    let amount = positive("sz", fields.number("sz").ok_or_else(|| missing("sz"))?)?;
    let unit = fields.text("tgtCcy");
    match (market, kind, side, unit.as_deref()) {
        (Market::Usdm | Market::Coinm | Market::Option, _, _, None) => Ok(Size::Contracts(amount)),
        (Market::Spot, OrderKind::Limit { .. }, _, None | Some("base_ccy")) => Ok(Size::Base(amount)),
        (Market::Spot, OrderKind::Market, _, Some("base_ccy")) => Ok(Size::Base(amount)),
        (Market::Spot, OrderKind::Market, _, Some("quote_ccy")) => Ok(Size::Quote(amount)),
        (Market::Margin, OrderKind::Limit { .. }, _, None) => Ok(Size::Base(amount)),
        (Market::Spot | Market::Margin, OrderKind::Market, Side::Buy, None) => Ok(Size::Quote(amount)),
        (Market::Spot | Market::Margin, OrderKind::Market, Side::Sell, None) => Ok(Size::Base(amount)),
        (_, _, _, Some(unit)) => Err(meaning(format!("`tgtCcy` = `{unit}` does not fit this order"))),
        (_, OrderKind::Floating { .. }, _, None) => Err(meaning("a usual order has a price of its own")),
    }
}

pub(super) fn position_side(fields: &mut Fields<'_>, market: Market) -> Result<PositionSide, ReadError> {
    match (fields.text("posSide").as_deref(), market) {
        (None | Some("net"), _) => Ok(PositionSide::Net),
        (Some("long"), Market::Usdm | Market::Coinm) => Ok(PositionSide::Long),
        (Some("short"), Market::Usdm | Market::Coinm) => Ok(PositionSide::Short),
        (Some(side), _) => Err(meaning(format!("`posSide` = `{side}` does not fit the instrument"))),
    }
}

/// The exchange ignores the flag where it does not apply, so it is refused there: nobody may count on it.
pub(super) fn reduce_only(
    fields: &mut Fields<'_>,
    market: Market,
    side: Side,
    position: PositionSide,
) -> Result<bool, ReadError> {
    if fields.flag("reduceOnly") != Some(true) {
        return Ok(false);
    }
    match (market, position, side) {
        (Market::Spot | Market::Option, _, _) => {
            Err(meaning("`reduceOnly` has no meaning on spot and for options"))
        }
        (_, PositionSide::Net, _)
        | (_, PositionSide::Long, Side::Sell)
        | (_, PositionSide::Short, Side::Buy) => Ok(true),
        (_, PositionSide::Long, Side::Buy) | (_, PositionSide::Short, Side::Sell) => {
            Err(meaning("`reduceOnly` contradicts `side` and `posSide`, which open a position"))
        }
    }
}

/// `banAmend` forbids the exchange to shrink a spot market order to the balance; on other markets it says nothing. It
/// stays with a limit order, which a market order may leave as, and which the exchange never shrinks.
fn keep_ban_amend(fields: &mut Fields<'_>, market: Market) -> Result<(), ReadError> {
    match fields.flag(BAN_AMEND) {
        Some(flag) if market == Market::Spot => {
            fields.put(BAN_AMEND, if flag { "true" } else { "false" }, LISTS)
        }
        Some(_) | None => Ok(()),
    }
}

/// Writes an order in the exchange's words, with the parameters that go along.
///
/// # Errors
/// Where it has what a usual order of the exchange has not.
pub(super) fn words(row: &Row, order: &Order, params: &Params) -> Result<(Words, Params), PrintError> {
    agree(order, params)?;
    let mut words: Words = vec![
        ("instId", order.symbol.to_string()),
        ("side", side_word(order.side).to_owned()),
        ("sz", size_word(order)?),
    ];
    words.extend(kind_word(order, params)?.map(|kind| (KIND, kind.to_owned())));
    if let OrderKind::Limit { price } = order.kind {
        words.push(("px", price.to_string()));
    }
    words.extend(position_words(order));
    words.extend(exit_words(order)?);
    words.extend(side_effect_word(order)?);
    if let Some(unit) = unit_word(order) {
        words.push(("tgtCcy", unit.into()));
    }
    words.extend(client_id_word(row, order, "clOrdId")?);
    Ok((words, params.clone()))
}

/// Which position, and that it may only shrink.
pub(super) fn position_words(order: &Order) -> Words {
    let mut words = Words::new();
    match order.position_side {
        PositionSide::Net => {}
        PositionSide::Long => words.push(("posSide", "long".into())),
        PositionSide::Short => words.push(("posSide", "short".into())),
    }
    if order.reduce_only {
        words.push(("reduceOnly", "true".into()));
    }
    words
}

/// What closes it again.
pub(super) fn exit_words(order: &Order) -> Result<Words, PrintError> {
    if order.more.exits.is_empty() {
        return Ok(Words::new());
    }
    Ok(vec![(EXITS, exits::word(&order.more.exits, Names::Plain)?)])
}

/// What it borrows or repays.
pub(super) fn side_effect_word(order: &Order) -> Result<Words, PrintError> {
    let word = match order.more.side_effect {
        None => return Ok(Words::new()),
        Some(SideEffect::Borrow) if order.market == Market::Margin => "auto_borrow",
        Some(SideEffect::Repay) if order.market == Market::Margin => "auto_repay",
        Some(_) => return Err(cannot(QUICK_MARGIN, "does not fit the order")),
    };
    Ok(vec![(QUICK_MARGIN, word.to_owned())])
}

/// The client's name for it, where the row takes one.
pub(super) fn client_id_word(row: &Row, order: &Order, name: &'static str) -> Result<Words, PrintError> {
    let Some(id) = order.client_id.as_ref().filter(|_| row.param(name).is_some()) else {
        return Ok(Words::new());
    };
    alphanumeric(name, id.as_str(), 32).map_err(|_| cannot(name, "does not fit"))?;
    Ok(vec![(name, id.to_string())])
}

/// The order's market must be what instrument and trade mode say, and it must have nothing that is not printed.
fn agree(order: &Order, params: &Params) -> Result<(), PrintError> {
    let more = &order.more;
    let printed = More { exits: more.exits.clone(), side_effect: more.side_effect, ..More::default() };
    if *more != printed {
        return Err(cannot("order", "has what a usual order of the exchange has not"));
    }
    if order.trigger.is_some() {
        return Err(cannot("trigger", "orders that wait for a price are another endpoint"));
    }
    agree_on_market(order, params)
}

/// The order's market must be what instrument and trade mode say.
///
/// # Errors
/// If it is not.
pub(super) fn agree_on_market(order: &Order, params: &Params) -> Result<(), PrintError> {
    let mode = params.iter().find(|p| *p.name == *MODE).map(|p| &p.value);
    let market = match mode {
        Some(Value::Text(mode)) => Instrument::of(&order.symbol).and_then(|i| i.market(mode)).ok(),
        Some(Value::Number(_) | Value::Whole(_) | Value::Flag(_) | Value::List(_)) | None => None,
    };
    if market != Some(order.market) {
        return Err(cannot(MODE, "does not fit the order's market"));
    }
    if order.reduce_only && matches!(order.market, Market::Spot | Market::Option) {
        return Err(cannot("reduceOnly", "has no meaning on spot and for options"));
    }
    Ok(())
}

pub(super) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

/// The kind's word; `None` where it stands among the parameters.
fn kind_word(order: &Order, params: &Params) -> Result<Option<&'static str>, PrintError> {
    if let Some(Param { value, .. }) = params.iter().find(|param| *param.name == *KIND) {
        let limit = matches!(order.kind, OrderKind::Limit { .. });
        let fits = |(word, time_in_force): &(&str, TimeInForce)| {
            *value == Value::Text((*word).into()) && *time_in_force == order.time_in_force && limit
        };
        return if KEPT.iter().any(fits) { Ok(None) } else { Err(cannot(KIND, "does not fit the order")) };
    }
    match (order.kind, order.time_in_force) {
        (OrderKind::Market, TimeInForce::ImmediateOrCancel) => Ok(Some("market")),
        (OrderKind::Market, _) => Err(cannot(KIND, "a market order fills at once")),
        (OrderKind::Floating { .. }, _) => Err(cannot(KIND, "a usual order has a price of its own")),
        (OrderKind::Limit { .. }, TimeInForce::GoodTillCancelled) => Ok(Some("limit")),
        (OrderKind::Limit { .. }, TimeInForce::PostOnly) => Ok(Some("post_only")),
        (OrderKind::Limit { .. }, TimeInForce::FillOrKill) => Ok(Some("fok")),
        (OrderKind::Limit { .. }, TimeInForce::ImmediateOrCancel) => Ok(Some("ioc")),
    }
}

fn size_word(order: &Order) -> Result<String, PrintError> {
    let market_order = order.kind == OrderKind::Market;
    match (order.market, order.size) {
        (Market::Usdm | Market::Coinm | Market::Option, Size::Contracts(n)) => Ok(n.to_string()),
        (Market::Spot, Size::Base(n)) => Ok(n.to_string()),
        (Market::Spot, Size::Quote(n)) if market_order => Ok(n.to_string()),
        (Market::Margin, Size::Base(n)) if !market_order || order.side == Side::Sell => Ok(n.to_string()),
        (Market::Margin, Size::Quote(n)) if market_order && order.side == Side::Buy => Ok(n.to_string()),
        _ => Err(cannot("sz", "has a unit that the exchange does not take here")),
    }
}

const fn unit_word(order: &Order) -> Option<&'static str> {
    match (order.market, order.kind, order.size) {
        (Market::Spot, OrderKind::Market, Size::Quote(_)) => Some("quote_ccy"),
        (Market::Spot, OrderKind::Market, Size::Base(_)) => Some("base_ccy"),
        _ => None,
    }
}

/// A client order id for an intent: `cv` and its letters and digits, at most 32 in all.
pub(super) fn client_id(intent_id: &str) -> ClientOrderId {
    let letters: Vec<char> =
        intent_id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { 'Z' }).collect();
    let tail: String = letters.iter().skip(letters.len().saturating_sub(30)).collect();
    #[expect(clippy::unwrap_used, reason = "2 to 32 letters and digits fit the grammar of a client order id")]
    format!("cv{tail}").parse().unwrap()
}

pub(super) fn positive(name: &str, number: Decimal) -> Result<Decimal, ReadError> {
    if number.is_zero() { Err(meaning(format!("`{name}` is zero"))) } else { Ok(number) }
}

pub(super) fn missing(name: &str) -> ReadError {
    ReadError::Missing(name.into())
}

pub(super) fn cannot(name: &str, why: &str) -> PrintError {
    PrintError { what: format!("parameter `{name}`").into(), why: why.into() }
}
