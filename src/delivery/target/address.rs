//! Which IP addresses are of the public internet (IANA, IPv4 and IPv6 Special-Purpose Address Registries).
//!
//! An IPv4 address inside an IPv6 one is refused even where it is public: it has a plain spelling, and what a
//! translator makes of the other one is not known here. Addresses of metadata services are refused whatever is set.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use self::Reach::{Link, Private, Public, Reserved, Translated};
use super::TargetError;

/// Who can be reached at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Anybody.
    Public,
    /// This machine or a private network.
    Private,
    /// The neighbours of this machine, and the services of clouds that tell a machine its credentials.
    Link,
    /// Many, nobody, or somebody else than it seems.
    Reserved,
    /// An IPv4 address.
    Translated,
}

/// Networks of IPv4: the first one that holds an address decides, and any other is public.
const V4: [([u8; 4], u32, Reach); 20] = [
    ([0, 0, 0, 0], 8, Reserved),
    ([10, 0, 0, 0], 8, Private),
    // Alibaba's metadata service, within the addresses that carriers share.
    ([100, 100, 100, 200], 32, Link),
    ([100, 64, 0, 0], 10, Private),
    ([127, 0, 0, 0], 8, Private),
    // Azure's host service has a public address.
    ([168, 63, 129, 16], 32, Link),
    ([169, 254, 0, 0], 16, Link),
    ([172, 16, 0, 0], 12, Private),
    ([192, 0, 0, 0], 24, Reserved),
    ([192, 0, 2, 0], 24, Reserved),
    // AS112 and AMT: whoever is nearest answers.
    ([192, 31, 196, 0], 24, Reserved),
    ([192, 52, 193, 0], 24, Reserved),
    ([192, 88, 99, 0], 24, Reserved),
    ([192, 168, 0, 0], 16, Private),
    ([192, 175, 48, 0], 24, Reserved),
    ([198, 18, 0, 0], 15, Reserved),
    ([198, 51, 100, 0], 24, Reserved),
    ([203, 0, 113, 0], 24, Reserved),
    // Multicast, and what is kept for the future with the broadcast address at its end.
    ([224, 0, 0, 0], 4, Reserved),
    ([240, 0, 0, 0], 4, Reserved),
];

/// Networks of IPv6: the first one that holds an address decides, and any other is reserved.
const V6: [(u128, u32, Reach); 17] = [
    (1, 128, Private),
    // IPv4-compatible, mapped, and translated for hosts without IPv4.
    (0, 96, Translated),
    (0xffff << 32, 96, Translated),
    (0xffff << 48, 96, Translated),
    // NAT64, Teredo, 6to4.
    (0x0064_ff9b << 96, 96, Translated),
    (0x0064_ff9b_0001 << 80, 48, Translated),
    (0x2001 << 112, 32, Translated),
    (0x2002 << 112, 16, Translated),
    // Protocol assignments (benchmarks, ORCHID, anycast), documentation, AS112.
    (0x2001 << 112, 23, Reserved),
    (0x2001_0db8 << 96, 32, Reserved),
    (0x2620_004f_8000 << 80, 48, Reserved),
    // All that was ever given out; 3000::/4 has documentation and an experiment that is over.
    (0x2000 << 112, 4, Public),
    // The services of Amazon, Google and Scaleway within the private addresses.
    (0xfd00_0ec2 << 96, 32, Link),
    (0xfd20_00ce << 96, 32, Link),
    (0xfd00_0042 << 96, 32, Link),
    (0xfc00 << 112, 7, Private),
    (0xfe80 << 112, 10, Link),
];

/// Refuses an address that is not public; `allow_private` opens this machine and private networks.
///
/// # Errors
/// Why it is not allowed.
pub fn check(ip: IpAddr, allow_private: bool) -> Result<(), TargetError> {
    let reach = match ip {
        IpAddr::V4(ip) => reach_v4(ip),
        IpAddr::V6(ip) => reach_v6(ip),
    };
    Err(TargetError(match reach {
        Public => return Ok(()),
        Private if allow_private => return Ok(()),
        Private => "must not lead to this machine or a private network",
        Link => "must not lead to a link-local address or a metadata service",
        Reserved => "must not lead to a reserved address",
        Translated => "must not have an IPv4 address within an IPv6 address",
    }))
}

