//! The summary as Markdown, for every dialect with tables.

use super::Summary;
use super::page::Block;
use super::span::{Line, Mark, Span, is_right_to_left};

impl Summary {
    /// The summary as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        for block in self.page() {
            if !out.is_empty() {
                out.push('\n');
            }
            write(&mut out, &block);
        }
        out
    }
}

fn write(out: &mut String, block: &Block) {
    match block {
        Block::Title(title) => line(out, &["# ", &escape(title)]),
        Block::Under(spans) | Block::Paragraph(spans) => line(out, &[&inline(spans)]),
        Block::Headline(sentence) => line(out, &["**", &escape(sentence), "**"]),
        Block::Heading(heading) => line(out, &["## ", &escape(heading)]),
        Block::Subheading(heading) => line(out, &["### ", &escape(heading)]),
        Block::Facts(facts) => {
            line(out, &["| In 30 seconds | |"]);
            line(out, &["| --- | --- |"]);
            for (label, spans) in facts {
                line(out, &["| ", &escape(label), " | ", &inline(spans), " |"]);
            }
        }
        Block::List(lines) => lines.iter().for_each(|each| item(out, each)),
        Block::Table(head, rows) => {
            let names: Vec<String> = head.iter().map(|column| escape(&column.heading)).collect();
            line(out, &["| ", &names.join(" | "), " |"]);
            line(out, &["|", &" --- |".repeat(head.len())]);
            for row in rows {
                let cells: Vec<String> = row.cells.iter().map(|cell| inline(cell)).collect();
                line(out, &["| ", &cells.join(" | "), " |"]);
            }
        }
        Block::Link(link) => line(out, &["[Open the plan](<", link, ">)"]),
    }
}

fn line(out: &mut String, parts: &[&str]) {
    parts.iter().for_each(|part| out.push_str(part));
    out.push('\n');
}

fn item(out: &mut String, each: &Line) {
    let sign = each.symbol.map_or(String::new(), |symbol| format!("{} ", symbol.sign()));
    line(out, &["- ", &sign, &inline(&each.spans)]);
}

fn inline(spans: &[Span]) -> String {
    let mut out = String::new();
    for span in spans {
        let sign = match span.mark {
            Mark::Strong | Mark::New | Mark::Put => "**",
            Mark::Old | Mark::Cut => "~~",
            _ => "",
        };
        let text = span.text.trim();
        let (before, after) = if text.is_empty() {
            (span.text.as_str(), "")
        } else {
            let start = span.text.len() - span.text.trim_start().len();
            (&span.text[..start], &span.text[start + text.len()..])
        };
        // Signs only work right next to their words.
        out.push_str(before);
        if !text.is_empty() {
            let (open, close) = if span.mark == Mark::Quote { ("“", "”") } else { (sign, sign) };
            for part in [open, &escape(text), close] {
                out.push_str(part);
            }
        }
        out.push_str(after);
    }
    out
}

/// The text with every sign taken literally, and kept from turning its neighbours round.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ['\0'; 3];
    for c in text.chars() {
        let is_sign = matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '#' | '@' | '!');
        // An address that nobody meant as a link: `http://`, `www.`.
        let is_address =
            (c == '/' && matches!(before[2], ':' | '/')) || (c == '.' && before.iter().all(|w| matches!(w, 'w' | 'W')));
        if is_sign || is_address {
            out.push('\\');
        }
        out.push(c);
        before = [before[1], before[2], c];
    }
    if is_right_to_left(text) { format!("\u{2068}{out}\u{2069}") } else { out }
}
