//! A TCP proxy between clients and the server: it keeps its port, and does to connections what networks do.
//!
//! It can pass bytes on, hold them, let them trickle, refuse, and cut everything. A change of mode is felt by the
//! connections that are open.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::sleep,
};

/// Bytes pass in pieces of at most this size.
const PIECE_BYTES: usize = 16 << 10;
/// The pause between two pieces that trickle.
const TRICKLE_PAUSE: Duration = Duration::from_millis(5);

/// What the proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Passes everything on.
    Pass,
    /// Holds everything back, both ways, until the mode changes.
    Stall,
    /// Passes this many bytes at a time, with pauses.
    Trickle(usize),
    /// Ends new connections at once, and cuts those that are open.
    Refuse,
}

#[derive(Debug, Clone, Copy)]
struct State {
    mode: Mode,
    /// Connections of an earlier cut are over.
    cuts: u64,
}

/// A running proxy. Dropping it ends it and cuts everything.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// Starts one in front of `target`, which need not be there yet.
    pub async fn start(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let state = Arc::new(watch::Sender::new(State { mode: Mode::Pass, cuts: 0 }));
        let accepting = tokio::task::spawn(accept(listener, target.to_owned(), Arc::clone(&state)));
        Self { address, state, accepting }
    }

    /// `ws://127.0.0.1:PORT`
    #[must_use]
    pub fn ws(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// From now on it does this.
    pub fn set(&self, mode: Mode) {
        self.state.send_modify(|state| state.mode = mode);
    }

    /// Cuts every connection; new ones are let in.
    pub fn cut(&self) {
        self.state.send_modify(|state| state.cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.set(Mode::Refuse);
    }
}

async fn accept(listener: TcpListener, target: String, state: Arc<watch::Sender<State>>) {
    while let Ok((client, _)) = listener.accept().await {
        let (target, mut state) = (target.clone(), state.subscribe());
        let born = *state.borrow_and_update();
        tokio::task::spawn(async move {
            let mut over = state.clone();
            let over = over.wait_for(|now| now.mode == Mode::Refuse || now.cuts != born.cuts);
            let passing = async {
                let Ok(server) = TcpStream::connect(target).await else { return };
                // What the proxy adds to the way should be nothing but what it is told to.
                let _ = (client.set_nodelay(true), server.set_nodelay(true));
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                // The end of one way ends the other: a websocket does not live half.
                tokio::select! {
                    () = pass(from_client, to_server, state.clone()) => {}
                    () = pass(from_server, to_client, state) => {}
                }
            };
            tokio::select! {
                _ = over => {}
                () = passing => {}
            }
        });
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let mode = match state.wait_for(|now| now.mode != Mode::Stall).await {
            Ok(now) => now.mode,
            Err(_) => return,
        };
        let most = match mode {
            Mode::Trickle(bytes) => {
                sleep(TRICKLE_PAUSE).await;
                bytes.clamp(1, PIECE_BYTES)
            }
            _ => PIECE_BYTES,
        };
        match from.read(&mut piece[..most]).await {
            Ok(0) | Err(_) => return,
            Ok(count) => {
                // What arrived before a stall and was not yet passed on is held like the rest.
                if state.wait_for(|now| now.mode != Mode::Stall).await.is_err() {
                    return;
                }
                if to.write_all(&piece[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
