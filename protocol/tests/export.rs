//! The files a plan is exported as: what they look like for the sample, byte for byte.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use jiff::civil::date;
use plansync_protocol::ids::PlanId;
use plansync_protocol::plan::{Plan, SAMPLE, export, json};

fn sample() -> Plan {
    json::parse_str(SAMPLE, true).unwrap()
}

/// Compares with the golden file, or writes it where `PLANSYNC_GOLDEN=write` asks for that.
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/export").join(name);
    if std::env::var("PLANSYNC_GOLDEN").is_ok_and(|how| how == "write") {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{name} is not what it was; it would be:\n{text}");
}

#[test]
fn the_sample_as_markdown() {
    assert_golden("sample.md", &export::markdown(&sample(), date(2026, 2, 23)));
}

#[test]
fn the_sample_as_a_spreadsheet() {
    let csv = export::csv(&sample());
    assert_golden("sample.csv", &csv);
    assert_eq!(csv.matches("\r\n").count(), 1 + 8 + 15 + 10, "a header and one row for each phase and item");
}

#[test]
fn the_sample_as_to_dos() {
    let id = PlanId::parse("demo").unwrap();
    assert_golden("sample.ics", &export::ics(&id, &sample(), "2026-02-17T18:21:07Z"));
}

#[test]
fn an_empty_plan_is_a_file_too() {
    let plan = Plan::default();
    assert_eq!(export::csv(&plan).matches("\r\n").count(), 1);
    assert!(export::markdown(&plan, date(2026, 2, 17)).starts_with("# Mutual Action Plan\n"));
    let ics = export::ics(&PlanId::parse("demo").unwrap(), &plan, "no instant");
    assert!(ics.ends_with("END:VCALENDAR\r\n"));
}
