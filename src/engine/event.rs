//! An alert event on a board: it opens an alert, changes the open one, or recovers it; and its incident follows.

use super::closing::{How, close};
use super::joining::{follow_rules, join_or_open};
use super::tell::{Who, tell_alert};
use super::{flapping, muting};
use crate::board::totals::total;
use crate::board::{Alert, Effect, EventType, Incident, Missing, Progress, Step};
use crate::id::{self, Cause};
use crate::intake::Status;
use crate::journal::{Arrival, Ruling};

/// Takes in an event.
pub fn arrive(step: &mut Step, cause: Cause, integration_id: i64, arrival: &Arrival) -> Result<(), Missing> {
    let identity = id::alert_identity(integration_id, &arrival.event.alert_key);
    let (alert, incident) = open(step, &identity)?;
    if arrival.event.status == Status::Ok {
        // What goes everywhere may come again to a board on which it found nothing: it must not find then what was not
        // there before.
        return match alert.filter(|alert| alert.opened <= cause.into()) {
            Some(alert) => recover(step, cause, &identity, arrival, alert, incident),
            None => Ok(()),
        };
    }
    let secs = cause.received.secs();
    let ruling = arrival.ruling(cause.channel);
    if step.sources().inhibit(&identity, &arrival.targets, secs)
        || ruling.is_some_and(|ruling| step.sources().inhibit(&identity, &ruling.discarded_by, secs))
    {
        return Ok(());
    }
    let firing = Firing { cause, identity: &identity, arrival, ruling };
    let taken = match alert {
        Some(alert) => firing.change(step, alert, incident)?,
        None => firing.begin(step, integration_id)?,
    };
    if taken {
        firing.mark_source(step)?;
    }
    Ok(())
}

/// The open alert with an identity and its incident.
pub fn open(step: &Step, identity: &str) -> Result<(Option<Alert>, Option<Incident>), Missing> {
    let Some(alert) = step.indexed_alert(identity)? else {
        return Ok((None, None));
    };
    let incident = step.incident(&alert.incident_id)?;
    match alert.is_open(incident.as_ref()) {
        true => Ok((Some(alert), incident)),
        false => Ok((None, None)),
    }
}

/// An open alert recovers.
fn recover(
    step: &mut Step,
    cause: Cause,
    identity: &str,
    arrival: &Arrival,
    mut alert: Alert,
    incident: Option<Incident>,
) -> Result<(), Missing> {
    let (secs, at) = (cause.received.secs(), cause.received);
    let before = alert.clone();
    if alert.take(arrival, secs) == Effect::Repeated {
        return Ok(());
    }
    step.count(total::RECOVERED);
    step.unindex_alert(&alert)?;
    step.source(identity, &[], 0);
    let policy = alert.flapping.unwrap_or_default();
    let flaps = flapping::change(step, identity, policy, true, secs)?;
    let Some(mut incident) = incident else {
        alert.muted = None;
        tell_alert(step, &mut alert, None, EventType::AlertUpdate, Who::Nobody, at);
        return step.archive_alert(alert);
    };
    incident.heard(secs);
    incident.follow(&before, &alert, secs);
    tell_alert(step, &mut alert, Some(&incident), EventType::AlertUpdate, Who::Nobody, at);
    step.put_alert(alert);
    if flaps {
        flapping::mark(step, &mut incident, policy, at);
    }
    if incident.tally.recovered() {
        incident.end_time = secs;
        if !incident.keep_open {
            close(step, &mut incident, How::Recovered, Who::Nobody, at)?;
        }
    }
    step.put_incident(incident);
    Ok(())
}

/// An event that says that something is wrong.
struct Firing<'a> {
    cause: Cause,
    identity: &'a str,
    arrival: &'a Arrival,
    ruling: Option<&'a Ruling>,
}

impl Firing<'_> {
    /// It opens an alert.
    fn begin(&self, step: &mut Step, integration_id: i64) -> Result<bool, Missing> {
        let secs = self.cause.received.secs();
        let mut alert = Alert::open(self.cause, integration_id, self.arrival);
        // What is muted already is muted still; what is found flapping by this very event is told of once more.
        let muted = muting::muted(step, &alert, self.identity, self.ruling, secs)?;
        let policy = alert.flapping.unwrap_or_default();
        let flaps = flapping::change(step, self.identity, policy, false, secs)?;
        step.count(total::NEW);
        step.index_alert(&alert);
        match muted {
            Some(muted) => {
                self.tell(step, &mut alert, None, Some(EventType::AlertNew));
                muting::keep(step, alert, muted, self.ruling);
            }
            None => join_or_open(step, alert, self.ruling, self.cause, flaps, Some(EventType::AlertNew))?,
        }
        Ok(true)
    }

    /// It comes to an open alert. Returns whether it was taken in.
    fn change(&self, step: &mut Step, mut alert: Alert, incident: Option<Incident>) -> Result<bool, Missing> {
        let secs = self.cause.received.secs();
        let before = alert.clone();
        let effect = alert.take(self.arrival, secs);
        if effect == Effect::Repeated {
            return Ok(false);
        }
        step.count(total::MERGED);
        alert.flapping = self.ruling.and_then(|ruling| ruling.flapping);
        alert.watched = self.ruling.is_some_and(|ruling| ruling.watched);
        let news = (effect == Effect::Updated || alert.labels != before.labels).then_some(EventType::AlertUpdate);
        let muted = muting::muted(step, &alert, self.identity, self.ruling, secs)?;
        alert.ever_muted |= muted.is_some();
        let Some(mut incident) = incident else {
            match muted {
                Some(muted) => {
                    self.tell(step, &mut alert, None, news);
                    muting::keep(step, alert, muted, self.ruling);
                }
                None => join_or_open(step, alert, self.ruling, self.cause, false, news)?,
            }
            return Ok(true);
        };
        let unchanged = incident.clone();
        follow_rules(&mut incident, self.ruling);
        if incident.auto_resolve != unchanged.auto_resolve {
            incident.updated_at = secs;
        }
        incident.heard(secs);
        if effect == Effect::Updated {
            incident.follow(&before, &alert, secs);
        } else {
            incident.ever_muted |= alert.ever_muted;
            incident.follow_labels(&alert);
        }
        self.tell(step, &mut alert, Some(&incident), news);
        // What says nothing new costs nothing.
        if alert != before {
            step.put_alert(alert);
        }
        if incident != unchanged {
            step.put_incident(incident);
        }
        Ok(true)
    }

    fn tell(&self, step: &mut Step, alert: &mut Alert, incident: Option<&Incident>, news: Option<EventType>) {
        if let Some(news) = news {
            tell_alert(step, alert, incident, news, Who::Nobody, self.cause.received);
        }
    }

    /// Notes what the alert inhibits now: nothing where somebody is at its incident.
    fn mark_source(&self, step: &mut Step) -> Result<(), Missing> {
        let mut marks = self.arrival.sources.clone();
        marks.extend(self.ruling.iter().flat_map(|ruling| &ruling.sources));
        if !marks.is_empty()
            && let (_, Some(incident)) = open(step, self.identity)?
            && incident.progress == Progress::Processing
        {
            marks.clear();
        }
        step.source(self.identity, &marks, self.cause.received.secs());
        Ok(())
    }
}
