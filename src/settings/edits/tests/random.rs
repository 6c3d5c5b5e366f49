//! Random sequences of calls.

use proptest::prelude::*;

use super::*;

/// Values for parameters, by name; right ones and wrong ones.
fn values() -> Vec<(&'static str, Vec<Value>)> {
    let condition = json!({"key": "labels.a", "oper": "IN", "vals": ["x*"]});
    let filters = vec![json!([[condition]]), json!([condition]), json!([]), json!([[{"key": "colour"}]]), json!("x")];
    let texts = || {
        vec![json!("a"), json!("b"), json!(""), json!("é\"\\\n\u{7f}"), json!("x".repeat(600)), json!(null), json!(1)]
    };
    vec![
        (
            "channel_id",
            vec![json!(101), json!(100), json!(102), json!(200), json!(201), json!(0), json!(-1), json!(null)],
        ),
        (
            "integration_id",
            vec![
                json!(9001),
                json!(9002),
                json!(9003),
                json!(9006),
                json!(1),
                json!(8),
                json!(9),
                json!(9101),
                json!("1"),
            ],
        ),
        ("rule_id", vec![json!("s"), json!("i"), json!("d"), json!("000000000000000000000007"), json!(1)]),
        ("person_id", vec![json!(42), json!(43), json!(0), json!(1)]),
        ("field_name", vec![json!("priority"), json!("f"), json!("1"), json!("")]),
        ("schema_id", vec![json!("owners"), json!("t"), json!("")]),
        ("cal_id", vec![json!("office"), json!("c"), json!("")]),
        ("name", vec![json!("tests"), json!("Ada's"), json!("k"), json!("")]),
        ("channel_name", texts()),
        ("integration_name", texts()),
        ("person_name", texts()),
        ("description", texts()),
        ("rule_name", texts()),
        ("email", texts()),
        ("field_type", vec![json!("text"), json!("single_select"), json!("checkbox"), json!("colour")]),
        ("options", vec![json!(["a"]), json!([]), json!([1]), json!(null)]),
        ("status", vec![json!("enabled"), json!("disabled"), json!("deleted"), json!(true)]),
        ("kind", vec![json!("shared"), json!("private"), json!("x")]),
        ("integration_type", vec![json!("standard"), json!("grafana"), json!(""), json!("x")]),
        ("webhook_type", vec![json!("incident"), json!("alert"), json!("action"), json!("x")]),
        ("endpoint", vec![json!("https://hooks.example.net/x?y=z"), json!("http://localhost"), json!(null)]),
        ("channel_ids", vec![json!([101]), json!([102, 200]), json!([]), json!([7]), json!(null)]),
        ("event_types", vec![json!(["i_new"]), json!(["a_new"]), json!([])]),
        ("headers", vec![json!({"x-a": "b"}), json!({"Host": "x"}), json!(null)]),
        ("rate_limit", vec![json!({"per_second": 5}), json!({"per_hour": 5})]),
        (
            "group",
            vec![json!({"method": "p", "equals": [["labels.a"]]}), json!({"method": "n"}), json!({"method": null})],
        ),
        ("filters", filters.clone()),
        ("source_filters", filters.clone()),
        ("target_filters", filters),
        ("equals", vec![json!(["title"]), json!([]), json!(["colour"])]),
        (
            "time_filter",
            vec![json!({"start_time": 1, "end_time": 2}), json!({"start_time": 2, "end_time": 1}), json!(null)],
        ),
        (
            "time_filters",
            vec![
                json!([{"start": "22:00", "end": "06:00", "cal_id": "office"}]),
                json!([{"start": "22:00", "end": "06:00", "cal_id": null}]),
                json!([]),
            ],
        ),
        (
            "cases",
            vec![
                json!([{"if": [condition], "channel_ids": [101, 102], "fallthrough": false}]),
                json!([{"if": null, "channel_ids": []}]),
                json!([]),
            ],
        ),
        ("default", vec![json!({"channel_ids": [200]}), json!({"channel_ids": null}), json!(1)]),
        (
            "rules",
            vec![
                json!([{"kind": "alert_drop", "if": [[condition]], "settings": {}}]),
                json!([{"kind": "mapping", "if": null, "settings": {"schema_id": "owners"}}]),
                json!([{"kind": "drop", "settings": {"drop_labels": ["a"]}}]),
                json!([]),
            ],
        ),
        ("version", vec![json!(0), json!(1), json!(2), json!(null)]),
        ("source_labels", vec![json!(["host"]), json!(["Not a label!"]), json!([])]),
        ("result_labels", vec![json!(["owner"]), json!(["team"])]),
        ("rows", vec![json!([{"host": "a", "owner": "b"}]), json!([{"owner": "b"}]), json!([])]),
        ("workdays", vec![json!([1, 2]), json!([7])]),
        ("holidays", vec![json!(["2026-12-25"]), json!(["tomorrow"])]),
        ("colour", vec![json!("red")]),
    ]
}

