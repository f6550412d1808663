//! The local CA: OpenSSL's strictest check accepts what it made, and nothing beyond its names.

use std::path::Path;
use std::process::{Command, Output};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use claviger_vault::{CaError, CaRequest, EntryKind, LeafRequest, Scheme, SignError, Vault, VaultError};

use crate::home::{BINANCE, Home, entry, hmac, name};

const NOW: i64 = 1_790_000_000;
const DAY: i64 = 86_400;
const CA: CaRequest<'static> = CaRequest {
    common_name: "claviger local CA",
    suffixes: &["binance.com", "okx.com", "localhost"],
    addresses: &[],
    not_before: NOW,
    not_after: NOW + 3650 * DAY,
};

fn spki() -> Vec<u8> {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    key.public_key().as_der().unwrap().as_ref().to_vec()
}

fn leaf<'a>(host: &'a str, spki_der: &'a [u8]) -> LeafRequest<'a> {
    LeafRequest { host, also: &[], spki_der, not_before: NOW, not_after: NOW + 7 * DAY }
}

fn vault_with_ca(home: &Home) -> Vault {
    let vault = home.vault();
    let info = vault.make_ca(name("ca"), CA).unwrap();
    assert_eq!(info.kind, EntryKind::CaKey);
    vault
}

fn put(folder: &Path, file: &str, bytes: &[u8]) {
    claviger_os::replace(&folder.join(file), bytes, 0o600).unwrap();
}

fn openssl_verify(folder: &Path, host: &str) -> Output {
    openssl_verify_by(folder, "-verify_hostname", host)
}

fn openssl_verify_by(folder: &Path, by: &str, host: &str) -> Output {
    Command::new("openssl")
        .current_dir(folder)
        .args(["verify", "-x509_strict", "-purpose", "sslserver", by, host])
        .args([
            "-attime",
            &(NOW + 3600).to_string(),
            "-no-CApath",
            "-no-CAstore",
            "-CAfile",
            "ca.pem",
            "leaf.pem",
        ])
        .output()
        .unwrap()
}

fn leaf_pem(folder: &Path, der: &[u8]) {
    put(folder, "leaf.der", der);
    let made = Command::new("openssl")
        .current_dir(folder)
        .args(["x509", "-inform", "DER", "-in", "leaf.der", "-out", "leaf.pem"])
        .status();
    assert!(made.unwrap().success());
}

#[test]
fn openssl_accepts_a_certificate_for_its_host() {
    let home = Home::new();
    drop(vault_with_ca(&home));
    let vault = home.open();
    put(home.path(), "ca.pem", vault.ca_pem(&name("ca")).unwrap().as_bytes());
    let spki = spki();
    let long = format!("{}.binance.com", ["x"; 40].join("."));
    for host in ["api.binance.com", "binance.com", "www.okx.com", "localhost", &long] {
        let der = vault.sign_leaf(&name("ca"), leaf(host, &spki)).unwrap();
        leaf_pem(home.path(), &der);
        let accepted = openssl_verify(home.path(), host);
        assert!(accepted.status.success(), "{host}: {}", String::from_utf8_lossy(&accepted.stderr));
        assert!(!openssl_verify(home.path(), "api.kraken.com").status.success());
    }
}

