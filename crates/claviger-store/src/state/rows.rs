//! The rows of `state.db`, and how they are read.

use std::str::FromStr;

use claviger_core::{Allowance, Allowed, BotName, ExchangeName, KeyName, SurfaceName, Time};
use rusqlite::Row;
use rusqlite::types::Type;

/// A bot: whom a virtual key belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBot {
    /// The operator's name for it.
    pub name: BotName,
    /// The exchange whose format its virtual key has.
    pub exchange: ExchangeName,
    /// Its virtual key's id.
    pub virtual_id: Box<str>,
    /// The version from which its virtual secret is derived.
    pub version: u32,
    /// When it was added.
    pub added: Time,
}

/// A real key, as far as it is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The operator's name for it.
    pub name: KeyName,
    /// The exchange.
    pub exchange: ExchangeName,
    /// `production`, `testnet`, `simulator`: what configuration says.
    pub environment: Box<str>,
    /// The hosts it is sealed to.
    pub hosts: Vec<Box<str>>,
    /// The exchange's id of the key. Never told to a bot.
    pub id: Box<str>,
    /// How it signs.
    pub scheme: Box<str>,
    /// When it was enrolled.
    pub added: Time,
}

/// What a freeze is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FreezeOf {
    /// One bot.
    Bot(BotName),
    /// One real key, and with it every bot that uses it.
    Key(KeyName),
}

impl FreezeOf {
    pub(super) fn columns(&self) -> (&'static str, &str) {
        match self {
            Self::Bot(name) => ("bot", name.as_str()),
            Self::Key(name) => ("key", name.as_str()),
        }
    }
}

/// A policy that is or was active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number, from 1.
    pub number: u64,
    /// The hash of its text, hex.
    pub hash: Box<str>,
    /// `claviger.toml` as it was.
    pub text: String,
    /// When it became active.
    pub at: Time,
}

/// A newer catalogue that an operator took, with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCatalogue {
    /// The exchange.
    pub exchange: ExchangeName,
    /// The surface.
    pub surface: SurfaceName,
    /// Its version.
    pub version: u32,
    /// The file.
    pub text: String,
    /// The detached signature, as it was given.
    pub signature: String,
}

/// SQLite's numbers are signed; the end of time is far before theirs.
pub(super) fn millis(time: Time) -> i64 {
    i64::try_from(time.millis()).unwrap_or(i64::MAX)
}

pub(super) fn bot(row: &Row<'_>) -> rusqlite::Result<StoredBot> {
    Ok(StoredBot {
        name: name(row, 0)?,
        exchange: name(row, 1)?,
        virtual_id: row.get::<_, String>(2)?.into(),
        version: row.get(3)?,
        added: time(row, 4)?,
    })
}

pub(super) fn key(row: &Row<'_>) -> rusqlite::Result<StoredKey> {
    Ok(StoredKey {
        name: name(row, 0)?,
        exchange: name(row, 1)?,
        environment: row.get::<_, String>(2)?.into(),
        hosts: row.get::<_, String>(3)?.lines().map(Into::into).collect(),
        id: row.get::<_, String>(4)?.into(),
        scheme: row.get::<_, String>(5)?.into(),
        added: time(row, 6)?,
    })
}

pub(super) fn freeze(row: &Row<'_>) -> rusqlite::Result<(FreezeOf, Time)> {
    let target = match row.get::<_, String>(0)?.as_str() {
        "bot" => FreezeOf::Bot(name(row, 1)?),
        _ => FreezeOf::Key(name(row, 1)?),
    };
    Ok((target, time(row, 2)?))
}

pub(super) fn policy(row: &Row<'_>) -> rusqlite::Result<PolicyVersion> {
    Ok(PolicyVersion {
        number: row.get::<_, i64>(0)?.try_into().unwrap_or_default(),
        hash: row.get::<_, String>(1)?.into(),
        text: row.get(2)?,
        at: time(row, 3)?,
    })
}

/// How it is noted: kind, and for parameters name and grammar.
pub(super) const fn kind_of(what: &Allowed) -> (&str, &str, &str) {
    match what {
        Allowed::Read => ("read", "", ""),
        Allowed::Public => ("public", "", ""),
        Allowed::Param { name, grammar } => ("param", name, grammar),
    }
}

pub(super) fn allowance(row: &Row<'_>) -> rusqlite::Result<(Allowance, Time)> {
    let what = match row.get::<_, String>(3)?.as_str() {
        "read" => Allowed::Read,
        "public" => Allowed::Public,
        _ => {
            Allowed::Param { name: row.get::<_, String>(4)?.into(), grammar: row.get::<_, String>(5)?.into() }
        }
    };
    let path = row.get::<_, String>(2)?.into();
    Ok((Allowance { exchange: name(row, 0)?, surface: name(row, 1)?, path, what }, time(row, 6)?))
}

pub(super) fn catalogue(row: &Row<'_>) -> rusqlite::Result<StoredCatalogue> {
    Ok(StoredCatalogue {
        exchange: name(row, 0)?,
        surface: name(row, 1)?,
        version: row.get(2)?,
        text: row.get(3)?,
        signature: row.get(4)?,
    })
}

fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Time> {
    Ok(Time::from_millis(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default()))
}

fn name<T: FromStr>(row: &Row<'_>, column: usize) -> rusqlite::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    row.get::<_, String>(column)?
        .parse()
        .map_err(|e| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(e)))
}
