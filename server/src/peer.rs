//! Who is at the other end: the client's address and scheme, behind proxies too.
//!
//! In: the address of the socket and the request's headers. Out: whose request it is. `X-Forwarded-For` and
//! `X-Forwarded-Proto` are believed from the named proxies and from nobody else; whatever else a client writes into
//! them is left of the last address that a trusted hop has seen with its own eyes, and is not looked at.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use axum::http::HeaderMap;

/// Hops of a chain of proxies that are looked at; longer ones are somebody's invention.
const HOPS_MAX: usize = 16;

/// An address, or all that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: u128,
    bits: u32,
}

/// A text that names no network.
#[derive(Debug, thiserror::Error)]
#[error("trusted_proxies has {0:?}, which is no address or network: give one like 10.0.0.7 or 10.0.0.0/8")]
pub struct NotANetwork(String);

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        let differing = self.address ^ mapped(address);
        self.bits == 0 || differing >> (128 - self.bits) == 0
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let no = || NotANetwork(text.to_owned());
        let (address, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(a, bits)| (a, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| no())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).map_err(|_| no())?;
        if bits > width {
            return Err(no());
        }
        Ok(Self { address: mapped(address), bits: 128 - width + bits })
    }
}

/// Both families in one: an IPv4 address as the IPv6 address that stands for it.
fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The proxies whose word is taken for whose request it is.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<Network>);

impl Proxies {
    /// These, as they were given.
    ///
    /// # Errors
    /// [`NotANetwork`] names the one that is none.
    pub fn parse(networks: &[String]) -> Result<Self, NotANetwork> {
        networks.iter().map(|network| network.parse()).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a socket from there is one of a proxy's.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whose request this is.
    #[must_use]
    pub fn peer(&self, socket: IpAddr, secure: bool, headers: &HeaderMap) -> Peer {
        let mut peer = Peer { address: socket.to_canonical(), secure };
        if !self.trusts(socket) {
            return peer;
        }
        // From right to left: each trusted hop has added the one before it.
        for hop in listed(headers, "x-forwarded-for").rev().take(HOPS_MAX) {
            let Some(address) = hop_address(hop) else { break };
            peer.address = address;
            if !self.trusts(address) {
                break;
            }
        }
        if let Some(scheme) = listed(headers, "x-forwarded-proto").next_back() {
            peer.secure = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss");
        }
        peer
    }
}

/// All values of a header that may be given more than once and may hold more than one.
fn listed<'h>(headers: &'h HeaderMap, name: &str) -> impl DoubleEndedIterator<Item = &'h str> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    values.into_iter().flat_map(|value| value.to_str().unwrap_or_default().split(',')).map(str::trim)
}

/// `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::7`, `[2001:db8::7]:4711`
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = match hop.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => hop,
    };
    let address = bare.parse().ok().or_else(|| bare.rsplit_once(':')?.0.parse().ok());
    address.map(|address: IpAddr| address.to_canonical())
}

/// Who makes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The client's address.
    pub address: IpAddr,
    /// Whether they came by https.
    pub secure: bool,
}

impl Peer {
    /// `https` or `http`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    /// What counts as one address: somebody with IPv6 has a whole /64 to choose from.
    #[must_use]
    pub fn network(&self) -> IpAddr {
        match self.address {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
            address @ IpAddr::V4(_) => address,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(given: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    fn seen(proxies: &[&str], socket: &str, given: &[(&'static str, &str)]) -> String {
        let proxies: Vec<_> = proxies.iter().map(|network| (*network).to_owned()).collect();
        let proxies = Proxies::parse(&proxies).unwrap();
        let peer = proxies.peer(socket.parse().unwrap(), false, &headers(given));
        format!("{}://{}", peer.scheme(), peer)
    }

    #[test]
    fn a_forwarded_address_is_believed_from_a_named_proxy_alone() {
        let forged = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")];
        assert_eq!(seen(&[], "192.0.2.1", &forged), "http://192.0.2.1");
        assert_eq!(seen(&["10.0.0.0/8"], "192.0.2.1", &forged), "http://192.0.2.1");
        assert_eq!(seen(&["10.0.0.0/8"], "10.1.2.3", &forged), "https://203.0.113.9");
        assert_eq!(seen(&["10.0.0.0/8"], "::ffff:10.1.2.3", &forged), "https://203.0.113.9");
        assert_eq!(seen(&["2001:db8::/32"], "2001:db8::5", &forged), "https://203.0.113.9");
        assert_eq!(seen(&["10.1.2.3"], "10.1.2.4", &forged), "http://10.1.2.4");
    }

    #[test]
    fn what_a_client_wrote_before_the_first_proxy_is_not_believed() {
        let chain = [("x-forwarded-for", "127.0.0.1, 203.0.113.9, 10.0.0.2")];
        assert_eq!(seen(&["10.0.0.0/8"], "10.0.0.1", &chain), "http://203.0.113.9");
        let apart = [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(seen(&["10.0.0.0/8", "127.0.0.1"], "10.0.0.1", &apart), "http://203.0.113.9");
        let junk = [("x-forwarded-for", "127.0.0.1, unknown, 10.0.0.2")];
        assert_eq!(seen(&["10.0.0.0/8"], "10.0.0.1", &junk), "http://10.0.0.2");
        let proto = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https, http")];
        assert_eq!(seen(&["10.0.0.0/8"], "10.0.0.1", &proto), "http://203.0.113.9");
    }

    #[test]
    fn an_address_may_come_with_a_port_and_in_brackets() {
        for (hop, address) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(seen(&["10.0.0.1"], "10.0.0.1", &[("x-forwarded-for", hop)]), format!("http://{address}"));
        }
    }

    #[test]
    fn a_network_is_an_address_or_a_range_of_them() {
        for wrong in ["", "10.0.0.0/33", "2001:db8::/129", "10.0.0", "10.0.0.0/-1", "proxy"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        let all: Network = "::/0".parse().unwrap();
        assert!(all.contains("192.0.2.1".parse().unwrap()));
        let v4: Network = "0.0.0.0/0".parse().unwrap();
        assert!(v4.contains("192.0.2.1".parse().unwrap()) && !v4.contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let network = |address: &str| Peer { address: address.parse().unwrap(), secure: false }.network();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8:0:1::1"), network("2001:db8:0:2::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
