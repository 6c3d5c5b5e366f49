//! Every problem of a document, not only the first: each one that was found is mended with as little as possible, and
//! what is left is looked at again. What only follows from mending is not told.

use crate::check::locate::{is_absence, locate, names, problem};
use crate::check::tree::{Kind, Node, Step};
use toml_edit::Value;

/// After so many problems nobody reads on.
const PROBLEMS: usize = 100;
/// How often something is mended at most.
const ROUNDS: usize = 4 * PROBLEMS;
/// Ids of what stands in for an entry whose own cannot be used.
const FIRST_ID: i64 = 9_000_000_000_000;

/// A problem and its line in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub text: String,
}

/// All problems that can be told apart, in the order of the file.
pub fn problems(tree: &Node) -> Vec<Problem> {
    let mut search = Search { tree: tree.clone(), taken: Vec::new(), standing_in: 0 };
    let mut found: Vec<Problem> = Vec::new();
    for _ in 0..ROUNDS {
        let Some(text) = problem(&search.tree) else { break };
        let mut path = locate(&search.tree, &text);
        match search.follows(&text, &path) {
            // It goes with what it was taken out of.
            Some(container) if container.len() > 1 => path = container,
            Some(_) => {}
            None => {
                let line = search.tree.at(&path).map_or(1, |node| node.line);
                found.push(Problem { line, text: search.numbered(&text, &path) });
            }
        }
        if found.len() >= PROBLEMS || !search.mend(&text, &path) {
            let text = "what comes after this problem was not looked at".to_owned();
            found.push(Problem { line: search.tree.at(&path).map_or(1, |node| node.line), text });
            break;
        }
    }
    found.sort_by_key(|problem| problem.line);
    found
}

struct Search {
    tree: Node,
    /// What was taken out: from where, and its name.
    taken: Vec<(Vec<Step>, String)>,
    standing_in: i64,
}

impl Search {
    /// Where a problem comes from that is there only because of what was taken out before: what that was taken out of.
    fn follows(&self, text: &str, path: &[Step]) -> Option<Vec<Step>> {
        let section_is_gone = |name: &str| self.taken.iter().any(|(at, n)| at.is_empty() && n == name);
        let of_channels = text.contains("there is no channel ") && section_is_gone("channels");
        if of_channels || text.contains("there is no such person") && section_is_gone("people") {
            return Some(Vec::new());
        }
        // As far as both are known it is the same place.
        let near = |at: &[Step]| !at.is_empty() && !path.is_empty() && at.iter().zip(path).all(|(a, b)| a == b);
        let container = self.taken.iter().rev().find(|(at, name)| near(at) && names(text, name));
        container.map(|(at, _)| at.clone())
    }

    /// The text with the numbers that entries have in the file, not after mending.
    fn numbered(&self, text: &str, path: &[Step]) -> String {
        let mut text = text.to_owned();
        for (depth, step) in path.iter().enumerate() {
            let (Step::Item(at), Some(node)) = (step, self.tree.at(&path[..=depth])) else { continue };
            // What its entries are called; rules of channels are called by their ids.
            let word = match depth.checked_sub(1).map(|above| &path[above]) {
                Some(Step::Key(name)) if name == "cases" => "case",
                Some(Step::Key(name)) if name == "rules" => "rule",
                Some(Step::Key(name)) if !["silence", "inhibit", "drop"].contains(&name.as_str()) => "entry",
                _ => continue,
            };
            text = text.replacen(&format!("{word} {}:", at + 1), &format!("{word} {}:", node.nth + 1), 1);
        }
        text
    }

