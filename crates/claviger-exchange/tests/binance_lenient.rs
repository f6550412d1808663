//! P3 on Binance: whatever a lenient server could make of the bytes that leave is the intent that was judged.
//!
//! Requests are generated far beyond what clients send: doubled parameters, odd encodings, any split of query and body.
//! Those that are accepted are printed, and the printed bytes are read by servers that take the first or the last
//! duplicate, the query or the body, decode twice or in another order, take `+` for a space, `;` for `&`, ignore case,
//! and keep numbers as floats. `CLAVIGER_LENIENT_CASES` says how many requests (2,000 unless told).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test"
)]

use std::collections::BTreeMap;

use claviger_core::{Act, Intent, Method, Order, OrderKind, Size, TimeInForce};
use claviger_exchange::{
    Exchange, Grammar, Kind, ParamSpec, Printed, RawRequest, Row, Security, Stamp, Surface, Verb,
    binance::Binance,
};

const STAMP: Stamp = Stamp { exchange_ms: 1_700_000_000_000, window_ms: 2_000 };
const SIGNATURE: &str =
    "XtZirsmmi0noRzUfkqktvkVfxpkq/WtbLg2UOL3QGYdUBZVlqOBEMuEVw8zioY93N54NcKj9UuAXQEa9zgTDBg==";

fn cases() -> u64 {
    std::env::var("CLAVIGER_LENIENT_CASES").ok().map_or(2_000, |n| n.parse().expect("a number of cases"))
}

/// SplitMix64: the same cases in every run, found again by their number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap() % sides
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == 0
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.roll(items.len())]
    }
}

fn readable() -> Vec<&'static Row> {
    Binance.catalogue().rows().iter().filter(|row| row.kind.is_readable()).collect()
}

fn surface(row: &Row) -> &'static Surface {
    Binance.surfaces().iter().find(|s| *s.name == *row.surface).unwrap()
}

fn method(row: &Row) -> Method {
    match row.verb {
        Verb::Get => Method::Get,
        Verb::Post => Method::Post,
        Verb::Put => Method::Put,
        Verb::Delete => Method::Delete,
        Verb::Ws => panic!("a WebSocket method is not read"),
    }
}

type Pairs = Vec<(String, String)>;

/// Parameters that fit the row most of the time.
fn parameters(row: &Row, dice: &mut Dice) -> Pairs {
    let mut pairs = match row.kind {
        Kind::Place | Kind::Test => order(row, dice),
        Kind::Cancel | Kind::Amend => about_an_order(row, dice),
        Kind::Steps => steps(row, dice),
        _ => row
            .params
            .iter()
            .filter_map(|spec| if spec.required || dice.one_in(2) { Some(pair(spec, dice)) } else { None })
            .collect(),
    };
    if row.security == Security::Signed {
        pairs.push(("timestamp".into(), "1700000000000".into()));
        pairs.push(("signature".into(), "0".repeat(64)));
        if dice.one_in(2) {
            pairs.push(("recvWindow".into(), "5000".into()));
        }
    }
    pairs
}

fn pair(spec: &ParamSpec, dice: &mut Dice) -> (String, String) {
    (spec.name.to_string(), value(&spec.grammar, dice))
}

fn spec<'r>(row: &'r Row, name: &str) -> Option<&'r ParamSpec> {
    row.params.iter().find(|spec| *spec.name == *name)
}

/// Whether an order of that type has no price.
fn is_market(kind: &str, spot: bool) -> bool {
    let plain = ["MARKET", "STOP_LOSS"].contains(&kind) || kind.ends_with("_MARKET");
    plain || (spot && kind == "TAKE_PROFIT")
}

