//! Telling the keep.

use std::sync::Arc;

use claviger_core::MarketView;
use claviger_door::{Ask, Door, Reply};
use claviger_egress::Egress;

use crate::ask::{Now, Silent};

/// The ways out and in that every feed shares.
pub(crate) struct Teller<D> {
    pub door: Arc<D>,
    pub egress: Arc<Egress>,
    pub now: Now,
}

impl<D> Clone for Teller<D> {
    fn clone(&self) -> Self {
        Self { door: Arc::clone(&self.door), egress: Arc::clone(&self.egress), now: self.now }
    }
}

impl<D: Door> Teller<D> {
    /// Tells the keep what is new.
    pub(crate) async fn tell(&self, view: MarketView) -> Result<(), Silent> {
        match self.door.ask(Ask::Market { now: self.now.time(), view: Box::new(view) }).await {
            Ok(Reply::Failed(_)) | Err(_) => Err(Silent::Keep),
            Ok(_) => Ok(()),
        }
    }
}
