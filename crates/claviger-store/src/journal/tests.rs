use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claviger_core::Time;
use claviger_os::Append;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Word(String);

impl JournalEntry for Word {
    fn kind_number(&self) -> u8 {
        7
    }
}

fn word(n: u64) -> Word {
    Word(format!("word {n} {}", "x".repeat(usize::try_from(n % 5).unwrap())))
}

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    fn segment(&self, number: u64) -> PathBuf {
        self.dir().join(format!("{number:08}.clvj"))
    }

    fn open(&self) -> (Journal, Opened, Vec<Word>) {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<(Journal, Opened, Vec<Word>), JournalError> {
        self.open_with(Options { segment_bytes: 400, room_bytes: 0 })
    }

    fn open_with(&self, options: Options) -> Result<(Journal, Opened, Vec<Word>), JournalError> {
        let mut words = Vec::new();
        let (journal, opened) =
            Journal::open_with(&self.dir(), options, &mut |r: Record<Word>| words.push(r.entry))?;
        Ok((journal, opened, words))
    }

    /// Words 1 to `n`, durable.
    fn with(n: u64) -> Self {
        let home = Self::new();
        let (mut journal, ..) = home.open();
        for i in 1..=n {
            let at = journal.append(Time::from_millis(i), &word(i)).unwrap();
            journal.syncer().sync(at).unwrap();
        }
        home
    }

    fn words(&self) -> Vec<Word> {
        read(&self.dir(), 1).unwrap().map(|r| r.unwrap().entry).collect()
    }
}

fn words(n: u64) -> Vec<Word> {
    (1..=n).map(word).collect()
}

/// Whether every record after the first `n` is gone and nothing else.
fn is_prefix(found: &[Word], all: &[Word]) -> bool {
    all.starts_with(found)
}

#[test]
fn what_was_written_is_read_again() {
    let home = Home::with(20);
    let report = verify(&home.dir()).unwrap();
    assert_eq!(report.records, 20);
    assert!(report.segments > 3, "{report:?}");
    assert_eq!(home.words(), words(20));
    for from in 1..=22 {
        let some: Vec<u64> = read::<Word>(&home.dir(), from).unwrap().map(|r| r.unwrap().seq).collect();
        assert_eq!(some, (from..=20).collect::<Vec<_>>());
    }
    let (journal, opened, found) = home.open();
    assert_eq!((opened.records, opened.last, found), (20, Some(Time::from_millis(20)), words(20)));
    assert_eq!((opened.recovered, opened.full, journal.next_seq()), (None, false, 21));
}

#[test]
fn an_empty_journal_is_whole() {
    let home = Home::with(0);
    assert_eq!(verify(&home.dir()).unwrap().records, 0);
    assert_eq!(home.open().1.records, 0);
}

#[test]
fn every_flipped_bit_is_found() {
    let home = Home::with(7);
    let segments = verify(&home.dir()).unwrap().segments;
    assert!(segments >= 2);
    for number in 1..=segments {
        let file = home.segment(number);
        let whole = fs::read(&file).unwrap();
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                put(&file, &changed);
                assert!(verify(&home.dir()).is_err(), "segment {number}, byte {at}, bit {bit}");
            }
        }
        put(&file, &whole);
    }
    verify(&home.dir()).unwrap();
}

#[test]
fn a_flipped_bit_never_passes_as_an_unfinished_record() {
    let home = Home::with(3);
    let file = home.segment(1);
    let whole = fs::read(&file).unwrap();
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            put(&file, &changed);
            assert!(home.try_open().is_err(), "byte {at}, bit {bit}");
            assert!(!home.segment(2).exists());
        }
    }
}

#[test]
fn cut_at_every_byte_it_recovers_to_the_last_whole_record() {
    let origin = Home::with(5);
    let last = verify(&origin.dir()).unwrap().segments;
    let whole = fs::read(origin.segment(last)).unwrap();
    for length in 53..whole.len() {
        let home = copy(&origin);
        put(&home.segment(last), &whole[..length]);
        let before = home_words_whole(&home);
        let (mut journal, opened, found) = home.open();
        assert_eq!(found, before, "cut to {length}");
        assert!(is_prefix(&found, &words(5)) && found.len() < 5, "cut to {length}");
        let recovered = opened.recovered.map_or(0, |r| r.bytes);
        assert!(usize::try_from(recovered).unwrap() <= length);
        let at = journal.append(Time::from_millis(9), &word(99)).unwrap();
        journal.syncer().sync(at).unwrap();
        drop(journal);
        let after = home.words();
        assert_eq!(after.split_last(), Some((&word(99), &found[..])));
        let report = verify(&home.dir()).unwrap();
        assert_eq!(report.voids.len(), usize::from(recovered > 0));
        assert_eq!(fs::read(home.segment(last)).unwrap()[..length], whole[..length], "evidence stays");
    }
}

