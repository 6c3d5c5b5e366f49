//! A record of the journal: what one write made durable.

use serde::{Deserialize, Serialize};

use crate::intake::AlertEvent;
use crate::time::Timestamp;

/// Everything that was accepted by one write: the pushes of one request, or of several that waited together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The format; [`Record::FORMAT`].
    pub v: u32,
    /// When it was sealed: after its pushes were received, before it was written. Strictly rising in a stream.
    pub received: Timestamp,
    /// What was accepted, in the order of receipt.
    pub accepted: Vec<Accepted>,
}

/// One alert event, validated and routed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Through which integration it came.
    pub integration_id: i64,
    /// The channels that it goes to.
    pub channel_ids: Vec<i64>,
    /// The event.
    pub event: AlertEvent,
}

impl Record {
    /// The format that this version writes.
    pub const FORMAT: u32 = 1;

    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        // Plain data with text keys: serialising it into memory has no way to fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let record: Self = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if record.v == Self::FORMAT { Ok(record) } else { Err(format!("format {} is not known", record.v)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::Status;

    #[test]
    fn a_record_reads_back_as_it_was_written() {
        let event = AlertEvent { alert_key: "k".into(), status: Status::Ok, ..AlertEvent::default() };
        let accepted = vec![Accepted { integration_id: 1, channel_ids: vec![2, 3], event }];
        let record = Record { v: Record::FORMAT, received: Timestamp(5), accepted };
        assert_eq!(Record::decode(&record.encode()), Ok(record));
    }

    #[test]
    fn another_format_is_refused() {
        assert!(Record::decode(br#"{"v":2,"received":1,"accepted":[]}"#).is_err());
        assert!(Record::decode(b"").is_err());
    }
}
