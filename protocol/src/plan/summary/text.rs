//! The summary as plain text, for a terminal and for mail without HTML.

use super::Summary;
use super::page::Block;
use super::span::{Line, Mark, Span, is_right_to_left};

impl Summary {
    /// The summary as plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for block in self.page() {
            write(&mut out, &block);
        }
        out
    }
}

fn write(out: &mut String, block: &Block) {
    let mut line = |text: &str| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    match block {
        Block::Title(title) => line(&plain(title)),
        Block::Under(spans) => line(&inline(spans)),
        Block::Headline(sentence) => line(&format!("\n{}\n", plain(sentence))),
        Block::Heading(heading) => line(&format!("\n{}", plain(heading).to_uppercase())),
        Block::Subheading(heading) => line(&format!("{}:", plain(heading))),
        Block::Paragraph(spans) => line(&inline(spans)),
        Block::Facts(facts) => {
            let width = facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
            for (label, spans) in facts {
                line(&format!("  {:<width$}  {}", plain(label), inline(spans)));
            }
            line("");
        }
        Block::List(lines) => lines.iter().for_each(|each| line(&item(each))),
        Block::Table(head, rows) => {
            for row in rows {
                let mut parts = Vec::new();
                for (column, cell) in head.iter().zip(&row.cells) {
                    let cell = inline(cell);
                    match column.heading.as_str() {
                        "" => parts.push(if cell.is_empty() { " ".into() } else { cell }),
                        _ if cell == "—" => {}
                        _ if !column.is_dated => parts.push(cell),
                        heading => parts.push(format!("{} {cell}", heading.to_lowercase())),
                    }
                }
                let is_signed = head.first().is_some_and(|column| column.heading.is_empty());
                let line_of = if is_signed {
                    format!("  {} {}", parts[0], parts[1..].join("; "))
                } else {
                    format!("  {}", parts.join("; "))
                };
                line(&line_of);
            }
        }
        Block::Link(link) => line(&format!("\nOpen the plan: {link}")),
    }
}

fn item(each: &Line) -> String {
    format!("  {} {}", each.symbol.map_or("-", |symbol| symbol.sign()), inline(&each.spans))
}

fn inline(spans: &[Span]) -> String {
    let mut out = String::new();
    let mut is_after_old = false;
    for span in spans {
        let text = plain(&span.text);
        match span.mark {
            Mark::New if is_after_old => out.push_str(&format!("→ {text}")),
            Mark::Cut => out.push_str(&format!("[-{text}-]")),
            Mark::Put => out.push_str(&format!("{{+{text}+}}")),
            Mark::Quote => out.push_str(&format!("“{text}”")),
            _ => out.push_str(&text),
        }
        is_after_old = span.mark == Mark::Old || (is_after_old && text == " ");
    }
    out
}

/// The text, kept from turning its neighbours round.
fn plain(text: &str) -> String {
    if is_right_to_left(text) { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
}
