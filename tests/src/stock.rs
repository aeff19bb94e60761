//! Unmodified y-websocket clients: `stock.mjs` hosts any number of them in one process.
//!
//! Commands and events are those of `tests/js/README.md`.

use serde_json::{Value, json};

use crate::node::Node;

/// A process of stock clients.
#[derive(Debug)]
pub struct Stock(Node);

impl Stock {
    /// Starts a process without clients.
    pub async fn start() -> Self {
        Self(Node::start("stock.mjs").await)
    }

    /// Opens a client on a plan; `ws` is `ws://host:port`.
    pub async fn open(&self, client: &str, ws: &str, plan: &str, token: &str) {
        self.run(client, "open", json!({"url": format!("{ws}/v1/sync"), "plan": plan, "token": token})).await;
    }

    /// Runs a command of one client, which has to succeed.
    pub async fn run(&self, client: &str, what: &str, with: Value) -> Value {
        let answer = self.call(client, what, with).await;
        answer.unwrap_or_else(|error| {
            let events: Vec<_> = self.events().into_iter().filter(|event| event["client"] == client).collect();
            panic!("{client} cannot {what}: {error}; it met {events:#?}")
        })
    }

    /// Runs a command of one client.
    ///
    /// # Errors
    /// What the client says went wrong.
    pub async fn call(&self, client: &str, what: &str, mut with: Value) -> Result<Value, String> {
        with["do"] = json!(what);
        with["client"] = json!(client);
        self.0.call(with).await
    }

    /// Waits until a client has everything the server had.
    pub async fn synced(&self, client: &str) {
        self.run(client, "wait", json!({"synced": true, "timeoutMs": 30_000})).await;
    }

    /// The whole document of a client, keys sorted.
    pub async fn json(&self, client: &str) -> Value {
        self.run(client, "json", json!({})).await
    }

    /// Every event so far.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.0.events()
    }

    /// Waits for an event of a client that has these members.
    pub async fn event(&self, client: &str, like: Value) -> Value {
        let fits = |event: &Value| {
            event["client"] == client
                && like.as_object().is_some_and(|like| like.iter().all(|(key, value)| event[key] == *value))
        };
        self.0.event(&format!("{client}: {like}"), fits).await
    }

    /// What a stock client should never meet: frames that made it throw, things it complained of.
    #[must_use]
    pub fn findings(&self) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == "threw" || event["event"] == "complained").collect()
    }
}
