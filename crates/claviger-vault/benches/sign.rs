//! What one signature and one check of a bot's signature cost.
#![expect(clippy::unwrap_used, reason = "a bench: a panic is how it fails")]

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use claviger_vault::{
    Binding, Destination, KeyRef, Material, NewEntry, Passphrase, Scheme, Secret, Strength, Vault,
    VirtualFormat, VirtualKey, mint_id,
};
use criterion::Criterion;
use zeroize::Zeroizing;

const MESSAGE: &[&[u8]] = &[
    b"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
    b"&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
];
const TO: Destination<'static> =
    Destination { exchange: "binance", environment: "live", host: "api.binance.com" };

fn secret(bytes: &[u8]) -> Secret {
    Secret::new(Zeroizing::new(bytes.into()))
}

fn add(vault: &Vault, name: &str, material: Material) -> KeyRef {
    let name: KeyRef = name.parse().unwrap();
    let binding = Binding::new("binance", "live", &["api.binance.com"]).unwrap();
    let new = NewEntry { name: name.clone(), binding, key_id: None, created_ms: 0, material };
    vault.add(new).unwrap();
    name
}

fn rsa(size: KeySize) -> Material {
    let der: Pkcs8V1Der<'_> = RsaKeyPair::generate(size).unwrap().as_der().unwrap();
    Material::Rsa(secret(der.as_ref()))
}

fn signatures(bench: &mut Criterion) {
    let home = tempfile::tempdir().unwrap();
    let passphrase = Passphrase::read(&b"correct horse battery staple"[..]).unwrap();
    let vault = Vault::create(&home.path().join("vault"), &passphrase, Strength::FLOOR).unwrap();
    let hmac = Material::Hmac { secret: secret(&[b'x'; 64]), passphrase: None };
    for (name, material, scheme) in [
        ("hmac", hmac, Scheme::HmacSha256Hex),
        ("ed25519", Material::new_ed25519().unwrap(), Scheme::Ed25519Base64),
        ("rsa2048", rsa(KeySize::Rsa2048), Scheme::RsaPkcs1Sha256Base64),
        ("rsa4096", rsa(KeySize::Rsa4096), Scheme::RsaPkcs1Sha256Base64),
    ] {
        let key = add(&vault, name, material);
        bench.bench_function(&format!("sign {name}"), |b| {
            b.iter(|| vault.sign(&key, scheme, MESSAGE, TO).unwrap());
        });
    }
    for (name, format) in [("64 letters", VirtualFormat::Alnum64), ("32 digits", VirtualFormat::Hex32Upper)] {
        let id = mint_id([1; 32], format);
        let key = VirtualKey { id: &id, version: 1, format };
        bench.bench_function(&format!("verify virtual key of {name}"), |b| {
            b.iter(|| vault.verify_virtual(key, Scheme::HmacSha256Hex, MESSAGE, &[b'0'; 64]).unwrap_err());
        });
    }
}

fn main() {
    let mut bench = Criterion::default().configure_from_args();
    signatures(&mut bench);
    bench.final_summary();
}
