//! The page, in a real browser: what somebody sees who opens their link, while others work on the plan.
//!
//! `PLANSYNC_SCREENSHOTS` writes the pictures of `docs/screenshots`.

use std::path::Path;

use plansync_tests::{
    browser::Browser,
    http::{in_seconds, token, token_with},
    server::{Server, Start},
    stock::Stock,
};
use serde_json::{Value, json};

async fn demo() -> Server {
    Server::start_with(Start { args: vec!["--demo".into()], ..Start::default() }).await
}

/// A link of the demonstration as it is printed.
async fn link(server: &Server, words: &[&str]) -> String {
    let line = server.printed(words).await;
    line.split_whitespace().last().expect("the link ends the line").to_owned()
}

async fn open(browser: &Browser, page: &str, url: &str, width: u32, scheme: &str) -> Value {
    let viewport = json!({"width": width, "height": 844});
    browser.run(page, "goto", json!({"url": url, "viewport": viewport, "colorScheme": scheme})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_see_at_once_what_a_stock_client_edits_and_who_is_there() {
    let server = demo().await;
    let (browser, stock) = (Browser::start().await, Stock::start().await);
    let opened = open(&browser, "seller", &link(&server, &["seller", "owner"]).await, 1280, "light").await;
    assert_eq!(opened["status"], 200);
    assert!(opened["csp"].as_str().is_some_and(|csp| csp.contains("default-src 'none'")), "{opened}");
    open(&browser, "buyer", &link(&server, &["buyer", "owner"]).await, 1280, "light").await;
    for page in ["seller", "buyer"] {
        browser.sees(page, ".safety", "Saved").await;
        for name in ["Account Exec", "VP Marketing"] {
            browser.sees(page, ".faces", name).await;
        }
    }

    let token = token("demo", "b-legal-counsel", "buyer", "editor");
    stock.open("stock", &server.ws(), "demo", &token).await;
    stock.synced("stock").await;
    let edit = json!({"path": ["milestones", "ms-05"], "key": "title", "value": "Proof of concept, zweite Runde ✅"});
    stock.run("stock", "set", edit).await;
    for page in ["seller", "buyer"] {
        browser.sees(page, "#view", "Proof of concept, zweite Runde ✅").await;
        let errors = browser.run(page, "errors", json!({})).await;
        assert_eq!(errors, json!({"console": [], "pageErrors": [], "csp": []}), "{page}");
        let requests = browser.run(page, "requests", json!({})).await;
        for request in requests.as_array().expect("a list") {
            let url = request["url"].as_str().unwrap_or_default();
            let own = url.starts_with("data:") || url.split('/').nth(2) == Some(server.address());
            assert!(own && !url.contains("token"), "{page}: {request}");
        }
    }
    assert_eq!(stock.findings(), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_fits_every_window_and_says_when_the_server_is_away_and_back() {
    let mut server = demo().await;
    let browser = Browser::start().await;
    let url = link(&server, &["buyer", "owner"]).await;
    for (page, width, scheme) in [("wide", 1280, "light"), ("narrow", 390, "light"), ("dark", 1280, "dark")] {
        open(&browser, page, &url, width, scheme).await;
        browser.sees(page, ".safety", "Saved").await;
        let overflow = browser.run(page, "overflow", json!({})).await;
        assert_eq!(overflow, 0, "{page} scrolls sideways");
        picture(&browser, page, page).await;
    }
    server.kill().await;
    browser.sees("wide", ".safety", "Offline").await;
    browser.sees("wide", "#view", "POC").await;
    server.restart().await;
    browser.run("wide", "waitText", json!({"selector": ".safety", "text": "Saved", "timeoutMs": 30_000})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_link_says_so_and_shows_nothing_of_the_plan() {
    let server = demo().await;
    let browser = Browser::start().await;
    let expired = token_with(json!({
        "sub": "b-cfo", "plan": "demo", "party": "buyer", "access": "viewer", "iat": 0, "exp": in_seconds(-60),
    }));
    let url = format!("http://{}/p/demo#token={expired}", server.address());
    open(&browser, "late", &url, 1280, "light").await;
    browser.sees("late", ".state", "This link has expired").await;
    browser.sees("late", ".state", "Ask the person who sent it to you for a new one").await;
    let text = browser.run("late", "text", json!({"selector": "body"})).await.to_string();
    assert!(!text.contains("POC"), "{text}");
    let errors = browser.run("late", "errors", json!({})).await;
    assert_eq!((&errors["pageErrors"], &errors["csp"]), (&json!([]), &json!([])));
    picture(&browser, "late", "expired").await;
}

/// A link that expires while its page is open: the plan leaves the screen with the last second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_link_expires_while_it_is_open_ends() {
    let server = demo().await;
    let browser = Browser::start().await;
    // The browser takes a while to start; the link's time begins after that.
    open(&browser, "first", &format!("http://{}/", server.address()), 1280, "light").await;
    let soon = token_with(json!({
        "sub": "b-cfo", "plan": "demo", "party": "buyer", "access": "viewer", "iat": 0, "exp": in_seconds(10),
    }));
    let url = format!("http://{}/p/demo#token={soon}", server.address());
    browser.run("page", "goto", json!({"url": url})).await;
    browser.sees("page", ".safety", "Saved").await;
    let ended = json!({"selector": ".state", "text": "This link has expired", "timeoutMs": 30_000});
    browser.run("page", "waitText", ended).await;
}

async fn picture(browser: &Browser, page: &str, name: &str) {
    if std::env::var_os("PLANSYNC_SCREENSHOTS").is_some() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/screenshots");
        let path = folder.join(format!("{name}.png")).display().to_string();
        browser.run(page, "screenshot", json!({"path": path, "fullPage": name == "wide"})).await;
    }
}
