//! One line of the terminal per webhook.

use crate::subscriber::event::Received;

/// The line for a webhook's newest delivery.
pub fn of(received: &Received, now: u64) -> String {
    let time = time_of_day(now);
    let summary = &received.summary;
    let event = shown(&summary.event_type);
    if received.deliveries > 1 {
        let id = shown(&summary.event_id);
        return format!("{time} webhook {event} is a repeat of event {id}, delivery {}: dropped", received.deliveries);
    }
    let signature = received.verdict();
    let (severity, progress) = (shown(&summary.severity), shown(&summary.progress));
    let (title, incident) = (shown(&summary.title), shown(&summary.incident_id));
    format!("{time} webhook {event} {severity} {progress} \"{title}\" incident {incident}, signature {signature}")
}

/// A foreign text on the terminal: one line, no control characters, nothing empty.
fn shown(text: &str) -> String {
    if text.is_empty() {
        return "-".to_string();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// The time of day in UTC: `12:03:04Z`.
pub fn time_of_day(unix: u64) -> String {
    format!("{:02}:{:02}:{:02}Z", unix / 3600 % 24, unix / 60 % 60, unix % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subscriber::event::Summary;
    use crate::subscriber::signature::Problem;
    use serde_json::Value;

    fn received(title: &str) -> Received {
        let summary = Summary {
            event_id: "e1".to_string(),
            event_type: "i_new".to_string(),
            severity: "Critical".to_string(),
            progress: "Triggered".to_string(),
            title: title.to_string(),
            incident_id: "6928".to_string(),
        };
        Received { at: 0, summary, signature: Ok(()), deliveries: 1, body: Value::Null }
    }

    #[test]
    fn a_webhook_reads_as_one_line() {
        let line = of(&received("disk full"), 1_795_165_976);
        assert_eq!(line, "09:12:56Z webhook i_new Critical Triggered \"disk full\" incident 6928, signature ok");
    }

    #[test]
    fn foreign_text_cannot_command_the_terminal() {
        let line = of(&received("a\u{1b}[2J\nb"), 0);
        assert!(line.contains("\"a\\u{1b}[2J\\nb\""), "{line}");
    }

    #[test]
    fn repeats_and_bad_signatures_are_told() {
        let repeat = Received { deliveries: 2, ..received("t") };
        assert!(of(&repeat, 0).contains("is a repeat of event e1, delivery 2"));
        let bad = Received { signature: Err(Problem::Mismatch), ..received("") };
        assert!(of(&bad, 0).contains("\"-\" incident 6928, signature bad: made with another secret"));
    }
}
