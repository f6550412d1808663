//! Whether the parts of an order make sense together, and wake near enough to the market.

use crate::limits::Percent;
use crate::value::Terms;
use crate::{
    Decimal, Denial, Distance, End, Exit, Market, Order, OrderKind, Side, Size, Symbol, Trail, Wake,
};

/// One order can have so many exits attached.
const EXITS: usize = 20;

/// An order, or what an amendment makes of one: every price is one, every trigger and every distance within `far` of the
/// reference, every part no larger than the whole, and what could open has a worst price wherever it goes to the book.
///
/// # Errors
/// If one of these is not so, or a price that wakes it cannot be compared because there is no reference.
pub fn fits(order: &Order, terms: &Terms<'_>, far: Percent) -> Result<(), Denial> {
    let measure = &Measure { terms, far };
    if order.market == Market::Option && !is_simple(order) {
        return Err(unmeasured("an option's order has a price and a size, and nothing more"));
    }
    if order.more.side_effect.is_some() && order.market != Market::Margin {
        return Err(unmeasured("only orders of the margin market borrow or repay"));
    }
    if matches!(order.size, Size::Position) && !(terms.is_exit(order) && order.waits()) {
        return Err(unmeasured("a position's size is for an order that closes it and waits for a price"));
    }
    for end in order.ends() {
        end_fits(order, &end, measure)?;
    }
    if order.more.or.is_some() && order.ends().any(|end| !end.waits() && end.price.is_none()) {
        return Err(unmeasured("one of its two ends has neither a trigger nor a price"));
    }
    parts_fit(order, measure)?;
    if !order.more.exits.is_empty() && (terms.is_exit(order) || order.more.exits.len() > EXITS) {
        return Err(unmeasured("an order that opens can have up to 20 exits attached, one that closes none"));
    }
    order.more.exits.iter().try_for_each(|exit| exit_fits(order, exit, measure))
}

/// What prices are measured by, and how far from there they may be.
struct Measure<'a> {
    terms: &'a Terms<'a>,
    far: Percent,
}

const fn unmeasured(why: &'static str) -> Denial {
    Denial::Unmeasured { why }
}

fn is_simple(order: &Order) -> bool {
    let more = &order.more;
    let apart = more.or.is_none() && more.slices.is_none() && more.chase.is_none() && more.exits.is_empty();
    apart && !order.waits()
}

fn end_fits(order: &Order, end: &End, measure: &Measure<'_>) -> Result<(), Denial> {
    wakes_near(end, (order.side, &order.symbol), measure, measure.terms.after)?;
    if end.price.is_some() || measure.terms.is_exit(order) {
        return Ok(());
    }
    Err(Denial::Unbounded {
        why: match order.kind {
            OrderKind::Floating { .. } => "the exchange finds its price, and nothing holds it to a worst one",
            OrderKind::Limit { .. } | OrderKind::Market => "it waits for a trigger; give it a limit price",
        },
    })
}

/// Its prices are prices, and it wakes near enough to the reference, or of where it begins if that is elsewhere.
fn wakes_near(
    end: &End,
    (side, symbol): (Side, &Symbol),
    measure: &Measure<'_>,
    start: Option<Decimal>,
) -> Result<(), Denial> {
    let activation = end.trail.and_then(|trail| trail.activation);
    if [end.price, end.trigger, activation].into_iter().flatten().any(Decimal::is_zero) {
        return Err(unmeasured("its price is zero"));
    }
    if end.trigger.is_some() && end.trail.is_some() {
        return Err(unmeasured("it has both a trigger and one that follows the price"));
    }
    if !end.waits() {
        return Ok(());
    }
    let no_reference = || Denial::NoReference { symbol: symbol.clone() };
    let reference = measure.terms.reference.ok_or_else(no_reference)?.price;
    let start = start.unwrap_or(reference);
    if let Some(Trail { callback, .. }) = end.trail {
        distance_fits(callback, start, measure.far)?;
    }
    let at = end.wakes_at(side, start);
    let at = at.filter(|at| !at.is_zero()).ok_or_else(|| unmeasured("no price is that far away"))?;
    for trigger in [Some(at), activation].into_iter().flatten() {
        let most = measure.far;
        if !near(trigger, reference, most) && !near(trigger, start, most) {
            return Err(Denial::TriggerTooFar { trigger, most, reference });
        }
    }
    Ok(())
}

fn near(trigger: Decimal, reference: Decimal, most: Percent) -> bool {
    let (low, high) = (most.below(reference), most.above(reference));
    low.is_some_and(|low| trigger >= low) && high.is_some_and(|high| trigger <= high)
}

fn distance_fits(distance: Distance, reference: Decimal, most: Percent) -> Result<(), Denial> {
    match distance.of(reference).zip(most.of(reference)) {
        Some((distance, _)) if distance.is_zero() => Err(unmeasured("it follows the price at no distance")),
        Some((distance, farthest)) if distance <= farthest => Ok(()),
        Some(_) | None => Err(Denial::FollowsTooFar { most }),
    }
}

/// What it shows, its slices and how far it chases.
fn parts_fit(order: &Order, measure: &Measure<'_>) -> Result<(), Denial> {
    let more = &order.more;
    if more.visible.is_some_and(|part| !is_part(part, order.size)) {
        return Err(unmeasured("it shows nothing, or more than there is"));
    }
    if more.slices.is_some_and(|slices| !is_part(slices.size, order.size)) {
        return Err(unmeasured("its slices are empty, or larger than the order"));
    }
    let offset = more.slices.and_then(|slices| slices.offset);
    for distance in [offset, more.chase].into_iter().flatten() {
        let no_reference = || Denial::NoReference { symbol: order.symbol.clone() };
        let reference = measure.terms.reference.ok_or_else(no_reference)?.price;
        distance_fits(distance, reference, measure.far)?;
    }
    Ok(())
}

fn is_part(part: Decimal, size: Size) -> bool {
    !part.is_zero() && size.number().is_some_and(|size| part <= size)
}

/// What is attached closes what the order opened, so it is on the other side and no larger. It may go to the book at any
/// price where exits may, that is where there are positions; elsewhere it is an order like any other.
fn exit_fits(order: &Order, exit: &Exit, measure: &Measure<'_>) -> Result<(), Denial> {
    if matches!(order.size, Size::Quote(_) | Size::Position) {
        return Err(unmeasured("what is attached needs a size in units of the base or in contracts"));
    }
    if exit.size.is_some_and(|part| !is_part(part, order.size)) || exit.wakes().next().is_none() {
        return Err(unmeasured("what is attached closes nothing, or more than the order opens"));
    }
    let side = order.side.opposite();
    let filled = measure.terms.start().map(|start| order.fills_near(start));
    for end in exit.wakes().map(Wake::end) {
        wakes_near(&end, (side, &order.symbol), measure, filled)?;
        let positions = matches!(order.market, Market::Usdm | Market::Coinm);
        if end.price.is_none() && !(positions && end.waits()) {
            return Err(Denial::Unbounded { why: "what is attached has no limit price" });
        }
    }
    Ok(())
}
