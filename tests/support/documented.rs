//! A deployment as the document of the API has it: with the configuration that is shown there, and something pushed.

use serde_json::{Value, json};

use super::{APP_KEY, DEMO, SHARED_KEY, World, request};

/// The document of the API.
pub const API: &str = include_str!("../../docs/api.md");

/// A call that is shown.
pub struct Shown {
    pub path: &'static str,
    /// With the key.
    pub target: String,
    /// With ids that there are.
    pub body: Value,
}

impl Shown {
    /// Makes the call with another body.
    pub fn with(&self, world: &World, body: &Value) -> (u16, Value) {
        world.call_raw(request("POST", &self.target, &body.to_string()))
    }
}

/// A world, and the ids that the examples of the document stand for.
pub struct Documented {
    world: World,
    ids: Vec<(&'static str, String)>,
}

impl Documented {
    pub fn new() -> Self {
        let blocks = API.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let mut world = World::by_stored(&blocks.fold(DEMO.to_owned(), |text, block| text + "\n" + block));
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

    /// Makes the calls that are shown, one after the other; each must be answered. `before` sees each of them first.
    pub fn walk(self, before: &mut dyn FnMut(&World, &Shown)) {
        let mut rule_id = String::new();
        for line in API.lines() {
            let Some(rest) = line.strip_prefix("curl 'http://127.0.0.1:3000") else { continue };
            let (address, rest) = rest.split_once('\'').expect("an address");
            let path = address.split_once('?').expect("a key").0;
            let target = address.replace("APP_KEY", APP_KEY).replace("INTEGRATION_KEY", SHARED_KEY);
            let body = rest.split_once("-d '").map_or("{}", |(_, body)| body.trim_end_matches('\''));
            let body = self.ids.iter().fold(body.to_owned(), |body, (name, id)| body.replace(name, id));
            let (_, info) = self.world.call("/config/info", &json!({}));
            let body = body.replace("VERSION", &info["data"]["version"].to_string()).replace("RULE_ID", &rule_id);
            let call = Shown { path, target, body: serde_json::from_str(&body).expect(line) };
            before(&self.world, &call);
            let (status, answer) = call.with(&self.world, &call.body);
            assert_eq!(status, 200, "{line}: {answer}");
            rule_id = answer["data"]["rule_id"].as_str().map_or(rule_id, str::to_owned);
        }
    }
}
