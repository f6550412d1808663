//! What operators allow beside the catalogue: rows that read, and harmless parameters of rows that are read.
//!
//! It can only let a bot read more. Nothing here moves, trades or changes anything; what the catalogue refuses for a
//! reason stays refused, and so does what could tell a key, a token or who the owner is.

pub(super) mod words;

use claviger_core::{Allowance, Allowed, Permission};

use super::row::{AnswerKind, Day, Grammar, Kind, Origin, ParamSpec, Row, Security, Verb};
use super::{Catalogue, NotAGrammar};

/// The most that may be allowed beside the catalogue of one exchange.
pub const MOST: usize = 256;

/// Why something cannot be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// There are too many already.
    #[error("{MOST} rows and parameters are allowed beside the catalogue already")]
    TooMany,
    /// Only one verb is known to change nothing.
    #[error("only GET can be allowed: what {0} asks for may change something")]
    Verb(Box<str>),
    /// Nobody serves it.
    #[error("the surface `{surface}` serves no path that begins as {path}")]
    Surface {
        /// The surface.
        surface: Box<str>,
        /// The path.
        path: Box<str>,
    },
    /// The path is no path.
    #[error("`{0}` is no path: wanted `/` and then letters, digits and `/ . _ -`, at most 128")]
    Path(Box<str>),
    /// It is read without this.
    #[error("GET {0} is read already")]
    Known(Box<str>),
    /// The catalogue says why it is refused.
    #[error("the catalogue refuses GET {path}: {why}")]
    Refused {
        /// The path.
        path: Box<str>,
        /// The row's reason.
        why: Box<str>,
    },
    /// The path belongs to something that does more than read.
    #[error(
        "{verb} {path} needs `{permission}`; only what needs `public`, `market-data` or `read` can be allowed"
    )]
    Permission {
        /// The verb of the row that says so.
        verb: &'static str,
        /// The path of that row.
        path: Box<str>,
        /// What it needs.
        permission: Permission,
    },
    /// Its answer may carry power over the account.
    #[error("the answer of GET {path} may carry a key or a token: its path says `{word}`")]
    Tells {
        /// The path.
        path: Box<str>,
        /// What in it says so.
        word: &'static str,
    },
    /// It sounds as if it changed something.
    #[error("GET {path} may change something: its path says `{word}`")]
    Acts {
        /// The path.
        path: Box<str>,
        /// What in it says so.
        word: &'static str,
    },
    /// The catalogue says that a key belongs to it.
    #[error("GET {0} needs a key, so it is not public")]
    NotPublic(Box<str>),
    /// A parameter of a row that is not one that reads.
    #[error("GET {0} is no row that reads, so it takes no more parameters")]
    NotRead(Box<str>),
    /// The row has it.
    #[error("GET {path} takes `{name}` already")]
    Listed {
        /// The path.
        path: Box<str>,
        /// The parameter.
        name: Box<str>,
    },
    /// It says who asks or when.
    #[error("`{0}` belongs to the signature")]
    Reserved(Box<str>),
    /// It chooses whose data is told.
    #[error("`{0}` may choose whose account is told")]
    Whose(Box<str>),
    /// The name is no name.
    #[error("`{0}` is no name of a parameter: wanted a letter, then letters, digits and `_`, at most 64")]
    Name(Box<str>),
    /// The grammar is none.
    #[error(transparent)]
    Grammar(#[from] NotAGrammar),
}

/// The rows that these allowances make, all of one exchange, beside or in the place of those of the catalogue.
///
/// # Errors
/// Where one of them would do more than let bots read.
pub(super) fn rows(base: &Catalogue, allowances: &[Allowance]) -> Result<Vec<Row>, NotAllowed> {
    if allowances.len() > MOST {
        return Err(NotAllowed::TooMany);
    }
    let mut rows: Vec<Row> = Vec::new();
    for allowance in allowances {
        let public = match &allowance.what {
            Allowed::Read => false,
            Allowed::Public => true,
            Allowed::Param { .. } => continue,
        };
        if rows.iter().any(|row| is_of(row, allowance)) {
            return Err(NotAllowed::Known(allowance.path.clone()));
        }
        rows.push(new_row(base, allowance, public)?);
    }
    for allowance in allowances {
        if let Allowed::Param { name, grammar } = &allowance.what {
            let spec = param(name, grammar)?;
            add(base, &mut rows, (allowance, spec))?;
        }
    }
    Ok(rows)
}

