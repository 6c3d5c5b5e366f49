//! What lists ask of what has left a board, as terms of a [`Filter`]: those of all that stands on a page, and those that
//! must be among them for anything on it to be wanted.

use super::alert_ref::AlertRef;
use super::archive::ClosedRef;
use super::filter::Filter;
use super::incident::num_of;
use super::kept::Kept;
use super::page::{Entity, Page};
use crate::intake::Severity;

/// What a term is about. The numbers are stored, as parts of hashes: where one changes its meaning, filters get another
/// [format](FORMAT).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The severity of an incident ([`of_severity`]).
    Severity = 1,
    /// The hash of a label of it.
    Label = 2,
    /// Who was asked to handle it.
    Responder = 3,
    /// Who acknowledged it.
    Acker = 4,
    /// Who made it; 0: an alert did.
    Creator = 5,
    /// Who closed it; 0: nobody.
    Closer = 6,
    /// Whether it was ever muted: 0 or 1.
    Muted = 7,
    /// Its short name ([`of_num`]).
    Num = 8,
    /// Three characters in a row of its title, in lower case.
    Words = 9,
    /// Its title is not known to its end.
    AnyWords = 10,
    /// The severity of an alert.
    AlertSeverity = 11,
    /// The hash of its key.
    AlertKey = 12,
    /// Through which integration it came.
    Integration = 13,
    /// Whether it was ever muted: 0 or 1.
    AlertMuted = 14,
    /// Nothing is known of an alert but its incident.
    AnyAlert = 15,
}

/// The format of filters that this version writes, and the only one that it reads.
pub const FORMAT: u8 = 1;

/// A term: what it is about, and its value.
pub const fn term(about: About, value: u64) -> u64 {
    mixed(mixed(about as u64) ^ value)
}

/// A number all of whose bits depend on all bits of another one (the finalizer of SplitMix64).
const fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The value of a severity.
pub const fn of_severity(severity: Severity) -> u64 {
    severity as u64
}

/// The value of an incident's short name, in whatever case.
pub fn of_num(num: &str) -> u64 {
    num.bytes().fold(0, |value, byte| value << 8 | u64::from(byte.to_ascii_lowercase()))
}

/// Each three characters in a row of a text.
fn triples(text: &str, each: &mut dyn FnMut(u64)) {
    let mut last = [u64::MAX; 2];
    for character in text.chars() {
        let character = u64::from(u32::from(character));
        if last[0] != u64::MAX {
            each(last[0] << 42 | last[1] << 21 | character);
        }
        last = [last[1], character];
    }
}

/// What all that is asked for must have: of each clause one term.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked(Vec<Vec<u64>>);

impl Asked {
    /// Asks for one of several values; for nothing where there are none.
    pub fn one_of(&mut self, about: About, values: &[u64]) {
        if values.is_empty() {
            return;
        }
        let mut clause = Vec::with_capacity(values.len() + 1);
        for value in values {
            clause.push(term(about, *value));
        }
        if matches!(about, About::AlertSeverity | About::AlertKey | About::Integration | About::AlertMuted) {
            clause.push(term(About::AnyAlert, 0));
        }
        self.0.push(clause);
    }

    /// Asks for titles with all these words, in lower case; a single one may also be an id or a short name.
    pub fn words(&mut self, words: &[String]) {
        let mut others = vec![term(About::AnyWords, 0)];
        if let [name] = words {
            others.push(term(About::Num, of_num(num_of(name))));
        }
        for word in words {
            triples(word, &mut |triple| {
                let mut clause = others.clone();
                clause.push(term(About::Words, triple));
                self.0.push(clause);
            });
        }
    }

