//! Sums over a rolling span of time.

use std::collections::VecDeque;

use crate::{Decimal, Time};

/// Something that can be added up exactly.
pub trait Sum: Copy + PartialEq {
    const ZERO: Self;
    fn plus(self, other: Self) -> Self;
    fn less(self, other: Self) -> Self;
}

impl Sum for u64 {
    const ZERO: Self = 0;
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }
    fn less(self, other: Self) -> Self {
        self.saturating_sub(other)
    }
}

impl Sum for Decimal {
    const ZERO: Self = Self::ZERO;
    /// Values are bounded where they are made, so that their sums fit.
    fn plus(self, other: Self) -> Self {
        Self::plus(self, other).unwrap_or(self)
    }
    fn less(self, other: Self) -> Self {
        Self::less(self, other)
    }
}

/// The sum of two counted values; they are bounded where they are made, so that it fits.
pub(super) fn sum(a: Decimal, b: Decimal) -> Decimal {
    Sum::plus(a, b)
}

/// What was added within the last `span`, in grains: each counts until the end of its grain has left the span, so the
/// sum is never below the true one. Adding is independent of order; memory is bounded by span over grain.
#[derive(Clone, Debug, PartialEq)]
pub struct Window<T> {
    span: u64,
    grain: u64,
    /// By grain. What is added is nearly always of the newest one.
    parts: VecDeque<(u64, T)>,
    total: T,
}

impl<T: Sum> Window<T> {
    pub(super) const fn new(span: u64, grain: u64) -> Self {
        Self { span, grain, parts: VecDeque::new(), total: T::ZERO }
    }

    pub(super) fn add(&mut self, at: Time, amount: T) {
        let grain = at.millis() / self.grain;
        self.total = self.total.plus(amount);
        let place = self.place(grain);
        match self.parts.get_mut(place) {
            Some((of, part)) if *of == grain => *part = part.plus(amount),
            Some(_) | None => self.parts.insert(place, (grain, T::ZERO.plus(amount))),
        }
    }

    /// Where a grain is, or would be.
    fn place(&self, grain: u64) -> usize {
        match self.parts.back() {
            None => 0,
            Some((newest, _)) if *newest == grain => self.parts.len().saturating_sub(1),
            Some((newest, _)) if *newest < grain => self.parts.len(),
            Some(_) => self.parts.partition_point(|(of, _)| *of < grain),
        }
    }

    pub(super) fn take_back(&mut self, at: Time, amount: T) {
        let grain = at.millis() / self.grain;
        let place = self.place(grain);
        let Some((_, part)) = self.parts.get_mut(place).filter(|(of, _)| *of == grain) else { return };
        *part = part.less(amount);
        self.total = self.total.less(amount);
        if *part == T::ZERO {
            self.parts.remove(place);
        }
    }

    pub(super) fn prune(&mut self, now: Time) {
        while let Some((grain, amount)) = self.parts.front() {
            if self.span.saturating_add(grain_end(*grain, self.grain)) > now.millis() {
                break;
            }
            self.total = self.total.less(*amount);
            self.parts.pop_front();
        }
        if self.parts.is_empty() {
            self.total = T::ZERO;
        }
    }

    /// The sum of what has not left the span.
    #[must_use]
    pub fn total(&self) -> T {
        self.total
    }

    /// Whether nothing is in the span.
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl Window<u64> {
    /// When at least `count` of what is in the span will have left it.
    #[must_use]
    pub fn ends_for(&self, count: u64) -> Option<Time> {
        self.ends_when(|sum| sum >= count)
    }
}

impl Window<Decimal> {
    /// When at least `amount` of what is in the span will have left it; `None` if it holds less.
    #[must_use]
    pub fn ends_for(&self, amount: Decimal) -> Option<Time> {
        self.ends_when(|sum| sum >= amount)
    }
}

impl Window<u64> {
    /// The sum of what was added since the grain in which `from` lies.
    pub(super) fn total_from(&self, from: Time) -> u64 {
        self.since(from.millis() / self.grain).fold(0, |sum, (_, count)| sum.plus(*count))
    }

    /// When at least `count` of that will have left the span.
    pub(super) fn ends_for_from(&self, count: u64, from: Time) -> Option<Time> {
        self.ends_when_from(from.millis() / self.grain, |sum| sum >= count)
    }
}

impl<T: Sum> Window<T> {
    fn since(&self, first: u64) -> impl Iterator<Item = &(u64, T)> {
        let place = self.parts.partition_point(|(grain, _)| *grain < first);
        self.parts.range(place..)
    }

    fn ends_when(&self, enough: impl Fn(T) -> bool) -> Option<Time> {
        self.ends_when_from(0, enough)
    }

    fn ends_when_from(&self, first: u64, enough: impl Fn(T) -> bool) -> Option<Time> {
        let mut sum = T::ZERO;
        self.since(first).find_map(|(grain, amount)| {
            sum = sum.plus(*amount);
            let end = grain_end(*grain, self.grain).saturating_add(self.span);
            enough(sum).then(|| Time::from_millis(end))
        })
    }
}

/// The first millisecond after a grain, less one: the latest time that anything in it can be from.
const fn grain_end(grain: u64, length: u64) -> u64 {
    grain.saturating_add(1).saturating_mul(length).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_until_the_grain_has_left() {
        let mut window = Window::<u64>::new(1000, 10);
        window.add(Time::from_millis(5003), 1);
        window.prune(Time::from_millis(6008));
        assert_eq!(window.total(), 1);
        assert_eq!(window.ends_for(1), Some(Time::from_millis(6009)));
        window.prune(Time::from_millis(6009));
        assert_eq!(window.total(), 0);
        assert!(window.is_empty());
    }

    #[test]
    fn what_is_taken_back_leaves_nothing() {
        let mut window = Window::<u64>::new(1000, 10);
        window.add(Time::from_millis(1), 1);
        window.add(Time::from_millis(2), 1);
        window.take_back(Time::from_millis(1), 1);
        window.take_back(Time::from_millis(2), 1);
        assert_eq!(window, Window::new(1000, 10));
    }
}