    /// Changes the document so that it has this problem no longer; false where nothing helps.
    fn mend(&mut self, text: &str, path: &[Step]) -> bool {
        let missing = text.split("missing field `").nth(1).and_then(|rest| rest.split('`').next());
        if let (Some(name), [Step::Key(_), Step::Item(_)]) = (missing, path)
            && let Some(tree) = self.with_field(path, name)
            && helps(&tree, text, path, None)
        {
            self.tree = tree;
            return true;
        }
        for length in (1..=path.len()).rev() {
            let short = &path[..length];
            let replaced = match short {
                [_, Step::Item(_), Step::Key(name)] => self.with_field(&path[..2], name),
                [_, Step::Item(_)] => self.with_entry(short),
                [Step::Key(section)] => self.with_section(section),
                _ => None,
            };
            if let Some(tree) = replaced.filter(|tree| helps(tree, text, short, None)) {
                self.tree = tree;
                return true;
            }
            let removed = match short {
                [.., Step::Key(name)] => Some(name.as_str()),
                _ => None,
            };
            let tree = self.tree.without(short);
            if helps(&tree, text, short, removed) {
                // What follows an entry moves to its place, and nothing was taken out of that.
                self.taken.retain(|(at, _)| !at.starts_with(short));
                self.taken.extend(removed.map(|name| (path[..length - 1].to_vec(), name.to_owned())));
                // A list that is empty now may be missed by the name of the field that it stands in.
                let list = &path[..length - 1];
                let field = list.iter().rposition(|step| matches!(step, Step::Key(_))).unwrap_or_default();
                if let (None, Step::Key(name), true) = (removed, &path[field], field > 0)
                    && tree.at(list).is_some_and(|list| list.entries().is_empty())
                {
                    self.taken.push((path[..field].to_vec(), name.clone()));
                }
                self.tree = tree;
                return true;
            }
        }
        let section = text.split([':', '.']).next().unwrap_or_default();
        let Some(tree) = self.with_section(section).filter(|tree| helps(tree, text, path, None)) else { return false };
        self.tree = tree;
        true
    }

    /// The document with a valid value in a field of an entry, whether it was there or not.
    fn with_field(&mut self, entry: &[Step], name: &str) -> Option<Node> {
        let [Step::Key(section), Step::Item(_)] = entry else { return None };
        let Value::InlineTable(stand_in) = self.stand_in(section)? else { return None };
        let mut tree = self.tree.clone();
        let node = tree.at_mut(entry)?;
        let value = match name {
            "kind" if node.part("channel_id").is_some() => Value::from("private"),
            _ => stand_in.get(name)?.clone(),
        };
        let field = Node::in_place_of(node, value);
        let Kind::Table(parts) = &mut node.kind else { return None };
        match parts.iter_mut().find(|(n, _)| n == name) {
            Some((_, part)) => part.kind = field.kind,
            None => parts.push((name.to_owned(), field)),
        }
        Some(tree)
    }

    /// The document with something valid in place of an entry, under the same id where that can be.
    fn with_entry(&mut self, path: &[Step]) -> Option<Node> {
        let [Step::Key(section), Step::Item(nth)] = path else { return None };
        let Value::InlineTable(mut value) = self.stand_in(section)? else { return None };
        let list = self.tree.at(&path[..1])?.entries();
        let id_of = |entry: &Node| entry.part("id").and_then(Node::integer).filter(|id| *id > 0);
        let own = id_of(list.get(*nth)?);
        if own.is_some() && value.contains_key("id") && !list.iter().take(*nth).any(|entry| id_of(entry) == own) {
            value.insert("id", own?.into());
        }
        let mut tree = self.tree.clone();
        let node = tree.at_mut(path)?;
        *node = Node::in_place_of(node, Value::InlineTable(value));
        Some(tree)
    }

    /// The document with a valid value for a section that it needs.
    fn with_section(&self, section: &str) -> Option<Node> {
        let value: Value = match section {
            "version" => "1",
            "account" => r#"{ id = 1, name = "stand-in" }"#,
            _ => return None,
        }
        .parse()
        .ok()?;
        let mut tree = self.tree.without(&[Step::Key(section.to_owned())]);
        let node = Node::in_place_of(&tree, value);
        let Kind::Table(parts) = &mut tree.kind else { return None };
        parts.push((section.to_owned(), node));
        Some(tree)
    }

