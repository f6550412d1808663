//! Replays of known thefts against the presets as they are, filled for an account of 100,000 USDT: each is stopped, and
//! takes no more than the theft bill, and less than 1 % of the account.

use std::io::Write as _;
use std::sync::Arc;

use claviger_arena::{Arena, Heist, ONE, Owner, Plan, THIEVES, Thief, dollars};
use claviger_core::{BotName, Order, PolicySet, Side};

use crate::stage::*;

fn thief(name: &str) -> &'static dyn Thief {
    THIEVES.iter().copied().find(|thief| thief.name() == name).unwrap()
}

/// What a theft came to.
struct Row {
    what: String,
    loss: i128,
    bill: Option<i128>,
    left: u64,
    refused: u64,
    rule: &'static str,
}

impl Row {
    fn of(what: String, arena: &Arena, bill: Option<i128>) -> Self {
        let tally = arena.tally();
        let refused = tally.refused.values().sum();
        let rule = tally.refused.iter().max_by_key(|(_, count)| **count).map_or("none", |(rule, _)| *rule);
        Self { what, loss: arena.loss(), bill, left: tally.left, refused, rule }
    }

    /// Holds it to the bill, and to 1 % of the account.
    fn check(&self) {
        let Self { what, loss, bill, .. } = self;
        assert!(bill.is_none_or(|bill| *loss <= bill), "{what}: {} is above the bill", dollars(*loss));
        assert!(*loss < EQUITY / 100 * ONE * ONE, "{what}: {} is 1 % of the account or more", dollars(*loss));
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let percent = self.loss.max(0) * 100_000 / (EQUITY * ONE * ONE);
        let bill = self.bill.map_or("unlimited".to_owned(), dollars);
        write!(
            f,
            "{:<44} {:>10} {:>10} {:>3}.{:03} % {:>7} {:>7}  {}",
            self.what,
            dollars(self.loss),
            bill,
            percent / 1000,
            percent % 1000,
            self.left,
            self.refused,
            self.rule
        )
    }
}

/// Writes the figures of a test where people find them: `target/tmp/thefts/NAME.txt`.
fn write(test: &str, rows: &[Row]) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("thefts");
    std::fs::create_dir_all(&folder).unwrap();
    let mut options = std::fs::File::options();
    let mut file =
        options.create(true).write(true).truncate(true).open(folder.join(format!("{test}.txt"))).unwrap();
    for row in rows {
        writeln!(file, "{test:<32} {row}").unwrap();
        println!("{test:<32} {row}");
    }
}

/// One theft with a preset, prepared by the owner's own bot.
fn robbed(
    thief: &dyn Thief,
    preset: &str,
    pair: usize,
    prepare: impl Fn(&mut Arena, &BotName),
) -> (Arena, Row) {
    let names = [bot("a")];
    let policies = policies(&names, preset, (&fill(preset), ""));
    let mut arena = arena(&policies, preset, false);
    prepare(&mut arena, &names[0]);
    thief.rob(&mut Heist::new(&mut arena, &names, pair, Plan::default()));
    let pair = if pair == DEEP { "deep" } else { "thin" };
    let row = Row::of(format!("{preset} ({pair})"), &arena, bill(&policies, &names[0]));
    (arena, row)
}

