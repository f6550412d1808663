//! From TOML to [`Config`], refusing whatever is not exactly as it must be.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Authority, BySurface, CatalogueKey, Config, ExchangeSettings, Isolation, KnownExchange, Tls};
use crate::limits::{Given, LIMITS, Misfit, Rules, Scope};
use crate::policy::{Bill, RawBot, RawKey, Total};
use crate::{BotName, Digest, ExchangeName, KeyName, Market, Money, Permission, PolicySet, SurfaceName};

/// The configuration cannot be used. It names file, line, key and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}{problem}", place(key))]
pub struct ConfigError {
    /// The file as the caller named it.
    pub file: Box<str>,
    /// The line, from 1.
    pub line: usize,
    /// The key, with dots; empty where the text is no TOML.
    pub key: Box<str>,
    /// What is wrong.
    pub problem: Problem,
}

fn place(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}: ") }
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It is no TOML.
    #[error("{0}")]
    NotToml(Box<str>),
    /// A key that nobody reads.
    #[error("unknown key; allowed here: {allowed}")]
    UnknownKey {
        /// The keys that are read here.
        allowed: String,
    },
    /// A value of the wrong form.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// A key that must be there.
    #[error("{missing} is missing; {why}")]
    Missing {
        /// Which.
        missing: String,
        /// Why it must be there.
        why: &'static str,
    },
    /// A grant without the limits that it needs.
    #[error("{missing} is missing; a {grant} grant needs it; write \"unlimited\" if that is meant")]
    Unlimited {
        /// The grant.
        grant: Permission,
        /// The limits.
        missing: String,
    },
    /// A name that refers to nothing.
    #[error("there is no {kind} `{name}`; there are: {known}")]
    NoSuch {
        /// Of what kind.
        kind: &'static str,
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A bot is in more groups than it may be.
    #[error("bot `{bot}` would be in more than {most} groups")]
    TooManyGroups {
        /// The bot.
        bot: String,
        /// The most.
        most: usize,
    },
    /// A key's environment is not that of its exchange's hosts.
    #[error("the key is for `{key}`, but the hosts of this exchange are `{hosts}`")]
    Environment {
        /// The key's.
        key: Box<str>,
        /// The hosts'.
        hosts: Box<str>,
    },
    /// A bot whose theft bill is above what was written.
    #[error("{bill} in a day, and max_theft_day is {most}; {why}")]
    Theft {
        /// What a thief can cost: `a thief can cost at most 420 USDT`.
        bill: String,
        /// The most it may be.
        most: Money,
        /// Which limits decide it.
        why: String,
    },
}

const TOP: &[&str] = &[
    "listen",
    "unix_socket",
    "plain_http",
    "tls",
    "isolation",
    "catalogue_keys",
    "exchange",
    "key",
    "group",
    "bot",
];
const TLS: &[&str] = &["names", "chain"];
const EXCHANGE: &[&str] = &["rest", "ca", "environment", "own_port"];
const KEY: &[&str] = &["exchange", "environment"];
const BOT: &[&str] = &["key"];

