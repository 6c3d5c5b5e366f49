//! A host as a URL has it: a name or an address, in the one spelling that nobody reads in two ways.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{TargetError, address, name};

const TOO_LONG: TargetError = TargetError("must have at most 253 characters in its host and 63 in each label of it");

/// A host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name in lower case, without the dot at its end.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl Host {
    /// Reads a host as a URL has it, an IPv6 address in brackets.
    ///
    /// # Errors
    /// Where it is neither a name nor an address in its plain spelling.
    pub fn read(text: &str) -> Result<Self, TargetError> {
        if let Some(inner) = text.strip_prefix('[') {
            if inner.contains('%') {
                return Err(TargetError("must not have a zone in its address"));
            }
            let ip = inner.strip_suffix(']').and_then(|inner| inner.parse::<Ipv6Addr>().ok());
            return ip
                .map(|ip| Self::Address(IpAddr::V6(ip)))
                .ok_or(TargetError("has brackets around what is no IPv6 address"));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        // Resolvers read a host whose last label is a number as an IPv4 address, in decimal, octal or hexadecimal and
        // with one to four parts. Only the plain spelling is taken.
        let last = last_label(&name).as_bytes();
        if !last.is_empty() && (last.iter().all(u8::is_ascii_digit) || last.starts_with(b"0x")) {
            let ip = text.parse::<Ipv4Addr>();
            return ip
                .map(|ip| Self::Address(IpAddr::V4(ip)))
                .map_err(|_| TargetError("has an IP address in an unusual spelling"));
        }
        if name.len() > 253 {
            return Err(TOO_LONG);
        }
        for label in labels(&name) {
            match label {
                [] => return Err(TargetError("must have a host without empty labels")),
                [b'-', ..] | [.., b'-'] => return Err(TargetError("must not have a hyphen at an end of a label")),
                _ if label.len() > 63 => return Err(TOO_LONG),
                _ if label.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-' || *b == b'_') => {}
                _ => return Err(TargetError("must have a host of letters, digits, hyphens and dots")),
            }
        }
        Ok(Self::Name(name))
    }

    /// Refuses a host that is not public; `allow_private` opens what a development setting may open.
    ///
    /// # Errors
    /// Why it is not allowed.
    pub fn judge(&self, allow_private: bool) -> Result<(), TargetError> {
        match self {
            Self::Name(name) => name::check(name, allow_private),
            Self::Address(ip) => address::check(*ip, allow_private),
        }
    }
}

/// The labels of a name, as bytes: a split of text costs several times the code.
pub fn labels(name: &str) -> impl Iterator<Item = &[u8]> {
    name.as_bytes().split(|b| *b == b'.')
}

/// The last label of a name.
pub fn last_label(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Option<String> {
        match Host::read(text) {
            Ok(Host::Name(name)) => Some(name),
            _ => None,
        }
    }

    #[test]
    fn a_name_is_read_in_lower_case_and_without_its_last_dot() {
        assert_eq!(name("Hooks.EXAMPLE.net."), Some("hooks.example.net".to_owned()));
        assert_eq!(name("xn--bcher-kva.example.net"), Some("xn--bcher-kva.example.net".to_owned()));
        assert_eq!(name("a_b.example.net"), Some("a_b.example.net".to_owned()));
    }

    #[test]
    fn an_address_is_read_in_its_plain_spelling_only() {
        assert_eq!(Host::read("8.8.8.8"), Ok(Host::Address(IpAddr::from([8, 8, 8, 8]))));
        let v6 = IpAddr::from([0x2606, 0x4700, 0, 0, 0, 0, 0, 1]);
        assert_eq!(Host::read("[2606:4700::1]"), Ok(Host::Address(v6)));
        assert_eq!(Host::read("[2606:4700:0000:0:0::0001]"), Ok(Host::Address(v6)));
        for text in
            ["8.8.8.8.", "8.8.8", "134744072", "0x8080808", "0x8.8.8.8", "8.8.8.0x8", "010.8.8.8", "8.8.8.8.8", "a.1"]
        {
            assert_eq!(Host::read(text), Err(TargetError("has an IP address in an unusual spelling")), "{text}");
        }
        for text in ["[8.8.8.8]", "[::1", "[]", "[v1.a]", "[2606:4700::1]x", "[2606:4700::1%25eth0]"] {
            assert!(Host::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let label = "a".repeat(63);
        assert!(name(&format!("{label}.example.net")).is_some());
        assert!(name(&format!("a{label}.example.net")).is_none());
        let long = [label.as_str(); 4].join(".");
        assert!(name(long.get(..253).expect("ASCII")).is_some());
        assert!(name(long.get(..254).expect("ASCII")).is_none());
        for text in
            ["", ".", "..", "a..b", ".a.b", "a.b..", "-a.b", "a-.b", "xn--.b", "a%2eb", "a*b", "a:b", "a/b", "a!b"]
        {
            assert!(name(text).is_none(), "{text}");
        }
    }
}
