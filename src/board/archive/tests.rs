//! What of a closed incident is stored, under which keys, and what the board keeps of it.

use crate::sorted::SortedSet;

use super::*;

fn document(alerts: usize, comments: usize) -> ClosedIncident {
    let alert = |nth| {
        let mut alert = Alert::default();
        (alert.alert_id, alert.description) = (format!("{nth:024}"), "d".repeat(2000));
        alert
    };
    let item = FeedItem { at_ms: 1, kind: "i_comm".into(), person_id: 0, detail: "c".repeat(1000).into() };
    let incident = Incident { incident_id: "6928f1a4c05b7e33d1a90b4e".into(), ..Incident::default() };
    let (alerts, feed) = ((0..alerts).map(alert).collect(), vec![item; comments]);
    ClosedIncident { v: ClosedIncident::FORMAT, incident, alerts, apart: false, feed }
}

#[test]
fn a_reference_names_every_key_that_was_written() {
    for (alerts, comments) in [(0, 0), (3, 10), (40, 10), (1, 500), (900, 500)] {
        let mut reference = ClosedRef::default();
        let document = document(alerts, comments);
        let id = document.incident.incident_id.clone();
        let written: SortedSet<String> = document.store(&mut reference).into_iter().map(|(key, _)| key).collect();
        assert_eq!(reference.keys(&id).collect::<SortedSet<_>>(), written, "{alerts} alerts, {comments} comments");
    }
}

#[test]
fn a_reference_names_what_was_written_before_too() {
    let mut reference = ClosedRef::default();
    let before = document(900, 500).store(&mut reference);
    let id = document(1, 0).incident.incident_id;
    let after = document(1, 0).store(&mut reference);
    let named: SortedSet<String> = reference.keys(&id).collect();
    assert!(before.iter().chain(&after).all(|(key, _)| named.contains(key)));
}

#[test]
fn a_document_reads_back_and_takes_its_alerts_in_again() {
    let document = document(40, 2);
    let writes = document.clone().store(&mut ClosedRef::default());
    let value = |prefix: &str| {
        let (_, value) = writes.iter().find(|(key, _)| key.starts_with(prefix)).expect("written");
        value.get(1..).expect("tagged").to_vec()
    };
    let mut read = ClosedIncident::decode(&value("alarum:1:i:")).expect("readable");
    assert!(read.apart && read.alerts.is_empty());
    read.add_alerts(&value("alarum:1:ia:")).expect("readable");
    assert_eq!(read, document);
}

#[test]
fn alerts_stand_apart_where_they_are_larger_than_the_limit() {
    let bytes = |document: &ClosedIncident| serde_json::to_vec(&document.alerts).expect("plain data").len();
    let mut document = document(1, 0);
    let missing = ALERTS_BYTES - bytes(&document);
    document.alerts[0].description.push_str(&"d".repeat(missing));
    assert_eq!(bytes(&document), ALERTS_BYTES);
    let keys = |document: &ClosedIncident| document.clone().store(&mut ClosedRef::default()).len();
    assert_eq!(keys(&document), 1);
    document.alerts[0].description.push('d');
    assert_eq!(keys(&document), 2);
}

#[test]
fn what_a_reference_does_not_have_is_not_stored_and_what_it_has_reads_back() {
    assert_eq!(serde_json::to_string(&ClosedRef::default()).expect("plain data"), r#"{"c":0,"v":"Info"}"#);
    let reference = ClosedRef {
        close_time: 1,
        incident_severity: Severity::Critical,
        ever_muted: true,
        labels: vec![1, 2],
        responder_ids: vec![3],
        acker_ids: vec![4],
        creator_id: 5,
        closer_id: -6,
        title: "t".into(),
        parts: 7,
        alert_keys: 8,
        recalled: true,
    };
    let bytes = serde_json::to_vec(&reference).expect("plain data");
    assert_eq!(serde_json::from_slice::<ClosedRef>(&bytes).expect("as written"), reference);
}

#[test]
fn a_reference_says_what_lists_filter_by() {
    let mut incident = Incident {
        title: "é".repeat(100),
        close_time: 9,
        incident_severity: Severity::Warning,
        ever_muted: true,
        labels: [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())].into(),
        ..Incident::default()
    };
    let handling = incident.handled();
    (handling.creator_id, handling.closer_id) = (1, 2);
    handling.responder(3, 0);
    handling.responder(4, 0).acknowledged_at = 5;
    let before = ClosedRef { parts: 6, alert_keys: 7, recalled: true, ..ClosedRef::default() };
    let mut labels = vec![label_hash("a", "1"), label_hash("b", "2")];
    labels.sort_unstable();
    let reference = ClosedRef {
        title: "é".repeat(80),
        close_time: 9,
        incident_severity: Severity::Warning,
        ever_muted: true,
        labels,
        responder_ids: vec![3, 4],
        acker_ids: vec![4],
        creator_id: 1,
        closer_id: 2,
        parts: 6,
        alert_keys: 7,
        recalled: false,
    };
    assert_eq!(ClosedRef::of(&incident, Some(&before)), reference);
}

#[test]
fn labels_have_hashes_that_stay_as_they_are() {
    // They stand in references that earlier versions stored.
    assert_eq!(label_hash("host", "web-07"), 0xf6a6_81e4);
    assert_ne!(label_hash("host", "web-08"), 0xf6a6_81e4);
}

#[test]
fn a_document_of_an_unknown_version_is_refused() {
    let mut stored = serde_json::to_value(document(1, 1)).expect("plain data");
    for v in [0, 3] {
        stored["v"] = v.into();
        let bytes = serde_json::to_vec(&stored).expect("plain data");
        assert!(ClosedIncident::decode(&bytes).is_err_and(|problem| problem.contains("is not known")));
    }
}
