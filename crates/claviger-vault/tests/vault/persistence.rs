//! What is put into a vault is there when it is opened again, and nothing opens it but its passphrase.

use std::fs::{Permissions, read, set_permissions, write};
use std::os::unix::fs::PermissionsExt as _;

use claviger_vault::{Destination, KeyRef, Passphrase, Scheme, Strength, Vault, VaultError};

use crate::home::{BINANCE, Home, PASSPHRASE, entry, hmac, name, passphrase};

fn signature(vault: &Vault, key: &KeyRef) -> String {
    let output = vault.sign(key, Scheme::HmacSha256Hex, &[b"message"], BINANCE).unwrap();
    output.signature.as_str().to_owned()
}

#[test]
fn entries_outlive_the_process() {
    let home = Home::new();
    let vault = home.vault();
    let mut new = entry("binance-main", hmac("SECRET", None));
    new.key_id = Some("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zv".parse().unwrap());
    let info = vault.add(new).unwrap();
    let expected = signature(&vault, &info.name);
    let (id, generation) = (vault.id(), vault.generation());
    drop(vault);
    let vault = home.open();
    assert_eq!((vault.id(), vault.generation()), (id, generation));
    assert_eq!(vault.list(), std::slice::from_ref(&info));
    assert_eq!(vault.info(&info.name), Some(info.clone()));
    assert_eq!(signature(&vault, &info.name), expected);
}

#[test]
fn every_change_counts_and_is_kept() {
    let home = Home::new();
    let vault = home.vault();
    assert_eq!(vault.generation(), 1);
    vault.add(entry("a", hmac("ONE", None))).unwrap();
    vault.add(entry("b", hmac("TWO", None))).unwrap();
    let (one, two) = (signature(&vault, &name("a")), signature(&vault, &name("b")));
    assert_ne!(one, two);
    let again = vault.add(entry("a", hmac("THREE", None))).unwrap_err();
    assert!(matches!(again, VaultError::NameTaken(key) if key == name("a")));
    let info = vault.replace(&name("a"), hmac("TWO", None), None, 5).unwrap();
    assert_eq!((info.version, info.created_ms), (2, 5));
    assert_eq!(signature(&vault, &name("a")), two);
    vault.remove(&name("b")).unwrap();
    assert!(matches!(vault.remove(&name("b")), Err(VaultError::UnknownKey(_))));
    assert!(matches!(vault.replace(&name("b"), hmac("X", None), None, 5), Err(VaultError::UnknownKey(_))));
    assert_eq!(vault.generation(), 5);
    let again = home.open();
    assert_eq!(again.list(), vault.list());
    assert_eq!(again.generation(), 5);
    assert_eq!(signature(&again, &name("a")), two);
}

#[test]
fn only_the_passphrase_opens() {
    let home = Home::new();
    drop(home.vault());
    for wrong in
        ["correct horse battery stapl", "Correct horse battery staple", "correct horse battery staple "]
    {
        let refused = Vault::open(&home.file(), &passphrase(wrong)).err();
        assert!(matches!(refused, Some(VaultError::WrongPassphraseOrAltered)), "{wrong}: {refused:?}");
    }
    home.open();
}

#[test]
fn a_new_passphrase_takes_the_place_of_the_old() {
    let home = Home::new();
    let vault = home.vault();
    vault.add(entry("a", hmac("ONE", None))).unwrap();
    let expected = signature(&vault, &name("a"));
    let (old, new) = (passphrase(PASSPHRASE), passphrase("another one altogether"));
    assert!(matches!(
        vault.change_passphrase(&new, &new, Strength::FLOOR),
        Err(VaultError::WrongPassphraseOrAltered)
    ));
    assert!(matches!(
        vault.change_passphrase(&old, &passphrase("short"), Strength::FLOOR),
        Err(VaultError::PassphraseTooShort)
    ));
    vault.check_passphrase(&old).unwrap();
    vault.change_passphrase(&old, &new, Strength::FLOOR).unwrap();
    assert!(vault.check_passphrase(&old).is_err());
    vault.check_passphrase(&new).unwrap();
    assert!(Vault::open(&home.file(), &old).is_err());
    let again = Vault::open(&home.file(), &new).unwrap();
    assert_eq!(again.id(), vault.id());
    assert_eq!(signature(&again, &name("a")), expected);
}

#[test]
fn a_vault_never_takes_the_place_of_another() {
    let home = Home::new();
    drop(home.vault());
    let before = read(home.file()).unwrap();
    let again = Vault::create(&home.file(), &passphrase(PASSPHRASE), Strength::FLOOR).err();
    assert!(matches!(again, Some(VaultError::Exists(_))));
    assert_eq!(read(home.file()).unwrap(), before);
}

#[test]
fn a_short_passphrase_makes_no_vault() {
    let home = Home::new();
    let short = passphrase(&"x".repeat(Passphrase::LEAST - 1));
    let refused = Vault::create(&home.file(), &short, Strength::FLOOR).err();
    assert!(matches!(refused, Some(VaultError::PassphraseTooShort)));
    assert!(!home.file().exists());
}