fn order(row: &Row, dice: &mut Dice) -> Pairs {
    let kinds = spec(row, "type").filter(|spec| spec.judged).or_else(|| spec(row, "strategyType")).unwrap();
    let (algo, spot) = (row.path.contains("algo"), spec(row, "icebergQty").is_some());
    let futures = !spot && spec(row, "positionSide").is_some();
    let kind = match value(&kinds.grammar, dice) {
        kind if futures
            && *row.surface != *"coinm"
            && *kinds.name == *"type"
            && !algo
            && !dice.one_in(10) =>
        {
            if kind.ends_with("MARKET") { "MARKET" } else { "LIMIT" }.to_owned()
        }
        kind => kind,
    };
    let mut names = vec!["symbol", "side"];
    let quote = kind == "MARKET" && spec(row, "quoteOrderQty").is_some() && dice.one_in(2);
    let closes = kind.contains("STOP") && spec(row, "closePosition").is_some() && dice.one_in(3);
    names.push(if quote { "quoteOrderQty" } else { "quantity" });
    if !is_market(&kind, spot) {
        names.push(*dice.pick(&["price", "price", "price", "priceMatch", "pegPriceType"]));
        if kind != "LIMIT_MAKER" {
            names.push("timeInForce");
        }
    }
    if kind == "TRAILING_STOP_MARKET" {
        names.push("callbackRate");
        names.extend(["activatePrice", "activationPrice"].into_iter().filter(|_| dice.one_in(2)));
    } else if kind.starts_with("STOP") || kind.starts_with("TAKE") {
        names.extend(["stopPrice", "triggerPrice"]);
        names.extend(["trailingDelta"].into_iter().filter(|_| spot && dice.one_in(3)));
    }
    let harmless =
        ["positionSide", "reduceOnly", "newClientOrderId", "newOrderRespType", "strategyId", "workingType"];
    let harmless =
        harmless.into_iter().chain(["icebergQty", "sideEffectType", "clientAlgoId", "newClientStrategyId"]);
    let harmless = harmless.filter(|name| *row.path != *"/fapi/v1/order" || *name != "workingType");
    names.extend(harmless.filter(|_| dice.one_in(2)));
    names.extend(row.params.iter().filter(|spec| spec.required).map(|spec| &*spec.name));
    if dice.one_in(20) {
        names.push(&dice.pick(&row.params).name);
    }
    names.sort_unstable();
    names.dedup();
    names.retain(|name| *name != &*kinds.name && !(closes && *name == "quantity"));
    let mut pairs: Pairs =
        names.into_iter().filter_map(|name| spec(row, name)).map(|spec| pair(spec, dice)).collect();
    pairs.push((kinds.name.to_string(), kind));
    if closes {
        pairs.push(("closePosition".into(), "true".into()));
    }
    pairs
}

/// The names of what is common to the legs of a list, and each leg's prefix.
fn legs(row: &Row) -> Option<(&'static [&'static str], &'static [&'static str])> {
    match row.path.rsplit('/').next()? {
        "oco" if row.path.contains("orderList") => Some((&["side", "quantity"], &["above", "below"])),
        "oto" => Some((&[], &["working", "pending"])),
        "opo" => Some((&["workingQuantity"], &["working", "pending"])),
        "otoco" => Some((&["pendingSide", "pendingQuantity"], &["working", "pendingAbove", "pendingBelow"])),
        "opoco" => Some((&["pendingSide", "workingQuantity"], &["working", "pendingAbove", "pendingBelow"])),
        _ => None,
    }
}

fn steps(row: &Row, dice: &mut Dice) -> Pairs {
    let items = row.params.iter().find_map(|spec| match &spec.grammar {
        Grammar::Items { max, of } => Some((spec, *max, of)),
        _ => None,
    });
    if let Some((spec, max, of)) = items {
        let one = Row { params: of.clone(), ..row.clone() };
        let count = 1 + dice.roll(max);
        let texts: Vec<String> = (0..count).map(|_| item(&one, dice)).collect();
        return vec![(spec.name.to_string(), format!("[{}]", texts.join(",")))];
    }
    if let Some((common, prefixes)) = legs(row) {
        return list(row, common, prefixes, dice);
    }
    if row.path.ends_with("/oco") {
        let mut names = vec!["symbol", "side", "quantity", "price", "stopPrice"];
        if dice.one_in(2) {
            names.extend(["stopLimitPrice", "stopLimitTimeInForce"]);
        }
        let more = [
            "listClientOrderId",
            "limitClientOrderId",
            "stopClientOrderId",
            "sideEffectType",
            "limitIcebergQty",
        ];
        names.extend(more.into_iter().filter(|_| dice.one_in(2)));
        return names.into_iter().filter_map(|name| spec(row, name)).map(|spec| pair(spec, dice)).collect();
    }
    if row.path.ends_with("cancelReplace") {
        let mut pairs = order(row, dice);
        let id = *dice.pick(&["cancelOrderId", "cancelOrigClientOrderId"]);
        pairs.extend(spec(row, id).map(|spec| pair(spec, dice)));
        return pairs;
    }
    let mut lists: Vec<&ParamSpec> = row.params.iter().filter(|spec| *spec.name != *"symbol").collect();
    let one = lists.remove(dice.roll(lists.len()));
    vec![pair(spec(row, "symbol").unwrap(), dice), pair(one, dice)]
}

