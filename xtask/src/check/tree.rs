//! A configuration as a tree that knows its lines: parts can be taken out and put back in, and what is left still knows
//! where it stood in the file.

use anyhow::{Result, anyhow};
use std::fmt::Write as _;
use toml_edit::{Array, Document, InlineTable, Item, Key, Value};

/// A part of the document.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its line in the file, from 1.
    pub line: usize,
    /// Which entry of its list it was in the file, from 0.
    pub nth: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a part is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Named parts, in the order of the file.
    Table(Vec<(String, Node)>),
    /// Entries.
    List(Vec<Node>),
    /// A value.
    Leaf(Value),
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the part of this name.
    Key(String),
    /// To this entry, from 0.
    Item(usize),
}

impl Node {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is not TOML; without the line itself, which may hold a key.
    pub fn parse(text: &str) -> Result<Node> {
        let document = Document::parse(text).map_err(|error| anyhow!("not TOML: {}", error.message()))?;
        let lines = Lines::of(text);
        Ok(lines.item(document.as_item(), 1, 0))
    }

    /// A value that stands in the place of another node.
    pub fn in_place_of(other: &Node, value: Value) -> Node {
        let lines = Lines(Vec::new());
        let mut node = lines.item(&Item::Value(value), other.line, other.nth);
        node.line = other.line;
        node
    }

    /// The document's text: the same sections and values, in another layout.
    pub fn render(&self) -> String {
        let mut text = String::new();
        if let Kind::Table(parts) = &self.kind {
            for (name, part) in parts {
                // Writing to a string does not fail.
                let _ = writeln!(text, "{} = {}", Key::new(name), part.value());
            }
        }
        text
    }

    fn value(&self) -> Value {
        match &self.kind {
            Kind::Leaf(value) => value.clone(),
            Kind::List(entries) => Value::Array(entries.iter().map(Node::value).collect::<Array>()),
            Kind::Table(parts) => {
                let parts = parts.iter().map(|(name, part)| (Key::new(name), part.value()));
                Value::InlineTable(parts.collect::<InlineTable>())
            }
        }
    }

    /// The part of this name.
    pub fn part(&self, name: &str) -> Option<&Node> {
        match &self.kind {
            Kind::Table(parts) => parts.iter().find(|(n, _)| n == name).map(|(_, part)| part),
            _ => None,
        }
    }

    /// The entries of a list.
    pub fn entries(&self) -> &[Node] {
        match &self.kind {
            Kind::List(entries) => entries,
            _ => &[],
        }
    }

    /// The number that a value is.
    pub fn integer(&self) -> Option<i64> {
        match &self.kind {
            Kind::Leaf(value) => value.as_integer(),
            _ => None,
        }
    }

    /// The text that a value is.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Leaf(value) => value.as_str(),
            _ => None,
        }
    }

    /// What a path leads to.
    pub fn at(&self, path: &[Step]) -> Option<&Node> {
        path.iter().try_fold(self, |node, step| match step {
            Step::Key(name) => node.part(name),
            Step::Item(nth) => node.entries().get(*nth),
        })
    }

    /// The same, to change it.
    pub fn at_mut(&mut self, path: &[Step]) -> Option<&mut Node> {
        path.iter().try_fold(self, |node, step| match (&mut node.kind, step) {
            (Kind::Table(parts), Step::Key(name)) => parts.iter_mut().find(|(n, _)| n == name).map(|(_, part)| part),
            (Kind::List(entries), Step::Item(nth)) => entries.get_mut(*nth),
            _ => None,
        })
    }

    /// The tree without the part that a path leads to.
    pub fn without(&self, path: &[Step]) -> Node {
        let mut tree = self.clone();
        if let Some((last, parent)) = path.split_last()
            && let Some(parent) = tree.at_mut(parent)
        {
            match (&mut parent.kind, last) {
                (Kind::Table(parts), Step::Key(name)) => parts.retain(|(n, _)| n != name),
                (Kind::List(entries), Step::Item(nth)) if *nth < entries.len() => drop(entries.remove(*nth)),
                _ => {}
            }
        }
        tree
    }

    /// The tree with only the first entries of the list that a path leads to.
    pub fn with_first(&self, path: &[Step], count: usize) -> Node {
        let mut tree = self.clone();
        if let Some(Node { kind: Kind::List(entries), .. }) = tree.at_mut(path) {
            entries.truncate(count);
        }
        tree
    }
}

