//! `docs/exchanges.md`, from the catalogues.

use std::collections::BTreeMap;
use std::fmt::Write;

use claviger_core::Permission;
use claviger_exchange::{EXCHANGES, Exchange, Row};

use super::verb;

const HEAD: &str = "\
# Exchanges

What claviger makes of every endpoint that is known.
This page is generated from the catalogues by `claviger exchange document > docs/exchanges.md`; a test fails when it is stale.
`claviger exchange show NAME PATH` tells everything about one endpoint.

*Read* is what a granted bot may ask.
*Refused* is refused by its name, for the reason below.
*Not yet read* is refused by its name because nobody has read its source yet.
What is in none of these is refused as unknown.
";

/// The whole page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for exchange in EXCHANGES {
        section(*exchange, &mut page);
    }
    page
}

/// How many rows are read, refused with a reason, and not yet read.
#[derive(Clone, Copy, Default)]
struct Count {
    read: usize,
    refused: usize,
    unread: usize,
}

impl Count {
    const fn add(&mut self, row: &Row) {
        match (row.kind.is_readable(), row.refused.is_some()) {
            (true, _) => self.read += 1,
            (false, true) => self.refused += 1,
            (false, false) => self.unread += 1,
        }
    }

    fn cells(self) -> String {
        let Self { read, refused, unread } = self;
        format!("{} | {read} | {refused} | {unread}", read + refused + unread)
    }
}

fn section(exchange: &dyn Exchange, page: &mut String) {
    let catalogue = exchange.catalogue();
    // Writing into a text cannot fail.
    let _ = write!(page, "\n## {}\n\nVersion {} of the catalogue.\n", exchange.title(), catalogue.version());
    let by_permission = counted(catalogue.rows(), |row| row.permission);
    let permissions = by_permission.iter().map(|(p, count)| (format!("{p} | {}", risk(*p)), *count));
    table(page, "permission | risk", "---|---", permissions);
    let by_surface = counted(catalogue.rows(), |row| row.surface.clone());
    table(page, "surface", "---", by_surface.iter().map(|(s, count)| (s.to_string(), *count)));
    reasons(catalogue.rows(), page);
}

fn counted<K: Ord>(rows: &[Row], key: impl Fn(&Row) -> K) -> BTreeMap<K, Count> {
    let mut counts: BTreeMap<K, Count> = BTreeMap::new();
    rows.iter().for_each(|row| counts.entry(key(row)).or_default().add(row));
    counts
}

fn table(page: &mut String, heading: &str, rule: &str, lines: impl Iterator<Item = (String, Count)>) {
    let _ =
        write!(page, "\n| {heading} | rows | read | refused | not yet read |\n|{rule}|--:|--:|--:|--:|\n");
    let mut all = Count::default();
    for (name, count) in lines {
        let _ = writeln!(page, "| {name} | {} |", count.cells());
        all.read += count.read;
        all.refused += count.refused;
        all.unread += count.unread;
    }
    let gap = if heading.contains('|') { " | " } else { "" };
    let _ = writeln!(page, "| **all**{gap} | {} |", all.cells());
}

fn risk(permission: Permission) -> String {
    format!("{:?}", permission.risk()).to_ascii_lowercase()
}

/// Every row that is not read, by reason.
fn reasons(rows: &[Row], page: &mut String) {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.kind.is_readable()) {
        let reason = row.refused.as_deref().unwrap_or("not yet read");
        let name = format!("`{} {}` ({}, {})", verb(row), row.path, row.surface, row.permission);
        by_reason.entry(reason).or_default().push(name);
    }
    for (reason, names) in &mut by_reason {
        names.sort_unstable();
        let _ = write!(page, "\n### Refused: {reason}\n\n");
        for name in names {
            let _ = writeln!(page, "- {name}");
        }
    }
}
