//! A keyed collection that may be large: pages, and the changes against them that are not worth a page yet.
//!
//! The changes stand in the board's head and are stored with every swap; when they have grown, they are moved to the
//! pages. So most folds write one small value, whatever the size of the board. Where pages are many, most of them stand
//! in lists, which are stored like pages: so the head stays small as well.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::page::{self, Entity, Page, PageRef};
use crate::sorted::SortedMap;

/// A page that is needed and was not loaded; the key under which it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("page {0} is not loaded")]
pub struct Missing(pub String);

/// The pages that were loaded so far, by the key under which they are stored. They never change.
pub type Loaded = SortedMap<String, Rc<Page>>;

/// The collection, as it stands in a board's head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Changes against the pages; `None`: removed.
    pub(super) changes: BTreeMap<String, Option<Entity>>,
    /// The pages and lists of pages, by their first slots; together they are for every slot.
    pub(super) pages: Vec<PageRef>,
    /// How large the changes are in their stored form, about, bytes.
    #[serde(rename = "b", default)]
    bytes: usize,
}

impl Default for Tree {
    fn default() -> Self {
        Self { changes: BTreeMap::new(), pages: vec![PageRef::all()], bytes: 0 }
    }
}

/// Where a page lies.
#[derive(Clone, Copy, Debug)]
struct Leaf<'a> {
    page: Option<&'a Page>,
    /// The first slot that it is for.
    first: u64,
    /// The first slot that it is no more for; `None`: it is the last page.
    end: Option<u64>,
}

/// Where the page for some slots is stored.
#[derive(Clone, Copy, Debug)]
struct Place<'a> {
    page: Option<&'a PageRef>,
    /// The first slot that it is for.
    first: u64,
    /// The first slot that it is no more for; `None`: it is the last page.
    end: Option<u64>,
}

/// What stands on one page, with what changed since.
#[derive(Debug)]
pub struct Part<'a> {
    /// Slot, key and entity, in the order of slots and keys.
    pub entities: Vec<(u64, &'a str, &'a Entity)>,
    /// The first slot of the page.
    pub first: u64,
    /// The first slot of the next page, if there is one.
    pub end: Option<u64>,
}

impl Tree {
    /// The entity with this key.
    pub fn get<'a>(&'a self, loaded: &'a Loaded, key: &str) -> Result<Option<&'a Entity>, Missing> {
        if let Some(change) = self.changes.get(key) {
            return Ok(change.as_ref());
        }
        let leaf = self.leaf(loaded, page::slot(key))?;
        Ok(leaf.page.and_then(|page| page.entities.get(key)))
    }

    /// Adds or replaces an entity.
    pub fn put(&mut self, key: String, entity: Entity) {
        self.change(key, Some(entity));
    }

    /// Removes an entity. What never came to a page, as far as that is known, leaves nothing.
    pub fn remove(&mut self, loaded: &Loaded, key: &str) {
        if self
            .leaf(loaded, page::slot(key))
            .is_ok_and(|leaf| leaf.page.is_none_or(|page| !page.entities.contains_key(key)))
        {
            if let Some(before) = self.changes.remove(key) {
                self.bytes = self.bytes.saturating_sub(change_bytes(key, &before));
            }
            return;
        }
        self.change(key.to_owned(), None);
    }

    fn change(&mut self, key: String, change: Option<Entity>) {
        self.bytes += change_bytes(&key, &change);
        if let Some(before) = self.changes.get(&key) {
            self.bytes = self.bytes.saturating_sub(change_bytes(&key, before));
        }
        self.changes.insert(key, change);
    }

    /// Counts anew how large the changes are.
    pub fn recount(&mut self) {
        self.bytes = self.changes.iter().map(|(key, change)| change_bytes(key, change)).sum();
    }

    /// Whether nothing was ever put into it, or nothing is left.
    pub fn is_unused(&self) -> bool {
        self.changes.is_empty() && self.pages.iter().all(|page| page.key.is_none())
    }

