//! Limits over several bots, of two keys and two exchanges: all levels reserve, or none does.

use std::sync::Arc;

use claviger_core::limits::{Change, Scope};
use claviger_core::*;

use crate::desk::*;

fn exchanges() -> Vec<KnownExchange> {
    let mut all = known();
    all.push(KnownExchange { name: "okx".parse().unwrap(), ..known().remove(0) });
    all
}

fn trader(name: &str, key: &str, more: &str) -> String {
    let usual = [("max_order", "\"1000 USDT\""), ("max_day", "\"3000 USDT\""), ("max_open_orders", "4")];
    let usual: String = usual
        .iter()
        .filter(|(limit, _)| !more.contains(limit))
        .map(|(limit, value)| format!("{limit} = {value}\n"))
        .collect();
    format!(
        "[bot.{name}]\nkey = \"{key}\"\ngrants = [\"market-data\", \"read\", \"trade\"]\nmarkets = [\"spot\"]\n\
         symbols = [\"BTCUSDT\", \"BTCEUR\"]\nprice_band = \"2%\"\n{usual}{more}\n"
    )
}

/// `a` and `b` share the key `one` at Binance, `c` has `two` at OKX, and `d` has `three` there. `groups` is what follows.
fn text(groups: &str) -> String {
    let key = |name: &str, exchange: &str| format!("[key.{name}]\nexchange = \"{exchange}\"\n");
    let keys = [key("one", "binance"), key("two", "okx"), key("three", "okx")].concat();
    let bots = [("a", "one"), ("b", "one"), ("c", "two"), ("d", "three")];
    let bots: String = bots.iter().map(|(name, key)| trader(name, key, "")).collect();
    format!("{keys}{bots}{groups}")
}

fn parse(groups: &str) -> Result<Config, String> {
    Config::parse(&text(groups), "test", &exchanges()).map_err(|e| e.to_string())
}

fn config(groups: &str) -> Config {
    parse(groups).unwrap_or_else(|e| panic!("{e}"))
}

/// A desk where 1 BTC is 100 USDT at Binance and 200 USDT at OKX, which has a pair in euro besides.
fn desk(groups: &str) -> Desk {
    let mut desk = Desk::of(&config(groups));
    let binance: ExchangeName = "binance".parse().unwrap();
    let mut venue = desk.view.venues[&binance].clone();
    venue.references.retain(|market, _| *market == Market::Spot);
    let at = desk.now();
    let euro = Instrument {
        quote: "EUR".parse().unwrap(),
        ..venue.instruments[&Market::Spot][&symbol("BTCUSDT")].clone()
    };
    venue.instruments.get_mut(&Market::Spot).unwrap().insert(symbol("BTCEUR"), euro);
    for (name, price) in [("BTCUSDT", "200"), ("BTCEUR", "160")] {
        let reference = Reference { price: n(price), at, source: "ticker".into() };
        venue.references.get_mut(&Market::Spot).unwrap().insert(symbol(name), reference);
    }
    desk.view.venues.insert("okx".parse().unwrap(), venue);
    desk
}

fn symbol(name: &str) -> Symbol {
    name.parse().unwrap()
}

const DESK: &str = "[group.desk]\nkeys = [\"one\"]\nbots = [\"c\"]\nmax_day = \"1500 USDT\"\n";

fn placed(desk: &mut Desk, name: &str, order: Order) -> Result<IntentId, String> {
    let permit = desk.ask(name, Act::Place(order), Permission::Trade).map_err(|e| e.denial.to_string())?;
    desk.record(permit.entry());
    Ok(permit.id())
}

const SPENT: &str = "order of 100 USDT is above what is left of the group's max_day = 1500 USDT";

#[test]
fn bots_of_two_exchanges_spend_one_budget() {
    let mut desk = desk(DESK);
    placed(&mut desk, "a", buy("5", "100")).unwrap();
    placed(&mut desk, "b", buy("4", "100")).unwrap();
    placed(&mut desk, "c", buy("3", "200")).unwrap();
    assert_eq!(desk.used_of("a", "desk", "max_day"), "1500 USDT");
    for (name, order) in [("a", buy("1", "100")), ("b", buy("1", "100")), ("c", buy("0.5", "200"))] {
        assert_eq!(placed(&mut desk, name, order).unwrap_err(), SPENT);
    }
    // Nothing of a refusal stays reserved anywhere, and who is in no group is not held by it.
    assert_eq!((desk.day("a"), desk.day("c")), ("500 USDT".into(), "600 USDT".into()));
    placed(&mut desk, "d", buy("3", "200")).unwrap();
    assert_eq!(desk.used_of("a", "desk", "max_day"), "1500 USDT");
}

