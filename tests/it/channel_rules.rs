//! What the rules of a channel say of an alert, as the journal holds it, and which rules are refused.

use alarum::config::{Config, Document};
use alarum::intake::Severity;
use alarum::journal::{Accepted, Arrival, AutoResolve, Flapping, Ruling, What};
use serde_json::{Value, json};

use super::golden::journal;
use crate::support::{APP_KEY, DEMO, World, alert};

/// The configuration of the tests with settings of channel 101.
pub fn config(settings: &str) -> String {
    DEMO.replacen("name = \"storage\"\n", &format!("name = \"storage\"\n{settings}\n"), 1)
}

/// A world with settings of channel 101 in which nothing folds.
fn world(settings: &str) -> World {
    let world = World::with_config(&config(settings));
    world.cluster.lost_wakes.set(1000);
    world
}

/// What stands in the journal of all pushes so far, without notes that the integration was reached.
fn stored(world: &World) -> Vec<Accepted> {
    journal(world).into_iter().filter(|accepted| accepted.what != What::Seen).collect()
}

/// The event that was pushed last.
fn last(world: &World) -> Arrival {
    match stored(world).pop().map(|accepted| accepted.what) {
        Some(What::Event(arrival)) => arrival,
        other => panic!("an event, not {other:?}"),
    }
}

/// What the rules of channel 101 say of an alert that is pushed to its integration.
fn ruled(world: &mut World, body: Value) -> Ruling {
    world.push(body);
    last(world).ruling(101).cloned().unwrap_or_default()
}

fn bad(key: &str, labels: Value) -> Value {
    alert("Critical", key, labels)
}

const DROP: &str = r#"
[[channels.drop]]
rule_id = "test-hosts"
filters = [[{ key = "labels.env", oper = "IN", vals = ["test*"] }]]"#;

/// A silence without end.
fn silence(more: &str) -> String {
    format!(
        r#"
[[channels.silence]]
rule_id = "works"
filters = [[{{ key = "labels.host", oper = "IN", vals = ["db-*"] }}]]
time_filter = {{ start_time = 0, end_time = 4102444800 }}
{more}"#
    )
}

/// Warnings are quiet while something critical is active on the same host.
fn inhibit(more: &str) -> String {
    format!(
        r#"
[[channels.inhibit]]
rule_id = "host"
equals = ["labels.host"]
target_filters = [[{{ key = "severity", oper = "IN", vals = ["Warning"] }}]]
source_filters = [[{{ key = "severity", oper = "IN", vals = ["Critical"] }}]]
{more}"#
    )
}

#[test]
fn a_channel_without_settings_adds_nothing_to_a_record() {
    let mut world = world("");
    world.push(bad("a", json!({"host": "db-1"}))).recover("a").push_shared(bad("b", json!({"team": "storage"})));
    assert_eq!(stored(&world).len(), 3);
    for accepted in stored(&world) {
        assert!(!serde_json::to_string(&accepted).expect("plain data").contains("rulings"));
    }
}

#[test]
fn what_a_rule_drops_is_not_stored_and_answered_as_ever() {
    let mut world = world(DROP);
    world.push(bad("a", json!({"env": "test-3"})));
    assert_eq!(stored(&world), []);
    assert_eq!(journal(&world).len(), 1, "that the integration was reached is noted");
    world.push(bad("a", json!({"env": "production"})));
    assert_eq!(stored(&world).len(), 1);
}

#[test]
fn a_channel_that_drops_an_alert_keeps_it_from_no_other() {
    let mut world = world(DROP);
    world.push_shared(bad("a", json!({"env": "production"}))).push_shared(bad("b", json!({"env": "test-3"})));
    let channels: Vec<Vec<i64>> = stored(&world).into_iter().map(|accepted| accepted.channel_ids).collect();
    assert_eq!(channels, [vec![101, 100], vec![100]]);
}

#[test]
fn recoveries_pass_what_keeps_alerts_out() {
    let rules = [DROP, &silence("is_directly_discard = true"), &inhibit("")].concat();
    let mut world = world(&rules);
    let labels = json!({"env": "test-3", "host": "db-1"});
    world.push(alert("Ok", "a", labels.clone()));
    assert_eq!(last(&world).rulings, []);
    world.push_shared(alert("Ok", "a", labels));
    let everywhere = stored(&world).pop().expect("the recovery");
    assert!(everywhere.everywhere && everywhere.channel_ids.is_empty());
    assert_eq!(last(&world).rulings, []);
}

#[test]
fn rules_see_what_the_pipeline_made_of_an_alert() {
    let rule =
        "[[channels.drop]]\nrule_id = \"r\"\nfilters = [{ key = \"severity\", oper = \"IN\", vals = [\"Info\"] }]";
    let pipeline = "[[integrations.pipeline.rules]]\nkind = \"severity_reset\"\nsettings = { severity = \"Info\" }\n";
    let second = "[[integrations]]\nid = 9002";
    let mut world = World::with_config(&config(rule).replace(second, &format!("{pipeline}\n{second}")));
    world.cluster.lost_wakes.set(1000);
    world.push(bad("a", json!({})));
    assert_eq!(stored(&world), []);
    world.push_shared(bad("a", json!({})));
    assert_eq!(last(&world).event.status.severity(), Some(Severity::Critical), "the shared one has no pipeline");
}

