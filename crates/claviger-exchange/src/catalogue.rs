//! What an exchange can be asked: rows of data, read from the files beside each exchange.

mod file;
mod grammar;
mod live;
mod overlay;
mod row;
mod update;

use std::collections::{HashMap, HashSet};

use claviger_core::SurfaceName;
pub use file::FORMAT;
pub use grammar::NotAGrammar;
pub use live::{InUse, Live};
pub use overlay::{MOST as MOST_ALLOWED, NotAllowed};
pub use row::{AnswerKind, Day, Grammar, Kind, NotADay, Origin, ParamSpec, Place, Row, Security, Verb};
pub use update::{Change, MOST_BYTES, NotAnUpdate, Update, head_of};

/// All rows of an exchange, found by surface, verb and path.
#[derive(Debug, Default)]
pub struct Catalogue {
    exchange: Box<str>,
    version: u32,
    rows: Vec<Row>,
    by_path: HashMap<Box<str>, Vec<usize>>,
    updates: Vec<(SurfaceName, u32)>,
}

/// A catalogue file is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// It is not TOML of the right shape.
    #[error("catalogue file {file} cannot be read")]
    Shape {
        /// Which file.
        file: Box<str>,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
    /// It is written in a format of another version of claviger.
    #[error("catalogue file {file} is of format {format}, this version reads format {FORMAT}")]
    Format {
        /// Which file.
        file: Box<str>,
        /// Its format.
        format: u32,
    },
    /// It is not about the exchange of the others, or of another version.
    #[error("catalogue file {file} is of another exchange or version than the file before it")]
    Mixed {
        /// Which file.
        file: Box<str>,
    },
    /// A row lacks something or contradicts itself.
    #[error("the catalogue's row {path}: {why}")]
    Row {
        /// The path.
        path: Box<str>,
        /// What is wrong.
        why: &'static str,
    },
    /// A row stands twice.
    #[error("{surface} {path} stands twice in the catalogue")]
    RowTwice {
        /// The surface.
        surface: Box<str>,
        /// The path.
        path: Box<str>,
    },
    /// A parameter stands twice in a row.
    #[error("{path} lists `{name}` twice")]
    ParamTwice {
        /// The path.
        path: Box<str>,
        /// The parameter.
        name: Box<str>,
    },
}

impl Catalogue {
    /// Reads catalogue files: name and text of each.
    ///
    /// # Errors
    /// Where a file has another shape or a row stands twice.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        let mut catalogue = Self::default();
        for (at, (file, text)) in files.iter().enumerate() {
            let file::Rows { exchange, version, rows } = file::read(file, text)?;
            if at > 0 && (&exchange, version) != (&catalogue.exchange, catalogue.version) {
                return Err(CatalogueError::Mixed { file: (*file).into() });
            }
            (catalogue.exchange, catalogue.version) = (exchange, version);
            rows.into_iter().try_for_each(|row| catalogue.add(row))?;
        }
        Ok(catalogue)
    }

    fn add(&mut self, row: Row) -> Result<(), CatalogueError> {
        let Row { surface, path, .. } = &row;
        if self.row(surface, row.verb, path).is_some() {
            return Err(CatalogueError::RowTwice { surface: surface.clone(), path: path.clone() });
        }
        let mut names = HashSet::new();
        if let Some(spec) = row.params.iter().find(|spec| !names.insert(&spec.name)) {
            return Err(CatalogueError::ParamTwice { path: path.clone(), name: spec.name.clone() });
        }
        self.by_path.entry(path.clone()).or_default().push(self.rows.len());
        self.rows.push(row);
        Ok(())
    }

    /// Reads catalogue files that are compiled in.
    ///
    /// A broken file cannot get past the test that parses it; if it did, the catalogue is empty and everything refused.
    #[must_use]
    pub fn compiled(files: &[(&str, &str)]) -> Self {
        Self::parse(files).unwrap_or_default()
    }

    /// The row of a surface, verb and path.
    #[must_use]
    pub fn row(&self, surface: &str, verb: Verb, path: &str) -> Option<&Row> {
        let rows = self.by_path.get(path)?.iter().filter_map(|at| self.rows.get(*at));
        rows.into_iter().find(|row| row.is(surface, verb))
    }

    /// The exchange it is of.
    #[must_use]
    pub fn exchange(&self) -> &str {
        &self.exchange
    }

    /// Its version, which rises with every change that is given out.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The surfaces that have a newer catalogue than the others, and its version.
    #[must_use]
    pub fn updates(&self) -> &[(SurfaceName, u32)] {
        &self.updates
    }

    /// Every row of that path, of any surface and verb.
    #[must_use]
    pub fn rows_of(&self, path: &str) -> Vec<&Row> {
        self.by_path.get(path).into_iter().flatten().filter_map(|at| self.rows.get(*at)).collect()
    }

    /// The paths that are most like `path`, the nearest first.
    #[must_use]
    pub fn nearest(&self, path: &str, most: usize) -> Vec<&str> {
        let wanted = pieces(path);
        let likeness = |known: &str| {
            let known = pieces(known);
            let shared = wanted.iter().filter(|piece| known.contains(*piece)).count();
            (shared * 2 * 1000).checked_div(wanted.len() + known.len()).unwrap_or(0)
        };
        let mut paths: Vec<(usize, &str)> = self.by_path.keys().map(|p| (likeness(p), &**p)).collect();
        paths.retain(|(likeness, _)| *likeness > 0);
        paths.sort_unstable_by(|(a, x), (b, y)| b.cmp(a).then_with(|| x.cmp(y)));
        paths.into_iter().take(most).map(|(_, path)| path).collect()
    }

    /// Every row.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

