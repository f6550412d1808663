//! One algo order, read from a body and written as one: what waits for a price, follows it, or is sent in pieces.
//!
//! The exchange's word for the kind (`ordType`) stays among the parameters only where the price floats; of the others
//! the order itself tells which it is, and a lone take profit or stop loss by the parameter with its trigger's price.

use claviger_core::{
    Decimal, Distance, Market, More, Order, OrderKind, Params, PositionSide, Side, Size, Slices, TimeInForce,
    Value, Wake,
};

use super::exits::{self, RESTS, Which, at_price, by_word, percent, price_word, trigger_by, wake};
use super::fields::{LISTS, peek};
use super::order::{self, KIND, cannot, missing, positive};
use crate::fields::{Fields, Words, meaning};
use crate::{PrintError, ReadError};

mod write;

pub(super) use write::words;

/// Parameters that say which price wakes an end; one of them stays with an order that has this end alone.
const BY: [(Which, &str); 2] = [(Which::TakeProfit, "tpTriggerPxType"), (Which::StopLoss, "slTriggerPxType")];
/// Says whether a take profit rests in the book from the start.
const REST: &str = "tpOrdKind";
/// What stays among the parameters and belongs to some kinds only.
const OF_SOME: [(&str, &[&str]); 7] = [
    (REST, &["oco"]),
    ("szLimit", &["smart_iceberg"]),
    ("lmtOrderNumber", &["smart_iceberg"]),
    ("aggressiveness", &["smart_iceberg"]),
    ("chaseType", &["chase"]),
    ("chaseVal", &["chase"]),
    ("cxlOnClosePos", &["conditional", "oco"]),
];

/// Kinds for which the exchange documents `reduceOnly` ("Algo Trading", place algo order, of June 2026). Of others nobody
/// knows whether it is honoured, and exits are free of budgets.
const CLOSING: [&str; 4] = ["conditional", "oco", "move_order_stop", "chase"];

/// What a kind says of an order.
struct Shape {
    kind: OrderKind,
    time_in_force: TimeInForce,
    trigger: Option<Decimal>,
    more: More,
}

impl Shape {
    fn new(kind: OrderKind) -> Self {
        let time_in_force = match kind {
            OrderKind::Market => TimeInForce::ImmediateOrCancel,
            OrderKind::Limit { .. } | OrderKind::Floating { .. } => TimeInForce::GoodTillCancelled,
        };
        Self { kind, time_in_force, trigger: None, more: More { algo: true, ..More::default() } }
    }
}

/// Reads the order of a request; its trade mode stays among the parameters.
///
/// # Errors
/// Whatever the order could not hold whole.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<Order, ReadError> {
    let word = fields.text(KIND).ok_or_else(|| missing(KIND))?;
    let (symbol, market) = order::place(fields)?;
    if market == Market::Option {
        return Err(meaning("algo orders are for pairs and contracts only"));
    }
    let side = order::side(fields)?;
    let mut shape = shape(fields, &word, market)?;
    fits_kind(fields, &word)?;
    let size = size(fields, market, side, &word, &shape)?;
    let position_side = order::position_side(fields, market)?;
    let reduce_only = order::reduce_only(fields, market, side, position_side)?;
    if reduce_only && position_side == PositionSide::Net && !CLOSING.contains(&&*word) {
        return Err(meaning(format!("the exchange documents no `reduceOnly` for `ordType` = `{word}`")));
    }
    shape.more.side_effect = order::side_effect(fields, market)?;
    if let Some(id) = peek(fields, "clOrdId")? {
        super::fields::alphanumeric("clOrdId", &id, 32)?;
    }
    let order = Order {
        market,
        symbol,
        side,
        kind: shape.kind,
        size,
        time_in_force: shape.time_in_force,
        trigger: shape.trigger,
        reduce_only,
        position_side,
        client_id: order::client_id_of(fields, "algoClOrdId")?,
        more: shape.more,
    };
    if order.size == Size::Position && !closes(&order) {
        return Err(meaning("`closeFraction` needs `reduceOnly`, or a `posSide` that `side` closes"));
    }
    order::closing_what_it_opens(order)
}

/// Whether flag or position side say that it closes.
fn closes(order: &Order) -> bool {
    Order { size: Size::Contracts(Decimal::ONE), ..order.clone() }.is_exit()
}

