//! The documents name every golden file, every call and every setting of webhooks, and no file, test or call that does
//! not exist; what they show of channels, of subscriptions and of calls is so.

use std::collections::BTreeSet;

use alarum::api::{ACTS, ALERTS, CONFIGS, INCIDENTS, SETTINGS, WEBHOOKS};
use alarum::channel::alike;
use alarum::config::{Config, SubscriptionKind};
use alarum::journal::Texts;
use alarum::settings::edits::{EDITS, LISTS};
use alarum::status::STATUS;

use super::golden;
use crate::support::documented::{API, Documented};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What stands between back quotes in `docs/protocol-tests.md`.
fn quoted() -> Vec<String> {
    let text = std::fs::read_to_string(format!("{ROOT}/docs/protocol-tests.md")).expect("the document");
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2).map(str::to_owned)).collect()
}

#[test]
fn the_table_of_the_protocol_names_every_golden_file_and_no_other() {
    let exist: BTreeSet<String> = golden::files()
        .iter()
        .map(|path| {
            let parts: Vec<_> = path.iter().rev().take(2).map(|part| part.to_string_lossy()).collect();
            format!("{}/{}", parts[1], parts[0])
        })
        .collect();
    let named: BTreeSet<String> =
        quoted().into_iter().filter(|text| text.ends_with(".json") && text.contains('/')).collect();
    let unnamed: Vec<_> = exist.difference(&named).collect();
    let missing: Vec<_> = named.difference(&exist).collect();
    assert!(unnamed.is_empty() && missing.is_empty(), "not named: {unnamed:#?}; do not exist: {missing:#?}");
}

#[test]
fn the_table_of_the_protocol_names_tests_that_exist() {
    let mut found = 0;
    for text in quoted() {
        let Some((file, name)) = text.split_once(".rs: ") else { continue };
        let source = std::fs::read_to_string(format!("{ROOT}/{file}.rs")).unwrap_or_default();
        assert!(source.contains(&format!("fn {name}(")) || source.contains(&format!("{name} ")), "{text}");
        found += 1;
    }
    assert!(found > 5, "{found}");
}

const CHANNELS: &str = include_str!("../../docs/channels.md");

#[test]
fn the_channels_that_the_documentation_shows_are_valid() {
    let blocks = CHANNELS.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let text = blocks.fold("version = 1\naccount = { id = 1, name = \"a\" }\n".to_owned(), |text, block| text + block);
    let config = Config::parse(&text).expect("valid");
    let rules = &config.channels[0].rules;
    assert_eq!((rules.drop.len(), rules.silence.len(), rules.inhibit.len(), rules.group.cases.len()), (1, 2, 1, 1));
    assert!(rules.flapping.policy().is_some() && config.channels[0].auto_resolve().after_s > 0);
    assert_eq!((config.channels.len(), config.channels[1].rules.group.i_keys.len()), (2, 2));
}

#[test]
fn the_similarities_that_the_documentation_shows_are_so() {
    let texts = |title: &str| Texts { keys: vec![alike::features(title)], score: 900 };
    let mut found = 0;
    for row in CHANNELS.lines().filter(|line| line.starts_with("| `") && line.matches('`').count() == 4) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [one, other, shown, together] = cells[..] else { continue };
        let score = alike::score(&texts(one), &texts(other));
        assert_eq!(
            (shown, together),
            (&*format!("{}.{:03}", score / 1000, score % 1000), if score >= 900 { "yes" } else { "no" }),
            "{row}"
        );
        found += 1;
    }
    assert_eq!(found, 13);
}