/// Reads a configuration.
pub(super) fn config(text: &str, file: &str, known: &[KnownExchange]) -> Result<Config, ConfigError> {
    let document = DeTable::parse(text).map_err(|error| ConfigError {
        file: file.into(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        key: "".into(),
        problem: Problem::NotToml(error.message().into()),
    })?;
    let source = Source { file, text };
    let top = Table { source, place: String::new(), table: document.get_ref(), span: 0..0 };
    top.only(TOP, &[])?;
    let exchanges: BTreeMap<_, _> = top
        .children("exchange")?
        .iter()
        .map(|(name, table)| exchange(name, table, known))
        .collect::<Result<_, _>>()?;
    let keys = top.children("key")?;
    let keys: BTreeMap<String, RawKey> = keys
        .iter()
        .map(|(name, table)| Ok((name.clone(), key(name, table, known, &exchanges)?)))
        .collect::<Result<_, _>>()?;
    let tables = top.children("bot")?;
    let bots: Vec<RawBot> =
        tables.iter().map(|(name, table)| bot(name, table, known, &keys)).collect::<Result<_, _>>()?;
    let groups = super::group::groups(&top, known, &keys, &bots)?;
    let policies = PolicySet::new(keys.into_values().collect(), groups, bots);
    tables.iter().try_for_each(|(name, table)| within_its_bill(name, table, &policies))?;
    Ok(Config {
        listen: top.parsed("listen", LISTEN)?.unwrap_or_else(Config::usual_listen),
        unix_socket: top.path("unix_socket")?,
        plain_http: top.networks("plain_http")?,
        tls: top.tls()?,
        isolation: top.isolation()?,
        catalogue_keys: top.catalogue_keys()?,
        exchanges,
        policies: Arc::new(policies),
        hash: Digest::of(text.as_bytes()),
    })
}

const LISTEN: &str = "an address and a port like \"127.0.0.1:8700\"";

fn exchange(
    name: &str,
    table: &Table<'_>,
    known: &[KnownExchange],
) -> Result<(ExchangeName, ExchangeSettings), ConfigError> {
    let exchange = known_exchange(name, table, known)?;
    table.only(EXCHANGE, &[])?;
    let settings = ExchangeSettings {
        rest: table.by_surface::<Authority>(
            "rest",
            exchange,
            "a host with an optional port like \"127.0.0.1:9443\"",
        )?,
        ca: table.path("ca")?,
        environment: table.environment()?,
        own_port: table.by_surface::<SocketAddr>("own_port", exchange, LISTEN)?,
    };
    if settings.rest.is_some() && settings.environment.is_none() {
        let why =
            "hosts other than the built-in ones must say what they are, like \"testnet\" or \"simulator\"";
        return Err(table.error(Problem::Missing { missing: "environment".into(), why }));
    }
    Ok((exchange.name.clone(), settings))
}

fn known_exchange<'k>(
    name: &str,
    table: &Table<'_>,
    known: &'k [KnownExchange],
) -> Result<&'k KnownExchange, ConfigError> {
    known.iter().find(|k| k.name.as_str() == name).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|k| k.name.as_str()).collect();
        table.error(Problem::NoSuch { kind: "exchange", name: cut(name), known: names.join(", ") })
    })
}

fn key(
    name: &str,
    table: &Table<'_>,
    known: &[KnownExchange],
    exchanges: &BTreeMap<ExchangeName, ExchangeSettings>,
) -> Result<RawKey, ConfigError> {
    let name: KeyName = table.named(name)?;
    let of: String = table.needed("exchange", "a key belongs to one exchange")?;
    let exchange = known_exchange(&of, &table.at("exchange"), known)?;
    let hosts = exchanges.get(&exchange.name).map_or(super::PRODUCTION, ExchangeSettings::environment);
    let environment = table.environment()?.unwrap_or_else(|| hosts.into());
    if *environment != *hosts {
        return Err(table
            .at("environment")
            .error(Problem::Environment { key: environment, hosts: hosts.into() }));
    }
    let rules = table.rules(Scope::Key, KEY, &markets(exchange))?;
    let exits_by_account = exchange.exits_by_account;
    Ok(RawKey { name, exchange: exchange.name.clone(), environment, exits_by_account, rules })
}

fn bot(
    name: &str,
    table: &Table<'_>,
    known: &[KnownExchange],
    keys: &BTreeMap<String, RawKey>,
) -> Result<RawBot, ConfigError> {
    let name: BotName = table.named(name)?;
    let of: String = table.needed("key", "a bot uses one real key")?;
    let Some(key) = keys.get(&of) else {
        let names: Vec<&str> = keys.keys().take(20).map(String::as_str).collect();
        let known = if names.is_empty() { "none".into() } else { names.join(", ") };
        return Err(table.at("key").error(Problem::NoSuch { kind: "key", name: cut(&of), known }));
    };
    let exchange = known_exchange(key.exchange.as_str(), table, known)?;
    let rules = table.rules(Scope::Bot, BOT, &markets(exchange))?;
    if let Some((grant, missing)) = rules.missing() {
        return Err(table.error(Problem::Unlimited { grant, missing: missing.join(", ") }));
    }
    Ok(RawBot { name, key: key.name.clone(), rules })
}

fn markets(exchange: &KnownExchange) -> BTreeSet<Market> {
    exchange.markets.iter().copied().collect()
}

/// Refuses a bot whose theft bill of a day is above its `max_theft_day`, or cannot be compared with it.
fn within_its_bill(name: &str, table: &Table<'_>, policies: &PolicySet) -> Result<(), ConfigError> {
    let policy = name.parse().ok().and_then(|name: BotName| policies.bot(&name));
    let Some((policy, most)) = policy.and_then(|policy| Some((policy, policy.rules().most_stolen()?))) else {
        return Ok(());
    };
    let day = Bill::of(policy).day;
    let counted = day.in_asset(&most.asset);
    if day.total() == Total::AtMost(None) || counted.as_ref().is_some_and(|bill| bill.amount <= most.amount) {
        return Ok(());
    }
    let bill = match counted {
        Some(bill) => format!("a thief can cost up to {bill}"),
        None => format!("what a thief can cost is {day}"),
    };
    let why: Vec<String> = day.parts.iter().map(ToString::to_string).collect();
    let problem = Problem::Theft { bill, most: most.clone(), why: why.join("; ") };
    Err(table.at("max_theft_day").error(problem))
}

