//! Hostile bodies: real ones with something done to them, and some that are made to hurt.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Something done to a body as JSON. A place is taken modulo how many there are.
#[derive(Clone, Debug)]
pub enum Change {
    Drop(usize),
    Rename(usize, String),
    Set(usize, Value),
    /// The value at the first place also stands at the second.
    Copy(usize, usize),
    Wrap(usize, usize),
    Add(usize, String, Value),
}

/// Something done to the bytes of a body.
#[derive(Clone, Debug)]
pub enum Damage {
    Truncate(usize),
    Flip(usize, u8),
    Insert(usize, Vec<u8>),
    /// Puts a field in front of an object, which may have one of this name.
    Field(usize, String, Value),
}

/// Changes and damages: mostly few, so that much of the body is still understood.
pub fn harm() -> impl Strategy<Value = (Vec<Change>, Vec<Damage>)> {
    let damages = prop_oneof![5 => Just(Vec::new()), 1 => prop::collection::vec(damage(), 1..4)];
    (prop::collection::vec(change(), 0..4), damages)
}

/// A body with all of that done to it, one after the other.
pub fn harmed(mut body: Value, changes: &[Change], damages: &[Damage]) -> Vec<u8> {
    changes.iter().for_each(|change| change.apply(&mut body));
    let bytes = match body {
        Value::String(raw) => raw.into_bytes(),
        body => body.to_string().into_bytes(),
    };
    damages.iter().fold(bytes, |bytes, damage| damage.apply(bytes))
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<usize>;
    prop_oneof![
        1 => place().prop_map(Change::Drop),
        1 => (place(), name()).prop_map(|(at, name)| Change::Rename(at, name)),
        4 => (place(), value()).prop_map(|(at, value)| Change::Set(at, value)),
        1 => (place(), place()).prop_map(|(from, to)| Change::Copy(from, to)),
        1 => (place(), 1..150_usize).prop_map(|(at, depth)| Change::Wrap(at, depth)),
        2 => (place(), name(), value()).prop_map(|(at, name, value)| Change::Add(at, name, value)),
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<usize>;
    prop_oneof![
        place().prop_map(Damage::Truncate),
        (place(), any::<u8>()).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        (place(), prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (place(), name(), value()).prop_map(|(at, name, value)| Damage::Field(at, name, value)),
    ]
}

/// Names that doors look for, and any other.
pub fn name() -> impl Strategy<Value = String> {
    let known = [
        "event_status",
        "title",
        "title_rule",
        "description",
        "alert_key",
        "labels",
        "images",
        "event_time",
        "src",
        "alt",
        "alerts",
        "annotations",
        "status",
        "state",
        "startsAt",
        "endsAt",
        "fingerprint",
        "severity",
        "priority",
        "level",
        "timestamp",
        "generatorURL",
        "values",
        "imageURL",
        "orgId",
        "ruleId",
        "ruleName",
        "evalMatches",
        "tags",
        "message",
        "event_action",
        "event_type",
        "dedup_key",
        "incident_key",
        "routing_key",
        "service_key",
        "payload",
        "summary",
        "source",
        "custom_details",
        "details",
        "links",
        "contexts",
        "hash",
        "rule_id",
        "rule_name",
        "is_recovered",
        "trigger_time",
        "tags_map",
        "target_ident",
        "Type",
        "Message",
        "SubscribeURL",
        "AlarmName",
        "NewStateValue",
        "change_key",
        "change_status",
        "link",
        "comment",
        "host",
        "check",
        "rule",
        "",
    ];
    prop_oneof![6 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,6}"]
}

/// Texts that mean something somewhere, and any other, short or long.
pub fn text() -> impl Strategy<Value = String> {
    let known = [
        "",
        "Critical",
        "Ok",
        "firing",
        "resolved",
        "trigger",
        "resolve",
        "alerting",
        "ok",
        "no_data",
        "warning",
        "Done",
        "$PRIVATE",
        "2026-11-20T07:12:56Z",
        "0001-01-01T00:00:00Z",
        "9999-99-99T99:99:99+99:99",
        "1795165976",
        "-1",
        "1e999",
        "[TPL]${host} {{.Labels.host}}",
        "[TPL]{{index .Labels \"a\"}}{{",
        "$host::$check",
        "$::$",
        "{{a.b}}",
        "a=b,c=d",
        "https://img.example.net/1.png",
        "img_1",
        "http://[::1",
        "{\"AlarmName\":\"a\",\"NewStateValue\":\"ALARM\"}",
        "\u{0}",
        "\u{202e}x",
        "\u{feff}",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        2 => "\\PC{0,40}",
        1 => (0..4000_usize).prop_map(|count| "é".repeat(count)),
        1 => "[\\[\\]TPL${}.:a-c|/*?^()+\"` -]{0,60}",
    ]
}

/// Any JSON.
pub fn value() -> impl Strategy<Value = Value> {
    let numbers =
        [json!(0), json!(-1), json!(i64::MIN), json!(u64::MAX), json!(1e308), json!(5e-324), json!(1_795_165_976)];
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => prop::sample::select(numbers.to_vec()),
        4 => text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..6).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

impl Change {
    fn apply(&self, body: &mut Value) {
        let mut places = Vec::new();
        find_places(body, String::new(), &mut places);
        let place = |nth: &usize| places[nth % places.len()].as_str();
        match self {
            Self::Drop(at) => {
                if let Some((Value::Object(fields), name)) = parent(body, place(at)) {
                    fields.remove(&name);
                }
            }
            Self::Rename(at, to) => {
                if let Some((Value::Object(fields), name)) = parent(body, place(at))
                    && let Some(value) = fields.remove(&name)
                {
                    fields.insert(to.clone(), value);
                }
            }
            Self::Set(at, value) => put(body, place(at), |_| value.clone()),
            Self::Copy(from, to) => {
                let value = body.pointer(place(from)).cloned().unwrap_or_default();
                put(body, place(to), |_| value);
            }
            Self::Wrap(at, depth) => put(body, place(at), |value| {
                (0..*depth).fold(value, |value, nth| if nth % 2 == 0 { json!([value]) } else { json!({ "a": value }) })
            }),
            Self::Add(at, name, value) => put(body, place(at), |mut old| {
                match &mut old {
                    Value::Object(fields) => {
                        fields.insert(name.clone(), value.clone());
                    }
                    Value::Array(items) => items.push(value.clone()),
                    _ => {}
                }
                old
            }),
        }
    }
}

impl Damage {
    fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Truncate(at) => bytes.truncate(at % (bytes.len() + 1)),
            Self::Flip(at, bits) => {
                let len = bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at % len) {
                    *byte ^= bits;
                }
            }
            Self::Insert(at, inserted) => {
                let at = at % (bytes.len() + 1);
                bytes.splice(at..at, inserted.iter().copied());
            }
            Self::Field(nth, name, value) => {
                let objects: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'{').collect();
                if let Some(at) = objects.get(nth % objects.len().max(1)) {
                    let field = format!("{}:{value},", Value::from(name.as_str()));
                    bytes.splice(at + 1..at + 1, field.into_bytes());
                }
            }
        }
        bytes
    }
}

