//! Asking every limit, and reserving in one step.

mod amend;
mod case;
mod count;
mod guard;
mod meet;
mod position;
mod special;
mod steps;

use super::{Ask, Book, Denied, Permit};
use crate::entry::{IntentEntry, Leg, ReadEntry};
use crate::limits::{Asked, Stage};
use crate::value::Prices;
use crate::{
    Act, BotPolicy, Denial, Detail, Entry, Evidence, Intent, Level, Market, Permission, PolicySet,
    PositionSide, Symbol,
};

use case::Case;

/// This many intents can be under way at a time.
const PENDING: usize = 100_000;

type Refused = Box<(Denial, Detail)>;

/// A request that nothing speaks against.
struct Judged {
    leaves: Intent,
    /// Of a request of one step.
    alone: Leg,
    /// Of each step of a request of several.
    legs: Vec<Leg>,
}

impl Book {
    /// Asks every limit of the bot, of its real key and of its groups and, if none objects, reserves what the intent may cost, all in
    /// one step.
    ///
    /// # Errors
    /// If anything objects; then nothing was reserved, and the entry says who refused and why.
    pub fn decide(&mut self, policies: &PolicySet, ask: Ask<'_>) -> Result<Permit, Denied> {
        self.advance(ask.now);
        let Some(policy) = policies.bot(&ask.bot) else {
            return Err(Denied::new(*plain(Denial::NoPolicy), ask));
        };
        self.prune(&ask.bot, policy);
        if let Some(state) = self.bots.get_mut(&ask.bot) {
            state.replays.prune(ask.now);
        }
        match self.judge(policies, policy, &ask) {
            Ok(judged) => Ok(self.grant(policy, ask, judged)),
            Err(refused) => Err(Denied::new(*refused, ask)),
        }
    }

    fn grant(&mut self, policy: &BotPolicy, ask: Ask<'_>, judged: Judged) -> Permit {
        let (id, bot, key, deadline) = (ask.id, ask.bot, policy.key().clone(), ask.deadline);
        let (leaves, groups) = (judged.leaves, policy.groups().cloned().collect());
        let entry = if leaves.act.changes_state() {
            Entry::Intent(Box::new(IntentEntry {
                id,
                at: self.now,
                bot: bot.clone(),
                key: key.clone(),
                groups,
                peer: ask.peer,
                evidence: ask.evidence,
                asked: ask.intent,
                leaves: leaves.clone(),
                target: judged.alone.target,
                reservation: judged.alone.reservation,
                figures: judged.alone.figures,
                legs: judged.legs,
                replay: ask.replay,
                deadline,
            }))
        } else {
            let endpoint = ask.intent.endpoint;
            let (at, bot, key, unsigned) = (self.now, bot.clone(), key.clone(), is_unsigned(ask.evidence));
            Entry::Read(Box::new(ReadEntry { id, at, bot, key, groups, peer: ask.peer, endpoint, unsigned }))
        };
        self.fold(&entry);
        Permit { id, bot, key, deadline, leaves, entry }
    }

    fn judge(&self, policies: &PolicySet, policy: &BotPolicy, ask: &Ask<'_>) -> Result<Judged, Refused> {
        asked(policy, ask, &ask.intent)?;
        if !proven(ask) {
            return Err(plain(Denial::Unsigned));
        }
        if ask.now >= ask.deadline {
            return Err(plain(Denial::TooLate));
        }
        if ask.intent.act.changes_state() {
            self.may_change(policy, ask)?;
        }
        let prices = Prices::new(ask.market, policy.exchange(), ask.now);
        let case = Case { book: self, policies, policy, ask, prices: &prices };
        let judged = match &ask.intent.act {
            Act::Place(order) => case.place(order)?,
            Act::Test(order) => case.test(order)?,
            Act::Amend(amendment) => case.amend(amendment)?,
            Act::Cancel(cancel) => case.cancel(cancel)?,
            Act::Steps(steps) => case.steps(steps)?,
            Act::ClosePosition { market, symbol, position_side } => {
                case.close_position(*market, symbol, *position_side)?
            }
            Act::Special(special) => case.special(special)?,
            Act::Change if trades(ask.intent.permission) => {
                let why = "what it would trade, and for how much, is not known";
                return Err(plain(Denial::Unmeasured { why }));
            }
            Act::Read
            | Act::CancelAll { .. }
            | Act::Countdown { .. }
            | Act::SetLeverage { .. }
            | Act::SetMarginMode { .. }
            | Act::Transfer(_)
            | Act::Withdraw(_)
            | Act::Change => Judged::as_asked(ask),
        };
        case.count(&judged)?;
        Ok(judged)
    }

