//! What leaves for OKX means the same to every reader, however lenient.
//!
//! Requests are made broadly: right ones, odd ones, and right ones with one thing bent. Of each that is accepted, the
//! bytes that leave are read as careless servers read them (first or last of a duplicate, texts decoded again, numbers
//! through a 64-bit float) and must come out as the intent that was judged. `CLAVIGER_LENIENT_CASES` sets how many.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot run must stop, and its lenient reader is serde_json on purpose"
)]

use claviger_core::{Intent, Method};
use claviger_exchange::okx::Okx;
use claviger_exchange::{Exchange, Grammar, Kind, ParamSpec, RawRequest, Row, Stamp, Verb};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// Names and values of one item of a request, in order.
type Named = Vec<(String, String)>;

#[test]
fn every_reader_reads_the_same() {
    let cases = std::env::var("CLAVIGER_LENIENT_CASES").ok().map_or(2_000, |n| n.parse().unwrap());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let accepted = std::cell::Cell::new(0u32);
    runner
        .run(&any::<u64>(), |seed| {
            let mut dice = Dice(seed | 1);
            let request = Request::any(&mut dice);
            if let Some(intent) = request.read() {
                accepted.set(accepted.get() + 1);
                means_the_same(&intent)?;
                for items in request.lenient() {
                    prop_assert_eq!(again(&request, &items), Some(intent.clone()), "{:?}", items);
                }
            }
            Ok(())
        })
        .unwrap();
    assert!(accepted.get() > cases / 4, "only {} of {cases} were accepted", accepted.get());
}

/// Every row that is read, with each of its parameters alone and with all of them.
#[test]
fn every_row_prints_what_it_read() {
    let mut dice = Dice(7);
    for row in readable() {
        let mut seen = false;
        for _ in 0..300 {
            let request = Request::right(row, &mut dice);
            if let Some(intent) = request.read() {
                seen = true;
                assert_eq!(again_from_print(&intent), intent, "{}", row.path);
            }
        }
        assert!(seen, "no request for {} was accepted", row.path);
    }
}

fn means_the_same(intent: &Intent) -> Result<(), TestCaseError> {
    let printed = Request::printed(intent);
    prop_assert_eq!(printed.read(), Some(intent.clone()));
    for items in printed.lenient() {
        prop_assert_eq!(again(&printed, &items), Some(intent.clone()), "{:?}", items);
    }
    Ok(())
}

fn again_from_print(intent: &Intent) -> Intent {
    Request::printed(intent).read().unwrap()
}

/// The request that a lenient reader understood, read by us.
fn again(like: &Request, items: &[Named]) -> Option<Intent> {
    Request { parts: Parts::plain(like.row, items), row: like.row }.read()
}

struct Request {
    row: &'static Row,
    parts: Parts,
}

/// Query and body, raw.
struct Parts {
    query: Option<String>,
    body: Vec<u8>,
}

impl Parts {
    fn plain(row: &Row, items: &[Named]) -> Self {
        if is_list(row) {
            return Self { query: None, body: items.iter().map(whole).collect::<String>().into_bytes() };
        }
        if row.verb == Verb::Get {
            let pairs = items.iter().flatten().map(|(n, v)| format!("{n}={}", encode(v)));
            let texts: Vec<String> = pairs.collect();
            return Self { query: Some(texts.join("&")).filter(|q| !q.is_empty()), body: Vec::new() };
        }
        let entries = |named: &Named| -> Vec<String> {
            named.iter().map(|(n, v)| format!("{}:{}", quote(n), quote(v))).collect()
        };
        Self { query: None, body: wrap(row, items.iter().map(entries).collect()).into_bytes() }
    }
}

