//! Why a command did not do what was asked, as people read it: what happened, why, what to do; then a documented exit code.

use std::error::Error;
use std::fmt;
use std::io;

use claviger_door::{Exit, Refused};

/// A command failed.
#[derive(Debug)]
pub struct Failure {
    what: String,
    because: Vec<String>,
    hint: Vec<String>,
    exit: Exit,
    told: bool,
}

impl Failure {
    /// What happened.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { what: what.into(), because: Vec::new(), hint: Vec::new(), exit, told: false }
    }

    /// Another process of ours has said why already; only the code is left to pass on.
    pub fn told(exit: Exit) -> Self {
        Self { told: true, ..Self::new(exit, exit.meaning()) }
    }

    /// Whether a person has read it already.
    pub const fn is_told(&self) -> bool {
        self.told
    }

    /// Why, in words.
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.because.push(why.into());
        self
    }

    /// Why: an error and everything behind it.
    pub fn caused_by(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            if self.because.last() != Some(&text) {
                self.because.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Why, a line each.
    pub fn reasons(&self) -> &[String] {
        &self.because
    }

    /// What to do.
    pub fn hint(mut self, what: impl Into<String>) -> Self {
        self.hint.push(what.into());
        self
    }

    /// The number that the shell sees.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// The same with another code where the cause is a full disk.
    pub fn full_disk(mut self, full: bool) -> Self {
        if full {
            self.exit = Exit::DiskFull;
            self.hint =
                vec!["make room; `claviger bot freeze` and `claviger key freeze` work meanwhile".into()];
        }
        self
    }

    /// What to do: what was said, else what fits the code.
    fn hints(&self) -> Vec<&str> {
        match self.hint.as_slice() {
            [] => advice(self.exit).into_iter().collect(),
            said => said.iter().map(String::as_str).collect(),
        }
    }

    /// As one line of JSON.
    pub fn json(&self) -> String {
        serde_json::json!({ "error": { "what": self.what, "because": self.because, "try": self.hints(), "exit": self.exit.code() } })
            .to_string()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "claviger: {}", self.what)?;
        self.because.iter().try_for_each(|line| write!(f, "\n  because {line}"))?;
        self.hints().iter().try_for_each(|line| write!(f, "\n  try {line}"))
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self {
            what: refused.what,
            because: refused.because,
            hint: refused.hint,
            exit: refused.exit,
            told: false,
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self { what: failure.what, because: failure.because, hint: failure.hint, exit: failure.exit }
    }
}

/// What to do where nothing better is known.
const fn advice(exit: Exit) -> Option<&'static str> {
    match exit {
        Exit::WrongPassphrase => Some("the passphrase again"),
        Exit::Vault => Some("to put the vault back from a backup"),
        Exit::NotPrivate => Some(
            "to give the home to the user that claviger runs as: `chown -R USER HOME; chmod -R go= HOME`",
        ),
        Exit::Config => Some("to mend claviger.toml; `claviger apply --dry-run` checks it"),
        Exit::Factor => Some("the command again with the vault's passphrase"),
        Exit::Store => Some("`claviger journal verify`, and a backup of the home"),
        Exit::DiskFull => Some("to make room"),
        Exit::KeepEnded => Some("the log of `claviger serve`, and to start it again"),
        Exit::NoSecret => Some("a terminal, or a file descriptor"),
        Exit::Failed
        | Exit::Usage
        | Exit::PortInUse
        | Exit::Home
        | Exit::Network
        | Exit::Name
        | Exit::Clock
        | Exit::NoHome
        | Exit::OtherVersion
        | Exit::Certificate
        | Exit::StalePrices
        | Exit::Unsupported
        | Exit::Demo
        | Exit::Catalogue => None,
    }
}

/// Whether an error of the system's means that there is no room.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_because_try() {
        let failure = Failure::new(Exit::WrongPassphrase, "cannot open the vault /x/vault")
            .caused_by(&io::Error::other("the passphrase is wrong, or the file was altered"))
            .hint("`claviger vault check` to tell which");
        let shown = "claviger: cannot open the vault /x/vault\n  \
                     because the passphrase is wrong, or the file was altered\n  \
                     try `claviger vault check` to tell which";
        assert_eq!(failure.to_string(), shown);
        assert_eq!(failure.exit().code(), 10);
    }

    #[test]
    fn a_refusal_comes_through_unchanged() {
        let refused = Refused {
            what: "w".into(),
            because: vec!["b".into()],
            hint: vec!["h".into()],
            exit: Exit::Factor,
        };
        assert_eq!(Refused::from(Failure::from(refused.clone())), refused);
    }
}
