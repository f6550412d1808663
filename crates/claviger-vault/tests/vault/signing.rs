//! Signatures against vectors, and refusals of what a key was not sealed to.

use std::path::Path;
use std::process::Command;

use crate::home::{BINANCE, Home, entry, hmac, name, secret};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_vault::{EntryKind, KeyRef, Material, MaterialError, Scheme, Secret, SignError, VaultError};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    #[serde(rename = "exchange")]
    _exchange: String,
    scheme: String,
    secret: Option<String>,
    pkcs8_base64: Option<String>,
    message: String,
    #[serde(rename = "origin")]
    _origin: String,
    expect: String,
}

impl Vector {
    fn scheme(&self) -> Scheme {
        match self.scheme.as_str() {
            "hmac-sha256-hex" => Scheme::HmacSha256Hex,
            "hmac-sha256-base64" => Scheme::HmacSha256Base64,
            other => {
                assert_eq!(other, "ed25519-base64");
                Scheme::Ed25519Base64
            }
        }
    }

    fn material(&self) -> Material {
        match (&self.secret, &self.pkcs8_base64) {
            (Some(text), None) => hmac(text, None),
            (None, Some(der)) => Material::Ed25519(secret(&STANDARD.decode(der).unwrap())),
            other => panic!("one secret a vector, not {other:?}"),
        }
    }
}

#[test]
fn every_vector_signs_as_expected() {
    let home = Home::new();
    let vault = home.vault();
    let mut count = 0;
    for file in Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").read_dir().unwrap() {
        let path = file.unwrap().path();
        let vector: Vector = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let key: KeyRef = name(path.file_stem().unwrap().to_str().unwrap());
        vault.add(entry(key.as_str(), vector.material())).unwrap();
        let message = vector.message.as_bytes();
        for split in [0, 1, message.len() / 2, message.len()] {
            let (head, tail) = message.split_at(split);
            let output = vault.sign(&key, vector.scheme(), &[head, b"", tail], BINANCE).unwrap();
            assert_eq!(output.signature.as_str(), vector.expect, "{}", path.display());
            assert!(output.header_secret.is_none());
        }
        count += 1;
    }
    assert_eq!(count, 13);
}

#[test]
fn a_passphrase_goes_into_the_request_and_nowhere_else() {
    let home = Home::new();
    let vault = home.vault();
    vault.add(entry("okx", hmac("SECRET", Some("canary phrase")))).unwrap();
    let output = vault.sign(&name("okx"), Scheme::HmacSha256Base64, &[b"message"], BINANCE).unwrap();
    let shown = format!("{output:?}");
    assert!(!shown.contains("canary") && !shown.contains(output.signature.as_str()), "{shown}");
    let mut request = b"OK-ACCESS-PASSPHRASE: ".to_vec();
    let header_secret = output.header_secret.unwrap();
    assert_eq!(header_secret.length(), 13);
    header_secret.write_into(&mut request);
    assert_eq!(request, b"OK-ACCESS-PASSPHRASE: canary phrase");
}

#[test]
fn nothing_is_signed_for_another_destination() {
    let home = Home::new();
    let vault = home.vault();
    vault.add(entry("key", hmac("SECRET", None))).unwrap();
    for (exchange, environment, host) in [
        ("okx", "live", "api.binance.com"),
        ("binance", "testnet", "api.binance.com"),
        ("binance", "live", "testnet.binance.vision"),
        ("binance", "live", "API.binance.com"),
        ("binance", "live", "api.binance.com:443"),
        ("binance", "live", ""),
    ] {
        let to = claviger_vault::Destination { exchange, environment, host };
        let refused = vault.sign(&name("key"), Scheme::HmacSha256Hex, &[b"x"], to).unwrap_err();
        assert!(matches!(refused, SignError::OtherDestination { .. }), "{to:?}");
    }
}

