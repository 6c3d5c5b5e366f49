//! A real Alertmanager, and `amtool`, push into a deployment.

use blackbox::{Alertmanager, Amtool, Client, Deployment, Options};
use serde_json::{Value, json};

const PAGERDUTY: &str = "/event/push/alert/pagerduty";

/// An alert as Prometheus gives it to an Alertmanager; resolved where it has ended.
fn disk_full(instance: &str, ended: bool) -> Value {
    let mut alert = json!({
        "labels": {"alertname": "DiskFull", "instance": instance, "severity": "critical", "team": "storage"},
        "annotations": {"summary": format!("The disk of {instance} is full"), "description": "97 %"},
        "generatorURL": "http://prom.example.net:9090/graph?g0.expr=up",
        "startsAt": "2020-01-01T00:00:00Z",
    });
    if ended {
        alert["endsAt"] = json!("2020-01-01T01:00:00Z");
    }
    alert
}

/// Waits until there are as many incidents; `log` is what to show where there never are.
fn wait_for(client: &Client, count: usize, log: impl Fn() -> String) -> Vec<Value> {
    let found = client.wait(30, |client| client.incidents().ok().filter(|incidents| incidents.len() == count));
    found.unwrap_or_else(|| panic!("no {count} incidents: {:#?}\n{}", client.incidents(), log()))
}

/// Waits until this incident is closed; returns it.
fn wait_closed(client: &Client, id: &Value, log: impl Fn() -> String) -> Value {
    let info = |client: &Client| client.call("/incident/info", &json!({"incident_id": id})).expect("answered").body;
    let closed = client.wait(30, |client| Some(info(client)["data"].take()).filter(|i| i["progress"] == "Closed"));
    let incident = closed.unwrap_or_else(|| panic!("not closed: {:#}\n{}", info(client), log()));
    assert!(incident["end_time"].as_u64() > Some(0), "{incident:#}");
    assert!(incident["end_time"].as_u64() >= incident["start_time"].as_u64(), "{incident:#}");
    assert_eq!(incident["incident_status"], "Ok", "{incident:#}");
    incident
}

fn assert_open(incident: &Value, severity: &str) {
    assert_eq!(incident["progress"], "Triggered", "{incident:#}");
    assert_eq!(incident["incident_severity"], severity, "{incident:#}");
    assert_eq!(incident["alert_cnt"], 1, "{incident:#}");
    assert!(incident["end_time"].as_u64().unwrap_or_default() == 0, "{incident:#}");
}

fn assert_labels(incident: &Value, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(incident["labels"][name], *value, "{name}: {incident:#}");
    }
}

#[test]
fn each_alert_of_an_alertmanager_s_webhook_opens_an_incident_and_its_end_closes_that_very_one() {
    let Some(deployment) = Deployment::start(Options::default()) else { return };
    let client = &deployment.client;
    let url = format!("{}/event/push/alert/prometheus?integration_key={}", client.url, client.push_key);
    let receiver = json!({"webhook_configs": [{"url": url, "send_resolved": true}]});
    let Some(alertmanager) = Alertmanager::start(&receiver) else { return };
    let log = || alertmanager.log();

    alertmanager.post(&json!([disk_full("db-3:9100", false), disk_full("db-4:9100", false)]));
    let mut incidents = wait_for(client, 2, log);
    incidents.sort_by_key(|incident| incident["title"].to_string());
    for (incident, instance) in incidents.iter().zip(["db-3:9100", "db-4:9100"]) {
        assert_eq!(incident["title"], format!("DiskFull / {instance}"), "{incident:#}");
        assert_eq!(incident["description"], "97 %", "{incident:#}");
        assert_open(incident, "Critical");
        assert_labels(incident, &[("alertname", "DiskFull"), ("instance", instance), ("team", "storage")]);
        let summary = format!("The disk of {instance} is full");
        let url = "http://prom.example.net:9090/graph?g0.expr=up";
        assert_labels(incident, &[("severity", "critical"), ("summary", &summary), ("generator_url", url)]);
    }

    alertmanager.post(&json!([disk_full("db-3:9100", true)]));
    let closed = wait_closed(client, &incidents[0]["incident_id"], log);
    assert_eq!(closed["title"], incidents[0]["title"]);
    let open = client.call("/incident/info", &json!({"incident_id": incidents[1]["incident_id"]})).expect("answered");
    assert_open(&open.body["data"], "Critical");

    alertmanager.post(&json!([disk_full("db-4:9100", true)]));
    wait_closed(client, &incidents[1]["incident_id"], log);
    assert_eq!(client.incidents().expect("listed").len(), 2, "and no other came of it");
}

#[test]
fn an_alertmanager_s_pagerduty_event_opens_an_incident_and_closes_that_very_one() {
    let Some(deployment) = Deployment::start(Options::default()) else { return };
    let client = &deployment.client;
    let receiver = json!({"pagerduty_configs": [{
        "routing_key": client.push_key,
        "url": format!("{}{PAGERDUTY}", client.url),
        "severity": "{{ .CommonLabels.severity }}",
        "class": "{{ .CommonLabels.alertname }}",
        "component": "disk",
        "group": "{{ .CommonLabels.team }}",
    }]});
    let Some(alertmanager) = Alertmanager::start(&receiver) else { return };
    let log = || alertmanager.log();

    alertmanager.post(&json!([disk_full("db-3:9100", false)]));
    let incident = wait_for(client, 1, log).remove(0);
    assert_eq!(incident["title"], "[FIRING:1] DiskFull (db-3:9100 critical storage)", "{incident:#}");
    assert_open(&incident, "Critical");
    assert_labels(&incident, &[("class", "DiskFull"), ("component", "disk"), ("group", "storage")]);
    assert_labels(&incident, &[("client", "Alertmanager"), ("num_firing", "1")]);

    alertmanager.post(&json!([disk_full("db-3:9100", true)]));
    wait_closed(client, &incident["incident_id"], log);
    assert_eq!(client.incidents().expect("listed").len(), 1, "and no other came of it");
}

