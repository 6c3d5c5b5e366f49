//! Where a problem lies. The domain names section and entry; what is finer is found by leaving parts out: where the
//! problem goes away with a part, it lies in that part.

use crate::check::tree::{Kind, Node, Step};
use alarum::config::Config;

/// The first problem of a document, as the domain tells it.
pub fn problem(tree: &Node) -> Option<String> {
    Config::parse(&tree.render()).err().map(|error| error.0)
}

/// The way to the smallest part in which a problem lies; empty where it is one of the document as a whole.
pub fn locate(tree: &Node, problem_text: &str) -> Vec<Step> {
    let (section, mut rest) = cut(problem_text);
    let mut path = vec![Step::Key(section.to_owned())];
    if tree.at(&path).is_none() {
        return Vec::new();
    }
    while let Some(node) = tree.at(&path) {
        let step = match &node.kind {
            Kind::Leaf(_) => None,
            Kind::List(entries) => {
                let found = entry(tree, &path, entries, rest, problem_text);
                // What follows names the entry.
                if entries.first().is_some_and(|entry| matches!(entry.kind, Kind::Table(_))) {
                    rest = cut(rest).1;
                }
                found.map(Step::Item)
            }
            Kind::Table(parts) => {
                if path.len() == 2 && rest.ends_with("unique") {
                    let id = ["id", "cal_id", "name"].into_iter().find(|name| node.part(name).is_some());
                    path.extend(id.map(|name| Step::Key(name.to_owned())));
                    break;
                }
                let (name, after) = cut(rest);
                let unknown = rest.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
                match unknown.or(Some(name)).filter(|name| node.part(name).is_some()) {
                    Some(name) => {
                        rest = after;
                        Some(Step::Key(name.to_owned()))
                    }
                    None => part(tree, &path, parts, problem_text).map(Step::Key),
                }
            }
        };
        match step {
            Some(step) => path.push(step),
            None => break,
        }
    }
    path
}

/// The first word of a problem and what follows it.
fn cut(text: &str) -> (&str, &str) {
    let end = text.find([':', '.']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start_matches([':', '.']).trim_start())
}

/// The entry of a list with which the problem comes. A list is looked at from its beginning, so it is the last one of
/// the shortest beginning that has the problem.
fn entry(tree: &Node, path: &[Step], entries: &[Node], rest: &str, problem_text: &str) -> Option<usize> {
    let comes_with = |nth: &usize| problem(&tree.with_first(path, nth + 1)).as_deref() == Some(problem_text);
    if let Some(number) = cut(rest).0.strip_prefix("entry ") {
        return number.parse::<usize>().ok()?.checked_sub(1).filter(|nth| *nth < entries.len());
    }
    let id = cut(rest).0.strip_prefix("id ").and_then(|id| id.parse::<i64>().ok());
    let has_it = |entry: &Node| id.is_none() || entry.part("id").and_then(Node::integer) == id;
    (0..entries.len()).filter(|nth| has_it(&entries[*nth])).find(comes_with)
}

/// The part of a table that the problem needs, if there is exactly one.
fn part(tree: &Node, path: &[Step], parts: &[(String, Node)], problem_text: &str) -> Option<String> {
    let end = |text: &str| text.rsplit(": ").next().unwrap_or_default().to_owned();
    // These are told before what is missing is noticed.
    let of_reading = ["invalid type: ", "invalid value: ", "invalid length", "unknown variant", "unknown field"];
    let of_reading = of_reading.iter().any(|kind| problem_text.contains(kind));
    let (mut likely, mut possible) = (Vec::new(), Vec::new());
    for (name, _) in parts {
        let path: Vec<Step> = path.iter().cloned().chain([Step::Key(name.clone())]).collect();
        let Some(other) = problem(&tree.without(&path)) else {
            likely.push(name);
            continue;
        };
        if end(&other) == end(problem_text) {
            continue;
        }
        // That it is gone may be a problem by itself.
        let by_itself = is_absence(&other) || names(&other, name) && !names(problem_text, name);
        if by_itself && !of_reading { &mut possible } else { &mut likely }.push(name);
    }
    match (likely.as_slice(), possible.as_slice()) {
        ([name], _) | ([], [name]) => Some((*name).clone()),
        _ => None,
    }
}

/// Whether a problem names a field.
pub fn names(problem: &str, field: &str) -> bool {
    problem.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == field)
}

/// Whether a problem is that something is not there.
pub fn is_absence(problem: &str) -> bool {
    problem.contains("missing field `") || problem.ends_with("is required")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../../../tests/support/demo.toml");

    /// The text of the line on which the first problem lies.
    fn line(text: &str) -> String {
        let tree = Node::parse(text).unwrap();
        let problem = problem(&tree).unwrap();
        let line = tree.at(&locate(&tree, &problem)).unwrap().line;
        text.lines().nth(line - 1).unwrap().to_owned()
    }

    #[test]
    fn a_wrong_value_is_found_though_only_its_entry_is_named() {
        assert_eq!(line(&DEMO.replace("channel_id = 101", "channel_id = \"101\"")), "channel_id = \"101\"");
        assert_eq!(line(&DEMO.replace("name = \"tests\"", "name = 5")), "name = 5");
        assert_eq!(line(&DEMO.replace("fallthrough = true", "fallthrough = 1")), "fallthrough = 1");
    }

    #[test]
    fn what_is_not_known_is_found() {
        assert_eq!(line(&DEMO.replace("[account]", "[account]\ncolour = 1")), "colour = 1");
        assert_eq!(line(&DEMO.replace("fallthrough", "falltrough")), "falltrough = true");
        assert_eq!(line(&DEMO.replace("[delivery]", "[delivry]")), "[delivry]");
    }

    #[test]
    fn a_twin_is_the_second_one() {
        let text = DEMO.replace("id = 100\nname", "id = 101 # twin\nname");
        assert_eq!(line(&text), "id = 101 # twin");
        let tree = Node::parse(&text).unwrap();
        assert_eq!(locate(&tree, &problem(&tree).unwrap())[1], Step::Item(1));
    }

    #[test]
    fn a_case_of_a_route_is_found() {
        let text = DEMO.replace("channel_ids = [101, 100]", "channel_ids = [101, 7]");
        assert_eq!(line(&text), "channel_ids = [101, 7]");
        assert!(line(&DEMO.replace("\"severity\", oper", "\"colour\", oper")).contains("colour"));
    }
}
