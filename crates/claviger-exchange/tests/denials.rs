//! The vectors of `tests/vectors/denials`: a request, and what the policy of its desk says to it.
//!
//! Nothing is signed and nothing is sent: the request is read, the book decides, and what may leave is printed and read
//! again. The folder's `README.md` describes the files; every exchange of the folder is held to the same list of cases.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_core::book::{Ask, Book, Denied, Permit};
use claviger_core::entry::ObservedEntry;
use claviger_core::market::{Contract, Underlying};
use claviger_core::{
    Address, Asset, BotName, Config, Decimal, Digest, Entry, Evidence, Instrument, Intent, IntentId, Market,
    MarketView, Method, Observed, Outcome, Peer, PolicySet, Reference, Replay, Symbol, Time,
};
use claviger_exchange::{EXCHANGES, Exchange, Quote, RawRequest, ReadError, Stamp, exchange, known};
use serde::{Deserialize, Serialize};

/// The moment at which every case is judged.
const NOW: Time = Time::from_millis(1_700_000_000_000);

/// What has to be shown of every order path, unless its desk says why it cannot be.
const CASES: [&str; 7] =
    ["in-limits", "over-value", "over-by-amend", "wrong-symbol", "wrong-market", "borrow", "hidden-second"];

/// Whose requests they are, and what is known of the markets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Desk {
    /// The configuration with the bots.
    policy: String,
    /// Headers that every request has, where the exchange reads some.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    instrument: Vec<Listed>,
    /// By path and case, why there is no file.
    #[serde(default)]
    without: BTreeMap<String, BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    market: Market,
    symbol: Symbol,
    base: Asset,
    quote: Asset,
    contract: Option<Contract>,
    underlying: Option<Underlying>,
    price_step: Decimal,
    size_step: Decimal,
    min_size: Decimal,
    /// The reference price, fresh; none where it is not there.
    price: Option<Decimal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    #[expect(dead_code, reason = "for people")]
    about: String,
    /// Who asks.
    bot: BotName,
    /// What was permitted before, by the same bot.
    #[serde(default)]
    before: Vec<Before>,
    request: Request,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    request: Request,
    /// What the exchange answered; what became of it is unknown where it is not there.
    answer: Option<Answer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    surface: String,
    method: Method,
    path: String,
    query: Option<String>,
    #[serde(default)]
    body: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    status: u16,
    body: String,
}

/// What must come out; what a file leaves out is not looked at.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// `permit`, `unread` where the request is not understood, or the rule that refuses.
    rule: String,
    /// What the bot is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The refusal as the exchange would word it.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// What is reserved for the bot: by step where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    reserves: Option<Vec<String>>,
    /// Method, path and form of what may leave, before its signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaves: Option<String>,
}

impl Expect {
    fn is_met_by(&self, found: &Self) -> bool {
        let told = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        self.rule == found.rule
            && told(&self.message, &found.message)
            && told(&self.answer, &found.answer)
            && told(&self.leaves, &found.leaves)
            && (self.reserves.is_none() || self.reserves == found.reserves)
    }
}

/// One exchange with its policy and prices, and nothing that happened yet.
struct Judge {
    exchange: &'static dyn Exchange,
    headers: Vec<(Box<str>, Box<[u8]>)>,
    policies: Arc<PolicySet>,
    view: MarketView,
    book: Book,
    asked: u128,
}

impl Judge {
    fn new(exchange: &'static dyn Exchange, desk: &Desk) -> Self {
        let config = Config::parse(&desk.policy, "policy", &known()).unwrap_or_else(|e| panic!("{e}"));
        let mut view = MarketView::default();
        let venue = view.venues.entry(exchange.exchange_name()).or_default();
        for listed in &desk.instrument {
            let Listed { market, symbol, base, quote, contract, underlying, .. } = listed;
            let instrument = Instrument {
                base: base.clone(),
                quote: quote.clone(),
                contract: contract.clone(),
                price_step: listed.price_step,
                size_step: listed.size_step,
                min_size: listed.min_size,
                underlying: underlying.clone(),
            };
            venue.instruments.entry(*market).or_default().insert(symbol.clone(), instrument);
            if let Some(price) = listed.price {
                let reference = Reference { price, at: NOW, source: "vector".into() };
                venue.references.entry(*market).or_default().insert(symbol.clone(), reference);
            }
        }
        let mut book = Book::new();
        for (key, _) in config.policies().keys() {
            // An account in a mode in which exits are ones; the core's tests are about others.
            book.fold(&Entry::Observed(Box::new(ObservedEntry {
                at: NOW,
                asked_at: NOW,
                key: key.clone(),
                surface: exchange.surface_name(exchange.surfaces().first().unwrap()),
                what: Observed::Account { holds_reduce_only: true },
            })));
        }
        Self {
            exchange,
            headers: desk.headers.iter().map(|(n, v)| (n.as_str().into(), v.as_bytes().into())).collect(),
            policies: Arc::clone(config.policies()),
            view,
            book,
            asked: 0,
        }
    }

