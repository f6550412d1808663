//! What commands print, and the codes they end with, as files in `tests/cmd`.

#[cfg(test)]
mod tests {
    #[test]
    fn commands() {
        trycmd::TestCases::new()
            .env("COLUMNS", "100")
            .env("HOME", "/nonexistent")
            .env("CLAVIGER_HOME", "/nonexistent/claviger")
            .env("XDG_DATA_HOME", "")
            .env("CREDENTIALS_DIRECTORY", "")
            .case("tests/cmd/*.trycmd");
    }
}
