//! The keys of everything that is stored, in one place.
//!
//! All begin with the application and the layout's version, because some stores ignore labels and share one key space.
//! The alphabet is `[A-Za-z0-9:._-]`, the length far below 255 bytes.

/// The counter of journal streams: its value is the highest stream ever drawn.
pub const STREAMS: &str = "alarum:1:streams";

/// The ledger.
pub const LEDGER: &str = "alarum:1:ledger";

/// The counter that decides who may create the ledger.
pub const LEDGER_ARBITER: &str = "alarum:1:new:ledger";

/// The configuration that calls made.
pub const CONFIG: &str = "alarum:1:config";

/// The counter that decides who may create it.
pub const CONFIG_ARBITER: &str = "alarum:1:new:config";

/// A version of it: written once, under a name that nobody else uses.
pub fn config_version(version: u64, token: u64) -> String {
    format!("{CONFIG}:{version}:{token:016x}")
}

/// A record of the journal.
pub fn record(stream: u64, n: u64) -> String {
    format!("alarum:1:j:{stream}:{n}")
}

/// The `part`th part of a value too large for one key.
pub fn part(key: &str, part: usize) -> String {
    format!("{key}.{part}")
}

/// The counter that numbers the candidates for a root document.
pub fn root_arbiter(name: &str) -> String {
    format!("alarum:1:new:{name}")
}

/// A root document: the candidate `number` for `name`. The ledger says which candidate is the true one.
pub fn root(name: &str, number: i64) -> String {
    format!("alarum:1:r:{name}:{number}")
}

/// The name of a channel's board as a root document.
pub fn board_name(channel: i64) -> String {
    format!("b{channel}")
}

/// The channel whose board has this name.
pub fn board_channel(name: &str) -> Option<i64> {
    name.strip_prefix('b')?.parse().ok()
}

/// The name of a subscription's retry queue as a root document.
pub fn queue_name(subscription: i64) -> String {
    format!("q{subscription}")
}

/// The subscription whose retry queue has this name.
pub fn queue_subscription(name: &str) -> Option<i64> {
    name.strip_prefix('q')?.parse().ok()
}

/// A page, outbox segment or index segment of a board: written once under a name that nobody else uses.
pub fn piece(channel: i64, token: u64, nth: usize) -> String {
    format!("alarum:1:p:{channel}:{token:016x}.{nth}")
}

/// The final document of a closed incident.
pub fn incident(incident_id: &str) -> String {
    format!("alarum:1:i:{incident_id}")
}

/// The alerts of a closed incident, where they are too many for its document.
pub fn incident_alerts(incident_id: &str) -> String {
    format!("alarum:1:ia:{incident_id}")
}

/// The body of an event that waits in a subscription's retry queue.
pub fn body(subscription: i64, event_id: &str) -> String {
    format!("alarum:1:d:{subscription}:{event_id}")
}

/// A segment or index page of the delivery log of `owner`, a root document's name: written once.
pub fn delivered(owner: &str, id: u64) -> String {
    format!("{}{id:016x}", delivered_by(owner))
}

/// With what the keys of the delivery log of `owner` begin.
pub fn delivered_by(owner: &str) -> String {
    format!("alarum:1:l:{owner}:")
}

/// The counter of what intake refused, by the name of the error's code.
pub fn refused(name: &str) -> String {
    format!("alarum:1:refused:{name}")
}

/// What a probe of the store tries out; of each there are eight, by the last digits of `slot`.
pub fn ready(name: &str, slot: u64) -> String {
    format!("alarum:1:ready:{name}.{}", slot % 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_of_the_common_alphabet_and_short() {
        let id = "f".repeat(32);
        let keys = [
            part(&record(u64::MAX, u64::MAX), usize::MAX),
            root_arbiter(&board_name(i64::MIN)),
            root(&queue_name(i64::MAX), i64::MAX),
            piece(i64::MAX, u64::MAX, usize::MAX),
            part(&config_version(u64::MAX, u64::MAX), usize::MAX),
            incident(&id),
            incident_alerts(&id),
            body(i64::MAX, &id),
            part(&delivered(&board_name(i64::MIN), u64::MAX), usize::MAX),
            ready("missing", u64::MAX),
        ];
        for key in keys {
            assert!(
                key.len() <= 255 && key.bytes().all(|b| b.is_ascii_alphanumeric() || b":._-".contains(&b)),
                "{key}"
            );
        }
    }

    #[test]
    fn names_of_root_documents_read_back() {
        assert_eq!(board_channel(&board_name(101)), Some(101));
        assert_eq!(queue_subscription(&queue_name(1)), Some(1));
        assert_eq!(board_channel("q1"), None);
    }
}
