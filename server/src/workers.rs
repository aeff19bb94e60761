//! The threads that rooms live on: one per core, each with a runtime of its own and a large stack.
//!
//! A room stays on its thread, so nothing of its document is ever moved or shared. The stack is large because yrs
//! recurses over nested types; the guard bounds the nesting, the stack is the second line.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use tokio::{runtime, sync::oneshot, task::JoinError};

/// Deep enough for any document the guard lets through, many times over. Only what is used takes memory.
const STACK_BYTES: usize = 64 << 20;

/// The worker threads. They end when this is dropped.
#[derive(Debug)]
pub struct Workers {
    threads: Vec<Worker>,
    next: AtomicUsize,
}

#[derive(Debug)]
struct Worker {
    runtime: runtime::Handle,
    /// Dropped with the worker, which ends its thread.
    _stop: oneshot::Sender<()>,
}

impl Workers {
    /// Starts `count` threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(count: usize) -> std::io::Result<Self> {
        let threads = (0..count.max(1)).map(Worker::start).collect::<std::io::Result<_>>()?;
        Ok(Self { threads, next: AtomicUsize::new(0) })
    }

    /// Runs a task on the next thread, and there tells `then` how it ended, a panic included.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
        then: impl FnOnce(Result<T, JoinError>) + Send + 'static,
    ) {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.threads.len();
        let runtime = &self.threads[next].runtime;
        let task = runtime.spawn(task);
        runtime.spawn(async move { then(task.await) });
    }
}

impl Worker {
    fn start(number: usize) -> std::io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        thread::Builder::new().name(format!("rooms-{number}")).stack_size(STACK_BYTES).spawn(move || {
            // An error says that the other end is gone, which is the signal.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        })?;
        Ok(Self { runtime: handle, _stop: stop })
    }
}
