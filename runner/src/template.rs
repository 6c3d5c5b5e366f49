//! `{{ name }}` templates, as the manifest uses them in component variables and in `allowed_outbound_hosts`.

use std::collections::BTreeMap;
use thiserror::Error;

/// Why a template cannot be filled in.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TemplateError {
    /// An opening `{{` has no closing `}}`.
    #[error("unmatched '{{{{' in template {0:?}")]
    Unmatched(String),
    /// The template names a variable that `[variables]` does not define.
    #[error("template names the variable {0:?}, which [variables] does not define")]
    UnknownVariable(String),
}

/// Fills in `template` with the given application variables. Text outside `{{ … }}` is kept as it is; spaces inside the
/// braces do not matter.
pub fn resolve(template: &str, variables: &BTreeMap<String, String>) -> Result<String, TemplateError> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        out.push_str(&rest[..start]);
        let inside = &rest[start + 2..];
        let end = inside.find("}}").ok_or_else(|| TemplateError::Unmatched(template.to_string()))?;
        let name = inside[..end].trim();
        let value = variables.get(name).ok_or_else(|| TemplateError::UnknownVariable(name.to_string()))?;
        out.push_str(value);
        rest = &inside[end + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether `text` holds a template expression at all.
pub fn is_template(text: &str) -> bool {
    text.contains("{{")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> BTreeMap<String, String> {
        BTreeMap::from([("host".into(), "example.com".into()), ("empty".into(), String::new())])
    }

    #[test]
    fn text_without_braces_is_kept() {
        assert_eq!(resolve("plain } text {", &variables()), Ok("plain } text {".into()));
    }

    #[test]
    fn names_are_replaced_whatever_the_spaces() {
        assert_eq!(
            resolve("https://{{host}}:{{ host }}/", &variables()),
            Ok("https://example.com:example.com/".into())
        );
        assert_eq!(resolve("{{ empty }}", &variables()), Ok(String::new()));
    }

    #[test]
    fn unknown_names_and_open_braces_are_errors() {
        assert_eq!(resolve("{{ nope }}", &variables()), Err(TemplateError::UnknownVariable("nope".into())));
        assert_eq!(resolve("{{ host", &variables()), Err(TemplateError::Unmatched("{{ host".into())));
    }
}
