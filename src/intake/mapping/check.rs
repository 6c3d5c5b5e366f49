//! Whether a mapping can be followed; asked once, when the configuration is read.

use serde_json::Value;

use super::template::{self, Part};
use super::{ENTRIES, IMAGE, Mapping, TEXTS, ValueMapping};
use crate::intake::Status;
use crate::intake::fields::{LABEL_NAME_CHARS, cut};

/// Refuses a mapping by which no alert can be read.
///
/// # Errors
/// The field, and what is wrong with it.
pub fn check(mapping: &Mapping) -> Result<(), String> {
    let fields = &mapping.field_mapping;
    for (target, template) in fields {
        let field = format!("field_mapping.{}", shown(target));
        match target.as_str() {
            "labels" => check_labels(&field, template)?,
            "images" => check_images(&field, template)?,
            target if TEXTS.contains(&target) => check_text(&field, template)?,
            _ => return Err(format!("{field}: is not known; targets are {}, labels, images", TEXTS.join(", "))),
        }
    }
    let status = fields.get("event_status").ok_or("field_mapping.event_status: is required")?;
    check_status(mapping, status)?;
    if !fields.contains_key("title") && !fields.contains_key("title_rule") {
        return Err("field_mapping.title_rule: is required, or title".to_owned());
    }
    check_values(&mapping.value_mapping)
}

/// Refuses a value mapping of a path that leads nowhere.
///
/// # Errors
/// The field, and what is wrong with it.
pub fn check_values(values: &ValueMapping) -> Result<(), String> {
    for path in values.keys() {
        let problem = |problem| format!("value_mapping.{}: {problem}", shown(path));
        template::check_path(path).map_err(problem)?;
        if path.trim() != path {
            return Err(problem("must have no blanks around it"));
        }
    }
    Ok(())
}

fn check_text(field: &str, template: &Value) -> Result<(), String> {
    check_parts(field, template).map(|_| ())
}

/// Refuses a status that is none of the four whatever the sender says: each such alert would be lost.
fn check_status(mapping: &Mapping, template: &Value) -> Result<(), String> {
    let field = "field_mapping.event_status".to_owned();
    let (field, statuses): (_, Vec<&String>) = match (check_parts(&field, template)?.as_slice(), template) {
        ([Part::Variable(path)], _) => {
            let mapped = mapping.value_mapping.get(path.trim());
            (
                format!("value_mapping.{}", shown(path.trim())),
                mapped.into_iter().flat_map(|mapped| mapped.values()).collect(),
            )
        }
        ([] | [Part::Text(_)], Value::String(fixed)) => (field, vec![fixed]),
        _ => return Ok(()),
    };
    match statuses.into_iter().find(|status| Status::parse(status).is_none()) {
        Some(status) => Err(format!(
            "{field}: '{}' is none of Critical, Warning, Info, Ok, but becomes event_status",
            shown(status)
        )),
        None => Ok(()),
    }
}

fn check_labels(field: &str, template: &Value) -> Result<(), String> {
    let Value::Object(templates) = template else {
        return check_variable(field, template, "an object of label → template");
    };
    if templates.len() > ENTRIES {
        return Err(format!("{field}: must have at most {ENTRIES} entries"));
    }
    for (name, template) in templates {
        if name.is_empty() {
            return Err(format!("{field}: has a label without a name"));
        }
        check_text(&format!("{field}.{}", shown(name)), template)?;
    }
    Ok(())
}

fn check_images(field: &str, template: &Value) -> Result<(), String> {
    let Value::Array(images) = template else {
        return check_variable(field, template, "an array of objects of templates");
    };
    if images.len() > ENTRIES {
        return Err(format!("{field}: must have at most {ENTRIES} entries"));
    }
    for (nth, image) in images.iter().enumerate() {
        let field = format!("{field}.{nth}");
        let image = image.as_object().ok_or_else(|| format!("{field}: must be an object"))?;
        if !image.contains_key("src") {
            return Err(format!("{field}.src: is required"));
        }
        for (name, template) in image {
            let field = format!("{field}.{}", shown(name));
            if !IMAGE.contains(&name.as_str()) {
                return Err(format!("{field}: is not known; an image has {}", IMAGE.join(", ")));
            }
            check_text(&field, template)?;
        }
    }
    Ok(())
}

/// Refuses what is neither exactly one variable nor, as the caller has seen already, the other thing it may be.
fn check_variable(field: &str, template: &Value, other: &str) -> Result<(), String> {
    match template.is_string().then(|| check_parts(field, template)).transpose()?.as_deref() {
        Some([Part::Variable(_)]) => Ok(()),
        _ => Err(format!("{field}: must be exactly one variable, or {other}")),
    }
}