fn shape(fields: &mut Fields<'_>, word: &str, market: Market) -> Result<Shape, ReadError> {
    match word {
        "conditional" => conditional(fields),
        "oco" => one_of_two(fields),
        "trigger" => trigger(fields),
        "move_order_stop" => trailing(fields),
        "twap" | "iceberg" => sliced(fields, word),
        "smart_iceberg" => smart(fields),
        "chase" => chase(fields, market),
        _ => Err(meaning(format!("`ordType` = `{word}` is not read"))),
    }
}

/// Take profit or stop loss, in one reading.
fn end(fields: &mut Fields<'_>, which: Which, rest: Option<&str>) -> Result<Option<Wake>, ReadError> {
    let [trigger, order, by] =
        ["TriggerPx", "OrdPx", "TriggerPxType"].map(|part| format!("{}{part}", which.word()));
    let trigger = fields.number(&trigger).map(|n| n.to_string());
    let (order, by) = (fields.text(&order), fields.text(&by));
    wake(which, trigger.as_deref(), order.as_deref(), by.as_deref(), rest)
}

fn kind_at(price: Option<Decimal>) -> OrderKind {
    price.map_or(OrderKind::Market, |price| OrderKind::Limit { price })
}

/// One end alone: the order itself. Which end stays among the parameters, with the price that wakes it.
fn conditional(fields: &mut Fields<'_>) -> Result<Shape, ReadError> {
    if fields.text(REST).as_deref() == Some(RESTS) {
        return Err(meaning("a take profit that rests from the start is a limit order: send one"));
    }
    let (profit, loss) = (end(fields, Which::TakeProfit, None)?, end(fields, Which::StopLoss, None)?);
    let (which, wake) = match (profit, loss) {
        (Some(wake), None) => (Which::TakeProfit, wake),
        (None, Some(wake)) => (Which::StopLoss, wake),
        (Some(_), Some(_)) => {
            return Err(meaning("the exchange would leave out the take profit: send `ordType` = `oco`"));
        }
        (None, None) => return Err(missing("slTriggerPx")),
    };
    let by = wake.by.map_or("last", by_word);
    let name = BY.iter().find(|(end, _)| *end == which).map(|(_, name)| *name).unwrap_or_default();
    fields.put(name, by, LISTS)?;
    let mut shape = Shape::new(kind_at(wake.price));
    shape.trigger = wake.trigger;
    shape.more.trigger_by = Some(trigger_by(by)?);
    Ok(shape)
}

/// The stop loss is the order, the take profit its second trigger.
fn one_of_two(fields: &mut Fields<'_>) -> Result<Shape, ReadError> {
    let rest = fields.text(REST).filter(|rest| **rest == *RESTS);
    let profit = end(fields, Which::TakeProfit, rest.as_deref())?.ok_or_else(|| missing("tpTriggerPx"))?;
    let loss = end(fields, Which::StopLoss, None)?.ok_or_else(|| missing("slTriggerPx"))?;
    if let Some(rest) = rest {
        fields.put(REST, &rest, LISTS)?;
    }
    let mut shape = Shape::new(kind_at(loss.price));
    shape.trigger = loss.trigger;
    shape.more.trigger_by = loss.by;
    shape.more.or = Some(profit);
    Ok(shape)
}

fn trigger(fields: &mut Fields<'_>) -> Result<Shape, ReadError> {
    let trigger = fields.number("triggerPx").ok_or_else(|| missing("triggerPx"))?;
    let price = fields.text("orderPx").ok_or_else(|| missing("orderPx"))?;
    let mut shape = Shape::new(kind_at(at_price("orderPx", &price)?));
    shape.trigger = Some(positive("triggerPx", trigger)?);
    shape.more.trigger_by = fields.text("triggerPxType").map(|by| trigger_by(&by)).transpose()?;
    match (fields.text("advanceOrdType").as_deref(), shape.kind) {
        (None, _) => {}
        (Some("fok"), OrderKind::Limit { .. }) => shape.time_in_force = TimeInForce::FillOrKill,
        (Some("ioc"), OrderKind::Limit { .. }) => shape.time_in_force = TimeInForce::ImmediateOrCancel,
        (Some(_), _) => return Err(meaning("`advanceOrdType` needs a price in `orderPx`")),
    }
    shape.more.exits = order::exits_of(fields)?;
    Ok(shape)
}

