//! Operators' commands: to the running claviger, or carried out here where none runs.

use claviger_control::{Control, ControlError};
use claviger_door::{Command, Desk, Exit, Said};

use crate::factor::Factor;
use crate::failure::Failure;
use crate::home::Home;
use crate::processes::Here;

/// Whoever carries out commands.
pub enum Operator {
    /// A running claviger.
    Running(Control),
    /// This process, which holds the home's lock meanwhile.
    Here(Box<Here>),
}

impl Operator {
    /// The running claviger, else this process with the vault opened.
    pub fn reach(home: &Home, factor: &mut Factor) -> Result<Self, Failure> {
        match Self::running(home)? {
            Some(running) => Ok(running),
            None => Here::open(home, factor).map(|here| Self::Here(Box::new(here))),
        }
    }

    /// The running claviger, if one runs.
    pub fn running(home: &Home) -> Result<Option<Self>, Failure> {
        home.check()?;
        Control::connect(&home.control()).map(|c| c.map(Self::Running)).map_err(|e| unreachable(&e))
    }

    /// Carries out one command.
    pub fn command(&mut self, command: Command) -> Result<Said, Failure> {
        match self {
            Self::Running(control) => {
                control.command(&command).map_err(|e| unreachable(&e))?.map_err(Failure::from)
            }
            Self::Here(here) => here.desk().command(command).map_err(Failure::from),
        }
    }
}

fn unreachable(error: &ControlError) -> Failure {
    let failure = Failure::new(Exit::OtherVersion, "cannot talk to the running claviger").caused_by(error);
    match error {
        ControlError::Version { .. } => {
            failure.hint("the `claviger` that runs as `serve`, or start that one anew")
        }
        ControlError::Connect(_) | ControlError::Frame(_) => {
            failure.hint("`claviger status`, and the log of `claviger serve`")
        }
    }
}