fn item(row: &Row, dice: &mut Dice) -> String {
    let pairs = if row.verb == Verb::Post { order(row, dice) } else { about_an_order(row, dice) };
    let member = |(name, value): &(String, String)| {
        let bare = value.parse::<f64>().is_ok() && name != "newClientOrderId" && name != "clientOrderId";
        let bare = bare && !value.starts_with('+') && value.len() < 15;
        let text = value.replace('\\', "\\\\").replace('"', "\\\"");
        if bare && dice.one_in(2) { format!("\"{name}\":{value}") } else { format!("\"{name}\":\"{text}\"") }
    };
    format!("{{{}}}", pairs.iter().map(member).collect::<Vec<_>>().join(","))
}

fn list(row: &Row, common: &[&str], prefixes: &[&str], dice: &mut Dice) -> Pairs {
    let mut names: Vec<String> = vec!["symbol".into()];
    names.extend(common.iter().map(|name| (*name).to_owned()));
    names.extend(
        ["listClientOrderId", "sideEffectType"].into_iter().filter(|_| dice.one_in(2)).map(str::to_owned),
    );
    let mut pairs = Pairs::new();
    for prefix in prefixes {
        let kind = value(&spec(row, &format!("{prefix}Type")).unwrap().grammar, dice);
        let mut wanted = vec!["Side", "Quantity"];
        if !is_market(&kind, true) {
            wanted.push(if dice.one_in(4) { "PegPriceType" } else { "Price" });
            if kind != "LIMIT_MAKER" {
                wanted.push("TimeInForce");
            }
        }
        if kind.starts_with("STOP") || kind.starts_with("TAKE") {
            wanted.push("StopPrice");
            wanted.extend(["TrailingDelta"].into_iter().filter(|_| dice.one_in(3)));
        }
        wanted.extend(["ClientOrderId", "StrategyId", "IcebergQty"].into_iter().filter(|_| dice.one_in(2)));
        names.extend(wanted.into_iter().map(|name| format!("{prefix}{name}")));
        pairs.push((format!("{prefix}Type"), kind));
    }
    names.sort_unstable();
    names.dedup();
    pairs.extend(names.iter().filter_map(|name| spec(row, name)).map(|spec| pair(spec, dice)));
    pairs
}

fn about_an_order(row: &Row, dice: &mut Dice) -> Pairs {
    const IDS: [[&str; 2]; 5] = [
        ["algoId", "clientAlgoId"],
        ["strategyId", "newClientStrategyId"],
        ["orderListId", "listClientOrderId"],
        ["orderId", "origClientOrderId"],
        ["orderId", "clientOrderId"],
    ];
    let pair_of = IDS.into_iter().find(|ids| ids.iter().all(|id| spec(row, id).is_some())).unwrap();
    let by = pair_of[dice.roll(2)];
    let other = ["priceMatch", "reduceOnly", pair_of[0], pair_of[1]];
    let wanted = |spec: &&ParamSpec, dice: &mut Dice| {
        *spec.name == *by
            || (!other.contains(&&*spec.name) && (spec.required || dice.one_in(2)))
            || dice.one_in(40)
    };
    let chosen: Vec<_> = row.params.iter().filter(|spec| wanted(spec, dice)).collect();
    chosen.into_iter().map(|spec| pair(spec, dice)).collect()
}

