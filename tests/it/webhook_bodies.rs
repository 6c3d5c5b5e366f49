//! The bodies of webhooks, byte for byte: a golden file for every event type, by people and without, made by what
//! happens at a desk. `UPDATE_GOLDEN=1` writes the files anew.

use std::collections::BTreeMap;

use alarum::board::{Event, EventType};
use alarum::config::Config;
use alarum::delivery::template::{BODY_BYTES, Template};
use alarum::delivery::{custom_action, payload};
use alarum::engine::action::{Action, Fields, Resolution};
use alarum::intake::{Severity, Status};
use alarum::journal::AutoResolve;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::engine::grouping::by;
use super::engine::merging::{alert_merging, merge};
use crate::support::DEMO;
use crate::support::desk::{Desk, T0, desk};

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden-webhooks");

/// The demo with people in it.
fn config() -> Config {
    let people = [(41, "Mei"), (42, "José")].map(|(id, name)| {
        format!("[[people]]\nid = {id}\nname = \"{name}\"\nemail = \"{}@example.net\"\n", name.to_lowercase())
    });
    Config::parse(&format!("{DEMO}\n{}", people.concat())).expect("a configuration")
}

/// A desk whose events become bodies, each under a name that begins with its type.
struct Tour {
    desk: Desk,
    config: Config,
    bodies: BTreeMap<String, Vec<u8>>,
    kinds: Vec<EventType>,
}

impl Tour {
    fn new() -> Self {
        Self { desk: desk(), config: config(), bodies: BTreeMap::new(), kinds: Vec::new() }
    }

    fn put(&mut self, name: &str, body: Vec<u8>) {
        assert!(self.bodies.insert(name.to_owned(), body).is_none(), "{name} is there twice");
    }

    /// The next event is of the type with which `name` begins.
    fn told(&mut self, name: &str) -> Event {
        let event = self.desk.next_event().unwrap_or_else(|| panic!("no event, instead of {name}"));
        let kind = name.split('-').next().expect("a first part");
        assert_eq!(event.event_type.name(), kind);
        self.kinds.push(event.event_type);
        self.put(name, payload(&event, &self.config));
        event
    }

    /// It does something, of which one event is told.
    fn does(&mut self, action: Action, name: &str) -> Event {
        self.desk.does(action);
        self.told(name)
    }
}

/// What senders and time do to incidents.
fn without_people(tour: &mut Tour) {
    tour.desk.rules(|ruling| ruling.grouping = Some(by(&[7]))).fires_with("disk/web-07/var", |event| {
        event.title = "media-store on web-07: disk /var full".into();
        event.description = "used 97.2 % (limit 90 %), \"high\"\n€".into();
        event.labels.insert("team".into(), "storage".into());
    });
    tour.told("i_new");
    tour.desk.at(10).rules(|ruling| ruling.storms = vec![2]).fires("disk/web-08/var");
    tour.told("i_storm");
    tour.desk.at(20).acknowledges_by_alert("disk/web-07/var");
    tour.told("i_ack-by-sender");
    tour.desk.at(30).comments_by_alert("disk/web-07/var", "seen at the sender's");
    tour.told("i_comm-by-sender");
    tour.desk.at(40).recovers("disk/web-07/var").recovers("disk/web-08/var");
    tour.told("i_rslv-by-recovery");
    tour.desk.at(50).rules(|ruling| {
        ruling.grouping = None;
        ruling.auto_resolve = Some(AutoResolve { after_s: 60, from_update: false });
    });
    tour.desk.fires("memory");
    tour.told("i_new-ungrouped");
    tour.desk.at(110);
    tour.told("i_rslv-by-time");
    tour.desk.rules(|ruling| (ruling.auto_resolve, ruling.storms) = (None, Vec::new()));
}

