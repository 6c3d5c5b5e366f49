//! Custom actions: what somebody runs on an incident is posted to the action's endpoint at once, once, and whoever ran
//! it waits for what comes of it (Flashduty, "Custom Actions").
//!
//! It stands in no queue and in no delivery history: the timeline of the incident says that it was run.

use serde::{Deserialize, Serialize};

use super::custom_action;
use super::delivering::Delivering;
use super::retry::Verdict;
use super::segment::Told;
use crate::board::{Alert, Event};
use crate::config::{Config, Subscription};
use crate::ports::{Clock, Log, Outbound, Random, Store};

/// The most alerts of the incident that are posted along with it, and the most bytes of them; the newest are.
const ALERTS: usize = 1000;
const ALERTS_BYTES: usize = 512 * 1024;

/// What is to be posted: how the incident will be when the action has been run, and its alerts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ActionRun {
    /// The event that tells that it was run.
    pub event: Event,
    /// The alerts, in the order of their ids.
    pub alerts: Vec<Alert>,
}

impl ActionRun {
    /// What is to be posted of an incident with these alerts, which come in the order of their ids; that is the order
    /// of time. Of too many the newest 1000 are posted, or as many as are no more than 512 KiB.
    pub fn new(event: Event, mut alerts: Vec<Alert>) -> Self {
        let (mut left, mut newest) = (ALERTS_BYTES, Vec::new());
        while let Some(alert) = alerts.pop().filter(|_| newest.len() < ALERTS) {
            match left.checked_sub(serde_json::to_vec(&alert).map_or(usize::MAX, |json| json.len())) {
                Some(rest) => left = rest,
                None => break,
            }
            newest.push(alert);
        }
        newest.reverse();
        Self { event, alerts: newest }
    }

    /// It as an event that is told with the body of a custom action.
    pub(super) fn told(&self, config: &Config) -> Told {
        Told::with_body(&self.event, custom_action(&self.event, &self.alerts, config))
    }
}

impl<S: Store, C: Clock, R: Random, O: Outbound, L: Log> Delivering<'_, S, C, R, O, L> {
    /// Runs a custom action. Returns what went wrong, for whoever ran it; empty if nothing did.
    pub async fn run_action(&self, action: &Subscription, run: &ActionRun) -> String {
        let (tried, _) = self.send_once(action, &run.told(self.config)).await;
        match tried.verdict {
            Verdict::Delivered => String::new(),
            Verdict::Retry { reason, .. } | Verdict::Refused { reason } | Verdict::Gone { reason } => {
                let (id, event_id) = (action.id, &run.event.event_id);
                self.log.line(&format!(
                    "level=warn msg=\"action failed\" subscription={id} event={event_id} reason={reason:?}"
                ));
                reason
            }
        }
    }
}
