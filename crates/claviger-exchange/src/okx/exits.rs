//! What closes an order again (`attachAlgoOrds`): take profit and stop loss that wait until the order has filled; and
//! the triggers and prices that algo orders share with them.

use claviger_core::{ClientOrderId, Decimal, Distance, Exit, Param, Params, Trail, TriggerBy, Value, Wake};

use super::fields::alphanumeric;
use super::order::{cannot, positive};
use crate::fields::meaning;
use crate::json::{self, Bounds, Json, quote};
use crate::{PrintError, ReadError};

/// The parameter that holds them.
pub(super) const EXITS: &str = "attachAlgoOrds";
/// How a price says that there is none: whatever the book gives.
pub(super) const AT_MARKET: &str = "-1";
/// Says that a take profit rests in the book from the start, whatever its trigger.
pub(super) const RESTS: &str = "limit";

/// What stands before the names of an item where an amendment changes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// `tpTriggerPx`
    Plain,
    /// `newTpTriggerPx`
    New,
}

impl Names {
    fn of(self, name: &str) -> String {
        match self {
            Self::Plain => name.to_owned(),
            Self::New => {
                let (first, rest) = name.split_at_checked(1).unwrap_or_default();
                format!("new{}{rest}", first.to_ascii_uppercase())
            }
        }
    }

    /// Names of an item that say nothing that is judged.
    const fn harmless(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["amendPxOnTriggerType"],
            Self::New => &["attachAlgoId", "amendPxOnTriggerType"],
        }
    }
}

/// Reads the canonical text of the parameter.
///
/// # Errors
/// Where an item is no exit that can be held whole.
pub(super) fn read(text: &str, names: Names) -> Result<Vec<Exit>, ReadError> {
    let json = json::parse(text.as_bytes(), Bounds::SMALL).map_err(|_| ReadError::Encoding("body"))?;
    let exits: Result<Vec<Exit>, ReadError> =
        json.items().unwrap_or_default().iter().map(|item| exit(item, names)).collect();
    let exits = exits?;
    match names {
        Names::Plain => sizes_count(&exits)?,
        Names::New => kinds_told(&exits)?,
    }
    Ok(exits)
}

/// The exchange looks at `sz` in take profits that are split, and nowhere else: an exit closes all of the order.
fn sizes_count(exits: &[Exit]) -> Result<(), ReadError> {
    let sized = || exits.iter().filter(|exit| exit.size.is_some());
    if sized().count() == 1 || sized().any(|exit| exit.stop_loss.is_some()) {
        return Err(meaning("`sz` in `attachAlgoOrds` is for take profits that are split, each by itself"));
    }
    Ok(())
}

/// Whether the take profit that is amended waits or rests is not known here, and its price counts from the start where it
/// rests.
fn kinds_told(exits: &[Exit]) -> Result<(), ReadError> {
    if exits.iter().any(|exit| exit.size.is_some()) {
        return Err(meaning(
            "`sz` of what is attached cannot be changed: cancel the order and place another",
        ));
    }
    let mut profits = exits.iter().filter_map(|exit| exit.take_profit.as_ref());
    if profits.any(|profit| profit.trigger.is_some() && profit.price.is_some()) {
        return Err(meaning("a new take profit with a price is read with `newTpOrdKind` = `limit` only"));
    }
    Ok(())
}

fn exit(item: &Json<'_>, names: Names) -> Result<Exit, ReadError> {
    let text = |name: &str| item.get(name).and_then(Json::text);
    let renamed = |name: &str| text(&names.of(name));
    let end = |which: Which| {
        let part = |rest: &str| renamed(&format!("{}{rest}", which.word()));
        let kind = if which == Which::TakeProfit { part("OrdKind") } else { None };
        wake(which, part("TriggerPx"), part("OrdPx"), part("TriggerPxType"), kind)
    };
    let (take_profit, stop_loss) = (end(Which::TakeProfit)?, end(Which::StopLoss)?);
    let trail = trail(
        renamed("callbackRatio").map(|n| decimal("callbackRatio", n)).transpose()?,
        renamed("callbackSpread").map(|n| decimal("callbackSpread", n)).transpose()?,
        renamed("activePx").map(|n| decimal("activePx", n)).transpose()?,
    )?;
    let stop_loss = match (stop_loss, trail) {
        (Some(_), Some(_)) => return Err(meaning("an attached order has a stop loss and a callback")),
        (stop, None) => stop,
        (None, trail) => Some(Wake { trail, ..Wake::default() }),
    };
    if take_profit.is_none() && stop_loss.is_none() {
        return Err(meaning("an attached order needs a take profit or a stop loss"));
    }
    let param = |name: &str, text: &str| Param { name: name.into(), value: Value::Text(text.into()) };
    let mut params: Params =
        names.harmless().iter().filter_map(|name| text(name).map(|text| param(name, text))).collect();
    let kind = names.of("tpOrdKind");
    params.extend(text(&kind).filter(|text| *text == RESTS).map(|text| param(&kind, text)));
    Ok(Exit {
        size: text("sz").map(|n| positive("sz", decimal("sz", n)?)).transpose()?,
        take_profit,
        stop_loss,
        client_id: text("attachAlgoClOrdId").map(client_id).transpose()?,
        params,
    })
}