impl Request {
    /// Right, or bent in one or two places.
    fn any(dice: &mut Dice) -> Self {
        let rows = readable();
        let heavy: Vec<&Row> = rows.iter().copied().filter(|row| row.kind != Kind::Read).collect();
        let row = if dice.one_in(3) { dice.pick(&rows) } else { dice.pick(&heavy) };
        let more = if is_batch(row) { dice.pick(&[0, 0, 1, 2]) } else { 0 };
        let mut items: Vec<Named> = (0..=more).map(|_| right(row, dice)).collect();
        for _ in 0..dice.pick(&[0, 0, 0, 1, 2]) {
            let at = dice.index(items.len());
            bend(&mut items[at], row, dice);
        }
        Self { row, parts: raw(row, &items, dice) }
    }

    fn right(row: &'static Row, dice: &mut Dice) -> Self {
        let items = [right(row, dice)];
        Self { row, parts: Parts::plain(row, &items) }
    }

    fn printed(intent: &Intent) -> Self {
        let stamp = Some(Stamp { exchange_ms: 1_700_000_000_000, window_ms: 2_000 });
        let unsigned = Okx.print(intent, stamp).unwrap();
        let query = Some(unsigned.query).filter(|q| !q.is_empty());
        let row = Okx.catalogue().row("rest", Verb::from(unsigned.method), &unsigned.path).unwrap();
        Self { row, parts: Parts { query, body: unsigned.body } }
    }

    fn read(&self) -> Option<Intent> {
        let request = RawRequest {
            method: if self.row.verb == Verb::Get { Method::Get } else { Method::Post },
            prefix: None,
            path: &self.row.path,
            query: self.parts.query.as_deref(),
            headers: &[],
            body: &self.parts.body,
        };
        Okx.read(&Okx.surfaces()[0], &request).ok().map(|(intent, _)| intent)
    }

    /// What lenient servers make of it.
    fn lenient(&self) -> Vec<Vec<Named>> {
        let found = if self.row.verb == Verb::Get {
            vec![query_pairs(self.parts.query.as_deref().unwrap_or_default())]
        } else if is_list(self.row) {
            let body = serde_json::from_slice(&self.parts.body).map(|list| relaxed(&list));
            body.into_iter().map(|body| vec![("[]".to_owned(), body)]).collect()
        } else {
            body_pairs(&self.parts.body)
        };
        let mut readings = Vec::new();
        for last_wins in [false, true] {
            let once: Vec<Named> = found.iter().map(|item| dedupe(item, last_wins)).collect();
            let each = |change: &dyn Fn(&str, &str) -> String| -> Vec<Named> {
                let item = |item: &Named| item.iter().map(|(n, v)| (n.clone(), change(n, v))).collect();
                once.iter().map(item).collect()
            };
            readings.push(each(&|_, v| decode(v)));
            readings.push(each(&|n, v| self.floated(n, v)));
            readings.push(once);
        }
        readings
    }

    /// A number as a reader with 64-bit floats has it.
    fn floated(&self, name: &str, text: &str) -> String {
        let numeric = self.row.params.iter().find(|spec| *spec.name == *name).is_some_and(|spec| {
            matches!(
                spec.grammar,
                Grammar::Number | Grammar::Signed | Grammar::Whole { .. } | Grammar::Millis
            )
        });
        match text.parse::<f64>() {
            Ok(number) if numeric => number.to_string(),
            _ => text.to_owned(),
        }
    }
}

fn readable() -> Vec<&'static Row> {
    let rows = Okx.catalogue().rows().iter();
    rows.filter(|row| row.kind.is_readable()).collect()
}

/// Values that fit the row, as far as its grammar tells.
fn right(row: &Row, dice: &mut Dice) -> Named {
    let mut named = Named::new();
    for spec in &row.params {
        let refused = spec.grammar == Grammar::Word(Vec::new());
        let wanted = spec.required || dice.one_in(3);
        if wanted && !refused && !dice.one_in(40) {
            named.push((spec.name.to_string(), sample(&spec.name, &spec.grammar, dice)));
        }
    }
    sensible(&mut named, row, dice);
    named
}

