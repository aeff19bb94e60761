//! A spreadsheet as tables: the rows above the first header are facts, and a second header begins another table.

use csv::ReaderBuilder;

use super::columns::{About, Column, about, column};
use super::source::{Cell, Row, Source, Table};
use crate::plan::check::Malformed;
use crate::plan::export::unguard;

/// Rows above the header, in which a title and facts may stand.
const ROWS_ABOVE_MAX: usize = 30;

pub(super) fn source(text: &str) -> Result<Source, Vec<Malformed>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The first separator wins unless another one makes a better header.
    let known_at_best = |delimiter: &u8| rows(text, *delimiter).take(ROWS_ABOVE_MAX).map(|row| known(&row)).max();
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(known_at_best).unwrap_or(b',');
    let mut source = Source { unit: "row", ..Source::default() };
    for row in rows(text, delimiter) {
        if row.cells.iter().all(|cell| cell.text.trim().is_empty()) {
            continue;
        }
        if is_header(&row, source.tables.is_empty()) {
            let header = row.cells.into_iter().map(|cell| cell.text.trim().to_owned()).collect();
            source.tables.push(Table { header, ..Table::default() });
        } else if let Some(table) = source.tables.last_mut() {
            table.rows.push(row);
        } else if row.number <= ROWS_ABOVE_MAX {
            fact(&mut source, &row);
        }
    }
    if source.tables.is_empty() {
        let first = text.lines().next().unwrap_or_default();
        let expected = "a header with the columns Milestone or Task and Owner, Due date or Status";
        return Err(vec![Malformed::new("row 1", &format!("{first:?}"), expected)]);
    }
    Ok(source)
}

/// The rows of a text, numbered as a spreadsheet does: blank ones count.
fn rows(text: &str, delimiter: u8) -> impl Iterator<Item = Row> {
    let reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
    let mut number = 0;
    reader.into_records().map_while(Result::ok).map(move |record| {
        let begin = record.position().and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(0);
        number += 1 + blank_lines(text, begin);
        Row { number, cells: record.iter().map(|cell| Cell::from(unguard(cell).replace("\r\n", "\n"))).collect() }
    })
}

/// The empty lines before a record that was looked for from here on.
fn blank_lines(text: &str, begin: usize) -> usize {
    let Some((before, rest)) = text.split_at_checked(begin) else { return 0 };
    // The reader takes `\r` as an end and leaves the `\n` of the pair to the next record.
    let rest = if before.ends_with('\r') { rest.strip_prefix('\n').unwrap_or(rest) } else { rest };
    rest.bytes().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| *byte == b'\n').count()
}

fn columns(row: &Row) -> Vec<Column> {
    row.cells.iter().map(|cell| column(&cell.text)).collect()
}

fn known(row: &Row) -> usize {
    columns(row).iter().filter(|column| **column != Column::Other).count()
}

/// The first header may have columns of any name; a later one has only known ones, since a row of words is near.
fn is_header(row: &Row, is_first: bool) -> bool {
    let mut filled = row.cells.iter().map(|cell| &cell.text).filter(|text| !text.trim().is_empty());
    if !is_first && filled.any(|text| column(text) == Column::Other) {
        return false;
    }
    let (known, filled) = (known(row), row.cells.iter().filter(|cell| !cell.text.trim().is_empty()).count());
    match about(&columns(row)) {
        Some(About::People) => filled == known,
        Some(_) => is_first || filled >= 3,
        None => false,
    }
}

/// `Account,Acme` or `Account: Acme`; what stands alone first is the title.
fn fact(source: &mut Source, row: &Row) {
    let filled: Vec<&str> = row.cells.iter().map(|cell| cell.text.trim()).filter(|text| !text.is_empty()).collect();
    match filled.as_slice() {
        [one] => match one.split_once(':') {
            Some((label, value)) => source.facts.push((row.number, label.trim().into(), value.trim().into())),
            None if source.title.is_none() && !one.starts_with("sep=") => source.title = Some((*one).into()),
            None => {}
        },
        [label, value] => source.facts.push((row.number, label.trim_end_matches(':').into(), (*value).into())),
        _ => {}
    }
}
