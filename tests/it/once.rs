//! Where nothing fails, nothing is told twice, however deliveries and folds cross.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{Cluster, DEMO, PRIVATE_KEY, Push};

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
