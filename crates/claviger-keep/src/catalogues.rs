//! Newer catalogues that operators took: verified anew at each start, before the first request.

use std::collections::{BTreeMap, BTreeSet};

use claviger_core::{Config, Digest, Entry, ExchangeName, OperatorAct, SurfaceName};
use claviger_exchange::{EXCHANGES, Exchange, NotAnUpdate, Update};
use claviger_store::{State, StateError, StoredCatalogue};
use claviger_vault::{NotSigned, catalogue_signer};

/// What is kept cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// `state.db` cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// Its exchange is not known.
    #[error("there is no exchange `{0}`")]
    Exchange(ExchangeName),
    /// Nobody whom the operator trusts signed it.
    #[error("the catalogue of {exchange} {surface} was not signed by one of `catalogue_keys`")]
    NotSigned {
        /// The exchange.
        exchange: ExchangeName,
        /// The surface.
        surface: SurfaceName,
        /// Why.
        #[source]
        source: NotSigned,
    },
    /// It is no update of the compiled catalogue.
    #[error("the catalogue of {exchange} {surface} cannot be used")]
    NotAnUpdate {
        /// The exchange.
        exchange: ExchangeName,
        /// The surface.
        surface: SurfaceName,
        /// Why.
        #[source]
        source: Box<NotAnUpdate>,
    },
    /// It is not the one that the journal speaks of.
    #[error(
        "of the catalogue of {exchange} {surface} the journal says version {journaled}, and state.db has {kept}"
    )]
    Differs {
        /// The exchange.
        exchange: ExchangeName,
        /// The surface.
        surface: SurfaceName,
        /// What was taken last.
        journaled: Box<str>,
        /// What is there.
        kept: Box<str>,
    },
    /// The process uses another catalogue already.
    #[error("the catalogue of {0} is in use already and cannot be replaced before a restart")]
    InUse(ExchangeName),
}

/// A kept catalogue that is what its maintainers gave out.
pub(crate) struct Verified {
    /// The exchange.
    pub(crate) exchange: &'static dyn Exchange,
    /// The update.
    pub(crate) update: Update,
    /// Who signed it: one of `catalogue_keys`.
    pub(crate) signer: Box<str>,
}

/// Verifies a catalogue and reads it as an update of the compiled one.
///
/// # Errors
/// Where it is of no known exchange, not signed by one of `catalogue_keys`, or no update.
pub(crate) fn verified(config: &Config, kept: &StoredCatalogue) -> Result<Verified, CatalogueError> {
    let StoredCatalogue { exchange: name, surface, text, signature, .. } = kept;
    let exchange =
        claviger_exchange::exchange(name.as_str()).ok_or_else(|| CatalogueError::Exchange(name.clone()))?;
    let keys: Vec<Box<str>> = config.catalogue_keys().iter().map(|key| key.as_str().into()).collect();
    let signer = catalogue_signer(&keys, text.as_bytes(), signature);
    let signer = signer.map_err(|source| CatalogueError::NotSigned {
        exchange: name.clone(),
        surface: surface.clone(),
        source,
    })?;
    let update =
        Update::read(&exchange.live().compiled(), text).map_err(|source| CatalogueError::NotAnUpdate {
            exchange: name.clone(),
            surface: surface.clone(),
            source: Box::new(source),
        })?;
    Ok(Verified { exchange, update, signer: signer.into() })
}

/// Has this process use the catalogues that are kept in `state.db`, each verified by the keys of `config`.
///
/// Call it before the first request is read. One that the compiled catalogue has caught up with does not count any more.
///
/// # Errors
/// Where one is not what it should be: then none is used.
pub fn adopt(state: &State, config: &Config) -> Result<(), CatalogueError> {
    let kept = state.catalogues()?;
    for exchange in EXCHANGES {
        if !kept.iter().any(|one| one.exchange.as_str() == exchange.name()) {
            continue;
        }
        let compiled = exchange.live().compiled();
        let of = kept.iter().filter(|one| one.exchange.as_str() == exchange.name());
        let (newer, older): (Vec<_>, Vec<_>) = of.partition(|one| one.version > compiled.version());
        for one in older {
            tracing::warn!(exchange = %one.exchange, surface = %one.surface, version = one.version,
                "a catalogue that was taken does not count any more: a newer one is compiled in");
        }
        if newer.is_empty() {
            continue;
        }
        let updates = newer.into_iter().map(|one| Ok(verified(config, one)?.update));
        let updates: Vec<Update> = updates.collect::<Result<_, CatalogueError>>()?;
        let adopted = exchange.live().adopt(&updates);
        adopted.map_err(|_| CatalogueError::InUse(exchange.exchange_name()))?;
    }
    Ok(())
}

/// The catalogues that the journal says were taken, by exchange and surface.
#[derive(Default)]
pub(crate) struct Journaled(BTreeMap<(ExchangeName, SurfaceName), (u32, Digest)>);

impl Journaled {
    pub(crate) fn take(&mut self, entry: &Entry) {
        let Entry::Operator(entry) = entry else { return };
        match &entry.act {
            OperatorAct::CatalogueTaken { exchange, surface, version, hash, .. } => {
                self.0.insert((exchange.clone(), surface.clone()), (*version, *hash));
            }
            OperatorAct::CatalogueDropped { exchange, surface } => {
                self.0.remove(&(exchange.clone(), surface.clone()));
            }
            _ => {}
        }
    }

    /// Passes if `state.db` has what was taken and nothing else: a signed file of the past is signed all the same.
    pub(crate) fn check(&self, state: &State) -> Result<(), CatalogueError> {
        let kept: BTreeMap<_, _> = state
            .catalogues()?
            .into_iter()
            .map(|one| {
                let hash = Digest::of(one.text.as_bytes());
                ((one.exchange, one.surface), (one.version, hash))
            })
            .collect();
        let names: BTreeSet<_> = self.0.keys().chain(kept.keys()).collect();
        for name in names {
            let (journaled, kept) = (self.0.get(name), kept.get(name));
            if journaled != kept {
                let shown = |one: Option<&(u32, Digest)>| one.map_or_else(|| "none".into(), shown);
                return Err(CatalogueError::Differs {
                    exchange: name.0.clone(),
                    surface: name.1.clone(),
                    journaled: shown(journaled),
                    kept: shown(kept),
                });
            }
        }
        Ok(())
    }
}

fn shown((version, hash): &(u32, Digest)) -> Box<str> {
    let hash = hash.to_string();
    format!("{version} ({}…)", hash.get(..12).unwrap_or(&hash)).into()
}
