//! The words and signs that stand for a status, and ids made of words.

pub(super) use crate::plan::export::{is_nothing, party, plain_words, side};
use crate::plan::schema::Collection;

/// What a cell says about a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) status: &'static str,
    /// Words that say more than the status does: `At risk`.
    pub(super) reason: Option<String>,
}

const STATUSES: &[(&str, &[&str])] = &[
    (
        "complete",
        &[
            "complete",
            "completed",
            "done",
            "finished",
            "closed",
            "achieved",
            "delivered",
            "signed",
            "approved",
            "yes",
            "true",
            "x",
            "ok",
            "100",
        ],
    ),
    (
        "in_progress",
        &[
            "in progress",
            "inprogress",
            "started",
            "ongoing",
            "on going",
            "underway",
            "under way",
            "active",
            "wip",
            "working on it",
            "doing",
            "on track",
            "in review",
            "open in progress",
        ],
    ),
    ("blocked", &["blocked", "stuck", "on hold", "waiting", "stopped", "impeded", "paused"]),
    (
        "pending",
        &[
            "pending",
            "not started",
            "notstarted",
            "to do",
            "todo",
            "open",
            "planned",
            "upcoming",
            "scheduled",
            "future",
            "new",
            "no",
            "false",
            "tbd",
            "not yet",
            "not begun",
            "not yet started",
            "0",
        ],
    ),
    ("cancelled", &["cancelled", "canceled", "dropped", "n a", "not applicable", "removed", "skipped", "obsolete"]),
];

/// Words that no plan stores, since they follow from the dates: the item is under way and the word is its reason.
const DERIVED: &[&str] = &["at risk", "delayed", "overdue", "late", "slipped", "slipping", "behind", "off track"];

const SIGNS: &[(&str, &str)] = &[
    ("complete", "✅✔☑✓🟩☒"),
    ("in_progress", "🔄🟡🟢🔵🟨⏩▶🚀🏃🔃"),
    ("blocked", "⛔🔴🚧🛑🟥✋"),
    ("pending", "⬜⏳⚪🕒⌛☐🔲◻🆕🗓📅"),
    ("cancelled", "❌✖✗✘🚫🗑"),
];

/// Reads a status. Words count before signs; a cell with a known sign keeps unknown words as the reason. What follows
/// a ⚠ is figured out from the dates and not read.
pub(super) fn status(cell: &str) -> Option<Told> {
    let cell = cell.split('⚠').next().unwrap_or_default();
    let words = plain_words(cell);
    for (status, known) in STATUSES {
        if known.contains(&words.as_str()) {
            return Some(Told { status, reason: None });
        }
    }
    if let Some(percent) = words.parse::<u8>().ok().filter(|_| cell.contains('%')) {
        return (percent < 100).then_some(Told { status: "in_progress", reason: None });
    }
    let text: String = cell.chars().filter(|c| !is_sign(*c)).collect();
    let reason = Some(text.trim().to_owned()).filter(|_| !words.is_empty());
    if DERIVED.contains(&words.as_str()) {
        return Some(Told { status: "in_progress", reason });
    }
    let (status, _) = SIGNS.iter().find(|(_, signs)| cell.chars().any(|c| c != '\u{fe0f}' && signs.contains(c)))?;
    Some(Told { status, reason })
}

fn is_sign(c: char) -> bool {
    c == '\u{fe0f}' || SIGNS.iter().any(|(_, signs)| signs.contains(c))
}

/// A text as a name within an id: letters and digits in small letters, joined by `-`, of at most 60 bytes.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for word in plain_words(text).split(' ').filter(|word| !word.is_empty()) {
        if slug.len() + word.len() >= 60 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}

/// Makes ids that stand once.
#[derive(Debug, Default)]
pub(super) struct Ids(std::collections::BTreeSet<String>);

impl Ids {
    /// Takes an id, if it is one of this collection and free.
    pub(super) fn take(&mut self, collection: &Collection, id: &str) -> bool {
        crate::plan::check::entity_id(collection, id).is_ok() && self.0.insert(id.to_owned())
    }

    /// A free id made of a text.
    pub(super) fn fresh(&mut self, prefix: &str, text: &str, otherwise: &str) -> String {
        let slug = slug(text);
        let base = format!("{prefix}{}", if slug.is_empty() { otherwise } else { &slug });
        let mut id = base.clone();
        let mut n = 2;
        while !self.0.insert(id.clone()) {
            id = format!("{base}-{n}");
            n += 1;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_words_or_signs() {
        for (cell, expected) in [
            ("✅", "complete"),
            ("✔️ Done", "complete"),
            ("☑", "complete"),
            ("Complete", "complete"),
            ("100%", "complete"),
            ("🔄 In progress", "in_progress"),
            ("In-Progress", "in_progress"),
            ("🟡", "in_progress"),
            ("40 %", "in_progress"),
            ("⛔", "blocked"),
            ("🔴 Blocked", "blocked"),
            ("🚧", "blocked"),
            ("⬜ Pending", "pending"),
            ("⏳", "pending"),
            ("Not Started", "pending"),
            ("⬜ Pending ⚠ 3 days overdue", "pending"),
            ("❌", "cancelled"),
            ("Canceled", "cancelled"),
        ] {
            assert_eq!(status(cell).map(|told| (told.status, told.reason)), Some((expected, None)), "{cell}");
        }
        assert_eq!(status("✅ signed by CFO").unwrap().reason.as_deref(), Some("signed by CFO"));
        let at_risk = Told { status: "in_progress", reason: Some("At Risk".into()) };
        assert_eq!(status("🔴 At Risk"), Some(at_risk));
        assert_eq!(status("banana"), None);
    }

    #[test]
    fn ids_are_stable_and_stand_once() {
        let mut ids = Ids::default();
        assert_eq!(ids.fresh("", "POC  Environment/Setup!", "x"), "poc-environment-setup");
        assert_eq!(ids.fresh("", "poc environment setup", "x"), "poc-environment-setup-2");
        assert_eq!(ids.fresh("b-", "\u{202e}💥", "person"), "b-person");
        assert_eq!(ids.fresh("", "Prüfung", "x"), "prüfung");
    }
}
