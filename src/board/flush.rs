//! Moving the changes of a tree to its pages: pages and lists are written anew, split where they have grown too large,
//! and dropped where nothing is left of them.

use std::rc::Rc;

use super::page::{self, Entity, Page, PageRef};
use super::tree::{Loaded, Missing, Tree};
use crate::value;

/// The most pages and lists in a head, for one tree; of more, some are moved to a list.
const IN_HEAD: usize = 160;
/// The most that are moved to a list together, and the fewest.
const MOVED: usize = 128;
const MOVED_MIN: usize = 32;
/// A list of more than this is split.
const IN_LIST: usize = 256;

/// What moving the changes to the pages needs to be stored, and what it leaves unused.
#[derive(Debug, Default)]
pub struct Flushed {
    /// Keys and stored values of new pages, parts first.
    pub writes: Vec<(String, Vec<u8>)>,
    /// Keys of pages that are no longer referred to.
    pub dropped: Vec<String>,
}

/// A change: its slot, its key, and what it puts there.
type Change = (u64, String, Option<Entity>);

struct Flush<'a> {
    loaded: &'a mut Loaded,
    secs: u64,
    name: &'a mut dyn FnMut() -> String,
    flushed: Flushed,
}

impl Tree {
    /// Moves the changes to the pages, and lets go what is on those and matters no more at `secs`. `name` gives the key
    /// of the next page that is written.
    pub fn flush(
        &mut self,
        loaded: &mut Loaded,
        secs: u64,
        name: &mut dyn FnMut() -> String,
    ) -> Result<Flushed, Missing> {
        self.flush_needs(loaded)?;
        let mut changes: Vec<Change> = Vec::with_capacity(self.changes.len());
        for (key, change) in std::mem::take(&mut self.changes) {
            changes.push((page::slot(&key), key, change));
        }
        self.recount();
        changes.sort_unstable_by(|(slot, key, _), (other, than, _)| (slot, key).cmp(&(other, than)));
        let mut flush = Flush { loaded, secs, name, flushed: Flushed::default() };
        self.pages = flush.change(std::mem::take(&mut self.pages), changes, 0, true);
        while self.pages.len() > IN_HEAD && flush.move_to_list(&mut self.pages) {}
        if self.pages.is_empty() {
            self.pages.push(PageRef::all());
        }
        Ok(flush.flushed)
    }
}