#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

/// A table of the configuration, with its place for errors.
pub(super) struct Table<'a> {
    source: Source<'a>,
    place: String,
    table: &'a DeTable<'a>,
    span: Range<usize>,
}

impl<'a> Table<'a> {
    pub(super) fn error(&self, problem: Problem) -> ConfigError {
        ConfigError {
            file: self.source.file.into(),
            line: line_of(self.source.text, self.span.start),
            key: self.place.as_str().into(),
            problem,
        }
    }

    /// The same table, with one of its keys as the place.
    pub(super) fn at(&self, key: &str) -> Self {
        let span = self.table.keys().find(|k| k.get_ref() == key).map_or(self.span.clone(), Spanned::span);
        let dot = if self.place.is_empty() { "" } else { "." };
        Self { source: self.source, place: format!("{}{dot}{key}", self.place), table: self.table, span }
    }

    pub(super) fn value(&self, key: &str) -> Option<&'a DeValue<'a>> {
        self.table.iter().find(|(k, _)| k.get_ref() == key).map(|(_, v)| v.get_ref())
    }

    /// Refuses every key that is in neither list.
    fn only(&self, keys: &[&str], limits: &[&str]) -> Result<(), ConfigError> {
        let known = |key: &str| keys.contains(&key) || limits.contains(&key);
        match self.table.keys().find(|key| !known(key.get_ref())) {
            None => Ok(()),
            Some(key) => {
                let allowed = [keys, limits].concat().join(", ");
                Err(self.at(key.get_ref()).shortened().error(Problem::UnknownKey { allowed }))
            }
        }
    }

    fn shortened(mut self) -> Self {
        self.place = cut(&self.place);
        self
    }

    /// The tables under a key, by name.
    pub(super) fn children(&self, key: &str) -> Result<Vec<(String, Self)>, ConfigError> {
        let here = self.at(key);
        let table = match self.value(key) {
            None => return Ok(Vec::new()),
            Some(DeValue::Table(table)) => table,
            Some(other) => {
                return Err(here.error(given(other).misfit(format!("a table like [{key}.NAME]")).into()));
            }
        };
        table
            .iter()
            .map(|(name, value)| {
                let place = cut(&format!("{key}.{}", name.get_ref()));
                let child = Self { source: self.source, place, table, span: name.span() };
                match value.get_ref() {
                    DeValue::Table(table) => Ok((name.get_ref().to_string(), Self { table, ..child })),
                    other => {
                        Err(child.error(given(other).misfit(format!("a table like [{key}.NAME]")).into()))
                    }
                }
            })
            .collect()
    }

    /// This table's name as a name of our own.
    pub(super) fn named<T: FromStr<Err = crate::NotAName>>(&self, name: &str) -> Result<T, ConfigError> {
        name.parse().map_err(|e: crate::NotAName| {
            self.error(Misfit { given: format!("`{}`", e.text), wanted: e.wanted.into() }.into())
        })
    }