fn reach_v4(ip: Ipv4Addr) -> Reach {
    let ip = u32::from(ip);
    let holds = |net: [u8; 4], bits: u32| (ip ^ u32::from_be_bytes(net)).leading_zeros() >= bits;
    V4.iter().find(|(net, bits, _)| holds(*net, *bits)).map_or(Public, |(.., reach)| *reach)
}

fn reach_v6(ip: Ipv6Addr) -> Reach {
    // ISATAP: the address of a machine within any network, private or public, by its IPv4 address.
    if let [_, _, _, _, 0 | 0x100 | 0x200 | 0x300, 0x5efe, _, _] = ip.segments() {
        return Translated;
    }
    let ip = u128::from(ip);
    V6.iter().find(|(net, bits, _)| (ip ^ net).leading_zeros() >= *bits).map_or(Reserved, |(.., reach)| *reach)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(text: &str) -> Reach {
        match text.parse().expect(text) {
            IpAddr::V4(ip) => reach_v4(ip),
            IpAddr::V6(ip) => reach_v6(ip),
        }
    }

    #[test]
    fn networks_end_where_they_end() {
        for (inside, outside, kind) in [
            ("10.255.255.255", "11.0.0.0", Private),
            ("10.0.0.0", "9.255.255.255", Private),
            ("172.16.0.0", "172.15.255.255", Private),
            ("172.31.255.255", "172.32.0.0", Private),
            ("100.64.0.0", "100.63.255.255", Private),
            ("100.127.255.255", "100.128.0.0", Private),
            ("127.255.255.255", "128.0.0.0", Private),
            ("169.254.0.0", "169.253.255.255", Link),
            ("168.63.129.16", "168.63.129.17", Link),
            ("198.19.255.255", "198.20.0.0", Reserved),
            ("0.255.255.255", "1.0.0.0", Reserved),
            ("224.0.0.0", "223.255.255.255", Reserved),
            ("2001:1ff:ffff::", "2001:200::", Reserved),
            ("2001:db8:ffff::", "2001:db9::", Reserved),
            ("2001:0:ffff::", "2001:4860::", Translated),
            ("2002:ffff::", "2003::", Translated),
            ("3000::", "2fff:ffff::", Reserved),
            ("2620:4f:8000::1", "2620:4f:8001::1", Reserved),
        ] {
            assert_eq!((reach(inside), reach(outside)), (kind, Public), "{inside} {outside}");
        }
    }

    #[test]
    fn an_ipv4_address_within_an_ipv6_one_is_refused_even_where_it_is_public() {
        for text in [
            "::ffff:8.8.8.8",
            "::8.8.8.8",
            "::ffff:0:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::8.8.8.8",
            "2002:808:808::1",
            "2001::f7f7:f7f7",
            "2606:4700::5efe:808:808",
            "2606:4700::200:5efe:8.8.8.8",
            "fe80::5efe:8.8.8.8",
        ] {
            assert_eq!(reach(text), Translated, "{text}");
        }
    }

    #[test]
    fn no_setting_opens_what_is_neither_public_nor_private() {
        for text in ["169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "fe80::1"]
        {
            assert_eq!(reach(text), Link, "{text}");
            assert!(check(text.parse().expect(text), true).is_err(), "{text}");
        }
        for text in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::ffff:127.0.0.1", "ff02::1", "fec0::1", "100::1"] {
            assert!(check(text.parse().expect(text), true).is_err(), "{text}");
        }
        for text in ["127.0.0.1", "::1", "10.1.2.3", "fd12:3456::1", "100.64.0.1"] {
            let ip = text.parse().expect(text);
            assert_eq!((reach(text), check(ip, true)), (Private, Ok(())), "{text}");
            assert!(check(ip, false).is_err(), "{text}");
        }
    }
}
