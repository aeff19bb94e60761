//! Whether the server is stopping: one side says so once, everyone else can look or wait.

use tokio::sync::watch;

/// Says that the server stops.
#[derive(Debug)]
pub struct Stop(watch::Sender<bool>);

/// Hears that the server stops. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Stopping(watch::Receiver<bool>);

/// Both sides.
#[must_use]
pub fn stopping() -> (Stop, Stopping) {
    let (say, hear) = watch::channel(false);
    (Stop(say), Stopping(hear))
}

impl Stop {
    /// From now on it is stopping.
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Whether it is.
    #[must_use]
    pub fn is_now(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is; the server that is gone has stopped too.
    pub async fn wait(&self) {
        // Both outcomes say the same.
        let _ = self.0.clone().wait_for(|stopping| *stopping).await;
    }
}
