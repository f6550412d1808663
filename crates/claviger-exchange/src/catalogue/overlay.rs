//! What operators allow beside the catalogue: rows that read, and harmless parameters of rows that are read.
//!
//! It can only let a bot read more. Nothing here moves, trades or changes anything, and what the catalogue refuses for a
//! reason stays refused.

use claviger_core::{Allowance, Permission};

use super::row::{AnswerKind, Day, Grammar, Kind, ParamSpec, Row, Security, Verb};
use super::{Catalogue, NotAGrammar};

/// Why something cannot be allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// Nobody serves it.
    #[error("no surface of {0} serves that path")]
    Surface(Box<str>),
    /// The path is no path.
    #[error("`{0}` is no path: wanted `/` and then letters, digits and `/ . _ -`")]
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
        "{verb} {path} needs `{permission}`; only paths of `public`, `market-data` and `read` can be allowed"
    )]
    Permission {
        /// The verb of the row that says so.
        verb: &'static str,
        /// The path.
        path: Box<str>,
        /// What that row needs.
        permission: Permission,
    },
    /// Its answer may carry power over the account.
    #[error("the answer of GET {0} may carry a key or a token")]
    Tells(Box<str>),
    /// A parameter of a row that is not read.
    #[error("GET {0} is not read, so it takes no parameter")]
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
    /// The name is no name.
    #[error("`{0}` is no name of a parameter: wanted a letter, then letters, digits and `_`, at most 64")]
    Name(Box<str>),
    /// The grammar is none.
    #[error(transparent)]
    Grammar(#[from] NotAGrammar),
}

/// Parameters of authentication, in small letters.
const RESERVED: [&str; 6] = ["timestamp", "recvwindow", "signature", "apikey", "sign", "passphrase"];

/// What a path says, without its dashes, whose answer may carry a key or a token.
const TELLS: [&str; 7] = ["apikey", "subaccountapi", "listen", "token", "userdatastream", "asyn", "secret"];

/// The rows that these allowances make, all of one exchange, beside those of the catalogue.
///
/// # Errors
/// Where one of them would do more than let bots read.
pub(super) fn rows(base: &Catalogue, allowances: &[Allowance]) -> Result<Vec<Row>, NotAllowed> {
    let mut rows: Vec<Row> = Vec::new();
    for allowance in allowances.iter().filter(|allowance| allowance.param.is_none()) {
        rows.push(new_row(base, allowance)?);
    }
    for allowance in allowances {
        let Some((name, grammar)) = &allowance.param else { continue };
        let spec = ParamSpec::plain(name_of(name)?, grammar.parse::<Grammar>()?);
        let at = rows.iter().position(|row| is_of(row, allowance));
        let mut row = match at {
            Some(at) => rows.swap_remove(at),
            None => read_row(base, allowance)?.clone(),
        };
        if row.params.iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
            return Err(NotAllowed::Listed { path: row.path, name: name.clone() });
        }
        row.params.push(spec);
        rows.push(row);
    }
    Ok(rows)
}

fn is_of(row: &Row, allowance: &Allowance) -> bool {
    row.is(allowance.surface.as_str(), Verb::Get) && row.path == allowance.path
}

