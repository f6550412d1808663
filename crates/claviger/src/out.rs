//! What commands print. A reader that goes away early (`| head`) is no error.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

/// Prints a line for whoever reads standard output.
pub fn say(line: impl Display) {
    // Nobody listens any more: there is nobody to tell.
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints one line of JSON.
pub fn say_json(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(line) => say(line),
        Err(error) => warn(format_args!("cannot print the answer as JSON: {error}")),
    }
}

/// Tells a person something that scripts do not read.
pub fn warn(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Rows under a heading, each column as wide as its widest cell.
pub fn table(heading: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(heading.get(column).map(|h| h.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heading.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    say(line(&mut heading.iter().copied()));
    for row in rows {
        say(line(&mut row.iter().map(String::as_str)));
    }
}
