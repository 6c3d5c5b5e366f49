//! A line: one subscription, how it fares, and what came of what it was sent in one go.

use super::account::Account;
use super::attempt::Attempted;
use super::breaker::Gate;
use super::queue::{Item, Queue};
use super::report::DeliveryReport;
use super::retry::Verdict;
use super::segment::{Attempt, Status, Told};
use crate::config::Subscription;
use crate::ports::{Log, Random};
use crate::time::Timestamp;

/// One subscription.
pub(super) struct Line<'s> {
    pub subscription: &'s Subscription,
    /// Its queue as it was read, with what was noted since.
    pub queue: Queue,
    /// Whether it is to be told later, from the log: since before, or from here on.
    pub behind: bool,
    /// Where that is from here on, which segment of the account is the first that it is to be told.
    pub from: u64,
    /// Whether one event is to be sent to find out how it fares.
    pub probing: bool,
    /// When this has come, nothing more is begun: the right to do it would run out.
    pub until: Timestamp,
    /// What is to be noted in the stored queue.
    pub noted: Vec<Noted>,
    /// What was done.
    pub report: DeliveryReport,
}

/// What is to be noted in a queue.
#[derive(Clone, Debug)]
pub(super) enum Noted {
    /// It took something.
    Taken,
    /// It did not; a random number for how long it is left alone.
    Failed(Timestamp, u64),
    /// It wants nothing more.
    Gone(Timestamp, String),
    /// An event waits.
    Waits(Item),
    /// One that waited has arrived, or is given up.
    Done(String),
    /// One that waited is put off; with how many of its attempts do not count.
    PutOff(String, Timestamp, u32),
}

impl Noted {
    /// The event that waits no longer.
    pub fn done(&self) -> Option<&str> {
        match self {
            Self::Done(event_id) => Some(event_id),
            _ => None,
        }
    }

    /// Notes it.
    pub fn note(&self, queue: &mut Queue) {
        match self {
            Self::Taken => queue.breaker.succeeded(),
            Self::Failed(at, random) => {
                queue.breaker.failed(*at, *random);
                queue.counts.add(Queue::FAILED, 1);
            }
            Self::Gone(at, reason) => queue.breaker.gone(*at, reason),
            Self::Waits(item) => queue.add(std::slice::from_ref(item)),
            Self::Done(event_id) => queue.remove(event_id),
            Self::PutOff(event_id, next_at, spared) => queue.put_off(event_id, *next_at, *spared),
        }
    }
}

/// An event that was sent once, or left because it has to wait.
pub(super) struct Sent<'e> {
    pub told: &'e Told,
    /// Whether it waits in the queue already, how often it was tried before, and how many of those do not count.
    pub waited: Option<(u32, u32)>,
    /// What came of it; `None`: it was not sent.
    pub tried: Option<Attempted>,
    /// What was sent, where it was not the event's own body.
    pub body: Option<Vec<u8>>,
}

impl<'s> Line<'s> {
    pub fn new(subscription: &'s Subscription, queue: Queue, behind: bool) -> Self {
        let (until, report) = (Timestamp(u64::MAX), DeliveryReport::default());
        Self { subscription, queue, behind, from: 0, probing: false, until, noted: Vec::new(), report }
    }

    /// Whether it is sent what is new; if not, that waits in the log: attempts that fail by their time limit would hold
    /// up everybody's next batch.
    pub fn is_open(&self, now: Timestamp) -> bool {
        !self.behind && self.queue.breaker.may_send(now) == Gate::Send && !self.queue.is_full()
    }

    /// Whether the stored queue is to be changed: a success says nothing new of a subscriber that fares well.
    pub fn has_notes(&self) -> bool {
        !self.noted.is_empty()
    }

    fn note(&mut self, noted: Noted) {
        if matches!(noted, Noted::Taken) && self.queue.breaker.is_unused() {
            return;
        }
        noted.note(&mut self.queue);
        self.noted.push(noted);
    }

    /// Notes that an event that waited cannot be told any more.
    pub fn give_up(&mut self, event_id: &str) {
        self.report.given_up += 1;
        self.note(Noted::Done(event_id.to_owned()));
    }

    /// Notes that an event waits without having been sent.
    pub fn leave<R: Random>(&mut self, told: &Told, account: &mut Account<'_, R>) {
        let segment = account.tell(told);
        self.note(Noted::Waits(self.item(told, segment, (0, 0), Timestamp(0))));
    }