/// What a path is made of, in small letters: every three letters in a row, so that `openOrder` is near `openOrders`.
fn pieces(path: &str) -> HashSet<Vec<u8>> {
    let letters = path.to_ascii_lowercase().into_bytes();
    letters.windows(3).map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use claviger_core::{Market, Risk};

    use super::*;

    const HEAD: &str = "format = 1\nexchange = \"e\"\nversion = 3\nsurfaces = [\"s\"]\n";

    fn row(more: &str) -> String {
        format!(
            "[[row]]\nverb = \"GET\"\npath = \"/p\"\npermission = \"read\"\nsecurity = \"signed\"\n{more}\n"
        )
    }

    fn parse(head: &str, rows: &[&str]) -> Result<Catalogue, String> {
        let text = format!("{HEAD}{head}\n{}", rows.concat());
        Catalogue::parse(&[("f", &text)]).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_inherit_from_the_head() {
        let head = "date = \"2026-11-25\"\nsource = \"head\"\nmarket = \"margin\"";
        let own = row(
            "kind = \"read\"\nsource = \"own\"\ndate = \"2025-01-02\"\nmarket = \"spot\"\nrisk = \"critical\"",
        );
        let plain = row("refused = \"no source lists its parameters\"").replace("/p", "/q");
        let catalogue = parse(head, &[&own, &plain]).unwrap();
        assert_eq!((catalogue.exchange(), catalogue.version()), ("e", 3));
        let [own, plain] = catalogue.rows() else { panic!("two rows") };
        assert_eq!((&*own.surface, &*own.source, own.date.to_string().as_str()), ("s", "own", "2025-01-02"));
        assert_eq!((own.market, own.risk, own.kind), (Some(Market::Spot), Risk::Critical, Kind::Read));
        assert_eq!((&*plain.source, plain.date.to_string().as_str()), ("head", "2026-11-25"));
        assert_eq!(
            (plain.market, plain.risk, plain.kind),
            (Some(Market::Margin), Risk::Medium, Kind::Refused)
        );
        let refusal = plain.readable().unwrap_err().to_string();
        assert_eq!(refusal, "GET /q is refused: no source lists its parameters");
    }

    #[test]
    fn what_contradicts_itself_is_no_catalogue() {
        let sourced = "date = \"2026-11-25\"\nsource = \"x\"";
        let read = row("kind = \"read\"");
        let cases: [(&str, &[&str], &str); 14] = [
            (sourced, &[&read, &read], "s /p stands twice in the catalogue"),
            (sourced, &[&row("")], "the catalogue's row /p: it has neither `kind` nor `refused`"),
            (
                sourced,
                &[&row("kind = \"read\"\nrefused = \"x\"")],
                "the catalogue's row /p: `refused` stands beside a `kind`, or is empty",
            ),
            (
                sourced,
                &[&row("refused = \"\"")],
                "the catalogue's row /p: `refused` stands beside a `kind`, or is empty",
            ),
            (
                sourced,
                &[&row("kind = \"refused\"")],
                "the catalogue's row /p: it is refused and does not say why",
            ),
            (
                sourced,
                &[&row("kind = \"not-yet-read\"\nparams = [{ name = \"a\", grammar = \"flag\" }]")],
                "the catalogue's row /p: it lists parameters and is not read",
            ),
            (
                sourced,
                &[&row("kind = \"read\"\nrisk = \"low\"")],
                "the catalogue's row /p: its risk is below that of its permission",
            ),
            (
                sourced,
                &[&row("kind = \"read\"\nsurface = \"t\"")],
                "the catalogue's row /p: its surface does not stand in the head of its file",
            ),
            (
                sourced,
                &[&row(
                    "kind = \"read\"\nparams = [{ name = \"a\", grammar = \"flag\" }, { name = \"a\", grammar = \"flag\" }]",
                )],
                "/p lists `a` twice",
            ),
            ("source = \"x\"", &[&read], "the catalogue's row /p: it has no date"),
            ("date = \"2026-11-25\"", &[&read], "the catalogue's row /p: it names no source"),
            ("date = \"2026-11-31\"\nsource = \"x\"", &[&read], "catalogue file f cannot be read"),
            (sourced, &[&row("kind = \"conjure\"")], "catalogue file f cannot be read"),
            (sourced, &[&row("kind = \"read\"\nunheard = 1")], "catalogue file f cannot be read"),
        ];
        for (head, rows, want) in cases {
            assert_eq!(parse(head, rows).map(|_| ()), Err(want.to_owned()), "{head} {rows:?}");
        }
    }

    #[test]
    fn files_of_one_catalogue_agree() {
        let file = |text: &str| text.to_owned();
        let first = file(HEAD);
        for other in [HEAD.replace("version = 3", "version = 4"), HEAD.replace("\"e\"", "\"f\"")] {
            let mixed = Catalogue::parse(&[("a", &first), ("b", &other)]).unwrap_err();
            assert!(matches!(mixed, CatalogueError::Mixed { .. }), "{mixed}");
        }
        let newer = HEAD.replace("format = 1", "format = 2");
        let refused = Catalogue::parse(&[("a", &newer)]).unwrap_err().to_string();
        assert_eq!(refused, "catalogue file a is of format 2, this version reads format 1");
    }
}
