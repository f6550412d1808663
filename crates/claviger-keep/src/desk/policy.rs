//! `apply`: from `claviger.toml` to the active policy.

use std::path::Path;
use std::sync::Arc;

use claviger_core::entry::PolicyEntry;
use claviger_core::{Config, Entry, Report};
use claviger_door::{Exit, Refused, Said, Sensitive};

use super::narrow::narrowed;
use super::{because, refused, state_failed};
use crate::keep::Keep;

/// The largest configuration, in bytes.
const MOST: u64 = 4 * 1024 * 1024;

impl Keep {
    /// Reads the file anew. What gets narrower holds at once; anything wider needs the factor, for the whole.
    pub(super) fn apply(&self, dry_run: bool, factor: Option<Sensitive>) -> Result<Said, Refused> {
        let proven = factor.is_some();
        if let Some(factor) = factor {
            self.factor(factor)?;
        }
        let (text, new) = read(self.config_file())?;
        let mut room = self.room();
        let report = room.config.compare(&new);
        let needs_factor = report.needs_factor();
        let unchanged = room.config.hash() == new.hash();
        let applied = !dry_run && (proven || !needs_factor);
        if applied && !unchanged {
            let at = room.now();
            let hash = new.hash();
            let entry = Entry::Policy(PolicyEntry { at, hash, text: text.as_str().into() });
            room.record(&entry)?;
            room.state.activate_policy(&hash.to_string(), &text, at).map_err(|error| state_failed(&error))?;
            room.fold(&entry);
            room.config = Arc::new(new);
            let subjects = narrowed(&report, room.config.policies());
            room.narrow(&subjects);
            drop(room);
            self.see_off(&subjects);
        }
        Ok(Said::Report { changes: changes(&report), applied, needs_factor })
    }
}

fn changes(report: &Report) -> Vec<(String, bool)> {
    report.items().iter().map(|item| (item.to_string(), item.change.widens())).collect()
}

pub(super) fn read(file: &Path) -> Result<(String, Config), Refused> {
    let shown = file.display().to_string();
    let failed = |error: &dyn std::error::Error| {
        because(Exit::Config, &format!("cannot read `{shown}`"), error, "the active policy stays as it is")
    };
    let size = std::fs::metadata(file).map_err(|e| failed(&e))?.len();
    if size > MOST {
        return Err(refused(
            Exit::Config,
            &format!("`{shown}` is larger than {MOST} bytes"),
            "make it smaller",
        ));
    }
    let text = std::fs::read_to_string(file).map_err(|e| failed(&e))?;
    let config = Config::parse(&text, &shown, &claviger_exchange::known()).map_err(|e| {
        because(Exit::Config, "claviger.toml cannot be used", &e, "the active policy stays as it is")
    })?;
    Ok((text, config))
}
