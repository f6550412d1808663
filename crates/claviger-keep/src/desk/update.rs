//! Newer catalogues: verified, told apart from what is in use, journaled, kept; in use from the next start on.

use claviger_core::{Digest, ExchangeName, OperatorAct, SurfaceName};
use claviger_door::{Exit, Refused, Said, Sensitive};
use claviger_exchange::{Catalogue, Change, Update};
use claviger_store::StoredCatalogue;

use super::{because, refused, state_failed};
use crate::catalogues::{Verified, verified};
use crate::keep::Keep;
use crate::room::Room;

const UNCHANGED: &str = "nothing was changed; docs/spec/catalogue.md says what an update may hold";

impl Keep {
    /// Says what a newer catalogue changes, and keeps it. Anything wider needs the factor, for the whole.
    pub(super) fn update_catalogue(
        &self,
        given: (String, String),
        dry_run: bool,
        factor: Option<Sensitive>,
    ) -> Result<Said, Refused> {
        let proven = factor.is_some();
        if let Some(factor) = factor {
            self.factor(factor)?;
        }
        let mut room = self.room();
        let taken = room.newer_catalogue(given)?;
        let needs_factor = taken.changes.iter().any(|change| change.widens);
        let applied = !dry_run && (proven || !needs_factor);
        if applied {
            room.keep_catalogue(&taken)?;
        }
        let changes = taken.changes.into_iter().map(|change| (change.what, change.widens)).collect();
        Ok(Said::Report { changes, applied, needs_factor })
    }
}

struct Taken {
    kept: StoredCatalogue,
    signer: Box<str>,
    changes: Vec<Change>,
}

impl Room {
    fn newer_catalogue(&self, (text, signature): (String, String)) -> Result<Taken, Refused> {
        if self.config.catalogue_keys().is_empty() {
            return Err(refused(
                Exit::Catalogue,
                "no key is configured whose catalogues are taken",
                "`catalogue_keys = [\"…\"]` in claviger.toml, with the maintainers' public keys, and `claviger apply`",
            ));
        }
        let head = claviger_exchange::head_of(&text);
        let (exchange, surface) = head.map_err(|error| not_taken(&error))?;
        let mut kept = StoredCatalogue { exchange, surface, version: 0, text, signature };
        let Verified { exchange, update, signer } =
            verified(&self.config, &kept).map_err(|error| not_taken(&error))?;
        kept.version = update.version();
        let compiled = exchange.live().compiled();
        let mut all = self.state.catalogues().map_err(|error| state_failed(&error))?;
        // Those that the compiled one has caught up with do not count any more.
        all.retain(|one| one.exchange == kept.exchange && one.version > compiled.version());
        let mut others = Vec::new();
        let mut old = None;
        for one in &all {
            let read = verified(&self.config, one).map_err(|error| not_taken(&error))?.update;
            if one.surface == kept.surface { old = Some(read) } else { others.push(read) }
        }
        let active = old.as_ref().map_or(0, Update::version);
        update.newer_than(active).map_err(|error| not_taken(&error))?;
        let with = |update: Option<&Update>| {
            others.iter().chain(update).fold(exchange.live().compiled(), Catalogue::patched)
        };
        let changes = with(old.as_ref()).changes(&with(Some(&update)));
        Ok(Taken { kept, signer, changes })
    }

    fn keep_catalogue(&mut self, Taken { kept, signer, .. }: &Taken) -> Result<(), Refused> {
        let act = OperatorAct::CatalogueTaken {
            exchange: kept.exchange.clone(),
            surface: kept.surface.clone(),
            version: kept.version,
            hash: Digest::of(kept.text.as_bytes()),
            signer: signer.clone(),
        };
        let entry = self.act(act);
        self.record(&entry)?;
        let now = self.now();
        self.state.keep_catalogue(kept, now).map_err(|error| state_failed(&error))?;
        self.fold(&entry);
        Ok(())
    }

    /// Goes back to what is compiled in. It may widen, so it needs the factor.
    pub(super) fn drop_catalogue(
        &mut self,
        exchange: ExchangeName,
        surface: SurfaceName,
    ) -> Result<Said, Refused> {
        let all = self.state.catalogues().map_err(|error| state_failed(&error))?;
        if !all.iter().any(|one| one.exchange == exchange && one.surface == surface) {
            return Err(refused(
                Exit::Name,
                &format!("no newer catalogue of {exchange} {surface} was taken"),
                "`claviger exchange list` shows the versions in use",
            ));
        }
        let act = OperatorAct::CatalogueDropped { exchange: exchange.clone(), surface: surface.clone() };
        let entry = self.act(act);
        self.record(&entry)?;
        self.state.drop_catalogue(&exchange, &surface).map_err(|error| state_failed(&error))?;
        self.fold(&entry);
        Ok(Said::Done)
    }
}

fn not_taken(error: &(impl std::error::Error + 'static)) -> Refused {
    because(Exit::Catalogue, "the catalogue is not taken", error, UNCHANGED)
}
