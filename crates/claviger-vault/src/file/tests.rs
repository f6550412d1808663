use super::*;
use crate::entry::{Draft, Prepared};
use crate::names::KeyId;
use crate::seal::Key;
use zeroize::Zeroizing;

const SECRET: &[u8] = b"\0\x06SECRETphrase";
const KEK: Key = [9; 32];

fn keys(byte: u8) -> Keys {
    Keys::new(&[byte; 32]).unwrap()
}

fn sealed_entry(keys: &Keys, vault: [u8; 16], name: &str, version: u32) -> Arc<Entry> {
    let binding = Binding::new("okx", "live", &["www.okx.com", "eea.okx.com"]).unwrap();
    let key_id = Some("37c541a1-10fe".parse::<KeyId>().unwrap());
    let draft =
        Draft { name: name.parse().unwrap(), version, created_ms: 1_700_000_000_000, binding, key_id };
    let prepared =
        Prepared::new(EntryKind::ExchangeHmac, Zeroizing::new(SECRET.to_vec()), Box::new([1, 2, 3]));
    Arc::new(Entry::seal(keys, &vault, draft, &prepared).unwrap())
}

fn image(byte: u8, names: &[&str]) -> Image {
    let id = [byte; 16];
    let mut header = Header { id, strength: Strength::FLOOR, salt: [byte; 32], vault_key: None };
    header.vault_key = Some(Sealed::new(&KEK, &header.about(), &[byte; 32]).unwrap());
    let entries = names.iter().map(|name| (name.parse().unwrap(), sealed_entry(&keys(byte), id, name, 1)));
    Image { header, generation: 7, entries: entries.collect() }
}

/// What somebody does who alters a file on purpose: makes its checksum right again.
fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - CHECKSUM);
    let sum = digest::digest(&digest::SHA256, &bytes);
    bytes.extend_from_slice(sum.as_ref());
    bytes
}

fn flips(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    (0..bytes.len() * 8).map(|bit| {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, flipped)
    })
}

#[test]
fn what_is_written_is_read() {
    let image = image(1, &["a", "b", "binance-main"]);
    let bytes = image.write(&keys(1)).unwrap();
    let again = read(&bytes).unwrap().verify(&keys(1)).unwrap();
    assert_eq!(again.generation, 7);
    assert_eq!(again.write(&keys(1)).unwrap(), bytes);
    for (name, entry) in &again.entries {
        assert_eq!(entry.info, image.entries[name].info);
        assert_eq!(entry.open(&keys(1), <[u8]>::to_vec).unwrap(), SECRET);
    }
}

#[test]
fn every_flipped_bit_is_an_error() {
    let bytes = image(1, &["a", "b"]).write(&keys(1)).unwrap();
    for (at, flipped) in flips(&bytes) {
        let error = read(&flipped).err().unwrap_or_else(|| panic!("byte {at} may be flipped"));
        let expected = match at {
            0..8 => matches!(error, VaultError::NotAVault),
            8 => matches!(error, VaultError::UnknownVersion(_)),
            138..142 => matches!(error, VaultError::Damaged | VaultError::Truncated),
            _ => matches!(error, VaultError::Damaged),
        };
        assert!(expected, "byte {at}: {error:?}");
    }
}

#[test]
fn every_other_byte_value_is_an_error() {
    let bytes = image(1, &["a"]).write(&keys(1)).unwrap();
    for at in 0..bytes.len() {
        for difference in 1..=255 {
            let mut altered = bytes.clone();
            altered[at] ^= difference;
            assert!(read(&altered).is_err(), "byte {at}");
        }
    }
}

#[test]
fn every_bit_flipped_on_purpose_is_an_error() {
    let bytes = image(1, &["a", "b"]).write(&keys(1)).unwrap();
    let covered = bytes.len() - CHECKSUM;
    for (at, flipped) in flips(&bytes).filter(|(at, _)| *at < covered) {
        let flipped = with_checksum(flipped);
        let read = read(&flipped);
        let refused = read.and_then(|unverified| unverified.verify(&keys(1)));
        assert!(refused.is_err(), "byte {at}");
    }
}

