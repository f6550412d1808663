//! Between signatures no secret lies anywhere in the memory of the process (promise P2).

use std::fs::{File, read_to_string};
use std::os::unix::fs::FileExt as _;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_vault::{Material, Scheme, VirtualFormat, VirtualKey, mint_id};

use crate::crash::{child, start, vault_of_child};
use crate::home::{self, BINANCE, Home, PASSPHRASE, entry, name, secret};

const HMAC_SECRET: &str = "xQ7rT2mZ9vKc4bNhP8sWdLyF3gJaEuRi6oXtYqVeCk1MnBwSpDzH5GjUfA0OlI4E";
const PHRASE: &str = "Phrase-That-Is-Sent-1";
const ED25519: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
const MASK: u8 = 0xa7;

/// What must not be found: name and bytes.
fn needles(rsa: &[u8]) -> Vec<(String, Vec<u8>)> {
    let pad = |with: u8| HMAC_SECRET.bytes().map(|b| b ^ with).collect::<Vec<u8>>();
    let mut needles = vec![
        ("secret".into(), HMAC_SECRET.as_bytes()[..32].to_vec()),
        ("inner pad".into(), pad(0x36)[..32].to_vec()),
        ("outer pad".into(), pad(0x5c)[..32].to_vec()),
        ("passphrase of the key".into(), PHRASE.as_bytes().to_vec()),
        ("passphrase of the vault".into(), PASSPHRASE.as_bytes().to_vec()),
        ("Ed25519 seed".into(), STANDARD.decode(ED25519).unwrap()[16..].to_vec()),
    ];
    for (what, block) in [("inner midstate", pad(0x36)), ("outer midstate", pad(0x5c))] {
        let state = midstate(&block);
        needles.push((format!("{what}, native"), state.iter().flat_map(|w| w.to_ne_bytes()).collect()));
        needles.push((format!("{what}, big-endian"), state.iter().flat_map(|w| w.to_be_bytes()).collect()));
    }
    for (what, number) in [("d", 3), ("p", 4), ("q", 5), ("dp", 6), ("dq", 7)] {
        let bytes = &rsa_number(rsa, number)[8..40];
        needles.push((format!("RSA {what}"), bytes.to_vec()));
        needles.push((format!("RSA {what}, little-endian"), bytes.iter().rev().copied().collect()));
    }
    needles
}

/// The vault's own keys, got from its file as `docs/spec/vault-file.md` says.
fn vault_keys(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut stretched = [0; 32];
    let params = argon2::Params::new(64 * 1024, 3, 1, Some(32)).unwrap();
    argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
        .hash_password_into(PASSPHRASE.as_bytes(), &file[38..70], &mut stretched)
        .unwrap();
    let mut vault_key = file[82..130].to_vec();
    let nonce = Nonce::try_assume_unique_for_key(&file[70..82]).unwrap();
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &stretched).unwrap());
    key.open_in_place(nonce, Aad::from(&file[..70]), &mut vault_key).unwrap();
    vault_key.truncate(32);
    let mut keys = vec![("stretched key".to_owned(), stretched.to_vec())];
    for label in ["wrap", "index", "virtual"] {
        let root = hmac::Key::new(hmac::HMAC_SHA256, &vault_key);
        let derived = hmac::sign(&root, format!("claviger/v1/{label}").as_bytes());
        keys.push((format!("{label} key"), derived.as_ref().to_vec()));
    }
    keys.push(("vault key".to_owned(), vault_key));
    keys
}

/// SHA-256's state after one block.
fn midstate(block: &[u8]) -> [u32; 8] {
    let mut state =
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
    let block: [u8; 64] = block.try_into().unwrap();
    sha2::compress256(&mut state, &[block.into()]);
    state
}

/// The bytes of a number of an RSA private key, counted from 0 (version), without leading zeros.
fn rsa_number(pkcs8: &[u8], wanted: usize) -> Vec<u8> {
    fn open(der: &[u8]) -> (&[u8], &[u8]) {
        let (length, start) = match der[1] {
            short @ 0..=127 => (usize::from(short), 2),
            0x81 => (usize::from(der[2]), 3),
            _ => (usize::from(u16::from_be_bytes([der[2], der[3]])), 4),
        };
        (&der[start..start + length], &der[start + length..])
    }
    let (pkcs8, _) = open(pkcs8);
    let (_, rest) = open(pkcs8);
    let (_, rest) = open(rest);
    let (octets, _) = open(rest);
    let (mut numbers, _) = open(octets);
    for _ in 0..wanted {
        numbers = open(numbers).1;
    }
    let (number, _) = open(numbers);
    number[number.iter().position(|b| *b != 0).unwrap()..].to_vec()
}

/// A masked needle: what it is and its bytes, never bare in this process.
type Masked = (String, Vec<u8>);

