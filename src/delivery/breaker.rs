//! The breaker of one subscription: a subscriber that takes nothing is left alone for a while and then asked with one
//! event, so that neither it nor we spend our time on attempts that fail.
//!
//! It is state and no more: it stands in the subscription's queue, time and chance are passed in.

use serde::{Deserialize, Serialize};

use super::retry::jittered;
use crate::json::is_default;
use crate::time::Timestamp;

/// After so many failures in a row the subscriber is suspect: what is new waits, and one event at a time is sent …
pub const SUSPECT: u32 = 3;
/// … this long after the latest failure, milliseconds.
pub const SUSPECT_WAIT_MS: u64 = 5_000;
/// After so many failures in a row it opens …
pub const FAILURES: u32 = 8;
/// … if at least this long lies between the first and the last of them, milliseconds: a moment's trouble is none.
pub const SPAN_MS: u64 = 30_000;
/// The first wait, milliseconds; each further one in a row is twice as long.
pub const WAIT_MS: u64 = 30_000;
/// The longest wait, milliseconds.
pub const WAIT_LIMIT_MS: u64 = 3_600_000;

/// Whether something may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Everything that is due.
    Send,
    /// One event, to find out: note it with [`Breaker::probe`] first.
    Probe,
    /// Nothing before this moment.
    Wait(Timestamp),
    /// Nothing until somebody resumes it.
    Stopped,
}

/// Why a subscription was stopped: its subscriber said that it is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// When.
    pub at: Timestamp,
    /// In words, for whoever resumes it.
    pub reason: String,
}

/// The breaker. By default it is closed: everything may be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Failures in a row.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    failures: u32,
    /// When the first of them was.
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    since: Timestamp,
    /// How often it opened in a row.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    opened: u32,
    /// Until when nothing is sent, where it has opened or the subscriber is suspect.
    #[serde(rename = "u", default, skip_serializing_if = "is_default")]
    open_until: Timestamp,
    /// Until when the result of a probe is waited for.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    probe_until: Timestamp,
    /// That the subscriber is gone.
    #[serde(rename = "g", default, skip_serializing_if = "is_default")]
    gone: Option<Gone>,
    /// Paused by hand.
    #[serde(rename = "h", default, skip_serializing_if = "is_default")]
    paused: bool,
}

impl Breaker {
    /// Whether it is as if nothing had ever failed.
    pub fn is_unused(&self) -> bool {
        is_default(self)
    }

    /// Whether something may be sent now.
    pub fn may_send(&self, now: Timestamp) -> Gate {
        let wait = self.open_until.max(self.probe_until);
        if self.is_stopped() {
            Gate::Stopped
        } else if !self.is_open() && !self.is_suspect() {
            Gate::Send
        } else if now < wait {
            Gate::Wait(wait)
        } else {
            Gate::Probe
        }
    }

    /// When something may be sent again: a moment that has passed where it may be now (0 while all is sent); `None`
    /// where somebody must resume it first.
    pub fn next_at(&self) -> Option<Timestamp> {
        (!self.is_stopped()).then(|| self.open_until.max(self.probe_until))
    }

    /// Notes that a probe begins. Where its result does not come within `limit_ms`, because whoever sent it is no more,
    /// there may be another one.
    pub fn probe(&mut self, now: Timestamp, limit_ms: u64) {
        self.probe_until = now.plus_millis(limit_ms);
    }

    /// Notes that whoever probed is done: where nothing was sent, the next one need not wait.
    pub fn probed(&mut self) {
        self.probe_until = Timestamp::default();
    }

    /// The subscriber took something: it closes, whatever was before. What was stopped stays so.
    pub fn succeeded(&mut self) {
        *self = Self { gone: self.gone.take(), paused: self.paused, ..Self::default() };
    }

    /// An attempt was not taken, whether it is tried again or given up; ±20 % of the wait by `random`. Whether it has
    /// opened thereby, anew too.
    ///
    /// What fails while it is open was sent before: that tells nothing new.
    pub fn failed(&mut self, now: Timestamp, random: u64) -> bool {
        if self.failures == 0 {
            self.since = now;
        }
        self.failures = self.failures.saturating_add(1);
        let opens = match self.opened {
            0 => self.failures >= FAILURES && now.millis_since(self.since) >= SPAN_MS,
            _ => now >= self.open_until,
        };
        if opens {
            let doubled = WAIT_MS.saturating_mul(1_u64.checked_shl(self.opened).unwrap_or(u64::MAX));
            let wait_ms = jittered(doubled.min(WAIT_LIMIT_MS), random).min(WAIT_LIMIT_MS);
            self.opened = self.opened.saturating_add(1);
            self.open_until = now.plus_millis(wait_ms);
            self.probe_until = Timestamp::default();
        } else if !self.is_open() && self.is_suspect() {
            self.open_until = now.plus_millis(SUSPECT_WAIT_MS);
            self.probe_until = Timestamp::default();
        }
        opens
    }

