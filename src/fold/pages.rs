//! The pages that an instance has read lately. A page never changes, so keeping it is safe.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::error::FoldError;
use crate::board::{Board, Missing, Page};
use crate::ports::{Store, StoreCalls};
use crate::sorted::SortedMap;
use crate::value;

/// The most pages kept; at most 96 KiB each in their stored form, several times that in memory.
const PAGES: usize = 96;

/// A cache of pages, one for an instance.
#[derive(Default)]
pub struct PageCache {
    pages: RefCell<SortedMap<String, Rc<Page>>>,
    /// How many swaps of boards the instance has lost that no board counts yet.
    pub(super) lost: Cell<i64>,
    /// Pages that were written for a board which another had changed meanwhile: nothing refers to them.
    pub(super) orphans: RefCell<Vec<String>>,
    /// The calls of the store that boards count already.
    pub(super) counted: Cell<StoreCalls>,
}

impl PageCache {
    /// A page, from here or from the store.
    ///
    /// # Errors
    /// [`FoldError::Stale`] where it is gone: it was replaced since the board was read.
    pub async fn get(&self, store: &impl Store, key: &str) -> Result<Rc<Page>, FoldError> {
        if let Some(page) = self.pages.borrow().get(key) {
            return Ok(page.clone());
        }
        self.make_room(1);
        let stored = store.get(key).await?.ok_or(FoldError::Stale)?;
        self.keep(store, key, stored).await
    }

    /// Reads several pages in one call, for who is about to need them. One that is gone is left out.
    ///
    /// # Errors
    /// The store fails, or a page is not readable.
    pub async fn read(&self, store: &impl Store, keys: &[String]) -> Result<(), FoldError> {
        self.make_room(keys.len());
        for (key, stored) in keys.iter().zip(store.get_many(keys).await?) {
            if let Some(stored) = stored {
                self.keep(store, key, stored).await?;
            }
        }
        Ok(())
    }

    /// Whether a page is here.
    pub fn has(&self, key: &str) -> bool {
        self.pages.borrow().contains_key(key)
    }

    fn make_room(&self, count: usize) {
        let mut pages = self.pages.borrow_mut();
        if pages.len() + count > PAGES {
            pages.clear();
        }
    }

    async fn keep(&self, store: &impl Store, key: &str, stored: Vec<u8>) -> Result<Rc<Page>, FoldError> {
        let (bytes, _) = value::assemble(store, key, stored).await?;
        let page = Page::decode(&bytes).map_err(|problem| FoldError::Unreadable { key: key.to_owned(), problem })?;
        let page = Rc::new(page);
        self.pages.borrow_mut().insert(key.to_owned(), page.clone());
        Ok(page)
    }

    /// Calls `step` until no page is missing any more, loading what it misses.
    pub async fn loading<T>(
        &self,
        store: &impl Store,
        board: &mut Board,
        mut step: impl FnMut(&mut Board) -> Result<T, Missing>,
    ) -> Result<T, FoldError> {
        loop {
            match step(board) {
                Ok(done) => return Ok(done),
                Err(Missing(key)) => {
                    let page = self.get(store, &key).await?;
                    board.load(key, page);
                }
            }
        }
    }
}
