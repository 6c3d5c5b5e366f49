//! What happens next, by chance: each step follows from a number of its own and from what there is, so that a history
//! is a list of numbers, and a shorter list is a history as well.

use std::collections::BTreeMap;

use alarum::engine::action::{Action, AlertMerging, Creation, Fields, Merging, Resolution};
use alarum::intake::{AlertEvent, Comment, Severity, Status};
use alarum::journal::{Accepted, Arrival, AutoResolve, Flapping, Grouping, Ruling, Texts, What};
use serde_json::{Value, json};

use super::Model;

/// Numbers that follow from a first one (splitmix64).
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Whether something happens that does so many times in a hundred.
    pub fn percent(&mut self, times: u64) -> bool {
        self.below(100) < times
    }

    pub fn of<T: Clone>(&mut self, some: &[T]) -> T {
        some[self.below(some.len() as u64) as usize].clone()
    }

    fn some<T>(&mut self, times: u64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.percent(times).then(|| make(self))
    }
}

/// The rules of a channel as they are now.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub keys: u64,
    ruling: Ruling,
    method: u64,
    window: (u64, bool),
}

impl Rules {
    pub fn new(chance: &mut Chance) -> Self {
        let mut rules = Self { keys: chance.of(&[3, 6, 10, 60]), ..Self::default() };
        for _ in 0..4 {
            rules.change(chance);
        }
        rules
    }

    /// Somebody changes the channel's settings.
    pub fn change(&mut self, chance: &mut Chance) {
        match chance.below(7) {
            0 => self.method = chance.below(4),
            1 => self.window = (chance.of(&[0, 0, 60, 300, 3600]), chance.percent(50)),
            2 => self.ruling.storms = chance.of(&[vec![], vec![2], vec![2, 3, 5], vec![3, 40], vec![4, 6]]),
            3 => {
                let flapping = |max_changes, in_s, mute_s| Some(Flapping { max_changes, in_s, mute_s });
                self.ruling.flapping = chance.of(&[
                    None,
                    flapping(0, 3600, 0),
                    flapping(2, 600, 0),
                    flapping(3, 3600, 600),
                    flapping(2, 86_400, 7200),
                ]);
            }
            4 => {
                let after = |after_s, from_update| Some(AutoResolve { after_s, from_update });
                self.ruling.auto_resolve =
                    chance.of(&[None, None, after(60, false), after(900, true), after(86_400, false), after(30, true)]);
            }
            5 => self.ruling.watched = chance.percent(60),
            _ => self.ruling.keep_open = chance.percent(30),
        }
    }

    /// What they say of an alert.
    fn ruling(&self, channel_id: i64, event: &AlertEvent, secs: u64, chance: &mut Chance) -> Option<Ruling> {
        let mut ruling = Ruling { channel_id, ..self.ruling.clone() };
        let host = event.labels.get("host").map_or(0, |host| u64::from(host.as_bytes()[0] % 8));
        let (window_s, sliding) = self.window;
        ruling.grouping = match self.method {
            0 => None,
            1 => Some(Grouping { marks: vec![100 + host], window_s, sliding, ..Grouping::default() }),
            2 => {
                let marks = vec![200 + event.title.len() as u64, 100 + host];
                Some(Grouping { marks, window_s, sliding, ..Grouping::default() })
            }
            _ => {
                let texts = Texts { keys: vec![vec![host as u32, 9], vec![event.title.len() as u32]], score: 600 };
                Some(Grouping { texts: Some(texts), window_s, sliding, ..Grouping::default() })
            }
        };
        if chance.percent(6) {
            ruling.silenced_until = secs + chance.of(&[1, 60, 1800, 90_000]);
            ruling.silence_rule_id = format!("silence {}", chance.below(2));
        }
        match chance.below(20) {
            0 => ruling.sources = vec![1],
            1 => ruling.sources = vec![2, 3],
            2 => ruling.muted_by = vec![1, 3],
            3 => ruling.muted_by = vec![2],
            4 => ruling.discarded_by = vec![3],
            _ => {}
        }
        (!ruling.is_default()).then_some(ruling)
    }
}

fn event(chance: &mut Chance, keys: u64) -> AlertEvent {
    let status = chance.of(&[Status::Critical, Status::Warning, Status::Info, Status::Ok, Status::Ok]);
    let mut labels = BTreeMap::new();
    for name in ["host", "team"] {
        if chance.percent(70) {
            labels.insert(name.to_owned(), chance.of(&["a", "b", "c"]).to_owned());
        }
    }
    AlertEvent {
        alert_key: format!("k{}", chance.below(keys)),
        status,
        title: if status == Status::Ok { String::new() } else { chance.of(&["disk", "memory"]).to_owned() },
        description: chance.of(&["", "more", "less"]).to_owned(),
        labels: labels.into_iter().collect(),
        event_time: chance.some(20, |chance| 7 + chance.below(3)),
        ..AlertEvent::default()
    }
}

