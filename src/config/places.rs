//! Where in the text of a configuration a problem lies: the line of the field that it names, or of its entry.
//!
//! The text is looked at line by line, as people write it: sections and entries under headers, a field at the beginning of
//! a line. What is written otherwise is found less exactly, or not at all.

/// The headers and fields of a text.
pub struct Places<'a> {
    lines: Vec<Line<'a>>,
}

/// A header or a field.
struct Line<'a> {
    /// From 1.
    number: usize,
    what: What<'a>,
}

enum What<'a> {
    /// `[name]` or `[[name]]`.
    Header(&'a str),
    /// `name = value`.
    Field(&'a str, &'a str),
}

impl<'a> Places<'a> {
    /// Looks at a text.
    pub fn of(text: &'a str) -> Self {
        let what = |line: &'a str| {
            let line = line.trim();
            if let Some(rest) = line.strip_prefix('[') {
                return Some(What::Header(rest.trim_start_matches('[').split(']').next()?.trim()));
            }
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            is_word(name).then(|| What::Field(name, value.split('#').next().unwrap_or_default().trim()))
        };
        let lines = (1..).zip(text.lines());
        Self { lines: lines.filter_map(|(number, line)| Some(Line { number, what: what(line)? })).collect() }
    }

    /// The line on which a problem lies, from 1.
    pub fn line_of(&self, problem: &str) -> Option<usize> {
        // A text that is no TOML: the parser knows.
        if let Some(rest) = problem.strip_prefix("line ") {
            return rest.split([',', ':']).next()?.parse().ok();
        }
        let mut words = problem.split(": ").flat_map(|part| part.split('.'));
        let section = words.next()?;
        let words: Vec<&str> = words.collect();
        let entries = self.entries(section);
        let Some(entry) = entry(&entries, words.first().copied().unwrap_or_default(), problem) else {
            return self.top(section);
        };
        let nth = words.iter().find_map(|word| word.strip_prefix("case ")?.parse::<usize>().ok()).unwrap_or(1);
        let named = words.iter().filter_map(|word| field(word)).find_map(|name| within(entry, section, name, nth));
        let twin = || ["id", "cal_id", "name"].iter().find_map(|name| within(entry, section, name, 1));
        let named = named.or_else(|| if problem.ends_with("unique") { twin() } else { None });
        named.or(Some(entry.first()?.number))
    }

    /// The line of something that stands before all sections.
    fn top(&self, name: &str) -> Option<usize> {
        let fields = self.lines.iter().take_while(|line| matches!(line.what, What::Field(..)));
        fields.filter(|line| matches!(line.what, What::Field(field, _) if field == name)).map(|line| line.number).next()
    }

    /// The entries of a section, each from its header on.
    fn entries(&self, section: &str) -> Vec<&[Line<'a>]> {
        let (mut entries, mut began) = (Vec::new(), None);
        for (at, line) in self.lines.iter().enumerate() {
            let What::Header(header) = line.what else { continue };
            if header.strip_prefix(section).is_some_and(|rest| rest.starts_with('.')) {
                continue;
            }
            entries.extend(began.take().and_then(|began: usize| self.lines.get(began..at)));
            began = (header == section).then_some(at);
        }
        entries.extend(began.and_then(|began| self.lines.get(began..)));
        entries
    }
}

/// The entry that a problem names: by its number, its id or its name.
fn entry<'e, 'a>(entries: &[&'e [Line<'a>]], word: &str, problem: &str) -> Option<&'e [Line<'a>]> {
    if let Some(number) = word.strip_prefix("entry ").and_then(|number| number.parse::<usize>().ok()) {
        return entries.get(number.checked_sub(1)?).copied();
    }
    let id = word.strip_prefix("id ").unwrap_or(word);
    let is_it = |entry: &&&[Line<'a>]| {
        let own =
            entry.iter().take_while(|line| line.number == entry[0].number || matches!(line.what, What::Field(..)));
        let mut own = own.filter_map(|line| match line.what {
            What::Field("id" | "cal_id" | "name", value) => Some(value.trim_matches(['"', '\''])),
            _ => None,
        });
        own.any(|value| value == id)
    };
    // Of twins the later one is too many.
    let found = match problem.ends_with("unique") {
        true => entries.iter().rev().find(is_it),
        false => entries.iter().find(is_it),
    };
    found.or(entries.first().filter(|_| entries.len() == 1)).copied()
}

/// The name of a field in a part of a problem.
fn field(word: &str) -> Option<&str> {
    let quoted = ["unknown field `", "missing field `"].iter().find_map(|start| word.strip_prefix(start));
    let name = quoted.and_then(|rest| rest.split('`').next()).unwrap_or(word);
    is_word(name).then_some(name)
}

/// The line of a field in an entry, or of the `nth` header of what it holds.
fn within(entry: &[Line<'_>], section: &str, name: &str, nth: usize) -> Option<usize> {
    let is_it = |line: &&Line<'_>| match line.what {
        What::Field(field, _) => field == name,
        What::Header(header) => {
            let below = header.strip_prefix(section).and_then(|rest| rest.strip_prefix('.'));
            below.is_some_and(|below| below.split('.').next() == Some(name))
        }
    };
    let found: Vec<usize> = entry.iter().filter(is_it).map(|line| line.number).collect();
    found.get(nth.saturating_sub(1)).or(found.first()).copied()
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"version = 2
retention_days = 0 # short

[account]
id = 1

[[channels]]
id = 101
name = "one"

[[channels.silence]]
filters = []

[[channels]]
id = 102
name = "two" # twin
[[channels]]
id = 102

[[app_keys]]
name = "Ada's"
key = "x"

[[integrations]]
id = 9
[[integrations.route.cases]]
if = []
[[integrations.route.cases]]
if = [1]
[integrations.route.default]

[delivery]
timeout_ms = 1
"#;

    #[test]
    fn a_problem_lies_at_the_field_that_it_names_or_at_its_entry() {
        let places = Places::of(TEXT);
        for (problem, line) in [
            ("version: must be 1, is 2", 1),
            ("retention_days: must be 1 to 3650, is 0", 2),
            ("account: missing field `name`", 4),
            ("channels: id 101: name: must have 1 to 59 characters", 9),
            ("channels: id 101: silence: rule x: filters: must not be empty", 11),
            ("channels: id 102: must be positive and unique", 18),
            ("channels: id 102: name: must have 1 to 59 characters", 16),
            ("channels: entry 3: missing field `name`", 17),
            ("channels: entry 2: unknown field `name`, expected one of `id`", 16),
            ("app_keys: Ada's: key: must have at least 16 characters", 22),
            ("integrations: id 9: route: case 2: if: must have something", 28),
            ("integrations: id 9: there is no channel 7", 24),
            ("delivery.timeout_ms: must be 100 to 30000, is 1", 33),
            ("line 7, column 3: expected a value", 7),
        ] {
            assert_eq!(places.line_of(problem), Some(line), "{problem}");
        }
    }

    #[test]
    fn what_cannot_be_found_has_no_line() {
        let places = Places::of(TEXT);
        for problem in
            ["", ":", "people: id 5: must be unique", "channels: entry 0: x", "line x: y", "é: ü", "subscriptions"]
        {
            assert_eq!(places.line_of(problem), None, "{problem}");
        }
        for text in ["", "[", "[[", "=", "[channels", "[[channels]]\nid = "] {
            Places::of(text).line_of("channels: id 1: name: x");
        }
    }
}
