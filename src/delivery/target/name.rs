//! Which host names are public, as far as a name tells.
//!
//! What a name resolves to is not known here. Refused is what is known to be private by its name alone (IANA,
//! Special-Use Domain Names; names that networks use among themselves), to lead to the caller's own machine, to any
//! address that the name spells out, or to the metadata service of a cloud. The lists are short and never complete.

use std::net::{IpAddr, Ipv4Addr};

use super::host::{labels, last_label};
use super::{TargetError, address};

/// Metadata services that have names.
const METADATA: [&str; 9] = [
    "metadata",
    "instance-data",
    "rancher-metadata",
    "metadata.goog",
    "metadata.tencentyun.com",
    "metadata.platformequinix.com",
    "metadata.packet.net",
    "metadata.exoscale.com",
    "api.metadata.cloud.ibm.com",
];

/// Last labels of names that are not of the public internet.
const PRIVATE: [&str; 20] = [
    // For special use, or never to be given to anybody.
    "arpa",
    "corp",
    "example",
    "home",
    "invalid",
    "local",
    "localhost",
    "mail",
    "onion",
    "test",
    // What routers, offices and clusters use.
    "consul",
    "default",
    "docker",
    "intra",
    "intranet",
    "lan",
    "localdomain",
    "localnet",
    "private",
    "svc",
];

/// Domains below which names lead to the caller's own machine, or to the address that the name spells out, or now here
/// and now there.
const MISLEADING: [&str; 35] = [
    "127-0-0-1.org.uk",
    "1u.ms",
    "42foo.com",
    "backname.io",
    "ddev.site",
    "direct.quickconnect.to",
    "docksal.site",
    "fuf.me",
    "ipv6-literal.net",
    "lacolhost.com",
    "lcl.host",
    "lndo.site",
    "local.gd",
    "localh.st",
    "localho.st",
    "localhost.direct",
    "localhost.tv",
    "localhst.co.uk",
    "localtest.me",
    "lvh.me",
    "nip.io",
    "plex.direct",
    "ratchetlocal.com",
    "rbndr.us",
    "rebind.it",
    "rebind.network",
    "smackaho.st",
    "spoofed.burpcollaborator.net",
    "sslip.io",
    "traefik.me",
    "ulh.us",
    "vcap.me",
    "xip.io",
    "xip.name",
    "yoogle.com",
];

/// Refuses a name in lower case that is known not to be public. `allow_private` opens those of this machine and of
/// private networks.
///
/// # Errors
/// Why it is not allowed.
pub fn check(name: &str, allow_private: bool) -> Result<(), TargetError> {
    let last = last_label(name);
    // The platform answers these itself, for its private components; no setting opens them.
    if last == "internal" {
        return Err(TargetError("must not lead to a host below .internal"));
    }
    if last == "alt" || name == "self" {
        return Err(TargetError("must not lead to this application"));
    }
    if METADATA.iter().any(|domain| is_below(name, domain)) {
        return Err(TargetError("must not lead to a link-local address or a metadata service"));
    }
    check_spelled(name, allow_private)?;
    if allow_private {
        return Ok(());
    }
    if labels(name).any(|label| matches!(label, b"localhost" | b"localhost4" | b"localhost6" | b"loopback")) {
        return Err(TargetError("must not lead to this machine or a private network"));
    }
    if last == name {
        return Err(TargetError("must have a host with a domain"));
    }
    if PRIVATE.contains(&last) {
        return Err(TargetError("must not lead to a private name"));
    }
    // Such top-level domains are not given out; what stands there is a name of the own network.
    if last.len() < 2 || !(last.starts_with("xn--") || last.bytes().all(|b| b.is_ascii_alphabetic())) {
        return Err(TargetError("must have a host below a top-level domain"));
    }
    if MISLEADING.iter().any(|domain| is_below(name, domain)) {
        return Err(TargetError("must not lead to a name that stands for any address or for this machine"));
    }
    Ok(())
}

/// Whether a name is this domain or lies below it.
pub fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Refuses a name that spells out an IPv4 address that is refused, with dots or hyphens: services that answer with it
/// come and go.
fn check_spelled(name: &str, allow_private: bool) -> Result<(), TargetError> {
    let mut recent = [None; 4];
    for part in name.as_bytes().split(|b| *b == b'.' || *b == b'-') {
        let [_, a, b, c] = recent;
        recent = [a, b, c, small_number(part)];
        if let [Some(a), Some(b), Some(c), Some(d)] = recent {
            address::check(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), allow_private)?;
        }
    }
    Ok(())
}

/// A decimal number up to 255.
fn small_number(digits: &[u8]) -> Option<u8> {
    let mut number = None;
    for digit in digits {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number = Some(number.unwrap_or(0_u8).checked_mul(10)?.checked_add(digit)?);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_names_are_allowed() {
        for name in [
            "hooks.example.net",
            "xn--bcher-kva.example.net",
            "internal.example.net",
            "alt.example.net",
            "metadata.example.net",
            "nip.io.example.net",
            "notnip.io",
            "my-localhost.example.net",
            "self.host",
        ] {
            assert_eq!(check(name, false), Ok(()), "{name}");
        }
    }

    #[test]
    fn no_setting_opens_the_platform_s_names_and_metadata_services() {
        for name in [
            "internal",
            "fanout.spin.internal",
            "self",
            "self.alt",
            "alt",
            "metadata",
            "metadata.goog",
            "instance-data",
            "x.metadata.tencentyun.com",
            "169.254.169.254.nip.io",
            "app-169-254-169-254.example.net",
        ] {
            assert!(check(name, false).is_err() && check(name, true).is_err(), "{name}");
        }
    }

    #[test]
    fn the_development_setting_opens_private_names() {
        for name in [
            "localhost",
            "a.localhost",
            "localhost.example.net",
            "loopback.example.net",
            "receiver_1",
            "a.lan",
            "hooks.default.svc",
            "nas.local",
            "a.kube-system",
            "lvh.me",
            "10.0.0.1.nip.io",
            "a.arpa",
            "10-0-0-1.example.net",
            "app-127-0-0-1.example.net",
        ] {
            assert!(check(name, false).is_err(), "{name}");
            assert_eq!(check(name, true), Ok(()), "{name}");
        }
    }

    #[test]
    fn an_address_that_a_name_spells_out_is_judged() {
        for name in [
            "app-10-0-0-1.example.net",
            "10.0.0.1.example.net",
            "app-10.0-0.1.example.net",
            "1.1.10.0.0.1.example.net",
            "010-000-00-0000001.example.net",
        ] {
            assert!(check_spelled(name, false).is_err(), "{name}");
            assert_eq!(check_spelled(name, true), Ok(()), "{name}");
        }
        for name in
            ["1-1-1-1.example.net", "v10-0-0-1.example.net", "10-0-256-1.net", "10-0-0.a.1", "10--0-0-1.net", "a"]
        {
            assert_eq!(check_spelled(name, false), Ok(()), "{name}");
        }
        assert!(check_spelled("169-254-169-254.example.net", true).is_err());
    }

    #[test]
    fn a_domain_holds_itself_and_what_lies_below() {
        assert!(is_below("nip.io", "nip.io") && is_below("a.nip.io", "nip.io"));
        assert!(!is_below("anip.io", "nip.io") && !is_below("io", "nip.io"));
    }
}
