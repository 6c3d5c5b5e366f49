//! Noise reduction: alerts that are silenced or inhibited are discarded, or kept and marked without an incident.

use alarum::board::MutedBy;
use alarum::engine::action::{Action, Fields};
use alarum::intake::{Severity, Status};
use alarum::journal::Arrival;
use serde_json::json;

use super::grouping::by;
use crate::support::desk::{Desk, T0, crowded_desk, desk};

const DAY: u64 = 24 * 3600;

/// A desk whose channel has a silence rule until so many seconds after the beginning.
fn silenced_desk(until: u64) -> Desk {
    let mut desk = desk();
    desk.rules(|ruling| {
        ruling.silenced_until = T0 + until;
        ruling.silence_rule_id = "rule".into();
    });
    desk
}

impl Desk {
    fn is_muted(&mut self, key: &str) -> bool {
        let alert = self.alert(key);
        assert_eq!(alert.muted.is_some(), alert.incident_id.is_empty(), "muted alerts are in no incident");
        alert.muted.is_some()
    }

    fn source(&mut self, key: &str) -> &mut Self {
        self.arrives(key, |arrival| arrival.rulings[0].sources = vec![7])
    }

    fn target(&mut self, key: &str) -> &mut Self {
        self.arrives(key, |arrival| arrival.rulings[0].muted_by = vec![7])
    }

    fn discarded_target(&mut self, key: &str) -> &mut Self {
        self.arrives(key, |arrival| arrival.rulings[0].discarded_by = vec![7])
    }
}

#[test]
fn a_silenced_alert_is_kept_and_marked_and_in_no_incident() {
    let mut desk = silenced_desk(600);
    desk.fires("disk").expect_no_event();
    let alert = desk.alert("disk");
    assert!(alert.ever_muted && alert.incident_id.is_empty());
    let muted = alert.muted.expect("it is muted");
    assert_eq!((muted.by, muted.until, muted.rule_id.as_str()), (MutedBy::Silence, T0 + 600, "rule"));
    assert!(desk.incidents().is_empty());
}

#[test]
fn one_that_is_still_open_at_the_end_of_the_silence_starts_an_incident() {
    let mut desk = silenced_desk(600);
    desk.fires("disk").at(599).expect_no_event();
    let event = desk.at(600).expect_event("i_new");
    assert_eq!((event.event_time, event.incident.created_at), ((T0 + 600) * 1000, T0 + 600));
    assert!(event.incident.ever_muted);
    assert_eq!((event.incident.alert_cnt(), event.incident.dedup_key.as_str()), (1, "disk"));
    assert!(!desk.is_muted("disk"));
    desk.at(660).recovers("disk").expect_event("i_rslv");
}

#[test]
fn one_that_recovers_while_it_is_silenced_is_told_of_to_nobody() {
    let mut desk = silenced_desk(600);
    desk.fires("disk");
    let id = desk.alert("disk").alert_id;
    desk.at(60).recovers("disk");
    assert!(desk.open_alert("disk").is_none() && desk.alert_with_id(&id).is_none());
    desk.at(600).expect_no_event();
    assert!(desk.incidents().is_empty());
}

#[test]
fn a_silence_ends_with_its_second() {
    for (at, muted) in [(599, true), (600, false)] {
        let mut desk = silenced_desk(600);
        desk.at(at).fires("disk");
        assert_eq!(desk.is_muted("disk"), muted, "{at}");
    }
}

#[test]
fn an_event_that_no_rule_silences_ends_the_silence_of_its_alert() {
    let mut desk = silenced_desk(600);
    desk.fires("disk").at(60).rules(|ruling| ruling.silenced_until = 0);
    let event = desk.fires_with("disk", |event| event.description = "other".into()).expect_event("i_new");
    assert_eq!((event.incident.alert_event_cnt, event.incident.start_time), (2, T0 + 60));
    assert!(!desk.is_muted("disk"));
    desk.at(700).expect_no_event();
}

#[test]
fn a_longer_silence_keeps_a_silenced_alert_quiet_for_longer_and_a_shorter_one_for_less() {
    for (until, ends) in [(900, 900), (300, 300)] {
        let mut desk = silenced_desk(600);
        desk.fires("disk").at(60).rules(|ruling| ruling.silenced_until = T0 + until).fires("disk");
        desk.at(ends - 1).expect_no_event();
        let event = desk.at(2000).expect_event("i_new");
        assert_eq!(event.event_time, (T0 + ends) * 1000);
        desk.expect_no_event();
    }
}

