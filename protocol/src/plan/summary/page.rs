//! The page: the blocks of a summary in their order, which every format writes in its own signs.

use super::next::{Owes, PartyNext};
use super::refreshed::{Phase, PlanRow};
use super::span::{Line, Mark, Span, Spans, Symbol, capital, count, day, full_day, near_day};
use super::{LINES_MAX, Section, Summary};

/// A piece of the page.
pub(super) enum Block {
    /// The title of the page.
    Title(String),
    /// A line below the title.
    Under(Vec<Span>),
    /// The headline, with the sign of its worst news.
    Headline(String),
    /// A heading.
    Heading(String),
    /// A lesser heading.
    Subheading(String),
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// Facts with their labels.
    Facts(Vec<(String, Vec<Span>)>),
    /// Lines.
    List(Vec<Line>),
    /// A table with a heading for each column.
    Table(Vec<Column>, Vec<TableRow>),
    /// The address of the plan.
    Link(String),
}

/// A column of a table.
pub(super) struct Column {
    pub(super) heading: String,
    /// Whether it holds titles, which may be long and give way to the other columns.
    pub(super) is_wide: bool,
    /// Whether it holds days, which need the heading next to them where there are no columns.
    pub(super) is_dated: bool,
}

/// A row of a table.
pub(super) struct TableRow {
    pub(super) cells: Vec<Vec<Span>>,
    /// Whether something in it changed.
    pub(super) is_marked: bool,
}

impl Column {
    fn wide(heading: &str) -> Self {
        Self { heading: heading.into(), is_wide: true, is_dated: false }
    }

    fn narrow(heading: &str) -> Self {
        Self { heading: heading.into(), is_wide: false, is_dated: false }
    }

    fn dated(heading: &str) -> Self {
        Self { heading: heading.into(), is_wide: false, is_dated: true }
    }
}

impl Summary {
    pub(super) fn page(&self) -> Vec<Block> {
        let mut page = vec![Block::Title(self.title.clone())];
        let account = self.account.as_ref().map_or(String::new(), |account| format!(" · {account}"));
        let under = format!("{}{account} · as of {}", self.plan_word, full_day(self.as_of));
        page.push(Block::Under(Spans::default().faint(&under).0));
        page.push(Block::Headline(self.headline.clone()));
        page.push(Block::Facts(self.facts()));
        if let Some(words) = &self.no_changes {
            page.push(Block::Paragraph(Spans::default().strong_all(words).0));
        } else {
            page.push(Block::Paragraph(self.legend_spans()));
        }
        self.changes(&mut page);
        self.outlook(&mut page);
        if let Some(link) = &self.link {
            page.push(Block::Link(link.clone()));
        }
        page
    }

    fn changes(&self, page: &mut Vec<Block>) {
        section(page, "Completed", &self.completed);
        if !self.changed.is_empty() {
            page.push(Block::Heading("Changed".into()));
            for group in &self.changed {
                page.push(Block::Subheading(group.heading.into()));
                page.push(Block::List(lines(group)));
            }
        }
        let moves = &self.moves;
        if moves.is_empty() {
            return;
        }
        page.push(Block::Heading("What else moves".into()));
        if !moves.rows.is_empty() {
            page.push(Block::Paragraph(moves.cause.clone()));
            let mut head = vec![Column::wide("Item"), Column::dated("Due")];
            let (with_must, with_gap) = (moves.must > 0, moves.keep_gap > 0);
            if with_must {
                head.push(Column::dated("Must move to"));
            }
            if with_gap {
                head.push(Column::dated("If today's gaps are kept"));
            }
            let delta = |to: jiff::civil::Date, due: jiff::civil::Date| format!(" ({:+} d)", (to - due).get_days());
            let row = |row: &super::MovesRow| {
                let mut cells =
                    vec![Spans::default().plain(&row.title).0, Spans::default().plain(&day(row.due, self.as_of)).0];
                let dash = || Spans::default().faint("—").0;
                if with_must {
                    cells.push(row.must.map_or_else(dash, |must| {
                        let spans = Spans::default().add(Mark::Late, "⚠ ").add(Mark::New, &day(must, self.as_of));
                        let spans = spans.plain(&delta(must, row.due));
                        let before = row.must_before.map(|before| format!(", was {}", day(before, self.as_of)));
                        spans.faint(&before.unwrap_or_default()).0
                    }));
                }
                if with_gap {
                    cells.push(row.keep_gap.map_or_else(dash, |kept| {
                        Spans::default().plain(&format!("{}{}", day(kept, self.as_of), delta(kept, row.due))).0
                    }));
                }
                TableRow { cells, is_marked: false }
            };
            page.push(Block::Table(head, moves.rows.iter().map(row).collect()));
            if moves.more > 0 {
                page.push(Block::Paragraph(Spans::default().faint(&format!("and {} more", moves.more)).0));
            }
        }
        if !moves.lines.is_empty() {
            let more = moves.lines.len().saturating_sub(LINES_MAX);
            let mut lines: Vec<Line> = moves.lines.iter().take(LINES_MAX).cloned().collect();
            lines.extend(more_line(more));
            page.push(Block::List(lines));
        }
    }

