//! The same journal gives the same board, however it was folded.

use std::collections::BTreeMap;
use std::rc::Rc;

use alarum::fold::{Folder, PageCache};
use alarum::intake::{AlertEvent, Status};
use alarum::journal::{Accepted, Arrival, Record, What};
use alarum::time::Timestamp;
use proptest::prelude::*;

use crate::support::{Cluster, DEMO};

/// A journal: per stream its records, with stamps (milliseconds after the beginning) that rise in each stream.
type Journal = BTreeMap<u64, Vec<(u64, Vec<Accepted>)>>;

fn accepted() -> impl Strategy<Value = Accepted> {
    let statuses = prop_oneof![Just(Status::Critical), Just(Status::Warning), Just(Status::Ok)];
    let channels = prop_oneof![Just(vec![101]), Just(vec![100]), Just(vec![101, 100])];
    (0..6_u8, statuses, channels, 0..3_u8).prop_map(|(key, status, channel_ids, description)| {
        let event = AlertEvent {
            alert_key: format!("k{key}"),
            status,
            title: format!("title {key}"),
            description: format!("{description}"),
            labels: [("n".to_owned(), format!("{description}"))].into(),
            ..AlertEvent::default()
        };
        let everywhere = status == Status::Ok && key % 2 == 0;
        let channel_ids = if everywhere { Vec::new() } else { channel_ids };
        // Some keys inhibit others.
        let (sources, targets) = match key {
            0 => (vec![1], vec![]),
            1 => (vec![1, 2], vec![2]),
            2 | 3 => (vec![], vec![1]),
            _ => (vec![], vec![]),
        };
        let what = What::Event(Arrival { event, sources, targets, ..Arrival::default() });
        Accepted { integration_id: 9001, channel_ids, everywhere, what, ..Accepted::default() }
    })
}

fn journal() -> impl Strategy<Value = Journal> {
    let records = prop::collection::vec((1..50_u64, prop::collection::vec(accepted(), 1..4)), 0..12);
    prop::collection::vec(records, 1..5).prop_map(|streams| {
        let stamped = |records: Vec<(u64, Vec<Accepted>)>| {
            let mut at = 0;
            records
                .into_iter()
                .map(|(wait, accepted)| {
                    (
                        {
                            at += wait;
                            at
                        },
                        accepted,
                    )
                })
                .collect()
        };
        streams.into_iter().enumerate().map(|(nth, records)| (nth as u64 + 1, stamped(records))).collect()
    })
}

/// Writes a journal into an empty store.
fn write(cluster: &Rc<Cluster>, journal: &Journal, start: Timestamp) {
    cluster.store.put("alarum:1:streams", (journal.len() as i64).to_le_bytes().to_vec());
    for (stream, records) in journal {
        for (nth, (at, accepted)) in records.iter().enumerate() {
            let record = Record { v: Record::FORMAT, received: start.plus_millis(*at), accepted: accepted.clone() };
            let mut value = vec![b'w'];
            value.extend(record.encode());
            cluster.store.put(&format!("alarum:1:j:{stream}:{}", nth + 1), value);
        }
    }
}

/// Folds at the given times (by `racers` folders at once each time) and returns what the boards then hold.
fn fold(seed: u64, journal: &Journal, times: &[u64], racers: usize, tidy: bool) -> Vec<Vec<u8>> {
    let cluster = Cluster::new(seed, DEMO, 1, 1);
    let start = cluster.sim.now();
    write(&cluster, journal, start);
    let mut times = times.to_vec();
    times.push(10_000);
    times.sort_unstable();
    for at in times {
        let now = cluster.sim.now().millis_since(start);
        cluster.sim.advance_ms(at.saturating_sub(now));
        for racer in 0..racers {
            let cluster = cluster.clone();
            cluster.sim.clone().spawn(racer as u64, async move {
                let (store, node, pages) = (cluster.store_handle(), cluster.node(), PageCache::default());
                let folder = Folder { store: &store, clock: &node, random: &node, pages: &pages, lease_ms: 1000 };
                folder.fold(tidy).await.expect("folded");
            });
        }
        cluster.run();
    }
    contents(&cluster)
}

fn contents(cluster: &Rc<Cluster>) -> Vec<Vec<u8>> {
    let result = Rc::new(std::cell::RefCell::new(Vec::new()));
    let (slot, cluster_in) = (result.clone(), cluster.clone());
    cluster.sim.spawn(0, async move {
        let (store, node, pages) = (cluster_in.store_handle(), cluster_in.node(), PageCache::default());
        let folder = Folder { store: &store, clock: &node, random: &node, pages: &pages, lease_ms: 1000 };
        for mut board in folder.view(None).await.expect("a view") {
            let content = pages.loading(&store, &mut board, |board| board.canonical()).await.expect("loaded");
            slot.borrow_mut().push(content);
        }
    });
    cluster.run();
    result.take()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_of_a_journal_into_folds_gives_the_same_boards(
        journal in journal(), times in prop::collection::vec(0..700_u64, 0..6), tidy: bool, seed: u64,
    ) {
        let at_once = fold(1, &journal, &[], 1, false);
        prop_assert_eq!(&fold(seed, &journal, &times, 1, tidy), &at_once);
    }

    #[test]
    fn any_two_racing_folders_give_the_same_boards(
        journal in journal(), times in prop::collection::vec(0..700_u64, 0..4), tidy: bool, seed: u64,
    ) {
        let at_once = fold(1, &journal, &[], 1, false);
        prop_assert_eq!(&fold(seed, &journal, &times, 2, tidy), &at_once);
        prop_assert_eq!(&fold(seed, &journal, &times, 3, tidy), &at_once);
    }

    #[test]
    fn folding_again_changes_nothing(journal in journal(), seed: u64) {
        let times: Vec<u64> = (0..8).map(|nth| nth * 100).collect();
        prop_assert_eq!(fold(seed, &journal, &times, 1, true), fold(seed, &journal, &[], 1, false));
    }
}
