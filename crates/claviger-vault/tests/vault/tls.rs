//! The key of a TLS listener signs handshakes and nothing else; OpenSSL checks what it signed.

use std::process::Command;

use base64::Engine as _;
use claviger_vault::{EntryKind, HandshakeError, HandshakeScheme, Material, VaultError};

use crate::home::{Home, entry, hmac, name, secret};

/// The keys of every kind, made by OpenSSL; its arguments, and the numbers of the schemes that fit.
const KINDS: &[(&[&str], &[u16])] = &[
    (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], &[0x0403]),
    (&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], &[0x0503]),
    (&["-algorithm", "ED25519"], &[0x0807]),
    (&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], &[0x0804, 0x0805, 0x0806]),
];

const SCHEMES: &[u16] = &[0x0403, 0x0503, 0x0807, 0x0804, 0x0805, 0x0806];

fn openssl(home: &Home, arguments: &[&str]) -> bool {
    Command::new("openssl").current_dir(home.path()).args(arguments).output().unwrap().status.success()
}

fn new_key(home: &Home, arguments: &[&str]) -> Vec<u8> {
    assert!(openssl(home, &[&["genpkey", "-out", "key.pem"], arguments].concat()));
    assert!(openssl(home, &["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"]));
    std::fs::read(home.path().join("key.pem")).unwrap()
}

fn tls13(hash: usize) -> Vec<u8> {
    [&[b' '; 64][..], b"TLS 1.3, server CertificateVerify\0", &vec![7; hash]].concat()
}

fn tls12() -> Vec<u8> {
    [&[9; 64][..], &[3, 0, 29, 32], &[5; 32]].concat()
}

fn is_good(home: &Home, scheme: u16, message: &[u8], signature: &[u8]) -> bool {
    claviger_os::replace(&home.path().join("message"), message, 0o600).unwrap();
    claviger_os::replace(&home.path().join("signature"), signature, 0o600).unwrap();
    let common = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "public.pem",
        "-in",
        "message",
        "-sigfile",
        "signature",
        "-rawin",
    ];
    let digest = match scheme {
        0x0403 | 0x0804 => &["-digest", "sha256"][..],
        0x0503 | 0x0805 => &["-digest", "sha384"],
        0x0806 => &["-digest", "sha512"],
        _ => &[],
    };
    let pss = ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"];
    let pss = if (0x0804..=0x0806).contains(&scheme) { &pss[..] } else { &[] };
    openssl(home, &[&common, digest, pss].concat())
}

#[test]
fn every_kind_of_key_signs_by_its_own_schemes() {
    for (arguments, fitting) in KINDS {
        let home = Home::new();
        let vault = home.vault();
        let key = new_key(&home, arguments);
        let info = vault.add(entry("tls", Material::Tls(secret(&key)))).unwrap();
        assert_eq!(info.kind, EntryKind::TlsKey);
        let pem = std::fs::read_to_string(home.path().join("public.pem")).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(base64::engine::general_purpose::STANDARD.encode(&info.public), body, "{arguments:?}");
        for number in SCHEMES {
            let scheme = HandshakeScheme::numbered(*number).unwrap();
            for message in [tls13(32), tls13(48), tls12()] {
                match vault.sign_handshake(&name("tls"), scheme, &message) {
                    Ok(signature) => {
                        assert!(fitting.contains(number), "{arguments:?} {number:x}");
                        assert!(is_good(&home, *number, &message, &signature), "{arguments:?} {number:x}");
                        assert!(!is_good(&home, *number, &tls13(33), &signature), "{arguments:?} {number:x}");
                    }
                    Err(error) => {
                        assert!(!fitting.contains(number), "{arguments:?} {number:x}");
                        assert_eq!(error, HandshakeError::OtherScheme(scheme));
                    }
                }
            }
        }
    }
}

#[test]
fn only_handshakes_are_signed_and_only_by_tls_keys() {
    let home = Home::new();
    let vault = home.vault();
    let key = new_key(&home, KINDS[0].0);
    let add = |key: &str, material| vault.add(entry(key, material));
    add("tls", Material::Tls(secret(&key))).unwrap();
    add("hmac", hmac("SECRET", None)).unwrap();
    let scheme = HandshakeScheme::EcdsaP256;
    let client = [&[b' '; 64][..], b"TLS 1.3, client CertificateVerify\0", &[7; 32]].concat();
    let short = [&[9; 64][..], &[3, 0, 29, 33], &[5; 32]].concat();
    let explicit = [&[9; 64][..], &[1, 0, 29, 32], &[5; 32]].concat();
    for message in [&b""[..], b"x", &client, &short, &explicit, &tls13(31), &tls13(64), &[9; 64], &[3; 66]] {
        let refused = vault.sign_handshake(&name("tls"), scheme, message);
        assert_eq!(refused, Err(HandshakeError::NotAHandshake), "{message:?}");
    }
    for other in ["hmac", "none"] {
        let refused = vault.sign_handshake(&name(other), scheme, &tls13(32));
        assert_eq!(refused, Err(HandshakeError::NotATlsKey(name(other))));
    }
    assert!(HandshakeScheme::numbered(0x0401).is_none(), "PKCS#1 1.5 is not signed");
    for bad in [&b"-----BEGIN PRIVATE KEY-----\nMAEC\n-----END PRIVATE KEY-----\n"[..], b"secret"] {
        assert!(matches!(add("bad", Material::Tls(secret(bad))), Err(VaultError::Material(_))));
    }
}
