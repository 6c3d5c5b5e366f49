//! Quick silence: alerts like those of an incident are quiet for a time (Flashduty, "Noise Reduction", quick silence).

use super::{By, Done, Halt, Refused, find, open, refused};
use crate::board::{Incident, QUICK_SILENCES, QuickSilence, Step};
use crate::engine::muting;
use crate::engine::tell::note;
use crate::id::{Kind, object_id};
use serde_json::json;

/// How long a quick silence can last, seconds.
const LONGEST_S: u64 = 31 * 24 * 3600;

impl By {
    /// Silences alerts that have the severity and the labels of an incident. Done again from the same incident, it
    /// changes the silence that is there; what was quiet by it and is not any more starts an incident at once.
    pub(super) fn silence(&self, step: &mut Step, incident_id: &str, secs: u64) -> Result<Done, Halt> {
        let mut incident = find(step, "incident_id", incident_id)?;
        open(&incident)?;
        if !(60..=LONGEST_S).contains(&secs) {
            return Err(refused("seconds", "must be 60 to 2678400"));
        }
        if incident.labels.is_empty() {
            return Err(refused("incident_id", "the incident has no labels, so that any alert would be silenced"));
        }
        let (start_time, mut silences) = (self.at.secs(), step.silences().to_vec());
        let at = silences.iter().position(|silence| silence.from_incident_id == incident_id);
        let rule_id = at.and_then(|at| silences.get(at)).map(|silence| silence.rule_id.clone());
        let rule_id = rule_id.unwrap_or_else(|| object_id(Kind::Alert, self.cause(1, step.channel())));
        let silence = QuickSilence {
            rule_id: rule_id.clone(),
            from_incident_id: incident_id.to_owned(),
            start_time,
            end_time: start_time.saturating_add(secs),
            severity: incident.incident_severity,
            labels: incident.labels.clone(),
            creator_id: self.who.id(),
        };
        silences.retain(|silence| silence.rule_id != rule_id);
        if silences.len() >= QUICK_SILENCES {
            return Err(refused("incident_id", "the channel has 100 quick silences already"));
        }
        let detail = json!({"rule_id": rule_id, "start_time": start_time, "end_time": silence.end_time});
        silences.push(silence);
        step.put_silences(silences);
        note(step, &mut incident, "i_silence", self.who, self.at, detail);
        // Before others may join it.
        step.put_incident(incident);
        if at.is_some() {
            muting::follow_silence(step, &rule_id, self.at)?;
        }
        Ok(Done::Silence(rule_id))
    }

    /// Ends a quick silence before its time: what was quiet by it and is not any more starts an incident at once. The
    /// timeline of the incident that it was made from tells it while that is open; it may be gone.
    pub(super) fn end_silence(&self, step: &mut Step, rule_id: &str) -> Result<(), Halt> {
        let mut silences = step.silences().to_vec();
        let unknown = || Refused { field: "rule_id", problem: format!("there is no silence {rule_id}"), unknown: true };
        let at = silences.iter().position(|silence| silence.rule_id == rule_id).ok_or_else(unknown)?;
        let silence = silences.remove(at);
        step.put_silences(silences);
        if let Some(mut incident) = step.incident(&silence.from_incident_id)?.filter(Incident::is_open) {
            let detail = json!({"rule_id": rule_id, "start_time": silence.start_time, "end_time": self.at.secs()});
            note(step, &mut incident, "i_silence", self.who, self.at, detail);
            // Before others may join it.
            step.put_incident(incident);
        }
        Ok(muting::follow_silence(step, rule_id, self.at)?)
    }
}
