//! Every limit there is, and what a limit is.
//!
//! A limit is a file here and a line in [`LIMITS`]; the configuration, its help, the docs and the tests read that slice.
//! Each is asked at every level, the bot's, its real key's and those of its groups, and all must agree.

mod allow_same_user;
mod amounts;
mod cancel_rate;
mod closing;
mod compare;
mod danger_account_wide;
mod deny_symbols;
mod dormant_after;
mod exit_band;
mod fat_finger;
mod grants;
mod hours;
mod markets;
mod max_churn;
mod max_day;
mod max_fee;
mod max_hour;
mod max_leverage;
mod max_loss_day;
mod max_open_orders;
mod max_open_per_symbol;
mod max_order;
mod max_position;
mod max_position_all;
mod max_theft_day;
mod max_transfer;
mod max_withdraw;
mod order_rate;
mod order_types;
mod price_band;
mod reduce_only;
mod request_rate;
mod rules;
mod self_trade;
mod setting;
mod sides;
mod sources;
mod spent;
mod symbols;
mod theft;
mod time_in_force;
mod transfer_routes;
mod trigger_distance;
mod users;
mod way;
mod withdraw_to;

pub use allow_same_user::AllowSameUser;
pub use cancel_rate::CancelRate;
pub use compare::Change;
pub use danger_account_wide::DangerAccountWide;
pub use deny_symbols::DenySymbols;
pub use dormant_after::{Days, DormantAfter};
pub use exit_band::ExitBand;
pub use fat_finger::FatFinger;
pub use grants::Grants;
pub use hours::{Hours, NotAWindow, OpenWindow};
pub use markets::Markets;
pub use max_churn::{Churn, MaxChurn};
pub use max_day::MaxDay;
pub use max_fee::MaxFee;
pub use max_hour::MaxHour;
pub use max_leverage::MaxLeverage;
pub use max_loss_day::MaxLossDay;
pub use max_open_orders::MaxOpenOrders;
pub use max_open_per_symbol::MaxOpenPerSymbol;
pub use max_order::MaxOrder;
pub use max_position::MaxPosition;
pub use max_position_all::MaxPositionAll;
pub use max_theft_day::MaxTheftDay;
pub use max_transfer::MaxTransfer;
pub use max_withdraw::MaxWithdraw;
pub use order_rate::{OrderRate, Rate, Span};
pub use order_types::{NotAnOrderType, OrderType, OrderTypes};
pub use price_band::{Percent, PriceBand};
pub use reduce_only::ReduceOnly;
pub use request_rate::RequestRate;
pub use rules::Rules;
pub use self_trade::SelfTrade;
pub use setting::{Cap, Given, Misfit, UNLIMITED};
pub use sides::{NotASide, Sides};
pub use sources::Sources;
pub use symbols::Symbols;
pub use time_in_force::{NotATimeInForce, TimesInForce};
pub use transfer_routes::{NotARoute, Route, TransferRoutes};
pub use trigger_distance::TriggerDistance;
pub use users::Users;
pub use withdraw_to::{Destination, NotADestination, WithdrawTo};

pub(crate) use max_order::within;
pub(crate) use price_band::edge;
pub(crate) use trigger_distance::farthest;

use std::sync::LazyLock;

use crate::book::{Budget, Pace, Usage};
use crate::value::{Prices, Terms};
use crate::{Decimal, Denial, Intent, Market, Money, Order, Peer, Permission, Symbol, Time};

/// Every limit there is, in the order they are asked. A new limit adds one line here.
pub const LIMITS: &[&dyn Limit] = &[
    &Sources,
    &Users,
    &Grants,
    &AllowSameUser,
    &Markets,
    &Symbols,
    &DenySymbols,
    &Sides,
    &OrderTypes,
    &TimesInForce,
    &Hours,
    &ReduceOnly,
    &DangerAccountWide,
    &MaxLeverage,
    &WithdrawTo,
    &MaxWithdraw,
    &TransferRoutes,
    &MaxTransfer,
    &PriceBand,
    &ExitBand,
    &FatFinger,
    &TriggerDistance,
    &MaxOrder,
    &MaxOpenOrders,
    &MaxOpenPerSymbol,
    &MaxPosition,
    &MaxPositionAll,
    &MaxDay,
    &MaxHour,
    &MaxLossDay,
    &MaxFee,
    &MaxTheftDay,
    &OrderRate,
    &CancelRate,
    &RequestRate,
    &MaxChurn,
    &SelfTrade,
    &DormantAfter,
];

/// The limit of that name.
#[must_use]
pub fn limit(name: &str) -> Option<&'static dyn Limit> {
    LIMITS.iter().copied().find(|l| l.name() == name)
}

