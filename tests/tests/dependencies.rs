//! What the program is built from: licences that fit, one registry, no second copy of what security rests on. It asks
//! cargo alone, so it holds in every test run; `make audit` also asks for known weaknesses, where there is a network.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

/// The same list as in `deny.toml`.
const LICENCES: [&str; 8] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-3-Clause",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];
/// Two of them would be two sets of rules, one of which nobody has looked at.
const ONCE: [&str; 9] = ["axum", "hyper", "jsonwebtoken", "redb", "ring", "rustls", "tokio", "tungstenite", "yrs"];
const NEVER: [&str; 3] = ["openssl-sys", "aws-lc-sys", "native-tls"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn packages() -> Vec<Value> {
    let said = |program: &str, args: &[&str]| {
        let ran = Command::new(program).args(args).current_dir(root()).output().unwrap();
        assert!(ran.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    };
    let rustc = said("rustc", &["-vV"]);
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let args = ["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host];
    let mut metadata: Value = serde_json::from_str(&said(env!("CARGO"), &args)).unwrap();
    match metadata["packages"].take() {
        Value::Array(packages) => packages,
        other => panic!("cargo speaks of no packages: {other}"),
    }
}

/// Every part that `AND` joins needs one licence that fits.
fn fits(licence: &str) -> bool {
    licence.split(" AND ").all(|part| {
        let part = part.trim_matches(['(', ')']).replace('/', " OR ");
        part.split(" OR ").any(|one| LICENCES.contains(&one.trim()))
    })
}

#[test]
fn every_dependency_has_a_licence_that_fits_and_comes_from_the_registry() {
    let packages = packages();
    assert!(packages.len() > 200, "cargo names {} packages", packages.len());
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in &packages {
        let (name, version) = (package["name"].as_str().unwrap(), package["version"].as_str().unwrap());
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(fits(licence), "{name} {version} has the licence {licence}");
        if let Some(source) = package["source"].as_str() {
            assert!(source.starts_with("registry+"), "{name} {version} comes from {source}");
        }
        versions.entry(name).or_default().push(version);
    }
    for name in ONCE {
        assert_eq!(versions.get(name).map(Vec::len), Some(1), "{name}: {:?}", versions.get(name));
    }
    for name in NEVER {
        assert!(!versions.contains_key(name), "{name} has come in");
    }
}

#[test]
fn a_licence_is_read_with_its_words() {
    for good in ["MIT", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "CC0-1.0 OR Apache-2.0"] {
        assert!(fits(good), "{good}");
    }
    for bad in ["none", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR AGPL-3.0) AND MIT", ""] {
        assert!(!fits(bad), "{bad}");
    }
}

#[test]
fn both_lists_of_licences_say_the_same() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let list = deny.split("allow = [").nth(1).unwrap().split(']').next().unwrap();
    let listed: Vec<_> = list.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",")).collect();
    assert_eq!(listed, LICENCES);
}
