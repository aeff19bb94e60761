//! How a room takes a person out of its document: for those who have it open an edit like any other, in the log the
//! last entry that is kept.
//!
//! Always true: what has been written before is told as changes before they are redacted; the entry holds nothing but
//! deletions and the word for somebody erased; from then on nobody writes anything personal under the id again.

use std::{collections::BTreeSet, sync::Arc};

use plansync_protocol::{
    ids::{Origin, PersonId, Scope},
    plan::{Stamp, change::Event as Told, erasure},
};
use tokio::sync::oneshot;

use crate::{
    amend::Amend,
    auth::Author,
    clock, log,
    room::{Pending, Room, RoomError, SinceSnapshot, Turn},
    settling::Hand,
};

/// Somebody to be taken out.
#[derive(Debug)]
pub struct Forgetting {
    /// Who.
    pub person: PersonId,
    /// Who wants it so.
    pub by: Arc<Author>,
    /// Told when it is on disk.
    pub reply: oneshot::Sender<()>,
}

impl Room {
    /// Takes a person out of the document, and has the log forget them.
    pub(super) async fn forget(&mut self, forgetting: Forgetting) -> Result<(), RoomError> {
        let Forgetting { person, by, reply } = forgetting;
        self.tell(None).await?;
        let mut turn = Turn::at(clock::now().max(self.updated_at));
        let hand = Hand { author: by, origin: Origin::Erasure };
        let stamp = Stamp { at: clock::rfc3339(turn.at), by: hand.author.person.clone() };
        let document = self.document()?;
        let writes = erasure::writes(document.plan(), person.as_str()).into_iter();
        let amends: Vec<_> = writes.map(|(target, fields)| Amend::Put(target, fields)).collect();
        let delta = match document.amend(&amends, &stamp) {
            // An entry says that it was done, also where nothing was to be done.
            Ok(delta) => delta.unwrap_or_default(),
            Err(error) => {
                tracing::error!(plan = %self.row.id, scope = %self.scope, %error, "a person could not be taken out");
                return self.rebuild(&turn);
            }
        };
        document.erase(&BTreeSet::from([person.clone()]));
        self.erased = Arc::new(self.erased.iter().cloned().chain([person.clone()]).collect());
        // No difference is made of it: in the changes, the person has never been another one.
        turn.entries.push(Pending { hand: hand.clone(), delta });
        self.finish(turn).await?;
        if let (Scope::Shared, Some(settling)) = (&self.scope, &mut self.settling) {
            let data = serde_json::json!({"entity": "people", "id": person, "class": "people"});
            let subject = Some(format!("people/{person}").into());
            settling.tell(Told::Other { kind: "person.erased".into(), subject, data }, hand, self.seq, self.updated_at);
        }
        self.tell(None).await?;
        if let Some(settling) = &mut self.settling {
            settling.rest();
        }
        let state = self.document()?.state();
        self.weight = state.len();
        self.snapshot = SinceSnapshot::default();
        match log::pack(&state) {
            Ok(packed) => {
                self.log.forget(self.key, self.seq, packed, person).await?;
                // Whoever asked may have gone away.
                let _ = reply.send(());
            }
            Err(error) => tracing::error!(plan = %self.row.id, %error, "there is no memory for a snapshot"),
        }
        Ok(())
    }
}