/// The edge: all of what is left may be used, and what did not happen is given back.
#[test]
fn what_is_settled_is_settled_in_every_group() {
    let mut desk = desk(DESK);
    let first = placed(&mut desk, "a", buy("10", "100")).unwrap();
    let second = placed(&mut desk, "c", buy("2.5", "200")).unwrap();
    desk.settle(first, refused());
    assert_eq!(desk.used_of("c", "desk", "max_day"), "500 USDT");
    desk.settle(second, executed("1", Resting::Done, Some("1")));
    assert_eq!(desk.used_of("b", "desk", "max_day"), "200 USDT");
    desk.wait(24 * HOUR);
    assert_eq!(desk.used_of("b", "desk", "max_day"), "200 USDT");
    desk.wait(60_000);
    assert_eq!(desk.used_of("b", "desk", "max_day"), "0 USDT");
}

#[test]
fn the_refusing_group_is_told_to_operators_alone() {
    let mut desk = desk(DESK);
    placed(&mut desk, "a", buy("10", "100")).unwrap();
    let denied = desk.ask("c", Act::Place(buy("4", "200")), Permission::Trade).unwrap_err();
    assert!(!denied.denial.to_string().contains("desk"), "{denied}");
    assert_eq!(denied.denial.class(), DenialClass::Budget { refills: None });
    let Entry::Denial(entry) = *denied.entry else { panic!() };
    let detail = entry.detail.unwrap();
    assert_eq!(&*detail, "limit of the group `desk`; used 1000 USDT of 1500 USDT");
}

/// The amounts of each exchange are converted by its own prices into the group's currency.
#[test]
fn conversions_use_the_prices_of_the_bots_own_exchange() {
    let mut desk = desk("[group.euro]\nbots = [\"c\", \"d\"]\nmax_day = \"1000 EUR\"\n");
    // 200 USDT and 160 EUR are each one BTC at OKX.
    placed(&mut desk, "c", buy("1", "200")).unwrap();
    assert_eq!(desk.used_of("c", "euro", "max_day"), "160 EUR");
    let mut of_binance = self::desk("[group.euro]\nbots = [\"a\", \"c\"]\nmax_day = \"1000 EUR\"\n");
    let refused = placed(&mut of_binance, "a", buy("1", "100")).unwrap_err();
    assert!(refused.contains("EUR"), "{refused}");
}

#[test]
fn rates_open_orders_and_reads_count_in_the_group() {
    let limits = "[group.all]\nkeys = [\"one\", \"two\"]\nmax_open_orders = 2\norder_rate = \"3/s\"\nrequest_rate = \"5/s\"\n";
    let mut desk = desk(limits);
    placed(&mut desk, "a", buy("1", "100")).unwrap();
    let last = placed(&mut desk, "c", buy("1", "200")).unwrap();
    let full = "another open order would be above max_open_orders = 2";
    assert_eq!(placed(&mut desk, "b", buy("1", "100")).unwrap_err(), full);
    desk.settle(last, refused());
    placed(&mut desk, "b", buy("1", "100")).unwrap();
    assert_eq!(placed(&mut desk, "c", ioc("1", "200")).unwrap_err(), "more than order_rate = 3/s");
    for _ in 0..2 {
        let read = desk.ask("c", Act::Read, Permission::Read).unwrap();
        desk.record(read.entry());
    }
    let denied = desk.ask("a", Act::Read, Permission::Read).unwrap_err();
    assert_eq!(denied.denial.to_string(), "more than request_rate = 5/s");
    assert_eq!(desk.read_back(), desk.book);
}

