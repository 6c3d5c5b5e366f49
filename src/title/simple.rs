//! The simplified form of a title rule: `$a::$b::text` (Flashduty, "Customize Incident Attributes").
//!
//! Its parts are what lies between the `::`, without the blanks around them. A part that is a `$` and a name stands for
//! the label of that name. The name begins with a letter or `_` and has no blank; dots and dashes belong to it, because
//! labels in the wild have them. A rule with no such part is plain text, so `std::vector` and `$5 off` stay as they are.

use crate::sorted::SortedMap;

use crate::intake::bounded::Bounded;

/// What the parts are joined with.
const JOINT: &str = " / ";

/// Adds the title that a rule of this form makes; a label that is missing leaves its `$name`. Tells whether none is
/// missing, and `None`, with nothing added, where the rule is not of this form.
pub fn fill(rule: &str, labels: &SortedMap<String, String>, text: &mut Bounded) -> Option<bool> {
    let parts = || rule.split("::").map(str::trim);
    parts().find_map(name)?;
    let mut complete = true;
    for (nth, part) in parts().enumerate() {
        if nth > 0 {
            text.push(JOINT);
        }
        match name(part).map(|name| labels.get(name)) {
            Some(Some(value)) => text.push(value),
            Some(None) => {
                complete = false;
                text.push(part);
            }
            None => text.push(part),
        }
    }
    Some(complete)
}

/// The label that a part names.
fn name(part: &str) -> Option<&str> {
    let name = part.strip_prefix('$')?;
    let first = name.chars().next()?;
    ((first.is_alphabetic() || first == '_') && !name.contains(char::is_whitespace)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(rule: &str, labels: &[(&str, &str)]) -> Option<(String, bool)> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut text = Bounded::new(512);
        let complete = fill(rule, &labels, &mut text)?;
        Some((text.into_text(), complete))
    }

    fn complete(text: &str) -> Option<(String, bool)> {
        Some((text.to_owned(), true))
    }

    #[test]
    fn a_part_is_everything_between_the_joints() {
        let labels = [("a.b-c", "x"), ("主机", "y"), ("_z", "z")];
        assert_eq!(filled("$a.b-c::$主机::$_z", &labels), complete("x / y / z"));
        assert_eq!(filled(" $_z ::is down", &labels), complete("z / is down"));
        assert_eq!(filled("$_z::host $_z", &labels), complete("z / host $_z"));
        assert_eq!(filled("$_z::::", &labels), complete("z /  / "));
    }

    #[test]
    fn one_name_alone_is_a_rule() {
        assert_eq!(filled("$host", &[("host", "db-3")]), complete("db-3"));
        assert_eq!(filled("$host", &[]), Some(("$host".to_owned(), false)));
    }

    #[test]
    fn a_text_without_a_part_that_names_a_label_is_not_of_this_form() {
        for text in ["", "::", "std::vector", "$5::off", "$", "$::x", "price $host::x", "$a b::c", "down on $host"] {
            assert_eq!(filled(text, &[("host", "db-3")]), None, "{text}");
        }
    }
}