/// A theft with every preset in both pairs; `stopped` are the rules that may be what stopped it.
fn theft(test: &str, name: &str, stopped: &[&'static str]) {
    let mut rows = Vec::new();
    for preset in PRESETS {
        for pair in [DEEP, THIN] {
            let (arena, row) = robbed(thief(name), preset, pair, |_, _| {});
            assert!(arena.is_replayable(), "{}: the journal does not give the book back", row.what);
            let by = stopped.iter().any(|rule| arena.tally().refused.contains_key(rule));
            assert!(by, "{}: {:?} are not among {stopped:?}", row.what, arena.tally().refused);
            let rule = stopped.iter().find(|rule| arena.tally().refused.contains_key(**rule)).copied();
            rows.push(Row { rule: rule.unwrap_or(row.rule), ..row });
        }
    }
    write(test, &rows);
    rows.iter().for_each(Row::check);
}

#[test]
fn theft_via_fan_in() {
    theft("theft_via_fan_in", "fan-in", &["max_loss_day", "max_day"]);
}

#[test]
fn theft_sys_spike() {
    theft("theft_sys_spike", "spike", &["price_band"]);
}

#[test]
fn theft_dmg_thin_pair_churn() {
    theft("theft_dmg_thin_pair_churn", "churn", &["max_loss_day", "max_day"]);
}

#[test]
fn theft_shown_then_pulled_book() {
    theft("theft_shown_then_pulled_book", "pulled-book", &["max_loss_day", "max_day", "order_types"]);
}

/// As where other exchanges list the pair, so that the price is not the thief's own book.
#[test]
fn theft_pushed_reference() {
    theft("theft_pushed_reference", "pushed-reference", &["price_band"]);
}

/// A pair whose reference is this market's own book: until a pair with one source is refused, whoever moves the book moves
/// what orders are measured by, and neither the band nor the loss that is reserved sees it.
#[test]
#[ignore = "open: a pair with one source of prices is not refused yet, and the thief takes more than the bill"]
fn theft_pushed_reference_of_one_source() {
    let mut rows = Vec::new();
    for preset in PRESETS {
        let names = [bot("a")];
        let policies = policies(&names, preset, (&fill(preset), ""));
        let mut arena = arena(&policies, preset, true);
        thief("pushed-reference").rob(&mut Heist::new(&mut arena, &names, THIN, Plan::default()));
        rows.push(Row::of(format!("{preset} (thin, one source)"), &arena, bill(&policies, &names[0])));
    }
    write("theft_pushed_reference_of_one_source", &rows);
    rows.iter().for_each(Row::check);
}

#[test]
fn theft_dump_through_exits() {
    theft("theft_dump_through_exits", "dump", &["max_loss_day", "max_day", "order_types", "sides"]);
}

#[test]
fn theft_far_stops() {
    theft("theft_far_stops", "far-stops", &["max_loss_day", "order_types", "sides"]);
}

#[test]
fn theft_small_loss_grinding() {
    theft("theft_small_loss_grinding", "small-losses", &["max_loss_day", "max_day"]);
}

#[test]
fn theft_dormant_key() {
    for preset in PRESETS {
        let (arena, row) = robbed(thief("dormant-key"), preset, THIN, |_, _| {});
        assert_eq!((arena.tally().left, row.loss), (0, 0), "{preset}");
        assert!(arena.tally().refused.contains_key("dormant_after"), "{preset}: {:?}", arena.tally());
    }
    theft("theft_dormant_key", "dormant-key", &["dormant_after"]);
}

#[test]
fn theft_planted_orders_before_freeze() {
    theft("theft_planted_orders_before_freeze", "planted-orders", &["freeze"]);
}

/// The stops of an honest bot stand; the thief ends them, and sells.
#[test]
fn theft_cancelled_stops() {
    let mut rows = Vec::new();
    for preset in ["spot-trader", "futures-trader", "tradingview"] {
        for pair in [DEEP, THIN] {
            let (arena, row) =
                robbed(thief("cancelled-stops"), preset, pair, |arena, name| guard(arena, name, pair));
            assert!(arena.is_replayable());
            rows.push(row);
        }
    }
    write("theft_cancelled_stops", &rows);
    rows.iter().for_each(Row::check);
}

/// Three stops, 5 % below the market.
fn guard(arena: &mut Arena, name: &BotName, pair: usize) {
    let of = arena.market.pairs()[pair].clone();
    let size = of.size_for(if pair == DEEP { 400 } else { 15 }, of.fair);
    if of.has_positions() {
        for _ in 0..3 {
            let entry =
                arena.draft(pair, Side::Buy, size, Some(of.on_tick(of.fair * 1_015 / 1_000))).unwrap();
            assert!(arena.order(name, pair, entry).filled());
        }
    }
    let (trigger, price) = (of.on_tick(of.fair * 95 / 100), of.on_tick(of.fair * 94 / 100));
    for _ in 0..3 {
        let order = arena.draft(pair, Side::Sell, size, Some(price)).unwrap();
        let trigger = claviger_arena::plain(trigger);
        let placed = arena.order(name, pair, Order { trigger, reduce_only: of.has_positions(), ..order });
        assert!(!placed.is_refused(), "{placed:?} {:?}", arena.tally().messages);
    }
    assert_eq!(arena.market.open(Owner::Account).count(), 3);
    arena.begin();
}

#[test]
fn theft_runaway_loop() {
    let mut rows = Vec::new();
    for preset in PRESETS {
        let names = [bot("a")];
        let policies = policies(&names, preset, (&fill(preset), ""));
        let mut arena = arena(&policies, preset, false);
        let most = if preset == "spot-trader" { 300_000 } else { 3_000 };
        let plan = Plan { most, ..Plan::default() };
        thief("runaway").rob(&mut Heist::new(&mut arena, &names, DEEP, plan));
        let tally = arena.tally();
        let asked = tally.left + tally.refused.values().sum::<u64>();
        assert!(asked >= most, "{preset}: {asked}");
        rows.push(Row::of(format!("{preset} ({most} orders)"), &arena, bill(&policies, &names[0])));
    }
    write("theft_runaway_loop", &rows);
    rows.iter().for_each(Row::check);
}

/// Ten bots of one owner on one account, all stolen at once.
#[test]
fn theft_ten_keys_of_one_owner() {
    let names: Vec<BotName> = (0..10).map(|n| bot(&format!("bot-{n}"))).collect();
    let mut rows = Vec::new();
    for preset in PRESETS.into_iter().filter(|preset| *preset != "futures-trader") {
        // Each filled for a tenth; or each for the whole, and what the key may lose holds them all.
        let each = policies(&names, preset, (&filled("100 USDT", "2000 USDT"), ""));
        let bills =
            |policies: &Arc<PolicySet>| names.iter().map(|name| bill(policies, name)).sum::<Option<i128>>();
        rows.push(together(&names, preset, &each, bills(&each)));
        let key = "max_loss_day = \"500 USDT\"";
        let capped = policies(&names, preset, (&filled("1000 USDT", "20000 USDT"), key));
        let row = together(&names, preset, &capped, Some(500 * ONE * ONE));
        rows.push(Row { what: format!("{} and the key's {key}", row.what), ..row });
    }
    write("theft_ten_keys_of_one_owner", &rows);
    rows.iter().for_each(Row::check);
}

fn together(names: &[BotName], preset: &str, policies: &Arc<PolicySet>, bill: Option<i128>) -> Row {
    let mut arena = arena(policies, preset, false);
    let plan = Plan { most: 40_000, ..Plan::default() };
    thief("churn").rob(&mut Heist::new(&mut arena, names, THIN, plan));
    Row::of(format!("{preset} (10 bots)"), &arena, bill)
}