/// On which side of the price an end waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// `tp…`
    TakeProfit,
    /// `sl…`
    StopLoss,
}

impl Which {
    /// How its names begin.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::TakeProfit => "tp",
            Self::StopLoss => "sl",
        }
    }
}

/// Trigger and price of one end; `None` where it says nothing. What waits has both. A take profit that rests in the book
/// from the start (`kind`) needs a price; clients send a trigger besides, which the exchange does not ask for: it is left
/// out, so that nobody measures the price from it.
///
/// # Errors
/// Where one is there without the other.
pub(super) fn wake(
    which: Which,
    trigger: Option<&str>,
    order: Option<&str>,
    by: Option<&str>,
    kind: Option<&str>,
) -> Result<Option<Wake>, ReadError> {
    let word = which.word();
    let by = by.map(trigger_by).transpose()?;
    let rests = kind == Some(RESTS);
    let trigger_name = format!("{word}TriggerPx");
    let trigger = trigger.map(|n| positive(&trigger_name, decimal(&trigger_name, n)?)).transpose()?;
    match (trigger, order.map(|order| at_price(&format!("{word}OrdPx"), order)).transpose()?) {
        (None, None) if by.is_none() && !rests => Ok(None),
        (Some(_), Some(price)) if !rests => Ok(Some(Wake { trigger, price, by, trail: None })),
        (_, Some(price @ Some(_))) if rests => Ok(Some(Wake { price, ..Wake::default() })),
        _ => Err(meaning(format!("`{word}TriggerPx` and `{word}OrdPx` belong together"))),
    }
}

/// A trigger that follows the price: at a part of it, or at an amount.
///
/// # Errors
/// Where there are both, or neither with an activation.
pub(super) fn trail(
    ratio: Option<Decimal>,
    spread: Option<Decimal>,
    activation: Option<Decimal>,
) -> Result<Option<Trail>, ReadError> {
    let callback = match (ratio, spread) {
        (None, None) if activation.is_none() => return Ok(None),
        (Some(ratio), None) => percent("callbackRatio", positive("callbackRatio", ratio)?)?,
        (None, Some(spread)) => Distance::Amount(positive("callbackSpread", spread)?),
        _ => {
            return Err(meaning(
                "what follows the price needs `callbackRatio` or `callbackSpread`, not both",
            ));
        }
    };
    let activation = activation.map(|n| positive("activePx", n)).transpose()?;
    Ok(Some(Trail { callback, activation }))
}

/// A part as the exchange writes it (0.05) in parts of a hundred (5).
///
/// # Errors
/// Where that has too many digits.
pub(super) fn percent(name: &str, ratio: Decimal) -> Result<Distance, ReadError> {
    let percent = ratio.times(Decimal::from_u64(100)).filter(|n| n.is_plain());
    percent.map(Distance::Percent).ok_or_else(|| meaning(format!("`{name}` has too many digits")))
}

/// The same on the way out.
pub(super) fn ratio(percent: Decimal) -> Result<String, PrintError> {
    let ratio = percent.over(Decimal::from_u64(100)).filter(|n| n.is_plain());
    ratio.map(|n| n.to_string()).ok_or_else(|| cannot("callbackRatio", "has too many digits"))
}

/// A price, or none where whatever the book gives will do.
///
/// # Errors
/// Where it is neither.
pub(super) fn at_price(name: &str, text: &str) -> Result<Option<Decimal>, ReadError> {
    if text == AT_MARKET { Ok(None) } else { positive(name, decimal(name, text)?).map(Some) }
}

