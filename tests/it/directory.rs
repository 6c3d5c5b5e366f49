//! Who and what there is, and looking incidents up, as the official command-line client asks (`flashduty`).

use serde_json::{Value, json};

use crate::support::{DEMO, World};

/// The demo with people, of whom the key is Mei's, and a custom field.
fn world() -> World {
    let more = r#"
[[people]]
id = 41
name = "Mei"
email = "mei@example.net"

[[people]]
id = 42
name = "Ada"

[[fields]]
name = "priority"
type = "single_select"
options = ["P1", "P2"]
"#;
    let config =
        DEMO.replace("key = \"app-key-0123456789abcdef\"", "key = \"app-key-0123456789abcdef\"\nperson_id = 41");
    World::with_config(&format!("{config}\n{more}"))
}

fn data(world: &World, path: &str, body: Value) -> Value {
    let (status, answer) = world.call(path, &body);
    assert_eq!(status, 200, "{path} {body}: {answer}");
    answer["data"].clone()
}

/// One field of all items.
fn column<'a>(list: &'a Value, name: &str) -> Vec<&'a Value> {
    list["items"].as_array().expect("items").iter().map(|item| &item[name]).collect()
}

fn refused(world: &World, path: &str, body: Value, code: &str) {
    let (status, answer) = world.call(path, &body);
    assert_eq!((status, &answer["error"]["code"]), (400, &json!(code)), "{path} {body}: {answer}");
}

#[test]
fn a_key_says_whose_it_is() {
    let me = data(&world(), "/member/info", json!({}));
    assert_eq!(
        (&me["member_id"], &me["member_name"], &me["email"]),
        (&json!(41), &json!("Mei"), &json!("mei@example.net"))
    );
    assert_eq!((&me["account_id"], &me["account_name"]), (&json!(7), &json!("Example")));
    assert_eq!(me["role"], "administer");
    let nobody = data(&World::new(), "/member/info", json!({}));
    assert_eq!((&nobody["member_id"], &nobody["member_name"]), (&json!(0), &json!("API")));
}

#[test]
fn ids_of_people_and_channels_become_names_and_unknown_ones_are_left_out() {
    let world = world();
    let people = data(&world, "/person/infos", json!({"person_ids": [42, 41, 99]}));
    assert_eq!(column(&people, "person_name"), ["Mei", "Ada"]);
    let channels = data(&world, "/channel/infos", json!({"channel_ids": [100, 5]}));
    let shown = json!([{"channel_id": 100, "channel_name": "everything else", "status": "enabled"}]);
    assert_eq!(channels["items"], shown);
    assert_eq!(data(&world, "/team/infos", json!({"team_ids": [1]})), json!({"items": []}));
    refused(&world, "/person/infos", json!({"person_ids": (0..101).collect::<Vec<i64>>()}), "InvalidParameter");
    refused(&world, "/channel/infos", json!({"channel_ids": "100"}), "InvalidParameter");
}

#[test]
fn lists_of_the_directory_are_searched_and_paged() {
    let world = world();
    assert_eq!(column(&data(&world, "/member/list", json!({"query": "AD"})), "member_id"), [42]);
    let page = data(&world, "/member/list", json!({"limit": 1, "p": 2}));
    assert_eq!(
        (column(&page, "member_id"), &page["total"], &page["has_next_page"]),
        (vec![&json!(42)], &json!(2), &json!(false))
    );
    assert_eq!(data(&world, "/member/list", json!({"limit": 1}))["has_next_page"], true);
    assert_eq!(data(&world, "/team/list", json!({}))["total"], 0);
    assert_eq!(column(&data(&world, "/field/list", json!({})), "options"), [&json!(["P1", "P2"])]);
    assert_eq!(column(&data(&world, "/channel/list", json!({})), "channel_id"), [101, 100]);
    assert_eq!(column(&data(&world, "/channel/list", json!({"query": "every"})), "channel_id"), [100]);
    assert_eq!(column(&data(&world, "/channel/list", json!({"channel_name": "storage"})), "channel_id"), [101]);
    assert_eq!(data(&world, "/channel/list", json!({"is_my_team": true}))["total"], 0);
    refused(&world, "/channel/list", json!({"limit": 101}), "InvalidParameter");
}

#[test]
fn a_channel_is_shown_or_is_not_there() {
    let world = world();
    let channel = data(&world, "/channel/info", json!({"channel_id": 101}));
    assert_eq!((&channel["channel_name"], &channel["auto_resolve_mode"]), (&json!("storage"), &json!("trigger")));
    refused(&world, "/channel/info", json!({"channel_id": 7}), "ResourceNotFound");
    refused(&world, "/channel/info", json!({}), "InvalidParameter");
}

