//! What must not compile, does not; and the one place that seals is one.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

#[test]
fn proofs_cannot_be_forged_copied_or_used_twice() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

/// Every line of the workspace's sources, tests and benches left out, that contains `needle`.
fn lines_with(needle: &str) -> Vec<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found = Vec::new();
    for one in crates.read_dir().unwrap() {
        look(&one.unwrap().path().join("src"), needle, &mut found);
    }
    found
}

fn look(folder: &Path, needle: &str, found: &mut Vec<String>) {
    let Ok(entries) = folder.read_dir() else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            look(&path, needle, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let hits =
                text.lines().filter(|line| line.contains(needle) && !line.trim_start().starts_with("//"));
            found.extend(hits.map(|line| format!("{}: {}", path.display(), line.trim())));
        }
    }
}

#[test]
fn signed_requests_are_sealed_in_one_place() {
    let calls = lines_with("SignedRequest::sealed(");
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].contains("claviger-keep/src/sign.rs"), "{calls:?}");
    let decoded = lines_with("SignedRequest::from_frame(");
    assert_eq!(decoded.len(), 1, "{decoded:?}");
    assert!(decoded[0].contains("claviger-door/src/ask.rs"), "{decoded:?}");
}

#[test]
fn vault_signatures_are_asked_for_in_one_place() {
    let calls = lines_with("vault.sign(");
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(calls[0].contains("claviger-keep/src/sign.rs"), "{calls:?}");
}
