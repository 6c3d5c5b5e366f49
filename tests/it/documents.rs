//! The documents name every golden file, and nothing that does not exist; what they show of channels is so.

use std::collections::BTreeSet;

use alarum::api::ACTS;
use alarum::channel::alike;
use alarum::config::Config;
use alarum::journal::Texts;

use super::golden;

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

#[test]
fn the_manifest_leads_each_action_to_its_component() {
    let text = std::fs::read_to_string(format!("{ROOT}/spin.toml")).expect("the manifest");
    let lines: Vec<&str> = text.lines().collect();
    let routes = lines.windows(2).filter(|two| two[1] == "component = \"actions\"").map(|two| two[0].to_owned());
    let wanted: Vec<String> = ACTS.iter().map(|path| format!("route = {path:?}")).collect();
    assert_eq!(routes.collect::<Vec<_>>(), wanted);
}