    /// Freeze, replay and memory.
    fn may_change(&self, policy: &BotPolicy, ask: &Ask<'_>) -> Result<(), Refused> {
        for level in policy.levels() {
            if self.usage_at(level, &ask.bot, policy.key()).frozen {
                return Err(at(level)(Denial::Frozen));
            }
        }
        let seen = self.bots.get(&ask.bot).map(|state| &state.replays);
        let numbered = self.is_numbered(ask.id);
        if numbered || seen.is_some_and(|seen| seen.contains(&ask.replay.digest, ask.now)) {
            return Err(plain(Denial::Replayed));
        }
        if seen.is_some_and(super::replay::Replays::is_full) || self.pending.len() >= PENDING {
            return Err(plain(Denial::Crowded { what: "requests" }));
        }
        Ok(())
    }
}

/// Whether an act of unknown effect could be an order under this permission: `symbols`, the band and the budgets would
/// not see it, so no grant alone allows it.
const fn trades(permission: Permission) -> bool {
    matches!(
        permission,
        Permission::Trade
            | Permission::Convert
            | Permission::Copy
            | Permission::ExchangeBot
            | Permission::Block
    )
}

/// Whether anybody could have sent it who knows the virtual key's id.
pub(super) const fn is_unsigned(evidence: Evidence) -> bool {
    match evidence {
        Evidence::BotSignature => false,
        Evidence::KeyId => true,
    }
}

/// Whether the evidence is enough for what is asked.
const fn proven(ask: &Ask<'_>) -> bool {
    match ask.evidence {
        Evidence::BotSignature => true,
        Evidence::KeyId => {
            let public = matches!(ask.intent.permission, Permission::Public | Permission::MarketData);
            public && matches!(ask.intent.act, Act::Read)
        }
    }
}

/// First stage, at every level.
fn asked(policy: &BotPolicy, ask: &Ask<'_>, intent: &Intent) -> Result<(), Refused> {
    for level in policy.levels() {
        let (scope, rules) = (level.scope(), level.rules());
        let asked = Asked { scope, rules, peer: &ask.peer, intent, now: ask.now, shared: policy.is_shared() };
        for limit in Stage::Ask.limits() {
            limit.ask(&asked).map_err(at(level))?;
        }
    }
    Ok(())
}

fn plain(denial: Denial) -> Refused {
    Box::new((denial, Detail::default()))
}

/// A refusal by a limit of one level.
fn at(level: Level<'_>) -> impl Fn(Denial) -> Refused + '_ {
    move |denial| Box::new((denial, detail(level)))
}

fn detail(level: Level<'_>) -> Detail {
    Detail { scope: Some(level.scope()), group: level.group().cloned(), ..Detail::default() }
}

impl Judged {
    fn as_asked(ask: &Ask<'_>) -> Self {
        Self { leaves: ask.intent.clone(), alone: Leg::default(), legs: Vec::new() }
    }
}

impl Case<'_> {
    /// Closing a position at the market, of whatever size.
    ///
    /// It is an exit, but no price can be given to it: the exchange sends a market order. A stop at the market's price
    /// that closes the position would do the same, so refusing this one would keep nobody from anything.
    fn close_position(&self, market: Market, symbol: &Symbol, side: PositionSide) -> Result<Judged, Refused> {
        let held = match market {
            Market::Usdm | Market::Coinm => true,
            Market::Margin => side == PositionSide::Net,
            Market::Spot | Market::Option => false,
        };
        if !held {
            return Err(plain(Denial::Unmeasured {
                why: "positions of this market are not closed in this way",
            }));
        }
        let terms = self.terms(market, symbol)?;
        let reference =
            terms.reference.ok_or_else(|| plain(Denial::NoReference { symbol: symbol.clone() }))?;
        let figures = crate::entry::Figures { reference: Some(self.used(reference)), value: None };
        let alone = Leg { figures, ..Leg::default() };
        Ok(Judged { alone, ..Judged::as_asked(self.ask) })
    }
}
