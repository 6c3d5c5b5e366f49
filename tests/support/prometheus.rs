//! A strict reader of Prometheus' text format: what `promtool check metrics` would complain about is refused.

use std::collections::{BTreeMap, BTreeSet};

use alarum::http::Answer;

/// The samples of an exposition: each by its name and labels as they are written.
#[derive(Debug)]
pub struct Figures(pub BTreeMap<String, u64>);

impl Figures {
    /// Reads an answer.
    pub fn read(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        let content_type = "text/plain; version=0.0.4; charset=utf-8";
        assert!(answer.headers.contains(&("content-type", content_type.to_owned())), "{:?}", answer.headers);
        Self::parse(std::str::from_utf8(&answer.body).expect("UTF-8"))
    }

    /// Reads a text: each family begins with one HELP and one TYPE and its samples follow, none of them twice.
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        let (mut families, mut samples) = (BTreeSet::new(), BTreeMap::new());
        let mut family = ("", "");
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect("a help text");
                assert!(is_name(name) && help.ends_with('.') && !help.contains('\\'), "{line}");
                let kind = lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).expect("a type");
                assert_eq!(kind, if name.ends_with("_total") { "counter" } else { "gauge" }, "{name}");
                assert!(families.insert(name), "{name} comes twice");
                family = (name, kind);
                continue;
            }
            let (sample, value) = line.rsplit_once(' ').expect("a sample");
            let (name, labels) = match sample.split_once('{') {
                Some((name, labels)) => (name, labels.strip_suffix('}').expect("an end of the labels")),
                None => (sample, ""),
            };
            assert_eq!(name, family.0, "{line} stands in the family of {family:?}");
            read_labels(labels);
            let value = value.parse().unwrap_or_else(|_| panic!("{line}: a number"));
            assert!(samples.insert(sample.to_owned(), value).is_none(), "{sample} comes twice");
        }
        Self(samples)
    }

    /// A sample, which must be there.
    pub fn get(&self, sample: &str) -> u64 {
        *self.0.get(sample).unwrap_or_else(|| panic!("{sample} is not among {:#?}", self.0))
    }

    /// All samples of a family together.
    pub fn sum(&self, family: &str) -> u64 {
        let labelled = format!("{family}{{");
        self.0.iter().filter(|(name, _)| *name == family || name.starts_with(&labelled)).map(|(_, value)| value).sum()
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

fn read_labels(mut rest: &str) {
    let mut names = BTreeSet::new();
    while !rest.is_empty() {
        let (name, value) = rest.split_once("=\"").expect("a label");
        assert!(is_name(name) && names.insert(name), "{rest}");
        let mut escaped = false;
        let end = value.find(|c| {
            let ends = c == '"' && !escaped;
            assert!(!escaped || ['\\', '"', 'n'].contains(&c), "{rest}");
            escaped = c == '\\' && !escaped;
            ends
        });
        let end = end.expect("the end of a value");
        assert!(!value[..end].contains('\n'));
        rest = &value[end + 1..];
        rest = rest.strip_prefix(',').unwrap_or_else(|| {
            assert!(rest.is_empty(), "{rest}");
            rest
        });
    }
}
