//! The mode for the strict: only hosts that a list names are allowed.
//!
//! The list only narrows. An entry that the rest of the policy refuses would be of no use, and would let its reader
//! believe that it opens something; so it is a problem of the configuration.

use super::TargetError;
use super::host::Host;
use super::name::is_below;

/// Refuses a host that no entry names; without entries there is no such mode.
///
/// # Errors
/// Where none names it.
pub fn check(host: &Host, entries: &[String]) -> Result<(), TargetError> {
    if entries.is_empty() || entries.iter().any(|entry| names(entry, host)) {
        return Ok(());
    }
    Err(TargetError("must have a host of delivery.allowed_hosts"))
}

/// Refuses an entry that can never name an allowed host: neither a host nor `*.` and a domain, or one that the policy
/// refuses. `allow_private` as in [`Host::judge`].
///
/// # Errors
/// Why it is none.
pub(crate) fn check_entry(entry: &str, allow_private: bool) -> Result<(), TargetError> {
    let domain = entry.strip_prefix("*.");
    let host = Host::read(domain.unwrap_or(entry))?;
    if domain.is_some() && !matches!(&host, Host::Name(name) if name.contains('.')) {
        return Err(TargetError("must have a domain of two labels or more after *."));
    }
    host.judge(allow_private)
}

/// Whether an entry names a host. `*.example.net` names all below it, at any depth, and not `example.net` itself.
fn names(entry: &str, host: &Host) -> bool {
    match (entry.strip_prefix("*.").map(Host::read), host) {
        (None, host) => Host::read(entry).as_ref() == Ok(host),
        (Some(Ok(Host::Name(domain))), Host::Name(name)) => is_below(name, &domain) && *name != domain,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(entry: &str, host: &str) -> bool {
        check(&Host::read(host).expect(host), &[entry.to_owned()]).is_ok()
    }

    #[test]
    fn an_entry_names_a_host_whatever_its_case_and_last_dot() {
        assert!(allows("hooks.example.net", "hooks.example.net"));
        assert!(allows("Hooks.Example.net.", "hooks.EXAMPLE.net"));
        assert!(allows("hooks.example.net", "hooks.example.net."));
        assert!(!allows("hooks.example.net", "a.hooks.example.net"));
        assert!(!allows("hooks.example.net", "hooks.example.net.evil.org"));
        assert!(!allows("example.net", "hooks.example.net"));
    }

    #[test]
    fn a_star_names_what_lies_below_and_not_the_domain_itself() {
        assert!(allows("*.example.net", "hooks.example.net") && allows("*.example.net", "a.b.example.net"));
        assert!(!allows("*.example.net", "example.net") && !allows("*.example.net", "evilexample.net"));
        assert!(!allows("*.8.8.8.8", "8.8.8.8"));
    }

    #[test]
    fn an_address_is_named_in_any_of_its_spellings() {
        assert!(allows("8.8.8.8", "8.8.8.8") && !allows("8.8.8.8", "8.8.4.4"));
        assert!(allows("[2606:4700::1]", "[2606:4700:0:0:0:0:0:1]"));
    }

    #[test]
    fn without_entries_every_host_is_allowed() {
        assert_eq!(check(&Host::read("hooks.example.net").expect("a host"), &[]), Ok(()));
    }

    #[test]
    fn an_entry_that_could_open_nothing_is_refused() {
        for entry in ["hooks.example.net", "*.example.net", "8.8.8.8", "[2606:4700::1]", "*.a.b.example.net."] {
            assert_eq!(check_entry(entry, false), Ok(()), "{entry}");
        }
        for entry in [
            "",
            "*",
            "*.",
            "*.net",
            "*.*.net",
            "a.*.net",
            "https://hooks.example.net",
            "hooks.example.net:443",
            "10.0.0.1",
            "hooks.example.net/",
            "*.8.8.8.8",
            "*.[2606:4700::1]",
            "2606:4700::1",
            "h\u{fc}te.example.net",
            "localhost",
            "*.spin.internal",
            "nip.io",
            "*.nip.io",
        ] {
            assert!(check_entry(entry, false).is_err(), "{entry}");
        }
        assert_eq!(check_entry("localhost", true), Ok(()));
        assert!(check_entry("*.spin.internal", true).is_err());
    }
}