#[test]
fn a_silence_marks_or_discards() {
    let mut keeping = world(&silence(""));
    let ruling = ruled(&mut keeping, bad("a", json!({"host": "db-1"})));
    assert_eq!((ruling.silenced_until, ruling.silence_rule_id.as_str()), (4_102_444_800, "works"));
    assert_eq!(ruled(&mut keeping, bad("b", json!({"host": "web-1"}))), Ruling::default());
    let mut discarding = world(&silence("is_directly_discard = true"));
    discarding.push(bad("a", json!({"host": "db-1"})));
    assert_eq!(stored(&discarding), []);
    let mut disabled = world(&silence("status = \"disabled\""));
    assert_eq!(ruled(&mut disabled, bad("a", json!({"host": "db-1"}))), Ruling::default());
}

#[test]
fn a_silence_comes_again_by_the_clock_of_the_time_zone_and_by_calendars() {
    // The clock of the tests stands within a day; so one of these two halves of it is silent, in any zone.
    let rule = |start: &str, end: &str, more: &str| {
        format!(
            "[[channels.silence]]\nrule_id = \"from-{}\"\nfilters = [[{{ key = \"title\", oper = \"IN\", vals = [\"*\"] }}]]\n\
            [[channels.silence.time_filters]]\nstart = \"{start}\"\nend = \"{end}\"\n{more}\n",
            &start[..2]
        )
    };
    let end = |rules: &str, top: &str| {
        let text = config(rules).replace("version = 1\n", &format!("version = 1\n{top}\n"));
        let mut world = World::with_config(&text);
        world.cluster.lost_wakes.set(1000);
        let now = world.cluster.sim.now().secs();
        (ruled(&mut world, bad("a", json!({}))).silenced_until, now)
    };
    let (until, now) = end(&rule("00:00", "12:00", ""), "");
    let (other, _) = end(&rule("12:00", "24:00", ""), "");
    let by_utc = if now % 86_400 < 43_200 { until } else { other };
    assert_eq!(by_utc, now - now % 43_200 + 43_200);
    assert_eq!(until.min(other), 0, "one of two halves");
    let (until, _) = end(&rule("00:00", "12:00", ""), "time_zone = \"+12:00\"");
    assert_eq!(until, other, "half a day ahead, the halves change places");
    // Every day is off, so a silence on working days is none.
    let calendar = "\n[[calendars]]\ncal_id = \"never\"\nworkdays = []\n";
    let both = |is_off: bool| {
        let more = format!("cal_id = \"never\"\nis_off = {is_off}");
        rule("00:00", "12:00", &more) + &rule("12:00", "24:00", &more)
    };
    let silent = |is_off| {
        let text = config(&both(is_off)) + calendar;
        let mut world = World::with_config(&text);
        world.cluster.lost_wakes.set(1000);
        ruled(&mut world, bad("a", json!({}))).silenced_until > 0
    };
    assert_eq!((silent(true), silent(false)), (true, false));
}

#[test]
fn inhibition_marks_sources_and_targets_that_are_equal_alike() {
    let mut world = world(&inhibit(""));
    let source = ruled(&mut world, bad("a", json!({"host": "db-1"})));
    let target = ruled(&mut world, alert("Warning", "b", json!({"host": "db-1"})));
    assert_eq!((source.sources.len(), source.muted_by.len()), (1, 0));
    assert_eq!((&target.muted_by, target.discarded_by.len(), target.sources.len()), (&source.sources, 0, 0));
    let elsewhere = ruled(&mut world, alert("Warning", "c", json!({"host": "db-2"})));
    assert!(elsewhere.muted_by.len() == 1 && elsewhere.muted_by != target.muted_by);
    assert_eq!(ruled(&mut world, alert("Warning", "d", json!({}))), Ruling::default(), "nothing in common");
}

#[test]
fn inhibition_may_discard() {
    let mut world = world(&inhibit("is_directly_discard = true"));
    let target = ruled(&mut world, alert("Warning", "b", json!({"host": "db-1"})));
    assert_eq!((target.discarded_by.len(), target.muted_by.len()), (1, 0));
}

#[test]
fn grouping_by_rule_stands_in_the_record_as_marks() {
    let group = r#"
[channels.group]
method = "p"
equals = [["labels.service"], ["title", "labels.host"]]
all_equals_required = true
time_window = 30
window_type = "sliding"
storm_threshold = 50
storm_thresholds = [100, 10, 50]"#;
    let mut world = world(group);
    let first = ruled(&mut world, bad("a", json!({"service": "shop", "host": "db-1"})));
    assert_eq!(first.storms, [10, 50, 100]);
    let grouping = first.grouping.expect("grouped");
    assert_eq!((grouping.marks.len(), grouping.window_s, grouping.sliding), (2, 1800, true));
    let other = ruled(&mut world, bad("b", json!({"service": "shop"}))).grouping.expect("grouped");
    assert_eq!(other.marks, grouping.marks[..1], "the same service; no host, so by the service alone");
    assert_eq!(ruled(&mut world, bad("c", json!({}))).grouping, None, "it has none of the keys");
}

