//! A sample event, for trying out a subscription.

use super::action::ActionRun;
use super::segment::Told;
use crate::board::{Alert, Event, EventType, Incident, ToldAlert};
use crate::config::{Config, Subscription, SubscriptionKind};
use crate::time::Timestamp;

/// The id of the incident or alert of a sample; there is none with it.
const SAMPLE_ID: &str = "000000000000000000000000";

/// An event such as a subscription is told: of an incident or alert that does not exist.
pub fn sample(subscription: &Subscription, config: &Config, now: Timestamp, event_id: String) -> Told {
    let channel_id = config.channels.first().map_or(0, |channel| channel.id);
    let (title, description) =
        ("A test of this webhook".to_owned(), "Nothing has happened: somebody asked for a test delivery.".to_owned());
    let secs = now.secs();
    let incident = Incident {
        incident_id: SAMPLE_ID.to_owned(),
        channel_id,
        title: title.clone(),
        description: description.clone(),
        created_at: secs,
        updated_at: secs,
        start_time: secs,
        last_time: secs,
        ..Incident::default()
    };
    let mut alert = Alert::default();
    (alert.alert_id, alert.title, alert.description) = (SAMPLE_ID.to_owned(), title, description);
    (alert.start_time, alert.last_time, alert.event_cnt) = (secs, secs, 1);
    let of = |event_type, incident, alert| Event {
        event_id: event_id.clone(),
        event_type,
        event_time: now.millis(),
        person_id: None,
        incident,
        alert,
    };
    match subscription.kind {
        SubscriptionKind::Incident => Told::of(&of(EventType::New, Some(incident), None), config),
        SubscriptionKind::Alert => {
            let told = Box::new(ToldAlert::new(&alert, channel_id, None));
            Told::of(&of(EventType::AlertNew, None, Some(told)), config)
        }
        SubscriptionKind::Action => {
            ActionRun::new(of(EventType::Custom, Some(incident), None), vec![alert]).told(config)
        }
    }
}
