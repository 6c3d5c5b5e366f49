//! A deployment as the document of the API has it: with the configuration that is shown there, and something pushed.

use serde_json::{Value, json};

use super::{DEMO, World};

/// The document of the API.
pub const API: &str = include_str!("../../docs/api.md");

/// A world, and the ids that the examples of the document stand for.
pub struct Documented {
    pub world: World,
    pub ids: Vec<(&'static str, String)>,
}

impl Documented {
    pub fn new() -> Self {
        let blocks = API.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let mut world = World::with_config(&blocks.fold(DEMO.to_owned(), |text, block| text + "\n" + block));
        let (mut incidents, mut event_id) = (Vec::new(), String::new());
        for key in ["a", "b", "c"] {
            world.push(
                json!({"event_status": "Critical", "title_rule": key, "alert_key": key, "labels": {"host": key}}),
            );
            let told = world.expect_webhook("i_new");
            incidents.push(told.incident_id);
            event_id = told.event_id;
        }
        let (_, alerts) = world.call("/incident/alert/list", &json!({"incident_id": incidents[2]}));
        let alert_id = alerts["data"]["items"][0]["alert_id"].as_str().expect("an id").to_owned();
        let ids = vec![
            ("OTHER_INCIDENT_ID", incidents[1].clone()),
            ("INCIDENT_ID", incidents[0].clone()),
            ("EVENT_ID", event_id),
            ("ALERT_ID", alert_id),
        ];
        Self { world, ids }
    }

    /// The calls that are shown, in their order: the line, the path and the body with ids that exist.
    pub fn calls(&self) -> Vec<(&'static str, &'static str, Value)> {
        let mut calls = Vec::new();
        for line in API.lines() {
            let Some(rest) = line.strip_prefix("curl 'http://127.0.0.1:3000") else { continue };
            let (path, rest) = rest.split_once("?app_key=APP_KEY'").expect("a key");
            let body = rest.split_once("-d '").map_or("{}", |(_, body)| body.trim_end_matches('\''));
            let body = self.ids.iter().fold(body.to_owned(), |body, (name, id)| body.replace(name, id));
            calls.push((line, path, serde_json::from_str(&body).expect(line)));
        }
        calls
    }
}
