//! From a push to a signed webhook and back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use blackbox::{Deployment, Options, Received, Receiver};
use serde_json::{Value, json};

fn disk(status: &str) -> Value {
    json!({"event_status": status, "title_rule": "disk full on web-07", "alert_key": "disk/web-07/var",
        "labels": {"service": "media-store", "host": "web-07", "team": "storage"}})
}

fn of_type<'a>(received: &'a [Received], event_type: &str) -> Vec<&'a Received> {
    received.iter().filter(|r| r.event_type() == event_type).collect()
}

#[test]
fn an_alert_becomes_an_incident_reaches_the_subscriber_and_is_closed_by_its_recovery() {
    let receiver = Receiver::start(200, Duration::ZERO);
    // No tick: the wake after the answer must do it.
    let Some(deployment) = Deployment::start(Options { receivers: vec![receiver.url.clone()], ..Options::default() })
    else {
        return;
    };
    let client = &deployment.client;

    let pushed = client.push(&disk("Critical")).expect("answered");
    assert_eq!((pushed.status, &pushed.body["data"]["alert_key"]), (200, &json!("disk/web-07/var")));
    assert_eq!(pushed.request_id.as_deref(), pushed.body["request_id"].as_str());
    let incidents = client.incidents().expect("listed");
    assert_eq!(incidents.len(), 1, "a reader sees a push as soon as it is answered");

    let received = receiver.wait(10, |all| !all.is_empty());
    let new = of_type(&received, "i_new")[0].clone();
    assert_eq!(new.body["incident"]["incident_id"], incidents[0]["incident_id"]);
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, new.header(name).expect(name).parse().expect("a value"));
    }
    let verifier = standardwebhooks::Webhook::new(deployment.secret).expect("a secret");
    verifier.verify(&new.bytes, &headers).expect("the signature is right");
    assert_eq!(new.header("webhook-id"), new.body["event_id"].as_str());

    assert_eq!(client.push(&disk("Ok")).expect("answered").status, 200);
    let received = receiver.wait(10, |all| !of_type(all, "i_rslv").is_empty());
    let resolved = of_type(&received, "i_rslv")[0];
    assert_eq!(resolved.body["incident"]["progress"], "Closed");
    assert!(resolved.body["event_time"].as_u64() > new.body["event_time"].as_u64());
    let id = &incidents[0]["incident_id"];
    let info = client.call("/incident/info", &json!({"incident_id": id})).expect("answered");
    assert_eq!(
        (&info.body["data"]["incident_status"], &info.body["data"]["progress"]),
        (&json!("Ok"), &json!("Closed"))
    );
}

#[test]
fn sixty_four_senders_at_once_make_one_incident_with_far_fewer_writes_than_pushes() {
    let receiver = Receiver::start(200, Duration::ZERO);
    let Some(deployment) =
        Deployment::start(Options { receivers: vec![receiver.url.clone()], tick: true, ..Options::default() })
    else {
        return;
    };
    let rounds = 12;
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                for _ in 0..rounds {
                    let answer = deployment.client.push(&disk("Critical")).expect("answered");
                    assert_eq!(answer.status, 200, "{}", answer.body);
                }
            });
        }
    });
    let incidents = deployment.client.incidents().expect("listed");
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0]["alert_cnt"], 1);
    let received = receiver.wait(10, |all| !all.is_empty());
    let ids: BTreeSet<_> = received.iter().map(|r| r.body["event_id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "one event");
    if let Some(stats) = deployment.stats("ingest") {
        let writes = stats["kv"]["writes"].as_u64();
        let pushes = 64 * rounds;
        eprintln!("{writes:?} writes for {pushes} pushes");
        assert!(writes.is_some_and(|writes| writes < pushes * 2 / 3), "{writes:?} writes for {pushes} pushes");
    }
}

#[test]
fn a_push_writes_once_and_reads_nothing_before_its_answer() {
    let Some(deployment) = Deployment::start(Options { memory: true, ..Options::default() }) else { return };
    let counts = || {
        let stats = deployment.stats("ingest")?;
        Some((stats["kv"]["writes"].as_u64()?, stats["kv"]["reads"].as_u64()?))
    };
    let Some(mut before) = counts() else {
        eprintln!("this host has no counters");
        return;
    };
    let began = Instant::now();
    for (nth, body) in [disk("Warning"), disk("Critical"), disk("Critical"), disk("Ok")].iter().enumerate() {
        assert_eq!(deployment.client.push(body).expect("answered").status, 200);
        let after = counts().expect("counters");
        // The first push of an instance also draws its stream, and reads the configuration; that is looked at again after an
        // answer, once a second.
        let (writes, reads) = if nth == 0 { (2, 1) } else { (1, began.elapsed().as_secs()) };
        assert_eq!(after.0 - before.0, writes, "push {nth}");
        assert!(after.1 - before.1 <= reads, "push {nth} read {}", after.1 - before.1);
        before = after;
    }
}

#[test]
fn a_subscriber_that_hangs_delays_no_other_and_no_sender() {
    let hanging = Receiver::start(200, Duration::from_secs(3));
    let healthy = Receiver::start(200, Duration::ZERO);
    let receivers = vec![hanging.url.clone(), healthy.url.clone()];
    let Some(deployment) = Deployment::start(Options { receivers, tick: true, ..Options::default() }) else { return };
    for nth in 0..5 {
        let body = json!({"event_status": "Critical", "title_rule": "t", "alert_key": format!("k{nth}")});
        assert_eq!(deployment.client.push(&body).expect("answered").status, 200);
    }
    let received = healthy.wait(15, |all| all.len() >= 5);
    assert_eq!(received.len(), 5);
}

#[test]
fn the_folder_cannot_be_reached_from_outside_but_tick_can() {
    let Some(deployment) = Deployment::start(Options::default()) else { return };
    for path in ["/wake", "/deliver?channel=101&token=1", "/retry"] {
        let answer = deployment.client.send("POST", path, "application/json", b"").expect("answered");
        assert_eq!((answer.status, answer.code()), (404, "RouteNotFound"), "{path}");
    }
    for method in ["POST", "GET"] {
        let tick = deployment.client.send(method, "/tick", "application/json", b"").expect("answered");
        assert_eq!(tick.status, 200, "{}", tick.body);
        assert!(tick.body["data"]["next_ms"].as_u64().is_some_and(|ms| ms > 0), "{}", tick.body);
    }
}