    /// Everything in it, by key.
    pub fn all<'a>(&'a self, loaded: &'a Loaded) -> Result<BTreeMap<&'a str, &'a Entity>, Missing> {
        self.found(loaded, 0, u64::MAX)
    }

    /// What has the least key, where keys are in the order of slots.
    pub fn first<'a>(&'a self, loaded: &'a Loaded) -> Result<Option<(&'a str, &'a Entity)>, Missing> {
        let changed = self.changes.iter().find_map(|(key, change)| Some((key.as_str(), change.as_ref()?)));
        let mut next = Some(0);
        while let Some(slot) = next {
            // What is on a later page comes after what was changed.
            if changed.is_some_and(|(key, _)| page::slot(key) < slot) {
                break;
            }
            let leaf = self.leaf(loaded, slot)?;
            let entities = leaf.page.map(|page| page.entities.iter()).into_iter().flatten();
            let kept = entities.into_iter().find(|(key, _)| !self.changes.contains_key(*key));
            if let Some((key, entity)) = kept {
                let kept = (key.as_str(), entity);
                return Ok(Some(changed.filter(|(key, _)| *key < kept.0).unwrap_or(kept)));
            }
            next = leaf.end;
        }
        Ok(changed)
    }

    /// All entities whose slots lie between two slots, inclusive, and perhaps some around them.
    pub fn between<'a>(&'a self, loaded: &'a Loaded, from: u64, to: u64) -> Result<Vec<&'a Entity>, Missing> {
        Ok(self.found(loaded, from, to)?.into_values().collect())
    }

    /// Everything on some of the pages, with all that changed.
    fn found<'a>(&'a self, loaded: &'a Loaded, from: u64, to: u64) -> Result<BTreeMap<&'a str, &'a Entity>, Missing> {
        let mut found: BTreeMap<&str, &Entity> = BTreeMap::new();
        let mut next = Some(from);
        while let Some(slot) = next.filter(|slot| *slot <= to) {
            let leaf = self.leaf(loaded, slot)?;
            for (key, entity) in leaf.page.map(|page| page.entities.iter()).into_iter().flatten() {
                found.insert(key, entity);
            }
            next = leaf.end;
        }
        for (key, change) in &self.changes {
            match change {
                Some(entity) => found.insert(key, entity),
                None => found.remove(key.as_str()),
            };
        }
        Ok(found)
    }

    /// What stands on the page for a slot, for going from page to page.
    pub fn part<'a>(&'a self, loaded: &'a Loaded, slot: u64) -> Result<Part<'a>, Missing> {
        let Leaf { page, first, end } = self.leaf(loaded, slot)?;
        let mut entities = Vec::new();
        for (key, entity) in page.map(|page| page.entities.iter()).into_iter().flatten() {
            if !self.changes.contains_key(key) {
                entities.push((page::slot(key), key.as_str(), entity));
            }
        }
        for (key, change) in &self.changes {
            let (slot, here) = (page::slot(key), change.as_ref());
            if let Some(entity) = here.filter(|_| slot >= first && end.is_none_or(|end| slot < end)) {
                entities.push((slot, key, entity));
            }
        }
        entities.sort_unstable_by_key(|(slot, key, _)| (*slot, *key));
        Ok(Part { entities, first, end })
    }

    /// How large the changes are in their stored form, about, bytes.
    pub const fn changes_bytes(&self) -> usize {
        self.bytes
    }

    /// A page that moving the changes would need and that is not loaded.
    pub fn flush_needs(&self, loaded: &Loaded) -> Result<(), Missing> {
        self.changes.keys().try_for_each(|key| self.leaf(loaded, page::slot(key)).map(|_| ()))
    }

    /// For which slots the page for a slot is, if no alert on it has had an event since a Unix second, so that it need not
    /// be read: the first slot, and the first of the next page.
    pub fn idle(&self, loaded: &Loaded, slot: u64, since: u64) -> Result<Option<(u64, Option<u64>)>, Missing> {
        let Place { page, first, end } = self.place(loaded, slot)?;
        let here = |key: &String| {
            let slot = page::slot(key);
            slot >= first && end.is_none_or(|end| slot < end)
        };
        let idle = page.is_some_and(|page| page.newest > 0 && page.newest < since);
        Ok((idle && !self.changes.keys().any(here)).then_some((first, end)))
    }

    /// The page for a slot.
    fn leaf<'a>(&'a self, loaded: &'a Loaded, slot: u64) -> Result<Leaf<'a>, Missing> {
        let Place { page, first, end } = self.place(loaded, slot)?;
        let page = page.map_or(Ok(None), |page| load(loaded, page))?;
        Ok(Leaf { page, first, end })
    }

    /// Where the page for a slot stands.
    fn place<'a>(&'a self, loaded: &'a Loaded, slot: u64) -> Result<Place<'a>, Missing> {
        let nth = PageRef::find(&self.pages, slot);
        let mut end = self.pages.get(nth + 1).map(|page| page.first);
        let Some(mut place) = self.pages.get(nth) else {
            return Ok(Place { page: None, first: 0, end });
        };
        while place.level > 0 {
            let (level, first) = (place.level, place.first);
            let Some(list) = load(loaded, place)? else {
                break;
            };
            let key = page::listed(slot);
            let upto = list.entities.range::<String, _>(..=&key).next_back();
            let next = list.entities.range::<String, _>((Bound::Excluded(&key), Bound::Unbounded)).next();
            if let Some((_, Entity::Page(next))) = next {
                end = Some(next.first);
            }
            // A list holds nothing of its own level: so this ends.
            let Some((_, Entity::Page(next))) = upto.filter(|(_, e)| matches!(e, Entity::Page(p) if p.level < level))
            else {
                return Ok(Place { page: None, first, end });
            };
            place = next;
        }
        Ok(Place { page: Some(place), first: place.first, end })
    }
}

