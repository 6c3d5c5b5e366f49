//! Composition: a label put together from other values of the alert (Flashduty, "Label Enhancement").

use serde::{Deserialize, Serialize};

use super::label;
use crate::filter::{Facts, Origin};
use crate::intake::AlertEvent;
use crate::intake::step::Account;
use crate::title::compose;

/// The length of a template, in characters.
const TEMPLATE_CHARS: usize = 500;

/// The settings of `composition`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composition {
    /// The label that is set.
    pub result_label: String,
    /// The value, with `{{.labels.<name>}}`, `{{.title}}` and `{{.description}}` in it; at most 500 characters.
    pub template: String,
    /// Whether a label of this name is replaced.
    #[serde(default, rename = "override")]
    pub replaces: bool,
}

impl Composition {
    pub(super) fn check(&self) -> Result<(), String> {
        label::check_name("result_label", &self.result_label)?;
        if self.template.is_empty() {
            return Err("template: must not be empty".to_owned());
        }
        match self.template.chars().nth(TEMPLATE_CHARS) {
            Some(_) => Err(format!("template: must have at most {TEMPLATE_CHARS} characters")),
            None => Ok(()),
        }
    }

    pub(super) fn apply(&self, event: &mut AlertEvent, origin: Origin<'_>, account: &mut Account) {
        let composed = compose(&self.template, &Facts::of(event, origin));
        label::set(event, &self.result_label, &composed.text, self.replaces, account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(template: &str) -> Composition {
        Composition { result_label: "link".into(), template: template.into(), replaces: false }
    }

    fn link(template: &str) -> Option<String> {
        let labels = [("id".to_owned(), "42".to_owned()), ("host".to_owned(), "web-07".to_owned())].into();
        let mut event = AlertEvent { title: "disk full".into(), labels, ..AlertEvent::default() };
        rule(template).apply(&mut event, Origin::default(), &mut Account::new(false));
        event.labels.remove("link")
    }

    #[test]
    fn a_template_puts_labels_title_and_description_together() {
        let link = |template: &str| link(template).expect("a label");
        assert_eq!(
            link("https://logs.example/{{.labels.id}}?h={{ .labels.host }}"),
            "https://logs.example/42?h=web-07"
        );
        assert_eq!(link("{{.title}}|{{.description}}|{{.labels.none}}"), "disk full||");
    }

    #[test]
    fn what_composes_to_nothing_adds_no_label() {
        assert_eq!(link("{{.labels.none}}{{.description}}"), None);
    }

    #[test]
    fn a_template_has_1_to_500_characters() {
        assert_eq!(rule(&"é".repeat(500)).check(), Ok(()));
        for template in [String::new(), "é".repeat(501)] {
            assert!(rule(&template).check().is_err_and(|problem| problem.starts_with("template:")));
        }
        let nameless = Composition { result_label: String::new(), ..rule("x") };
        assert!(nameless.check().is_err_and(|problem| problem.starts_with("result_label:")));
    }
}
