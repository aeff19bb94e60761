//! Options, and the way to a plan.
//!
//! In: the server's address, a plan's id, a person's token. Out: a [`Plan`] whose task is already connecting.
//! A caller sees [`ErrorKind::Invalid`] for what can never work; everything else shows in the plan's status.

use std::sync::Arc;

use plansync_protocol::{
    ids::{PlanId, Seq},
    limits,
    wire::{Hello, SUBPROTOCOL},
};
use rand::Rng;
use tokio::runtime::Handle;
use tokio_tungstenite::tungstenite::{client::IntoClientRequest, handshake::client::Request, http::HeaderValue};
use yrs::{Doc, OffsetKind, Options, block::ClientID};

use crate::{
    backoff::BackoffBounds,
    driver,
    error::{Error, ErrorKind},
    machine::Machine,
    plan::{Plan, Shared},
};

/// JSON quotes and escapes: what is left of a Hello for a token and a name.
const HELLO_JSON_BYTES_MAX: usize = limits::HELLO_BYTES_MAX - 16;

/// Options of a connection. [`Client::connect`] takes all of them as they are by default.
#[derive(Debug, Clone)]
pub struct Client {
    url: String,
    name: String,
    backoff: BackoffBounds,
    private: bool,
    since_seq: Option<Seq>,
    client_id: Option<u64>,
}

impl Client {
    /// Options for the server at `url`: `ws://host:port`.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            name: concat!("plansync-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            backoff: BackoffBounds::default(),
            private: false,
            since_seq: None,
            client_id: None,
        }
    }

    /// Opens a plan's shared document with every option as it is by default.
    ///
    /// # Errors
    /// Those of [`Client::open`].
    pub fn connect(url: &str, plan_id: &str, token: &str) -> Result<Plan, Error> {
        Self::new(url).open(plan_id, token)
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

    /// Asks for every change after this one, as events. After a break of the connection they come from here again:
    /// tell them apart by their ids.
    #[must_use]
    pub fn changes_since(mut self, seq: Seq) -> Self {
        self.since_seq = Some(seq);
        self
    }

    /// The Yjs client id to write with, instead of one by chance. No two live copies may share one.
    #[must_use]
    pub fn client_id(mut self, client_id: u64) -> Self {
        self.client_id = Some(client_id);
        self
    }

    /// Opens a plan: returns at once, and connects on the tokio runtime around the call.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for an address, id, name or token that can never work, [`ErrorKind::NoRuntime`] outside of a
    /// tokio runtime.
    pub fn open(&self, plan_id: &str, token: &str) -> Result<Plan, Error> {
        let invalid = |source: Box<dyn std::error::Error + Send + Sync>| Error::new(ErrorKind::Invalid, source);
        let runtime = Handle::try_current().map_err(|source| Error::new(ErrorKind::NoRuntime, source))?;
        let plan_id = PlanId::parse(plan_id).map_err(|source| invalid(source.into()))?;
        let request = self.request(&plan_id).map_err(invalid)?;
        let hello = Hello {
            token: Some(token.to_owned()),
            client: self.name.clone(),
            since_seq: self.since_seq.map(Into::into),
        };
        if serde_json::to_string(&hello).map_or(true, |json| json.len() > HELLO_JSON_BYTES_MAX) {
            return Err(invalid("the token and the client's name are too long".into()));
        }

        let client_id = self.client_id.unwrap_or_else(|| rand::rng().random_range(1..1 << 53));
        if client_id == 0 || client_id >= 1 << 53 {
            return Err(invalid("a client id is above 0 and below 2^53".into()));
        }
        let mut options = Options::with_client_id(ClientID::new(client_id));
        options.offset_kind = OffsetKind::Utf16;
        let shared = Arc::new(Shared::new(Doc::with_options(options), Machine::new(client_id, hello)));
        runtime.spawn(driver::run(Arc::clone(&shared), request, self.backoff));
        Ok(Plan::new(shared))
    }

    fn request(&self, plan_id: &PlanId) -> Result<Request, Box<dyn std::error::Error + Send + Sync>> {
        let scope = if self.private { "/private" } else { "" };
        let mut request =
            format!("{}/v1/sync/{plan_id}{scope}", self.url.trim_end_matches('/')).into_client_request()?;
        if request.uri().scheme_str() != Some("ws") {
            return Err("the address begins with ws://".into());
        }
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
        Ok(request)
    }
}
