//! `cargo xtask import-alertmanager` makes of each file in `tests/import` the configuration (`.toml`) and the account
//! (`.txt`) that stand beside it. `UPDATE_GOLDEN=1` writes those anew; what changed is then to be read.

use alarum::config::Config;
use std::fs;
use std::path::{Path, PathBuf};
use xtask::check;
use xtask::config::keys::Keys;
use xtask::import::convert::{Imported, convert};
use xtask::import::yaml::{Kind, Yaml};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "yml"));
    files.sort();
    assert!(files.len() >= 3);
    files
}

fn keys() -> Keys {
    let key = |name: &str| format!("{name}-key-0123456789");
    Keys { app: key("app"), private: key("private"), shared: key("shared"), webhook: String::new() }
}

fn imported(path: &Path) -> Imported {
    let text = fs::read_to_string(path).expect("text");
    convert(&text, &keys()).unwrap_or_else(|error| panic!("{}: {error:#}", path.display()))
}

/// The text with secrets that are drawn replaced.
fn steady(config: &str) -> String {
    let line = |line: &str| match line.starts_with("secret = ") {
        true => "secret = \"whsec_DRAWN\"\n".to_owned(),
        false => format!("{line}\n"),
    };
    config.lines().map(line).collect()
}

#[test]
fn each_file_becomes_what_stands_beside_it() {
    let mut wrong = Vec::new();
    for path in files() {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let Imported { config, notes } = imported(&path);
        for (ending, made) in [("toml", steady(&config)), ("txt", notes.report(&name))] {
            let golden = path.with_extension(ending);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                fs::write(&golden, &made).expect("written");
            } else if fs::read_to_string(&golden).unwrap_or_default() != made {
                wrong.push(format!("{}:\n{made}", golden.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_made_is_valid_and_has_no_secret_but_those_of_the_file() {
    for path in files() {
        let Imported { config, notes } = imported(&path);
        let told = check::report("alarum.toml", &config, 0);
        assert_eq!(told.problems, 0, "{}", told.text);
        let report = notes.report("x");
        for secret in ["s3cret", "t0ken", "secret-of-the-desk", "key-0123456789", "whsec_"] {
            assert!(!report.contains(secret), "{report}");
        }
    }
}

/// Every part of a list below `yaml` whose last name is one of `names`: its place and line.
fn places(yaml: &Yaml, place: &str, names: &dyn Fn(&str) -> bool, found: &mut Vec<(String, usize)>) {
    match &yaml.kind {
        Kind::Map(parts) => {
            for (name, part) in parts {
                let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                places(part, &place, names, found);
            }
        }
        Kind::List(entries) => {
            for (nth, entry) in entries.iter().enumerate() {
                let entry_place = format!("{place}[{nth}]");
                if names(place.rsplit('.').next().unwrap_or_default()) {
                    found.push((entry_place.clone(), entry.line));
                }
                places(entry, &entry_place, names, found);
            }
        }
        _ => {}
    }
}

#[test]
fn no_route_receiver_rule_or_interval_is_silently_dropped() {
    let mut seen = 0;
    for path in files() {
        let text = fs::read_to_string(&path).expect("text");
        let document = Yaml::parse(&text).expect("YAML");
        let notes = imported(&path).notes;
        let named = |name: &str| name.ends_with("_configs") || ["routes", "receivers", "inhibit_rules"].contains(&name);
        let mut found = vec![("route".to_owned(), 0)];
        places(&document, "", &named, &mut found);
        for (place, line) in found {
            assert!(notes.has(&place), "{}:{line}: {place} is neither made nor told of", path.display());
            seen += 1;
        }
        // Nor is anything else that stands at the top, or in `global`.
        let mut parts = vec![];
        if let Kind::Map(sections) = &document.kind {
            let known = ["route", "receivers", "inhibit_rules", "time_intervals", "mute_time_intervals", "global"];
            parts.extend(sections.iter().map(|(name, _)| name.clone()).filter(|name| !known.contains(&name.as_str())));
            if let Some((_, Yaml { kind: Kind::Map(global), .. })) = sections.iter().find(|(name, _)| name == "global")
            {
                let names = global.iter().map(|(name, _)| name).filter(|name| *name != "http_config");
                parts.extend(names.map(|name| format!("global.{name}")));
            }
        }
        for place in parts {
            assert!(notes.has(&place), "{}: {place} is not told of", path.display());
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn alerts_go_where_the_tree_sends_them() {
    use alarum::filter::{Facts, Origin};
    use alarum::intake::{AlertEvent, Status};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import");
    let config = Config::parse(&imported(&folder.join("tree.yml")).config).expect("valid");
    let takers = |labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let event = AlertEvent { status: Status::Warning, labels, ..AlertEvent::default() };
        let route = &config.integrations[0].rules.route;
        let ids = route.walk(&Facts::of(&event, Origin::default()), &config.channels, None);
        let mut names: Vec<_> = ids.into_iter().map(|id| config.channel(id).expect("a channel").name.clone()).collect();
        names.sort();
        names
    };
    // The first route matches everything and goes on: what matches nothing else stays with it alone.
    assert_eq!(takers(&[("a", "b")]), ["log"]);
    assert_eq!(takers(&[("service", "mysql")]), ["database", "log"]);
    assert_eq!(takers(&[("service", "mysql"), ("severity", "critical")]), ["database-night", "log"]);
    assert_eq!(takers(&[("service", "mysql"), ("severity", "critical"), ("env", "test")]), ["database", "log"]);
    assert_eq!(takers(&[("team", "frontend"), ("severity", "page")]), ["frontend", "log"]);
    assert_eq!(takers(&[("team", "frontend"), ("severity", "page"), ("app", "shop")]), ["log", "shop"]);
    let both = [("team", "frontend"), ("severity", "page"), ("silent", "yes")];
    assert_eq!(takers(&both), ["frontend", "log", "null"]);
    assert_eq!(takers(&[("owner", "team-X"), ("path", "/var/x"), ("silent", "yes")]), ["log", "team-X"]);
}

#[test]
fn what_cannot_be_followed_is_refused_with_its_line() {
    let refused = |text: &str| match convert(text, &keys()) {
        Ok(_) => panic!("taken: {text}"),
        Err(error) => format!("{error:#}"),
    };
    assert_eq!(refused("receivers: []"), "it has no route");
    assert!(refused("a: [").starts_with("line "));
    let text = "route:\n  receiver: a\n  routes:\n    - receiver: b\nreceivers:\n  - name: a\n";
    assert_eq!(refused(text), "line 4: route.routes[0]: there is no receiver 'b'");
    let text = "route:\n  receiver: a\n  routes:\n    - matchers: ['x=~\"(\"']\nreceivers:\n  - name: a\n";
    assert!(refused(text).starts_with("line 4: route.routes[0].matchers[0]: "), "{}", refused(text));
}
