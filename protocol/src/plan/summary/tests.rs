//! The summary of the sample after the six edits of a call, its figures checked by hand, and hostile plans.
//!
//! As of Tue, Feb 17, 2026, from the rows of the sample:
//!
//! - Items are the 10 tasks, the new one, and the 8 milestones without tasks (ms-01 to 04, 06, 10, 12, 13): 19. Done are
//!   ms-01 to 04 and now ca-1: 5 of 19 = 26.3 %, before 4 of 18 = 22.2 %. Of the 15 milestones 4 are done.
//! - ms-05 moves from Feb 20 to Feb 25, 5 days. The review ms-06 (due Mar 15) comes 30 days after it: Feb 25 + 30 = Mar 27,
//!   12 days late; before it was Feb 20 + 30 = Mar 22. ms-07 (Mar 20) waits for the review: Mar 27, 7 days late, before
//!   Mar 22. ms-08 (Mar 25) waits for ms-07: Mar 27, 2 days late, before on its day. What follows has room: ca-5 is due
//!   Apr 20, and ms-09 waits for ms-08 only softly. The workdays are not stated, so nothing moves off a weekend.
//! - Behind ms-05 over hard and soft edges are ms-06 to ms-15 and ca-5, 11 open items; with all gaps kept each moves by
//!   5 days, the signature ms-14 from Apr 30 to May 5.
//! - At risk: the 3 that must move; by rk-2, now high × high = 9, ms-09 and ms-10; by rk-1 (medium × high = 6) ca-5 and
//!   ms-14; by rk-4 (medium × high = 6) ms-12 and ms-13; rk-3 has 1 × 2 = 2 and threatens nobody. Together 9 items.
//! - The target item ms-14 is due Apr 30 = the target, so the target holds; nothing is overdue; the status is on track.
//! - The buyer's first own task is the new ca-6 (Feb 27), since ca-1 is done; the seller's is va-1 (Feb 18).
//! - The CFO's placeholder was in the plan already: only the stakeholder is new. The review is every Tuesday; the next
//!   after Feb 17 is Feb 24.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, date};
use serde_json::{Value as Json, json};

use super::{Question, Summary, addendum, summarise};
use crate::ids::{Origin, PartyId, PersonId, PlanId, Scope};
use crate::plan::change::{Change, Event};
use crate::plan::edit::Edit;
use crate::plan::figures::Activity;
use crate::plan::json::flatten::Assign;
use crate::plan::json::parse_str;
use crate::plan::row::Key;
use crate::plan::stamp::{Stamp, stamps};
use crate::plan::{Plan, SAMPLE, Value, diff};

const CALL: &str = include_str!("../../../golden/summary/call.json");

fn sample() -> Plan {
    parse_str(SAMPLE, true).unwrap()
}

fn as_of() -> Date {
    date(2026, 2, 17)
}

/// A plan with the changes that edits made to it.
struct Window {
    plan: Plan,
    changes: Vec<Change>,
    origin: Origin,
}

impl Window {
    fn of(plan: Plan) -> Self {
        Self { plan, changes: Vec::new(), origin: Origin::Human }
    }

    /// An edit of one person, in the form of a request, with the server's stamps.
    fn edit(&mut self, by: &str, edit: &Json) {
        let edit = Edit::parse(edit, true).unwrap();
        let old = self.plan.clone();
        let at = format!("2026-02-17T18:{:02}:00Z", self.changes.len() % 60);
        let stamp = Stamp { at: at.clone(), by: PersonId::parse(by).unwrap() };
        for entity in &edit.set {
            self.assign(entity.target.collection.name, &entity.target.id, &entity.assigns, &stamp);
        }
        for (targets, removed) in [(&edit.remove, true), (&edit.restore, false)] {
            for target in targets {
                let key = Key::Named("removed");
                let assign = if removed { Assign::Put(key, Value::Bool(true)) } else { Assign::Delete(key) };
                self.assign(target.collection.name, &target.id, &[assign], &stamp);
            }
        }
        let party = if by.starts_with("b-") { "buyer" } else { "seller" };
        let seq = self.changes.last().map_or(401, |change| change.seq + 1);
        for (n, difference) in diff::plans(&old, &self.plan).into_iter().enumerate() {
            self.changes.push(Change {
                agreed_by: [].into(),
                seq,
                n: u32::try_from(n).unwrap(),
                at: at.as_str().into(),
                actor: PersonId::parse(by).unwrap(),
                party: Some(PartyId::parse(party).unwrap()),
                scope: Scope::Shared,
                origin: self.origin,
                event: Event::Difference(difference),
            });
        }
    }

