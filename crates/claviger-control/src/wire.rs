//! What is said on the socket, in frames of `claviger_door::frame`: a greeting each way, then commands and answers in turn.

use claviger_door::{Refused, Said};
use serde::{Deserialize, Serialize};

/// The first frame each way. Its own form never changes; everything after it belongs to one version.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Greeting {
    magic: [u8; 8],
    pub(crate) version: String,
}

const MAGIC: [u8; 8] = *b"claviger";

/// This program's version: both ends must have the same.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Greeting {
    pub(crate) fn ours() -> Self {
        Self { magic: MAGIC, version: VERSION.to_owned() }
    }

    pub(crate) fn is_ours(&self) -> bool {
        *self == Self::ours()
    }
}

/// The answer to a command.
#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    Said(Said),
    Refused(Refused),
}

impl From<Result<Said, Refused>> for Answer {
    fn from(result: Result<Said, Refused>) -> Self {
        match result {
            Ok(said) => Self::Said(said),
            Err(refused) => Self::Refused(refused),
        }
    }
}

impl From<Answer> for Result<Said, Refused> {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Said(said) => Ok(said),
            Answer::Refused(refused) => Err(refused),
        }
    }
}