#[test]
fn an_alert_that_is_in_an_incident_stays_in_it_and_both_are_marked() {
    let mut desk = desk();
    desk.fires("disk");
    let id = desk.holding("disk");
    assert!(!desk.incident(&id).ever_muted);
    desk.rules(|ruling| ruling.silenced_until = T0 + 600).at(10).fires("disk");
    assert_eq!(desk.holding("disk"), id);
    assert!(desk.incident(&id).ever_muted && desk.alert("disk").ever_muted);
    let mut desk = crate::support::desk::desk();
    desk.fires("disk").rules(|ruling| ruling.silenced_until = T0 + 600).at(10);
    desk.fires_with("disk", |event| event.description = "other".into());
    let id = desk.holding("disk");
    assert!(desk.incident(&id).ever_muted);
}

#[test]
fn when_the_silence_ends_an_alert_joins_by_the_rules_that_it_came_under() {
    let mut desk = silenced_desk(600);
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("a");
    desk.rules(|ruling| (ruling.silenced_until, ruling.storms) = (0, vec![2])).fires("b");
    let id = desk.holding("b");
    desk.expect_event("i_new");
    desk.at(600);
    assert_eq!(desk.holding("a"), id);
    assert!(desk.incident(&id).ever_muted);
    desk.expect_no_event();
}

#[test]
fn a_quick_silence_is_for_the_severity_and_the_labels_of_an_incident() {
    for mut desk in [desk(), crowded_desk()] {
        desk.fires("disk").expect_event("i_new");
        let id = desk.holding("disk");
        desk.at(10).as_person(41);
        let rule = desk.silence(&id, DAY);
        let item = desk.newest(&id);
        assert_eq!((item.kind.as_str(), item.person_id), ("i_silence", 41));
        assert_eq!(item.detail, json!({"rule_id": rule, "start_time": T0 + 10, "end_time": T0 + 10 + DAY}));
        desk.fires("cpu");
        assert!(desk.is_muted("cpu"));
        let muted = desk.alert("cpu").muted.expect("muted");
        assert_eq!((muted.rule_id, muted.until), (rule, T0 + 10 + DAY));
        desk.fires_with("warning", |event| event.status = Status::Warning);
        desk.fires_with("elsewhere", |event| event.labels = [("host".to_owned(), "web-08".to_owned())].into());
        desk.fires_with("more", |event| {
            event.labels.insert("disk".into(), "/".into());
        });
        assert!(!desk.is_muted("warning") && !desk.is_muted("elsewhere") && desk.is_muted("more"));
        assert_eq!(desk.holding("disk"), id);
    }
}

#[test]
fn a_quick_silence_goes_at_its_end_and_what_is_still_open_starts_an_incident() {
    let mut desk = desk();
    desk.fires("disk");
    let id = desk.holding("disk");
    desk.silence(&id, 60);
    desk.fires("cpu").at(59).fires("net");
    assert!(desk.is_muted("net") && desk.board().silence_ended(T0 + 60) && !desk.board().silence_ended(T0 + 59));
    desk.expect_event("i_new");
    desk.at(60);
    assert!(!desk.board().silence_ended(u64::MAX), "it is gone");
    let mut keys = ["i_new", "i_new"].map(|kind| desk.expect_event(kind).incident.dedup_key);
    keys.sort();
    assert_eq!(keys, ["cpu", "net"]);
    desk.fires("mem").expect_event("i_new");
}

#[test]
fn a_quick_silence_from_the_same_incident_changes_the_one_that_is_there() {
    let mut desk = desk();
    desk.fires("disk").expect_event("i_new");
    let id = desk.holding("disk");
    let first = desk.silence(&id, 600);
    desk.at(100).fires("cpu").at(300).as_person(5);
    assert_eq!(desk.silence(&id, 600), first);
    desk.at(600).expect_no_event();
    assert!(desk.is_muted("cpu"), "the silence became longer, and so did that of the alert");
    desk.at(900).expect_event("i_new");
    desk.fires("net").expect_event("i_new");
    let other = desk.holding("net");
    assert_ne!(desk.silence(&other, 600), first);
}