    /// The subscriber answered that it is gone (410): nothing is sent until somebody resumes it.
    pub fn gone(&mut self, now: Timestamp, reason: &str) {
        self.gone = Some(Gone { at: now, reason: reason.to_owned() });
    }

    /// Pauses it by hand.
    pub const fn pause(&mut self) {
        self.paused = true;
    }

    /// Begins anew by hand: neither paused nor stopped, and nothing has failed.
    pub fn resume(&mut self) {
        *self = Self::default();
    }

    /// Whether nothing is sent until somebody resumes it.
    pub const fn is_stopped(&self) -> bool {
        self.paused || self.gone.is_some()
    }

    /// Whether it was paused by hand.
    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// That the subscriber is gone, where it said so.
    pub const fn why_gone(&self) -> Option<&Gone> {
        self.gone.as_ref()
    }

    /// Whether it has opened, and nothing was taken since.
    pub const fn is_open(&self) -> bool {
        self.opened > 0
    }

    /// Whether so much failed lately that one event at a time is sent, to find out how the subscriber fares.
    pub const fn is_suspect(&self) -> bool {
        self.failures >= SUSPECT
    }

    /// How many attempts failed in a row.
    pub const fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use proptest::prelude::*;

    /// A number that gives no jitter: the middle.
    const EVEN: u64 = WAIT_MS / 10 * 2;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_795_165_976 + secs)
    }

    /// A breaker that opened at the second 70, for 30 s.
    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        let opened: Vec<bool> = (0..8).map(|nth| breaker.failed(at(nth * 10), EVEN)).collect();
        assert_eq!(opened, [false, false, false, false, false, false, false, true]);
        breaker
    }

    #[test]
    fn it_opens_at_the_eighth_failure_in_a_row_and_no_sooner() {
        let mut breaker = Breaker::default();
        assert_eq!((breaker.may_send(at(0)), breaker.next_at()), (Gate::Send, Some(Timestamp(0))));
        for nth in 0..7 {
            assert!(!breaker.failed(at(nth * 10), EVEN) && !breaker.is_open());
        }
        breaker.succeeded();
        assert!(breaker.is_unused());
        assert!(!breaker.failed(at(70), EVEN), "a success between them: the row is broken");
        assert_eq!(breaker.failures(), 1);
        assert_eq!(opened().may_send(at(70)), Gate::Wait(at(100)));
    }

    #[test]
    fn failures_of_one_moment_do_not_open_it_until_they_span_half_a_minute() {
        let mut breaker = Breaker::default();
        for _ in 0..100 {
            assert!(!breaker.failed(at(0), EVEN));
        }
        assert!(!breaker.failed(Timestamp(at(30).0 - 1), EVEN));
        assert_eq!(breaker.may_send(at(29)), Gate::Wait(Timestamp(at(35).0 - 1)), "it is suspect and no more");
        assert!(breaker.failed(at(30), EVEN));
        assert_eq!(breaker.may_send(at(30)), Gate::Wait(at(60)));
    }

    #[test]
    fn who_failed_three_times_in_a_row_is_asked_with_one_event_at_a_time() {
        let mut breaker = Breaker::default();
        breaker.failed(at(0), EVEN);
        breaker.failed(at(0), EVEN);
        assert_eq!((breaker.may_send(at(0)), breaker.is_suspect()), (Gate::Send, false));
        breaker.failed(at(1), EVEN);
        assert_eq!((breaker.may_send(at(1)), breaker.next_at()), (Gate::Wait(at(6)), Some(at(6))));
        assert_eq!((breaker.may_send(at(6)), breaker.is_open()), (Gate::Probe, false));
        breaker.probe(at(6), 15_000);
        assert_eq!(breaker.may_send(at(7)), Gate::Wait(at(21)));
        breaker.failed(at(7), EVEN);
        assert_eq!(breaker.may_send(at(7)), Gate::Wait(at(12)), "the result of the probe is there");
        breaker.succeeded();
        assert_eq!(breaker.may_send(at(7)), Gate::Send);
    }

    #[test]
    fn after_the_wait_one_probe_is_sent_at_a_time() {
        let mut breaker = opened();
        assert_eq!(breaker.may_send(Timestamp(at(100).0 - 1)), Gate::Wait(at(100)));
        assert_eq!(breaker.may_send(at(100)), Gate::Probe);
        breaker.probe(at(100), 15_000);
        assert_eq!((breaker.may_send(at(101)), breaker.next_at()), (Gate::Wait(at(115)), Some(at(115))));
        assert_eq!(breaker.may_send(at(115)), Gate::Probe, "whoever sent the probe is no more");
        breaker.probe(at(115), 15_000);
        breaker.probed();
        assert_eq!(breaker.may_send(at(115)), Gate::Probe, "there was nothing to be sent");
        breaker.succeeded();
        assert_eq!((breaker.may_send(at(116)), breaker.is_unused()), (Gate::Send, true));
    }

    #[test]
    fn each_failed_probe_doubles_the_wait_up_to_an_hour() {
        let (mut breaker, mut now) = (opened(), at(100));
        let mut waits = Vec::new();
        for _ in 0..80 {
            assert_eq!(breaker.may_send(now), Gate::Probe);
            breaker.probe(now, 15_000);
            assert!(breaker.failed(now, 0));
            let next = breaker.next_at().expect("it is not stopped");
            waits.push(next.millis_since(now) / 1000);
            now = next;
        }
        // The least that the jitter leaves: four fifths.
        assert_eq!(waits.first_chunk(), Some(&[48, 96, 192, 384, 768, 1536, 2880, 2880]));
        assert!(waits.iter().all(|wait| *wait <= 3600));
        assert!(breaker.failed(now, WAIT_LIMIT_MS / 10 * 4));
        assert_eq!(breaker.next_at(), Some(now.plus_millis(WAIT_LIMIT_MS)), "never longer than an hour");
    }

    #[test]
    fn what_was_sent_before_it_opened_and_fails_afterwards_changes_nothing() {
        let mut breaker = opened();
        assert!(!breaker.failed(at(71), EVEN));
        assert_eq!(breaker.next_at(), Some(at(100)));
        breaker.succeeded();
        assert_eq!(breaker.may_send(at(71)), Gate::Send, "what arrives closes it, whenever it was sent");
    }

    #[test]
    fn who_is_gone_is_left_alone_until_somebody_resumes_it() {
        let mut breaker = Breaker::default();
        breaker.gone(at(5), "status 410");
        breaker.succeeded();
        assert_eq!((breaker.may_send(at(1_000_000)), breaker.next_at()), (Gate::Stopped, None));
        assert_eq!(breaker.why_gone(), Some(&Gone { at: at(5), reason: "status 410".into() }));
        assert!(!breaker.is_paused());
        breaker.resume();
        assert!(breaker.is_unused());
    }

    #[test]
    fn a_pause_holds_through_success_and_failure() {
        let mut breaker = opened();
        breaker.pause();
        breaker.failed(at(200), EVEN);
        assert_eq!(breaker.may_send(at(1000)), Gate::Stopped);
        breaker.succeeded();
        assert!(breaker.is_paused() && breaker.next_at().is_none() && breaker.failures() == 0);
        breaker.resume();
        assert_eq!(breaker.may_send(at(0)), Gate::Send);
    }

    #[test]
    fn a_breaker_that_nothing_happened_to_is_an_empty_object_and_every_other_one_reads_back() {
        assert_eq!(serde_json::to_string(&Breaker::default()).expect("plain data"), "{}");
        let mut breaker = opened();
        breaker.probe(at(100), 1);
        breaker.gone(at(101), "status 410");
        breaker.pause();
        let text = serde_json::to_vec(&breaker).expect("plain data");
        assert_eq!(json::from_slice::<Breaker>(&text).expect("it was written just now"), breaker);
        assert_eq!(json::from_slice::<Breaker>(b"{}").expect("an empty object"), Breaker::default());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_happens_it_can_be_sent_to_again_within_an_hour(
            steps in prop::collection::vec((0_u8..4, any::<u64>(), 0_u64..4_000_000), 0..60),
        ) {
            let (mut breaker, mut now) = (Breaker::default(), at(0));
            for (step, random, after_ms) in steps {
                now = now.plus_millis(after_ms);
                match step {
                    0 => breaker.succeeded(),
                    1 => breaker.probe(now, after_ms % 30_000),
                    _ => { breaker.failed(now, random); }
                }
                let next = breaker.next_at().expect("nothing stopped it");
                prop_assert!(next.millis_since(now) <= WAIT_LIMIT_MS);
                prop_assert!(!matches!(breaker.may_send(next.max(now)), Gate::Wait(_) | Gate::Stopped));
            }
        }
    }
}
