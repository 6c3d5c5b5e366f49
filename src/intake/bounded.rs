//! A text that stops growing at a limit, for what is put together from parts of any number and size.

use std::io;

use serde_json::Value;

use super::fields::cut;

/// A text of at most so many characters; what goes beyond is left out.
#[derive(Clone, Debug)]
pub struct Bounded {
    text: String,
    left: usize,
}

impl Bounded {
    /// An empty text that takes `chars` characters.
    pub const fn new(chars: usize) -> Self {
        Self { text: String::new(), left: chars }
    }

    /// Adds as much of `text` as there is room for.
    pub fn push(&mut self, text: &str) {
        let kept = cut(text, self.left);
        self.left = self.left.saturating_sub(kept.chars().count());
        self.text.push_str(kept);
    }

    /// Adds as much of the compact JSON of `value` as there is room for. The rest of it is never written.
    pub fn push_json(&mut self, value: &Value) {
        // No character takes more than four bytes: where the room does not suffice, the cut is beyond the limit.
        let mut head = Head { bytes: Vec::new(), room: self.left.saturating_mul(4) };
        // The only failure is that the room is used up, and then there is enough.
        let _ = serde_json::to_writer(&mut head, value);
        self.push(&String::from_utf8_lossy(&head.bytes));
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// The first bytes of what is written; refuses the rest.
struct Head {
    bytes: Vec<u8>,
    room: usize,
}

impl io::Write for Head {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let kept = bytes.len().min(self.room);
        if kept == 0 && !bytes.is_empty() {
            return Err(io::Error::other("there is enough"));
        }
        self.bytes.extend(bytes.iter().take(kept));
        self.room -= kept;
        Ok(kept)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_stops_at_its_limit_in_characters() {
        let mut text = Bounded::new(5);
        text.push("éé");
        text.push("");
        text.push("üüüü");
        text.push("more");
        assert_eq!(text.into_text(), "ééüüü");
    }

    #[test]
    fn json_is_compact_and_stops_at_the_limit() {
        let json = |chars, value| {
            let mut text = Bounded::new(chars);
            text.push_json(&value);
            text.into_text()
        };
        assert_eq!(json(50, json!({"a": [1, null, "é\""]})), r#"{"a":[1,null,"é\""]}"#);
        assert_eq!(json(4, json!(["ééééééé"])), "[\"éé");
        assert_eq!(json(3, json!(["𝄞𝄞𝄞𝄞𝄞"])), "[\"𝄞");
        assert_eq!(json(0, json!([1])), "");
    }
}
