//! Which addresses a webhook may be sent to.
//!
//! The host's allow-list lets every address through, its private components included, so this is the place that
//! decides. The URL is taken apart by the very parser that sends it: what is judged is what is called. A spelling that
//! two parsers could read in two ways is refused, whatever it leads to.

mod address;
mod allowed;
mod host;
mod name;
mod port;

use http::Uri;

pub(crate) use self::allowed::check_entry;
use self::host::Host;
use crate::config::Delivery;

/// The longest URL, bytes.
pub const URL_BYTES: usize = 2048;

/// Why a URL is not allowed. It never repeats the URL, whose path and query may hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TargetError(&'static str);

/// Refuses a URL that the policy forbids: checked when a subscription is read and again before every attempt.
///
/// # Errors
/// The first reason that was found.
pub fn check(url: &str, policy: &Delivery) -> Result<(), TargetError> {
    if url.len() > URL_BYTES {
        return Err(TargetError("must have at most 2048 bytes"));
    }
    for byte in url.bytes() {
        return Err(TargetError(match byte {
            0x80.. => "must be ASCII: a host name in another script is written xn--..., anything else percent-encoded",
            ..=b' ' | 0x7f | b'\\' => "must not hold spaces, backslashes or control characters",
            // It would never be sent, so whoever wrote it means something else, or to mislead who reads it.
            b'#' => "must not have a fragment",
            _ => continue,
        }));
    }
    let uri: Uri = url.parse().map_err(|_| TargetError("is not a URL that can be sent to"))?;
    let default_port = match uri.scheme_str() {
        Some("https") => 443,
        Some("http") if policy.allow_http => 80,
        Some("http") => return Err(TargetError("must begin with https: (delivery.allow_http is off)")),
        _ => return Err(TargetError("must begin with https://")),
    };
    let authority = uri.authority().ok_or(TargetError("has no host"))?;
    if authority.as_str().contains('@') {
        return Err(TargetError("must not hold a user name or password"));
    }
    let text = authority.host();
    let host = Host::read(text)?;
    host.judge(policy.allow_private_targets)?;
    let after_host = authority.as_str().strip_prefix(text).unwrap_or_default();
    let port = port::read(after_host, authority.port_u16())?.unwrap_or(default_port);
    port::check(port, &policy.allowed_ports)?;
    allowed::check(&host, &policy.allowed_hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str, policy: &Delivery) -> &'static str {
        check(url, policy).expect_err(url).0
    }

    #[test]
    fn ordinary_receivers_are_allowed() {
        for url in [
            "https://hooks.example.net/x?y=z",
            "https://hooks.example.net:8443/",
            "https://8.8.8.8/",
            "https://[2606:4700::1]/",
        ] {
            assert_eq!(check(url, &Delivery::default()), Ok(()), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let strict = Delivery::default();
        let long = format!("https://hooks.example.net/{}", "a".repeat(URL_BYTES));
        for (url, part) in [
            (long.as_str(), "at most 2048"),
            ("https://hooks.ex\u{e4}mple.net/", "xn--"),
            ("https://hooks.example.net\\@10.0.0.1/", "backslashes"),
            ("https://hooks.example.net/#a", "fragment"),
            ("http://hooks.example.net/", "allow_http is off"),
            ("ftp://hooks.example.net/", "https://"),
            ("/relative", "https://"),
            ("https://a@hooks.example.net/", "user name"),
            ("https://hooks.example.net:25/", "port"),
            ("https://10.0.0.1/", "private"),
        ] {
            assert!(told(url, &strict).contains(part), "{url}: {}", told(url, &strict));
        }
    }

    #[test]
    fn a_url_may_be_as_long_as_the_limit() {
        let url = |length: usize| format!("https://hooks.example.net/{:a>1$}", "", length - 26);
        assert_eq!(check(&url(URL_BYTES), &Delivery::default()), Ok(()));
        assert_eq!(told(&url(URL_BYTES + 1), &Delivery::default()), "must have at most 2048 bytes");
    }

    #[test]
    fn the_development_setting_opens_loopback_but_never_the_platform_s_own_names() {
        let open = Delivery { allow_http: true, allow_private_targets: true, ..Delivery::default() };
        assert_eq!(check("http://127.0.0.1:4000/webhook", &open), Ok(()));
        assert_eq!(check("http://localhost:4000/webhook", &open), Ok(()));
        for url in ["http://fanout.spin.internal/", "http://0x7f000001/", "http://169.254.169.254/", "http://self.alt/"]
        {
            assert!(check(url, &open).is_err(), "{url}");
        }
    }

    #[test]
    fn in_exact_hosts_mode_only_these_hosts_are_allowed() {
        let exact = Delivery { allowed_hosts: vec!["hooks.example.net".to_owned()], ..Delivery::default() };
        assert_eq!(check("https://HOOKS.example.net:8443/", &exact), Ok(()));
        assert!(told("https://hooks.example.org/", &exact).contains("delivery.allowed_hosts"));
        let opened = Delivery { allowed_hosts: vec!["10.0.0.1".to_owned()], ..Delivery::default() };
        assert!(told("https://10.0.0.1/", &opened).contains("private"));
    }

    #[test]
    fn a_list_of_ports_counts_for_the_port_that_nobody_wrote_as_well() {
        let policy = Delivery { allowed_ports: vec![8443, 25], ..Delivery::default() };
        assert_eq!(check("https://hooks.example.net:8443/", &policy), Ok(()));
        assert_eq!(check("https://hooks.example.net:25/", &policy), Ok(()));
        assert!(told("https://hooks.example.net/", &policy).contains("port"));
        assert!(told("https://hooks.example.net:443/", &policy).contains("port"));
    }
}
