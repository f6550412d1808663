//! Every thief against one policy, and a search for plans that take more.

use std::sync::Arc;

use claviger_core::{BotName, PolicySet};

use crate::arena::{Arena, Start};
use crate::thieves::{Heist, Plan, THIEVES};

/// What is attacked, and how hard.
#[derive(Clone, Debug)]
pub struct Attack {
    /// From what every run begins.
    pub start: Start,
    /// The bot whose virtual key was stolen.
    pub bot: BotName,
    /// What the search draws from.
    pub seed: u64,
    /// How long each thief has, in milliseconds.
    pub for_ms: u64,
    /// How many plans are drawn for each thief and pair beside the usual one.
    pub rounds: u32,
    /// How many orders a thief sends at most.
    pub most: u64,
}

/// What one thief got in one pair, with its best plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The thief.
    pub thief: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// In which pair.
    pub symbol: String,
    /// What the account lost, in 1e-16 of the first pair's quote currency.
    pub loss: i128,
    /// How it went about it.
    pub plan: Plan,
    /// Orders and cancels that left.
    pub left: u64,
    /// Refusals.
    pub refused: u64,
    /// The rule of most refusals.
    pub rule: Option<&'static str>,
}

/// Runs every thief in every pair, with the usual plan and with drawn ones; the worst comes first. `told` hears of each
/// run: how many are done, of how many, and the worst loss so far.
#[must_use]
pub fn attack(attack: &Attack, mut told: impl FnMut(u64, u64, i128)) -> Vec<Found> {
    let pairs = attack.start.pairs.len();
    let each = u64::from(attack.rounds).saturating_add(1);
    let count = THIEVES.len().saturating_mul(pairs);
    let of = u64::try_from(count).unwrap_or(u64::MAX).saturating_mul(each);
    let (mut done, mut worst, mut all) = (0, 0, Vec::new());
    let mut draw = Draw(attack.seed ^ 0x9e37_79b9_7f4a_7c15);
    for number in 0..THIEVES.len() {
        for pair in 0..pairs {
            let usual = Plan { for_ms: attack.for_ms, most: attack.most, ..Plan::default() };
            let mut best: Option<Found> = None;
            for round in 0..each {
                let from = best.as_ref().map_or(&usual, |best| &best.plan);
                let plan = if round == 0 { usual.clone() } else { draw.varied(from) };
                let found = run(attack, number, (pair, plan));
                best = [best, found].into_iter().flatten().max_by_key(|found| found.loss);
                done += 1;
                worst = worst.max(best.as_ref().map_or(0, |best| best.loss));
                told(done, of, worst);
            }
            all.extend(best);
        }
    }
    all.sort_by_key(|found| std::cmp::Reverse(found.loss));
    all
}

fn run(attack: &Attack, thief: usize, (pair, plan): (usize, Plan)) -> Option<Found> {
    let thief = THIEVES.get(thief)?;
    let policies: &Arc<PolicySet> = &attack.start.policies;
    let mut arena = Arena::new(Start { policies: Arc::clone(policies), ..attack.start.clone() });
    arena.endow();
    let bots = [attack.bot.clone()];
    thief.rob(&mut Heist::new(&mut arena, &bots, pair, plan.clone()));
    let tally = arena.tally();
    Some(Found {
        thief: thief.name(),
        meaning: thief.meaning(),
        symbol: arena.market.pairs().get(pair)?.symbol.to_string(),
        loss: arena.loss(),
        plan,
        left: tally.left,
        refused: tally.refused.values().sum(),
        rule: tally.refused.iter().max_by_key(|(_, count)| **count).map(|(rule, _)| *rule),
    })
}

/// What a seed makes: the same seed, the same plans (SplitMix64).
struct Draw(u64);

impl Draw {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }

    /// A plan near another: distances and sizes moved, some left out, another pace.
    fn varied(&mut self, from: &Plan) -> Plan {
        let pauses = [60, 110, 1_100, 6_100, 60_500, 600_000];
        let pause = usize::try_from(self.below(6)).ok().and_then(|n| pauses.get(n)).copied();
        Plan {
            away_ppm: self.moved(&from.away_ppm, 9_000_000),
            values: self.moved(&from.values, 1_000_000),
            pause_ms: pause.unwrap_or(from.pause_ms),
            ..from.clone()
        }
    }

    /// Each number up to a fifth more or less, one in four left out, and a new one; from the largest down.
    fn moved(&mut self, numbers: &[i128], most: u64) -> Vec<i128> {
        let mut moved = Vec::new();
        for number in numbers {
            if self.below(4) > 0 {
                let parts = i128::from(800 + self.below(401));
                moved.push((number * parts / 1_000).max(1));
            }
        }
        let digits = u32::try_from(self.below(6)).unwrap_or_default();
        moved.push(i128::from(1 + self.below(most / 10_u64.pow(digits))));
        moved.sort_unstable_by(|a, b| b.cmp(a));
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_plans() {
        let plans = |seed| {
            let mut draw = Draw(seed);
            (0..5).map(|_| draw.varied(&Plan::default())).collect::<Vec<_>>()
        };
        assert_eq!(plans(1), plans(1));
        assert_ne!(plans(1), plans(2));
        assert!(
            plans(1).iter().all(|plan| plan.away_ppm.is_sorted_by(|a, b| a >= b) && !plan.values.is_empty())
        );
    }
}
