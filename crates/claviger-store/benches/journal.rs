//! What a durable entry costs: alone, and when many wait for the disk together.
#![expect(clippy::unwrap_used, missing_docs, reason = "a bench; the macro makes a public function")]

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::thread;

use claviger_core::Time;
use claviger_store::{Journal, JournalEntry, Record};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde::{Deserialize, Serialize};

/// As long as the record of an order.
#[derive(Serialize, Deserialize)]
struct Order(String);

impl JournalEntry for Order {
    fn kind_number(&self) -> u8 {
        9
    }
}

fn open(home: &tempfile::TempDir) -> Journal {
    Journal::open(&home.path().join("journal"), &mut |_: Record<Order>| {}).unwrap().0
}

fn appended(c: &mut Criterion) {
    let home = tempfile::tempdir().unwrap();
    let (mut journal, order) = (open(&home), Order("x".repeat(900)));
    c.bench_function("append", |b| {
        b.iter(|| journal.append(Time::from_millis(1), black_box(&order)).unwrap());
    });
    let syncer = journal.syncer();
    c.bench_function("append and sync", |b| {
        b.iter(|| syncer.sync(journal.append(Time::from_millis(1), &order).unwrap()).unwrap());
    });
}

/// Each thread appends under a lock and waits for the disk outside of it, as the keep does.
fn grouped(c: &mut Criterion) {
    let home = tempfile::tempdir().unwrap();
    let journal = Arc::new(Mutex::new(open(&home)));
    let mut group = c.benchmark_group("group commit");
    for threads in [1_u64, 8, 64] {
        group.throughput(Throughput::Elements(threads * 20));
        group.bench_function(format!("{threads} at a time"), |b| {
            b.iter(|| {
                thread::scope(|scope| {
                    for _ in 0..threads {
                        scope.spawn(|| twenty(&journal));
                    }
                });
            });
        });
    }
}

fn twenty(journal: &Mutex<Journal>) {
    let order = Order("x".repeat(900));
    for _ in 0..20 {
        let (position, syncer) = {
            let mut journal = journal.lock().unwrap();
            (journal.append(Time::from_millis(1), &order).unwrap(), journal.syncer())
        };
        syncer.sync(position).unwrap();
    }
}

criterion_group!(benches, appended, grouped);
criterion_main!(benches);