#[test]
fn a_client_refuses_what_the_ca_was_not_made_for() {
    let (wide, narrow) = (Home::new(), Home::new());
    // The same key under a wider name list, to see that the list in the certificate is what holds it.
    let vault = wide.vault();
    vault.make_ca(name("ca"), CaRequest { suffixes: &["binance.com", "example.org"], ..CA }).unwrap();
    let der = vault.sign_leaf(&name("ca"), leaf("www.example.org", &spki())).unwrap();
    leaf_pem(wide.path(), &der);
    put(wide.path(), "ca.pem", vault.ca_pem(&name("ca")).unwrap().as_bytes());
    assert!(openssl_verify(wide.path(), "www.example.org").status.success());
    let other = vault_with_ca(&narrow);
    put(wide.path(), "ca.pem", other.ca_pem(&name("ca")).unwrap().as_bytes());
    assert!(!openssl_verify(wide.path(), "www.example.org").status.success());
    let text = Command::new("openssl")
        .args(["x509", "-noout", "-text", "-in"])
        .arg(wide.path().join("ca.pem"))
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    for part in [
        "X509v3 Name Constraints: critical",
        "DNS:binance.com",
        "DNS:okx.com",
        "IP:0.0.0.0/0.0.0.0",
        "IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0",
        "CA:TRUE, pathlen:0",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
}

#[test]
fn names_and_addresses_of_a_listener() {
    let addresses = ["10.0.0.5".parse().unwrap(), "2001:db8::5".parse().unwrap()];
    for (suffixes, addresses) in [
        (&["claviger.lan"][..], &addresses[..]),
        (&[], &addresses),
        (&[], &addresses[..1]),
        (&["claviger.lan"], &[]),
    ] {
        let home = Home::new();
        let vault = home.vault();
        vault.make_ca(name("ca"), CaRequest { suffixes, addresses, ..CA }).unwrap();
        put(home.path(), "ca.pem", vault.ca_pem(&name("ca")).unwrap().as_bytes());
        let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let names: Vec<&str> = suffixes.iter().copied().chain(texts.iter().map(String::as_str)).collect();
        assert!(vault.ca_covers(&name("ca"), &names));
        let (host, also) = names.split_first().unwrap();
        let spki = spki();
        let der = vault.sign_leaf(&name("ca"), LeafRequest { also, ..leaf(host, &spki) }).unwrap();
        leaf_pem(home.path(), &der);
        for named in &names {
            let by =
                if named.parse::<std::net::IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
            let accepted = openssl_verify_by(home.path(), by, named);
            assert!(accepted.status.success(), "{named}: {}", String::from_utf8_lossy(&accepted.stderr));
        }
        for other in ["10.0.0.6", "2001:db8::6", "localhost", "xclaviger.lan"] {
            assert!(!vault.ca_covers(&name("ca"), &[other]), "{other}");
            assert!(vault.sign_leaf(&name("ca"), leaf(other, &spki)).is_err(), "{other}");
            assert!(
                vault.sign_leaf(&name("ca"), LeafRequest { also: &[other], ..leaf(host, &spki) }).is_err()
            );
        }
    }
}

/// What the code refuses is refused by the certificate too: a CA of the same key without these limits is exchanged for it.
#[test]
fn a_client_refuses_addresses_that_the_ca_was_not_made_for() {
    let (wide, narrow) = (Home::new(), Home::new());
    let all = ["10.0.0.5".parse().unwrap(), "10.0.0.6".parse().unwrap()];
    let vault = wide.vault();
    vault.make_ca(name("ca"), CaRequest { suffixes: &[], addresses: &all, ..CA }).unwrap();
    let der = vault.sign_leaf(&name("ca"), leaf("10.0.0.6", &spki())).unwrap();
    leaf_pem(wide.path(), &der);
    put(wide.path(), "ca.pem", vault.ca_pem(&name("ca")).unwrap().as_bytes());
    assert!(openssl_verify_by(wide.path(), "-verify_ip", "10.0.0.6").status.success());
    let other = narrow.vault();
    other.make_ca(name("ca"), CaRequest { suffixes: &[], addresses: &all[..1], ..CA }).unwrap();
    put(wide.path(), "ca.pem", other.ca_pem(&name("ca")).unwrap().as_bytes());
    assert!(!openssl_verify_by(wide.path(), "-verify_ip", "10.0.0.6").status.success());
}

#[test]
fn nothing_beyond_its_names_is_certified() {
    let home = Home::new();
    let vault = vault_with_ca(&home);
    let spki = spki();
    for host in [
        "evil-binance.com",
        "binance.com.evil.org",
        "com",
        "kraken.com",
        "localhost.evil",
        "127.0.0.1",
        "::1",
    ] {
        let refused = vault.sign_leaf(&name("ca"), leaf(host, &spki)).unwrap_err();
        assert!(matches!(refused, CaError::OutsideConstraints(_)), "{host}: {refused:?}");
    }
    for host in [
        "",
        ".binance.com",
        "a..binance.com",
        "API.binance.com",
        "*.binance.com",
        "a b.binance.com",
        "-a.okx.com",
        "a_b.okx.com",
    ] {
        let refused = vault.sign_leaf(&name("ca"), leaf(host, &spki)).unwrap_err();
        assert!(matches!(refused, CaError::NotAHost(_)), "{host}: {refused:?}");
    }
}

#[test]
fn no_certificate_lives_longer_than_it_may() {
    let home = Home::new();
    let vault = vault_with_ca(&home);
    let spki = spki();
    for (not_before, not_after) in [
        (NOW, NOW + 7 * DAY + 1),
        (NOW, NOW),
        (NOW, NOW - 1),
        (i64::MIN, i64::MAX),
        (0, i64::MAX),
        (i64::MAX - 9, i64::MAX),
    ] {
        let request = LeafRequest { not_before, not_after, ..leaf("okx.com", &spki) };
        assert!(
            matches!(vault.sign_leaf(&name("ca"), request), Err(CaError::Lifetime(7))),
            "{not_before} {not_after}"
        );
    }
    let long = CaRequest { not_after: NOW + 3661 * DAY, ..CA };
    assert!(matches!(vault.make_ca(name("long"), long), Err(CaError::Lifetime(_))));
}

#[test]
fn odd_requests_are_errors() {
    let home = Home::new();
    let vault = vault_with_ca(&home);
    vault.add(entry("hmac", hmac("SECRET", None))).unwrap();
    let spki = spki();
    assert!(matches!(vault.make_ca(name("ca"), CA), Err(CaError::Vault(VaultError::NameTaken(_)))));
    assert!(matches!(vault.make_ca(name("b"), CaRequest { suffixes: &[], ..CA }), Err(CaError::NoSuffix)));
    assert!(matches!(
        vault.make_ca(name("b"), CaRequest { suffixes: &["10.0.0.1"], ..CA }),
        Err(CaError::NotAHost(_))
    ));
    assert!(matches!(vault.sign_leaf(&name("hmac"), leaf("okx.com", &spki)), Err(CaError::NotACa(_))));
    assert!(matches!(vault.sign_leaf(&name("none"), leaf("okx.com", &spki)), Err(CaError::NotACa(_))));
    assert!(matches!(
        vault.sign_leaf(&name("ca"), leaf("okx.com", &spki[1..])),
        Err(CaError::Certificate(_))
    ));
    for scheme in [Scheme::HmacSha256Hex, Scheme::Ed25519Base64] {
        let refused = vault.sign(&name("ca"), scheme, &[b"x"], BINANCE).unwrap_err();
        assert!(matches!(refused, SignError::OtherDestination { .. }));
    }
}

#[test]
fn two_certificates_never_share_a_serial() {
    let home = Home::new();
    let vault = vault_with_ca(&home);
    let spki = spki();
    let make = || vault.sign_leaf(&name("ca"), leaf("okx.com", &spki)).unwrap();
    assert_ne!(make(), make());
}
