//! The text of a configuration as plain data: TOML, but for dates and times, which no field takes.
//!
//! The parser descends into what is nested, so how deep a text goes is looked at first: it may come by call.

use serde_json::{Map, Value};

use super::ConfigError;

/// So deep may brackets be nested, and so many parts a key may have.
const DEEP: usize = 32;

/// Reads a text.
///
/// # Errors
/// Where it is no TOML, with line and column, and nothing of any value.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, ConfigError> {
    if let Some(line) = too_deep(text) {
        return Err(ConfigError(format!("line {line}: must not be nested deeper than {DEEP}")));
    }
    basic_toml::from_str(text).map_err(|error| {
        let told = error.to_string();
        match error.line_col() {
            None => ConfigError(told),
            Some((line, column)) => {
                let problem = told.split(" at line ").next().unwrap_or_default();
                ConfigError(format!("line {}, column {}: {problem}", line.saturating_add(1), column.saturating_add(1)))
            }
        }
    })
}

/// The line on which brackets are nested too deep or a key has too many parts; as far as the text is well formed.
fn too_deep(text: &str) -> Option<usize> {
    let (mut line, mut brackets, mut parts) = (1, 0_usize, 1);
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let after = skipped(rest).unwrap_or_else(|| rest.get(sign.len_utf8()..).unwrap_or_default());
        let passed = rest.get(..rest.len() - after.len()).unwrap_or_default();
        line += passed.matches('\n').count();
        rest = after;
        match sign {
            '[' | '{' => (brackets, parts) = (brackets + 1, 1),
            ']' | '}' => (brackets, parts) = (brackets.saturating_sub(1), 1),
            '.' => parts += 1,
            '=' | ',' | '\n' => parts = 1,
            _ => {}
        }
        if brackets > DEEP || parts > DEEP {
            return Some(line);
        }
    }
    None
}

/// What follows a string or comment that a text begins with; `None` where it begins with neither.
fn skipped(text: &str) -> Option<&str> {
    if text.starts_with('#') {
        return text.get(text.find('\n').unwrap_or(text.len())..);
    }
    let quote = text.chars().next().filter(|sign| ['"', '\''].contains(sign))?;
    let three: &str = if quote == '"' { "\"\"\"" } else { "'''" };
    let many = text.starts_with(three);
    let width = if many { 3 } else { 1 };
    let mut escaped = false;
    for (at, sign) in text.char_indices().skip(width) {
        match sign {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if sign == quote && (!many || text.get(at..).is_some_and(|rest| rest.starts_with(three))) => {
                return text.get(at + width..);
            }
            // Where it is not closed the parser stops, and goes no deeper.
            '\n' if !many => return text.get(at..),
            _ => {}
        }
    }
    Some("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TEXT: &str = r#"
a.b = 1
[t]
x = [1, 'two', [3.5], { y = true }]
[[t.l]]
s = """
  lines \
  \u00e9"""
[[t.l]]
s = '''a
b'''
"quoted key" = 0x10
"#;

    #[test]
    fn what_configurations_are_written_with_is_read() {
        let read = parse(TEXT).expect("TOML");
        assert_eq!(read["a"], json!({"b": 1}));
        assert_eq!(read["t"]["x"], json!([1, "two", [3.5], {"y": true}]));
        assert_eq!(read["t"]["l"], json!([{"s": "  lines \u{e9}"}, {"s": "a\nb", "quoted key": 16}]));
    }

    #[test]
    fn a_problem_has_its_place_and_no_value() {
        let told = |text: &str| parse(text).expect_err("no TOML").0;
        assert!(told("a = 1\nb = = 2").starts_with("line 2, column 5: "), "{}", told("a = 1\nb = = 2"));
        for text in ["key = \"s3cret", "key = s3cret", "key = 's3cret\nx'", "k = \"s3cret\\q\"", "k = 2024-01-01s3cret"]
        {
            let told = told(text);
            assert!(told.starts_with("line 1, column ") && !told.contains("s3cret"), "{told}");
        }
        assert!(told("a = 1\na = 2").contains("duplicate key"));
    }

    #[test]
    fn what_is_nested_too_deep_is_refused_before_it_is_read() {
        let deep = |open: &str, close: &str, n: usize| format!("\na = {}1{}", open.repeat(n), close.repeat(n));
        assert!(parse(&deep("[", "]", DEEP)).is_ok());
        for text in [
            deep("[", "]", DEEP + 1),
            deep("{ a = ", " }", 100_000),
            format!("\n{}", "[".repeat(1_000_000)),
            format!("\na{} = 1", ".a".repeat(100_000)),
            format!("\n[a{}]", ".a".repeat(100_000)),
        ] {
            assert_eq!(parse(&text).expect_err("refused").0, "line 2: must not be nested deeper than 32");
        }
    }

    #[test]
    fn brackets_and_dots_in_strings_and_comments_do_not_count() {
        let (brackets, dots) = ("[{".repeat(50), ".".repeat(99));
        for text in [
            format!("a = '{brackets}{dots}'\nb = 2"),
            format!("a = \"\\\"{brackets}{dots}\" # {brackets}{dots}\nb = 2"),
            format!("a = '''\n'{brackets}{dots}'\n'''\nb = 2"),
            format!("a = \"\"\"\"{brackets}\\\"\"\"{dots}\"\"\"\nb = 2"),
            format!("a = [{}]\nb = 2", "0.5, ".repeat(99)),
        ] {
            assert_eq!(parse(&text).expect(&text)["b"], json!(2));
        }
    }
}
