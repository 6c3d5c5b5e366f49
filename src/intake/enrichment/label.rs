//! Labels as rules of enrichment add them: within the limits of an alert, and never in the place of the sender's own
//! unless the rule says so.

use crate::intake::AlertEvent;
use crate::intake::fields::{LABEL_NAME_CHARS, LABEL_VALUE_CHARS, LABELS, cut};
use crate::intake::step::{Account, Shown};

/// Sets a label. An empty value sets nothing. A label that is there stays unless `replaces`; a new one is left out
/// where the alert has 50 already; a name is cut to 128 characters and a value to 2048.
pub fn set(event: &mut AlertEvent, name: &str, value: &str, replaces: bool, account: &mut Account) {
    let (name, value) = (cut(name, LABEL_NAME_CHARS), cut(value, LABEL_VALUE_CHARS));
    if value.is_empty() {
        return account.say(|| format!("label {name} is left out: its value is empty"));
    }
    let full = event.labels.len() >= LABELS;
    match event.labels.get_mut(name) {
        Some(old) if !replaces => {
            account.say(|| format!("label {name} stays {}: it exists and override is off", Shown(old)));
        }
        Some(old) => {
            account.say(|| format!("label {name} = {}, was {}", Shown(value), Shown(old)));
            value.clone_into(old);
        }
        None if full => account.say(|| format!("label {name} is left out: the alert has {LABELS} labels already")),
        None => {
            account.say(|| format!("label {name} = {}", Shown(value)));
            event.labels.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// Refuses a name that no label of an alert can have.
pub fn check_name(field: &str, name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err(format!("{field}: has no name"));
    }
    match name.chars().nth(LABEL_NAME_CHARS) {
        Some(_) => Err(format!("{field}: a label's name has at most {LABEL_NAME_CHARS} characters")),
        None => Ok(()),
    }
}

/// Like [`check_name`] for a list, which must not be empty.
pub fn check_names(field: &str, names: &[String]) -> Result<(), String> {
    if names.is_empty() {
        return Err(format!("{field}: must not be empty"));
    }
    names.iter().try_for_each(|name| check_name(field, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(count: usize) -> AlertEvent {
        let labels = (0..count).map(|n| (format!("l{n}"), "old".to_owned())).collect();
        AlertEvent { labels, ..AlertEvent::default() }
    }

    fn told(event: &mut AlertEvent, name: &str, value: &str, replaces: bool) -> String {
        let (mut account, mut steps) = (Account::new(true), Vec::new());
        set(event, name, value, replaces, &mut account);
        account.close(1, "test", true, Some(&mut steps));
        steps.remove(0).effect
    }

    #[test]
    fn a_label_that_exists_stays_unless_the_rule_overrides() {
        let mut event = alert(1);
        assert_eq!(told(&mut event, "l0", "new", false), "label l0 stays old: it exists and override is off");
        assert_eq!(event.labels["l0"], "old");
        assert_eq!(told(&mut event, "l0", "new", true), "label l0 = new, was old");
        assert_eq!(event.labels["l0"], "new");
    }

    #[test]
    fn a_full_alert_takes_no_new_label_but_new_values() {
        let mut event = alert(LABELS);
        assert_eq!(told(&mut event, "x", "1", true), "label x is left out: the alert has 50 labels already");
        told(&mut event, "l7", "new", true);
        assert_eq!((event.labels.len(), event.labels["l7"].as_str()), (LABELS, "new"));
    }

    #[test]
    fn a_long_value_is_cut_and_an_empty_one_is_no_label() {
        let mut event = alert(0);
        assert_eq!(told(&mut event, "x", "", true), "label x is left out: its value is empty");
        assert!(event.labels.is_empty());
        told(&mut event, "x", &"é".repeat(3000), false);
        assert_eq!(event.labels["x"].chars().count(), LABEL_VALUE_CHARS);
    }

    #[test]
    fn a_name_that_no_label_can_have_is_refused() {
        assert!(check_names("f", &[]).is_err() && check_name("f", "").is_err());
        assert_eq!(check_name("f", &"é".repeat(128)), Ok(()));
        assert!(check_name("f", &"é".repeat(129)).is_err_and(|problem| problem.starts_with("f: ")));
    }
}