fn trailing(fields: &mut Fields<'_>) -> Result<Shape, ReadError> {
    let mut number = |name| fields.number(name);
    let trail = exits::trail(number("callbackRatio"), number("callbackSpread"), number("activePx"))?;
    let mut shape = Shape::new(OrderKind::Market);
    shape.more.trail = Some(trail.ok_or_else(|| missing("callbackRatio"))?);
    Ok(shape)
}

/// Pieces at a distance from the best price, no worse than a limit; a TWAP sends one at a time.
fn sliced(fields: &mut Fields<'_>, word: &str) -> Result<Shape, ReadError> {
    let size = fields.number("szLimit").ok_or_else(|| missing("szLimit"))?;
    let worst = fields.number("pxLimit").ok_or_else(|| missing("pxLimit"))?;
    let offset = match (fields.number("pxVar"), fields.number("pxSpread")) {
        (None, None) => None,
        (Some(part), None) => Some(percent("pxVar", part)?),
        (None, Some(amount)) => Some(Distance::Amount(amount)),
        (Some(_), Some(_)) => return Err(meaning("`pxVar` and `pxSpread` contradict each other: send one")),
    };
    let every_s = match (word, fields.number("timeInterval").map(|n| n.to_string().parse().ok())) {
        ("twap", Some(Some(seconds))) => Some(seconds),
        ("twap", _) => return Err(missing("timeInterval")),
        (_, None) => None,
        (_, Some(_)) => return Err(meaning("`timeInterval` is for `twap` only")),
    };
    without_price(fields, Some(worst))?;
    let mut shape = floating(fields, word, Some(positive("pxLimit", worst)?))?;
    shape.more.slices = Some(Slices { size: positive("szLimit", size)?, offset, every_s });
    Ok(shape)
}

/// The exchange chooses the pieces; what it is told of them stays among the parameters.
fn smart(fields: &mut Fields<'_>) -> Result<Shape, ReadError> {
    let worst = fields.number("pxLimit").map(|n| positive("pxLimit", n)).transpose()?;
    without_price(fields, worst)?;
    floating(fields, "smart_iceberg", worst)
}

/// ccxt sends `px` along, which the exchange leaves out: it must be the worst price, and is dropped.
fn without_price(fields: &mut Fields<'_>, worst: Option<Decimal>) -> Result<(), ReadError> {
    match fields.number("px") {
        Some(price) if Some(price) != worst => Err(meaning("`px` says something else than `pxLimit`")),
        Some(_) | None => Ok(()),
    }
}

/// A maker's order that follows the best price, without end where it is not told how far.
fn chase(fields: &mut Fields<'_>, market: Market) -> Result<Shape, ReadError> {
    if !matches!(market, Market::Usdm | Market::Coinm) {
        return Err(meaning("`chase` is for contracts only"));
    }
    let most = match (fields.text("maxChaseType").as_deref(), fields.number("maxChaseVal")) {
        (None, None) => None,
        (Some("distance"), Some(amount)) => Some(Distance::Amount(amount)),
        (Some("ratio"), Some(part)) => Some(percent("maxChaseVal", part)?),
        _ => return Err(meaning("`maxChaseType` and `maxChaseVal` belong together")),
    };
    let mut shape = floating(fields, "chase", None)?;
    shape.time_in_force = TimeInForce::PostOnly;
    shape.more.chase = most;
    Ok(shape)
}

fn floating(fields: &mut Fields<'_>, word: &str, worst: Option<Decimal>) -> Result<Shape, ReadError> {
    fields.put(KIND, word, LISTS)?;
    Ok(Shape::new(OrderKind::Floating { worst }))
}

/// What stays among the parameters must belong to the kind: nobody may count on what the exchange leaves out.
fn fits_kind(fields: &Fields<'_>, word: &str) -> Result<(), ReadError> {
    let stray = OF_SOME.iter().find(|(name, kinds)| fields.has(name) && !kinds.contains(&word));
    let stray = stray.map(|(name, _)| *name);
    let stray = stray.or_else(|| {
        let ends = BY.iter().filter(|(_, name)| fields.has(name) && word != "conditional");
        ends.map(|(_, name)| *name).next()
    });
    match stray {
        Some(name) => Err(meaning(format!("`{name}` has no meaning for `ordType` = `{word}`"))),
        None => Ok(()),
    }
}