#[test]
fn the_life_of_an_incident_is_followed_by_its_id_whether_it_is_open_or_over() {
    let world = world();
    let made =
        json!({"channel_id": 101, "title": "checkout is slow", "description": "", "incident_severity": "Warning"});
    let id = data(&world, "/incident/create", made)["incident_id"].clone();
    let ids = json!({"incident_ids": [id]});
    for (path, progress) in [("", "Triggered"), ("/incident/ack", "Processing"), ("/incident/resolve", "Closed")] {
        if !path.is_empty() {
            data(&world, path, ids.clone());
        }
        // The older client asks by the one, the newer by the other, without a time.
        for path in ["/incident/list-by-ids", "/incident/list"] {
            let list = data(&world, path, ids.clone());
            assert_eq!((column(&list, "progress"), &list["total"]), (vec![&json!(progress)], &json!(1)), "{path}");
        }
    }
}

#[test]
fn several_are_listed_in_the_order_asked_for_and_what_is_not_there_is_left_out() {
    let mut world = world();
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        world.fire(key);
        ids.push(world.expect_webhook("i_new").incident_id);
    }
    world.recover("b");
    world.expect_webhook("i_rslv");
    let asked = json!({"incident_ids": [ids[1], "000000000000000000000000", ids[2], "x", ids[0]]});
    let list = data(&world, "/incident/list-by-ids", asked);
    assert_eq!(column(&list, "incident_id"), [&ids[1], &ids[2], &ids[0]]);
    data(&world, "/incident/remove", json!({"incident_ids": [ids[0]]}));
    assert_eq!(data(&world, "/incident/list-by-ids", json!({"incident_ids": [ids[0]]}))["total"], 0);
    refused(&world, "/incident/list-by-ids", json!({}), "InvalidParameter");
    refused(&world, "/incident/list-by-ids", json!({"incident_ids": vec!["0"; 101]}), "InvalidParameter");
}

#[test]
fn an_incident_is_found_by_its_short_name() {
    let mut world = world();
    world.fire("a");
    let id = world.expect_webhook("i_new").incident_id;
    let num = data(&world, "/incident/info", json!({"incident_id": id}))["num"].as_str().expect("a text").to_owned();
    assert_eq!(num, num.to_uppercase());
    for num in [num.clone(), num.to_lowercase()] {
        assert_eq!(data(&world, "/incident/info", json!({"num": num}))["incident_id"], json!(id));
        assert_eq!(column(&data(&world, "/incident/list", json!({"nums": [num]})), "incident_id"), [&id]);
    }
    world.recover("a");
    assert_eq!(data(&world, "/incident/info", json!({"num": num}))["progress"], "Closed");
    refused(&world, "/incident/info", json!({"num": "ZZZZZZ"}), "ResourceNotFound");
}

#[test]
fn who_handled_an_incident_finds_it_whether_it_is_open_or_over() {
    let mut world = world();
    let mut ids = Vec::new();
    for key in ["mine", "assigned", "nobody's"] {
        world.fire(key);
        ids.push(world.expect_webhook("i_new").incident_id);
    }
    let one = |id: &str| json!({"incident_ids": [id]});
    data(&world, "/incident/ack", one(&ids[0]));
    data(&world, "/incident/assign", json!({"incident_id": ids[1], "assigned_to": {"person_ids": [42]}}));
    data(&world, "/incident/snooze", json!({"incident_ids": [ids[1]], "minutes": 5}));
    let now = world.cluster.sim.now().secs();
    let found = |world: &World, name: &str, value: Value| {
        let mut query = json!({"start_time": now - 60, "end_time": now + 60, "asc": true});
        query[name] = value;
        let list = data(world, "/incident/list", query);
        column(&list, "incident_id").into_iter().map(|id| id.as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(&world, "is_snoozed", json!(true)), [ids[1].clone()]);
    assert_eq!(found(&world, "is_snoozed", json!(false)), [ids[0].clone(), ids[2].clone()]);
    data(&world, "/incident/resolve", one(&ids[2]));
    for over in [false, true] {
        if over {
            data(&world, "/incident/resolve", one(&ids[0]));
            data(&world, "/incident/resolve", one(&ids[1]));
        }
        assert_eq!(found(&world, "acker_ids", json!([41])), [ids[0].clone()], "over: {over}");
        assert_eq!(found(&world, "responder_ids", json!([42])), [ids[1].clone()], "over: {over}");
        assert_eq!(found(&world, "creator_ids", json!([0])).len(), 3, "over: {over}");
        assert_eq!(found(&world, "closer_ids", json!([41])).len(), if over { 3 } else { 1 });
        assert!(found(&world, "ever_muted", json!(true)).is_empty());
    }
}

#[test]
fn a_filter_that_is_not_looked_at_is_refused() {
    let query = json!({"start_time": 0, "end_time": 60, "is_rare": true});
    refused(&world(), "/incident/list", query, "InvalidParameter");
}
