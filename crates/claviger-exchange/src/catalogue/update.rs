//! A newer catalogue of one surface, as data: rows that take the place of compiled ones, or stand beside them.
//!
//! It can let bots read more, and do less; what a bot may do, the code decides. So rows that are more than a read by GET
//! may only get narrower, and what the compiled catalogue refuses for a reason stays refused. Whoever uses an update has
//! checked its signature.

use claviger_core::{ExchangeName, SurfaceName};

use super::overlay::{self, words};
use super::row::{AnswerKind, Kind, Origin, ParamSpec, Row, Security, Verb};
use super::{Catalogue, CatalogueError, file};

/// The largest update, in bytes.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A newer catalogue of one surface, held to the compiled one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    surface: SurfaceName,
    version: u32,
    rows: Vec<Row>,
}

/// The text is no update of this catalogue.
#[derive(Debug, thiserror::Error)]
pub enum NotAnUpdate {
    /// It is too long.
    #[error("it has more than {MOST_BYTES} bytes")]
    TooLong,
    /// It is no catalogue file.
    #[error(transparent)]
    File(#[from] CatalogueError),
    /// It is of another exchange.
    #[error("it is of the exchange `{0}`")]
    Exchange(Box<str>),
    /// An update is of one surface.
    #[error("its head must name one surface that the exchange has, and names `{0}`")]
    Surface(Box<str>),
    /// It is not newer than what is compiled in or in use.
    #[error("it is of version {given}, and version {active} is in use: only a higher one is taken")]
    NotNewer {
        /// The update's.
        given: u32,
        /// What is compiled in or in use.
        active: u32,
    },
    /// A row cannot be what it says.
    #[error("{verb} {path}: {why}")]
    Row {
        /// The verb.
        verb: &'static str,
        /// The path.
        path: Box<str>,
        /// Why it is not taken.
        why: Box<str>,
    },
}

/// What an update changes, and whether it lets bots do what they could not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// In words.
    pub what: String,
    /// Whether it widens.
    pub widens: bool,
}

impl Update {
    /// Reads an update and holds it to the compiled catalogue.
    ///
    /// # Errors
    /// [`NotAnUpdate`] where it would let bots do more than read, is of something else, or is not newer.
    pub fn read(compiled: &Catalogue, text: &str) -> Result<Self, NotAnUpdate> {
        if text.len() > MOST_BYTES {
            return Err(NotAnUpdate::TooLong);
        }
        let alone = Catalogue::parse(&[("update", text)])?;
        if alone.exchange() != compiled.exchange() {
            return Err(NotAnUpdate::Exchange(alone.exchange().into()));
        }
        let (_, surface) = head_of(text)?;
        if !compiled.rows().iter().any(|row| *row.surface == *surface.as_str()) {
            return Err(NotAnUpdate::Surface(cut(surface.as_str())));
        }
        newer(alone.version(), compiled.version())?;
        let Catalogue { version, mut rows, .. } = alone;
        for row in &mut rows {
            row.origin = Origin::Signed;
            fits(row, compiled).map_err(|why| NotAnUpdate::Row {
                verb: row.verb.as_str(),
                path: row.path.clone(),
                why: why.into(),
            })?;
        }
        Ok(Self { surface, version, rows })
    }

    /// The surface it is of.
    #[must_use]
    pub const fn surface(&self) -> &SurfaceName {
        &self.surface
    }

    /// Its version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Its rows.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Passes if it is newer than this one.
    ///
    /// # Errors
    /// [`NotAnUpdate::NotNewer`]
    pub const fn newer_than(&self, active: u32) -> Result<(), NotAnUpdate> {
        newer(self.version, active)
    }
}

const fn newer(given: u32, active: u32) -> Result<(), NotAnUpdate> {
    if given > active { Ok(()) } else { Err(NotAnUpdate::NotNewer { given, active }) }
}

/// The exchange and the one surface of which an update is, by its head.
///
/// # Errors
/// Where it is no catalogue file, or of no surface or several.
pub fn head_of(text: &str) -> Result<(ExchangeName, SurfaceName), NotAnUpdate> {
    if text.len() > MOST_BYTES {
        return Err(NotAnUpdate::TooLong);
    }
    let (exchange, surfaces) = file::head("update", text)?;
    let read = exchange.parse().map_err(|_| NotAnUpdate::Exchange(cut(&exchange)))?;
    match surfaces.as_slice() {
        [only] => Ok((read, only.parse().map_err(|_| NotAnUpdate::Surface(cut(only)))?)),
        other => Err(NotAnUpdate::Surface(cut(&other.join("`, `")))),
    }
}

fn cut(text: &str) -> Box<str> {
    text.chars().take(100).collect::<String>().into()
}

/// Whether a row may stand in an update: it reads by GET, or gives no more than the compiled row of its name.
fn fits(row: &Row, compiled: &Catalogue) -> Result<(), String> {
    let old = compiled.row(&row.surface, row.verb, &row.path);
    if !row.kind.is_readable() {
        return Ok(());
    }
    if let Some(why) = old.and_then(|old| old.refused.as_deref()) {
        return Err(format!("this version refuses it: {why}"));
    }
    if reads(row) && old.is_none_or(|old| reads(old) || !old.kind.is_readable()) {
        return fits_a_read(row, old, compiled);
    }
    let Some(old) = old.filter(|old| old.kind.is_readable()) else {
        return Err("only what reads by GET can be added; anything else needs a newer claviger".to_owned());
    };
    match compared(old, row).into_iter().find(|change| change.widens) {
        Some(change) => {
            Err(format!("{}; what does more than read by GET can only get narrower", change.what))
        }
        None => Ok(()),
    }
}

