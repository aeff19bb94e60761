//! The words of the product that decide something. A newer client's word is kept as it is.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A word of a newer client.
            Unknown(Box<str>),
        }

        impl $name {
            /// The word's meaning.
            #[must_use]
            pub fn of(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Unknown(other.into()),
                }
            }

            /// The word as it is stored.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown(word) => word,
                }
            }
        }
    };
}

words!(
    /// How far a milestone or a task is.
    Status {
        /// Not begun; also when nothing is stated.
        Pending = "pending",
        /// Begun.
        InProgress = "in_progress",
        /// Begun or not, something stands in the way.
        Blocked = "blocked",
        /// Done.
        Complete = "complete",
        /// Given up: it counts nowhere.
        Cancelled = "cancelled",
    }
);

words!(
    /// What became of a risk.
    RiskState {
        /// Nothing yet; also when nothing is stated.
        Open = "open",
        /// The mitigation is under way.
        Mitigating = "mitigating",
        /// Lived with.
        Accepted = "accepted",
        /// Over.
        Closed = "closed",
        /// It came true.
        Happened = "happened",
    }
);
