#![expect(clippy::string_slice, reason = "tests cut ASCII that they made themselves")]

use super::*;
use crate::seal::Keys;

fn root(byte: u8) -> Key {
    let keys = Keys::new(&[byte; 32]).unwrap();
    keys.with_virtual(|key| *key).unwrap()
}

fn secret(root: &Key, id: &str, version: u32, format: VirtualFormat) -> String {
    let id = id.parse().unwrap();
    String::from_utf8(derive_secret(root, VirtualKey { id: &id, version, format }).to_vec()).unwrap()
}

fn passphrase(root: &Key, id: &str, version: u32) -> String {
    let (id, format) = (id.parse().unwrap(), VirtualFormat::Hex32Upper);
    String::from_utf8(derive_passphrase(root, VirtualKey { id: &id, version, format }).unwrap().to_vec())
        .unwrap()
}

#[test]
fn forms_are_the_exchanges() {
    for i in 0..200 {
        let root = root(i);
        let alnum = secret(&root, "bot", 1, VirtualFormat::Alnum64);
        assert!(alnum.len() == 64 && alnum.bytes().all(|b| b.is_ascii_alphanumeric()));
        let hex = secret(&root, "bot", 1, VirtualFormat::Hex32Upper);
        assert!(hex.len() == 32 && hex.bytes().all(|b| HEX_UPPER.contains(&b)));
        let phrase = passphrase(&root, "bot", 1);
        assert_eq!(phrase.len(), 24);
        let has = |alphabet: &[u8]| phrase.bytes().any(|b| alphabet.contains(&b));
        assert!(has(&UPPER) && has(&LOWER) && has(&DIGIT) && has(&SYMBOL), "{phrase}");
    }
}

#[test]
fn nothing_equal_comes_from_what_differs() {
    let mut seen = std::collections::BTreeSet::new();
    for root in [root(1), root(2)] {
        for id in ["a", "b", "ab"] {
            for version in [0, 1, 2, 256] {
                assert!(seen.insert(secret(&root, id, version, VirtualFormat::Alnum64)));
                assert!(seen.insert(secret(&root, id, version, VirtualFormat::Hex32Upper)));
                assert!(seen.insert(passphrase(&root, id, version)));
            }
        }
    }
}

#[test]
fn every_letter_is_equally_likely() {
    let mut counts = [0u32; 256];
    let mut count = 0u32;
    let mut stream = Stream::new(|block: u32| {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, &block.to_be_bytes()).as_ref());
        bytes
    });
    for _ in 0..62_000 {
        counts[usize::from(stream.draw(&ALNUM))] += 1;
        count += 1;
    }
    assert_eq!(count, counts.iter().sum::<u32>());
    // With the bias of a plain remainder, the first eight letters would be a quarter more likely (1,210 : 968).
    for letter in ALNUM {
        assert!((850..1150).contains(&counts[usize::from(letter)]), "{}", char::from(letter));
    }
    let first: u32 = ALNUM[..8].iter().map(|l| counts[usize::from(*l)]).sum();
    assert!((7_700..8_300).contains(&first), "{first}");
}

#[test]
fn bytes_beyond_the_largest_multiple_are_passed_over() {
    let mut stream = Stream::new(|_| {
        let mut bytes = [0; 32];
        bytes[..6].copy_from_slice(&[255, 248, 247, 62, 61, 0]);
        bytes
    });
    assert_eq!([(); 4].map(|()| stream.draw(&ALNUM)), *b"9A9A");
}

#[test]
fn hex_is_read_in_either_case_and_no_other_way() {
    let text = "00ff".repeat(16);
    assert_eq!(unhex(text.as_bytes()), unhex(text.to_ascii_uppercase().as_bytes()));
    assert_eq!(unhex(text.as_bytes()).unwrap()[..2], [0, 255]);
    for bad in [
        &text[1..],
        &text[2..],
        &format!("{text}0"),
        &format!("+{}", &text[1..]),
        &format!(" {}", &text[1..]),
    ] {
        assert_eq!(unhex(bad.as_bytes()), None, "{bad}");
    }
    assert_eq!(unhex("\u{661}".repeat(32).as_bytes()), None);
}

#[test]
fn base64_is_read_in_one_way() {
    let text = STANDARD.encode([0xfb; 32]);
    assert_eq!(unbase64(text.as_bytes()), Some([0xfb; 32]));
    let loose_bits = format!("{}t=", &text[..42]);
    assert_ne!(loose_bits, text);
    for bad in
        [&text[..43], &text.replace('=', ""), &text.replace('+', "-"), &loose_bits, &format!("{text}\n")]
    {
        assert_eq!(unbase64(bad.as_bytes()), None, "{bad}");
    }
    let a_byte_short = STANDARD.encode([0xfb; 31]);
    assert_eq!(unbase64(a_byte_short.as_bytes()), None);
}

#[test]
fn ids_have_the_exchanges_form() {
    for i in 0..=255 {
        let alnum = mint_id([i; 32], VirtualFormat::Alnum64);
        assert!(alnum.as_str().len() == 64 && alnum.as_str().bytes().all(|b| b.is_ascii_alphanumeric()));
        let uuid = mint_id([i; 32], VirtualFormat::Hex32Upper);
        let parts: Vec<_> = uuid.as_str().split('-').collect();
        assert_eq!(parts.iter().map(|p| p.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('4') && "89ab".contains(&parts[3][..1]));
        for id in [alnum, uuid] {
            assert_eq!(id.as_str().parse(), Ok(id.clone()));
        }
    }
    assert_ne!(mint_id([1; 32], VirtualFormat::Alnum64), mint_id([2; 32], VirtualFormat::Alnum64));
}

/// The rows of vectors of the specification that have this many cells, without the marks of the table.
fn vectors(cells: usize) -> Vec<Vec<&'static str>> {
    let cell = |cell: &'static str| cell.trim().trim_matches('`');
    include_str!("../../../../docs/spec/virtual-keys.md")
        .lines()
        .filter(|line| line.contains("` × 32 |"))
        .map(|line| line.trim_matches('|').split('|').map(cell).collect::<Vec<_>>())
        .filter(|row| row.len() == cells)
        .collect()
}

fn first_byte(cell: &str) -> u8 {
    u8::from_str_radix(&cell[..2], 16).unwrap()
}

#[test]
fn ids_of_the_specification() {
    assert_eq!(vectors(2).len(), 2);
    for row in vectors(2) {
        assert_eq!(mint_id([first_byte(row[0]); 32], VirtualFormat::Alnum64).as_str(), row[1]);
    }
}

#[test]
fn secrets_of_the_specification() {
    assert_eq!(vectors(6).len(), 6);
    for row in vectors(6) {
        let [key, format, id, version, expected_secret, expected_passphrase] = row.as_slice() else {
            panic!("{row:?}");
        };
        let byte = first_byte(key);
        let (root, version) = (root(byte), version.parse().unwrap());
        let format = match *format {
            "1" => VirtualFormat::Alnum64,
            _ => VirtualFormat::Hex32Upper,
        };
        assert_eq!(secret(&root, id, version, format), *expected_secret);
        if format == VirtualFormat::Hex32Upper {
            assert_eq!(passphrase(&root, id, version), *expected_passphrase);
        }
    }
}
