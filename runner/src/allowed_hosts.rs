//! `allowed_outbound_hosts`: which addresses a component may send requests to.
//!
//! An entry is `scheme://host[:port]`. Each part may be a wildcard; the host may also be `*.suffix`, an IP address, a
//! CIDR network or `self` (the application's own address); the port a number or a range `a..b` without its end.
//! Without a port the scheme's own port is meant. `*` as host really means every host, private components
//! (`*.spin.internal`) and the own address included: that is what Spin does, and the application has to know.

use anyhow::{Context as _, Result, bail, ensure};
use ipnet::IpNet;
use std::net::IpAddr;
use std::ops::Range;
use url::{Host, Url};

/// The domain under which components reach each other.
pub const CHAINING_SUFFIX: &str = ".spin.internal";

/// One component's list, templates resolved.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(Vec<Entry>);

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    scheme: Option<String>,
    host: HostRule,
    port: PortRule,
}

#[derive(Debug, Clone, PartialEq)]
enum HostRule {
    Any,
    Suffix(String),
    Own,
    Exact(Host),
    Network(IpNet),
}

#[derive(Debug, Clone, PartialEq)]
enum PortRule {
    Any,
    Ports(Range<u32>),
}

impl AllowedHosts {
    /// Parses entries whose templates are already filled in. `from_template` tells for each entry whether it was a
    /// template: one of those that comes out empty is left out, so that an optional host can be an empty variable.
    ///
    /// # Errors
    /// The first entry that is not of the form above, by name.
    pub fn parse(entries: &[(String, bool)], component_ids: &[String]) -> Result<AllowedHosts> {
        let mut parsed = Vec::new();
        for (text, from_template) in entries {
            let empty = text.is_empty() || text == "http://" || text == "https://";
            if empty && *from_template {
                continue;
            }
            let entry = Entry::parse(text).with_context(|| format!("allowed_outbound_hosts entry {text:?}"))?;
            // Unlike other suffixes this one does not cover names that no component has.
            if entry.host == HostRule::Suffix(CHAINING_SUFFIX.to_string()) {
                parsed.extend(component_ids.iter().map(|id| Entry {
                    host: HostRule::Exact(Host::Domain(format!("{id}{CHAINING_SUFFIX}"))),
                    ..entry.clone()
                }));
            } else {
                parsed.push(entry);
            }
        }
        Ok(AllowedHosts(parsed))
    }

    /// Whether a request to this absolute URL may be sent.
    pub fn allows(&self, url: &Url) -> bool {
        // Parsed anew: of a scheme that it does not know, a URL keeps an IP address as a name.
        let Some(host) = url.host_str().and_then(|host| Host::parse(host).ok()) else { return false };
        self.0.iter().any(|entry| {
            entry.scheme.as_deref().is_none_or(|scheme| scheme == url.scheme())
                && entry.host.allows(&host)
                && entry.port.allows(url.port().or_else(|| known_port(url.scheme())))
        })
    }

    /// Whether requests to the application's own address (relative URLs and `self.alt`) may be sent.
    pub fn allows_own(&self) -> bool {
        self.0.iter().any(|entry| {
            entry.scheme.as_deref().is_none_or(|scheme| matches!(scheme, "http" | "https"))
                && matches!(entry.host, HostRule::Any | HostRule::Own)
        })
    }

    /// The components that are named one by one as `<id>.spin.internal`.
    pub fn chained_components(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|entry| match &entry.host {
            HostRule::Exact(Host::Domain(name)) => chained_component(name),
            _ => None,
        })
    }
}

/// The component that a host name `<id>.spin.internal` (with or without a port) stands for.
pub fn chained_component(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let id = name.strip_suffix(CHAINING_SUFFIX)?;
    (!id.is_empty() && !id.contains('.')).then_some(id)
}

impl Entry {
    fn parse(text: &str) -> Result<Entry> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else {
            bail!("has no scheme; write <scheme>://<host>[:<port>], for example \"https://example.com\"");
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        // A network such as ::/0 holds colons of its own, so the whole is tried as a host first.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if HostRule::parse(rest).is_err() => (host, port),
            _ => (rest, ""),
        };
        ensure!(scheme == "*" || scheme.chars().all(char::is_alphabetic), "scheme {scheme:?} may hold letters only");
        Ok(Entry {
            scheme: (scheme != "*").then(|| scheme.to_string()),
            host: HostRule::parse(host)?,
            port: PortRule::parse(port, scheme)?,
        })
    }
}

impl HostRule {
    fn parse(host: &str) -> Result<HostRule> {
        match host {
            "*" => return Ok(HostRule::Any),
            "self" | "self.alt" => return Ok(HostRule::Own),
            _ => {}
        }
        if let Ok(network) = host.parse::<IpNet>() {
            return Ok(HostRule::Network(network));
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(HostRule::Network(address.into()));
        }
        ensure!(!host.contains('/'), "must not have a path");
        ensure!(!host.starts_with('{'), "lists of hosts are not supported");
        if let Some(suffix) = host.strip_prefix("*.") {
            ensure!(!suffix.contains('*'), "a wildcard may only stand in front");
            let Host::Domain(domain) = Host::parse(suffix).with_context(|| format!("host {host:?}"))? else {
                bail!("the wildcard in {host:?} must stand before a domain");
            };
            return Ok(HostRule::Suffix(format!(".{domain}")));
        }
        ensure!(!host.contains('*'), "a wildcard may only stand for a whole host or in front as \"*.\"");
        Ok(HostRule::Exact(Host::parse(host).with_context(|| format!("host {host:?}"))?))
    }

