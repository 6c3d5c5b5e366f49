//! `${name}`: a label in a template (Flashduty, "Reference Variables"). Labels only; a missing one shows as `<no value>`.

/// What stands for a label that is missing.
pub const MISSING: &str = "<no value>";

/// Reads what follows the `${`: the name without the blanks around it, and the length in bytes up to and with the `}`.
/// `None` where no name and brace follow; a brace within the name is another variable's.
pub fn read(text: &str) -> Option<(&str, usize)> {
    let (name, _) = text.split_once(['}', '{'])?;
    let end = name.len();
    let closed = text.get(end..)?.starts_with('}');
    let name = name.trim();
    (closed && !name.is_empty()).then_some((name, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_lies_between_the_braces() {
        assert_eq!(read("host} down"), Some(("host", 5)));
        assert_eq!(read(" a.b-c }"), Some(("a.b-c", 8)));
        assert_eq!(read("é}"), Some(("é", 3)));
    }

    #[test]
    fn what_has_no_name_or_no_end_is_not_read() {
        for text in ["", "}", "  }", "host", "a${b}", "{x}}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
