//! What waits for one socket: bounded, and never in anyone's way.
//!
//! The room offers, the session takes. An offer never waits: where the queue is full it is thrown away whole and the
//! member is *behind*; once its socket has drained, the session asks the room for one difference that stands for all
//! that was thrown away. Acks only count upwards, so only the newest is kept; presence is dropped first.
//! Always true: a document frame is either delivered, or stands in a later difference, or the connection has ended.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use plansync_protocol::{ids::Seq, wire::CloseCode};
use tokio::sync::Notify;

/// What may wait for one socket. A person on a phone in a tunnel catches up with one difference instead.
pub const OUTBOX_BYTES_MAX: usize = 1 << 20;
/// Frames of any size that may wait: small ones cost their place in the queue.
const OUTBOX_FRAMES_MAX: usize = 4096;
/// Presence is only offered to sockets that are less full than this.
const PRESENCE_BYTES_MAX: usize = OUTBOX_BYTES_MAX / 16;
/// Taken at once: enough to fill a socket's buffer, little enough to keep it off the queue's memory.
const TAKEN_BYTES_MAX: usize = 64 << 10;

/// A websocket's end, as the other side hears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The number.
    pub code: CloseCode,
    /// What happened and what to do, in words.
    pub reason: String,
}

impl Close {
    /// With this code and reason.
    pub fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// What the session does next for its socket.
#[derive(Debug)]
pub enum Next {
    /// Write these.
    Frames(Vec<Bytes>),
    /// Write the newest ack: count and seq.
    Ack(u64, Seq),
    /// Ask the room for what was thrown away: everything after this entry, or the whole state.
    Behind(Option<Seq>),
    /// Close.
    Close(Close),
}

#[derive(Debug)]
struct Frame {
    bytes: Bytes,
    /// The entry the document stands at once this is read; presence and the like have none.
    seq: Option<Seq>,
    is_difference: bool,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Frame>,
    bytes: usize,
    ack: Option<(u64, Seq)>,
    /// The last entry that was handed to the socket; `None` before the first whole state.
    given: Option<Seq>,
    behind: bool,
    asked: bool,
    close: Option<Close>,
}

/// Both ends of the queue; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Outbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    wake: Notify,
}

impl Outbox {
    /// Offers a frame after which the socket's copy stands at entry `seq`.
    pub fn offer_document(&self, bytes: Bytes, seq: Seq) {
        self.change(|state| state.push(Frame { bytes, seq: Some(seq), is_difference: false }));
    }

    /// Offers the one difference that stands for everything thrown away.
    pub fn offer_difference(&self, bytes: Bytes, seq: Seq) {
        self.change(|state| {
            state.behind = false;
            state.asked = false;
            // One that still waits is of no use beside this one, and whoever asks without reading must not pile
            // them up.
            state.frames.retain(|frame| !frame.is_difference);
            // Larger than the queue or not: it is the only way forward.
            state.frames.push_back(Frame { bytes, seq: Some(seq), is_difference: true });
            state.bytes = state.frames.iter().map(|frame| frame.bytes.len()).sum();
        });
    }

    /// Offers a frame that has no place in the document's order: a greeting, a question, a notice.
    pub fn offer(&self, bytes: Bytes) {
        self.change(|state| state.push(Frame { bytes, seq: None, is_difference: false }));
    }

    /// Offers who is there, where there is room.
    pub fn offer_presence(&self, bytes: Bytes) {
        self.change(|state| {
            if !state.behind && state.bytes < PRESENCE_BYTES_MAX {
                state.push(Frame { bytes, seq: None, is_difference: false });
            }
        });
    }

    /// Says that the first `count` frames are on disk.
    pub fn offer_ack(&self, count: u64, seq: Seq) {
        self.change(|state| state.ack = Some((count, seq)));
    }

    /// Ends the connection: what waits is dropped, the first close wins.
    pub fn close(&self, close: Close) {
        self.change(|state| {
            state.frames = VecDeque::new();
            state.bytes = 0;
            state.close.get_or_insert(close);
        });
    }

    /// Ends the connection after what waits has been written.
    pub fn close_after_flush(&self, close: Close) {
        self.change(|state| {
            state.close.get_or_insert(close);
        });
    }

