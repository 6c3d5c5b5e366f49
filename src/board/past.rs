//! The events of an alert: the newest twenty that changed something are kept (Flashduty Open API, `AlertEventItem`).
//!
//! The latest one is what the alert is now. An earlier one is kept as far as it differs from the one after it, under a key
//! of its own beside the alert: so a further event costs the same however many there were. What leaves the board takes its
//! events along, in its own document; of an incident with very many alerts, fewer of each.

use std::mem;

use serde_json::{Map, Value};

use super::alert::Alert;
use super::head::{Board, Missing};
use super::page::{self, Entity};
use super::step::Step;
use crate::intake::Severity;

/// How many earlier events of an alert are kept, beside the latest.
pub const PAST: u64 = 19;

/// How large the earlier events in the document of an incident may be together, about, bytes.
const DOCUMENT_BYTES: usize = 1024 * 1024;

/// An event of an alert in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEvent {
    /// Which of the alert's events, from 1.
    pub nth: u64,
    /// What it was: `at` (when it was received, Unix seconds), `said` (when it happened by its sender; absent: the sender
    /// did not say, or it is the same), `status`, `title`, `rule` (that made the title), `description`, `labels`, `images`.
    pub event: Value,
}

impl KeptEvent {
    /// When it was received, Unix seconds.
    pub fn at(&self) -> u64 {
        self.event["at"].as_u64().unwrap_or(0)
    }

    /// Its severity; `None`: it is a recovery.
    pub fn severity(&self) -> Option<Severity> {
        self.event["status"].as_str().and_then(Severity::parse)
    }
}

/// What is to be kept of the latest event of an alert as it was `before` another came: when it came, its status, and what
/// was other than after that one. `labels` are those that the next one has not, or with another value, `added` the names
/// of those that only the next one has. A value and no type of its own, because reading one takes less code.
pub fn between(before: &Alert, after: &Alert) -> Value {
    let mut past = begun(before);
    let texts = [
        ("title", &before.title, &after.title),
        ("rule", &before.title_rule, &after.title_rule),
        ("description", &before.description, &after.description),
    ];
    for (name, before, after) in texts {
        if before != after {
            past.insert(name.to_owned(), before.as_str().into());
        }
    }
    if before.images != after.images {
        past.insert("images".to_owned(), images(before));
    }
    let mut labels = Map::new();
    for (name, value) in &before.labels {
        if after.labels.get(name) != Some(value) {
            labels.insert(name.clone(), value.as_str().into());
        }
    }
    let mut added: Vec<Value> = Vec::new();
    for name in after.labels.keys().filter(|name| !before.labels.contains_key(*name)) {
        added.push(name.as_str().into());
    }
    if !labels.is_empty() {
        past.insert("labels".to_owned(), labels.into());
    }
    if !added.is_empty() {
        past.insert("added".to_owned(), added.into());
    }
    past.into()
}

/// What is noted of the latest event of an alert in any case.
fn begun(alert: &Alert) -> Map<String, Value> {
    let mut event = Map::new();
    event.insert("at".to_owned(), alert.last_time.into());
    event.insert("status".to_owned(), alert.alert_status.name().into());
    if alert.event_time > 0 {
        event.insert("said".to_owned(), alert.event_time.into());
    }
    event
}