/// What belongs together in orders: a mode that fits the instrument, a price where one is wanted, one name.
fn sensible(named: &mut Named, row: &Row, dice: &mut Dice) {
    if row.verb == Verb::Get {
        named.retain(|(_, text)| !text.is_empty());
        return;
    }
    let contract = value(named, "instId").is_some_and(|id| id.split('-').count() == 3);
    fitting(named, contract, dice);
    let (orders, algo) = (row.param("ordType").is_some(), is_marked(row, "algo"));
    let names = ["ordId", "clOrdId", "algoId", "algoClOrdId"];
    match row.kind {
        _ if orders && algo => algo_order(named, contract, dice),
        _ if orders => usual_order(named, contract, dice),
        Kind::Amend | Kind::Steps | Kind::Cancel => {
            let names = if algo { &names[2..] } else { &names[..2] };
            named.retain(|(name, _)| !names.contains(&name.as_str()));
            let by_client = dice.one_in(2);
            let name = if by_client { letters(dice, 12) } else { "77".into() };
            put(named, names[usize::from(by_client)], name);
            put(named, names[usize::from(!by_client)], String::new());
            if row.param("newSz").is_some() {
                amendment(named, algo, dice);
            }
        }
        Kind::Transfer if row.param("type").is_none() => {}
        Kind::Transfer if dice.one_in(2) => {
            put(named, "type", "1".into());
            put(named, "subAcct", "sub1".into());
        }
        Kind::Transfer => {
            named.retain(|(name, _)| name != "subAcct");
            put(named, "type", "0".into());
        }
        Kind::ClosePosition if dice.one_in(4) => {}
        Kind::ClosePosition => named.retain(|(name, _)| name != "ccy"),
        Kind::Special if !dice.one_in(20) => {
            for (name, text) in [("includeAll", "false"), ("copyInstIdType", "custom")] {
                named.iter_mut().filter(|(n, _)| n == name).for_each(|(_, v)| text.clone_into(v));
            }
        }
        _ => {}
    }
}

fn value(named: &Named, name: &str) -> Option<String> {
    named.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
}

fn put(named: &mut Named, name: &str, text: String) {
    named.retain(|(n, _)| n != name);
    named.push((name.to_owned(), text));
}

fn fitting(named: &mut Named, contract: bool, dice: &mut Dice) {
    for (name, text) in named.iter_mut() {
        match (name.as_str(), contract) {
            ("tdMode", false) => *text = dice.pick(&["cash", "cash", "cash", "isolated"]).into(),
            ("tdMode", true) => *text = dice.pick(&["cross", "isolated"]).into(),
            ("posSide", false) => *text = "net".into(),
            ("reduceOnly", false) => *text = "false".into(),
            ("quickMgnType", _) => *text = "manual".into(),
            _ => {}
        }
    }
}

fn usual_order(named: &mut Named, contract: bool, dice: &mut Dice) {
    let market = matches!(value(named, "ordType").as_deref(), Some("market" | "optimal_limit_ioc"));
    if !contract && value(named, "ordType").as_deref() == Some("optimal_limit_ioc") {
        put(named, "ordType", "market".into());
    }
    let closes = value(named, "posSide").is_some_and(|side| side != "net")
        || value(named, "reduceOnly").is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
    named.retain(|(name, _)| match name.as_str() {
        "tgtCcy" => market && !contract,
        "px" => !market,
        "ccy" => dice.one_in(8),
        "attachAlgoOrds" => !closes,
        _ => true,
    });
    if !market {
        put(named, "px", price(dice));
    }
}

/// What every kind of algo order may have.
const ANY_KIND: [&str; 12] = [
    "instId",
    "tdMode",
    "side",
    "posSide",
    "ordType",
    "sz",
    "reduceOnly",
    "algoClOrdId",
    "clOrdId",
    "tag",
    "quickMgnType",
    "pxAmendType",
];