fn decimal(name: &str, text: &str) -> Result<Decimal, ReadError> {
    text.parse().map_err(|_| ReadError::Value {
        name: name.into(),
        why: "wanted a plain decimal number of at most 15 significant digits, or -1 for the market".into(),
    })
}

/// Whose price wakes an order.
///
/// # Errors
/// For a word that is none of the three.
pub(super) fn trigger_by(text: &str) -> Result<TriggerBy, ReadError> {
    match text {
        "last" => Ok(TriggerBy::Last),
        "mark" => Ok(TriggerBy::Mark),
        "index" => Ok(TriggerBy::Index),
        _ => Err(meaning("a trigger is met by `last`, `mark` or `index`")),
    }
}

pub(super) const fn by_word(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Last => "last",
        TriggerBy::Mark => "mark",
        TriggerBy::Index => "index",
    }
}

pub(super) fn price_word(price: Option<Decimal>) -> String {
    price.map_or_else(|| AT_MARKET.to_owned(), |price| price.to_string())
}

fn client_id(text: &str) -> Result<ClientOrderId, ReadError> {
    alphanumeric("attachAlgoClOrdId", text, 32)?;
    text.parse().map_err(|_| ReadError::Encoding("body"))
}

/// Writes exits as the exchange takes them.
///
/// # Errors
/// Where one has what the exchange has no words for.
pub(super) fn word(exits: &[Exit], names: Names) -> Result<String, PrintError> {
    let items: Result<Vec<String>, PrintError> = exits.iter().map(|exit| item(exit, names)).collect();
    Ok(format!("[{}]", items?.join(",")))
}

fn item(exit: &Exit, names: Names) -> Result<String, PrintError> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    pairs.extend(exit.client_id.as_ref().map(|id| ("attachAlgoClOrdId".to_owned(), id.to_string())));
    pairs.extend(exit.size.map(|size| ("sz".to_owned(), size.to_string())));
    let kind = names.of("tpOrdKind");
    let rests = exit.params.iter().any(|param| *param.name == *kind);
    for (which, wake) in [(Which::TakeProfit, &exit.take_profit), (Which::StopLoss, &exit.stop_loss)] {
        let Some(wake) = wake else { continue };
        let found = match &wake.trail {
            Some(trail) if *wake == (Wake { trail: Some(*trail), ..Wake::default() }) => trail_words(trail)?,
            Some(_) => return Err(cannot(EXITS, "follows the price and has a trigger")),
            None => wake_words(which, wake, rests)?,
        };
        pairs.extend(found.into_iter().map(|(name, text)| (names.of(&name), text)));
    }
    for Param { name, value } in &exit.params {
        let Value::Text(text) = value else { return Err(cannot(EXITS, "holds what is no text")) };
        if !names.harmless().contains(&&**name) && (**name != *kind || **text != *RESTS) {
            return Err(cannot(EXITS, "holds what it may not"));
        }
        pairs.push((name.to_string(), text.to_string()));
    }
    let entries: Vec<String> =
        pairs.iter().map(|(n, text)| format!("{}:{}", quote(n), quote(text))).collect();
    Ok(format!("{{{}}}", entries.join(",")))
}

/// The words of one end, by the names that a new order has.
///
/// # Errors
/// Where it has no trigger and does not rest in the book from the start.
pub(super) fn wake_words(
    which: Which,
    wake: &Wake,
    rests: bool,
) -> Result<Vec<(String, String)>, PrintError> {
    let word = which.word();
    let resting = rests && which == Which::TakeProfit;
    if if resting { wake.price.is_none() } else { wake.trigger.is_none() } {
        return Err(cannot(EXITS, "has neither trigger nor price"));
    }
    let mut words = Vec::new();
    words.extend(wake.trigger.map(|trigger| (format!("{word}TriggerPx"), trigger.to_string())));
    words.push((format!("{word}OrdPx"), price_word(wake.price)));
    words.extend(wake.by.map(|by| (format!("{word}TriggerPxType"), by_word(by).to_owned())));
    Ok(words)
}

/// The words of a trigger that follows the price.
///
/// # Errors
/// Where its part has too many digits.
pub(super) fn trail_words(trail: &Trail) -> Result<Vec<(String, String)>, PrintError> {
    let mut words = vec![match trail.callback {
        Distance::Percent(percent) => ("callbackRatio".to_owned(), ratio(percent)?),
        Distance::Amount(amount) => ("callbackSpread".to_owned(), amount.to_string()),
    }];
    words.extend(trail.activation.map(|n| ("activePx".to_owned(), n.to_string())));
    Ok(words)
}