    fn assign(&mut self, name: &str, id: &str, assigns: &[Assign], stamp: &Stamp) {
        let collection = crate::plan::schema::collection(name).unwrap();
        let before = self.plan.row(collection, id).cloned();
        let mut row = before.clone().unwrap_or_default();
        for assign in assigns {
            match assign {
                Assign::Put(key, value) => row.set(key.clone(), Some(value.clone())),
                Assign::Delete(key) => row.set(key.clone(), None),
                Assign::Members(field, members) => {
                    let gone: Vec<String> = row.members(field.name).map(|(it, _)| it.to_owned()).collect();
                    for (member, value) in gone
                        .iter()
                        .map(|it| (it.as_str(), None))
                        .chain(members.iter().map(|it| (&**it, Some(Value::Bool(true)))))
                    {
                        row.set(Key::Other(format!("{}/{member}", field.name).into()), value);
                    }
                }
                Assign::Clear(_) => {}
            }
        }
        for (field, value) in stamps(collection, before.as_ref(), &row, stamp) {
            row.set(Key::Named(field), value);
        }
        if collection.is_single() {
            self.plan.meta = row;
        } else {
            self.plan.rows_mut(collection).insert(id.into(), Arc::new(row));
        }
    }

    fn summary(&self) -> Summary {
        self.summary_as_of(as_of())
    }

    fn summary_as_of(&self, as_of: Date) -> Summary {
        let activity = Activity { last: Some(date(2026, 2, 17)), by_party: BTreeMap::new(), buyer_edits_14d: 4 };
        summarise(&Question {
            id: &PlanId::parse("acme").unwrap(),
            plan: &self.plan,
            changes: &self.changes,
            since: 400,
            until: 400 + self.changes.len() as u64,
            since_label: Some("the review call of Feb 10"),
            as_of,
            activity: &activity,
            reader: Some(&PartyId::parse("buyer").unwrap()),
            last_edit: Some(("buyer", date(2026, 2, 8))),
            link: Some("https://plans.example.com/p/acme"),
        })
    }
}

fn call() -> Window {
    let call: Json = serde_json::from_str(CALL).unwrap();
    let mut window = Window::of(sample());
    for edit in call["edits"].as_array().unwrap() {
        window.edit(edit["by"].as_str().unwrap(), &json!({"set": edit["set"]}));
    }
    window
}

fn edited(edits: &[(&str, Json)]) -> Window {
    let mut window = Window::of(sample());
    edits.iter().for_each(|(by, edit)| window.edit(by, edit));
    window
}

#[test]
fn the_call_reads_as_its_golden_files() {
    let summary = call().summary();
    let json = format!("{}\n", serde_json::to_string_pretty(&summary).unwrap());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/summary");
    for (name, text) in [
        ("call.summary.md", summary.markdown()),
        ("call.summary.html", summary.html()),
        ("call.summary.txt", summary.text()),
        ("call.summary.json", json),
    ] {
        let path = format!("{folder}/{name}");
        if std::env::var_os("PLANSYNC_GOLDEN").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, golden, "{name}: read it, then run again with PLANSYNC_GOLDEN=1");
    }
}

fn task(id: &str, fields: Json) -> Json {
    json!({"set": {"tasks": {id: fields}}})
}

fn lines(summary: &Summary) -> String {
    let text = summary.text();
    let from = text.find("\nCHANGED").unwrap_or(text.len());
    let to = text.find("\nAT RISK").unwrap_or(text.len());
    text[from.min(to)..to].to_owned()
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let once = call().summary();
    for _ in 0..3 {
        let again = call().summary();
        assert_eq!((again.markdown(), again.html(), again.text()), (once.markdown(), once.html(), once.text()));
        assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&once).unwrap());
    }
}