fn reads(row: &Row) -> bool {
    row.kind == Kind::Read && row.verb == Verb::Get
}

fn fits_a_read(row: &Row, old: Option<&Row>, compiled: &Catalogue) -> Result<(), String> {
    if let Some(old) = old.filter(|old| (old.permission, old.security) != (row.permission, row.security)) {
        return Err(format!("it needs `{}` in this version", old.permission));
    }
    if (row.permission == claviger_core::Permission::Public) != (row.security == Security::None) {
        return Err("`public` and no security belong together".to_owned());
    }
    if let Some(spec) = row.params.iter().find(|spec| spec.judged) {
        return Err(format!("nothing judges `{}` of a row that reads", spec.name));
    }
    if old.is_none_or(|old| !old.kind.is_readable()) {
        overlay::may_be_new(compiled, &row.surface, &row.path).map_err(|error| error.to_string())?;
    }
    if old.is_none() && overlay::only_reads(row.permission) {
        overlay::of_a_family_that_reads(compiled, &row.path).map_err(|error| error.to_string())?;
    }
    let is_new = |spec: &&ParamSpec| old.is_none_or(|old| old.param(&spec.name).is_none());
    if let Some(spec) = row.params.iter().filter(is_new).find(|spec| words::is_of_the_signature(&spec.name)) {
        return Err(format!("`{}` belongs to the signature", spec.name));
    }
    let least = match old.filter(|old| old.kind.is_readable()) {
        Some(old) => old.answer,
        None if row.security == Security::None => AnswerKind::Stream,
        None => AnswerKind::Checked,
    };
    if row.answer < least {
        return Err(format!("its answer must be `{}`, for it may tell a key or a token", least.as_str()));
    }
    Ok(())
}

impl Catalogue {
    /// This one with the rows of an update in the place of its own, or beside them.
    #[must_use]
    pub fn patched(mut self, update: &Update) -> Self {
        self.updates.push((update.surface.clone(), update.version));
        for row in &update.rows {
            let at = self.by_path.get(&row.path).into_iter().flatten().copied();
            let at = at
                .into_iter()
                .find(|at| self.rows.get(*at).is_some_and(|old| old.is(&row.surface, row.verb)));
            match at.and_then(|at| self.rows.get_mut(at)) {
                Some(old) => *old = row.clone(),
                None => {
                    self.by_path.entry(row.path.clone()).or_default().push(self.rows.len());
                    self.rows.push(row.clone());
                }
            }
        }
        self
    }

    /// What changes from this one to another, row by row, and whether it widens.
    #[must_use]
    pub fn changes(&self, to: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for new in to.rows() {
            match self.row(&new.surface, new.verb, &new.path) {
                Some(old) if old == new => {}
                Some(old) => changes.extend(compared(old, new)),
                None => changes.push(named(new, new.kind.is_readable(), &appears(new))),
            }
        }
        let gone = self.rows().iter().filter(|old| to.row(&old.surface, old.verb, &old.path).is_none());
        changes.extend(gone.map(|old| named(old, false, "is not known any more")));
        changes
    }
}

fn named(row: &Row, widens: bool, what: &str) -> Change {
    Change { what: format!("{} {} {} {what}", row.surface, row.verb.as_str(), row.path), widens }
}

fn appears(row: &Row) -> String {
    match &row.refused {
        Some(why) => format!("is refused by name: {why}"),
        None if row.kind.is_readable() => format!("can be asked by who is granted `{}`", row.permission),
        None => "is refused by name".to_owned(),
    }
}

/// What changes within a row. What is not known to be narrower widens.
fn compared(old: &Row, new: &Row) -> Vec<Change> {
    let change = |widens, what: String| named(new, widens, &what);
    match (old.kind.is_readable(), new.kind.is_readable()) {
        (false, true) => return vec![change(true, appears(new))],
        (true, false) => return vec![change(false, appears(new))],
        (false, false) if old.refused == new.refused => return Vec::new(),
        (false, false) => return vec![change(false, appears(new))],
        (true, true) => {}
    }
    let mut changes = Vec::new();
    let mut other = |what: &str, same: bool, narrower: bool| {
        if !same {
            changes.push(change(!narrower, format!("has another {what}")));
        }
    };
    other("permission", old.permission == new.permission, false);
    other("security", old.security == new.security, false);
    other("kind", old.kind == new.kind, false);
    other("market", old.market == new.market, false);
    other("set of flags", old.flags == new.flags, false);
    other("risk", old.risk == new.risk, new.risk > old.risk);
    other("answer", old.answer == new.answer, new.answer > old.answer);
    for spec in &new.params {
        match old.param(&spec.name) {
            None => changes.push(change(true, format!("takes `{}`", spec.name))),
            Some(before) => changes.extend(param(before, spec).map(|(widens, what)| change(widens, what))),
        }
    }
    for spec in old.params.iter().filter(|spec| new.param(&spec.name).is_none()) {
        // Without a parameter that had to be there, a request says something else.
        changes.push(change(spec.required, format!("does not take `{}`", spec.name)));
    }
    let told = (&old.about, &old.source, &old.date) == (&new.about, &new.source, &new.date);
    if changes.is_empty() && !told {
        changes.push(change(false, "is described otherwise".to_owned()));
    }
    changes
}

fn param(old: &ParamSpec, new: &ParamSpec) -> Option<(bool, String)> {
    let name = &new.name;
    if (&old.grammar, old.place, old.judged) != (&new.grammar, new.place, new.judged) {
        return Some((true, format!("reads `{name}` otherwise: {} for {}", new.grammar, old.grammar)));
    }
    match (old.required, new.required) {
        (false, true) => Some((false, format!("needs `{name}`"))),
        (true, false) => Some((true, format!("does not need `{name}`"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