/// What a reader accepts that stops at the first thing that is not whole.
fn home_words_whole(home: &Home) -> Vec<Word> {
    read(&home.dir(), 1).unwrap().map_while(|r: Result<Record<Word>, _>| r.ok()).map(|r| r.entry).collect()
}

#[test]
fn a_segment_shorter_than_its_header_is_damage() {
    let home = Home::with(2);
    let whole = fs::read(home.segment(1)).unwrap();
    for length in 0..53 {
        put(&home.segment(1), &whole[..length]);
        assert!(verify(&home.dir()).is_err());
        assert!(home.try_open().is_err());
    }
}

#[test]
fn zeros_behind_the_records_are_room_or_what_a_power_loss_leaves() {
    for lost in [1, 32, 60, 90] {
        let home = Home::with(3);
        let whole = fs::read(home.segment(1)).unwrap();
        let mut zeroed = whole.clone();
        zeroed.resize(whole.len() + lost, 0);
        put(&home.segment(1), &zeroed);
        assert_eq!(verify(&home.dir()).unwrap().records, 3);
        assert_eq!(home.open().2, words(3));
        assert_eq!(verify(&home.dir()).unwrap().segments, 1, "writing goes on there");
        zeroed[..4].copy_from_slice(b"CLVJ");
        put(&home.segment(1), &zeroed);
        assert!(matches!(verify(&home.dir()), Err(JournalError::Torn { .. })), "a segment without room");
        assert_eq!(home.open().2, words(3));
        assert_eq!(verify(&home.dir()).unwrap().voids.len(), 1);
    }
    let home = Home::with(3);
    let mut whole = fs::read(home.segment(1)).unwrap();
    let end = whole.len();
    whole[end - 60..].fill(0);
    put(&home.segment(1), &whole);
    assert_eq!(home.open().2, words(2));
}

#[test]
fn a_segment_without_room_gets_a_successor() {
    let home = Home::with(3);
    let mut grown = fs::read(home.segment(1)).unwrap();
    grown[..4].copy_from_slice(b"CLVJ");
    put(&home.segment(1), &grown);
    let (mut journal, opened, found) = home.open();
    assert_eq!((opened.recovered, found), (None, words(3)));
    let at = journal.append(Time::from_millis(4), &word(4)).unwrap();
    journal.syncer().sync(at).unwrap();
    drop(journal);
    assert_eq!(fs::read(home.segment(1)).unwrap(), grown, "nothing is written to it");
    assert_eq!((home.words(), verify(&home.dir()).unwrap().segments), (words(4), 2));
}

const ROOMY: Options = Options { segment_bytes: 1 << 20, room_bytes: 3000 };

impl Home {
    /// Words 1 to `n`, written at once into a segment with room.
    fn roomy(n: u64) -> Self {
        let home = Self::new();
        let (mut journal, ..) = home.open_with(ROOMY).unwrap();
        for i in 1..=n {
            journal.append(Time::from_millis(i), &word(i)).unwrap();
        }
        journal.syncer().sync(journal.last().unwrap()).unwrap();
        home
    }

    /// What the first segment holds, and how many bytes of it are used.
    fn used(&self) -> (Vec<u8>, usize) {
        let whole = fs::read(self.segment(1)).unwrap();
        let used = whole.iter().rposition(|b| *b != 0).unwrap() + 1;
        (whole, used)
    }
}

#[test]
fn room_is_laid_out_ahead_and_written_into() {
    let home = Home::roomy(5);
    let (whole, used) = home.used();
    assert!(whole.len() >= used + 2000, "room is left");
    for n in 6..=100 {
        let (mut journal, opened, found) = home.open_with(ROOMY).unwrap();
        assert_eq!((opened.recovered, opened.records, found), (None, n - 1, words(n - 1)));
        let at = journal.append(Time::from_millis(n), &word(n)).unwrap();
        journal.syncer().sync(at).unwrap();
    }
    let (grown, after) = home.used();
    assert_eq!(verify(&home.dir()).unwrap().segments, 1);
    assert!(grown.len() > after && grown.len() <= after + 3000, "{} {after}", grown.len());
    assert_eq!(grown[..used], whole[..used]);
}