fn value(grammar: &Grammar, dice: &mut Dice) -> String {
    const NASTY: [&str; 18] = [
        "",
        " ",
        "%",
        "%41",
        "a&b=c",
        "a=b",
        "1e5",
        "+1",
        "01",
        "1;2",
        "\u{0}",
        "ä",
        "true",
        "1_000",
        "NaN",
        "0",
        "99999999999999999999",
        "symbol=X",
    ];
    if dice.one_in(40) {
        return (*dice.pick(&NASTY)).to_owned();
    }
    match grammar {
        Grammar::Symbol => (*dice.pick(&["BTCUSDT", "BTCUSD_PERP", "ETH-X", "1000SATSUSDT"])).to_owned(),
        Grammar::Asset => (*dice.pick(&["BTC", "USDT", "1INCH"])).to_owned(),
        Grammar::Number => number(dice),
        Grammar::Signed => format!("-{}", number(dice)),
        Grammar::Whole { min, max } => (min + dice.roll(1000) as u64).min(*max).to_string(),
        Grammar::Millis => (1_600_000_000_000 + dice.roll(1_000_000_000) as u64).to_string(),
        Grammar::Flag => (*dice.pick(&["true", "false", "True", "FALSE"])).to_owned(),
        Grammar::Word(words) => dice.pick(words).to_string(),
        Grammar::ClientId => (*dice.pick(&["x-1", "a.b:c/d_e-f", "A", &"z".repeat(36)])).to_owned(),
        Grammar::OrderId => (*dice.pick(&["1", "12345", "8389765512345678901"])).to_owned(),
        Grammar::Id(max) => "aZ0.:/_-".chars().cycle().take(1 + dice.roll(*max)).collect(),
        Grammar::Text(max) => "a b(c)'*!,@/?:$[]{}|~`^".chars().cycle().take(1 + dice.roll(*max)).collect(),
        Grammar::Symbols(_) => (*dice.pick(&[r#"["BTCUSDT"]"#, r#"["A", "B_C"]"#, "[]", "A,B"])).to_owned(),
        Grammar::Words(_) => (*dice.pick(&["a", "A,B_c,d-e", "a,,b"])).to_owned(),
        Grammar::Array(_) => {
            (*dice.pick(&[r#"["a"]"#, r#"["A","B_c"]"#, "[12,3]", r#"["4","5"]"#])).to_owned()
        }
        Grammar::Object(of) => object(of, dice),
        Grammar::Items { of, .. } => format!("[{}]", object(of, dice)),
    }
}

fn object(of: &[ParamSpec], dice: &mut Dice) -> String {
    let members = of.iter().map(|spec| format!("\"{}\":\"{}\"", spec.name, value(&spec.grammar, dice)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// Up to 15 significant digits, and sometimes one more.
fn number(dice: &mut Dice) -> String {
    let digits = |n: usize, dice: &mut Dice| {
        (0..n).map(|_| char::from(b'0' + dice.roll(10) as u8)).collect::<String>()
    };
    let whole = match dice.roll(4) {
        0 => "0".to_owned(),
        n => format!("{}{}", 1 + dice.roll(9), digits(n * 2, dice)),
    };
    match dice.roll(4) {
        0 => whole,
        n => format!("{whole}.{}", digits(n * 3, dice)),
    }
}

/// One way of many to write a value in a query or form.
fn encode(text: &str, dice: &mut Dice) -> String {
    let style = dice.roll(12);
    let hex = |b: u8, dice: &mut Dice| if dice.one_in(2) { format!("%{b:02X}") } else { format!("%{b:02x}") };
    let mut out = String::new();
    for b in text.bytes() {
        let plain = b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
        match style {
            0 => out.push(char::from(b)),
            1 => out.push_str(&hex(b, dice)),
            2 if b == b' ' => out.push('+'),
            3 if dice.one_in(4) => out.push_str(&hex(b, dice).replace('%', "%25")),
            _ if plain => out.push(char::from(b)),
            _ => out.push_str(&hex(b, dice)),
        }
    }
    out
}

/// Query and body in some order and split, sometimes with something doubled or broken.
fn mangle(mut pairs: Pairs, get: bool, dice: &mut Dice) -> (String, String) {
    if dice.one_in(20) && !pairs.is_empty() {
        let double = dice.pick(&pairs).0.clone();
        let other = value(&Grammar::Number, dice);
        pairs.push((double, other));
    }
    for at in (1..pairs.len()).rev() {
        pairs.swap(at, dice.roll(at + 1));
    }
    let split = if get { 0 } else { dice.roll(3) };
    let (mut query, mut body) = (Vec::new(), Vec::new());
    for (name, value) in pairs {
        let name = if dice.one_in(200) { encode(&name, dice) } else { name };
        let glue = if dice.one_in(300) { *dice.pick(&["", "==", "%3D", "[]="]) } else { "=" };
        let written = format!("{name}{glue}{}", encode(&value, dice));
        let to_query = split == 0 || (split == 1 && dice.one_in(2));
        if to_query && !dice.one_in(500) { query.push(written) } else { body.push(written) }
    }
    let glue = if dice.one_in(100) { *dice.pick(&["&&", ";", "&;", "&amp;"]) } else { "&" };
    (query.join(glue), body.join(glue))
}

fn read(row: &Row, query: &str, body: &str) -> Option<Intent> {
    let request = RawRequest {
        method: method(row),
        prefix: None,
        path: &row.path,
        query: Some(query),
        headers: &[],
        body: body.as_bytes(),
    };
    Binance.read(surface(row), &request).ok().map(|(intent, _)| intent)
}

fn printed(row: &Row, intent: &Intent) -> (String, String) {
    let unsigned = Binance.print(intent, Some(STAMP)).expect("what was read can be printed");
    let signed = row.security == Security::Signed;
    let (message, form) = (unsigned.message.clone(), [unsigned.query.as_bytes(), &unsigned.body].concat());
    assert_eq!(message, if signed { form } else { Vec::new() }, "signed is what is sent");
    let Printed { target, body, .. } = Binance.attach(unsigned, Some("KEY"), signed.then_some(SIGNATURE));
    let query = target.strip_prefix(&*row.path).expect("the row's path");
    (query.strip_prefix('?').unwrap_or(query).to_owned(), String::from_utf8(body).unwrap())
}

/// How a server might read what left.
#[derive(Clone, Copy, Debug)]
struct Server {
    last_wins: bool,
    body_over_query: bool,
    decodes: Decodes,
    plus_is_space: bool,
    semicolon_splits: bool,
    ignores_case: bool,
}

#[derive(Clone, Copy, Debug)]
enum Decodes {
    Once,
    Twice,
    BeforeSplitting,
}

fn servers() -> Vec<Server> {
    let mut all = Vec::new();
    // In this order neighbours differ in most habits.
    for bits in (0..32u32).map(|n| n * 11 % 32) {
        let on = |bit: u32| bits >> bit & 1 == 1;
        for decodes in [Decodes::Once, Decodes::Twice, Decodes::BeforeSplitting] {
            all.push(Server {
                last_wins: on(0),
                body_over_query: on(1),
                decodes,
                plus_is_space: on(2),
                semicolon_splits: on(3),
                ignores_case: on(4),
            });
        }
    }
    all
}

impl Server {
    fn read(self, query: &str, body: &str) -> BTreeMap<String, String> {
        let parts = if self.body_over_query { [query, body] } else { [body, query] };
        let mut found = BTreeMap::new();
        for part in parts {
            let mut here = BTreeMap::new();
            for (name, value) in self.part(part) {
                if self.last_wins || !here.contains_key(&name) {
                    here.insert(name, value);
                }
            }
            found.extend(here);
        }
        found
    }

    fn part(self, text: &str) -> Vec<(String, String)> {
        let decode = |text: &str| decode(text, self.plus_is_space);
        let text = match self.decodes {
            Decodes::BeforeSplitting => decode(text),
            Decodes::Once | Decodes::Twice => text.to_owned(),
        };
        let splits = |c| c == '&' || (c == ';' && self.semicolon_splits);
        let pieces = text.split(splits).filter(|piece| !piece.is_empty());
        pieces
            .map(|piece| {
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                let name = if self.ignores_case { name.to_ascii_lowercase() } else { name.to_owned() };
                let value = decode(value);
                (decode(&name), if matches!(self.decodes, Decodes::Twice) { decode(&value) } else { value })
            })
            .collect()
    }
}

fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let escaped = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (bytes[at], escaped) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) if plus_is_space => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What the servers found, as the row's parameters; numbers as a float would keep them.
fn as_request(row: &Row, found: &BTreeMap<String, String>) -> String {
    let mut form = String::new();
    // A server that ignores case does not tell one spelling of a name from another.
    let mut seen = std::collections::BTreeSet::new();
    for spec in &row.params {
        if !seen.insert(spec.name.to_ascii_lowercase()) {
            continue;
        }
        let Some(value) = found.get(&*spec.name).or_else(|| found.get(&spec.name.to_ascii_lowercase()))
        else {
            continue;
        };
        let value = match spec.grammar {
            Grammar::Number | Grammar::Signed | Grammar::Whole { .. } | Grammar::Millis => {
                value.parse::<f64>().expect("a number").to_string()
            }
            _ => value.clone(),
        };
        claviger_exchange::form::push(&mut form, &spec.name, &value);
    }
    form
}

fn check(row: &Row, intent: &Intent, servers: &[Server]) {
    let (query, body) = printed(row, intent);
    let signed = row.security == Security::Signed;
    let mut judged: Option<BTreeMap<String, String>> = None;
    for server in servers {
        let mut found = server.read(&query, &body);
        let authentication = ["timestamp", "recvWindow", "recvwindow", "signature"];
        let told = authentication.iter().filter(|name| found.remove(**name).is_some()).count();
        assert_eq!(told, if signed { 3 } else { 0 }, "{server:?} of {query} | {body}");
        found = found.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        if judged.as_ref() != Some(&found) {
            assert!(judged.is_none(), "{server:?} finds something else in {query} | {body}");
            let form = as_request(row, &found);
            assert_eq!(form.split('&').filter(|p| !p.is_empty()).count(), found.len(), "{query} | {body}");
            let again = if row.verb == Verb::Get { read(row, &form, "") } else { read(row, "", &form) };
            assert_eq!(again.as_ref(), Some(intent), "{server:?} makes something else of {query} | {body}");
            judged = Some(found);
        }
    }
}

#[test]
fn p3_lenient_servers_read_what_was_judged() {
    let (rows, servers) = (readable(), servers());
    let orders: Vec<&Row> = rows
        .iter()
        .copied()
        .filter(|row| matches!(row.kind, Kind::Place | Kind::Test | Kind::Steps))
        .collect();
    let mut accepted = 0;
    assert_eq!(servers.len(), 8 * 12, "twelve of them read each case, in turn");
    for case in 0..cases() {
        let mut dice = Dice(case);
        let row = if dice.one_in(2) { dice.pick(&orders) } else { dice.pick(&rows) };
        let (query, body) = mangle(parameters(row, &mut dice), row.verb == Verb::Get, &mut dice);
        if let Some(intent) = read(row, &query, &body) {
            accepted += 1;
            let turn = usize::try_from(case).unwrap() % 8;
            check(row, &intent, &servers[turn * 12..(turn + 1) * 12]);
        }
    }
    assert!(
        accepted * 5 >= cases(),
        "only {accepted} of {} requests were accepted: the test says little",
        cases()
    );
}

#[test]
fn what_is_printed_reads_back() {
    let mut dice = Dice(7);
    for row in readable() {
        let mut accepted = 0;
        for _ in 0..80 {
            let pairs = parameters(row, &mut dice);
            let mut form = String::new();
            for (name, value) in &pairs {
                claviger_exchange::form::push(&mut form, name, value);
            }
            let intent = if row.verb == Verb::Get { read(row, &form, "") } else { read(row, "", &form) };
            let Some(intent) = intent else { continue };
            accepted += 1;
            for intent in [Some(intent.clone()), bounded(&intent)].into_iter().flatten() {
                let (query, body) = printed(row, &intent);
                assert_eq!(read(row, &query, &body), Some(intent), "{query} | {body}");
            }
        }
        assert!(accepted > 0, "no request of {} {} was accepted", method(row).as_str(), row.path);
    }
}

/// A market order as it leaves once it was bounded.
fn bounded(intent: &Intent) -> Option<Intent> {
    let bound = |order: &Order| {
        let size = match order.size {
            Size::Quote(_) => Size::Base("0.5".parse().unwrap()),
            size => size,
        };
        let kind = OrderKind::Limit { price: "123.45".parse().unwrap() };
        Order { kind, size, time_in_force: TimeInForce::ImmediateOrCancel, ..order.clone() }
    };
    let act = match &intent.act {
        Act::Place(order)
            if order.kind == OrderKind::Market
                && order.more.trail.is_none()
                && order.size != Size::Position =>
        {
            Act::Place(bound(order))
        }
        _ => return None,
    };
    Some(Intent { act, ..intent.clone() })
}
