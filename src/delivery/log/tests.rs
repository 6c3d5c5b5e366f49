//! The log against a plain list of what was pushed.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const OWNER: &str = "b101";

/// A log, the store that it stands on, and what it should hold.
#[derive(Default)]
struct Bench {
    log: Log,
    store: BTreeMap<String, Vec<u8>>,
    plain: Vec<(u64, Span)>,
    names: u64,
}

impl Bench {
    fn name(&mut self) -> u64 {
        self.names += 1;
        self.names.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Pushes a segment; every eleventh is stored in two parts.
    fn push(&mut self, span: Span) {
        let (id, seq) = (self.name(), self.log.next_seq());
        let parts = if seq % 11 == 10 { 2 } else { 0 };
        let key = keys::delivered(OWNER, id);
        (0..parts).for_each(|part| drop(self.store.insert(keys::part(&key, part), Vec::new())));
        self.store.insert(key, Vec::new());
        let mut names = self.names;
        let mut random = || {
            names += 1;
            names.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        };
        let page = self.log.push(OWNER, id, parts, span, &mut random);
        self.names = names;
        if let Some((key, value)) = page {
            assert!(self.store.insert(key, value).is_none(), "a key was used twice");
        }
        self.plain.push((seq, span));
        // What is stored is what is read again.
        if seq % 97 == 0 {
            let bytes = serde_json::to_vec(&self.log).expect("plain data");
            assert_eq!(json::from_slice::<Log>(&bytes).expect("it was written just now"), self.log);
        }
    }

    /// Asks until nothing is missing, as a caller would.
    fn load<T>(&self, loaded: &mut Loaded, mut ask: impl FnMut(&Loaded) -> Result<T, Missing>) -> T {
        loop {
            match ask(loaded) {
                Ok(answer) => return answer,
                Err(Missing(id)) => {
                    let value = self.store.get(&keys::delivered(OWNER, id)).expect("it is stored while it is needed");
                    loaded.add(id, &value[1..]).expect("an index page");
                }
            }
        }
    }

    fn up(&self, from: u64, span: Span) -> Vec<u64> {
        let (mut found, mut at, mut loaded) = (Vec::new(), from, Loaded::default());
        while let Some(segment) = self.load(&mut loaded, |loaded| self.log.find(loaded, at, span)) {
            assert!(self.store.contains_key(&keys::delivered(OWNER, segment.id)) && segment.n == 1);
            found.push(segment.first);
            at = segment.end();
        }
        found
    }

    fn down(&self, before: u64, span: Span) -> Vec<u64> {
        let (mut found, mut at, mut loaded) = (Vec::new(), before, Loaded::default());
        while let Some(segment) = self.load(&mut loaded, |loaded| self.log.find_before(loaded, at, span)) {
            found.push(segment.first);
            at = segment.first;
        }
        found
    }

    fn plain(&self, keep: impl Fn(u64, Span) -> bool) -> Vec<u64> {
        self.plain.iter().filter(|(seq, span)| keep(*seq, *span)).map(|(seq, _)| *seq).collect()
    }

    /// Everything up and down, from some places and in some ranges.
    fn check(&self, from: u64, span: Span) {
        assert_eq!(self.up(0, Span::ALL), self.plain(|_, _| true));
        assert_eq!(self.up(from, span), self.plain(|seq, of| seq >= from && of.meets(span)));
        let reversed = |mut seqs: Vec<u64>| {
            seqs.reverse();
            seqs
        };
        assert_eq!(reversed(self.down(u64::MAX, Span::ALL)), self.plain(|_, _| true));
        assert_eq!(reversed(self.down(from, span)), self.plain(|seq, of| seq < from && of.meets(span)));
    }

    /// Expires in slices; the log is stored before the keys are deleted, and what a slice says is deleted once.
    fn expire(&mut self, before_ms: u64) {
        loop {
            let mut loaded = Loaded::default();
            let mut log = self.log.clone();
            let expired = self.load(&mut loaded, |loaded| log.expire(OWNER, before_ms, loaded));
            self.log = log;
            assert!(expired.len() < SLICE + 6, "{}", expired.len());
            for key in &expired {
                assert!(self.store.remove(key).is_some(), "{key} was deleted twice or never there");
            }
            if expired.is_empty() {
                break;
            }
        }
        let old = self.plain.iter().take_while(|(_, span)| span.until_ms < before_ms).count();
        self.plain.drain(..old);
    }
}

fn span(nth: u64, jitter: u64) -> Span {
    let from_ms = 1_795_165_976_000 + nth * 100 + jitter % 250;
    Span { from_ms, until_ms: from_ms + jitter % 400 }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_comes_twice(
        pushes in 0_u64..5000,
        seed in any::<u64>(),
        from in 0_u64..5100,
        cuts in prop::collection::vec(0_u64..5100, 0..4),
    ) {
        let (mut bench, mut random) = (Bench::default(), seed | 1);
        let mut jitter = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random
        };
        for nth in 0..pushes {
            bench.push(span(nth, jitter()));
        }
        let range = span(from, 0).with(span(from + jitter() % 300, 399));
        bench.check(from, range);
        for (nth, cut) in cuts.into_iter().enumerate() {
            bench.expire(span(cut, 0).from_ms);
            bench.check(from, range);
            bench.push(span(5100 + nth as u64, jitter()));
        }
        // Whatever way it came there, at last nothing is left, in the log or in the store.
        bench.expire(u64::MAX);
        prop_assert_eq!(bench.store.len(), 0);
        prop_assert_eq!(bench.log.first_seq(), bench.log.next_seq());
        prop_assert!(bench.log.levels.is_empty());
    }
}

