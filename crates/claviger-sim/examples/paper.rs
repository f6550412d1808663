//! Starts the paper exchanges with well-known keys and prints where they are, as JSON. Ends with standard input.
//!
//! For trying stock clients against them: `cargo run -p claviger-sim --example paper`.

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};

use claviger_sim::{Credential, Permissions, Sim, SimConfig, SimKey, Venue};

fn key(passphrase: Option<&str>) -> SimKey {
    let amounts = [("BTC", "10"), ("ETH", "100"), ("USDT", "1000000"), ("USDC", "1000000"), ("BNB", "50")];
    SimKey {
        id: "PAPERKEY".repeat(8),
        credential: Credential::Hmac("PAPERSECRET".to_owned()),
        passphrase: passphrase.map(str::to_owned),
        permissions: Permissions::ALL,
        addresses: Vec::new(),
        balances: amounts.map(|(asset, amount)| (asset.to_owned(), amount.to_owned())).to_vec(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let sim = Sim::start(SimConfig {
        binance: Venue { keys: vec![key(None)], ..Venue::default() },
        okx: Venue { keys: vec![key(Some("paper phrase"))], ..Venue::default() },
        admin: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        ..SimConfig::default()
    })
    .await?;
    let line = serde_json::json!({
        "binance": sim.binance_addr().to_string(),
        "okx": sim.okx_addr().to_string(),
        "admin": sim.admin_addr().map(|address| address.to_string()),
        "ca": sim.ca_pem(),
    });
    println!("{line}");
    std::io::stdout().flush()?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    sim.shutdown().await;
    Ok(())
}
