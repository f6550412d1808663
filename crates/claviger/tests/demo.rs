//! The main job: everything that `claviger demo` shows goes as it should, and nothing is left behind.

#[cfg(test)]
mod tests {
    use std::process::Command;

    /// What must stand in the table, for each exchange.
    const LINES: [(&str, &str); 11] = [
        ("in limits", "passed"),
        ("too large", "refused max_order"),
        ("half the market's price", "refused price_band"),
        ("wrong symbol", "refused symbols"),
        ("perpetual, on a spot bot", "refused markets"),
        ("withdraw", "refused grants"),
        ("unknown parameter", "refused parameter"),
        ("replayed", "refused replay"),
        ("budget spent", "refused max_day"),
        ("frozen", "refused freeze"),
        ("thawed", "passed"),
    ];

    #[test]
    fn everything_goes_as_it_should() {
        let folder = tempfile::tempdir().unwrap();
        let done = Command::new(env!("CARGO_BIN_EXE_claviger"))
            .args(["demo", "--once"])
            .env("TMPDIR", folder.path())
            .env_remove("CLAVIGER_HOME")
            .output()
            .unwrap();
        let (said, complained) =
            (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{said}\n{complained}");
        for exchange in ["Binance", "OKX"] {
            let table: Vec<&str> = said.lines().filter(|line| line.starts_with(exchange)).collect();
            for (asked, outcome) in LINES {
                let found = table.iter().any(|line| line.contains(asked) && line.contains(outcome));
                assert!(found, "{exchange}: {asked}: {outcome}\n{said}");
            }
        }
        assert!(said.contains("none changed, cut out or moved"), "{said}");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "the temporary home is gone");
    }
}
