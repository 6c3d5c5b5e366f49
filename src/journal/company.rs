//! Company: when an append waits for others, and when an instance is one too many.
//!
//! A commit costs milliseconds and everything else microseconds, so what matters is how many pushes share one. While an
//! instance is blocked by a call of the store, the host starts another one for each further request, and what is
//! scattered stays scattered: everybody then waits for the store behind everybody else, who folds and who delivers as
//! well. So those who wait, wait here, where the instance can take in more, and not at the store.

use crate::time::Timestamp;

/// The most requests that share a record: what a host lets into one instance at once.
pub(super) const COMPANY_LIMIT: usize = 16;
/// How long to gather when company is expected: as long as a commit takes (waiting for the store included), and at most
/// this, microseconds.
const GATHER_US: u64 = 60_000;
/// Where many write, twice as long as a commit takes, and at most this, microseconds: so about a third of the instances
/// stand before the store at a time, and one is found that takes in a push.
const CROWD_GATHER_US: u64 = 250_000;
/// How long the first requests of an instance, which knows nothing yet, wait for another after the latest one, and in all,
/// microseconds.
const FIRST_US: u64 = 8_000;
const FIRST_MOST_US: u64 = 24_000;
/// How long company is expected to last, milliseconds.
const COMPANY_MS: u64 = 250;
/// Where so many streams have new records, many write: an instance that ends and its successor are two.
const MANY_STREAMS: usize = 3;
/// How long it is believed that many write, or few, milliseconds.
const BELIEVED_MS: u64 = 1_000;
/// A commit that takes this long may have waited for others, microseconds.
const CROWD_US: u64 = 15_000;
/// One that takes this long has, as long as nobody says that few write, microseconds.
const STUCK_US: u64 = 100_000;
/// A batch smaller than this is small.
const SMALL_BATCH: usize = 4;
/// Of those who are redundant, one in so many stays.
const STAY: u64 = 4;
/// An instance declines further requests when it has served this many, or up to `SERVED_SPREAD` fewer, so that those who
/// began together do not end together: the host's limit is near.
const SERVED_LIMIT: usize = 128 - COMPANY_LIMIT;
const SERVED_SPREAD: u64 = 55;
/// Spreads the numbers of streams that follow each other.
const SPREAD_STEP: u64 = 34;
/// The answers of a last batch go out one by one: the first so many with time between them for a new instance to start
/// up, the rest while it gathers, microseconds. All at once would start an instance each.
const SLOW_ANSWERS: usize = 3;
const ANSWER_US: u64 = 1_000;

/// What an instance knows of those who write.
#[derive(Debug, Default)]
pub(super) struct Company {
    /// When the first request came and when the latest did, and how many have come, while the first ones wait.
    begun: Option<Timestamp>,
    latest: Timestamp,
    came: usize,
    /// Whether the first ones have gone on.
    has_begun: bool,
    /// What a commit took lately, microseconds; 0 before the first.
    commit_us: u64,
    /// Until when company is expected.
    expected_until: Timestamp,
    /// Until when many are taken to write, and until when few are.
    many_until: Timestamp,
    few_until: Timestamp,
    /// How many requests were served.
    served: usize,
    /// How many records it wrote, and how many shared the last one.
    batches: usize,
    last_batch: usize,
}

/// How long to gather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// At most, microseconds.
    pub us: u64,
    /// So long without anybody new ends it where as many have come as `enough` says, microseconds.
    pub slice_us: u64,
    /// See `slice_us`.
    pub enough: usize,
}

impl Company {
    /// A request has come.
    pub fn arrive(&mut self, now: Timestamp) {
        self.begun.get_or_insert(now);
        (self.latest, self.came) = (now, self.came.saturating_add(1));
    }

    /// Whether a request that has come is to wait before anything that blocks the instance: the first ones do, for others.
    pub fn is_beginning(&mut self, now: Timestamp) -> bool {
        let since = |then: Timestamp| now.0.saturating_sub(then.0);
        let begun = self.begun.unwrap_or(now);
        self.has_begun |= self.came >= COMPANY_LIMIT || since(self.latest) >= FIRST_US || since(begun) >= FIRST_MOST_US;
        !self.has_begun
    }

    /// Between two looks at [`Company::is_beginning`], microseconds.
    pub const BEGIN_LOOK_US: u64 = FIRST_US / 8;

    /// Takes in how many streams had new records, as far as a folder knows; 0: it does not. Two say nothing: many may have
    /// just begun, or one may have followed another.
    pub fn hear(&mut self, streams: usize, now: Timestamp) {
        if streams >= MANY_STREAMS {
            self.expected_until = now.plus_millis(COMPANY_MS);
            (self.many_until, self.few_until) = (now.plus_millis(BELIEVED_MS), Timestamp(0));
        } else if streams == 1 {
            (self.many_until, self.few_until) = (Timestamp(0), now.plus_millis(BELIEVED_MS));
        }
    }

