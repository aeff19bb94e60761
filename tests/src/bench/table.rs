//! The rows: what must be reached, what is aimed at, what was measured.

use std::fmt::Write as _;

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    pub work: String,
    pub must: String,
    pub aim: String,
    pub measured: String,
    pub verdict: &'static str,
}

impl Row {
    /// A row with the measured number against its bounds; `more` says that more is better.
    pub fn new(work: &str, (must, aim): (f64, f64), measured: f64, more: bool, show: impl Fn(f64) -> String) -> Self {
        let reaches = |bound: f64| if more { measured >= bound } else { measured <= bound };
        let verdict = match (reaches(must), reaches(aim)) {
            (_, true) => "aim",
            (true, _) => "ok",
            _ => "**missed**",
        };
        Self { work: work.to_owned(), must: show(must), aim: show(aim), measured: show(measured), verdict }
    }

    /// With a remark behind what was measured.
    pub fn with(mut self, remark: &str) -> Self {
        let _ = write!(self.measured, " {remark}");
        self
    }
}

/// The table as Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("| Work | Must | Aim | Measured | |\n| --- | --- | --- | --- | --- |\n");
    for Row { work, must, aim, measured, verdict } in rows {
        let _ = writeln!(text, "| {work} | {must} | {aim} | {measured} | {verdict} |");
    }
    text
}
