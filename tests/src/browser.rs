//! A headless Chromium with any number of pages: `page.mjs` drives it.
//!
//! It is the one of `PLANSYNC_CHROMIUM`, else the system's. Commands are those of `tests/js/README.md`.

use serde_json::{Value, json};

use crate::node::Node;

/// A browser.
#[derive(Debug)]
pub struct Browser(Node);

impl Browser {
    /// Starts one, without pages.
    pub async fn start() -> Self {
        Self(Node::start("page.mjs").await)
    }

    /// Runs a command of one page, which has to succeed.
    pub async fn run(&self, page: &str, what: &str, with: Value) -> Value {
        let answer = self.call(page, what, with).await;
        answer.unwrap_or_else(|error| panic!("page {page} cannot {what}: {error}"))
    }

    /// Runs a command of one page.
    ///
    /// # Errors
    /// What the page shows instead.
    pub async fn call(&self, page: &str, what: &str, mut with: Value) -> Result<Value, String> {
        with["do"] = json!(what);
        with["page"] = json!(page);
        self.0.call(with).await
    }

    /// Waits until a text stands in the visible text of a selector.
    pub async fn sees(&self, page: &str, selector: &str, text: &str) {
        self.run(page, "waitText", json!({"selector": selector, "text": text})).await;
    }
}
