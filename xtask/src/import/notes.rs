//! What became of each part of the imported file.

use std::fmt::Write as _;

/// The account of an import.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    carried: Vec<Note>,
    left: Vec<Note>,
}

#[derive(Clone, Debug)]
struct Note {
    line: usize,
    place: String,
    text: String,
}

impl Notes {
    /// A part became this.
    pub fn carried(&mut self, line: usize, place: &str, what: &str) {
        self.carried.push(Note { line, place: place.to_owned(), text: what.to_owned() });
    }

    /// A part, or something of it, was not carried over.
    pub fn left(&mut self, line: usize, place: &str, why: &str) {
        self.left.push(Note { line, place: place.to_owned(), text: why.to_owned() });
    }

    /// Whether a place is told of.
    pub fn has(&self, place: &str) -> bool {
        self.carried.iter().chain(&self.left).any(|note| note.place == place)
    }

    /// The report, in the order of the file.
    pub fn report(&self, name: &str) -> String {
        let mut text = String::new();
        for (title, notes) in [("Carried over", &self.carried), ("Not carried over", &self.left)] {
            let mut notes: Vec<&Note> = notes.iter().collect();
            notes.sort_by_key(|note| note.line);
            // Writing to a string does not fail.
            let _ = writeln!(text, "{title}: {}", notes.len());
            for note in notes {
                let _ = writeln!(text, "  {name}:{}: {}: {}", note.line, note.place, note.text);
            }
        }
        text
    }
}