    fn read(&self, request: &Request) -> Result<Intent, ReadError> {
        let Request { surface, method, path, query, body } = request;
        let surface = self.exchange.surfaces().iter().find(|s| s.name == surface).unwrap();
        let raw = RawRequest {
            method: *method,
            prefix: None,
            path,
            query: query.as_deref(),
            headers: &self.headers,
            body: body.as_bytes(),
        };
        self.exchange.read(surface, &raw).map(|(intent, _)| intent)
    }

    fn decide(&mut self, bot: &BotName, intent: Intent) -> Result<Permit, Denied> {
        self.asked += 1;
        let ask = Ask {
            id: IntentId::new(self.asked),
            bot: bot.clone(),
            evidence: Evidence::BotSignature,
            peer: Peer { address: Address::Ip([127, 0, 0, 1].into()), same_user: false, user: None },
            intent,
            market: &self.view,
            now: NOW,
            replay: Replay { digest: Digest::of(&self.asked.to_be_bytes()), until: NOW.plus(10_000) },
            deadline: NOW.plus(2_000),
        };
        self.book.decide(&self.policies, ask)
    }

    /// Lets something happen before the request that is judged.
    fn happen(&mut self, bot: &BotName, before: &Before) -> Result<(), String> {
        let intent = self.read(&before.request).map_err(|e| e.to_string())?;
        let permit = self.decide(bot, intent).map_err(|e| e.to_string())?;
        if !permit.is_settled_later() {
            return self.hear_quote(&permit, before.answer.as_ref());
        }
        let outcome = match &before.answer {
            Some(Answer { status, body }) => self.exchange.outcome(permit.leaves(), *status, body.as_bytes()),
            None => Outcome::Unknown { why: "nothing was heard".into() },
        };
        if let (Some(_), Outcome::Unknown { why }) = (&before.answer, &outcome) {
            return Err(format!("an answer that says nothing: {why}"));
        }
        self.book.settle(permit.id(), outcome, None, NOW).map(drop).map_err(|e| e.to_string())
    }

    /// What a bot read before: the offer for a conversion that it was told of.
    fn hear_quote(&mut self, permit: &Permit, answer: Option<&Answer>) -> Result<(), String> {
        let Answer { status, body } = answer.ok_or("a question without an answer")?;
        let quote = self.exchange.told_quote(permit.leaves(), *status, body.as_bytes());
        let Quote { id, gives, until_ms } = quote.ok_or("an answer that offers nothing")?;
        let what =
            Observed::Quote { bot: permit.bot().clone(), id, gives, until: Time::from_millis(until_ms) };
        let (key, surface) = (permit.key().clone(), permit.leaves().endpoint.surface.clone());
        let entry = ObservedEntry { at: NOW, asked_at: NOW, key, surface, what };
        self.book.fold(&Entry::Observed(Box::new(entry)));
        Ok(())
    }

