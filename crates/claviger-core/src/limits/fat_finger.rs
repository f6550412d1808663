//! How far on the far side of the market a bot may place an order.

use super::compare::settings;
use super::price_band::WANTED;
use super::way::{Beyond, written};
use super::{Cap, Change, Given, Help, Limit, Misfit, Rules, Scope, Shown, Stage, Weighed};
use crate::Denial;

/// `fat_finger`: how much below the reference price a bot may bid, and how much above it it may offer.
#[derive(Clone, Copy, Debug)]
pub struct FatFinger;

impl Limit for FatFinger {
    fn name(&self) -> &'static str {
        "fat_finger"
    }

    fn stages(&self) -> &'static [Stage] {
        &[Stage::Weigh]
    }

    fn help(&self) -> Help {
        Help {
            meaning: "how much below the reference price limits to buy may be and how much above it limits to sell, exits included; of what waits, from its trigger",
            form: "a percentage",
            example: "fat_finger = \"50%\"",
            absent: "no limit",
        }
    }

    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit> {
        rules.fat_finger = Some(given.cap(WANTED)?);
        Ok(())
    }

    fn shown(&self, rules: &Rules) -> Option<Shown> {
        Some(rules.fat_finger.as_ref()?.shown(ToString::to_string))
    }

    fn compare(&self, _scope: Scope, old: &Rules, new: &Rules) -> Change {
        settings(old.fat_finger.as_ref(), new.fat_finger.as_ref(), &Cap::Unlimited, |a, b| a <= b)
    }

    fn weigh(&self, weighed: &Weighed<'_>) -> Result<(), Denial> {
        let Some(Cap::At(band)) = weighed.rules.fat_finger else { return Ok(()) };
        if !priced(weighed) {
            return Ok(());
        }
        for way in written(weighed)? {
            if let Some(Beyond { price, edge, reference }) = way.remote(band, weighed)? {
                return Err(Denial::FatFinger { side: way.side, price, edge, band, reference });
            }
        }
        Ok(())
    }
}

/// Whether anything of the order has a price; what has none needs no reference here.
fn priced(weighed: &Weighed<'_>) -> bool {
    let order = weighed.order;
    let attached = order.more.exits.iter().flat_map(|exit| exit.wakes()).map(crate::Wake::end);
    order.ends().chain(attached).any(|end| end.price.is_some())
}