    fn outlook(&self, page: &mut Vec<Block>) {
        page.push(Block::Heading("At risk and overdue".into()));
        if self.at_risk.is_empty() {
            page.push(Block::Paragraph(Spans::default().plain("Nothing is at risk or overdue.").0));
        } else {
            page.push(Block::List(self.at_risk.clone()));
        }
        if self.next.iter().any(|party| !party.steps.is_empty()) {
            page.push(Block::Heading("Next".into()));
            for party in &self.next {
                page.push(Block::Subheading(side(&party.label, party.is_reader)));
                page.push(Block::List(self.steps(party)));
            }
        }
        section(page, "Waiting for an answer", &self.waiting);
        if let Some(review) = &self.next_review {
            page.push(Block::Heading("Next review".into()));
            page.push(Block::Paragraph(review.spans.clone()));
        }
        if !self.phases.is_empty() {
            page.push(Block::Heading("The plan now".into()));
            for phase in &self.phases {
                self.phase(page, phase);
            }
        }
    }

    fn facts(&self) -> Vec<(String, Vec<Span>)> {
        let standing = &self.standing;
        let mut facts = vec![("Status".to_owned(), Spans::default().strong_all(&standing.status_words).0)];
        let mut progress =
            Spans::default().strong_all(&format!("{} of {}", standing.complete, count(standing.counted, "item")));
        progress = progress.plain(&format!(" ({} %", standing.percent));
        if (standing.percent - standing.percent_before).abs() > 0.01 {
            progress = progress.plain(&format!(", was {} %", standing.percent_before));
        }
        let milestones = count(standing.milestones, "milestone");
        progress = progress.plain(&format!("), {} of {milestones}", standing.milestones_complete));
        facts.push(("Progress".into(), progress.0));
        if let Some(next) = &standing.next_milestone {
            let mut spans = Spans::default().strong(&next.title).plain(&format!(", {}", day(next.due, self.as_of)));
            if next.overdue > 0 {
                spans = spans.plain(" ").add(Mark::Late, &format!("⚠ {} d overdue", next.overdue));
            }
            facts.push(("Next milestone".into(), spans.0));
        }
        if let Some(target) = &standing.target {
            let kind = match target.kind.as_str() {
                "close" => "Target close",
                "go_live" => "Target go-live",
                _ => "Target",
            };
            let spans = Spans::default().strong_all(&day(target.date, self.as_of));
            let mut spans = if target.slip > 0 {
                let late = format!("⚠ {} (+{} d)", day(target.projected, self.as_of), target.slip);
                spans.plain(", projected ").add(Mark::Late, &late)
            } else {
                spans.plain(&format!(", projected {}: ", day(target.projected, self.as_of))).add(Mark::Early, "✔ holds")
            };
            if let Some(kept) = target.keep_gap {
                spans = spans.plain(&format!("; {} if today's gaps are kept", day(kept, self.as_of)));
            }
            facts.push((kind.into(), spans.0));
        }
        for owes in &standing.owes {
            let label = if owes.is_reader {
                format!("You owe next ({})", owes.label)
            } else {
                format!("{} owes next", side(&owes.label, false))
            };
            facts.push((label, self.owed(owes)));
        }
        facts
    }