impl Flush<'_> {
    /// What takes the place of some pages and lists, which are for all slots from `first` on, when changes that are all
    /// for them are made to them. `last`: nothing comes after them.
    fn change(&mut self, places: Vec<PageRef>, changes: Vec<Change>, first: u64, last: bool) -> Vec<PageRef> {
        let ends: Vec<u64> = places.iter().skip(1).map(|place| place.first).collect();
        let mut changes = changes.into_iter().peekable();
        let mut changed = Vec::with_capacity(places.len());
        for (nth, place) in places.into_iter().enumerate() {
            let end = ends.get(nth);
            let mut mine = Vec::new();
            while let Some(change) = changes.next_if(|(slot, ..)| end.is_none_or(|end| slot < end)) {
                mine.push(change);
            }
            if mine.is_empty() {
                changed.push(place);
                continue;
            }
            let page = place.key.as_ref().and_then(|key| self.loaded.remove(key));
            let page = page.map_or_else(Page::default, |page| Rc::try_unwrap(page).unwrap_or_else(|p| (*p).clone()));
            self.flushed.dropped.extend(place.keys());
            let last = last && end.is_none();
            let from = changed.len();
            if place.level == 0 {
                self.write_page(page, mine, last, &mut changed);
            } else {
                self.write_lists(&place, page, mine, last, &mut changed);
            }
            // It is still for all the slots that it was for.
            if let Some(changed) = changed.get_mut(from) {
                changed.first = place.first;
            }
        }
        changed.retain(|place| place.key.is_some());
        if let Some(changed) = changed.first_mut() {
            changed.first = first;
        }
        changed
    }

    fn write_page(&mut self, mut page: Page, changes: Vec<Change>, last: bool, to: &mut Vec<PageRef>) {
        for (_, key, change) in changes {
            match change {
                Some(entity) => page.entities.insert(key, entity),
                None => page.entities.remove(&key),
            };
        }
        page.let_go(self.secs);
        for (first, page, bytes) in page::write(page, last) {
            let newest = page.newest();
            to.push(PageRef { newest, ..self.store(first, 0, page, &bytes) });
        }
    }

    fn write_lists(&mut self, place: &PageRef, list: Page, changes: Vec<Change>, last: bool, to: &mut Vec<PageRef>) {
        let mut places = Vec::with_capacity(list.entities.len());
        for entity in list.entities.into_values() {
            if let Entity::Page(page) = entity
                && page.level < place.level
            {
                places.push(page);
            }
        }
        let places = self.change(places, changes, place.first, last);
        let lists = places.len().div_ceil(IN_LIST).max(1);
        for part in places.chunks(places.len().div_ceil(lists).max(1)) {
            to.push(self.store_list(part, place.level));
        }
    }

    /// Moves some that have the same level to a list. Returns whether there were enough of them.
    fn move_to_list(&mut self, places: &mut Vec<PageRef>) -> bool {
        // The last one changes most.
        let count = places.len().saturating_sub(1);
        let mut from = 0;
        while let Some(level) = places.get(from).map(|place| place.level).filter(|_| from < count) {
            let run = places.iter().take(count).skip(from).take_while(|place| place.level == level).count();
            if run >= MOVED_MIN && level < u8::MAX {
                let moved: Vec<PageRef> = places.drain(from..from + run.min(MOVED)).collect();
                let list = self.store_list(&moved, level + 1);
                places.insert(from, list);
                return true;
            }
            from += run;
        }
        false
    }

    fn store_list(&mut self, places: &[PageRef], level: u8) -> PageRef {
        let mut list = Page::default();
        for place in places {
            list.entities.insert(page::listed(place.first), Entity::Page(place.clone()));
        }
        // Plain data with text keys: serialising it into memory has no way to fail.
        let bytes = serde_json::to_vec(&list).unwrap_or_default();
        self.store(places.first().map_or(0, |place| place.first), level, list, &bytes)
    }

    fn store(&mut self, first: u64, level: u8, page: Page, bytes: &[u8]) -> PageRef {
        let key = (self.name)();
        let (writes, parts) = value::split(&key, bytes);
        self.flushed.writes.extend(writes);
        self.loaded.insert(key.clone(), Rc::new(page));
        PageRef { first, key: Some(key), parts, newest: 0, level }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::archive::ClosedRef;

    fn closed(nth: u64) -> (String, Entity) {
        let reference = ClosedRef { close_time: nth, labels: vec![u32::MAX; 5], ..ClosedRef::default() };
        (page::closed(&format!("{:08x}{:016x}", 0x6000_0000 + nth, nth)), Entity::Closed(reference))
    }

    struct Store {
        tree: Tree,
        loaded: Loaded,
        names: usize,
        keys: crate::sorted::SortedSet<String>,
    }

    impl Store {
        fn new() -> Self {
            Self { tree: Tree::default(), loaded: Loaded::new(), names: 0, keys: Default::default() }
        }

        fn flush(&mut self) -> usize {
            let names = &mut self.names;
            let mut name = || {
                *names += 1;
                format!("alarum:1:p:101:0123456789abcdef.{names}")
            };
            let flushed = self.tree.flush(&mut self.loaded, 0, &mut name).expect("everything is loaded");
            let written = flushed.writes.len();
            self.keys.extend(flushed.writes.into_iter().map(|(key, _)| key));
            for key in flushed.dropped {
                assert!(self.keys.remove(&key), "{key} was there");
            }
            written
        }

        fn fill(&mut self, count: u64, at_once: u64) {
            for nth in 0..count {
                let (key, entity) = closed(nth);
                self.tree.put(key, entity);
                if nth % at_once == at_once - 1 {
                    self.flush();
                }
            }
            self.flush();
        }

        fn head_bytes(&self) -> usize {
            serde_json::to_vec(&self.tree).expect("plain data").len()
        }

        /// Every key that is stored is loaded, and none besides.
        fn check(&self) {
            assert!(self.loaded.keys().eq(self.keys.iter()));
        }
    }

    #[test]
    fn of_many_pages_most_stand_in_lists_and_all_is_found() {
        let mut store = Store::new();
        store.fill(200_000, 1000);
        assert!(store.tree.pages.iter().any(|page| page.level > 0));
        assert!(store.head_bytes() < 20_000, "{}", store.head_bytes());
        store.check();
        for nth in (0..200_000).step_by(777) {
            let (key, entity) = closed(nth);
            assert_eq!(store.tree.get(&store.loaded, &key).expect("loaded"), Some(&entity));
        }
        let (mut next, mut count) = (Some(0), 0);
        while let Some(slot) = next {
            let part = store.tree.part(&store.loaded, slot).expect("loaded");
            assert!(part.first <= slot && part.entities.iter().all(|(slot, ..)| *slot >= part.first));
            count += part.entities.len();
            next = part.end;
        }
        assert_eq!(count, 200_000);
    }

    #[test]
    fn what_is_removed_leaves_no_page_and_no_list() {
        let mut store = Store::new();
        store.fill(100_000, 1000);
        for nth in 0..100_000 {
            store.tree.remove(&store.loaded, &closed(nth).0);
            if nth % 1000 == 999 {
                store.flush();
                store.check();
            }
        }
        assert_eq!((store.tree.clone(), store.keys.len()), (Tree::default(), 0));
    }

    #[test]
    fn what_comes_in_no_order_is_found_too() {
        let mut store = Store::new();
        let keys = |nth: u64| format!("o:{:032x}", u128::from(nth.wrapping_mul(0x9E37_79B9_7F4A_7C15)) << 64);
        for nth in 0..150_000 {
            store.tree.put(keys(nth), Entity::Open(format!("{nth:024}{nth:0100}")));
            if nth % 5000 == 4999 {
                store.flush();
            }
        }
        store.check();
        assert!(store.head_bytes() < 30_000, "{}", store.head_bytes());
        for nth in (0..150_000).step_by(501) {
            let found = store.tree.get(&store.loaded, &keys(nth)).expect("loaded");
            assert_eq!(found, Some(&Entity::Open(format!("{nth:024}{nth:0100}"))), "{nth}");
        }
    }

    #[test]
    #[ignore = "takes a minute"]
    fn the_head_stays_small_with_a_million_closed_incidents() {
        let mut store = Store::new();
        for nth in 0..1_000_000 {
            let (key, entity) = closed(nth);
            store.tree.put(key, entity);
            store
                .tree
                .put(page::alert_ref(&format!("{:08x}{:016x}", 0x6000_0000 + nth, nth)), Entity::Open("f".repeat(24)));
            if store.tree.changes_bytes() > 24 * 1024 {
                store.flush();
            }
        }
        println!("head {} bytes, {} keys", store.head_bytes(), store.keys.len());
        assert!(store.head_bytes() < 64 * 1024, "{}", store.head_bytes());
    }
}
