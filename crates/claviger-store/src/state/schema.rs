//! The tables of `state.db`, and the steps from one version to the next.

use std::io;
use std::path::Path;

use rusqlite::Connection;

use super::StateError;

/// Each step brings the file from the version of its place in the list to the next. Steps are never changed, only added.
const STEPS: &[&str] = &[
    "
    CREATE TABLE bots (
        name       TEXT NOT NULL,
        exchange   TEXT NOT NULL,
        virtual_id TEXT NOT NULL UNIQUE,
        version    INTEGER NOT NULL CHECK (version > 0),
        added      INTEGER NOT NULL,
        removed    INTEGER,
        PRIMARY KEY (name, version)
    ) STRICT;
    CREATE UNIQUE INDEX bots_in_use ON bots (name) WHERE removed IS NULL;

    CREATE TABLE keys (
        number      INTEGER PRIMARY KEY,
        name        TEXT NOT NULL,
        exchange    TEXT NOT NULL,
        environment TEXT NOT NULL,
        hosts       TEXT NOT NULL,
        id          TEXT NOT NULL,
        scheme      TEXT NOT NULL,
        added       INTEGER NOT NULL,
        removed     INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX keys_in_use ON keys (name) WHERE removed IS NULL;

    CREATE TABLE freezes (
        kind TEXT NOT NULL CHECK (kind IN ('bot', 'key')),
        name TEXT NOT NULL,
        at   INTEGER NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT;

    CREATE TABLE policies (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        hash   TEXT NOT NULL,
        text   TEXT NOT NULL,
        at     INTEGER NOT NULL
    ) STRICT;
",
    "
    CREATE TABLE allowances (
        exchange TEXT NOT NULL,
        surface  TEXT NOT NULL,
        path     TEXT NOT NULL,
        kind     TEXT NOT NULL CHECK (kind IN ('read', 'public', 'param')),
        param    TEXT NOT NULL,
        grammar  TEXT NOT NULL,
        at       INTEGER NOT NULL,
        PRIMARY KEY (exchange, surface, path, kind, param)
    ) STRICT;
",
    "
    CREATE TABLE catalogues (
        exchange  TEXT NOT NULL,
        surface   TEXT NOT NULL,
        version   INTEGER NOT NULL CHECK (version > 0),
        text      TEXT NOT NULL,
        signature TEXT NOT NULL,
        at        INTEGER NOT NULL,
        PRIMARY KEY (exchange, surface)
    ) STRICT;
",
];

/// Makes an empty file that only its owner may open; SQLite gives its side files the same mode.
pub(super) fn make(file: &Path) -> Result<(), StateError> {
    match claviger_os::create_new(file, &[], 0o600) {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(StateError::Make { file: file.to_owned(), source }),
    }
}

/// Sets durability, checks the file, and brings it to the present version.
pub(super) fn prepare(db: &Connection, file: &Path) -> Result<(), StateError> {
    let failed = |source| StateError::Sqlite { what: "prepare", file: file.to_owned(), source };
    // A rollback journal, its folder synced too: a change is on the disk when its call returns.
    db.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA foreign_keys = ON;")
        .map_err(failed)?;
    check(db, file)?;
    let found: u32 = db.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    let known = u32::try_from(STEPS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(StateError::Later { file: file.to_owned(), found, known });
    }
    for (step, version) in STEPS.iter().zip(1_u32..).skip_while(|(_, version)| *version <= found) {
        let all = format!("BEGIN IMMEDIATE; {step} PRAGMA user_version = {version}; COMMIT;");
        db.execute_batch(&all).map_err(failed)?;
    }
    Ok(())
}

fn check(db: &Connection, file: &Path) -> Result<(), StateError> {
    let damaged = |why: String| StateError::Damaged { file: file.to_owned(), why };
    let said: String =
        db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|e| damaged(e.to_string()))?;
    if said == "ok" { Ok(()) } else { Err(damaged(said)) }
}
