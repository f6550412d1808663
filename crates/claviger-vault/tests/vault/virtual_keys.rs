//! Virtual keys: what a bot signs is verified, and only with its own secret.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_vault::{Scheme, Strength, VirtualFormat, VirtualId, VirtualKey, mint_id};

use crate::home::{Home, PASSPHRASE, passphrase};

const MESSAGE: &[u8] = b"symbol=BTCUSDT&side=BUY&timestamp=1";

fn bot_signature(secret: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), MESSAGE).as_ref().to_vec()
}

fn keys(ids: &[VirtualId; 2]) -> Vec<VirtualKey<'_>> {
    let formats = [VirtualFormat::Alnum64, VirtualFormat::Hex32Upper];
    let each = ids.iter().flat_map(|id| formats.map(|format| (id, format)));
    each.flat_map(|(id, format)| [1, 2].map(|version| VirtualKey { id, version, format })).collect()
}

#[test]
fn a_bots_signature_passes_for_its_own_key_alone() {
    let home = Home::new();
    let vault = home.vault();
    let ids = [mint_id([1; 32], VirtualFormat::Alnum64), mint_id([1; 32], VirtualFormat::Hex32Upper)];
    for own in keys(&ids) {
        let signature = bot_signature(vault.reveal_virtual(own).unwrap().secret());
        let (lower, base64) = (hex::encode(&signature), STANDARD.encode(&signature));
        for key in keys(&ids) {
            for (scheme, text) in [
                (Scheme::HmacSha256Hex, &lower),
                (Scheme::HmacSha256Hex, &lower.to_ascii_uppercase()),
                (Scheme::HmacSha256Base64, &base64),
            ] {
                let (head, tail) = MESSAGE.split_at(7);
                let verified = vault.verify_virtual(key, scheme, &[head, tail], text.as_bytes());
                assert_eq!(verified.is_ok(), key == own, "{key:?} {own:?} {scheme:?}");
            }
        }
    }
}

#[test]
fn anything_else_is_a_bad_signature() {
    let home = Home::new();
    let vault = home.vault();
    let id = mint_id([1; 32], VirtualFormat::Alnum64);
    let key = VirtualKey { id: &id, version: 1, format: VirtualFormat::Alnum64 };
    let signature = bot_signature(vault.reveal_virtual(key).unwrap().secret());
    let text = hex::encode(&signature);
    let verify =
        |scheme, message: &[u8], text: &[u8]| vault.verify_virtual(key, scheme, &[message], text).is_ok();
    assert!(verify(Scheme::HmacSha256Hex, MESSAGE, text.as_bytes()));
    assert!(!verify(Scheme::HmacSha256Hex, &MESSAGE[1..], text.as_bytes()));
    assert!(!verify(Scheme::HmacSha256Hex, MESSAGE, &signature));
    assert!(!verify(Scheme::HmacSha256Base64, MESSAGE, text.as_bytes()));
    for scheme in [Scheme::Ed25519Base64, Scheme::RsaPkcs1Sha256Base64] {
        assert!(!verify(scheme, MESSAGE, text.as_bytes()));
        assert!(!verify(scheme, MESSAGE, STANDARD.encode(&signature).as_bytes()));
    }
    for at in 0..text.len() {
        let mut wrong = text.clone().into_bytes();
        wrong[at] = if wrong[at] == b'0' { b'1' } else { b'0' };
        assert!(!verify(Scheme::HmacSha256Hex, MESSAGE, &wrong));
        assert!(!verify(Scheme::HmacSha256Hex, MESSAGE, &text.as_bytes()[..at]));
    }
}

#[test]
fn passphrases_pass_exactly() {
    let home = Home::new();
    let vault = home.vault();
    let id = mint_id([1; 32], VirtualFormat::Hex32Upper);
    let key = VirtualKey { id: &id, version: 1, format: VirtualFormat::Hex32Upper };
    let revealed = vault.reveal_virtual(key).unwrap();
    let own = revealed.passphrase().unwrap();
    assert!(vault.verify_virtual_passphrase(key, own.as_bytes()).is_ok());
    for wrong in ["", &own[1..], &format!("{own} "), &own.to_ascii_lowercase(), revealed.secret()] {
        assert!(vault.verify_virtual_passphrase(key, wrong.as_bytes()).is_err(), "{wrong}");
    }
    let alnum = VirtualKey { format: VirtualFormat::Alnum64, ..key };
    assert!(vault.reveal_virtual(alnum).unwrap().passphrase().is_none());
    assert!(vault.verify_virtual_passphrase(alnum, b"").is_err());
    assert!(!format!("{revealed:?}").contains(own));
}

#[test]
fn secrets_outlive_a_change_of_passphrase_and_differ_between_vaults() {
    let (home, other) = (Home::new(), Home::new());
    let vault = home.vault();
    let id = mint_id([1; 32], VirtualFormat::Alnum64);
    let key = VirtualKey { id: &id, version: 1, format: VirtualFormat::Alnum64 };
    let before = vault.reveal_virtual(key).unwrap();
    let new = passphrase("another one altogether");
    vault.change_passphrase(&passphrase(PASSPHRASE), &new, Strength::FLOOR).unwrap();
    drop(vault);
    let vault = claviger_vault::Vault::open(&home.file(), &new).unwrap();
    assert_eq!(vault.reveal_virtual(key).unwrap().secret(), before.secret());
    assert_ne!(other.vault().reveal_virtual(key).unwrap().secret(), before.secret());
}
