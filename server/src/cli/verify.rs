//! `plansync verify`: checks the store of a server that does not run, every plan from its first entry to its last.

use std::path::PathBuf;

use clap::Args;
use plansync_protocol::ids::Scope;

use crate::{
    clock,
    log::{self, Log, Store},
};

/// Plans looked at under one read.
const PAGE: usize = 1_000;

/// Check the store of a stopped server.
///
/// Goes through every plan's log: each entry has to follow the one before it and say what its hash says. Prints what
/// it found whole, or exits with 2 and names the first entry that is not.
#[derive(Debug, Args)]
pub struct Verify {
    /// Folder of the store
    #[arg(long, env = "PLANSYNC_DATA", value_name = "DIR", default_value = "./plansync-data")]
    data: PathBuf,
}

impl Verify {
    pub(super) fn run(self) -> Result<(), String> {
        let path = log::store_path(&self.data);
        if !path.exists() {
            return Err(format!("there is no store in {}: name its folder with --data", self.data.display()));
        }
        let opened = log::open(Store::File(path)).map_err(|error| error.to_string())?;
        let outcome = check(&opened.log);
        drop(opened.log);
        if opened.writer.join().is_err() {
            return Err("the store could not be closed".to_owned());
        }
        println!("{}", outcome?);
        Ok(())
    }
}

fn check(log: &Log) -> Result<String, String> {
    let (mut plans, mut private, mut kept, mut sealed) = (0_u64, 0_u64, 0, 0);
    let mut erasures = String::new();
    let mut after = String::new();
    loop {
        let page = log.plans(None, &after, PAGE).map_err(|error| error.to_string())?;
        let Some(last) = page.last() else { break };
        after = last.row.id.to_string();
        for listed in &page {
            let row = &listed.row;
            plans += 1;
            for scope in log.scopes(row).map_err(|error| error.to_string())? {
                let verified = log.verify(row, &scope);
                let verified = verified.map_err(|error| match scope {
                    Scope::Shared => format!("plan {}: {error}", row.id),
                    Scope::Party(_) => format!("plan {}, {scope}: {error}", row.id),
                })?;
                private += u64::from(scope != Scope::Shared);
                kept += verified.entries;
                sealed += verified.sealed;
                // Each has an entry in every document of its plan: it is told of once.
                for (seq, at, by) in verified.erasures.into_iter().filter(|_| scope == Scope::Shared) {
                    let at = clock::rfc3339(at);
                    erasures += &format!("\nerased {at} by {by}: a person of plan {}, entry {seq}", row.id);
                }
            }
        }
    }
    let private = match private {
        0 => String::new(),
        count => format!(", {count} private documents among them"),
    };
    let mut found = format!("{plans} plans are whole{private}: {kept} entries with their updates, {sealed} sealed");
    for erased in log.all_erased().map_err(|error| error.to_string())? {
        let (at, (head, hash)) = (clock::rfc3339(erased.at), erased.head);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (id, hash) = (hex(&erased.id_hash[..8]), hex(&hash));
        found +=
            &format!("\nerased {at} by {}: plan {id}…, epoch {}, entry {head}, hash {hash}", erased.by, erased.epoch);
    }
    Ok(found + &erasures)
}