#[test]
fn a_key_signs_only_as_its_kind_does() {
    let home = Home::new();
    let vault = home.vault();
    let infos = [
        vault.add(entry("hmac", hmac("SECRET", None))).unwrap(),
        vault.add(entry("ed25519", Material::new_ed25519().unwrap())).unwrap(),
        vault.add(entry("other", Material::Other(secret(b"anything\0")))).unwrap(),
    ];
    let all = [
        Scheme::HmacSha256Hex,
        Scheme::HmacSha256Base64,
        Scheme::Ed25519Base64,
        Scheme::RsaPkcs1Sha256Base64,
    ];
    for info in infos {
        for scheme in all {
            let fits = match info.kind {
                EntryKind::ExchangeHmac => scheme == all[0] || scheme == all[1],
                EntryKind::ExchangeEd25519 => scheme == all[2],
                _ => false,
            };
            let signed = vault.sign(&info.name, scheme, &[b"x"], BINANCE);
            assert_eq!(signed.is_ok(), fits, "{} {scheme:?}", info.kind.name());
            if let Err(refused) = signed {
                assert!(matches!(refused, SignError::OtherKind { .. }));
            }
        }
    }
    let unknown = vault.sign(&name("nobody"), Scheme::HmacSha256Hex, &[b"x"], BINANCE).unwrap_err();
    assert_eq!(unknown, SignError::UnknownKey(name("nobody")));
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn check_against_openssl(make: &[&str], material: fn(Secret) -> Material, scheme: Scheme, verify: &[&str]) {
    let home = Home::new();
    let folder = home.path();
    openssl(folder, &[&["genpkey", "-out", "key.pem"], make].concat());
    let vault = home.vault();
    let info =
        vault.add(entry("key", material(secret(&std::fs::read(folder.join("key.pem")).unwrap())))).unwrap();
    let message = b"symbol=BTCUSDT&side=SELL&timestamp=1668481559918";
    let output = vault.sign(&info.name, scheme, &[&message[..9], &message[9..]], BINANCE).unwrap();
    for (file, bytes) in [
        ("message", message.to_vec()),
        ("signature", STANDARD.decode(output.signature.as_str()).unwrap()),
        ("public.der", info.public.to_vec()),
    ] {
        claviger_os::create_new(&folder.join(file), &bytes, 0o600).unwrap();
    }
    let public =
        ["-pubin", "-keyform", "DER", "-inkey", "public.der", "-in", "message", "-sigfile", "signature"];
    openssl(folder, &[&["pkeyutl", "-verify", "-rawin"], verify, &public].concat());
}

#[test]
fn openssl_accepts_our_rsa_signatures() {
    for bits in ["rsa_keygen_bits:2048", "rsa_keygen_bits:4096"] {
        let make = ["-algorithm", "RSA", "-pkeyopt", bits];
        check_against_openssl(&make, Material::Rsa, Scheme::RsaPkcs1Sha256Base64, &["-digest", "sha256"]);
    }
}

#[test]
fn openssl_accepts_our_ed25519_signatures() {
    check_against_openssl(&["-algorithm", "ED25519"], Material::Ed25519, Scheme::Ed25519Base64, &[]);
}

#[test]
fn short_rsa_keys_are_refused() {
    let home = Home::new();
    openssl(
        home.path(),
        &["genpkey", "-out", "k.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
    );
    let pem = std::fs::read(home.path().join("k.pem")).unwrap();
    let refused = home.vault().add(entry("key", Material::Rsa(secret(&pem)))).unwrap_err();
    assert!(matches!(refused, VaultError::Material(MaterialError::NotRsa)));
}

#[test]
fn old_rsa_and_encrypted_pem_say_what_to_do() {
    let home = Home::new();
    let folder = home.path();
    openssl(folder, &["genpkey", "-out", "k.pem", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    openssl(folder, &["pkey", "-in", "k.pem", "-traditional", "-out", "old.pem"]);
    openssl(folder, &["pkcs8", "-topk8", "-in", "k.pem", "-out", "locked.pem", "-passout", "pass:x"]);
    for (file, expected) in [("old.pem", MaterialError::NotPkcs8), ("locked.pem", MaterialError::Encrypted)] {
        let pem = std::fs::read(folder.join(file)).unwrap();
        let detected = Material::detect(secret(&pem), None).err();
        assert_eq!(detected, Some(expected), "{file}");
    }
}
