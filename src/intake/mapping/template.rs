//! Templates: text with `{{a.b.c}}` variables, and where in an alert or a payload such a path leads.

use serde_json::{Map, Value};

/// The most characters of a template.
pub const TEMPLATE_CHARS: usize = 2048;

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text that is used as it is.
    Text(&'a str),
    /// The value at a path; as it is written, with the blanks around it.
    Variable(&'a str),
}

/// The parts of a template, as the configuration holds it.
///
/// # Errors
/// What is wrong: it is not a text, it is too long, or as for [`parts`].
pub fn read(template: &Value) -> Result<Vec<Part<'_>>, &'static str> {
    let template = template.as_str().ok_or("must be a text")?;
    if template.chars().nth(TEMPLATE_CHARS).is_some() {
        return Err("must have at most 2048 characters");
    }
    parts(template)
}

/// The parts of a template, in their order.
///
/// # Errors
/// What is wrong: a variable has no end or no path.
pub fn parts(template: &str) -> Result<Vec<Part<'_>>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, opened)) = rest.split_once("{{") {
        let (path, after) = opened.split_once("}}").ok_or("has a '{{' without '}}'")?;
        check_path(path.trim())?;
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        parts.push(Part::Variable(path));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    Ok(parts)
}

/// Refuses a path that leads nowhere, whatever the alert.
///
/// # Errors
/// What is wrong.
pub fn check_path(path: &str) -> Result<(), &'static str> {
    if path.contains(['{', '}']) {
        return Err("has a variable with a brace in it");
    }
    if path.split('.').any(str::is_empty) {
        return Err("has a variable with an empty level, such as {{}} or {{a..b}}");
    }
    Ok(())
}

/// The value at a path; `None` where there is none.
pub fn find<'a>(alert: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut levels = path.split('.');
    let first = alert.get(levels.next()?)?;
    levels.try_fold(first, |value, level| match value {
        Value::Object(children) => children.get(level),
        Value::Array(items) => items.get(level.parse::<usize>().ok()?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_template_is_text_and_variables() {
        use Part::{Text, Variable};
        assert_eq!(parts("{{a.b}}"), Ok(vec![Variable("a.b")]));
        assert_eq!(
            parts("{{ a }}::{{b.0}} }} {x}"),
            Ok(vec![Variable(" a "), Text("::"), Variable("b.0"), Text(" }} {x}")])
        );
        assert_eq!(parts(""), Ok(vec![]));
    }

    #[test]
    fn a_malformed_template_is_told_by_what_is_wrong() {
        assert_eq!(parts("{{a"), Err("has a '{{' without '}}'"));
        assert_eq!(parts("{{a {{b}}"), Err("has a variable with a brace in it"));
        for empty in ["{{}}", "{{ }}", "{{a..b}}", "{{.a}}", "{{a.}}"] {
            assert_eq!(parts(empty), Err("has a variable with an empty level, such as {{}} or {{a..b}}"), "{empty}");
        }
        assert!(read(&json!("é".repeat(2048))).is_ok());
        assert_eq!(read(&json!("é".repeat(2049))), Err("must have at most 2048 characters"));
    }

    #[test]
    fn a_path_leads_through_objects_and_arrays() {
        let alert = json!({"a": {"b": [{"c": 7}, null]}, "x.y": 1, "n": {"0": "zero"}});
        let alert = alert.as_object().expect("an object");
        assert_eq!(find(alert, "a.b.0.c"), Some(&json!(7)));
        assert_eq!(find(alert, "a.b.1"), Some(&Value::Null));
        assert_eq!(find(alert, "n.0"), Some(&json!("zero")));
        for nowhere in ["x.y", "a.c", "a.b.2", "a.b.-1", "a.b.0.c.d", "a.b.1.c", "", "."] {
            assert_eq!(find(alert, nowhere), None, "{nowhere}");
        }
    }
}