/// Orders that are only looked at, not counted: each level holds them.
#[test]
fn every_stage_is_asked_of_groups() {
    let grants = "[group.g]\nbots = [\"a\"]\n";
    let cases = [
        ("max_order = \"50 USDT\"", "order of 100 USDT is above max_order = 50 USDT"),
        ("grants = [\"read\"]", "grants does not include trade"),
        ("markets = [\"usdm\"]", "the spot market is not in markets"),
        ("symbols = [\"ETHBTC\"]", "BTCUSDT is not in symbols"),
        ("sides = [\"sell\"]", "buy is not in sides"),
        ("reduce_only = true", "only reads, exits and cancels are allowed"),
        ("sources = [\"10.0.0.0/8\"]", "requests from 127.0.0.1 are not allowed by sources"),
    ];
    for (limit, wanted) in cases {
        let mut desk = desk(&format!("{grants}{limit}\n"));
        let refused = placed(&mut desk, "a", buy("1", "100")).unwrap_err();
        assert!(refused.contains(wanted), "{limit}: {refused}");
        placed(&mut desk, "b", buy("1", "100")).unwrap();
    }
}

#[test]
fn a_bot_is_held_by_each_of_its_groups() {
    let two = "[group.x]\nbots = [\"a\", \"b\"]\nmax_day = \"700 USDT\"\n\
               [group.y]\nbots = [\"b\", \"c\"]\nmax_day = \"900 USDT\"\n";
    let mut desk = desk(two);
    placed(&mut desk, "a", buy("5", "100")).unwrap();
    placed(&mut desk, "c", buy("4", "200")).unwrap();
    let left = [("x", 500), ("y", 800)]
        .map(|(name, used)| (desk.used_of("b", name, "max_day"), format!("{used} USDT")));
    assert!(left.iter().all(|(got, wanted)| got == wanted), "{left:?}");
    assert!(placed(&mut desk, "b", buy("2", "100")).unwrap_err().contains("900 USDT"));
    placed(&mut desk, "b", buy("1", "100")).unwrap();
    assert_eq!(desk.used_of("b", "y", "max_day"), "900 USDT");
    assert_eq!(desk.used_of("b", "x", "max_day"), "600 USDT");
}

#[test]
fn what_a_batch_costs_is_counted_together_in_the_group() {
    let mut desk = desk(DESK);
    let steps = |count: usize| {
        let step = Step { deed: Deed::Place(buy("4", "100")), params: Vec::new() };
        Act::Steps(Steps { how: How::Batch, steps: vec![step; count], client_id: None })
    };
    let denied = desk.ask("a", steps(4), Permission::Trade).unwrap_err();
    assert!(denied.denial.to_string().contains("max_day = 1500 USDT"), "{denied}");
    let id = desk.sent("a", steps(3));
    assert_eq!(desk.used_of("c", "desk", "max_day"), "1200 USDT");
    desk.settle(id, Outcome::Each(vec![refused(), unknown(), executed("7", Resting::Open, None)]));
    assert_eq!(desk.used_of("c", "desk", "max_day"), "800 USDT");
    assert_eq!(desk.read_back(), desk.book);
}

/// Membership is in the entry: the journal alone, without any policy, gives the same book.
#[test]
fn a_restart_remembers_who_was_in_which_group() {
    let mut desk = desk(DESK);
    let id = placed(&mut desk, "a", buy("4", "100")).unwrap();
    placed(&mut desk, "c", buy("2", "200")).unwrap();
    desk.policies = Arc::clone(config("").policies());
    desk.settle(id, executed("7", Resting::Open, None));
    desk.crash();
    desk.policies = Arc::clone(config(DESK).policies());
    assert_eq!(desk.used_of("b", "desk", "max_day"), "800 USDT");
    assert_eq!(desk.read_back(), desk.book);
}

#[test]
fn what_was_used_stays_in_the_group_that_a_bot_leaves() {
    let mut desk = desk(DESK);
    let id = placed(&mut desk, "a", buy("4", "100")).unwrap();
    desk.settle(id, executed("7", Resting::Open, None));
    desk.policies =
        Arc::clone(config("[group.desk]\nbots = [\"b\", \"c\"]\nmax_day = \"1500 USDT\"\n").policies());
    // Amended outside of the group, it still holds there as much as it may have filled.
    let amended = desk.sent("a", amend(by_id("7"), Some("8"), None));
    desk.settle(amended, executed("7", Resting::Open, None));
    assert_eq!(desk.used_of("b", "desk", "max_day"), "800 USDT");
    let over = desk.sent("a", cancel(by_id("7")));
    desk.settle(over, executed("7", Resting::Done, Some("2")));
    assert_eq!(desk.used_of("b", "desk", "max_day"), "200 USDT");
    assert_eq!(desk.read_back(), desk.book);
}