    /// Waits for something to do.
    pub async fn next(&self) -> Next {
        loop {
            let woken = self.0.wake.notified();
            if let Some(next) = self.lock().take() {
                return next;
            }
            woken.await;
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.0.wake.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing below can panic half way, so a poisoned state is a whole one.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, frame: Frame) {
        if self.behind {
            return;
        }
        if self.bytes + frame.bytes.len() > OUTBOX_BYTES_MAX || self.frames.len() >= OUTBOX_FRAMES_MAX {
            self.frames = VecDeque::new();
            self.bytes = 0;
            self.behind = true;
            return;
        }
        self.bytes += frame.bytes.len();
        self.frames.push_back(frame);
    }

    fn take(&mut self) -> Option<Next> {
        if !self.frames.is_empty() {
            let mut taken = Vec::new();
            let mut bytes = 0;
            while bytes < TAKEN_BYTES_MAX
                && let Some(frame) = self.frames.pop_front()
            {
                bytes += frame.bytes.len();
                self.given = frame.seq.or(self.given);
                taken.push(frame.bytes);
            }
            self.bytes -= bytes;
            if self.frames.is_empty() {
                self.frames = VecDeque::new();
            }
            return Some(Next::Frames(taken));
        }
        if let Some(close) = &self.close {
            return Some(Next::Close(close.clone()));
        }
        if self.behind && !self.asked {
            self.asked = true;
            return Some(Next::Behind(self.given));
        }
        self.ack.take().map(|(count, seq)| Next::Ack(count, seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_is_thrown_away_whole_and_one_difference_stands_for_it() {
        let outbox = Outbox::default();
        outbox.offer_document(Bytes::from_static(b"first"), 1);
        assert!(matches!(outbox.next().await, Next::Frames(frames) if frames == ["first"]));
        for seq in 2..20 {
            outbox.offer_document(Bytes::from(vec![0; 100 << 10]), seq);
        }
        assert!(matches!(outbox.next().await, Next::Behind(Some(1))));
        outbox.offer_document(Bytes::from_static(b"still behind"), 20);
        outbox.offer_difference(Bytes::from_static(b"2 to 20"), 20);
        outbox.offer_document(Bytes::from_static(b"21"), 21);
        assert!(matches!(outbox.next().await, Next::Frames(frames) if frames == ["2 to 20", "21"]));
    }

    #[tokio::test]
    async fn what_waits_never_passes_the_bound() {
        let outbox = Outbox::default();
        for seq in 0..10_000 {
            outbox.offer_document(Bytes::from(vec![0; 1000]), seq);
            assert!(outbox.lock().bytes <= OUTBOX_BYTES_MAX);
        }
    }

    #[tokio::test]
    async fn asking_again_and_again_without_reading_stays_within_the_bound() {
        let outbox = Outbox::default();
        for _ in 0..1000 {
            outbox.offer_difference(Bytes::from(vec![0; 300 << 10]), 1);
            assert!(outbox.lock().bytes <= OUTBOX_BYTES_MAX);
        }
    }

    #[tokio::test]
    async fn acks_merge_and_a_close_comes_after_what_waits() {
        let outbox = Outbox::default();
        outbox.offer_ack(1, 5);
        outbox.offer_ack(3, 7);
        assert!(matches!(outbox.next().await, Next::Ack(3, 7)));
        outbox.offer(Bytes::from_static(b"notice"));
        outbox.close_after_flush(Close::new(CloseCode::Restarting, "back soon"));
        assert!(matches!(outbox.next().await, Next::Frames(_)));
        assert!(matches!(outbox.next().await, Next::Close(close) if close.code == CloseCode::Restarting));
    }

    #[tokio::test]
    async fn only_the_newest_difference_waits() {
        let outbox = Outbox::default();
        for seq in 1..1000 {
            outbox.offer_document(Bytes::from_static(b"one"), seq);
            outbox.offer_difference(Bytes::from(vec![0; OUTBOX_BYTES_MAX / 2]), seq);
            assert!(outbox.lock().bytes <= OUTBOX_BYTES_MAX);
        }
        assert_eq!(outbox.lock().frames.iter().filter(|frame| frame.is_difference).count(), 1);
    }

    #[tokio::test]
    async fn presence_is_dropped_first() {
        let outbox = Outbox::default();
        outbox.offer_document(Bytes::from(vec![0; PRESENCE_BYTES_MAX]), 1);
        outbox.offer_presence(Bytes::from_static(b"who is there"));
        assert!(matches!(outbox.next().await, Next::Frames(frames) if frames.len() == 1));
    }
}
