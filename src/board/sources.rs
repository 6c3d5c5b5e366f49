//! Inhibition: which alerts are active sources, by the marks that intake computed for them.
//!
//! A mark is the hash of an inhibition rule and of the values of its `equals` keys. An alert with a target mark is
//! inhibited while another alert with the same source mark is active: its latest event came within the last ten minutes
//! and it has not recovered. So the board compares numbers and needs neither rules nor the labels of other alerts.

use crate::sorted::SortedMap;
use serde::{Deserialize, Serialize};

/// How long an alert stays an active source after its latest event, seconds.
const ACTIVE_SECS: u64 = 600;
/// The most sources that are remembered. Beyond it the oldest are forgotten: what they would inhibit then comes
/// through, which is noise and no loss.
const SOURCES: usize = 1000;

/// The active sources of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sources {
    /// By alert identity: its latest event, Unix seconds, and its marks.
    alerts: SortedMap<String, (u64, Vec<u64>)>,
}

/// What inhibits an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inhibitor<'a> {
    /// The identity of the alert that does.
    pub identity: &'a str,
    /// The mark that both have.
    pub mark: u64,
    /// Until when it can stay active without a further event, Unix seconds.
    pub until: u64,
}

impl Sources {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Whether an active source other than the alert itself has one of these marks.
    pub fn inhibit(&self, identity: &str, targets: &[u64], secs: u64) -> bool {
        !targets.is_empty()
            && self.alerts.iter().any(|(source, (last, marks))| {
                source != identity && is_active(*last, secs) && marks.iter().any(|mark| targets.contains(mark))
            })
    }

    /// The active source with one of these marks, other than the alert itself, that can stay active longest.
    pub fn inhibitor<'a>(&'a self, identity: &str, targets: &[u64], secs: u64) -> Option<Inhibitor<'a>> {
        let inhibitor = |(source, (last, marks)): (&'a String, &'a (u64, Vec<u64>))| {
            let mark = *marks.iter().find(|mark| targets.contains(mark))?;
            let inhibits = source != identity && is_active(*last, secs);
            inhibits.then(|| Inhibitor { identity: source, mark, until: last.saturating_add(ACTIVE_SECS) })
        };
        self.alerts.iter().filter_map(inhibitor).max_by_key(|inhibitor| inhibitor.until)
    }

    /// Whether an alert is among them.
    pub fn knows(&self, identity: &str) -> bool {
        self.alerts.contains_key(identity)
    }

    /// Notes that an alert fired, with the marks that it has now. Returns whether anything changed.
    pub fn fired(&mut self, identity: &str, marks: &[u64], secs: u64) -> bool {
        if marks.is_empty() {
            return self.over(identity);
        }
        self.alerts.retain(|_, (last, _)| is_active(*last, secs));
        self.alerts.insert(identity.to_owned(), (secs, marks.to_vec()));
        while self.alerts.len() > SOURCES {
            let oldest = self.alerts.iter().min_by_key(|(_, (last, _))| *last).map(|(identity, _)| identity.clone());
            oldest.map(|identity| self.alerts.remove(&identity));
        }
        true
    }

    /// Notes that an alert is over. Returns whether anything changed.
    pub fn over(&mut self, identity: &str) -> bool {
        self.alerts.remove(identity).is_some()
    }
}

fn is_active(last: u64, secs: u64) -> bool {
    secs.saturating_sub(last) < ACTIVE_SECS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_inhibits_others_with_its_mark_for_ten_minutes() {
        let mut sources = Sources::default();
        sources.fired("switch", &[7], 1000);
        assert!(sources.inhibit("host", &[6, 7], 1599));
        assert!(!sources.inhibit("host", &[6], 1000));
        assert!(!sources.inhibit("host", &[], 1000));
        assert!(!sources.inhibit("host", &[7], 1600));
    }

    #[test]
    fn an_alert_never_inhibits_itself() {
        let mut sources = Sources::default();
        sources.fired("switch", &[7], 1000);
        assert!(!sources.inhibit("switch", &[7], 1000) && sources.inhibitor("switch", &[7], 1000).is_none());
    }

    #[test]
    fn of_several_sources_the_one_that_lasts_longest_is_named() {
        let mut sources = Sources::default();
        sources.fired("switch", &[7], 1000);
        sources.fired("router", &[5, 6], 1010);
        sources.fired("other", &[9], 1020);
        let inhibitor = sources.inhibitor("host", &[7, 6], 1100);
        assert_eq!(inhibitor, Some(Inhibitor { identity: "router", mark: 6, until: 1610 }));
        assert_eq!(sources.inhibitor("router", &[7, 6], 1100).map(|found| found.identity), Some("switch"));
        assert_eq!(sources.inhibitor("host", &[7, 6], 1610), None);
    }

    #[test]
    fn a_source_that_recovered_or_changed_its_labels_inhibits_no_more() {
        let mut sources = Sources::default();
        sources.fired("a", &[7], 1000);
        sources.fired("b", &[7], 1000);
        assert!(sources.over("a") && !sources.over("a"));
        assert!(sources.inhibit("host", &[7], 1001));
        assert!(sources.fired("b", &[], 1002));
        assert!(!sources.inhibit("host", &[7], 1003) && sources.is_empty());
    }

    #[test]
    fn beyond_the_limit_the_oldest_is_forgotten() {
        let mut sources = Sources::default();
        for nth in 0..=SOURCES as u64 {
            sources.fired(&format!("s{nth}"), &[nth], 1000 + nth / 4);
        }
        assert_eq!(sources.alerts.len(), SOURCES);
        assert!(!sources.inhibit("host", &[0], 1250) && sources.inhibit("host", &[SOURCES as u64], 1250));
    }

    #[test]
    fn neither_the_alert_itself_nor_one_that_fired_long_ago_is_named() {
        let mut sources = Sources::default();
        sources.fired("a", &[7], 100);
        assert!(sources.inhibitor("a", &[7], 100).is_none());
        assert!(sources.inhibitor("b", &[7], 100 + ACTIVE_SECS).is_none());
        assert_eq!(sources.inhibitor("b", &[7], 100).map(|inhibitor| inhibitor.identity), Some("a"));
    }

    #[test]
    fn as_many_are_kept_as_there_may_be_and_no_more() {
        let mut sources = Sources::default();
        for nth in 0..=SOURCES as u64 {
            sources.fired(&nth.to_string(), &[7], 1000 + nth % 2);
            assert_eq!(sources.alerts.len() as u64, (nth + 1).min(SOURCES as u64));
        }
    }
}
