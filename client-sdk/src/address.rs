//! Addresses: of a server, and of a plan as the links for people have it.

use plansync_protocol::ids::PlanId;

use crate::error::{Error, ErrorKind};

/// A server's address without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    secure: bool,
    /// Host, port and the path before `/v1`.
    rest: String,
}

impl Address {
    /// Reads `https://plans.example.com`, or the same as `wss://`.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::new(
                ErrorKind::Malformed,
                format!("{url:?} is no address of a server: give one like https://plans.example.com"),
            )
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let secure = match scheme {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return Err(wrong()),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
        if rest.is_empty() || rest.contains(|c: char| c.is_whitespace() || c == '@') {
            return Err(wrong());
        }
        Ok(Self { secure, rest: rest.to_owned() })
    }

    /// The address of the HTTP interface.
    pub(crate) fn http(&self) -> String {
        format!("http{}://{}", if self.secure { "s" } else { "" }, self.rest)
    }

    /// The address of the websocket of a plan.
    pub(crate) fn websocket(&self, plan: &PlanId, private: bool) -> String {
        let scope = if private { "/private" } else { "" };
        format!("ws{}://{}/v1/sync/{plan}{scope}", if self.secure { "s" } else { "" }, self.rest)
    }
}

/// The parts of a link to a plan, as the server makes them: `https://host/p/demo#token=…`.
#[derive(Clone, PartialEq, Eq)]
pub struct PlanLink {
    /// The server's address.
    pub url: String,
    /// The plan's id.
    pub plan: String,
    /// The person's token.
    pub token: String,
}

impl PlanLink {
    /// Reads a link; `None` for another address.
    #[must_use]
    pub fn parse(link: &str) -> Option<Self> {
        let (place, fragment) = link.split_once('#')?;
        let (url, plan) = place.rsplit_once("/p/")?;
        let token = fragment.split('&').find_map(|pair| pair.strip_prefix("token="))?;
        Address::parse(url).ok()?;
        PlanId::parse(plan).ok()?;
        Some(Self { url: url.to_owned(), plan: plan.to_owned(), token: token.to_owned() })
    }
}

/// A token is never shown.
impl std::fmt::Debug for PlanLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlanLink").field("url", &self.url).field("plan", &self.plan).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_one_address_for_both_ways_to_speak_to_it() {
        let plan = PlanId::parse("demo").unwrap();
        for (given, http, socket) in [
            ("https://a.example/", "https://a.example", "wss://a.example/v1/sync/demo/private"),
            ("ws://127.0.0.1:4300", "http://127.0.0.1:4300", "ws://127.0.0.1:4300/v1/sync/demo/private"),
            ("http://a.example/plans/?x", "http://a.example/plans", "ws://a.example/plans/v1/sync/demo/private"),
        ] {
            let address = Address::parse(given).unwrap();
            assert_eq!((address.http().as_str(), address.websocket(&plan, true).as_str()), (http, socket));
        }
        for wrong in ["a.example", "ftp://a.example", "https://", "https://a b", "https://ann@a.example"] {
            assert_eq!(Address::parse(wrong).unwrap_err().kind(), ErrorKind::Malformed, "{wrong}");
        }
    }

    #[test]
    fn a_link_is_read_as_the_server_prints_it() {
        let link = PlanLink::parse("http://127.0.0.1:4300/p/demo#token=ey.J.x").unwrap();
        assert_eq!((link.url.as_str(), link.plan.as_str()), ("http://127.0.0.1:4300", "demo"));
        assert_eq!(link.token, "ey.J.x");
        assert!(!format!("{link:?}").contains("ey.J.x"));
        for other in ["http://127.0.0.1:4300/p/demo", "http://127.0.0.1/join#secret", "p/demo#token=x", ""] {
            assert_eq!(PlanLink::parse(other), None, "{other}");
        }
    }
}
