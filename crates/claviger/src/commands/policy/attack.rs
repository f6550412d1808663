//! `policy attack`: every thief of the arena against a bot's policy, next to the theft bill.

use claviger_arena::{Attack, Found, Plan, attack, dollars, fixed, stage};
use claviger_core::policy::{Sum, Total};
use claviger_core::{Asset, Bill, BotName, BotPolicy, Config};
use claviger_door::Exit;
use serde_json::json;

use crate::args::AttackArgs;
use crate::failure::Failure;
use crate::out::{say, say_json, table, warn};

/// A thief sends so many orders at most.
const ORDERS: u64 = 4_000;

const HOUR_MS: u64 = 3_600_000;

/// Attacks, tells of it, and fails if anything was taken beyond the bill.
pub fn run(config: &Config, policy: &BotPolicy, asked: &AttackArgs, as_json: bool) -> Result<(), Failure> {
    let bill = Bill::of(policy);
    let sum = if asked.during.millis() <= HOUR_MS { &bill.hour } else { &bill.day };
    let asset = counted_in(sum).ok_or_else(|| unplayable(&asked.bot))?;
    let start = stage(config.policies(), &asked.bot, &asset).ok_or_else(|| unplayable(&asked.bot))?;
    let found = attack(
        &Attack {
            start,
            bot: asked.bot.clone(),
            seed: asked.seed,
            for_ms: asked.during.millis(),
            rounds: asked.rounds,
            most: ORDERS,
        },
        progress(&asset),
    );
    let shown = Shown { asked, asset: &asset, sum, found: &found };
    if as_json {
        shown.json()
    } else {
        shown.text()
    }
    shown.verdict()
}

/// The currency of the bill; that of dollars where nothing limits anything.
fn counted_in(sum: &Sum) -> Option<Asset> {
    let known = sum.parts.iter().find_map(|part| part.bound.most().first());
    known.map_or_else(|| "USDT".parse().ok(), |most| Some(most.money.asset.clone()))
}

fn unplayable(bot: &BotName) -> Failure {
    Failure::new(Exit::Name, format!("there is nothing that {bot} can trade in the arena"))
        .because("it plays spot, and linear futures and perpetuals, of Binance and OKX")
        .hint(format!("`claviger policy worst-case {bot}` says what its limits let through"))
}

/// Tells of every tenth part.
fn progress(asset: &Asset) -> impl FnMut(u64, u64, i128) + '_ {
    let mut next = 1;
    move |done, of, worst| {
        if done * 10 >= of * next {
            next = done * 10 / of.max(1) + 1;
            warn(format_args!("{done} of {of} runs; worst loss so far {} {asset}", dollars(worst)));
        }
    }
}

/// What was found, next to what was to be expected.
struct Shown<'a> {
    asked: &'a AttackArgs,
    asset: &'a Asset,
    sum: &'a Sum,
    found: &'a [Found],
}

impl Shown<'_> {
    /// The bill in the currency of the losses, in 1e-16; `None` where it is unlimited.
    fn bill(&self) -> Option<i128> {
        match self.sum.total() {
            Total::AtMost(None) => Some(0),
            Total::AtMost(Some(_)) | Total::Apart => {
                self.sum.in_asset(self.asset).map(|money| fixed(money.amount) * claviger_arena::ONE)
            }
            Total::Unlimited => None,
        }
    }

    fn worst(&self) -> i128 {
        self.found.first().map_or(0, |found| found.loss.max(0))
    }

    fn verdict(&self) -> Result<(), Failure> {
        let Some(bill) = self.bill().filter(|bill| self.worst() > *bill) else { return Ok(()) };
        let (worst, bill) = (dollars(self.worst()), dollars(bill));
        Err(Failure::new(
            Exit::Failed,
            format!("a thief took {worst} {}, and the bill is {bill}", self.asset),
        )
        .because("a limit lets more through than it says, which is an error in claviger")
        .hint("report it with this policy and the seed; lower max_loss_day until it is mended"))
    }

    fn text(&self) {
        let during = &self.asked.during;
        let worst = self.found.first();
        match worst.filter(|found| found.loss > 0) {
            Some(found) => say(format_args!(
                "The worst loss found in {during} is {} {}, by {} in {}: it {}.",
                dollars(found.loss),
                self.asset,
                found.thief,
                found.symbol,
                found.meaning,
            )),
            None => say(format_args!("No thief took anything in {during}.")),
        }
        say(format_args!("The theft bill for that time: {}.\n", self.sum));
        let row = |found: &Found| {
            vec![
                found.thief.to_owned(),
                found.symbol.clone(),
                dollars(found.loss.max(0)),
                found.left.to_string(),
                found.refused.to_string(),
                found.rule.unwrap_or("nothing").to_owned(),
            ]
        };
        let rows: Vec<Vec<String>> = self.found.iter().map(row).collect();
        table(&["thief", "in", "took", "let through", "refused", "mostly by"], &rows);
    }

    fn json(&self) {
        let thief = |found: &Found| {
            json!({
                "thief": found.thief, "symbol": found.symbol, "took": dollars(found.loss.max(0)), "left": found.left,
                "refused": found.refused, "rule": found.rule,
            })
        };
        let plan = self.found.first().map(|found| plan(&found.plan));
        say_json(&json!({
            "bot": self.asked.bot.as_str(), "seed": self.asked.seed, "for": self.asked.during.to_string(),
            "asset": self.asset.as_str(), "worst": dollars(self.worst()), "bill": self.bill().map(dollars),
            "plan": plan,
            "thieves": self.found.iter().map(thief).collect::<Vec<_>>(),
        }));
    }
}

/// How the worst went about it.
fn plan(plan: &Plan) -> serde_json::Value {
    let texts = |numbers: &[i128]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({ "awayPpm": texts(&plan.away_ppm), "values": texts(&plan.values), "pauseMs": plan.pause_ms })
}