/// What people do to incidents.
fn by_people(tour: &mut Tour) {
    tour.desk.at(200).as_person(41).fires("cpu");
    let id = tour.told("i_new-before-people").ref_id().to_owned();
    let one = || vec![id.clone()];
    tour.desk.at(201);
    tour.does(Action::Assign(one(), vec![41]), "i_assign");
    tour.does(Action::AddResponders(id.clone(), vec![42]), "i_a_rspd");
    tour.does(Action::Acknowledge(one()), "i_ack");
    tour.does(Action::Unacknowledge(one()), "i_unack");
    tour.desk.at(210);
    tour.does(Action::Snooze(one(), 5), "i_snooze");
    tour.does(Action::Wake(one()), "i_wake");
    tour.does(Action::Snooze(one(), 1), "i_snooze-once-more");
    tour.desk.at(300);
    tour.told("i_assign-by-time");
    tour.does(Action::Comment(one(), "I am at it".into(), false), "i_comm");
    tour.desk.as_person(0);
    tour.does(Action::Comment(one(), "by a key without a person".into(), false), "i_comm-by-api");
    tour.desk.as_person(41).at(310);
    tour.desk.does(Action::Reset(id.clone(), Box::new(everything())));
    for kind in ["i_r_title", "i_r_severity", "i_r_desc", "i_r_impact", "i_r_rc", "i_r_rsltn"] {
        tour.told(kind);
    }
    tour.does(Action::ResetField(id.clone(), "priority".into(), json!("P1")), "i_r_field");
    tour.does(Action::Custom(id.clone(), 9001, "restart".into()), "i_custom");
    let other = tour.desk.at(320).creates(|creation| {
        creation.title = "checkout is slow".into();
        creation.person_ids = vec![42];
        creation.fields.insert("rooms".into(), json!(["a", "b"]));
        creation.fields.insert("urgent".into(), json!(true));
    });
    tour.told("i_new-by-hand");
    tour.told("i_assign-by-hand");
    tour.desk.does(merge(&[&other], &id));
    tour.told("i_rslv-merged");
    tour.told("i_merge");
    tour.desk.at(330).deliver();
    let said = Resolution { root_cause: Some("a full disk".into()), ..Resolution::default() };
    tour.does(Action::Resolve(one(), said), "i_rslv");
    tour.does(Action::Reopen(one(), "not yet".into()), "i_reopen");
}

fn everything() -> Fields {
    Fields {
        title: Some("cpu is hot".into()),
        description: Some("all of them".into()),
        impact: Some("checkout waits".into()),
        root_cause: Some("a loop".into()),
        resolution: Some("restarted".into()),
        severity: Some(Severity::Warning),
    }
}

/// What a custom action posts, of an incident with two alerts.
fn custom(tour: &mut Tour) {
    tour.desk.at(500).rules(|ruling| ruling.grouping = Some(by(&[9]))).fires("disk/a");
    tour.told("i_new-with-two");
    tour.desk.at(505).fires_with("disk/b", |event| event.status = Status::Warning);
    tour.desk.at(510).recovers("disk/a");
    let id = tour.desk.holding("disk/b");
    let event = tour.does(Action::Custom(id.clone(), 9001, "restart".into()), "i_custom-with-two");
    let alerts = tour.desk.alerts_of(&id);
    assert_eq!(alerts.len(), 2);
    let posted = custom_action(&event, &alerts, &tour.config);
    tour.put("custom-action", posted);
    let none = custom_action(&event, &[], &tour.config);
    tour.put("custom-action-without-alerts", none);
}

/// What is told of alerts, where somebody listens.
fn alerts(tour: &mut Tour) {
    tour.desk.at(700).rules(|ruling| (ruling.watched, ruling.grouping) = (true, Some(by(&[11]))));
    tour.desk.arrives("queue/a", |arrival| {
        arrival.door = "prometheus".into();
        arrival.event.title_rule = "$host::is slow".into();
        arrival.event.description = "7 s, \"slow\"\n€".into();
    });
    tour.told("a_new");
    tour.told("i_new-of-an-alert");
    tour.desk.at(710).fires("queue/b");
    tour.told("a_new-into-an-incident");
    let merged = tour.told("a_merge");
    tour.desk.at(720).fires_with("queue/b", |event| event.status = Status::Warning);
    tour.told("a_update");
    tour.desk.at(730).recovers("queue/a");
    tour.told("a_update-recovered");
    tour.desk.rules(|ruling| ruling.silenced_until = T0 + 5000).fires("queue/c");
    let silenced = tour.told("a_new-silenced").ref_id().to_owned();
    let id = tour.desk.holding("queue/b");
    tour.desk.at(740).does(alert_merging(&[&silenced], &id));
    tour.told("a_merge-by-hand");
    tour.told("i_merge-of-alerts");
    tour.does(Action::CloseAlerts(vec![merged.ref_id().to_owned()]), "a_close");
}