fn algo_order(named: &mut Named, contract: bool, dice: &mut Dice) {
    let kind = value(named, "ordType").unwrap_or_default();
    named.retain(|(name, _)| ANY_KIND.contains(&name.as_str()) || dice.one_in(60));
    put(named, "sz", price(dice));
    let end = |which: &str, named: &mut Named, dice: &mut Dice| {
        put(named, &format!("{which}TriggerPx"), price(dice));
        put(named, &format!("{which}OrdPx"), at_price(dice));
        if dice.one_in(2) {
            let by = dice.pick(&["last", "mark", "index"]).into();
            put(named, &format!("{which}TriggerPxType"), by);
        }
    };
    match kind.as_str() {
        "conditional" => {
            end(dice.pick(&["tp", "sl"]), named, dice);
            if !contract && dice.one_in(3) {
                put(named, "tgtCcy", "base_ccy".into());
            }
        }
        "oco" => {
            end("tp", named, dice);
            end("sl", named, dice);
            if dice.one_in(3) {
                put(named, "tpOrdKind", dice.pick(&["limit", "condition"]).into());
            }
        }
        "trigger" => {
            put(named, "triggerPx", price(dice));
            put(named, "orderPx", at_price(dice));
            if dice.one_in(3) {
                put(named, "advanceOrdType", dice.pick(&["fok", "ioc"]).into());
            }
            if dice.one_in(3) {
                put(named, "attachAlgoOrds", exits("", dice));
            }
        }
        "move_order_stop" => {
            put(named, dice.pick(&["callbackRatio", "callbackSpread"]), price(dice));
            if dice.one_in(2) {
                put(named, "activePx", price(dice));
            }
        }
        "twap" | "iceberg" => {
            put(named, "szLimit", price(dice));
            put(named, "pxLimit", price(dice));
            put(named, dice.pick(&["pxVar", "pxSpread"]), price(dice));
            if kind == "twap" {
                put(named, "timeInterval", (1 + dice.below(600)).to_string());
            }
        }
        "smart_iceberg" => {
            put(named, "szLimit", price(dice));
            put(named, "lmtOrderNumber", "5".into());
            put(named, "aggressiveness", "mid".into());
            put(named, "pxLimit", price(dice));
        }
        _ => {
            if dice.one_in(2) {
                put(named, "maxChaseType", dice.pick(&["distance", "ratio"]).into());
                put(named, "maxChaseVal", price(dice));
            }
        }
    }
    let closable = contract && matches!(kind.as_str(), "conditional" | "oco");
    if closable && dice.one_in(3) {
        named.retain(|(name, _)| !matches!(name.as_str(), "sz" | "posSide"));
        put(named, "closeFraction", "1".into());
        put(named, "reduceOnly", "true".into());
        named.iter_mut().filter(|(n, _)| n.ends_with("OrdPx")).for_each(|(_, v)| "-1".clone_into(v));
    }
}

fn amendment(named: &mut Named, algo: bool, dice: &mut Dice) {
    let terms = ["newTp", "newSl", "newTrigger", "newOrd", "newPx", "attach", "trigger", "stop", "take"];
    named.retain(|(name, _)| !terms.iter().any(|term| name.starts_with(term)));
    put(named, "newSz", price(dice));
    match dice.below(5) {
        0 => put(named, "attachAlgoOrds", exits("new", dice)),
        1 if algo => {
            put(named, "newTriggerPx", price(dice));
            put(named, "newOrdPx", price(dice));
        }
        2 if algo => {
            put(named, "newSlTriggerPx", price(dice));
            put(named, "newSlOrdPx", price(dice));
            put(named, "newTpTriggerPx", price(dice));
            put(named, "newTpOrdPx", at_price(dice));
        }
        3 if algo => put(named, "newSlTriggerPx", price(dice)),
        3 => put(named, "newPx", price(dice)),
        _ => {}
    }
}