/// At which level a limit is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The bot's own. What is absent is denied or has the strict default.
    Bot,
    /// The real key's, over all of its bots. What is absent is no limit.
    Key,
    /// A group's, over all of its bots, of whichever keys and exchanges. What is absent is no limit.
    Group,
}

impl Scope {
    /// As people read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Key => "key",
            Self::Group => "group",
        }
    }
}

/// When a limit is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// About the request alone: [`Limit::ask`].
    Ask,
    /// About an order as it was asked for: [`Limit::form`].
    Form,
    /// About an order with its price and value: [`Limit::weigh`].
    Weigh,
    /// About what was used so far: [`Limit::count`].
    Count,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 4] = [Self::Ask, Self::Form, Self::Weigh, Self::Count];

    /// The limits that have something to say then, in the order of [`LIMITS`].
    pub(crate) fn limits(self) -> &'static [&'static dyn Limit] {
        static LISTS: LazyLock<[Vec<&'static dyn Limit>; 4]> = LazyLock::new(|| {
            Stage::ALL
                .map(|stage| LIMITS.iter().copied().filter(|limit| limit.stages().contains(&stage)).collect())
        });
        let [ask, form, weigh, count] = &*LISTS;
        match self {
            Self::Ask => ask,
            Self::Form => form,
            Self::Weigh => weigh,
            Self::Count => count,
        }
    }
}

/// What help and docs say of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Help {
    /// What it limits, in one sentence.
    pub meaning: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// An example, in TOML.
    pub example: &'static str,
    /// What holds for a bot where it is absent.
    pub absent: &'static str,
}

/// A setting as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// As it stands in the configuration.
    pub text: String,
    /// Whether it limits nothing; shown in red.
    pub unlimited: bool,
}

/// One kind of limit.
///
/// It is asked in four stages: for the request alone, for an order as it was asked for, for an order with its price and
/// value, and for what was used so far.
pub trait Limit: Sync {
    /// Its name in the configuration.
    fn name(&self) -> &'static str;

    /// What it is, for people.
    fn help(&self) -> Help;

    /// The stages at which it is asked: all, unless it says at which it has nothing to say.
    fn stages(&self) -> &'static [Stage] {
        &Stage::ALL
    }

    /// Whether a grant of that permission needs it to be written out.
    fn needed_for(&self, permission: Permission) -> bool {
        let _ = permission;
        false
    }

    /// Whether it may stand at that level.
    fn stands_at(&self, scope: Scope) -> bool {
        let _ = scope;
        true
    }

    /// Whether it is set.
    fn is_set(&self, rules: &Rules) -> bool {
        self.shown(rules).is_some()
    }

    /// Reads its setting into `rules`.
    ///
    /// # Errors
    /// If the value is not of its form.
    fn parse(&self, given: &Given<'_>, rules: &mut Rules) -> Result<(), Misfit>;

    /// Its setting, where it has one.
    fn shown(&self, rules: &Rules) -> Option<Shown>;

    /// What changing the rules of one level from `old` to `new` would do.
    fn compare(&self, scope: Scope, old: &Rules, new: &Rules) -> Change;

    /// First stage: who asks for what, and where.
    ///
    /// # Errors
    /// If it is not allowed.
    fn ask(&self, asked: &Asked<'_>) -> Result<(), Denial> {
        let _ = asked;
        Ok(())
    }

    /// Second stage: an order as the bot asked for it, before anything bounds it, or as an amendment would make it.
    ///
    /// # Errors
    /// If it is not allowed.
    fn form(&self, formed: &Formed<'_>) -> Result<(), Denial> {
        let _ = formed;
        Ok(())
    }

    /// Third stage: an order with its price and its value.
    ///
    /// # Errors
    /// If it is not allowed.
    fn weigh(&self, weighed: &Weighed<'_>) -> Result<(), Denial> {
        let _ = weighed;
        Ok(())
    }

    /// Fourth stage: what was used so far, and what this would add.
    ///
    /// # Errors
    /// If that would be too much.
    fn count(&self, counted: &Counted<'_>) -> Result<(), Denial> {
        let _ = counted;
        Ok(())
    }

    /// What is used of it now, where it counts anything: what was used, and of how much.
    fn used(&self, counted: &Counted<'_>) -> Option<(String, String)> {
        let _ = counted;
        None
    }
}

/// What the first stage is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// At which level.
    pub scope: Scope,
    /// The rules of that level.
    pub rules: &'a Rules,
    /// From where.
    pub peer: &'a Peer,
    /// What.
    pub intent: &'a Intent,
    /// Now.
    pub now: Time,
    /// Whether another bot uses the same real key.
    pub shared: bool,
}

/// What the second stage is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Formed<'a> {
    /// At which level.
    pub scope: Scope,
    /// The rules of that level.
    pub rules: &'a Rules,
    /// The order as the bot asked for it, or as it would be after an amendment.
    pub order: &'a Order,
    /// Whether it can only make a position smaller, as far as that is known of the account.
    pub exit: bool,
    /// Now.
    pub now: Time,
}

