//! Orders in Binance's words and in claviger's.

mod kind;

use claviger_core::{
    ClientOrderId, Decimal, Distance, Market, More, Order, OrderKind, Param, Params, PositionSide, Side,
    SideEffect, Size, Symbol, TimeInForce, Trail, Value,
};

use self::kind::{Type, Wakes};
use super::names::{Names, PEG};
use super::read::symbol;
use crate::exchange::unnamed;
use crate::fields::{Fields, Words, meaning};
use crate::{PrintError, ReadError};

/// What stands in the parameters of an order with a trigger, since [`Order`] holds the trigger's price only.
const WAKES: &str = "type";
const PRICE_MATCH: &str = "priceMatch";
const GOOD_TILL: &str = "goodTillDate";
const CLOSE: &str = "closePosition";
const SIDE_EFFECT: &str = "sideEffectType";

/// What an order leaves beside itself in the parameters: it says how the order is meant, and is printed from there.
pub(super) const TOLD: [&str; 6] = [WAKES, PRICE_MATCH, GOOD_TILL, PEG[0], PEG[1], PEG[2]];

/// Whether what is told beside an order says that its trigger takes a profit.
pub(super) fn takes_profit(told: &Params) -> bool {
    let takes = Wakes::TakeProfit.value(Market::Spot);
    told.iter().any(|param| *param.name == *WAKES && param.value == takes)
}

/// What a leg has in common with one before it, which has taken it from the parameters already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Common {
    pub side: Option<Side>,
    pub size: Option<Size>,
}

/// The order of a request of one, and what it leaves beside itself.
pub(super) fn read(
    market: Market,
    names: &Names,
    fields: &mut Fields<'_>,
) -> Result<(Order, Params), ReadError> {
    let symbol = symbol(fields)?;
    leg(market, symbol, names, Common::default(), fields)
}

/// One order among several of a request.
pub(super) fn leg(
    market: Market,
    symbol: Symbol,
    names: &Names,
    common: Common,
    fields: &mut Fields<'_>,
) -> Result<(Order, Params), ReadError> {
    without_defaults(names, fields)?;
    let kind = Type::read(market, names, fields)?;
    let side = match common.side {
        Some(side) => side,
        None => side(names.side, fields)?,
    };
    let position_side = position_side(fields);
    let size = size(market, kind, names, common, fields)?;
    let mut told = Params::new();
    told.extend(kind.wakes.map(|wakes| param(WAKES, wakes.value(market))));
    let order = Order {
        market,
        symbol,
        side,
        kind: price(kind, names, fields, &mut told)?,
        size,
        time_in_force: time_in_force(market, kind, names, fields, &mut told)?,
        trigger: None,
        reduce_only: reduce_only(side, position_side, size, fields)?,
        position_side,
        client_id: fields.client_id(names.client_id),
        more: More {
            algo: names.algo,
            visible: positive(names.visible, fields)?,
            side_effect: side_effect(fields)?,
            ..More::default()
        },
    };
    Ok((waking(order, kind, names, fields)?, told))
}

/// A default may be spelled out where something else would change the order's meaning.
fn without_defaults(names: &Names, fields: &mut Fields<'_>) -> Result<(), ReadError> {
    const DEFAULTS: [(&str, &str); 2] = [("priceProtect", "false"), ("workingType", "CONTRACT_PRICE")];
    for (name, default) in DEFAULTS {
        // In a list, `workingType` is the type of an order.
        let judged = name != names.kind && fields.is_judged(name);
        if judged && fields.take(name).is_some_and(|value| !is_word(&value, default)) {
            return Err(meaning(format!("`{name}` cannot be judged in an order")));
        }
    }
    Ok(())
}

fn is_word(value: &Value, word: &str) -> bool {
    match value {
        Value::Text(text) => **text == *word,
        Value::Flag(flag) => flag.to_string() == word,
        Value::Number(_) | Value::Whole(_) | Value::List(_) => false,
    }
}

fn param(name: &str, value: Value) -> Param {
    Param { name: name.into(), value }
}

