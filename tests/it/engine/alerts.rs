//! Alerts: one key of one integration, from its first event to its recovery.

use alarum::intake::{Image, Severity, Status};
use serde_json::{Value, json};

use crate::support::desk::{INTEGRATION, T0, critical, crowded_desk, desk};

fn labels(pairs: &[(&str, &str)]) -> alarum::sorted::SortedMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_first_event_opens_an_alert() {
    let mut desk = desk();
    desk.fires_with("disk", |event| {
        event.title_rule = "$disk".into();
        event.images = vec![Image { src: "s".into(), ..Image::default() }];
    });
    let alert = desk.alert("disk");
    assert_eq!((alert.integration_id, alert.alert_key.as_str()), (INTEGRATION, "disk"));
    assert_eq!((alert.title.as_str(), alert.title_rule.as_str()), ("disk is bad", "$disk"));
    assert_eq!((alert.description.as_str(), alert.images.len()), ("97 %", 1));
    assert_eq!((alert.alert_severity, alert.alert_status), (Severity::Critical, Status::Critical));
    assert_eq!((alert.start_time, alert.last_time, alert.end_time, alert.event_cnt), (T0, T0, 0, 1));
    assert!(!alert.ever_muted && alert.muted.is_none() && !alert.closed);
    let incident = desk.incident(&alert.incident_id.clone());
    assert_eq!((incident.first_alert_id, incident.integration_id), (alert.alert_id, INTEGRATION));
    assert_eq!((incident.labels, incident.images), (alert.labels, alert.images));
    assert_eq!((incident.title, incident.description), (alert.title, alert.description));
    assert_eq!((incident.channel_id, incident.first_severity), (101, Severity::Critical));
}

#[test]
fn a_further_event_changes_everything_but_the_severity_and_the_beginning() {
    for mut desk in [desk(), crowded_desk()] {
        desk.fires("disk").expect_event("i_new");
        desk.at(90).fires_with("disk", |event| {
            event.status = Status::Info;
            event.title = "other".into();
            event.title_rule = "$other".into();
            event.description = "50 %".into();
            event.labels = labels(&[("new", "1")]);
            event.images = vec![Image::default()];
        });
        let alert = desk.alert("disk");
        assert_eq!((alert.title.as_str(), alert.title_rule.as_str()), ("other", "$other"));
        assert_eq!((alert.description.as_str(), alert.images.len()), ("50 %", 1));
        assert_eq!((alert.alert_severity, alert.alert_status), (Severity::Critical, Status::Info));
        assert_eq!((alert.start_time, alert.last_time, alert.event_cnt), (T0, T0 + 90, 2));
        assert_eq!(alert.labels, labels(&[("new", "1")]));
        let past = json!({"at": T0, "status": "Critical", "title": "disk is bad", "rule": "", "description": "97 %",
            "labels": {"host": "web-07"}, "added": ["new"], "images": []});
        assert_eq!(alert.past, [past]);
        let incident = desk.incident(&alert.incident_id);
        assert_eq!((incident.incident_severity, incident.incident_status), (Severity::Critical, Status::Info));
        assert_eq!((incident.title.as_str(), incident.description.as_str()), ("disk is bad", "97 %"));
        assert_eq!((incident.labels, incident.alert_event_cnt), (labels(&[("new", "1")]), 2));
        assert_eq!((incident.last_time, incident.updated_at, incident.start_time), (T0 + 90, T0 + 90, T0));
        desk.expect_no_event();
    }
}

#[test]
fn a_status_that_rises_moves_the_status_of_the_incident_but_not_its_severity() {
    let mut desk = desk();
    desk.fires_with("disk", |event| event.status = Status::Info).at(10).fires("disk");
    let id = desk.holding("disk");
    let incident = desk.incident(&id);
    assert_eq!((incident.incident_severity, incident.incident_status), (Severity::Info, Status::Critical));
}