/// Of some allowances those that fit, in order; the others with why they do not.
pub(super) fn fitting(
    base: &Catalogue,
    allowances: &[Allowance],
) -> (Vec<Allowance>, Vec<(Allowance, NotAllowed)>) {
    let (mut fits, mut rest) = (Vec::new(), Vec::new());
    // Rows stand before the parameters that they take.
    let mut sorted = allowances.to_vec();
    sorted.sort();
    for allowance in sorted {
        fits.push(allowance);
        if let Err(why) = rows(base, &fits) {
            rest.extend(fits.pop().map(|allowance| (allowance, why)));
        }
    }
    (fits, rest)
}

fn is_of(row: &Row, allowance: &Allowance) -> bool {
    row.is(allowance.surface.as_str(), Verb::Get) && row.path == allowance.path
}

pub(super) const fn only_reads(permission: Permission) -> bool {
    matches!(permission, Permission::Public | Permission::MarketData | Permission::Read)
}

fn new_row(base: &Catalogue, allowance: &Allowance, public: bool) -> Result<Row, NotAllowed> {
    let path = path_of(&allowance.path)?;
    let known = base.rows_of(path);
    let gets: Vec<&Row> = known.iter().copied().filter(|row| row.verb == Verb::Get).collect();
    for row in &gets {
        match &row.refused {
            _ if row.kind.is_readable() => return Err(NotAllowed::Known(path.into())),
            Some(why) => return Err(NotAllowed::Refused { path: path.into(), why: why.clone() }),
            None => {}
        }
    }
    // A row of the path's GET says what it does; without one, its other verbs do.
    if let Some(row) =
        if gets.is_empty() { &known } else { &gets }.iter().find(|row| !only_reads(row.permission))
    {
        let (verb, permission) = (row.verb.as_str(), row.permission);
        return Err(NotAllowed::Permission { verb, path: path.into(), permission });
    }
    let here = gets.into_iter().find(|row| is_of(row, allowance));
    if here.is_none() {
        may_be_new(base, allowance.surface.as_str(), path)?;
        of_a_family_that_reads(base, path)?;
    }
    if let Some(word) = words::that_tells(path) {
        return Err(NotAllowed::Tells { path: path.into(), word });
    }
    made(allowance, here, public)
}

fn made(allowance: &Allowance, here: Option<&Row>, public: bool) -> Result<Row, NotAllowed> {
    let unlisted =
        if public { (Permission::Public, Security::None) } else { (Permission::Read, Security::Signed) };
    let (permission, security) = here.map_or(unlisted, |row| (row.permission, row.security));
    if public && security != Security::None {
        return Err(NotAllowed::NotPublic(allowance.path.clone()));
    }
    Ok(Row {
        surface: allowance.surface.as_str().into(),
        verb: Verb::Get,
        path: allowance.path.clone(),
        permission,
        risk: here.map_or_else(|| permission.risk(), |row| row.risk),
        security,
        kind: Kind::Read,
        refused: None,
        market: None,
        flags: here.map(|row| row.flags.clone()).unwrap_or_default(),
        params: Vec::new(),
        // What is sent without a key carries no power over an account.
        answer: if security == Security::None { AnswerKind::Stream } else { AnswerKind::Checked },
        about: here.map(|row| row.about.clone()).unwrap_or_default(),
        source: here.map_or_else(Box::default, |row| row.source.clone()),
        date: here.map_or_else(Day::unknown, |row| row.date.clone()),
        origin: Origin::Operator,
    })
}