/// Choices, one after the other.
struct Choices<'a>(std::slice::Iter<'a, u16>);

impl Choices<'_> {
    fn of<'b, T>(&mut self, all: &'b [T]) -> &'b T {
        &all[usize::from(*self.0.next().unwrap_or(&0)) % all.len()]
    }
}

/// The parameters of a call: its own for the most part, and each of them mostly right.
fn parameters(path: &str, choices: &mut Choices<'_>) -> Map<String, Value> {
    let subject = Subject::at(path).map(|(subject, _)| subject);
    let own = |name: &str| match subject {
        Some(subject) => {
            name == subject.id.given
                || subject.fields.iter().any(|field| field.given == name)
                || (subject.in_channel && name == "channel_id")
        }
        None => ["integration_id", "rules", "cases", "default", "version", "status"].contains(&name),
    };
    let mut parameters = Map::new();
    for (name, values) in values() {
        let chance =
            if own(name) { *choices.of(&[true, true, true, false]) } else { choices.0.as_slice().len() % 97 == 1 };
        if chance {
            // The first values are the right ones.
            let some = *choices.of(&[1, 2, 2, values.len()]);
            parameters.insert(name.to_owned(), choices.of(&values[..some.min(values.len())]).clone());
        }
    }
    if subject.is_some_and(|subject| subject.ids != subject::Ids::Given) && path.ends_with("/create") {
        parameters.remove(subject.map_or("", |subject| subject.id.given));
    }
    parameters
}

/// The demo, which has one channel less, with one of everything.
fn demo() -> String {
    format!("{DEMO}{MORE}").replace("channel_ids = [102]", "channel_ids = [100]")
}

/// Makes calls one after the other; returns how many of them were taken.
fn run(text: &str, choices: &[u16]) -> Result<usize, TestCaseError> {
    let mut document = parsed(text);
    let (mut choices, mut taken, mut drawn) = (Choices(choices.iter()), 0, 0u64);
    while choices.0.len() > 0 {
        let path = *choices.of(&EDITS);
        let parameters = parameters(path, &mut choices);
        let mut changed = document.clone();
        let mut draw = || {
            drawn += 1;
            drawn
        };
        match edit(&mut changed, path, &parameters, &mut draw, 0) {
            Err(error) => {
                prop_assert_eq!(&changed, &document, "{}: {}", path, error);
                prop_assert!(!error.message.is_empty());
            }
            Ok(answer) => {
                let read = read(&changed);
                let only_less = path.ends_with("/delete") || path.ends_with("/rotate");
                prop_assert!(read.is_ok() || !only_less, "{path} {parameters:?}: {read:?}");
                if read.is_ok() {
                    let stored = serde_json::to_string(&changed).expect("plain data");
                    prop_assert!(!stored.contains("null"), "{path}: {stored}");
                    prop_assert!(!path.ends_with("/create") || answer.is_object());
                    (document, taken) = (changed, taken + 1);
                }
            }
        }
        for path in LISTS {
            let answer = list(&document, path, &parameters).map(|answer| answer.to_string());
            prop_assert!(!answer.is_ok_and(|answer| answer.contains("sha256:") || answer.contains("0123456789")));
        }
    }
    Ok(taken)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_call_leaves_a_configuration_or_the_document_as_it_was(
        golden in any::<bool>(),
        choices in proptest::collection::vec(any::<u16>(), 0..400),
    ) {
        run(&if golden { format!("{GOLDEN}{MORE}") } else { demo() }, &choices)?;
    }
}

#[test]
fn many_random_calls_are_taken() {
    let mut state = 1u64;
    let choices: Vec<u16> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 48) as u16
    })
    .take(20_000)
    .collect();
    let taken = run(&demo(), &choices).expect("holds");
    assert!(taken > 100, "{taken}");
}
