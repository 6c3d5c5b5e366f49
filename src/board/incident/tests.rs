//! When an incident is due, which alerts it finds, and what of it is stored.

use super::*;

fn resolving(after_s: u64, from_update: bool) -> Incident {
    let auto_resolve = Some(AutoResolve { after_s, from_update });
    Incident { start_time: 100, auto_resolve, ..Incident::default() }
}

#[test]
fn it_closes_by_itself_so_long_after_its_trigger_its_latest_event_or_its_opening_again() {
    assert_eq!(resolving(10, false).resolves_at(), Some(110));
    assert_eq!(Incident { active_at: 150, ..resolving(10, false) }.resolves_at(), Some(110));
    assert_eq!(Incident { active_at: 150, ..resolving(10, true) }.resolves_at(), Some(160));
    assert_eq!(Incident { active_at: 150, reopened_at: 170, ..resolving(10, true) }.resolves_at(), Some(180));
    assert_eq!(Incident { reopened_at: 170, ..resolving(10, false) }.resolves_at(), Some(180));
    assert_eq!((resolving(0, false).resolves_at(), Incident::default().resolves_at()), (None, None));
    assert_eq!(resolving(u64::MAX, false).resolves_at(), Some(u64::MAX));
}

#[test]
fn what_comes_first_is_due_next_and_nothing_where_it_is_closed() {
    let mut incident = resolving(100, false);
    assert_eq!(incident.next_due(), Some(200));
    incident.handled().snoozed_before = 150;
    assert_eq!((incident.next_due(), incident.snoozed_before()), (Some(150), 150));
    incident.handled().snoozed_before = 250;
    assert_eq!(incident.next_due(), Some(200));
    incident.auto_resolve = None;
    assert_eq!(incident.next_due(), Some(250));
    incident.progress = Progress::Closed;
    assert_eq!((incident.next_due(), Incident::default().next_due()), (None, None));
}

#[test]
fn the_ids_of_more_alerts_than_it_knows_lie_between_two() {
    let mut incident = Incident::default();
    let note = |incident: &mut Incident, nth: usize| {
        incident.note_member(&Alert { alert_id: format!("{nth:024}"), ..Alert::default() });
    };
    (100..100 + KNOWN_ALERTS).for_each(|nth| note(&mut incident, nth));
    assert_eq!((incident.alert_ids.len(), &incident.span), (KNOWN_ALERTS, &None));
    note(&mut incident, 110);
    assert_eq!(incident.span, Some((format!("{:024}", 100), format!("{:024}", 131))));
    note(&mut incident, 50);
    note(&mut incident, 500);
    assert_eq!(incident.span, Some((format!("{:024}", 50), format!("{:024}", 500))));
    // Once there is a range, what joins stays in it, also where places have become free.
    incident.alert_ids.clear();
    note(&mut incident, 700);
    assert!(incident.alert_ids.is_empty() && incident.span.is_some_and(|(_, last)| last.ends_with("700")));
}

#[test]
fn its_short_name_is_the_end_of_its_id_in_upper_case() {
    let num = |id: &str| Incident { incident_id: id.into(), ..Incident::default() }.num();
    assert_eq!((num("6928f1a4c05b7e33d1a90b4e").as_str(), num("abc").as_str()), ("A90B4E", "ABC"));
}

#[test]
fn what_has_not_happened_is_not_stored_and_what_has_reads_back() {
    let plain = serde_json::to_string(&Incident::default()).expect("plain data");
    for absent in ["keep_open", "active_at", "reopened_at", "storm", "ever_muted", "flapping", "due_at", "feed_cnt"] {
        assert!(!plain.contains(absent), "{absent}");
    }
    let incident = Incident {
        keep_open: true,
        active_at: 1,
        reopened_at: 2,
        storm: 3,
        ever_muted: true,
        flapping: true,
        due_at: 4,
        feed_cnt: 5,
        ..resolving(1, true)
    };
    let bytes = serde_json::to_vec(&incident).expect("plain data");
    assert_eq!(serde_json::from_slice::<Incident>(&bytes).expect("as written"), incident);
}
