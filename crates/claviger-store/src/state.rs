//! What operators set: bots, real keys (never their secrets), freezes, policy versions; in `state.db`.
//!
//! *Trusted as the home is: who can write it can lift a freeze or add a bot's name, but can make no key and read no secret.*

mod rows;
mod schema;

use std::path::{Path, PathBuf};

use claviger_core::{Allowance, BotName, ExchangeName, KeyName, SurfaceName, Time};
use rusqlite::{Connection, OptionalExtension, params};

pub use rows::{FreezeOf, PolicyVersion, StoredBot, StoredCatalogue, StoredKey};

/// The file cannot be used, or it does not permit the change.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// SQLite refused.
    #[error("cannot {what} `{}`", file.display())]
    Sqlite {
        /// What was attempted: a verb.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// The file cannot be made.
    #[error("cannot make `{}`", file.display())]
    Make {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Others may read or write the file.
    #[error("the file of bots and keys is open to others")]
    NotPrivate(#[from] claviger_os::NotPrivate),
    /// It was written by a later version.
    #[error("`{}` has version {found}, and this version of claviger knows {known}", file.display())]
    Later {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: u32,
        /// The latest version known here.
        known: u32,
    },
    /// It is not intact.
    #[error("`{}` is damaged: {why}", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// There is one of that name already.
    #[error("there is a {what} named `{name}` already")]
    Exists {
        /// `bot` or `key`.
        what: &'static str,
        /// Its name.
        name: Box<str>,
    },
    /// There is none of that name.
    #[error("there is no {what} named `{name}`")]
    Missing {
        /// `bot` or `key`.
        what: &'static str,
        /// Its name.
        name: Box<str>,
    },
}

impl StateError {
    /// Whether the cause is a full disk.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Sqlite { source, .. } => source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Make { source, .. } => {
                matches!(source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }
}

/// `state.db`, open. Every change is durable when its call returns.
#[derive(Debug)]
pub struct State {
    db: Connection,
    file: PathBuf,
}

impl State {
    /// Opens the file, making it if it is not there and bringing it to the present version.
    ///
    /// # Errors
    /// [`StateError`] where it is damaged, too new, or open to others.
    pub fn open(file: &Path) -> Result<Self, StateError> {
        schema::make(file)?;
        claviger_os::check_private(file)?;
        let failed = |source| StateError::Sqlite { what: "open", file: file.to_owned(), source };
        let db = Connection::open(file).map_err(failed)?;
        schema::prepare(&db, file)?;
        Ok(Self { db, file: file.to_owned() })
    }

    /// Adds a bot. Its version is one more than that of the last bot of that name, so that an old virtual key of that
    /// name never works again.
    ///
    /// # Errors
    /// Where a bot of that name is there.
    pub fn add_bot(&mut self, bot: &StoredBot) -> Result<(), StateError> {
        let sql = "INSERT INTO bots (name, exchange, virtual_id, version, added) VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![
            bot.name.as_str(),
            bot.exchange.as_str(),
            &*bot.virtual_id,
            bot.version,
            rows::millis(bot.added)
        ];
        self.insert(sql, row, ("bot", bot.name.as_str()))
    }

    /// The version that the next bot of that name gets: from 1.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn next_bot_version(&self, name: &BotName) -> Result<u32, StateError> {
        let sql = "SELECT coalesce(max(version), 0) + 1 FROM bots WHERE name = ?1";
        self.db.query_row(sql, [name.as_str()], |row| row.get(0)).map_err(|e| self.failed("read", e))
    }

    /// Ends a bot; its virtual key is never given out again. A freeze of it ends too.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn remove_bot(&mut self, name: &BotName, at: Time) -> Result<(), StateError> {
        let sql = "UPDATE bots SET removed = ?2 WHERE name = ?1 AND removed IS NULL";
        self.change_one(sql, params![name.as_str(), rows::millis(at)], ("bot", name.as_str()))?;
        self.thaw(&FreezeOf::Bot(name.clone())).map(|_| ())
    }

    /// Every bot that was not removed, by name.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn bots(&self) -> Result<Vec<StoredBot>, StateError> {
        let sql = "SELECT name, exchange, virtual_id, version, added FROM bots
                   WHERE removed IS NULL ORDER BY name";
        self.rows(sql, rows::bot)
    }

    /// Adds a real key: everything about it that is no secret.
    ///
    /// # Errors
    /// Where a key of that name is there.
    pub fn add_key(&mut self, key: &StoredKey) -> Result<(), StateError> {
        let sql = "INSERT INTO keys (name, exchange, environment, hosts, id, scheme, added)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let row = params![
            key.name.as_str(),
            key.exchange.as_str(),
            &*key.environment,
            key.hosts.join("\n"),
            &*key.id,
            &*key.scheme,
            rows::millis(key.added)
        ];
        self.insert(sql, row, ("key", key.name.as_str()))
    }

    /// Forgets a real key. A freeze of it ends too.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn remove_key(&mut self, name: &KeyName, at: Time) -> Result<(), StateError> {
        let sql = "UPDATE keys SET removed = ?2 WHERE name = ?1 AND removed IS NULL";
        self.change_one(sql, params![name.as_str(), rows::millis(at)], ("key", name.as_str()))?;
        self.thaw(&FreezeOf::Key(name.clone())).map(|_| ())
    }

    /// Every real key that was not removed, by name.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn keys(&self) -> Result<Vec<StoredKey>, StateError> {
        let sql = "SELECT name, exchange, environment, hosts, id, scheme, added FROM keys
                   WHERE removed IS NULL ORDER BY name";
        self.rows(sql, rows::key)
    }

    /// Notes that a bot or key is frozen, since the first time this was said.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn freeze(&mut self, target: &FreezeOf, at: Time) -> Result<(), StateError> {
        let sql = "INSERT INTO freezes (kind, name, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let (kind, name) = target.columns();
        self.db
            .execute(sql, params![kind, name, rows::millis(at)])
            .map(|_| ())
            .map_err(|e| self.failed("write", e))
    }

    /// Notes that a bot or key is not frozen any more; tells whether it was.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn thaw(&mut self, target: &FreezeOf) -> Result<bool, StateError> {
        let (kind, name) = target.columns();
        self.db
            .execute("DELETE FROM freezes WHERE kind = ?1 AND name = ?2", params![kind, name])
            .map(|n| n > 0)
            .map_err(|e| self.failed("write", e))
    }

    /// Everything that is frozen, and since when.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn freezes(&self) -> Result<Vec<(FreezeOf, Time)>, StateError> {
        self.rows("SELECT kind, name, at FROM freezes ORDER BY kind, name", rows::freeze)
    }

    /// Makes this the active policy; the one before stays on record.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn activate_policy(&mut self, hash: &str, text: &str, at: Time) -> Result<(), StateError> {
        let sql = "INSERT INTO policies (hash, text, at) VALUES (?1, ?2, ?3)";
        self.db
            .execute(sql, params![hash, text, rows::millis(at)])
            .map(|_| ())
            .map_err(|e| self.failed("write", e))
    }

    /// The active policy: the one activated last.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn active_policy(&self) -> Result<Option<PolicyVersion>, StateError> {
        let sql = "SELECT number, hash, text, at FROM policies ORDER BY number DESC LIMIT 1";
        self.db.query_row(sql, [], rows::policy).optional().map_err(|e| self.failed("read", e))
    }

    /// Every policy that was ever active, the newest first.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn policies(&self) -> Result<Vec<PolicyVersion>, StateError> {
        self.rows("SELECT number, hash, text, at FROM policies ORDER BY number DESC", rows::policy)
    }

    /// Notes what an operator allows beside the catalogues.
    ///
    /// # Errors
    /// [`StateError::Exists`] where it is noted already.
    pub fn allow(&mut self, allowance: &Allowance, at: Time) -> Result<(), StateError> {
        let sql = "INSERT INTO allowances (exchange, surface, path, kind, param, grammar, at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
        let Allowance { exchange, surface, path, what } = allowance;
        let (kind, param, grammar) = rows::kind_of(what);
        let row = params![exchange.as_str(), surface.as_str(), path, kind, param, grammar, rows::millis(at)];
        match self.db.execute(sql, row).map_err(|e| self.failed("write", e))? {
            0 => Err(StateError::Exists { what: "allowance", name: allowance.to_string().into() }),
            _ => Ok(()),
        }
    }

    /// Forgets what an operator allowed: all of these or, where it fails, none.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn disallow(&mut self, allowances: &[Allowance]) -> Result<(), StateError> {
        let file = self.file.clone();
        let failed = |source| StateError::Sqlite { what: "write", file: file.clone(), source };
        let sql = "DELETE FROM allowances
                   WHERE exchange = ?1 AND surface = ?2 AND path = ?3 AND kind = ?4 AND param = ?5";
        let change = self.db.transaction().map_err(failed)?;
        for Allowance { exchange, surface, path, what } in allowances {
            let (kind, param, _) = rows::kind_of(what);
            change
                .execute(sql, params![exchange.as_str(), surface.as_str(), path, kind, param])
                .map_err(failed)?;
        }
        change.commit().map_err(failed)
    }

    /// What operators allow beside the catalogues, and since when.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn allowances(&self) -> Result<Vec<(Allowance, Time)>, StateError> {
        let sql = "SELECT exchange, surface, path, kind, param, grammar, at FROM allowances
                   ORDER BY exchange, surface, path, at, param";
        self.rows(sql, rows::allowance)
    }

    /// Keeps a newer catalogue in the place of the one before.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep_catalogue(&mut self, catalogue: &StoredCatalogue, at: Time) -> Result<(), StateError> {
        let sql = "INSERT OR REPLACE INTO catalogues (exchange, surface, version, text, signature, at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let StoredCatalogue { exchange, surface, version, text, signature } = catalogue;
        let row = params![exchange.as_str(), surface.as_str(), version, text, signature, rows::millis(at)];
        self.db.execute(sql, row).map(drop).map_err(|e| self.failed("write", e))
    }

    /// Forgets a newer catalogue, if there is one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn drop_catalogue(
        &mut self,
        exchange: &ExchangeName,
        surface: &SurfaceName,
    ) -> Result<(), StateError> {
        let sql = "DELETE FROM catalogues WHERE exchange = ?1 AND surface = ?2";
        let dropped = self.db.execute(sql, params![exchange.as_str(), surface.as_str()]);
        dropped.map(drop).map_err(|e| self.failed("write", e))
    }

    /// Every newer catalogue that is kept. Whoever uses one checks its signature anew.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn catalogues(&self) -> Result<Vec<StoredCatalogue>, StateError> {
        let sql =
            "SELECT exchange, surface, version, text, signature FROM catalogues ORDER BY exchange, surface";
        self.rows(sql, rows::catalogue)
    }

    fn rows<T>(
        &self,
        sql: &str,
        read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StateError> {
        let mut statement = self.db.prepare(sql).map_err(|e| self.failed("read", e))?;
        let rows = statement.query_map([], read).and_then(Iterator::collect);
        rows.map_err(|e| self.failed("read", e))
    }

    fn insert(
        &self,
        sql: &str,
        row: &[&dyn rusqlite::ToSql],
        (what, name): (&'static str, &str),
    ) -> Result<(), StateError> {
        match self.db.execute(sql, row) {
            Ok(_) => Ok(()),
            Err(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
                Err(StateError::Exists { what, name: name.into() })
            }
            Err(e) => Err(self.failed("write", e)),
        }
    }

    fn change_one(
        &self,
        sql: &str,
        row: &[&dyn rusqlite::ToSql],
        (what, name): (&'static str, &str),
    ) -> Result<(), StateError> {
        match self.db.execute(sql, row).map_err(|e| self.failed("write", e))? {
            0 => Err(StateError::Missing { what, name: name.into() }),
            _ => Ok(()),
        }
    }

    fn failed(&self, what: &'static str, source: rusqlite::Error) -> StateError {
        StateError::Sqlite { what, file: self.file.clone(), source }
    }
}

#[cfg(test)]
mod tests;
