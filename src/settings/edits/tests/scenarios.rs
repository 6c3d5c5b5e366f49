//! What calls do, one after the other.

use super::*;
use crate::config::Role;
use crate::ingest::Door;

fn shown(document: &Map<String, Value>, path: &str, parameters: Value) -> Value {
    list(document, path, &given(&parameters)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn a_channel_is_created_changed_switched_and_deleted() {
    let mut document = document();
    let created = accepted(
        &mut document,
        "/channel/create",
        json!({"channel_name": "new", "team_id": 5, "is_private": false, "auto_resolve_timeout": 60, "auto_resolve_mode": ""}),
    );
    assert_eq!(created, json!({"channel_id": 201, "channel_name": "new"}));
    let kept = |document: &Map<String, Value>| entry(document, "channels", "id", json!(201)).clone();
    assert_eq!(kept(&document), json!({"id": 201, "name": "new", "auto_resolve_timeout": 60}));
    let changes = json!({
        "channel_id": 201, "description": "d", "auto_resolve_timeout": null,
        "group": {"method": "p", "equals": [["title"]], "cases": null},
    });
    assert_eq!(accepted(&mut document, "/channel/update", changes), Value::Null);
    let group = json!({"method": "p", "equals": [["title"]]});
    assert_eq!(kept(&document), json!({"id": 201, "name": "new", "description": "d", "group": group}));
    accepted(&mut document, "/channel/disable", json!({"channel_id": 201}));
    assert_eq!(kept(&document)["enabled"], json!(false));
    accepted(&mut document, "/channel/enable", json!({"channel_id": 201}));
    assert_eq!(kept(&document)["enabled"], json!(true));
    accepted(&mut document, "/channel/delete", json!({"channel_id": 201}));
    assert_eq!(kept(&document), Value::Null);
    let private = message(&document, "/channel/create", json!({"channel_name": "p", "is_private": true}));
    assert_eq!(private, "is_private: must be false, there is no such thing");
}

#[test]
fn rules_of_a_channel_are_created_listed_and_keep_their_ids() {
    let mut document = document();
    let filters = json!([[{"key": "title", "oper": "IN", "vals": ["x"]}]]);
    let rule = json!({"channel_id": 101, "rule_name": "night", "filters": filters, "time_filter": {"start_time": 1, "end_time": 2}});
    let created = accepted(&mut document, "/channel/silence/rule/create", rule);
    assert_eq!(created, json!({"rule_id": "6553f1000000000000000001", "rule_name": "night"}));
    let id = created["rule_id"].clone();
    let listed = shown(&document, "/channel/silence/rule/list", json!({"channel_id": 101}));
    let expected = json!({
        "rule_id": id, "channel_id": 101, "rule_name": "night", "status": "enabled", "filters": filters,
        "time_filter": {"start_time": 1, "end_time": 2},
    });
    assert_eq!(listed, json!({"total": 1, "items": [expected]}));
    // A silence has one of the two times: the other one takes its place.
    let nightly = json!({"channel_id": 101, "rule_id": id, "time_filters": [{"start": "22:00", "end": "06:00"}]});
    accepted(&mut document, "/channel/silence/rule/update", nightly);
    accepted(&mut document, "/channel/silence/rule/disable", json!({"channel_id": 101, "rule_id": id}));
    let listed = shown(&document, "/channel/silence/rule/list", json!({"channel_id": 101}));
    let rule = &listed["items"][0];
    assert!(rule["time_filters"].is_array() && rule.get("time_filter").is_none() && rule["status"] == "disabled");
    let dropping = json!({"channel_id": 101, "filters": filters});
    assert_eq!(accepted(&mut document, "/channel/unsubscribe/rule/create", dropping)["rule_name"], json!(""));
    let inhibiting =
        json!({"channel_id": 101, "source_filters": filters, "target_filters": filters, "equals": ["title"]});
    accepted(&mut document, "/channel/inhibit/rule/create", inhibiting);
    let none = shown(&document, "/channel/escalate/rule/list", json!({"channel_id": 101}));
    assert_eq!(none, json!({"total": 0, "items": []}));
    for kind in ["silence", "inhibit", "unsubscribe"] {
        let path = |verb: &str| format!("/channel/{kind}/rule/{verb}");
        let of = |document: &Map<String, Value>, id| {
            shown(document, &path("list"), json!({"channel_id": id}))["items"].clone()
        };
        let id = of(&document, 101)[0]["rule_id"].clone();
        accepted(&mut document, &path("delete"), json!({"channel_id": 101, "rule_id": id}));
        assert_eq!((of(&document, 101), of(&document, 200).as_array().map(Vec::len)), (json!([]), Some(1)), "{kind}");
    }
}

#[test]
fn a_route_is_written_with_the_version_that_was_read() {
    let mut document = document();
    let info = |document: &Map<String, Value>, id| shown(document, "/route/info", json!({"integration_id": id}));
    assert_eq!(info(&document, 9003), Value::Null);
    let read = info(&document, 9002);
    assert_eq!((&read["version"], &read["status"], &read["updated_at"]), (&json!(1), &json!("enabled"), &json!(0)));
    let mut route = read.clone();
    route["cases"] = json!([{"if": null, "channel_ids": [101], "fallthrough": false}]);
    route["sections"] = json!([{"name": "storage", "position": 0}]);
    assert_eq!(accepted(&mut document, "/route/upsert", route.clone()), Value::Null);
    let written = info(&document, 9002);
    assert_eq!((&written["version"], &written["updated_at"]), (&json!(2), &json!(1_700_000_000)));
    assert_eq!(written["cases"], json!([{"channel_ids": [101], "fallthrough": false}]));
    assert_eq!((&written["sections"], &written["default"]), (&route["sections"], &read["default"]));
    let stale = message(&document, "/route/upsert", route);
    assert_eq!(stale, "version: is 2 now, because somebody has changed it; read it again");
    // Who gives no version writes over whatever is there; what is not given is not there any more.
    accepted(&mut document, "/route/upsert", json!({"integration_id": 9002, "default": {"channel_ids": [100]}}));
    let written = info(&document, 9002);
    assert_eq!((&written["version"], &written["cases"], &written["sections"]), (&json!(3), &json!([]), &json!([])));
    accepted(&mut document, "/route/upsert", json!({"integration_id": 9002, "status": "deleted"}));
    assert_eq!(info(&document, 9002), Value::Null);
    let all = shown(&document, "/route/list", json!({}));
    assert_eq!((all["total"].as_u64(), &all["items"][0]["integration_id"]), (Some(1), &json!(9006)));
    accepted(&mut document, "/route/upsert", json!({"integration_id": 9002, "default": {"channel_ids": [100]}}));
    assert_eq!(info(&document, 9002)["version"], json!(5));
}

#[test]
fn what_a_list_shows_may_be_sent_back_and_changes_nothing() {
    let mut document = document();
    let before = document.clone();
    for (of, update) in [
        ("/channel/silence/rule/list", "/channel/silence/rule/update"),
        ("/channel/inhibit/rule/list", "/channel/inhibit/rule/update"),
        ("/channel/unsubscribe/rule/list", "/channel/unsubscribe/rule/update"),
        ("/mapping/list", "/mapping/upsert"),
        ("/calendar/list", "/calendar/upsert"),
        ("/key/list", "/key/update"),
    ] {
        let mut item = shown(&document, of, json!({"channel_id": 200}))["items"][0].clone();
        (item["created_at"], item["account_id"]) = (json!(0), json!(7));
        accepted(&mut document, update, item);
    }
    let said = |document: Map<String, Value>| {
        let text = Value::from(document).to_string();
        text.replace("\"status\":\"enabled\",", "")
            .replace(",\"status\":\"enabled\"", "")
            .replace(",\"role\":\"operate\"", "")
    };
    assert_eq!(said(document), said(before));
}

#[test]
fn a_route_that_leads_nowhere_or_has_headings_out_of_place_is_refused() {
    let document = document();
    let told = |fields: Value| {
        let mut parameters = fields;
        parameters["integration_id"] = json!(9002);
        message(&document, "/route/upsert", parameters)
    };
    assert_eq!(told(json!({})), "cases or default: is required");
    assert_eq!(told(json!({"cases": [], "status": "disabled"})), "status: must be enabled or deleted");
    assert_eq!(told(json!({"cases": [], "version": "1"})), "version: must be an integer");
    for sections in [
        json!([{"name": "a", "position": 1}]),
        json!([{"name": "a", "position": 0}, {"name": "a", "position": 0}]),
        json!([{"position": 0}]),
        json!([1]),
    ] {
        assert!(told(json!({"cases": [], "sections": sections})).starts_with("sections: "), "{sections}");
    }
}

#[test]
fn a_pipeline_and_an_enrichment_are_read_and_replaced() {
    let mut document = document();
    let (drop, remove) = (
        json!([{"kind": "alert_drop", "if": [[{"key": "title", "oper": "IN", "vals": ["x"]}]], "settings": {}}]),
        json!([{"kind": "drop", "settings": {"drop_labels": ["a"]}}]),
    );
    for (setting, rules, others) in [("/alert/pipeline", drop, 0), ("/enrichment", remove, 1)] {
        let path = |verb: &str| format!("{setting}/{verb}");
        let of = json!({"integration_id": 9001});
        let empty = shown(&document, &path("info"), of.clone());
        assert_eq!((&empty["rules"], &empty["version"]), (&json!([]), &json!(0)));
        accepted(&mut document, &path("upsert"), json!({"integration_id": 9001, "rules": rules, "version": 0}));
        let read = shown(&document, &path("info"), of);
        let expected = json!({
            "integration_id": 9001, "rules": rules, "version": 1, "status": "enabled", "created_at": 1_700_000_000,
            "updated_at": 1_700_000_000,
        });
        assert_eq!(read, expected);
        assert_eq!(shown(&document, &path("list"), json!({}))["total"], json!(others + 1));
        accepted(&mut document, &path("upsert"), read);
        accepted(&mut document, &path("upsert"), json!({"integration_id": 9001, "status": "deleted"}));
        assert_eq!(shown(&document, &path("list"), json!({}))["total"], json!(others));
    }
}

#[test]
fn tables_and_calendars_are_put_where_there_is_none_and_merged_where_there_is_one() {
    let mut document = document();
    let table = json!({"schema_id": "teams", "schema_name": "Teams", "source_labels": ["host"], "result_labels": ["team"], "rows": [{"host": "a", "team": "b"}]});
    assert_eq!(accepted(&mut document, "/mapping/upsert", table.clone()), Value::Null);
    accepted(&mut document, "/mapping/upsert", json!({"schema_id": "teams", "schema_name": "The teams"}));
    let listed = shown(&document, "/mapping/list", json!({}));
    assert_eq!((&listed["total"], &listed["items"][1]["schema_name"]), (&json!(2), &json!("The teams")));
    assert_eq!(listed["items"][1]["rows"], table["rows"]);
    accepted(
        &mut document,
        "/calendar/upsert",
        json!({"cal_id": "shop", "cal_name": "Shop", "workdays": [1, 2, 3, 4, 5, 6]}),
    );
    accepted(&mut document, "/calendar/upsert", json!({"cal_id": "shop", "holidays": ["2026-12-25"]}));
    let listed = shown(&document, "/calendar/list", json!({}));
    let shop =
        json!({"cal_id": "shop", "cal_name": "Shop", "workdays": [1, 2, 3, 4, 5, 6], "holidays": ["2026-12-25"]});
    assert_eq!(listed["items"], json!([{"cal_id": "office"}, shop]));
}

#[test]
fn people_and_custom_fields_come_and_change() {
    let mut document = document();
    let created = accepted(&mut document, "/person/create", json!({"person_name": "Grace", "email": "g@example.net"}));
    assert_eq!(created, json!({"person_id": 43, "person_name": "Grace"}));
    accepted(&mut document, "/person/update", json!({"person_id": 43, "person_name": "Grace H.", "email": null}));
    assert_eq!(*entry(&document, "people", "id", json!(43)), json!({"id": 43, "name": "Grace H."}));
    let created = accepted(&mut document, "/field/create", json!({"field_name": "cause", "field_type": "text"}));
    assert_eq!(created, json!({"field_name": "cause"}));
    let twin = message(&document, "/field/create", json!({"field_name": "cause", "field_type": "text"}));
    assert_eq!(twin, "field_name: there is a custom field cause");
    accepted(
        &mut document,
        "/field/update",
        json!({"field_name": "cause", "field_type": "single_select", "options": ["a", "b"]}),
    );
    assert_eq!(entry(&document, "fields", "name", json!("cause"))["options"], json!(["a", "b"]));
}

#[test]
fn a_section_that_there_was_not_is_made() {
    let mut document = parsed("version = 1\naccount = { id = 1, name = \"a\" }");
    accepted(&mut document, "/channel/create", json!({"channel_name": "first"}));
    accepted(&mut document, "/person/create", json!({"person_name": "Ada"}));
    assert_eq!(document["channels"], json!([{"id": 1, "name": "first"}]));
}

#[test]
fn a_subscription_signs_with_a_secret_that_is_shown_once() {
    let mut document = document();
    let webhook = json!({"integration_name": "n", "endpoint": "https://hooks.example.net/n", "channel_ids": [101]});
    let created = accepted(&mut document, "/webhook/create", webhook);
    let secret = created["secret"].as_str().expect("a secret").to_owned();
    assert_eq!((&created["integration_id"], secret.starts_with("whsec_")), (&json!(9), true));
    let kept = |document: &Map<String, Value>| entry(document, "subscriptions", "id", json!(9)).clone();
    assert_eq!(kept(&document)["secret"], json!(secret));
    let rotated = accepted(&mut document, "/webhook/secret/rotate", json!({"integration_id": 9}));
    assert_eq!(kept(&document)["secret"], rotated["secret"]);
    assert_eq!(kept(&document)["old_secret"], json!(secret));
    accepted(&mut document, "/webhook/update", json!({"integration_id": 9, "old_secret": null}));
    assert_eq!(kept(&document).get("old_secret"), None);
    let own = json!({"integration_name": "n", "endpoint": "https://hooks.example.net/n", "secret": secret});
    assert_eq!(accepted(&mut document, "/webhook/create", own), json!({"integration_id": 10, "integration_name": "n"}));
    let missing =
        edit(&mut document, "/webhook/update", &given(&json!({"integration_id": 10, "secret": null})), &mut || 7, 0);
    assert!(missing.is_ok() && read(&document).is_err(), "the document says that a secret is missing");
}

#[test]
fn a_key_is_shown_once_and_only_its_hash_is_kept() {
    let mut document = document();
    let created =
        accepted(&mut document, "/key/create", json!({"name": "robot", "role": "administer", "person_id": 42}));
    let config = read(&document).expect("valid");
    let key = config.app_key(created["key"].as_str().expect("a key")).expect("known");
    assert_eq!(
        (&created["name"], &*key.name, key.role, key.person_id),
        (&json!("robot"), "robot", Role::Administer, 42)
    );
    let listed = shown(&document, "/key/list", json!({}));
    let (other, robot) = (&listed["items"][1], &listed["items"][2]);
    assert_eq!(*other, json!({"name": "Ada's", "role": "operate", "person_id": 42}));
    assert_eq!(*robot, json!({"name": "robot", "role": "administer", "person_id": 42}));
    let twin = message(&document, "/key/create", json!({"name": "robot"}));
    assert_eq!(twin, "name: there is a key robot");
    accepted(&mut document, "/key/update", json!({"name": "robot", "role": "read", "person_id": null}));
    let mut drawn = 90;
    let mut draw = || {
        drawn += 1;
        drawn
    };
    for (name, old) in [("robot", created["key"].clone()), ("tests", json!("app-key-0123456789abcdef"))] {
        let rotated =
            edit(&mut document, "/key/rotate", &given(&json!({"name": name})), &mut draw, 0).expect("there is one");
        let config = read(&document).expect("valid");
        assert!(config.app_key(old.as_str().expect("a key")).is_none());
        assert_eq!(config.app_key(rotated["key"].as_str().expect("a key")).map(|key| &*key.name), Some(name));
    }
    accepted(&mut document, "/key/delete", json!({"name": "robot"}));
    assert_eq!(shown(&document, "/key/list", json!({}))["total"], json!(2));
}

#[test]
fn an_integration_is_told_its_key_and_path_once() {
    let mut document = document();
    let shared = json!({"integration_name": "n", "kind": "shared", "integration_type": "", "channel_id": 0});
    let created = accepted(&mut document, "/integration/create", shared);
    let key = created["integration_key"].as_str().expect("a key").to_owned();
    assert_eq!((&created["integration_id"], key.len()), (&json!(9101), 32));
    assert_eq!(created["push_path"], json!(format!("/event/push/alert/standard?integration_key={key}")));
    let config = read(&document).expect("valid");
    assert_eq!(config.integration_by_key(&key).map(|integration| integration.id), Some(9101));
    assert!(!Value::from(document.clone()).to_string().contains(&key));
    assert!(list(&document, BY_INTEGRATION, &given(&json!({"integration_key": key}))).is_ok());
    let changes = json!({"integration_id": 9101, "integration_type": "grafana", "rate_limit": {"per_second": 1}});
    accepted(&mut document, "/integration/update", changes);
    let rotated =
        edit(&mut document, "/integration/key/rotate", &given(&json!({"integration_id": 9101})), &mut || 7, 0);
    let rotated = rotated.expect("there is one");
    let path = rotated["push_path"].as_str().expect("a path");
    assert!(path.starts_with("/event/push/alert/grafana?integration_key=0000000000000007"), "{path}");
    assert!(read(&document).expect("valid").integration_by_key(&key).is_none());
    accepted(&mut document, "/integration/disable", json!({"integration_id": 9101}));
    assert!(list(&document, BY_INTEGRATION, &given(&json!({"integration_key": rotated["integration_key"]}))).is_err());
}

#[test]
fn every_type_of_integration_has_a_door_at_its_push_path() {
    let mut document = document();
    for kind in ["standard", "prometheus", "grafana", "pagerduty", "n9e", "zabbix", "cloudwatch"] {
        let fields = json!({"integration_name": kind, "kind": "shared", "integration_type": kind});
        let mut draw = || kind.bytes().fold(7, |sum, byte| sum * 31 + u64::from(byte));
        let created = edit(&mut document, "/integration/create", &given(&fields), &mut draw, 0).expect("taken");
        read(&document).expect("valid");
        let path = created["push_path"].as_str().and_then(|path| path.split('?').next()).expect("a path");
        assert_eq!(Door::at(path).and_then(Door::kind), Some(kind));
    }
}

#[test]
fn channels_are_listed_for_who_has_the_key_of_a_shared_integration() {
    let document = document();
    let by = |parameters: Value| list(&document, BY_INTEGRATION, &given(&parameters));
    let all = by(json!({"integration_key": "shared-key-0123456789"})).expect("a shared one");
    assert_eq!(
        (&all["total"], &all["items"][0]),
        (&json!(4), &json!({"channel_id": 101, "channel_name": "storage", "status": "enabled"}))
    );
    let some = by(json!({"integration_key": "shared-key-0123456789", "query": "EVERY"})).expect("a shared one");
    assert_eq!(some["items"], json!([{"channel_id": 100, "channel_name": "everything else", "status": "enabled"}]));
    let some = by(json!({"integration_key": "shared-key-0123456789", "channel_ids": [102]})).expect("a shared one");
    assert_eq!(some["items"][0]["status"], json!("disabled"));
    for key in ["private-key-0123456789", "", "none"] {
        assert_eq!(by(json!({"integration_key": key})).expect_err("refused").code, Code::Unauthorized, "{key}");
    }
    assert_eq!(by(json!({})).expect_err("refused").code, Code::Unauthorized);
}
