//! The files a plan is exported as: what they look like for the sample, byte for byte.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use jiff::civil::date;
use plansync_protocol::ids::PlanId;
use plansync_protocol::plan::{Plan, SAMPLE, export, json as canonical};
use serde_json::json;

fn sample() -> Plan {
    canonical::parse_str(SAMPLE, true).unwrap()
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

const HOSTILE: &[&str] = &[
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1:A9)",
    "\t=1",
    "\r\n=1",
    "'=1",
    "x\",\"=1+1",
    "x\";=1+1;\"",
    "a;=1",
    "a\t=1",
    "a\n=1",
    "a | b",
    "\u{202e}fdp.exe",
    "nul\u{0}",
    "＝1",
    "# heading\n- [ ] box",
    "</table><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "END:VTODO\r\nBEGIN:VALARM",
];

fn hostile() -> Plan {
    let tasks: Vec<_> = HOSTILE
        .iter()
        .enumerate()
        .map(|(n, text)| {
            let owner = format!("p{n}");
            json!({"id": format!("t{n}"), "title": text, "notes": text, "reason": text, "owners": [owner], "due": "2026-03-01"})
        })
        .collect();
    let people: Vec<_> = HOSTILE
        .iter()
        .enumerate()
        .map(|(n, text)| json!({"id": format!("p{n}"), "party": "buyer", "role": text}))
        .collect();
    let plan = json!({"schema": "plansync.plan/1", "meta": {"title": HOSTILE[0]}, "people": people, "tasks": tasks});
    canonical::parse(&plan, true).unwrap()
}

#[test]
fn no_cell_of_a_spreadsheet_is_a_formula_whatever_separates_cells() {
    let file = export::csv(&hostile());
    for delimiter in [b',', b';', b'\t', b'|'] {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(file.as_bytes());
        for record in reader.records() {
            let record = record.unwrap();
            assert!(delimiter != b',' || record.len() == 25, "{record:?}");
            for cell in &record {
                let behind = char::from(delimiter);
                assert!(!cell.starts_with(['\t', '\r', '\n']), "{cell:?} behind {behind:?}");
                let begin = cell.trim_start_matches([' ', '"']);
                assert!(!begin.starts_with(['=', '+', '-', '@', '＝']), "{cell:?} behind {behind:?}");
            }
        }
    }
    assert!(!file.contains('\0'));
}

#[test]
fn every_hostile_text_of_a_document_stays_in_its_cell() {
    let page = export::markdown(&hostile(), date(2026, 2, 17));
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| t")).collect();
    assert_eq!(rows.len(), HOSTILE.len());
    for row in rows {
        let bars = row.replace("\\\\", "").replace("\\|", "").matches('|').count();
        assert_eq!(bars, 10, "{row}");
    }
    assert!(!page.contains("<script") && !page.contains("[x](") && !page.contains('\u{202e}') && !page.contains('\0'));
    assert_eq!(page.lines().filter(|line| line.starts_with('#')).count(), 3, "{page}");
}
