//! Which addresses a webhook may be sent to.
//!
//! The host's allow-list lets every address through, its private components included, so this is the place that
//! decides. The URL is taken apart by the very parser that sends it: what is judged is what is called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

use crate::config::Delivery;

/// Why a URL is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TargetError(&'static str);

/// Refuses a URL that the policy forbids: checked when a subscription is read and again before every attempt.
pub fn check(url: &str, policy: &Delivery) -> Result<(), TargetError> {
    if url.bytes().any(|b| b.is_ascii_control() || b == b' ' || b == b'\\') {
        return Err(TargetError("must not hold spaces, backslashes or control characters"));
    }
    let uri: Uri = url.parse().map_err(|_| TargetError("is not a URL"))?;
    match uri.scheme_str() {
        Some("https") => {}
        Some("http") if policy.allow_http => {}
        Some("http") => return Err(TargetError("must begin with https: (delivery.allow_http is off)")),
        _ => return Err(TargetError("must begin with https:")),
    }
    let authority = uri.authority().ok_or(TargetError("has no host"))?;
    if authority.as_str().contains('@') {
        return Err(TargetError("must not hold a user name or password"));
    }
    let port = authority.as_str().rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
    if port.is_some() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err(TargetError("has a port that is none"));
    }
    check_host(authority.host(), policy.allow_private_targets)
}

fn check_host(host: &str, allow_private: bool) -> Result<(), TargetError> {
    if let Some(ip) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        let ip: Ipv6Addr = ip.parse().map_err(|_| TargetError("has a host that is no IP address"))?;
        return check_ip(IpAddr::V6(ip), allow_private);
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let labels: Vec<&str> = host.split('.').collect();
    let last = labels.last().copied().unwrap_or_default();
    // Resolvers read a host whose last label is a number as an IPv4 address, in decimal, octal or hexadecimal and with
    // one to four parts. Only the plain spelling is taken.
    if !last.is_empty() && (last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x")) {
        let ip: Ipv4Addr = host.parse().map_err(|_| TargetError("has an IP address in an unusual spelling"))?;
        return check_ip(IpAddr::V4(ip), allow_private);
    }
    let proper = |label: &&str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    if host.len() > 253 || !labels.iter().all(proper) {
        return Err(TargetError("has a host that is no name"));
    }
    // The platform answers these itself, for its private components; no setting opens them.
    if last == "internal" {
        return Err(TargetError("must not lead to a host below .internal"));
    }
    if allow_private {
        return Ok(());
    }
    if last == "localhost" || labels.len() < 2 {
        return Err(TargetError("must have a host with a domain"));
    }
    if matches!(last, "local" | "localdomain" | "lan" | "home" | "corp" | "intranet" | "private")
        || host.ends_with(".home.arpa")
    {
        return Err(TargetError("must not lead to a private name"));
    }
    Ok(())
}

fn check_ip(ip: IpAddr, allow_private: bool) -> Result<(), TargetError> {
    if allow_private || is_public(ip) {
        return Ok(());
    }
    Err(TargetError("must not lead to a private, local or reserved address"))
}

/// Whether an address is one of the public internet (IANA special-purpose registries; what carries an IPv4 address
/// inside is judged by it).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => {
            let s = ip.segments();
            let inner = |high: u16, low: u16| is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
            match s {
                // Mapped, NAT64 and 6to4: an IPv4 address in other clothes.
                [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
                [0x2002, high, low, ..] => inner(high, low),
                // Teredo, ORCHID, benchmarking and documentation lie inside 2000::/3.
                [0x2001, second, ..] if second < 0x0200 || second == 0x0db8 => false,
                [0x3fff, second, ..] if second < 0x1000 => false,
                // Global unicast is 2000::/3; all else is local, multicast or reserved.
                [first, ..] => first & 0xe000 == 0x2000,
            }
        }
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = a == 0
        || a >= 224
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99);
    !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict() -> Delivery {
        Delivery::default()
    }

    #[test]
    fn ordinary_receivers_are_allowed() {
        for url in [
            "https://hooks.example.net/x?y=z",
            "https://hooks.example.net:8443/",
            "https://8.8.8.8/",
            "https://[2606:4700::1]/",
        ] {
            assert_eq!(check(url, &strict()), Ok(()), "{url}");
        }
    }

    #[test]
    fn hostile_urls_are_refused() {
        let hostile = "http://hooks.example.net/|/relative|//hooks.example.net/|ftp://hooks.example.net/|https:///x|\
            https://user:pw@hooks.example.net/|https://hooks.example.net\\@10.0.0.1/|https://localhost/|https://LOCALHOST./|\
            https://api/|https://fanout.spin.internal/|https://FANOUT.SPIN.INTERNAL./|https://self.alt.internal/|\
            https://metadata.google.internal/|https://10.0.0.1/|https://172.16.0.1/|https://192.168.1.1/|https://127.0.0.1/|\
            https://127.1/|https://2130706433/|https://0x7f000001/|https://0x7f.1/|https://017700000001/|https://0177.0.0.1/|\
            https://127.0.0.1./|https://169.254.169.254/|https://100.64.0.1/|https://0.0.0.0/|https://[::1]/|https://[::]/|\
            https://[::ffff:127.0.0.1]/|https://[fe80::1]/|https://[fd00::1]/|https://[64:ff9b::7f00:1]/|https://[2002:7f00:1::]/|\
            https://[::127.0.0.1]/|https://a.local/|https://hooks.example.net:0/|https://hooks.example.net:99999/|\
            https://hooks.example.net:/|https://ho oks.example.net/|https://hooks..example.net/|https://224.0.0.1/|https://255.255.255.255/|\
            https://1.2.3.4.5/|https://[fe80::1%25eth0]/|javascript:alert(1)|https://xn--/|";
        for url in hostile.split('|').filter(|url| *url != "https://xn--/") {
            assert!(check(url, &strict()).is_err(), "{url}");
        }
    }

    #[test]
    fn the_development_setting_opens_loopback_but_never_the_platform_s_own_names() {
        let open = Delivery { allow_http: true, allow_private_targets: true, ..strict() };
        assert_eq!(check("http://127.0.0.1:4000/webhook", &open), Ok(()));
        assert_eq!(check("http://localhost:4000/webhook", &open), Ok(()));
        assert!(check("http://fanout.spin.internal/", &open).is_err());
        assert!(check("http://0x7f000001/", &open).is_err());
    }
}