#[test]
fn every_flipped_bit_is_found_before_room_too() {
    let home = Home::roomy(4);
    let (whole, used) = home.used();
    for at in (0..used).chain([used, used + 1, whole.len() - 1]) {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            put(&home.segment(1), &changed);
            assert!(verify(&home.dir()).is_err(), "byte {at}, bit {bit}");
            if at < used {
                assert!(home.open_with(ROOMY).is_err(), "byte {at}, bit {bit} passes as unfinished");
                assert!(!home.segment(2).exists());
            }
        }
    }
}

#[test]
fn cut_at_every_byte_before_room_it_recovers_to_the_last_whole_record() {
    let origin = Home::roomy(5);
    let (whole, used) = origin.used();
    for length in 53..used {
        let home = copy(&origin);
        put(&home.segment(1), &whole[..length]);
        let (_, opened, found) = home.open_with(ROOMY).unwrap();
        let whole_records = bounds(&whole[..used]).iter().filter(|end| **end <= length).count() - 1;
        assert_eq!(found, words(whole_records as u64), "cut to {length}");
        assert_eq!(verify(&home.dir()).unwrap().voids.len(), usize::from(opened.recovered.is_some()));
    }
}

#[test]
fn any_blocks_that_a_power_loss_kept_of_what_was_not_synced_are_recovered() {
    let origin = Home::roomy(30);
    let (whole, used) = origin.used();
    let ends = bounds(&whole[..used]);
    let blocks = used.div_ceil(512);
    assert!((4..=8).contains(&blocks));
    for synced in [0, 1, 7] {
        // Durable until here; of each block only what was durable is left where its later bytes were lost.
        let durable = ends[synced];
        for kept in 0..1_u32 << blocks {
            let mut bytes = whole.clone();
            for block in (0..blocks).filter(|block| kept & 1 << block == 0) {
                let (from, to) = ((block * 512).max(durable), (block * 512 + 512).max(durable));
                bytes[from..to].fill(0);
            }
            let home = copy(&origin);
            put(&home.segment(1), &bytes);
            let found = home.open_with(ROOMY).unwrap().2;
            assert!(found.len() >= synced && is_prefix(&found, &words(30)), "{synced} {kept:b}");
            verify(&home.dir()).unwrap();
        }
    }
}

#[test]
fn bytes_lost_within_a_block_are_damage() {
    let origin = Home::roomy(30);
    let (whole, used) = origin.used();
    let mut changed = whole.clone();
    changed[600..700].fill(0);
    put(&origin.segment(1), &changed);
    assert!(matches!(origin.open_with(ROOMY), Err(JournalError::Damaged { .. })));
    let mut changed = whole;
    changed[used - 200..used - 100].fill(0);
    put(&origin.segment(1), &changed);
    assert!(matches!(origin.open_with(ROOMY), Err(JournalError::Damaged { .. })));
}

#[test]
fn records_cut_out_moved_or_repeated_are_found() {
    let origin = Home::with(3);
    let whole = fs::read(origin.segment(1)).unwrap();
    let bounds = bounds(&whole);
    let [a, b, c] = [0, 1, 2].map(|i| whole[bounds[i]..bounds[i + 1]].to_vec());
    let header = whole[..bounds[0]].to_vec();
    for parts in [vec![&a, &c], vec![&b, &c], vec![&b, &a, &c], vec![&a, &c, &b], vec![&a, &a, &b, &c]] {
        let home = copy(&origin);
        let bytes: Vec<u8> = header.iter().chain(parts.into_iter().flatten()).copied().collect();
        put(&home.segment(1), &bytes);
        assert!(matches!(verify(&home.dir()), Err(JournalError::Damaged { .. })));
        assert!(home.try_open().is_err());
    }
}

fn bounds(segment: &[u8]) -> Vec<usize> {
    let mut all = vec![53];
    while *all.last().unwrap() < segment.len() {
        let at = *all.last().unwrap();
        let length = u32::from_le_bytes(segment[at..at + 4].try_into().unwrap());
        all.push(at + 4 + usize::try_from(length).unwrap());
    }
    all
}