/// Exits that make sense, in any order and spelling of their members.
fn exits(new: &str, dice: &mut Dice) -> String {
    let name = |name: &str| if new.is_empty() { name.to_owned() } else { format!("new{}", capital(name)) };
    let items: Vec<String> = (0..=dice.index(2))
        .map(|_| {
            let mut entries = Vec::new();
            for which in dice.pick(&[["tp", "sl"], ["tp", "tp"], ["sl", "sl"]]) {
                entries.push((name(&format!("{which}TriggerPx")), price(dice)));
                entries.push((name(&format!("{which}OrdPx")), at_price(dice)));
                if dice.one_in(2) {
                    entries.push((name(&format!("{which}TriggerPxType")), "mark".into()));
                }
            }
            entries.sort();
            entries.dedup_by(|a, b| a.0 == b.0);
            if dice.one_in(4) {
                entries = vec![(name("callbackRatio"), "0.05".into())];
            }
            if dice.one_in(3) {
                entries.push(("attachAlgoClOrdId".into(), letters(dice, 9)));
            }
            if dice.one_in(3) {
                entries.push(("sz".into(), price(dice)));
            }
            if dice.one_in(2) {
                entries.reverse();
            }
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, text)| format!("{}:{}", spelled(name, dice), spelled(text, dice)))
                .collect();
            format!("{{{}}}", entries.join(","))
        })
        .collect();
    format!("[{}]", items.join(", "))
}

fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_ascii_uppercase() + rest
}

/// A price in one of its spellings.
fn price(dice: &mut Dice) -> String {
    format!("{}.{}", 1 + dice.below(9), dice.below(99) + 1)
}

fn at_price(dice: &mut Dice) -> String {
    if dice.one_in(2) { "-1".into() } else { price(dice) }
}

const SYMBOLS: [&str; 7] = [
    "BTC-USDT",
    "ETH-USDC",
    "BTC-USDT-SWAP",
    "BTC-USD-SWAP",
    "BTC-USDC-261225",
    "ETH-USD-261225",
    "BTC-USD-261225-50000-C",
];

