//! `journal`: what was asked, decided, sent and answered.

use std::collections::VecDeque;
use std::time::Duration;

use claviger_core::{Entry, Holdings, IntentId, Observed, Outcome, PositionSide};
use claviger_door::Exit;
use claviger_store::{JournalError, Record};
use serde_json::{Value, json};

use crate::args::{Global, JournalCommand};
use crate::failure::Failure;
use crate::home::Home;
use crate::out::{say, say_json};
use crate::stamp;

/// Reads the journal; a running claviger is not disturbed by that.
pub fn run(global: &Global, command: JournalCommand) -> Result<(), Failure> {
    let home = Home::locate(global.home.clone())?;
    home.check()?;
    match command {
        JournalCommand::Tail { lines, follow } => tail(&home, global.json, (lines, follow)),
        JournalCommand::Show { id: Some(id), .. } => show(&home, global.json, &id),
        JournalCommand::Show { id: None, .. } => {
            each(&home, 1, &mut |record| line(&record, global.json)).map(|_| ())
        }
        JournalCommand::Verify => verify(&home, global.json),
    }
}

/// Shows every record from `from` on; the number after the last one. A record that is being written is left for later.
pub fn each(home: &Home, from: u64, see: &mut dyn FnMut(Record<Entry>)) -> Result<u64, Failure> {
    let mut next = from;
    for record in claviger_store::read::<Entry>(&home.journal(), from).map_err(|e| broken(&e))? {
        match record {
            Ok(record) => {
                next = record.seq + 1;
                see(record);
            }
            Err(JournalError::Torn { .. }) => break,
            Err(error) => return Err(broken(&error)),
        }
    }
    Ok(next)
}

fn tail(home: &Home, as_json: bool, (lines, follow): (usize, bool)) -> Result<(), Failure> {
    let mut last: VecDeque<Record<Entry>> = VecDeque::new();
    let mut next = each(home, 1, &mut |record| {
        last.push_back(record);
        if last.len() > lines {
            last.pop_front();
        }
    })?;
    last.iter().for_each(|record| line(record, as_json));
    if !follow {
        return Ok(());
    }
    loop {
        std::thread::sleep(Duration::from_millis(300));
        next = each(home, next, &mut |record| line(&record, as_json))?;
    }
}

fn show(home: &Home, as_json: bool, wanted: &str) -> Result<(), Failure> {
    let number: Option<u64> = wanted.parse().ok();
    let id: Option<IntentId> = wanted.parse().ok();
    let mut found = 0;
    each(home, 1, &mut |record| {
        if Some(record.seq) == number || (id.is_some() && record.entry.id() == id) {
            found += 1;
            if as_json { line(&record, true) } else { whole(&record) }
        }
    })?;
    if found > 0 {
        return Ok(());
    }
    Err(Failure::new(Exit::Name, format!("the journal has no entry `{wanted}`"))
        .hint("the id in a refusal's x-claviger-id header, or a record's number"))
}

/// One line a record.
fn line(record: &Record<Entry>, as_json: bool) {
    if as_json {
        say_json(&as_value(record));
    } else {
        let (at, kind) = (stamp::shown(record.at), record.entry.kind());
        let bot = record.entry.bot().map(ToString::to_string).unwrap_or_default();
        say(format_args!("{:>6}  {at}  {kind:<10}  {bot:<12}  {}", record.seq, summary(&record.entry)));
    }
}

fn as_value(record: &Record<Entry>) -> Value {
    json!({
        "seq": record.seq,
        "at": record.at,
        "segment": record.segment,
        "offset": record.offset,
        "chain": record.chain.to_string(),
        "entry": record.entry,
    })
}

/// Everything about one record.
fn whole(record: &Record<Entry>) {
    say(format_args!("record {} of {}, {}", record.seq, stamp::shown(record.at), record.entry.kind()));
    say(format_args!("segment {}, byte {}, chain {}", record.segment, record.offset, record.chain));
    say(serde_json::to_string_pretty(&record.entry).unwrap_or_default());
}

