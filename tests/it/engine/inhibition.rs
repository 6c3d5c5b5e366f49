//! Inhibition: alerts that are discarded or kept and marked while another one is active.

use alarum::board::MutedBy;
use alarum::engine::action::Action;
use alarum::intake::Status;
use alarum::journal::Arrival;

use super::grouping::by;
use crate::support::desk::{Desk, T0, desk};

impl Desk {
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
            desk.does(super::merging::alert_merging(&[&alert], &known));
        } else {
            desk.does(Action::Merge(Box::new(super::merging::merging(&[&source], &known))));
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
fn of_several_things_that_mute_the_one_that_lasts_longest_counts_and_of_equal_ones_the_rule() {
    let mut desk = desk();
    desk.source("switch");
    for (until, by) in [(599, MutedBy::Inhibit), (600, MutedBy::Silence), (601, MutedBy::Silence)] {
        desk.rules(|ruling| ruling.silenced_until = T0 + until).target("host");
        assert_eq!(desk.alert("host").muted.expect("muted").by, by);
    }
}

#[test]
fn a_source_that_moves_to_an_incident_which_nobody_is_at_inhibits_still() {
    let mut desk = desk();
    desk.fires("known").source("switch");
    let (known, alert) = (desk.holding("known"), desk.alert("switch").alert_id);
    desk.does(super::merging::alert_merging(&[&alert], &known));
    desk.discarded_target("host");
    assert!(desk.open_alert("host").is_none());
}

#[test]
fn a_recovered_alert_that_moves_to_an_acknowledged_incident_ends_no_source_of_its_key() {
    let mut desk = desk();
    desk.fires("known").rules(|ruling| ruling.keep_open = true).source("switch");
    let (known, alert) = (desk.holding("known"), desk.alert("switch").alert_id);
    desk.acknowledge(&known).recovers("switch").source("switch");
    assert_ne!(desk.alert("switch").alert_id, alert);
    desk.does(super::merging::alert_merging(&[&alert], &known));
    desk.discarded_target("host");
    assert!(desk.open_alert("host").is_none());
}

#[test]
fn what_mutes_an_alert_counts_until_its_own_end_also_where_something_else_would_have_ended_before() {
    let mut desk = desk();
    desk.rules(|ruling| ruling.silenced_until = T0 + 300).target("host");
    desk.at(200).rules(|ruling| ruling.silenced_until = 0).source("switch").target("host");
    desk.at(250).recovers("switch");
    assert!(desk.at(300).is_muted("host") && desk.at(799).is_muted("host"));
    assert!(!desk.at(800).is_muted("host"));
}
