//! Options, and the way to a plan.
//!
//! In: the server's address, a plan's id, a person's token or where to get one, a local file. Out: a [`Plan`] that holds
//! what the local file has, and whose tasks are already connecting. A caller sees [`ErrorKind::Malformed`] for what can
//! never work and [`ErrorKind::Storage`] for a file that cannot be used; everything else shows in the plan's status.

use std::{fmt, future::Future, path::PathBuf, sync::Arc};

use plansync_protocol::{
    ids::PlanId,
    limits,
    wire::{Hello, SUBPROTOCOL, Since},
};
use rand::Rng;
use tokio::runtime::Handle;
use tokio_tungstenite::tungstenite::{client::IntoClientRequest, handshake::client::Request, http::HeaderValue};

use crate::{
    address::{Address, PlanLink},
    backoff::BackoffBounds,
    core::Core,
    document::Document,
    driver::{self, Driver},
    error::{Error, ErrorKind},
    http::Http,
    keeper,
    ledger::Ledger,
    machine::{Machine, Setup},
    plan::{Plan, Shared},
    store::{FileStore, Store as _},
    token::{Claims, TokenAnswer, TokenReason, TokenSource, Tokens},
};

/// JSON quotes and escapes: what is left of a Hello for a token and a name.
const HELLO_JSON_BYTES_MAX: usize = limits::HELLO_BYTES_MAX - 16;

/// Options of a connection. [`Client::connect`] takes all of them as they are by default.
#[derive(Clone)]
pub struct Client {
    url: String,
    plan: Option<String>,
    token: Option<String>,
    source: Option<TokenSource>,
    name: String,
    backoff: BackoffBounds,
    private: bool,
    since: Option<Since>,
    file: Option<PathBuf>,
    client_id: Option<u64>,
}