#[test]
fn removed_reordered_and_stray_segments_are_found() {
    let origin = Home::with(20);
    let count = verify(&origin.dir()).unwrap().segments;
    for gone in 1..count {
        let home = copy(&origin);
        fs::remove_file(home.segment(gone)).unwrap();
        assert!(matches!(verify(&home.dir()), Err(JournalError::Missing(_))), "{gone}");
        assert!(home.try_open().is_err());
        for later in gone + 1..=count {
            move_file(&home.segment(later), &home.segment(later - 1));
        }
        assert!(matches!(verify(&home.dir()), Err(JournalError::Damaged { .. })), "{gone} closed up");
        assert!(home.try_open().is_err());
    }
    let home = copy(&origin);
    move_file(&home.segment(2), &home.dir().join("x"));
    move_file(&home.segment(3), &home.segment(2));
    move_file(&home.dir().join("x"), &home.segment(3));
    assert!(matches!(verify(&home.dir()), Err(JournalError::Damaged { .. })));
    let home = copy(&origin);
    put(&home.dir().join("1.clvj"), b"");
    assert!(matches!(verify(&home.dir()), Err(JournalError::Stray(_))));
}

#[test]
fn a_segment_cut_in_the_middle_of_the_journal_is_found() {
    let origin = Home::with(20);
    let whole = fs::read(origin.segment(2)).unwrap();
    for length in 0..whole.len() {
        let home = copy(&origin);
        put(&home.segment(2), &whole[..length]);
        assert!(matches!(verify(&home.dir()), Err(JournalError::Damaged { .. })), "cut to {length}");
        assert!(home.try_open().is_err(), "cut to {length}");
    }
}

#[test]
fn a_full_disk_closes_it_for_all_but_urgent_entries() {
    let home = Home::with(2);
    let (mut journal, ..) = home.open();
    let at = journal.append(Time::from_millis(3), &word(3)).unwrap();
    journal.fail_writes(Append::open(Path::new("/dev/full")).unwrap());
    let failed = journal.append(Time::from_millis(4), &word(4)).unwrap_err();
    assert!(failed.is_full(), "{failed:?}");
    assert!(matches!(journal.append(Time::from_millis(4), &word(4)), Err(JournalError::Broken)));
    for n in 50..60 {
        let at = journal.append_urgent(Time::from_millis(n), &word(n)).unwrap();
        journal.syncer().sync(at).unwrap();
        assert_eq!(journal.last(), Some(at));
    }
    journal.syncer().sync(at).unwrap();
    drop(journal);
    let expected: Vec<Word> = words(3).into_iter().chain((50..60).map(word)).collect();
    assert_eq!(home.words(), expected, "what was written before the disk was full is kept");
    assert_eq!(verify(&home.dir()).unwrap().voids.len(), 1);
    let (mut journal, opened, found) = home.open();
    assert_eq!((found, opened.full, opened.recovered), (expected, false, None));
    let at = journal.append(Time::from_millis(70), &word(70)).unwrap();
    journal.syncer().sync(at).unwrap();
    assert_eq!(home.words().last(), Some(&word(70)));
    verify(&home.dir()).unwrap();
}

#[test]
fn what_could_not_be_synced_is_set_aside_and_never_called_durable() {
    let home = Home::with(2);
    let (mut journal, ..) = home.open();
    let at = journal.append(Time::from_millis(3), &word(3)).unwrap();
    let poisoned = Append::open(Path::new("/dev/full")).unwrap();
    assert!(poisoned.write(b"x", 0).is_err());
    journal.fail_syncs(Arc::new(poisoned));
    for n in 50..60 {
        let urgent = journal.append_urgent(Time::from_millis(n), &word(n)).unwrap();
        journal.syncer().sync(urgent).unwrap();
    }
    assert!(
        matches!(journal.syncer().sync(at), Err(JournalError::Broken)),
        "entries in the reserved segment have taken its number, and do not make 3 durable"
    );
    drop(journal);
    assert_eq!(home.words(), words(2).into_iter().chain((50..60).map(word)).collect::<Vec<_>>());
    assert_eq!(verify(&home.dir()).unwrap().voids.len(), 1);
}