/// Passes where a path that nobody knew may be one that reads: the surface serves others that begin the same, and no part
/// of it sounds as if it changed something.
pub(super) fn may_be_new(base: &Catalogue, surface: &str, path: &str) -> Result<(), NotAllowed> {
    let path = path_of(path)?;
    let first = first_part(path);
    let like = |row: &Row| *row.surface == *surface && row.verb != Verb::Ws && first_part(&row.path) == first;
    if !base.rows().iter().any(like) {
        return Err(NotAllowed::Surface { surface: surface.into(), path: path.into() });
    }
    match words::that_acts(path) {
        Some(word) => Err(NotAllowed::Acts { path: path.into(), word }),
        None => Ok(()),
    }
}

fn first_part(path: &str) -> Option<&str> {
    path.split('/').nth(1)
}

/// Passes unless most of what stands beside the path needs more than reading: `/sapi/v9/sub-account/…` is told apart by
/// its third part, whatever its version.
pub(super) fn of_a_family_that_reads(base: &Catalogue, path: &str) -> Result<(), NotAllowed> {
    let beside = base.rows().iter().filter(|row| row.verb == Verb::Get);
    let beside: Vec<&Row> = beside.filter(|row| words::same_family(&row.path, path)).collect();
    let more: Vec<&&Row> = beside.iter().filter(|row| !only_reads(row.permission)).collect();
    match more.first() {
        Some(row) if more.len() * 2 > beside.len() => Err(NotAllowed::Permission {
            verb: row.verb.as_str(),
            path: row.path.clone(),
            permission: row.permission,
        }),
        _ => Ok(()),
    }
}

fn add(
    base: &Catalogue,
    rows: &mut Vec<Row>,
    (allowance, spec): (&Allowance, ParamSpec),
) -> Result<(), NotAllowed> {
    let at = match rows.iter().position(|row| is_of(row, allowance)) {
        Some(at) => at,
        None => {
            rows.push(read_row(base, allowance)?.clone());
            rows.len() - 1
        }
    };
    let not_read = || NotAllowed::NotRead(allowance.path.clone());
    let row = rows.get_mut(at).ok_or_else(not_read)?;
    if row.params.iter().any(|known| known.name.eq_ignore_ascii_case(&spec.name)) {
        return Err(NotAllowed::Listed { path: row.path.clone(), name: spec.name });
    }
    row.params.push(spec);
    row.origin = Origin::Operator;
    Ok(())
}

fn read_row<'c>(base: &'c Catalogue, allowance: &Allowance) -> Result<&'c Row, NotAllowed> {
    let path = path_of(&allowance.path)?;
    let row = base.row(allowance.surface.as_str(), Verb::Get, path);
    row.filter(|row| row.kind == Kind::Read).ok_or_else(|| NotAllowed::NotRead(path.into()))
}

/// A path that may stand on a command line: no space, no quote, nothing that a shell or a server reads as more.
fn path_of(path: &str) -> Result<&str, NotAllowed> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-');
    let whole = path.starts_with('/') && path.len() <= 128 && path.bytes().all(fits);
    let plain = path.split('/').skip(1).all(|part| !part.trim_matches('.').is_empty());
    if whole && plain {
        Ok(path)
    } else {
        Err(NotAllowed::Path(path.chars().take(64).collect::<String>().into()))
    }
}

fn param(name: &str, grammar: &str) -> Result<ParamSpec, NotAllowed> {
    let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !(name.starts_with(|c: char| c.is_ascii_alphabetic()) && letters && name.len() <= 64) {
        return Err(NotAllowed::Name(name.chars().take(64).collect::<String>().into()));
    }
    if words::is_of_the_signature(name) {
        return Err(NotAllowed::Reserved(name.into()));
    }
    if words::chooses_whose(name) {
        return Err(NotAllowed::Whose(name.into()));
    }
    let about = "allowed by an operator".into();
    Ok(ParamSpec { about, ..ParamSpec::plain(name, grammar.parse::<Grammar>()?) })
}

#[cfg(test)]
mod tests;
