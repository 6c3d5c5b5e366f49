//! A template: literal text with `${name}` and `{{.Labels.name}}` variables, filled in from the left in one pass.

use super::action::{Action, BLANKS};
use super::dollar;
use crate::filter::Facts;
use crate::intake::bounded::Bounded;

/// Adds the template with its variables filled in, `${}` only with `dollars`, and tells whether each was understood and
/// had a value. One without a value shows as `<no value>` (`${}`) or as nothing (`{{}}`); what is not understood stays
/// as it is, up to its `}}`.
pub fn fill(template: &str, dollars: bool, facts: &Facts<'_>, text: &mut Bounded) -> bool {
    let mut complete = true;
    let mut closing_follows = true;
    // Up to `written` it is in the text; up to `seen` no variable begins.
    let (mut written, mut seen) = (0, 0);
    while let Some(brace) = tail(template, seen).find('{').map(|at| seen + at) {
        let rest = tail(template, brace);
        let literal = template.get(written..brace).unwrap_or_default();
        if rest.starts_with("{{") {
            if let Some(action) = closing_follows.then(|| Action::read(rest)).flatten() {
                text.push(if action.trims_before { literal.trim_end_matches(BLANKS) } else { literal });
                let value = action.variable.value(facts);
                complete &= value.is_some();
                text.push(value.unwrap_or_default());
                seen = brace + action.len;
                written = seen;
                continue;
            }
            complete = false;
            // Looked for only once where there is none, or many openings would take quadratic time.
            let end = closing_follows.then(|| rest.find("}}")).flatten();
            closing_follows = end.is_some();
            seen = brace + end.unwrap_or_default() + 2;
        } else if let Some(literal) = literal.strip_suffix('$').filter(|_| dollars) {
            let Some((name, len)) = dollar::read(tail(template, brace + 1)) else {
                complete = false;
                seen = brace + 1;
                continue;
            };
            let value = facts.labels.get(name);
            complete &= value.is_some();
            text.push(literal);
            text.push(value.map_or(dollar::MISSING, String::as_str));
            seen = brace + 1 + len;
            written = seen;
        } else {
            seen = brace + 1;
        }
    }
    text.push(tail(template, written));
    complete
}

fn tail(template: &str, start: usize) -> &str {
    template.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::AlertEvent;

    fn filled(template: &str) -> (String, bool) {
        let labels = [("host", "db-3"), ("evil", "${host}{{.Labels.host}}"), ("blank", " ")];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let event = AlertEvent { labels, ..AlertEvent::default() };
        let mut text = Bounded::new(512);
        let complete = fill(template, true, &Facts::of(&event, Origin::default()), &mut text);
        (text.into_text(), complete)
    }

    fn complete(text: &str) -> (String, bool) {
        (text.to_owned(), true)
    }

    fn partial(text: &str) -> (String, bool) {
        (text.to_owned(), false)
    }

    #[test]
    fn both_kinds_of_variables_may_stand_in_one_template() {
        assert_eq!(filled("${host} {{.Labels.host}} ${ host }"), complete("db-3 db-3 db-3"));
        assert_eq!(filled("${nope}|{{.Labels.nope}}|"), partial("<no value>||"));
        assert_eq!(filled("${{.Labels.host}}"), complete("$db-3"));
    }

    #[test]
    fn values_are_inserted_as_they_are_and_never_read_again() {
        assert_eq!(filled("${evil} {{.Labels.evil}}"), complete("${host}{{.Labels.host}} ${host}{{.Labels.host}}"));
    }

    #[test]
    fn trim_markers_drop_the_blanks_of_the_text_but_not_of_values() {
        assert_eq!(filled("a \n {{- .Labels.host -}} \t b"), complete("adb-3b"));
        assert_eq!(filled("{{.Labels.blank}}{{- .Labels.host}}"), complete(" db-3"));
        assert_eq!(filled("x {{- if}} "), partial("x {{- if}} "));
    }

    #[test]
    fn what_is_not_understood_stays_and_the_rest_is_filled_in() {
        assert_eq!(filled("{{if .Labels.x}}${host}{{end}}"), partial("{{if .Labels.x}}db-3{{end}}"));
        assert_eq!(filled("{{.Nope}} {{.Labels.host}}"), partial("{{.Nope}} db-3"));
        assert_eq!(filled("{{.Labels.host | upper ${host} }}."), partial("{{.Labels.host | upper ${host} }}."));
        assert_eq!(filled("${host} {{.Labels.host ${host}"), partial("db-3 {{.Labels.host db-3"));
        assert_eq!(filled("{{ {{ ${host}"), partial("{{ {{ db-3"));
        assert_eq!(filled("${} ${host"), partial("${} ${host"));
        assert_eq!(filled("${a${host}"), partial("${adb-3"));
    }

    #[test]
    fn a_long_run_of_openings_is_read_once() {
        // Minutes, if every opening were searched to the end.
        for opening in ["{{", "${", "{{index .Labels \"", "{{index .Labels `", "{{.Labels.", "{{- ", "}}{{"] {
            let template = opening.repeat(1_000_000 / opening.len());
            assert_eq!(filled(&template), partial(&template[..512]), "{opening}");
        }
    }

    #[test]
    fn braces_and_dollars_that_open_nothing_are_text() {
        assert_eq!(filled("{a} $5 } }} $host { $"), complete("{a} $5 } }} $host { $"));
    }
}
