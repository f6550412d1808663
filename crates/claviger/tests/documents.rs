//! What the documentation lists is what there is.

#[cfg(test)]
mod tests {
    use claviger_door::Exit;

    #[test]
    fn exit_codes() {
        let page = include_str!("../../../docs/exit-codes.md");
        let rows: Vec<&str> =
            page.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| code")).collect();
        let mut expected = vec!["| 0 | done |".to_owned()];
        expected.extend(Exit::ALL.iter().map(|e| format!("| {} | {} |", e.code(), e.meaning())));
        assert_eq!(rows, expected, "docs/exit-codes.md");
    }

    /// The page of every endpoint's decision is what the catalogues say.
    #[test]
    fn exchanges() {
        let made = std::process::Command::new(env!("CARGO_BIN_EXE_claviger"))
            .args(["exchange", "document"])
            .output()
            .unwrap();
        let made = String::from_utf8(made.stdout).unwrap();
        let page = include_str!("../../../docs/exchanges.md");
        let stale = made.lines().zip(page.lines()).find(|(made, page)| made != page);
        let how = "run `cargo run -p claviger -- exchange document > docs/exchanges.md`";
        assert_eq!(stale, None, "docs/exchanges.md is stale: {how}");
        assert!(made == page, "docs/exchanges.md is longer or shorter: {how}");
    }

    #[test]
    fn the_service_is_not_restarted_for_what_a_restart_cannot_mend() {
        let unit = include_str!("../../../contrib/claviger.service");
        let line = unit.lines().find_map(|l| l.strip_prefix("RestartPreventExitStatus=")).unwrap();
        let stays = [
            Exit::Usage,
            Exit::WrongPassphrase,
            Exit::Vault,
            Exit::NotPrivate,
            Exit::Home,
            Exit::Config,
            Exit::Store,
            Exit::NoHome,
            Exit::Unsupported,
            Exit::NoSecret,
            Exit::Catalogue,
        ];
        let codes: Vec<String> = stays.iter().map(|e| e.code().to_string()).collect();
        assert_eq!(line, codes.join(" "));
    }
}