#[test]
fn a_vault_that_others_may_read_is_not_opened() {
    let home = Home::new();
    drop(home.vault());
    for mode in [0o644, 0o640, 0o602] {
        set_permissions(home.file(), Permissions::from_mode(mode)).unwrap();
        let refused = Vault::open(&home.file(), &passphrase(PASSPHRASE)).err();
        assert!(matches!(refused, Some(VaultError::NotPrivate(_))), "{mode:o}");
        assert!(matches!(Vault::check(&home.file()), Err(VaultError::NotPrivate(_))));
    }
}

#[test]
fn the_file_is_the_owners_alone() {
    let home = Home::new();
    let vault = home.vault();
    vault.add(entry("a", hmac("ONE", None))).unwrap();
    assert_eq!(home.file().metadata().unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn damage_is_told_without_a_passphrase() {
    let home = Home::new();
    drop(home.vault());
    Vault::check(&home.file()).unwrap();
    let mut bytes = read(home.file()).unwrap();
    bytes[50] ^= 1;
    write(home.file(), &bytes).unwrap();
    assert!(matches!(Vault::check(&home.file()), Err(VaultError::Damaged)));
    bytes[50] ^= 1;
    write(home.file(), &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(Vault::check(&home.file()), Err(VaultError::Truncated)));
    assert!(matches!(Vault::open(&home.file(), &passphrase(PASSPHRASE)), Err(VaultError::Truncated)));
}

#[test]
fn an_older_file_is_noticed_by_its_generation() {
    let home = Home::new();
    let vault = home.vault();
    let old = read(home.file()).unwrap();
    vault.add(entry("a", hmac("ONE", None))).unwrap();
    let seen = vault.generation();
    drop(vault);
    assert!(home.open().not_older_than(seen).is_ok());
    write(home.file(), &old).unwrap();
    let refused = home.open().not_older_than(seen).err();
    assert!(matches!(refused, Some(VaultError::RolledBack { found: 1, expected: 2 })));
}

#[test]
fn neither_the_file_nor_any_message_holds_a_secret() {
    let home = Home::new();
    let vault = home.vault();
    let mut new = entry("a", hmac("CANARY-SECRET", Some("CANARY-PHRASE")));
    new.key_id = Some("CANARY-ID".parse().unwrap());
    let shown = format!("{new:?}");
    vault.add(new).unwrap();
    let errors = [
        format!("{:?}", vault.add(entry("a", hmac("CANARY-OTHER", None))).unwrap_err()),
        format!("{:?}", vault.add(entry("b", hmac("CANARY WITH BLANKS", None))).unwrap_err()),
        format!("{:?}", vault.sign(&name("b"), Scheme::HmacSha256Hex, &[b"CANARY"], BINANCE).unwrap_err()),
        format!("{:?}", vault.list()),
        shown,
    ];
    for text in errors {
        assert!(!text.contains("CANARY"), "{text}");
    }
    let file = read(home.file()).unwrap();
    for canary in ["CANARY-SECRET", "CANARY-PHRASE", PASSPHRASE] {
        assert!(!file.windows(canary.len()).any(|w| w == canary.as_bytes()), "{canary}");
    }
}

#[test]
fn signing_goes_on_while_entries_change() {
    let home = Home::new();
    let vault = home.vault();
    vault.add(entry("a", hmac("ONE", None))).unwrap();
    let expected = signature(&vault, &name("a"));
    std::thread::scope(|scope| {
        let signers: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| (0..500).all(|_| signature(&vault, &name("a")) == expected)))
            .collect();
        let adders: Vec<_> = (0..2)
            .map(|t| {
                let vault = &vault;
                scope.spawn(move || {
                    for i in 0..10 {
                        vault.add(entry(&format!("t{t}-{i}"), hmac("TWO", None))).unwrap();
                    }
                })
            })
            .collect();
        adders.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(signers.into_iter().all(|thread| thread.join().unwrap()));
    });
    assert_eq!(vault.list().len(), 21);
    assert_eq!(home.open().list().len(), 21);
}

/// A file of the first version of the format, made by another program from its specification: every later claviger
/// must open it.
#[test]
fn a_file_of_version_1_opens() {
    let home = Home::new();
    write(home.file(), include_bytes!("../fixtures/v1.vault")).unwrap();
    set_permissions(home.file(), Permissions::from_mode(0o600)).unwrap();
    let vault = home.open();
    assert_eq!(vault.generation(), 3);
    let names: Vec<_> = vault.list().iter().map(|info| info.name.to_string()).collect();
    assert_eq!(names, ["binance-main", "okx-main"]);
    let message = b"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
    let output = vault.sign(&name("binance-main"), Scheme::HmacSha256Hex, &[message], BINANCE).unwrap();
    assert_eq!(output.signature.as_str(), "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71");
    let okx = Destination { exchange: "okx", environment: "live", host: "www.okx.com" };
    let message = b"1704876947GET/users/self/verify";
    let output = vault.sign(&name("okx-main"), Scheme::HmacSha256Base64, &[message], okx).unwrap();
    assert_eq!(output.signature.as_str(), "5/36BgGV6m/6pmdc20zdqk0mzF5ZalmzzPD2fo3wavU=");
    let mut sent = Vec::new();
    output.header_secret.unwrap().write_into(&mut sent);
    assert_eq!(sent, b"Phrase-1");
}
