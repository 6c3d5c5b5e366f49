//! Looking ahead: which pages a list comes to next, so that their filters, or several of them, are read in one call.

use super::head::{Board, Missing};
use super::listing::Spot;
use super::terms;

/// A page that a list will come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageAhead {
    /// The slot at which it comes to it.
    pub slot: u64,
    /// The key under which it is stored.
    pub key: String,
    /// Whether it has a filter that this version reads.
    pub has_filter: bool,
}

impl Board {
    /// The pages from `spot` on, so many at most, that are for slots between two, inclusive. Not among them are those that
    /// have no content, and those on which no alert had an event `since` a Unix second: they are not read anyhow.
    pub fn pages_ahead(
        &self,
        spot: Spot,
        (from, to): (u64, u64),
        since: u64,
        most: usize,
    ) -> Result<Vec<PageAhead>, Missing> {
        let tree = self.shelf(spot.shelf);
        let mut ahead = Vec::new();
        let mut next = Some(spot.slot);
        for _ in 0..most {
            let Some(slot) = next.filter(|slot| (from..=to).contains(slot)) else {
                break;
            };
            let place = tree.place(&self.loaded, slot)?;
            let page = place.page.filter(|page| page.newest == 0 || page.newest >= since);
            if let Some((page, key)) = page.and_then(|page| Some((page, page.key.clone()?))) {
                ahead.push(PageAhead { slot, key, has_filter: page.filter == terms::FORMAT });
            }
            next = spot.next(place.first, place.end);
        }
        Ok(ahead)
    }
}
