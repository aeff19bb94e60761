//! Accepts connections and answers requests on them until told to stop.

use std::{convert::Infallible, net::IpAddr, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::stopping::Stopping;

/// A connection that has not sent a whole request head by then is closed.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// A head is a path, a token and a few headers.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// After an error of `accept` (no file descriptor left, most of the time) others get the time to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `stopping` turns true; connections that are answering then are awaited through `connections`.
pub async fn serve(listener: TcpListener, router: Router, stopping: Stopping, connections: &TaskTracker) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.wait() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                connections.spawn(connection(stream, peer.ip(), router.clone(), stopping.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Where a request comes from: the other end of its connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

async fn connection(stream: TcpStream, peer: IpAddr, router: Router, stopping: Stopping) {
    // Edits are small and wanted at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request.map(Body::new)).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stopping.wait() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn answer(router: Router, request: Request<Body>) -> axum::response::Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