    /// Takes in how long something took that reads at most one value, microseconds: where it was long, it waited for many.
    pub fn wait(&mut self, us: u64, now: Timestamp) {
        if us >= CROWD_US {
            self.many_until = now.plus_millis(BELIEVED_MS);
            self.commit_us = if self.commit_us == 0 { us } else { self.commit_us };
        }
    }

    /// Whether many write and wait for the store: then this instance reads nothing that can wait.
    pub fn is_crowded(&self, now: Timestamp) -> bool {
        let stuck = self.commit_us >= STUCK_US && now >= self.few_until;
        self.commit_us >= CROWD_US && (now < self.many_until || stuck)
    }

    /// Whether this instance should end: many write, and its batches are small, so that they are scattered over more
    /// instances than they need. `chance` decides who leaves, so that some stay: if all left at once, they would all be
    /// back at once. Not after its first batch: it may be wrong about the crowd.
    pub fn is_redundant(&self, now: Timestamp, chance: u64) -> bool {
        self.is_crowded(now) && self.batches > 1 && self.last_batch < SMALL_BATCH && !chance.is_multiple_of(STAY)
    }

    /// How long who writes next waits for others; not at all where nobody is expected.
    pub fn window(&self, now: Timestamp) -> Option<Window> {
        let window = |us: u64, enough| Window { us, slice_us: (us / 6).max(250), enough };
        match () {
            // Those who began together are here in a moment.
            () if self.commit_us == 0 => Some(window(FIRST_US, 0)),
            () if self.is_crowded(now) => Some(window((self.commit_us * 2).min(CROWD_GATHER_US), COMPANY_LIMIT)),
            // As many as last time, and nobody more: who was answered then has come again.
            () if now < self.expected_until => Some(window(self.commit_us.min(GATHER_US), self.last_batch)),
            () => None,
        }
    }

    /// Takes in what a commit took, microseconds: a moving mean, as one slow commit must not make the next requests wait.
    pub fn committed(&mut self, us: u64) {
        self.commit_us = if self.commit_us == 0 { us } else { (self.commit_us.saturating_mul(3) + us) / 4 }.max(1);
    }

    /// Takes in that so many were served by one write, to this stream; `company`: others came meanwhile. Returns whether
    /// the instance should take no further ones.
    pub fn serve(&mut self, batch: usize, company: bool, stream: Option<u64>, now: Timestamp) -> bool {
        if company {
            self.expected_until = now.plus_millis(COMPANY_MS);
        }
        (self.served, self.last_batch) = (self.served.saturating_add(batch), batch);
        self.batches = self.batches.saturating_add(1);
        let earlier = stream.map_or(0, |stream| stream.wrapping_mul(SPREAD_STEP) % SERVED_SPREAD);
        self.served + usize::try_from(earlier).unwrap_or(0) > SERVED_LIMIT
    }

