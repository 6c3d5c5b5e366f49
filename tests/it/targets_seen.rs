//! The address that the sender makes of a URL is the one that was judged, and it is public (`docs/webhook-targets.md`).
//!
//! What the policy allows is looked at with a judge of the tests' own, which shares nothing with the policy's. No request
//! is sent anywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use alarum::config::Delivery;
use alarum::delivery::target::{URL_BYTES, check};
use http::Uri;
use proptest::prelude::*;

use super::fuzz::runner;
use super::targets::{fine, hostile, open, strict};

/// Networks that a webhook must never reach, as the registries list them.
const CLOSED: [&str; 37] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "::/3",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3000::/4",
    "4000::/2",
    "8000::/1",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "::ffff:0:0/96",
    "::/96",
    "100::/64",
    "5f00::/16",
    "3fff::/20",
];

/// The bits of an address, one after the other.
fn bits(ip: IpAddr) -> String {
    let bytes = match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    bytes.iter().map(|byte| format!("{byte:08b}")).collect()
}

fn is_open(ip: IpAddr) -> bool {
    let ours = bits(ip);
    !CLOSED.iter().any(|net| {
        let (base, length) = net.split_once('/').expect("a length");
        let theirs = bits(base.parse().expect("an address"));
        let length = length.parse().expect("a number");
        theirs.len() == ours.len() && theirs.get(..length) == ours.get(..length)
    })
}

/// The address that the C library's `inet_aton` reads a host as, if it does: one to four numbers, each in decimal,
/// octal or hexadecimal, the last one filling up what is left.
fn aton(host: &str) -> Option<Ipv4Addr> {
    let number = |part: &str| match part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
        Some("") => Some(0),
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if part.len() > 1 && part.starts_with('0') => u64::from_str_radix(part, 8).ok(),
        None => part.parse::<u64>().ok(),
    };
    let parts: Vec<u64> = host.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    let left = 4_usize.checked_sub(first.len())?;
    let head = first.iter().try_fold(0_u64, |sum, part| (*part < 256).then_some(sum << 8 | part))?;
    let all = u32::try_from(head << (8 * left) | last).ok()?;
    (left > 0 && *last < 1 << (8 * left)).then(|| Ipv4Addr::from(all))
}