/// Something that a sender pushes.
pub fn pushed(chance: &mut Chance, rules: &BTreeMap<i64, Rules>, secs: u64) -> Accepted {
    let mut channel_ids = chance.of(&[vec![101], vec![101], vec![100], vec![101, 100]]);
    let keys = rules[&101].keys;
    let what = match chance.below(20) {
        0 => What::Comment(Comment { alert_key: format!("k{}", chance.below(keys)), comment: "seen".into() }),
        1 => What::Acknowledge(format!("k{}", chance.below(keys))),
        2 => What::Seen,
        _ => {
            let event = event(chance, keys);
            let rulings: Vec<Ruling> =
                channel_ids.iter().filter_map(|id| rules[id].ruling(*id, &event, secs, chance)).collect();
            let targets = if chance.percent(4) { vec![1] } else { vec![] };
            let sources = if chance.percent(4) { vec![1, 2] } else { vec![] };
            What::Event(Arrival { event, rulings, targets, sources, ..Arrival::default() })
        }
    };
    let recovers = matches!(&what, What::Event(arrival) if arrival.event.status == Status::Ok);
    let everywhere = recovers && chance.percent(40);
    if everywhere && chance.percent(50) {
        channel_ids.clear();
    }
    let integration_id = chance.of(&[9001, 9001, 9001, 9002]);
    Accepted { integration_id, channel_ids, everywhere, what, ..Accepted::default() }
}

/// Something that somebody wants to do, whether it is allowed or not.
pub fn action(chance: &mut Chance, model: &Model) -> Action {
    let text = |chance: &mut Chance| chance.of(&["one", "two", "three"]).to_owned();
    let persons = |chance: &mut Chance| chance.of(&[vec![41], vec![42, 43], vec![], vec![41, 42, 41]]);
    let (id, ids) = (incident(chance, model), |chance: &mut Chance| -> Vec<String> {
        (0..chance.of(&[1, 1, 1, 2, 3])).map(|_| incident(chance, model)).collect()
    });
    match chance.below(25) {
        0 => Action::Create(Box::new(Creation {
            severity: chance.of(&[Severity::Info, Severity::Critical]),
            title: text(chance),
            person_ids: persons(chance),
            auto_resolve: chance.some(50, |_| AutoResolve { after_s: 3600, from_update: false }),
            ..Creation::default()
        })),
        1 | 2 => Action::Acknowledge(ids(chance)),
        3 => Action::Unacknowledge(ids(chance)),
        4 => Action::Snooze(ids(chance), chance.of(&[0, 1, 5, 60, 1440, 1441])),
        5 => Action::Wake(ids(chance)),
        6 => Action::Resolve(
            ids(chance),
            Resolution {
                root_cause: chance.some(50, text),
                resolution: chance.some(50, text),
                description: chance.some(20, text),
            },
        ),
        7..=9 => Action::Reopen(ids(chance), text(chance)),
        10 => Action::Assign(ids(chance), persons(chance)),
        11 => Action::AddResponders(id, persons(chance)),
        12 => Action::Comment(ids(chance), text(chance), chance.percent(50)),
        13 => {
            let fields = Fields {
                title: chance.some(40, text),
                description: chance.some(40, text),
                impact: chance.some(40, text),
                root_cause: chance.some(40, text),
                resolution: chance.some(40, text),
                severity: chance.some(40, |chance| chance.of(&[Severity::Info, Severity::Warning, Severity::Critical])),
            };
            Action::Reset(id, Box::new(fields))
        }
        14 => {
            let name = chance.of(&["", "room", "floor"]).to_owned();
            Action::ResetField(id, name, chance.of(&[Value::Null, json!("x"), json!(true)]))
        }
        15 | 16 => Action::Merge(Box::new(Merging {
            source_incident_ids: ids(chance),
            target_incident_id: id,
            title: chance.some(30, text),
            comment: text(chance),
            owner_id: chance.of(&[0, 41]),
            remove_source_incidents: chance.percent(30),
        })),
        17 | 18 => Action::MergeAlerts(Box::new(AlertMerging {
            alert_ids: alerts(chance, model),
            incident_id: id,
            title: chance.some(30, text),
            comment: text(chance),
            owner_id: chance.of(&[0, 41]),
        })),
        19 => Action::CloseAlerts(alerts(chance, model)),
        20 => Action::DisableMerge(ids(chance)),
        21 => Action::Remove(ids(chance)),
        22 => Action::Silence(id, chance.of(&[59, 60, 3600, 90_000])),
        23 => {
            let known: Vec<&String> = model.silences.iter().map(|silence| &silence.id).collect();
            let nth = chance.below(known.len().max(1) as u64) as usize;
            Action::EndSilence(known.get(nth).map_or_else(String::new, |id| (*id).clone()))
        }
        _ => Action::Custom(id, 9001, text(chance)),
    }
}

/// One that there is, most often; one that is open, more often still.
fn incident(chance: &mut Chance, model: &Model) -> String {
    let open = chance.percent(60);
    let known: Vec<&String> =
        model.incidents.values().filter(|incident| !open || incident.is_open()).map(|incident| &incident.id).collect();
    if known.is_empty() || chance.percent(2) {
        return "6928f1a4c05b7e33d1a90b4e".to_owned();
    }
    // Late ones more often: they are what is going on.
    let nth = chance.below(known.len() as u64).max(chance.below(known.len() as u64));
    known[nth as usize].clone()
}

fn alerts(chance: &mut Chance, model: &Model) -> Vec<String> {
    let open = chance.percent(70);
    let known: Vec<&String> =
        model.alerts.values().filter(|alert| !open || alert.is_open()).map(|alert| &alert.id).collect();
    let unknown = "6928f1a4c05b7e33d1a90b4f".to_owned();
    let one = |chance: &mut Chance| match known.is_empty() || chance.percent(2) {
        true => unknown.clone(),
        false => known[chance.below(known.len() as u64).max(chance.below(known.len() as u64)) as usize].clone(),
    };
    (0..chance.of(&[1, 1, 2, 3])).map(|_| one(chance)).collect()
}