#[test]
fn the_figures_of_the_call_are_those_counted_by_hand() {
    let summary = call().summary();
    let standing = &summary.standing;
    assert_eq!((standing.complete, standing.counted, standing.percent, standing.percent_before), (5, 19, 26.3, 22.2));
    assert_eq!((standing.milestones_complete, standing.milestones, &*standing.status), (4, 15, "on_track"));
    let target = standing.target.as_ref().unwrap();
    assert_eq!((target.projected, target.slip, target.keep_gap), (date(2026, 4, 30), 0, Some(date(2026, 5, 5))));
    let must: Vec<_> =
        summary.moves.rows.iter().filter_map(|row| Some((&*row.id, row.must?, row.must_before))).collect();
    let (mar_22, mar_27) = (date(2026, 3, 22), date(2026, 3, 27));
    assert_eq!(must, [("ms-06", mar_27, Some(mar_22)), ("ms-07", mar_27, Some(mar_22)), ("ms-08", mar_27, None)]);
    assert_eq!((summary.moves.must, summary.moves.keep_gap), (3, 11));
    let legend: Vec<_> = summary.legend.iter().map(|entry| (entry.symbol.sign(), entry.count)).collect();
    assert_eq!(legend, [("✔", 1), ("→", 1), ("＋", 1), ("✎", 3), ("⚠", 9)]);
}

#[test]
fn what_came_and_went_is_nothing() {
    let there_and_back = edited(&[
        ("b-it-manager", task("ca-2", json!({"due": "2026-03-09"}))),
        ("b-it-manager", task("ca-2", json!({"due": "2026-03-01"}))),
        ("s-account-exec", task("x-1", json!({"title": "Brief visit", "due": "2026-03-01"}))),
        ("s-account-exec", json!({"remove": {"tasks": ["x-1"]}})),
        ("s-account-exec", json!({"remove": {"tasks": ["va-5"]}})),
        ("s-account-exec", json!({"restore": {"tasks": ["va-5"]}})),
        ("s-account-exec", json!({"set": {"milestones": {"ms-05": {"notes": " Access  credentials pending\n"}}}})),
    ]);
    let summary = there_and_back.summary();
    assert_eq!(
        summary.no_changes.as_deref(),
        Some("No changes since the review call of Feb 10, last edit by the buyer 9 days ago.")
    );
    assert!(summary.text().contains("No changes since the review call"));
    assert!(summary.phases.iter().all(|phase| phase.rows.is_empty()), "every phase is folded");
}

#[test]
fn three_edits_by_two_people_are_one_line_with_both_names() {
    let summary = edited(&[
        ("b-it-manager", task("ca-2", json!({"due": "2026-03-05"}))),
        ("s-account-exec", task("ca-2", json!({"due": "2026-03-09"}))),
        ("b-it-manager", task("ca-2", json!({"due": "2026-02-27", "reason": "The board meets early"}))),
    ])
    .summary();
    assert!(lines(&summary).contains(
        "→ Schedule executive presentation: due ✔ Mar 1 → Feb 27 (-2 d) “The board meets early” — IT Manager (buyer), \
         Account Exec (seller)"
    ));
}

#[test]
fn a_newcomer_is_told_with_its_later_edits_and_a_removal_once() {
    let summary = edited(&[
        ("s-account-exec", task("x-1", json!({"title": "Old name", "due": "2026-03-01", "party": "seller"}))),
        ("s-vp-sales", task("x-1", json!({"title": "New name", "owners": ["s-vp-sales"]}))),
        ("b-it-manager", json!({"remove": {"tasks": ["va-5"]}})),
    ])
    .summary();
    let text = lines(&summary);
    assert!(
        text.contains(
            "＋ New name (seller task), due Mar 1, owner VP Sales — Account Exec (seller), VP Sales (seller)"
        )
    );
    assert!(!text.contains("Old name"));
    let removed = "－ Provide implementation timeline (seller task of Kickoff Call Scheduled), was due Apr 25, owner CS Team \
                   — IT Manager (buyer)";
    assert_eq!(text.matches(removed).count(), 1, "{text}");
}

