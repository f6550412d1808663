//! Anything that an operator may write to allow: no panic, only what reads is allowed, and a line that a refusal names is
//! one that a shell reads as it stands.
#![no_main]

use claviger_core::{Allowance, Allowed, Endpoint, Method, Permission};
use claviger_exchange::{EXCHANGES, Grammar, Kind, ReadError, Verb, explained, remedy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, bool, &str, &str, &str)| {
    let (at, public, end, name, grammar) = input;
    let _ = grammar.parse::<Grammar>().map(|read| read.to_string().parse::<Grammar>());
    for exchange in EXCHANGES {
        let rows = exchange.catalogue().rows();
        let near = &rows[usize::from(at) * rows.len() / 256];
        for path in [end.to_owned(), near.path.to_string(), format!("{}{end}", near.path)] {
            let surface: claviger_core::SurfaceName = near.surface.parse().expect("a surface");
            let param = Allowed::Param { name: name.into(), grammar: grammar.into() };
            for what in [if public { Allowed::Public } else { Allowed::Read }, param] {
                let (exchange_name, surface) = (exchange.exchange_name(), surface.clone());
                let path = path.as_str().into();
                check(&Allowance { exchange: exchange_name, surface, path, what });
            }
            let asked = Endpoint {
                exchange: exchange.exchange_name(),
                surface: surface.clone(),
                method: Method::Get,
                path: path.as_str().into(),
            };
            for error in [
                ReadError::UnknownEndpoint { method: "GET", path: path.as_str().into() },
                ReadError::UnknownParameter { name: name.into(), path: path.as_str().into() },
            ] {
                let _ = explained(*exchange, &asked, &error);
                if let Some(line) = remedy(*exchange, &asked, &error) {
                    let plain = |b: u8| b.is_ascii_alphanumeric() || b" /._-=:".contains(&b);
                    assert!(line.starts_with("claviger exchange allow-") && line.bytes().all(plain), "{line}");
                }
            }
        }
    }
});

fn check(allowance: &Allowance) {
    let exchange = claviger_exchange::exchange(allowance.exchange.as_str()).expect("known");
    let Ok(rows) = exchange.live().made_by(std::slice::from_ref(allowance)) else { return };
    for row in rows {
        assert!(row.verb == Verb::Get && row.kind == Kind::Read && row.refused.is_none());
        assert!(row.params.iter().all(|spec| !spec.judged || exchange.catalogue().rows_of(&row.path).iter().any(|old| old.param(&spec.name).is_some())));
        let old = exchange.catalogue().row(&row.surface, row.verb, &row.path);
        assert!(old.is_none_or(|old| old.refused.is_none() && old.permission == row.permission));
        let only_reads = matches!(row.permission, Permission::Public | Permission::MarketData | Permission::Read);
        assert!(old.is_some_and(|old| old.kind == Kind::Read) || only_reads);
    }
}