    /// Notes what came of an event, here and in the account.
    pub fn settle<R: Random>(&mut self, sent: Sent<'_>, account: &mut Account<'_, R>, random: &R, log: &impl Log) {
        let Sent { told, waited, tried, body } = sent;
        let Some(tried) = tried else {
            return if waited.is_none() {
                self.leave(told, account)
            };
        };
        let segment = account.tell(told);
        let (tried_before, mut spared) = waited.unwrap_or_default();
        let attempts = tried_before.saturating_add(1);
        account.note(told, self.attempt(&tried, attempts, body));
        let ended = tried.at.plus_millis(tried.duration_ms);
        let (event_id, id, duration_ms) = (&told.event_id, self.subscription.id, tried.duration_ms);
        let line = |what: &str, reason: &str| {
            log.line(&format!(
                "level=warn msg=\"delivery {what}\" subscription={id} event={event_id} attempt={attempts} \
                 duration_ms={duration_ms} reason={reason:?}"
            ));
        };
        let again_at = match &tried.verdict {
            Verdict::Delivered => {
                self.note(Noted::Taken);
                self.report.delivered += 1;
                None
            }
            Verdict::Refused { reason } => {
                self.note(Noted::Failed(ended, random.next_u64()));
                line("given up", reason);
                self.report.given_up += 1;
                None
            }
            Verdict::Gone { reason } => {
                self.note(Noted::Gone(ended, reason.clone()));
                line("stopped", reason);
                self.report.put_off += 1;
                Some(ended)
            }
            Verdict::Retry { after_ms, reason } => {
                self.note(Noted::Failed(ended, random.next_u64()));
                // Who takes nothing at all loses nothing by it: attempts to find out how it fares do not count.
                spared = spared.saturating_add(self.queue.breaker.is_suspect().into());
                let schedule = &self.subscription.details.schedule;
                let wait_ms = schedule.wait_ms(attempts, spared, *after_ms, random.next_u64());
                line(if wait_ms.is_some() { "failed" } else { "given up" }, reason);
                match wait_ms {
                    Some(_) => self.report.put_off += 1,
                    None => self.report.given_up += 1,
                }
                wait_ms.map(|wait_ms| ended.plus_millis(wait_ms))
            }
        };
        match (waited, again_at) {
            (None, None) => {}
            (None, Some(at)) => self.note(Noted::Waits(self.item(told, segment, (attempts, spared), at))),
            (Some(_), None) => self.note(Noted::Done(event_id.clone())),
            (Some(_), Some(at)) => self.note(Noted::PutOff(event_id.clone(), at, spared)),
        }
    }

    fn item(&self, told: &Told, segment: String, (attempts, spared): (u32, u32), next_at: Timestamp) -> Item {
        let edits = told.event_type.starts_with("i_r_") || told.event_type == "a_update";
        let edit = if edits { told.event_type.clone() } else { String::new() };
        let (event_id, ref_id) = (told.event_id.clone(), told.ref_id.clone());
        Item { event_id, ref_id, segment, edit, attempts, spared, next_at }
    }

    /// An attempt for the account.
    fn attempt(&self, tried: &Attempted, attempt: u32, body: Option<Vec<u8>>) -> Attempt {
        let answer = tried.answer.as_ref();
        let (taken, error) = match &tried.verdict {
            Verdict::Delivered => (true, String::new()),
            Verdict::Refused { reason } | Verdict::Gone { reason } | Verdict::Retry { reason, .. } => {
                (false, reason.clone())
            }
        };
        let mut response_headers = String::new();
        for (name, value) in answer.iter().flat_map(|answer| &answer.headers) {
            response_headers.extend([name.as_str(), ": ", value, "\n"]);
        }
        Attempt {
            subscription_id: self.subscription.id,
            attempt,
            at_ms: tried.at.millis(),
            duration_ms: tried.duration_ms,
            status_code: answer.map_or(0, |answer| answer.status),
            status: if taken { Status::Success } else { Status::Failed },
            error,
            endpoint: self.subscription.shown_url(),
            request_headers: Vec::new(),
            request_body: body.map(|body| String::from_utf8_lossy(&body).into_owned()),
            response_headers,
            response_body: answer.map_or_else(String::new, |a| String::from_utf8_lossy(&a.body).into_owned()),
            ..Attempt::default()
        }
    }
}