#[test]
fn each_change_of_status_title_or_description_is_an_event_and_one_of_labels_is_none() {
    let mut desk = desk();
    desk.fires("disk");
    let id = desk.holding("disk");
    desk.at(10).fires_with("disk", |event| event.labels = labels(&[("a", "1")]));
    assert_eq!((desk.alert("disk").event_cnt, desk.alert("disk").last_time), (1, T0));
    assert_eq!(desk.alert("disk").labels, labels(&[("a", "1")]));
    assert_eq!((desk.incident(&id).labels, desk.incident(&id).alert_event_cnt), (labels(&[("a", "1")]), 1));
    desk.at(20).fires_with("disk", |event| event.title = "t".into());
    desk.at(30).fires_with("disk", |event| {
        event.title = "t".into();
        event.description = "d".into();
    });
    desk.at(40).fires_with("disk", |event| {
        event.title = "t".into();
        event.description = "d".into();
        event.status = Status::Warning;
    });
    assert_eq!((desk.alert("disk").event_cnt, desk.alert("disk").last_time), (4, T0 + 40));
    assert_eq!((desk.incident(&id).alert_event_cnt, desk.incident(&id).last_time), (4, T0 + 40));
}

#[test]
fn the_same_event_again_changes_nothing_at_all() {
    let mut desk = desk();
    desk.fires("disk");
    let before = desk.alert("disk");
    let incident = desk.incident(&before.incident_id);
    desk.at(30).fires("disk").fires("disk");
    assert_eq!(desk.alert("disk"), before);
    assert_eq!(desk.incident(&before.incident_id), incident);
}

#[test]
fn a_recovery_adds_labels_and_changes_none() {
    let mut desk = desk();
    desk.fires("disk");
    let alert = desk.alert("disk");
    desk.at(60).recovers_with("disk", |event| event.labels = labels(&[("host", "other"), ("took", "60s")]));
    let (recovered, id) = (desk.alerts_of(&alert.incident_id).remove(0), alert.incident_id);
    assert_eq!(recovered.labels, labels(&[("host", "web-07"), ("took", "60s")]));
    assert_eq!((recovered.alert_status, recovered.alert_severity), (Status::Ok, Severity::Critical));
    assert_eq!((recovered.end_time, recovered.last_time, recovered.event_cnt), (T0 + 60, T0 + 60, 2));
    assert_eq!((recovered.title.as_str(), recovered.description.as_str()), ("disk is bad", "97 %"));
    assert_eq!(desk.incident(&id).labels, recovered.labels);
}

#[test]
fn an_event_after_recovery_opens_a_new_alert_and_a_new_incident() {
    for mut desk in [desk(), crowded_desk()] {
        desk.fires("disk");
        let first = desk.alert("disk");
        desk.at(60).recovers("disk").at(90).fires("disk");
        let second = desk.alert("disk");
        assert_ne!((&first.alert_id, &first.incident_id), (&second.alert_id, &second.incident_id));
        assert_eq!((second.start_time, second.event_cnt), (T0 + 90, 1));
        desk.expect_events(["i_new", "i_rslv", "i_new"]);
    }
}

#[test]
fn an_event_after_closing_by_hand_opens_a_new_alert_and_a_new_incident() {
    let mut desk = desk();
    desk.fires("disk");
    let first = desk.alert("disk");
    desk.at(60).resolve(&first.incident_id).at(61).fires("disk");
    let second = desk.alert("disk");
    assert_ne!((&first.alert_id, &first.incident_id), (&second.alert_id, &second.incident_id));
    // The closed incident leaves and takes its alert with it, not the new one.
    desk.deliver();
    assert_eq!(desk.alert("disk"), second);
    assert!(desk.alert_with_id(&first.alert_id).is_none());
    desk.at(70).recovers("disk");
    assert!(desk.open_alert("disk").is_none());
}

#[test]
fn a_recovery_of_what_is_not_open_is_nothing() {
    let mut desk = desk();
    desk.recovers("disk").fires("disk").at(60).recovers("disk").at(70).recovers("disk");
    desk.expect_events(["i_new", "i_rslv"]);
    desk.expect_no_event();
}

#[test]
fn the_same_key_of_two_integrations_is_two_alerts() {
    let mut desk = desk();
    desk.fires("disk");
    let first = desk.alert("disk");
    desk.through(2).fires("disk");
    assert_ne!(desk.alert("disk").alert_id, first.alert_id);
    desk.at(9).recovers("disk").through(INTEGRATION);
    assert_eq!(desk.alert("disk"), first);
}

#[test]
fn keys_that_differ_by_case_are_two_alerts() {
    let mut desk = desk();
    desk.fires("disk").fires("Disk");
    assert_ne!(desk.holding("disk"), desk.holding("Disk"));
}

