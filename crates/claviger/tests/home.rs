//! A home's life without exchanges: every command that needs none, and the codes that trouble ends with.

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    struct Home(tempfile::TempDir);

    const CONFIG: &str = "
listen = \"127.0.0.1:0\"
# kept
[key.main]
exchange = \"binance\"
[bot.grid]
key = \"main\"
grants = [\"read\"]
sources = [\"127.0.0.1/32\"]
";

    impl Home {
        fn new() -> Self {
            let home = Self(tempfile::tempdir().unwrap());
            claviger_os::create_new(&home.file("right"), b"correct horse battery", 0o600).unwrap();
            claviger_os::create_new(&home.file("wrong"), b"not the passphrase", 0o600).unwrap();
            home.check(&["init"], 0, "the home is");
            claviger_os::replace(&home.path().join("claviger.toml"), CONFIG.as_bytes(), 0o600).unwrap();
            home
        }

        fn file(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn path(&self) -> PathBuf {
            self.file("home")
        }

        fn command(&self, arguments: &[&str], passphrase: &str) -> Command {
            let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
            command.arg("--home").arg(self.path()).args(arguments);
            command.arg("--credential").arg(self.file(passphrase)).stdin(Stdio::null());
            command
        }

        /// Runs a command, which must end with that code and say that.
        fn check(&self, arguments: &[&str], code: i32, says: &str) -> String {
            self.check_with("right", arguments, (code, says))
        }

        fn check_with(&self, passphrase: &str, arguments: &[&str], (code, says): (i32, &str)) -> String {
            let done = self.command(arguments, passphrase).output().unwrap();
            let said =
                format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            assert_eq!(done.status.code(), Some(code), "{arguments:?}\n{said}");
            assert!(said.contains(says), "{arguments:?} does not say `{says}`\n{said}");
            said
        }

        fn serve(&self) -> Serve {
            let mut child = self.command(&["serve"], "right").stderr(Stdio::null()).spawn().unwrap();
            let end = Instant::now() + Duration::from_secs(60);
            while !self.check_any(&["status"]).contains("bots connect to") {
                assert!(child.try_wait().unwrap().is_none(), "serve ended");
                assert!(Instant::now() < end, "serve does not come up");
                std::thread::sleep(Duration::from_millis(50));
            }
            Serve(child)
        }

        fn check_any(&self, arguments: &[&str]) -> String {
            String::from_utf8_lossy(&self.command(arguments, "right").output().unwrap().stdout).into_owned()
        }
    }

    struct Serve(Child);

    impl Drop for Serve {
        fn drop(&mut self) {
            // It may have ended already.
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_home_is_made_once_and_holds_what_it_is_told() {
        let home = Home::new();
        home.check(&["init"], 18, "there is a home in");
        home.check(&["apply", "--dry-run"], 0, "not applied; applying this needs the vault's passphrase");
        home.check(&["apply"], 0, "applied");
        home.check(&["apply"], 0, "nothing changes");
        home.check(&["bot", "add", "grid"], 0, "bot grid has the virtual key");
        home.check(&["bot", "add", "grid"], 18, "try");
        home.check(&["bot", "add", "other"], 16, "no block [bot.other]");
        home.check(&["bot", "list"], 0, "grid");
        home.check(&["bot", "show", "grid", "--for", "ccxt"], 0, "httpsProxy");
        home.check(&["bot", "show", "grid", "--for", "python-okx"], 2, "speaks to okx only");
        let shown = home.check(&["bot", "show", "grid", "--reveal", "--json"], 0, "\"secret\"");
        assert!(!shown.contains("password"), "Binance's keys have none");
        home.check(&["journal", "tail"], 0, "revealed");
        home.check(&["bot", "freeze", "grid"], 0, "bot grid is frozen");
        home.check(&["bot", "list"], 0, "frozen");
        home.check(&["bot", "freeze", "nobody"], 18, "there is no");
        home.check(&["bot", "thaw", "grid"], 0, "no longer frozen");
        home.check(&["bot", "remove", "grid"], 0, "never works again");
        let text = std::fs::read_to_string(home.path().join("claviger.toml")).unwrap();
        assert!(text.contains("# kept") && !text.contains("[bot.grid]"), "{text}");
        home.check(&["ca", "show"], 0, "BEGIN CERTIFICATE");
        home.check(&["journal", "verify"], 0, "none changed");
        home.check(&["vault", "check"], 0, "whole");
    }

    #[test]
    fn trouble_ends_with_its_code() {
        let home = Home::new();
        home.check_with("wrong", &["apply"], (10, "the passphrase is wrong"));
        home.check_with("wrong", &["serve"], (10, "the passphrase is wrong"));
        mode(&home.file("right"), 0o644);
        home.check(&["apply"], 28, "because");
        mode(&home.file("right"), 0o600);
        mode(&home.path().join("vault"), 0o644);
        home.check(&["serve"], 12, "mode 0644");
        mode(&home.path().join("vault"), 0o600);
        let vault = std::fs::read(home.path().join("vault")).unwrap();
        claviger_os::replace(&home.path().join("vault"), &vault[..vault.len() - 1], 0o600).unwrap();
        home.check(&["vault", "check"], 11, "try");
        home.check(&["serve"], 11, "cut short");
        claviger_os::replace(&home.path().join("vault"), &vault, 0o600).unwrap();
        let odd = format!("{CONFIG}max_odrer = \"1 USDT\"\n");
        claviger_os::replace(&home.path().join("claviger.toml"), odd.as_bytes(), 0o600).unwrap();
        home.check(&["apply"], 16, "max_odrer");
        home.check(&["serve"], 16, "max_odrer");
        claviger_os::replace(&home.path().join("claviger.toml"), CONFIG.as_bytes(), 0o600).unwrap();
        claviger_os::create_new(&home.path().join("journal/00000002.clvj"), b"CLVJ", 0o600).unwrap();
        home.check(&["journal", "verify"], 19, "00000002.clvj");
        home.check(&["serve"], 19, "00000002.clvj");
    }

    #[test]
    fn one_serve_a_home_and_commands_go_to_it() {
        let home = Home::new();
        home.check(&["apply"], 0, "applied");
        home.check(&["status", "--check"], 14, "does not run");
        let serve = home.serve();
        home.check(&["serve"], 14, "cannot take the home");
        home.check(&["bot", "add", "grid"], 0, "virtual key");
        home.check_with("wrong", &["bot", "thaw", "grid"], (17, "passphrase is wrong"));
        home.check(&["bot", "freeze", "grid"], 0, "frozen");
        home.check(&["bot", "show", "grid", "--json"], 0, "\"frozen\":true");
        home.check(&["journal", "verify"], 0, "none changed");
        drop(serve);
        home.check(&["bot", "show", "grid", "--json"], 0, "\"frozen\":true");
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let home = Home::new();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let text = CONFIG.replace("127.0.0.1:0", &address);
        claviger_os::replace(&home.path().join("claviger.toml"), text.as_bytes(), 0o600).unwrap();
        home.check(&["apply"], 0, "applied");
        home.check(&["serve"], 13, &address);
    }
}