#[test]
fn an_order_from_before_counts_in_the_group_once_it_is_amended() {
    let mut desk = desk("");
    let id = placed(&mut desk, "a", buy("4", "100")).unwrap();
    desk.settle(id, executed("7", Resting::Open, None));
    desk.policies = Arc::clone(config(DESK).policies());
    assert_eq!(desk.used_of("a", "desk", "max_day"), "0 USDT");
    let amended = desk.sent("a", amend(by_id("7"), Some("5"), None));
    assert_eq!(desk.used_of("a", "desk", "max_day"), "500 USDT");
    desk.settle(amended, refused());
    assert_eq!(desk.used_of("a", "desk", "max_day"), "0 USDT");
    assert_eq!(desk.read_back(), desk.book);
}

#[test]
fn losses_count_in_the_group() {
    let mut desk = desk("[group.g]\nkeys = [\"one\"]\nmax_loss_day = \"10 USDT\"\nmax_fee = \"1%\"\n");
    let id = placed(&mut desk, "a", ioc("4", "101")).unwrap();
    assert_eq!(desk.used_of("b", "g", "max_loss_day"), "8.04 USDT");
    let refused = placed(&mut desk, "b", ioc("1", "101")).unwrap_err();
    assert!(refused.contains("above what is left of the group's max_loss_day = 10 USDT"), "{refused}");
    desk.settle(id, executed("1", Resting::Done, Some("1")));
    assert_eq!(desk.used_of("b", "g", "max_loss_day"), "2.01 USDT");
    placed(&mut desk, "b", ioc("1", "101")).unwrap();
    assert_eq!(desk.read_back(), desk.book);
}

#[test]
fn a_frozen_group_stops_each_of_its_bots() {
    let mut desk = desk(DESK);
    let group = || Subject::Group("desk".parse().unwrap());
    desk.operator(OperatorAct::Freeze(group()));
    for name in ["a", "b", "c"] {
        assert!(placed(&mut desk, name, buy("1", "100")).unwrap_err().starts_with("frozen"), "{name}");
    }
    placed(&mut desk, "d", buy("1", "200")).unwrap();
    desk.crash();
    assert!(desk.book.is_frozen(&group()));
    desk.operator(OperatorAct::Thaw(group()));
    placed(&mut desk, "a", buy("1", "100")).unwrap();
}

/// A permit that was not recorded takes back what it reserved in the group as well.
#[test]
fn nothing_of_what_is_withdrawn_stays() {
    let mut desk = desk("[group.g]\nkeys = [\"one\"]\nmax_day = \"1500 USDT\"\norder_rate = \"1/s\"\n");
    let before = desk.book.clone();
    let permit = desk.ask("a", Act::Place(buy("4", "100")), Permission::Trade).unwrap();
    desk.book.withdraw(permit);
    let now = desk.now();
    desk.book.sweep(now);
    let mut before = before;
    before.sweep(now);
    assert_eq!(desk.book, before);
}

