//! The binary: arguments, the wiring of processes, exit codes.
//!
//! What it knows of the domain it knows from the other crates; it decides nothing.
#![forbid(unsafe_code)]

mod args;
mod clients;
mod commands;
mod configuration;
mod demo;
mod factor;
mod failure;
mod home;
mod logging;
mod operator;
mod out;
mod processes;
mod secret;
mod stamp;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;

fn main() -> ExitCode {
    if cfg!(windows) {
        out::warn("claviger: Windows is not supported\n  try Linux, or macOS with isolation = \"none\"");
        return ExitCode::from(claviger_door::Exit::Unsupported.code());
    }
    // Passphrases and what bots send pass through every process; where the system cannot promise it, nothing else is lost.
    let _ = claviger_os::no_core();
    let args = Args::parse();
    let json = args.global.json;
    match commands::run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if failure.is_told() {
                return ExitCode::from(failure.exit().code());
            }
            if json {
                out::warn(failure.json());
            } else {
                out::warn(&failure);
            }
            ExitCode::from(failure.exit().code())
        }
    }
}
