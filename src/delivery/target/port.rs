//! Which ports a webhook may be sent to.
//!
//! A server of another protocol that reads lines may take a request for commands of its own, one after the other, and a
//! webhook's body holds what senders of alerts wrote. So no port of such a protocol is called, as browsers do it
//! (WHATWG, Fetch, port blocking), and none of a service that takes orders over HTTP from whoever can reach it.

use super::TargetError;

/// Ports from 1024 on that are not called.
#[rustfmt::skip]
const OTHERS: [u16; 46] = [
    // As browsers: H.323, PPTP, NFS, SASL, NPP, Sieve, SIP, X11, SANE, IRC, Amanda.
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
    10080,
    // Others that read lines or text: FTP, Telnet and SMTP on their second ports, Graphite, ZooKeeper, clamd, NATS,
    // Gearman, Asterisk, Redis and its sentinel, FreeSWITCH, StatsD, printers, Zabbix, memcached, beanstalkd, STOMP.
    2003, 2004, 2121, 2181, 2323, 2525, 3310, 4222, 4730, 5038, 6379, 6380, 8021, 8125, 9100, 10050, 10051, 11211,
    11300, 26379, 61613,
    // Orders over HTTP: Docker, etcd, kubelet.
    2375, 2376, 2379, 2380, 10250, 10255,
];

/// The port that is written after a host, if one is; `sent` is what the parser that sends makes of it.
///
/// # Errors
/// Where it is no number from 1 to 65535 in its plain spelling.
pub fn read(after_host: &str, sent: Option<u16>) -> Result<Option<u16>, TargetError> {
    match (after_host.as_bytes(), sent) {
        ([], _) => Ok(None),
        // Not `+443`, not `0443`, and not `:8:[::1]:443`, all of which the parser takes.
        ([b':', b'1'..=b'9', rest @ ..], Some(port)) if rest.iter().all(u8::is_ascii_digit) => Ok(Some(port)),
        _ => Err(TargetError("has a port that is none")),
    }
}

/// Refuses a port that is not in the list, and, where the list is empty, one that is not for webhooks.
///
/// # Errors
/// Why it is not allowed.
pub fn check(port: u16, allowed: &[i64]) -> Result<(), TargetError> {
    if !allowed.is_empty() {
        return if allowed.contains(&i64::from(port)) {
            Ok(())
        } else {
            Err(TargetError("must have a port of delivery.allowed_ports"))
        };
    }
    if OTHERS.contains(&port) {
        return Err(TargetError("must not have the port of another protocol (delivery.allowed_ports can allow it)"));
    }
    if port < 1024 && port != 80 && port != 443 {
        return Err(TargetError(
            "must have port 80, 443 or one from 1024 on (delivery.allowed_ports can allow others)",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_read_in_its_plain_spelling_only() {
        let read = |authority: &str, host: &str| {
            let sent = authority.parse::<http::uri::Authority>().ok().and_then(|authority| authority.port_u16());
            read(authority.strip_prefix(host).expect("begins with it"), sent)
        };
        assert_eq!(read("a", "a"), Ok(None));
        assert_eq!(read("[::1]", "[::1]"), Ok(None));
        assert_eq!((read("a:1", "a"), read("[::1]:65535", "[::1]")), (Ok(Some(1)), Ok(Some(65535))));
        for text in
            [":", ":0", ":00443", ":+443", ":-1", ":65536", ":4a", ":0x1bb", "443", "x:443", ":4:4", ":8:[::1]:443"]
        {
            for host in ["a", "[::1]"] {
                let told = read(&format!("{host}{text}"), host);
                assert_eq!(told, Err(TargetError("has a port that is none")), "{host}{text}");
            }
        }
    }

    #[test]
    fn without_a_list_the_web_s_ports_and_high_ones_are_allowed() {
        for port in [80, 443, 1024, 3000, 8080, 8443, 9000, 65535] {
            assert_eq!(check(port, &[]), Ok(()), "{port}");
        }
        for port in [0, 1, 22, 25, 79, 81, 442, 444, 1023, 2375, 6000, 6379, 11211] {
            assert!(check(port, &[]).is_err(), "{port}");
        }
    }

    #[test]
    fn a_list_decides_alone() {
        assert_eq!(check(6379, &[444, 6379]), Ok(()));
        assert_eq!(check(443, &[444, 6379]), Err(TargetError("must have a port of delivery.allowed_ports")));
    }

    #[test]
    fn no_port_stands_twice_among_those_of_others_or_where_it_is_refused_anyway() {
        let mut ports = OTHERS.to_vec();
        ports.sort_unstable();
        ports.dedup();
        assert!(ports.len() == OTHERS.len() && ports.iter().all(|port| *port >= 1024));
    }
}
