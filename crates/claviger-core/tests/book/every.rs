//! Every limit, in the same eight cases: allowed, refused and the edge between, used up, after a crash, asked by many at
//! once, of an amendment, and of one item of a batch. A limit without its row here fails.

use std::sync::Mutex;

use claviger_core::limits::LIMITS;
use claviger_core::*;

use crate::desk::*;

mod rows;

use rows::{ELSEWHERE, rows};

/// One request, and how it comes.
#[derive(Clone)]
pub struct Ask {
    pub act: Act,
    pub permission: Permission,
    pub peer: Option<Peer>,
    /// So long after everything before, in milliseconds.
    pub after: u64,
}

/// What the exchange says of the request that uses a limit up.
#[derive(Clone, Copy)]
pub enum End {
    Filled,
    Rests,
    /// Nothing is settled: it changes nothing.
    None,
}

/// When what `within` used is free again.
#[derive(Clone, Copy)]
pub enum Spent {
    /// Nothing is used up, because of this.
    Never(&'static str),
    /// So many milliseconds later, and not yet before the first number of them.
    After(u64, u64, End),
    /// Once the order has ended.
    Ended,
}

pub enum Amended {
    /// It is not about amendments, because of this.
    Not(&'static str),
    /// An order placed when nothing limited it, and sizes and prices that are within and beyond.
    To(
        Box<Order>,
        (Option<&'static str>, Option<&'static str>),
        (Option<&'static str>, Option<&'static str>),
    ),
}

pub enum Batch {
    /// It is not about items of a batch, because of this.
    Not(&'static str),
    /// An item within and one beyond it.
    Of(Box<[Deed; 2]>),
}

/// What one limit is held to.
pub struct Row {
    pub limit: &'static str,
    /// The rule that its refusals name, where that is another one.
    pub rule: &'static str,
    /// Its line.
    pub line: &'static str,
    /// What else the bot is given.
    pub rest: String,
    /// Whether the line does the same at the key.
    pub at_key: bool,
    /// What happens before, when nothing limits.
    pub before: fn(&mut Desk),
    /// The last request that is allowed.
    pub within: Ask,
    /// The first that is refused.
    pub beyond: Ask,
    pub spent: Spent,
    pub amended: Amended,
    pub batch: Batch,
}

impl Row {
    /// Desks with the limit at the bot, and at its key where it does the same there.
    fn desks(&self) -> Vec<Desk> {
        let is_own = |line: &&str| line.split(' ').next() != Some(self.limit);
        let other: Vec<&str> = self.rest.lines().filter(is_own).collect();
        let at_key = self.at_key.then(|| self.desk(&self.rest, self.line));
        [Some(self.desk(&format!("{}\n{}", other.join("\n"), self.line), "")), at_key]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Where nothing has that limit.
    fn free(&self) -> Desk {
        self.desk(&self.rest, "")
    }

    fn desk(&self, bot: &str, key: &str) -> Desk {
        let mut desk = Desk::new(&self.rest, "");
        (self.before)(&mut desk);
        desk.policies = std::sync::Arc::clone(config(bot, key).policies());
        desk
    }

    /// `within`, at once.
    fn again(&self) -> Ask {
        Ask { after: 0, ..self.within.clone() }
    }

    fn is_refused(&self, denied: &book::Denied) {
        assert_eq!(denied.denial.rule(), self.rule, "{}: {denied}", self.limit);
    }

    /// It is refused, and the book is as before.
    fn refuses(&self, desk: &mut Desk, ask: &Ask) {
        desk.book.sweep(desk.now());
        let before = desk.book.clone();
        self.is_refused(&asked(desk, ask).expect_err(self.limit));
        assert!(desk.book == before || ask.after > 0, "{}: a refusal leaves nothing behind", self.limit);
    }
}

fn asked(desk: &mut Desk, ask: &Ask) -> Result<book::Permit, book::Denied> {
    desk.wait(ask.after);
    let usual = desk.peer;
    desk.peer = ask.peer.unwrap_or(usual);
    let answer = desk.ask("a", ask.act.clone(), ask.permission);
    desk.peer = usual;
    answer
}

/// Asks, and records what is allowed.
fn allowed(desk: &mut Desk, ask: &Ask, limit: &str) -> IntentId {
    let permit = asked(desk, ask).unwrap_or_else(|denied| panic!("{limit}: {denied}"));
    desk.record(permit.entry());
    permit.id()
}

/// The size of what is asked, in the order that leaves.
fn settle(desk: &mut Desk, id: IntentId, ask: &Ask, end: End) {
    let size = ask.act.order().and_then(|order| match order.size {
        Size::Base(size) => Some(size.to_string()),
        Size::Contracts(_) | Size::Quote(_) | Size::Position => None,
    });
    match end {
        End::Filled => drop(desk.settle(id, executed("90", Resting::Done, size.as_deref()))),
        End::Rests => drop(desk.settle(id, executed("90", Resting::Open, Some("0")))),
        End::None => {}
    }
}

#[test]
fn every_limit_has_its_row() {
    for limit in LIMITS {
        let here = rows().iter().filter(|row| row.limit == limit.name()).count();
        let elsewhere = ELSEWHERE.iter().any(|(name, why)| *name == limit.name() && !why.is_empty());
        assert_eq!(here + usize::from(elsewhere), 1, "{}", limit.name());
    }
}

#[test]
fn allowed_refused_and_the_edge() {
    for row in rows() {
        for mut desk in row.desks() {
            row.refuses(&mut desk, &row.beyond);
        }
        for mut desk in row.desks() {
            allowed(&mut desk, &row.within, row.limit);
        }
        let mut free = row.free();
        let answer = asked(&mut free, &row.beyond);
        assert!(answer.is_ok(), "{}: it is this limit alone that refuses it: {answer:?}", row.limit);
    }
}

#[test]
fn used_up_and_free_again() {
    for row in rows() {
        for mut desk in row.desks() {
            let id = allowed(&mut desk, &row.within, row.limit);
            match row.spent {
                Spent::Never(why) => {
                    assert!(!why.is_empty());
                    allowed(&mut desk, &row.again(), row.limit);
                }
                Spent::After(not_yet, then, end) => {
                    settle(&mut desk, id, &row.within, end);
                    desk.wait(not_yet);
                    row.refuses(&mut desk, &row.again());
                    desk.wait(then - not_yet);
                    allowed(&mut desk, &row.again(), row.limit);
                }
                Spent::Ended => {
                    settle(&mut desk, id, &row.within, End::Rests);
                    desk.wait(48 * HOUR);
                    row.refuses(&mut desk, &row.again());
                    desk.observe(desk.now(), ended());
                    allowed(&mut desk, &row.within, row.limit);
                }
            }
        }
    }
}

fn ended() -> Observed {
    Observed::Order { symbol: "BTCUSDT".parse().unwrap(), state: state("90", Resting::Done, Some("0")) }
}

/// A crash loses nothing of what counts, and refuses no more than before.
#[test]
fn after_a_crash() {
    for row in rows() {
        for mut desk in row.desks() {
            desk.crash();
            row.refuses(&mut desk, &row.beyond);
        }
        for mut desk in row.desks() {
            desk.crash();
            let id = allowed(&mut desk, &row.within, row.limit);
            if let Spent::After(_, _, end) = row.spent {
                settle(&mut desk, id, &row.within, end);
            }
            desk.crash();
            match row.spent {
                Spent::Never(_) => {
                    assert!(asked(&mut desk, &row.again()).is_ok(), "{}", row.limit)
                }
                Spent::After(..) | Spent::Ended => row.refuses(&mut desk, &row.again()),
            }
        }
    }
}

/// Of many that ask at once, as many are allowed as if they had asked one after the other.
#[test]
fn many_at_once() {
    const MANY: usize = 4;
    for row in rows() {
        for mut desk in row.desks() {
            desk.wait(row.within.after);
            let (desk, at_once) = (Mutex::new(desk), row.again());
            let one = || {
                let mut desk = desk.lock().unwrap();
                let answer = asked(&mut desk, &at_once);
                answer
                    .map(|permit| desk.record(permit.entry()))
                    .inspect_err(|denied| row.is_refused(denied))
                    .is_ok()
            };
            let allowed = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..MANY).map(|_| scope.spawn(one)).collect();
                threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|allowed| *allowed).count()
            });
            let expected = if matches!(row.spent, Spent::Never(_)) { MANY } else { 1 };
            assert_eq!(allowed, expected, "{}", row.limit);
        }
    }
}

