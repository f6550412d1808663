//! The walls of ARCHITECTURE.md, read from `cargo metadata`: this test *is* the diagram.
#![forbid(unsafe_code)]

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use cargo_metadata::{DependencyKind, MetadataCommand, Package};

    /// Who may know whom, among our own crates. An edge that is not here is forbidden.
    const OWN: &[(&str, &[&str])] = &[
        ("claviger-core", &[]),
        ("claviger-os", &[]),
        ("claviger-sim", &[]),
        ("claviger-arena", &["claviger-core"]),
        ("claviger-exchange", &["claviger-core"]),
        ("claviger-vault", &["claviger-core", "claviger-os"]),
        ("claviger-store", &["claviger-core", "claviger-os"]),
        ("claviger-door", &["claviger-core"]),
        ("claviger-egress", &["claviger-core", "claviger-door", "claviger-exchange"]),
        ("claviger-market", &["claviger-core", "claviger-door", "claviger-egress", "claviger-exchange"]),
        ("claviger-gateway", &["claviger-core", "claviger-door", "claviger-egress", "claviger-exchange"]),
        ("claviger-control", &["claviger-core", "claviger-door"]),
        (
            "claviger-keep",
            &["claviger-core", "claviger-door", "claviger-exchange", "claviger-store", "claviger-vault"],
        ),
        (
            "claviger",
            &[
                "claviger-arena",
                "claviger-control",
                "claviger-core",
                "claviger-door",
                "claviger-egress",
                "claviger-exchange",
                "claviger-gateway",
                "claviger-keep",
                "claviger-market",
                "claviger-os",
                "claviger-sim",
                "claviger-store",
                "claviger-vault",
            ],
        ),
    ];

    /// Who of us may use what is dangerous in the wrong room. Others may not name it.
    const OTHERS: &[(&str, &[&str])] = &[
        ("argon2", &["claviger-vault"]),
        ("aws-lc-rs", &["claviger-sim", "claviger-vault"]),
        ("clap", &["claviger"]),
        ("getrandom", &["claviger", "claviger-keep"]),
        ("httparse", &["claviger-gateway"]),
        ("hyper", &["claviger-egress", "claviger-sim"]),
        ("libc", &["claviger-os"]),
        ("postcard", &["claviger-door"]),
        ("rcgen", &["claviger-gateway", "claviger-sim", "claviger-vault"]),
        ("rusqlite", &["claviger-store"]),
        ("rust_decimal", &["claviger-core", "claviger-sim"]),
        ("rustls", &["claviger", "claviger-egress", "claviger-gateway", "claviger-sim"]),
        ("seccompiler", &["claviger-os"]),
        (
            "tokio",
            &[
                "claviger",
                "claviger-door",
                "claviger-egress",
                "claviger-gateway",
                "claviger-market",
                "claviger-sim",
            ],
        ),
        ("toml_edit", &["claviger"]),
    ];

    /// What the pure crates must never reach, at any depth.
    const IMPURE: &[&str] =
        &["tokio", "hyper", "rustls", "aws-lc-rs", "getrandom", "rusqlite", "tracing", "mio"];

    /// The crates without input and output, clocks and randomness.
    const PURE: &[&str] = &["claviger-arena", "claviger-core", "claviger-exchange"];

    type Edges = BTreeMap<String, BTreeSet<String>>;

    fn allowed(list: &'static [(&str, &[&str])], name: &str) -> Option<&'static [&'static str]> {
        list.iter().find(|(n, _)| *n == name).map(|(_, a)| *a)
    }

    /// Every edge of `edges` that the walls forbid.
    fn violations(edges: &Edges) -> Vec<String> {
        let mut found = Vec::new();
        for (from, tos) in edges {
            let Some(may) = allowed(OWN, from) else {
                found.push(format!("{from} stands on no floor: add it to the diagram"));
                continue;
            };
            for to in tos {
                let wrong_room = allowed(OTHERS, to).is_some_and(|users| !users.contains(&from.as_str()));
                if (to.starts_with("claviger") && !may.contains(&to.as_str())) || wrong_room {
                    found.push(format!("{from} must not know {to}"));
                }
            }
        }
        found
    }

    fn metadata() -> cargo_metadata::Metadata {
        MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .other_options(["--locked".to_owned()])
            .exec()
            .unwrap()
    }

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
    }

    fn edges() -> Edges {
        let metadata = metadata();
        let normal = |p: &&Package| {
            let kinds = p.dependencies.iter().filter(|d| d.kind != DependencyKind::Development);
            (p.name.to_string(), kinds.map(|d| d.name.clone()).collect())
        };
        metadata.workspace_packages().iter().map(normal).collect()
    }

    #[test]
    fn no_forbidden_edge() {
        let edges = edges();
        assert_eq!(edges.len(), OWN.len(), "the workspace's crates: {:?}", edges.keys());
        assert_eq!(violations(&edges), Vec::<String>::new());
    }

    #[test]
    fn a_forbidden_edge_is_found() {
        for (from, to) in [
            ("claviger-gateway", "claviger-keep"),
            ("claviger-core", "claviger-os"),
            ("claviger-core", "tokio"),
            ("claviger-sim", "claviger-exchange"),
            ("claviger-arena", "claviger-sim"),
            ("claviger-keep", "claviger-arena"),
            ("claviger-exchange", "claviger-store"),
            ("claviger-vault", "claviger-exchange"),
            ("claviger-market", "claviger-keep"),
            ("claviger-control", "claviger-gateway"),
            ("claviger-egress", "claviger-vault"),
            ("claviger-keep", "tokio"),
            ("claviger-keep", "hyper"),
            ("claviger-store", "claviger-vault"),
            ("claviger-door", "claviger-keep"),
            ("claviger-gateway", "claviger-control"),
            ("claviger-gateway", "claviger"),
            ("claviger-gateway", "libc"),
        ] {
            let mut edges = edges();
            edges.get_mut(from).unwrap().insert(to.to_owned());
            assert_eq!(violations(&edges), [format!("{from} must not know {to}")]);
        }
        let mut edges = edges();
        edges.insert("claviger-cellar".to_owned(), BTreeSet::new());
        assert_eq!(violations(&edges).len(), 1);
    }

    /// The pure crates reach nothing impure through others either, on any system.
    #[test]
    fn pure_crates_stay_pure() {
        for pure in PURE {
            let tree = Command::new(env!("CARGO"))
                .args([
                    "tree", "--locked", "--edges", "normal", "--prefix", "none", "--target", "all", "-p",
                    pure,
                ])
                .current_dir(root())
                .output()
                .unwrap();
            assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
            let text = String::from_utf8(tree.stdout).unwrap();
            let names: BTreeSet<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
            assert!(names.contains(pure) && names.len() > 10, "{text}");
            let impure: Vec<_> = names.iter().filter(|name| IMPURE.contains(name)).collect();
            assert!(impure.is_empty(), "{pure} reaches {impure:?}");
        }
    }

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }

    fn shipped_sources() -> Vec<PathBuf> {
        let mut found = Vec::new();
        for (name, _) in OWN {
            sources(&root().join("crates").join(name).join("src"), &mut found);
        }
        assert!(found.len() > 100);
        found
    }

    /// `unsafe` has one home.
    #[test]
    fn unsafe_is_forbidden_but_in_os() {
        for (name, _) in OWN.iter().filter(|(name, _)| *name != "claviger-os") {
            let folder = root().join("crates").join(name).join("src");
            let file =
                [folder.join("lib.rs"), folder.join("main.rs")].into_iter().find(|f| f.exists()).unwrap();
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains("#![forbid(unsafe_code)]"), "{}", file.display());
        }
    }

    /// `SignedRequest` is sealed by the keep's signer and made by the decoder of a frame, and nowhere else.
    #[test]
    fn a_signed_request_has_two_ways_to_be_made() {
        let uses = |needle: &str| -> Vec<String> {
            let files = shipped_sources()
                .into_iter()
                .filter(|f| std::fs::read_to_string(f).unwrap().contains(needle));
            files.map(|f| f.strip_prefix(root().join("crates")).unwrap().display().to_string()).collect()
        };
        assert_eq!(uses("SignedRequest::sealed("), ["claviger-keep/src/sign.rs"]);
        assert_eq!(uses("SignedRequest::from_frame("), ["claviger-door/src/ask.rs"]);
        assert_eq!(uses("SignedRequest(parts)"), Vec::<String>::new());
        let signed = std::fs::read_to_string(root().join("crates/claviger-door/src/signed.rs")).unwrap();
        assert_eq!(signed.matches("Self(parts)").count(), 2, "SignedRequest has exactly two constructors");
        assert!(signed.contains("pub(crate) fn from_frame"), "the decoder's constructor is not for others");
    }
}
