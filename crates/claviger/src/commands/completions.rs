//! `completions`: what a shell needs to complete the commands.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::failure::Failure;
use crate::out::say;

/// Prints the completions.
pub fn run(shell: Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "claviger", &mut text);
    say(String::from_utf8_lossy(&text).trim_end());
    Ok(())
}
