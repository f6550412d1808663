//! Refusing: written down within bounds, and told in the exchange's own words.

use claviger_core::book::Denied;
use claviger_core::entry::DenialEntry;
use claviger_core::{BotName, Endpoint, Entry, Intent, IntentId, Permission};
use claviger_door::{Received, Refusal};

use super::Room;
use crate::authenticate;
use crate::floods::Note;
use crate::refused::Unserved;

/// Who asked for what, before anything of it was checked.
pub(crate) struct Asker {
    peer: claviger_door::Peer,
    endpoint: Endpoint,
}

/// A request that goes no further.
pub(crate) struct Stopped {
    pub(crate) unserved: Unserved,
    pub(crate) bot: Option<BotName>,
    pub(crate) intent: Option<Intent>,
    pub(crate) entry: Option<Box<Entry>>,
}

/// So much of a path is written down.
const PATH: usize = 200;

impl Asker {
    pub(crate) fn of(received: &Received) -> Self {
        let endpoint = Endpoint {
            exchange: received.exchange.clone(),
            surface: received.surface.clone(),
            method: received.method,
            path: received.path.chars().take(PATH).collect::<String>().into(),
        };
        Self { peer: received.peer.clone(), endpoint }
    }
}

impl From<Unserved> for Box<Stopped> {
    fn from(unserved: Unserved) -> Self {
        Self::new(Stopped { unserved, bot: None, intent: None, entry: None })
    }
}

impl Stopped {
    /// A request of a bot that is known.
    pub(crate) fn of(unserved: Unserved, bot: BotName, intent: Option<Intent>) -> Box<Self> {
        Box::new(Self { unserved, bot: Some(bot), intent, entry: None })
    }

    /// A request that the book denied; its entry says more.
    pub(crate) fn denied(denied: Denied) -> Box<Self> {
        let step = denied.step();
        let Denied { denial, entry } = denied;
        let intent = match &*entry {
            Entry::Denial(denied) => denied.endpoint.clone().zip(denied.act.clone()),
            _ => None,
        };
        let intent = intent.map(|(endpoint, act)| Intent {
            endpoint,
            permission: Permission::Public,
            act,
            params: Vec::new(),
        });
        let unserved = match step {
            Some(step) => Unserved::DeniedItem { denial: Box::new(denial), step },
            None => Unserved::Denied(Box::new(denial)),
        };
        Box::new(Self { unserved, bot: None, intent, entry: Some(entry) })
    }
}

impl Room {
    /// Writes a refusal down, unless it is one of a flood, and tells it.
    pub(crate) fn refuse(&mut self, asker: &Asker, stopped: &Stopped) -> Refusal {
        let unserved = &stopped.unserved;
        let exchange = claviger_exchange::exchange(asker.endpoint.exchange.as_str());
        let text = match exchange {
            Some(exchange) => unserved.message(exchange, &asker.endpoint),
            None => unserved.to_string(),
        };
        let id = self.note_refusal(asker, stopped, &text);
        match exchange {
            Some(exchange) => unserved.told_as(&text, exchange, (stopped.intent.as_ref(), id)),
            None => Refusal { status: 404, headers: Vec::new(), body: text.into_bytes().into() },
        }
    }

    fn note_refusal(&mut self, asker: &Asker, stopped: &Stopped, text: &str) -> Option<IntentId> {
        let now = self.now();
        let peer = authenticate::peer(&asker.peer, self.own_uid);
        let Note::Write { untold } = self.floods.note(peer.address, stopped.unserved.rule(), now) else {
            return None;
        };
        if let (Unserved::Read(_), Some(bot)) = (&stopped.unserved, &stopped.bot) {
            let path = &*asker.endpoint.path;
            tracing::warn!(%bot, path, "a request was not understood: {text}");
        }
        let mut entry = match stopped.entry.as_deref() {
            Some(Entry::Denial(entry)) => (**entry).clone(),
            _ => DenialEntry {
                id: self.ids.next(now),
                at: now,
                bot: stopped.bot.clone(),
                peer,
                rule: stopped.unserved.rule().into(),
                message: text.into(),
                detail: None,
                endpoint: Some(asker.endpoint.clone()),
                act: stopped.intent.as_ref().map(|intent| intent.act.clone()),
                step: None,
            },
        };
        if untold > 0 {
            let before = entry.detail.take().map(|detail| format!("{detail}; ")).unwrap_or_default();
            entry.detail = Some(format!("{before}{untold} more before this were not written down").into());
        }
        let id = entry.id;
        self.note(&Entry::Denial(Box::new(entry)));
        Some(id)
    }
}
