//! Who may invite whom, change what somebody may do, and take it away: one table, and nothing but.
//!
//! In: who acts, and whom it is about. Out: yes or no. A workspace may everything; a person acts within their own party
//! and up to an access.

use plansync_protocol::ids::{Access, PartyId};

/// Up to which access people of an access manage their own party; the others manage nobody.
const MANAGES: [(Access, Option<Access>); 5] = [
    (Access::Owner, Some(Access::Owner)),
    (Access::Editor, Some(Access::Editor)),
    (Access::Contributor, None),
    (Access::Commenter, None),
    (Access::Viewer, None),
];

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager<'a> {
    /// The workspace.
    Workspace,
    /// A person of a party.
    Person(&'a PartyId, Access),
}

impl Manager<'_> {
    /// Whether they may give, change or take away this access in this party. `None` is nobody's party.
    #[must_use]
    pub fn manages(self, party: Option<&PartyId>, access: Access) -> bool {
        match self {
            Self::Workspace => true,
            // The order of access is from most to least.
            Self::Person(own, acting) => {
                let up_to = MANAGES.iter().find(|(of, _)| *of == acting).and_then(|(_, up_to)| *up_to);
                party == Some(own) && up_to.is_some_and(|up_to| access >= up_to)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_one_of_the_documentation() {
        let (buyer, seller) = (PartyId::parse("buyer").unwrap(), PartyId::parse("seller").unwrap());
        // Rows: who acts. Columns: owner, editor, contributor, commenter, viewer of their own party.
        let table = [
            (Access::Owner, [true, true, true, true, true]),
            (Access::Editor, [false, true, true, true, true]),
            (Access::Contributor, [false; 5]),
            (Access::Commenter, [false; 5]),
            (Access::Viewer, [false; 5]),
        ];
        for (acting, allowed) in table {
            for (access, allowed) in Access::ALL.into_iter().zip(allowed) {
                let manager = Manager::Person(&buyer, acting);
                assert_eq!(manager.manages(Some(&buyer), access), allowed, "{acting:?} {access:?}");
                assert!(!manager.manages(Some(&seller), access), "{acting:?} reaches another party");
                assert!(!manager.manages(None, access), "{acting:?} reaches somebody without a party");
                assert!(Manager::Workspace.manages(Some(&seller), access) && Manager::Workspace.manages(None, access));
            }
        }
    }
}
