//! The figures: that they are right, cost nothing but a few reads, tell no secret, and are in Prometheus' format.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use alarum::http::Answer;
use serde_json::{Value, json};

use crate::support::prometheus::Figures;
use crate::support::{Cluster, DEMO, Faults, PRIVATE_KEY, Push, SHARED_KEY, World, request};

fn figures(cluster: &Rc<Cluster>) -> Figures {
    Figures::read(&cluster.get_now("/metrics"))
}

fn refuse(world: &mut World) {
    let answer = world.push_as("not-a-key-0123456789", json!({"event_status": "Critical", "title_rule": "t"}));
    assert_eq!(answer.status, 400);
}

fn ids(world: &World) -> Vec<String> {
    world.incidents().iter().map(|i| i["incident_id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn what_was_pushed_merged_recovered_and_refused_is_counted() {
    let mut world = World::new();
    world.fire("a").fire("b").fire("c");
    // Once with something new, once with nothing.
    world.push(json!({"event_status": "Warning", "title_rule": "a is bad", "alert_key": "a"})).fire("b");
    world.recover("c");
    refuse(&mut world);
    refuse(&mut world);
    let answer = world.push_as(
        PRIVATE_KEY,
        json!([{"event_status": "Info", "title_rule": "d", "alert_key": "d"}, {"event_status": "none"}]),
    );
    let taken = u64::from(answer.status == 200);
    let now = figures(&world.cluster);
    let alert = |result: &str| now.get(&format!("alarum_alerts_total{{channel_id=\"101\",result=\"{result}\"}}"));
    assert_eq!((alert("new"), alert("merged"), alert("recovered")), (3 + taken, 2, 1));
    assert_eq!(now.get("alarum_accepted_requests_total{integration_id=\"9001\"}"), 6 + taken);
    assert_eq!(now.get("alarum_accepted_alerts_total{integration_id=\"9001\"}"), 6 + taken);
    assert_eq!(now.get("alarum_incidents_opened_total{channel_id=\"101\"}"), 3 + taken);
    assert_eq!(now.get("alarum_incidents_closed_total{channel_id=\"101\"}"), 1);
    let open = |now: &Figures, progress: &str, severity: &str| {
        let labels = format!("channel_id=\"101\",progress=\"{progress}\",severity=\"{severity}\"");
        now.get(&format!("alarum_open_incidents{{{labels}}}"))
    };
    assert_eq!((open(&now, "Triggered", "Critical"), open(&now, "Processing", "Critical")), (2, 0));
    let told = world.cluster.receiver.arrived.borrow().len() as u64;
    assert_eq!(now.get("alarum_webhooks_delivered_total"), told);
    assert_eq!(now.get("alarum_journal_waiting_records"), 0);
    assert_eq!(now.get("alarum_oldest_undelivered_event_age_seconds"), 0);
    // The first refusal is stored at once, the others after a while.
    assert_eq!(now.sum("alarum_refused_requests_total"), 1);
    world.cluster.sim.advance_ms(10_000);
    world.fire("b");
    let later = figures(&world.cluster);
    assert_eq!(later.get("alarum_refused_requests_total{code=\"InvalidParameter\"}"), 3 - taken);
    assert_eq!(later.get("alarum_refused_alerts_total"), taken);

    let open_ids: Vec<String> = ids(&world);
    let acknowledged = world.call("/incident/ack", &json!({"incident_ids": [open_ids.last().expect("one")]}));
    assert_eq!(acknowledged.0, 200, "{acknowledged:?}");
    let later = figures(&world.cluster);
    assert_eq!((open(&later, "Triggered", "Critical"), open(&later, "Processing", "Critical")), (1, 1));
}

#[test]
fn an_incident_that_people_close_and_open_again_is_counted_wherever_it_is() {
    let mut world = World::new();
    world.fire("a").fire("b");
    let id = ids(&world).remove(0);
    let act = |world: &World, path: &str, body: Value| assert_eq!(world.call(path, &body).0, 200, "{path}");
    act(&world, "/incident/resolve", json!({"incident_ids": [id]}));
    // It leaves its board, and comes back.
    for _ in 0..4 {
        world.cluster.sim.advance_ms(200_000);
        world.cluster.tick();
    }
    assert!(world.cluster.store.keys().iter().any(|key| key.starts_with("alarum:1:i:")), "it has left");
    act(&world, "/incident/reopen", json!({"incident_ids": [id], "reason": "again"}));
    act(&world, "/incident/create", json!({"incident_severity": "Info", "title": "by hand", "channel_id": 101}));
    let now = figures(&world.cluster);
    let counted = |name: &str| now.get(&format!("alarum_incidents_{name}_total{{channel_id=\"101\"}}"));
    assert_eq!((counted("opened"), counted("reopened"), counted("closed")), (3, 1, 1));
    assert_eq!(now.sum("alarum_open_incidents"), 3);
    assert_eq!(now.get("alarum_alerts_total{channel_id=\"101\",result=\"new\"}"), 2, "none is new by coming back");
}

#[test]
fn who_fails_shows_with_its_queue_its_age_and_what_was_given_up() {
    let mut world = World::new();
    world.fire("fine");
    world.cluster.receiver.status.set(503);
    for key in ["a", "b"] {
        world.fire(key);
    }
    world.cluster.sim.advance_ms(400_000);
    let now = figures(&world.cluster);
    assert_eq!(now.get("alarum_queue_events{subscription_id=\"1\"}"), 2);
    assert_eq!(now.get("alarum_webhooks_failed_total{subscription_id=\"1\"}"), 2);
    assert_eq!(now.get("alarum_subscription_state{subscription_id=\"1\",state=\"failing\"}"), 1);
    assert_eq!(now.get("alarum_subscription_oldest_event_age_seconds{subscription_id=\"1\"}"), 400);
    assert_eq!(now.get("alarum_oldest_undelivered_event_age_seconds"), 400);
    world.cluster.tick();
    world.fire("c");
    let now = figures(&world.cluster);
    assert_eq!(now.get("alarum_subscription_state{subscription_id=\"1\",state=\"suspect\"}"), 1);
    assert_eq!(now.get("alarum_subscription_behind{subscription_id=\"1\"}"), 1);
    // A refusal is final: once, and told once.
    world.cluster.receiver.status.set(0);
    for _ in 0..20 {
        world.cluster.sim.advance_ms(60_000);
        world.cluster.tick();
    }
    world.cluster.receiver.status.set(400);
    world.fire("refused");
    world.cluster.receiver.status.set(0);
    let now = figures(&world.cluster);
    assert_eq!(now.get("alarum_webhooks_given_up_total{subscription_id=\"1\"}"), 1);
    assert_eq!(now.get("alarum_queue_events{subscription_id=\"1\"}"), 0);
    let taken = world.cluster.receiver.arrived.borrow().iter().filter(|webhook| webhook.taken).count() as u64;
    assert_eq!(now.get("alarum_webhooks_delivered_total"), taken);
    let failed = world.cluster.receiver.arrived.borrow().iter().filter(|webhook| !webhook.taken).count() as u64;
    assert_eq!(now.get("alarum_webhooks_failed_total{subscription_id=\"1\"}"), failed);
    let (status, answer) = world.call("/webhook/pause", &json!({"integration_id": 1}));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(figures(&world.cluster).get("alarum_subscription_state{subscription_id=\"1\",state=\"paused\"}"), 1);
}

/// What is counted in the journal is what the boards count, whatever crashes and fails meanwhile.
#[test]
fn nothing_is_counted_twice_and_nothing_left_out_where_instances_crash() {
    for seed in 1..=30 {
        let cluster = Cluster::new(seed, DEMO, 3, 3);
        cluster.set_faults(Faults { store_before: 20, store_after: 20, receiver: 0, wake: 100, crash: 30 });
        let answered = Rc::new(RefCell::new(0_u64));
        for nth in 0..60 {
            let slot = answered.clone();
            let key = format!("k{}", nth % 20);
            let body = json!({"event_status": "Critical", "title_rule": key, "alert_key": key});
            cluster.push(Push { key: PRIVATE_KEY, body }.request(), move |answer: Answer| {
                *slot.borrow_mut() += u64::from(answer.status == 200);
            });
            for _ in 0..60 {
                cluster.sim.step();
            }
            cluster.sim.advance_ms(20);
            if cluster.sim.happens(100) {
                cluster.crash_one();
            }
        }
        cluster.crash_all();
        cluster.set_faults(Faults::default());
        for _ in 0..10 {
            cluster.sim.advance_ms(20_000);
            cluster.tick();
        }
        let now = figures(&cluster);
        let alerts = |result: &str| now.get(&format!("alarum_alerts_total{{channel_id=\"101\",result=\"{result}\"}}"));
        assert!(*answered.borrow() > 10, "seed {seed}");
        let accepted = now.sum("alarum_accepted_alerts_total");
        assert_eq!(alerts("new") + alerts("merged"), accepted, "seed {seed}");
        // One that failed after it took effect is stored though it was not answered with 200.
        assert!(accepted >= *answered.borrow(), "seed {seed}");
        let listed = cluster.incidents();
        let distinct: BTreeSet<Option<&str>> = listed.iter().map(|incident| incident["dedup_key"].as_str()).collect();
        assert_eq!((alerts("new"), distinct.len()), (listed.len() as u64, listed.len()), "seed {seed}");
        assert_eq!(now.sum("alarum_incidents_opened_total"), listed.len() as u64, "seed {seed}");
        assert_eq!(now.sum("alarum_open_incidents"), listed.len() as u64, "seed {seed}");
        let told: BTreeSet<String> =
            cluster.receiver.arrived.borrow().iter().map(|webhook| webhook.event_id.clone()).collect();
        // What was taken is counted once, however often it was sent because its sender crashed.
        assert_eq!(now.get("alarum_webhooks_delivered_total"), told.len() as u64, "seed {seed}");
        assert_eq!(now.get("alarum_journal_waiting_records"), 0, "seed {seed}");
    }
}

#[test]
fn lost_swaps_are_counted_by_who_wins_later() {
    let cluster = Cluster::new(1, DEMO, 4, 4);
    cluster.lost_wakes.set(1000);
    for round in 0..20 {
        for nth in 0..4 {
            let key = format!("k{round}.{nth}");
            let body = json!({"event_status": "Critical", "title_rule": key, "alert_key": key});
            cluster.push(Push { key: PRIVATE_KEY, body }.request(), |_| {});
        }
        cluster.run();
        for _ in 0..4 {
            cluster.fanout("/tick", |_| {});
        }
        cluster.run();
    }
    let now = figures(&cluster);
    assert!(now.get("alarum_swaps_lost_total{document=\"board\"}") > 0, "{now:#?}");
    assert!(now.sum("alarum_folds_total") >= 20 && now.sum("alarum_swaps_total") > now.sum("alarum_folds_total"));
    assert_eq!(now.sum("alarum_folded_records_total"), now.get("alarum_journal_records_total"));
    assert_eq!(now.sum("alarum_accepted_requests_total"), 80);
}

#[test]
fn what_waits_in_the_journal_shows() {
    let mut world = World::new();
    world.cluster.lost_wakes.set(1000);
    world.fire("a").fire("b");
    world.push_shared(json!({"event_status": "Ok", "alert_key": "nowhere"}));
    world.cluster.sim.advance_ms(7_000);
    let now = figures(&world.cluster);
    assert_eq!(now.get("alarum_journal_waiting_records"), 3);
    assert_eq!(now.get("alarum_journal_oldest_waiting_record_age_seconds"), 7);
    assert_eq!(now.get("alarum_accepted_alerts_total{integration_id=\"9001\"}"), 2, "counted before they are folded");
    world.cluster.lost_wakes.set(0);
    world.cluster.sim.advance_ms(5_000);
    world.cluster.tick();
    let now = figures(&world.cluster);
    assert_eq!(now.get("alarum_journal_waiting_records"), 0);
    assert_eq!(now.get("alarum_accepted_alerts_total{integration_id=\"9001\"}"), 2);
    assert_eq!(now.get("alarum_journal_records_total"), 3);
}

#[test]
fn the_figures_cost_a_few_reads_and_no_write_and_say_nothing_that_anybody_wrote() {
    let mut world = World::new();
    for nth in 0..40 {
        world.push(
            json!({"event_status": "Critical", "title_rule": "S3CRET title", "alert_key": format!("s3cret{nth}"),
            "labels": {"host": "s3cret-host"}}),
        );
    }
    world.push_shared(json!({"event_status": "Critical", "title_rule": "t", "alert_key": "s"}));
    world.cluster.tick();
    let store = &world.cluster.store;
    let before = (store.reads.get(), store.writes.get());
    let answer = world.cluster.get_now("/metrics");
    assert!(store.reads.get() - before.0 <= 18, "{} reads", store.reads.get() - before.0);
    assert_eq!(store.writes.get(), before.1);
    let text = String::from_utf8(answer.body).expect("a text").to_lowercase();
    for secret in ["s3cret", "example", "0123456789", "storage", "whsec"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn with_a_key_configured_only_who_has_it_sees_the_figures() {
    let world = World::with_config(&format!("{DEMO}\n[metrics]\nkey = \"metrics-key-0123456789\"\n"));
    assert_eq!(world.cluster.get_now("/metrics").status, 401);
    assert_eq!(world.cluster.get_now("/metrics?key=metrics-key-012345678").status, 401);
    assert_eq!(world.cluster.get_now("/metrics?key=metrics-key-0123456789").status, 200);
    let mut asked = request("GET", "/metrics", "");
    asked.authorization = Some("Bearer metrics-key-0123456789".to_owned().into());
    let result = Rc::new(RefCell::new(0));
    let slot = result.clone();
    world.cluster.call(asked, move |answer| *slot.borrow_mut() = answer.status);
    world.cluster.run();
    assert_eq!(result.take(), 200);
    assert_eq!(world.cluster.get_now("/readyz").status, 200, "it needs none");
}

#[test]
fn a_deployment_where_nothing_has_happened_has_figures_too() {
    let world = World::new();
    let now = figures(&world.cluster);
    assert_eq!(now.get("alarum_webhooks_delivered_total"), 0);
    assert_eq!(now.get("alarum_queue_events{subscription_id=\"1\"}"), 0);
    assert_eq!(now.get("alarum_refused_requests_total{code=\"InternalError\"}"), 0);
    assert_eq!(now.get("alarum_webhooks_given_up_total{subscription_id=\"1\"}"), 0);
}

/// One that is not listed is one that nobody finds.
#[test]
fn the_documentation_has_every_figure_and_no_other() {
    let mut world = World::new();
    world.fire("a").push_as(SHARED_KEY, json!({}));
    let now = figures(&world.cluster);
    let exist: BTreeSet<&str> = now.0.keys().filter_map(|name| name.split('{').next()).collect();
    let document = include_str!("../../docs/operations.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `alarum_"));
    let named: BTreeSet<String> =
        rows.filter_map(|row| Some(format!("alarum_{}", row.split(['`', '{']).next()?))).collect();
    assert_eq!(named.iter().map(String::as_str).collect::<BTreeSet<_>>(), exist);
}
