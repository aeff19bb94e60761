//! The house stands on its floors: a file of the server names only lower ones, crates depend only downwards, and
//! what one file alone may know is named in that file alone.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Code without comments; what tests at a file's end name is theirs.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The modules that a file names by `crate::`, alone or in a group.
fn named_modules(code: &str) -> Vec<String> {
    let mut named = Vec::new();
    for rest in code.split("crate::").skip(1) {
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for character in group.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => named.push(std::mem::take(&mut word)),
                    _ if depth == 0 => word.push(character),
                    _ => {}
                }
            }
            named.push(word);
        } else {
            named.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    let first = |path: String| path.trim().split("::").next().unwrap_or_default().to_owned();
    named.into_iter().map(first).filter(|name| !name.is_empty()).collect()
}

/// The floors as `lib.rs` states them.
fn floors(lib: &Path) -> BTreeMap<String, u32> {
    let mut floors = BTreeMap::new();
    let mut floor = 0;
    for line in fs::read_to_string(lib).unwrap().lines() {
        if let Some(rest) = line.strip_prefix("// Floor ") {
            floor = rest.split(':').next().unwrap().parse().unwrap();
        } else if let Some(module) = line.strip_prefix("pub mod ") {
            floors.insert(module.trim_end_matches(';').to_owned(), floor);
        }
    }
    floors
}

fn module_of(source: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(source).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn a_file_of_the_server_names_only_lower_floors() {
    let source = root().join("server/src");
    let floors = floors(&source.join("lib.rs"));
    assert!(floors.len() > 10, "lib.rs states the floors: {floors:?}");
    let mut seen = 0;
    for file in rust_files(&source) {
        let own = module_of(&source, &file);
        let Some(own_floor) = floors.get(&own) else { continue };
        for named in named_modules(&code(&file)) {
            let Some(floor) = floors.get(&named) else { continue };
            seen += 1;
            assert!(
                named == own || floor < own_floor,
                "{} (floor {own_floor}) names {named} (floor {floor})",
                file.display()
            );
        }
    }
    assert!(seen > 50, "only {seen} names were found: the test reads the wrong thing");
}

#[test]
fn the_layers_of_the_protocol_do_not_name_each_other_upwards() {
    let source = root().join("protocol/src");
    let order = ["limits", "ids", "wire", "plan", "guard"];
    let floor = |module: &str| order.iter().position(|name| *name == module);
    for file in rust_files(&source) {
        let Some(own) = floor(&module_of(&source, &file)) else { continue };
        for named in named_modules(&code(&file)) {
            if let Some(lower) = floor(&named) {
                assert!(lower <= own, "{} names {named}", file.display());
            }
        }
    }
}

#[test]
fn crates_depend_only_downwards() {
    let allowed = [
        ("protocol", vec![]),
        ("server", vec!["plansync-protocol"]),
        ("client-sdk", vec!["plansync-protocol"]),
        ("tests", vec!["plansync-client", "plansync-protocol"]),
    ];
    for (folder, allowed) in allowed {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        for line in manifest.lines().filter(|line| line.starts_with("plansync-")) {
            let name = line.split(['.', ' ', '=']).next().unwrap();
            assert!(allowed.contains(&name), "{folder} depends on {name}");
        }
        let io = ["tokio", "axum", "redb"];
        if folder == "protocol" {
            let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
            assert!(!io.iter().any(|name| dependencies.contains(name)), "protocol does I/O");
        }
    }
}

#[test]
fn one_file_alone_knows_each_of_these() {
    let source = root().join("server/src");
    let known = [
        ("yrs::", "document.rs"),
        ("extract::ws::{", "socket.rs"),
        ("tungstenite", "socket.rs"),
        ("SystemTime", "clock.rs"),
        ("prometheus::{", "metrics.rs"),
    ];
    for (word, home) in known {
        let naming: Vec<_> = rust_files(&source).into_iter().filter(|file| code(file).contains(word)).collect();
        let names: Vec<_> = naming.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, [home], "{word} is named by {naming:?}");
    }
    let redb: Vec<_> = rust_files(&source).into_iter().filter(|file| code(file).contains("redb")).collect();
    assert!(redb.iter().all(|file| file.starts_with(source.join("log")) || file.ends_with("log.rs")), "{redb:?}");
}
