//! The same journal gives the same board, however it was folded.

use std::collections::BTreeMap;
use std::rc::Rc;

use alarum::board::{Batch, Board};
use alarum::fold::{Folder, PageCache};
use alarum::journal::{Accepted, Record};
use alarum::ports::Store;
use alarum::time::Timestamp;
use alarum::value;
use proptest::prelude::*;

use crate::support::model::{Chance, Rules, pushed};
use crate::support::{Cluster, DEMO};

/// When the clocks of the tests begin.
const START: Timestamp = Timestamp::from_secs(1_795_165_976);

/// A journal: per stream its records, with stamps (milliseconds after the beginning) that rise in each stream.
type Journal = BTreeMap<u64, Vec<(u64, Vec<Accepted>)>>;

/// When everything has happened that can: later than the last record and the longest silence, in the middle of a
/// second.
const END_MS: u64 = 40 * 86_400_000 + 500;

/// Journals of everything that senders push, under rules that change. Their time is that of seconds, or of days, so
/// that what is due happens in between.
fn journal() -> impl Strategy<Value = Journal> {
    let waits = prop_oneof![3 => 1..50_u64, 3 => 1..5_000_u64, 2 => 1..900_000_u64, 1 => 1..90_000_000_u64];
    let records = prop::collection::vec((waits, prop::collection::vec(any::<u64>(), 1..4), any::<bool>()), 0..12);
    (any::<u64>(), prop::collection::vec(records, 1..5)).prop_map(|(first, streams)| {
        let mut chance = Chance(first);
        let mut rules: BTreeMap<i64, Rules> = [100, 101].map(|channel| (channel, Rules::new(&mut chance))).into();
        let mut journal = Journal::new();
        for (nth, records) in streams.into_iter().enumerate() {
            let mut at = 0;
            let stamped = records.into_iter().map(|(wait, numbers, changes)| {
                at += wait;
                if changes {
                    rules.values_mut().for_each(|rules| rules.change(&mut chance));
                }
                let secs = START.plus_millis(at).secs();
                (at, numbers.into_iter().map(|number| pushed(&mut Chance(number), &rules, secs)).collect())
            });
            journal.insert(nth as u64 + 1, stamped.collect());
        }
        journal
    })
}

/// When somebody folds: so many thousandths of the way to the last record, and somewhat beyond.
fn times(count: usize) -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(0..1_200_u64, 0..count)
}

/// Writes a journal into an empty store.
fn write(cluster: &Rc<Cluster>, journal: &Journal, start: Timestamp) {
    cluster.store.put("alarum:1:streams", (journal.len() as i64).to_le_bytes().to_vec());
    for (stream, records) in journal {
        for (nth, (at, accepted)) in records.iter().enumerate() {
            let record =
                Record { v: Record::FORMAT, received: start.plus_millis(*at), again: None, accepted: accepted.clone() };
            let mut value = vec![b'w'];
            value.extend(record.encode());
            cluster.store.put(&format!("alarum:1:j:{stream}:{}", nth + 1), value);
        }
    }
}

/// Folds at the given times (in thousandths of the journal's time, by `racers` folders at once each time) and returns what the boards then hold.
fn fold(seed: u64, journal: &Journal, times: &[u64], racers: usize, tidy: bool) -> Vec<Vec<u8>> {
    let cluster = Cluster::new(seed, DEMO, 1, 1);
    let start = cluster.sim.now();
    assert_eq!(start, START);
    write(&cluster, journal, start);
    let last = journal.values().filter_map(|records| records.last()).map(|(at, _)| *at).max().unwrap_or(0);
    let mut times: Vec<u64> = times.iter().map(|thousandths| last * thousandths / 1000).collect();
    times.push(END_MS);
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
    assert_eq!(unknown_pages(&cluster), [""; 0], "seed {seed}: of swaps that were lost nothing stays");
    contents(&cluster)
}

/// Pages in the store that no head and no page knows.
fn unknown_pages(cluster: &Cluster) -> Vec<String> {
    let keys = cluster.store.keys();
    let value = |key: &String| String::from_utf8_lossy(&cluster.store.value(key).unwrap_or_default()).into_owned();
    let knowing: Vec<String> =
        keys.iter().filter(|key| key.contains(":b1") || key.contains(":p:")).map(value).collect();
    let name = |key: &str| key.rsplit(':').next().and_then(|name| name.split('.').next()).map(str::to_owned);
    let pages = keys.iter().filter(|key| key.contains(":p:")).filter_map(|key| Some((key, name(key)?)));
    pages.filter(|(_, name)| !knowing.iter().any(|text| text.contains(name))).map(|(key, _)| key.clone()).collect()
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
            let told = events(&store, &board).await;
            slot.borrow_mut().push(told);
        }
    });
    cluster.run();
    result.take()
}

/// What is to be told to subscribers. Nothing was delivered, so it is everything that ever was.
async fn events(store: &impl Store, board: &Board) -> Vec<u8> {
    let mut told = Vec::new();
    for batch in board.batches() {
        told.extend(match batch {
            Batch::Inline(events) => events,
            Batch::Segment(key) => {
                let (bytes, _) = value::get(store, &key).await.expect("read").expect("a segment");
                serde_json::from_slice(&bytes).expect("events")
            }
        });
    }
    serde_json::to_vec(&told).expect("plain data")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_of_a_journal_into_folds_gives_the_same_boards(
        journal in journal(), times in times(6), tidy: bool, seed: u64,
    ) {
        let at_once = fold(1, &journal, &[], 1, false);
        prop_assert_eq!(&fold(seed, &journal, &times, 1, tidy), &at_once);
    }

    #[test]
    fn any_two_racing_folders_give_the_same_boards(
        journal in journal(), times in times(4), tidy: bool, seed: u64,
    ) {
        let at_once = fold(1, &journal, &[], 1, false);
        prop_assert_eq!(&fold(seed, &journal, &times, 2, tidy), &at_once);
        prop_assert_eq!(&fold(seed, &journal, &times, 3, tidy), &at_once);
    }

    #[test]
    fn folding_again_changes_nothing(journal in journal(), seed: u64) {
        let times: Vec<u64> = (0..8).map(|nth| nth * 150).collect();
        prop_assert_eq!(fold(seed, &journal, &times, 1, true), fold(seed, &journal, &[], 1, false));
    }
}