#[test]
fn every_bit_of_the_header_is_bound_to_the_wrapped_key() {
    let bytes = image(1, &[]).write(&keys(1)).unwrap();
    let end = 70 + NONCE + WRAPPED;
    for (at, flipped) in flips(&bytes).filter(|(at, _)| *at < end) {
        let flipped = with_checksum(flipped);
        if let Ok(unverified) = read(&flipped) {
            let header = unverified.header();
            let opened = header.vault_key.as_ref().unwrap().open(&KEK, &header.about(), |_| ());
            assert!(opened.is_err(), "byte {at}");
        }
    }
}

#[test]
fn every_cut_is_told_as_one() {
    let bytes = image(1, &["a", "b"]).write(&keys(1)).unwrap();
    for length in 0..bytes.len() {
        assert!(matches!(read(&bytes[..length]), Err(VaultError::Truncated)), "{length}");
    }
}

#[test]
fn added_bytes_are_damage() {
    let mut bytes = image(1, &["a"]).write(&keys(1)).unwrap();
    bytes.push(0);
    assert!(matches!(read(&bytes), Err(VaultError::Damaged)));
}

#[test]
fn cost_outside_its_bounds_is_told() {
    let bytes = image(1, &[]).write(&keys(1)).unwrap();
    let with = |at: usize, value: u32| {
        let mut altered = bytes.clone();
        altered[at..at + 4].copy_from_slice(&value.to_be_bytes());
        read(&with_checksum(altered)).err()
    };
    for (at, floor) in [(26, 64 * 1024), (30, 3), (34, 1)] {
        assert!(matches!(with(at, floor - 1), Some(VaultError::BelowFloor { .. })), "{at}");
        assert!(matches!(with(at, 0), Some(VaultError::BelowFloor { .. })), "{at}");
        assert!(matches!(with(at, u32::MAX), Some(VaultError::AboveCeiling { .. })), "{at}");
    }
    let mut altered = bytes.clone();
    altered[25] = 2;
    assert!(matches!(read(&with_checksum(altered)), Err(VaultError::Malformed(_))));
}

/// The file of `image` with its entries changed by somebody who has no key: the old authentication stays.
fn tampered(
    image: &Image,
    edit: impl FnOnce(&mut BTreeMap<KeyRef, Arc<Entry>>),
) -> Result<Image, VaultError> {
    let mac_of_before = {
        let bytes = image.write(&keys(1)).unwrap();
        bytes[bytes.len() - CHECKSUM - MAC..bytes.len() - CHECKSUM].to_vec()
    };
    let mut changed = image.clone();
    edit(&mut changed.entries);
    let mut bytes = changed.write(&keys(1)).unwrap();
    let at = bytes.len() - CHECKSUM - MAC;
    bytes[at..at + MAC].copy_from_slice(&mac_of_before);
    read(&with_checksum(bytes)).and_then(|unverified| unverified.verify(&keys(1)))
}

#[test]
fn entries_removed_swapped_or_rolled_back_are_noticed() {
    let image = image(1, &["a", "b"]);
    let foreign = self::image(2, &["b"]);
    let (a, b): (KeyRef, KeyRef) = ("a".parse().unwrap(), "b".parse().unwrap());
    let altered = |result: Result<Image, VaultError>| matches!(result, Err(VaultError::Altered));
    assert!(tampered(&image, |_| ()).is_ok());
    assert!(altered(tampered(&image, |entries| drop(entries.remove(&a)))));
    assert!(altered(tampered(&image, |entries| drop(
        entries.insert(b.clone(), foreign.entries[&b].clone())
    ))));
    let older = sealed_entry(&keys(1), [1; 16], "a", 1);
    assert!(altered(tampered(&image, |entries| drop(entries.insert(a.clone(), older)))));
}

