//! Typed views of rows: they read like the product and cost nothing to make.

use jiff::civil::Date;

use super::row::Row;
use super::schema::{Collection, collection};
use super::words::{RiskState, Status};
use super::{Plan, Value};

/// An entity: its id and its row. What no accessor names is read from [`Entity::row`].
#[derive(Debug, Clone, Copy)]
pub struct Entity<'a> {
    /// The id within its collection.
    pub id: &'a str,
    /// The flat fields.
    pub row: &'a Row,
}

impl<'a> Entity<'a> {
    /// The title, or of a phase or a person the name.
    #[must_use]
    pub fn title(&self) -> Option<&'a str> {
        self.row.text("title").or_else(|| self.row.text("name"))
    }

    /// Whether it is removed.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.row.is_removed()
    }

    /// The ids of the owners, sorted.
    pub fn owners(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.row.members("owners").map(|(person, _)| person)
    }

    /// The party's id, or `joint`.
    #[must_use]
    pub fn party(&self) -> Option<&'a str> {
        self.row.text("party")
    }

    /// The notes, or a comment's or an objective's text.
    #[must_use]
    pub fn notes(&self) -> Option<&'a str> {
        self.row.text("notes").or_else(|| self.row.text("text"))
    }
}

macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $collection:literal, $one:ident, $all:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'a>(pub Entity<'a>);

        impl<'a> std::ops::Deref for $name<'a> {
            type Target = Entity<'a>;
            fn deref(&self) -> &Entity<'a> {
                &self.0
            }
        }

        impl Plan {
            #[doc = concat!("The entity of `", $collection, "` with this id, also a removed one.")]
            #[must_use]
            pub fn $one(&self, id: &str) -> Option<$name<'_>> {
                let (id, row) = self.rows(collection($collection)?).get_key_value(id)?;
                Some($name(Entity { id, row }))
            }

            #[doc = concat!("The entities of `", $collection, "` that are not removed, by (rank, id).")]
            pub fn $all(&self) -> impl Iterator<Item = $name<'_>> {
                self.entities($collection).map($name)
            }
        }
    };
}

view!(
    /// A milestone.
    Milestone, "milestones", milestone, milestones
);
view!(
    /// A task.
    Task, "tasks", task, tasks
);
view!(
    /// A dependency.
    Dependency, "dependencies", dependency, dependencies
);
view!(
    /// A risk.
    Risk, "risks", risk, risks
);
view!(
    /// A person, or a team that stands for one.
    Person, "people", person, people
);

impl Plan {
    /// The entities of a collection that are not removed, by (rank, id); none if there is no such collection.
    pub fn entities(&self, name: &str) -> impl Iterator<Item = Entity<'_>> {
        let rows = collection(name).map(|collection: &'static Collection| self.ordered(collection, false));
        rows.unwrap_or_default().into_iter().map(|(id, row)| Entity { id, row })
    }
}

macro_rules! item {
    ($($name:ident),+) => {
        $(impl $name<'_> {
            /// The status; pending when none is stated.
            #[must_use]
            pub fn status(&self) -> Status {
                self.row.text("status").map_or(Status::Pending, Status::of)
            }

            /// The day it is due.
            #[must_use]
            pub fn due(&self) -> Option<Date> {
                self.row.date("due")
            }

            /// The day it begins.
            #[must_use]
            pub fn start(&self) -> Option<Date> {
                self.row.date("start")
            }

            /// The instant it was completed at, as the server stamped it.
            #[must_use]
            pub fn completed_at(&self) -> Option<jiff::Timestamp> {
                self.row.text("completedAt").and_then(|at| at.parse().ok())
            }
        })+
    };
}

item!(Milestone, Task);

impl<'a> Milestone<'a> {
    /// The phase it stands in.
    #[must_use]
    pub fn phase(&self) -> Option<&'a str> {
        self.row.text("phase")
    }

    /// Days of work by person, sorted by person.
    pub fn effort(&self) -> impl Iterator<Item = (&'a str, f64)> + use<'a> {
        self.row.members("effort").filter_map(|(person, days)| Some((person, days.as_number()?)))
    }
}

impl<'a> Task<'a> {
    /// The milestone it belongs to.
    #[must_use]
    pub fn milestone(&self) -> Option<&'a str> {
        self.row.text("milestone")
    }

    /// The task it is a part of.
    #[must_use]
    pub fn parent(&self) -> Option<&'a str> {
        self.row.text("parent")
    }
}

impl<'a> Dependency<'a> {
    /// The item that goes before. It comes from the id, which two documents cannot state differently.
    #[must_use]
    pub fn from(&self) -> &'a str {
        self.id.split_once('>').map_or("", |(from, _)| from)
    }

    /// The item that waits.
    #[must_use]
    pub fn to(&self) -> &'a str {
        self.id.split_once('>').map_or("", |(_, to)| to)
    }

    /// `FS`, `SS`, `FF` or `SF`; finish to start when nothing is stated.
    #[must_use]
    pub fn kind(&self) -> &'a str {
        self.row.text("type").unwrap_or("FS")
    }

    /// Whether it binds: also when nothing is stated.
    #[must_use]
    pub fn is_hard(&self) -> bool {
        self.row.text("strength").is_none_or(|strength| strength == "hard")
    }

    /// The least days between both.
    #[must_use]
    pub fn min_gap_days(&self) -> i32 {
        #[expect(clippy::cast_possible_truncation)]
        let days = self.row.number("minGapDays").unwrap_or(0.0).clamp(0.0, 36_600.0) as i32;
        days
    }
}

impl<'a> Risk<'a> {
    /// What became of it; open when nothing is stated.
    #[must_use]
    pub fn state(&self) -> RiskState {
        self.row.text("state").map_or(RiskState::Open, RiskState::of)
    }

    /// The items it threatens, sorted.
    pub fn linked(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.row.members("linked").map(|(item, _)| item)
    }

    /// Probability times impact, of low, medium and high as 1, 2 and 3; `None` while one is not stated.
    #[must_use]
    pub fn score(&self) -> Option<u8> {
        let level = |field| match self.row.text(field) {
            Some("low") => Some(1),
            Some("medium") => Some(2),
            Some("high") => Some(3),
            _ => None,
        };
        Some(level("probability")? * level("impact")?)
    }
}

impl<'a> Person<'a> {
    /// What to call them: the name, else the role, else the id.
    #[must_use]
    pub fn label(&self) -> &'a str {
        self.row.text("name").or_else(|| self.row.text("role")).unwrap_or(self.id)
    }

    /// Whether it stands for somebody who is not named yet.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        self.row.get("placeholder") == Some(&Value::Bool(true))
    }
}
