//! `cargo xtask check-config` says of each file in `tests/check` what stands beside it in the file `.txt`.
//! `UPDATE_GOLDEN=1` writes those anew; what changed is then to be read.

use std::fs;
use std::path::{Path, PathBuf};
use xtask::check::report;

/// 1 January 2027: what was once is over by then.
const NOW_S: u64 = 1_798_761_600;

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files.sort();
    files
}

#[test]
fn each_file_is_told_as_it_stands_beside_it() {
    let mut wrong = Vec::new();
    let files = files("tests/check", "toml");
    assert!(files.len() >= 10, "{}", files.len());
    for path in files {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let told = report(&name, &fs::read_to_string(&path).expect("text"), NOW_S).text;
        let golden = path.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &told).expect("written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != told {
            wrong.push(format!("{name}:\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sections and fields of the commented example, as they count once they are no comments any more.
fn example() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/example.toml");
    let text = fs::read_to_string(path).expect("the example");
    let line = |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned();
    text.lines().map(|l| line(l) + "\n").collect()
}

#[test]
fn the_example_is_valid_once_it_is_no_comment_any_more() {
    let report = report("example.toml", &example(), 0);
    assert_eq!((report.problems, report.text.as_str()), (0, "example.toml is valid\n"));
}

#[test]
fn the_example_is_valid_as_it_stands() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/example.toml");
    let report = report("example.toml", &fs::read_to_string(path).expect("the example"), 0);
    assert_eq!(report.problems, 0, "{}", report.text);
}

#[test]
fn the_example_has_every_section_and_every_field() {
    let example = example();
    let named = |name: &str| {
        let line = |line: &str| {
            let line = line.trim_start_matches(['[', '#']);
            line.split(['=', ']', '.', ' ']).any(|word| word == name)
        };
        example.lines().any(line)
    };
    let source = include_str!("../../src/config/document.rs");
    let (_, sections) = source.split_once("const SECTIONS").expect("the sections");
    let sections = sections.split_once("];").expect("their end").0;
    let sections: Vec<&str> = sections.split('"').skip(1).step_by(2).collect();
    assert!(sections.len() >= 15);
    let missing: Vec<_> = sections.iter().filter(|name| !named(name)).collect();
    assert!(missing.is_empty(), "sections: {missing:?}");
    // What a table may have stands in the refusal of what it may not have.
    let mut missing = Vec::new();
    let headers: Vec<&str> = example.lines().filter(|line| line.starts_with('[')).collect();
    for header in headers {
        let text = example.replacen(&format!("{header}\n"), &format!("{header}\nno_such_field = 1\n"), 1);
        let told = alarum::config::Config::parse(&text).expect_err("an unknown field").0;
        let Some((_, known)) = told.split_once("expected ") else { continue };
        let known = known.split('`').skip(1).step_by(2);
        missing.extend(known.filter(|name| !named(name)).map(|name| format!("{header} {name}")));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
