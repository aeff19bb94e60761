//! Two people in a plan of their own: one writes all the time, the other sees it. Whatever happens elsewhere in the
//! server, they must not notice.

#![allow(clippy::disallowed_methods, reason = "tests end with their process")]

use std::time::Duration;

use plansync_tests::{
    http::token,
    raw::{Pen, Raw, ask_all, update},
    server::Server,
};
use tokio::{sync::watch, task::JoinHandle, time::Instant};

/// Their plan.
const PLAN: &str = "next-door";
/// What they would call prompt on a machine that does other things as well.
const PROMPT: Duration = Duration::from_secs(5);

/// Two people at work.
pub struct Neighbours {
    stop: watch::Sender<bool>,
    work: JoinHandle<(u32, Duration)>,
}

impl Neighbours {
    /// They begin.
    pub async fn move_in(server: &Server) -> Self {
        server.http().create_sample(PLAN);
        let mut writer = Raw::stock(server, PLAN, &token(PLAN, "nora", "seller", "owner")).await;
        let mut reader = Raw::stock(server, PLAN, &token(PLAN, "rolf", "seller", "owner")).await;
        let (written, seen) = (Pen::new(1_001), Pen::new(1_002));
        for (raw, pen) in [(&mut writer, &written), (&mut reader, &seen)] {
            raw.send(&ask_all()).await;
            raw.until("the plan", |frame| {
                pen.hear(frame);
                pen.title().map(drop)
            })
            .await;
        }
        let (stop, stopped) = watch::channel(false);
        let work = tokio::spawn(async move {
            let (mut edits, mut slowest) = (0, Duration::ZERO);
            while edits == 0 || !*stopped.borrow() {
                edits += 1;
                let title = format!("edit {edits}");
                let begin = Instant::now();
                writer.send(&update(&written.set_title(&title))).await;
                reader.until_title(&seen, &title).await;
                slowest = slowest.max(begin.elapsed());
                // The echo is read too, as every client does.
                writer.until("the echo", |frame| matches!(frame.name(), "Update").then_some(())).await;
            }
            (edits, slowest)
        });
        Self { stop, work }
    }

    /// They have seen each other's edits promptly all the time. Tells the slowest.
    pub async fn were_not_disturbed(self) -> Duration {
        self.stop.send_replace(true);
        let (edits, slowest) = self.work.await.expect("their work went on");
        assert!(edits > 0 && slowest < PROMPT, "one of {edits} edits next door took {slowest:?}");
        slowest
    }
}