/// Where each line of a text begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Lines {
        Lines(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    fn at(&self, span: Option<std::ops::Range<usize>>) -> Option<usize> {
        span.map(|span| self.0.partition_point(|begin| *begin <= span.start)).filter(|line| *line > 0)
    }

    fn item(&self, item: &Item, outer: usize, nth: usize) -> Node {
        let line = self.at(item.span()).unwrap_or(outer);
        let part = |(name, part): (&str, &Item), key: Option<&Key>| {
            let line = self.at(key.and_then(Key::span)).or_else(|| self.at(part.span())).unwrap_or(line);
            let mut node = self.item(part, line, 0);
            // A value stands where its name does; a table of its own where its header is.
            if !matches!(part, Item::Table(_) | Item::ArrayOfTables(_)) {
                node.line = line;
            }
            (name.to_owned(), node)
        };
        let kind = match item {
            Item::None => Kind::Table(Vec::new()),
            Item::Table(table) => Kind::Table(table.iter().map(|(n, i)| part((n, i), table.key(n))).collect()),
            Item::ArrayOfTables(tables) => {
                let entry = |(nth, table): (usize, &toml_edit::Table)| {
                    self.item(&Item::Table(table.clone()), self.at(table.span()).unwrap_or(line), nth)
                };
                Kind::List(tables.iter().enumerate().map(entry).collect())
            }
            Item::Value(Value::Array(array)) => {
                let entry = |(nth, value): (usize, &Value)| self.item(&Item::Value(value.clone()), line, nth);
                Kind::List(array.iter().enumerate().map(entry).collect())
            }
            Item::Value(Value::InlineTable(table)) => {
                let parts = table.iter().map(|(n, v)| part((n, &Item::Value(v.clone())), table.key(n)));
                Kind::Table(parts.collect())
            }
            Item::Value(value) => {
                let mut value = value.clone();
                value.decor_mut().clear();
                Kind::Leaf(value)
            }
        };
        Node { line, nth, kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a = 1\n\n[[b]]\nc = [\n  1,\n  { d = 2 },\n]\n[b.e]\n\"f g\" = \"x\"\n[[b]]\n";

    #[test]
    fn every_part_knows_its_line() {
        let tree = Node::parse(TEXT).unwrap();
        let line = |path: &[Step]| tree.at(path).unwrap().line;
        let (key, item) = (|name: &str| Step::Key(name.to_owned()), Step::Item);
        assert_eq!(line(&[key("a")]), 1);
        assert_eq!(line(&[key("b"), item(0)]), 3);
        assert_eq!(line(&[key("b"), item(0), key("c"), item(1), key("d")]), 6);
        assert_eq!(line(&[key("b"), item(0), key("e"), key("f g")]), 9);
        assert_eq!(line(&[key("b"), item(1)]), 10);
    }

    #[test]
    fn what_is_rendered_reads_alike() {
        let tree = Node::parse(TEXT).unwrap();
        assert_eq!(tree.render(), Node::parse(&tree.render()).unwrap().render());
        let shorter = tree.without(&[Step::Key("b".into()), Step::Item(0), Step::Key("c".into())]);
        assert!(tree.render().contains("d = 2") && !shorter.render().contains("d = 2"));
        assert_eq!(tree.with_first(&[Step::Key("b".into())], 1).part("b").unwrap().entries().len(), 1);
    }

    #[test]
    fn what_is_no_toml_is_told_without_its_text() {
        let told = Node::parse("key = s3cret s3cret").unwrap_err().to_string();
        assert!(!told.contains("s3cret"), "{told}");
    }
}