#[test]
fn machines_are_labelled_and_never_mixed_with_people() {
    let mut window = edited(&[("b-it-manager", json!({"set": {"milestones": {"ms-05": {"due": "2026-02-25"}}}}))]);
    window.origin = Origin::Propagation;
    window.edit("b-it-manager", &json!({"set": {"milestones": {"ms-06": {"due": "2026-03-27"}}}}));
    window.origin = Origin::Crm;
    window.edit("s-account-exec", &json!({"set": {"meta": {"priority": "high"}}}));
    let text = lines(&window.summary());
    let (people, moved) = text.split_once("WHAT ELSE MOVES").unwrap();
    assert!(people.contains("✎ Plan: priority high — [CRM]"), "{people}");
    assert!(!people.contains("POC Success Review"));
    assert!(moved.contains("→ POC Success Review: due ⚠ Mar 15 → Mar 27 (+12 d) [moved along]"));
}

#[test]
fn texts_are_told_in_words_and_other_years_by_their_number() {
    let summary = edited(&[(
        "b-it-manager",
        json!({"set": {"milestones": {"ms-05": {"notes": "Access credentials here", "due": "2027-01-04"}}}}),
    )])
    .summary();
    assert!(summary.markdown().contains("due ⚠ ~~Feb 20~~ **Jan 4, 2027** (+318 d)"));
    assert!(summary.markdown().contains("notes Access credentials ~~pending~~ **here**"));
    assert!(summary.text().contains("notes Access credentials [-pending-] {+here+}"));
}

#[test]
fn a_headline_is_short_and_never_greener_than_the_worst_item() {
    let words = |window: &Window, as_of: Date| {
        let headline = window.summary_as_of(as_of).headline;
        assert!(headline.split_whitespace().count() <= super::headline::WORDS_MAX, "{headline}");
        headline
    };
    let sample = Window::of(sample());
    assert_eq!(
        words(&sample, date(2026, 2, 17)),
        "Target Apr 30 holds, but 2 milestones must move: POC Success Review cannot finish before Mar 22 (+7 d)."
    );
    assert_eq!(
        words(&sample, date(2026, 2, 20)),
        "At risk: Provide data sample for POC is 2 days overdue and 1 more late; target Apr 30 holds so far."
    );
    // ms-06 can follow ms-05 on Mar 27 at the earliest, with ms-05 done on Feb 25 by its new date.
    assert!(words(&sample, date(2026, 3, 1)).starts_with("Stalled: Provide data sample for POC is 11 days overdue"));
    let blocked = edited(&[("b-cfo", task("ca-5", json!({"status": "blocked", "blocked": {"reason": "Freeze"}})))]);
    assert!(words(&blocked, as_of()).contains("Obtain CFO budget approval is blocked"));
    let late = edited(&[("b-cfo", json!({"set": {"milestones": {"ms-13": {"due": "2026-05-04"}}}}))]);
    assert!(words(&late, as_of()).contains("arget Apr 30 slips to May 4 (+4 d)"));
    let long = format!("{} {}", "word ".repeat(50), "x".repeat(40));
    let wordy = edited(&[("b-cfo", json!({"set": {"milestones": {"ms-06": {"title": long}}}}))]);
    assert!(words(&wordy, as_of()).contains("word word word word word word…"));
    let empty = Window::of(Plan::default());
    assert_eq!(words(&empty, as_of()), "Not started: no milestone or task yet.");
}

#[test]
fn a_section_has_twelve_lines_but_what_is_at_risk_is_never_cut() {
    let mut window = Window::of(sample());
    for n in 0..40 {
        let due = if n % 2 == 0 { "2026-02-10" } else { "2026-03-10" };
        window.edit("s-account-exec", &task(&format!("x-{n}"), json!({"title": format!("Step {n}"), "due": due})));
    }
    let summary = window.summary();
    assert_eq!(summary.changed.iter().map(|section| section.lines.len()).sum::<usize>(), super::LINES_MAX);
    assert!(summary.text().contains("and 28 more"));
    assert!(summary.at_risk.len() >= 20);
    assert_eq!(summary.text().matches("7 days overdue, was").count(), 20, "every one of them");
}

