//! A keyed collection that may be large: pages, and the changes against them that are not worth a page yet.
//!
//! The changes stand in the board's head and are stored with every swap; when they have grown, they are moved to the
//! pages. So most folds write one small value, whatever the size of the board.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::page::{self, Entity, Page, PageRef};

/// A page that is needed and was not loaded; the key under which it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("page {0} is not loaded")]
pub struct Missing(pub String);

/// The pages that were loaded so far, by the key under which they are stored. They never change.
pub type Loaded = BTreeMap<String, Rc<Page>>;

/// The collection, as it stands in a board's head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// Changes against the pages; `None`: removed.
    changes: BTreeMap<String, Option<Entity>>,
    /// The pages, by their first slots; together they are for every slot.
    pages: Vec<PageRef>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { changes: BTreeMap::new(), pages: vec![PageRef::all()] }
    }
}

/// What moving the changes to the pages needs to be stored, and what it leaves unused.
#[derive(Debug, Default)]
pub struct Flushed {
    /// Keys and stored values of new pages, parts first.
    pub writes: Vec<(String, Vec<u8>)>,
    /// Keys of pages that are no longer referred to.
    pub dropped: Vec<String>,
}

impl Tree {
    /// The entity with this key.
    pub fn get<'a>(&'a self, loaded: &'a Loaded, key: &str) -> Result<Option<&'a Entity>, Missing> {
        if let Some(change) = self.changes.get(key) {
            return Ok(change.as_ref());
        }
        let page = self.page(loaded, PageRef::find(&self.pages, key))?;
        Ok(page.and_then(|page| page.entities.get(key)))
    }

    /// Adds or replaces an entity.
    pub fn put(&mut self, key: String, entity: Entity) {
        self.changes.insert(key, Some(entity));
    }

    /// Removes an entity.
    pub fn remove(&mut self, key: &str) {
        self.changes.insert(key.to_owned(), None);
    }

    /// Whether nothing was ever put into it, or nothing is left.
    pub fn is_unused(&self) -> bool {
        self.changes.is_empty() && self.pages.iter().all(|page| page.key.is_none())
    }

