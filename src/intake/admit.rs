//! Admitting an alert: from a draft to what goes into the journal.
//!
//! In this order: the draft is sealed (limits, key, title), its labels are enriched, the pipeline is run unless it
//! recovers, and it is routed. All of it is a function of the draft and the configuration; the same code serves pushes
//! and the calls that explain one.

use serde::Serialize;

use super::draft::Draft;
use super::event::{AlertEvent, Severity, Status};
use super::pipeline::Outcome;
use super::step::Step;
use crate::channel::{Asked, ChannelStep, Ruled};
use crate::config::{Config, Integration, IntegrationKind, Rules};
use crate::error::{ApiError, Code};
use crate::filter::Facts;
use crate::ingest::STANDARD;
use crate::journal::{Accepted, Arrival, Ruling, What};
use crate::route::RouteSteps;
use crate::time::Timestamp;
use crate::title;

/// What a push says besides its alerts, in its query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `severity`: that of every alert that does not recover.
    pub severity: Option<Severity>,
    /// `title_rule`: that of every alert.
    pub title_rule: Option<String>,
    /// `channel_id`: where a shared integration's alerts go, instead of where its rules say.
    pub channel_id: Option<i64>,
}

/// What alerts are admitted by.
#[derive(Clone, Copy, Debug)]
pub struct Admitting<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The integration.
    pub integration: &'a Integration,
    /// The type of the door.
    pub door: &'a str,
    /// What the push says besides.
    pub overrides: &'a Overrides,
    /// When it was received.
    pub now: Timestamp,
}

/// What became of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    /// The alert's key, given or derived.
    pub alert_key: String,
    /// What is to be stored; `None` where a rule dropped the alert or no channel takes it.
    pub accepted: Option<Accepted>,
}

/// Every step that an alert took, for people.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Steps {
    /// The event as it was sent, with its key and title.
    pub received: AlertEvent,
    /// What each rule of the enrichment did.
    pub enrichment: Vec<Step>,
    /// What each rule of the pipeline did; a recovery passes it untouched.
    pub pipeline: Vec<Step>,
    /// What enrichment and pipeline made of the event.
    pub admitted: AlertEvent,
    /// Whether a rule of the pipeline dropped it.
    pub dropped: bool,
    /// How it was routed; absent where it was not, with the reason in `routing`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteSteps>,
    /// How its channels were found, in a sentence.
    pub routing: String,
    /// What the rules of each channel do to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channel_rules: Vec<ChannelStep>,
    /// Where it goes.
    pub channel_ids: Vec<i64>,
    /// The marks by which other alerts can inhibit it, each with the rule that gives it: the id of a channel's rule, or
    /// `pipeline rule <n>`. Boards know which are active, and people know rules.
    #[serde(skip)]
    pub inhibiting: Vec<(u64, String)>,
}