#[test]
fn nothing_of_another_document_is_told() {
    let mut window = call();
    for change in &mut window.changes {
        change.scope = Scope::Party(PartyId::parse("seller").unwrap());
    }
    let summary = window.summary();
    assert!(summary.no_changes.is_some() && summary.completed.lines.is_empty() && summary.changed.is_empty());
}

#[test]
fn waiting_answers_name_who_they_wait_for() {
    let mut window = edited(&[("s-account-exec", task("ca-2", json!({"commitment": {"state": "proposed"}})))]);
    let proposals = crate::plan::schema::collection("proposals").unwrap();
    let fields = [
        ("items/milestones/ms-06/due", json!({"old": "2026-03-15", "new": "2026-03-27"})),
        ("reason", json!("Thirty days of pilot")),
        ("by", json!("s-account-exec")),
        ("answers/buyer", json!("pending")),
        ("answers/seller", json!("accepted")),
    ];
    let fields =
        fields.iter().map(|(key, value)| (Key::of(proposals, key), Value::from_json(value).unwrap())).collect();
    let row = crate::plan::Row::new(proposals, fields);
    window.plan.rows_mut(proposals).insert("p-1".into(), Arc::new(row));
    let text = window.summary().text();
    assert!(text.contains(
        "POC Success Review: due ⚠ Mar 15 → Mar 27 (+12 d) “Thirty days of pilot”, proposed by Account Exec (seller); \
         waiting for buyer"
    ), "{text}");
    assert!(text.contains("Schedule executive presentation, due Mar 1: buyer has not committed yet"));
}

#[test]
fn a_hostile_title_harms_no_format() {
    let hostile = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>\" onload='x",
        "[click](javascript:alert(1)) ![x](http://evil.example/x.png)",
        "| a | b |\n| --- | --- |\n# heading `code` **bold** ~~gone~~",
        "\u{202e}gnihton\u{202c} \u{2066}x\u{2069} \u{200f}\u{0}\u{1b}[31m\u{7}",
        "http://evil.example www.evil.example a@evil.example &lt;b&gt; &#x3c;",
        "שלום עולם",
        "\\` \\* \\\\",
    ];
    for title in hostile.iter().map(|title| (*title).to_owned()).chain([
        "x".repeat(10_000),
        "\u{301}".repeat(5_000),
        "**".repeat(5_000),
    ]) {
        let mut window = call();
        let raw = |plan: &mut Plan, name: &str, id: &str, field: &str| {
            let collection = crate::plan::schema::collection(name).unwrap();
            let mut row = plan.row(collection, id).cloned().unwrap_or_default();
            row.set(Key::of(collection, field), Some(Value::string(&title)));
            if collection.is_single() {
                plan.meta = row;
            } else {
                plan.rows_mut(collection).insert(id.into(), Arc::new(row));
            }
        };
        let old = window.plan.clone();
        for (name, id, field) in [
            ("meta", "", "title"),
            ("meta", "", "account"),
            ("parties", "buyer", "name"),
            ("people", "b-it-manager", "name"),
            ("milestones", "ms-05", "title"),
            ("milestones", "ms-05", "notes"),
            ("milestones", "ms-06", "reason"),
            ("milestones", "ms-06", "title"),
            ("tasks", "ca-1", "title"),
            ("tasks", "va-1", "blocked.reason"),
            ("risks", "rk-2", "title"),
            ("risks", "rk-2", "mitigation"),
            ("phases", "ph-3", "name"),
            ("cadence", "cd-1", "title"),
            ("tasks", "x<b>|`", "title"),
        ] {
            raw(&mut window.plan, name, id, field);
        }
        let template = window.changes[0].clone();
        for (n, difference) in diff::plans(&old, &window.plan).into_iter().enumerate() {
            let n = u32::try_from(n).unwrap();
            window.changes.push(Change { seq: 500, n, event: Event::Difference(difference), ..template.clone() });
        }
        let summary = window.summary();
        assert!(summary.headline.split_whitespace().count() <= super::headline::WORDS_MAX);
        let (markdown, html, text) = (summary.markdown(), summary.html(), summary.text());
        let json = serde_json::to_string(&summary).unwrap();
        for (name, out) in [("md", &markdown), ("html", &html), ("text", &text), ("json", &json)] {
            let is_turning = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{2067}' | '\u{200f}');
            assert!(!out.chars().any(|c| is_turning(c) || (c.is_control() && c != '\n')), "{name}: {title:?}");
            assert!(out.len() < 200_000, "{name} has {} bytes", out.len());
            assert!(out.lines().all(|line| name == "json" || line.chars().count() < 4_000), "{name}: {title:.40}");
        }
        for tag in ["<script", "<img", "onload='", "onerror=alert(1)>"] {
            assert!(!html.contains(tag), "{tag}");
        }
        assert!(!html.contains("javascript:alert(1)\""));
        let is_escaped = |at: usize| markdown[..at].chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        for sign in ["<script", "<img", "[click]", "`code`", "`"] {
            assert!(markdown.match_indices(sign).all(|(at, _)| is_escaped(at)), "{sign} in {markdown}");
        }
        assert!(!markdown.contains("http://evil") && !markdown.contains("www.evil") && !markdown.contains("a@evil"));
        assert!(markdown.lines().filter(|line| line.starts_with("# ")).count() == 1);
        for table in markdown.lines().filter(|line| line.starts_with('|')) {
            let columns = table.char_indices().filter(|(at, c)| {
                *c == '|' && { table[..*at].chars().rev().take_while(|c| *c == '\\').count() % 2 == 0 }
            });
            assert!(matches!(columns.count(), 3 | 5 | 7), "{table}");
        }
    }
}

