//! The calls that claviger makes for itself: the keep signs them, this sends them.

use std::sync::Arc;
use std::time::Duration;

use claviger_door::{Ask, Door, Reply, Seen, SignedRequest};
use claviger_egress::Egress;
use tokio::sync::watch;

const SOON: Duration = Duration::from_millis(250);
const LATER: Duration = Duration::from_secs(1);

/// Asks the keep for chores until told to stop; one at a time.
pub(crate) async fn chores<D: Door>(door: Arc<D>, egress: Arc<Egress>, mut stop: watch::Receiver<bool>) {
    let mut pause = SOON;
    while tokio::time::timeout(pause, stop.wait_for(|stop| *stop)).await.is_err() {
        pause = (pause + SOON).min(LATER);
        while let Ok(Reply::Send(request)) = door.ask(Ask::Chore).await {
            pause = SOON;
            let ticket = request.parts().ticket;
            let seen = whole(&egress, *request).await;
            if let Err(error) = door.ask(Ask::Settle { ticket, seen }).await {
                tracing::warn!(%error, "a chore could not be settled");
            }
            if *stop.borrow() {
                return;
            }
        }
    }
}

/// Sends a request and buffers its answer.
pub(crate) async fn whole(egress: &Egress, request: SignedRequest) -> Seen {
    let sent = match egress.send(request).await {
        Ok(sent) => sent,
        Err(error) => return error.into(),
    };
    let status = sent.status;
    sent.body.whole().await.map_or_else(Seen::from, |body| Seen::Answer { status, body })
}
