//! How long a request and its answer may take on their way.
//!
//! A body has a few seconds and then has to come at a pace that any network has; an answer has to be taken within half
//! a minute of the moment when the other side stopped taking it. So nobody holds on to memory by being slow on purpose.

use std::{
    error::Error,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep, sleep_until},
};

/// Every body may take so long, however small.
const BODY_GRACE: Duration = Duration::from_secs(10);
/// And a second more for each so many bytes of it: a plan of 8 MiB has 74 s.
const BODY_BYTES_PER_SECOND: u64 = 128 << 10;
/// A socket that takes nothing for so long is gone, or as good as gone.
const STUCK_MAX: Duration = Duration::from_secs(30);

/// A body that has not come in time.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub struct Late;

impl Late {
    /// Whether this is why something failed.
    pub fn caused(error: &(dyn Error + 'static)) -> bool {
        error.is::<Self>() || error.source().is_some_and(Self::caused)
    }
}

/// A body with a deadline that moves with what has come of it.
#[derive(Debug)]
pub struct Hurried {
    body: Incoming,
    began: Instant,
    bytes: u64,
    /// Made when something has to be waited for, which most bodies never need.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Hurried {
    /// The time runs from now on.
    pub fn new(body: Incoming) -> Self {
        Self { body, began: Instant::now(), bytes: 0, deadline: None }
    }

    fn due(&self) -> Instant {
        self.began + BODY_GRACE + Duration::from_millis(self.bytes * 1000 / BODY_BYTES_PER_SECOND)
    }
}

impl Body for Hurried {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            if let Some(Ok(frame)) = &frame {
                self.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let due = self.due();
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if deadline.deadline() != due {
            deadline.as_mut().reset(due);
        }
        deadline.as_mut().poll(context).map(|()| Some(Err(Late.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that breaks when the other side takes nothing for too long.
#[derive(Debug)]
pub struct Taken<S> {
    stream: S,
    /// Since something waits to be written.
    stuck: Option<Pin<Box<Sleep>>>,
}

impl<S> Taken<S> {
    /// Nothing waits yet.
    pub fn new(stream: S) -> Self {
        Self { stream, stuck: None }
    }

    fn watch<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stuck = None;
            return written;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(STUCK_MAX)));
        stuck.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Taken<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Taken<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch(context, shut)
    }
}
