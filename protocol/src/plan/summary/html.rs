//! The summary as HTML for mail: tables and inline styles that mail programs keep, no script, nothing loaded.

use super::Summary;
use super::page::{Block, Column, TableRow};
use super::span::{Line, Mark, Span, is_right_to_left};

const INK: &str = "#1d2129";
const MUTE: &str = "#5b6370";
const LATE: &str = "#b42318";
const EARLY: &str = "#146c3c";
const LINE: &str = "#dfe3e8";
const MARKED: &str = "#fff8db";
const FONT: &str = "font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif";
/// A word of any length breaks rather than widens the page.
const BREAK: &str = "word-break:break-word;overflow-wrap:anywhere";

impl Summary {
    /// The summary as an HTML page for mail.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{}</title></head>\n\
             <body style=\"margin:0;padding:0;background:#f6f7f9\">\n\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\">\
             <tr><td align=\"center\" style=\"padding:16px 8px\">\n\
             <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" \
             style=\"max-width:720px;background:#ffffff;border:1px solid {LINE}\"><tr><td align=\"left\" \
             style=\"padding:24px;{FONT};font-size:15px;line-height:1.5;color:{INK};{BREAK}\">\n",
            text(&self.title)
        );
        for block in self.page() {
            write(&mut out, &block);
        }
        out.push_str("</td></tr></table>\n</td></tr></table>\n</body></html>\n");
        out
    }
}

fn write(out: &mut String, block: &Block) {
    match block {
        Block::Title(title) => tag(out, "h1", "margin:0;font-size:22px;line-height:1.25", &text(title)),
        Block::Under(spans) => tag(out, "p", "margin:2px 0 14px;font-size:13px", &inline(spans)),
        Block::Headline(sentence) => {
            let style = format!(
                "margin:0 0 14px;padding:12px 14px;border-left:4px solid {INK};background:#f1f3f5;font-size:18px;line-height:1.35;font-weight:bold"
            );
            tag(out, "p", &style, &text(sentence));
        }
        Block::Heading(heading) => {
            let style = format!("margin:24px 0 6px;padding-top:12px;border-top:1px solid {LINE};font-size:17px");
            tag(out, "h2", &style, &text(heading));
        }
        Block::Subheading(heading) => {
            tag(out, "h3", &format!("margin:12px 0 4px;font-size:14px;color:{MUTE}"), &text(heading));
        }
        Block::Paragraph(spans) => tag(out, "p", "margin:8px 0", &inline(spans)),
        Block::Facts(facts) => {
            open_table(out, "presentation");
            for (label, spans) in facts {
                let style = format!(
                    "padding:6px 12px 4px 0;color:{MUTE};font-size:13px;line-height:1.5;white-space:nowrap;vertical-align:top"
                );
                out.push_str("<tr>");
                cell(out, "td", &style, &text(label));
                cell(out, "td", &format!("padding:4px 0;{BREAK}"), &inline(spans));
                out.push_str("</tr>\n");
            }
            out.push_str("</table>\n");
        }
        Block::List(lines) => {
            open_table(out, "presentation");
            lines.iter().for_each(|line| item(out, line));
            out.push_str("</table>\n");
        }
        Block::Table(head, rows) => {
            open_table(out, "table");
            out.push_str("<tr>");
            for column in head {
                let style = format!(
                    "padding:4px 8px 4px 4px;border-bottom:1px solid {LINE};color:{MUTE};font-size:12px;text-align:left"
                );
                cell(out, "th", &style, &text(&column.heading));
            }
            out.push_str("</tr>\n");
            rows.iter().for_each(|each| row(out, head, each));
            out.push_str("</table>\n");
        }
        Block::Link(link) => {
            let style =
                format!("display:inline-block;padding:10px 16px;background:{INK};color:#ffffff;text-decoration:none");
            let anchor = format!("<a href=\"{}\" style=\"{style}\">Open the plan</a>", text(link));
            tag(out, "p", "margin:24px 0 0", &anchor);
        }
    }
}

fn item(out: &mut String, line: &Line) {
    out.push_str("<tr>");
    let sign = line.symbol.map_or("·", |symbol| symbol.sign());
    cell(out, "td", "padding:3px 8px 3px 0;width:16px;vertical-align:top", sign);
    cell(out, "td", &format!("padding:3px 0;{BREAK}"), &inline(&line.spans));
    out.push_str("</tr>\n");
}

fn row(out: &mut String, head: &[Column], row: &TableRow) {
    let ground = if row.is_marked { format!(";background:{MARKED}") } else { String::new() };
    out.push_str("<tr>");
    for (column, spans) in head.iter().zip(&row.cells) {
        // A narrow column keeps its words whole, so that a long title gives way.
        let wrap = if column.is_wide { BREAK } else { "word-break:normal;overflow-wrap:break-word" };
        let style = format!(
            "padding:4px 8px 4px 4px;border-bottom:1px solid {LINE};vertical-align:top;font-size:14px;{wrap}{ground}"
        );
        cell(out, "td", &style, &inline(spans));
    }
    out.push_str("</tr>\n");
}

fn open_table(out: &mut String, role: &str) {
    let style = "border-collapse:collapse;margin:4px 0";
    out.push_str(&format!(
        "<table role=\"{role}\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"{style}\">\n"
    ));
}

fn tag(out: &mut String, name: &str, style: &str, inner: &str) {
    cell(out, name, style, inner);
    out.push('\n');
}

fn cell(out: &mut String, name: &str, style: &str, inner: &str) {
    out.push_str(&format!("<{name} style=\"{style}\">{inner}</{name}>"));
}

fn inline(spans: &[Span]) -> String {
    let mut out = String::new();
    for span in spans {
        let words = text(&span.text);
        let coloured = |colour: &str, words: &str| format!("<span style=\"color:{colour}\">{words}</span>");
        out.push_str(&match span.mark {
            Mark::Plain => words,
            Mark::Strong | Mark::New => format!("<strong>{words}</strong>"),
            Mark::Old => format!("<del style=\"color:{MUTE}\">{words}</del>"),
            Mark::Cut => format!("<del style=\"color:{LATE}\">{words}</del>"),
            Mark::Put => format!("<ins style=\"color:{EARLY}\">{words}</ins>"),
            Mark::Late => coloured(LATE, &words),
            Mark::Early => coloured(EARLY, &words),
            Mark::Quote => format!("<em>“{words}”</em>"),
            Mark::Faint => coloured(MUTE, &words),
        });
    }
    out
}

/// The text with every sign taken literally, in its element or attribute, and kept from turning its neighbours round.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    if is_right_to_left(text) { format!("<bdi>{out}</bdi>") } else { out }
}