#[test]
fn only_a_plain_address_becomes_a_link() {
    for (link, is_shown) in [
        ("https://plans.example.com/p/acme?x=1#y", true),
        ("javascript:alert(1)", false),
        ("https://x.example/\"onclick=\"x", false),
        ("https://x.example/>) [x](y", false),
    ] {
        assert_eq!(super::is_link(link), is_shown, "{link}");
    }
}

#[test]
fn the_largest_plan_is_told_in_time_whatever_changed_in_it() {
    let mut plan = sample();
    let tasks = crate::plan::schema::collection("tasks").unwrap();
    let dependencies = crate::plan::schema::collection("dependencies").unwrap();
    let row = |collection, fields: &[(&str, &str)]| {
        let fields = fields.iter().map(|(key, value)| (Key::of(collection, key), Value::string(value)));
        Arc::new(crate::plan::Row::new(collection, fields.collect()))
    };
    let old = plan.clone();
    for n in 0..1_000 {
        let (id, title) = (format!("x-{n}"), format!("Step {n}"));
        let fields = [("title", &*title), ("due", "2026-03-01"), ("milestone", "ms-06"), ("party", "buyer")];
        plan.rows_mut(tasks).insert(id.into(), row(tasks, &fields));
        for to in [n + 1, n + 2] {
            plan.rows_mut(dependencies).insert(format!("x-{n}>x-{to}").into(), row(dependencies, &[("type", "FS")]));
        }
    }
    let mut moved = plan.clone();
    for n in 0..1_000 {
        let row = moved.rows_mut(tasks).get_mut(format!("x-{n}").as_str()).unwrap();
        Arc::make_mut(row).set(Key::Named("due"), Some(Value::string("2026-03-09")));
    }
    let template = call().changes.remove(0);
    for (old, new) in [(&old, &plan), (&plan, &moved)] {
        let differences = diff::plans(old, new).into_iter();
        let changes = differences.map(|difference| Change { event: Event::Difference(difference), ..template.clone() });
        let window = Window { plan: new.clone(), changes: changes.collect(), origin: Origin::Human };
        let began = std::time::Instant::now();
        let summary = window.summary();
        let took = began.elapsed();
        println!("{} changes in {took:?}", window.changes.len());
        assert!(took.as_millis() < 2_000, "{took:?} even unoptimised");
        assert_eq!(summary.moves.rows.len().max(super::LINES_MAX), super::LINES_MAX);
    }
}