pub(super) fn side(name: &str, fields: &mut Fields<'_>) -> Result<Side, ReadError> {
    match fields.text(name).as_deref() {
        Some("BUY") => Ok(Side::Buy),
        Some("SELL") => Ok(Side::Sell),
        _ => Err(ReadError::Missing(name.into())),
    }
}

/// The price, or how the exchange is to find it; that stays among the parameters.
fn price(
    kind: Type,
    names: &Names,
    fields: &mut Fields<'_>,
    told: &mut Params,
) -> Result<OrderKind, ReadError> {
    let floats = floats(names, fields, told)?;
    let word = kind.word;
    match (kind.market, fields.number(names.price), floats) {
        (true, None, None) => Ok(OrderKind::Market),
        (true, Some(_), _) => {
            Err(meaning(format!("`{}` has no meaning in an order of type {word}", names.price)))
        }
        (true, None, Some(how)) => Err(meaning(format!("`{how}` has no meaning in an order of type {word}"))),
        (false, Some(price), None) => Ok(OrderKind::Limit { price: above_zero(names.price, price)? }),
        (false, None, Some(_)) => Ok(OrderKind::Floating { worst: None }),
        (false, Some(_), Some(how)) => {
            Err(meaning(format!("`{}` and `{how}` both say at what price: send one", names.price)))
        }
        (false, None, None) => Err(ReadError::Missing(names.price.into())),
    }
}

/// Which parameter has the exchange find the price, if one does.
fn floats(
    names: &Names,
    fields: &mut Fields<'_>,
    told: &mut Params,
) -> Result<Option<&'static str>, ReadError> {
    let matched = fields.take(PRICE_MATCH).filter(|value| !is_word(value, "NONE"));
    if let Some(value) = matched {
        told.push(param(PRICE_MATCH, value));
        return Ok(Some(PRICE_MATCH));
    }
    let mut pegged = None;
    for (name, kept) in names.peg.into_iter().zip(PEG) {
        match (fields.take(name), pegged) {
            (None, _) => {}
            (Some(_), None) if kept != PEG[0] => {
                return Err(meaning(format!("`{name}` has a meaning beside `{}` only", names.peg[0])));
            }
            (Some(value), _) => {
                told.push(param(kept, value));
                pegged = Some(names.peg[0]);
            }
        }
    }
    Ok(pegged)
}

fn size(
    market: Market,
    kind: Type,
    names: &Names,
    common: Common,
    fields: &mut Fields<'_>,
) -> Result<Size, ReadError> {
    let closes = fields.flag(CLOSE) == Some(true);
    if let Some(size) = common.size {
        return Ok(size);
    }
    let quantity = (fields.number(names.size), fields.number(names.quote));
    match quantity {
        (None, None) if closes => closing(kind),
        _ if closes => Err(meaning(format!("`{CLOSE}` says how much: send no `{}`", names.size))),
        (Some(quantity), None) if matches!(market, Market::Coinm | Market::Option) => {
            Ok(Size::Contracts(above_zero(names.size, quantity)?))
        }
        (Some(quantity), None) => Ok(Size::Base(above_zero(names.size, quantity)?)),
        (None, Some(quote)) if kind.market && kind.wakes.is_none() => {
            Ok(Size::Quote(above_zero(names.quote, quote)?))
        }
        (None, Some(_)) => Err(meaning(format!("`{}` has a meaning in market orders only", names.quote))),
        (Some(_), Some(_)) => {
            Err(meaning(format!("`{}` and `{}` both say how much: send one", names.size, names.quote)))
        }
        (None, None) => Err(ReadError::Missing(names.size.into())),
    }
}

fn closing(kind: Type) -> Result<Size, ReadError> {
    if kind.market && kind.wakes.is_some() {
        Ok(Size::Position)
    } else {
        Err(meaning(format!("`{CLOSE}` has no meaning in an order of type {}", kind.word)))
    }
}

fn above_zero(name: &str, number: Decimal) -> Result<Decimal, ReadError> {
    let zero = ReadError::Value { name: name.into(), why: "wanted a number above zero".into() };
    if number.is_zero() { Err(zero) } else { Ok(number) }
}

