//! The documents name every golden file, and nothing that does not exist.

use std::collections::BTreeSet;

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