    /// How long to wait after the nth answer of a last batch, microseconds.
    pub const fn pause_us(nth: usize) -> u64 {
        if nth <= SLOW_ANSWERS { FIRST_US } else { ANSWER_US }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_ms(ms: u64) -> Timestamp {
        Timestamp::from_millis(1_795_165_980_000 + ms)
    }

    /// An instance whose commits take so long.
    fn with_commits_of(ms: u64) -> Company {
        let mut company = Company::default();
        company.committed(ms * 1000);
        company
    }

    #[test]
    fn the_first_requests_of_an_instance_wait_for_each_other_once() {
        let mut company = Company::default();
        company.arrive(at_ms(0));
        assert!(company.is_beginning(at_ms(7)));
        company.arrive(at_ms(7));
        assert!(company.is_beginning(at_ms(14)), "another has come meanwhile");
        assert!(!company.is_beginning(at_ms(15)));
        company.arrive(at_ms(16));
        assert!(!company.is_beginning(at_ms(16)), "it has begun");
    }

    #[test]
    fn the_first_requests_do_not_wait_for_ever_and_not_for_more_than_fit() {
        let mut company = Company::default();
        (0..4).for_each(|nth| company.arrive(at_ms(nth * 7)));
        assert!(company.is_beginning(at_ms(23)));
        assert!(!company.is_beginning(at_ms(24)));
        let mut company = Company::default();
        (0..COMPANY_LIMIT).for_each(|_| company.arrive(at_ms(0)));
        assert!(!company.is_beginning(at_ms(0)));
    }

    #[test]
    fn who_is_alone_does_not_wait() {
        assert_eq!(with_commits_of(12).window(at_ms(0)), None);
        let mut company = with_commits_of(40);
        company.hear(1, at_ms(0));
        assert_eq!(company.window(at_ms(1)), None);
        company.hear(2, at_ms(0));
        assert_eq!(company.window(at_ms(1)), None, "itself and the instance that was there before");
    }

    #[test]
    fn with_company_a_batch_waits_as_long_as_a_commit_takes_or_until_all_are_back() {
        let mut company = with_commits_of(12);
        assert!(!company.serve(5, true, None, at_ms(0)));
        assert_eq!(company.window(at_ms(249)), Some(Window { us: 12_000, slice_us: 2_000, enough: 5 }));
        assert_eq!(company.window(at_ms(250)), None, "nobody was there for long");
        let mut company = with_commits_of(80);
        company.serve(2, true, None, at_ms(0));
        assert_eq!(company.window(at_ms(1)), Some(Window { us: 60_000, slice_us: 10_000, enough: 2 }));
        let mut company = with_commits_of(12);
        company.hear(3, at_ms(0));
        assert_eq!(company.window(at_ms(1)), Some(Window { us: 12_000, slice_us: 2_000, enough: 0 }), "elsewhere");
    }

    #[test]
    fn where_many_write_a_batch_waits_twice_as_long_as_a_commit_takes_unless_it_is_full() {
        let mut company = with_commits_of(40);
        company.hear(3, at_ms(0));
        let window = |company: &Company, ms| company.window(at_ms(ms)).map(|window| (window.us, window.enough));
        assert_eq!(window(&company, 999), Some((80_000, COMPANY_LIMIT)));
        assert_eq!(window(&company, 1000), None);
        company.hear(3, at_ms(1000));
        company.hear(1, at_ms(1001));
        assert!(!company.is_crowded(at_ms(1002)), "few are left");
        let mut company = with_commits_of(14);
        company.hear(9, at_ms(0));
        assert!(!company.is_crowded(at_ms(1)), "nobody waits for this store");
    }

    #[test]
    fn a_commit_that_takes_very_long_waits_for_many_unless_a_folder_saw_few() {
        let mut company = with_commits_of(100);
        assert_eq!(company.window(at_ms(0)).map(|window| window.us), Some(200_000));
        company.committed(500_000);
        assert_eq!(company.window(at_ms(0)).map(|window| window.us), Some(250_000), "with a limit");
        company.hear(0, at_ms(0));
        assert!(company.is_crowded(at_ms(1)), "it does not know");
        company.hear(2, at_ms(0));
        assert!(company.is_crowded(at_ms(1)), "these may be the first of many");
        company.hear(1, at_ms(0));
        assert!(!company.is_crowded(at_ms(999)), "the store is that slow");
        assert!(company.is_crowded(at_ms(1000)), "as long as somebody says so");
        assert!(!with_commits_of(99).is_crowded(at_ms(0)));
    }

    #[test]
    fn a_new_instance_that_waits_for_its_first_read_gathers_as_others_do_in_a_crowd() {
        let mut company = Company::default();
        company.wait(14_999, at_ms(0));
        assert_eq!(company.window(at_ms(1)).map(|window| window.us), Some(FIRST_US));
        company.wait(30_000, at_ms(0));
        assert_eq!(company.window(at_ms(1)).map(|window| window.us), Some(60_000));
        company.committed(10_000);
        company.wait(80_000, at_ms(0));
        assert_eq!(company.window(at_ms(1)).map(|window| window.us), Some(50_000), "it knows better by now");
    }

    #[test]
    fn of_those_with_small_batches_in_a_crowd_one_in_four_stays() {
        let mut company = with_commits_of(100);
        let leaving = |company: &Company| (0..8).filter(|chance| company.is_redundant(at_ms(0), *chance)).count();
        company.serve(3, true, None, at_ms(0));
        assert_eq!(leaving(&company), 0, "this was the first");
        company.serve(3, true, None, at_ms(0));
        assert_eq!(leaving(&company), 6);
        company.serve(4, true, None, at_ms(0));
        assert_eq!(leaving(&company), 0, "this one is needed");
        company.serve(3, true, None, at_ms(0));
        company.hear(1, at_ms(0));
        assert_eq!(leaving(&company), 0, "there is no crowd");
    }

    #[test]
    fn instances_that_began_together_do_not_end_together() {
        let served_by = |stream| {
            let mut company = Company::default();
            (1..=128).find(|_| company.serve(1, false, Some(stream), at_ms(0)))
        };
        let mut ends: Vec<usize> = (0..8).filter_map(served_by).collect();
        assert_eq!(ends.first(), Some(&113));
        assert!(ends.iter().all(|served| (59..=113).contains(served)), "{ends:?}");
        ends.sort_unstable();
        assert!(ends.windows(2).all(|pair| pair[1] - pair[0] >= 4), "{ends:?}");
    }
}