fn check_parts<'a>(field: &str, template: &'a Value) -> Result<Vec<Part<'a>>, String> {
    template::read(template).map_err(|problem| format!("{field}: {problem}"))
}

/// A name of the configuration, short enough for a message.
fn shown(name: &str) -> &str {
    cut(name, LABEL_NAME_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is wrong with a field mapping that has these fields besides what is required.
    fn problem(target: &str, template: Value) -> String {
        let mut mapping = json!({"field_mapping": {"title_rule": "{{rule}}", "event_status": "{{level}}"}});
        mapping["field_mapping"][target] = template;
        let mapping: Mapping = serde_json::from_value(mapping).expect("a mapping");
        mapping.check().expect_err("refused")
    }

    #[test]
    fn an_unknown_target_is_named() {
        let text = "field_mapping.host: is not known; targets are title, title_rule, description, event_status, \
                    alert_key, labels, images";
        assert_eq!(problem("host", json!("{{host}}")), text);
    }

    #[test]
    fn a_malformed_template_is_named() {
        assert_eq!(problem("title", json!("{{a")), "field_mapping.title: has a '{{' without '}}'");
        assert_eq!(problem("alert_key", json!(7)), "field_mapping.alert_key: must be a text");
        let one = "field_mapping.labels: must be exactly one variable, or an object of label → template";
        assert_eq!(problem("labels", json!("{{a}}{{b}}")), one);
        assert_eq!(problem("labels", json!([])), one);
        assert_eq!(problem("labels", json!("{{a")), "field_mapping.labels: has a '{{' without '}}'");
        assert_eq!(problem("labels", json!({"team": "{{}"})), "field_mapping.labels.team: has a '{{' without '}}'");
        assert_eq!(problem("labels", json!({"": "x"})), "field_mapping.labels: has a label without a name");
        let one = "field_mapping.images: must be exactly one variable, or an array of objects of templates";
        assert_eq!(problem("images", json!("shot")), one);
        assert_eq!(problem("images", json!(["x"])), "field_mapping.images.0: must be an object");
        assert_eq!(problem("images", json!([{"alt": "x"}])), "field_mapping.images.0.src: is required");
        let unknown = "field_mapping.images.0.url: is not known; an image has src, alt, href";
        assert_eq!(problem("images", json!([{"src": "x", "url": "y"}])), unknown);
    }

    #[test]
    fn templates_are_bounded_in_number_and_length() {
        let many: serde_json::Map<_, _> = (0..51).map(|nth| (format!("l{nth}"), json!("x"))).collect();
        assert_eq!(problem("labels", json!(many)), "field_mapping.labels: must have at most 50 entries");
        let many = vec![json!({"src": "x"}); 51];
        assert_eq!(problem("images", json!(many)), "field_mapping.images: must have at most 50 entries");
        let long = "x".repeat(2049);
        assert_eq!(problem("title", json!(long)), "field_mapping.title: must have at most 2048 characters");
    }

    #[test]
    fn a_mapping_without_status_or_title_could_take_no_alert() {
        let problem = |fields: Value| {
            let mapping: Mapping = serde_json::from_value(json!({"field_mapping": fields})).expect("a mapping");
            mapping.check().expect_err("refused")
        };
        assert_eq!(problem(json!({"title": "t"})), "field_mapping.event_status: is required");
        let none =
            "field_mapping.event_status: 'high' is none of Critical, Warning, Info, Ok, but becomes event_status";
        assert_eq!(problem(json!({"title": "t", "event_status": "high"})), none);
        assert_eq!(problem(json!({"event_status": "Info"})), "field_mapping.title_rule: is required, or title");
    }

    #[test]
    fn the_value_mapping_is_checked() {
        let problem = |values: Value| {
            let mapping = json!({"field_mapping": {"title": "t", "event_status": "{{l}}"}, "value_mapping": values});
            let mapping: Mapping = serde_json::from_value(mapping).expect("a mapping");
            mapping.check().expect_err("refused")
        };
        let empty = problem(json!({"l..x": {}}));
        assert!(empty.starts_with("value_mapping.l..x: has a variable with an empty level"), "{empty}");
        assert_eq!(problem(json!({" l": {}})), "value_mapping. l: must have no blanks around it");
        let none = "value_mapping.l: 'critical' is none of Critical, Warning, Info, Ok, but becomes event_status";
        assert_eq!(problem(json!({"l": {"1": "Ok", "2": "critical"}, "other": {"1": "x"}})), none);
    }
}