    /// A valid entry of a section.
    fn stand_in(&mut self, section: &str) -> Option<Value> {
        self.standing_in += 1;
        let (nth, id) = (self.standing_in, FIRST_ID + self.standing_in);
        let text = match section {
            "app_keys" => format!(r#"{{ name = "stand-in", key = "stand-in-key-0123456789-{nth}" }}"#),
            "people" | "channels" => format!(r#"{{ id = {id}, name = "stand-in" }}"#),
            "fields" => format!(r#"{{ name = "stand_in_{nth}", type = "text" }}"#),
            "integrations" => {
                format!(r#"{{ id = {id}, name = "stand-in", kind = "shared", key = "stand-in-key-0123456789-{nth}" }}"#)
            }
            "mapping_tables" => {
                format!(r#"{{ id = "stand-in-{nth}", source_labels = ["a"], result_labels = ["b"], rows = [] }}"#)
            }
            "calendars" => format!(r#"{{ cal_id = "stand-in-{nth}" }}"#),
            "subscriptions" => {
                let secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
                format!(
                    r#"{{ id = {id}, name = "stand-in", url = "https://hooks.example.com/", secret = "{secret}" }}"#
                )
            }
            _ => return None,
        };
        text.parse().ok()
    }
}

/// Whether a change takes a problem away, and does not only put another one in its place: that what was `removed` is
/// not there.
fn helps(tree: &Node, text: &str, path: &[Step], removed: Option<&str>) -> bool {
    match problem(tree) {
        None => true,
        // Of several entries with the same problem the next one has the number of the first one now.
        Some(other) if other == text => {
            matches!(path, [_, _, .., Step::Item(_)]) && {
                let next = locate(tree, &other);
                path.len() <= next.len() && tree.at(&next[..path.len()]).is_some_and(|node| node.nth > last(path))
            }
        }
        Some(other) => !is_absence(&other) || removed.is_none_or(|name| !other.contains(name)),
    }
}

fn last(path: &[Step]) -> usize {
    match path.last() {
        Some(Step::Item(nth)) => *nth,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEMO: &str = include_str!("../../../tests/support/demo.toml");

    fn told(text: &str) -> Vec<String> {
        let all = problems(&Node::parse(text).unwrap());
        all.into_iter().map(|problem| format!("{}: {}", problem.line, problem.text)).collect()
    }

    #[test]
    fn a_valid_document_has_no_problem() {
        assert_eq!(told(DEMO), Vec::<String>::new());
    }

    #[test]
    fn problems_of_several_sections_are_all_told_and_nothing_that_follows_from_them() {
        let text = DEMO
            .replace("version = 1", "version = 2")
            .replace("key = \"private-key-0123456789\"", "key = \"short\"")
            .replace("name = \"storage\"", "name = \"\"")
            .replace("timeout_ms = 1000", "timeout_ms = 1");
        let told = told(&text);
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(told[0].starts_with("1: version: must be 1"), "{told:#?}");
        assert!(told[3].contains("delivery.timeout_ms"), "{told:#?}");
    }

    #[test]
    fn a_channel_that_is_wrong_is_not_missed_by_those_who_name_it() {
        let told = told(&DEMO.replace("id = 101\nname = \"storage\"", "id = 101\nname = 7\ncolour = 3"));
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(told.iter().all(|problem| problem.contains("channels: entry 1")), "{told:#?}");
    }

    #[test]
    fn several_cases_of_a_route_are_told_with_their_own_numbers() {
        let told = told(&DEMO.replace("channel_ids = [101]", "channel_ids = []").replace("[101, 100]", "[]"));
        let numbers: Vec<bool> = (1..=2).map(|nth| told[nth - 1].contains(&format!("case {nth}: "))).collect();
        assert_eq!((told.len(), numbers), (2, vec![true, true]), "{told:#?}");
    }
}