#[test]
fn the_log_stays_small_with_a_million_segments() {
    let (mut log, mut names, mut largest, mut page_bytes) = (Log::default(), 0_u64, 0, 0);
    let mut name = || {
        names += 1;
        // As long as ids get.
        u64::MAX - names
    };
    for nth in 0..1_000_000_u64 {
        let page = log.push(OWNER, name(), 0, span(nth, nth), &mut name);
        page_bytes = page_bytes.max(page.map_or(0, |(_, value)| value.len()));
        let refs: usize = log.levels.iter().map(Vec::len).sum();
        // Serialising each of a million states would take minutes: those with the most references are enough.
        if refs >= largest {
            largest = refs;
            assert!(serde_json::to_vec(&log).expect("plain data").len() <= 16 * 1024, "{refs} references");
        }
    }
    assert!((150..=4 * 2 * FAN).contains(&largest), "{largest}");
    assert!((1..=4096).contains(&page_bytes), "{page_bytes}");
    assert_eq!(log.next_seq(), 1_000_000);
}

#[test]
fn nothing_is_read_before_something_can_expire() {
    let mut bench = Bench::default();
    (0..200).for_each(|nth| bench.push(span(nth, 0)));
    let mut log = bench.log.clone();
    assert_eq!(log.expire(OWNER, span(0, 0).until_ms, &Loaded::default()), Ok(Vec::new()));
    assert_eq!(log, bench.log);
    assert!(log.expire(OWNER, span(1, 0).until_ms, &Loaded::default()).is_err());
    assert_eq!(log, bench.log, "without the page it stays as it is");
    bench.expire(span(7, 0).from_ms);
    let before = bench.log.clone();
    assert_eq!(
        bench.log.expire(OWNER, span(7, 0).until_ms, &Loaded::default()),
        Ok(Vec::new()),
        "known from last time"
    );
    assert_eq!(bench.log, before);
}

#[test]
fn what_is_not_loaded_is_named_and_what_lies_outside_of_the_range_is_not_needed() {
    let mut bench = Bench::default();
    (0..200).for_each(|nth| bench.push(span(nth, 0)));
    let none = Loaded::default();
    let newest = bench.log.find_before(&none, bench.log.next_seq(), Span::ALL).expect("it stands in the head");
    assert_eq!(newest.map(|segment| segment.first), Some(199));
    let late = bench.log.find(&none, 0, Span::of(span(190, 0).from_ms)).expect("index pages are too old to be read");
    assert_eq!(late.map(|segment| segment.first), Some(190));
    let Err(Missing(id)) = bench.log.find(&none, 0, Span::ALL) else { panic!("the oldest is on an index page") };
    assert!(bench.store.contains_key(&keys::delivered(OWNER, id)));
    assert_eq!(bench.log.find(&none, 200, Span::ALL), Ok(None));
    assert_eq!(bench.log.find_before(&none, 0, Span::ALL), Ok(None));
}

#[test]
fn a_lost_index_page_costs_what_was_on_it_and_no_more() {
    let mut bench = Bench::default();
    (0..200).for_each(|nth| bench.push(span(nth, 0)));
    let Err(Missing(id)) = bench.log.find(&Loaded::default(), 0, Span::ALL) else { panic!("an index page") };
    let mut loaded = Loaded::default();
    loaded.add_lost(id);
    let after = bench.load(&mut loaded, |loaded| bench.log.find(loaded, 0, Span::ALL));
    assert_eq!(after.map(|segment| segment.first), Some(FAN as u64));
    assert_eq!(bench.load(&mut loaded, |loaded| bench.log.find_before(loaded, FAN as u64, Span::ALL)), None);
    let mut log = bench.log.clone();
    let expired = bench.load(&mut loaded, |loaded| log.expire(OWNER, u64::MAX, loaded));
    assert_eq!(expired.first(), Some(&keys::delivered(OWNER, id)));
    assert!(expired.len() > FAN && log.first_seq() > 2 * FAN as u64 - 1);
}

#[test]
fn hostile_references_are_refused_or_passed() {
    for text in ["[1,2,3,4]", "[1,2,3,4,5,65536]", "[1,2,3,4,5,6,7]", "[-1,2,3,4,5]", "{}"] {
        assert!(json::from_slice::<Ref>(text.as_bytes()).is_err(), "{text}");
    }
    let last = u64::MAX;
    let text = format!(r#"{{"n":{last},"l":[[],[[7,0,{last},0,{last}],[8,{last},{last},{last},{last}]]]}}"#);
    let mut log: Log = json::from_slice(text.as_bytes()).expect("a log");
    let mut loaded = Loaded::default();
    // Pages that lead to themselves.
    for id in [7, 8] {
        loaded.add(id, format!("[[7,0,0,0,9],[8,3,{last},0,9]]").as_bytes()).expect("a page");
    }
    for at in [0, 1, 5, last] {
        let _ends = (log.find(&loaded, at, Span::of(3)), log.find_before(&loaded, at, Span::of(3)));
    }
    log.push(OWNER, 1, 1, Span { from_ms: 9, until_ms: 1 }, &mut || 2);
    assert!(log.expire(OWNER, last, &loaded).is_ok());
}