fn sample(name: &str, grammar: &Grammar, dice: &mut Dice) -> String {
    match grammar {
        Grammar::Symbol => dice.pick(&SYMBOLS).into(),
        Grammar::Asset => dice.pick(&["BTC", "USDT", "1INCH"]).into(),
        Grammar::Number => number(dice),
        Grammar::Signed => format!("{}{}", dice.pick(&["", "-"]), number(dice)),
        Grammar::Whole { min, max } => (min + dice.below(max - min + 1)).to_string(),
        Grammar::Millis => (1_500_000_000_000 + dice.below(1_000_000_000_000)).to_string(),
        Grammar::Flag => dice.pick(&["true", "false", "True", "FALSE"]).into(),
        Grammar::Word(words) => {
            words.get(dice.index(words.len())).map(ToString::to_string).unwrap_or_default()
        }
        Grammar::Id(_) if name.ends_with("OrdPx") || name == "orderPx" => at_price(dice),
        Grammar::ClientId | Grammar::Id(_) if name != "subAcct" => letters(dice, 12),
        Grammar::OrderId => (1 + dice.below(u64::MAX - 1)).to_string(),
        Grammar::Text(_) => dice.pick(&["USDT-TRC20", "rEb8:12", "a b", "0xAb/c?d"]).into(),
        Grammar::Symbols(_) | Grammar::Words(_) if name == "instId" => "BTC-USDT-SWAP".into(),
        Grammar::Symbols(_) | Grammar::Words(_) => dice.pick(&["BTC", "BTC,ETH", "A-B_c,1"]).into(),
        Grammar::Array(_) if name == "instIds" => r#"["BTC-USDT-SWAP"]"#.into(),
        Grammar::Array(_) => dice.pick(&[r#"["BTC"]"#, r#"[ "A","B-c" ]"#, "[1,\"2\"]"]).into(),
        Grammar::Object(members) => object(members, dice),
        Grammar::Items { .. } if name == "attachAlgoOrds" && !dice.one_in(4) => exits("", dice),
        Grammar::Items { of, .. } => {
            let items: Vec<String> = (0..=dice.index(2)).map(|_| object(of, dice)).collect();
            format!("[{}]", items.join(", "))
        }
        Grammar::ClientId | Grammar::Id(_) => "sub1".into(),
    }
}

/// Members that fit, in any order and spelling; at times one twice or one that nobody knows.
fn object(members: &[ParamSpec], dice: &mut Dice) -> String {
    let mut entries = Vec::new();
    for spec in members {
        if !spec.required && dice.one_in(2) || dice.one_in(60) || spec.grammar == Grammar::Word(Vec::new()) {
            continue;
        }
        let value = sample(&spec.name, &spec.grammar, dice);
        let nested = matches!(spec.grammar, Grammar::Array(_) | Grammar::Object(_) | Grammar::Items { .. });
        let bare = nested || spec.grammar == Grammar::Number && dice.one_in(2);
        let value = if bare { value } else { spelled(&value, dice) };
        entries.push(format!("{}:{value}", spelled(&spec.name, dice)));
        if dice.one_in(80) {
            entries.push(entries[dice.index(entries.len())].clone());
        }
        if dice.one_in(80) {
            entries.push(format!("{}:\"1\"", spelled(&letters(dice, 5), dice)));
        }
    }
    if dice.one_in(2) {
        entries.reverse();
    }
    format!("{{{}}}", entries.join(","))
}

fn number(dice: &mut Dice) -> String {
    let digits = u32::try_from(dice.below(10)).unwrap();
    let whole = dice.below(10u64.pow(digits));
    match dice.below(3) {
        0 => whole.to_string(),
        1 => format!("{whole}.{}", dice.below(100_000)),
        _ => format!("0.{:0>width$}", dice.below(100_000), width = 5 + dice.index(14)),
    }
}

fn letters(dice: &mut Dice, most: usize) -> String {
    (0..=dice.index(most)).map(|_| char::from(dice.pick(b"abcXYZ0189"))).collect()
}

/// One thing that a careless or hostile client could do.
fn bend(named: &mut Named, row: &Row, dice: &mut Dice) {
    const ODD: [&str; 24] = [
        "",
        "1e5",
        "-1",
        "+1",
        "01",
        "1.",
        "NaN",
        "1,2",
        "%31",
        "%2531",
        "a%26sz=9",
        "a&sz=9",
        "1_0",
        " 1",
        "1 ",
        "\u{ff11}",
        "true",
        "null",
        "\"",
        "\\",
        "BTC-USDT#",
        "0x1",
        "١",
        "1\u{0}",
    ];
    let names: Vec<&str> = row.params.iter().map(|spec| &*spec.name).collect();
    let some_name = if names.is_empty() { "x".to_owned() } else { dice.pick(&names).to_owned() };
    let at = dice.index(named.len().max(1));
    match dice.below(6) {
        0 => named.push((some_name, dice.pick(&ODD).into())),
        1 => named.push((letters(dice, 5), letters(dice, 5))),
        2 if at < named.len() => named[at].1 = dice.pick(&ODD).into(),
        3 if at < named.len() => named.push(named[at].clone()),
        4 if at < named.len() => drop(named.remove(at)),
        _ if at < named.len() => named[at].1.push_str(dice.pick(&ODD)),
        _ => {}
    }
}

/// The request in one of the many spellings that clients have for the same.
fn raw(row: &Row, items: &[Named], dice: &mut Dice) -> Parts {
    if row.verb == Verb::Get {
        let texts: Vec<String> =
            items.iter().flatten().map(|(n, v)| format!("{n}={}", loose(v, dice))).collect();
        return Parts { query: Some(texts.join("&")).filter(|q| !q.is_empty()), body: Vec::new() };
    }
    if is_list(row) {
        return Parts { query: None, body: items.iter().map(whole).collect::<String>().into_bytes() };
    }
    let entry = |(name, value): &(String, String), dice: &mut Dice| {
        if is_nested(row, name) && !dice.one_in(4) {
            return format!("{}:{value}", spelled(name, dice));
        }
        let bare = value.parse::<f64>().is_ok() || value == "true" || value == "false" || value == "null";
        let value = if bare && dice.one_in(3) { value.clone() } else { spelled(value, dice) };
        format!("{}:{}{value}", spelled(name, dice), if dice.one_in(2) { " " } else { "" })
    };
    let entries = items.iter().map(|named| named.iter().map(|pair| entry(pair, dice)).collect()).collect();
    Parts { query: None, body: wrap(row, entries).into_bytes() }
}

/// Whether the whole body is one list of objects.
fn is_list(row: &Row) -> bool {
    row.param("[]").is_some()
}

fn whole(named: &Named) -> String {
    named.iter().map(|(_, value)| value.as_str()).collect()
}

fn is_nested(row: &Row, name: &str) -> bool {
    let nested = |g: &Grammar| matches!(g, Grammar::Array(_) | Grammar::Object(_) | Grammar::Items { .. });
    row.param(name).is_some_and(|spec| nested(&spec.grammar))
}

fn wrap(row: &Row, items: Vec<Vec<String>>) -> String {
    let objects: Vec<String> = items.iter().map(|entries| format!("{{{}}}", entries.join(","))).collect();
    if is_batch(row) { format!("[{}]", objects.join(", ")) } else { objects.concat() }
}

fn is_batch(row: &Row) -> bool {
    is_marked(row, "batch")
}

fn is_marked(row: &Row, mark: &str) -> bool {
    row.flags.iter().any(|flag| **flag == *mark)
}

/// A JSON text, some of its letters as escapes.
fn spelled(text: &str, dice: &mut Dice) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        if c.is_ascii() && dice.one_in(30) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push_str(quote(&c.to_string()).trim_matches('"'));
        }
    }
    out + "\""
}

