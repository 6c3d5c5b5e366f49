//! Finding incidents by words of their titles, and those of the past that one is like.

use serde_json::{Value, json};

use crate::support::World;

fn titles(data: &Value) -> Vec<&str> {
    data["items"].as_array().expect("items").iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

/// Searches over the last hour; the titles found.
fn search(world: &World, more: Value) -> Vec<String> {
    let now = world.cluster.sim.now().secs();
    let mut query = json!({"start_time": now - 3600, "end_time": now + 60});
    query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let (status, answer) = world.call("/incident/list", &query);
    assert_eq!(status, 200, "{answer}");
    titles(&answer["data"]).into_iter().map(str::to_owned).collect()
}

fn fired(world: &mut World, key: &str, title: &str) {
    world.push(json!({"event_status": "Critical", "title_rule": title, "alert_key": key}));
}

fn closed(world: &mut World, key: &str, title: &str) {
    fired(world, key, title);
    world.push(json!({"event_status": "Ok", "title_rule": title, "alert_key": key}));
}

#[test]
fn a_search_finds_open_and_closed_incidents_by_all_words_of_their_titles() {
    let mut world = World::new();
    closed(&mut world, "a", "Disk full on DB-1");
    closed(&mut world, "b", "Disk slow on web-1");
    fired(&mut world, "c", "disk FULL on db-2");
    world.at(60);
    assert_eq!(search(&world, json!({"query": "full DISK"})), ["disk FULL on db-2", "Disk full on DB-1"]);
    assert_eq!(search(&world, json!({"query": "db-1"})), ["Disk full on DB-1"]);
    assert_eq!(search(&world, json!({"query": "full", "progress": "Closed"})), ["Disk full on DB-1"]);
    assert!(search(&world, json!({"query": "full web"})).is_empty());
    assert_eq!(search(&world, json!({"query": "  "})).len(), 3, "nothing is asked for");
}

#[test]
fn a_search_for_an_id_or_a_short_name_finds_that_incident() {
    let mut world = World::new();
    closed(&mut world, "a", "Disk full");
    fired(&mut world, "b", "Disk slow");
    for incident in world.at(60).incidents() {
        for name in ["incident_id", "num"] {
            assert_eq!(
                search(&world, json!({"query": incident[name]})),
                [incident["title"].as_str().expect("a title")]
            );
        }
    }
}

#[test]
fn a_long_title_of_a_closed_incident_is_searched_to_its_end() {
    let mut world = World::new();
    closed(&mut world, "a", &format!("{} needle", "é".repeat(200)));
    closed(&mut world, "b", &format!("{} hay", "é".repeat(200)));
    world.at(60);
    assert_eq!(search(&world, json!({"query": "needle"})).len(), 1);
}

#[test]
fn a_search_that_cannot_be_followed_is_refused() {
    let world = World::new();
    let now = world.cluster.sim.now().secs();
    let wrong = [("query", json!(1)), ("query", json!("x".repeat(257))), ("query", json!("x ".repeat(17)))];
    for (name, value) in wrong.into_iter().chain([("is_rare", json!(true)), ("is_my_team", json!("yes"))]) {
        let (status, answer) =
            world.call("/incident/list", &json!({"start_time": now - 60, "end_time": now, name: value}));
        assert_eq!(status, 400, "{name} {value}");
        assert!(answer["error"]["message"].as_str().is_some_and(|text| text.starts_with(name)), "{answer}");
    }
}

#[test]
fn nothing_belongs_to_a_team() {
    let mut world = World::new();
    fired(&mut world, "a", "Disk full");
    for more in [json!({"is_my_team": true}), json!({"is_my_channel": true}), json!({"team_ids": [1]})] {
        assert!(search(&world, more).is_empty());
    }
    let nothing_asked = json!({"is_my_team": false, "is_my_channel": false, "team_ids": [], "is_rare": false});
    assert_eq!(search(&world, nothing_asked).len(), 1);
}

#[test]
fn incidents_of_the_past_are_those_of_the_channel_that_are_alike_the_most_alike_first() {
    let mut world = World::new();
    closed(&mut world, "a", "Disk full on db-1");
    closed(&mut world, "b", "Disk almost full on db-7");
    closed(&mut world, "c", "Certificate of shop expires");
    closed(&mut world, "d", "Disk full on db-2");
    fired(&mut world, "e", "Disk full on db-3");
    fired(&mut world, "f", "Disk full on db-4");
    world.at(60);
    let open = world.incidents().into_iter().find(|incident| incident["title"] == "Disk full on db-3").expect("open");
    let past = |limit: u64| {
        let (status, answer) =
            world.call("/incident/past/list", &json!({"incident_id": open["incident_id"], "limit": limit}));
        assert_eq!(status, 200, "{answer}");
        answer["data"].clone()
    };
    let data = past(0);
    assert_eq!(titles(&data), ["Disk full on db-2", "Disk full on db-1", "Disk almost full on db-7"]);
    let scores: Vec<f64> =
        data["items"].as_array().expect("items").iter().filter_map(|i| i["score"].as_f64()).collect();
    assert!(scores.len() == 3 && scores[0] == 1.0 && scores[1] == 1.0 && (0.3..1.0).contains(&scores[2]), "{scores:?}");
    assert_eq!(titles(&past(1)), ["Disk full on db-2"]);
    for wrong in [json!({}), json!({"incident_id": "x"}), json!({"incident_id": open["incident_id"], "limit": 101})] {
        assert_eq!(world.call("/incident/past/list", &wrong).0, 400, "{wrong}");
    }
}
