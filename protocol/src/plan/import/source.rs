//! What a file holds before anybody says what it means: facts about the plan, and tables of cells.

use crate::plan::check::Malformed;

/// A file as tables.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// What its rows are counted in: `row` of a spreadsheet, `line` of a document.
    pub(super) unit: &'static str,
    pub(super) title: Option<String>,
    /// `Account: Acme`, with its row.
    pub(super) facts: Vec<(usize, String, String)>,
    pub(super) tables: Vec<Table>,
}

/// A table with its header and what stands above it.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// The heading above, if it names a phase.
    pub(super) phase: Option<String>,
    /// The side that the heading names: `Customer action items`.
    pub(super) side: Option<&'static str>,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Row>,
}

/// A row of cells.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) number: usize,
    pub(super) cells: Vec<Cell>,
}

/// A cell: its text, and how many arrows of our own documents stood before it.
#[derive(Debug, Default, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) arrows: usize,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(&text, 0)
    }
}

impl Cell {
    /// A cell without the control characters that no one sees and no one meant.
    pub(super) fn new(text: &str, arrows: usize) -> Self {
        let is_meant = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        Self { text: text.chars().filter(is_meant).collect(), arrows }
    }
}

/// Where a cell stands, for whoever has to put it right.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) row: String,
    pub(super) column: String,
}

impl Place {
    pub(super) fn malformed(&self, value: &str, expected: impl Into<String>) -> Malformed {
        Malformed::new(format!("{}, column {}", self.row, self.column), &format!("{value:?}"), expected)
    }
}
