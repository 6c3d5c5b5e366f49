//! Regular expressions with RE2's meaning ("RE2 syntax", the dialect of Flashduty), compiled by `regex-lite`: linear
//! time, ASCII `\d` `\w` `\s` `\b`, and `.` is one character. RE2's spelling is translated where the crate reads it
//! otherwise: a lone `{`, sets such as `[\w-.]`, `[[]` and `[&&]`, `\Q…\E`, `\<`; a repeat ends at 1000.
//! Differences that stay: `\p{…}`, `\C`, octal escapes, groups over 50 deep and what is too large are refused; `(?i)`
//! folds ASCII letters only; `\s` knows the vertical tab; a few slips that RE2 refuses (`a**`, `\u0041`) are taken.

use std::str::Chars;

use regex_lite::{Regex, RegexBuilder};

use super::pattern::PATTERN_CHARS;

/// The compiled size of an expression in bytes, which bounds the time for one character: `.{1,1000}` fits, nested
/// repeats of hundreds do not. The worst that fits takes some 50 ms for a description of full length.
const COMPILED_BYTES: usize = 128 * 1024;
/// The highest count of a repeat, as in RE2.
const REPEATS: u32 = 1000;

/// Compiles an expression.
///
/// # Errors
/// What is wrong with it: longer than [`PATTERN_CHARS`], not an expression, or too large when compiled.
pub fn expression(pattern: &str) -> Result<Regex, String> {
    if pattern.chars().nth(PATTERN_CHARS).is_some() {
        return Err(format!("an expression has at most {PATTERN_CHARS} characters"));
    }
    let translated = translate(pattern)?;
    RegexBuilder::new(&translated).size_limit(COMPILED_BYTES).build().map_err(|problem| problem.to_string())
}

/// The expression as `regex-lite` reads it. What is not closed or not known stays as it is, for the compiler to refuse.
fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.as_str().starts_with('Q') => quoted(&mut chars, &mut out),
            '\\' => escape(&mut chars, &mut out),
            '[' => class(&mut chars, &mut out),
            '{' if is_repeat(chars.as_str())? => out.push('{'),
            '{' => literal('{', &mut out),
            '(' => {
                check_flags(chars.as_str())?;
                out.push('(');
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// A character that stands for itself.
fn literal(c: char, out: &mut String) {
    // The compiler reads `\<` and `\>` as the edges of words.
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        out.push('\\');
    }
    out.push(c);
}

/// `Q…\E` or, without an end, the rest.
fn quoted(chars: &mut Chars<'_>, out: &mut String) {
    chars.next();
    let rest = chars.as_str();
    let (text, behind) = rest.split_once("\\E").unwrap_or((rest, ""));
    text.chars().for_each(|c| literal(c, out));
    *chars = behind.chars();
}

/// What follows a backslash.
fn escape(chars: &mut Chars<'_>, out: &mut String) {
    match chars.next() {
        Some(c @ ('<' | '>')) => out.push(c),
        Some(c) => {
            out.extend(['\\', c]);
            // The braces of `\x{10FFFF}` are no repeat.
            if c == 'x' && chars.as_str().starts_with('{') {
                through("}", chars, out);
            }
        }
        None => out.push('\\'),
    }
}

/// Takes everything up to `end` as it is; nothing where there is no end.
fn through(end: &str, chars: &mut Chars<'_>, out: &mut String) {
    if let Some((text, behind)) = chars.as_str().split_once(end) {
        out.push_str(text);
        out.push_str(end);
        *chars = behind.chars();
    }
}

/// A set of characters, behind its `[`. Sets within sets and their operators do not exist in RE2.
fn class(chars: &mut Chars<'_>, out: &mut String) {
    out.push('[');
    if chars.as_str().starts_with('^') {
        chars.next();
        out.push('^');
    }
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            ']' if !first => {
                out.push(']');
                return;
            }
            '[' if chars.as_str().starts_with(':') && chars.as_str().contains(":]") => {
                out.push('[');
                through(":]", chars, out);
            }
            // These are sets of their own, so a `-` behind them is itself.
            '\\' if chars.as_str().starts_with(['d', 'D', 's', 'S', 'w', 'W']) => escape(chars, out),
            _ => {
                member(c, chars, out);
                if chars.as_str().starts_with('-') && !chars.as_str().starts_with("-]") {
                    out.extend(chars.next());
                    if let Some(last) = chars.next() {
                        member(last, chars, out);
                    }
                }
            }
        }
        first = false;
    }
}

fn member(c: char, chars: &mut Chars<'_>, out: &mut String) {
    if c == '\\' { escape(chars, out) } else { literal(c, out) }
}