    /// Everything in it, by key.
    pub fn all<'a>(&'a self, loaded: &'a Loaded) -> Result<BTreeMap<&'a str, &'a Entity>, Missing> {
        self.found(loaded, 0..self.pages.len())
    }

    /// What has the least key.
    pub fn first<'a>(&'a self, loaded: &'a Loaded) -> Result<Option<(&'a str, &'a Entity)>, Missing> {
        let changed = self.changes.iter().find_map(|(key, change)| Some((key.as_str(), change.as_ref()?)));
        for nth in 0..self.pages.len() {
            // What is on a later page comes after what was changed.
            let before =
                self.pages.get(nth).is_some_and(|page| changed.is_some_and(|(key, _)| page::slot(key) < page.first));
            if before {
                break;
            }
            let Some(page) = self.page(loaded, nth)? else {
                continue;
            };
            let kept = page.entities.iter().find(|(key, _)| !self.changes.contains_key(*key));
            if let Some((key, entity)) = kept {
                let kept = (key.as_str(), entity);
                return Ok(Some(changed.filter(|(key, _)| *key < kept.0).unwrap_or(kept)));
            }
        }
        Ok(changed)
    }

    /// All entities whose slots lie between two slots, inclusive, and perhaps some around them.
    pub fn between<'a>(&'a self, loaded: &'a Loaded, from: u64, to: u64) -> Result<Vec<&'a Entity>, Missing> {
        let pages = PageRef::find_slot(&self.pages, from)..PageRef::find_slot(&self.pages, to) + 1;
        Ok(self.found(loaded, pages)?.into_values().collect())
    }

    /// Everything on some of the pages, with all that changed.
    fn found<'a>(
        &'a self,
        loaded: &'a Loaded,
        pages: std::ops::Range<usize>,
    ) -> Result<BTreeMap<&'a str, &'a Entity>, Missing> {
        let mut found: BTreeMap<&str, &Entity> = BTreeMap::new();
        for nth in pages {
            if let Some(page) = self.page(loaded, nth)? {
                found.extend(page.entities.iter().map(|(key, entity)| (key.as_str(), entity)));
            }
        }
        for (key, change) in &self.changes {
            match change {
                Some(entity) => found.insert(key, entity),
                None => found.remove(key.as_str()),
            };
        }
        Ok(found)
    }

    /// How large the changes are in their stored form, bytes.
    pub fn changes_bytes(&self) -> usize {
        serde_json::to_vec(&self.changes).map_or(usize::MAX, |bytes| bytes.len())
    }

    /// A page that moving the changes would need and that is not loaded.
    pub fn flush_needs(&self, loaded: &Loaded) -> Result<(), Missing> {
        self.changes.keys().try_for_each(|key| self.page(loaded, PageRef::find(&self.pages, key)).map(|_| ()))
    }

    /// Moves the changes to the pages, and lets go what is on those and matters no more at `secs`. `name` gives the key of the nth page that is written.
    pub fn flush(
        &mut self,
        loaded: &mut Loaded,
        secs: u64,
        mut name: impl FnMut() -> String,
    ) -> Result<Flushed, Missing> {
        self.flush_needs(loaded)?;
        let mut by_page: BTreeMap<usize, Vec<(String, Option<Entity>)>> = BTreeMap::new();
        for (key, change) in std::mem::take(&mut self.changes) {
            by_page.entry(PageRef::find(&self.pages, &key)).or_default().push((key, change));
        }
        let mut flushed = Flushed::default();
        let mut pages = Vec::with_capacity(self.pages.len());
        for (nth, place) in std::mem::take(&mut self.pages).into_iter().enumerate() {
            let Some(changes) = by_page.remove(&nth) else {
                pages.push(place);
                continue;
            };
            let mut page =
                place.key.as_ref().and_then(|key| loaded.get(key)).map_or(Page::default(), |p| (**p).clone());
            for (key, change) in changes {
                match change {
                    Some(entity) => page.entities.insert(key, entity),
                    None => page.entities.remove(&key),
                };
            }
            page.entities.retain(|_, entity| !entity.is_over(secs));
            if let Some(key) = &place.key {
                flushed.dropped.extend((0..place.parts).map(|part| crate::keys::part(key, part)));
                flushed.dropped.push(key.clone());
                loaded.remove(key);
            }
            for (mut place, content) in page::write(&place, page) {
                if let Some((page, bytes)) = content {
                    let key = name();
                    let (writes, parts) = crate::value::split(&key, &bytes);
                    flushed.writes.extend(writes);
                    loaded.insert(key.clone(), Rc::new(page));
                    (place.key, place.parts) = (Some(key), parts);
                }
                pages.push(place);
            }
        }
        if pages.iter().all(|page| page.key.is_none()) {
            pages = vec![PageRef::all()];
        }
        self.pages = pages;
        Ok(flushed)
    }

    fn page<'a>(&self, loaded: &'a Loaded, nth: usize) -> Result<Option<&'a Page>, Missing> {
        match self.pages.get(nth).and_then(|place| place.key.as_ref()) {
            None => Ok(None),
            Some(key) => loaded.get(key).map(|page| Some(&**page)).ok_or_else(|| Missing(key.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::archive::ClosedRef;

    fn entity(nth: u64) -> (String, Entity) {
        let incident_id = format!("{nth:08x}{:016x}", nth * 1000);
        (page::closed(&incident_id), Entity::Closed(ClosedRef { incident_id, ..ClosedRef::default() }))
    }

    fn flush(tree: &mut Tree, loaded: &mut Loaded, names: &mut usize) -> Flushed {
        let name = || {
            *names += 1;
            format!("p{names}")
        };
        tree.flush(loaded, 0, name).expect("everything is loaded")
    }

    #[test]
    fn what_was_put_is_found_before_and_after_it_is_moved_to_pages() {
        let (mut tree, mut loaded, mut names) = (Tree::default(), Loaded::new(), 0);
        for round in 0..10 {
            for nth in round * 300..(round + 1) * 300 {
                let (key, entity) = entity(nth);
                tree.put(key, entity);
            }
            flush(&mut tree, &mut loaded, &mut names);
        }
        tree.remove(&entity(5).0);
        for nth in 0..3000 {
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
        tree.remove(&key);
        let before = tree.clone();
        assert!(tree.flush(&mut Loaded::new(), 0, String::new).is_err());
        assert_eq!(tree, before);
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
            tree.remove(&entity(nth).0);
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
        let first = entity(2800).0;
        let wanted = |e: &&&Entity| matches!(e, Entity::Closed(c) if c.incident_id.as_str() >= &first[2..]);
        assert!(found.iter().filter(wanted).count() >= 150);
    }
}