/// What must hold of a URL that the policy allows, by what the sender makes of it.
fn holds(url: &str) -> Result<(), String> {
    let fail = |why: &str| Err(format!("{why}: {url:?}"));
    // What the sender calls: the outbound adapter gives the URL to this very parser, and the platform its parts.
    let Ok(uri) = url.parse::<Uri>() else { return fail("the sender cannot read it") };
    let (Some(scheme), Some(host), Some(authority)) = (uri.scheme_str(), uri.host(), uri.authority()) else {
        return fail("the sender sees no host");
    };
    // It is all there is: what the sender sees, put together, is what was written.
    let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
    let path = uri.path_and_query().map(|path| path.as_str()).unwrap_or_default();
    let again = format!("{scheme}://{host}{port}{path}");
    let written = url.replacen(url.get(..scheme.len()).unwrap_or_default(), scheme, 1);
    if again != written && again != format!("{written}/") {
        return fail("the sender sees something else");
    }
    if url.len() > URL_BYTES || scheme != "https" || authority.as_str() != format!("{host}{port}") {
        return fail("it has what it must not have");
    }
    if !matches!(uri.port_u16(), None | Some(80 | 443 | 1024..)) {
        return fail("its port is closed");
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = bare.parse::<IpAddr>() {
        let isatap =
            matches!(ip, IpAddr::V6(ip) if matches!(ip.segments(), [.., 0 | 0x100 | 0x200 | 0x300, 0x5efe, _, _]));
        return if is_open(ip) && !isatap { Ok(()) } else { fail("its address is closed") };
    }
    let name = host.to_lowercase();
    let name = name.strip_suffix('.').unwrap_or(&name);
    if let Some(ip) = aton(name) {
        return fail(&format!("a resolver reads it as {ip}"));
    }
    if name.parse::<Ipv6Addr>().is_ok() || !name.contains('.') || name.len() > 253 {
        return fail("it has no name with a domain");
    }
    let labels: Vec<&str> = name.split('.').collect();
    let fits = |label: &&str| {
        (1..=63).contains(&label.len()) && label.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_'))
    };
    if !labels.iter().all(fits) || labels.contains(&"localhost") {
        return fail("it has a label that it must not have");
    }
    let closed = ["internal", "alt", "local", "lan", "arpa", "svc", "test", "onion"];
    if labels.last().is_none_or(|last| closed.contains(last) || last.starts_with(|c: char| c.is_ascii_digit())) {
        return fail("its top-level domain is closed");
    }
    Ok(())
}

#[test]
fn the_sender_sees_the_host_that_was_judged_in_every_fine_url() {
    for url in fine() {
        assert_eq!(holds(&url), Ok(()));
    }
}

#[test]
fn the_judge_of_the_tests_knows_what_is_closed() {
    for url in [
        "https://10.0.0.1/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://a@b.net/",
        "https://b.net/#a",
    ] {
        assert!(holds(url).is_err(), "{url}");
    }
    assert_eq!(aton("127.1"), Some(Ipv4Addr::LOCALHOST));
    assert_eq!(aton("017700000001"), Some(Ipv4Addr::LOCALHOST));
    assert_eq!(aton("0x7f.0.1"), Some(Ipv4Addr::LOCALHOST));
    assert_eq!((aton("127.0.0.256"), aton("1.2.3.4.5"), aton("a.1"), aton("256.1")), (None, None, None, None));
}

/// Pieces of which URLs and traps are made.
const PIECES: [&str; 64] = [
    "https://",
    "http://",
    "HTTPS://",
    "//",
    "/",
    "\\",
    "?",
    "#",
    "@",
    ":",
    "::",
    ".",
    "..",
    "-",
    "_",
    "[",
    "]",
    "%",
    "%2e",
    "%40",
    "%25",
    "443",
    "8443",
    "80",
    "25",
    "0",
    "1",
    "127",
    "10",
    "8",
    "8.8.8.8",
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "0x7f",
    "0177",
    "2130706433",
    "0x7f000001",
    "2606:4700::1",
    "::1",
    "::ffff:",
    "fe80::",
    "64:ff9b::",
    "2002:",
    "5efe",
    "localhost",
    "hooks",
    "example",
    "net",
    "com",
    "internal",
    "spin.internal",
    "self.alt",
    "nip.io",
    "metadata.goog",
    "local",
    "xn--",
    "xn--bcher-kva",
    "a",
    "\u{ff0e}",
    "\u{3002}",
    "\t",
    "\u{200b}",
    " ",
];

fn url() -> impl Strategy<Value = String> {
    let piece = || prop_oneof![12 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,3}"];
    let host = prop_oneof![
        4 => prop::collection::vec(piece(), 1..8).prop_map(|pieces| pieces.concat()),
        2 => any::<[u8; 4]>().prop_map(|ip| Ipv4Addr::from(ip).to_string()),
        2 => any::<[u16; 8]>().prop_map(|ip| format!("[{}]", Ipv6Addr::from(ip))),
        2 => (prop::sample::select(CLOSED.to_vec()), any::<u16>()).prop_map(|(net, low)| {
            match net.split_once('/').and_then(|(base, _)| base.parse().ok()) {
                Some(IpAddr::V4(ip)) => Ipv4Addr::from(u32::from(ip).wrapping_sub(u32::from(low) % 3)).to_string(),
                Some(IpAddr::V6(ip)) => format!("[{}]", Ipv6Addr::from(u128::from(ip) | u128::from(low))),
                None => net.to_owned(),
            }
        }),
        2 => prop::collection::vec("[a-z0-9_-]{1,8}", 1..5).prop_map(|labels| labels.join(".")),
    ];
    let tail = prop::collection::vec(piece(), 0..4).prop_map(|pieces| pieces.concat());
    let made = (host, tail).prop_map(|(host, tail)| format!("https://{host}{tail}"));
    // A URL of the files with something put in, taken out or written over.
    let known: Vec<String> = hostile().into_iter().map(|line| line.url).chain(fine()).collect();
    let changed = (prop::sample::select(known), any::<prop::sample::Index>(), 0..3_usize, piece()).prop_map(
        |(url, at, out, piece)| {
            let at = at.index(url.chars().count() + 1);
            let before = url.chars().take(at).collect::<String>();
            let after = url.chars().skip(at + out).collect::<String>();
            [before, piece, after].concat()
        },
    );
    // And some as they are, so that something is allowed in every run.
    let as_it_is = prop::sample::select(fine());
    prop_oneof![2 => made, 3 => changed, 1 => as_it_is, 1 => prop::collection::vec(piece(), 0..12).prop_map(|pieces| pieces.concat())]
}

#[test]
fn whatever_is_allowed_the_sender_sees_the_judged_host_and_it_is_public() {
    let allowed = std::cell::Cell::new(0_u32);
    let checked = runner().run(&url(), |url| {
        if check(&url, &strict()).is_ok() {
            allowed.set(allowed.get() + 1);
            prop_assert_eq!(holds(&url), Ok(()));
        }
        // Settings that narrow never allow what is refused without them.
        let narrow =
            Delivery { allowed_ports: vec![443, 8443], allowed_hosts: vec!["*.example.net".into()], ..strict() };
        prop_assert!(check(&url, &narrow).is_err() || check(&url, &strict()).is_ok());
        // No setting lets anything through to the platform's own names.
        if check(&url, &open()).is_ok() {
            let uri: Uri = url.parse().expect("a URL that is allowed");
            let host = uri.host().unwrap_or_default().to_lowercase();
            let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
            prop_assert!(last != "internal" && last != "alt" && !host.is_empty(), "{}", url);
        }
        Ok(())
    });
    checked.expect("no allowed URL leads where it must not");
    assert!(allowed.get() > 10, "only {} of them were allowed", allowed.get());
}

#[test]
fn any_text_at_all_is_judged_without_a_panic() {
    runner()
        .run(&".{0,80}", |text| {
            prop_assert!(check(&text, &strict()).is_err() || holds(&text).is_ok(), "{}", text);
            Ok(())
        })
        .expect("judged");
}