/// Alertmanager 0.25 takes no other URL for version 1 than PagerDuty's own, whatever `url` and `pagerduty_url` say. So
/// this is what it sends there, caught by a proxy that ends TLS, with `severity` among the `details` by its settings.
#[test]
fn a_pagerduty_event_of_version_1_opens_an_incident_and_closes_that_very_one() {
    let Some(deployment) = Deployment::start(Options::default()) else { return };
    let client = &deployment.client;
    let described = "Labels:\n - alertname = DiskFull\n - instance = db-3:9100\n - severity = critical\n \
                     - team = storage\nAnnotations:\n - description = 97 %\n - summary = The disk of db-3 is full\n\
                     Source: http://prom.example.net:9090/graph?g0.expr=up\n";
    // The path that has Flashduty's name, and PagerDuty's own, for a sender that is led here by its host's name alone.
    for (nth, path) in [PAGERDUTY, "/generic/2010-04-15/create_event.json"].into_iter().enumerate() {
        let incident_key = format!("17c4e445d234645c9e547ff6d32a864af0ebdadcd1902771c24c8d366637ff4{nth}");
        let send = |body: Value| {
            let answer = client.send("POST", path, "application/json", body.to_string().as_bytes()).expect("answered");
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            assert_eq!(answer.body["status"], "success", "{path}: {}", answer.body);
            assert_eq!(answer.body["incident_key"], incident_key.as_str(), "{path}: {}", answer.body);
        };
        send(json!({
            "service_key": client.push_key, "incident_key": incident_key, "event_type": "trigger",
            "description": "[FIRING:1] DiskFull (db-3:9100 critical storage)", "event_action": "", "payload": null,
            "client": "Alertmanager", "client_url": "http://am.example.net:9093/#/alerts?receiver=r",
            "details": {"firing": described, "num_firing": "1", "num_resolved": "0", "resolved": "",
                "severity": "critical"},
        }));
        let mut open = client.incidents().expect("listed");
        open.retain(|incident| incident["progress"] != "Closed");
        assert_eq!(open.len(), 1, "{path}: {open:#?}");
        assert_eq!(open[0]["title"], "[FIRING:1] DiskFull (db-3:9100 critical storage)", "{path}");
        assert_open(&open[0], "Critical");
        assert_labels(&open[0], &[("client", "Alertmanager"), ("num_firing", "1"), ("severity", "critical")]);

        send(json!({
            "service_key": client.push_key, "incident_key": incident_key, "event_type": "resolve",
            "description": "[RESOLVED] DiskFull (db-3:9100 critical storage)", "event_action": "", "payload": null,
            "details": {"firing": "", "num_firing": "0", "num_resolved": "1", "resolved": described,
                "severity": "critical"},
        }));
        wait_closed(client, &open[0]["incident_id"], || path.to_owned());
        assert_eq!(client.incidents().expect("listed").len(), nth + 1, "{path}: and no other came of it");
    }
}

#[test]
fn amtool_opens_an_incident_and_closes_that_very_one_as_if_this_were_an_alertmanager() {
    let Some(deployment) = Deployment::start(Options::default()) else { return };
    let Some(amtool) = Amtool::find() else { return };
    let client = &deployment.client;
    let alert = ["alert", "add", "DiskFull", "instance=db-3:9100", "severity=critical", "team=storage"];
    let annotations = ["--annotation=summary=The disk of db-3 is full", "--annotation=description=97 %"];
    let url = format!("--alertmanager.url={}", client.url);

    // By a bearer token.
    let http_config = format!("--http.config.file={}", amtool.http_config(&client.push_key).display());
    let added = amtool.run(alert.iter().chain(&annotations).copied().chain([url.as_str(), &http_config]));
    assert!(added.status.success(), "{added:?}");
    let incident = wait_for(client, 1, || format!("{added:?}")).remove(0);
    assert_eq!(incident["title"], "DiskFull / db-3:9100", "{incident:#}");
    assert_eq!(incident["description"], "97 %", "{incident:#}");
    assert_open(&incident, "Critical");
    assert_labels(&incident, &[("alertname", "DiskFull"), ("instance", "db-3:9100"), ("team", "storage")]);
    assert_labels(&incident, &[("severity", "critical"), ("summary", "The disk of db-3 is full")]);

    // By a password in the URL.
    let with_password = url.replace("http://", &format!("http://amtool:{}@", client.push_key));
    let ended = ["--start=2020-01-01T00:00:00Z", "--end=2020-01-01T01:00:00Z", &with_password];
    let ended = amtool.run(alert.iter().copied().chain(ended));
    assert!(ended.status.success(), "{ended:?}");
    wait_closed(client, &incident["incident_id"], || format!("{ended:?}"));

    let without_key = amtool.run(alert.iter().copied().chain([url.as_str()]));
    assert!(!without_key.status.success(), "{without_key:?}");
    let said = String::from_utf8_lossy(&without_key.stderr);
    assert!(said.contains("integration_key is not a valid one"), "it can read why: {said}");
    assert_eq!(client.incidents().expect("listed").len(), 1, "and no other came of it");
}