#[test]
fn a_secret_opens_only_in_its_own_place() {
    let own = sealed_entry(&keys(1), [1; 16], "a", 2);
    let opens = |vault: [u8; 16], keys: &Keys, public: &Entry, data_key: &Entry, secret: &Entry| {
        let (info, part) = (public.info.clone(), public.public_part.clone());
        Entry::read(&vault, info, part, data_key.data_key.clone(), secret.secret.clone())
            .open(keys, |plain| plain == SECRET)
            .is_ok()
    };
    assert!(opens([1; 16], &keys(1), &own, &own, &own));
    assert!(!opens([2; 16], &keys(1), &own, &own, &own), "another vault");
    assert!(!opens([1; 16], &keys(2), &own, &own, &own), "another vault key");
    for (name, version) in [("a", 1), ("a", 3), ("b", 2)] {
        let other = sealed_entry(&keys(1), [1; 16], name, version);
        assert!(!opens([1; 16], &keys(1), &other, &own, &own), "{name} {version}");
        assert!(!opens([1; 16], &keys(1), &own, &other, &own), "{name} {version}");
        assert!(!opens([1; 16], &keys(1), &own, &own, &other), "{name} {version}");
        assert!(!opens([1; 16], &keys(1), &own, &other, &other), "{name} {version}");
    }
}

#[test]
fn a_secret_is_bound_to_everything_public_about_it() {
    let own = sealed_entry(&keys(1), [1; 16], "a", 2);
    let edits: [fn(&mut EntryInfo); 8] = [
        |info| info.name = "b".parse().unwrap(),
        |info| info.version = 1,
        |info| info.kind = EntryKind::Other,
        |info| info.created_ms += 1,
        |info| info.key_id = None,
        |info| info.public = Box::new([1, 2]),
        |info| info.binding = Binding::new("okx", "demo", &["www.okx.com", "eea.okx.com"]).unwrap(),
        |info| info.binding = Binding::new("okx", "live", &["www.okx.com", "evil.example"]).unwrap(),
    ];
    for (i, edit) in edits.into_iter().enumerate() {
        let mut info = own.info.clone();
        edit(&mut info);
        let part = public_part(&info);
        let moved = Entry::read(&[1; 16], info, part, own.data_key.clone(), own.secret.clone());
        assert!(moved.open(&keys(1), |_| ()).is_err(), "edit {i}");
    }
}

#[test]
fn entries_out_of_order_or_twice_are_malformed() {
    let (a, b) = (image(1, &["a"]), image(1, &["b"]));
    let body = |image: &Image| image.entries.values().flat_map(|e| entry_bytes(e)).collect::<Vec<u8>>();
    for (first, second) in [(&b, &a), (&a, &a)] {
        let both = [body(first), body(second)].concat();
        assert!(matches!(entries(&[1; 16], &both), Err(VaultError::Malformed(_))));
    }
    assert!(entries(&[1; 16], &[body(&a), body(&b)].concat()).is_ok());
}

#[test]
fn hosts_out_of_order_are_malformed() {
    let part = sealed_entry(&keys(1), [1; 16], "a", 1).public_part.to_vec();
    let at = |text: &[u8]| part.windows(text.len()).position(|w| w == text).unwrap();
    let (first, second) = (at(b"eea.okx.com"), at(b"www.okx.com"));
    let mut swapped = part.clone();
    swapped[first..first + 11].copy_from_slice(b"www.okx.com");
    swapped[second..second + 11].copy_from_slice(b"eea.okx.com");
    let rest = [0; NONCE + WRAPPED + NONCE + 4];
    assert!(entry(&[1; 16], &mut Reader(&[part, rest.to_vec()].concat())).is_some());
    assert!(entry(&[1; 16], &mut Reader(&[swapped, rest.to_vec()].concat())).is_none());
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        let framed = [MAGIC.as_slice(), &[VERSION], &bytes].concat();
        proptest::prop_assert!(read(&framed).is_err());
        drop(entries(&[0; 16], &bytes));
    }
}
