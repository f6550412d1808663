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
        ];
        let codes: Vec<String> = stays.iter().map(|e| e.code().to_string()).collect();
        assert_eq!(line, codes.join(" "));
    }
}
