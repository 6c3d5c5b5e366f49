//! The events of an alert: the newest twenty that changed something are kept (Flashduty Open API, `AlertEventItem`).
//!
//! The latest one is what the alert is now. An earlier one is kept as far as it differs from the one after it, under a key
//! of its own beside the alert: so a further event costs the same however many there were. What leaves the board takes its
//! events along, in its own document; of an incident with very many alerts, fewer of each.

use std::mem;

use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::head::{Board, Missing};
use super::page::{self, Entity};
use super::step::Step;
use crate::intake::{Image, Status};
use crate::json::is_default;
use crate::sorted::SortedMap;

/// How many earlier events of an alert are kept, beside the latest.
pub const PAST: u64 = 19;

/// How large the earlier events in the document of an incident may be together, about, bytes.
const DOCUMENT_BYTES: usize = 1024 * 1024;

/// An earlier event of an alert, as far as it differs from the one that came after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PastEvent {
    /// When it was received, Unix seconds.
    pub at: u64,
    /// When it happened by its sender, Unix seconds; 0: the sender did not say, or it is the same.
    #[serde(skip_serializing_if = "is_default")]
    pub said: u64,
    /// Its status.
    pub status: Status,
    /// Its title, where that was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The rule of its title, where that was another.
    #[serde(rename = "rule", skip_serializing_if = "Option::is_none")]
    pub title_rule: Option<String>,
    /// Its description, where that was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The labels that the next one has not, or with another value.
    #[serde(skip_serializing_if = "SortedMap::is_empty")]
    pub labels: SortedMap<String, String>,
    /// The names of the labels that only the next one has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// Its images, where they were others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<Image>>,
}

/// An event of an alert in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEvent {
    /// Which of the alert's events, from 1.
    pub nth: u64,
    /// The event, with all that it had in common with others.
    pub event: PastEvent,
}

impl PastEvent {
    /// What the latest event of an alert left.
    fn latest(alert: &Alert) -> Self {
        Self {
            at: alert.last_time,
            said: alert.event_time,
            status: alert.alert_status,
            title: Some(alert.title.clone()),
            title_rule: Some(alert.title_rule.clone()),
            description: Some(alert.description.clone()),
            labels: alert.labels.clone(),
            added: Vec::new(),
            images: Some(alert.images.clone()),
        }
    }

    /// What is to be kept of the latest event of an alert as it was `before` another came.
    pub fn between(before: &Alert, after: &Alert) -> Self {
        let other = |before: &String, after: &String| (before != after).then(|| before.clone());
        let mut past = Self {
            at: before.last_time,
            said: before.event_time,
            status: before.alert_status,
            title: other(&before.title, &after.title),
            title_rule: other(&before.title_rule, &after.title_rule),
            description: other(&before.description, &after.description),
            images: (before.images != after.images).then(|| before.images.clone()),
            ..Self::default()
        };
        for (name, value) in &before.labels {
            if after.labels.get(name) != Some(value) {
                past.labels.insert(name.clone(), value.clone());
            }
        }
        for name in after.labels.keys().filter(|name| !before.labels.contains_key(*name)) {
            past.added.push(name.clone());
        }
        past
    }

    /// The whole of an event that is followed by `next`.
    fn before(&self, next: &Self) -> Self {
        let or = |mine: &Option<String>, next: &Option<String>| mine.clone().or_else(|| next.clone());
        let mut labels = next.labels.clone();
        labels.retain(|name, _| !self.added.contains(name));
        for (name, value) in &self.labels {
            labels.insert(name.clone(), value.clone());
        }
        Self {
            title: or(&self.title, &next.title),
            title_rule: or(&self.title_rule, &next.title_rule),
            description: or(&self.description, &next.description),
            images: self.images.clone().or_else(|| next.images.clone()),
            labels,
            added: Vec::new(),
            ..*self
        }
    }

    /// How large it is in its stored form, about, bytes.
    fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let labels: usize = self.labels.iter().map(|(name, value)| name.len() + value.len() + 6).sum();
        let added: usize = self.added.iter().map(|name| name.len() + 3).sum();
        let images = self.images.iter().flatten().map(|i| i.src.len() + i.alt.len() + i.href.len() + 30);
        let texts = text(&self.title) + text(&self.title_rule) + text(&self.description);
        64 + texts + labels + added + images.sum::<usize>()
    }
}

impl Alert {
    /// Its events as far as they are kept, the newest first, with the earlier ones that it holds itself.
    pub fn events(&self) -> Vec<KeptEvent> {
        let mut nth = self.event_cnt;
        let mut events = vec![KeptEvent { nth, event: PastEvent::latest(self) }];
        for past in self.past.iter().rev().take(PAST as usize) {
            nth = nth.saturating_sub(1);
            let whole = events.last().map(|next| past.before(&next.event));
            events.extend(whole.map(|event| KeptEvent { nth, event }));
        }
        events
    }
}

/// Lets alerts of one document keep as many earlier events each as there is room for.
pub fn fit(alerts: &mut [Alert]) {
    let mut each = PAST as usize;
    loop {
        let kept = alerts.iter().flat_map(|alert| alert.past.iter().rev().take(each));
        if kept.map(PastEvent::bytes).sum::<usize>() <= DOCUMENT_BYTES {
            break;
        }
        each /= 2;
    }
    for alert in alerts {
        alert.past.drain(..alert.past.len().saturating_sub(each));
    }
}