#[test]
fn a_quick_silence_needs_labels_an_open_incident_and_a_minute_to_a_month() {
    let mut desk = desk();
    desk.fires("disk");
    let id = desk.holding("disk");
    let silence = |id: &str, secs| Action::Silence(id.to_owned(), secs);
    for secs in [0, 59, 31 * DAY + 1, u64::MAX] {
        desk.refuses("seconds", silence(&id, secs));
    }
    desk.silence(&id, 60);
    desk.silence(&id, 31 * DAY);
    let bare = desk.creates(|_| ());
    desk.refuses("incident_id", silence(&bare, 60));
    desk.resolve(&id).refuses("incident_ids", silence(&id, 60));
    assert!(desk.refuses("incident_id", silence("0123456789abcdef01234567", 60)).unknown);
}

#[test]
fn a_channel_has_at_most_a_hundred_quick_silences() {
    let mut desk = desk();
    let mut ids = Vec::new();
    for nth in 0..=100 {
        desk.fires_with(&format!("k{nth}"), |event| {
            event.labels.insert("nth".into(), format!("{nth}"));
        });
        ids.push(desk.holding(&format!("k{nth}")));
    }
    for id in &ids[..100] {
        desk.silence(id, 600);
    }
    let refused = desk.refuses("incident_id", Action::Silence(ids[100].clone(), 600));
    assert!(refused.problem.contains("100"));
    desk.silence(&ids[0], 900);
    desk.at(600).silence(&ids[100], 600);
}

#[test]
fn a_target_is_kept_and_marked_while_a_source_is_active() {
    let mut desk = desk();
    desk.source("switch").expect_event("i_new");
    desk.at(10).target("host").expect_no_event();
    let muted = desk.alert("host").muted.expect("muted");
    assert_eq!((muted.by, muted.until, muted.rule_id.as_str()), (MutedBy::Inhibit, T0 + 600, ""));
    assert!(desk.alert("host").ever_muted);
    desk.at(599).expect_no_event();
    assert!(desk.at(600).expect_event("i_new").incident.ever_muted);
}

#[test]
fn a_target_is_discarded_without_a_trace_where_the_rule_says_so() {
    let mut desk = desk();
    desk.source("switch").expect_event("i_new");
    desk.at(599).discarded_target("host").expect_no_event();
    assert!(desk.open_alert("host").is_none());
    desk.at(600).discarded_target("host").expect_event("i_new");
}

#[test]
fn the_inhibition_of_a_pipeline_discards_as_well() {
    let mut desk = desk();
    let (source, target) =
        (|arrival: &mut Arrival| arrival.sources = vec![3], |arrival: &mut Arrival| arrival.targets = vec![3]);
    desk.arrives("switch", source).expect_event("i_new");
    desk.arrives("host", target).expect_no_event();
    assert!(desk.open_alert("host").is_none());
    desk.arrives("switch", target);
    assert!(desk.open_alert("switch").is_some(), "an alert does not inhibit itself");
    desk.at(1).recovers("switch").arrives("host", target);
    assert!(desk.open_alert("host").is_some());
}

#[test]
fn each_event_of_a_source_begins_the_ten_minutes_anew_also_an_unchanged_one() {
    let mut desk = desk();
    desk.source("switch").at(500).source("switch").at(1099).discarded_target("host");
    assert!(desk.open_alert("host").is_none());
    desk.at(1100).discarded_target("host");
    assert!(desk.open_alert("host").is_some());
}

#[test]
fn a_muted_target_stays_muted_while_its_source_goes_on() {
    let mut desk = desk();
    desk.source("switch").target("host").at(500).source("switch").at(600);
    assert!(desk.is_muted("host"));
    assert_eq!(desk.alert("host").muted.expect("muted").until, T0 + 1100);
    desk.at(1100);
    assert!(!desk.is_muted("host"));
}

#[test]
fn a_source_that_recovered_was_closed_or_acknowledged_inhibits_no_more() {
    let ends: [fn(&mut Desk); 6] = [
        |desk| {
            desk.recovers("switch");
        },
        |desk| {
            let id = desk.holding("switch");
            desk.resolve(&id);
        },
        |desk| {
            let id = desk.holding("switch");
            desk.acknowledge(&id);
        },
        |desk| {
            desk.acknowledges_by_alert("switch");
        },
        |desk| {
            let id = desk.alert("switch").alert_id;
            desk.does(Action::CloseAlerts(vec![id]));
        },
        |desk| {
            let id = desk.holding("switch");
            desk.does(Action::Remove(vec![id]));
        },
    ];
    for (nth, end) in ends.iter().enumerate() {
        let mut desk = desk();
        desk.source("switch").source("other switch").at(10).recovers("other switch").discarded_target("host");
        assert!(desk.open_alert("host").is_none(), "{nth}");
        end(desk.at(20));
        desk.at(21).discarded_target("host");
        assert!(desk.open_alert("host").is_some(), "{nth}");
    }
}

