//! Title rules by the examples of Flashduty's pages, and what holds for any rule.

use super::*;
use crate::intake::Status;
use proptest::prelude::*;

const ORIGIN: Origin<'_> = Origin { id: 9001, name: "Web shop", kind: "standard" };

fn labels(labels: &[(&str, &str)]) -> SortedMap<String, String> {
    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn event(title_rule: &str, given: &[(&str, &str)]) -> AlertEvent {
    let (title_rule, alert_key) = (title_rule.to_owned(), "disk/7".to_owned());
    let description = "used 97 %".to_owned();
    AlertEvent {
        status: Status::Warning,
        title_rule,
        alert_key,
        description,
        labels: labels(given),
        ..AlertEvent::default()
    }
}

fn resolved(rule: &str, given: &[(&str, &str)]) -> (String, bool) {
    let event = event(rule, given);
    let resolved = resolve(rule, &Facts::of(&event, ORIGIN));
    (resolved.text, resolved.complete)
}

fn titled(event: &AlertEvent) -> String {
    let mut event = event.clone();
    retitle(&mut event, ORIGIN);
    let once = event.clone();
    retitle(&mut event, ORIGIN);
    assert_eq!(event, once, "doing it again changes nothing");
    event.title
}

#[test]
fn the_simplified_form_joins_labels_with_slashes() {
    let given = [("host", "db-3"), ("check", "replica lag")];
    assert_eq!(resolved("$host::$check", &given), ("db-3 / replica lag".into(), true));
}

#[test]
fn the_simplified_form_keeps_the_name_of_a_missing_label() {
    assert_eq!(resolved("$host::$check", &[("host", "db-3")]), ("db-3 / $check".into(), false));
}

#[test]
fn the_simplified_form_takes_text_between_labels() {
    assert_eq!(resolved("$host::is down", &[("host", "db-3")]), ("db-3 / is down".into(), true));
}

#[test]
fn a_dollar_variable_without_value_shows_as_no_value() {
    assert_eq!(resolved("[TPL]${host} / ${check}", &[("host", "db-3")]), ("db-3 / <no value>".into(), false));
}

#[test]
fn an_action_without_value_shows_as_nothing() {
    let rule = "[TPL]{{.Labels.host}} / {{.Labels.check}}";
    assert_eq!(resolved(rule, &[("host", "db-3")]), ("db-3 / ".into(), false));
}

#[test]
fn an_action_inserts_an_attribute() {
    assert_eq!(resolved("[TPL]{{.EventSeverity}}: down", &[]), ("Warning: down".into(), true));
    let rule = "[TPL]{{.EventStatus}},{{.AlertKey}},{{.Description}},{{.IntegrationType}},{{.IntegrationName}}";
    assert_eq!(resolved(rule, &[]), ("Warning,disk/7,used 97 %,standard,Web shop".into(), true));
    assert_eq!(resolved("[TPL]{{.TitleRule}}", &[]), ("[TPL]{{.TitleRule}}".into(), true));
}

#[test]
fn the_severity_of_a_recovery_reads_ok() {
    let event = AlertEvent { status: Status::Ok, ..event("[TPL]{{.EventSeverity}}: disk", &[]) };
    assert_eq!(titled(&event), "Ok: disk");
}

#[test]
fn plain_text_is_the_title_itself() {
    for text in ["disk full", "${host} {{.Title}}", " [TPL]${host}", "std::vector", "costs $5::a day"] {
        assert_eq!(resolved(text, &[("host", "db-3")]), (text.into(), true));
    }
}

#[test]
fn a_title_is_cut_to_512_characters() {
    let long = "é".repeat(2048);
    for rule in ["[TPL]${l}".repeat(40), "[TPL]{{.Labels.l}}x".into(), "$l::$l".into(), long.clone()] {
        assert_eq!(resolved(&rule, &[("l", &long)]).0.chars().count(), 512);
    }
}

#[test]
fn a_rule_that_resolves_goes_before_the_senders_title_and_one_that_does_not_goes_after() {
    let mut event = event("[TPL]${host} is down", &[("host", "db-3")]);
    event.title = "Host down".into();
    assert_eq!(titled(&event), "db-3 is down");
    event.labels.clear();
    assert_eq!(titled(&event), "Host down");
    event.title.clear();
    assert_eq!(titled(&event), "<no value> is down");
}

#[test]
fn a_title_is_never_blank_where_there_is_a_rule() {
    assert_eq!(titled(&event("[TPL]{{.Labels.nope}}", &[])), "[TPL]{{.Labels.nope}}");
    assert_eq!(titled(&event("[TPL] {{.Labels.none}} ", &[("none", "")])), "[TPL] {{.Labels.none}} ");
    assert_eq!(titled(&event("$none", &[("none", "")])), "$none");
    let given = AlertEvent { title: "Host down".into(), ..event("$none", &[("none", "")]) };
    assert_eq!(titled(&given), "Host down");
    assert_eq!(titled(&AlertEvent { status: Status::Ok, ..event("", &[]) }), "");
}

#[test]
fn a_title_is_not_made_from_itself() {
    let mut event = event("[TPL]again {{.Title}}", &[]);
    assert_eq!(titled(&event), "again ");
    event.title = "Host down".into();
    assert_eq!(titled(&event), "Host down");
    // What resets a title later may use the one that was made.
    assert_eq!(expand("[TPL][Forwarded] {{.Title}}", &Facts::of(&event, ORIGIN)), "[Forwarded] Host down");
}

#[test]
fn a_title_that_the_rule_made_follows_the_labels() {
    let follow = |rule, before: &[(&str, &str)], title: &str, after: &[(&str, &str)]| {
        let mut event = AlertEvent { title: title.to_owned(), ..event(rule, before) };
        retitle(&mut event, ORIGIN);
        event.labels = labels(after);
        retitle_after(&mut event, &labels(before), ORIGIN);
        let once = event.clone();
        retitle_after(&mut event, &labels(before), ORIGIN);
        retitle(&mut event, ORIGIN);
        assert_eq!(event, once, "doing it again changes nothing");
        event.title
    };
    let (host, both) = ([("host", "db-3")], [("host", "db-3"), ("team", "storage")]);
    let rule = "[TPL]${host}/${team}/${app}";
    assert_eq!(follow("$host::$team", &host, "", &both), "db-3 / storage");
    assert_eq!(follow("$host::$team", &host, "given", &both), "db-3 / storage");
    assert_eq!(follow(rule, &host, "", &both), "db-3/storage/<no value>");
    assert_eq!(follow(rule, &host, "given", &both), "given");
    assert_eq!(follow("$host", &host, "", &[("host", "db-4")]), "db-4");
    assert_eq!(follow("$host::$team", &both, "", &host), "db-3 / storage");
    assert_eq!(follow("disk full", &host, "", &both), "disk full");
}

#[test]
fn a_reset_fills_in_only_what_is_marked_as_a_template() {
    let event = event("r", &[("host", "db-3")]);
    let facts = Facts::of(&event, ORIGIN);
    assert_eq!(expand("[TPL]on ${host} {{.Labels.host}}", &facts), "on db-3 db-3");
    assert_eq!(expand("$host::${host} {{.Labels.host}}", &facts), "$host::${host} {{.Labels.host}}");
    assert_eq!(expand(&format!("[TPL]{}", "${host}".repeat(2000)), &facts).len(), 2048);
}

#[test]
fn a_composed_label_needs_no_mark_and_small_letters_do() {
    let event = AlertEvent { title: "Disk".into(), ..event("r", &[("id", "7"), ("dash-ed", "8")]) };
    let facts = Facts::of(&event, ORIGIN);
    let composed = |template| compose(template, &facts);
    let text = |text: &str, complete| Resolved { text: text.into(), complete };
    assert_eq!(composed("https://x/{{.labels.id}}?t={{ .title }}"), text("https://x/7?t=Disk", true));
    assert_eq!(composed("{{.description}} ${id} {{.Labels.id}}"), text("used 97 % ${id} 7", true));
    assert_eq!(composed("[TPL]${id}-{{index .labels \"dash-ed\"}}"), text("7-8", true));
    assert_eq!(composed("{{.labels.nope}}-"), text("-", false));
}

/// Texts that come close to rules.
fn rules() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[TPL]"),
        Just("{{"),
        Just("}}"),
        Just("${"),
        Just("}"),
        Just("$a"),
        Just("::"),
        Just("a"),
        Just(" "),
        Just(".Labels."),
        Just("index .Labels "),
        Just("\""),
        Just("`"),
        Just("\\"),
        Just("-"),
        Just("{{- "),
        Just(" -}}"),
        Just("é"),
        Just(".Title"),
        Just("{{.Labels.a}}"),
        Just("${a}"),
        Just("|"),
        Just("\n"),
    ];
    (any::<bool>(), prop::collection::vec(piece, 0..40))
        .prop_map(|(template, pieces)| format!("{}{}", if template { TEMPLATE } else { "" }, pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn no_rule_and_no_label_breaks_or_bloats_a_title(
        rule in prop_oneof![rules(), any::<String>()],
        given in prop::collection::btree_map("[a-c$é]{0,2}", any::<String>(), 0..4),
        title in prop_oneof![Just(String::new()), any::<String>()],
    ) {
        let given: SortedMap<_, _> = given.into_iter().collect();
        let mut event = AlertEvent { title, title_rule: rule.clone(), labels: given.clone(), ..AlertEvent::default() };
        retitle(&mut event, ORIGIN);
        prop_assert!(!event.title.is_empty() || rule.is_empty());
        let once = event.clone();
        retitle(&mut event, ORIGIN);
        prop_assert_eq!(&event, &once);
        event.labels.clear();
        retitle_after(&mut event, &given, ORIGIN);
        let facts = Facts::of(&event, ORIGIN);
        prop_assert!(resolve(&rule, &facts).text.chars().count() <= TITLE_CHARS);
        prop_assert!(compose(&rule, &facts).text.chars().count() <= LABEL_VALUE_CHARS);
        prop_assert!(expand(&rule, &facts).chars().count() <= DESCRIPTION_CHARS);
    }

    #[test]
    fn a_template_without_variables_stays_as_it_is(text in "[^{]*") {
        let event = event(&text, &[]);
        let rule = format!("{TEMPLATE}{text}");
        prop_assert_eq!(resolve(&rule, &Facts::of(&event, ORIGIN)).text, cut(&text, TITLE_CHARS));
    }
}