/// What the third stage is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Weighed<'a> {
    /// At which level.
    pub scope: Scope,
    /// The rules of that level.
    pub rules: &'a Rules,
    /// The order as it would leave, or as it would be after an amendment.
    pub order: &'a Order,
    /// Its value in its own currency; `None` for a whole position.
    pub value: Option<&'a Money>,
    /// What it is measured by.
    pub terms: &'a Terms<'a>,
    /// Fresh prices of the exchange.
    pub prices: &'a Prices<'a>,
}

/// What the fourth stage is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// At which level.
    pub scope: Scope,
    /// The rules of that level.
    pub rules: &'a Rules,
    /// What was used so far at that level.
    pub usage: &'a Usage,
    /// What this would add.
    pub added: &'a Added,
    /// Fresh prices of the exchange.
    pub prices: &'a Prices<'a>,
    /// Now, as far as usage is concerned.
    pub now: Time,
}

/// What a request would add to one level's usage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// What it would take of what may be traded.
    pub turnover: Cost,
    /// What it would take of what may be lost.
    pub loss: Cost,
    /// Whether any of it is an order that is no exit.
    pub opening: bool,
    /// Whether it is a trade outside of the book.
    pub outside: bool,
    /// How many more orders would be open.
    pub opens: u32,
    /// How many more would be open in each instrument, where the level counts that.
    pub opens_in: Vec<(Market, Symbol, u32)>,
    /// Whether any of it could trade with an order of the owner's; looked for where a level refuses that.
    pub meets_own: bool,
    /// What the account could hold with it, where the level limits that.
    pub stands: Stands,
    /// How often it counts at each pace.
    pub paces: [(Pace, u64); 3],
}

/// What the account could hold with a request that opens something, in the worst case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stands {
    /// In each instrument in which it opens something.
    pub each: Vec<Stand>,
    /// In all instruments of the market, in the currency of `max_position_all`.
    pub all: Option<Money>,
}

/// What the account could hold on one side of one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stand {
    /// The instrument.
    pub symbol: Symbol,
    /// At the reference price, in the instrument's quote currency.
    pub value: Money,
}

/// What a request would take of one budget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// What to hold, in the currency in which the level counts the budget.
    pub hold: Option<Money>,
    /// What is held in the same currency for the same orders already.
    pub held: Decimal,
}

impl Added {
    /// How often it counts at a pace.
    #[must_use]
    pub fn at_pace(&self, pace: Pace) -> u64 {
        self.paces.iter().find(|(of, _)| *of == pace).map_or(0, |(_, count)| *count)
    }

    /// What it would take of a budget.
    #[must_use]
    pub const fn cost(&self, budget: Budget) -> &Cost {
        match budget {
            Budget::Turnover => &self.turnover,
            Budget::Loss => &self.loss,
        }
    }

    /// One more order would be open in an instrument.
    pub(crate) fn open_in(&mut self, market: Market, symbol: &Symbol) {
        match self.opens_in.iter_mut().find(|(m, s, _)| *m == market && s == symbol) {
            Some((.., count)) => *count = count.saturating_add(1),
            None => self.opens_in.push((market, symbol.clone(), 1)),
        }
    }

    pub(crate) const fn cost_mut(&mut self, budget: Budget) -> &mut Cost {
        match budget {
            Budget::Turnover => &mut self.turnover,
            Budget::Loss => &mut self.loss,
        }
    }
}

impl Default for Added {
    /// Nothing.
    fn default() -> Self {
        let paces = [(Pace::Order, 0), (Pace::Other, 0), (Pace::Any, 0)];
        Self {
            turnover: Cost::default(),
            loss: Cost::default(),
            opening: false,
            outside: false,
            opens: 0,
            opens_in: Vec::new(),
            meets_own: false,
            stands: Stands::default(),
            paces,
        }
    }
}

impl Intent {
    /// The market it happens in, where it happens in one; each step of several is asked about by itself.
    #[must_use]
    pub fn market(&self) -> Option<Market> {
        use crate::Act;
        match &self.act {
            Act::Place(order) | Act::Test(order) => Some(order.market),
            Act::Amend(a) => Some(a.market),
            Act::Cancel(c) => Some(c.market),
            Act::CancelAll { market, .. }
            | Act::SetLeverage { market, .. }
            | Act::SetMarginMode { market, .. } => Some(*market),
            Act::ClosePosition { market, .. } => Some(*market),
            Act::Countdown { market, .. } => *market,
            Act::Special(special) => special.market,
            Act::Read | Act::Steps(_) | Act::Transfer(_) | Act::Withdraw(_) | Act::Change => None,
        }
    }
}