fn positive(name: &str, fields: &mut Fields<'_>) -> Result<Option<Decimal>, ReadError> {
    fields.number(name).map(|number| above_zero(name, number)).transpose()
}

fn time_in_force(
    market: Market,
    kind: Type,
    names: &Names,
    fields: &mut Fields<'_>,
    told: &mut Params,
) -> Result<TimeInForce, ReadError> {
    let until = fields.take(GOOD_TILL);
    let name = names.time_in_force;
    let word = fields.text(name);
    let found = match (kind.market || kind.post_only, word.as_deref()) {
        (true, Some(_)) => {
            return Err(meaning(format!("`{name}` has no meaning in an order of type {}", kind.word)));
        }
        (true, None) if kind.post_only => TimeInForce::PostOnly,
        (true, None) => TimeInForce::ImmediateOrCancel,
        (false, Some("GTC")) => TimeInForce::GoodTillCancelled,
        (false, Some("GTD")) if until.is_some() => TimeInForce::GoodTillCancelled,
        (false, Some("GTD")) => return Err(ReadError::Missing(GOOD_TILL.into())),
        (false, Some("IOC")) => TimeInForce::ImmediateOrCancel,
        (false, Some("FOK")) => TimeInForce::FillOrKill,
        (false, Some("GTX")) => TimeInForce::PostOnly,
        (false, Some(other)) => return Err(meaning(format!("{name} {other} cannot be judged"))),
        // The futures' own default, where they ask for none.
        (false, None) if kind.wakes.is_some() && is_futures(market) => TimeInForce::GoodTillCancelled,
        (false, None) => return Err(ReadError::Missing(name.into())),
    };
    match (until, word.as_deref()) {
        (Some(until), Some("GTD")) => told.push(param(GOOD_TILL, until)),
        (Some(_), _) => return Err(meaning(format!("`{GOOD_TILL}` has a meaning with {name} GTD only"))),
        (None, _) => {}
    }
    Ok(found)
}

const fn is_futures(market: Market) -> bool {
    match market {
        Market::Usdm | Market::Coinm => true,
        Market::Spot | Market::Margin | Market::Option => false,
    }
}

/// The same order with what wakes it: a price, or one that follows.
fn waking(order: Order, kind: Type, names: &Names, fields: &mut Fields<'_>) -> Result<Order, ReadError> {
    let trigger = positive(names.trigger, fields)?;
    let callback = positive(names.trail, fields)?;
    let from = if names.activation == names.trigger { None } else { positive(names.activation, fields)? };
    let word = kind.word;
    let stray = |name: &str| Err(meaning(format!("`{name}` has no meaning in an order of type {word}")));
    let follows = |callback, activation| {
        let callback = if is_futures(order.market) { Some(callback) } else { callback_of(callback) };
        let odd = || meaning(format!("`{}` is out of range", names.trail));
        callback.map(|callback| Trail { callback: Distance::Percent(callback), activation }).ok_or_else(odd)
    };
    let (trigger, trail) = match (kind.wakes, trigger, callback, from) {
        (None, None, Some(callback), from) if kind.trails => (None, Some(follows(callback, from)?)),
        (None, None, None, _) if kind.trails => return Err(ReadError::Missing(names.trail.into())),
        (None, None, None, None) => (None, None),
        (None, Some(_), _, _) => return stray(names.trigger),
        (Some(_), Some(trigger), None, None) => (Some(trigger), None),
        (Some(_), activation, Some(callback), None) if !is_futures(order.market) => {
            (None, Some(follows(callback, activation)?))
        }
        (Some(_), None, None, None) => return Err(ReadError::Missing(names.trigger.into())),
        (_, _, Some(_), _) => return stray(names.trail),
        (_, _, None, Some(_)) => return stray(names.activation),
    };
    Ok(Order { trigger, more: More { trail, ..order.more }, ..order })
}

/// Hundredths of a per cent in per cent.
fn callback_of(points: Decimal) -> Option<Decimal> {
    points.over(Decimal::from_u64(100))
}

fn position_side(fields: &mut Fields<'_>) -> PositionSide {
    match fields.text("positionSide").as_deref() {
        Some("LONG") => PositionSide::Long,
        Some("SHORT") => PositionSide::Short,
        _ => PositionSide::Net,
    }
}

