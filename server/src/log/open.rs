//! Opening the store: the file or a backend of a test's own, its layout, its writer.
//!
//! Every way in which it cannot be opened is one sentence that says what to do next.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process,
    sync::Arc,
    thread,
};

use redb::{Builder, Database, DatabaseError, RepairSession, StorageBackend};
use tokio::sync::{mpsc, watch};

use super::{Log, LogError, erased::Scrub, feed::Feeds, tables, writer};

/// Memory for pages of the store: the entries and snapshots of the plans that are opened within one hour.
const CACHE_BYTES: usize = 128 << 20;
/// Requests that may wait for the writer; a commit takes all of them.
const REQUESTS_MAX: usize = 4096;

/// Creates the database on a backend that only the caller knows.
type Create = Box<dyn FnOnce(&Builder) -> Result<Database, DatabaseError> + Send>;

/// Where the store lies.
pub enum Store {
    /// A file.
    File(PathBuf),
    /// Anything that behaves like one.
    Backend(Create),
}

impl Store {
    /// A store on a backend of the caller's, such as one that fails at its n-th write.
    pub fn backend(backend: impl StorageBackend) -> Self {
        Self::Backend(Box::new(move |builder| builder.create_with_backend(backend)))
    }
}

/// Why a store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is locked.
    #[error(
        "the data directory is in use by another plansync server: stop it, or start this one with another --data (store: {0})"
    )]
    InUse(String),
    /// The layout is of a later program.
    #[error(
        "the store {store} has layout {found}, this program knows layouts up to {known}: start the newer plansync that wrote it"
    )]
    Newer {
        /// Which store.
        store: String,
        /// What stands in it.
        found: u64,
        /// What this program reads.
        known: u64,
    },
    /// The file is not readable as a store.
    #[error(
        "the store {store} cannot be opened: {source}; check the disk and the file's owner, or restore it from a backup"
    )]
    Unreadable {
        /// Which store.
        store: String,
        /// What the store says.
        source: redb::Error,
    },
}

/// A log with the handle that closes it.
#[derive(Debug)]
pub struct Opened {
    /// The log.
    pub log: Log,
    /// Ends when the writer has closed the store.
    pub writer: thread::JoinHandle<()>,
}

/// Opens the store and starts its writer.
///
/// # Errors
/// [`OpenError`] says in one sentence what is wrong and what to do.
pub fn open(store: Store) -> Result<Opened, OpenError> {
    let name = match &store {
        Store::File(path) => path.display().to_string(),
        Store::Backend(_) => "of a backend".to_owned(),
    };
    let path = match &store {
        Store::File(path) => Some(path.clone()),
        Store::Backend(_) => None,
    };
    let db = open_database(store, &name)?;
    prepare(&db, &name)?;
    Scrub::finish(path.clone(), &db).map_err(|error| unreadable(&name, &error))?;
    let (requests, inbox) = mpsc::channel(REQUESTS_MAX);
    let (failure, failed) = watch::channel(None);
    let (db, feeds) = (Arc::new(db), Arc::new(Feeds::default()));
    let (writer_db, writer_feeds) = (Arc::clone(&db), Arc::clone(&feeds));
    let writer = thread::Builder::new()
        .name("log-writer".to_owned())
        .spawn(move || writer::run(&writer_db, path, inbox, &failure, &writer_feeds))
        .map_err(|error| OpenError::Unreadable { store: name, source: redb::Error::Io(error) })?;
    Ok(Opened { log: Log { db, requests, failure: failed, feeds }, writer })
}

fn open_database(store: Store, name: &str) -> Result<Database, OpenError> {
    let mut builder = Database::builder();
    let shown = name.to_owned();
    builder.set_cache_size(CACHE_BYTES).set_repair_callback(move |session: &mut RepairSession| {
        tracing::warn!(
            store = shown,
            percent = (session.progress() * 100.0).round(),
            "checking the store after a crash"
        );
    });
    let opened = match store {
        Store::File(path) => create_file(&builder, &path).and_then(|()| {
            keep_private(&path);
            builder.open(path)
        }),
        Store::Backend(create) => create(&builder),
    };
    opened.map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse(name.to_owned()),
        other => OpenError::Unreadable { store: name.to_owned(), source: other.into() },
    })
}

/// Makes an empty store where there is none. It gets its name once it is whole: what is left of a first start that
/// was cut short is no store, and no later start could open it.
fn create_file(builder: &Builder, path: &Path) -> Result<(), DatabaseError> {
    if path.exists() {
        return Ok(());
    }
    let draft = path.with_extension(format!("new-{}", process::id()));
    // Of a process that had this number before; mostly there is none.
    let _ = fs::remove_file(&draft);
    drop(builder.create(&draft)?);
    // Unlike a rename, a link never takes the place of a store that another server has just made.
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    fs::remove_file(&draft).and(linked)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(fs::File::open(folder)?.sync_all()?)
}

/// The store holds secrets of webhooks and workspaces. Somebody else's file stays as it is: it may be so on purpose.
fn keep_private(path: &Path) {
    if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(0o600)) {
        tracing::warn!(store = %path.display(), %error, "the store could not be made private: others may read its secrets");
    }
}

/// Creates what is missing, and refuses a layout from the future before anything is written.
fn prepare(db: &Database, store: &str) -> Result<(), OpenError> {
    let unreadable = |error: LogError| unreadable(store, &error);
    let found = layout(db).map_err(unreadable)?;
    match found {
        Some(found) if found > tables::FORMAT => {
            Err(OpenError::Newer { store: store.to_owned(), found, known: tables::FORMAT })
        }
        // An older program's store lacks tables that are empty at first, and nothing else.
        Some(_) | None => create_tables(db).map_err(unreadable),
    }
}

fn unreadable(store: &str, error: &LogError) -> OpenError {
    OpenError::Unreadable { store: store.to_owned(), source: redb::Error::Corrupted(error.to_string()) }
}

fn layout(db: &Database) -> Result<Option<u64>, LogError> {
    use redb::ReadableDatabase;
    let read = db.begin_read()?;
    match read.open_table(tables::META) {
        Ok(meta) => Ok(meta.get("format")?.map(|format| format.value())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn create_tables(db: &Database) -> Result<(), LogError> {
    let write = db.begin_write()?;
    write.open_table(tables::META)?.insert("format", tables::FORMAT)?;
    write.open_table(tables::PLANS)?;
    write.open_table(tables::CARDS)?;
    write.open_table(tables::SCOPES)?;
    write.open_table(tables::ENTRIES)?;
    write.open_table(tables::SEALED)?;
    write.open_table(tables::SNAPSHOTS)?;
    write.open_table(tables::AUTHORS)?;
    write.open_table(tables::CHANGES)?;
    write.open_table(tables::TOLD)?;
    write.open_table(tables::STANDINGS)?;
    write.open_table(tables::VISITS)?;
    write.open_table(tables::WEBHOOKS)?;
    write.open_table(tables::CURSORS)?;
    write.open_table(tables::MEMBERS)?;
    write.open_table(tables::WORKSPACES)?;
    write.open_table(tables::PLAN_WORKSPACES)?;
    write.open_table(tables::INVITES)?;
    write.open_table(tables::INVITE_SECRETS)?;
    write.open_table(tables::ERASED)?;
    write.commit()?;
    Ok(())
}