#[test]
fn of_an_amendment() {
    for row in rows() {
        let (order, within, beyond) = match &row.amended {
            Amended::To(order, within, beyond) => (order, within, beyond),
            Amended::Not(why) => {
                assert!(!why.is_empty(), "{}", row.limit);
                continue;
            }
        };
        for ((size, price), refused) in [(within, false), (beyond, true)] {
            for mut desk in row.desks() {
                let limited = std::mem::replace(&mut desk.policies, row.free().policies);
                let id = desk.sent("a", Act::Place((**order).clone()));
                desk.settle(id, executed("70", Resting::Open, Some("0")));
                desk.policies = limited;
                let Act::Amend(amendment) = amend(by_id("70"), *size, *price) else { panic!() };
                let act = Act::Amend(Amendment { market: order.market, ..amendment });
                let surface = if order.market == Market::Usdm { "usdm" } else { "spot" };
                match (desk.ask_on(surface, "a", act), refused) {
                    (Ok(_), false) => {}
                    (Err(denied), true) => row.is_refused(&denied),
                    (answer, _) => panic!("{}: {answer:?}", row.limit),
                }
            }
        }
    }
}

/// One bad item refuses the whole batch, says which one it is, and leaves nothing behind.
#[test]
fn of_one_item_of_a_batch() {
    for row in rows() {
        let (good, bad) = match &row.batch {
            Batch::Of(items) => {
                let [good, bad] = &**items;
                (good, bad)
            }
            Batch::Not(why) => {
                assert!(!why.is_empty(), "{}", row.limit);
                continue;
            }
        };
        let batch = |deeds: &[&Deed]| {
            let steps = deeds.iter().map(|deed| Step { deed: (*deed).clone(), params: Vec::new() }).collect();
            let act = Act::Steps(Steps { how: How::Batch, steps, client_id: None });
            Ask { act, permission: Permission::Trade, peer: row.within.peer, after: row.within.after }
        };
        for mut desk in row.desks() {
            row.refuses(&mut desk, &batch(&[good, bad]));
            row.refuses(&mut desk, &batch(&[bad, good]));
        }
        for mut desk in row.desks() {
            allowed(&mut desk, &batch(&[good]), row.limit);
        }
    }
}