impl Admitting<'_> {
    /// Refuses pushes that no channel could ever take.
    ///
    /// # Errors
    /// `InvalidParameter` for a shared integration without rules.
    pub fn check(&self) -> Result<(), ApiError> {
        let Integration { kind, ref rules, .. } = *self.integration;
        if kind == IntegrationKind::Shared && rules.route.is_empty() && self.direct().is_none() {
            let message = "the integration has no routing rules, so no channel can take the alert";
            return Err(ApiError::new(Code::InvalidParameter, message));
        }
        Ok(())
    }

    /// Admits one alert. With `steps`, tells every step.
    ///
    /// # Errors
    /// As [`Draft::seal`].
    pub fn admit(&self, mut draft: Draft, steps: Option<&mut Steps>) -> Result<Admitted, ApiError> {
        let origin = self.integration.origin(self.door);
        if let (Some(severity), false) = (self.overrides.severity, draft.status == Status::Ok) {
            draft.status = severity.into();
        }
        if let Some(rule) = &self.overrides.title_rule {
            draft.title_rule.clone_from(rule);
        }
        let event = draft.seal(origin)?;
        let alert_key = event.alert_key.clone();
        Ok(Admitted { alert_key, accepted: self.pass(event, steps) })
    }

    /// Takes a sealed event through enrichment, pipeline and routing. What is to be stored; `None` where a rule dropped
    /// the alert or no channel takes it. With `steps`, tells every step.
    pub fn pass(&self, mut event: AlertEvent, mut steps: Option<&mut Steps>) -> Option<Accepted> {
        let Rules { enrichment, pipeline, .. } = &self.integration.rules;
        let ruled = !enrichment.rules.is_empty() || !pipeline.rules.is_empty();
        let received = (ruled || steps.is_some()).then(|| event.clone());
        let outcome = self.apply_rules(&mut event, steps.as_deref_mut());
        if let Some(steps) = &mut steps {
            steps.received = received.clone().unwrap_or_default();
            steps.admitted = event.clone();
            steps.dropped = outcome.dropped;
            let rules = outcome.targets.iter().zip(&outcome.target_rules);
            steps.inhibiting = rules.map(|(mark, rule)| (*mark, format!("pipeline rule {rule}"))).collect();
        }
        if outcome.dropped {
            return None;
        }
        let (mut channel_ids, everywhere) = self.route(&event, steps.as_deref_mut());
        let rulings = self.rulings(&event, &mut channel_ids, steps.as_deref_mut());
        if let Some(steps) = steps {
            steps.channel_ids.clone_from(&channel_ids);
        }
        if channel_ids.is_empty() && !everywhere {
            return None;
        }
        let original = received.filter(|received| *received != event).map(Box::new);
        let (door, config) = (self.door_kept(), self.config.revision);
        let Outcome { targets, sources, .. } = outcome;
        let what = What::Event(Arrival { event, door, config, original, targets, sources, rulings });
        Some(Accepted { integration_id: self.integration.id, channel_ids, everywhere, continues: false, what })
    }

    /// Enriches the labels, makes the title anew where they changed, and runs the pipeline.
    fn apply_rules(&self, event: &mut AlertEvent, mut steps: Option<&mut Steps>) -> Outcome {
        let Rules { enrichment, pipeline, .. } = &self.integration.rules;
        let origin = self.integration.origin(self.door);
        if !enrichment.rules.is_empty() {
            let labels = event.labels.clone();
            let told = steps.as_mut().map(|steps| &mut steps.enrichment);
            enrichment.apply(event, origin, &self.config.mapping_tables, told);
            title::retitle_after(event, &labels, origin);
        }
        pipeline.apply(event, origin, steps.map(|steps| &mut steps.pipeline))
    }

    /// The channels of an event, and whether it goes to wherever its alert is open.
    fn route(&self, event: &AlertEvent, mut steps: Option<&mut Steps>) -> (Vec<i64>, bool) {
        let channels = &self.config.channels;
        let recovers = event.status == Status::Ok;
        let (found, everywhere, told) = match (self.integration.channel_id, self.direct()) {
            (Some(id), _) if recovers || self.config.is_enabled(id) => {
                (vec![id], false, format!("the integration belongs to channel {id}"))
            }
            (Some(id), _) => (Vec::new(), false, format!("the integration belongs to channel {id}, which is disabled")),
            _ if recovers => (Vec::new(), true, "a recovery goes to every channel that has the alert open".to_owned()),
            (None, Some(id)) => (vec![id], false, format!("the push names channel {id}")),
            (None, None) => {
                let facts = Facts::of(event, self.integration.origin(self.door));
                let mut told = steps.is_some().then(RouteSteps::default);
                let found = self.integration.rules.route.walk(&facts, channels, told.as_mut());
                if let Some(steps) = &mut steps {
                    steps.route = told;
                }
                (found, false, "by the rules of the integration".to_owned())
            }
        };
        if let Some(steps) = steps {
            steps.routing = told;
        }
        (found, everywhere)
    }

    /// What the rules of its channels say of an event, where they say anything. Channels that do not take it are taken
    /// out.
    fn rulings(&self, event: &AlertEvent, channel_ids: &mut Vec<i64>, mut steps: Option<&mut Steps>) -> Vec<Ruling> {
        let (config, mut rulings) = (self.config, Vec::new());
        let facts = Facts::of(event, self.integration.origin(self.door));
        channel_ids.retain(|id| {
            let Some(channel) = config.channel(*id) else {
                return true;
            };
            let (zone, calendars) = (&config.time_zone, &config.calendars);
            let asked = Asked { channel, facts: &facts, now_s: self.now.secs(), zone, calendars };
            let ruled = channel.rules.rule(asked);
            if let Some(steps) = &mut steps {
                steps.channel_rules.push(ruled.told(channel, &facts));
                steps.inhibiting.extend(channel.rules.inhibiting(*id, &facts));
            }
            match ruled {
                Ruled::Taken(mut ruling) => {
                    // A recovery is told of where its alert was.
                    ruling.watched = event.status != Status::Ok && config.watches_alerts(*id);
                    if !ruling.is_default() {
                        rulings.push(*ruling);
                    }
                    true
                }
                Ruled::Dropped(_) | Ruled::Discarded(_) => false,
            }
        });
        rulings
    }

    /// The channel that the push names, where that is for a push to say and the channel can take alerts.
    fn direct(&self) -> Option<i64> {
        let id = self.overrides.channel_id.filter(|_| self.integration.kind == IntegrationKind::Shared)?;
        Some(id).filter(|id| self.config.is_enabled(*id))
    }

    /// The door as it is stored: the usual one is left out.
    fn door_kept(&self) -> String {
        if self.door == STANDARD { String::new() } else { self.door.to_owned() }
    }
}
