//! The log: standard error, text or JSON. No query string and no body is ever logged.

use tracing_subscriber::EnvFilter;

use crate::args::LogForm;

/// Starts the log; `CLAVIGER_LOG` narrows or widens it (`warn`, `claviger_keep=debug`).
pub fn start(form: LogForm) {
    let filter = EnvFilter::try_from_env("CLAVIGER_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // A second start in one process keeps the first log.
    let _ = match form {
        LogForm::Text => log.with_target(false).try_init(),
        LogForm::Json => log.json().flatten_event(true).try_init(),
    };
}
