//! Flapping: an alert key that changes again and again between open and recovered (Flashduty, "Noise Reduction",
//! flapping).

use serde_json::json;

use super::tell::{Who, note};
use crate::board::{Flaps, Incident, Missing, Step};
use crate::journal::Flapping;
use crate::time::Timestamp;

/// Takes in that an alert key recovered, or opened again. Returns whether it is found flapping by that.
///
/// A key that opens for the first time, or after a quiet day, has not changed, so most alerts leave no trace here.
pub fn change(step: &mut Step, identity: &str, policy: Flapping, recovers: bool, secs: u64) -> Result<bool, Missing> {
    // What is over is let go of whenever the board is stored: it must not matter whether it was.
    let known = step.flaps(identity)?.filter(|flaps| !flaps.is_over(secs));
    if policy.max_changes == 0 || (known.is_none() && !recovers) {
        return Ok(false);
    }
    let mut flaps: Flaps = known.unwrap_or_default();
    // While it is muted, nothing new is to be found.
    if flaps.muted_until > secs {
        return Ok(false);
    }
    let found = flaps.change(policy, secs);
    step.put_flaps(identity, flaps);
    Ok(found)
}

/// Marks an incident whose alert key was found flapping.
pub fn mark(step: &mut Step, incident: &mut Incident, policy: Flapping, at: Timestamp) {
    incident.flapping = true;
    let Flapping { max_changes, in_s, mute_s } = policy;
    let detail = json!({"max_changes": max_changes, "in_mins": in_s / 60, "mute_mins": mute_s / 60});
    note(step, incident, "i_m_flapping", Who::Nobody, at, detail);
}

/// Until when an alert key is muted, or was last, Unix seconds; 0: it was not lately.
pub fn muted_until(step: &Step, identity: &str) -> Result<u64, Missing> {
    Ok(step.flaps(identity)?.map_or(0, |flaps| flaps.muted_until))
}
