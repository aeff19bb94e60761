//! Builds what browsers get (`client-sdk/web`) and writes it down as a table, so that the program holds all of it.
//!
//! Needs Node 20. `PLANSYNC_PAGE` names a folder that `node client-sdk/web/scripts/page.mjs FOLDER` has made elsewhere.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

const WEB: &str = "../client-sdk/web";

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=PLANSYNC_PAGE");
    for part in ["src", "scripts/page.mjs", "package-lock.json"] {
        println!("cargo::rerun-if-changed={WEB}/{part}");
    }
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            println!("cargo::error=the page could not be built: {what}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?);
    let folder = match env::var_os("PLANSYNC_PAGE") {
        Some(folder) => PathBuf::from(folder),
        None => built(&out.join("page"))?,
    };
    let table = table(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    fs::write(out.join("page.rs"), table).map_err(|error| error.to_string())
}

fn built(folder: &Path) -> Result<PathBuf, String> {
    if !Path::new(WEB).join("node_modules/.package-lock.json").exists() {
        order(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    }
    order(Command::new("node").arg("scripts/page.mjs").arg(folder))?;
    Ok(folder.to_owned())
}

fn order(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().display().to_string();
    let output = command
        .current_dir(WEB)
        .output()
        .map_err(|error| format!("{name} did not start ({error}): install Node 20, or set PLANSYNC_PAGE"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{name}: {}", said.replace('\n', " · ")))
}

/// Each file with its compressed forms and a tag of its content.
fn table(folder: &Path) -> io::Result<String> {
    let mut names: Vec<String> = fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.ends_with(".gz") && !name.ends_with(".br"))
        .collect();
    names.sort();
    let mut table = String::from("&[\n");
    for name in names {
        let mut hasher = DefaultHasher::new();
        fs::read(folder.join(&name))?.hash(&mut hasher);
        let bytes = |suffix: &str| format!("include_bytes!({:?})", folder.join(format!("{name}{suffix}")));
        table.push_str(&format!(
            "    File {{ name: {name:?}, tag: \"\\\"{:016x}\\\"\", plain: {}, gzip: {}, brotli: {} }},\n",
            hasher.finish(),
            bytes(""),
            bytes(".gz"),
            bytes(".br"),
        ));
    }
    table.push_str("]\n");
    Ok(table)
}