    fn judge(&mut self, vector: &Vector) -> Expect {
        let happened = vector.before.iter().try_for_each(|before| self.happen(&vector.bot, before));
        if let Err(why) = happened {
            return Expect { rule: "before".into(), message: Some(why), ..Expect::default() };
        }
        let intent = match self.read(&vector.request) {
            Ok(intent) => intent,
            Err(why) => {
                return Expect { rule: "unread".into(), message: Some(why.to_string()), ..Expect::default() };
            }
        };
        match self.decide(&vector.bot, intent.clone()) {
            Ok(permit) => self.permitted(&permit, &vector.request),
            Err(denied) => {
                let (step, Denied { denial, .. }) = (denied.step(), denied);
                let (class, message) = (denial.class(), denial.to_string());
                let answer = match step {
                    Some(step) => self.exchange.refuse_step(class, &message, &intent, usize::from(step)),
                    None => self.exchange.refuse(class, &message, Some(&intent)),
                };
                Expect {
                    rule: denial.rule().into(),
                    message: Some(denial.to_string()),
                    answer: Some(format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body))),
                    ..Expect::default()
                }
            }
        }
    }

    fn permitted(&self, permit: &Permit, asked: &Request) -> Expect {
        let stamp = Stamp { exchange_ms: NOW.millis(), window_ms: 2_000 };
        let unsigned = self.exchange.print(permit.leaves(), Some(stamp)).unwrap_or_else(|e| panic!("{e}"));
        let (query, body) = (unsigned.query, String::from_utf8(unsigned.body).unwrap());
        let again = Request {
            surface: asked.surface.clone(),
            method: unsigned.method,
            path: unsigned.path,
            query: (!query.is_empty()).then_some(query),
            body,
        };
        let read = self.read(&again).unwrap_or_else(|e| panic!("what leaves is not read: {e}"));
        assert_eq!(&read, permit.leaves(), "what leaves means what was judged");
        let Request { method, path, query, body, .. } = again;
        let leaves = format!("{} {path} {}{body}", method.as_str(), query.unwrap_or_default());
        Expect {
            rule: "permit".into(),
            reserves: reserved(permit.entry()),
            leaves: Some(leaves),
            ..Expect::default()
        }
    }
}

fn reserved(entry: &Entry) -> Option<Vec<String>> {
    let Entry::Intent(entry) = entry else { return None };
    let legs = entry.legs.iter().map(|leg| &leg.reservation);
    let all: Vec<String> = std::iter::once(&entry.reservation)
        .chain(legs)
        .flatten()
        .map(|reservation| reservation.bot.to_string())
        .collect();
    (!all.is_empty()).then_some(all)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/denials")
}

fn load<T: for<'t> Deserialize<'t>>(file: &Path) -> T {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The cases of an exchange by the name of their file.
fn cases(exchange: &str) -> BTreeMap<String, PathBuf> {
    let entries = std::fs::read_dir(folder().join(exchange)).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    let named = files.map(|file| (file.file_stem().unwrap().to_string_lossy().into_owned(), file));
    named.filter(|(name, _)| name != "desk").collect()
}

fn exchanges() -> Vec<&'static str> {
    let has_vectors = |name: &&str| folder().join(name).is_dir();
    EXCHANGES.iter().map(|exchange| exchange.name()).filter(has_vectors).collect()
}

#[test]
fn each_is_judged_as_it_says() {
    let mut wrong = Vec::new();
    for name in exchanges() {
        let desk: Desk = load(&folder().join(name).join("desk.toml"));
        for (case, file) in cases(name) {
            let vector: Vector = load(&file);
            let found = Judge::new(exchange(name).unwrap(), &desk).judge(&vector);
            if !vector.expect.is_met_by(&found) {
                wrong.push(format!("{name}/{case}\n{}", toml::to_string(&found).unwrap()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} are judged otherwise:\n=== {}", wrong.len(), wrong.join("\n=== "));
}

/// A file is named `PATH--CASE.toml`, or `PATH--CASE--WORD.toml` where a case has several.
#[test]
fn every_order_path_has_every_case() {
    for name in exchanges() {
        let desk: Desk = load(&folder().join(name).join("desk.toml"));
        let mut there: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for file in cases(name).into_keys() {
            let parts: Vec<&str> = file.split("--").collect();
            assert!(matches!(parts.len(), 2 | 3), "{name}/{file}: no PATH--CASE");
            assert!(CASES.contains(&parts[1]), "{name}/{file}: no such case");
            there.entry(parts[0].to_owned()).or_default().insert(parts[1].to_owned());
        }
        let strays: Vec<&String> = desk.without.keys().filter(|path| !there.contains_key(*path)).collect();
        assert!(strays.is_empty(), "{name}: no such path: {strays:?}");
        for (path, found) in &there {
            let without = desk.without.get(path);
            for case in CASES {
                let excused = without.is_some_and(|without| without.contains_key(case));
                assert!(
                    found.contains(case) != excused,
                    "{name}: {path}--{case}: a file, or why there is none"
                );
            }
        }
    }
}
