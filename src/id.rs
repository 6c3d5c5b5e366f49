//! Ids. Those of alerts, incidents and events are derived from the journal record that caused them, never drawn:
//! folding the same record twice, anywhere, gives the same ids.

use sha2::{Digest, Sha256};

use crate::time::Timestamp;

/// Where in the journal something was caused: the record and the place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The journal stream.
    pub stream: u64,
    /// The record's number in the stream, from 1.
    pub n: u64,
    /// The alert's place in the record, from 0.
    pub index: u32,
    /// When the record was sealed; makes the ids of one deployment unlike those of another.
    pub received: Timestamp,
    /// The channel whose board is being changed.
    pub channel: i64,
}

/// What an id is for; a part of what is hashed, so that the ids of one cause differ by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An alert: 24 hex digits.
    Alert,
    /// An incident: 24 hex digits.
    Incident,
}

impl Cause {
    /// That a moment has come for an alert.
    pub fn of_time(alert_id: &str, at: Timestamp, channel: i64) -> Self {
        let tail = alert_id.get(alert_id.len().saturating_sub(16)..).unwrap_or_default();
        let stream = u64::from_str_radix(tail, 16).unwrap_or(0);
        Self { stream, n: 0, index: u32::MAX, received: at, channel }
    }
}

/// The id of an alert or incident: 24 hex digits. The first eight are the Unix second (an ObjectID's layout), the next
/// four the fraction of it in 65536ths, so that ids sort by time and what is new lies together; the rest is a hash.
pub fn object_id(kind: Kind, cause: Cause) -> String {
    let fraction = (cause.received.0 % 1_000_000) * 65_536 / 1_000_000;
    // An ObjectID has 32 bits of time; it wraps in 2106.
    let mut id = hex(&(cause.received.secs() as u32).to_be_bytes());
    id.push_str(&hex(&(fraction as u16).to_be_bytes()));
    id.push_str(&hex(&digest(kind, cause)[..6]));
    id
}

/// The id of an event: 32 hex digits. `ref_id` is the incident or alert that it happened to; no two events of one share
/// an `event_time` (Unix milliseconds).
pub fn event_id(ref_id: &str, event_time: u64, event_type: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(event_time.to_be_bytes());
    hash.update(ref_id.as_bytes());
    hash.update(event_type.as_bytes());
    hex(&hash.finalize()[..16])
}

/// The id of what a sender said of an alert: 24 hex digits, of which the first eight are the Unix second of its receipt.
/// `nth` says which of the alert's events it is, from 1.
pub fn alert_event_id(alert_id: &str, nth: u64, received_secs: u64) -> String {
    let mut hash = Sha256::new();
    hash.update([b'e', 0]);
    hash.update(nth.to_be_bytes());
    hash.update(alert_id.as_bytes());
    hex(&(received_secs as u32).to_be_bytes()) + &hex(&hash.finalize()[..8])
}

/// The Unix second in the first eight digits of an alert's or incident's id, or `None` where it is not such an id.
pub fn object_id_secs(id: &str) -> Option<u64> {
    if id.len() != 24 || !id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    u64::from_str_radix(&id[..8], 16).ok()
}

/// The identity of an alert while it is open: integration and alert key, as 32 hex digits.
pub fn alert_identity(integration_id: i64, alert_key: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(integration_id.to_be_bytes());
    hash.update(alert_key.as_bytes());
    hex(&hash.finalize()[..16])
}

/// Lower-case hex digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)] as char);
        out.push(DIGITS[usize::from(byte & 15)] as char);
    }
    out
}

/// 22 characters of an alphabet without look-alikes that follow from `bytes` (the look of a short UUID).
pub fn short_key(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 57] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let digest = Sha256::digest(bytes);
    let mut number = u128::from_be_bytes(digest[..16].try_into().unwrap_or([0; 16]));
    (0..22)
        .map(|_| {
            let digit = (number % 57) as usize;
            number /= 57;
            ALPHABET[digit] as char
        })
        .collect()
}

fn digest(kind: Kind, cause: Cause) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(match kind {
        Kind::Alert => [b'a', 0],
        Kind::Incident => [b'i', 0],
    });
    hash.update(cause.stream.to_be_bytes());
    hash.update(cause.n.to_be_bytes());
    hash.update(cause.index.to_be_bytes());
    hash.update(cause.received.0.to_be_bytes());
    hash.update(cause.channel.to_be_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAUSE: Cause =
        Cause { stream: 3, n: 7, index: 0, received: Timestamp::from_secs(1_795_165_976), channel: 101 };

    #[test]
    fn the_id_of_an_alerts_event_begins_with_its_second_and_no_two_share_one() {
        let id = alert_event_id("6ad33b20a1b2c3d4e5f60718", 1, 1_792_000_000);
        assert_eq!((object_id_secs(&id), id.len()), (Some(1_792_000_000), 24));
        assert_ne!(id, alert_event_id("6ad33b20a1b2c3d4e5f60718", 2, 1_792_000_000));
        assert_ne!(id, alert_event_id("6ad33b20a1b2c3d4e5f60719", 1, 1_792_000_000));
    }

    #[test]
    fn the_same_cause_gives_the_same_id_and_another_kind_another() {
        let alert = object_id(Kind::Alert, CAUSE);
        assert_eq!(alert, object_id(Kind::Alert, CAUSE));
        assert_ne!(alert, object_id(Kind::Incident, CAUSE));
        assert_ne!(event_id("i", 1, "i_new"), event_id("i", 2, "i_new"));
        let elsewhere = Cause { received: Timestamp(CAUSE.received.0 + 1), ..CAUSE };
        assert_ne!(object_id(Kind::Alert, CAUSE), object_id(Kind::Alert, elsewhere));
    }

    #[test]
    fn an_object_id_starts_with_its_second() {
        let id = object_id(Kind::Incident, CAUSE);
        assert_eq!(id.len(), 24);
        let later = Cause { received: Timestamp(CAUSE.received.0 + 100), ..CAUSE };
        assert!(id < object_id(Kind::Incident, later));
        assert_eq!(object_id_secs(&id), Some(1_795_165_976));
        assert_eq!(object_id_secs("no such thing"), None);
        assert_eq!(object_id_secs("é".repeat(12).as_str()), None);
    }

    #[test]
    fn keys_of_two_integrations_are_two_identities() {
        assert_ne!(alert_identity(1, "disk"), alert_identity(2, "disk"));
        assert_ne!(alert_identity(1, "disk"), alert_identity(1, "Disk"));
    }

    #[test]
    fn a_short_key_has_22_characters_without_look_alikes() {
        let key = short_key(b"anything");
        assert_eq!(key.len(), 22);
        assert!(!key.contains(['0', 'O', '1', 'l', 'I']));
    }
}