impl Step<'_> {
    /// Puts the earlier events that an alert holds under keys of their own, and lets those go that are too many.
    pub(super) fn spread_events(&mut self, alert: &mut Alert) {
        let past = mem::take(&mut alert.past);
        let first = alert.event_cnt.saturating_sub(past.len() as u64);
        for (nth, event) in (first..).zip(past) {
            self.put(page::event(&alert.alert_id, nth), Entity::Event(event));
            let gone = page::event(&alert.alert_id, nth.saturating_sub(PAST));
            // It stands on the page of its alert, which was read before.
            if nth > PAST && matches!(self.get(&gone), Ok(Some(_))) {
                self.remove(gone);
            }
        }
    }

    /// The earlier events of an alert, the oldest first, wherever they stand.
    pub(super) fn past_events(&self, alert: &Alert) -> Result<Vec<PastEvent>, Missing> {
        let mut past = alert.past.clone();
        for nth in numbers(alert) {
            if let Some(Entity::Event(event)) = self.get(&page::event(&alert.alert_id, nth))? {
                past.push(event.clone());
            }
        }
        Ok(past)
    }

    /// Takes the earlier events of an alert off the board, into the alert, which is to be kept elsewhere or nowhere.
    pub(super) fn gather_events(&mut self, alert: &mut Alert) -> Result<(), Missing> {
        alert.past = self.past_events(alert)?;
        for nth in numbers(alert) {
            let key = page::event(&alert.alert_id, nth);
            if self.get(&key)?.is_some() {
                self.remove(key);
            }
        }
        Ok(())
    }
}

impl Board {
    /// Gives alerts of the board their earlier events, to be shown.
    pub fn add_events(&self, alerts: &mut [Alert]) -> Result<(), Missing> {
        let step = self.step();
        for alert in alerts {
            alert.past = step.past_events(alert)?;
        }
        Ok(())
    }
}

/// The numbers of the earlier events of an alert that may be kept.
fn numbers(alert: &Alert) -> std::ops::Range<u64> {
    alert.event_cnt.saturating_sub(PAST).max(1)..alert.event_cnt
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::NO_CHANNEL;

    fn labels(pairs: &[(&str, &str)]) -> SortedMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn alert(nth: u64, pairs: &[(&str, &str)]) -> Alert {
        Alert {
            alert_id: "6ad33b20a1b2c3d4e5f60718".into(),
            title: format!("title {}", nth / 2),
            description: format!("description {nth}"),
            labels: labels(pairs),
            last_time: 1000 + nth,
            event_time: if nth % 2 == 0 { 0 } else { 500 + nth },
            alert_status: if nth % 2 == 0 { Status::Critical } else { Status::Warning },
            event_cnt: nth,
            ..Alert::default()
        }
    }

    #[test]
    fn each_event_is_told_in_full_from_what_it_differs_by() {
        let states = [
            alert(1, &[("a", "1"), ("b", "1")]),
            alert(2, &[("a", "2"), ("c", "1")]),
            alert(3, &[]),
            Alert { images: vec![Image { src: "x".into(), ..Image::default() }], ..alert(4, &[("b", "1")]) },
        ];
        let mut last = states[3].clone();
        for pair in states.windows(2) {
            last.past.push(PastEvent::between(&pair[0], &pair[1]));
        }
        assert_eq!((last.past[0].title.as_deref(), &last.past[0].added), (Some("title 0"), &vec!["c".to_owned()]));
        assert_eq!(last.past[1].title, Some("title 1".to_owned()).filter(|_| states[1].title != states[2].title));
        let events = last.events();
        assert_eq!(events.iter().map(|kept| kept.nth).collect::<Vec<_>>(), [4, 3, 2, 1]);
        for (kept, state) in events.iter().zip(states.iter().rev()) {
            assert_eq!(kept.event, PastEvent::latest(state));
        }
    }

    #[test]
    fn what_is_too_many_goes_the_oldest_first() {
        let mut board = Board::new(NO_CHANNEL);
        for nth in 1..=50 {
            let mut step = board.step();
            let past = (nth > 1).then(|| PastEvent { at: nth - 1, ..PastEvent::default() });
            step.put_alert(Alert { past: past.into_iter().collect(), ..alert(nth, &[]) });
            let changes = step.changes();
            board.commit(changes);
        }
        let mut alerts = [board.alert(&alert(1, &[]).alert_id).expect("no pages").expect("there").clone()];
        assert!(alerts[0].past.is_empty());
        board.add_events(&mut alerts).expect("no pages");
        assert_eq!(alerts[0].past.iter().map(|past| past.at).collect::<Vec<_>>(), (31..50).collect::<Vec<_>>());
        let mut step = board.step();
        let mut gathered = board.alert(&alerts[0].alert_id).expect("no pages").expect("there").clone();
        step.gather_events(&mut gathered).expect("no pages");
        assert_eq!(gathered.past, alerts[0].past);
        let changes = step.changes();
        board.commit(changes);
        assert_eq!(board.head.open.all(&board.loaded).expect("no pages").len(), 1, "the alert alone is left");
    }

    #[test]
    fn of_very_many_alerts_each_keeps_fewer_events_in_a_document() {
        let past = |bytes: usize| PastEvent { description: Some("d".repeat(bytes)), ..PastEvent::default() };
        let mut few = vec![Alert { past: vec![past(100); 19], ..Alert::default() }; 100];
        fit(&mut few);
        assert!(few.iter().all(|alert| alert.past.len() == 19));
        let mut many = vec![Alert { past: vec![past(100); 19], ..Alert::default() }; 5000];
        many[7].past = vec![past(1), past(2), past(3)];
        fit(&mut many);
        assert!(many.iter().all(|alert| alert.past.len() == 1));
        assert_eq!(many[7].past, [past(3)], "the newest");
        let mut large = vec![Alert { past: vec![past(8192); 19], ..Alert::default() }; 5000];
        fit(&mut large);
        assert!(large.iter().all(|alert| alert.past.is_empty()));
    }
}
