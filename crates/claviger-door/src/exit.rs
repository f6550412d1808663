//! Exit codes: one list for every process of claviger.

use serde::{Deserialize, Serialize};

/// Why a command did not do what was asked. `docs/exit-codes.md` shows the list; a number never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// Something failed that has no code of its own.
    Failed,
    /// The command line cannot be understood.
    Usage,
    /// The passphrase does not open the vault.
    WrongPassphrase,
    /// The vault cannot be used.
    Vault,
    /// A file or folder has the wrong owner or mode.
    NotPrivate,
    /// An address to listen on is taken or not ours.
    PortInUse,
    /// Another claviger uses this home, or none runs where one must.
    Home,
    /// An exchange or another process cannot be reached or used.
    Network,
    /// `claviger.toml` cannot be used.
    Config,
    /// The factor is missing or wrong.
    Factor,
    /// What was named is not there, or is there already, or is in use.
    Name,
    /// The journal or `state.db` cannot be used.
    Store,
    /// The disk or quota is full.
    DiskFull,
    /// This machine's clock is too far from an exchange's, or behind the journal.
    Clock,
    /// There is no home.
    NoHome,
    /// The keep's process ended.
    KeepEnded,
    /// The running claviger is of another version.
    OtherVersion,
    /// An exchange's certificate is not accepted.
    Certificate,
    /// Reference prices are stale.
    StalePrices,
    /// This system lacks what is asked for.
    Unsupported,
    /// No passphrase or secret could be read.
    NoSecret,
    /// A line of the demonstration did not go as it should.
    Demo,
    /// A catalogue, or an addition to one, is not taken.
    Catalogue,
}

impl Exit {
    /// Every code, in the order of their numbers. 0 is success.
    pub const ALL: &[Self] = &[
        Self::Failed,
        Self::Usage,
        Self::WrongPassphrase,
        Self::Vault,
        Self::NotPrivate,
        Self::PortInUse,
        Self::Home,
        Self::Network,
        Self::Config,
        Self::Factor,
        Self::Name,
        Self::Store,
        Self::DiskFull,
        Self::Clock,
        Self::NoHome,
        Self::KeepEnded,
        Self::OtherVersion,
        Self::Certificate,
        Self::StalePrices,
        Self::Unsupported,
        Self::NoSecret,
        Self::Demo,
        Self::Catalogue,
    ];

    /// The number that the process ends with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::WrongPassphrase => 10,
            Self::Vault => 11,
            Self::NotPrivate => 12,
            Self::PortInUse => 13,
            Self::Home => 14,
            Self::Network => 15,
            Self::Config => 16,
            Self::Factor => 17,
            Self::Name => 18,
            Self::Store => 19,
            Self::DiskFull => 20,
            Self::Clock => 21,
            Self::NoHome => 22,
            Self::KeepEnded => 23,
            Self::OtherVersion => 24,
            Self::Certificate => 25,
            Self::StalePrices => 26,
            Self::Unsupported => 27,
            Self::NoSecret => 28,
            Self::Demo => 29,
            Self::Catalogue => 30,
        }
    }

    /// What happened, as the documentation says it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Failed => "something that has no code of its own; the message says what",
            Self::Usage => "the command line is not understood",
            Self::WrongPassphrase => {
                "the passphrase does not open the vault, or the vault was altered on purpose"
            }
            Self::Vault => "the vault is missing, cut short or damaged, or does not take the change",
            Self::NotPrivate => "a file or folder of the home has the wrong owner or mode",
            Self::PortInUse => "an address to listen on is taken, or is not one of this machine",
            Self::Home => "another claviger holds this home, or none runs where one must",
            Self::Network => "an exchange cannot be reached",
            Self::Config => "`claviger.toml` cannot be used; the message names line, key and what is allowed",
            Self::Factor => "the change needs the vault's passphrase, and it was missing or wrong",
            Self::Name => {
                "refused: what was named is not there, is there already, or is in use; nothing was changed"
            }
            Self::Store => "the journal or `state.db` is damaged or cannot be written",
            Self::DiskFull => "the disk or the quota is full; freeze still works",
            Self::Clock => {
                "this machine's clock is too far from an exchange's, or behind the journal's last entry"
            }
            Self::NoHome => "there is no home here; `claviger init` makes one",
            Self::KeepEnded => {
                "the keep's process ended; nothing is served until `claviger serve` runs again"
            }
            Self::OtherVersion => "the running claviger is of another version, or its socket cannot be used",
            Self::Certificate => {
                "an exchange's certificate is not accepted: expired, for another host, or of an unknown authority"
            }
            Self::StalePrices => "reference prices are too old, so orders that need one are refused",
            Self::Unsupported => "this system lacks what is asked for",
            Self::NoSecret => {
                "no passphrase or secret could be read: no terminal, an empty descriptor, a file open to others"
            }
            Self::Demo => "a line of the demonstration did not go as it should",
            Self::Catalogue => "a catalogue is not taken, or something may not be allowed beside one",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_rise_and_stay_below_those_of_signals() {
        assert!(Exit::ALL.windows(2).all(|w| w[0].code() < w[1].code()));
        assert!(Exit::ALL.iter().all(|e| (1..64).contains(&e.code())));
    }
}