/// Which masked needles lie in this process's memory, and where.
fn find(needles: &[Masked]) -> Vec<String> {
    let memory = File::open("/proc/self/mem").unwrap();
    let mut found = Vec::new();
    let mut buffer = vec![0u8; 1 << 20];
    for line in read_to_string("/proc/self/maps").unwrap().lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        // The program's own file holds this test's constants, and nothing can be written there.
        if rest.as_bytes()[1] != b'w' && line.contains('/') {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let [mut at, end] = [start, end].map(|hex| u64::from_str_radix(hex, 16).unwrap());
        while at < end {
            let length = usize::try_from(end - at).unwrap().min(buffer.len());
            // Secret memory and the like cannot be read even by its own process.
            let Ok(count @ 1..) = memory.read_at(&mut buffer[..length], at) else { break };
            found.extend(hits(&buffer[..count], needles).map(|what| format!("{what} lies in {line}")));
            // The next piece begins a little before the end of this one.
            let overlap = if count == buffer.len() { 100 } else { 0 };
            at += u64::try_from(count - overlap).unwrap();
        }
    }
    found
}

fn hits<'a>(bytes: &'a [u8], needles: &'a [Masked]) -> impl Iterator<Item = &'a str> + 'a {
    let mut first = [false; 256];
    needles.iter().for_each(|(_, masked)| first[usize::from(masked[0] ^ MASK)] = true);
    (0..bytes.len()).filter(move |at| first[usize::from(bytes[*at])]).flat_map(move |at| {
        let here = move |masked: &[u8]| {
            bytes[at..].len() >= masked.len() && bytes[at..].iter().zip(masked).all(|(b, m)| b ^ MASK == *m)
        };
        needles.iter().filter(move |(_, masked)| here(masked)).map(|(what, _)| what.as_str())
    })
}

#[test]
fn child_that_signs_and_looks() {
    let Some(vault) = vault_of_child() else {
        assert!(std::env::var_os("CLAVIGER_TEST_NEEDLES").is_none());
        return;
    };
    let control: Vec<u8> = b"something that is there".iter().map(|b| b ^ MASK).collect();
    let there = std::hint::black_box(control.iter().map(|b| b ^ MASK).collect::<Vec<u8>>());
    assert!(!find(&[("control".into(), control)]).is_empty(), "the search must find what is there");
    drop(there);
    let id = mint_id([1; 32], VirtualFormat::Alnum64);
    let key = VirtualKey { id: &id, version: 1, format: VirtualFormat::Alnum64 };
    let needles: Vec<Masked> = std::env::var("CLAVIGER_TEST_NEEDLES")
        .unwrap()
        .split(';')
        .map(|needle| needle.split_once(':').unwrap())
        .map(|(what, masked)| (what.to_owned(), hex::decode(masked).unwrap()))
        .collect();
    assert_eq!(find(&needles), [""; 0], "after opening");
    for (entry, scheme) in [
        ("hmac", Scheme::HmacSha256Hex),
        ("hmac", Scheme::HmacSha256Base64),
        ("ed25519", Scheme::Ed25519Base64),
        ("rsa", Scheme::RsaPkcs1Sha256Base64),
    ] {
        drop(vault.sign(&name(entry), scheme, &[b"a message"], BINANCE).unwrap());
        assert_eq!(find(&needles), [""; 0], "after signing with {entry}");
    }
    assert!(vault.verify_virtual(key, Scheme::HmacSha256Hex, &[b"x"], &[b'0'; 64]).is_err());
    drop(vault.reveal_virtual(key).unwrap());
    assert_eq!(find(&needles), [""; 0], "after verifying a bot");
    vault.remove(&name("rsa")).unwrap();
    assert_eq!(find(&needles), [""; 0], "after a change");
}

#[test]
fn p2_no_secret_stays_in_memory_between_signatures() {
    let home = Home::new();
    let made = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let made: Pkcs8V1Der<'_> = made.as_der().unwrap();
    let rsa = made.as_ref();
    let vault = home.vault();
    vault.add(entry("hmac", home::hmac(HMAC_SECRET, Some(PHRASE)))).unwrap();
    vault.add(entry("ed25519", Material::Ed25519(secret(&STANDARD.decode(ED25519).unwrap())))).unwrap();
    let info = vault.add(entry("rsa", Material::Rsa(secret(rsa)))).unwrap();
    assert_eq!(info.public.len(), 294);
    let masked = |bytes: Vec<u8>| hex::encode(bytes.iter().map(|b| b ^ MASK).collect::<Vec<u8>>());
    let needles: Vec<_> = needles(rsa)
        .into_iter()
        .chain(vault_keys(&std::fs::read(home.file()).unwrap()))
        .map(|(what, bytes)| format!("{what}:{}", masked(bytes)))
        .collect();
    let mut looking = child("memory::child_that_signs_and_looks", &home);
    looking.env("CLAVIGER_TEST_NEEDLES", needles.join(";")).stderr(std::process::Stdio::piped());
    let output = start(looking).wait_with_output().unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
