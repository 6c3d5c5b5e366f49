//! What was told: the log of a channel, and who is behind in it.

use super::head::Board;
use crate::delivery::log::{Loaded, Log, Missing};
use crate::keys;
use crate::time::Timestamp;

impl<T> Board<T> {
    /// The log of what was delivered.
    pub const fn told(&self) -> &Log {
        &self.head.log
    }

    /// Whether a subscription is to be told from the log.
    pub fn is_behind(&self, subscription: i64) -> bool {
        self.head.behind.contains_key(&subscription)
    }

    /// From which segment on a subscription is to be told from the log.
    pub fn behind(&self, subscription: i64) -> Option<u64> {
        self.head.behind.get(&subscription).copied()
    }

    /// Notes that a subscription is to be told from the log, from this segment on; nothing where it is behind already.
    pub fn fall_behind(&mut self, subscription: i64, from: u64) {
        self.touched = true;
        self.head.behind.entry(subscription).or_insert(from);
    }

    /// Notes that a subscription has been told up to before this segment. It is no longer behind where nothing is after
    /// that.
    pub fn catch_up(&mut self, subscription: i64, to: u64) {
        self.touched = true;
        if to >= self.head.log.next_seq() {
            self.head.behind.remove(&subscription);
        } else if let Some(from) = self.head.behind.get_mut(&subscription) {
            *from = to;
        }
    }

    /// Forgets who is behind and no longer subscribes.
    pub fn forget_behind(&mut self, subscribes: impl Fn(i64) -> bool) {
        self.head.behind.retain(|subscription, _| subscribes(*subscription));
    }

    /// Lets go of a slice of what was told before a time. What stands below index pages goes with a later slice, whose
    /// pages the caller adds to `loaded`. Returns whether there was any.
    ///
    /// # Errors
    /// An index page is needed; the log is unchanged.
    pub fn expire_told(&mut self, before_ms: u64, loaded: &Loaded, now: Timestamp) -> Result<bool, Missing> {
        let owner = keys::board_name(self.head.channel_id);
        let dropped = self.head.log.expire(&owner, before_ms, loaded)?;
        let any = !dropped.is_empty();
        self.touched |= any;
        self.drop_keys(dropped, now);
        Ok(any)
    }
}