/// An order that opens one side of a hedged account cannot be held to reducing: nobody may count on it.
fn reduce_only(
    side: Side,
    position: PositionSide,
    size: Size,
    fields: &mut Fields<'_>,
) -> Result<bool, ReadError> {
    let wished = fields.flag("reduceOnly") == Some(true);
    let closes = size == Size::Position;
    match (position, side) {
        (PositionSide::Long, Side::Buy) | (PositionSide::Short, Side::Sell) if wished || closes => {
            let word = if closes { CLOSE } else { "reduceOnly" };
            Err(meaning(format!("`{word}` contradicts `side` and `positionSide`, which open a position")))
        }
        (PositionSide::Net | PositionSide::Long | PositionSide::Short, Side::Buy | Side::Sell) => Ok(wished),
    }
}

fn side_effect(fields: &mut Fields<'_>) -> Result<Option<SideEffect>, ReadError> {
    match fields.text(SIDE_EFFECT).as_deref() {
        None | Some("NO_SIDE_EFFECT") => Ok(None),
        Some("MARGIN_BUY") => Ok(Some(SideEffect::Borrow)),
        Some("AUTO_REPAY") => Ok(Some(SideEffect::Repay)),
        Some("AUTO_BORROW_REPAY") => Ok(Some(SideEffect::BorrowAndRepay)),
        Some(other) => Err(meaning(format!("{SIDE_EFFECT} {other} cannot be judged"))),
    }
}

const fn side_effect_word(effect: SideEffect) -> &'static str {
    match effect {
        SideEffect::Borrow => "MARGIN_BUY",
        SideEffect::Repay => "AUTO_REPAY",
        SideEffect::BorrowAndRepay => "AUTO_BORROW_REPAY",
    }
}

/// An order in Binance's words; `rest` are the parameters that it left beside itself, among others.
pub(super) fn words(order: &Order, names: &Names, rest: &Params) -> Result<Words, PrintError> {
    let mut words: Words = vec![("symbol", order.symbol.to_string())];
    words.extend(leg_words(order, names, rest)?);
    Ok(words)
}

/// The same without its symbol.
pub(super) fn leg_words(order: &Order, names: &Names, rest: &Params) -> Result<Words, PrintError> {
    let told = |name: &str| rest.iter().find(|param| *param.name == *name).map(|param| &param.value);
    printable(order, names)?;
    let mut words: Words = vec![(names.side, side_word(order.side).to_owned())];
    words.extend(kind::word(order, names, told(WAKES))?.map(|word| (names.kind, word.to_owned())));
    words.extend(size_word(order, names)?);
    let until = told(GOOD_TILL);
    words
        .extend(time_word(order, names, until.is_some())?.map(|word| (names.time_in_force, word.to_owned())));
    words.extend(until.map(|until| (GOOD_TILL, text_of(until))));
    words.extend(price_words(order, names, told)?);
    words.extend(trigger_words(order, names)?);
    words.extend(order.more.visible.map(|visible| (names.visible, visible.to_string())));
    words.extend(order.more.side_effect.map(|effect| (SIDE_EFFECT, side_effect_word(effect).to_owned())));
    words.extend(order.reduce_only.then(|| ("reduceOnly", "true".to_owned())));
    words.extend(position_word(order.position_side).map(|word| ("positionSide", word.to_owned())));
    words.extend(order.client_id.as_ref().map(|id| (names.client_id, id.to_string())));
    Ok(words)
}

pub(super) fn refuse(what: &str, why: &str) -> PrintError {
    PrintError { what: what.into(), why: why.into() }
}

/// Refuses what Binance has no word for.
fn printable(order: &Order, names: &Names) -> Result<(), PrintError> {
    let More { algo, trigger_by, or, trail: _, visible: _, slices, chase, exits, side_effect: _ } =
        &order.more;
    if *algo != names.algo {
        return Err(refuse("the order", "this endpoint keeps it among other orders"));
    }
    if trigger_by.is_some() || or.is_some() || slices.is_some() || chase.is_some() || !exits.is_empty() {
        return Err(refuse("the order", "Binance has no word for all of it"));
    }
    Ok(())
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::List(items) => items.join(","),
    }
}

