//! The keep under every order of asking, answering, freezing and crashing.

use std::collections::{HashMap, HashSet};

use claviger_core::{Entry, Intent};
use claviger_door::{Command, Received, Reply, Seen, SignedParts, Target};
use proptest::prelude::*;

use crate::record::{Grounds, Written};
use crate::testing::{Home, Signer, command, param, placed};

#[derive(Clone, Debug)]
enum Step {
    /// A new order, of so many hundredths of 1000 USDT.
    Order(u8),
    /// One that was sent before, again.
    Again(usize),
    /// The second half of the way, for one that was recorded.
    Finish(usize),
    /// An answer: filled, rejected, lost, not sent.
    Answer(usize, u8),
    /// A second answer to the same.
    AnswerAgain(usize),
    /// The process ends without a word.
    Crash,
    Freeze,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1_u8..100).prop_map(Step::Order),
        2 => any::<usize>().prop_map(Step::Again),
        6 => any::<usize>().prop_map(Step::Finish),
        4 => (any::<usize>(), 0_u8..4).prop_map(|(at, how)| Step::Answer(at, how)),
        1 => any::<usize>().prop_map(Step::AnswerAgain),
        1 => Just(Step::Crash),
        1 => Just(Step::Freeze),
    ]
}

struct World {
    home: Option<Home>,
    bot: Signer,
    requests: Vec<(Received, u64)>,
    /// Recorded, by the request's number.
    recorded: Vec<(usize, Box<Written>)>,
    /// Left, by the request's number.
    left: Vec<(usize, SignedParts)>,
    settled: Vec<u64>,
    frozen: bool,
    /// What left, in value, whatever became of it, less what was certainly not done.
    worth: HashMap<usize, u64>,
    accepted: HashSet<usize>,
}

const MAX_DAY: u64 = 5000;

impl World {
    fn new() -> Self {
        let home = Home::new();
        let bot = home.bot("grid");
        Self {
            home: Some(home),
            bot,
            requests: Vec::new(),
            recorded: Vec::new(),
            left: Vec::new(),
            settled: Vec::new(),
            frozen: false,
            worth: HashMap::new(),
            accepted: HashSet::new(),
        }
    }

    fn home(&self) -> &Home {
        self.home.as_ref().unwrap()
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Order(size) => self.order(u64::from(*size) * 10),
            Step::Again(at) => self.again(*at),
            Step::Finish(at) => self.finish(*at),
            Step::Answer(at, how) => self.answer(*at, *how),
            Step::AnswerAgain(at) => self.answer_again(*at),
            Step::Crash => self.crash(),
            Step::Freeze => {
                command(&mut self.home().keep.clone(), Command::Freeze(Target::Bot("grid".parse().unwrap())));
                self.frozen = true;
            }
        }
        let worth: u64 = self.worth.values().sum();
        assert!(worth <= MAX_DAY, "{worth} left or may have");
    }

    fn order(&mut self, usdt: u64) {
        let number = self.requests.len();
        let quantity = format!("0.{:05}", usdt * 2);
        let request = self.bot.order(&quantity, "50000", &format!("&newClientOrderId=n{number}"));
        self.requests.push((request.clone(), usdt));
        self.receive(number, request);
    }

    fn receive(&mut self, number: usize, request: Received) {
        let received = self.home().keep.receive(request);
        if let Ok(written) = received {
            assert!(!self.frozen, "nothing is permitted under a freeze");
            assert!(self.accepted.insert(number), "request {number} was accepted twice");
            self.recorded.push((number, written));
        }
    }

    fn again(&mut self, at: usize) {
        if self.requests.is_empty() {
            return;
        }
        let number = at % self.requests.len();
        if self.accepted.contains(&number) {
            let request = self.requests[number].0.clone();
            self.receive(number, request);
        }
    }

    fn finish(&mut self, at: usize) {
        if self.recorded.is_empty() {
            return;
        }
        let (number, written) = self.recorded.swap_remove(at % self.recorded.len());
        let leaves = written.leaves().clone();
        let Grounds::Permit(_, position) = &written.grounds else { panic!("a bot's own") };
        let position = *position;
        match self.home().keep.send(written) {
            Reply::Send(request) => {
                assert!(!self.frozen, "nothing is signed under a freeze");
                assert!(self.home().keep.is_durable(position), "it left before its entry was durable");
                self.assert_in_journal(&leaves);
                self.worth.insert(number, self.requests[number].1);
                self.left.push((number, request.into_parts()));
            }
            Reply::Refuse(_) => assert!(self.frozen),
            _ => panic!("neither sent nor refused"),
        }
    }

    /// What left has its intent in the journal, whole.
    fn assert_in_journal(&self, leaves: &Intent) {
        let journal = self.home().path().join("journal");
        let found = claviger_store::read::<Entry>(&journal, 1)
            .unwrap()
            .any(|record| matches!(record.unwrap().entry, Entry::Intent(e) if e.leaves == *leaves));
        assert!(found, "{leaves:?} left and is not in the journal");
    }

    fn answer(&mut self, at: usize, how: u8) {
        if self.left.is_empty() {
            return;
        }
        let (number, parts) = self.left.swap_remove(at % self.left.len());
        let seen = match how {
            0 => Seen::Answer { status: 200, body: placed(&parts, parts.ticket, "NEW", "0").into_bytes() },
            1 => Seen::Answer { status: 400, body: br#"{"code":-2010,"msg":"no"}"#.to_vec() },
            2 => Seen::Lost { why: "cut".into() },
            _ => Seen::NotSent { why: "refused".into() },
        };
        assert!(param(&parts, "signature").is_some());
        let told = self.home().keep.settle(parts.ticket, &seen);
        assert!(!matches!(told, Reply::Failed(_)), "the first answer settles");
        if how % 2 == 1 {
            self.worth.remove(&number);
        }
        self.settled.push(parts.ticket);
    }

    fn answer_again(&mut self, at: usize) {
        if self.settled.is_empty() {
            return;
        }
        let ticket = self.settled[at % self.settled.len()];
        let told = self.home().settle(ticket, 400, r#"{"code":-2010,"msg":"no"}"#);
        assert!(matches!(told, Reply::Failed(_)), "an answer settles once");
    }

    fn crash(&mut self) {
        self.recorded.clear();
        self.left.clear();
        self.settled.clear();
        let home = self.home.take().unwrap();
        self.home = Some(home.reopened());
        claviger_store::verify(&self.home().path().join("journal")).unwrap();
        // Requests from before are too old now, whatever else; new ones are signed by the new clock.
        self.bot = self.home().bot("grid");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn p1_p6_p7_p8_hold_in_every_order_of_events(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
    }
}
