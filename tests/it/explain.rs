//! Previews of routes and explanations of alerts: what would happen, told without doing it.

use serde_json::{Value, json};

use super::channel_rules;
use crate::support::{World, alert};

#[test]
fn a_preview_tells_what_changed_rules_would_change() {
    let world = World::new();
    let changed = json!({"version": 3, "cases": [{"if": [{"key": "labels.team", "oper": "IN", "vals": ["stor*"]}],
        "channel_ids": [100], "fallthrough": false}]});
    let alerts = json!([alert("Critical", "a", json!({"team": "storage"})), alert("Info", "b", json!({})),
        {"event_status": "Ok", "alert_key": "a"}, {"event_status": "Nope"}]);
    let call = json!({"integration_id": 9002, "alerts": alerts, "route": changed});
    let (status, answer) = world.call("/route/preview", &call);
    assert_eq!(status, 200, "{answer}");
    let items = &answer["data"]["items"];
    assert_eq!(items[0]["present"]["channel_ids"], json!([101, 100]));
    assert_eq!(items[0]["changed"]["cases"][0]["matched"], true);
    assert_eq!(items[0]["difference"], json!({"added": [], "removed": [101]}));
    assert_eq!(items[1]["difference"], json!({"added": [], "removed": [100]}));
    assert!(items[2]["remark"].as_str().is_some_and(|remark| remark.contains("recovery")), "{items}");
    assert_eq!(items[3]["error"]["code"], "InvalidParameter");
    assert!(world.cluster.store.keys().is_empty(), "a preview stores nothing");
}

#[test]
fn a_preview_names_what_is_wrong_with_it() {
    let world = World::new();
    let alerts = json!([alert("Info", "a", json!({}))]);
    let rule = |route: Value| json!({"integration_id": 9002, "alerts": alerts.clone(), "route": route});
    let cases = [
        (json!({"alerts": alerts.clone()}), "integration_id: "),
        (json!({"integration_id": 5, "alerts": alerts.clone()}), "integration_id: there is no"),
        (json!({"integration_id": 9001, "alerts": alerts.clone()}), "integration_id: a private"),
        (json!({"integration_id": 9002}), "alerts: "),
        (json!({"integration_id": 9002, "alerts": vec![0; 21]}), "alerts: "),
        (rule(json!({})), "route: must have"),
        (rule(json!({"cases": [{"if": [], "channel_ids": [5]}]})), "route: there is no channel 5"),
        (
            rule(json!({"cases": [{"if": [{"key": "title", "oper": "IN", "vals": ["/(/"]}], "channel_ids": [100]}]})),
            "route: case 1: ",
        ),
        (rule(json!({"cases": [{"if": 5, "channel_ids": [100]}]})), "route: "),
    ];
    for (call, begins) in cases {
        let (status, answer) = world.call("/route/preview", &call);
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.starts_with(begins), "{call}: {answer}");
    }
}

#[test]
fn an_alert_can_be_explained_step_by_step_before_it_comes_and_after() {
    let mut world = World::new();
    let one = alert("Critical", "a", json!({"team": "storage"}));
    let (status, answer) = world.call("/alert/explain", &json!({"integration_id": 9002, "alert": one}));
    assert_eq!(status, 200, "{answer}");
    let told = &answer["data"];
    assert_eq!(told["route"]["cases"][0]["if"][0]["value"], "storage");
    assert_eq!(told["channel_ids"], json!([101, 100]));
    let grouping = "opens an alert with an incident of its own: nothing groups it with others";
    assert_eq!(
        (&told["channels"][0]["outcome"], &told["channels"][0]["grouping"]),
        (&json!("opens"), &json!(grouping))
    );
    assert!(world.cluster.store.keys().is_empty(), "asking stores nothing");

    world.push_shared(one.clone());
    let (_, answer) = world.call("/alert/explain", &json!({"integration_id": 9002, "alert": one}));
    let alert_id = answer["data"]["channels"][0]["alert_id"].clone();
    assert!(
        answer["data"]["channels"][0]["grouping"].as_str().is_some_and(|text| text.contains("belongs to incident"))
    );
    let (status, answer) = world.call("/alert/explain", &json!({"alert_id": alert_id}));
    assert_eq!((status, &answer["data"]["stored"]["alert_id"]), (200, &alert_id), "{answer}");
    assert_eq!(answer["data"]["configuration"]["same"], true);
    assert_eq!(answer["data"]["received"]["labels"]["team"], "storage");
    let incident_id = answer["data"]["stored"]["incident_id"].clone();
    let (status, answer) = world.call("/alert/explain", &json!({"incident_id": incident_id}));
    assert_eq!((status, &answer["data"]["stored"]["incident_id"]), (200, &incident_id));
    for call in [json!({}), json!({"alert_id": "x"}), json!({"alert": 5}), json!({"integration_id": 9002, "alert": []})]
    {
        assert_eq!(world.call("/alert/explain", &call).0, 400, "{call}");
    }
}

#[test]
fn what_the_rules_of_channels_do_is_told_channel_by_channel() {
    let explain = |settings: &str, labels: Value| {
        let world = World::with_config(&channel_rules::config(settings));
        let call = json!({"integration_id": 9002, "alert": alert("Critical", "a", labels)});
        let (status, answer) = world.call("/alert/explain", &call);
        assert_eq!(status, 200, "{answer}");
        assert!(world.cluster.store.keys().is_empty(), "asking stores nothing");
        (answer["data"]["channel_rules"][0].clone(), answer["data"]["channel_ids"].clone())
    };
    let filters = r#"filters = [[{ key = "labels.host", oper = "IN", vals = ["db-*"] }]]"#;
    let host = || json!({"host": "db-1"});
    let drops = format!(
        "[[channels.drop]]\nrule_id = \"second\"\npriority = 2\n{filters}\n\
        [[channels.drop]]\nrule_id = \"first\"\npriority = 1\n{filters}"
    );
    let (told, channel_ids) = explain(&drops, host());
    assert_eq!((&told["outcome"], &told["rule_id"]), (&json!("dropped"), &json!("first")), "by priority");
    assert_eq!(channel_ids, json!([100]));

    let silence = |discards: bool| {
        format!(
            "[[channels.silence]]\nrule_id = \"works\"\nis_directly_discard = {discards}\n{filters}\n\
            time_filter = {{ start_time = 0, end_time = 4102444800 }}"
        )
    };
    let (told, channel_ids) = explain(&silence(false), host());
    assert_eq!((&told["outcome"], &told["rule_id"]), (&json!("silenced"), &json!("works")));
    assert_eq!((&told["silenced_until"], channel_ids), (&json!(4_102_444_800_u64), json!([101, 100])));
    let (told, channel_ids) = explain(&silence(true), host());
    assert_eq!((&told["outcome"], &told["rule_id"]), (&json!("discarded"), &json!("works")));
    assert_eq!(channel_ids, json!([100]));

    let group = "[channels.group]\nmethod = \"p\"\nequals = [[\"labels.host\", \"severity\"], [\"labels.service\"]]\n\
        all_equals_required = true";
    let (told, _) = explain(group, host());
    assert_eq!((&told["outcome"], &told["group_method"]), (&json!("taken"), &json!("p")));
    assert_eq!(told["grouped_by"], json!([{"labels.host": "db-1", "severity": "Critical"}]));
    let (told, _) = explain(group, json!({}));
    assert_eq!((&told["group_method"], told.get("grouped_by")), (&json!("n"), None), "it has none of the keys");
}
