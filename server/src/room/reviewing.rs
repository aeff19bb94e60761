//! How a room holds what was written against the rights, before anybody else sees it.

use std::sync::Arc;

use plansync_protocol::{
    guard::Delta,
    ids::{Access, Origin, PersonId},
    plan::{Plan, Stamp},
    wire::{self, Frame},
};
use serde_json::Value;

use crate::{
    activity::PutBack,
    amend::Amend,
    auth::Author,
    clock, consent,
    document::EditRejected,
    members::{Dialect, MemberId},
    metrics,
    policy::Who,
    review::{self, Refusal, Submission},
    room::{Room, RoomError, Turn},
    settling::Hand,
};

/// What the document has taken in and the log has not.
pub(super) struct Judged<'a> {
    /// Whose hand.
    pub(super) hand: Hand,
    /// How far their rights go.
    pub(super) access: Option<Access>,
    /// The plan before it.
    pub(super) before: &'a Plan,
    /// The reason that a request gave.
    pub(super) reason: Option<&'a str>,
    /// Whether a request made it, as a typed edit.
    pub(super) is_typed: bool,
}

impl Room {
    /// Puts back what the person may not change, adds what only the server writes, and gives all of it as one delta,
    /// with what the sender is to be told. When that cannot be written, the document is as before the update, and the
    /// inner error says why.
    pub(super) fn judge(
        &mut self,
        mut delta: Delta,
        judged: &Judged<'_>,
        turn: &Turn,
    ) -> Result<Result<(Delta, Vec<Refusal>), String>, RoomError> {
        if cfg!(feature = "unjudged") {
            return Ok(Ok((delta, Vec::new())));
        }
        let author = &judged.hand.author;
        let seq = self.seq + turn.entries.len() as u64 + 1;
        let at = clock::rfc3339(turn.at);
        let scope = self.scope.clone();
        let erased = Arc::clone(&self.erased);
        let document = self.document()?;
        let (after, malformed) = document.read();
        let review = review::review(&Submission {
            who: Who {
                person: author.person.as_str(),
                party: author.party.as_ref().map(|party| party.as_str()),
                access: judged.access,
            },
            scope: &scope,
            erased: &erased,
            before: judged.before,
            after,
            touched: delta.touched(),
            misplaced: delta.refused(),
            malformed: &malformed,
            is_typed: judged.is_typed,
            reason: judged.reason,
            seq,
            at: &at,
        });
        if !review.amends.is_empty() {
            let stamp = Stamp { at, by: author.person.clone() };
            let targets: Vec<_> = review.amends.iter().map(Amend::target).collect();
            let (document, settling) = self.opened();
            settling.make_way_for(&targets, &judged.hand, turn.at, document);
            match document.amend(&review.amends, &stamp) {
                Ok(None) => {}
                Ok(Some(amended)) => delta.merge(amended),
                Err(EditRejected::Broken(why)) => {
                    self.rebuild(turn)?;
                    return Ok(Err(why));
                }
                Err(EditRejected::Malformed(fields)) => {
                    let why = fields.first().map(ToString::to_string).unwrap_or_default();
                    self.rebuild(turn)?;
                    return Ok(Err(why));
                }
            }
        }
        for refusal in &review.refusals {
            metrics::refusal(refusal.code.as_str());
            self.record.put_back(PutBack {
                at: clock::rfc3339(turn.at).into(),
                person: author.person.clone(),
                party: author.party.clone(),
                entity: refusal.entity.clone(),
                id: refusal.id.clone(),
                field: refusal.field.clone(),
                code: refusal.code,
            });
            self.record_is_news = true;
        }
        Ok(Ok((delta, review.refusals)))
    }

    /// Ends the proposals that nobody has answered in time.
    pub(super) async fn expire_proposals(&mut self) -> Result<(), RoomError> {
        let mut turn = Turn::at(clock::now().max(self.updated_at));
        let now = clock::timestamp();
        let amends = consent::expire(self.document()?.plan(), now);
        if amends.is_empty() {
            return Ok(());
        }
        let author = Arc::new(Author { person: PersonId::server(), party: None });
        let hand = Hand { author, origin: Origin::System };
        let stamp = Stamp { at: clock::rfc3339(turn.at), by: PersonId::server() };
        let targets: Vec<_> = amends.iter().map(Amend::target).collect();
        let (document, settling) = self.opened();
        settling.make_way_for(&targets, &hand, turn.at, document);
        match document.amend(&amends, &stamp) {
            Ok(Some(delta)) => drop(self.keep(delta, hand, &mut turn)?),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(plan = %self.row.id, %error, "proposals could not be ended");
                self.rebuild(&turn)?;
            }
        }
        self.finish(turn).await
    }

    /// Tells the sender alone what was put back. A stock client sees the values come back.
    pub(super) fn refuse(&mut self, id: MemberId, frame: u64, refusals: &[Refusal]) {
        let Some(member) = self.members.get_mut(id) else { return };
        if member.dialect != Dialect::Plansync {
            return;
        }
        for refusal in refusals {
            let mut json = serde_json::to_value(refusal).unwrap_or_default();
            if let Value::Object(members) = &mut json {
                members.insert("frame".to_owned(), frame.into());
            }
            member.outbox.offer(wire::encode(&Frame::Refused(json)).into());
        }
    }
}
