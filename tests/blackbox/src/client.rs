//! A client: a sender and a caller of the Open API.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use ureq::Agent;

/// Talks to a deployment.
#[derive(Clone)]
pub struct Client {
    /// The deployment's base URL.
    pub url: String,
    /// The key of its private integration.
    pub push_key: String,
    /// The key of its shared integration.
    pub shared_key: String,
    /// The key to its Open API.
    pub app_key: String,
    agent: Agent,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The request id in the header.
    pub request_id: Option<String>,
    /// The headers that are text, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; `Null` where it is not JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Answer {
    /// The protocol's error code.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl Client {
    /// A client for a deployment with these keys.
    pub fn new(url: &str, push_key: &str, shared_key: &str, app_key: &str) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(30)));
        Self {
            url: url.trim_end_matches('/').to_owned(),
            push_key: push_key.to_owned(),
            shared_key: shared_key.to_owned(),
            app_key: app_key.to_owned(),
            agent: config.build().into(),
        }
    }

    /// Sends any request. An error is one of the connection, as text.
    pub fn send(&self, method: &str, target: &str, content_type: &str, body: &[u8]) -> Result<Answer, String> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.url))
            .header("content-type", content_type)
            .body(body.to_vec())
            .map_err(|e| e.to_string())?;
        let mut response = self.agent.run(request).map_err(|e| e.to_string())?;
        let headers = response.headers().iter();
        let headers = headers.filter_map(|(name, v)| Some((name.as_str().to_owned(), v.to_str().ok()?.to_owned())));
        let headers: Vec<_> = headers.collect();
        let request_id = headers.iter().find(|(name, _)| name == "flashcat-request-id").map(|(_, id)| id.clone());
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(|e| e.to_string())?;
        Ok(Answer { status, request_id, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null), text })
    }

    /// Pushes an alert to the private integration.
    pub fn push(&self, body: &Value) -> Result<Answer, String> {
        let target = format!("/event/push/alert/standard?integration_key={}", self.push_key);
        self.send("POST", &target, "application/json", body.to_string().as_bytes())
    }

    /// Calls the Open API.
    pub fn call(&self, path: &str, body: &Value) -> Result<Answer, String> {
        self.send("POST", &format!("{path}?app_key={}", self.app_key), "application/json", body.to_string().as_bytes())
    }

    /// All incidents of the last day.
    pub fn incidents(&self) -> Result<Vec<Value>, String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut all = Vec::new();
        for page in 1.. {
            let query = json!({"start_time": now - 86_400, "end_time": now + 60, "p": page, "limit": 100});
            let answer = self.call("/incident/list", &query)?;
            let data = &answer.body["data"];
            let items = data["items"].as_array().ok_or_else(|| answer.body.to_string())?;
            all.extend(items.iter().cloned());
            if data["has_next_page"] != true {
                break;
            }
        }
        Ok(all)
    }

    /// Asks again until `wanted` gives something, at most `seconds`.
    pub fn wait<T>(&self, seconds: u64, mut wanted: impl FnMut(&Self) -> Option<T>) -> Option<T> {
        let end = Instant::now() + Duration::from_secs(seconds);
        loop {
            if let Some(found) = wanted(self) {
                return Some(found);
            }
            if Instant::now() > end {
                return None;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