/// By way of text: the code for both ways is there anyhow.
fn images(alert: &Alert) -> Value {
    let bytes = serde_json::to_vec(&alert.images).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// What the latest event of an alert left, in full.
fn latest(alert: &Alert) -> Value {
    let mut event = begun(alert);
    let texts = [("title", &alert.title), ("rule", &alert.title_rule), ("description", &alert.description)];
    for (name, text) in texts {
        event.insert(name.to_owned(), text.as_str().into());
    }
    let mut labels = Map::new();
    for (name, value) in &alert.labels {
        labels.insert(name.clone(), value.as_str().into());
    }
    event.insert("labels".to_owned(), labels.into());
    event.insert("images".to_owned(), images(alert));
    event.into()
}

/// The whole of an event that is followed by `next`.
fn whole(past: &Value, next: &Value) -> Value {
    let mut event = Map::new();
    for name in ["at", "said", "status"] {
        if let Some(value) = past.get(name) {
            event.insert(name.to_owned(), value.clone());
        }
    }
    for name in ["title", "rule", "description", "images"] {
        let value = past.get(name).or(next.get(name)).cloned().unwrap_or_default();
        event.insert(name.to_owned(), value);
    }
    let mut labels = next["labels"].as_object().cloned().unwrap_or_default();
    for name in past["added"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        labels.remove(name);
    }
    for (name, value) in past["labels"].as_object().into_iter().flatten() {
        labels.insert(name.clone(), value.clone());
    }
    event.insert("labels".to_owned(), labels.into());
    event.into()
}

impl Alert {
    /// Its events as far as they are kept, the newest first, with the earlier ones that it holds itself.
    pub fn events(&self) -> Vec<KeptEvent> {
        let mut nth = self.event_cnt;
        let mut events = vec![KeptEvent { nth, event: latest(self) }];
        for past in self.past.iter().rev().take(PAST as usize) {
            nth = nth.saturating_sub(1);
            let event = events.last().map(|next| whole(past, &next.event)).unwrap_or_default();
            events.push(KeptEvent { nth, event });
        }
        events
    }
}

/// Lets alerts of one document keep as many earlier events each as there is room for.
pub fn fit(alerts: &mut [Alert]) {
    let mut each = PAST as usize;
    loop {
        let mut bytes = 0;
        for past in alerts.iter().flat_map(|alert| alert.past.iter().rev().take(each)) {
            bytes += serde_json::to_vec(past).map_or(0, |stored| stored.len());
        }
        if bytes <= DOCUMENT_BYTES {
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
    pub(super) fn past_events(&self, alert: &Alert) -> Result<Vec<Value>, Missing> {
        let mut past = Vec::new();
        for nth in numbers(alert) {
            if let Some(Entity::Event(event)) = self.get(&page::event(&alert.alert_id, nth))? {
                past.push(event.clone());
            }
        }
        // Those of one that was stored by an earlier version and did not change since.
        past.extend(alert.past.iter().cloned());
        Ok(past)
    }

    /// Takes the earlier events of an alert off the board, into the alert, which is to be kept elsewhere or nowhere.
    pub(super) fn gather_events(&mut self, alert: &mut Alert) -> Result<(), Missing> {
        self.spread_events(alert);
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
    use crate::intake::{Image, Status};
    use crate::sorted::SortedMap;
    use serde_json::json;

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
            event_time: if nth.is_multiple_of(2) { 0 } else { 500 + nth },
            alert_status: if nth.is_multiple_of(2) { Status::Critical } else { Status::Warning },
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
            last.past.push(between(&pair[0], &pair[1]));
        }
        let first = json!({"at": 1001, "said": 501, "status": "Warning", "title": "title 0",
            "description": "description 1", "labels": {"a": "1", "b": "1"}, "added": ["c"]});
        assert_eq!(last.past[0], first);
        assert_eq!(last.past[1].get("title"), None);
        let events = last.events();
        assert_eq!(events.iter().map(|kept| kept.nth).collect::<Vec<_>>(), [4, 3, 2, 1]);
        for (kept, state) in events.iter().zip(states.iter().rev()) {
            assert_eq!(kept.event, latest(state));
        }
    }

    #[test]
    fn what_is_too_many_goes_the_oldest_first() {
        let mut board = Board::new(NO_CHANNEL);
        for nth in 1..=50 {
            let mut step = board.step();
            let past = (nth > 1).then(|| json!({"at": nth - 1}));
            step.put_alert(Alert { past: past.into_iter().collect(), ..alert(nth, &[]) });
            let changes = step.changes();
            board.commit(changes);
        }
        let mut alerts = [board.alert(&alert(1, &[]).alert_id).expect("no pages").expect("there").clone()];
        assert!(alerts[0].past.is_empty());
        board.add_events(&mut alerts).expect("no pages");
        assert_eq!(
            alerts[0].past.iter().filter_map(|past| past["at"].as_u64()).collect::<Vec<_>>(),
            (31..50).collect::<Vec<_>>()
        );
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
        let past = |bytes: usize| json!({"description": "d".repeat(bytes)});
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