/// What a subscription with a template sends of an event.
fn by_template(event: &Event, template: &Value, values: &Value, config: &Config) -> Vec<u8> {
    let template = Template::read(&template.to_string()).expect("a template");
    template.body(&payload(event, config), &serde_json::from_value(values.clone()).expect("a value mapping"))
}

/// The documented template, and one that tries everything.
fn templates(tour: &mut Tour) {
    tour.desk.at(600).rules(|ruling| ruling.grouping = None).fires("swap");
    let id = tour.told("i_new-for-templates").ref_id().to_owned();
    tour.desk.does(Action::Assign(vec![id.clone()], vec![41, 42]));
    let event = tour.told("i_assign-for-templates");
    let documented = json!({"kind": "{{event_type}}", "id": "{{incident.incident_id}}",
        "text": "{{incident.title}} is {{incident.progress}}", "tags": "{{incident.labels}}"});
    let documented = by_template(&event, &documented, &json!({}), &tour.config);
    tour.put("template-documented", documented);
    let all = json!({
        "first": "{{incident.responders.0.email}}", "blanks": "{{ incident.num }}", "ids": "{{incident.responder_ids}}",
        "in_text": "{{incident.alert_cnt}}: {{incident.labels}}{{incident.impact}}{{incident.responder_ids}}",
        "absent": ["{{incident.responders.9.email}}", "{{ nothing.at all }}", "is {{ nothing }} there"],
        "mapped": {"whole": "{{incident.incident_severity}}", "in": "!{{incident.incident_severity}}!",
            "number": "{{incident.channel_id}}", "unlisted": "{{incident.progress}}", "object": "{{incident.labels}}"},
        "as it is": [1, 2.5, null, true, "", "}} {x}"], "{{event_type}}": "a name is no template",
    });
    let values = json!({"incident.incident_severity": {"Critical": "P1"}, "incident.progress": {"Closed": "done"},
        "incident.channel_id": {"101": "one hundred and one"}, "incident.labels": {"": "none"}});
    let everything = by_template(&event, &all, &values, &tour.config);
    tour.put("template-everything", everything);
}

#[test]
fn every_webhook_has_the_bytes_of_its_file() {
    let mut tour = Tour::new();
    [without_people, by_people, custom, templates, alerts].into_iter().for_each(|part| part(&mut tour));
    for kind in EventType::ALL {
        assert!(tour.kinds.contains(&kind), "no file for {}", kind.name());
    }
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for (name, body) in &tour.bodies {
        let path = format!("{DIR}/{name}.json");
        if std::fs::read(&path).is_ok_and(|file| file == *body) {
            continue;
        }
        if update {
            std::fs::create_dir_all(DIR).and_then(|()| std::fs::write(&path, body)).expect("written");
        } else {
            wrong.push(format!("{name}\n{}", String::from_utf8_lossy(body)));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
    let files = std::fs::read_dir(DIR).expect("a directory").count();
    assert_eq!(files, tour.bodies.len(), "a file that no body belongs to");
}

/// JSON of any shape, with variables in its texts.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[a-c.{} ]{0,12}", "(x|\\{\\{ ?[a-c](\\.[a-c0-2]){0,2} ?\\}\\}){0,4}", "\\PC{0,8}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_template_over_any_payload_gives_json(
        template in any_json(), payload in any_json(), from in "[a-c]{0,2}", path in "[a-c](\\.[a-c0-2])?",
    ) {
        let values = serde_json::from_value(json!({path: {from: "\"to\""}})).expect("a value mapping");
        if let Ok(template) = Template::read(&template.to_string()) {
            let body = template.body(payload.to_string().as_bytes(), &values);
            prop_assert!(serde_json::from_slice::<Value>(&body).is_ok());
            prop_assert!(body.len() <= BODY_BYTES);
        }
    }

    #[test]
    fn any_text_is_read_as_a_template_or_refused_and_any_bytes_are_a_payload(
        text in "\\PC{0,40}", bytes: Vec<u8>,
    ) {
        if let Ok(template) = Template::read(&text) {
            let body = template.body(&bytes, &Default::default());
            prop_assert!(serde_json::from_slice::<Value>(&body).is_ok());
        }
    }
}