fn find_places(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, inner)| {
            find_places(inner, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), places);
        }),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(nth, inner)| find_places(inner, format!("{at}/{nth}"), places));
        }
        _ => {}
    }
    places.push(at);
}

fn parent<'a>(body: &'a mut Value, place: &str) -> Option<(&'a mut Value, String)> {
    let (above, name) = place.rsplit_once('/')?;
    Some((body.pointer_mut(above)?, name.replace("~1", "/").replace("~0", "~")))
}

fn put(body: &mut Value, place: &str, change: impl FnOnce(Value) -> Value) {
    if let Some(value) = body.pointer_mut(place) {
        *value = change(value.take());
    }
}

/// A body that some door understands, of about so many bytes, with `value` where a sender puts its labels.
pub fn with_labels(labels: &Map<String, Value>) -> Vec<u8> {
    json!({
        "event_status": "Critical", "title_rule": "t", "status": "firing", "version": "4", "groupKey": "g", "receiver": "r",
        "labels": labels, "tags": labels, "tags_map": labels,
        "alerts": [{"status": "firing", "labels": labels, "annotations": labels, "fingerprint": "f"}],
        "routing_key": super::PRIVATE_KEY, "event_action": "trigger",
        "payload": {"summary": "s", "source": "s", "severity": "error", "custom_details": labels},
        "change_key": "k", "change_status": "Done", "title": "t", "alert_key": "k", "comment": "c",
    })
    .to_string()
    .into_bytes()
}