/// The fields of the structures in a source file that the configuration may have.
fn settings(file: &str) -> Vec<String> {
    let source = std::fs::read_to_string(format!("{ROOT}/src/config/{file}.rs")).expect("a source file");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let told = lines.windows(2).filter(|two| two[0] != "#[serde(skip)]");
    let fields = told.filter_map(|two| two[1].strip_prefix("pub ")?.strip_suffix(',')?.split_once(": "));
    fields.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_subscriptions_that_the_documentation_shows_are_valid_and_have_every_setting() {
    let document = std::fs::read_to_string(format!("{ROOT}/docs/webhooks.md")).expect("the document");
    let readme = std::fs::read_to_string(format!("{ROOT}/README.md")).expect("the document");
    let (_, rest) = document.split_once("```toml\n").expect("a block");
    let (block, _) = rest.split_once("```").expect("its end");
    let around = "version = 1\naccount = { id = 1, name = \"a\" }\nchannels = [{ id = 101, name = \"storage\" }]\n";
    let config = Config::parse(&format!("{around}{block}")).expect("valid");
    let [one, other] = &config.subscriptions[..] else { panic!("two") };
    assert!(one.details.template.is_some() && one.old_secret.is_some() && one.kind == SubscriptionKind::Incident);
    assert_eq!(other.kind, SubscriptionKind::Alert);
    for (file, some) in [("subscription", "retry_waits_s"), ("delivery", "history_days")] {
        let settings = settings(file);
        assert!(settings.iter().any(|name| name == some) && !settings.iter().any(|name| name == "template"));
        for name in settings {
            assert!(block.lines().any(|line| line.starts_with(&format!("{name} = "))), "{name} is not shown");
            assert!(readme.contains(&format!("`{name}`")), "{name} is not in the README");
        }
    }
}

/// The routes of the manifest that lead to a component from outside.
fn routes(component: &str) -> Vec<String> {
    let text = std::fs::read_to_string(format!("{ROOT}/spin.toml")).expect("the manifest");
    let lines: Vec<&str> = text.lines().collect();
    let component = format!("component = {component:?}");
    let routes = lines.windows(2).filter(|two| two[1] == component).map(|two| two[0].to_owned());
    routes.filter(|route| route != "route = { private = true }").collect()
}

fn shown(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| format!("route = {path:?}")).collect()
}

/// Unknown paths get their error answer from api, which has no routes but the one that takes everything.
#[test]
fn the_manifest_leads_each_call_to_its_component_and_nothing_else_from_outside() {
    assert_eq!(routes("actions"), shown(&ACTS));
    assert_eq!(routes("alerts"), shown(&ALERTS));
    assert_eq!(routes("settings"), shown(&[&SETTINGS[..], &CONFIGS, &LISTS, &EDITS].concat()));
    assert_eq!(routes("webhooks"), shown(&WEBHOOKS));
    assert_eq!(routes("status"), shown(&STATUS));
    assert_eq!(routes("console"), shown(&["/openapi.json", "/console/...", "/incident/detail/..."]));
    assert_eq!(routes("api"), shown(&["/..."]));
}

#[test]
fn the_document_of_the_api_has_every_call_and_no_other() {
    let calls = [INCIDENTS.as_slice(), &ACTS, &ALERTS, &SETTINGS, &WEBHOOKS, &LISTS, &EDITS, &CONFIGS].concat();
    let exist: BTreeSet<&str> = calls.iter().copied().collect();
    assert_eq!(exist.len(), calls.len(), "each is answered by one component");
    let named: BTreeSet<&str> = API.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(named, exist);
}

/// They are made one after the other, of one and the same deployment, with the configuration that is shown.
#[test]
fn the_calls_that_the_document_of_the_api_shows_are_answered() {
    let mut shown = Vec::new();
    Documented::new().walk(&mut |_, call| shown.push(call.path));
    let calls: Vec<&str> = API.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert_eq!(shown, calls, "each has one, in its order");
}

#[test]
fn the_tables_of_decisions_name_tests_that_exist() {
    let mut found = 0;
    for document in ["channels", "protocol-decisions"] {
        let text = std::fs::read_to_string(format!("{ROOT}/docs/{document}.md")).expect("the document");
        let quoted = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        for shown in quoted.filter(|text| text.contains("::")) {
            let path = shown.trim_end_matches('…').replace("::", "/");
            let (module, name) = path.rsplit_once('/').expect("a name");
            let tests = std::fs::read_to_string(format!("{ROOT}/tests/it/{module}.rs")).unwrap_or_default();
            let beside = ["", "/mod", "/tests"].map(|file| format!("{ROOT}/src/{path}{file}.rs"));
            let exists = tests.contains(&format!("fn {name}"))
                || beside.iter().any(|file| std::fs::read_to_string(file).is_ok_and(|text| text.contains("#[test]")));
            assert!(exists, "{document}: {shown}");
            found += 1;
        }
    }
    assert!(found > 80, "{found}");
}