/// A token is never shown.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("url", &self.url).field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl Client {
    /// Options for the server at `url`: `https://plans.example.com`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            plan: None,
            token: None,
            source: None,
            name: concat!("plansync-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            backoff: BackoffBounds::default(),
            private: false,
            since: None,
            file: None,
            client_id: None,
        }
    }

    /// Opens the shared document of the token's plan, with every option as it is by default.
    ///
    /// # Errors
    /// Those of [`Client::open`].
    pub fn connect(url: &str, token: &str) -> Result<Plan, Error> {
        Self::new(url).token(token).open()
    }

    /// Options for a link as the server makes them: `https://host/p/demo#token=…`.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] for another address.
    pub fn of_link(link: &str) -> Result<Self, Error> {
        let PlanLink { url, plan, token } = PlanLink::parse(link).ok_or_else(|| {
            Error::new(ErrorKind::Malformed, "this is no link to a plan: one is like https://host/p/demo#token=…")
        })?;
        Ok(Self::new(url).plan(plan).token(token))
    }

    /// The plan. Unless given, that of the token.
    #[must_use]
    pub fn plan(mut self, id: impl Into<String>) -> Self {
        self.plan = Some(id.into());
        self
    }

    /// The person's token. Give this, or [`Client::token_source`], or both.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Where to get the person's token, now and whenever it has expired. `Ok(None)` means that they have to sign in, an
    /// error that it is not possible now.
    #[must_use]
    pub fn token_source<F, Answer>(mut self, source: F) -> Self
    where
        F: Fn(TokenReason) -> Answer + Send + Sync + 'static,
        Answer: Future<Output = TokenAnswer> + Send + 'static,
    {
        self.source = Some(Arc::new(move |reason| Box::pin(source(reason))));
        self
    }

    /// The program's `name/version`, for the server's log.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The bounds of the pauses between attempts to connect.
    #[must_use]
    pub fn backoff(mut self, bounds: BackoffBounds) -> Self {
        self.backoff = bounds;
        self
    }

    /// Opens the private document of the token's party instead of the shared one.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// Where [`Plan::changes`] begins, instead of after the change that the local file remembers, or now.
    #[must_use]
    pub fn changes_since(mut self, since: impl Into<Since>) -> Self {
        self.since = Some(since.into());
        self
    }

    /// Keeps a copy in this file, which is made if it is not there: edits are in it before they count as saved, and
    /// survive the end of the program. One file is the copy of one person and one document.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// The Yjs client id to write with, instead of one by chance. No two live copies may share one.
    #[must_use]
    pub fn client_id(mut self, client_id: u64) -> Self {
        self.client_id = Some(client_id);
        self
    }

    /// Opens a plan: reads its local file, which blocks for a moment, and connects on the tokio runtime around the call.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] for an address, id, name or token that can never work, and outside of a tokio runtime;
    /// [`ErrorKind::Unauthorized`] without a token; [`ErrorKind::Storage`] for a file that cannot be used,
    /// [`ErrorKind::Conflict`] for one that is another person's.
    pub fn open(&self) -> Result<Plan, Error> {
        let runtime = Handle::try_current().map_err(|source| {
            Error::new(ErrorKind::Malformed, "a plan is opened within a tokio runtime").from(source)
        })?;
        if self.token.is_none() && self.source.is_none() {
            let words = "who are you? Give `token`, or `token_source` to fetch one from your own server";
            return Err(Error::new(ErrorKind::Unauthorized, words));
        }
        let claims = self.token.as_deref().map(Claims::of).unwrap_or_default();
        let plan_id = self.plan.clone().or(claims.plan).ok_or_else(|| {
            Error::new(ErrorKind::Malformed, "which plan? The token does not say: give its id as `plan`")
        })?;
        let plan_id = PlanId::parse(&plan_id)
            .map_err(|source| Error::new(ErrorKind::Malformed, "this is no id of a plan").from(source))?;
        let address = Address::parse(&self.url)?;
        let request = request(&address.websocket(&plan_id, self.private))?;
        let hello = Hello { token: self.token.clone(), client: self.name.clone(), since_seq: self.since };
        if serde_json::to_string(&hello).map_or(true, |json| json.len() > HELLO_JSON_BYTES_MAX) {
            return Err(Error::new(ErrorKind::Malformed, "the token and the client's name are too long"));
        }
        let client_id = self.client_id.unwrap_or_else(random_client_id);
        if client_id == 0 || client_id >= 1 << 53 {
            return Err(Error::new(ErrorKind::Malformed, "a client id is above 0 and below 2^53"));
        }

        let mut store = self.file.as_ref().map(FileStore::open).transpose()?;
        let content = match &mut store {
            Some(store) => store.read().map_err(|source| {
                Error::new(ErrorKind::Storage, "the local copy cannot be read: move its file away").from(source)
            })?,
            None => Default::default(),
        };
        let scope = if self.private { "private" } else { "shared" };
        let name = format!("{plan_id} {scope}");
        let person = person_of(content.facts.of.as_deref(), &name, claims.sub)?;
        let setup = Setup {
            own_id: client_id,
            client: self.name.clone(),
            cursor: self.since.or(content.facts.cursor),
            epoch: content.facts.epoch,
            person: person.clone(),
            unsent: content.unsent.len() as u64,
            bounds: self.backoff,
        };
        let ledger = match store {
            Some(_) => Ledger::over_store(content.unsent.last().map(|(number, _)| *number)),
            None => Ledger::default(),
        };
        let mut core = Core::new(Document::new(client_id), Machine::new(setup), ledger, name, person);
        core.load(content);

        let tokens = Arc::new(Tokens::new(self.token.clone(), self.source.clone()));
        let http = Http::new(&address, &plan_id, self.private, Arc::clone(&tokens));
        let shared = Arc::new(Shared::new(core, http, !self.private, store.is_some()));
        if let Some(store) = store {
            runtime.spawn(keeper::run(Arc::clone(&shared), store));
        }
        runtime.spawn(driver::run(Driver { shared: Arc::clone(&shared), request, tokens }));
        Ok(Plan::new(shared))
    }
}

/// The person whose copy a file is, which has to be the token's.
fn person_of(of: Option<&str>, document: &str, token: Option<String>) -> Result<Option<String>, Error> {
    let Some(of) = of else { return Ok(token) };
    let person = of.strip_prefix(document).and_then(|rest| rest.strip_prefix(' '));
    if person.is_none() || (token.is_some() && token.as_deref() != person) {
        let words = format!("the local file is the copy of {of:?}: give each person and document a file of their own");
        return Err(Error::new(ErrorKind::Conflict, words));
    }
    Ok(person.map(str::to_owned))
}

/// A client id by chance, as Yjs draws them.
pub(crate) fn random_client_id() -> u64 {
    rand::rng().random_range(1..1 << 53)
}

fn request(address: &str) -> Result<Request, Error> {
    let mut request = address
        .into_client_request()
        .map_err(|source| Error::new(ErrorKind::Malformed, "this is no address of a server").from(source))?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
    Ok(request)
}