#[test]
fn an_acknowledged_source_stays_without_effect_when_it_fires_again_until_that_is_taken_back() {
    let mut desk = desk();
    desk.source("switch");
    let id = desk.holding("switch");
    desk.at(10).acknowledge(&id).at(20).source("switch").discarded_target("a");
    assert!(desk.open_alert("a").is_some());
    desk.at(30).unacknowledge(&id).source("switch").discarded_target("b");
    assert!(desk.open_alert("b").is_none());
}

#[test]
fn a_source_that_is_merged_into_an_acknowledged_incident_inhibits_no_more() {
    for by_alert in [false, true] {
        let mut desk = desk();
        desk.fires("known");
        let known = desk.holding("known");
        desk.acknowledge(&known).source("switch");
        let (alert, source) = (desk.alert("switch").alert_id, desk.holding("switch"));
        if by_alert {
            desk.does(super::people::alert_merging(&[&alert], &known));
        } else {
            desk.does(Action::Merge(Box::new(super::people::merging(&[&source], &known))));
        }
        desk.discarded_target("host");
        assert!(desk.open_alert("host").is_some());
    }
}

#[test]
fn a_muted_source_inhibits_until_it_joins_an_acknowledged_incident() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.grouping = Some(by(&[1]))).fires("known");
    let known = desk.holding("known");
    desk.acknowledge(&known).rules(|ruling| ruling.silenced_until = T0 + 60).source("switch");
    desk.rules(|ruling| (ruling.silenced_until, ruling.grouping) = (0, None)).discarded_target("a");
    assert!(desk.is_muted("switch") && desk.open_alert("a").is_none());
    desk.at(60);
    assert_eq!(desk.holding("switch"), known);
    desk.discarded_target("a");
    assert!(desk.open_alert("a").is_some());
}

#[test]
fn a_recovery_that_comes_late_does_not_end_a_source_that_a_later_record_opened() {
    let mut desk = desk();
    desk.at(100).source("switch");
    let event = alarum::intake::AlertEvent {
        alert_key: "switch".into(),
        status: Status::Ok,
        ..alarum::intake::AlertEvent::default()
    };
    desk.comes_late(99, event).discarded_target("host");
    assert!(desk.open_alert("host").is_none());
}

#[test]
fn of_several_things_that_mute_the_one_that_lasts_longest_counts() {
    let mut desk = desk();
    desk.source("switch");
    for (until, by) in [(599, MutedBy::Inhibit), (601, MutedBy::Silence)] {
        desk.rules(|ruling| ruling.silenced_until = T0 + until).target("host");
        assert_eq!(desk.alert("host").muted.expect("muted").by, by);
    }
}

#[test]
fn what_people_move_into_an_incident_is_muted_no_more() {
    let mut desk = silenced_desk(600);
    desk.rules(|ruling| ruling.keep_open = true).fires("disk");
    let alert = desk.alert("disk").alert_id;
    let id = desk.creates(|creation| creation.severity = Severity::Critical);
    desk.does(super::people::alert_merging(&[&alert], &id));
    assert!(!desk.is_muted("disk") && desk.incident(&id).ever_muted && desk.incident(&id).keep_open);
    desk.expect_events(["i_new", "i_merge"]);
    desk.at(600).expect_no_event();
    assert_eq!(desk.holding("disk"), id);
}

#[test]
fn the_severity_of_a_quick_silence_is_that_which_the_incident_shows() {
    let mut desk = desk();
    desk.fires("disk");
    let id = desk.holding("disk");
    let fields = Fields { severity: Some(Severity::Info), ..Fields::default() };
    desk.does(Action::Reset(id.clone(), Box::new(fields)));
    desk.silence(&id, 60);
    desk.fires("cpu").fires_with("net", |event| event.status = Status::Info);
    assert!(!desk.is_muted("cpu") && desk.is_muted("net"));
}
