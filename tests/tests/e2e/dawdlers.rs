//! Whoever is slow on purpose, or sends a head without end, holds on to nothing for long and keeps nobody waiting; and
//! what every answer says to browsers.

use std::time::Duration;

use plansync_tests::{
    http::token,
    raw::{Pen, Raw, update},
    server::{API_KEY, Server, Start},
    wait::{eventually, until},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, timeout},
};

/// A second byte each, for as long as it is taken; how the other side ended it, and after how long.
async fn drip(server: &Server, head: &str, byte: &str) -> (String, Duration) {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let begin = Instant::now();
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    while begin.elapsed() < Duration::from_secs(40) {
        match timeout(Duration::from_millis(500), stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return (String::from_utf8_lossy(&answer).into_owned(), begin.elapsed()),
            Ok(Ok(read)) => answer.extend_from_slice(&buffer[..read]),
            Err(_) => {
                let _ = stream.write_all(byte.as_bytes()).await;
            }
        }
    }
    panic!("it was never let go: {head:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_or_a_body_that_comes_drop_by_drop_is_given_up() {
    let server = Server::start().await;
    server.http().create_sample("acme");
    let post = format!(
        "POST /v1/plans HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\nContent-Length: 100000\r\n\r\n"
    );
    let chunked = format!(
        "POST /v1/plans HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let drips = [
        ("GET / HTTP/1.1\r\nHost: a\r\nX: ", "x"),
        ("", "\r\n"),
        ("GET /v1/sync/acme HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n", "A: b\r\n"),
        (post.as_str(), " "),
        (chunked.as_str(), "1\r\n \r\n"),
    ];
    let dripping = futures_util::future::join_all(drips.map(|(head, byte)| drip(&server, head, byte)));
    // And hundreds beside them that say nothing at all.
    let silent = futures_util::future::join_all((0..500).map(|_| TcpStream::connect(server.address()))).await;
    let asking = async {
        for _ in 0..10 {
            let begin = Instant::now();
            assert_eq!(server.http().get("/v1/plans/acme").0, 200);
            assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let (ended, ()) = tokio::join!(dripping, asking);
    for ((head, _), (answer, took)) in drips.iter().zip(ended) {
        assert!(took < Duration::from_secs(16), "{head:?}: {took:?}");
        if head.starts_with("POST") {
            assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"late\""), "{head:?}: {answer}");
        }
    }
    // Counted at the server: a client that says nothing may believe in a connection that the server never had.
    eventually("that the silent are let go", async || (open_sockets(&server) < 100).then_some(())).await;
    drop(silent);
}

#[tokio::test]
async fn a_head_without_end_is_too_large() {
    let server = Server::start().await;
    let long = "x".repeat(100_000);
    let many: String = (0..500).map(|n| format!("X-{n}: y\r\n")).collect();
    let heads = [
        format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET /v1/sync/acme?token={long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
    ];
    for head in heads {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        // It may be closed while it is still being sent.
        let _ = stream.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.expect("it ends at once");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let refused = ["HTTP/1.1 431", "HTTP/1.1 414"].iter().any(|status| answer.starts_with(status));
        assert!(refused || answer.is_empty(), "{answer}");
    }
    assert_eq!(server.http().get("/healthz").0, 200);
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up() {
    let server = Server::start().await;
    server.http().create_sample("large");
    // Larger than what two sockets' buffers hold of an answer.
    let (mut ann, _) = Raw::plansync(&server, "large", &token("large", "ann", "seller", "owner")).await;
    let pen = Pen::new(9);
    for n in 0..70_u64 {
        let field = pen.write(|txn| {
            use yrs::{Map as _, WriteTxn as _};
            let meta = txn.get_or_insert_map("meta");
            meta.insert(txn, format!("x-{n}"), "x".repeat(100_000));
        });
        ann.send(&update(&field)).await;
    }
    ann.acked(70).await;
    let (_, body) = server.http().get("/v1/plans/large");
    assert!(body.to_string().len() > 6_000_000, "{} bytes", body.to_string().len());
    drop(ann);
    let before = open_sockets(&server);
    let mut streams = Vec::new();
    for _ in 0..10 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let request = format!("GET /v1/plans/large HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {API_KEY}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        streams.push(stream);
    }
    // The writer's own socket may still have been counted before.
    eventually("that they are there", async || (open_sockets(&server) >= before + 9).then_some(())).await;
    until("that they are let go", Duration::from_secs(120), async || match open_sockets(&server) {
        open if open <= before => Ok(()),
        open => Err(format!("{open} sockets")),
    })
    .await;
    drop(streams);
}

fn open_sockets(server: &Server) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    let target = |file: std::io::Result<std::fs::DirEntry>| std::fs::read_link(file.ok()?.path()).ok();
    files.filter_map(target).filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

#[tokio::test]
async fn every_answer_tells_browsers_what_they_may_do_with_it() {
    let args = ["--origins", "https://crm.example.com", "--embed-origins", "https://portal.example.com"];
    let open = Start { args: args.map(str::to_owned).to_vec(), ..Start::default() };
    let ask = |server: &Server, method: &str, path: &str, origin: Option<&str>| {
        let mut request =
            ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", server.address()));
        request = request.header("Authorization", format!("Bearer {API_KEY}"));
        if let Some(origin) = origin {
            request = request.header("Origin", origin).header("Access-Control-Request-Method", "POST");
        }
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        agent.run(request.body(()).unwrap()).unwrap()
    };
    let header = |answer: &ureq::http::Response<ureq::Body>, name: &str| {
        answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    for (start, embeds) in [(Start::default(), "'none'"), (open.clone(), "https://portal.example.com")] {
        let server = Server::start_with(start).await;
        server.http().create_sample("acme");
        for path in ["/", "/p/acme", "/assets/plan.js", "/v1/plans", "/v1/plans/nowhere", "/metrics", "/nothing"] {
            let answer = ask(&server, "GET", path, None);
            let policy = header(&answer, "content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {policy}");
            assert!(policy.ends_with(&format!("frame-ancestors {embeds}")), "{path}: {policy}");
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(header(&answer, "x-content-type-options").as_deref(), Some("nosniff"), "{path}");
            assert_eq!(header(&answer, "referrer-policy").as_deref(), Some("no-referrer"), "{path}");
            // A script is the same for everybody, and any page may embed a plan with it.
            let readers = path.starts_with("/assets/").then(|| "*".to_owned());
            assert_eq!(header(&answer, "access-control-allow-origin"), readers, "{path}");
            assert_eq!(header(&answer, "strict-transport-security"), None, "plain http promises nothing");
        }
        let page = ask(&server, "GET", "/p/acme", None).body_mut().read_to_string().unwrap();
        assert!(!page.contains("<script>") && !page.contains("style=") && !page.contains("onclick"), "nothing inline");
    }
    let server = Server::start_with(open).await;
    server.http().create_sample("acme");
    let named = Some("https://crm.example.com");
    let answer = ask(&server, "GET", "/v1/plans", named);
    assert_eq!(header(&answer, "access-control-allow-origin").as_deref(), named);
    assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    assert!(answer.headers().get_all("vary").iter().any(|name| name == "origin"), "{:?}", answer.headers());
    let asked = ask(&server, "OPTIONS", "/v1/plans/acme/edits", named);
    assert_eq!(asked.status(), 204);
    assert!(header(&asked, "access-control-allow-headers").unwrap().contains("authorization"));
    for foreign in
        ["https://crm.example.com.evil.example", "http://crm.example.com", "null", "https://portal.example.com"]
    {
        let answer = ask(&server, "GET", "/v1/plans", Some(foreign));
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "{foreign}");
        let asked = ask(&server, "OPTIONS", "/v1/plans", Some(foreign));
        assert_eq!((asked.status().as_u16(), header(&asked, "access-control-allow-methods")), (405, None), "{foreign}");
    }
    for wrong in ["crm.example.com", "https://crm.example.com/", "https://a; script-src *", "*", "'self'"] {
        let args = vec!["--embed-origins".to_owned(), wrong.to_owned()];
        let failed = Server::try_start(Start { args, ..Start::default() }).await.expect_err("it does not start");
        assert!(failed.stderr.contains("embed_origins"), "{wrong}: {failed:?}");
    }
}