#[test]
fn the_room_for_urgent_entries_ends_with_an_error() {
    let home = Home::with(1);
    let (mut journal, ..) = home.open();
    journal.fail_writes(Append::open(Path::new("/dev/full")).unwrap());
    let mut taken = 0;
    while journal.append_urgent(Time::from_millis(1), &word(1)).is_ok() {
        taken += 1;
        assert!(taken < 2000);
    }
    assert!(taken > 100);
    assert!(matches!(journal.append_urgent(Time::from_millis(1), &word(1)), Err(JournalError::NoReserve)));
    drop(journal);
    assert_eq!(home.words().len(), taken + 1);
}

#[test]
fn every_flipped_bit_of_a_reserved_segment_is_found() {
    let home = Home::with(1);
    let (mut journal, ..) = home.open();
    journal.fail_writes(Append::open(Path::new("/dev/full")).unwrap());
    journal.append_urgent(Time::from_millis(1), &word(2)).unwrap();
    drop(journal);
    let file = home.segment(2);
    let whole = fs::read(&file).unwrap();
    let used = whole.iter().rposition(|b| *b != 0).unwrap() + 1;
    for at in (0..used + 64).chain([whole.len() - 1]) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        put(&file, &changed);
        assert!(verify(&home.dir()).is_err(), "byte {at}");
    }
}

#[test]
fn an_urgent_entry_is_written_the_usual_way_while_that_works() {
    let home = Home::with(1);
    let (mut journal, ..) = home.open();
    let at = journal.append_urgent(Time::from_millis(1), &word(2)).unwrap();
    assert!(journal.syncer().is_synced(at) && !journal.is_broken());
    assert!(home.dir().join("reserve.clvj").exists());
}

#[test]
fn a_sync_serves_all_who_wait() {
    let home = Home::new();
    let (mut journal, ..) = home.open();
    let first = journal.append(Time::from_millis(1), &word(1)).unwrap();
    let second = journal.append(Time::from_millis(1), &word(2)).unwrap();
    let syncer = journal.syncer();
    assert!(!syncer.is_synced(first));
    std::thread::scope(|threads| {
        for _ in 0..8 {
            let syncer = syncer.clone();
            threads.spawn(move || syncer.sync(second).unwrap());
        }
        for n in 3..200 {
            journal.append(Time::from_millis(n), &word(n)).unwrap();
        }
    });
    assert!(syncer.is_synced(first) && syncer.is_synced(second));
    drop(journal);
    assert_eq!(home.words(), words(199));
}

#[test]
fn a_failed_sync_is_never_tried_again() {
    let home = Home::with(1);
    let (mut journal, ..) = home.open();
    let at = journal.append(Time::from_millis(1), &word(2)).unwrap();
    let poisoned = Append::open(Path::new("/dev/full")).unwrap();
    assert!(poisoned.write(b"x", 0).is_err());
    journal.fail_syncs(Arc::new(poisoned));
    assert!(matches!(journal.syncer().sync(at), Err(JournalError::Io { what: "sync", .. })));
    assert!(matches!(journal.syncer().sync(at), Err(JournalError::Broken)));
    assert!(matches!(journal.append(Time::from_millis(1), &word(3)), Err(JournalError::Broken)));
}

#[test]
fn an_entry_of_an_unknown_shape_is_named() {
    let home = Home::with(1);
    #[derive(Serialize, Deserialize)]
    struct Other(u64);
    impl JournalEntry for Other {
        fn kind_number(&self) -> u8 {
            7
        }
    }
    let mut fold = |_: Record<Other>| {};
    assert!(matches!(Journal::open(&home.dir(), &mut fold), Err(JournalError::Unknown { seq: 1, .. })));
}

fn copy(home: &Home) -> Home {
    let new = Home::new();
    claviger_os::create_private_folder(&new.dir()).unwrap();
    for entry in home.dir().read_dir().unwrap() {
        let name = entry.unwrap().file_name();
        fs::copy(home.dir().join(&name), new.dir().join(&name)).unwrap();
    }
    new
}

#[expect(clippy::disallowed_methods, reason = "a test damages the file on purpose")]
fn put(file: &Path, bytes: &[u8]) {
    fs::write(file, bytes).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "a test moves segments on purpose")]
fn move_file(from: &Path, to: &Path) {
    fs::rename(from, to).unwrap();
}