#[test]
fn grouping_by_similarity_stands_in_the_record_as_what_is_compared() {
    let mut world = world("[channels.group]\nmethod = \"i\"\ni_keys = [\"title\", \"labels.host\"]\n");
    let first = ruled(&mut world, bad("disk 1", json!({"host": "db-1"}))).grouping.expect("grouped");
    let second = ruled(&mut world, bad("disk 2", json!({"host": "db-27"}))).grouping.expect("grouped");
    let texts = first.texts.expect("texts");
    assert_eq!((first.marks.len(), texts.keys.len(), texts.score, first.window_s), (0, 2, 900, 0));
    assert_eq!(Some(texts), second.texts, "numbers are no difference");
}

#[test]
fn what_stays_with_an_incident_goes_with_recoveries_too() {
    let settings = r#"auto_resolve_timeout = 3600
auto_resolve_mode = "update"
disable_auto_close = true
[channels.flapping]
max_changes = 6
mute_mins = 30"#;
    let mut world = world(settings);
    let expected = Ruling {
        channel_id: 101,
        flapping: Some(Flapping { max_changes: 6, in_s: 3600, mute_s: 1800 }),
        auto_resolve: Some(AutoResolve { after_s: 3600, from_update: true }),
        keep_open: true,
        ..Ruling::default()
    };
    assert_eq!(ruled(&mut world, bad("a", json!({}))), expected);
    assert_eq!(ruled(&mut world, alert("Ok", "a", json!({}))), expected);
}

#[test]
fn rules_that_cannot_be_followed_are_refused_by_channel_rule_and_field() {
    let drop_without = |more: &str| format!("[[channels.drop]]\nrule_id = \"r\"\n{more}");
    let twice = [DROP, DROP].concat();
    let long = format!("description = \"{}\"", "x".repeat(501));
    let cases: [(&str, &str); 19] = [
        (&long, "description: must have at most 500"),
        ("auto_resolve_timeout = 2592001", "auto_resolve_timeout: must be at most 2592000"),
        ("auto_resolve_mode = \"never\"", "unknown variant"),
        ("disable_auto_close = 1", "invalid type"),
        ("[channels.group]\nmethod = \"p\"", "group: equals: method p needs"),
        ("[channels.group]\nmethod = \"x\"", "unknown variant"),
        ("[channels.group]\ntime_window = 43201", "group: time_window: "),
        ("[channels.group]\nequals = [[\"colour\"]]", "group: equals: the key 'colour'"),
        ("[channels.group]\nstorm_thresholds = [1]", "group: storm_thresholds: "),
        ("[channels.group]\ni_score_threshold = 1.01", "group: i_score_threshold: "),
        ("[channels.group]\nwindow = 5", "unknown field"),
        ("[channels.flapping]\nmax_changes = 101", "flapping: max_changes must be 2 to 100"),
        (&drop_without(""), "drop: rule r: filters: "),
        (
            &drop_without("filters = [[{ key = \"title\", oper = \"IN\", vals = [\"/(/\"] }]]"),
            "drop: rule r: filters: ",
        ),
        (&twice, "drop: rule test-hosts: rule_id: must be unique"),
        (&DROP.replace("test-hosts", "test hosts"), "drop: rule test hosts: rule_id: "),
        (&inhibit("").replace("\"labels.host\"", ""), "inhibit: rule host: equals: "),
        (&inhibit("").replace("target_filters", "source_filter"), "unknown field"),
        (
            &silence("[[channels.silence.time_filters]]\nstart = \"01:00\"\nend = \"02:00\""),
            "silence: rule works: exactly one",
        ),
    ];
    for (settings, problem) in cases {
        let said = Config::parse(&config(settings)).expect_err("must be refused").0;
        let names = said.starts_with("channels: id 101: ") || said.starts_with("channels: entry 1: ");
        assert!(names && said.contains(problem), "{settings}\n{said}");
        assert!(!said.contains(APP_KEY), "{said}");
    }
}

#[test]
fn bounds_belong_to_what_is_allowed() {
    let settings = r#"description = "what it is for"
auto_resolve_timeout = 2592000
[channels.group]
time_window = 43200
storm_thresholds = [2, 10000]
i_score_threshold = 0.5
[channels.flapping]
is_disabled = true
max_changes = 100
in_mins = 1440
mute_mins = 1440"#;
    assert!(Config::parse(&config(settings)).is_ok());
}

#[test]
fn who_takes_no_alerts_in_does_not_look_at_rules() {
    let text = config(&[DROP, DROP].concat());
    assert!(Config::parse(&text).is_err());
    let read = Document::parse(&text).and_then(Config::read_without_rules).expect("the rest is valid");
    assert!(read.channels.iter().all(|channel| channel.rules.drop.is_empty()));
}
