//! The tree of routes, as it is read: what each route matches, which channel its alerts go to, what else it says.

use crate::import::convert::Import;
use crate::import::matcher::{Compare, Groups, Matcher, both};
use crate::import::routing::Node;
use crate::import::yaml::{Kind, Yaml};
use anyhow::{Context as _, Result, ensure};

/// Deeper trees are not followed.
const DEPTH: usize = 32;
/// The most keys that Alarum groups by.
const KEYS: usize = 5;

/// What alerts have in common that share a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manner {
    /// Who is told.
    pub receiver: String,
    /// What they are grouped by.
    pub group_by: GroupBy,
    /// In which intervals they are mute.
    pub mute: Vec<String>,
    /// In which alone they are not.
    pub active: Vec<String>,
}

/// What alerts are grouped by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// These labels; none: all alerts of a route are one group.
    Labels(Vec<String>),
    /// All labels: each alert is its own.
    All,
}

/// What a route has of the one above it.
#[derive(Clone)]
struct Inherited {
    receiver: String,
    group_by: GroupBy,
}

/// Reads the tree below a route.
///
/// # Errors
/// What cannot be followed.
pub fn read(import: &mut Import, root: &Yaml) -> Result<Node> {
    let inherited = Inherited { receiver: String::new(), group_by: GroupBy::Labels(Vec::new()) };
    node(import, root, "route", &inherited, 0)
}

fn node(import: &mut Import, yaml: &Yaml, place: &str, above: &Inherited, depth: usize) -> Result<Node> {
    ensure!(depth < DEPTH, "{place}: it is more than {DEPTH} routes deep");
    ensure!(matches!(yaml.kind, Kind::Map(_)), "line {}: {place}: must be a mapping", yaml.line);
    let mut parts = yaml.parts(place);
    let mut matches: Groups = vec![vec![]];
    for (place, matcher) in matchers(&mut parts, "matchers", "match", "match_re") {
        let at = || format!("line {}: {place}", yaml.line);
        let matcher = matcher.with_context(at)?;
        ensure!(depth > 0, "{}: the first route matches everything", at());
        matches = both(&matches, &matcher.groups().with_context(at)?).with_context(at)?;
    }
    let receiver = parts.text("receiver").unwrap_or_else(|| above.receiver.clone());
    ensure!(!receiver.is_empty(), "line {}: {place}: receiver: is required", yaml.line);
    ensure!(import.knows(&receiver), "line {}: {place}: there is no receiver '{receiver}'", yaml.line);
    let group_by = match parts.take("group_by") {
        None => above.group_by.clone(),
        Some(part) => group_by(import, part, place),
    };
    let goes_on = parts.take("continue").is_some_and(Yaml::is_true);
    let mut names =
        |name: &str| -> Vec<String> { parts.list(name).into_iter().map(|(_, entry)| entry.text()).collect() };
    let (mute, active) = (names("mute_time_intervals"), names("active_time_intervals"));
    for why in import.intervals.problems(&mute, &active) {
        import.notes.left(yaml.line, place, &why);
    }
    let why =
        "Alarum tells of an incident at once, and of what joins it by its next event; there is nothing to wait for";
    parts.leave("group_wait", why, &mut import.notes);
    parts.leave("group_interval", why, &mut import.notes);
    let why = "Alarum says a thing once and tries until it is taken; who wants to be reminded asks for open incidents";
    parts.leave("repeat_interval", why, &mut import.notes);
    let children = parts.list("routes");
    parts.finish("this import does not know it", &mut import.notes);

    let manner = Manner { receiver: receiver.clone(), group_by: group_by.clone(), mute, active };
    let channel_id = import.channel(manner);
    let below = Inherited { receiver: receiver.clone(), group_by };
    let mut nodes = Vec::new();
    for (place, child) in children {
        nodes.push(node(import, child, &place, &below, depth + 1)?);
    }
    let what = match depth {
        0 => format!("the default of the integration's route: channel {channel_id}, for receiver '{receiver}'"),
        _ => format!("cases of the integration's route that lead to channel {channel_id}, for receiver '{receiver}'"),
    };
    import.notes.carried(yaml.line, place, &what);
    Ok(Node { matches, goes_on, channel_id, children: nodes })
}

fn group_by(import: &mut Import, part: &Yaml, place: &str) -> GroupBy {
    let mut labels: Vec<String> = part.entries().into_iter().map(Yaml::text).collect();
    if labels.iter().any(|label| label == "...") {
        return GroupBy::All;
    }
    if labels.len() > KEYS {
        let why = format!("Alarum groups by {KEYS} keys at most; left out: {}", labels[KEYS..].join(", "));
        import.notes.left(part.line, &format!("{place}.group_by"), &why);
        labels.truncate(KEYS);
    }
    GroupBy::Labels(labels)
}

/// Takes matchers out of a part, in every way in which they can be written, each with its place.
pub fn matchers(
    parts: &mut crate::import::yaml::Parts<'_>,
    new: &str,
    equal: &str,
    like: &str,
) -> Vec<(String, Result<Matcher>)> {
    let mut found = Vec::new();
    for (place, entry) in parts.list(new) {
        match Matcher::parse_all(&entry.text()) {
            Ok(all) => found.extend(all.into_iter().map(|matcher| (place.clone(), Ok(matcher)))),
            Err(error) => found.push((place, Err(error))),
        }
    }
    for (field, compare) in [(equal, Compare::Equal), (like, Compare::Like)] {
        if let Some(Yaml { kind: Kind::Map(pairs), .. }) = parts.take(field) {
            let matcher = |(name, value): &(String, Yaml)| Matcher { name: name.clone(), compare, value: value.text() };
            let place = |name: &str| format!("{}.{field}.{name}", parts.place);
            found.extend(pairs.iter().map(|pair| (place(&pair.0), Ok(matcher(pair)))));
        }
    }
    found
}