/// What an entry says, in a few words.
fn summary(entry: &Entry) -> String {
    match entry {
        Entry::Intent(e) => {
            format!("{} {} {}", e.id, e.asked.endpoint.method.as_str(), e.asked.endpoint.path)
        }
        Entry::Read(e) => format!("{} {} {}", e.id, e.endpoint.method.as_str(), e.endpoint.path),
        Entry::Outcome(e) => format!("{} {}", e.id, outcome(&e.outcome)),
        Entry::Denial(e) => format!("{} {}: {}", e.id, e.rule, e.message),
        Entry::Operator(e) => format!("{} by {}", json!(e.act), e.by),
        Entry::Policy(e) => format!("{} became active", e.hash),
        Entry::Recovery(e) => e.note.to_string(),
        Entry::Observed(e) => format!("{} on {}{}", e.key, e.surface, seen(&e.what)),
        Entry::Checkpoint(_) => String::new(),
    }
}

fn seen(what: &Observed) -> String {
    match what {
        Observed::Quote { id, gives, .. } => format!(": quote {id} gives {gives}"),
        Observed::Account { holds_reduce_only: true } => ": reduceOnly holds in its account".to_owned(),
        Observed::Account { holds_reduce_only: false } => {
            ": reduceOnly may not hold in its account".to_owned()
        }
        Observed::Holdings(told) => held(told),
        Observed::Order { .. } | Observed::Absent { .. } | Observed::OpenOrders { .. } => String::new(),
    }
}

fn held(told: &Holdings) -> String {
    let balances = told.balances.iter().flatten().map(|held| format!("{} {}", held.total, held.asset));
    let positions = told.positions.iter().flatten().map(|held| {
        let side = match held.side {
            PositionSide::Net => "",
            PositionSide::Long => " long",
            PositionSide::Short => " short",
        };
        format!("{} {}{side}", held.size, held.symbol)
    });
    let all: Vec<String> = balances.chain(positions).collect();
    if all.is_empty() { ": it holds nothing".to_owned() } else { format!(": it holds {}", all.join(", ")) }
}

fn outcome(told: &Outcome) -> String {
    match told {
        Outcome::Executed(_) => "executed".to_owned(),
        Outcome::NotExecuted { code } => format!("not executed: {code}"),
        Outcome::Unknown { why } => format!("unknown: {why}"),
        Outcome::Each(each) => each.iter().map(outcome).collect::<Vec<_>>().join("; "),
    }
}

fn verify(home: &Home, as_json: bool) -> Result<(), Failure> {
    let mut report = claviger_store::verify(&home.journal());
    // A running claviger may be in the middle of a write.
    for _ in 0..5 {
        if !matches!(report, Err(JournalError::Torn { .. })) {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
        report = claviger_store::verify(&home.journal());
    }
    let report = report.map_err(|e| broken(&e))?;
    let (records, segments, chain) = (report.records, report.segments, report.last.to_string());
    if as_json {
        say_json(
            &json!({ "records": records, "segments": segments, "chain": chain, "set_aside": report.voids }),
        );
        return Ok(());
    }
    say(format_args!("{records} records in {segments} segments, none changed, cut out or moved"));
    for void in &report.voids {
        say(format_args!("recovery set aside what followed byte {} of segment {}", void.from, void.segment));
    }
    say(format_args!("chain {chain}"));
    Ok(())
}

/// The journal is not as it was written.
pub fn broken(error: &JournalError) -> Failure {
    let failure = Failure::new(Exit::Store, "the journal cannot be used").caused_by(error);
    match error {
        JournalError::Torn { .. } => {
            failure.hint("`claviger serve`, which sets the unfinished record aside and says so")
        }
        JournalError::Damaged { .. } | JournalError::Missing(_) | JournalError::Stray(_) => {
            failure.hint("to find out who wrote to that file, and to put the whole folder back from a backup")
        }
        _ => failure.full_disk(error.is_full()),
    }
}
