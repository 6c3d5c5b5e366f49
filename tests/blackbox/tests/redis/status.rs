//! What watches machines on one Redis is told: whether they can keep what they take, and the figures of all of them.

use std::collections::BTreeSet;

use blackbox::{Answer, Deployment, Redis};
use serde_json::{Value, json};

use crate::two_machines;

fn get(machine: &Deployment, path: &str) -> Answer {
    machine.client.send("GET", path, "text/plain", b"").expect("answered")
}

/// The checks of `/readyz` that are as they must be, by name.
fn passed(answer: &Answer) -> BTreeSet<&str> {
    let checks = answer.body["checks"].as_array().expect("checks").iter();
    checks.filter(|check| check["ok"] == true).filter_map(|check| check["name"].as_str()).collect()
}

#[test]
fn machines_are_ready_while_their_redis_answers_and_alive_while_it_does_not() {
    let Some(redis) = Redis::start() else { return };
    let Some((one, other)) = two_machines(&redis, Vec::new()) else { return };
    let machines = [&one, &other];
    for machine in machines {
        let ready = get(machine, "/readyz");
        assert_eq!((ready.status, &ready.body["ready"]), (200, &json!(true)), "{}", ready.text);
        let all = ["configuration", "increment", "ledger", "missing_key", "store", "swap"];
        assert_eq!(passed(&ready), all.into_iter().collect(), "{}", ready.text);
        let checks = ready.body["checks"].as_array().expect("checks");
        let missing = checks.iter().find(|check| check["name"] == "missing_key").expect("looked at");
        assert_eq!(missing["message"], "of two swaps of a missing key one is let in; nothing relies on it");
    }

    redis.kill();
    for machine in machines {
        // An instance that has just tried it tells for ten seconds what it found.
        let refused = machine.client.wait(30, |_| Some(get(machine, "/readyz")).filter(|a| a.status == 503));
        let refused = refused.expect("not ready");
        assert_eq!(refused.body["ready"], false);
        let passed = passed(&refused);
        assert!(["increment", "ledger", "store", "swap"].iter().all(|name| !passed.contains(name)), "{}", refused.text);
        assert_eq!(get(machine, "/healthz").status, 200);
        let figures = get(machine, "/metrics").status;
        assert!((500..=599).contains(&figures), "{figures}");
    }
    redis.restart();
    for machine in machines {
        let ready = machine.client.wait(30, |_| Some(get(machine, "/readyz")).filter(|a| a.status == 200));
        assert!(ready.is_some(), "{}", get(machine, "/readyz").text);
    }
}

#[test]
fn each_machine_has_the_figures_of_both() {
    let Some(redis) = Redis::start() else { return };
    let Some((one, other)) = two_machines(&redis, Vec::new()) else { return };
    for (machine, key) in [(&one, "a"), (&other, "b"), (&other, "a"), (&one, "c")] {
        let alert: Value = json!({"event_status": "Critical", "title_rule": key, "alert_key": key});
        assert_eq!(machine.client.push(&alert).expect("answered").status, 200);
    }
    let wanted = [
        "alarum_accepted_requests_total{integration_id=\"9001\"} 4\n",
        "alarum_alerts_total{channel_id=\"101\",result=\"new\"} 3\n",
        "alarum_alerts_total{channel_id=\"101\",result=\"merged\"} 1\n",
        "alarum_open_incidents{channel_id=\"101\",progress=\"Triggered\",severity=\"Critical\"} 3\n",
        "alarum_journal_waiting_records 0\n",
    ];
    for machine in [&one, &other] {
        let complete = |text: &str| wanted.iter().all(|line| text.contains(line));
        let told = machine.client.wait(20, |_| complete(&get(machine, "/metrics").text).then_some(()));
        assert!(told.is_some(), "{}", get(machine, "/metrics").text);
    }
}
