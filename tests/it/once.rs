//! Where nothing fails, nothing is told twice, however deliveries and folds cross.

use std::collections::BTreeMap;

use alarum::journal::{Place, Record};
use alarum::keys;
use alarum::ports::Store;
use serde_json::json;

use crate::support::{Cluster, DEMO, PRIVATE_KEY, Push, World};

#[test]
fn a_burst_is_told_once_also_where_folds_move_what_is_just_being_delivered() {
    for seed in 0..60 {
        let cluster = Cluster::new(seed, DEMO, 4, 3);
        cluster.receiver.delay_ms.set(20);
        for nth in 0..60 {
            let key = format!("k{nth}");
            let body = json!({"event_status": "Critical", "title_rule": key, "alert_key": key});
            cluster.push(Push { key: PRIVATE_KEY, body }.request(), |answer| assert_eq!(answer.status, 200));
            // Some are folded while others are on their way.
            if nth % 6 == 5 {
                (0..300).for_each(|_| cluster.sim.step());
            }
        }
        cluster.run();
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for webhook in cluster.receiver.arrived.borrow().iter() {
            *told.entry(webhook.event_id.clone()).or_default() += 1;
        }
        assert_eq!(told.len(), 60, "seed {seed}");
        let twice = told.values().filter(|times| **times > 1).count();
        assert_eq!(twice, 0, "of 60 events came twice, seed {seed}");
    }
}

/// What is open after an alert whose incident was closed by hand stands in the journal a second time.
fn open_after_a_copy(again: bool) -> usize {
    let mut world = World::new();
    world.fire("disk");
    let id = world.incidents()[0]["incident_id"].clone();
    assert_eq!(world.call("/incident/resolve", &json!({"incident_ids": [id]})).0, 200);
    let store = world.cluster.store.clone();
    let key = store.keys().into_iter().find(|key| key.starts_with("alarum:1:j:")).expect("a record");
    let place: Vec<u64> = key.rsplitn(3, ':').take(2).map(|part| part.parse().expect("a number")).collect();
    let mut record = Record::decode(&store.value(&key).expect("a record")[1..]).expect("a record");
    record.again = again.then_some(Place { stream: place[1], n: place[0] });
    record.received = world.cluster.sim.now();
    world.at(1);
    let cluster = world.cluster.clone();
    world.cluster.sim.spawn(5000, async move {
        let handle = cluster.store_handle();
        let stream = handle.increment(keys::STREAMS, 1).await.expect("a number");
        let value = [&b"w"[..], &record.encode()].concat();
        handle.set(&keys::record(stream.cast_unsigned(), 1), &value).await.expect("stored");
    });
    world.cluster.run();
    world.cluster.tick();
    world.incidents().iter().filter(|incident| incident["progress"] != "Closed").count()
}

#[test]
fn an_alert_that_was_written_again_counts_once_though_its_incident_was_closed_between() {
    assert_eq!(open_after_a_copy(true), 0);
    // Not by chance: one that the sender had sent again would be new.
    assert_eq!(open_after_a_copy(false), 1);
}