/// What requests of bots without groups are written as has not changed, and entries from before still read.
#[test]
fn entries_of_before_read_as_those_of_bots_without_groups() {
    let mut desk = desk("");
    placed(&mut desk, "a", buy("4", "100")).unwrap();
    let read = desk.ask("a", Act::Read, Permission::Read).unwrap();
    desk.record(read.entry());
    for bytes in &desk.journal {
        assert!(!String::from_utf8_lossy(bytes).contains("group"), "{}", String::from_utf8_lossy(bytes));
        assert_eq!(&Entry::from_bytes(bytes).unwrap().to_bytes().unwrap(), bytes);
    }
    let mut grouped = self::desk(DESK);
    placed(&mut grouped, "a", buy("4", "100")).unwrap();
    let bytes = grouped.journal.last().unwrap();
    let line = String::from_utf8_lossy(bytes);
    assert!(line.contains(r#""groups":["desk"]"#) && line.contains(r#""group":"desk""#), "{line}");
    assert_eq!(&Entry::from_bytes(bytes).unwrap().to_bytes().unwrap(), bytes);
}

#[test]
fn groups_that_are_not_understood_are_refused() {
    let many: String = (0..9).map(|n| format!("[group.g{n}]\nbots = [\"a\"]\n")).collect();
    for (groups, wanted) in [
        ("[group.g]\nmax_day = \"1 USDT\"\n", "group.g: keys or bots is missing"),
        ("[group.g]\nbots = []\n", "group.g.bots: the empty list is not a list of the names of bots"),
        ("[group.g]\nbots = \"a\"\n", "group.g.bots: `a` is not a list"),
        ("[group.g]\nbots = [\"x\"]\n", "group.g.bots: there is no bot `x`; there are: a, b, c, d"),
        ("[group.g]\nkeys = [\"a\"]\n", "group.g.keys: there is no key `a`; there are: one, three, two"),
        ("[group.g]\nbots = [\"a\", \"a\"]\n", "each once"),
        ("[group.g]\nbots = [\"a\"]\nallow_same_user = true\n", "group.g.allow_same_user: unknown key"),
        ("[group.g]\nbots = [\"a\"]\ndanger_account_wide = true\n", "unknown key"),
        ("[group.g]\nbots = [\"a\"]\ndormant_after = \"3d\"\n", "unknown key"),
        ("[group.g]\nbots = [\"a\"]\nmax_day = 3\n", "group.g.max_day: `3` is not"),
        ("[group.\"g g\"]\nbots = [\"a\"]\n", "is not the name of a group"),
        ("[group]\ng = 1\n", "is not a table like [group.NAME]"),
        (&many, "group.g8: bot `a` would be in more than 8 groups"),
    ] {
        let error = parse(groups).unwrap_err();
        assert!(error.contains(wanted), "{groups}\n{error}");
    }
}

/// Every change between two sets of groups, as `apply` says it.
fn changes(old: &str, new: &str) -> Vec<(String, Change)> {
    let report = config(old).compare(&config(new));
    report.items().iter().map(|item| (item.to_string(), item.change)).collect()
}

#[test]
fn a_group_narrows_when_it_comes_and_widens_when_it_goes() {
    let small = "[group.desk]\nbots = [\"a\"]\nmax_day = \"1500 USDT\"\n";
    let cases = [
        ("", DESK, Change::Narrower, 2),
        (DESK, "", Change::Wider, 2),
        // A bot that leaves is held by less, and one that joins by more.
        (DESK, small, Change::Wider, 1),
        (small, DESK, Change::Narrower, 1),
        (small, "[group.desk]\nbots = [\"b\"]\nmax_day = \"1500 USDT\"\n", Change::NotComparable, 1),
        // The key names the same bots.
        (DESK, "[group.desk]\nbots = [\"a\", \"b\", \"c\"]\nmax_day = \"1500 USDT\"\n", Change::Same, 0),
        (small, "[group.desk]\nbots = [\"a\"]\nmax_day = \"1400 USDT\"\n", Change::Narrower, 1),
        (small, "[group.desk]\nbots = [\"a\"]\nmax_day = \"1600 USDT\"\n", Change::Wider, 1),
        (small, "[group.desk]\nbots = [\"a\"]\n", Change::Wider, 1),
        (small, "[group.desk]\nbots = [\"a\"]\nmax_day = \"1500 EUR\"\n", Change::NotComparable, 1),
    ];
    for (old, new, wanted, count) in cases {
        let changes = changes(old, new);
        assert_eq!(changes.len(), count, "{changes:?}");
        assert!(changes.iter().all(|(_, change)| *change == wanted), "{old}{new}{changes:?}");
    }
    let renamed = changes(DESK, &DESK.replace("group.desk", "group.other"));
    assert!(renamed.iter().any(|(_, change)| change.widens()), "{renamed:?}");
    let said = changes("", DESK).remove(0).0;
    assert_eq!(said, "group.desk.members: not set -> key one, bot c (narrower)");
}

#[test]
fn who_can_asks_the_groups_too() {
    let config = config("[group.g]\nkeys = [\"one\"]\ngrants = [\"read\"]\n");
    let able: Vec<_> =
        config.policies().who_can(Permission::Trade, None).map(|(bot, _)| bot.as_str()).collect();
    assert_eq!(able, ["c", "d"]);
    let scopes: Vec<Scope> = config.policies().bot(&bot("a")).unwrap().levels().map(Level::scope).collect();
    assert_eq!(scopes, [Scope::Bot, Scope::Key, Scope::Group]);
}