/// Whether `n}`, `n,}` or `n,m}` follows; anything else is text.
fn is_repeat(rest: &str) -> Result<bool, String> {
    let Some((inside, _)) = rest.split_once('}') else { return Ok(false) };
    let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if least.is_empty() || !digits(least) || !digits(most) {
        return Ok(false);
    }
    let within = |text: &str| text.is_empty() || text.parse().is_ok_and(|count: u32| count <= REPEATS);
    if within(least) && within(most) { Ok(true) } else { Err(format!("a repeat counts to at most {REPEATS}")) }
}

/// Refuses flags that RE2 does not have; one of them would change how the rest is to be read.
fn check_flags(rest: &str) -> Result<(), String> {
    let Some(flags) = rest.strip_prefix('?') else { return Ok(()) };
    if flags.starts_with(['P', '<', '=', '!']) {
        return Ok(());
    }
    match flags.chars().take_while(|c| !matches!(c, ':' | ')')).find(|c| !"imsU-".contains(*c)) {
        Some(flag) => Err(format!("there is no flag '{flag}'")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(pattern: &str, text: &str) -> bool {
        expression(pattern).unwrap_or_else(|problem| panic!("{pattern}: {problem}")).is_match(text)
    }

    #[test]
    fn classes_and_word_edges_are_ascii_and_a_dot_is_one_character() {
        let cases = [
            (r"^\d+$", "٣", false),
            (r"^\w+$", "é", false),
            (r"^\W$", "é", true),
            (r"^.$", "宕", true),
            (r"^[^a]$", "宕", true),
            (r"宕\b", "宕", false),
            (r"\bdisk\b", "a disk!", true),
            (r"(?i)DISK", "a disk", true),
            (r"(?i)É", "é", false),
            (r"a.b", "a\nb", false),
            (r"(?s)a.b", "a\nb", true),
            (r"a$", "a\n", false),
            (r"(?m)^b$", "a\nb", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(found(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_re2_spells_otherwise_is_translated() {
        let cases = [
            (r#"{"code":\d+}"#, r#"{"code":500}"#, true),
            (r"^a{,2}$", "a{,2}", true),
            (r"^a{ 2 }$", "aa", false),
            (r"^a{2,3}$", "aaa", true),
            (r"^a{2,}$", "a", false),
            (r"^[\w-.]+$", "web-07.example", true),
            (r"^[\w-.]+$", "web/07", false),
            (r"^[[]$", "[", true),
            (r"^[]]$", "]", true),
            (r"^[^]]$", "]", false),
            (r"^[a&&b]+$", "a&b", true),
            (r"^[+--]+$", "+,-", true),
            (r"^[a-]+$", "a-a", true),
            (r"^[[:alpha:]-]+$", "a-b", true),
            (r"^[\x{41}-\x43]+$", "ABC", true),
            (r"^\x{5b95}$", "宕", true),
            (r"^\Qa.b*\E+$", "a.b***", true),
            (r"^\Qa.b*\E$", "axb", false),
            (r"^\Qa(", "a(", true),
            (r"^\<a\>$", "<a>", true),
            (r"^[\<]$", "<", true),
            (r"\b{start}", "b{start}", true),
            (r"^(?P<x>a)(?<y>b)(?:c)(?i:D)$", "abcd", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(found(pattern, text), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        let bad = r"( ) [ [a * a\ (?=a) (?<!a) (a)\1 \p{L} (?x)a [z-a] [a-\d] {2} (?P<a \x{} [[:nope:]] \C \Q\E*";
        for pattern in bad.split(' ') {
            assert!(expression(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn hostile_expressions_are_refused_before_they_cost_anything() {
        let nested = "(".repeat(500) + "a" + &")".repeat(500);
        let bad =
            ["(((a{99}){99}){99})", "a{1001}", "a{99999999999}", "((a{0,1000}){0,1000})", &nested, &"a".repeat(1025)];
        for pattern in bad {
            assert!(expression(pattern).is_err(), "{pattern}");
        }
        assert!(expression("(){1000}").is_ok() && expression(".{1,1000}").is_ok());
    }

    #[test]
    fn a_match_does_not_explode() {
        assert!(!found("(a*)*(a|aa)+$", &("a".repeat(2048) + "b")));
    }

    proptest! {
        #[test]
        fn no_expression_panics(pattern in r"[\\ab(){}\[\]?*+|^$.,:=!<>PQEdwxiR&~0-9é -]{0,40}", text in "[ab1é]{0,20}") {
            if let Ok(regex) = expression(&pattern) {
                let _ = regex.is_match(&text);
            }
        }

        #[test]
        fn quoted_text_is_found_as_it_is(text in "[^\\\\]{0,30}") {
            let pattern = format!(r"^\Q{text}\E$");
            prop_assert!(found(&pattern, &text));
        }
    }
}