#[test]
fn an_event_that_says_when_it_happened_is_known_among_the_last_sixteen() {
    let mut desk = desk();
    let nth = |nth: u64| {
        move |event: &mut alarum::intake::AlertEvent| {
            event.event_time = Some(nth);
            event.description = format!("{nth}");
        }
    };
    for time in 0..16 {
        desk.fires_with("disk", nth(time));
    }
    desk.fires_with("disk", nth(0));
    assert_eq!((desk.alert("disk").event_cnt, desk.alert("disk").description.as_str()), (16, "15"));
    desk.fires_with("disk", nth(16)).fires_with("disk", nth(1));
    assert_eq!((desk.alert("disk").event_cnt, desk.alert("disk").description.as_str()), (17, "16"));
    desk.fires_with("disk", nth(0));
    assert_eq!((desk.alert("disk").event_cnt, desk.alert("disk").description.as_str()), (18, "0"));
}

#[test]
fn at_most_twenty_events_are_kept_the_oldest_go() {
    let mut desk = desk();
    for nth in 0..25 {
        desk.at(nth).fires_with("disk", |event| event.description = format!("{nth}"));
    }
    let past = desk.alert("disk").past;
    assert_eq!((past.len(), &past[0]["at"], &past[18]["at"]), (19, &json!(T0 + 5), &json!(T0 + 23)));
    assert_eq!((&past[0]["description"], &past[0]["title"]), (&json!("5"), &Value::Null));
    let id = desk.holding("disk");
    desk.at(30).recovers("disk");
    let past = desk.alerts_of(&id).remove(0).past;
    let last = past.last().expect("nineteen");
    assert_eq!(*last, json!({"at": T0 + 24, "status": "Critical"}), "a recovery changes neither title nor description");
}

#[test]
fn labels_of_the_incident_follow_its_first_alert_only() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.grouping = Some(super::grouping::by(&[1]))).fires("a").fires("b");
    let id = desk.holding("a");
    desk.fires_with("b", |event| event.labels = labels(&[("b", "1")]));
    assert_eq!(desk.incident(&id).labels, labels(&[("host", "web-07")]));
    desk.fires_with("a", |event| event.labels = labels(&[("a", "1")]));
    assert_eq!(desk.incident(&id).labels, labels(&[("a", "1")]));
}

#[test]
fn what_came_late_finds_no_alert_that_a_later_record_opened() {
    let mut desk = desk();
    desk.at(100).fires("disk").expect_event("i_new");
    let recovery = alarum::intake::AlertEvent {
        alert_key: "disk".into(),
        status: Status::Ok,
        ..alarum::intake::AlertEvent::default()
    };
    let before = desk.canonical();
    desk.comes_late(99, recovery.clone());
    assert_eq!(desk.canonical(), before);
    desk.at(101).comes_late(101, recovery);
    desk.expect_event("i_rslv");
}

#[test]
fn a_sender_comments_and_acknowledges_the_incident_of_an_open_alert() {
    let mut desk = desk();
    desk.comments_by_alert("disk", "c").acknowledges_by_alert("disk").expect_no_event();
    let id = desk.fires("disk").expect_event("i_new").incident.incident_id;
    let event = desk.at(10).comments_by_alert("disk", "looking").expect_event("i_comm");
    assert_eq!(event.person_id, None);
    let item = desk.newest(&id);
    assert_eq!((item.person_id, &item.detail["comment"]), (0, &serde_json::json!("looking")));
    assert_eq!(item.detail["mute_reply"], false);
    let event = desk.at(20).acknowledges_by_alert("disk").expect_event("i_ack");
    assert_eq!((event.person_id, event.incident.progress.name()), (None, "Processing"));
    let handling = desk.incident(&id).handling.expect("handled");
    assert_eq!((handling.ack_time, handling.responders.len()), (T0 + 20, 0));
    desk.acknowledges_by_alert("disk").expect_no_event();
    desk.at(30).recovers("disk").expect_event("i_rslv");
    desk.comments_by_alert("disk", "over").acknowledges_by_alert("disk").expect_no_event();
}

#[test]
fn how_its_latest_event_came_is_kept_with_the_alert() {
    let mut desk = desk();
    for (nth, door) in ["zabbix", "grafana"].into_iter().enumerate() {
        let original = critical(door);
        desk.arrives("disk", |arrival| {
            arrival.door = door.into();
            arrival.config = nth as u64 + 3;
            arrival.original = Some(Box::new(original.clone()));
        });
        let alert = desk.alert("disk");
        assert_eq!((alert.door.as_str(), alert.config, alert.original), (door, nth as u64 + 3, Some(original.into())));
    }
}
