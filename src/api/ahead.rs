//! Going over what has left the boards where little of it is asked for: the filters of the pages that come next are read
//! in one call, pages on which nothing wanted can be are passed over, and of the others several are read in one call.

use super::Call;
use super::walk::{Source, Walk};
use crate::board::{Board, PageAhead, Shelf};
use crate::call::Failure;
use crate::fold::FoldError;
use crate::keys;
use crate::ports::{Clock, Random, Store};

/// Where a page had so many that are wanted, the next one is read like it: a filter would not pass it over.
const MANY: usize = 8;
/// The most filters that are read in one call.
const FILTERS: usize = 64;
/// The most pages.
const PAGES: usize = 16;

/// What is known of the pages that a walk comes to.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Whether the latest page had few that are wanted.
    few: bool,
    /// The pages that come next, in the order of the walk, each with whether something wanted may be on it.
    judged: Vec<(PageAhead, bool)>,
    /// How many pages the latest call read.
    read: usize,
}

impl Ahead {
    /// Notes how many that are wanted a page had.
    pub fn found(&mut self, count: usize) {
        self.few = count < MANY;
    }
}

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// Whether the page at a spot of a board can be passed over. If not, it may have been read with those that follow it.
    pub(super) async fn passes(
        &self,
        boards: &mut [Board],
        (sources, nth): (&[Source], usize),
        walk: &Walk<'_>,
        ahead: &mut Ahead,
    ) -> Result<bool, Failure> {
        let page = match sources.get(nth) {
            Some(source) => self.pages_ahead(boards, source, walk, 1).await?.pop(),
            None => None,
        };
        let Some(PageAhead { key, .. }) = page else {
            return Ok(false);
        };
        let place = |ahead: &Ahead| ahead.judged.iter().position(|(page, _)| page.key == key);
        let mut at = place(ahead);
        if at.is_none() && ahead.few {
            ahead.judged = self.judged(boards, sources, walk).await?;
            at = place(ahead);
        }
        match at.map(|at| ahead.judged.remove(at)) {
            Some((_, false)) => return Ok(true),
            Some(_) if !self.pages.has(&key) => self.read_ahead(key, ahead).await?,
            _ => {}
        }
        Ok(false)
    }

    /// The pages that come next, with what their filters say.
    async fn judged(
        &self,
        boards: &mut [Board],
        sources: &[Source],
        walk: &Walk<'_>,
    ) -> Result<Vec<(PageAhead, bool)>, Failure> {
        let mut pages: Vec<PageAhead> = Vec::new();
        for source in sources {
            pages.extend(self.pages_ahead(boards, source, walk, FILTERS).await?);
        }
        pages.sort_by_key(|page| if walk.backwards { u64::MAX - page.slot } else { page.slot });
        pages.truncate(FILTERS);
        // What is here already is looked at without asking.
        pages.iter_mut().for_each(|page| page.has_filter &= !self.pages.has(&page.key));
        let with_filters = pages.iter().filter(|page| page.has_filter);
        let keys: Vec<String> = with_filters.map(|page| keys::filter(&page.key)).collect();
        let mut filters = match keys.as_slice() {
            [] => Vec::new(),
            keys => self.folder.store.get_many(keys).await.map_err(FoldError::from)?,
        }
        .into_iter();
        let mut judged = Vec::with_capacity(pages.len());
        for page in pages {
            // A page whose filter is missing is read as well.
            let filter = if page.has_filter { filters.next().flatten() } else { None };
            let may = filter.is_none_or(|filter| walk.asked.may_be_on(filter));
            judged.push((page, may));
        }
        Ok(judged)
    }

    /// The pages of what has left that a source comes to, so many at most.
    async fn pages_ahead(
        &self,
        boards: &mut [Board],
        source: &Source,
        walk: &Walk<'_>,
        most: usize,
    ) -> Result<Vec<PageAhead>, Failure> {
        let Some(board) = boards.get_mut(source.board) else {
            return Ok(Vec::new());
        };
        if source.shelf == Shelf::Open {
            return Ok(Vec::new());
        }
        let look = |board: &mut Board| board.pages_ahead(source.spot(walk), walk.slots(), walk.since, most);
        Ok(self.pages.loading(self.folder.store, board, look).await?)
    }

    /// Reads a page and the next ones on which something wanted may be, twice as many as the last time.
    async fn read_ahead(&self, key: String, ahead: &mut Ahead) -> Result<(), Failure> {
        ahead.read = (ahead.read * 2).clamp(2, PAGES);
        let mut keys = vec![key];
        let wanted = ahead.judged.iter().filter(|(page, may)| *may && !self.pages.has(&page.key));
        keys.extend(wanted.take(ahead.read - 1).map(|(page, _)| page.key.clone()));
        Ok(self.pages.read(self.folder.store, &keys).await?)
    }
}
