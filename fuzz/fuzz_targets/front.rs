//! Any bytes as a request head and a chunked body: no panic, the same however they arrive, and what is accepted is plain.
#![no_main]

use claviger_gateway::chunked::Chunked;
use claviger_gateway::front::{Bad, MAX_BODY, Target, head_end, parse, room};
use libfuzzer_sys::fuzz_target;

fn end(bytes: &[u8], step: usize) -> Result<Option<usize>, Bad> {
    let mut seen = 0;
    for end in (step..bytes.len()).step_by(step) {
        match head_end(&bytes[..end], &mut seen) {
            Ok(None) => {}
            found => return found,
        }
    }
    head_end(bytes, &mut seen)
}

fn body(bytes: &[u8], step: usize) -> Result<(Vec<u8>, usize), Bad> {
    let (mut chunked, mut used) = (Chunked::default(), 0);
    for piece in bytes.chunks(step) {
        used += chunked.push(piece)?;
    }
    assert!(chunked.length() <= MAX_BODY);
    Ok((chunked.into_body(), used))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (step, bytes) = (usize::from(input.0).max(1), input.1);
    assert_eq!(body(bytes, step), body(bytes, usize::MAX));
    let found = end(bytes, step);
    assert_eq!(found, end(bytes, usize::MAX));
    let Ok(Some(end)) = found else { return };
    let head = &bytes[..end];
    assert!(head.ends_with(b"\r\n\r\n") && head.iter().all(|b| matches!(b, b' '..=b'~' | b'\r' | b'\n')));
    let mut room = room();
    let Ok(parsed) = parse(head, &mut room) else { return };
    assert_eq!(head.split(|b| *b == b'\n').count(), parsed.headers.len() + 3);
    if let Target::Origin { path, .. } = parsed.target {
        assert!(path == "/" || path[1..].split('/').all(|s| !matches!(s, "" | "." | "..")));
        assert!(path.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~/-".contains(&b)));
        assert!(parsed.host.is_some());
    }
});