    fn parsed<T: FromStr>(&self, key: &str, wanted: &str) -> Result<Option<T>, ConfigError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let parsed = value.as_str().and_then(|text| text.parse().ok());
        parsed.map(Some).ok_or_else(|| self.at(key).error(given(value).misfit(wanted).into()))
    }

    fn needed(&self, key: &str, why: &'static str) -> Result<String, ConfigError> {
        let missing = || self.error(Problem::Missing { missing: key.into(), why });
        self.parsed(key, "a name")?.ok_or_else(missing)
    }

    fn path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        let wanted = "a path";
        let path: Option<PathBuf> = self.parsed(key, wanted)?;
        match path {
            Some(path) if path.as_os_str().is_empty() => {
                Err(self.at(key).error(Given::Text("").misfit(wanted).into()))
            }
            path => Ok(path),
        }
    }

    fn networks(&self, key: &str) -> Result<Vec<IpNet>, ConfigError> {
        match self.value(key) {
            None => Ok(Vec::new()),
            Some(DeValue::Array(items)) if items.is_empty() => Ok(Vec::new()),
            Some(value) => given(value)
                .list("a list of networks like \"10.0.0.0/24\"")
                .map_err(|misfit| self.at(key).error(misfit.into())),
        }
    }

    fn catalogue_keys(&self) -> Result<Vec<CatalogueKey>, ConfigError> {
        let Some(value) = self.value("catalogue_keys") else { return Ok(Vec::new()) };
        let wanted = "a list of Ed25519 public keys: the 32 bytes of each in base64";
        given(value).list(wanted).map_err(|misfit| self.at("catalogue_keys").error(misfit.into()))
    }

    fn tls(&self) -> Result<Option<Tls>, ConfigError> {
        let here = self.at("tls");
        let table = match self.value("tls") {
            None => return Ok(None),
            Some(DeValue::Table(table)) => Self { table, ..here },
            Some(other) => return Err(here.error(given(other).misfit("a table [tls]").into())),
        };
        table.only(TLS, &[])?;
        let wanted = "a list of DNS names in lower case and addresses, like [\"claviger.lan\", \"10.0.0.5\"]";
        let why = "a certificate is for the names and addresses that bots connect to";
        let names = table
            .value("names")
            .ok_or_else(|| table.error(Problem::Missing { missing: "names".into(), why }))?;
        let names = given(names).list(wanted).map_err(|misfit| table.at("names").error(misfit.into()))?;
        Ok(Some(Tls { names, chain: table.path("chain")? }))
    }

    fn isolation(&self) -> Result<Isolation, ConfigError> {
        let Some(value) = self.value("isolation") else { return Ok(Isolation::usual()) };
        match value.as_str() {
            Some("none") => Ok(Isolation::None),
            Some("keep") => Ok(Isolation::Keep),
            _ => Err(self.at("isolation").error(given(value).misfit("\"none\" or \"keep\"").into())),
        }
    }

    fn environment(&self) -> Result<Option<Box<str>>, ConfigError> {
        let wanted =
            "the name of an environment (1 to 32 of a-z, 0-9, -), like \"production\" or \"testnet\"";
        let name: Option<SurfaceName> = self.parsed("environment", wanted)?;
        Ok(name.map(|name| name.as_str().into()))
    }

    fn by_surface<T: FromStr>(
        &self,
        key: &str,
        exchange: &KnownExchange,
        wanted: &str,
    ) -> Result<Option<BySurface<T>>, ConfigError> {
        let Some(DeValue::Table(table)) = self.value(key) else {
            return Ok(self
                .parsed(key, &format!("{wanted}, or a table of those by surface"))?
                .map(BySurface::All));
        };
        let inside = Self { table, ..self.at(key) };
        let names: Vec<&str> = exchange.surfaces.iter().map(SurfaceName::as_str).collect();
        inside.only(&names, &[])?;
        let mut values = BTreeMap::new();
        for surface in &exchange.surfaces {
            if let Some(value) = inside.parsed(surface.as_str(), wanted)? {
                values.insert(surface.clone(), value);
            }
        }
        Ok(Some(BySurface::Each(values)))
    }

    /// The limits in this table; every other key must be one of `others`.
    pub(super) fn rules(
        &self,
        scope: Scope,
        others: &[&str],
        known: &BTreeSet<Market>,
    ) -> Result<Rules, ConfigError> {
        let limits: Vec<_> = LIMITS.iter().filter(|limit| limit.stands_at(scope)).collect();
        let names: Vec<&str> = limits.iter().map(|limit| limit.name()).collect();
        self.only(others, &names)?;
        let mut rules = Rules::default();
        for limit in limits {
            let Some(value) = self.value(limit.name()) else { continue };
            let parsed = limit.parse(&given(value), &mut rules);
            parsed.map_err(|misfit| self.at(limit.name()).error(misfit.into()))?;
        }
        let strange = rules.markets().find(|market| !known.contains(market));
        match strange {
            None => Ok(rules),
            Some(market) => {
                let known: Vec<&str> = known.iter().map(|m| m.as_str()).collect();
                let name = market.as_str().into();
                Err(self.at("markets").error(Problem::NoSuch {
                    kind: "market",
                    name,
                    known: known.join(", "),
                }))
            }
        }
    }
}

/// A value as limits know it.
pub(super) fn given<'a>(value: &'a DeValue<'_>) -> Given<'a> {
    match value {
        DeValue::String(text) => Given::Text(text),
        DeValue::Boolean(flag) => Given::Flag(*flag),
        DeValue::Integer(n) if n.radix() == 10 => {
            n.as_str().parse().map_or(Given::Other("integer"), Given::Whole)
        }
        DeValue::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            texts.map_or(Given::Other("list"), Given::List)
        }
        other => Given::Other(other.type_str()),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count().saturating_add(1)
}

fn cut(text: &str) -> String {
    text.chars().take(100).collect()
}
