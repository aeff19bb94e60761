//! Accepts connections and answers requests on them until told to stop.
//!
//! In: the listener, with or without a certificate. Out: every request to the router, with the `Peer` that makes it.
//! Always true: a handshake, a head and a body each have a deadline, so whoever dawdles holds on to nothing for long.

use std::{convert::Infallible, net::IpAddr, time::Duration};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::patience::{Hurried, Taken};
use crate::{
    peer::{Peer, Proxies},
    quota::Quotas,
    stopping::Stopping,
    tls::Tls,
};

/// A connection that has not sent a whole request head by then is closed.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// After an error of `accept` (no file descriptor left, most of the time) others get the time to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where people come in.
#[derive(Debug)]
pub struct Door {
    /// Where the server listens.
    pub listener: TcpListener,
    /// Its certificate; without one it speaks plain http.
    pub tls: Option<Tls>,
    /// Proxies whose word is taken for whose request it is.
    pub proxies: Proxies,
    /// How many may come in.
    pub quotas: Quotas,
}

/// What every connection works with.
#[derive(Clone)]
struct House {
    router: Router,
    proxies: Proxies,
    quotas: Quotas,
    stopping: Stopping,
}

/// Serves until `stopping` turns true; connections that are answering then are awaited through `connections`.
pub async fn serve(door: Door, router: Router, stopping: Stopping, connections: &TaskTracker) {
    let Door { listener, tls, proxies, quotas } = door;
    let house = House { router, proxies, quotas, stopping };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = house.stopping.wait() => return,
        };
        match accepted {
            Ok((stream, from)) => {
                connections.spawn(connection(stream, from.ip(), tls.clone(), house.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, from: IpAddr, tls: Option<Tls>, house: House) {
    // Edits are small and wanted at once.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let peer = Peer { address: from.to_canonical(), secure: tls.is_some() };
    // A proxy has as many sockets as it needs; those behind it are counted when they open a websocket.
    let counted = (!house.proxies.trusts(from)).then_some(peer);
    let Ok(_socket) = counted.map(|peer| house.quotas.socket(peer)).transpose() else { return };
    let Some(tls) = tls else { return answer_all(stream, from, false, house).await };
    // Whoever shakes hands is a stranger.
    let Ok(stranger) = counted.map(|peer| house.quotas.stranger(peer)).transpose() else { return };
    let shaken = tokio::select! {
        shaken = tls.accept(stream) => shaken,
        () = house.stopping.wait() => return,
    };
    drop(stranger);
    match shaken {
        Ok(stream) => answer_all(stream, from, true, house).await,
        Err(error) => tracing::debug!(%error, %from, "no TLS handshake"),
    }
}

/// Answers the requests of one connection.
async fn answer_all<S>(stream: S, from: IpAddr, secure: bool, house: House)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let House { router, proxies, quotas, stopping } = house;
    let service = service_fn(move |mut request: Request<Incoming>| {
        let router = router.clone();
        let peer = proxies.peer(from, secure, request.headers());
        request.extensions_mut().insert(peer);
        async move { Ok::<_, Infallible>(answer(router, request.map(|body| Body::new(Hurried::new(body)))).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE)
        .max_buf_size(quotas.limits().head_bytes)
        .serve_connection(TokioIo::new(Taken::new(stream)), service)
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
        tracing::debug!(%error, %from, "a connection ended");
    }
}

async fn answer(router: Router, request: Request<Body>) -> axum::response::Response {
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
