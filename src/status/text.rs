//! Prometheus' text format, version 0.0.4: families of samples, each with its help and its type.

/// What the text is.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A text that is being written.
#[derive(Debug, Default)]
pub struct Text {
    text: String,
    family: &'static str,
}

impl Text {
    /// Begins a family of values that only grow; its name ends in `_total`.
    pub fn counter(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "counter", help)
    }

    /// Begins a family of values that go up and down.
    pub fn gauge(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "gauge", help)
    }

    fn begin(&mut self, name: &'static str, kind: &str, help: &str) -> &mut Self {
        self.family = name;
        self.text.extend(["# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n"]);
        self
    }

    /// Adds a sample to the family; no two of a family have the same labels.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: u64) -> &mut Self {
        self.text.push_str(self.family);
        for (nth, (name, value)) in labels.iter().enumerate() {
            self.text.extend([if nth == 0 { "{" } else { "," }, name, "=\""]);
            for c in value.chars() {
                match c {
                    '\\' => self.text.push_str("\\\\"),
                    '"' => self.text.push_str("\\\""),
                    '\n' => self.text.push_str("\\n"),
                    c => self.text.push(c),
                }
            }
            self.text.push('"');
        }
        let end = if labels.is_empty() { " " } else { "} " };
        self.text.extend([end, &value.to_string(), "\n"]);
        self
    }

    /// A sample for each id.
    pub fn by_id(&mut self, label: &str, values: impl IntoIterator<Item = (i64, u64)>) -> &mut Self {
        for (id, value) in values {
            self.sample(&[(label, &id.to_string())], value);
        }
        self
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_its_help_and_type_once_and_values_of_labels_are_escaped() {
        let mut text = Text::default();
        text.counter("a_total", "What a is.").sample(&[], 1).sample(&[("x", "q\"\\\n"), ("y", "")], u64::MAX);
        text.gauge("b", "B.").by_id("id", [(-1, 2)]);
        let wanted = "# HELP a_total What a is.\n# TYPE a_total counter\na_total 1\na_total{x=\"q\\\"\\\\\\n\",y=\"\"} \
            18446744073709551615\n# HELP b B.\n# TYPE b gauge\nb{id=\"-1\"} 2\n";
        assert_eq!(text.finish(), wanted);
    }
}
