//! The headline: one sentence of at most 25 words that is never greener than the worst item.

use jiff::civil::Date;

use super::moves::noun;
use super::names::Names;
use super::risk::AtRisk;
use super::span::{capital, count, day, short};
use super::standing::Standing;
use crate::plan::schedule::Schedule;

/// What a reader takes in at a glance.
pub(super) const WORDS_MAX: usize = 25;
/// The most of a title: a headline names one item and has to leave room for what is the matter with it.
const TITLE_WORDS_MAX: usize = 6;
const TITLE_CHARS_MAX: usize = 48;

/// What the headline is written from.
pub(super) struct Headline<'a> {
    pub(super) standing: &'a Standing,
    pub(super) schedule: &'a Schedule,
    pub(super) at_risk: &'a [AtRisk<'a>],
    pub(super) grave: Vec<&'a str>,
    pub(super) stale_days: Option<i32>,
    pub(super) stage: Option<&'a str>,
    pub(super) names: &'a Names<'a>,
    pub(super) as_of: Date,
}

impl Headline<'_> {
    pub(super) fn sentence(&self) -> String {
        let standing = self.standing;
        let prefix = match (self.stage, standing.status.as_str()) {
            (Some("on_hold"), _) => "On hold: ",
            (Some("lost"), _) => "Lost: ",
            (_, "draft") => "Draft: ",
            (_, "not_started") => "Not started: ",
            (_, "stalled") => "Stalled: ",
            (_, "at_risk") => "At risk: ",
            _ => "",
        };
        let sentence = self.worst().unwrap_or_else(|| self.good(prefix.is_empty()));
        limit(&if prefix.is_empty() { capital(&sentence) } else { format!("{prefix}{sentence}") })
    }

    /// What the worst item says; `None` when no item is red and nothing is stale.
    fn worst(&self) -> Option<String> {
        let red: Vec<&AtRisk<'_>> = self.at_risk.iter().filter(|each| each.is_red()).collect();
        let overdue = red.iter().filter(|each| each.overdue > 0).min_by_key(|each| -each.overdue);
        let slipping: Vec<&&AtRisk<'_>> = red.iter().filter(|each| each.slip > each.overdue).collect();
        let furthest = slipping.iter().min_by_key(|each| -each.slip);
        let blocked: Vec<&&AtRisk<'_>> = red.iter().filter(|each| each.is_blocked).collect();
        let declined = red.iter().find(|each| each.declined.is_some());

        let matter = if let Some(each) = overdue {
            let days = count(usize::try_from(each.overdue).unwrap_or(0), "day");
            let others = red.iter().filter(|each| each.overdue > 0).count() - 1;
            let more = if others > 0 { format!(" and {others} more late") } else { String::new() };
            Some(format!("{} is {days} overdue{more}", self.title(each)))
        } else if let Some(each) = blocked.first() {
            let more = if blocked.len() > 1 { format!(" and {} more", blocked.len() - 1) } else { String::new() };
            Some(format!("{} is blocked{more}", self.title(each)))
        } else if let Some(each) = furthest {
            let finish =
                self.schedule.finish.get(each.item.id).map_or(String::new(), |finish| day(*finish, self.as_of));
            Some(format!("{} cannot finish before {finish} (+{} d)", self.title(each), each.slip))
        } else {
            declined.map(|each| format!("{} rests on a declined commitment", self.title(each)))
        };
        let stale =
            self.stale_days.filter(|days| *days >= 21).map(|days| format!("nothing has changed for {days} days"));
        let target = self.standing.target.as_ref();
        if let Some(target) = target.filter(|target| target.slip > 0) {
            let (date, projected) = (day(target.date, self.as_of), day(target.projected, self.as_of));
            let because = matter.or(stale).map_or(String::new(), |matter| format!(": {matter}"));
            return Some(format!("target {date} slips to {projected} (+{} d){because}.", target.slip));
        }
        let holds = target.map(|target| format!("target {} holds", day(target.date, self.as_of)));
        if overdue.is_none() && blocked.is_empty() && !slipping.is_empty() {
            let many = slipping.len();
            let noun = noun(&slipping.iter().map(|each| each.item.is_milestone).collect::<Vec<_>>());
            let must = format!("{} must move", count(many, noun));
            let matter = matter.unwrap_or_default();
            return Some(match holds {
                Some(holds) => format!("{holds}, but {must}: {matter}."),
                None => format!("{must}: {matter}."),
            });
        }
        let matter = matter.or(stale)?;
        Some(match holds {
            Some(holds) => format!("{matter}; {holds} so far."),
            None => format!("{matter}."),
        })
    }

    fn good(&self, is_on_track: bool) -> String {
        let standing = self.standing;
        let target = standing.target.as_ref().map(|target| day(target.date, self.as_of));
        if standing.counted == 0 {
            return "no milestone or task yet.".into();
        }
        if standing.complete == standing.counted && standing.next_milestone.is_none() {
            return format!("all {} are complete.", count(standing.counted, "item"));
        }
        let start = match (is_on_track, target) {
            (true, Some(target)) => format!("on track for {target}"),
            (true, None) => "on track".into(),
            (false, Some(target)) => format!("target {target}"),
            (false, None) => "under way".into(),
        };
        if let Some(first) = self.grave.first() {
            let others = self.grave.len() - 1;
            let more = if others > 0 { format!(" and {} more", count(others, "risk")) } else { String::new() };
            return format!("{start}, with a grave risk to watch: {}{more}.", cut_title(first));
        }
        let done = format!("{} of {} done", standing.complete, count(standing.counted, "item"));
        match &standing.next_milestone {
            Some(next) => format!("{start}: {done}, next {} by {}.", cut_title(&next.title), day(next.due, self.as_of)),
            None => format!("{start}: {done}."),
        }
    }

    fn title(&self, each: &AtRisk<'_>) -> String {
        cut_title(&self.names.item(each.item.id))
    }
}

fn cut_title(title: &str) -> String {
    let words: Vec<&str> = title.split_whitespace().collect();
    let mut cut = words.iter().take(TITLE_WORDS_MAX).copied().collect::<Vec<_>>().join(" ");
    if words.len() > TITLE_WORDS_MAX {
        cut.push('…');
    }
    short(&cut, TITLE_CHARS_MAX)
}

fn limit(sentence: &str) -> String {
    let words: Vec<&str> = sentence.split_whitespace().collect();
    if words.len() <= WORDS_MAX {
        return words.join(" ");
    }
    format!("{}…", words[..WORDS_MAX].join(" "))
}