/// A query value, percent-encoded here and there.
fn loose(text: &str, dice: &mut Dice) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() && !dice.one_in(20) || (dice.one_in(2) && byte.is_ascii_graphic()) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn query_pairs(query: &str) -> Named {
    let split = query.split(['&', ';']).filter(|p| !p.is_empty());
    split
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(&value.replace('+', " ")))
        })
        .collect()
}

/// Every pair of each object, duplicates and all.
fn body_pairs(body: &[u8]) -> Vec<Named> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => relaxed(other),
    };
    let one: Result<Pairs, _> = serde_json::from_slice(body);
    let objects = one.map(|one| vec![one]).or_else(|_| serde_json::from_slice::<Vec<Pairs>>(body));
    let named = |pairs: Pairs| pairs.0.into_iter().map(|(name, value)| (name, text(&value))).collect();
    objects.unwrap_or_default().into_iter().map(named).collect()
}

/// JSON as a reader with 64-bit floats writes it again.
fn relaxed(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => number.as_f64().unwrap().to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(relaxed).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let entry = |(name, value): (&String, &Value)| format!("{}:{}", quote(name), relaxed(value));
            format!("{{{}}}", members.iter().map(entry).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// An object whose duplicates are kept, unlike in [`Value`].
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

fn dedupe(pairs: &Named, last_wins: bool) -> Named {
    let mut found = Named::new();
    for (name, value) in pairs {
        match found.iter_mut().find(|(n, _)| n == name) {
            Some((_, kept)) if last_wins => kept.clone_from(value),
            Some(_) => {}
            None => found.push((name.clone(), value.clone())),
        }
    }
    found
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|h| std::str::from_utf8(h).ok());
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()).filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn encode(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

fn quote(text: &str) -> String {
    Value::from(text).to_string()
}

/// Small, fast and repeatable.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound.max(1)
    }

    fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).unwrap()
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len())]
    }
}