fn price_words<'v>(
    order: &Order,
    names: &Names,
    told: impl Fn(&str) -> Option<&'v Value>,
) -> Result<Words, PrintError> {
    let how = [PRICE_MATCH].into_iter().zip([PRICE_MATCH]).chain(names.peg.into_iter().zip(PEG));
    let mut found: Words =
        how.filter_map(|(name, kept)| told(kept).map(|value| (name, text_of(value)))).collect();
    match (order.kind, found.is_empty()) {
        (OrderKind::Limit { price }, true) => found.push((names.price, price.to_string())),
        (OrderKind::Market, true) | (OrderKind::Floating { worst: None }, false) => {}
        (OrderKind::Limit { .. } | OrderKind::Market | OrderKind::Floating { .. }, _) => {
            return Err(refuse("the price", "it does not fit its parameters"));
        }
    }
    Ok(found)
}

fn trigger_words(order: &Order, names: &Names) -> Result<Words, PrintError> {
    let mut found: Words =
        order.trigger.map(|price| (names.trigger, price.to_string())).into_iter().collect();
    if let Some(Trail { callback, activation }) = order.more.trail {
        let Distance::Percent(percent) = callback else {
            return Err(refuse("the distance", "Binance takes it in per cent"));
        };
        let points = percent.times(Decimal::from_u64(100));
        let callback = if is_futures(order.market) { Some(percent) } else { points };
        let callback = callback.ok_or_else(|| refuse("the distance", "it is out of range"))?;
        found.push((names.trail, callback.to_string()));
        found.extend(activation.map(|price| (names.activation, price.to_string())));
    }
    Ok(found)
}

fn time_word(order: &Order, names: &Names, until: bool) -> Result<Option<&'static str>, PrintError> {
    match (order.time_in_force, order.kind, until) {
        (_, OrderKind::Market, false) => Ok(None),
        (TimeInForce::GoodTillCancelled, _, true) => Ok(Some("GTD")),
        (_, _, true) => Err(refuse("the time in force", "it does not fit its parameters")),
        (TimeInForce::GoodTillCancelled, _, false) => Ok(Some("GTC")),
        (TimeInForce::ImmediateOrCancel, _, false) => Ok(Some("IOC")),
        (TimeInForce::FillOrKill, _, false) => Ok(Some("FOK")),
        (TimeInForce::PostOnly, _, false) => Ok((!kind::has_maker(order.market)).then_some("GTX")),
    }
    .map(|word| word.filter(|_| !names.time_in_force.is_empty()))
}

pub(super) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

const fn position_word(side: PositionSide) -> Option<&'static str> {
    match side {
        PositionSide::Net => None,
        PositionSide::Long => Some("LONG"),
        PositionSide::Short => Some("SHORT"),
    }
}

fn size_word(order: &Order, names: &Names) -> Result<Option<(&'static str, String)>, PrintError> {
    if names.size.is_empty() {
        return Ok(None);
    }
    match (order.size, order.market, order.kind) {
        (Size::Base(size), Market::Spot | Market::Margin | Market::Usdm, _) => {
            Ok(Some((names.size, size.to_string())))
        }
        (Size::Contracts(size), Market::Coinm | Market::Option, _) => {
            Ok(Some((names.size, size.to_string())))
        }
        (Size::Quote(size), Market::Spot | Market::Margin, OrderKind::Market) if !names.quote.is_empty() => {
            Ok(Some((names.quote, size.to_string())))
        }
        (Size::Position, Market::Usdm | Market::Coinm, OrderKind::Market) => {
            Ok(Some((CLOSE, "true".to_owned())))
        }
        _ => Err(refuse("the size", "its unit does not fit the market")),
    }
}

/// `clv-` and the letters and digits of the intent's id, cut to Binance's 36 characters.
pub(super) fn client_id(intent_id: &str) -> ClientOrderId {
    let id: String = intent_id.chars().filter(|c| c.is_ascii_alphanumeric()).take(32).collect();
    format!("clv-{id}").parse().unwrap_or_else(|_| unnamed())
}