fn new_row(base: &Catalogue, allowance: &Allowance) -> Result<Row, NotAllowed> {
    let path = path_of(&allowance.path)?;
    let known = base.of_path(path);
    let gets: Vec<&Row> = known.iter().copied().filter(|row| row.verb == Verb::Get).collect();
    // A row of the path's GET says what it does; without one, its other verbs do.
    for row in if gets.is_empty() { &known } else { &gets } {
        if !matches!(row.permission, Permission::Public | Permission::MarketData | Permission::Read) {
            let (verb, permission) = (row.verb.as_str(), row.permission);
            return Err(NotAllowed::Permission { verb, path: path.into(), permission });
        }
    }
    for row in gets {
        match &row.refused {
            _ if row.kind.is_readable() => return Err(NotAllowed::Known(path.into())),
            Some(why) => return Err(NotAllowed::Refused { path: path.into(), why: why.clone() }),
            None => {}
        }
    }
    let letters = path.to_ascii_lowercase().replace(['-', '_'], "");
    if TELLS.iter().any(|word| letters.contains(word)) {
        return Err(NotAllowed::Tells(path.into()));
    }
    let here = known.into_iter().find(|row| is_of(row, allowance));
    Ok(Row {
        surface: allowance.surface.as_str().into(),
        verb: Verb::Get,
        path: path.into(),
        permission: here.map_or(Permission::Read, |row| row.permission),
        risk: here.map_or_else(|| Permission::Read.risk(), |row| row.risk),
        security: here.map_or(Security::Signed, |row| row.security),
        kind: Kind::Read,
        refused: None,
        market: None,
        flags: here.map(|row| row.flags.clone()).unwrap_or_default(),
        params: Vec::new(),
        answer: AnswerKind::Stream,
        about: here.map(|row| row.about.clone()).unwrap_or_default(),
        source: "allowed by an operator".into(),
        date: here.map_or_else(Day::unknown, |row| row.date.clone()),
    })
}

fn read_row<'c>(base: &'c Catalogue, allowance: &Allowance) -> Result<&'c Row, NotAllowed> {
    let path = path_of(&allowance.path)?;
    let row = base.of_path(path).into_iter().find(|row| is_of(row, allowance));
    match row {
        Some(row) if row.kind == Kind::Read => Ok(row),
        _ => Err(NotAllowed::NotRead(path.into())),
    }
}

fn path_of(path: &str) -> Result<&str, NotAllowed> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-');
    let whole = path.starts_with('/') && path.len() <= 128 && path.bytes().all(fits);
    let plain = path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
    if whole && plain {
        Ok(path)
    } else {
        Err(NotAllowed::Path(path.chars().take(64).collect::<String>().into()))
    }
}