/// What `sz` counts is documented for contracts, for what is sold, for what has a price, and for a conditional buy.
fn size(
    fields: &mut Fields<'_>,
    market: Market,
    side: Side,
    word: &str,
    shape: &Shape,
) -> Result<Size, ReadError> {
    if fields.text("closeFraction").is_some() {
        return whole_position(fields, market, word, shape);
    }
    let amount = positive("sz", fields.number("sz").ok_or_else(|| missing("sz"))?)?;
    let unit = fields.text("tgtCcy");
    let at_market =
        shape.kind == OrderKind::Market || shape.more.or.as_ref().is_some_and(|or| or.price.is_none());
    let floats = matches!(shape.kind, OrderKind::Floating { .. });
    match (market, side, unit.as_deref()) {
        (Market::Usdm | Market::Coinm | Market::Option, _, None) => Ok(Size::Contracts(amount)),
        (Market::Spot, Side::Sell, None | Some("base_ccy")) => Ok(Size::Base(amount)),
        (Market::Spot, Side::Buy, None | Some("base_ccy")) if !at_market && !floats => Ok(Size::Base(amount)),
        (Market::Spot, Side::Buy, unit) if word == "conditional" && at_market => match unit {
            Some("base_ccy") => Ok(Size::Base(amount)),
            _ => Ok(Size::Quote(amount)),
        },
        (Market::Margin, Side::Sell, None) => Ok(Size::Base(amount)),
        (Market::Margin, Side::Buy, None) if !at_market && !floats => Ok(Size::Base(amount)),
        (Market::Margin, Side::Buy, None) if word == "conditional" => Ok(Size::Quote(amount)),
        (_, _, None | Some("base_ccy")) => {
            Err(meaning(format!("what `sz` of a `{word}` buy without a price counts is not certain")))
        }
        (_, _, Some(unit)) => Err(meaning(format!("`tgtCcy` = `{unit}` does not fit this order"))),
    }
}

/// `closeFraction` = 1: contracts only, at the market only.
fn whole_position(
    fields: &mut Fields<'_>,
    market: Market,
    word: &str,
    shape: &Shape,
) -> Result<Size, ReadError> {
    let derivative = matches!(market, Market::Usdm | Market::Coinm);
    let at_market =
        shape.kind == OrderKind::Market && shape.more.or.as_ref().is_none_or(|or| or.price.is_none());
    if fields.has("sz") || fields.has("tgtCcy") {
        return Err(meaning("`closeFraction` stands in place of `sz`"));
    }
    if derivative && at_market && matches!(word, "conditional" | "oco") {
        Ok(Size::Position)
    } else {
        Err(meaning("`closeFraction` is for contracts, with `conditional` or `oco`, at the market"))
    }
}

fn text_of<'p>(params: &'p Params, name: &str) -> Option<&'p str> {
    let param = params.iter().find(|param| *param.name == *name)?;
    if let Value::Text(text) = &param.value { Some(text) } else { None }
}

/// Which end the parameters say that the order is.
fn lone_end(params: &Params) -> Option<(Which, &str)> {
    BY.iter().find_map(|(which, name)| Some((*which, text_of(params, name)?)))
}

fn words_of(words: Vec<(String, String)>, names: &[&'static str]) -> Result<Words, PrintError> {
    let known = |(name, text): (String, String)| {
        let known = names.iter().find(|known| **known == name);
        known.map(|known| (*known, text)).ok_or_else(|| cannot(&name, "is no parameter of the order"))
    };
    words.into_iter().map(known).collect()
}

/// A distance as the exchange writes it: its kind, and the number.
fn distance_words(distance: &Distance) -> Result<(&'static str, String), PrintError> {
    match distance {
        Distance::Percent(percent) => Ok(("ratio", exits::ratio(*percent)?)),
        Distance::Amount(amount) => Ok(("distance", amount.to_string())),
    }
}

fn price_of(order: &Order) -> Result<String, PrintError> {
    match order.kind {
        OrderKind::Limit { price } => Ok(price.to_string()),
        OrderKind::Market => Ok(price_word(None)),
        OrderKind::Floating { .. } => Err(cannot(KIND, "such an order has a price of its own")),
    }
}