    fn allows(&self, host: &Host) -> bool {
        match (self, host) {
            (HostRule::Any, _) => true,
            (HostRule::Suffix(suffix), Host::Domain(name)) => name.ends_with(suffix),
            (HostRule::Exact(exact), host) => exact == host,
            (HostRule::Network(network), Host::Ipv4(ip)) => network.contains(&IpAddr::V4(*ip)),
            (HostRule::Network(network), Host::Ipv6(ip)) => network.contains(&IpAddr::V6(*ip)),
            (HostRule::Suffix(_) | HostRule::Network(_) | HostRule::Own, _) => false,
        }
    }
}

impl PortRule {
    fn parse(port: &str, scheme: &str) -> Result<PortRule> {
        let number = |text: &str| {
            text.parse::<u16>().map(u32::from).with_context(|| format!("port {text:?} is not a number up to 65535"))
        };
        match port.split_once("..") {
            _ if port == "*" => Ok(PortRule::Any),
            Some((from, to)) => Ok(PortRule::Ports(number(from)?..number(to)?)),
            None if port.is_empty() => {
                let port = known_port(scheme)
                    .with_context(|| format!("has no port, and the scheme {scheme:?} has no port of its own"))?;
                Ok(PortRule::Ports(u32::from(port)..u32::from(port) + 1))
            }
            None => number(port).map(|port| PortRule::Ports(port..port + 1)),
        }
    }

    fn allows(&self, port: Option<u16>) -> bool {
        match (self, port) {
            (PortRule::Any, _) => true,
            (PortRule::Ports(range), Some(port)) => range.contains(&u32::from(port)),
            (PortRule::Ports(_), None) => false,
        }
    }
}

fn known_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        "postgres" => Some(5432),
        "mysql" => Some(3306),
        "redis" => Some(6379),
        "mqtt" => Some(1883),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entry: &str, url: &str) -> bool {
        let entries = [(entry.to_string(), false)];
        AllowedHosts::parse(&entries, &["fanout".to_string()]).unwrap().allows(&Url::parse(url).unwrap())
    }

    #[test]
    fn scheme_host_and_port_must_all_fit() {
        for (entry, url, expected) in [
            ("https://example.com", "https://example.com/path?q", true),
            ("https://example.com/", "https://example.com", true),
            ("https://example.com", "http://example.com", false),
            ("https://example.com", "https://example.com:8443", false),
            ("https://example.com", "https://other.com", false),
            ("https://example.com:8443", "https://example.com:8443", true),
            ("http://localhost:3000..4000", "http://localhost:3999", true),
            ("http://localhost:3000..4000", "http://localhost:4000", false),
            ("*://example.com:*", "http://example.com:1", true),
            ("https://*.example.com", "https://a.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("http://10.0.0.0/8", "http://10.200.3.4", true),
            ("http://10.0.0.0/8:*", "http://10.200.3.4:81", true),
            ("http://10.0.0.0/8", "http://11.0.0.1", false),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("http://127.0.0.1:8080", "http://localhost:8080", false),
            ("http://[::1]:8080", "http://[::1]:8080", true),
            ("http://::/0", "http://[::1]", true),
            ("redis://127.0.0.1:6379", "redis://user:password@127.0.0.1:6379/3", true),
            ("redis://127.0.0.1", "redis://127.0.0.1:6379/", true),
            ("redis://127.0.0.1:6379", "redis://127.0.0.2:6379", false),
            ("redis://[::1]:6379", "redis://[::1]:6379/0", true),
        ] {
            assert_eq!(allowed(entry, url), expected, "{entry} against {url}");
        }
    }

    #[test]
    fn any_host_covers_private_components_and_the_own_address() {
        assert!(allowed("http://*:*", "http://fanout.spin.internal/wake"));
        let hosts = AllowedHosts::parse(&[("https://*".to_string(), false)], &[]).unwrap();
        assert!(hosts.allows_own());
        let hosts = AllowedHosts::parse(&[("http://self".to_string(), false)], &[]).unwrap();
        assert!(hosts.allows_own() && !hosts.allows(&Url::parse("http://example.com").unwrap()));
    }

    #[test]
    fn the_chaining_wildcard_covers_existing_components_only() {
        assert!(allowed("http://*.spin.internal", "http://fanout.spin.internal/wake"));
        assert!(!allowed("http://*.spin.internal", "http://nobody.spin.internal/wake"));
    }

    #[test]
    fn an_empty_template_is_skipped_and_an_empty_literal_is_an_error() {
        let hosts = AllowedHosts::parse(&[(String::new(), true), ("https://".to_string(), true)], &[]).unwrap();
        assert!(!hosts.allows(&Url::parse("https://example.com").unwrap()));
        assert!(AllowedHosts::parse(&[(String::new(), false)], &[]).is_err());
    }

    #[test]
    fn malformed_entries_are_refused() {
        for entry in ["*", "example.com", "https://a/path", "https://a*b", "https://*.*.a", "ftp://a", "http://a:99999"]
        {
            assert!(AllowedHosts::parse(&[(entry.to_string(), false)], &[]).is_err(), "{entry}");
        }
    }

    #[test]
    fn chaining_names_are_recognised_exactly() {
        assert_eq!(chained_component("fanout.spin.internal"), Some("fanout"));
        assert_eq!(chained_component("fanout.spin.internal:80"), Some("fanout"));
        for other in ["spin.internal", ".spin.internal", "a.b.spin.internal", "fanout.spin.internal.example.com"] {
            assert_eq!(chained_component(other), None, "{other}");
        }
    }
}