fn name_of(name: &str) -> Result<&str, NotAllowed> {
    let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !(name.starts_with(|c: char| c.is_ascii_alphabetic()) && letters && name.len() <= 64) {
        return Err(NotAllowed::Name(name.chars().take(64).collect::<String>().into()));
    }
    if RESERVED.contains(&&*name.to_ascii_lowercase()) {
        return Err(NotAllowed::Reserved(name.into()));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
        format = 1
        exchange = "binance"
        version = 1
        surfaces = ["spot"]
        source = "here"
        date = "2026-11-25"
        row = [
            { verb = "GET", path = "/a/known", permission = "read", security = "signed", kind = "read", params = [{ name = "limit", grammar = "number" }] },
            { verb = "GET", path = "/a/later", permission = "market-data", security = "key-only", kind = "not-yet-read", about = "later" },
            { verb = "POST", path = "/a/later", permission = "trade", security = "signed", kind = "not-yet-read" },
            { verb = "GET", path = "/a/never", permission = "read", security = "signed", refused = "it is told nowhere" },
            { verb = "GET", path = "/a/identity", permission = "read-identity", security = "signed", kind = "not-yet-read" },
            { verb = "POST", path = "/a/out", permission = "withdraw", security = "signed", kind = "not-yet-read" },
            { verb = "POST", path = "/a/order", permission = "trade", security = "signed", kind = "place", params = [{ name = "symbol", grammar = "symbol", judged = true }] },
        ]"#;

    fn allowance(text: &str) -> Allowance {
        let (path, param) = text.split_once(' ').map_or((text, None), |(path, param)| (path, Some(param)));
        let param = param.and_then(|param| param.split_once('=')).map(|(n, g)| (n.into(), g.into()));
        Allowance {
            exchange: "binance".parse().unwrap(),
            surface: "spot".parse().unwrap(),
            path: path.into(),
            param,
        }
    }

    fn check(allowances: &[&str], want: Result<&str, &str>) {
        let base = Catalogue::parse(&[("test", TEXT)]).unwrap();
        let allowances: Vec<Allowance> = allowances.iter().map(|text| allowance(text)).collect();
        let shown = |row: &Row| {
            let params: Vec<&str> = row.params.iter().map(|param| &*param.name).collect();
            format!("{} {} {:?} {}", row.path, row.permission, row.security, params.join(" "))
        };
        let rows = rows(&base, &allowances);
        let rows = rows.map(|rows| rows.iter().map(shown).collect::<Vec<_>>().join("; "));
        assert_eq!(
            rows.map_err(|e| e.to_string()),
            want.map(Into::into).map_err(Into::into),
            "{allowances:?}"
        );
    }

    #[test]
    fn only_reads_and_only_harmless() {
        check(&["/a/new"], Ok("/a/new read Signed "));
        check(&["/a/new", "/a/new limit=whole:1..9"], Ok("/a/new read Signed limit"));
        check(&["/a/later"], Ok("/a/later market-data KeyOnly "));
        check(&["/a/known page=number"], Ok("/a/known read Signed limit page"));
        for (bad, why) in [
            ("/a/known", "GET /a/known is read already"),
            ("/a/never", "the catalogue refuses GET /a/never: it is told nowhere"),
            (
                "/a/identity",
                "GET /a/identity needs `read-identity`; only paths of `public`, `market-data` and `read` can be allowed",
            ),
            (
                "/a/out",
                "POST /a/out needs `withdraw`; only paths of `public`, `market-data` and `read` can be allowed",
            ),
            ("/a/listenKey", "the answer of GET /a/listenKey may carry a key or a token"),
            ("/a/sub-account/api-key", "the answer of GET /a/sub-account/api-key may carry a key or a token"),
            ("/a/../b", "`/a/../b` is no path: wanted `/` and then letters, digits and `/ . _ -`"),
            ("/a//b", "`/a//b` is no path: wanted `/` and then letters, digits and `/ . _ -`"),
            ("/a?b", "`/a?b` is no path: wanted `/` and then letters, digits and `/ . _ -`"),
            ("/a/known limit=number", "GET /a/known takes `limit` already"),
            ("/a/known LIMIT=number", "GET /a/known takes `LIMIT` already"),
            ("/a/known recvWindow=number", "`recvWindow` belongs to the signature"),
            (
                "/a/known 1a=number",
                "`1a` is no name of a parameter: wanted a letter, then letters, digits and `_`, at most 64",
            ),
            ("/a/order note=text:9", "GET /a/order is not read, so it takes no parameter"),
            ("/a/later note=text:9", "GET /a/later is not read, so it takes no parameter"),
        ] {
            check(&[bad], Err(why));
        }
        let grammar = rows(&Catalogue::parse(&[("t", TEXT)]).unwrap(), &[allowance("/a/known x=free")]);
        assert!(matches!(grammar, Err(NotAllowed::Grammar(_))));
    }

    #[test]
    fn what_is_allowed_is_found_and_can_be_taken_back() {
        let catalogue = Catalogue::parse(&[("test", TEXT)]).unwrap();
        let allowed = [allowance("/a/new"), allowance("/a/known page=number")];
        catalogue.allow(&allowed).unwrap();
        assert_eq!(catalogue.row("spot", Verb::Get, "/a/new").unwrap().kind, Kind::Read);
        assert!(catalogue.row("spot", Verb::Get, "/a/known").unwrap().param("page").is_some());
        assert_eq!(catalogue.rows_of("/a/known").len(), 1);
        assert!(catalogue.allow(&[allowance("/a/out")]).is_err());
        assert!(catalogue.row("spot", Verb::Get, "/a/new").is_some(), "a refusal changes nothing");
        catalogue.allow(&[]).unwrap();
        assert!(catalogue.row("spot", Verb::Get, "/a/new").is_none());
        assert!(catalogue.row("spot", Verb::Get, "/a/known").unwrap().param("page").is_none());
    }

    #[test]
    fn what_does_not_fit_a_newer_catalogue_is_left_out() {
        let catalogue = Catalogue::parse(&[("test", TEXT)]).unwrap();
        let all = [allowance("/a/known"), allowance("/a/new"), allowance("/a/new x=flag")];
        let (fits, rest) = catalogue.fitting(&all);
        assert_eq!(fits, all[1..]);
        assert_eq!(rest, [(all[0].clone(), NotAllowed::Known("/a/known".into()))]);
    }
}
