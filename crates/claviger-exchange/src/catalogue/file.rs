//! Catalogue files: TOML with a head that its rows inherit from.
//!
//! `docs/spec/catalogue.md` is the format.

use claviger_core::{Market, Permission, Risk};
use serde::Deserialize;

use super::CatalogueError;
use super::row::{AnswerKind, Day, Kind, Origin, ParamSpec, Row, Security, Verb};

/// The format that this version reads and writes.
pub const FORMAT: u32 = 1;

/// What stands before the rows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    exchange: Box<str>,
    version: u32,
    surfaces: Vec<Box<str>>,
    date: Option<Day>,
    source: Option<Box<str>>,
    market: Option<Market>,
    #[serde(default)]
    row: Vec<Written>,
}

/// A row as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    surface: Option<Box<str>>,
    verb: Verb,
    path: Box<str>,
    permission: Permission,
    risk: Option<Risk>,
    security: Security,
    kind: Option<Kind>,
    refused: Option<Box<str>>,
    market: Option<Market>,
    #[serde(default)]
    flags: Vec<Box<str>>,
    #[serde(default)]
    params: Vec<ParamSpec>,
    #[serde(default)]
    answer: AnswerKind,
    #[serde(default)]
    about: Box<str>,
    source: Option<Box<str>>,
    date: Option<Day>,
}

/// The exchange and the surfaces that a file's head names.
///
/// # Errors
/// Where the file has another shape.
pub(super) fn head(file: &str, text: &str) -> Result<(Box<str>, Vec<Box<str>>), CatalogueError> {
    let shape = |source| CatalogueError::Shape { file: file.into(), source };
    let read: File = toml::from_str(text).map_err(shape)?;
    Ok((read.exchange, read.surfaces))
}

/// The rows of one file, with what its head says of all of them.
#[derive(Debug)]
pub(super) struct Rows {
    pub exchange: Box<str>,
    pub version: u32,
    pub rows: Vec<Row>,
}

/// Reads one file.
///
/// # Errors
/// Where it has another format or shape, or a row lacks what neither it nor the head says.
pub(super) fn read(file: &str, text: &str) -> Result<Rows, CatalogueError> {
    let shape = |source| CatalogueError::Shape { file: file.into(), source };
    let read: File = toml::from_str(text).map_err(shape)?;
    if read.format != FORMAT {
        return Err(CatalogueError::Format { file: file.into(), format: read.format });
    }
    let mut head = read;
    let rows = std::mem::take(&mut head.row);
    let rows = rows.into_iter().map(|row| whole(&head, row)).collect::<Result<_, _>>()?;
    Ok(Rows { exchange: head.exchange, version: head.version, rows })
}

/// A row with what it inherits.
fn whole(head: &File, row: Written) -> Result<Row, CatalogueError> {
    let wrong = |why: &'static str| CatalogueError::Row { path: row.path.clone(), why };
    let only = if let [only] = head.surfaces.as_slice() { Some(only) } else { None };
    let surface = row.surface.as_ref().or(only).ok_or_else(|| wrong("it names no surface"))?;
    if !head.surfaces.contains(surface) {
        return Err(wrong("its surface does not stand in the head of its file"));
    }
    let kind = match (row.kind, &row.refused) {
        (None | Some(Kind::Refused), Some(why)) if !why.is_empty() => Kind::Refused,
        (Some(Kind::Refused), _) => return Err(wrong("it is refused and does not say why")),
        (Some(kind), None) => kind,
        (None, None) => return Err(wrong("it has neither `kind` nor `refused`")),
        (_, Some(_)) => return Err(wrong("`refused` stands beside a `kind`, or is empty")),
    };
    if !kind.is_readable() && !row.params.is_empty() {
        return Err(wrong("it lists parameters and is not read"));
    }
    let least = row.permission.risk();
    let risk = row.risk.unwrap_or(least);
    if risk < least {
        return Err(wrong("its risk is below that of its permission"));
    }
    let source = row.source.as_ref().or(head.source.as_ref()).ok_or_else(|| wrong("it names no source"))?;
    let date = row.date.as_ref().or(head.date.as_ref()).ok_or_else(|| wrong("it has no date"))?;
    Ok(Row {
        surface: surface.clone(),
        source: source.clone(),
        date: date.clone(),
        verb: row.verb,
        permission: row.permission,
        risk,
        security: row.security,
        kind,
        refused: row.refused,
        market: row.market.or(head.market),
        flags: row.flags,
        params: row.params,
        answer: row.answer,
        about: row.about,
        path: row.path,
        origin: Origin::Compiled,
    })
}