    fn owed(&self, owes: &Owes) -> Vec<Span> {
        let Some(step) = &owes.step else { return Spans::default().plain("nothing").0 };
        let mut spans = Spans::default().strong(&step.title);
        let owners = if step.owners.is_empty() { "no owner".to_owned() } else { step.owners.join(", ") };
        let due = step.due.map_or("no date".into(), |due| near_day(due, self.as_of));
        spans = spans.plain(&format!(", {owners}, {due}"));
        if step.overdue > 0 {
            spans = spans.plain(" ").add(Mark::Late, &format!("⚠ {} d overdue", step.overdue));
        }
        spans.0
    }

    fn legend_spans(&self) -> Vec<Span> {
        let mut spans = Spans::default().strong_all(&format!("Since {}", self.since_label)).plain(":");
        for (at, entry) in self.legend.iter().enumerate() {
            let word = if entry.symbol == Symbol::Date && entry.count == 1 { "date" } else { entry.word };
            let join = if at == 0 { " " } else { " · " };
            spans = spans.plain(&format!("{join}{} {} {word}", entry.symbol.sign(), entry.count));
        }
        spans.0
    }

    fn steps(&self, party: &PartyNext) -> Vec<Line> {
        let mut lines: Vec<Line> =
            party.steps.iter().map(|step| step.spans(self.as_of).line(None, Some(step.subject.clone()))).collect();
        if lines.is_empty() {
            lines.push(Spans::default().plain("nothing").line(None, None));
        }
        lines.extend(more_line(party.more));
        lines
    }

    fn phase(&self, page: &mut Vec<Block>, phase: &Phase) {
        let risk = if phase.at_risk > 0 { format!(" · ⚠ {} at risk", phase.at_risk) } else { String::new() };
        let until = phase.due.map_or(String::new(), |due| format!(" · until {}", day(due, self.as_of)));
        let noun = if phase.is_of_tasks { "task" } else { "milestone" };
        let counts = format!("{} of {} done{until}{risk}", phase.complete, count(phase.total, noun));
        if phase.rows.is_empty() {
            let spans = Spans::default().strong(&phase.name).plain(&format!(": {counts} · unchanged"));
            return page.push(Block::Paragraph(spans.0));
        }
        page.push(Block::Subheading(format!("{}: {counts}", phase.name)));
        let row = |row: &PlanRow| {
            let sign = row.symbol.map_or("", Symbol::sign);
            let mut title = Spans::default().plain(if row.is_task { "↳ " } else { "" }).0;
            title.extend(row.title.clone());
            let mut cells = vec![Spans::default().plain(sign).0, title];
            cells.extend(row.owners.iter().cloned());
            cells.extend([row.due.clone(), row.status.clone()]);
            TableRow { cells, is_marked: row.symbol.is_some() }
        };
        let mut head = vec![Column::narrow(""), Column::wide("Item")];
        head.extend(self.owner_columns.iter().map(|heading| Column::narrow(heading)));
        head.extend([Column::dated("Due"), Column::narrow("Status")]);
        page.push(Block::Table(head, phase.rows.iter().map(row).collect()));
    }
}

fn section(page: &mut Vec<Block>, heading: &str, section: &Section) {
    if !section.lines.is_empty() {
        page.push(Block::Heading(heading.into()));
        page.push(Block::List(lines(section)));
    }
}

fn lines(section: &Section) -> Vec<Line> {
    let mut lines = section.lines.clone();
    lines.extend(more_line(section.more));
    lines
}

fn more_line(more: usize) -> Option<Line> {
    (more > 0).then(|| Spans::default().faint(&format!("and {more} more")).line(None, None))
}

/// `Buyer`, `Buyer (you)`.
fn side(label: &str, is_reader: bool) -> String {
    if is_reader { format!("{} (you)", capital(label)) } else { capital(label) }
}