#[test]
fn a_status_is_told_with_its_word_and_a_blocker_once() {
    let summary = edited(&[
        (
            "b-it-manager",
            task("ca-1", json!({"status": "blocked", "blocked": {"reason": "No data", "needs": "Sign-off"}})),
        ),
        (
            "b-it-manager",
            json!({"set": {"milestones": {"ms-03": {"status": "in_progress", "reason": "New questions"}}}}),
        ),
    ])
    .summary();
    let text = lines(&summary);
    assert!(text.contains(
        "Provide data sample for POC: blocked, was pending; blocker No data; blocker needs Sign-off — IT Manager (buyer)"
    ), "{text}");
    assert!(text.contains("Demo Follow-Up Q&A: reopened, complete → in progress “New questions” — IT Manager (buyer)"));
}

/// The seller's own document beside the sample, and what the seller wrote in it during the call.
fn private() -> (Plan, Vec<Change>) {
    let seller = PartyId::parse("seller").unwrap();
    let document = |json: Json| crate::plan::json::parse(&json, false).unwrap().beside(&sample(), &seller);
    let old = document(json!({"schema": "plansync.plan/1", "views": [{"id": "b-cfo", "stance": "neutral"}]}));
    let new = document(json!({"schema": "plansync.plan/1",
        "tasks": [{"id": "ca-1", "title": "Ask for the discount", "party": "seller", "owners": ["s-account-exec"], "due": "2026-02-20"}],
        "risks": [{"id": "r-1", "title": "CFO may leave", "probability": "high", "impact": "high"}],
        "views": [{"id": "b-cfo", "stance": "sceptic"}, {"id": "b-it-manager", "stance": "champion", "note": "Wants it by May"}],
        "links": [{"id": "crm", "system": "crm", "objectId": "0061"}]}));
    let change = |(n, difference): (u32, crate::plan::Difference)| Change {
        agreed_by: [].into(),
        seq: 7,
        n,
        at: "2026-02-17T18:00:00Z".into(),
        actor: PersonId::parse("s-account-exec").unwrap(),
        party: Some(seller.clone()),
        scope: Scope::Party(seller.clone()),
        origin: Origin::Human,
        event: Event::Difference(difference.within(&Scope::Party(seller.clone()))),
    };
    let changes = (0..).zip(diff::plans(&old, &new)).map(change).collect();
    (new, changes)
}

fn question<'a>(id: &'a PlanId, plan: &'a Plan, changes: &'a [Change], activity: &'a Activity) -> Question<'a> {
    Question {
        id,
        plan,
        changes,
        since: 6,
        until: 7,
        since_label: None,
        as_of: as_of(),
        activity,
        reader: None,
        last_edit: None,
        link: None,
    }
}

#[test]
fn the_addendum_tells_a_party_of_its_own_document_in_names_and_says_that_it_is_private() {
    let (plan, changes) = private();
    let (id, activity) = (PlanId::parse("acme").unwrap(), Activity::default());
    let question = question(&id, &plan, &changes, &activity);
    let told = addendum(&question, &PartyId::parse("seller").unwrap()).text();
    for line in [
        "Private, for seller alone",
        "Ask for the discount (seller task), due Feb 20, owner Account Exec — Account Exec (seller)",
        "CFO may leave (high probability, high impact)",
        "CFO: stance neutral → sceptic",
        "IT Manager: seen as champion “Wants it by May”",
        "0 of 1 item",
    ] {
        assert!(told.contains(line), "no {line:?} in\n{told}");
    }
    assert!(!told.contains("POC Environment Setup"), "what the shared plan tells is told there:\n{told}");
    let others = addendum(&question, &PartyId::parse("buyer").unwrap());
    assert!(others.completed.lines.is_empty() && others.changed.is_empty(), "changes of another scope are passed over");
}

#[test]
fn a_private_change_leaves_no_trace_in_the_summary_of_the_shared_plan() {
    let (_, changes) = private();
    let (id, activity, plan) = (PlanId::parse("acme").unwrap(), Activity::default(), sample());
    let with = summarise(&question(&id, &plan, &changes, &activity));
    let without = summarise(&question(&id, &plan, &[], &activity));
    assert_eq!(with, without);
}