    /// Whether anything is asked that a filter can tell.
    pub fn asks(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether something wanted may be on a page with this filter, as it was stored.
    pub fn may_be_on(&self, stored: Vec<u8>) -> bool {
        let may = |filter: Filter| self.0.iter().all(|clause| clause.iter().any(|term| filter.may_have(*term)));
        Filter::read(stored).is_none_or(may)
    }
}

/// The stored form of the filter of a page, which follows from what stands on it. Only what has left a board is asked for
/// by filters: other pages have none.
pub fn filter_of(page: &Page) -> Option<Vec<u8>> {
    page.entities.first_key_value().filter(|(key, _)| Kept::of(key) == Kept::Closed)?;
    let mut filter = Filter::new();
    for (key, entity) in &page.entities {
        match entity {
            Entity::Closed(reference) => add_incident(&mut filter, key.get(2..).unwrap_or_default(), reference),
            Entity::Open(left) => add_alert(&mut filter, AlertRef::read(left).as_ref()),
            Entity::Alert(alert) => add_alert(&mut filter, Some(&AlertRef::of(alert, ""))),
            _ => {}
        }
    }
    Some(filter.stored())
}

fn add_incident(filter: &mut Filter, incident_id: &str, reference: &ClosedRef) {
    let mut add = |about, value| filter.add(term(about, value));
    add(About::Severity, of_severity(reference.incident_severity));
    add(About::Muted, reference.ever_muted.into());
    add(About::Creator, reference.creator_id.cast_unsigned());
    add(About::Closer, reference.closer_id.cast_unsigned());
    add(About::Num, of_num(num_of(incident_id)));
    reference.labels.iter().for_each(|label| add(About::Label, u64::from(*label)));
    reference.responder_ids.iter().for_each(|id| add(About::Responder, id.cast_unsigned()));
    reference.acker_ids.iter().for_each(|id| add(About::Acker, id.cast_unsigned()));
    if reference.is_cut() {
        add(About::AnyWords, 0);
    } else {
        triples(&reference.title.to_lowercase(), &mut |triple| add(About::Words, triple));
    }
}

fn add_alert(filter: &mut Filter, alert: Option<&AlertRef>) {
    let mut add = |about, value| filter.add(term(about, value));
    let Some(alert) = alert else {
        return add(About::AnyAlert, 0);
    };
    add(About::AlertSeverity, of_severity(alert.alert_severity));
    add(About::AlertKey, u64::from(alert.key));
    add(About::Integration, alert.integration_id.cast_unsigned());
    add(About::AlertMuted, alert.ever_muted.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::alert::Alert;
    use crate::board::archive::label_hash;
    use crate::board::page;

    const ID: &str = "6ad33b20a1b2c3d4e5f60718";

    fn filter(entities: impl IntoIterator<Item = (String, Entity)>) -> Vec<u8> {
        filter_of(&Page { entities: entities.into_iter().collect() }).expect("a filter")
    }

    fn incident(title: &str) -> (String, Entity) {
        let reference = ClosedRef {
            incident_severity: Severity::Warning,
            labels: vec![label_hash("host", "db-1")],
            responder_ids: vec![7, -8],
            acker_ids: vec![-8],
            closer_id: 9,
            title: title.to_owned(),
            ..ClosedRef::default()
        };
        (page::closed(ID), Entity::Closed(reference))
    }

    fn asks(ask: impl FnOnce(&mut Asked)) -> Asked {
        let mut asked = Asked::default();
        ask(&mut asked);
        asked
    }

    fn found(filter: &[u8], words: &str) -> bool {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        asks(|asked| asked.words(&words)).may_be_on(filter.to_vec())
    }

    #[test]
    fn all_that_lists_filter_incidents_by_is_in_the_filter_and_nothing_of_another_kind() {
        let filter = filter([incident("Disk full")]);
        let has = |about, value| asks(|asked| asked.one_of(about, &[u64::MAX, value])).may_be_on(filter.clone());
        let label = u64::from(label_hash("host", "db-1"));
        let there = [
            (About::Severity, of_severity(Severity::Warning)),
            (About::Label, label),
            (About::Responder, 7),
            (About::Responder, (-8_i64).cast_unsigned()),
            (About::Acker, (-8_i64).cast_unsigned()),
            (About::Creator, 0),
            (About::Closer, 9),
            (About::Muted, 0),
            (About::Num, of_num("F60718")),
        ];
        for (about, value) in there {
            assert!(has(about, value), "{about:?} {value}");
            assert!(!has(about, value.wrapping_add(100)), "{about:?} {value}");
        }
        for (about, value) in [(About::Acker, 7), (About::Muted, 1), (About::Creator, 9), (About::AlertSeverity, 1)] {
            assert!(!has(about, value), "{about:?} {value}");
        }
    }

    #[test]
    fn every_clause_must_be_met_and_of_each_one_value() {
        let filter = filter([incident("Disk full")]);
        let both = |severity, responder| {
            let asked = asks(|asked| {
                asked.one_of(About::Severity, &[of_severity(Severity::Info), of_severity(severity)]);
                asked.one_of(About::Responder, &[responder, 1000]);
                asked.one_of(About::Closer, &[]);
            });
            assert!(asked.asks());
            asked.may_be_on(filter.clone())
        };
        assert!(both(Severity::Warning, 7) && !both(Severity::Critical, 7) && !both(Severity::Warning, 8));
        assert!(!Asked::default().asks() && Asked::default().may_be_on(filter.clone()));
    }

    #[test]
    fn words_are_found_anywhere_in_a_title_whatever_their_case() {
        let plain = filter([incident("Größe von ÄRGER: İstanbul 磁盘已满了")]);
        for there in ["größe", "RÖSSE GRÖ", "ärger:", "VON İSTAN", "磁盘已", "of xy", "unbekannt", "", "ße"] {
            assert_eq!(found(&plain, there), !["RÖSSE GRÖ", "unbekannt"].contains(&there), "{there}");
        }
        assert!(!found(&plain, "full") && !found(&plain, "größe full"));
    }

    #[test]
    fn a_single_word_may_be_an_id_or_a_short_name() {
        let filter = filter([incident("Disk full")]);
        for (words, may) in [(ID, true), ("F60718", true), ("f60718 disk", false), ("f60719", false)] {
            assert_eq!(found(&filter, words), may, "{words}");
        }
    }

    #[test]
    fn a_title_that_is_not_known_to_its_end_may_have_any_words() {
        for title in ["", &"long ".repeat(32)] {
            let filter = filter([incident(title)]);
            assert!(found(&filter, "anything else"), "{title}");
        }
    }

    #[test]
    fn alerts_that_have_left_and_those_beside_are_in_the_filter() {
        let alert = Alert {
            integration_id: -3,
            alert_key: "k".into(),
            alert_severity: Severity::Critical,
            ever_muted: true,
            ..Alert::default()
        };
        let left = Entity::Open(AlertRef::of(&alert, ID).write());
        let key = u64::from(crate::board::key_hash("k"));
        for (of, entity) in [(page::alert_ref(ID), left), (page::past_alert(ID), Entity::Alert(alert))] {
            let filter = filter([(of, entity)]);
            let has = |about, value| asks(|asked| asked.one_of(about, &[value])).may_be_on(filter.clone());
            assert!(has(About::AlertSeverity, 2) && has(About::Integration, (-3_i64).cast_unsigned()));
            assert!(has(About::AlertKey, key) && has(About::AlertMuted, 1));
            assert!(!has(About::AlertSeverity, 1) && !has(About::Integration, 3) && !has(About::Severity, 2));
            assert!(!has(About::AlertKey, key + 1) && !has(About::AlertMuted, 0));
        }
    }

    #[test]
    fn an_alert_of_an_earlier_version_may_be_any() {
        let filter = filter([(page::alert_ref(ID), Entity::Open(ID.to_owned()))]);
        for about in [About::AlertSeverity, About::AlertKey, About::Integration, About::AlertMuted] {
            assert!(asks(|asked| asked.one_of(about, &[1])).may_be_on(filter.clone()), "{about:?}");
        }
        assert!(!asks(|asked| asked.one_of(About::Severity, &[1])).may_be_on(filter));
    }

    #[test]
    fn pages_of_what_is_open_have_no_filter() {
        let index = (page::open("6ad33b20a1b2c3d4"), Entity::Open(ID.to_owned()));
        assert_eq!(filter_of(&Page { entities: [index].into() }), None);
        assert_eq!(filter_of(&Page::default()), None);
    }

    #[test]
    fn what_cannot_be_read_as_a_filter_tells_nothing() {
        assert!(asks(|asked| asked.one_of(About::Num, &[1])).may_be_on(vec![0; 7]));
    }

    #[test]
    fn a_filter_follows_from_what_stands_on_its_page() {
        let other = |nth: u64| (page::closed(&format!("6ad33b20{nth:016x}")), incident("Disk full").1);
        let forth = filter((0..700).map(other));
        assert_eq!(forth, filter((0..700).rev().map(other)));
        // The hash of a term is stored in effect: who changes it gives filters another format.
        assert_eq!((forth.len(), term(About::Label, 7)), (1024, 1_988_111_358_474_182_198));
    }
}
