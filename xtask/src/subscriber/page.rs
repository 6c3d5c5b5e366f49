//! The page that shows the last webhooks.

use crate::subscriber::event::Received;
use crate::subscriber::line::time_of_day;
use std::fmt::Write as _;

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="2">
<title>Demo subscriber</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
.Critical { color: #b00020; } .Warning { color: #a05a00; } .bad { color: #b00020; font-weight: bold; }
code { font-size: 13px; }
</style>
</head>
<body>
<h1>Demo subscriber</h1>
"#;

/// The page, newest event first. Everything that came from outside is escaped.
pub fn render<'a>(events: impl Iterator<Item = &'a Received>) -> String {
    let mut rows = String::new();
    let mut count = 0;
    for event in events {
        count += 1;
        write_row(&mut rows, event);
    }
    let mut page = String::from(HEAD);
    if count == 0 {
        page.push_str("<p>No webhook yet. Fire an alert; this page looks again every 2 seconds.</p>\n");
    } else {
        page.push_str(
            "<p>The last webhooks, newest first; each event once. As JSON: <a href=\"/events\">/events</a>.</p>\n",
        );
        page.push_str("<table>\n<tr><th>time</th><th>event</th><th>severity</th><th>progress</th><th>title</th>");
        page.push_str("<th>incident</th><th>signature</th><th>deliveries</th></tr>\n");
        page.push_str(&rows);
        page.push_str("</table>\n");
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn write_row(rows: &mut String, event: &Received) {
    let summary = &event.summary;
    // Only a known word becomes part of the markup.
    let class = match summary.severity.as_str() {
        known @ ("Critical" | "Warning") => known,
        _ => "other",
    };
    let signature = if event.signature.is_ok() { "ok" } else { "bad" };
    let row = format_args!(
        "<tr><td>{}</td><td>{}</td><td class=\"{class}\">{}</td><td>{}</td><td>{}</td><td><code>{}</code></td>\
         <td class=\"{signature}\">{}</td><td>{}</td></tr>\n",
        time_of_day(event.at),
        escaped(&summary.event_type),
        escaped(&summary.severity),
        escaped(&summary.progress),
        escaped(&summary.title),
        escaped(&summary.incident_id),
        escaped(&event.verdict()),
        event.deliveries,
    );
    if rows.write_fmt(row).is_err() {
        unreachable!("writing to a String does not fail");
    }
}

/// The text for HTML, in an element or in quotes.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscriber::event::Summary;
    use serde_json::Value;

    #[test]
    fn markup_in_foreign_text_is_harmless() {
        assert_eq!(escaped(r#"<a href="x">&'</a>"#), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;");
        let evil = "<script>alert(1)</script>".to_string();
        let summary = Summary {
            event_id: evil.clone(),
            event_type: evil.clone(),
            severity: evil.clone(),
            progress: evil.clone(),
            title: evil.clone(),
            incident_id: evil,
        };
        let event = Received { at: 0, summary, signature: Ok(()), deliveries: 1, body: Value::Null };
        let page = render([&event].into_iter());
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"), "{page}");
    }

    #[test]
    fn an_empty_page_says_what_to_do() {
        assert!(render(std::iter::empty()).contains("No webhook yet"));
    }
}
