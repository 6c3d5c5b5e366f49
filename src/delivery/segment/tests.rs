//! Segments: what is written is read again, within limits.

use proptest::prelude::*;

use super::*;

fn told(nth: u64) -> Told {
    Told {
        event_id: format!("event {nth}"),
        event_type: if nth.is_multiple_of(2) { "i_new" } else { "i_rslv" }.to_owned(),
        event_time: 1000 + nth,
        ref_id: format!("incident {}", nth / 2),
        channel_id: 101,
        body: format!(r#"{{"event_id":"event {nth}"}}"#),
        ..Told::default()
    }
}

fn attempt(event: u32, subscription_id: i64, status: Status) -> Attempt {
    Attempt { subscription_id, event, attempt: 1, at_ms: 5000, status, ..Attempt::default() }
}

/// Four events, each told to two subscriptions, of which the second takes none.
fn segment() -> (Span, Segment) {
    let mut writer = SegmentWriter::default();
    assert!(writer.is_empty());
    for nth in 0..4 {
        let event = writer.tell(&told(nth)).expect("room");
        writer.note(attempt(event, 1, Status::Success)).expect("room");
        assert_eq!(writer.tell(&told(nth)), Ok(event), "an event is in it once");
        writer.note(attempt(event, 2, Status::Failed)).expect("room");
    }
    let (span, bytes) = writer.finish().expect("something is in it");
    (span, Segment::decode(&bytes).expect("a segment"))
}

#[test]
fn what_was_written_is_read_again() {
    let (span, segment) = segment();
    assert_eq!(span, Span { from_ms: 1000, until_ms: 5000 });
    assert_eq!(segment.events, (0..4).map(told).collect::<Vec<_>>());
    assert_eq!(segment.attempts.len(), 8);
    assert_eq!(segment.attempts.get(7), Some(&attempt(3, 2, Status::Failed)));
    assert_eq!(segment.event("event 2"), Some(&told(2)));
    assert_eq!(segment.event("event 4"), None);
    assert!(SegmentWriter::default().finish().is_none());
}

#[test]
fn what_is_usual_is_not_written() {
    let mut writer = SegmentWriter::default();
    let event = writer.tell(&Told { channel_id: 0, body: String::new(), ..told(0) }).expect("room");
    writer.note(attempt(event, 1, Status::Success)).expect("room");
    let (_, bytes) = writer.finish().expect("something is in it");
    let lean =
        r#"{"v":1,"e":[{"i":"event 0","t":"i_new","m":1000,"r":"incident 0"}],"a":[{"s":1,"e":0,"n":1,"t":5000}]}"#;
    assert_eq!(String::from_utf8(bytes).expect("text"), lean);
}

#[test]
fn a_later_format_is_refused_and_an_attempt_without_its_event_is_not_shown() {
    assert!(Segment::decode(br#"{"v":2,"e":[],"a":[]}"#).is_err());
    assert!(Segment::decode(b"").is_err());
    let segment = Segment::decode(br#"{"v":1,"e":[],"a":[{"s":1,"e":4294967295,"n":1,"t":1}]}"#).expect("a segment");
    assert_eq!(segment.matching(&Filter::default()).count(), 0);
}

#[test]
fn each_filter_takes_its_own() {
    let (_, segment) = segment();
    let places = |filter: &Filter| segment.matching(filter).map(|(place, ..)| place).collect::<Vec<_>>();
    let all = Filter::default();
    let types = ["i_rslv".to_owned(), "i_ack".to_owned()];
    assert_eq!(places(&all), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(places(&Filter { subscription_id: Some(2), ..all }), [1, 3, 5, 7]);
    assert_eq!(places(&Filter { event_id: Some("event 1"), ..all }), [2, 3]);
    assert_eq!(places(&Filter { event_types: &types, ..all }), [2, 3, 6, 7]);
    assert_eq!(places(&Filter { ref_id: Some("incident 1"), ..all }), [4, 5, 6, 7]);
    assert_eq!(places(&Filter { status: Some(Status::Success), ..all }), [0, 2, 4, 6]);
    assert_eq!(places(&Filter { span: Span { from_ms: 1001, until_ms: 1002 }, ..all }), [2, 3, 4, 5]);
    assert_eq!(
        places(&Filter { subscription_id: Some(1), event_types: &types, ref_id: Some("incident 0"), ..all }),
        [2]
    );
    let newest =
        segment.matching(&all).next_back().map(|(place, attempt, told)| (place, attempt.at_ms, told.event_time));
    assert_eq!(newest, Some((7, 5000, 1003)));
}

#[test]
fn texts_are_cut_between_characters_and_secrets_are_hidden() {
    let long = "é".repeat(10_000);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut request_headers = vec![
        header("content-type", "application/json"),
        header("Authorization", "Bearer abc"),
        header("webhook-signature", "v1,abc"),
        header("X-Api-Key", "abc"),
        header("x-long", &long),
    ];
    request_headers.extend((0..50).map(|nth| header(&format!("x-{nth}"), &"y".repeat(200))));
    let mut writer = SegmentWriter::default();
    let event = writer.tell(&told(0)).expect("room");
    let (error, endpoint) = (format!("x{long}"), long.clone());
    let (response_headers, response_body) = (long.clone(), format!("x{long}"));
    let attempt = attempt(event, 1, Status::Failed);
    let attempt = Attempt { error, endpoint, request_headers, response_headers, response_body, ..attempt };
    writer.note(attempt).expect("room");
    let (_, bytes) = writer.finish().expect("something is in it");
    assert!(!bytes.windows(3).any(|part| part == b"abc"));
    let attempt = Segment::decode(&bytes).expect("a segment").attempts.remove(0);
    assert_eq!((attempt.error.len(), attempt.endpoint.len()), (511, 2048));
    assert_eq!((attempt.response_headers.len(), attempt.response_body.len()), (4096, 2047));
    let shown: Vec<&str> = attempt.request_headers.iter().map(|(_, value)| value.as_str()).take(4).collect();
    assert_eq!(shown, ["application/json", HIDDEN, HIDDEN, HIDDEN]);
    assert!(attempt.request_headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= 4096);
    assert!(attempt.request_headers.len() > 10);
}

#[test]
fn an_event_larger_than_a_value_has_a_segment_for_itself() {
    let mut writer = SegmentWriter::default();
    let large = Told { body: "x".repeat(WHOLE_LIMIT), ..told(0) };
    let event = writer.tell(&large).expect("the first one is always taken");
    assert_eq!(writer.note(attempt(event, 1, Status::Success)), Err(Full));
    assert_eq!(writer.tell(&told(1)), Err(Full));
    assert_eq!(writer.tell(&large), Ok(event));
    let mut further = SegmentWriter::default();
    let stand_in = large.standing_in("alarum:1:l:b101:7");
    let event = further.tell(&stand_in).expect("it is small");
    let request_body = Some("\u{1}".repeat(WHOLE_LIMIT));
    let attempt = Attempt { request_body, ..attempt(event, 1, Status::Success) };
    further.note(attempt.clone()).expect("an attempt with a segment for itself is always taken");
    assert_eq!(further.note(attempt), Err(Full));
    let (_, bytes) = further.finish().expect("something is in it");
    let segment = Segment::decode(&bytes).expect("a segment");
    assert_eq!(segment.events, std::slice::from_ref(&stand_in));
    assert_eq!(
        (stand_in.body.as_str(), stand_in.standing_in("elsewhere").stands_in.as_str()),
        ("", "alarum:1:l:b101:7")
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_segment_is_larger_than_a_value_and_all_is_in_one(
        sizes in prop::collection::vec(0_usize..60_000, 1..40),
        text in "\\PC{0,40}",
    ) {
        let (mut writers, mut last) = (Vec::new(), SegmentWriter::default());
        for (nth, size) in sizes.iter().enumerate() {
            let body = text.chars().cycle().take(size / 4).collect();
            let told = Told { body, ..told(nth as u64) };
            if last.tell(&told).is_err() {
                writers.push(std::mem::take(&mut last));
                prop_assert_eq!(last.tell(&told), Ok(0));
            }
        }
        writers.push(last);
        let mut ids = Vec::new();
        for writer in writers {
            let (_, bytes) = writer.finish().expect("something is in it");
            prop_assert!(bytes.len() <= WHOLE_LIMIT, "{}", bytes.len());
            ids.extend(Segment::decode(&bytes).expect("a segment").events.into_iter().map(|told| told.event_id));
        }
        let all: Vec<String> = (0..sizes.len()).map(|nth| format!("event {nth}")).collect();
        prop_assert_eq!(ids, all);
    }
}