/// How large a change is in its stored form, bytes. Twice the entity is serialised for each change of it; all changes
/// would be, with every swap.
fn change_bytes(key: &str, change: &Option<Entity>) -> usize {
    key.len() + 4 + change.as_ref().map_or(4, |entity| serde_json::to_vec(entity).map_or(0, |bytes| bytes.len()))
}

fn load<'a>(loaded: &'a Loaded, place: &PageRef) -> Result<Option<&'a Page>, Missing> {
    match &place.key {
        None => Ok(None),
        Some(key) => loaded.get(key).map(|page| Some(&**page)).ok_or_else(|| Missing(key.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::archive::ClosedRef;
    use crate::board::flush::Flushed;

    fn entity(nth: u64) -> (String, Entity) {
        (
            page::closed(&format!("{nth:08x}{:016x}", nth * 1000)),
            Entity::Closed(ClosedRef { close_time: nth, ..ClosedRef::default() }),
        )
    }

    fn flush(tree: &mut Tree, loaded: &mut Loaded, names: &mut usize) -> Flushed {
        let mut name = || {
            *names += 1;
            format!("p{names}")
        };
        tree.flush(loaded, 0, &mut name).expect("everything is loaded")
    }

    #[test]
    fn what_was_put_is_found_before_and_after_it_is_moved_to_pages() {
        let (mut tree, mut loaded, mut names) = (Tree::default(), Loaded::new(), 0);
        for round in 0..20 {
            for nth in round * 500..(round + 1) * 500 {
                let (key, entity) = entity(nth);
                tree.put(key, entity);
            }
            flush(&mut tree, &mut loaded, &mut names);
        }
        tree.remove(&loaded, &entity(5).0);
        for nth in 0..10_000 {
            let (key, entity) = entity(nth);
            let found = tree.get(&loaded, &key).expect("loaded");
            assert_eq!(found, (nth != 5).then_some(&entity), "{nth}");
        }
        assert!(tree.pages.len() > 2);
    }

    #[test]
    fn a_page_that_is_not_loaded_is_named_and_nothing_changes() {
        let (mut tree, mut loaded, mut names) = (Tree::default(), Loaded::new(), 0);
        let (key, value) = entity(1);
        tree.put(key.clone(), value);
        let flushed = flush(&mut tree, &mut loaded, &mut names);
        assert_eq!(flushed.writes.len(), 1);
        assert_eq!(tree.get(&Loaded::new(), &key), Err(Missing("p1".into())));
        tree.remove(&loaded, &key);
        let before = tree.clone();
        assert!(tree.flush(&mut Loaded::new(), 0, &mut String::new).is_err());
        assert_eq!(tree, before);
    }

    #[test]
    fn what_never_came_to_a_page_leaves_nothing_when_it_is_removed() {
        let (mut tree, mut loaded, mut names) = (Tree::default(), Loaded::new(), 0);
        let (key, value) = entity(1);
        tree.put(key.clone(), value.clone());
        tree.remove(&loaded, &key);
        assert_eq!(tree, Tree::default());
        tree.put(key.clone(), value.clone());
        flush(&mut tree, &mut loaded, &mut names);
        let (other, more) = entity(2);
        tree.put(other.clone(), more.clone());
        tree.remove(&loaded, &other);
        assert!(tree.changes.is_empty() && tree.changes_bytes() == 0);
        // Where the page is not there to look, it is noted; and so it is of what stands on it.
        tree.put(other.clone(), more);
        tree.remove(&Loaded::new(), &other);
        tree.remove(&loaded, &key);
        assert!(tree.changes.len() == 2 && tree.changes.values().all(Option::is_none));
    }

    #[test]
    fn an_emptied_tree_refers_to_no_page() {
        let (mut tree, mut loaded, mut names) = (Tree::default(), Loaded::new(), 0);
        for nth in 0..2000 {
            let (key, entity) = entity(nth);
            tree.put(key, entity);
        }
        let written = flush(&mut tree, &mut loaded, &mut names).writes.len();
        for nth in 0..2000 {
            tree.remove(&loaded, &entity(nth).0);
        }
        let flushed = flush(&mut tree, &mut loaded, &mut names);
        assert_eq!((flushed.dropped.len(), flushed.writes.len()), (written, 0));
        assert_eq!(tree, Tree::default());
    }

    #[test]
    fn a_range_takes_changes_and_pages_together() {
        let (mut tree, mut loaded, mut names) = (Tree::default(), Loaded::new(), 0);
        for nth in 0..3000 {
            let (key, entity) = entity(nth);
            tree.put(key, entity);
            if nth == 2900 {
                flush(&mut tree, &mut loaded, &mut names);
            }
        }
        let found = tree.between(&loaded, 2800 << 32, 2950 << 32).expect("loaded");
        let wanted = |e: &&&Entity| matches!(e, Entity::Closed(c) if c.close_time >= 2800);
        assert!(found.iter().filter(wanted).count() >= 150);
    }
}
